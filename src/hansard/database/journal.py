"""The journal: every write leaves one entry, committed together with what it changed.

An entry is a JSON body (docs/journal.md) whose bytes are stored and hashed as they are. It names its streams with
their sequence and the hash of each stream's previous entry, so that one record's chain can be followed alone; and it
lists a salted digest of every row it wrote, so that ``verify`` compares the tables without running an operation.
Payloads, actors and salts are kept apart from the hashed body: ``erase`` removes them and the chain still holds.
"""

from __future__ import annotations

import contextlib
import hmac
import re
import secrets
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import groupby
from typing import Any, Final, TypeVar

import msgspec
import sqlalchemy as sa

from hansard.database import errors, tables
from hansard.database.columns import (
    encoded_row,
    key_names,
    long_columns,
    references,
    row_bytes,
    row_key,
    stowed,
)
from hansard.database.dialect import dialect_in
from hansard.database.engine import Database
from hansard.database.schema import must_be_writable
from hansard.database.statements import change, fetch, fetch_rows, walk
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

_SALT = re.compile(f"[0-9a-f]{{{2 * SALT_BYTES}}}")

Chance = Callable[[str, int], bytes]
"""Gives ``size`` random bytes for a named purpose; a replay gives those that were drawn the first time."""

A = TypeVar("A", bound=Shape)

Cells = Mapping[str, Any]
"""A row as the database has it."""


def system_chance(_purpose: str, size: int) -> bytes:
    """The operating system's random bytes."""
    return secrets.token_bytes(size)


def sealed(salt: str, label: str, data: bytes) -> str:
    """The salted digest of ``data``: HMAC-SHA256 under a key of the label's own.

    That key is derived from the salt, so that showing one row's key to an auditor opens no other row.
    """
    return hmac.digest(_derived(salt, label), data, "sha256").hex()


def rows_salt(salt: str) -> str:
    """The salt of an entry's rows. An export carries it; the salts of actor and payloads cannot be told from it."""
    return _derived(salt, "rows").hex()


def _derived(salt: str, label: str) -> bytes:
    return hmac.digest(bytes.fromhex(salt), label.encode(), "sha256")


