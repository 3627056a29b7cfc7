"""What the dialogue's operations give back (specification, "MCP Server Integration", "Agent Context Model")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import model_serializer

from hansard.kernel.shapes import Shape, names_tools


class Warned(Shape):
    """Something that is no fault and that the caller should know."""

    type: str
    message: str
    expert: str | None = None
    round: int | None = None
    id: str | None = None


class RoundFigures(Shape):
    """A round in figures, computed from the record (``model.Figures``)."""

    round: int
    score: int | None
    open_tensions: int
    new_perspectives: int
    velocity: int
    score_velocity: int | None
    panel: int
    agreed: int
    abstained: int
    settled: int
    converge_percent: int


class GateState(Shape):
    """The convergence gate (``model.Gate``)."""

    met: bool
    open_tensions: list[str]
    agreed: list[str]
    not_agreed: list[str]
    settled: list[str]
    abstained: list[str]
    share: float
    target: float
    new_perspectives: int
    reasons: list[str]
    warnings: list[str]
    forced: bool = False


class Head(Shape):
    """Where the dialogue's chain stands: number of its entries, and the hash of the last."""

    stream: str
    sequence: int
    hash: str


class DialogueCreated(Shape):
    """The new dialogue and the protocol by which a Judge runs it."""

    status: str = "success"
    dialogue_id: str
    title: str
    question: str
    created_at: str
    output_dir: str
    seed: str
    suggested_panel: list[dict[str, Any]]
    expert_pool: list[dict[str, Any]]
    judge_protocol: Annotated[dict[str, Any], names_tools("steps", "afterwards")]


class PanelSuggested(Shape):
    """Whom the dialogue's rotation suggests for a round; nobody is seated by it."""

    round: int
    rotation: str
    members: list[dict[str, Any]]
    """``slug``, ``name``, ``role``, ``tier``, and the ``source`` with which each would sit."""


class PanelEvolved(Shape):
    """The seated panel."""

    status: str = "success"
    dialogue_id: str
    round: int
    panel: list[dict[str, Any]]
    retained_count: int
    from_pool_count: int
    created_count: int
    suggested_panel: PanelSuggested | None = None
    """For the round after this one; ``null`` where the Judge decides."""


class ExpertCreated(Shape):
    """The created expert."""

    status: str = "success"
    dialogue_id: str
    expert: dict[str, Any]


class Registered(Shape):
    """One registered entity."""

    local_id: str | None
    id: str
    label: str


class Updated(Shape):
    """One step that was recorded; ``via`` and ``result`` are display ids."""

    id: str
    status: str
    via: str | None = None
    result: str | None = None


class RoundRegistered(Shape):
    """What became of a round, and the map from local to display ids."""

    status: str = "success"
    dialogue_id: str
    round: int
    id_mapping: dict[str, str]
    perspectives: list[Registered]
    recommendations: list[Registered]
    tensions: list[Registered]
    evidence: list[Registered]
    claims: list[Registered]
    perspective_updates: list[Updated]
    recommendation_updates: list[Updated]
    tension_updates: list[Updated]
    evidence_updates: list[Updated]
    claim_updates: list[Updated]
    dialogue_status: str
    figures: RoundFigures
    gate: GateState
    warnings: list[Warned]


class VerdictRegistered(Shape):
    """The registered verdict and the gate as it was computed."""

    status: str = "success"
    dialogue_id: str
    verdict_id: str
    verdict_type: str
    round: int
    dialogue_status: str
    adopted: list[str]
    gate: GateState | None
    warnings: list[Warned]


class StatusUpdated(Shape):
    """The steps that were recorded."""

    status: str = "success"
    dialogue_id: str
    updates: list[Updated]
    dialogue_status: str


class LifeEvent(Shape):
    """A step in a dialogue's life (``model.DialogueEvent``)."""

    seq: int
    type: str
    by: list[str]
    reason: str | None
    detail: dict[str, Any]
    at: str


class DialogueStep(Shape):
    """The step that was taken; ``event`` is ``null`` where nothing changed."""

    status: str = "success"
    dialogue_id: str
    dialogue_status: str
    tags: list[str]
    event: LifeEvent | None


class FileWritten(Shape):
    """A file in a dialogue's folder."""

    path: str
    """Relative to the dialogue's folder, with ``/``."""
    sha256: str
    size: int
    """Bytes."""
    replaced: str | None = None
    """SHA-256 of the other content that stood there before; ``null`` where none did."""


