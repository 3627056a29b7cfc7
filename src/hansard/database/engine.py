"""The database: connections, transactions, schema version. SQLite in WAL mode, durable at every commit."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event, exc

from hansard.database import errors
from hansard.kernel.errors import HansardError
from hansard.kernel.locks import file_lock

REVISIONS: Final = ("0001", "0002")
"""Every schema revision there has been, oldest first."""

HEAD: Final = REVISIONS[-1]
"""The schema revision that this program reads and writes."""

_BESIDE: Final = frozenset({"journal_payloads", "journal_streams", "counters"})

BUSY_TIMEOUT_SECONDS: Final = 30.0


class Database:
    """One store, which many processes may have open at once.

    Every transaction takes a pooled connection. A writing one begins with BEGIN IMMEDIATE: a deferred one would fail
    as soon as two writers meet.
    """

    def __init__(self, path: Path, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        """A store in the SQLite file ``path``; ``open`` makes and upgrades it, this only names it."""
        self.path = path
        self._busy_timeout_ms = int(busy_timeout_seconds * 1000)
        self.engine = sa.create_engine(
            _address(path),
            pool_size=8,
            max_overflow=8,
        )
        event.listen(self.engine, "connect", self._on_connect)
        event.listen(self.engine, "begin", _on_begin)
        event.listen(self.engine, "handle_error", _on_error)

    @classmethod
    def open(cls, path: Path, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> Database:
        """Open a store; make it, or bring it to this program's schema, where needed.

        Raises:
            HansardError: ``schema_newer``, ``foreign_database``, ``database_corrupt``, ``database_read_only`` …
        """
        database = cls(path, busy_timeout_seconds=busy_timeout_seconds)
        try:
            if database.revision() != HEAD:
                database.migrate()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Give all connections back to the operating system."""
        self.engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one moment of the store; an attempt to write in it fails."""
        with self._transaction(immediate=False) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock from its first moment; commits at the end or leaves no trace."""
        with self._transaction(immediate=True) as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self, *, immediate: bool) -> Iterator[sa.Connection]:
        with told(), self.engine.connect() as plain:
            connection = plain.execution_options(hansard_immediate=immediate)
            with connection.begin():
                yield connection

    def revision(self) -> str | None:
        """The schema revision found in the file; ``None`` for a store that is not made yet.

        Raises:
            HansardError: ``foreign_database`` for another program's file; ``schema_newer`` for a revision of later
                days; ``database_corrupt`` for one that there never was.
        """
        try:
            if self.path.stat().st_size == 0:
                return None
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise errors.database_unavailable(fault.strerror or "unknown reason") from None
        with self.reading() as connection:
            tables = sa.inspect(connection).get_table_names()
            if not tables:
                return None
            triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
            if names := sorted(map(str, triggers)):
                raise errors.foreign_trigger(names)
            own = _BESIDE.intersection(tables)  # another program may have migrations and a journal too
            if "alembic_version" not in tables or "journal" not in tables or not own:
                raise errors.foreign_database(tables)
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if found in REVISIONS:
            return str(found)
        if isinstance(found, str) and found > HEAD:
            raise errors.schema_newer(found, HEAD)
        raise errors.database_corrupt(f"it says that its schema is '{found}', which there never was")

    def migrate(self) -> None:
        """Bring the store to this program's schema; one process does it, others wait."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise errors.database_unavailable(fault.strerror or "unknown reason") from None
        with file_lock(self.path.with_name(self.path.name + ".migrate.lock")):
            if self.revision() == HEAD:  # another process was first
                return
            from hansard.database.migrations import upgrade  # Alembic takes 0.1 s to import; most starts need none

            with told():
                with contextlib.closing(self.engine.raw_connection()) as plain:  # no transaction may be open
                    plain.cursor().execute("PRAGMA query_only=OFF")
                    plain.cursor().execute("PRAGMA journal_mode=WAL")
                upgrade(self.engine)

    def scrub(self) -> bool:
        """Leave no trace of deleted words in the files: call it once an erasing entry is committed.

        The file is written anew and the write-ahead log emptied, since both keep old pages.

        Returns:
            Whether all is gone; ``False`` when another connection still reads the moment before (call it again).

        Raises:
            HansardError: a refusal of the store, such as ``disk_full``; what was committed stays committed.
        """
        with told(), contextlib.closing(self.engine.raw_connection()) as plain:  # no transaction may be open
            cursor = plain.cursor()
            cursor.execute("PRAGMA query_only=OFF")
            cursor.execute("VACUUM")
            (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    def _on_connect(self, connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves (see _on_begin)
        cursor = connection.cursor()
        try:
            cursor.execute(f"PRAGMA busy_timeout={self._busy_timeout_ms}")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten (see ``scrub``)
        finally:
            cursor.close()


def _address(path: Path) -> sa.URL:
    """How SQLite opens a store, given in parts: a path may hold '?' and '%'.

    In a folder that cannot be written to, SQLite cannot make the files that WAL mode needs; where no log is left over,
    the file alone is the store, and is read as one that does not change.
    """
    log = path.with_name(path.name + "-wal")
    try:
        whole = path.stat().st_size > 0 and not (log.exists() and log.stat().st_size)
        if whole and not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            return sa.URL.create("sqlite", database=path.absolute().as_uri(), query={"immutable": "1", "uri": "true"})
    except OSError:  # told when the store is opened
        pass
    return sa.URL.create("sqlite", database=str(path))


def _on_begin(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get("hansard_immediate", False)
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if immediate else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _on_error(context: sa.engine.ExceptionContext) -> None:
    """Tell a text that is no UTF-8 by its place: Python's own error has no code, and repeats the cell."""
    cell = re.match(r"Could not decode to UTF-8 column '(\w+)'", str(context.original_exception))
    if cell is not None:
        made = context.execution_context
        table = re.search(r"\bFROM (\w+)", str(made.statement) if made is not None else "")
        raise errors.cell_unreadable(table[1] if table else "the store", cell[1])


@contextlib.contextmanager
def lenient(connection: sa.Connection) -> Iterator[None]:
    """Read cells that are not UTF-8 as texts with lone surrogates, instead of failing at the first of them."""
    driver: Any = connection.connection.dbapi_connection
    before = driver.text_factory
    driver.text_factory = functools.partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = before


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn a driver's error into one that says what to do; a transaction inside has been rolled back."""
    try:
        yield
    except exc.DBAPIError as fault:
        if isinstance(fault.orig, sqlite3.Error) and (refusal := explained(fault.orig)):
            raise refusal from fault
        raise
    except sqlite3.Error as fault:
        if refusal := explained(fault):
            raise refusal from fault
        raise
    except exc.TimeoutError:
        raise errors.database_busy() from None


def explained(fault: sqlite3.Error) -> HansardError | None:
    """The refusal that a driver's error stands for; none where the defect is ours (a constraint, a wrong statement)."""
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