def sealed_rows(salt: str, table: sa.Table, rows: Iterable[Cells]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Key and seal (``sealed``, ``row_label``, ``row_bytes``) of many rows of one table, whose cells hold no bytes."""
    names, beginning, secret = key_names(table), f"row {table.name} ".encode(), bytes.fromhex(salt)
    for row in rows:
        key = tuple([row[name] for name in names])
        own = hmac.digest(secret, beginning + stored_bytes(key), "sha256")
        data = stored_bytes({name: cell for name, cell in row.items() if cell is not None})
        yield key, hmac.digest(own, data, "sha256").hex()


def row_seal_key(rows: str, label: str) -> str:
    """The key that seals one row, from the rows' salt of its entry: shown, it opens that row and no other."""
    return _derived(rows, label).hex()


def is_row_of(key: str, data: bytes, digest: str) -> bool:
    """Whether a row has the digest that was sealed with this key (``row_seal_key``)."""
    return hmac.digest(bytes.fromhex(key), data, "sha256").hex() == digest


def readable_rows_salt(salt: object) -> str | None:
    """The rows' salt that comes from an entry's; ``None`` when that is erased, or is not as it was written.

    Other spellings of the same bytes (capitals, spaces) are alterations too.
    """
    if not isinstance(salt, str) or _SALT.fullmatch(salt) is None:
        return None
    return rows_salt(salt)


def row_label(table: str, key: Sequence[Any]) -> str:
    """What a row's digest is sealed under."""
    return f"row {table} {stored_text(list(key))}"


def request_key(known_by: str, actor: str, request_id: str) -> str:
    """The unique key of an actor's request id. It stands beside the entry; the body holds it sealed.

    A token and a key may have the name of somebody who works at the machine; each has request ids of its own.
    """
    kind = f"{known_by} " if known_by in ("token", "key") else ""
    return sha256_hex(f"{kind}request {len(actor)} {actor} {request_id}".encode())


def packed(value: Any, texts: dict[str, str]) -> Any:
    """A payload with its long texts by reference (``{"$text": sha256}``); they are added to ``texts``."""
    if value is None or value == []:  # most of what a request and its answer hold
        return value
    if isinstance(value, str):
        cell = stowed(value, texts)
        return value if cell is value else {"$text": cell[7:]}
    if isinstance(value, dict):
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


_TEXT = re.compile(r'\{"\$text":"([^"\\]*)"\}')


def payload_references(payload: str) -> set[str]:
    """SHA-256 of every text that a stored payload refers to."""
    if '"$plain"' not in payload:  # then every "$text" is ours, and alone in its object: nothing to take apart
        return set(_TEXT.findall(payload))
    found: set[str] = set()

    def note(digest: str) -> str:
        found.add(digest)
        return ""

    unpacked(parsed(payload), note)
    return found


class _Changes(msgspec.Struct, frozen=True):
    """What an entry's body says of rows."""

    position: int
    changes: list[tuple[str, list[Any], str | None]]


_changes = msgspec.json.Decoder(_Changes)


def _last_changes(
    connection: sa.Connection, stream: str, table: str, keys: set[tuple[Any, ...]]
) -> Iterator[tuple[int, str | None, tuple[Any, ...], str | None]]:
    """Position, rows' salt and digest of the newest change of each of these rows, as far as the stream has one."""
    missing = {f'["{table}",{stored_text(list(key))},': key for key in keys}
    newest_first = walk(connection, _newest_first(), {"stream": stream})
    for body, salt in newest_first:
        if not any(words in str(body) for words in missing):  # much faster than reading every body
            continue
        with contextlib.suppress(msgspec.DecodeError, UnicodeEncodeError):  # altered: then the row has no seal
            said = _changes.decode(body)
            for name, key, digest in said.changes:
                found = missing.pop(f'["{name}",{stored_text(key)},', None)
                if found is not None:
                    yield said.position, readable_rows_salt(salt), found, digest
        if not missing:
            newest_first.close()
            return
    for never in missing.values():
        yield 0, None, never, None


@cache
def _newest_first() -> sa.Select[Any]:
    """Bodies and salts of a stream's entries."""
    j, s, p = tables.journal, tables.journal_streams, tables.journal_payloads
    return (
        sa.select(j.c.body, p.c.salt)
        .join(s, s.c.position == j.c.position)
        .outerjoin(p, p.c.position == j.c.position)
        .where(s.c.stream == sa.bindparam("stream"))
        .order_by(s.c.sequence.desc())
    )


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
        self._loose: set[str] = set()
        self._kept: set[str] = set()
        self._users: dict[str, sa.Table] = {}
        self._finished = False

    def join(self, stream: str) -> None:
        """Add a stream that this entry opens, such as that of a dialogue whose id was just drawn."""
        self._must_be_open()
        self._streams.update(_locked(self.connection, [stream]))

    def draw(self, purpose: str, size: int) -> bytes:
        """Random bytes that the entry keeps as decided, so that a replay draws the same."""
        drawn = self._chance(purpose, size)
        self.decide(purpose, drawn.hex())
        return drawn

    def decide(self, name: str, value: Any) -> None:
        """Keep something that was decided once, such as an allocated id; each name once."""
        if name in self._decided or name in ("erased", "salt"):
            raise ValueError(f"'{name}' is decided already, or is the journal's own")
        self._decided[name] = value

    def insert(self, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows of typed values."""
        self._must_be_open()
        texts: dict[str, str] = {}
        cells = [encoded_row(table, row, texts) for row in rows]
        self._keep(texts)
        if cells:
            dialect_in(self.connection).insert(self.connection, table, cells)
            self._note(table, cells)

    def update(self, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Replace rows, each given whole, found by primary key.

        Raises:
            HansardError: ``row_altered`` when a row is not as it was recorded: to seal it anew would hide that.
        """
        self._must_be_open()
        texts: dict[str, str] = {}
        cells = [encoded_row(table, row, texts) for row in rows]
        standing = self._standing(table, [row_key(table, row) for row in cells])
        self._must_be_unaltered(table, standing)
        self._keep(texts)
        self._loosen(table, standing.values(), kept=references(table, cells))
        if absent := [key for key, row in standing.items() if row is None]:
            raise LookupError(f"{table.name} has no row {absent[0]}")
        if cells:
            given = [{f"new_{name}": value for name, value in row.items()} for row in cells]
            if sum(change(self.connection, _replacing(table), row) for row in given) != len(standing):
                raise LookupError(f"{table.name} has other rows than {sorted(standing)}")
            self._note(table, cells)

    def delete(self, table: sa.Table, key: tuple[Any, ...]) -> None:
        """Remove one row by its primary key."""
        self._must_be_open()
        self._loosen(table, self._standing(table, [key]).values(), kept=set())
        if self.connection.execute(table.delete().where(_is(table, key))).rowcount != 1:
            raise LookupError(f"{table.name} has no row {key}")
        self._change(table, key, None)

    def erase(self, positions: Iterable[int], all_tables: Mapping[str, sa.Table]) -> None:
        """Remove payloads, actors and salts of earlier entries; their rows that still stand are sealed anew.

        Texts that nothing refers to any more go with them. The entry joins every stream of the entries it erases, so
        that each of these chains tells of it. The files keep old pages: call ``Database.scrub`` after the commit.

        Args:
            positions: the entries.
            all_tables: every table the journal vouches for (``tables.record_tables``).
        """
        self._must_be_open()
        j, p = tables.journal, tables.journal_payloads
        erased = sorted(set(positions))
        for position in erased:
            found = self.connection.execute(sa.select(j.c.body).where(j.c.position == position)).scalar_one_or_none()
            if found is None:
                raise LookupError(f"the journal has no entry {position}")
            body = parsed(found)
            for stream, _, _ in body["streams"]:
                if stream not in self._streams:
                    self.join(stream)
            payload = self.connection.execute(sa.select(p).where(p.c.position == position)).one_or_none()
            if payload is None:
                continue
            salt = readable_rows_salt(payload.salt) or START
            for name, key, digest in body["changes"]:
                table = all_tables[name]
                row = self.connection.execute(sa.select(table).where(_is(table, key))).mappings().one_or_none()
                # only the row's latest digest matters: later entries have sealed the others already
                if row is not None and sealed(salt, row_label(name, key), row_bytes(dict(row))) == digest:
                    self._note(table, [dict(row)])
            try:
                self._loose |= payload_references(payload.request) | payload_references(payload.result)
            except (msgspec.DecodeError, TypeError):
                raise errors.row_altered("journal_payloads", (position,), position) from None
            self.connection.execute(p.delete().where(p.c.position == position))
        self._users.update(all_tables)
        self._decided["erased"] = erased

    def finish(self, answer: A) -> A:
        """Write the entry; the answer is kept for a repeated request."""
        self._must_be_open()
        if not self._streams:
            raise RuntimeError(f"{self._operation} is in no stream: no chain would tell of it")
        texts: dict[str, str] = {}
        plain = self._request.plain()
        request_id = plain.pop("request_id", None)
        request = stored_bytes(packed(plain, texts))
        result = stored_bytes(packed(answer.model_dump(mode="json", by_alias=True), texts))
        self._keep(texts)
        self._drop_unused(self._loose - texts.keys())
        streams = sorted(self._streams.items())
        actor = self._call.actor
        key = request_key(actor.known_by, actor.name, request_id) if request_id is not None else None
        drawn = fetch(self.connection, _next_position(), {})
        if not drawn:
            raise errors.row_altered("counters", ("journal",), 0)
        position = drawn[0][0]
        body = stored_text(
            {
                "version": VERSION,
                "position": position,
                "time": self.time,
                "operation": self._operation,
                "rules": RULES_VERSION,
                "actor": {
                    "known_by": actor.known_by,
                    "name": sealed(self._salt, "actor", actor.name.encode()),
                },
                "request_key": None if key is None else sealed(self._salt, "request_key", key.encode()),
                "decided": self._decided,
                "request": sealed(self._salt, "request", request),
                "result": sealed(self._salt, "result", result),
                "changes": [[table, list(key), digest] for (table, key), digest in sorted(self._changes.items())],
                "streams": [[stream, sequence + 1, head] for stream, (sequence, head) in streams],
            }
        )
        digest = sha256_hex(body.encode())
        payload = {
            "position": position,
            "salt": self._salt,
            "actor": actor.name,
            "request_id": request_id,
            "request": request.decode(),
            "result": result.decode(),
        }
        links = [{"stream": name, "sequence": number + 1, "position": position} for name, (number, _) in streams]
        dialect = dialect_in(self.connection)
        try:
            own = {"position": position, "hash": digest, "request_key": key, "body": body}
            dialect.insert(self.connection, tables.journal, [own])
            dialect.insert(self.connection, tables.journal_payloads, [payload])
            dialect.insert(self.connection, tables.journal_streams, links)
            placed = dialect.places_streams
            for name, (number, _) in streams:
                if number or placed:
                    change(self.connection, _moved(), {"of": name, "new_sequence": number + 1, "new_head": digest})
                else:
                    dialect.insert(self.connection, tables.streams, [{"stream": name, "sequence": 1, "head": digest}])
        except Exception as fault:
            taken = dialect.taken(fault)
            if taken is None:
                raise
            if "request_key" in taken:  # sent at the same time, in other streams
                raise errors.request_id_reused(str(request_id)) from None
            # the place is taken: a counter or a head was set back
            raise errors.row_altered("journal", (position,), position) from None
        self._finished = True
        return answer

    def _note(self, table: sa.Table, rows: Iterable[Mapping[str, Any]]) -> None:
        for key, digest in sealed_rows(self._rows_salt, table, rows):
            self._change(table, key, digest)

    def _change(self, table: sa.Table, key: tuple[Any, ...], digest: str | None) -> None:
        stream = tables.stream_of(table, key)
        if stream is not None and stream not in self._streams:
            raise RuntimeError(f"{self._operation} changes a row of '{stream}', which is none of its streams")
        self._changes[str(table.name), key] = digest  # SQLAlchemy's names are a subclass of str, which msgspec refuses

    def _must_be_open(self) -> None:
        if self._finished or self.answer is not None:
            raise RuntimeError(f"{self._operation} writes after its entry")

    def _standing(self, table: sa.Table, keys: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], Cells | None]:
        """These rows as they stand; ``None`` for one that does not."""
        found: dict[tuple[Any, ...], Cells | None] = dict.fromkeys(keys)
        *first, last = key_names(table)
        for beginning, some in groupby(sorted(found), key=lambda key: key[:-1]):
            given = {**dict(zip(first, beginning, strict=True)), last: [key[-1] for key in some]}
            cells = fetch_rows(self.connection, _alike(table), given)
            found |= {row_key(table, row): row for row in cells}
        return found

    def _must_be_unaltered(self, table: sa.Table, standing: Mapping[tuple[Any, ...], Cells | None]) -> None:
        """Compare rows with what the newest entry of their stream that names them says of them."""
        own = {key for key in standing if (table.name, key) not in self._changes}
        for stream, keys in groupby(sorted(own, key=repr), key=partial(tables.stream_of, table)):
            if stream is None:
                continue
            for position, salt, key, digest in _last_changes(self.connection, stream, table.name, set(keys)):
                row = standing[key]
                if row is None or salt is None or sealed(salt, row_label(table.name, key), row_bytes(row)) != digest:
                    raise errors.row_altered(table.name, key, position)

    def _keep(self, texts: Mapping[str, str]) -> None:
        """Put texts into ``texts``, each once."""
        fresh = {digest: body for digest, body in texts.items() if digest not in self._kept}
        if fresh:
            dialect_in(self.connection).keep_texts(self.connection, fresh)
            self._kept.update(fresh)

    def _loosen(self, table: sa.Table, rows: Iterable[Cells | None], kept: set[str]) -> None:
        """Remember the texts that rows are about to give up: this entry may leave them without a user."""
        given_up = references(table, [row for row in rows if row is not None]) - kept
        if given_up:
            self._users.update(tables.record_tables(table.metadata))
            self._loose |= given_up

    def _drop_unused(self, digests: Iterable[str]) -> None:
        """Remove those of these texts that no row and no payload refers to."""
        for digest in sorted(digests):
            dialect_in(self.connection).lock_text(self.connection, digest)
            if not self._used_by_rows(digest) and not self._used_by_payloads(digest):
                self.connection.execute(tables.texts.delete().where(tables.texts.c.sha256 == digest))

    def _used_by_rows(self, digest: str) -> bool:
        for table in self._users.values():
            names = long_columns(table)
            refers = sa.or_(sa.false(), *(table.c[name] == f"sha256:{digest}" for name in names))
            if names and self.connection.execute(sa.select(sa.true()).where(refers).limit(1)).first():
                return True
        return False

    def _used_by_payloads(self, digest: str) -> bool:
        p = tables.journal_payloads
        for column in (p.c.request, p.c.result):
            mentions = self.connection.execute(sa.select(column).where(column.contains(digest))).scalars()
            if any(digest in payload_references(text) for text in mentions):
                return True
        return False


class Journal:
    """Writes entries into a store."""

    def __init__(self, database: Database, *, clock: Clock = system_clock, chance: Chance = system_chance) -> None:
        self.database = database
        self._clock = clock
        self._chance = chance
        self._schema: Hashable = None

    def now(self) -> str:
        """The time, as an entry made now would carry it."""
        return timestamp(self._clock())

    @contextlib.contextmanager
    def reading(self, call: Call) -> Iterator[sa.Connection]:
        """The transaction that the call is part of; of its own one moment of the store, to read from."""
        if call.transaction is not None:
            yield call.transaction
        else:
            with self.database.reading() as connection:
                yield connection

    @contextlib.contextmanager
    def entry(self, operation: str, request: Shape, call: Call, streams: Sequence[str]) -> Iterator[Entry]:
        """Begin an entry: open or join the transaction, lock its streams, look for a repeated request.

        The caller either returns ``entry.answer`` where it is there, or writes and calls ``entry.finish``. An error
        leaves no trace.

        Raises:
            HansardError: ``request_id_reused``, ``request_erased``, ``schema_altered``, or a refusal of the store.
        """
        with contextlib.ExitStack() as stack:
            connection = call.transaction
            if connection is None:
                connection = stack.enter_context(self.database.writing(alone=False))
            else:  # who opened it may go on after an error, and then nothing of this entry may stay
                stack.enter_context(connection.begin_nested())
            mark = self.database.dialect.schema_mark(connection)
            if mark != self._schema:
                must_be_writable(connection)
                self._schema = mark
            locked = _locked(connection, streams)
            entry = Entry(connection, operation, request, call, locked, timestamp(self._clock()), self._chance)
            if isinstance(request, WriteRequest) and request.request_id is not None:
                entry.answer = self._first_answer(connection, operation, request, call)
            yield entry
            if entry.answer is not None:
                _leave(connection, streams)
            elif not entry._finished:
                raise RuntimeError(f"{operation} wrote no journal entry")

    def _first_answer(self, connection: sa.Connection, operation: str, request: WriteRequest, call: Call) -> Any:
        assert request.request_id is not None
        found = connection.execute(
            sa.select(tables.journal.c.position, tables.journal.c.body).where(
                tables.journal.c.request_key == request_key(call.actor.known_by, call.actor.name, request.request_id)
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
        body = parsed(found.body)
        if not all(
            _is_sealed(payload.salt, part, getattr(payload, part), body[part]) for part in ("request", "result")
        ):
            raise errors.row_altered("journal_payloads", (found.position,), found.position)
        first = body["operation"]
        if first != operation or stored_text(packed(plain, {})) != payload.request:
            raise errors.request_id_reused(request.request_id, first)
        return unpacked(parsed(payload.result), lambda digest: text(connection, digest))


def _is_sealed(salt: object, label: str, cell: object, seal: str) -> bool:
    """Whether a cell beside an entry is what the entry sealed; whatever it is, this does not fail."""
    if readable_rows_salt(salt) is None or not isinstance(cell, str):
        return False
    return sealed(str(salt), label, cell.encode("utf-8", "surrogatepass")) == seal


def _is(table: sa.Table, key: Sequence[Any]) -> sa.ColumnElement[bool]:
    """The row with this primary key."""
    return sa.and_(*(table.c[name] == value for name, value in zip(key_names(table), key, strict=True)))


@cache
def _alike(table: sa.Table) -> sa.Select[Any]:
    """Rows whose keys differ in the last column only."""
    *first, last = key_names(table)
    like = [table.c[name] == sa.bindparam(name) for name in first]
    return sa.select(table).where(*like, table.c[last].in_(sa.bindparam(last, expanding=True)))


@cache
def _next_position() -> sa.UpdateBase:
    """Draws an entry's position."""
    c = tables.counters
    return c.update().where(c.c.name == "journal").values(value=c.c.value + 1).returning(c.c.value)


@cache
def _moved() -> sa.Update:
    """Sets the head of the stream ``of``."""
    new: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in ("sequence", "head")}
    return tables.streams.update().where(tables.streams.c.stream == sa.bindparam("of")).values(new)


@cache
def _replacing(table: sa.Table) -> sa.Update:
    """Replaces the row that has a key; a cell's parameter is named ``new_`` and its column."""
    key = key_names(table)
    found = [table.c[name] == sa.bindparam(f"new_{name}") for name in key]
    return (
        table.update()
        .where(*found)
        .values({c.name: sa.bindparam(f"new_{c.name}") for c in table.c if c.name not in key})
    )


def _locked(connection: sa.Connection, streams: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Lock these streams in sorted order and give each one's sequence and head.

    Raises:
        HansardError: ``row_altered`` where a head is not the hash of the stream's last entry: to build on it would hide
            that.
    """
    heads = dialect_in(connection).lock_streams(connection, streams)
    for stream, (sequence, head) in heads.items():
        if type(sequence) is not int or fetch(connection, _hash_at(), {"stream": stream, "sequence": sequence}) != [
            (head,)
        ]:
            raise errors.row_altered("streams", (stream,), 0)
    return {stream: heads.get(stream, (0, START)) for stream in sorted(streams)}


@cache
def _hash_at() -> sa.Select[Any]:
    """The hash of a stream's entry of a number."""
    j, s = tables.journal, tables.journal_streams
    return (
        sa.select(j.c.hash)
        .join(s, s.c.position == j.c.position)
        .where(s.c.stream == sa.bindparam("stream"), s.c.sequence == sa.bindparam("sequence"))
    )


def _leave(connection: sa.Connection, streams: Sequence[str]) -> None:
    """Take back the places of streams that were locked and got no entry."""
    if dialect_in(connection).places_streams:
        s = tables.streams
        connection.execute(s.delete().where(s.c.stream.in_(sorted(streams)), s.c.sequence == 0))


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
    found = connection.execute(sa.select(tables.streams).where(tables.streams.c.stream == stream)).first()
    return (found.sequence, found.head) if found else (0, START)
