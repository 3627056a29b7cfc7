"""What callers send to the dialogue's operations.

Fields that have an error code of their own (types, ids, statuses) are plain strings here and judged by the rules, so
that one answer tells malformed and forbidden items alike. Source: specification, "MCP Server Integration".
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from hansard.dialogue import model
from hansard.kernel.canonical import MAX_SAFE_INTEGER
from hansard.kernel.shapes import SAYS_SOMETHING, Json, JsonObject, Prose, Shape, WriteRequest

Name = Prose
"""A name, an id or a word of a list: judged by the rules, and storable like any text."""

Line = Annotated[Prose, StringConstraints(min_length=1, max_length=1000, pattern=SAYS_SOMETHING)]
"""A line of text that says something: a title, a label, a role."""

Words = Annotated[Prose, StringConstraints(min_length=1, pattern=SAYS_SOMETHING)]
"""A text that says something."""

Score = Annotated[int, Field(ge=0, le=10**11)]
"""Without a maximum in the specification; the bound keeps every sum an integer that JSON readers share."""
RoundNumber = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
"""A round; one beyond the ids' two digits is refused by the rules (``id_space_exhausted``)."""

Share = Annotated[float, Field(ge=0, le=1)]
DialogueId = Annotated[Name, Field(min_length=1, max_length=120)]


class PoolExpert(Shape):
    """An expert of the pool."""

    name: Line | None = None
    """Display name; without one the next pastry's name is given (Muffin, Cupcake, …)."""
    role: Line
    tier: Name | None = None
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
    local_id: Name | None = None
    """Local id of the entity that the subject stands for, where that can be told."""
    source: Name | None = None
    """File and line."""


class Origin(Shape):
    """Where an imported dialogue comes from. Its entities carry ``at``; the gate is computed, not enforced."""

    importer: Line
    source: Line
    """Name of the folder or file; never a whole path."""
    at: Name
    """When it took place (ISO 8601)."""
    digest: Name
    """SHA-256 over all files, so that the same input is known again."""
    judged: bool = False
    """Its verdicts passed Hansard's rules where it was held: what they resolved is resolved, not only called so."""
    exported: JsonObject | None = None
    """For a record that was exported elsewhere: its ``digest``, the ``head`` of its stream, its own ``origin``."""
    files: dict[Name, Name] = {}
    """SHA-256 of each file by name."""
    documents: dict[Name, Prose] = {}
    """The judge's files word for word, by name."""
    claims: list[ClaimedFigure] = []
    diagnostics: list[JsonObject] = []
    """What the importer had to assume: ``code``, ``message``, ``file``, ``line``."""


class MergedFrom(Shape):
    """One of the rules that became one, as it was then."""

    rule_id: Name
    revision: Annotated[int, Field(ge=1)]


class EthosRule(Shape):
    """A rule as a dialogue was held to it."""

    seq: Annotated[int, Field(ge=1)]
    rule_id: Name
    type: Name
    label: Line
    text: Words
    priority: Annotated[int, Field(ge=0)]
    revision: Annotated[int, Field(ge=1)]
    merged_from: list[MergedFrom] | None = None


