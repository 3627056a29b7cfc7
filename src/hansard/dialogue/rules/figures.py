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
    STATUSES,
    UNSETTLED,
    Dialogue,
    Entity,
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
from hansard.dialogue.rules.life import standing_final
from hansard.dialogue.rules.lifecycle import FIRST_STATUS

_SPACE = re.compile(r"\s+")
_VOTE = re.compile(r"(\d+)\s*[-–:/]\s*(\d+)")


class Positions(msgspec.Struct, frozen=True):
    """Where the members of one round's panel stand."""

    members: list[str]
    agreed: list[str]
    abstained: list[str]
    settled: list[str]
    outvoted: list[str] = []
    """Members for whom a vote is stated that what they registered themselves does not bear out."""

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

    What a member registered against the verdict stands, whatever vote is stated: REJECT and HOLD, also beside a move
    to converge, and CONDITIONAL without one while its condition is not among ``conditions``. Otherwise a vote decides
    where one was given; then a stance; then the move to converge.

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
    met = [plain_words(condition) for condition in conditions]
    agreed, abstained, outvoted = [], [], []
    for name in names:
        vote = (votes or {}).get(name)
        word, condition = (stance_of[name].stance, stance_of[name].condition) if name in stance_of else (None, None)
        unmet = word == "CONDITIONAL" and name not in converge and not _is_met(plain_words(condition or ""), met)
        if word in ("REJECT", "HOLD") or unmet:
            if vote not in (None, "against"):
                outvoted.append(name)
        elif vote == "abstain" or (vote is None and word == "ABSTAIN"):
            abstained.append(name)
        elif vote == "for" or (vote is None and (name in converge or word in ("APPROVE", "CONDITIONAL"))):
            agreed.append(name)
    dissent = {
        name
        for verdict in verdicts
        if verdict.verdict_type in ("minority", "dissent")
        for name in [verdict.author_expert, *verdict.supporting_experts]
        if name is not None
    }
    return Positions(names, agreed, abstained, [name for name in names if name in dissent], outvoted)


def unheard(record: Record, round_: int) -> list[str]:
    """Members who agree by a vote alone: in that round they gave no response, entity, stance or move."""
    heard = {said.slug for said in record.utterances if said.round == round_ and said.raw is not None}
    heard |= {slug for entity in record.entities if entity.round == round_ for slug in entity.contributors}
    heard |= {move.expert_slug for move in record.moves if move.round == round_}
    heard |= {stance.expert_slug for stance in record.stances if stance.round == round_}
    where = positions_by_round(record).get(round_)
    return [name for name in where.agreed if name not in heard] if where else []


def plain_words(text: str) -> str:
    """A text as conditions and statuses are compared: white space, case and a full stop say nothing."""
    return _SPACE.sub(" ", text).strip(" .").casefold()


def _is_met(condition: str, met: Iterable[str]) -> bool:
    return bool(condition) and any(condition in other for other in met)


def stated_vote(text: str | None) -> tuple[int, int] | None:
    """How many a vote counts for and against: (6, 0) of ``6-0`` or ``6–0–1``; ``None`` where it tells no such pair."""
    found = _VOTE.search(text or "")
    return (int(found[1]), int(found[2])) if found else None


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
    open_at = tensions_by_round(record)
    fresh: dict[int, int] = defaultdict(int)
    for entity in record.entities:
        if entity.kind == "P":
            fresh[entity.round] += 1
    where = positions_by_round(record)
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


def positions_by_round(record: Record, *, judged: bool = True) -> dict[int, Positions]:
    """Where the panel of each round stood at its end.

    Args:
        record: the whole dialogue.
        judged: whether the votes and conditions of a round's final verdict count.
    """
    finals = {verdict.round: verdict for verdict in record.verdicts if verdict.verdict_type == "final" and judged}
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


def tensions_by_round(record: Record) -> dict[int, dict[str, str]]:
    """The tensions that were not settled when each completed round was registered: display ids with their status then.

    A step that was taken after its round was registered, by a verdict or an outside actor, counts from the next on.
    """
    ended = {round_.round: round_.completed_at or "" for round_ in record.rounds if round_.status == "completed"}
    steps: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for entity in record.entities:
        if entity.kind == "T":
            steps[entity.round].append((entity.id, FIRST_STATUS["T"]))
    for event in sorted((event for event in record.events if event.kind == "T"), key=lambda event: event.event_seq):
        if event.type in STATUSES["T"]:
            late = event.created_at > ended.get(event.event_round, "")
            steps[event.event_round + late].append((str(event.key), event.type))
    still: dict[str, str] = {}
    found = {}
    for number in sorted(ended):
        for entity_id, word in steps[number]:
            if word in UNSETTLED:
                still[entity_id] = word
            else:
                still.pop(entity_id, None)
        found[number] = dict(still)
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
    judged = record.dialogue.status == "converged"
    final = standing_final(record.verdicts) if judged else None
    accepted = set(final.tensions_accepted) if final else set()
    still_open = [
        entity.id
        for entity in record.entities
        if entity.kind == "T" and entity.status in UNSETTLED and entity.id not in accepted
    ]
    fresh = sum(1 for entity in record.entities if entity.kind == "P" and entity.round == last)
    return gate_of(record.dialogue, still_open, fresh, positions_by_round(record, judged=judged)[last])


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


