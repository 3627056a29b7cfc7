"""What a response marks, beside what was registered of it (specification, "Validation & Warnings").

The Judge registers what experts wrote, and may know better than a marker. So a difference is never a refusal; it is
told when the round is registered, and by the record ever after, since both are kept. Labels and contents are not
compared: the Judge may shorten them, and minutes say where an entity's words are the Judge's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hansard.dialogue.model import Entity, Move, Record, Stance, Utterance, Verdict
from hansard.dialogue.rules.figures import plain_words
from hansard.kernel.ids import KINDS, parse_display_id, parse_expert_target, parse_local_id
from hansard.markers import Response, parse
from hansard.markers import Stance as Marked


class Apart(msgspec.Struct, frozen=True):
    """One response that marks what was not registered, or was registered otherwise."""

    round: int
    slug: str
    missing: list[str] = []
    """What is marked and nowhere on record, in words."""
    otherwise: list[tuple[str, str]] = []
    """What is marked, and what is registered instead."""


def marked_apart(
    said: Iterable[Utterance],
    entities: Sequence[Entity],
    stances: Sequence[Stance],
    moves: Sequence[Move],
    verdicts: Iterable[Verdict],
) -> Iterator[Apart]:
    """Every response among these whose markers and what was registered of its round differ.

    Args:
        said: responses of one round.
        entities: the entities of that round, and so on; verdicts are those of the whole dialogue.
    """
    kinds = {"dissent": "a dissent", "minority": "a minority verdict"}
    apart = [verdict for verdict in verdicts if verdict.verdict_type in kinds]
    dissenting = {name for verdict in apart for name in (verdict.author_expert, *verdict.supporting_experts)}
    mapping = {local: entity.id for entity in entities for local in entity.local_ids}
    for one in said:
        if "[" not in (one.raw or ""):  # nothing is marked without one, and most of the time goes into reading
            continue
        response = parse(one.raw or "", one.slug, one.round)
        own = [stance for stance in stances if stance.expert_slug == one.slug]
        moved = [move for move in moves if move.expert_slug == one.slug]
        missing = [*_entities(response, entities, mapping), *_missing_moves(response, moved)]
        if response.stances and not own:
            missing.append(f"the stance {_stance(response.stances[-1])}")
        if one.slug not in dissenting:
            missing += dict.fromkeys(kinds[note.kind] for note in response.verdicts if note.kind in kinds)
        otherwise = [*_stances(response, own), *_moves(response, moved, mapping)]
        if missing or otherwise:
            yield Apart(one.round, one.slug, missing, otherwise)


def marked_apart_in(record: Record) -> list[Apart]:
    """What ``marked_apart`` tells of every round; nothing of a dialogue that was held elsewhere.

    An importer registers what it reads of the markers, and tells of the rest what became of it.
    """
    if not record.dialogue.judged:
        return []
    said, entities, stances, moves = (
        _by_round(rows) for rows in (record.utterances, record.entities, record.stances, record.moves)
    )
    return [
        apart
        for number in sorted(said)
        for apart in marked_apart(said[number], entities[number], stances[number], moves[number], record.verdicts)
    ]


def told_apart(apart: Apart) -> Iterator[tuple[str, str]]:
    """Type and message of each warning about a response."""
    if apart.missing:
        yield "not_registered", f"{apart.slug}'s response marks {', '.join(apart.missing)}: not on record"
    if apart.otherwise:
        pairs = "; ".join(f"{marked}, and {registered} is registered" for marked, registered in apart.otherwise)
        yield "registered_otherwise", f"{apart.slug}'s response marks {pairs}"


def _by_round(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.round].append(row)
    return found


def _entities(response: Response, entities: Iterable[Entity], mapping: Mapping[str, str]) -> Iterator[str]:
    """Marked entities that stand for nothing; one that the Judge gave no local id may stand for any of its kind."""
    unnamed = {
        entity.kind
        for entity in entities
        if response.expert in entity.contributors and response.expert not in map(_expert, entity.local_ids)
    }
    for marked in response.entities:
        if marked.local_id not in mapping and marked.restates is None and marked.kind not in unnamed:
            yield f"the {KINDS[marked.kind]} {marked.local_id}"


def _expert(local_id: str) -> str | None:
    local = parse_local_id(local_id)
    return local.expert if local else None


def _missing_moves(response: Response, moves: Iterable[Move]) -> Iterator[str]:
    there = {move.move_type for move in moves}
    for type_ in dict.fromkeys(move.type for move in response.moves):
        if type_ not in there:
            yield f"the move '{type_}'"


def _moves(response: Response, moves: Iterable[Move], mapping: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Moves of a type that is registered, about something that no move of that type names."""
    there: dict[str, list[str]] = defaultdict(list)
    for move in moves:
        there[move.move_type] += move.targets
    for marked in response.moves:
        named = [mapping.get(target.id, target.id) for target in marked.targets]
        known = [name for name in named if parse_display_id(name) or parse_expert_target(name)]
        if marked.type in there and not set(known) <= set(there[marked.type]):
            yield (
                f"the move '{marked.type}' on {' '.join(known)}",
                f"on {' '.join(there[marked.type])}" if there[marked.type] else "one on nothing",
            )


def _stances(response: Response, stances: Iterable[Stance]) -> Iterator[tuple[str, str]]:
    if not response.stances:
        return
    marked = response.stances[-1]
    for stance in stances:
        if _stance(marked) != _stance(stance):
            yield _stance(marked), _stance(stance)
        elif not _one_in_other(marked.condition, stance.condition):
            yield f"{marked.stance} on one condition", "another condition"


def _one_in_other(marked: str | None, registered: str | None) -> bool:
    one, other = plain_words(marked or ""), plain_words(registered or "")
    return not one or one in other or (bool(other) and other in one)


def _stance(stance: Stance | Marked) -> str:
    told = [f"{stance.confidence:g}"] if stance.confidence is not None else []
    told += [stance.cause] if stance.cause is not None else []
    return stance.stance + (f" ({', '.join(told)})" if told else "")
