"""The journal: one entry for every write, in the same transaction as its change.

An entry is a JSON body (docs/journal.md) whose bytes are stored and hashed as they are. It names its streams with
their sequence and the hash of each stream's previous entry, so that one record's chain can be followed alone; and it
lists a salted digest of every row it wrote, so that ``verify`` compares the tables without running an operation.
Payloads, actors and salts stand beside the entry, not in it: ``erase`` removes them and the chain still holds.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from hansard.database import errors, tables
from hansard.database.columns import encoded_row, key_names, row_bytes, row_key, stowed
from hansard.database.engine import Database
from hansard.kernel.canonical import parsed, sha256_hex, stored_bytes, stored_text
from hansard.kernel.clock import Clock, system_clock, timestamp
from hansard.kernel.operations import Call
from hansard.kernel.shapes import Shape, WriteRequest

VERSION: Final = "hansard-journal-1"
RULES_VERSION: Final = "1"
"""Version of the rules that judged a request; raised when the same request may be answered differently."""

START: Final = "0" * 64
"""Previous hash of a stream's first entry."""

SALT_BYTES: Final = 16

Chance = Callable[[str, int], bytes]
"""Gives ``size`` random bytes for a named purpose; a replay gives those that were drawn the first time."""

A = TypeVar("A", bound=Shape)


def system_chance(_purpose: str, size: int) -> bytes:
    """The operating system's random bytes."""
    return secrets.token_bytes(size)


def sealed(salt: str, label: str, data: bytes) -> str:
    """The salted digest of ``data``.

    The salt of one label is derived from the entry's, so that showing one row's salt to an auditor opens no other row.
    """
    own = hashlib.sha256(bytes.fromhex(salt) + label.encode()).digest()
    return hashlib.sha256(own + data).hexdigest()


def rows_salt(salt: str) -> str:
    """The salt of an entry's rows. An export carries it; the salts of actor and payloads cannot be told from it."""
    return sha256_hex(bytes.fromhex(salt) + b"rows")


def row_label(table: str, key: Sequence[Any]) -> str:
    """What a row's digest is sealed under."""
    return f"row {table} {stored_text(list(key))}"


def request_key(actor: str, request_id: str) -> str:
    """The unique key of an actor's request id; tells neither to who reads the journal alone."""
    return sha256_hex(f"request {len(actor)} {actor} {request_id}".encode())


def packed(value: Any, texts: dict[str, str]) -> Any:
    """A payload with its long texts by reference (``{"$text": sha256}``); they are added to ``texts``."""
    if isinstance(value, str):
        cell = stowed(value, texts)
        return value if cell is value else {"$text": cell[7:]}
    if isinstance(value, Mapping):
        inner = {key: packed(item, texts) for key, item in value.items()}
        return {"$plain": inner} if "$text" in inner or "$plain" in inner else inner
    if isinstance(value, list | tuple):
        return [packed(item, texts) for item in value]
    return value


def unpacked(value: Any, text_of: Callable[[str], str]) -> Any:
    """The payload that ``packed`` was given."""
    if isinstance(value, dict):
        if "$text" in value:
            return text_of(value["$text"])
        if "$plain" in value:
            value = value["$plain"]
        return {key: unpacked(item, text_of) for key, item in value.items()}
    if isinstance(value, list):
        return [unpacked(item, text_of) for item in value]
    return value


