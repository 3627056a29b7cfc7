"""What callers send to the dialogue's operations.

Fields that have an error code of their own (types, ids, statuses) are plain strings here and judged by the rules, so
that one answer tells malformed and forbidden items alike. Source: specification, "MCP Server Integration".
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from hansard.dialogue import model
from hansard.kernel.shapes import Json, JsonObject, Prose, Shape, WriteRequest

Line = Annotated[Prose, StringConstraints(min_length=1, max_length=1000, strip_whitespace=False, pattern=r"\S")]
"""A line of text that says something: a title, a label, a role."""

Words = Annotated[Prose, StringConstraints(min_length=1, pattern=r"\S")]
"""A text that says something."""

Score = Annotated[int, Field(ge=0, le=1_000_000)]
RoundNumber = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
DialogueId = Annotated[str, Field(min_length=1, max_length=120)]


class PoolExpert(Shape):
    """An expert of the pool."""

    name: Line | None = None
    """Display name; without one the next pastry's name is given (Muffin, Cupcake, …)."""
    role: Line
    tier: str | None = None
    """Core, Adjacent or Wildcard, in any case; told from relevance when left out."""
    relevance: Share | None = None
    focus: Prose | None = None
    description: Prose | None = None


class ExpertPool(Shape):
    """Who may be asked to the panel."""

    domain: Prose | None = None
    experts: list[PoolExpert]


class Background(Shape):
    """What a panel must know beforehand; further fields go into ``constraints``."""

    subject: Prose | None = None
    description: Prose | None = None
    constraints: JsonObject | None = None
    situation: Prose | None = None


class ClaimedFigure(Shape):
    """A figure or status that a judge stated."""

    round: RoundNumber | None = None
    subject: Line
    """``round``, ``dialogue``, or an id as the judge wrote it."""
    item: Line
    claimed: Prose
    local_id: str | None = None
    """Local id of the entity that the subject stands for, where that can be told."""
    source: str | None = None
    """File and line."""


class Origin(Shape):
    """Where an imported dialogue comes from. Its entities carry ``at``; the gate is computed, not enforced."""

    importer: Line
    source: Line
    """Name of the folder or file; never a whole path."""
    at: str
    """When it took place (ISO 8601)."""
    digest: str
    """SHA-256 over all files, so that the same input is known again."""
    files: dict[str, str] = {}
    """SHA-256 of each file by name."""
    documents: dict[str, Prose] = {}
    """The judge's files word for word, by name."""
    claims: list[ClaimedFigure] = []
    diagnostics: list[JsonObject] = []
    """What the importer had to assume: ``code``, ``message``, ``file``, ``line``."""


class DialogueCreate(WriteRequest):
    """Start a dialogue."""

    title: Line
    question: Words
    background: Background | None = None
    expert_pool: ExpertPool
    panel_size: Annotated[int, Field(ge=1, le=24)] | None = None
    convergence_target: Annotated[float, Field(gt=0, le=1)] = 1.0
    max_rounds: Annotated[int, Field(ge=1, le=100)] = 10
    rotation: Literal["graduated", "none", "wildcards", "full"] = "graduated"
    strict_velocity: bool = False
    seed: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None = None
    """16 hexadecimal digits that sample the panel; drawn when left out."""
    output_dir: str | None = None
    tags: list[Line] = []
    dialogue_id: str | None = None
    """The wanted id, for imports; otherwise the title's slug, with -2 to -99 on collision."""
    origin: Origin | None = None


class PanelSeat(Shape):
    """A member of a round's panel."""

    expert_slug: str
    """Slug or display name."""
    source: str | None = None
    """retained, pool or created; told from the record when left out, checked when given."""
    role: Line | None = None
    tier: str | None = None
    relevance: Share | None = None
    focus: Prose | None = None


class EvolvePanel(WriteRequest):
    """Seat a round's panel."""

    dialogue_id: DialogueId
    round: RoundNumber
    panel: list[PanelSeat] = Field(min_length=1)


class ExpertCreate(WriteRequest):
    """Create an expert who is not in the pool."""

    dialogue_id: DialogueId
    expert_slug: str
    role: Line
    description: Prose | None = None
    focus: Prose | None = None
    tier: str = "Adjacent"
    relevance: Share | None = None
    reason: Words
    """Which gap the expert fills."""


class ReferenceIn(Shape):
    """A typed reference of an entity."""

    type: str
    target: str
    """A local id of this batch, a display id, or ``@slug`` for an expert's whole position."""
    target_type: str | None = None
    """The target's kind letter, where the caller states it; must fit the id."""
    context: Prose | None = None
    """The words that stood under the reference."""


class EntityIn(Shape):
    """A perspective, recommendation, piece of evidence or claim; the Judge's synthesis of one or several."""

    local_id: str | None = None
    local_ids: list[str] = []
    """Further local ids that were merged into this one."""
    label: Line
    content: Prose
    contributors: list[str] = []
    """Slugs; the local ids' experts when left out."""
    references: list[ReferenceIn] = []
    parameters: JsonObject | None = None


