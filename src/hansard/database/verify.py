"""Verify: follow the chains, fold the lists of changes, compare with the tables. No operation runs.

Everything here works on values, so that a store and an exported file are verified by the same lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from hansard.database import tables
from hansard.database.columns import metadata, references, row_bytes, row_key
from hansard.database.columns import rows as read_rows
from hansard.database.engine import lenient
from hansard.database.journal import (
    START,
    VERSION,
    payload_references,
    readable_rows_salt,
    request_key,
    row_label,
    sealed,
)
from hansard.kernel.bulk import collector_paused
from hansard.kernel.canonical import sha256_hex, text_digest


class StoredEntry(msgspec.Struct, frozen=True):
    """An entry as it stands in a store or an export.

    ``salt`` is that of its rows (``journal.rows_salt``), ``None`` once the entry is erased, and anything else where it
    is not as it was written.
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
    """The row's primary key, as it may be shown: what is no text or number is told by its hexadecimal digits."""


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
    chain: list[StoredEntry]
    """The entries themselves, in order."""


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
    changes: list[tuple[str, list[str | int | float | None], str | None]]
    streams: list[tuple[str, int, str]]


_DIGEST = re.compile("[0-9a-f]{64}")
_decoder = msgspec.json.Decoder(_Body)

Rows = dict[tuple[str, tuple[Any, ...]], Expected]


def _body(entry: StoredEntry) -> _Body | None:
    try:
        body = _decoder.decode(entry.body)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):  # DecodeError covers a body of another shape
        return None
    return body if body.version == VERSION else None


