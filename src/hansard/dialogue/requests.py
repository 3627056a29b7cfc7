"""What callers send to the dialogue's operations.

Fields that have an error code of their own (types, ids, statuses) are plain strings here and judged by the rules, so
that one answer tells malformed and forbidden items alike. Source: specification, "MCP Server Integration".
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints
from pydantic.fields import FieldInfo

from hansard.dialogue import model
from hansard.kernel.canonical import MAX_SAFE_INTEGER
from hansard.kernel.shapes import (
    NOT_FOR_TOOLS,
    SAYS_SOMETHING,
    Json,
    JsonObject,
    Prose,
    Shape,
    WriteRequest,
    any_case,
    for_tools,
)

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


Tier = Annotated[Name | None, any_case(*model.TIERS), for_tools(enum=list(model.TIERS), description="")]
"""An expert's tier, judged by the rules."""


class PoolExpert(Shape):
    """An expert of the pool."""

    name: Annotated[Line | None, for_tools(description="A pastry's when left out")] = None
    """Display name; without one the next pastry's name is given (Muffin, Cupcake, …)."""
    role: Line
    tier: Tier = None
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
    exhibits: Annotated[int, Field(ge=0)] | None = None
    """How many exhibits come with it: those that follow are pinned here."""
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
    title: Annotated[Line | None, NOT_FOR_TOOLS] = None
    domain_id: Annotated[Name | None, NOT_FOR_TOOLS] = None
    domain: Annotated[Line | None, NOT_FOR_TOOLS] = None
    digest: Annotated[Name | None, NOT_FOR_TOOLS] = None
    rules: Annotated[list[EthosRule] | None, NOT_FOR_TOOLS] = None


