"""A dialogue in figures, and the convergence gate: computed from the record, never typed in (dialogue.md, 8).

What a judge claims stands beside what was computed; ``claims_compared`` tells the difference.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from hansard.dialogue.model import (
    UNSETTLED,
    Dialogue,
    Entity,
    Event,
    Figures,
    Gate,
    JudgeClaim,
    Move,
    PanelMember,
    Record,
    Round,
    Stance,
    Verdict,
)
from hansard.dialogue.rules.lifecycle import FIRST_STATUS, TRANSITIONS

_TENSION_STATUSES: Final = frozenset(TRANSITIONS["T"])
_SPACE = re.compile(r"\s+")


class Positions(msgspec.Struct, frozen=True):
    """Where the members of one round's panel stand."""

    members: list[str]
    agreed: list[str]
    abstained: list[str]
    settled: list[str]

    @property
    def counted(self) -> int:
        """Members who did not abstain."""
        return len(self.members) - len(self.abstained)


def positions(
    members: Iterable[str],
    moves: Iterable[Move],
    stances: Iterable[Stance],
    verdicts: Iterable[Verdict],
    *,
    conditions: Iterable[str] = (),
    votes: Mapping[str, str] | None = None,
) -> Positions:
    """Where each member stands at the end of a round.

    A vote decides where one was given; then a stance; then the move to converge. A condition counts as agreement
    when it stands in the verdict. REJECT and HOLD weigh more than a move to converge in the same response.

    Args:
        members: the round's panel.
        moves: moves of that round.
        stances: stances of that round.
        verdicts: all verdicts so far; minority and dissent settle their authors and supporters.
        conditions: the verdict's conditions, while one is judged.
        votes: how members voted on it.
    """
    names = sorted(set(members))
    converge = {move.expert_slug for move in moves if move.move_type == "converge"}
    stance_of = {stance.expert_slug: stance for stance in stances}
    met = [_plain(condition) for condition in conditions]
    agreed, abstained = [], []
    for name in names:
        vote = (votes or {}).get(name)
        stance = stance_of.get(name)
        if vote is not None:
            if vote == "for":
                agreed.append(name)
            elif vote == "abstain":
                abstained.append(name)
        elif stance is not None and stance.stance == "ABSTAIN":
            abstained.append(name)
        elif stance is not None and stance.stance in ("REJECT", "HOLD"):
            continue
        elif (
            name in converge
            or (stance is not None and stance.stance == "APPROVE")
            or (stance is not None and stance.condition is not None and _is_met(_plain(stance.condition), met))
        ):
            agreed.append(name)
    dissent = {
        name
        for verdict in verdicts
        if verdict.verdict_type in ("minority", "dissent")
        for name in [verdict.author_expert, *verdict.supporting_experts]
        if name is not None
    }
    return Positions(names, agreed, abstained, [name for name in names if name in dissent])


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip(" .").casefold()


def _is_met(condition: str, met: Iterable[str]) -> bool:
    return bool(condition) and any(condition in other for other in met)


def gate_of(
    dialogue: Dialogue,
    open_tensions: Sequence[str],
    new_perspectives: int,
    where: Positions,
) -> Gate:
    """Whether a final verdict may be given: no tension open, enough of the panel agreed or settled."""
    together = set(where.agreed) | (set(where.settled) - set(where.abstained))
    share = len(together) / where.counted if where.counted else 0.0
    reasons: list[str] = []
    warnings: list[str] = []
    if open_tensions:
        reasons.append("open_tensions")
    if round(share, 4) < round(dialogue.convergence_target, 4):  # as it is shown, so it is compared
        reasons.append("not_agreed")
    if new_perspectives:
        (reasons if dialogue.strict_velocity else warnings).append("new_perspectives")
    return Gate(
        met=not reasons,
        open_tensions=sorted(open_tensions),
        agreed=where.agreed,
        not_agreed=[name for name in where.members if name not in together and name not in where.abstained],
        settled=where.settled,
        abstained=where.abstained,
        share=round(share, 4),
        target=dialogue.convergence_target,
        new_perspectives=new_perspectives,
        reasons=reasons,
        warnings=warnings,
    )


def figures_of(
    round_: Round, before: Round | None, open_tensions: int, new_perspectives: int, where: Positions
) -> Figures:
    """A round's figures."""
    scores = (round_.score, before.score if before else None)
    return Figures(
        round=round_.round,
        score=round_.score,
        open_tensions=open_tensions,
        new_perspectives=new_perspectives,
        velocity=open_tensions + new_perspectives,
        score_velocity=None if scores[0] is None or scores[1] is None else scores[0] - scores[1],
        panel=len(where.members),
        agreed=len(where.agreed),
        abstained=len(where.abstained),
        settled=len(where.settled),
        converge_percent=100 * len(where.agreed) // where.counted if where.counted else 0,
    )


def figures(record: Record) -> list[Figures]:
    """The figures of every completed round, in order."""
    done = [round_ for round_ in record.rounds if round_.status == "completed"]
    open_at = _open_tensions_by_round(record.entities, record.events, done)
    fresh: dict[int, int] = defaultdict(int)
    for entity in record.entities:
        if entity.kind == "P":
            fresh[entity.round] += 1
    finals = {verdict.round: verdict for verdict in record.verdicts if verdict.verdict_type == "final"}
    where = _by_round(record, finals)
    return [
        figures_of(
            round_,
            done[index - 1] if index else None,
            len(open_at[round_.round]),
            fresh[round_.round],
            where[round_.round],
        )
        for index, round_ in enumerate(done)
    ]


