"""What proof asks of the store itself: where its streams stood, and the checkpoints that it keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from hansard.database.columns import rows
from hansard.database.journal import Entry
from hansard.database.tables import checkpoints, journal, journal_payloads, journal_streams, streams, texts
from hansard.dialogue.model import Record
from hansard.dialogue.store import index, indexed_words, unindex
from hansard.kernel.canonical import sha256_hex

Connection = sa.Connection

Heads = dict[str, tuple[int, str]]
"""Number of entries and hash of the last, by stream."""


def first_entry(connection: sa.Connection) -> str | None:
    """The hash of the store's first journal entry, which tells it from every other store."""
    found: str | None = connection.execute(
        sa.select(journal.c.hash).where(journal.c.position == 1)
    ).scalar_one_or_none()
    return found


def last_position(connection: sa.Connection) -> int:
    """The journal's last position; 0 when it is empty."""
    return int(connection.execute(sa.select(sa.func.max(journal.c.position))).scalar_one() or 0)


def heads_at(connection: sa.Connection, position: int) -> Heads:
    """Where every stream stood once the entry at ``position`` was written, each hash computed from its entry's body."""
    s = journal_streams.c
    last = (
        sa.select(s.stream, sa.func.max(s.sequence).label("sequence"))
        .where(s.position <= position)
        .group_by(s.stream)
        .subquery()
    )
    found = connection.execute(
        sa.select(s.stream, s.sequence, journal.c.body)
        .join(last, sa.and_(last.c.stream == s.stream, last.c.sequence == s.sequence))
        .join(journal, journal.c.position == s.position)
    )
    return {row.stream: (row.sequence, sha256_hex(str(row.body).encode("utf-8", "surrogatepass"))) for row in found}


def stated_heads(connection: sa.Connection) -> Heads:
    """Where every stream stands, as the table of streams says; a stream that is being opened stands nowhere yet."""
    stated = sa.select(streams).where(streams.c.sequence > 0)
    return {row.stream: (row.sequence, row.head) for row in connection.execute(stated)}


def checkpoint_rows(connection: sa.Connection) -> list[dict[str, Any]]:
    """The store's checkpoints, the oldest first."""
    return rows(connection, sa.select(checkpoints).order_by(checkpoints.c.number))


def add_checkpoint(entry: Entry, row: dict[str, Any]) -> None:
    """Keep a checkpoint."""
    entry.insert(checkpoints, [row])


def heads_at_each(connection: sa.Connection, positions: Iterable[int]) -> dict[int, Heads]:
    """Where every stream stood at each of these positions, in one walk over the journal's index; hashes as stated."""
    wanted = sorted(set(positions))
    s = journal_streams.c
    links = connection.execute(
        sa.select(s.stream, s.sequence, s.position, journal.c.hash)
        .join(journal, journal.c.position == s.position)
        .order_by(s.position)
    )
    found: dict[int, Heads] = {}
    heads: Heads = {}
    for stream, sequence, position, digest in links:
        while wanted and position > wanted[0]:
            found[wanted.pop(0)] = dict(heads)
        heads[stream] = (sequence, digest)
    for position in wanted:
        found[position] = dict(heads)
    return found


def payloads_of(connection: sa.Connection, positions: Iterable[int]) -> list[dict[str, Any]]:
    """What stands beside these entries, in order."""
    wanted = sorted(positions)
    found: list[dict[str, Any]] = []
    for start in range(0, len(wanted), 500):
        some = journal_payloads.c.position.in_(wanted[start : start + 500])
        found += rows(connection, sa.select(journal_payloads).where(some).order_by(journal_payloads.c.position))
    return found


def texts_of(connection: sa.Connection, digests: Iterable[str]) -> dict[str, str]:
    """Texts by their SHA-256; those that are not there are left out."""
    wanted = sorted(digests)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 500):
        some = texts.c.sha256.in_(wanted[start : start + 500])
        found.update({row["sha256"]: row["body"] for row in rows(connection, sa.select(texts).where(some))})
    return found


def index_anew(connection: sa.Connection, record: Record) -> None:
    """Make a dialogue findable by the words that it holds now, and by no others."""
    name = record.dialogue.dialogue_id
    unindex(connection, name)
    index(connection, [(name, item, label, body) for item, (label, body) in indexed_words(record).items()])
