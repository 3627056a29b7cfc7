"""What an altered cell held before, proved by the seal of its row.

The journal keeps of a row a salted digest alone. But the same words often stand elsewhere: in the response they were
read from, in the request that brought them, in another row. Each candidate is put back into the row in turn; if the
row then has the digest that was sealed, the candidate is what was recorded, beyond doubt. Without that proof nothing is
called recorded. All findings of a run share one budget of candidates, so that a search ends soon. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, get_args

import msgspec

from hansard.custody.store import Table
from hansard.database.columns import JsonText, LongText, key_names, row_bytes, row_key, stowed
from hansard.database.journal import row_label, sealed
from hansard.database.verify import Expected
from hansard.dialogue import model
from hansard.dialogue.model import STATUSES
from hansard.kernel.canonical import stored_bytes, stored_text, text_digest
from hansard.kernel.ids import parse_local_id
from hansard.kernel.shapes import unstorable
from hansard.markers import parse

NOTHING: Final = "nothing"
"""How an empty cell is told."""

SMALL_NUMBERS: Final = 1000
"""Whole numbers up to this are tried for scores, rounds and the like."""

CANDIDATES: Final = 100_000
"""So many are tried for all findings of a run together; that takes about half a second."""

CHARACTERS_OF_A_CANDIDATE: Final = 1000
"""A longer text counts as several candidates: it takes as much longer to hash."""

SHIFTS: Final = 64
"""A response is tried with this many characters more or fewer in the place of an entity's words."""

_WORDS: Final = sorted(
    {word for words in STATUSES.values() for word in words}
    | {*get_args(model.DialogueStatus), "in_progress", "completed", "commented", "created"}
    | {*model.TIERS, *model.ROTATIONS, *model.SOURCES, *model.REF_TYPES, *model.MOVE_TYPES, *model.STANCES}
    | {*model.COLORS, *model.ABSTAIN_CAUSES, *model.VERDICT_TYPES, *model.CONFIDENCES}
)


class Restored(NamedTuple):
    """What a cell held when its row was sealed."""

    column: str
    value: Any


