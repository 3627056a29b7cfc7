"""What the dialogue's operations give back (specification, "MCP Server Integration", "Agent Context Model")."""

from __future__ import annotations

from typing import Any

from hansard.kernel.shapes import Shape


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
    judge_protocol: dict[str, Any]


class PanelEvolved(Shape):
    """The seated panel."""

    status: str = "success"
    dialogue_id: str
    round: int
    panel: list[dict[str, Any]]
    retained_count: int
    from_pool_count: int
    created_count: int


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


class RoundContextGiven(Shape):
    """Context for every expert of a round's panel, in one answer."""

    dialogue: dict[str, Any]
    prior_rounds: list[dict[str, Any]]
    active_tensions: list[dict[str, Any]]
    experts: dict[str, dict[str, Any]]
    notes: list[str] = []


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


class DialogueListed(Shape):
    """Dialogues, newest first."""

    dialogues: list[DialogueSummary]
    total: int


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
    error: dict[str, Any] | None = None


class CitationsExpanded(Shape):
    """Citations in the order in which they were asked for."""

    dialogue_id: str
    citations: list[Citation]


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


class ResponseParsed(Shape):
    """What a response holds, as the specification's agent summary, and what to mend in it."""

    expert_slug: str
    round: int
    response_path: str | None
    summary: dict[str, Any]
    diagnostics: list[dict[str, Any]]
    lint: list[dict[str, Any]]


class Hit(Shape):
    """A place where searched words stand."""

    dialogue_id: str
    title: str
    item: str
    """A display id, ``question``, ``round-1``, ``verdict:final``, or ``round-1/muffin`` for a whole response."""
    label: str
    """An entity's label and the like; of a whole response, who spoke when: ``muffin in round 1``."""
    snippet: str
    """Words around the match; matches stand between « and »."""
    rank: float
    """BM25: smaller is better."""


class Searched(Shape):
    """Places found, best first."""

    query: str
    hits: list[Hit]