class TensionIn(Shape):
    """A tension; its text is called ``description``."""

    local_id: str | None = None
    local_ids: list[str] = []
    label: Line
    description: Prose
    contributors: list[str] = []
    references: list[ReferenceIn] = []


class MoveIn(Shape):
    """A dialogue move."""

    expert: str
    type: str
    targets: list[str] = []
    target: str | None = None
    """One target, accepted for a list of one."""
    topic: Prose | None = None
    context: Prose | None = None


class StanceIn(Shape):
    """Where an expert stands."""

    expert: str
    stance: str
    confidence: Share | None = None
    condition: Prose | None = None
    cause: str | None = None


class UpdateIn(Shape):
    """A step in an entity's life."""

    id: str
    """Display id, or a local id of this batch."""
    status: str
    """The new status, or ``commented`` for an event that changes none."""
    by: list[str] = Field(min_length=1)
    """Slugs of experts, ``judge`` or ``user``."""
    via: str | None = None
    """What brings it about: a display id or a local id of this batch."""
    result: str | None = None
    """What it became."""
    reason: Prose | None = None
    disposition: Annotated[Prose, StringConstraints(max_length=80)] | None = None


class ScoreComponents(Shape):
    """ALIGNMENT = Wisdom + Consistency + Truth + Relationships."""

    wisdom: Score
    consistency: Score
    truth: Score
    relationships: Score


class ResponseRef(Shape):
    """A reference of a whole response."""

    expert: str
    type: str
    target: str
    context: Prose | None = None


class RoundRegister(WriteRequest):
    """Register all of a round in one batch: all of it, or nothing."""

    dialogue_id: DialogueId
    round: RoundNumber
    title: Line | None = None
    score: Score | None = None
    summary: Prose | None = None
    expert_scores: dict[str, Score] = {}
    score_components: dict[str, ScoreComponents] = {}
    responses: dict[str, Prose] = {}
    """Each expert's response word for word, by slug."""
    annotations: dict[str, list[JsonObject]] = {}
    """What was read of a response and belongs to no entity, by slug."""
    perspectives: list[EntityIn] = []
    recommendations: list[EntityIn] = []
    tensions: list[TensionIn] = []
    evidence: list[EntityIn] = []
    claims: list[EntityIn] = []
    references: list[ResponseRef] = []
    """References that belong to a response rather than to one of its entities."""
    moves: list[MoveIn] = []
    stances: list[StanceIn] = []
    perspective_updates: list[UpdateIn] = []
    recommendation_updates: list[UpdateIn] = []
    tension_updates: list[UpdateIn] = []
    evidence_updates: list[UpdateIn] = []
    claim_updates: list[UpdateIn] = []
    judge_claims: dict[str, Json] = {}
    """Figures the Judge states for this round (velocity, converge_percent …), kept beside the computed ones."""


class VerdictRegister(WriteRequest):
    """Register a verdict; it cannot be changed afterwards."""

    dialogue_id: DialogueId
    verdict_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    verdict_type: str
    round: RoundNumber
    author_expert: str | None = None
    """The Judge when left out."""
    recommendation: Words
    description: Words
    conditions: list[Words] = []
    vote: Annotated[Prose, StringConstraints(max_length=80)] | None = None
    votes: dict[str, str] | None = None
    """How each expert voted: for, against or abstain."""
    confidence: str | None = None
    tensions_resolved: list[str] = []
    tensions_accepted: list[str] = []
    recommendations_adopted: list[str] = []
    key_evidence: list[str] = []
    key_claims: list[str] = []
    supporting_experts: list[str] | None = None
    what_would_change: Prose | None = None
    """What would change the minds of a minority."""
    supersedes: str | None = None
    dismissals: dict[str, Words] | None = None
    """Why this verdict sets a minority or dissent verdict aside, by its id."""
    force: bool = False
    """Conclude though the gate is not met; needs ``force_reason``, which the verdict shows."""
    force_reason: Prose | None = None


class UpdateStatus(WriteRequest):
    """Steps in entities' lives between rounds, by the Judge, an expert or an outside actor."""

    dialogue_id: DialogueId
    updates: list[UpdateIn] = Field(min_length=1)


class RoundContext(Shape):
    """Ask for the context of a round's whole panel."""

    dialogue_id: DialogueId
    round: RoundNumber | None = None
    """The round to come; the next one when left out."""
    round_contexts: dict[str, Prose] = {}
    """The Judge's own words for an expert's situation, instead of the derived ones, by slug."""


class DialogueQuery(Shape):
    """Name one dialogue."""

    dialogue_id: DialogueId


class DialogueList(Shape):
    """Ask for dialogues, newest first."""

    status: model.DialogueStatus | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class ExpandCitations(Shape):
    """Ask for what citations stand for."""

    dialogue_id: DialogueId
    ids: list[str] = Field(min_length=1, max_length=1000)


class ParseResponse(Shape):
    """Read a response without registering anything."""

    dialogue_id: DialogueId
    round: RoundNumber
    expert: str
    text: Prose | None = None
    path: str | None = None
    """A file to read instead; below the dialogue's output folder."""


class DialogueSearch(Shape):
    """Search the words of all dialogues."""

    query: Words
    dialogue_id: DialogueId | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 20