def _by_round(record: Record, finals: Mapping[int, Verdict]) -> dict[int, Positions]:
    """Where the panel of each round stood, the votes and conditions of its final verdict counted."""
    members: dict[int, list[PanelMember]] = defaultdict(list)
    moves: dict[int, list[Move]] = defaultdict(list)
    stances: dict[int, list[Stance]] = defaultdict(list)
    for member in record.panel_members:
        members[member.round].append(member)
    for move in record.moves:
        moves[move.round].append(move)
    for stance in record.stances:
        stances[stance.round].append(stance)
    found = {}
    for round_ in record.rounds:
        number = round_.round
        final = finals.get(number)
        found[number] = positions(
            (member.slug for member in members[number]),
            moves[number],
            stances[number],
            [verdict for verdict in record.verdicts if verdict.round <= number],
            conditions=final.conditions if final else (),
            votes=final.votes if final else None,
        )
    return found


def _open_tensions_by_round(
    entities: Iterable[Entity], events: Iterable[Event], rounds: Sequence[Round]
) -> dict[int, list[str]]:
    """Which tensions were not settled when each round was registered, from their events.

    A step that was taken after its round was registered, by a verdict or an outside actor, counts from the next on.
    """
    ended = {round_.round: round_.completed_at or "" for round_ in rounds}
    steps: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for entity in entities:
        if entity.kind == "T":
            steps[entity.round].append((entity.id, FIRST_STATUS["T"]))
    for event in sorted((event for event in events if event.kind == "T"), key=lambda event: event.event_seq):
        if event.type in _TENSION_STATUSES:
            late = event.created_at > ended.get(event.event_round, "")
            steps[event.event_round + late].append((str(event.key), event.type))
    status: dict[str, str] = {}
    found = {}
    for number in sorted(ended):
        for entity_id, word in steps[number]:
            status[entity_id] = word
        found[number] = [entity_id for entity_id, word in status.items() if word in UNSETTLED]
    return found


def gate(record: Record) -> Gate | None:
    """The convergence gate as it stands after the last completed round; ``None`` before the first.

    Votes, conditions and accepted tensions of a final verdict count while it concludes the dialogue; once something is
    contested again, the next verdict brings its own.
    """
    done = [round_ for round_ in record.rounds if round_.status == "completed"]
    if not done:
        return None
    last = done[-1].round
    finals = [verdict for verdict in record.verdicts if verdict.verdict_type == "final"]
    if record.dialogue.status != "converged":
        finals = []
    accepted = {tension for verdict in finals for tension in verdict.tensions_accepted}
    still_open = [
        entity.id
        for entity in record.entities
        if entity.kind == "T" and entity.status in UNSETTLED and entity.id not in accepted
    ]
    fresh = sum(1 for entity in record.entities if entity.kind == "P" and entity.round == last)
    return gate_of(
        record.dialogue, still_open, fresh, _by_round(record, {verdict.round: verdict for verdict in finals})[last]
    )


class ClaimCompared(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that the Judge stated beside the one that the record gives."""

    round: int | None
    subject: str
    item: str
    claimed: str
    computed: str | None
    """``None`` where the record has nothing to compare with."""
    differs: bool
    source: str | None
    id: str | None = None
    """Display id of the entity a status is claimed for, where that can be told."""


_COMPUTED: Final = {
    "open_tensions": "open_tensions",
    "new_perspectives": "new_perspectives",
    "velocity": "velocity",
    "converge_percent": "converge_percent",
    "score": "score",
}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_NOT_SETTLED = re.compile(r"\bunresolved|\bpartial|\b(?:not|to be|yet)\b")


def claims_compared(record: Record) -> list[ClaimCompared]:
    """Every claim of the Judge's beside what the record shows, in the order in which it was stated."""
    by_round = {entry.round: entry for entry in figures(record)}
    ids = {local: entity for entity in record.entities for local in entity.local_ids}
    return [compared(claim, by_round, ids) for claim in record.judge_claims]


def compared(claim: JudgeClaim, by_round: Mapping[int, Figures], ids: Mapping[str, Entity]) -> ClaimCompared:
    """One claim beside the figures of its round, or the entity of its local id."""
    computed: Any = None
    entity = ids.get(claim.local_id) if claim.local_id else None
    entry = by_round.get(claim.round) if claim.round is not None else None
    if claim.subject == "round" and entry is not None and claim.item in _COMPUTED:
        computed = getattr(entry, _COMPUTED[claim.item])
    elif entity is not None and claim.item == "status":
        computed = entity.status
    differs = False
    if computed is not None:
        if claim.item == "status" and entity is not None:
            if entity.kind == "T":
                differs = _claims_settled(claim.claimed) != (entity.status not in UNSETTLED)
            else:
                differs = _plain(claim.claimed) != entity.status
        else:
            number = _NUMBER.search(claim.claimed.replace(",", ""))
            differs = number is None or float(number[0]) != float(computed)
    return ClaimCompared(
        round=claim.round,
        subject=claim.subject,
        item=claim.item,
        claimed=claim.claimed,
        computed=None if computed is None else str(computed),
        differs=differs,
        source=claim.source,
        id=entity.id if entity else None,
    )


def _claims_settled(word: str) -> bool:
    """Whether a judge's word for a tension's status says that it is settled."""
    plain = word.casefold()
    return "resolved" in plain and not _NOT_SETTLED.search(plain)
