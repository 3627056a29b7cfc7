"""What a dialogue is made of: one frozen type for each table, and the record that holds them all.

A field's name is its column's name; a row read from the store becomes one of these and goes no further as a row.
Words are the specification's ("Schema"); where its tables repeat each other, one table serves (decision 0003).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from hansard.kernel.ids import DisplayId, display_id, shown_name
from hansard.markers import syntax

DialogueStatus = Literal["open", "converging", "converged", "abandoned"]
VerdictType = Literal["interim", "final", "minority", "dissent"]

TIERS: Final = ("Core", "Adjacent", "Wildcard")
ROTATIONS: Final = ("graduated", "none", "wildcards", "full")
SOURCES: Final = ("pool", "created", "retained")
REF_TYPES: Final = syntax.REFERENCE_TYPES
MOVE_TYPES: Final = syntax.MOVE_TYPES
STANCES: Final = syntax.STANCES
ABSTAIN_CAUSES: Final = syntax.ABSTAIN_CAUSES
VERDICT_TYPES: Final = ("interim", "final", "minority", "dissent")
CONFIDENCES: Final = ("unanimous", "strong", "split", "contested")
COMPONENTS: Final = ("wisdom", "consistency", "truth", "relationships")
VOTES: Final = ("for", "against", "abstain")
EXHIBIT_KINDS: Final = (
    "file", "memory_query", "symmetry_tick", "gate_result", "agent_history", "verdict", "calibration",
)  # fmt: skip
WATCH_KINDS: Final = ("gate", "date")
DIALOGUE_EVENTS: Final = ("abandoned", "reopened", "tagged")

TRANSITIONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "P": {"open": ("refined", "conceded", "merged"), "refined": ("conceded", "merged")},
    "R": {"proposed": ("amended", "adopted", "rejected"), "amended": ("adopted", "rejected")},
    "T": {
        "open": ("addressed", "resolved"),
        "addressed": ("resolved", "open"),
        "resolved": ("reopened",),
        "reopened": ("addressed", "resolved"),
    },
    "E": {
        "cited": ("challenged", "confirmed", "refuted"),
        "challenged": ("confirmed", "refuted"),
        "confirmed": ("challenged",),
    },
    "C": {
        "asserted": ("supported", "opposed", "adopted", "withdrawn"),
        "supported": ("opposed", "adopted", "withdrawn"),
        "opposed": ("supported", "adopted", "withdrawn"),
    },
}
"""From which status which others may follow, by kind of entity; each kind begins with the first that stands here."""

STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    kind: tuple(dict.fromkeys([*steps, *(word for words in steps.values() for word in words)]))
    for kind, steps in TRANSITIONS.items()
}
"""Every status of each kind, the first one first."""

ERASED: Final = "[erased]"
"""What stands in a text that was taken out of the record."""

UNSETTLED: Final = frozenset({"open", "addressed", "reopened"})
"""A tension with one of these is open for the convergence gate."""

COLORS: Final = (
    "#3B82F6", "#10B981", "#F59E0B", "#EF4444", "#8B5CF6", "#EC4899",
    "#14B8A6", "#F97316", "#6366F1", "#84CC16", "#06B6D4", "#A855F7",
)  # fmt: skip
"""Colours given to experts in the order in which they join, over and over."""


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Base of the row types.

    No row is part of a circle, so none is looked at by Python's collector: a long record is read in two thirds of the
    time.
    """

    dialogue_id: str

    def as_row(self) -> dict[str, Any]:
        """Column names and typed values."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Dialogue(Row, frozen=True, kw_only=True):
    """A question that a panel argues."""

    title: str
    question: str
    background: dict[str, Any] | None = None
    domain: str | None = None
    expert_pool: list[dict[str, Any]] = []
    """The pool as given: ``name``, ``slug``, ``role``, ``tier``, ``relevance``, ``focus``, ``description``."""
    status: DialogueStatus = "open"
    created_at: str
    converged_at: str | None = None
    panel_size: int
    convergence_target: float = 1.0
    """Share of the panel, 0 to 1, that must agree before a final verdict."""
    max_rounds: int = 10
    rotation: str = "graduated"
    strict_velocity: int = 0
    """1 when new perspectives of the last round bar a final verdict, 0 when they only warn."""
    seed: str
    """Hexadecimal seed of the panel's sampling."""
    output_dir: str | None = None
    tags: list[str] = []
    calibration: dict[str, Any] | None = None
    """The ethos that it is held to, as it was when the dialogue began, so that the record is whole in every home:
    ``ethos_id``, ``title``, ``domain_id``, ``domain``, ``digest``, ``rules`` (``calibration.model.Ethos``)."""
    origin: dict[str, Any] | None = None
    """Where an imported dialogue comes from: ``importer``, ``source``, ``at``, ``digest``, ``files``, ``exhibits``."""

    @property
    def imported(self) -> bool:
        """An imported dialogue records what it finds: the gate is computed, never enforced."""
        return self.origin is not None

    @property
    def judged(self) -> bool:
        """Its verdicts passed these rules, here or where it was held; another judge's "resolved" is a claim."""
        return self.origin is None or bool(self.origin.get("judged"))

    def brought(self, exhibit: int) -> bool:
        """Whether the exhibit of this number came with an imported record, and was not pinned in this store.

        Stores that were made before it was noted how many came: all of them.
        """
        return self.origin is not None and exhibit <= self.origin.get("exhibits", exhibit)

    @property
    def closed(self) -> bool:
        """No round and no final verdict may be added."""
        return self.status in ("converged", "abandoned")


