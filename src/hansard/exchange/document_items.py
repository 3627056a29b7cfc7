"""The parts of ``dialogue.json`` as types (specification, "Output: Single dialogue.json").

The types *are* the format: an attribute has the name of its column, and where the document says it otherwise the name
beside it is the document's.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec

from hansard.dialogue import model

S = TypeVar("S")

RefType = Literal["support", "oppose", "refine", "address", "resolve", "reopen", "question", "depend"]
MoveType = Literal["defend", "challenge", "bridge", "request", "concede", "converge"]
StanceWord = Literal["APPROVE", "REJECT", "HOLD", "CONDITIONAL", "ABSTAIN"]
Confidence = Literal["unanimous", "strong", "split", "contested"]
Tier = Literal["Core", "Adjacent", "Wildcard"]


class Item(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """Base of the document's parts: closed to unknown keys; a key that has nothing to say is left out."""


class MergedFromItem(Item, frozen=True, kw_only=True):
    """One of the rules that became one, as it was then."""

    rule_id: str = msgspec.field(name="rule_id")
    revision: int


class EthosRuleItem(Item, frozen=True, kw_only=True):
    """A rule as the dialogue was held to it; ``merged_from`` where two became one."""

    seq: int
    rule_id: str = msgspec.field(name="rule_id")
    type: Literal["principle", "tenet", "constraint"]
    label: str
    text: str
    priority: int
    revision: int
    merged_from: list[MergedFromItem] | None = msgspec.field(name="merged_from", default=None)


class ComplianceCountItem(Item, frozen=True, kw_only=True):
    """What the concluding verdict says of the rules, counted."""

    fully_compliant: bool = msgspec.field(name="fully_compliant")
    exceptions: int
    violations: int


class CalibrationItem(Item, frozen=True, kw_only=True, omit_defaults=False):
    """The ethos that the dialogue was held to, as it was when the dialogue began."""

    calibrated: Literal[True] = True
    domain: str
    domain_id: str = msgspec.field(name="domain_id")
    ethos_id: str = msgspec.field(name="ethos_id")
    title: str
    rules_count: int = msgspec.field(name="rules_count")
    compliance: ComplianceCountItem | None = None
    digest: str
    rules: list[EthosRuleItem]


class ModifierItem(Item, frozen=True, kw_only=True, omit_defaults=False):
    """What the ethos adds to an expert's round, apart from the score."""

    rule_id: str = msgspec.field(name="rule_id")
    points: int
    reason: str
    evidence: str | None


class ExceptionItem(Item, frozen=True, kw_only=True, omit_defaults=False):
    """A rule that a verdict departs from, and who allowed it."""

    rule_id: str = msgspec.field(name="rule_id")
    justification: str | None
    approved_by: str | None = msgspec.field(name="approved_by")


class ViolationItem(Item, frozen=True, kw_only=True, omit_defaults=False):
    """A rule that a verdict breaks."""

    rule_id: str = msgspec.field(name="rule_id")
    description: str | None


class ComplianceItem(Item, frozen=True, kw_only=True, omit_defaults=False):
    """What a verdict says of the rules of its dialogue's ethos."""

    fully_compliant: bool = msgspec.field(name="fully_compliant")
    exceptions: list[ExceptionItem]
    violations: list[ViolationItem]


class PoolItem(Item, frozen=True, kw_only=True):
    """The pool as it was given."""

    domain: str | None = None
    experts: list[dict[str, Any]]


class ExpertItem(Item, frozen=True, kw_only=True):
    """Somebody who took part; scores by round, and their sum."""

    slug: str
    name: str | None = None
    role: str
    tier: Tier | None
    source: Literal["pool", "created"]
    creation_reason: str | None = None
    scores: dict[str, int]
    total: int
    calibration_points: int | None = None
    color: str
    description: str | None = None
    focus: str | None = None
    relevance: float | None = None
    first_round: int | None = None
    created_at: str


class SeatItem(Item, frozen=True, kw_only=True):
    """A seat at a round's panel."""

    slug: str
    source: Literal["pool", "created", "retained"]
    tier: str | None = None
    relevance: float | None = None
    focus: str | None = None


class UtteranceItem(Item, frozen=True, kw_only=True):
    """What one expert said, word for word, and which display id each local id of it became."""

    score: int | None
    raw: str | None
    mapping: dict[str, str]
    components: dict[str, int] | None = None
    annotations: list[dict[str, Any]] | None = None
    modifiers: list[ModifierItem] | None = None


