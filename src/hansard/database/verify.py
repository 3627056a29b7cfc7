"""Verify: follow the chains, fold the lists of changes, compare with the tables. No operation runs.

Everything here works on values, so that a store and an exported file are verified by the same lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from hansard.database import tables
from hansard.database.columns import references, row_bytes, row_key
from hansard.database.journal import START, VERSION, request_key, row_label, rows_salt, sealed
from hansard.kernel.canonical import sha256_hex, text_digest


class StoredEntry(msgspec.Struct, frozen=True):
    """An entry as it stands in a store or an export.

    ``salt`` is that of its rows (``journal.rows_salt``), and ``None`` once the entry is erased.
    """

    position: int
    hash: str
    body: str
    salt: str | None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not as it was recorded."""

    code: str
    message: str
    position: int | None = None
    """The journal entry concerned, or the one that recorded the row."""
    table: str | None = None
    key: tuple[Any, ...] | None = None
    """The row's primary key."""


class Expected(msgspec.Struct, frozen=True):
    """What the journal says of a row: the digest of its last change (``None``: removed), under which salt, by whom."""

    digest: str | None
    salt: str | None
    position: int


class StoreReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared, and what did not fit."""

    entries: int
    rows: int
    texts: int
    findings: list[Finding]
    heads: dict[str, tuple[int, str]]
    """Sequence and hash of each stream's last entry."""


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parts of an entry's body, typed (docs/journal.md)."""

    version: str
    position: int
    time: str
    operation: str
    rules: str
    actor: dict[str, str]
    request_key: str | None
    decided: dict[str, Any]
    request: str
    result: str
    changes: list[tuple[str, list[Any], str | None]]
    streams: list[tuple[str, int, str]]


_decoder = msgspec.json.Decoder(_Body)

Rows = dict[tuple[str, tuple[Any, ...]], Expected]


def _body(entry: StoredEntry) -> _Body | None:
    try:
        body = _decoder.decode(entry.body)
    except (msgspec.DecodeError, UnicodeEncodeError):  # DecodeError covers a body of another shape
        return None
    return body if body.version == VERSION else None


def chain_findings(entries: Iterable[StoredEntry], stream: str | None) -> list[Finding]:
    """Whether each body has its hash and each link leads to the entry before.

    Args:
        entries: in order of position.
        stream: the one stream these entries are of; ``None`` when they are all of a store, positions without a gap.
    """
    findings: list[Finding] = []
    heads: dict[str, tuple[int, str]] = {}
    expected_position = 0
    for entry in entries:

        def say(code: str, message: str, at: int = entry.position) -> None:
            findings.append(Finding(code=code, message=message, position=at))

        if sha256_hex(entry.body.encode("utf-8", "surrogatepass")) != entry.hash:
            say("entry_altered", f"entry {entry.position} does not have the hash it was given")
        body = _body(entry)
        if body is None:
            say("entry_unreadable", f"entry {entry.position} is not an entry of version {VERSION}")
            continue
        if body.position != entry.position:
            say("entry_moved", f"entry {entry.position} calls itself {body.position}")
        if stream is None:
            expected_position += 1
            if entry.position != expected_position:
                say("entry_missing", f"entry {expected_position} is missing before entry {entry.position}")
                expected_position = entry.position
        own = [link for link in body.streams if stream is None or link[0] == stream]
        if not own:
            say("entry_foreign", f"entry {entry.position} does not belong to stream '{stream}'")
        for name, sequence, previous in own:
            last, head = heads.get(name, (0, START))
            if sequence != last + 1:
                say(
                    "chain_broken",
                    f"entry {entry.position} is number {sequence} of stream '{name}', after number {last}",
                )
            elif previous != head:
                say("chain_broken", f"entry {entry.position} does not follow the entry before it in stream '{name}'")
            heads[name] = (sequence, entry.hash)
    return findings


def stream_heads(entries: Iterable[StoredEntry]) -> dict[str, tuple[int, str]]:
    """Sequence and hash of each stream's last entry."""
    heads: dict[str, tuple[int, str]] = {}
    for entry in entries:
        body = _body(entry)
        for name, sequence, _ in body.streams if body else []:
            heads[name] = (sequence, entry.hash)
    return heads


def expected_rows(entries: Iterable[StoredEntry]) -> Rows:
    """Fold the lists of changes: what the journal says last of every row."""
    rows: Rows = {}
    for entry in entries:
        body = _body(entry)
        for table, key, digest in body.changes if body else []:
            rows[table, tuple(key)] = Expected(digest, entry.salt, entry.position)
    return rows


