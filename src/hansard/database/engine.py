"""The database: connections, transactions, schema version. SQLite in WAL mode, durable at every commit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event, exc

from hansard.database import errors
from hansard.kernel.errors import HansardError
from hansard.kernel.locks import file_lock

HEAD: Final = "0001"
"""The schema revision that this program reads and writes."""

BUSY_TIMEOUT_SECONDS: Final = 30.0


class Database:
    """One store. Several processes on one store is the normal case.

    Every transaction takes a pooled connection. A writing one begins with BEGIN IMMEDIATE: a deferred one would fail
    as soon as two writers meet.
    """

    def __init__(self, path: Path, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        """A store in the SQLite file ``path``; ``open`` makes and upgrades it, this only names it."""
        self.path = path
        self._busy_timeout_ms = int(busy_timeout_seconds * 1000)
        self.engine = sa.create_engine(f"sqlite:///{path}", pool_size=8, max_overflow=8)
        event.listen(self.engine, "connect", self._on_connect)
        event.listen(self.engine, "begin", _on_begin)

    @classmethod
    def open(cls, path: Path, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> Database:
        """Open a store; make it, or bring it to this program's schema, where needed.

        Raises:
            HansardError: ``schema_newer``, ``foreign_database``, ``database_corrupt`` and the like.
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
        """A transaction that sees one moment of the store and writes nothing."""
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
            HansardError: ``foreign_database`` for another program's file; ``schema_newer`` for a revision not known.
        """
        if not self.path.exists() or self.path.stat().st_size == 0:
            return None
        with self.reading() as connection:
            tables = sa.inspect(connection).get_table_names()
            if not tables:
                return None
            if "alembic_version" not in tables or "journal" not in tables:
                raise errors.foreign_database(tables)
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if found is not None and found > HEAD:
            raise errors.schema_newer(str(found), HEAD)
        return None if found is None else str(found)

    def migrate(self) -> None:
        """Bring the store to this program's schema; one process does it, others wait."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(self.path.with_name(self.path.name + ".migrate.lock")):
            if self.revision() == HEAD:  # another process was first
                return
            from hansard.database.migrations import upgrade  # Alembic takes 0.1 s to import; most starts need none

            with told():
                with contextlib.closing(self.engine.raw_connection()) as plain:  # no transaction may be open
                    plain.cursor().execute("PRAGMA journal_mode=WAL")
                upgrade(self.engine)

    def _on_connect(self, connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves (see _on_begin)
        cursor = connection.cursor()
        try:
            cursor.execute(f"PRAGMA busy_timeout={self._busy_timeout_ms}")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA foreign_keys=ON")
        finally:
            cursor.close()


def _on_begin(connection: sa.Connection) -> None:
    immediate = connection.get_execution_options().get("hansard_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn a driver's error into one that says what to do; a transaction inside has been rolled back."""
    try:
        yield
    except exc.DBAPIError as fault:
        raise explained(fault) from fault
    except exc.TimeoutError:
        raise errors.database_busy() from None


def explained(fault: exc.DBAPIError) -> HansardError:
    """The refusal that a driver's error stands for."""
    said = str(fault.orig)
    if "locked" in said or "busy" in said:
        return errors.database_busy()
    if "full" in said:
        return errors.disk_full()
    if "readonly" in said:
        return errors.database_read_only()
    if "malformed" in said or "not a database" in said:
        return errors.database_corrupt(said)
    if isinstance(fault, exc.IntegrityError):
        raise fault  # a constraint that the rules should have held: our defect, told as one
    return errors.database_unavailable(said)
