"""What differs between databases, in one protocol; the rest of the program does not ask which one it works on."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy import exc

from hansard.database import errors
from hansard.database.fitness import Fitness
from hansard.database.words import Found, Item
from hansard.kernel.errors import HansardError

SCHEMA: Final = "hansard"
"""The PostgreSQL schema that holds a store, where the address names no other."""

_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_SECRET: Final = ("password", "sslpassword", "passfile")


@dataclass(frozen=True, slots=True)
class Server:
    """A store on a PostgreSQL server: the address, and the schema that holds it. Several may share one database."""

    url: sa.URL
    schema: str

    @property
    def shown(self) -> str:
        """The address without a password, wherever it stood."""
        hidden = [name for name in _SECRET if name in self.url.query]
        url = self.url.difference_update_query(hidden)
        bare = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
        return bare.render_as_string()

    def __str__(self) -> str:
        """Address and schema."""
        return f"{self.shown} (schema {self.schema})"

    __repr__ = __str__


Place = Path | Server
"""Where a store is: an SQLite file, or a schema on a server."""


class Dialect(Protocol):
    """One kind of database. It holds no state: a place or a connection is always given."""

    name: str
    sql_name: str
    """As SQLAlchemy calls it."""
    places_streams: bool
    """Whether locking a stream that does not exist leaves a row of number 0 for it."""

    def engine(self, place: Any, busy_timeout_seconds: float) -> sa.Engine:
        """Connections to a place; none is opened yet."""

    def is_there(self, place: Any) -> bool:
        """Whether a place may hold something; a server's can only be asked by connecting."""

    def options(self, *, writing: bool, alone: bool) -> dict[str, Any]:
        """Execution options of a connection whose next transaction reads, or writes (alone or beside others)."""

    def migrating(self, place: Any, engine: sa.Engine) -> AbstractContextManager[None]:
        """Held by the one process that makes or upgrades a store; prepares the place."""

    def explained(self, fault: BaseException) -> HansardError | None:
        """The refusal that a driver's error stands for; none where the defect is ours."""

    def taken(self, fault: BaseException) -> str | None:
        """What a driver says where a key is taken already, or another constraint does not hold."""

    def unreadable(self, fault: BaseException, sql: str) -> HansardError | None:
        """The refusal to read on where a driver's error says that a statement met a cell that is no text."""

    def tables(self, connection: sa.Connection) -> list[str]:
        """Names of all tables of the store."""

    def was_emptied(self, connection: sa.Connection) -> bool:
        """Whether a store that has no tables had some."""

    def triggers(self, connection: sa.Connection) -> list[str]:
        """Names of what runs by itself when a row is written; nothing of ours does."""

    def unchanging(self, place: Any, engine: sa.Engine) -> Hashable:
        """What a store that is read as one that does not change looks like from outside; ``None`` for any other."""

    def schema_mark(self, connection: sa.Connection) -> Hashable:
        """Something that changes whenever the schema does."""

    def schema_parts(self, connection: sa.Connection) -> list[tuple[str, str, str]]:
        """Kind, name and making of each part of the schema."""

    def lenient(self, connection: sa.Connection) -> AbstractContextManager[None]:
        """Read cells that are no UTF-8 as texts with lone surrogates, where the database can hold such."""

    def insert(self, connection: sa.Connection, table: sa.Table, cells: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows given whole, as cells; there is at least one."""

    def lock_streams(self, connection: sa.Connection, streams: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Lock streams, sorted; sequence and head of those that have entries."""

    def keep_texts(self, connection: sa.Connection, texts: dict[str, str]) -> None:
        """Put texts into ``texts``, each once; those that stand already cannot go before this transaction ends."""

    def lock_text(self, connection: sa.Connection, digest: str) -> None:
        """Wait for writers who rely on a text; from here on nobody new can."""

    def scrub(self, engine: sa.Engine) -> bool:
        """Leave no trace of deleted rows; whether all is gone."""

    def copy(self, place: Any, engine: sa.Engine, target: Path) -> None:
        """Write the store, as it stands at one moment, into a new file while others go on writing."""

    def size(self, connection: sa.Connection) -> int:
        """Bytes that the store takes."""

    def copy_hint(self, place: Any) -> str:
        """A command that copies the store."""

    def fitness(self, connection: sa.Connection) -> list[Fitness]:
        """What a server tells of itself: version, encoding, durability."""

    def damage(self, connection: sa.Connection) -> list[str]:
        """What the database finds wrong with its own files."""

    def broken_references(self, connection: sa.Connection, table: sa.Table) -> list[tuple[tuple[Any, ...], str]]:
        """Key and missing parent of every row of a table that refers to nothing."""

    def index(self, connection: sa.Connection, items: Iterable[Item]) -> None:
        """Make words findable."""

    def unindex(self, connection: sa.Connection, dialogue_id: str, items: Collection[str] | None) -> None:
        """Make words of a dialogue unfindable; all of them where no items are named."""

    def indexed(self, connection: sa.Connection) -> Iterator[Item]:
        """Everything that can be found, as it stands in the index."""

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
        """Places where the words of a query stand, best first.

        Args:
            connection: the open transaction.
            query: plain text; no operator is read in it.
            every: every word must stand there; otherwise one is enough.
            dialogue_id: look in this dialogue only.
            without: dialogues to leave out.
            limit: so many at most.
            last: whole responses (``round-1/muffin``) come behind everything else.
        """

    def search_damage(self, connection: sa.Connection) -> str | None:
        """What is wrong inside the search index; needs a writing transaction and changes nothing."""


def place(location: str | Path) -> Place:
    """Where a store is, from a path or from an address such as ``postgresql://user@host/database?schema=name``.

    A text is always an address: one without a scheme, taken as a path, would make a stray file and write there.

    Raises:
        HansardError: ``invalid_database_url``.
    """
    if isinstance(location, Path):
        return location
    if "://" not in location:
        raise errors.invalid_database_url("it does not begin with postgresql:// or postgres://")
    try:
        url = sa.make_url(location)
    except (exc.ArgumentError, ValueError):
        raise errors.invalid_database_url("it is not an address of the form postgresql://user@host/database") from None
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise errors.invalid_database_url(f"'{url.drivername}' is no database that Hansard knows")
    named = url.query.get("schema", SCHEMA)
    if not isinstance(named, str) or _SCHEMA_NAME.fullmatch(named) is None or named.startswith("pg_"):
        raise errors.invalid_database_url("its schema is no name: small letters, digits and '_', not 'pg_…'")
    return Server(url.difference_update_query(["schema"]).set(drivername="postgresql+psycopg"), named)


@cache
def _named(name: str) -> Dialect:
    if name == "postgresql":
        from hansard.database.postgresql import PostgreSQL

        return PostgreSQL()
    from hansard.database.sqlite import SQLite

    return SQLite()


def dialect_of(at: Place) -> Dialect:
    """The kind of database that a place is of."""
    return _named("postgresql" if isinstance(at, Server) else "sqlite")


def dialect_in(connection: sa.Connection) -> Dialect:
    """The kind of database that a connection leads to."""
    return _named(connection.dialect.name)