class FiguresItem(Item, frozen=True, kw_only=True):
    """A round in figures, computed from the record."""

    open_tensions: int
    new_perspectives: int
    velocity: int
    score_velocity: int | None
    panel: int
    agreed: int
    abstained: int
    settled: int
    converge_percent: int


class RoundItem(Item, frozen=True, kw_only=True):
    """A round: its panel, and what each member said."""

    round: int
    title: str | None
    score: int | None
    summary: str | None
    status: Literal["open", "in_progress", "completed"]
    created_at: str
    completed_at: str | None = None
    panel: list[SeatItem]
    experts: dict[str, UtteranceItem]
    figures: FiguresItem | None = None


class ReferenceItem(Item, frozen=True, kw_only=True):
    """A typed reference of the entity it stands in; ``round`` and ``seq`` number it in the dialogue."""

    ref_type: RefType = msgspec.field(name="type")
    target_id: str = msgspec.field(name="target")
    context: str | None = None
    round: int
    seq: int
    created_at: str


class ResponseReferenceItem(ReferenceItem, frozen=True, kw_only=True):
    """A typed reference of a whole response; ``source`` is ``@`` and the expert's slug."""

    source_id: str = msgspec.field(name="source")


class EventItem(Item, frozen=True, kw_only=True):
    """A step in the life of the entity it stands in."""

    type: str
    event_round: int = msgspec.field(name="round")
    actors: list[str] = msgspec.field(name="by")
    reference: str | None = None
    result: str | None = None
    reason: str | None = None
    disposition: str | None = None
    event_seq: int = msgspec.field(name="seq")
    created_at: str


class EntityItem(Item, Generic[S], frozen=True, kw_only=True):
    """A perspective, recommendation, piece of evidence or claim."""

    id: str
    label: str
    content: str
    contributors: list[str]
    round: int
    status: S
    parameters: dict[str, Any] | None = None
    exhibits: list[str] | None = None
    references: list[ReferenceItem]
    adopted_in_verdict: str | None = None
    events: list[EventItem]
    local_ids: list[str]
    created_at: str


class TensionItem(Item, Generic[S], frozen=True, kw_only=True):
    """A tension; its text is called ``description``."""

    id: str
    label: str
    content: str = msgspec.field(name="description")
    contributors: list[str]
    round: int
    status: S
    parameters: dict[str, Any] | None = None
    exhibits: list[str] | None = None
    references: list[ReferenceItem]
    adopted_in_verdict: str | None = None
    events: list[EventItem]
    local_ids: list[str]
    created_at: str


class ExhibitItem(Item, frozen=True, kw_only=True):
    """Outside material pinned by its hash."""

    id: Annotated[str, msgspec.Meta(pattern="^X(?!0000)[0-9]{4}$")]
    kind: Literal[
        "file", "memory_query", "symmetry_tick", "gate_result", "agent_history", "verdict", "calibration"
    ]  # fmt: skip
    label: str
    digest: str
    reference: dict[str, Any]
    size: int | None = None
    media_type: str | None = None
    round: int
    added_by: str
    created_at: str


class WatchItem(Item, frozen=True, kw_only=True):
    """A condition of the verdict it stands in, bound to a gate or a date."""

    seq: int
    condition: str
    kind: Literal["gate", "date"]
    reference: dict[str, Any]
    created_at: str


class LostItem(Item, frozen=True, kw_only=True):
    """A member who took no part, and why."""

    expert: str
    why: str


class DegradationItem(Item, frozen=True, kw_only=True):
    """A verdict's panel that lost members, and whether a quorum remained."""

    round: int
    seated: int
    lost: list[LostItem]
    remaining: int
    quorum: bool


class RestsOnItem(Item, frozen=True, kw_only=True):
    """The exhibits and the ethos that a verdict's key evidence and claims reach."""

    exhibits: list[str]
    ethos: str | None = None
    through: list[str]


class MoveItem(Item, frozen=True, kw_only=True):
    """A dialogue move."""

    expert_slug: str = msgspec.field(name="expert")
    round: int
    move_type: MoveType = msgspec.field(name="type")
    targets: list[str]
    topic: str | None = None
    context: str | None = None
    seq: int
    created_at: str


class StanceItem(Item, frozen=True, kw_only=True):
    """Where an expert stood at the end of a round."""

    expert_slug: str = msgspec.field(name="expert")
    round: int
    stance: StanceWord
    confidence: float | None = None
    condition: str | None = None
    cause: str | None = None
    created_at: str