class Expert(Row, frozen=True, kw_only=True):
    """Somebody who takes part, under one name and role for the whole dialogue."""

    slug: str
    name: str | None = None
    """As it is written, where that says more than the slug (``Jürgen``)."""
    role: str
    description: str | None = None
    focus: str | None = None
    tier: str | None = None
    source: str
    relevance: float | None = None
    creation_reason: str | None = None
    color: str
    first_round: int | None = None
    created_at: str

    @property
    def shown(self) -> str:
        """The name as people read it."""
        return self.name or shown_name(self.slug)


class PanelMember(Row, frozen=True, kw_only=True):
    """A seat at one round's panel."""

    round: int
    slug: str
    source: str
    tier: str | None = None
    relevance: float | None = None
    focus: str | None = None


class Round(Row, frozen=True, kw_only=True):
    """One round: open (planned), in_progress (panel seated), completed (registered)."""

    round: int
    title: str | None = None
    score: int | None = None
    """ALIGNMENT of the round, given by the Judge; null only where an imported round has none."""
    summary: str | None = None
    status: str = "open"
    created_at: str
    completed_at: str | None = None


class Utterance(Row, frozen=True, kw_only=True):
    """What one expert said in one round, word for word, and the score the Judge gave for it."""

    round: int
    slug: str
    raw: str | None = None
    score: int | None = None
    components: dict[str, int] | None = None
    """``wisdom``, ``consistency``, ``truth``, ``relationships``; their sum is the score."""
    annotations: list[dict[str, Any]] | None = None
    """What was read and belongs to no entity, and the reader's diagnostics, each with its line."""
    modifiers: list[dict[str, Any]] | None = None
    """Apart from the Judge's score: ``rule_id``, ``points`` (-2 or 1), ``reason``, ``evidence``"""


class Entity(Row, frozen=True, kw_only=True):
    """A perspective, recommendation, tension, piece of evidence or claim."""

    kind: str
    round: int
    seq: int
    label: str
    content: str
    contributors: list[str]
    status: str
    parameters: dict[str, Any] | None = None
    adopted_in_verdict: str | None = None
    local_ids: list[str] = []
    """The local ids that became this entity: one, or several that the Judge merged."""
    exhibits: list[str] | None = None
    """Display ids of the exhibits (``X0001``) that it cites."""
    created_at: str

    @property
    def id(self) -> str:
        """The display id (``P0101``)."""
        return display_id(self.kind, self.round, self.seq)

    @property
    def key(self) -> DisplayId:
        """Kind, round and sequence."""
        return DisplayId(self.kind, self.round, self.seq)


class Event(Row, frozen=True, kw_only=True):
    """One step in an entity's life."""

    kind: str
    round: int
    seq: int
    event_seq: int
    type: str
    event_round: int
    actors: list[str]
    reason: str | None = None
    disposition: str | None = None
    """A finer word than the state machine has: conditional, narrowed, accepted, superseded, invalidated …"""
    reference: str | None = None
    """What brought it about: a display id or a verdict's id."""
    result: str | None = None
    """What it became: the display id of the entity that refines or replaces it."""
    created_at: str

    @property
    def key(self) -> DisplayId:
        """The entity it happened to."""
        return DisplayId(self.kind, self.round, self.seq)


class Ref(Row, frozen=True, kw_only=True):
    """A typed reference; ``source_id`` is an entity, or ``@muffin`` where a whole response refers."""

    round: int
    seq: int
    source_id: str
    ref_type: str
    target_id: str
    context: str | None = None
    created_at: str


class Move(Row, frozen=True, kw_only=True):
    """A dialogue move of an expert."""

    round: int
    expert_slug: str
    seq: int
    move_type: str
    targets: list[str]
    topic: str | None = None
    context: str | None = None
    created_at: str


class Stance(Row, frozen=True, kw_only=True):
    """Where an expert stands at the end of a round."""

    round: int
    expert_slug: str
    stance: str
    confidence: float | None = None
    condition: str | None = None
    cause: str | None = None
    created_at: str


