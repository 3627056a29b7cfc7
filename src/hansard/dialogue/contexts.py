"""A round's context as it is handed out: for whom, and how long. Pure.

The context itself is ``views.context``, and complete. Some rounds alone can be asked for; a budget shrinks what is
settled, the oldest first. Both is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from hansard.dialogue import errors, views
from hansard.dialogue.answers import PanelSuggested
from hansard.dialogue.model import PanelMember, Record
from hansard.dialogue.names import with_names
from hansard.dialogue.requests import RoundContext
from hansard.dialogue.rules.panel import carried_over, everybody, named_twice
from hansard.kernel.errors import invalid_field
from hansard.markers.names import name_slug

BYTES_PER_TOKEN: Final = 4
"""The estimate of tokens: UTF-8 bytes of the JSON, divided by this, rounded up. English text has about so many."""

SETTLED: Final[Mapping[str, frozenset[str]]] = {
    "P": frozenset({"refined", "conceded", "merged"}),
    "R": frozenset({"amended", "adopted", "rejected"}),
    "T": frozenset({"resolved"}),
    "E": frozenset({"confirmed", "refuted"}),
    "C": frozenset({"adopted", "withdrawn"}),
}
"""Statuses of entities that a tight budget may shrink: nobody argues about them now, or another took their place."""

NAMED: Final = 40
"""So many ids of shrunk entities a note names at most."""


class Context(msgspec.Struct, kw_only=True):
    """A round's context and what belongs to it."""

    round: int
    body: dict[str, Any]
    """``views.context``, narrowed and shrunk as asked."""
    notes: list[str]
    tokens: int
    """Estimate for all of ``body``."""
    record: Record
    """The record before the round."""
    seats: list[PanelMember]


def round_context(
    record: Record,
    wanted: int | None,
    *,
    experts: Sequence[str] = (),
    own_words: Mapping[str, str] = {},  # read, never written
    rounds: Sequence[int] = (),
    budget_tokens: int | None = None,
) -> Context:
    """The context of a round's panel, or of some of it.

    Args:
        record: the whole dialogue.
        wanted: the round; the one to come when ``None``.
        experts: slugs or names of those it is for; the whole panel when empty.
        own_words: the Judge's words for an expert's situation, instead of the derived ones.
        rounds: the earlier rounds whose words are wanted; all of them when empty.
        budget_tokens: so many tokens at most, as far as shrinking what is settled gets there.

    Raises:
        HansardError: ``round_out_of_order``, ``expert_not_in_panel``, ``invalid_field`` for somebody named twice, or a
            round that is no earlier one.
    """
    round_, seats, notes = panel_of(record, wanted)
    members = {seat.slug for seat in seats}
    words = dict(zip(slugs("round_contexts.{}", own_words, members, record), own_words.values(), strict=True))
    chosen = set(slugs("experts[{}]", experts, members, record)) or members
    seats = [seat for seat in seats if seat.slug in chosen]
    before = views.before_round(record, round_)
    body = views.context(before, round_, seats, words)
    if rounds:
        notes += _only(body, rounds)
    if budget_tokens is not None:
        notes += _shrunk(body, budget_tokens)
    return Context(round=round_, body=body, notes=notes, tokens=tokens_of(body), record=with_names(before), seats=seats)


def asked_for(record: Record, request: RoundContext) -> Context:
    """The context that a request asks for (``round_context``)."""
    return round_context(
        record,
        request.round,
        experts=request.experts,
        own_words=request.round_contexts,
        rounds=request.rounds,
        budget_tokens=request.budget_tokens,
    )


def suggested_panel(found: Context) -> PanelSuggested | None:
    """Whom the dialogue's rotation suggests for the context's round."""
    record = found.record
    last = [member for member in record.panel_members if member.round == found.round - 1]
    seated = {member.slug for member in record.panel_members if member.round < found.round}
    experts = {expert.slug: expert for expert in record.experts}
    return views.suggested_panel(record.dialogue, experts, seated, last, found.round)


def file_bytes(body: Mapping[str, Any], notes: Sequence[str]) -> bytes:
    """A context, or a part of one, as a file holds it: JSON that people can read too."""
    return msgspec.json.format(msgspec.json.encode({**body, "notes": notes}), indent=1) + b"\n"