class VerdictItem(Item, frozen=True, kw_only=True):
    """A verdict; ``author`` is null for the Judge, ``seq`` counts them in the order in which they were given."""

    verdict_id: str = msgspec.field(name="id")
    seq: int
    verdict_type: model.VerdictType = msgspec.field(name="type")
    label: str | None = None
    round: int
    author_expert: str | None = msgspec.field(name="author")
    recommendation: str
    description: str
    conditions: list[str]
    tensions_resolved: list[str]
    tensions_accepted: list[str]
    recommendations_adopted: list[str]
    key_evidence: list[str]
    key_claims: list[str]
    supporting_experts: list[str]
    vote: str | None = None
    votes: dict[str, str] | None = None
    confidence: Confidence | None = None
    what_would_change: str | None = None
    supersedes: str | None = None
    dismissals: dict[str, str] | None = None
    force_reason: str | None = None
    gate: dict[str, Any] | None = None
    ethos_compliance: ComplianceItem | None = None
    degradation: DegradationItem | None = None
    rests_on: RestsOnItem | None = None
    watches: list[WatchItem] = []
    created_at: str


class JudgeClaimItem(Item, frozen=True, kw_only=True):
    """A figure or status that a judge stated."""

    seq: int
    round: int | None = None
    subject: str
    item: str
    claimed: str
    local_id: str | None = None
    source: str | None = None


class ComparedItem(Item, frozen=True, kw_only=True):
    """A figure that a judge stated beside the one the record shows."""

    round: int | None = None
    subject: str
    item: str
    claimed: str
    computed: str | None = None
    differs: bool
    id: str | None = None
    source: str | None = None


class DialogueEventItem(Item, frozen=True, kw_only=True):
    """A step in the dialogue's own life: abandoned, reopened, tagged."""

    seq: int
    type: Literal["abandoned", "reopened", "tagged"]
    actors: list[str] = msgspec.field(name="by")
    reason: str | None = None
    detail: dict[str, Any] | None = None
    created_at: str


class JudgeFileItem(Item, frozen=True, kw_only=True):
    """A judge's file of an imported dialogue, word for word."""

    name: str
    body: str


class WarningItem(Item, frozen=True, kw_only=True):
    """Something that is no fault and that a reader should know."""

    type: str
    message: str
    expert: str | None = None
    round: int | None = None
    id: str | None = None


class HeadItem(Item, frozen=True, kw_only=True):
    """Where the stream stands: number of its entries, hash of the last."""

    sequence: int
    hash: str


class EntryItem(Item, frozen=True, kw_only=True):
    """A journal entry: its hash, the bytes that have it, the salt of its rows (null where none of them needs it)."""

    hash: str
    body: str
    salt: str | None


class JournalItem(Item, frozen=True, kw_only=True):
    """The dialogue's stream of the journal."""

    version: str
    stream: str
    head: HeadItem
    entries: list[EntryItem]


class Document(Item, frozen=True, kw_only=True):
    """The whole of ``dialogue.json``."""

    schema_version: str = msgspec.field(name="schema_version")
    rules_version: str
    id: str
    title: str
    question: str
    date: str
    status: model.DialogueStatus
    total_rounds: int
    total_alignment: int
    created_at: str
    converged_at: str | None = None
    background: dict[str, Any] | None = None
    panel_size: int
    convergence_target: float
    max_rounds: int
    rotation: Literal["graduated", "none", "wildcards", "full"]
    strict_velocity: bool
    seed: str
    output_dir: str | None = None
    tags: list[str]
    origin: dict[str, Any] | None = None
    calibration: CalibrationItem | None = None
    expert_pool: PoolItem = msgspec.field(name="expert_pool")
    experts: list[ExpertItem]
    rounds: list[RoundItem]
    perspectives: list[EntityItem[Literal["open", "refined", "conceded", "merged"]]]
    recommendations: list[EntityItem[Literal["proposed", "amended", "adopted", "rejected"]]]
    tensions: list[TensionItem[Literal["open", "addressed", "resolved", "reopened"]]]
    evidence: list[EntityItem[Literal["cited", "challenged", "confirmed", "refuted"]]]
    claims: list[EntityItem[Literal["asserted", "supported", "opposed", "adopted", "withdrawn"]]]
    response_references: list[ResponseReferenceItem]
    moves: list[MoveItem]
    stances: list[StanceItem]
    verdicts: list[VerdictItem]
    judge_claims: list[JudgeClaimItem]
    claims_compared: list[ComparedItem]
    documents: list[JudgeFileItem]
    exhibits: list[ExhibitItem] = []
    dialogue_events: list[DialogueEventItem] = []
    warnings: list[WarningItem]
    digest: str
    journal: JournalItem | None = None