class Verdict(Row, frozen=True, kw_only=True):
    """A conclusion; immutable. A later one may supersede it."""

    verdict_id: str
    seq: int
    """Verdicts are told in the order in which they were registered, from 1."""
    verdict_type: VerdictType
    label: str | None = None
    """A short name (``Stop at the shadow``), as minority verdicts have."""
    round: int
    author_expert: str | None = None
    recommendation: str
    description: str
    conditions: list[str] = []
    vote: str | None = None
    votes: dict[str, str] | None = None
    confidence: str | None = None
    tensions_resolved: list[str] = []
    tensions_accepted: list[str] = []
    recommendations_adopted: list[str] = []
    key_evidence: list[str] = []
    key_claims: list[str] = []
    supporting_experts: list[str] = []
    what_would_change: str | None = None
    supersedes: str | None = None
    dismissals: dict[str, str] | None = None
    """Reason for which this verdict sets each minority or dissent verdict aside, by its id."""
    force_reason: str | None = None
    gate: dict[str, Any] | None = None
    """The convergence gate as computed when the verdict was registered (``model.Gate``)."""
    ethos_compliance: dict[str, Any] | None = None
    """In a calibrated dialogue: ``fully_compliant``, ``exceptions``, ``violations``."""
    created_at: str


class JudgeClaim(Row, frozen=True, kw_only=True):
    """A figure or status that a judge stated, kept beside what the record shows."""

    seq: int
    round: int | None = None
    subject: str
    """What it is about: ``round``, ``dialogue``, or an id as the judge wrote it."""
    item: str
    """Which figure: ``velocity``, ``converge_percent``, ``open_tensions``, ``status`` …"""
    claimed: str
    local_id: str | None = None
    """The entity the subject stands for, where that can be told."""
    source: str | None = None
    """Where it was read: ``scoreboard.md:24``."""


class Document(Row, frozen=True, kw_only=True):
    """A judge's file of an imported dialogue, word for word."""

    name: str
    body: str


class Exhibit(Row, frozen=True, kw_only=True):
    """Outside material pinned by its hash, which evidence cites."""

    seq: int
    kind: str
    label: str
    reference: dict[str, Any]
    """What to look at again, as its kind has it: ``path``; ``query``; ``dialogue_id`` and ``verdict_id`` …"""
    digest: str
    """SHA-256 of what it was when it was added, hexadecimal."""
    size: int | None = None
    """Bytes."""
    media_type: str | None = None
    round: int
    """The round to come when it was added."""
    added_by: str
    """Slug of an expert, ``judge`` or ``user``."""
    created_at: str

    @property
    def id(self) -> str:
        """The display id (``X0001``)."""
        return f"X{self.seq:04d}"


class Watch(Row, frozen=True, kw_only=True):
    """A verdict's condition bound to a gate or a date, so that somebody notices when it fails or falls due."""

    verdict_id: str
    seq: int
    condition: str
    """The condition in words."""
    kind: str
    reference: dict[str, Any]
    """``gate`` (its name) or ``date`` (``2027-03-01``)."""
    created_at: str


class DialogueEvent(Row, frozen=True, kw_only=True):
    """A step in the life of a dialogue that no round and no verdict tells: abandoned, reopened, tagged."""

    seq: int
    type: str
    actors: list[str]
    reason: str | None = None
    detail: dict[str, Any] | None = None
    """``status_before``; ``added`` and ``removed`` tags, and those ``before``; always how many ``rounds`` and
    ``verdicts`` were registered by then."""
    created_at: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one dialogue, each list in the order of its keys."""

    dialogue: Dialogue
    experts: list[Expert]
    panel_members: list[PanelMember]
    rounds: list[Round]
    utterances: list[Utterance]
    entities: list[Entity]
    events: list[Event]
    refs: list[Ref]
    moves: list[Move]
    stances: list[Stance]
    verdicts: list[Verdict]
    judge_claims: list[JudgeClaim]
    documents: list[Document]
    exhibits: list[Exhibit] = []
    watches: list[Watch] = []
    dialogue_events: list[DialogueEvent] = []


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """A round in figures, computed from the record and never typed in."""

    round: int
    score: int | None
    open_tensions: int
    """Tensions not resolved when the round ended: open, addressed or reopened."""
    new_perspectives: int
    velocity: int
    """Open tensions + new perspectives of the round (dialogue.md, settled contradiction 8)."""
    score_velocity: int | None
    """Score minus the score of the round before."""
    panel: int
    agreed: int
    """Members who moved to converge, approved, or gave a condition that the verdict meets."""
    abstained: int
    settled: int
    """Members whose minority or dissent verdict is registered."""
    converge_percent: int
    """Agreed members in percent of those who did not abstain, rounded down."""


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a final verdict may be given, and why not."""

    met: bool
    open_tensions: list[str]
    agreed: list[str]
    not_agreed: list[str]
    settled: list[str]
    abstained: list[str]
    share: float
    """Members who agree or are settled, as a share of those who did not abstain."""
    target: float
    new_perspectives: int
    reasons: list[str]
    warnings: list[str]
    forced: bool = False
