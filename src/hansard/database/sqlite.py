"""SQLite: one file in WAL mode, durable at every commit."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sqlite3
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event

from hansard.database import errors, tables
from hansard.database.columns import key_names
from hansard.database.fitness import Fitness
from hansard.database.statements import fetch
from hansard.database.words import LABEL_WEIGHT, MOST_WORDS, SNIPPET_WORDS, Found, Item, matching, phrases
from hansard.kernel.errors import HansardError
from hansard.kernel.locks import file_lock

_search = sa.table("search", sa.column("dialogue_id"), sa.column("item"), sa.column("label"), sa.column("body"))
_heads = (
    sa.select(tables.streams.c.stream, tables.streams.c.sequence, tables.streams.c.head)
    .where(tables.streams.c.stream.in_(sa.bindparam("streams", expanding=True)))
    .order_by(tables.streams.c.stream)
)
_present = sa.select(tables.texts.c.sha256).where(tables.texts.c.sha256.in_(sa.bindparam("digests", expanding=True)))

_TRIGGER: Final = re.compile(r"\s*create\s+(?:temp\s+|temporary\s+)?trigger\b", re.IGNORECASE)


class SQLite:
    """What is SQLite's own.

    Every transaction takes a pooled connection. A writing one begins with BEGIN IMMEDIATE: a deferred one would fail
    as soon as two writers meet.
    """

    name = "SQLite"
    sql_name = "sqlite"
    places_streams = False

    def engine(self, place: Path, busy_timeout_seconds: float) -> sa.Engine:
        """Connections to a file."""
        engine = sa.create_engine(_address(place), pool_size=8, max_overflow=8)
        event.listen(engine, "connect", functools.partial(_on_connect, int(busy_timeout_seconds * 1000)))
        event.listen(engine, "begin", _on_begin)
        event.listen(engine, "handle_error", self._on_error)
        return engine

    def _on_error(self, context: sa.engine.ExceptionContext) -> None:
        made = context.execution_context
        fault = self.unreadable(context.original_exception, str(made.statement) if made is not None else "")
        if fault is not None:
            raise fault

    def is_there(self, place: Path) -> bool:
        """Whether there is a file with something in it."""
        try:
            return place.stat().st_size > 0
        except FileNotFoundError:
            return False
        except OSError as fault:
            raise errors.database_unavailable(fault.strerror or "unknown reason") from None

    def options(self, *, writing: bool, alone: bool) -> dict[str, Any]:  # noqa: ARG002  # whoever writes is alone
        """Read from the query_only connection, or write behind the one write lock."""
        return {"hansard_immediate": writing}

    @contextlib.contextmanager
    def migrating(self, place: Path, engine: sa.Engine) -> Iterator[None]:
        """Behind a lock beside the file, which is put into WAL mode."""
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise errors.database_unavailable(fault.strerror or "unknown reason") from None
        with file_lock(place.with_name(place.name + ".migrate.lock")):
            with contextlib.closing(engine.raw_connection()) as plain:  # no transaction may be open
                plain.cursor().execute("PRAGMA query_only=OFF")
                plain.cursor().execute("PRAGMA journal_mode=WAL")
            yield

    def explained(self, fault: BaseException) -> HansardError | None:
        """By SQLite's own number."""
        if not isinstance(fault, sqlite3.Error):
            return None
        if isinstance(fault, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            return None
        said = str(fault)
        match getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return errors.database_busy()
            case sqlite3.SQLITE_FULL:
                return errors.disk_full()
            case sqlite3.SQLITE_IOERR:
                return errors.disk_failing(said)
            case sqlite3.SQLITE_READONLY:
                return errors.database_read_only()
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return errors.database_corrupt(said)
        return errors.database_unavailable(said)

    def taken(self, fault: BaseException) -> str | None:
        """SQLite names the column."""
        return str(fault) if isinstance(fault, sqlite3.IntegrityError) else None

    def unreadable(self, fault: BaseException, sql: str) -> HansardError | None:
        """Told by its place: Python's own error has no code, and repeats the cell."""
        cell = re.match(r"Could not decode to UTF-8 column '(\w+)'", str(fault))
        if cell is None:
            return None
        table = re.search(rf"\b(\w+)\.{cell[1]}\b", sql) or re.search(r"\bFROM (\w+)", sql)
        return errors.cell_unreadable(table[1] if table else "the store", cell[1])

    def tables(self, connection: sa.Connection) -> list[str]:
        """As the file lists them."""
        return sa.inspect(connection).get_table_names()

    def was_emptied(self, connection: sa.Connection) -> bool:
        """SQLite has counted no change of the schema in a file where nothing was ever made."""
        return self.schema_mark(connection) != 0

    def triggers(self, connection: sa.Connection) -> list[str]:
        """By what they do: SQLite reads the statement, whatever kind stands beside it."""
        parts = self.schema_parts(connection)
        return sorted(str(name) for kind, name, sql in parts if kind.lower() == "trigger" or _TRIGGER.match(sql))

    def unchanging(self, place: Path, engine: sa.Engine) -> Hashable:
        """The file's times and sizes, where SQLite was told that nobody writes (``_address``)."""
        if engine.url.query.get("immutable") is None:
            return None
        file = place.resolve()
        log = _log_of(file)
        seen = [one.stat() for one in (file, log) if one.exists()]
        return tuple((one.st_mtime_ns, one.st_size) for one in seen)

    def schema_mark(self, connection: sa.Connection) -> Hashable:
        """SQLite counts every change of the schema."""
        return int(_driver(connection).execute("PRAGMA schema_version").fetchone()[0])

    def schema_parts(self, connection: sa.Connection) -> list[tuple[str, str, str]]:
        """The statements that made them. Indexes that SQLite makes for a key are told by their table."""
        query = (
            "SELECT type, name, sql FROM sqlite_master "
            "WHERE NOT (name GLOB 'sqlite_autoindex_*' AND type = 'index' AND sql IS NULL) ORDER BY rowid"
        )
        with self.lenient(connection):
            rows = connection.exec_driver_sql(query).all()
        return [(str(kind), name, str(sql)) for kind, name, sql in rows]

    @contextlib.contextmanager
    def lenient(self, connection: sa.Connection) -> Iterator[None]:
        """A file can hold any bytes in a text."""
        driver = _driver(connection)
        before = driver.text_factory
        driver.text_factory = functools.partial(str, encoding="utf-8", errors="surrogateescape")
        try:
            yield
        finally:
            driver.text_factory = before

    def insert(self, connection: sa.Connection, table: sa.Table, cells: Sequence[Mapping[str, Any]]) -> None:
        """Row by row, in one call of the driver."""
        _insert(connection, table, cells)

    def lock_streams(self, connection: sa.Connection, streams: Sequence[str]) -> dict[str, tuple[int, str]]:
        """The write lock is held already."""
        found = fetch(connection, _heads, {"streams": sorted(streams)})
        return {stream: (sequence, head) for stream, sequence, head in found}

    def keep_texts(self, connection: sa.Connection, texts: dict[str, str]) -> None:
        """Those that are not there are added."""
        wanted = list(texts)
        present: set[str] = set()
        for start in range(0, len(wanted), 500):  # a statement takes so many parameters at most
            some = {"digests": wanted[start : start + 500]}
            present.update(digest for (digest,) in fetch(connection, _present, some))
        fresh = [{"sha256": digest, "body": body} for digest, body in texts.items() if digest not in present]
        if fresh:
            _insert(connection, tables.texts, fresh)

    def lock_text(self, connection: sa.Connection, digest: str) -> None:
        """The write lock is held already."""

    def scrub(self, engine: sa.Engine) -> bool:
        """The file is written anew and the write-ahead log emptied, since both keep old pages."""
        with contextlib.closing(engine.raw_connection()) as plain:  # no transaction may be open
            cursor = plain.cursor()
            cursor.execute("PRAGMA query_only=OFF")
            cursor.execute("VACUUM")
            (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    def copy(self, place: Path, engine: sa.Engine, target: Path) -> None:  # noqa: ARG002
        """By SQLite's own backup, in one step: writers are not held up, and none makes it begin anew."""
        with contextlib.closing(engine.raw_connection()) as plain, contextlib.closing(sqlite3.connect(target)) as file:
            own: Any = plain.driver_connection
            own.backup(file)

    def size(self, connection: sa.Connection) -> int:
        """Pages of the file, the write-ahead log not counted."""
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())

    def copy_hint(self, place: Path) -> str:
        """Ours, which may be made while others write."""
        return f"hansard backup {place.stem}-before"

    def fitness(self, connection: sa.Connection) -> list[Fitness]:
        """WAL mode; what else bears on a file is looked at from outside."""
        url = connection.engine.url
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        if mode == "wal" or "immutable" in url.query:  # a file that does not change needs none
            return [Fitness("write-ahead log", "on")]
        remedy = f"While nothing else runs: sqlite3 {Path(url.database or '').name} 'PRAGMA journal_mode=WAL'"
        return [Fitness("write-ahead log", "off", remedy)]

    def damage(self, connection: sa.Connection) -> list[str]:
        """By looking at every page."""
        found = [str(line) for line in connection.exec_driver_sql("PRAGMA integrity_check").scalars()]
        return [line for line in found if line != "ok"]

    def broken_references(self, connection: sa.Connection, table: sa.Table) -> list[tuple[tuple[Any, ...], str]]:
        """By SQLite's own check."""
        keys = [table.c[name] for name in key_names(table)]
        found = []
        for _, number, parent, _ in connection.exec_driver_sql(f'PRAGMA foreign_key_check("{table.name}")').all():
            query = sa.select(*keys).where(sa.text("rowid = :number").bindparams(number=number))
            rows = [tuple(row) for row in connection.execute(query)] or [(number,)]
            found.append((rows[0], str(parent)))
        return found

    def index(self, connection: sa.Connection, items: Iterable[Item]) -> None:
        """FTS5 reads the words itself."""
        rows = [item._asdict() for item in items]
        if rows:
            _insert(connection, _search, rows)

    def unindex(self, connection: sa.Connection, dialogue_id: str, items: Collection[str] | None) -> None:
        """FTS5 looks at every row: nothing but words is indexed."""
        gone = _search.delete().where(_search.c.dialogue_id == dialogue_id)
        connection.execute(gone if items is None else gone.where(_search.c.item.in_(sorted(items))))
        connection.exec_driver_sql("INSERT INTO search(search) VALUES('optimize')")  # deleted words stay until then

    def indexed(self, connection: sa.Connection) -> Iterator[Item]:
        """The index keeps the words themselves."""
        for row in connection.execute(sa.select(_search)):
            yield Item(row.dialogue_id, row.item, row.label, row.body)

    def find(
        self,
        connection: sa.Connection,
        query: str,
        *,
        every: bool,
        dialogue_id: str | None,
        without: Collection[str],
        limit: int,
        last: bool,
    ) -> list[Found]:
        """By FTS5 and its BM25."""
        if every:
            words = " ".join('"' + word.replace('"', '""') + '"' for word in dict.fromkeys(query.split()))
        else:
            words = matching(phrases(query)[:MOST_WORDS], every=False)
        if not words:
            return []
        rank: sa.ColumnClause[float] = sa.literal_column(f"bm25(search, 0, 0, {LABEL_WEIGHT}, 1.0)")
        shown: sa.ColumnClause[str] = sa.literal_column(f"snippet(search, -1, '«', '»', '…', {SNIPPET_WORDS})")
        responses = [_search.c.item.op("GLOB")("round-*/*")] if last else []
        statement = (
            sa.select(_search.c.dialogue_id, _search.c.item, _search.c.label, shown, rank)
            .where(sa.literal_column("search").op("MATCH")(words))
            .order_by(*responses, rank, _search.c.dialogue_id, _search.c.item)
            .limit(limit)
        )
        if dialogue_id is not None:
            statement = statement.where(_search.c.dialogue_id == dialogue_id)
        if without:
            statement = statement.where(_search.c.dialogue_id.not_in(sorted(without)))
        return [Found(*row) for row in connection.execute(statement)]

    def search_damage(self, connection: sa.Connection) -> str | None:
        """By FTS5's own check."""
        try:
            connection.exec_driver_sql("INSERT INTO search(search) VALUES('integrity-check')")
        except sa.exc.DatabaseError as fault:
            refusal = self.explained(fault.orig) if fault.orig is not None else None
            if refusal is not None and refusal.code == "database_read_only":
                raise refusal from fault
            return str(fault.orig)
        return None


def _address(path: Path) -> sa.URL:
    """How SQLite opens a store, given in parts: a path may hold '?' and '%'.

    In a folder that cannot be written to, SQLite cannot make the files that WAL mode needs; where no log is left over,
    the file alone is the store, and is read as one that does not change.
    """
    try:
        file = path.resolve()
        log = _log_of(file)
        whole = file.stat().st_size > 0 and not (log.exists() and log.stat().st_size)
        if whole and not os.access(file.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            return sa.URL.create("sqlite", database=file.as_uri(), query={"immutable": "1", "uri": "true"})
    except OSError:  # told when the store is opened
        pass
    return sa.URL.create("sqlite", database=str(path))


def _log_of(file: Path) -> Path:
    """SQLite keeps its log beside the file itself, not beside a link to it."""
    return file.with_name(file.name + "-wal")


def _on_connect(busy_timeout_ms: int, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves (see _on_begin)
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten (see ``scrub``)
    finally:
        cursor.close()


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    driver: Any = connection.connection.dbapi_connection
    return driver  # type: ignore[no-any-return]


def _insert(connection: sa.Connection, table: sa.TableClause, cells: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows given whole, as cells: by a statement made once, since nothing in a cell is converted."""
    statement, names = _insertion(table)
    _driver(connection).executemany(statement, [[row[name] for name in names] for row in cells])


@functools.cache
def _insertion(table: sa.TableClause) -> tuple[str, tuple[str, ...]]:
    """The statement, and the columns in the order of its parameters."""
    names = tuple(str(column.name) for column in table.columns)
    quoted = ", ".join(f'"{name}"' for name in names)
    return f'INSERT INTO "{table.name}" ({quoted}) VALUES ({", ".join("?" for _ in names)})', names  # noqa: S608  (our own names)


def _on_begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("hansard_immediate", False)
    driver = _driver(connection)
    driver.execute(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