def _shown(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """A key that any surface can print."""
    return tuple(
        value.encode("utf-8", "backslashreplace").decode()
        if isinstance(value, str)
        else f"x'{value.hex()}'"
        if isinstance(value, bytes)
        else value
        for value in key
    )


def _erasable(body: _Body) -> set[int]:
    """Earlier positions that an entry says it erased."""
    named = body.decided.get("erased", ())
    return {at for at in named if type(at) is int and at < body.position} if isinstance(named, list) else set()


def erased_positions(entries: Iterable[StoredEntry]) -> set[int]:
    """Entries that a later entry erased. Only one that is in all their streams can: their chains must tell of it."""
    erased: set[int] = set()
    streams: dict[int, set[str]] = {}
    for entry in entries:
        body = _body(entry)
        if body is not None:
            streams[body.position] = {name for name, _, _ in body.streams}
            erased |= {at for at in _erasable(body) if streams.get(at, {""}) <= streams[body.position]}
    return erased


def _overstepping(entries: Iterable[StoredEntry], of: Mapping[str, sa.Table]) -> list[Finding]:
    """Entries that change rows of a stream they are not in: its own chain would not tell of it."""
    findings = []
    for entry in entries:
        body = _body(entry)
        own = {name for name, _, _ in body.streams} if body else set()
        for name, key, _ in body.changes if body else []:
            stream = tables.stream_of(of[name], tuple(key)) if name in of else None
            if stream is not None and stream not in own:
                message = f"entry {entry.position} changes a row of '{stream}', and is not in that stream"
                findings.append(
                    Finding(
                        code="entry_oversteps",
                        message=message,
                        position=entry.position,
                        table=name,
                        key=_shown(tuple(key)),
                    )
                )
    return findings


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
        if stream is None:
            expected_position += 1
            if entry.position != expected_position:
                say("entry_missing", f"entry {expected_position} is missing before entry {entry.position}")
                expected_position = entry.position
        body = _body(entry)
        if body is None:
            say("entry_unreadable", f"entry {entry.position} is not an entry of version {VERSION}")
            continue
        if body.position != entry.position:
            say("entry_moved", f"entry {entry.position} calls itself {body.position}")
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
    """Sequence and hash of each stream's last entry, computed from the body."""
    last: dict[str, tuple[int, StoredEntry]] = {}
    for entry in entries:
        body = _body(entry)
        for name, sequence, _ in body.streams if body else []:
            last[name] = (sequence, entry)
    return {
        name: (sequence, sha256_hex(entry.body.encode("utf-8", "surrogatepass")))
        for name, (sequence, entry) in last.items()
    }


def stream_hashes(entries: Iterable[StoredEntry], stream: str) -> dict[int, str]:
    """The hash of each of a stream's entries by its number there, computed from the body."""
    return {
        sequence: sha256_hex(entry.body.encode("utf-8", "surrogatepass"))
        for entry in entries
        if (body := _body(entry))
        for name, sequence, _ in body.streams
        if name == stream
    }


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
    closed: Counter[int] = Counter()

    def say(code: str, message: str, at: int | None, name: str, key: tuple[Any, ...]) -> None:
        findings.append(Finding(code=code, message=message, position=at, table=name, key=_shown(key)))

    for name, row in cells:
        key = row_key(of[name], row)
        told = expected.get((name, key))
        if (name, key) in seen:
            say("row_twice", "the row stands here more than once", None, name, key)
        elif told is None:
            say("row_added", "a row stands here that no entry recorded", None, name, key)
        elif told.digest is None:
            say("row_added", "a removed row is back", told.position, name, key)
        elif told.salt is not None and _DIGEST.fullmatch(told.salt) is None:
            closed[told.position] += 1
        elif told.salt is None:
            say("row_unproved", "the salt that seals this row is gone", told.position, name, key)
        elif not _seals(told.salt, row_label(name, key), row, told.digest):
            broken = not_utf8(row)
            why = f": its {', '.join(broken)} cannot be read, being no UTF-8" if broken else ""
            say("row_altered", f"the row is not as it was recorded{why}", told.position, name, key)
        seen.add((name, key))
    for at, number in closed.items():
        what = f"the salt of entry {at} is not as it was written, so {number} of its rows cannot be proved"
        say("salt_altered", what, at, "journal_payloads", (at,))
    for (name, key), told in expected.items():
        if told.digest is None or (name, key) in seen:
            continue
        if stream is not None and name in of and tables.stream_of(of[name], key) != stream:
            continue
        say("row_missing", "a recorded row is gone", told.position, name, key)
    return findings


def not_utf8(row: Mapping[str, Any]) -> list[str]:
    """The columns whose cells are no UTF-8; they were read leniently."""
    return [name for name, cell in row.items() if isinstance(cell, str) and not _is_utf8(cell)]


def _is_utf8(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return False
    return True


def _seals(salt: str, label: str, row: Mapping[str, Any], digest: str) -> bool:
    try:
        return _DIGEST.fullmatch(salt) is not None and sealed(salt, label, row_bytes(row)) == digest
    except UnicodeEncodeError:  # a cell that is not UTF-8
        return False


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
    body = row.body if isinstance(row.body, str) else ""  # a BLOB of the same bytes is an alteration too
    salt = None if row.salt is None else readable_rows_salt(row.salt) or ""
    return StoredEntry(row.position, row.hash, body, salt)


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
    own = {table.name: table for table in metadata.tables.values() if table.name in tables.OWN_TABLES}
    missing = _missing_tables(connection, own | dict(of))
    if any(finding.table in own for finding in missing):
        return StoreReport(entries=0, rows=0, texts=0, findings=missing, heads={}, chain=[])
    there = {name: table for name, table in of.items() if name not in {finding.table for finding in missing}}
    with lenient(connection), collector_paused():
        return _verified(connection, there, stream, missing)


def _missing_tables(connection: sa.Connection, wanted: Mapping[str, sa.Table]) -> list[Finding]:
    """Tables that are not there, or have not all their columns."""
    looked = sa.inspect(connection)
    names = set(looked.get_table_names())
    findings = []
    for name, table in sorted(wanted.items()):
        if name not in names:
            findings.append(Finding(code="table_missing", message=f"the table '{name}' is gone", table=name))
        elif absent := set(table.c.keys()) - {column["name"] for column in looked.get_columns(name)}:
            message = f"the table '{name}' has no column {', '.join(sorted(absent))} any more"
            findings.append(Finding(code="table_missing", message=message, table=name))
    return findings


def _verified(
    connection: sa.Connection, of: Mapping[str, sa.Table], stream: str | None, findings: list[Finding]
) -> StoreReport:
    entries = all_entries(connection) if stream is None else stream_entries(connection, stream)
    findings = [*findings, *chain_findings(entries, stream), *_overstepping(entries, of)]
    expected = expected_rows(entries)
    rows: list[tuple[str, Mapping[str, Any]]] = []
    for name, table in of.items():
        query = sa.select(table) if stream is None else tables.of_stream(table, stream)
        if query is None:
            continue
        rows.extend((name, cells) for cells in read_rows(connection, query))
    findings += row_findings(expected, of, rows, stream)
    payloads = _payloads(connection, entries, stream)
    text_count, text_faults = _text_findings(connection, of, rows, payloads, stream)
    findings += text_faults
    if stream is None:
        findings += _own_tables_findings(connection, entries)
        findings += _beside_findings(connection)
    else:
        findings += _head_findings(connection, entries, stream)
    closed = {finding.position for finding in findings if finding.code == "salt_altered"}
    beside = _payload_findings(connection, entries, payloads)
    findings += [one for one in beside if not (one.code == "salt_altered" and one.position in closed)]
    return StoreReport(
        entries=len(entries),
        rows=len(rows),
        texts=text_count,
        findings=findings,
        heads=stream_heads(entries),
        chain=entries,
    )


def _text_findings(
    connection: sa.Connection,
    of: Mapping[str, sa.Table],
    rows: Iterable[tuple[str, Mapping[str, Any]]],
    payloads: Mapping[int, Any],
    stream: str | None,
) -> tuple[int, list[Finding]]:
    """Whether every text that a row or a payload refers to is there and has the hash it is kept under."""
    users: dict[Any, tuple[str, tuple[Any, ...]]] = {}
    for name, row in rows:
        for digest in references(of[name], [row]):
            users.setdefault(digest, (name, row_key(of[name], row)))
    for at, payload in payloads.items():
        for digest in _payload_texts(payload):
            users.setdefault(digest, ("journal_payloads", (at,)))
    findings: list[Finding] = []

    def say(code: str, message: str, table: str, key: tuple[Any, ...]) -> None:
        findings.append(Finding(code=code, message=message, table=table, key=_shown(key)))

    bodies: dict[Any, Any] = {}
    wanted = sorted(users)
    chunks = [None] if stream is None else [wanted[start : start + 500] for start in range(0, len(wanted), 500)]
    for chunk in chunks:
        query = sa.select(tables.texts)
        for found in connection.execute(query if chunk is None else query.where(tables.texts.c.sha256.in_(chunk))):
            if found.sha256 in bodies:
                say("row_twice", "the text stands here more than once", "texts", (found.sha256,))
            bodies[found.sha256] = found.body
    for digest, body in bodies.items():
        if not is_text_of(digest, body):
            say("text_altered", "a text is not as it was recorded", *users.get(digest, ("texts", (digest,))))
        if digest not in users:
            say("text_added", "a text stands here that nothing refers to", "texts", (digest,))
    for digest, (table, key) in users.items():
        if digest not in bodies:
            say("text_missing", "a recorded text is gone", table, key)
    return len(bodies), findings


def _beside_findings(connection: sa.Connection) -> list[Finding]:
    """Whether texts that are kept beside the record have the hash they are kept under; other rows there may change."""
    wanted = {name: table for name, table in tables.tables_beside().items() if table.info.get(tables.BY_HASH)}
    findings = _missing_tables(connection, wanted)
    for name in wanted.keys() - {finding.table for finding in findings}:
        for digest, body in connection.execute(sa.select(wanted[name])):
            if not isinstance(body, bytes) or sha256_hex(body) != digest:
                message = "a text is not as it was kept"
                findings.append(Finding(code="text_altered", message=message, table=name, key=_shown((digest,))))
    return findings


def is_text_of(digest: object, body: object) -> bool:
    """Whether a text has the SHA-256 it is kept under, whatever both may be."""
    try:
        return isinstance(body, str) and text_digest(body) == digest
    except UnicodeEncodeError:
        return False


def _payload_texts(payload: Any) -> set[str]:
    """The texts that a payload refers to; none where it cannot be read, which is told elsewhere."""
    try:
        return payload_references(payload.request) | payload_references(payload.result)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError, TypeError):
        return set()


def _head_findings(connection: sa.Connection, entries: list[StoredEntry], stream: str) -> list[Finding]:
    found = connection.execute(sa.select(tables.streams).where(tables.streams.c.stream == stream)).all()
    last = stream_heads(entries).get(stream)
    if [(row.sequence, row.head) for row in found] != ([] if last is None else [last]):
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

    def say(code: str, message: str, table: str, key: tuple[Any, ...]) -> None:
        findings.append(Finding(code=code, message=message, table=table, key=_shown(key)))

    def found(table: sa.Table) -> Counter[tuple[Any, ...]]:
        return Counter(tuple(row) for row in connection.execute(sa.select(table)))

    heads = Counter((stream, *head) for stream, head in stream_heads(entries).items())
    for (stream,) in _difference(heads, found(tables.streams), 1):
        say("head_differs", f"the head of stream '{stream}' is not its last entry", "streams", (stream,))
    links = Counter(
        (stream, sequence, entry.position)
        for entry in entries
        if (body := _body(entry))
        for stream, sequence, _ in body.streams
    )
    for stream, sequence in _difference(links, found(tables.journal_streams), 2):
        say(
            "index_differs",
            f"the index of stream '{stream}' differs from the entries at number {sequence}",
            "journal_streams",
            (stream, sequence),
        )
    last = entries[-1].position if entries else 0
    counters = found(tables.counters)
    if counters != Counter({("journal", last): 1}):
        told = ", ".join(str(_shown(row)) for row in counters)
        say("counter_differs", f"the counters are {told}, the last entry is {last}", "counters", ("journal",))
    return findings


def _difference(one: Counter[Any], other: Counter[Any], width: int) -> list[tuple[Any, ...]]:
    """The keys (of so many columns) whose rows stand in one more often than in the other."""
    return sorted({row[:width] for row in (one - other) + (other - one)}, key=repr)


def _payloads(connection: sa.Connection, entries: list[StoredEntry], stream: str | None) -> dict[int, Any]:
    """What is kept beside the entries, by position; all there is when all entries are asked for."""
    p = tables.journal_payloads
    if stream is None:
        return {row.position: row for row in connection.execute(sa.select(p).order_by(p.c.position))}
    positions = [entry.position for entry in entries]
    found: dict[int, Any] = {}
    for start in range(0, len(positions), 500):
        some = p.c.position.in_(positions[start : start + 500])
        found.update({row.position: row for row in connection.execute(sa.select(p).where(some))})
    return found


def _is_request_key(column: object, seal: str | None, payload: Any) -> bool:
    """Whether the key in the index is the one that the body holds sealed; once erased, whether it is a key at all."""
    if seal is None or not isinstance(column, str):
        return column is seal
    if payload is None:
        return _DIGEST.fullmatch(column) is not None
    try:
        return sealed(payload.salt, "request_key", column.encode()) == seal
    except (TypeError, ValueError):
        return False


def _payload_findings(
    connection: sa.Connection, entries: list[StoredEntry], stored: Mapping[int, Any]
) -> list[Finding]:
    """Every entry has its payload unless a later entry erased it, and the payload is what was sealed."""
    erased = erased_positions(entries)
    positions = [entry.position for entry in entries]
    j = tables.journal
    keys: dict[int, str | None] = {}
    for start in range(0, len(positions), 500):
        some = j.c.position.in_(positions[start : start + 500])
        keys.update({r.position: r.request_key for r in connection.execute(sa.select(j).where(some))})
    findings: list[Finding] = []

    def say(code: str, message: str, at: int) -> None:
        findings.append(Finding(code=code, message=message, position=at, table="journal_payloads", key=(at,)))

    for at in sorted(stored.keys() - set(positions)):
        say("payload_added", f"a payload stands beside entry {at}, which there is not", at)
    for entry in entries:
        at = entry.position
        body = _body(entry)
        if body is None:
            continue
        payload = stored.get(at)
        if payload is not None and readable_rows_salt(payload.salt) is None:
            say("salt_altered", f"the salt of entry {at} is not as it was written", at)
            continue
        if not _is_request_key(keys.get(at), body.request_key, payload):
            findings.append(
                Finding(
                    code="index_differs",
                    message=f"the request key of entry {at} is not the one it sealed",
                    position=at,
                    table="journal",
                    key=(at,),
                )
            )
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
            sent = payload.request_id
            key = None if sent is None else request_key(body.actor["known_by"], payload.actor, sent)
            told_key = None if key is None else sealed(payload.salt, "request_key", key.encode())
            if not isinstance(payload.request_id, str | None):
                raise TypeError
        except (AttributeError, TypeError, ValueError, KeyError):
            say("payload_altered", f"what is kept beside entry {at} cannot be read", at)
            continue
        wrong = [name for name, (found_digest, told) in parts.items() if found_digest != told]
        if told_key != body.request_key:
            wrong.append("request_id")
        if wrong:
            say(
                "payload_altered",
                f"entry {at}: {', '.join(wrong)} {'differs' if len(wrong) == 1 else 'differ'} from what was sealed",
                at,
            )
    return findings
