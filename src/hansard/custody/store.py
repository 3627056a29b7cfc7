"""What custody asks of the store itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from hansard.database.columns import LongText, key_names, metadata, row_key
from hansard.database.dialect import dialect_in
from hansard.database.journal import head, unpacked
from hansard.database.statements import refusals
from hansard.database.tables import (
    journal,
    journal_payloads,
    record_tables,
    texts,
)
from hansard.database.verify import StoredEntry, stream_entries, stream_hashes
from hansard.dialogue.store import search_faults
from hansard.dialogue.tables import dialogues, exhibits
from hansard.kernel.canonical import parsed

Connection = sa.Connection
Table = sa.Table


class Extent(NamedTuple):
    """How much a store holds."""

    dialogues: int
    position: int
    """The last position of the journal; 0 when it is empty."""


def extent(connection: sa.Connection) -> Extent:
    """Number of dialogues, and the journal's last position."""
    number = connection.execute(sa.select(sa.func.count()).select_from(dialogues)).scalar_one()
    position = connection.execute(sa.select(sa.func.max(journal.c.position))).scalar_one()
    return Extent(number, position or 0)


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite that Python was built with."""
    return sqlite3.sqlite_version_info


def row(connection: sa.Connection, table: str, key: tuple[Any, ...]) -> dict[str, Any] | None:
    """A row's cells as they stand; nothing where there is none, or where the key cannot be asked for."""
    of = metadata.tables.get(table)
    if of is None or len(key_names(of)) != len(key):
        return None
    where = [of.c[name] == value for name, value in zip(key_names(of), key, strict=True)]
    return next(iter(_rows(connection, sa.select(of).where(*where))), None)


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[dict[str, Any]]:
    """Rows as they stand; none where their table cannot be asked, which the schema's differences tell."""
    try:
        with connection.begin_nested():
            return [dict(found) for found in connection.execute(query).mappings()]
    except UnicodeEncodeError:  # a key that was altered into no text
        return []
    except refusals(connection):
        return []


def siblings(connection: sa.Connection, table: str, dialogue_id: Any) -> list[dict[str, Any]]:
    """The cells of a table's rows of one dialogue."""
    of = metadata.tables[table]
    return _rows(connection, sa.select(of).where(of.c.dialogue_id == dialogue_id))


def body_of(connection: sa.Connection, digest: str) -> str | None:
    """The text kept under a SHA-256, whatever it is now."""
    found = next(iter(_rows(connection, sa.select(texts.c.body).where(texts.c.sha256 == digest))), {}).get("body")
    return found if isinstance(found, str) else None


def users_of(connection: sa.Connection, digest: str) -> list[tuple[str, tuple[Any, ...], str]]:
    """Table, key and column of every cell that refers to a text."""
    found = []
    for name, of in record_tables().items():
        for column in of.columns:
            if isinstance(column.type, LongText):
                for cells in _rows(connection, sa.select(of).where(column == f"sha256:{digest}")):
                    found.append((name, row_key(of, cells), column.name))
    return found


def exchanged(connection: sa.Connection, position: int) -> list[Any]:
    """What was asked and answered in an entry, long texts put in; empty once it is erased or unreadable."""
    p = journal_payloads.c
    payloads = _rows(connection, sa.select(p.request, p.result).where(p.position == position))
    found = []
    for part in payloads[0].values() if payloads else ():
        try:
            found.append(unpacked(parsed(part), lambda digest: body_of(connection, digest) or ""))
        except (msgspec.DecodeError, TypeError):
            continue
    return found


def decided(entries: Iterable[StoredEntry], position: int) -> list[Any]:
    """The time of an entry and what was decided in it."""
    for entry in entries:
        if entry.position == position:
            try:
                body = parsed(entry.body)
                return [body["time"], body["decided"]]
            except (msgspec.DecodeError, TypeError, KeyError):
                break
    return []


def structure(cell: Any) -> Any:
    """The list or object that a cell holds as JSON; ``None`` for anything else."""
    if not isinstance(cell, str) or cell[:1] not in "[{":
        return None
    try:
        return parsed(cell)
    except msgspec.DecodeError:
        return None


def positions_of(entries: Iterable[StoredEntry], table: str, key: tuple[Any, ...]) -> list[int]:
    """The entries that wrote a row, newest first."""
    found = []
    for entry in entries:
        try:
            changes = parsed(entry.body)["changes"]
        except (msgspec.DecodeError, TypeError, KeyError):
            continue
        if any(change[0] == table and tuple(change[1]) == key for change in changes):
            found.append(entry.position)
    return found[::-1]


def hashes(connection: sa.Connection, stream: str) -> dict[int, str]:
    """The hashes of a stream's entries by number; none where the journal's tables cannot be asked."""
    try:
        with connection.begin_nested():
            return stream_hashes(stream_entries(connection, stream), stream)
    except refusals(connection):
        return {}


def has_stream(connection: sa.Connection, stream: str) -> bool:
    """Whether the journal knows a stream, whatever became of its rows."""
    return head(connection, stream)[0] > 0


def with_exhibits(connection: sa.Connection) -> list[str]:
    """The dialogues that have exhibits."""
    found = connection.execute(sa.select(exhibits.c.dialogue_id).distinct().order_by(exhibits.c.dialogue_id))
    return list(found.scalars())


def revision(connection: sa.Connection) -> str | None:
    """The schema revision that the store states."""
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
    return ", ".join(map(str, found)) if found else None


def damage(connection: sa.Connection) -> list[str]:
    """What the database finds wrong with its own files."""
    return dialect_in(connection).damage(connection)


def broken_foreign_keys(connection: sa.Connection) -> tuple[list[tuple[str, tuple[Any, ...], str]], list[str]]:
    """Table, key and missing parent of every row that refers to nothing, each row once; the tables not followed.

    References into a table that lost its key cannot be followed.
    """
    found: dict[tuple[str, tuple[Any, ...]], str] = {}
    lost = []
    for table, of in sorted(metadata.tables.items()):
        try:
            with connection.begin_nested():
                for key, parent in dialect_in(connection).broken_references(connection, of):
                    found.setdefault((table, key), parent)
        except refusals(connection):
            lost.append(table)
    return [(name, key, parent) for (name, key), parent in found.items()], lost


def search_differences(connection: sa.Connection) -> list[tuple[str, str, str]] | str:
    """Where the search index is not what the record says (dialogue, item, what); a text where it cannot be read."""
    try:
        with connection.begin_nested():
            return search_faults(connection)
    except refusals(connection) as fault:
        return str(fault.orig if isinstance(fault, sa.exc.DBAPIError) else fault)


def search_damage(connection: sa.Connection) -> str | None:
    """What the database finds wrong inside the search index; needs a writing transaction and changes nothing.

    Raises:
        HansardError: ``database_read_only`` where it may not look.
    """
    return dialect_in(connection).search_damage(connection)
