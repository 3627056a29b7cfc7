"""The database: connections, transactions, schema version. What differs between databases is in ``dialect``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy import exc

from hansard.database import dialect as dialects
from hansard.database import errors
from hansard.database.dialect import Dialect, Place, dialect_in, dialect_of
from hansard.kernel.held import hold, release

REVISIONS: Final = ("0001", "0002")
"""Every schema revision there has been, oldest first."""

HEAD: Final = REVISIONS[-1]
"""The schema revision that this program reads and writes."""

_BESIDE: Final = frozenset({"journal_payloads", "journal_streams", "counters"})

BUSY_TIMEOUT_SECONDS: Final = 30.0


class Database:
    """One store, which many processes may have open at once: an SQLite file, or a schema of a PostgreSQL server."""

    def __init__(self, location: Place | str, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        """A store at a path or an address (``dialect.place``); ``open`` makes and upgrades it, this only names it.

        Raises:
            HansardError: ``invalid_database_url``, ``driver_missing``.
        """
        self.place = dialects.place(location) if isinstance(location, str) else location
        self.dialect: Dialect = dialect_of(self.place)
        self.engine = self.dialect.engine(self.place, busy_timeout_seconds)
        self._held = self.path
        if self._held is not None:
            hold(self._held)

    @property
    def path(self) -> Path | None:
        """The store's file, where it is one."""
        return self.place if isinstance(self.place, Path) else None

    @property
    def location(self) -> str:
        """The place as it may be shown: a file by its name alone, an address without its password."""
        return self.place.name if isinstance(self.place, Path) else str(self.place)

    @classmethod
    def open(cls, location: Place | str, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> Database:
        """Open a store; make it, or bring it to this program's schema, where needed.

        Raises:
            HansardError: ``schema_newer``, ``schema_altered``, ``foreign_database``, ``database_corrupt``,
                ``database_read_only``, ``server_unreachable`` …
        """
        database = cls(location, busy_timeout_seconds=busy_timeout_seconds)
        try:
            if database.revision() != HEAD:
                database.migrate()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Give all connections back to the operating system. A second call does nothing."""
        self.engine.dispose()
        held, self._held = self._held, None
        if held is not None:
            release(held)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one moment of the store; an attempt to write in it fails.

        Raises:
            HansardError: ``database_busy`` where a file that was read as one that does not change has changed.
        """
        before = self.dialect.unchanging(self.place, self.engine)
        try:
            with self._transaction(writing=False) as connection:
                yield connection
        finally:
            if before is not None and self.dialect.unchanging(self.place, self.engine) != before:
                raise errors.database_busy()

    @contextlib.contextmanager
    def writing(self, *, alone: bool = True) -> Iterator[sa.Connection]:
        """A transaction that writes; it commits at the end or leaves no trace.

        Args:
            alone: no other writes meanwhile. Only a single journal entry, which takes its locks in a fixed order, may
                work beside others (SQLite's writers are always alone).
        """
        with self._transaction(writing=True, alone=alone) as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self, *, writing: bool, alone: bool = False) -> Iterator[sa.Connection]:
        with self.told(), self.engine.connect() as plain:
            connection = plain.execution_options(**self.dialect.options(writing=writing, alone=alone))
            with connection.begin():
                yield connection

    def is_there(self) -> bool:
        """Whether something may be there to be read: a file that is not empty, or a server to be asked."""
        return self.dialect.is_there(self.place)

    def revision(self) -> str | None:
        """The schema revision found in the store; ``None`` for a store that is not made yet.

        Raises:
            HansardError: ``foreign_database`` for another program's; ``schema_newer`` for a revision of later
                days; ``database_corrupt`` for one that there never was.
        """
        if not self.is_there():
            return None
        with self.reading() as connection:
            tables = self.dialect.tables(connection)
            if not tables:
                if self.dialect.was_emptied(connection):
                    raise errors.database_corrupt("it had tables, and has none any more")
                return None
            if names := self.dialect.triggers(connection):
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
        """Bring the store to this program's schema; one process does it, others wait.

        Raises:
            HansardError: ``schema_altered`` where it has what the revision that it states does not have.
        """
        with self.told(), self.dialect.migrating(self.place, self.engine):
            revision = self.revision()
            if revision == HEAD:  # another process was first
                return
            from hansard.database.migrations import extent, statements, upgrade  # Alembic takes 0.1 s to import

            if revision is not None:
                with self.reading() as connection:
                    there = set(self.dialect.tables(connection))
                made = [name for name in extent(statements(self.dialect.sql_name, revision)).creates if name in there]
                if made:
                    raise errors.schema_altered(
                        [f"it says that it is of revision '{revision}', and the table '{made[0]}' is of a later one"]
                    )
            upgrade(self.engine)

    def scrub(self) -> bool:
        """Leave no trace of deleted words in the files: call it once an erasing entry is committed.

        Returns:
            Whether all is gone; ``False`` when another connection still reads the moment before (call it again).

        Raises:
            HansardError: a refusal of the store, such as ``disk_full``; what was committed stays committed.
        """
        with self.told():
            return self.dialect.scrub(self.engine)

    def copy(self, target: Path) -> None:
        """Write the store, as it stands at one moment, into a new file while others go on writing.

        Raises:
            HansardError: ``copied_by_server``, or a refusal of the store such as ``disk_full``.
        """
        with self.told():
            self.dialect.copy(self.place, self.engine, target)

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Turn a driver's error into one that says what to do; a transaction inside has been rolled back."""
        try:
            yield
        except exc.DBAPIError as fault:
            if fault.orig is not None and (refusal := self.dialect.explained(fault.orig)):
                raise refusal from fault
            raise
        except exc.TimeoutError:
            raise errors.database_busy() from None
        except Exception as fault:
            if refusal := self.dialect.explained(fault):  # from the driver itself
                raise refusal from fault
            raise


def lenient(connection: sa.Connection) -> AbstractContextManager[None]:
    """Read cells that are not UTF-8 as texts with lone surrogates, instead of failing at the first of them."""
    return dialect_in(connection).lenient(connection)
