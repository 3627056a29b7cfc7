"""Statements that are built once and run often: SQLAlchemy writes them, once a process, and the driver runs them.

Whatever SQLAlchemy does around a statement that it has written already takes eight times what SQLite takes to answer a
short one (decision 0021). Statements that are built where they are needed go through SQLAlchemy as usual.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, Final

import sqlalchemy as sa

from hansard.database.dialect import dialect_in

KEPT: Final = 2048
"""So many statements are kept written; the program has some hundred, each in a few lengths of its lists."""

LONG: Final = 1024
"""Longer lists are not filled up: a database takes so many parameters at most."""

Parameters = Mapping[str, Any]
"""Values by the names of a statement's parameters; a list for one that expands."""


@dataclass(frozen=True, slots=True)
class _Written:
    sql: str
    slots: Mapping[str, Sequence[str]]
    """What the driver calls each parameter of ours; several names for a list."""
    constants: Mapping[str, Any]
    """Parameters that stand in the statement with their values."""
    order: Sequence[str] | None
    """The driver's names in the order in which it takes values; ``None`` where it takes them by name."""
    columns: Sequence[str]


Kept = sa.Select[Any] | sa.UpdateBase
"""A statement that is the same object each time."""


def refusals(connection: sa.Connection) -> tuple[type[Exception], ...]:
    """What a database's refusal is raised as: by SQLAlchemy, or by the driver itself."""
    driver: Any = connection.dialect.loaded_dbapi
    return sa.exc.DBAPIError, driver.Error


def fetch(connection: sa.Connection, statement: Kept, parameters: Parameters) -> list[tuple[Any, ...]]:
    """What a statement finds, or gives back of what it changed.

    Raises:
        HansardError: ``cell_unreadable``; other refusals of the driver are told where the transaction ends.
    """
    return _fetched(connection, _written_for(connection, statement, parameters), parameters)


def fetch_rows(connection: sa.Connection, statement: Kept, parameters: Parameters) -> list[dict[str, Any]]:
    """What a statement finds, as cells by column name (see ``fetch``)."""
    written = _written_for(connection, statement, parameters)
    return [dict(zip(written.columns, row, strict=True)) for row in _fetched(connection, written, parameters)]


def walk(connection: sa.Connection, statement: Kept, parameters: Parameters) -> Generator[tuple[Any, ...]]:
    """What a statement finds, row by row: whoever has seen enough closes the walk."""
    written = _written_for(connection, statement, parameters)
    with _cursor(connection, written) as cursor:
        cursor.execute(written.sql, _given(written, parameters))
        yield from cursor


def change(connection: sa.Connection, statement: sa.UpdateBase, parameters: Parameters) -> int:
    """Run a statement that changes rows; how many it did change."""
    written = _written_for(connection, statement, parameters)
    with _cursor(connection, written) as cursor:
        cursor.execute(written.sql, _given(written, parameters))
        return int(cursor.rowcount)


def _fetched(connection: sa.Connection, written: _Written, parameters: Parameters) -> list[tuple[Any, ...]]:
    with _cursor(connection, written) as cursor:
        cursor.execute(written.sql, _given(written, parameters))
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


@contextlib.contextmanager
def _cursor(connection: sa.Connection, written: _Written) -> Iterator[Any]:
    """The driver's own."""
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except Exception as fault:
        if unreadable := dialect_in(connection).unreadable(fault, written.sql):
            raise unreadable from None
        raise
    finally:
        cursor.close()


def _written_for(connection: sa.Connection, statement: Kept, parameters: Parameters) -> _Written:
    names = [(name, _room(len(value)) if type(value) is list else None) for name, value in parameters.items()]
    return _written(statement, connection.dialect, tuple(names))


def _room(length: int) -> int:
    """Short lists are filled up to the next power of two, so that few lengths are written."""
    return length if length > LONG or not length else 1 << (length - 1).bit_length()


@lru_cache(KEPT)
def _written(statement: Any, dialect: sa.Dialect, names: tuple[tuple[str, int | None], ...]) -> _Written:
    compiled = statement.compile(dialect=dialect)
    state = compiled.construct_expanded_state({name: None if room is None else [None] * room for name, room in names})
    slots = {name: state.parameter_expansion.get(name, [name]) for name, _ in names}
    given = {slot for several in slots.values() for slot in several}
    return _Written(
        sql=state.statement,
        slots=slots,
        constants={slot: value for slot, value in state.parameters.items() if slot not in given},
        order=state.positiontup,
        columns=tuple(statement.selected_columns.keys()) if isinstance(statement, sa.Select) else (),
    )


def _given(written: _Written, parameters: Parameters) -> Any:
    values: dict[str, Any] = dict(written.constants)
    for name, slots in written.slots.items():
        value = parameters[name]
        if type(value) is list:
            values |= dict(zip(slots, chain(value, repeat(value[-1])), strict=False)) if value else {}
        else:
            values[slots[0]] = value
    return values if written.order is None else [values[slot] for slot in written.order]