def row_findings(
    expected: Rows,
    of: Mapping[str, sa.Table],
    cells: Iterable[tuple[str, Mapping[str, Any]]],
    stream: str | None,
) -> list[Finding]:
    """Compare rows with what the journal says of them.

    Args:
        expected: the fold; not changed.
        of: the tables by name.
        cells: every row there is, as (table, cells).
        stream: judge only rows of this stream; ``None`` judges all.
    """
    findings: list[Finding] = []
    seen: set[tuple[str, tuple[Any, ...]]] = set()
    for name, row in cells:
        key = row_key(of[name], row)
        seen.add((name, key))
        told = expected.get((name, key))
        if told is None or told.digest is None:
            where = None if told is None else told.position
            findings.append(
                Finding(
                    code="row_added",
                    message="a row stands here that no entry recorded" if told is None else "a removed row is back",
                    position=where,
                    table=name,
                    key=key,
                )
            )
        elif told.salt is None:
            findings.append(
                Finding(
                    code="row_unproved",
                    message="the salt that seals this row is gone",
                    position=told.position,
                    table=name,
                    key=key,
                )
            )
        elif sealed(told.salt, row_label(name, key), row_bytes(row)) != told.digest:
            findings.append(
                Finding(
                    code="row_altered",
                    message="the row is not as it was recorded",
                    position=told.position,
                    table=name,
                    key=key,
                )
            )
    for (name, key), told in expected.items():
        if told.digest is None or (name, key) in seen:
            continue
        if stream is not None and tables.stream_of(of[name], key) != stream:
            continue
        findings.append(
            Finding(code="row_missing", message="a recorded row is gone", position=told.position, table=name, key=key)
        )
    return findings


def stream_entries(connection: sa.Connection, stream: str) -> list[StoredEntry]:
    """The entries of one stream, in order."""
    j, s, p = tables.journal, tables.journal_streams, tables.journal_payloads
    found = connection.execute(
        sa.select(j.c.position, j.c.hash, j.c.body, p.c.salt)
        .join(s, s.c.position == j.c.position)
        .outerjoin(p, p.c.position == j.c.position)
        .where(s.c.stream == stream)
        .order_by(s.c.sequence)
    )
    return [_stored(row) for row in found]


def _stored(row: Any) -> StoredEntry:
    try:
        salt = None if row.salt is None else rows_salt(row.salt)
    except (TypeError, ValueError):  # no hexadecimal: altered, and told as such when the payload is looked at
        salt = None
    return StoredEntry(row.position, row.hash, row.body, salt)


def all_entries(connection: sa.Connection) -> list[StoredEntry]:
    """All entries of the store, in order."""
    j, p = tables.journal, tables.journal_payloads
    found = connection.execute(
        sa.select(j.c.position, j.c.hash, j.c.body, p.c.salt)
        .outerjoin(p, p.c.position == j.c.position)
        .order_by(j.c.position)
    )
    return [_stored(row) for row in found]


def verify_store(connection: sa.Connection, of: Mapping[str, sa.Table], stream: str | None = None) -> StoreReport:
    """Compare a store, or one stream of it, with its journal.

    Args:
        of: the tables the journal vouches for (``tables.record_tables``).
        stream: one stream; ``None`` for everything, the journal's own tables among it.
    """
    entries = all_entries(connection) if stream is None else stream_entries(connection, stream)
    findings = chain_findings(entries, stream)
    expected = expected_rows(entries)
    rows: list[tuple[str, Mapping[str, Any]]] = []
    for name, table in of.items():
        query = sa.select(table)
        if stream is not None:
            kind, _, own = stream.partition(":")
            if table.info.get("stream") != kind:
                continue
            query = query.where(next(iter(table.primary_key.columns)) == own)
        rows.extend((name, dict(row)) for row in connection.execute(query).mappings())
    findings += row_findings(expected, of, rows, stream)
    text_count, text_faults = _text_findings(connection, of, rows, stream)
    findings += text_faults
    if stream is None:
        findings += _own_tables_findings(connection, entries)
    else:
        findings += _head_findings(connection, entries, stream)
    findings += _payload_findings(connection, entries)
    return StoreReport(
        entries=len(entries),
        rows=len(rows),
        texts=text_count,
        findings=findings,
        heads=stream_heads(entries),
    )


def _text_findings(
    connection: sa.Connection,
    of: Mapping[str, sa.Table],
    rows: Iterable[tuple[str, Mapping[str, Any]]],
    stream: str | None,
) -> tuple[int, list[Finding]]:
    """Whether every text that a row refers to is there and has the hash it is kept under."""
    users: dict[str, tuple[str, tuple[Any, ...]]] = {}
    present: set[str] = set()
    for name, row in rows:
        if name == "texts":
            present.add(row["sha256"])
            continue
        for digest in references(of[name], [row]):
            users.setdefault(digest, (name, row_key(of[name], row)))
    findings: list[Finding] = []
    bodies: dict[str, str] = {}
    if stream is None:
        bodies = {row["sha256"]: row["body"] for name, row in rows if name == "texts"}
    else:
        wanted = sorted(users)
        for start in range(0, len(wanted), 500):
            some = tables.texts.c.sha256.in_(wanted[start : start + 500])
            for found in connection.execute(sa.select(tables.texts).where(some)):
                bodies[found.sha256] = found.body
    for digest, body in bodies.items():
        if not isinstance(body, str) or text_digest(body) != digest:
            table, key = users.get(digest, ("texts", (digest,)))
            findings.append(
                Finding(code="text_altered", message="a text is not as it was recorded", table=table, key=key)
            )
    for digest, (table, key) in users.items():
        if digest not in bodies:
            findings.append(Finding(code="text_missing", message="a recorded text is gone", table=table, key=key))
    return len(bodies), findings


