"""Which entity an id in a marker means, over all rounds of a dialogue (dialogue.md, "Markers: two dialects").

Pure: a ``Book`` of all entities and a target give a ``Link``. What cannot be told is told as such; nothing is guessed.

A number without an owner (``T02``) has two readings. In most dialogues every expert numbers afresh in every round, and
``T02`` is the author's own. Where the judge kept a list of tensions under plain numbers, experts use that list's
numbers from round 1 on, and ``T02`` is a *row* of it, whoever writes. A row reaches an entity only if a single marker
after round 0 carries its number, or a map says so: in round 0 the numbers were still everybody's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hansard.markers import Target


class Known(NamedTuple):
    """An entity as links may reach it."""

    local_id: str
    display_id: str
    kind: str
    expert: str
    round: int
    number: int
    """The number its marker was written with, which is not always that of ``local_id``."""


class Link(NamedTuple):
    """What a target means, or why that cannot be told."""

    entity: Known | None
    how: str
    """The rule that found it (``explicit``, ``own``, ``own_earlier``, ``row``, ``map``, ``named_any``) or the reason
    why none did (``nothing``, ``ambiguous``, ``later``)."""


class Book:
    """All entities of a dialogue, by every name that a marker may use for them."""

    def __init__(
        self,
        entities: Iterable[Known],
        *,
        rows: Iterable[int] = (),
        mapped: Mapping[int, str] | None = None,
    ) -> None:
        """Fill the book.

        Args:
            entities: every entity of every round.
            rows: plain numbers of tensions in the judge's list; any at all makes T-numbers dialogue-wide.
            mapped: local ids of tensions by the number of their row.

        Raises:
            KeyError: a mapped local id is not that of a tension in ``entities``.
        """
        self._by_local: dict[str, Known] = {}
        self._by_display: dict[str, Known] = {}
        self._by_number: dict[tuple[str, str, int, int], list[Known]] = defaultdict(list)
        self._carriers: dict[int, list[Known]] = defaultdict(list)
        for entity in entities:
            self._by_local[entity.local_id] = entity
            self._by_display[entity.display_id] = entity
            self._by_number[entity.expert, entity.kind, entity.round, entity.number].append(entity)
            if entity.kind == "T" and entity.round > 0:
                self._carriers[entity.number].append(entity)
        self._rows = frozenset(rows)
        self._mapped: dict[int, Known] = {}
        for number, local_id in (mapped or {}).items():
            entity = self._by_local[local_id]
            if entity.kind != "T":
                raise KeyError(local_id)
            self._mapped[number] = entity

    @property
    def dialogue_wide(self) -> bool:
        """Whether a bare T-number from round 1 on is a row of the judge's list."""
        return bool(self._rows or self._mapped)

    def local(self, local_id: str) -> Known | None:
        """The entity of this local id."""
        return self._by_local.get(local_id)

    def row(self, number: int) -> Link:
        """What a row of the judge's list stands for."""
        if number in self._mapped:
            return Link(self._mapped[number], "map")
        return _single(self._carriers.get(number, []), "row")

    def restated(self) -> dict[int, list[Known]]:
        """Tensions that share a dialogue-wide number: each is an entity of its own, and they belong together."""
        if not self.dialogue_wide:
            return {}
        groups: dict[int, list[Known]] = {}
        for number, carriers in self._carriers.items():
            first = self._mapped.get(number)
            group = carriers if first is None or first in carriers else [first, *carriers]
            if len(group) > 1:
                groups[number] = group
        return dict(sorted(groups.items()))

    def find(self, target: Target, author: str, round_: int) -> Link:
        """The entity that ``author`` means by ``target`` in a response of round ``round_``.

        An expert's whole position (``@muffin``) is no entity: the link says ``nothing``.
        """
        found = self._meant(target, author, round_)
        if found.entity is not None and found.entity.round > round_:
            return Link(None, "later")
        return found

    def _meant(self, target: Target, author: str, round_: int) -> Link:
        kind, number = target.kind, target.number
        if kind is None or number is None:
            return Link(None, "nothing")
        if target.form == "global":
            return _single(_listed(self._by_display.get(f"{kind}{target.round or 0:02d}{number:02d}")), "explicit")
        if target.form == "local":
            return _single(_listed(self._by_local.get(target.id)), "explicit")
        if target.form in ("named", "named_round", "own_round"):
            owner = author if target.form == "own_round" else target.expert or ""
            return _single(self._by_number.get((owner, kind, target.round or 0, number), []), "explicit")
        wide = kind == "T" and self.dialogue_wide
        if target.form == "named_any":
            # a row has no owner and round 0's numbers are no rows: where both readings exist, neither is certain
            return Link(None, "ambiguous") if wide else self._of_any_round(target.expert or "", kind, number, round_)
        if wide and round_ > 0:
            return self.row(number)
        return self._own(author, kind, number, round_)

    def _own(self, author: str, kind: str, number: int, round_: int) -> Link:
        """The author's own of this round, else of the latest earlier round."""
        for back in range(round_, -1, -1):
            found = self._by_number.get((author, kind, back, number))
            if found:
                return _single(found, "own" if back == round_ else "own_earlier")
        return Link(None, "nothing")

    def _of_any_round(self, expert: str, kind: str, number: int, round_: int) -> Link:
        found = [
            entity for back in range(round_ + 1) for entity in self._by_number.get((expert, kind, back, number), [])
        ]
        return _single(found, "named_any")


def _listed(entity: Known | None) -> list[Known]:
    return [] if entity is None else [entity]


def _single(found: list[Known], how: str) -> Link:
    if not found:
        return Link(None, "nothing")
    return Link(found[0], how) if len(found) == 1 else Link(None, "ambiguous")