class DialogueCreate(WriteRequest):
    """Start a dialogue."""

    title: Line
    question: Words
    background: Background | None = None
    expert_pool: ExpertPool
    panel_size: Annotated[int, Field(ge=1, le=24)] | None = None
    convergence_target: Annotated[float, Field(gt=0, le=1)] = 1.0
    max_rounds: Annotated[int, Field(ge=1, le=100)] = 10
    rotation: Annotated[Literal["graduated", "none", "wildcards", "full"], any_case(*model.ROTATIONS)] = "graduated"
    strict_velocity: bool = False
    seed: Annotated[Annotated[Name, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None, NOT_FOR_TOOLS] = None
    """16 hexadecimal digits that sample the panel; drawn when left out."""
    output_dir: Name | None = None
    tags: list[Line] = []
    calibration: Annotated[Calibration | None, for_tools(beside="calibration", description="")] = None
    """Held to this ethos (``ethos_synthesise``); experts argue without one when left out."""
    dialogue_id: Annotated[Name | None, NOT_FOR_TOOLS] = None
    """The wanted id, for imports; otherwise the title's slug, with -2 to -99 on collision."""
    origin: Annotated[Origin | None, NOT_FOR_TOOLS] = None


class PanelSeat(Shape):
    """A member of a round's panel."""

    expert_slug: Annotated[Name, for_tools(description="")]
    """Slug or display name."""
    name: Annotated[Line | None, NOT_FOR_TOOLS] = None
    """Display name; that of the pool, or as ``expert_slug`` is written, when left out."""
    source: Annotated[Name | None, any_case(*model.SOURCES), for_tools(enum=list(model.SOURCES), description="")] = None
    """retained, pool or created; told from the record when left out, checked when given."""
    role: Line | None = None
    tier: Tier = None
    relevance: Annotated[Share | None, NOT_FOR_TOOLS] = None
    focus: Prose | None = None


class DialogueWrite(WriteRequest):
    """Base of the requests that add to a dialogue."""

    dialogue_id: DialogueId
    at: Annotated[Name | None, NOT_FOR_TOOLS] = None
    """When it took place (ISO 8601), in imported dialogues only; elsewhere the store's clock tells."""


class EvolvePanel(DialogueWrite):
    """Seat a round's panel."""

    round: RoundNumber
    panel: list[PanelSeat] = Field(min_length=1)
    suggested: Annotated[bool, NOT_FOR_TOOLS] = False
    """Of an imported dialogue: these seats were only suggested when it began, and nobody has sat down yet."""


class ExpertCreate(DialogueWrite):
    """Create an expert who is not in the pool."""

    expert_slug: Annotated[Name, for_tools(description="")]
    """Slug or display name."""
    name: Annotated[Line | None, NOT_FOR_TOOLS] = None
    """Display name; as ``expert_slug`` is written when left out."""
    role: Line
    description: Prose | None = None
    focus: Prose | None = None
    tier: Annotated[Name, any_case(*model.TIERS), for_tools(enum=list(model.TIERS))] = "Adjacent"
    relevance: Annotated[Share | None, NOT_FOR_TOOLS] = None
    reason: Words
    """Which gap the expert fills."""


RefType = Annotated[Name, any_case(*model.REF_TYPES), for_tools(enum=list(model.REF_TYPES))]
"""A reference's type, judged by the rules."""


class ReferenceIn(Shape):
    """A typed reference of an entity."""

    type: RefType
    target: Annotated[Name, for_tools(description="Local id, display id or @slug")]
    """A local id of this batch, a display id, or ``@slug`` for an expert's whole position."""
    target_type: Annotated[Name | None, NOT_FOR_TOOLS] = None
    """The target's kind letter, where the caller states it; must fit the id."""
    context: Annotated[Prose | None, NOT_FOR_TOOLS] = None
    """The words that stood under the reference."""


class EntityIn(Shape):
    """A perspective, recommendation, piece of evidence or claim; the Judge's synthesis of one or several."""

    local_id: Annotated[Name | None, for_tools(description="As MUFFIN-P0101")] = None
    local_ids: Annotated[list[Name], for_tools(description="Others merged into it")] = []
    """Further local ids that were merged into this one."""
    label: Line
    content: Prose
    contributors: Annotated[list[Name], for_tools(description="Slugs; told by the local ids")] = []
    """Slugs; the local ids' experts when left out."""
    references: list[ReferenceIn] = []
    parameters: JsonObject | None = None
    exhibits: Annotated[list[Name], for_tools(beside="record")] = []
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
    type: Annotated[Name, any_case(*model.MOVE_TYPES), for_tools(enum=list(model.MOVE_TYPES))]
    targets: list[Name] = []
    target: Annotated[Name | None, NOT_FOR_TOOLS] = None
    """One target, accepted for a list of one."""
    topic: Prose | None = None
    context: Annotated[Prose | None, NOT_FOR_TOOLS] = None


class StanceIn(Shape):
    """Where an expert stands."""

    expert: Name
    stance: Annotated[Name, any_case(*model.STANCES), for_tools(enum=list(model.STANCES))]
    confidence: Share | None = None
    condition: Prose | None = None
    cause: Annotated[Name | None, any_case(*model.ABSTAIN_CAUSES), for_tools(enum=list(model.ABSTAIN_CAUSES))] = None


STATUSES = {word for words in model.STATUSES.values() for word in words} | {"commented"}
"""Every word that an update may have for a status, of whatever kind."""


class UpdateIn(Shape):
    """A step in an entity's life."""

    id: Annotated[Name, for_tools(description="")]
    """Display id, or a local id of this batch."""
    status: Annotated[Name, any_case(*STATUSES), for_tools(description="Or commented")]
    """The new status, one that the entity's kind and present status allow (``docs/record.md``), or ``commented`` for an
    event that changes none."""
    by: Annotated[list[Name], for_tools(description="Slugs, judge or user")] = Field(min_length=1)
    """Slugs of experts, ``judge`` or ``user``."""
    via: Annotated[Name | None, for_tools(description="Id of what brings it about")] = None
    """What brings it about: a display id or a local id of this batch."""
    result: Annotated[Name | None, for_tools(description="Id of what it became")] = None
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
    type: RefType
    target: Name
    context: Prose | None = None


def _steps(kind: str) -> FieldInfo:
    """Tells assistants which statuses a step can lead to; a verdict alone adopts."""
    words = dict.fromkeys(word for to in model.TRANSITIONS[kind].values() for word in to)
    return for_tools(description=", ".join(word for word in words if word != "adopted"))


class RoundRegister(DialogueWrite):
    """Register all of a round in one batch: all of it, or nothing."""

    round: RoundNumber
    title: Line | None = None
    score: Annotated[Score | None, for_tools(needed=True)] = None
    summary: Prose | None = None
    expert_scores: dict[Name, Score] = {}
    score_components: dict[Name, ScoreComponents] = {}
    calibration_modifiers: Annotated[dict[Name, list[ModifierIn]], for_tools(beside="calibration")] = {}
    """In a calibrated dialogue, by slug; shown apart from the scores."""
    responses: Annotated[dict[Name, Prose], for_tools(description="Verbatim, by slug")] = {}
    """Each expert's response word for word, by slug."""
    annotations: Annotated[dict[Name, list[JsonObject]], NOT_FOR_TOOLS] = {}
    """What was read of a response and belongs to no entity, by slug."""
    perspectives: list[EntityIn] = []
    recommendations: list[EntityIn] = []
    tensions: list[TensionIn] = []
    evidence: list[EntityIn] = []
    claims: list[EntityIn] = []
    references: Annotated[list[ResponseRef], NOT_FOR_TOOLS] = []
    """References that belong to a response rather than to one of its entities."""
    moves: list[MoveIn] = []
    stances: list[StanceIn] = []
    perspective_updates: Annotated[list[UpdateIn], _steps("P")] = []
    recommendation_updates: Annotated[list[UpdateIn], _steps("R")] = []
    tension_updates: Annotated[list[UpdateIn], _steps("T")] = []
    evidence_updates: Annotated[list[UpdateIn], _steps("E")] = []
    claim_updates: Annotated[list[UpdateIn], _steps("C")] = []
    judge_claims: Annotated[dict[Name, Json], NOT_FOR_TOOLS] = {}
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
    verdict_type: Annotated[Name, any_case(*model.VERDICT_TYPES), for_tools(enum=list(model.VERDICT_TYPES))]
    round: RoundNumber
    label: Annotated[Line | None, for_tools(description="")] = None
    """A short name for the verdict, as in ``[MINORITY VERDICT: label]``."""
    author_expert: Annotated[Name | None, for_tools(description="Who dissents")] = None
    """The Judge when left out."""
    recommendation: Words
    description: Words
    conditions: list[Words] = []
    vote: Annotated[Prose, StringConstraints(max_length=80)] | None = None
    votes: Annotated[
        dict[Name, Annotated[Name, any_case(*model.VOTES)]] | None,
        for_tools(additionalProperties={"type": "string", "enum": list(model.VOTES)}, description="By slug"),
    ] = None
    """How each expert voted: for, against or abstain."""
    confidence: Annotated[Name | None, any_case(*model.CONFIDENCES), for_tools(enum=list(model.CONFIDENCES))] = None
    tensions_resolved: list[Name] = []
    tensions_accepted: list[Name] = []
    recommendations_adopted: list[Name] = []
    key_evidence: list[Name] = []
    key_claims: list[Name] = []
    supporting_experts: list[Name] | None = None
    what_would_change: Annotated[Prose | None, for_tools(description="Needed of a minority")] = None
    """What would change the minds of a minority."""
    supersedes: Name | None = None
    dismissals: Annotated[
        dict[Name, Words] | None, for_tools(description="Why a minority or dissent verdict is set aside, by its id")
    ] = None
    """Why this verdict sets a minority or dissent verdict aside, by its id."""
    force: Annotated[bool, for_tools(description="Though the gate is not met; needs force_reason")] = False
    """Conclude though the gate is not met; needs ``force_reason``, which the verdict shows."""
    force_reason: Prose | None = None
    ethos_compliance: Annotated[EthosCompliance | None, for_tools(beside="calibration")] = None
    """In a calibrated dialogue; a final verdict must say it."""
    watch: Annotated[list[WatchIn], for_tools(beside="record")] = []
    """Conditions to be watched; ``watch_add`` binds more of them later."""


class UpdateStatus(DialogueWrite):
    """Steps in entities' lives between rounds, by the Judge, an expert or an outside actor."""

    updates: Annotated[list[UpdateIn], for_tools(description="Statuses as in 'dialogue_round_register'")] = Field(
        min_length=1
    )


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
    """Ask for the context of a round's whole panel, in an answer or in a file."""

    dialogue_id: DialogueId
    round: Annotated[RoundNumber | None, for_tools(description="")] = None
    """The round to come; the next one when left out."""
    round_contexts: Annotated[
        dict[Name, Prose], for_tools(description="Your words for an expert's situation, by slug")
    ] = {}
    """The Judge's own words for an expert's situation, instead of the derived ones, by slug."""
    experts: Annotated[list[Name], for_tools(description="Only for these")] = []
    """Only for these members of the panel; for all of them when left out."""
    rounds: Annotated[list[RoundNumber], for_tools(description="Only these earlier ones")] = []
    """Only what was said in these earlier rounds; in all of them when left out. A note names those that are missing."""
    budget_tokens: Annotated[
        Annotated[int, Field(ge=1, le=10**9)] | None, for_tools(description="Over it, settled entities are shortened")
    ] = None
    """Over it, settled entities shrink to id, label and status, the oldest first, and a note says so."""


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

    status: Annotated[model.DialogueStatus | None, any_case(*get_args(model.DialogueStatus))] = None
    tags: Annotated[list[Line], for_tools(description="", beside="record")] = []
    """Only those that have all of these."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[Name | None, for_tools(description="")] = None
    """Only those that stand behind this one in the list: the last that was told, to read on."""


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
    path: Annotated[Name | None, for_tools(description="A file instead")] = None
    """A file to read instead; below the dialogue's output folder."""


class DialogueSearch(Shape):
    """Search the words of all dialogues."""

    query: Words
    dialogue_id: DialogueId | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 20