class Calibration(Shape):
    """The ethos that a dialogue is held to; an import brings its rules along, everybody else names it alone."""

    ethos_id: Annotated[Name, Field(min_length=1, max_length=120)]
    title: Line | None = None
    domain_id: Name | None = None
    domain: Line | None = None
    digest: Name | None = None
    rules: list[EthosRule] | None = None


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
    seed: Annotated[Name, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None = None
    """16 hexadecimal digits that sample the panel; drawn when left out."""
    output_dir: Name | None = None
    tags: list[Line] = []
    calibration: Calibration | None = None
    """Held to this ethos (``ethos_synthesise``); experts argue without one when left out."""
    dialogue_id: Name | None = None
    """The wanted id, for imports; otherwise the title's slug, with -2 to -99 on collision."""
    origin: Origin | None = None


class PanelSeat(Shape):
    """A member of a round's panel."""

    expert_slug: Name
    """Slug or display name."""
    source: Name | None = None
    """retained, pool or created; told from the record when left out, checked when given."""
    role: Line | None = None
    tier: Name | None = None
    relevance: Share | None = None
    focus: Prose | None = None


class DialogueWrite(WriteRequest):
    """Base of the requests that add to a dialogue."""

    dialogue_id: DialogueId
    at: Name | None = None
    """When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells."""


class EvolvePanel(DialogueWrite):
    """Seat a round's panel."""

    round: RoundNumber
    panel: list[PanelSeat] = Field(min_length=1)
    suggested: bool = False
    """Of an imported dialogue: these seats were only suggested when it began, and nobody has sat down yet."""


class ExpertCreate(DialogueWrite):
    """Create an expert who is not in the pool."""

    expert_slug: Name
    role: Line
    description: Prose | None = None
    focus: Prose | None = None
    tier: Name = "Adjacent"
    relevance: Share | None = None
    reason: Words
    """Which gap the expert fills."""


class ReferenceIn(Shape):
    """A typed reference of an entity."""

    type: Name
    target: Name
    """A local id of this batch, a display id, or ``@slug`` for an expert's whole position."""
    target_type: Name | None = None
    """The target's kind letter, where the caller states it; must fit the id."""
    context: Prose | None = None
    """The words that stood under the reference."""


class EntityIn(Shape):
    """A perspective, recommendation, piece of evidence or claim; the Judge's synthesis of one or several."""

    local_id: Name | None = None
    local_ids: list[Name] = []
    """Further local ids that were merged into this one."""
    label: Line
    content: Prose
    contributors: list[Name] = []
    """Slugs; the local ids' experts when left out."""
    references: list[ReferenceIn] = []
    parameters: JsonObject | None = None
    exhibits: list[Name] = []
    """Exhibits that a piece of evidence cites (``X0001``)."""


class TensionIn(Shape):
    """A tension; its text is called ``description``."""

    local_id: Name | None = None
    local_ids: list[Name] = []
    label: Line
    description: Prose
    contributors: list[Name] = []
    references: list[ReferenceIn] = []


class MoveIn(Shape):
    """A dialogue move."""

    expert: Name
    type: Name
    targets: list[Name] = []
    target: Name | None = None
    """One target, accepted for a list of one."""
    topic: Prose | None = None
    context: Prose | None = None


class StanceIn(Shape):
    """Where an expert stands."""

    expert: Name
    stance: Name
    confidence: Share | None = None
    condition: Prose | None = None
    cause: Name | None = None


class UpdateIn(Shape):
    """A step in an entity's life."""

    id: Name
    """Display id, or a local id of this batch."""
    status: Name
    """The new status, or ``commented`` for an event that changes none."""
    by: list[Name] = Field(min_length=1)
    """Slugs of experts, ``judge`` or ``user``."""
    via: Name | None = None
    """What brings it about: a display id or a local id of this batch."""
    result: Name | None = None
    """What it became."""
    reason: Prose | None = None
    disposition: Annotated[Prose, StringConstraints(max_length=80)] | None = None


class ScoreComponents(Shape):
    """ALIGNMENT = Wisdom + Consistency + Truth + Relationships."""

    wisdom: Score
    consistency: Score
    truth: Score
    relationships: Score


class ModifierIn(Shape):
    """What an ethos adds to an expert's round, apart from the Judge's score."""

    rule_id: Name
    points: int
    """-2 for a violation that nobody surfaced, 1 for addressing a high-priority rule with evidence."""
    reason: Words
    evidence: Name | None = None
    """Display id or local id of the evidence."""


class ResponseRef(Shape):
    """A reference of a whole response."""

    expert: Name
    type: Name
    target: Name
    context: Prose | None = None


class RoundRegister(DialogueWrite):
    """Register all of a round in one batch: all of it, or nothing."""

    round: RoundNumber
    title: Line | None = None
    score: Score | None = None
    summary: Prose | None = None
    expert_scores: dict[Name, Score] = {}
    score_components: dict[Name, ScoreComponents] = {}
    calibration_modifiers: dict[Name, list[ModifierIn]] = {}
    """In a calibrated dialogue, by slug; shown apart from the scores."""
    responses: dict[Name, Prose] = {}
    """Each expert's response word for word, by slug."""
    annotations: dict[Name, list[JsonObject]] = {}
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
    judge_claims: dict[Name, Json] = {}
    """Figures the Judge states for this round (velocity, converge_percent …), kept beside the computed ones."""


class ComplianceException(Shape):
    """A rule that the verdict departs from, and who allowed it."""

    rule_id: Name
    justification: Prose | None = None
    approved_by: Prose | None = None


class ComplianceViolation(Shape):
    """A rule that the verdict breaks."""

    rule_id: Name
    description: Prose | None = None


class EthosCompliance(Shape):
    """Whether a verdict keeps the rules of its dialogue's ethos."""

    fully_compliant: bool
    exceptions: list[ComplianceException] = []
    violations: list[ComplianceViolation] = []


class WatchIn(Shape):
    """One of the verdict's conditions, bound to a gate or a date."""

    condition: Words
    gate: Line | None = None
    """The name of a gate."""
    date: Name | None = None
    """The day on which it falls due (``2027-03-01``)."""


class VerdictRegister(DialogueWrite):
    """Register a verdict; it cannot be changed afterwards."""

    verdict_id: Annotated[Name, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    verdict_type: Name
    round: RoundNumber
    label: Line | None = None
    """A short name for the verdict, as in ``[MINORITY VERDICT: label]``."""
    author_expert: Name | None = None
    """The Judge when left out."""
    recommendation: Words
    description: Words
    conditions: list[Words] = []
    vote: Annotated[Prose, StringConstraints(max_length=80)] | None = None
    votes: dict[Name, Name] | None = None
    """How each expert voted: for, against or abstain."""
    confidence: Name | None = None
    tensions_resolved: list[Name] = []
    tensions_accepted: list[Name] = []
    recommendations_adopted: list[Name] = []
    key_evidence: list[Name] = []
    key_claims: list[Name] = []
    supporting_experts: list[Name] | None = None
    what_would_change: Prose | None = None
    """What would change the minds of a minority."""
    supersedes: Name | None = None
    dismissals: dict[Name, Words] | None = None
    """Why this verdict sets a minority or dissent verdict aside, by its id."""
    force: bool = False
    """Conclude though the gate is not met; needs ``force_reason``, which the verdict shows."""
    force_reason: Prose | None = None
    ethos_compliance: EthosCompliance | None = None
    """In a calibrated dialogue; a final verdict must say it."""
    watch: list[WatchIn] = []
    """Conditions to be watched; ``watch_add`` binds more of them later."""


class UpdateStatus(DialogueWrite):
    """Steps in entities' lives between rounds, by the Judge, an expert or an outside actor."""

    updates: list[UpdateIn] = Field(min_length=1)


class DialogueAbandon(DialogueWrite):
    """Give a dialogue up."""

    reason: Words
    by: list[Name] = Field(default=["judge"], min_length=1)
    """``judge``, or ``user`` for an outside actor."""


class DialogueReopen(DialogueWrite):
    """Take an abandoned or converged dialogue up again."""

    reason: Words
    by: list[Name] = Field(min_length=1)
    """``user`` for an outside actor, or ``judge``."""


class DialogueTag(DialogueWrite):
    """Add and remove tags."""

    add: list[Line] = []
    remove: list[Line] = []
    by: list[Name] = Field(default=["judge"], min_length=1)
    """``judge``, or ``user`` for an outside actor."""


class RoundContext(Shape):
    """Ask for the context of a round's whole panel."""

    dialogue_id: DialogueId
    round: RoundNumber | None = None
    """The round to come; the next one when left out."""
    round_contexts: dict[Name, Prose] = {}
    """The Judge's own words for an expert's situation, instead of the derived ones, by slug."""
    experts: list[Name] = []
    """Only for these members of the panel; for all of them when left out."""
    budget_tokens: Annotated[int, Field(ge=1, le=10**9)] | None = None
    """Over it, settled entities shrink to id, label and status, the oldest first, and a note says so."""
    in_files: bool | None = None
    """Whether it is written into a file below the dialogue's folder; told by its length when left out: over 40,000
    characters for a whole panel."""


class BriefWords(Shape):
    """The Judge's own words for parts of a fresh expert's brief, instead of the derived ones."""

    question: Prose | None = None
    foundation: Prose | None = None
    why_here: Prose | None = None
    mandate: Prose | None = None
    relevant_work: Prose | None = None
    progress: Prose | None = None


class PromptWords(Shape):
    """The Judge's own words in one expert's prompt."""

    task: Prose | None = None
    """The task of this round, instead of the derived one."""
    round_context: Prose | None = None
    """The expert's situation, instead of the derived one; it leads the task where ``task`` is left out."""
    instructions: Prose | None = None
    """Added to the instructions."""
    brief: BriefWords | None = None
    """Parts of the brief; given for somebody who is not new, there is a brief all the same."""


class DialoguePrompts(Shape):
    """Ask for the prompts of a round's panel."""

    dialogue_id: DialogueId
    round: RoundNumber | None = None
    """The round to come; the next one when left out."""
    experts: list[Name] = []
    """Only for these members of the panel; for all of them when left out."""
    words: dict[Name, PromptWords] = {}
    """The Judge's own words, by slug."""
    budget_tokens: Annotated[int, Field(ge=1, le=10**9)] | None = None
    """For the context in each prompt (``dialogue_round_context``)."""
    write: bool = False
    """Write ``prompt-<slug>.md`` and ``context-<slug>.json`` below ``round-N/`` in the dialogue's folder, and answer
    with references to them instead of the prompts."""


class DialogueQuery(Shape):
    """Name one dialogue."""

    dialogue_id: DialogueId


class DialogueList(Shape):
    """Ask for dialogues, newest first."""

    status: model.DialogueStatus | None = None
    tags: list[Line] = []
    """Only those that have all of these."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class ExpandCitations(Shape):
    """Ask for what citations stand for."""

    dialogue_id: DialogueId
    ids: list[Name] = Field(min_length=1, max_length=1000)


class DialogueSimilar(Shape):
    """Ask for dialogues about the same matter: as some words, or as another dialogue."""

    words: Words | None = None
    dialogue_id: DialogueId | None = None
    """The dialogue whose own words are looked for; give this or ``words``."""
    limit: Annotated[int, Field(ge=1, le=100)] = 10


class DialogueStats(Shape):
    """Ask for statistics over dialogues."""

    tags: list[Line] = []
    """Only over those that have all of these; over all when left out."""
    top: Annotated[int, Field(ge=1, le=100)] = 10
    """So many experts at most."""


class EntityQuery(Shape):
    """Ask for one entity."""

    dialogue_id: DialogueId
    id: Name
    """Its display id, or a local id of its."""


class ParseResponse(Shape):
    """Read a response without registering anything."""

    dialogue_id: DialogueId
    round: RoundNumber
    expert: Name
    text: Prose | None = None
    path: Name | None = None
    """A file to read instead; below the dialogue's output folder."""


class DialogueSearch(Shape):
    """Search the words of all dialogues."""

    query: Words
    dialogue_id: DialogueId | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 20