class RoundContextGiven(Shape):
    """Context for every expert of a round's panel, in one answer."""

    dialogue: dict[str, Any]
    notes: Annotated[list[str], names_tools()] = []
    tokens: int = 0
    """Estimate for the whole context: UTF-8 bytes of its JSON, divided by 4."""
    prior_rounds: list[dict[str, Any]]
    active_tensions: list[dict[str, Any]]
    experts: dict[str, dict[str, Any]]
    calibration: dict[str, Any] | None = None
    """In a calibrated dialogue: ``ethos_id``, ``domain``, ``digest``, ``rules``, ``prompt_injection``."""
    exhibits: list[dict[str, Any]] = []
    """What evidence may cite."""
    suggested_panel: PanelSuggested | None = None
    """Whom the rotation suggests for this round; ``null`` where the Judge decides."""

    @model_serializer(mode="wrap")
    def _calibrated(self, serialise: Callable[[Any], dict[str, Any]]):  # type: ignore[no-untyped-def]  # pydantic: keeps the schema
        """Without calibration there is no such key (specification, "Agent Context Model"), nor for what is empty."""
        told = ("calibration", "exhibits", "suggested_panel")
        return {name: value for name, value in serialise(self).items() if value or name not in told}


class ContextWritten(Shape):
    """Where the context of a round's panel stands."""

    dialogue: dict[str, Any]
    """``id``, ``title``, ``status``, ``current_round`` and ``total_alignment``."""
    notes: Annotated[list[str], names_tools()] = []
    tokens: int
    """Estimate for the whole context: UTF-8 bytes of its JSON, divided by 4."""
    folder: str
    """The dialogue's folder."""
    file: FileWritten
    suggested_panel: PanelSuggested | None = None
    """Whom the rotation suggests for this round; ``null`` where the Judge decides."""


class PromptGiven(Shape):
    """One expert's prompt."""

    expert: str
    name: str
    role: str
    source: str
    fresh: bool
    """Whether the expert is new and so has a brief."""
    tokens: int
    """Estimate: UTF-8 bytes divided by 4."""
    prompt: str | None = None
    """The prompt in Markdown; ``null`` where it was written into a file."""
    brief: dict[str, Any] | None = None
    """The six parts: ``question``, ``foundation``, ``why_here``, ``mandate``, ``relevant_work``, ``progress``."""
    prompt_file: FileWritten | None = None
    context_file: FileWritten | None = None


class PromptsGiven(Shape):
    """Prompts of a round's panel."""

    status: str = "success"
    dialogue_id: str
    round: int
    folder: str
    """The dialogue's folder; paths of files are relative to it."""
    prompts: list[PromptGiven]
    notes: Annotated[list[str], names_tools()]
    warnings: list[Warned]
    """``file_replaced`` where another content stood."""


class DialogueSummary(Shape):
    """One dialogue in a list."""

    dialogue_id: str
    title: str
    status: str
    created_at: str
    rounds: int
    experts: int
    """How many sat in a registered round; whoever was only suggested or created is not among them."""
    total_alignment: int
    open_tensions: int
    verdicts: list[str]
    imported: bool
    tags: list[str]
    standing: str | None = None
    """stale, breached, due or superseded, where the verdict that concluded it does not simply stand; unknown where its
    record cannot be read as it was recorded."""


class DialogueListed(Shape):
    """Dialogues, newest first."""

    dialogues: list[DialogueSummary]
    total: int
    """How many there are in all, of those that were asked for."""
    next: str | None = None
    """What to give as ``after`` to read on; ``null`` where nothing follows."""


class DialogueGot(Shape):
    """One dialogue whole, in the shape of its export without raw texts."""

    dialogue: dict[str, Any]
    figures: list[RoundFigures]
    head: Head


class Progress(Shape):
    """How far a dialogue is."""

    dialogue_id: str
    title: str
    status: str
    current_round: int
    """The round to come."""
    total_rounds: int
    rounds: list[RoundFigures]
    scores: list[int | None]
    score_velocity: int | None
    velocity: int | None
    open_tensions: list[str]
    labels: dict[str, str] = {}
    """Labels of the open tensions."""
    positions: list[dict[str, Any]] = []
    """What members registered of themselves in the last round: ``expert``, ``stance`` (with ``confidence``,
    ``condition``, ``cause``), ``moves``, ``references`` of the whole response; what there is of them."""
    resolved_tensions: list[str]
    active_experts: list[str]
    leaderboard: list[dict[str, Any]]
    converging: bool
    estimated_rounds: int | None
    """How many more a verdict may need; ``null`` where that cannot be told, and once the dialogue is concluded."""
    blockers: list[str]
    gate: GateState | None
    judge_claims: list[dict[str, Any]]
    """What the Judge stated beside what was computed, with ``differs``."""
    names: dict[str, str] = {}
    """The names, as they are written, of experts whose names say more than their slugs."""


