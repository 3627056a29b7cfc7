"""The parts of ``dialogue.json`` as types (specification, "Output: Single dialogue.json").

The types *are* the format: an attribute has the name of its column, and where the document says it otherwise the name
beside it is the document's.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

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


class PoolItem(Item, frozen=True, kw_only=True):
    """The pool as it was given."""

    domain: str | None = None
    experts: list[dict[str, Any]]


class ExpertItem(Item, frozen=True, kw_only=True):
    """Somebody who took part; scores by round, and their sum."""

    slug: str
    role: str
    tier: Tier | None
    source: Literal["pool", "created"]
    creation_reason: str | None = None
    scores: dict[str, int]
    total: int
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
    references: list[ReferenceItem]
    adopted_in_verdict: str | None = None
    events: list[EventItem]
    local_ids: list[str]
    created_at: str


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
    warnings: list[WarningItem]
    digest: str
    journal: JournalItem | None = None