class Budget:
    """How many candidates may still be tried."""

    def __init__(self, candidates: int = CANDIDATES) -> None:
        self._left = candidates
        self.short = False
        """Whether something was left untried."""

    def spend(self, text: object = None) -> bool:
        """Whether one more may be tried; ``text`` is the candidate, when it may be long."""
        self._left -= 1 + (len(text) // CHARACTERS_OF_A_CANDIDATE if isinstance(text, str) else 0)
        if self._left < 0:
            self.short = True
        return not self.short


class Pool:
    """Values that may once have stood in a cell: texts, numbers, lists and objects, each once."""

    def __init__(self) -> None:
        self.texts: dict[str, None] = {}
        self.numbers: dict[float, None] = {}
        self.structures: dict[str, Any] = {}
        self._cells: dict[str, str] = {}

    def cell(self, text: str) -> str:
        """The cell that a long text would stand in."""
        if text not in self._cells:
            self._cells[text] = stowed(text, {})
        return self._cells[text]

    def take(self, other: Pool) -> None:
        """Take all that another pool has."""
        self.texts.update(other.texts)
        self.numbers.update(other.numbers)
        self.structures.update(other.structures)

    def add(self, value: Any) -> None:
        """Take a value and everything inside it."""
        if isinstance(value, str):
            if any(unstorable(value)):  # what was altered into no text was never anybody's
                return
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


def seals(table: Table, cells: Mapping[str, Any], told: Expected) -> bool:
    """Whether a row, as these cells have it, is the one that the journal sealed last."""
    if told.digest is None or told.salt is None:
        return False
    try:
        return sealed(told.salt, row_label(table.name, row_key(table, cells)), row_bytes(cells)) == told.digest
    except (TypeError, ValueError):  # a cell that no row can hold
        return False


def columns_of(table: Table) -> list[str]:
    """The columns that may have been altered, the likeliest first: words are what forgers change."""
    own = [column for column in table.columns if column.name not in key_names(table)]
    return [str(column.name) for column in sorted(own, key=lambda c: (not isinstance(c.type, LongText), c.name))]


class Altered(NamedTuple):
    """A row that is not as it was sealed, and where what it held may still stand."""

    table: Table
    key: tuple[Any, ...]
    cells: Mapping[str, Any]
    told: Expected
    near: Callable[[], Pool]
    """The few values that are likeliest."""
    far: Callable[[], Pool]
    """Every value there is."""
    responses: Callable[[], Iterator[str]]
    """Responses that this one may have been (``spliced``); nothing for a row of another kind."""


def recovered(
    wanted: Sequence[Altered], budget: Budget, watched: Callable[[int, int], None]
) -> dict[tuple[str, tuple[Any, ...]], Restored]:
    """What altered rows held, by table and key: the likeliest candidates of all rows first, whole responses last.

    Args:
        watched: told how many steps of how many are done.
    """
    found: dict[tuple[str, tuple[Any, ...]], Restored] = {}
    steps = len(wanted) * 3
    done = 0

    def note(one: Altered, back: Restored | None) -> None:
        nonlocal done
        done += 1
        watched(min(done, steps), steps)
        if back is not None:
            found[one.table.name, one.key] = back

    def left() -> list[Altered]:
        return [one for one in wanted if (one.table.name, one.key) not in found]

    for one in wanted:
        note(one, restored(one.table, one.cells, one.told, one.near(), budget))
    for rank in range(max((len(columns_of(one.table)) for one in left()), default=0)):
        for one in left():
            columns = columns_of(one.table)
            if rank >= len(columns):
                continue
            tried = candidates(one.table.columns[columns[rank]], one.far())
            back = restored_in(columns[rank], one.table, one.cells, one.told, tried, budget)
            if back is not None:
                note(one, back)
    done = max(done, 2 * len(wanted))
    for one in left():
        whole = ((text, stowed(text, {})) for text in one.responses())
        note(one, restored_in("raw", one.table, one.cells, one.told, whole, budget))
    return found


def restored(
    table: Table, cells: Mapping[str, Any], told: Expected, pool: Pool, budget: Budget | None = None
) -> Restored | None:
    """The one cell that, put back, gives the row the digest it was sealed with; ``None`` where no candidate does."""
    budget = budget or Budget()
    for column in columns_of(table):
        found = restored_in(column, table, cells, told, candidates(table.columns[column], pool), budget)
        if found is not None:
            return found
    return None


def restored_in(
    column: str,
    table: Table,
    cells: Mapping[str, Any],
    told: Expected,
    tried: Iterable[tuple[Any, Any]],
    budget: Budget,
) -> Restored | None:
    """What this cell held when its row was sealed, where it alone was altered and is among the values tried.

    Args:
        tried: values, each with the cell it would be.
    """
    if told.digest is None or told.salt is None:
        return None
    label = row_label(table.name, row_key(table, cells))
    try:  # what stands before and after the cell in the row's bytes, which are sorted by column
        before, after = (row_bytes({n: cells[n] for n in cells if side(n)})[1:-1] for side in _sides(column))
    except (TypeError, ValueError):  # another cell holds what no row can
        return None
    name = stored_bytes(column) + b":"
    for value, cell in tried:
        if not budget.spend(value):
            return None
        try:
            own = b"" if cell is None else name + stored_bytes(cell)
        except (TypeError, ValueError):
            continue
        data = b"{" + b",".join(part for part in (before, own, after) if part) + b"}"
        if sealed(told.salt, label, data) == told.digest:
            return Restored(column, value)
    return None


def _sides(column: str) -> tuple[Callable[[str], bool], Callable[[str], bool]]:
    return (lambda name: name < column), (lambda name: name > column)


def restored_text(reference: str, texts: Iterable[str], budget: Budget | None = None) -> str | None:
    """The text that has this SHA-256."""
    budget = budget or Budget()
    for text in texts:
        if not budget.spend(text):
            return None
        try:
            if text_digest(text) == reference:
                return text
        except UnicodeEncodeError:  # half a character: no text that was recorded
            continue
    return None


def spliced(raw: str, bodies: Iterable[tuple[int, int, str]]) -> Iterator[str]:
    """What a response may have been, where entities still hold words that the response does not.

    Args:
        raw: the response as it stands.
        bodies: start and end of each entity's words in the response as it was, and the words.
    """
    bodies = sorted(bodies)
    yield _mended(raw, bodies)
    for start, end, body in bodies:
        if raw[start:end] == body:
            continue
        for shift in sorted(range(-SHIFTS, SHIFTS + 1), key=abs):
            yield raw[:start] + body + raw[max(start, end + shift) :]


def _mended(raw: str, bodies: Iterable[tuple[int, int, str]]) -> str:
    """The response with every entity's words put back, from left to right: then each place is where it was."""
    for start, end, body in bodies:
        if raw[start:end] != body:
            tail = body[-24:]
            found = raw.find(tail, start, end + len(body) // 2 + SHIFTS) if tail else -1
            raw = raw[:start] + body + raw[found + len(tail) if found >= 0 else end :]
    return raw


def candidates(column: Any, pool: Pool) -> Iterator[tuple[Any, Any]]:
    """Values for a column, each with the cell it would be."""
    yield None, None
    if isinstance(column.type, JsonText):
        for cell, value in pool.structures.items():
            yield value, cell
    elif isinstance(column.type, LongText):
        for text in pool.texts:
            yield text, pool.cell(text)
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