class Citation(Shape):
    """What a citation stands for; ``error`` instead where it stands for nothing."""

    id: str
    kind: str | None = None
    label: str | None = None
    content: str | None = None
    """First 200 characters."""
    round: int | None = None
    contributors: list[str] = []
    status: str | None = None
    parameters: dict[str, Any] | None = None
    error: Annotated[dict[str, Any] | None, names_tools()] = None


class CitationsExpanded(Shape):
    """Citations in the order in which they were asked for."""

    dialogue_id: str
    citations: list[Citation]
    names: dict[str, str] = {}
    """The names, as they are written, of experts whose names say more than their slugs."""


class Place(Shape):
    """Where an entity's words stand in what an expert said; lines count from 1."""

    round: int
    expert: str
    line: int


class EntityGot(Shape):
    """One entity with all that belongs to it."""

    id: str
    entity: dict[str, Any]
    refers_to: list[dict[str, Any]]
    referred_to_by: list[dict[str, Any]]
    moves: list[dict[str, Any]]
    """The moves that name it."""
    events: list[dict[str, Any]]
    """Its life."""
    labels: dict[str, str]
    """Labels of the entities at the other end of its references."""
    stands_in: list[Place]
    """Where its content stands, word for word, in a contributor's response."""
    names: dict[str, str] = {}
    """The names, as they are written, of experts whose names say more than their slugs."""


class ResponseParsed(Shape):
    """What a response holds, as the specification's agent summary, and what to mend in it."""

    expert_slug: str
    round: int
    response_path: str | None
    summary: dict[str, Any]
    diagnostics: list[dict[str, Any]]
    """How it was read, where nothing is to be mended."""
    lint: list[dict[str, Any]]
    """What its expert should mend."""
    warnings: list[Warned] = []
    """What of it as a whole does not fit: ``expert_not_found``, ``expert_not_in_panel``, ``no_marker``."""


class Hit(Shape):
    """A place where searched words stand."""

    dialogue_id: str
    title: str
    item: str
    """A display id, ``question``, ``round-1``, ``verdict:final``, or ``round-1/muffin`` for a whole response."""
    label: str
    """An entity's label and the like; of a whole response, who spoke when: ``Muffin in round 1``."""
    snippet: str
    """Words around the match; matches stand between « and »."""
    rank: float
    """BM25: smaller is better."""


class SimilarDialogue(Shape):
    """A dialogue in which looked-for words stand."""

    dialogue_id: str
    title: str
    status: str
    rank: float
    """BM25 of its best place: smaller is better."""
    places: list[Hit]
    """Its best places, three at most."""


class SimilarFound(Shape):
    """Dialogues about the same matter, the nearest first."""

    words: list[str]
    """What was looked for; any of these, the rarer the weightier."""
    dialogues: list[SimilarDialogue]


class KindCount(Shape):
    """How many entities of a kind there are."""

    total: int
    statuses: dict[str, int]


class TopExpert(Shape):
    """An expert over all dialogues in which the name was scored; the same name may have had several roles."""

    expert: str
    name: str
    """As it was written last; from the slug in a store that does not keep it."""
    roles: list[str]
    dialogues: int
    rounds: int
    total_score: int
    average_score: float
    """A round."""


class Averages(Shape):
    """Averages; ``null`` where there is nothing to take them of."""

    rounds_per_dialogue: float | None
    experts_per_dialogue: float | None
    entities_per_dialogue: float | None
    alignment_per_dialogue: float | None
    alignment_per_round: float | None


class RoundsToConvergence(Shape):
    """How many rounds converged dialogues took, to the final verdict that stands."""

    dialogues: int
    average: float | None
    least: int | None
    most: int | None


class DialogueStatistics(Shape):
    """Statistics over dialogues."""

    tags: list[str]
    dialogues: int
    statuses: dict[str, int]
    rounds: int
    total_alignment: int
    entities: dict[str, KindCount]
    """By the plural of the kind."""
    references: dict[str, int]
    moves: dict[str, int]
    verdicts: dict[str, int]
    averages: Averages
    top_experts: list[TopExpert]
    rounds_to_convergence: RoundsToConvergence


class Searched(Shape):
    """Places found, best first."""

    query: str
    hits: list[Hit]