_COMPUTED: Final = frozenset({"open_tensions", "new_perspectives", "velocity", "converge_percent", "score"})
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_NOT_SETTLED = re.compile(r"\bunresolved|\bpartial|\b(?:not|to be|yet)\b")


def claims_compared(record: Record) -> list[ClaimCompared]:
    """Every claim of the Judge's beside what the record shows, in the order in which it was stated."""
    if not record.judge_claims:  # most dialogues were led here, and nothing was claimed beside the record
        return []
    by_round = {entry.round: entry for entry in figures(record)}
    ids = {local: entity for entity in record.entities for local in entity.local_ids}
    unsettled = tensions_by_round(record)
    ends = _ends(record, by_round.values(), unsettled)
    return [compared(claim, by_round, ids, unsettled, ends) for claim in record.judge_claims]


def _ends(
    record: Record, by_round: Iterable[Figures], unsettled: Mapping[int, Mapping[str, str]]
) -> dict[str, list[str]]:
    """What a judge may count of a whole dialogue, as it was at the end of each round; the last is how it stands now."""
    done = list(by_round)
    tensions = [entity for entity in record.entities if entity.kind == "T"]
    raised = [sum(entity.round <= number for entity in tensions) for number in unsettled]
    settled = [f"{all_ - len(still)}/{all_}" for all_, still in zip(raised, unsettled.values(), strict=True)]
    now = sum(entity.status not in UNSETTLED for entity in tensions)
    return {
        "agreed": [f"{entry.agreed}/{entry.panel - entry.abstained}" for entry in done],
        "converge_percent": [str(entry.converge_percent) for entry in done],
        "velocity": [str(entry.velocity) for entry in done],
        "tensions_resolved": [*settled, f"{now}/{len(tensions)}"] if done else [],
    }


def compared(
    claim: JudgeClaim,
    by_round: Mapping[int, Figures],
    ids: Mapping[str, Entity],
    unsettled: Mapping[int, Mapping[str, str]] = {},  # read, never written
    ends: Mapping[str, Sequence[str]] = {},
) -> ClaimCompared:
    """One claim beside the figures of its round, or the entity of its local id.

    A tension's status is compared with the one that it had in the claim's round, told by ``unsettled``
    (``tensions_by_round``). A claim that names no round may be of any: that a tension is not settled is borne out if it
    was not at the end of one. So may a count of the dialogue: it is borne out if one of ``ends`` is the same.
    """
    computed: Any = None
    at_ends = ends.get(claim.item, ()) if claim.subject == "dialogue" else ()
    entity = ids.get(claim.local_id) if claim.local_id else None
    entry = by_round.get(claim.round) if claim.round is not None else None
    if claim.subject == "round" and entry is not None and claim.item in _COMPUTED:
        computed = getattr(entry, claim.item)
    elif entity is not None and claim.item == "status":
        computed = entity.status
    differs = False
    if at_ends:
        computed, differs = at_ends[-1], _figures_in(claim.claimed) not in map(_figures_in, at_ends)
    elif computed is not None:
        if claim.item == "status" and entity is not None:
            if entity.kind == "T":
                claims_settled = _claims_settled(claim.claimed)
                if claim.round is not None and claim.round in unsettled and entity.round <= claim.round:
                    computed = unsettled[claim.round].get(entity.id, "resolved")
                overtaken = claim.round is None and any(entity.id in still for still in unsettled.values())
                differs = claims_settled != (computed not in UNSETTLED) and (claims_settled or not overtaken)
            else:
                differs = plain_words(claim.claimed) != entity.status
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


def _figures_in(text: str) -> list[float]:
    return [float(number) for number in _NUMBER.findall(text)]


def _claims_settled(word: str) -> bool:
    """Whether a judge's word for a tension's status says that it is settled."""
    plain = word.casefold()
    return "resolved" in plain and not _NOT_SETTLED.search(plain)
