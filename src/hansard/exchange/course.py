"""The course of a dialogue while its responses are read in order: what ids mean, and where each tension stands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from hansard.dialogue.rules import TRANSITIONS
from hansard.exchange.linking import Book, Known, Link
from hansard.exchange.seats import Seats
from hansard.exchange.telling import Telling
from hansard.exchange.transcripts import Said
from hansard.markers import Entity, Item, Target

_WHY_UNLINKED: Final = {
    "nothing": "nothing of this name is in the record so far",
    "ambiguous": "it may mean more than one",
    "later": "it is written in a later round",
}
_WRITTEN_NUMBER: Final = re.compile(
    r"\[[ \t]*(?:[A-Za-z]+[ \t]+[PRTEC](\d{1,2})(?![\w.-])|\S{1,40}-[PRTEC]\d\d(\d\d)(?!\d))"
)


class Course:
    """Shared by everything that reads responses of one dialogue.

    Attributes:
        book: all entities, by every name.
        seats: who sits where.
        tell: takes diagnostics.
        exhibits: the ids of those that are pinned.
        linked, unlinked: how many ids in markers were linked, and how many could not be told.
    """

    def __init__(
        self,
        known: Iterable[Known],
        rows: Iterable[int],
        mapped: Mapping[int, str],
        seats: Seats,
        tell: Telling,
        exhibits: Collection[str] = (),
    ) -> None:
        everything = list(known)
        self.book = Book(everything, rows=rows, mapped=mapped)
        self.seats = seats
        self.tell = tell
        self.exhibits = exhibits
        self.linked = 0
        self.unlinked = 0
        self._status = {entity.local_id: "open" for entity in everything if entity.kind == "T"}

    def find(self, target: Target, said: Said, item: Item) -> Known | None:
        """The entity that an id in a marker means; what cannot be told is told."""
        link = self.book.find(target, said.slug, said.round)
        if link.entity is None:
            self.unlinked += 1
            self.tell("target_unlinked", self._why_unlinked(target, link, said), said.file, item)
            return None
        self.linked += 1
        return link.entity

    def find_expert(self, target: Target, said: Said, item: Item) -> str | None:
        """``@slug`` of the expert a target names, if that expert has taken part by then."""
        if target.expert in self.seats.up_to(said.round):
            self.linked += 1
            return f"@{target.expert}"
        self.unlinked += 1
        self.tell("target_unlinked", f"'{target.text}' names nobody who has taken part", said.file, item)
        return None

    def step(self, tension: Known, wanted: str) -> bool:
        """Take a step in a tension's life, if its lifecycle allows it now."""
        if wanted not in TRANSITIONS["T"].get(self._status[tension.local_id], ()):
            return False
        self._status[tension.local_id] = wanted
        return True

    def _why_unlinked(self, target: Target, link: Link, said: Said) -> str:
        row = target.form == "bare" and target.kind == "T" and self.book.dialogue_wide and said.round > 0
        if row and link.how in ("nothing", "ambiguous"):
            many = "more than one tension carries" if link.how == "ambiguous" else "no tension after round 0 carries"
            return f"'{target.text}' is a row of the judge's list, and {many} its number; a map (--map) can tell"
        return f"'{target.text}' could not be linked: {_WHY_UNLINKED[link.how]}"


def called(entity: Known, round_: int) -> str:
    """How a request of a round calls an entity: by local id in its own round, by display id later."""
    return entity.local_id if entity.round == round_ else entity.display_id


def written_number(entity: Entity, text: str) -> int:
    """The number that a marker was written with, where it was renumbered or points back."""
    back = entity.restates
    if back is not None:
        return back.number if back.form == "bare" and back.number is not None else entity.number
    found = _WRITTEN_NUMBER.match(text, entity.span.start, entity.span.end)
    return int(found[1] or found[2]) if found else entity.number