class Entry:
    """An entry being written: the only way to change a row.

    Attributes:
        connection: the open transaction.
        time: when the entry is made, as stored; the only time its rows may carry unless the request brought one.
        answer: the first answer, when the request was sent before; then nothing may be written.
    """

    def __init__(
        self,
        connection: sa.Connection,
        operation: str,
        request: Shape,
        call: Call,
        locked: dict[str, tuple[int, str]],
        time: str,
        chance: Chance,
    ) -> None:
        self.connection = connection
        self.time = time
        self.answer: Any = None
        self._operation = operation
        self._request = request
        self._call = call
        self._streams = locked
        self._chance = chance
        self._salt = chance("salt", SALT_BYTES).hex()
        self._rows_salt = rows_salt(self._salt)
        self._decided: dict[str, Any] = {}
        self._changes: dict[tuple[str, tuple[Any, ...]], str | None] = {}
        self._finished = False

    def join(self, stream: str) -> None:
        """Add a stream that this entry opens, such as that of a dialogue whose id was just drawn."""
        self._streams.update(_locked(self.connection, [stream]))

    def draw(self, purpose: str, size: int) -> bytes:
        """Random bytes that the entry keeps as decided, so that a replay draws the same."""
        drawn = self._chance(purpose, size)
        self._decided[purpose] = drawn.hex()
        return drawn

    def decide(self, name: str, value: Any) -> None:
        """Keep something that was decided once, such as an allocated id."""
        self._decided[name] = value

    def insert(self, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows of typed values."""
        texts: dict[str, str] = {}
        cells = [encoded_row(table, row, texts) for row in rows]
        self._keep(texts)
        if cells:
            self.connection.execute(table.insert(), cells)
            self._note(table, cells)

    def update(self, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Replace rows, each given whole, found by primary key."""
        texts: dict[str, str] = {}
        cells = [encoded_row(table, row, texts) for row in rows]
        self._keep(texts)
        names = key_names(table)
        for row in cells:
            where = sa.and_(*(table.c[name] == row[name] for name in names))
            values = {name: value for name, value in row.items() if name not in names}
            result = self.connection.execute(table.update().where(where).values(values))
            if result.rowcount != 1:
                raise LookupError(f"{table.name} has no row {row_key(table, row)}")
        self._note(table, cells)

    def delete(self, table: sa.Table, key: tuple[Any, ...]) -> None:
        """Remove one row by its primary key."""
        where = sa.and_(*(table.c[name] == value for name, value in zip(key_names(table), key, strict=True)))
        self.connection.execute(table.delete().where(where))
        self._changes[str(table.name), key] = None

    def erase(self, positions: Iterable[int], all_tables: Mapping[str, sa.Table]) -> None:
        """Remove payloads, actors and salts of earlier entries; their rows that still stand are sealed anew."""
        erased = sorted(set(positions))
        for position in erased:
            payload = self.connection.execute(
                sa.select(tables.journal_payloads.c.salt).where(tables.journal_payloads.c.position == position)
            ).one_or_none()
            if payload is None:
                continue
            body = parsed(
                self.connection.execute(
                    sa.select(tables.journal.c.body).where(tables.journal.c.position == position)
                ).scalar_one()
            )
            salt = rows_salt(payload.salt)
            for name, key, digest in body["changes"]:
                table = all_tables[name]
                where = sa.and_(*(table.c[c] == v for c, v in zip(key_names(table), key, strict=True)))
                row = self.connection.execute(sa.select(table).where(where)).mappings().one_or_none()
                # only the row's latest digest matters: later entries have sealed the others already
                if row is not None and sealed(salt, row_label(name, key), row_bytes(dict(row))) == digest:
                    self._note(table, [dict(row)])
            self.connection.execute(
                tables.journal_payloads.delete().where(tables.journal_payloads.c.position == position)
            )
        self._decided["erased"] = erased

    def finish(self, answer: A) -> A:
        """Write the entry; the answer is kept for a repeated request."""
        texts: dict[str, str] = {}
        plain = self._request.plain()
        request_id = plain.pop("request_id", None)
        request = stored_bytes(packed(plain, texts))
        result = stored_bytes(packed(answer.model_dump(mode="json", by_alias=True), texts))
        self._keep(texts)
        streams = sorted(self._streams.items())
        key = request_key(self._call.actor.name, request_id) if request_id is not None else None
        position = self.connection.execute(
            tables.counters.update()
            .where(tables.counters.c.name == "journal")
            .values(value=tables.counters.c.value + 1)
            .returning(tables.counters.c.value)
        ).scalar_one()
        body = stored_text(
            {
                "version": VERSION,
                "position": position,
                "time": self.time,
                "operation": self._operation,
                "rules": RULES_VERSION,
                "actor": {
                    "known_by": self._call.actor.known_by,
                    "name": sealed(self._salt, "actor", self._call.actor.name.encode()),
                },
                "request_key": key,
                "decided": self._decided,
                "request": sealed(self._salt, "request", request),
                "result": sealed(self._salt, "result", result),
                "changes": [[table, list(key), digest] for (table, key), digest in self._changes.items()],
                "streams": [[stream, sequence + 1, head] for stream, (sequence, head) in streams],
            }
        )
        digest = sha256_hex(body.encode())
        self.connection.execute(
            tables.journal.insert(),
            {"position": position, "hash": digest, "request_key": key, "body": body},
        )
        self.connection.execute(
            tables.journal_payloads.insert(),
            {
                "position": position,
                "salt": self._salt,
                "actor": self._call.actor.name,
                "request_id": request_id,
                "request": request.decode(),
                "result": result.decode(),
            },
        )
        self.connection.execute(
            tables.journal_streams.insert(),
            [{"stream": stream, "sequence": sequence + 1, "position": position} for stream, (sequence, _) in streams],
        )
        for stream, (sequence, _) in streams:
            if sequence:
                self.connection.execute(
                    tables.streams.update()
                    .where(tables.streams.c.stream == stream)
                    .values(sequence=sequence + 1, head=digest)
                )
            else:
                self.connection.execute(tables.streams.insert(), {"stream": stream, "sequence": 1, "head": digest})
        self._finished = True
        return answer

    def _note(self, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
        for row in rows:
            key = row_key(table, row)
            name = str(table.name)  # SQLAlchemy gives a subclass of str, which msgspec refuses
            self._changes[name, key] = sealed(self._rows_salt, row_label(name, key), row_bytes(row))

    def _keep(self, texts: Mapping[str, str]) -> None:
        """Put texts into ``texts``, each once."""
        if not texts:
            return
        present = set(
            self.connection.execute(
                sa.select(tables.texts.c.sha256).where(tables.texts.c.sha256.in_(list(texts)))
            ).scalars()
        )
        fresh = [{"sha256": digest, "body": body} for digest, body in texts.items() if digest not in present]
        if fresh:
            self.connection.execute(tables.texts.insert(), fresh)
            self._note(tables.texts, fresh)


class Journal:
    """Writes entries into a store."""

    def __init__(self, database: Database, *, clock: Clock = system_clock, chance: Chance = system_chance) -> None:
        self.database = database
        self._clock = clock
        self._chance = chance

    @contextlib.contextmanager
    def entry(self, operation: str, request: Shape, call: Call, streams: Sequence[str]) -> Iterator[Entry]:
        """Begin an entry: open or join the transaction, lock its streams, look for a repeated request.

        The caller either returns ``entry.answer`` where it is there, or writes and calls ``entry.finish``. An error
        leaves no trace.

        Raises:
            HansardError: ``request_id_reused``, ``request_erased``, or a refusal of the store.
        """
        with contextlib.ExitStack() as stack:
            connection = call.transaction
            if connection is None:
                connection = stack.enter_context(self.database.writing())
            locked = _locked(connection, streams)
            entry = Entry(connection, operation, request, call, locked, timestamp(self._clock()), self._chance)
            if isinstance(request, WriteRequest) and request.request_id is not None:
                entry.answer = self._first_answer(connection, operation, request, call)
            yield entry
            if entry.answer is None and not entry._finished:
                raise RuntimeError(f"{operation} wrote no journal entry")

    def _first_answer(self, connection: sa.Connection, operation: str, request: WriteRequest, call: Call) -> Any:
        assert request.request_id is not None
        found = connection.execute(
            sa.select(tables.journal.c.position, tables.journal.c.body).where(
                tables.journal.c.request_key == request_key(call.actor.name, request.request_id)
            )
        ).one_or_none()
        if found is None:
            return None
        payload = connection.execute(
            sa.select(tables.journal_payloads).where(tables.journal_payloads.c.position == found.position)
        ).one_or_none()
        if payload is None:
            raise errors.request_erased(request.request_id)
        plain = request.plain()
        plain.pop("request_id")
        first = parsed(found.body)["operation"]
        if first != operation or stored_text(packed(plain, {})) != payload.request:
            raise errors.request_id_reused(request.request_id, first)
        return unpacked(parsed(payload.result), lambda digest: text(connection, digest))


def _locked(connection: sa.Connection, streams: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Lock these streams in sorted order and give each one's sequence and head."""
    found = connection.execute(
        sa.select(tables.streams)
        .where(tables.streams.c.stream.in_(sorted(streams)))
        .order_by(tables.streams.c.stream)
        .with_for_update()
    )
    heads = {row.stream: (row.sequence, row.head) for row in found}
    return {stream: heads.get(stream, (0, START)) for stream in sorted(streams)}


def text(connection: sa.Connection, digest: str) -> str:
    """A stored text by its SHA-256.

    Raises:
        HansardError: ``text_missing``.
    """
    body = connection.execute(
        sa.select(tables.texts.c.body).where(tables.texts.c.sha256 == digest)
    ).scalar_one_or_none()
    if body is None:
        raise errors.text_missing(digest)
    return str(body)


def head(connection: sa.Connection, stream: str) -> tuple[int, str]:
    """A stream's sequence and the hash of its last entry; ``(0, START)`` when it has none."""
    found = connection.execute(sa.select(tables.streams).where(tables.streams.c.stream == stream)).one_or_none()
    return (found.sequence, found.head) if found else (0, START)
