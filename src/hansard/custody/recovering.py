"""What an altered cell held before, proved by the seal of its row.

The journal keeps of a row a salted digest alone. But the same words often stand elsewhere: in the response they were
read from, in the request that brought them, in another row. Each candidate is put back into the row in turn; if the
row then has the digest that was sealed, the candidate is what was recorded, beyond doubt. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from hansard.custody.store import Table
from hansard.database.columns import JsonText, LongText, key_names, row_bytes, row_key, stowed
from hansard.database.journal import row_label, sealed
from hansard.database.verify import Expected
from hansard.dialogue import model
from hansard.dialogue.tables import STATUSES
from hansard.kernel.canonical import stored_text, text_digest
from hansard.kernel.ids import parse_local_id
from hansard.markers import parse

NOTHING: Final = "nothing"
"""How an empty cell is told."""

SMALL_NUMBERS: Final = 1000
"""Whole numbers up to this are tried for scores, rounds and the like."""

_WORDS: Final = sorted(
    {word for words in STATUSES.values() for word in words}
    | {"converging", "converged", "abandoned", "in_progress", "completed", "commented", "created"}
    | {*model.TIERS, *model.ROTATIONS, *model.SOURCES, *model.REF_TYPES, *model.MOVE_TYPES, *model.STANCES}
    | {*model.COLORS, *model.ABSTAIN_CAUSES, *model.VERDICT_TYPES, *model.CONFIDENCES}
)


class Restored(NamedTuple):
    """What a cell held when its row was sealed."""

    column: str
    value: Any


class Pool:
    """Values that may once have stood in a cell: texts, numbers, lists and objects, each once."""

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}
        self.numbers: dict[float, None] = {}
        self.structures: dict[str, Any] = {}

    def add(self, value: Any) -> None:
        """Take a value and everything inside it."""
        if isinstance(value, str):
            self.texts.setdefault(value)
            local = parse_local_id(value)
            if local is not None:
                self._structure([value])
                self._structure([local.expert])
        elif isinstance(value, bool):
            self.numbers.setdefault(int(value))
        elif isinstance(value, int | float):
            self.numbers.setdefault(value)
        elif isinstance(value, Mapping):
            self._structure(value)
            for name, inner in value.items():
                self.add(name)
                self.add(inner)
        elif isinstance(value, list | tuple):
            self._structure(list(value))
            for inner in value:
                self.add(inner)

    def add_response(self, raw: str, expert: str, round_: int) -> None:
        """Take everything that can be read from a response."""
        self.add(raw)
        response = parse(raw, expert, round_)
        for found in msgspec.structs.asdict(response).values():
            for item in found if isinstance(found, tuple) else ():
                self.add(_texts_of(item))

    def _structure(self, value: Any) -> None:
        try:
            self.structures.setdefault(stored_text(value), value)
        except (TypeError, ValueError):
            return


def _texts_of(item: Any) -> list[Any]:
    """Every text of something that was read."""
    plain = msgspec.to_builtins(item)
    return [*plain.values()] if isinstance(plain, dict) else [plain]


def restored(table: Table, cells: Mapping[str, Any], told: Expected, pool: Pool) -> Restored | None:
    """The one cell that, put back, gives the row the digest it was sealed with; ``None`` where no candidate does."""
    if told.digest is None or told.salt is None:
        return None
    label = row_label(table.name, row_key(table, cells))
    keys = key_names(table)
    for column in sorted((c for c in table.columns if c.name not in keys), key=_likely):
        for value, cell in _candidates(column, pool):
            try:
                data = row_bytes({**cells, column.name: cell})
            except (TypeError, ValueError):  # another cell holds what no row can
                return None
            if sealed(told.salt, label, data) == told.digest:
                return Restored(column.name, value)
    return None


def restored_text(reference: str, pool: Pool) -> str | None:
    """The text that has this SHA-256."""
    return next((text for text in pool.texts if text_digest(text) == reference), None)


def spliced(raw: str, bodies: Iterable[tuple[int, int, str]]) -> Iterator[str]:
    """What a response may have been, where an entity still holds words that the response does not.

    Args:
        raw: the response as it stands.
        bodies: start and end of each entity's words in the response as it was, and the words.
    """
    for start, end, body in bodies:
        if raw[start:end] == body:
            continue
        for shift in sorted(range(-64, 65), key=abs):
            yield raw[:start] + body + raw[max(start, end + shift) :]


def _likely(column: Any) -> tuple[bool, str]:
    """Texts first: words are what forgers change."""
    return (not isinstance(column.type, LongText), column.name)


def _candidates(column: Any, pool: Pool) -> Iterator[tuple[Any, Any]]:
    """Values for a column, each with the cell it would be."""
    yield None, None
    if isinstance(column.type, JsonText):
        for cell, value in pool.structures.items():
            yield value, cell
    elif isinstance(column.type, LongText):
        for text in pool.texts:
            yield text, stowed(text, {})
    elif column.type.python_type is str:
        for text in [*_WORDS, *pool.texts]:
            yield text, text
    elif column.type.python_type is int:
        for number in [*range(SMALL_NUMBERS), *(n for n in pool.numbers if n == int(n))]:
            yield int(number), int(number)
    else:
        for number in pool.numbers:
            yield float(number), float(number)


def value_text(value: Any) -> str:
    """A restored value, as a person reads it."""
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else stored_text(value) if isinstance(value, list | dict) else str(value)
