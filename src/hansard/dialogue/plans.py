"""What rules judge against, and what they decide: values that pass between ``store``, ``rules`` and ``operations``."""

from __future__ import annotations

import msgspec

from hansard.dialogue.answers import Updated, Warned
from hansard.dialogue.model import (
    Dialogue,
    Entity,
    Event,
    Expert,
    Figures,
    Gate,
    JudgeClaim,
    Move,
    PanelMember,
    Ref,
    Round,
    Stance,
    Utterance,
    Verdict,
    Watch,
)


class RoundState(msgspec.Struct, frozen=True, kw_only=True):
    """What a round's batch is judged against: only what it refers to."""

    dialogue: Dialogue
    planned: Round | None
    """The round's own row, where its panel was seated before."""
    before: Round | None
    """The round before this one."""
    completed: int
    """Rounds registered so far."""
    seats: list[PanelMember]
    """The round's panel; empty when nobody seated one."""
    last_seats: list[PanelMember]
    """The panel of the round before, for a round that nobody seated."""
    created_since: list[Expert]
    """Created experts who have not sat yet, for a round that nobody seated."""
    experts: dict[str, Expert]
    entities: list[Entity]
    """Earlier entities that the batch names, by display id."""
    earlier: dict[str, str] = {}
    """Display ids of the local ids of earlier rounds that the batch names."""
    event_counts: dict[str, int]
    open_tensions: list[str]
    """Earlier tensions that are not settled."""
    verdicts: list[Verdict]
    claims: int
    """Judge's claims recorded so far."""
    exhibits: list[str] = []
    """Display ids of the dialogue's exhibits."""


class RoundPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a round writes, and what its answer tells."""

    round: Round
    round_is_new: bool
    seats: list[PanelMember]
    """The panel to be written: carried over where nobody seated one, else none."""
    experts: list[Expert]
    """Experts who take part for the first time."""
    utterances: list[Utterance]
    added: list[Entity]
    changed: list[Entity]
    events: list[Event]
    refs: list[Ref]
    moves: list[Move]
    stances: list[Stance]
    claims: list[JudgeClaim]
    dialogue: Dialogue | None
    """The dialogue when its status changes."""
    id_mapping: dict[str, str]
    first_local_ids: dict[str, str | None]
    updates: dict[str, list[Updated]]
    figures: Figures
    gate: Gate
    warnings: list[Warned]


class VerdictState(msgspec.Struct, frozen=True, kw_only=True):
    """What a verdict is judged against."""

    dialogue: Dialogue
    completed: int
    members: list[PanelMember]
    """The panel of the verdict's round."""
    moves: list[Move]
    stances: list[Stance]
    spoke: list[str]
    """Who gave a response or an entity in the verdict's round."""
    experts: dict[str, Expert]
    entities: list[Entity]
    """Entities that the verdict names, and all tensions that are not settled."""
    earlier: dict[str, str] = {}
    """Display ids of the local ids that the verdict names."""
    event_counts: dict[str, int]
    open_tensions: list[str]
    new_perspectives: int
    verdicts: list[Verdict]


class VerdictPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a verdict writes, and what its answer tells."""

    verdict: Verdict
    changed: list[Entity]
    events: list[Event]
    dialogue: Dialogue | None
    adopted: list[str]
    gate: Gate | None
    warnings: list[Warned]
    watches: list[Watch] = []


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted over dialogues (``store.statistics``)."""

    statuses: dict[str, int]
    entities: dict[tuple[str, str], int]
    """By kind and status."""
    scores: list[int | None]
    """ALIGNMENT of every registered round."""
    references: dict[str, int]
    moves: dict[str, int]
    verdicts: dict[str, int]
    sat: int
    """Experts who sat in a registered round, each once a dialogue."""
    experts: list[tuple[str, str | None, str, int, int]]
    """Slug, kept name and role, rounds in which they were scored, and the sum, for each expert of each dialogue."""
    concluded: list[int]
    """Rounds it took to come to the final verdict that stands, for each converged dialogue."""
