"""Columns and rows: how typed values stand in tables, and the bytes of a row that the journal hashes.

Three rules, told by the column's type: ``LongText`` keeps a text over 1 KiB once, in ``texts``, and holds a reference;
``JsonText`` holds JSON with sorted keys; everything else stands as it is. Booleans are integers, so that a cell
altered to 2 cannot pass for 1 (decision 0004).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from hansard.database import errors
from hansard.kernel.canonical import parsed, stored_bytes, stored_text, text_digest

INLINE_LIMIT_BYTES: Final = 1024
"""A text with more bytes than this stands in ``texts``; rows and journal hold its reference."""

_REFERENCE = re.compile(r"sha256:[0-9a-f]{64}")
_REFERENCE_LENGTH: Final = 71
_SURELY_SHORT: Final = INLINE_LIMIT_BYTES // 4
"""So many characters are at most as many bytes as stand inline."""

metadata = sa.MetaData()
"""All tables of the store; each domain room adds its own."""


class Text(sa.types.TypeDecorator[str]):
    """Text that sorts and compares by its bytes on every database, whatever language a server was set up for."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The database's own type."""
        return dialect.type_descriptor(sa.Text(collation="C") if dialect.name == "postgresql" else sa.Text())

    @property
    def python_type(self) -> type[str]:
        """What a cell is read as."""
        return str


class Integer(sa.types.TypeDecorator[int]):
    """A whole number of up to 64 bits on every database."""

    impl = sa.Integer
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The database's own type."""
        return dialect.type_descriptor(sa.BigInteger() if dialect.name == "postgresql" else sa.Integer())

    @property
    def python_type(self) -> type[int]:
        """What a cell is read as."""
        return int


class LongText(Text):
    """Text of any length; over the limit the cell holds ``sha256:<hex>``, the key of the text in ``texts``."""

    cache_ok = True


class JsonText(Text):
    """JSON with sorted keys, as TEXT."""

    cache_ok = True


def text_reference(cell: str) -> str | None:
    """The SHA-256 a cell refers to, when it is a reference."""
    return cell[7:] if len(cell) == _REFERENCE_LENGTH and _REFERENCE.fullmatch(cell) else None


def stowed(text: str, texts: dict[str, str]) -> str:
    """The cell of a long text. What does not stand inline is added to ``texts`` by its SHA-256.

    A short text that looks like a reference is stowed too, so that no cell can be misread.
    """
    length = len(text)
    if length <= _SURELY_SHORT and length != _REFERENCE_LENGTH:
        return text
    short = length <= _SURELY_SHORT or len(text.encode()) <= INLINE_LIMIT_BYTES
    if short and text_reference(text) is None:
        return text
    digest = text_digest(text)
    texts[digest] = text
    return f"sha256:{digest}"


def encoded_row(table: sa.Table, row: Mapping[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    """A row of typed values as its cells; columns not given are null. Long texts are added to ``texts``.

    Raises:
        KeyError: the row has a column that the table has not.
    """
    plain, long, json = _columns(table)
    if not row.keys() <= _names(table):
        raise KeyError(f"{table.name} has no column {sorted(row.keys() - _names(table))}")
    cells: dict[str, Any] = {name: row.get(name) for name in plain}
    for name in _real(table):
        if cells[name] is not None:
            # digests are of what the database gives back: 1.0 for 1, 0.0 for -0.0
            cells[name] = float(cells[name]) + 0.0
    for name in long:
        value = row.get(name)
        cells[name] = None if value is None else stowed(value, texts)
    for name in json:
        value = row.get(name)
        cells[name] = None if value is None else stored_text(value)
    return cells


def decoded_row(table: sa.Table, cells: Mapping[str, Any], text_of: Callable[[str], str]) -> dict[str, Any]:
    """The typed values of a row read from the store; ``text_of`` gives a text by its SHA-256.

    Raises:
        HansardError: ``cell_unreadable`` where a cell holds what no write of ours put there.
    """
    return decoded_rows(table, [dict(cells)], text_of)[0]


def decoded_rows(table: sa.Table, found: list[dict[str, Any]], text_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """The typed values of rows that one statement read, put into the very dictionaries that hold the cells.

    Raises:
        HansardError: ``cell_unreadable`` (see ``decoded_row``).
    """
    _, long, json = _columns(table)
    seen: set[tuple[type, ...]] = set()
    for row in found:
        kinds = tuple(map(type, row.values()))  # rows of one statement are alike: few combinations are looked at
        if kinds not in seen:
            _must_fit(table, row)
            seen.add(kinds)
        for name in long:
            value = row.get(name)
            if value is not None and len(value) == _REFERENCE_LENGTH:
                reference = text_reference(value)
                row[name] = value if reference is None else text_of(reference)
        for name in json:
            value = row.get(name)
            if value is not None:
                try:
                    row[name] = parsed(value)
                except msgspec.DecodeError:
                    raise errors.cell_unreadable(table.name, name, row_key(table, row)) from None
    return found


def _must_fit(table: sa.Table, cells: Mapping[str, Any]) -> None:
    """Refuse a row of which a cell has not its column's type."""
    for name, kind in _kinds(table):
        value = cells.get(name)
        if value is not None and type(value) is not kind:
            raise errors.cell_unreadable(table.name, name, row_key(table, cells))


def rows(
    connection: sa.Connection, statement: sa.Select[Any], parameters: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """What a statement finds, as cells by column name (several times as fast as SQLAlchemy's own mappings)."""
    found = connection.execute(statement, parameters)
    names = tuple(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def references(table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """SHA-256 of every text that these rows' cells refer to."""
    _, long, _ = _columns(table)
    return {
        cell[7:]
        for row in rows
        for name in long
        if isinstance(cell := row.get(name), str) and len(cell) == _REFERENCE_LENGTH and _REFERENCE.fullmatch(cell)
    }


def row_key(table: sa.Table, cells: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values of a row's primary key, in the table's order."""
    return tuple([cells[name] for name in key_names(table)])


@cache
def key_names(table: sa.Table) -> tuple[str, ...]:
    """Names of a table's primary key columns."""
    return tuple(str(column.name) for column in table.primary_key.columns)


def row_bytes(cells: Mapping[str, Any]) -> bytes:
    """The bytes of a row that are hashed: its non-null cells, sorted by column.

    A null cell is left out, so that a column added later keeps every digest. A BLOB where text belongs is told apart.
    """
    return stored_bytes(
        {
            name: {"bytes": value.hex()} if isinstance(value, bytes) else value
            for name, value in cells.items()
            if value is not None
        }
    )


@cache
def _kinds(table: sa.Table) -> tuple[tuple[str, type], ...]:
    return tuple((str(c.name), c.type.python_type) for c in table.columns)


@cache
def _real(table: sa.Table) -> tuple[str, ...]:
    return tuple(str(c.name) for c in table.columns if isinstance(c.type, sa.Float))


@cache
def _names(table: sa.Table) -> frozenset[str]:
    return frozenset(map(str, table.c.keys()))


def long_columns(table: sa.Table) -> tuple[str, ...]:
    """Names of a table's columns that may refer to a text."""
    return _columns(table)[1]


@cache
def _columns(table: sa.Table) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    long = tuple(str(c.name) for c in table.columns if isinstance(c.type, LongText))
    json = tuple(str(c.name) for c in table.columns if isinstance(c.type, JsonText))
    plain = tuple(str(c.name) for c in table.columns if c.name not in long and c.name not in json)
    return plain, long, json