def panel_of(record: Record, wanted: int | None) -> tuple[int, list[PanelMember], list[str]]:
    """The round that is wanted, its panel (without one that of the round before), and a note that says so.

    Raises:
        HansardError: ``round_out_of_order``.
    """
    upcoming = views.next_round(record)
    round_ = upcoming if wanted is None else wanted
    if round_ > upcoming:
        raise errors.round_out_of_order(round_, upcoming)
    seats = [member for member in record.panel_members if member.round == round_]
    if seats:
        return round_, seats, []
    last = [member for member in record.panel_members if member.round == round_ - 1]
    sat = {member.slug for member in record.panel_members}
    created = [expert for expert in record.experts if expert.source == "created" and expert.slug not in sat]
    note = f"No panel is seated for round {round_}; this is the last one."
    return round_, carried_over(round_, last, created), [note]


def slugs(field: str, names: Iterable[str], members: set[str], record: Record) -> Iterator[str]:
    """Slugs of panel members, each named once. ``field`` has a place for the index, or for the name of an object."""
    seen = set()
    for index, name in enumerate(names):
        where = field.format(index if field.endswith("[{}]") else name)
        slug = name if name in members else name_slug(name)
        if slug not in members:
            known = everybody(record.dialogue, (expert.slug for expert in record.experts))
            raise errors.expert_not_in_panel(where, name, members, known)
        if slug in seen:
            raise named_twice(where, name, slug)
        seen.add(slug)
        yield slug


def tokens_of(value: Any) -> int:
    """About how many tokens a value has as JSON (``BYTES_PER_TOKEN``)."""
    return -(-len(msgspec.json.encode(value)) // BYTES_PER_TOKEN)


def text_tokens(text: str) -> int:
    """About how many tokens a text has."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def _only(body: dict[str, Any], rounds: Sequence[int]) -> list[str]:
    """Keep some of the earlier rounds of a context; gives the note that names the others."""
    there = [round_["round"] for round_ in body["prior_rounds"]]
    for index, number in enumerate(rounds):
        if number not in there:
            raise invalid_field(f"rounds[{index}]", number, "is no earlier round", valid_options=map(str, there))
    body["prior_rounds"] = [round_ for round_ in body["prior_rounds"] if round_["round"] in rounds]
    missing = ", ".join(str(number) for number in there if number not in rounds)
    return [f"What was said in other earlier rounds is left out as asked: {missing}."] if missing else []


def _shrunk(body: dict[str, Any], budget_tokens: int) -> list[str]:
    """Shrink settled entities of a context, the oldest first, until it fits; gives the notes that say so."""
    over = len(msgspec.json.encode(body)) - budget_tokens * BYTES_PER_TOKEN
    if over <= 0:
        return []
    gone: dict[int, list[str]] = {}
    for round_, view in _settled(body["prior_rounds"]):
        if over <= 0:
            break
        before = len(msgspec.json.encode(view))
        for name in view.keys() - {"id", "label", "status"}:
            del view[name]
        over -= before - len(msgspec.json.encode(view))
        gone.setdefault(round_, []).append(view["id"])
    notes = []
    count = sum(map(len, gone.values()))
    if gone:
        named = " ".join(name for names in gone.values() for name in names)
        where = "; ".join(f"{len(names)} of round {round_}" for round_, names in gone.items())
        notes.append(
            f"To stay within {budget_tokens} tokens, {count} settled entities stand with id, label and status only "
            f"({named if count <= NAMED else where}); 'dialogue_entity' gives one whole."
        )
    if over > 0:
        about = budget_tokens + -(-over // BYTES_PER_TOKEN)
        notes.append(f"It still has about {about} tokens: nothing else in it is settled, so nothing else is left out.")
    return notes


def _settled(rounds: Iterable[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Views of settled entities, the oldest round's first."""
    for round_ in rounds:
        for contribution in round_["expert_contributions"]:
            for kind, name in (("P", "perspectives"), ("R", "recommendations"), ("E", "evidence"), ("C", "claims")):
                for view in contribution[name]:
                    if view["status"] in SETTLED[kind]:
                        yield round_["round"], view
        for view in round_["tensions"]:
            if view["status"] in SETTLED["T"]:
                yield round_["round"], view