def _head_findings(connection: sa.Connection, entries: list[StoredEntry], stream: str) -> list[Finding]:
    found = connection.execute(sa.select(tables.streams).where(tables.streams.c.stream == stream)).one_or_none()
    last = stream_heads(entries).get(stream)
    if (None if found is None else (found.sequence, found.head)) != last:
        return [
            Finding(
                code="head_differs",
                message=f"the head of stream '{stream}' is not its last entry",
                table="streams",
                key=(stream,),
            )
        ]
    return []


def _own_tables_findings(connection: sa.Connection, entries: list[StoredEntry]) -> list[Finding]:
    """The journal's own tables hold nothing that the entries do not say."""
    findings: list[Finding] = []
    heads = stream_heads(entries)
    stored = {row.stream: (row.sequence, row.head) for row in connection.execute(sa.select(tables.streams))}
    for stream in sorted(heads.keys() | stored.keys()):
        if heads.get(stream) != stored.get(stream):
            findings.append(
                Finding(
                    code="head_differs",
                    message=f"the head of stream '{stream}' is not its last entry",
                    table="streams",
                    key=(stream,),
                )
            )
    links: dict[tuple[str, int], int] = {}
    for entry in entries:
        body = _body(entry)
        for stream, sequence, _ in body.streams if body else []:
            links[stream, sequence] = entry.position
    found = {(r.stream, r.sequence): r.position for r in connection.execute(sa.select(tables.journal_streams))}
    for key in sorted(links.keys() | found.keys(), key=repr):
        if links.get(key) != found.get(key):
            findings.append(
                Finding(
                    code="index_differs",
                    message=f"the index of stream '{key[0]}' differs from the entries at number {key[1]}",
                    table="journal_streams",
                    key=key,
                )
            )
    counted = {row.name: row.value for row in connection.execute(sa.select(tables.counters))}
    last = entries[-1].position if entries else 0
    if counted != {"journal": last}:
        findings.append(
            Finding(
                code="counter_differs",
                message=f"the counter stands at {counted.get('journal')}, the last entry is {last}",
                table="counters",
                key=("journal",),
            )
        )
    return findings


def _payload_findings(connection: sa.Connection, entries: list[StoredEntry]) -> list[Finding]:
    """Every entry has its payload unless a later entry erased it, and the payload is what was sealed."""
    erased: set[int] = set()
    for entry in entries:
        body = _body(entry)
        if body is not None:
            erased.update(body.decided.get("erased", ()))
    positions = [entry.position for entry in entries]
    j, p = tables.journal, tables.journal_payloads
    stored: dict[int, Any] = {}
    keys: dict[int, str | None] = {}
    for start in range(0, len(positions), 500):
        some = positions[start : start + 500]
        stored.update({r.position: r for r in connection.execute(sa.select(p).where(p.c.position.in_(some)))})
        keys.update(
            {
                r.position: r.request_key
                for r in connection.execute(sa.select(j.c.position, j.c.request_key).where(j.c.position.in_(some)))
            }
        )
    findings: list[Finding] = []

    def say(code: str, message: str, at: int) -> None:
        findings.append(Finding(code=code, message=message, position=at, table="journal_payloads", key=(at,)))

    for entry in entries:
        at = entry.position
        body = _body(entry)
        if body is None:
            continue
        if keys.get(at) != body.request_key:
            findings.append(
                Finding(
                    code="index_differs",
                    message=f"the request key of entry {at} is not the one it sealed",
                    position=at,
                    table="journal",
                    key=(at,),
                )
            )
        payload = stored.get(at)
        if payload is None:
            if at not in erased:
                say("payload_missing", f"what was asked in entry {at} is gone, and no entry erased it", at)
            continue
        if at in erased:
            say("payload_added", f"entry {at} was erased and has a payload again", at)
        try:
            parts = {
                "actor": (sealed(payload.salt, "actor", payload.actor.encode()), body.actor["name"]),
                "request": (sealed(payload.salt, "request", payload.request.encode()), body.request),
                "result": (sealed(payload.salt, "result", payload.result.encode()), body.result),
            }
            key = None if payload.request_id is None else request_key(payload.actor, payload.request_id)
        except (AttributeError, TypeError, ValueError, KeyError):
            say("payload_altered", f"what is kept beside entry {at} cannot be read", at)
            continue
        wrong = [name for name, (found_digest, told) in parts.items() if found_digest != told]
        if key != body.request_key:
            wrong.append("request_id")
        if wrong:
            say("payload_altered", f"entry {at}: {', '.join(wrong)} differ from what was sealed", at)
    return findings


__all__ = [
    "Expected",
    "Finding",
    "StoreReport",
    "StoredEntry",
    "all_entries",
    "chain_findings",
    "expected_rows",
    "row_findings",
    "stream_entries",
    "stream_heads",
    "verify_store",
]
