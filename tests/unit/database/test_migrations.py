"""Migrations: the store they make is the store that the tables describe, and it is made whole or not at all."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.schema import CreateTable

import hansard.database.migrations as migrations
import hansard.dialogue.tables
from hansard.database.columns import metadata
from hansard.database.engine import REVISIONS, Database
from hansard.database.schema import expected_schema, found_schema, migrated_schema, schema_differences
from hansard.kernel.errors import HansardError
from tests.support.processes import ran

assert hansard.dialogue.tables.ROWS  # the room's tables stand in the metadata

SEARCH = re.compile(r"search(_\w+)?")
"""The search index and its shadow tables: SQLite's own, which the metadata does not describe."""


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Connection]:
    """A store as the migrations make it."""
    database = Database.open(tmp_path_factory.mktemp("migrated") / "hansard.db")
    with database.reading() as opened:
        yield opened
    database.close()


def test_migrations_make_what_the_tables_describe(connection: sa.Connection) -> None:
    """Alembic finds no difference between the migrated store and the tables: tables, columns, types, nulls, indexes."""

    def ours(_thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        return not (kind == "table" and SEARCH.fullmatch(name or ""))

    context = MigrationContext.configure(
        connection, opts={"include_object": ours, "compare_type": True, "compare_server_default": True}
    )
    assert compare_metadata(context, metadata) == []


def test_constraints_are_those_of_the_tables(connection: sa.Connection) -> None:
    """Keys, foreign keys, uniques and every CHECK, word for word, are in the migrated store as the tables have them."""
    looked = sa.inspect(connection)
    for name, table in metadata.tables.items():
        scratch = sa.create_engine("sqlite://")
        with scratch.begin() as other:
            for wanted in metadata.sorted_tables:
                other.execute(CreateTable(wanted))
            described = sa.inspect(other)
            for look in ("get_pk_constraint", "get_foreign_keys", "get_unique_constraints", "get_check_constraints"):
                found, told = getattr(looked, look)(name), getattr(described, look)(name)
                assert sorted(map(repr, _listed(found))) == sorted(map(repr, _listed(told))), f"{name}: {look}"
        scratch.dispose()
        assert table.primary_key.columns, f"{name} has no key"


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def test_the_noted_schema_is_what_the_migrations_make(connection: sa.Connection) -> None:
    """The schema that stores are compared with is the migrations' own; 'python -m hansard.database.schema' notes it."""
    assert expected_schema() == migrated_schema() == found_schema(connection)
    assert schema_differences(connection) == []


@pytest.mark.parametrize("layout", ["CREATE TABLE t ( a TEXT )", "create  table t(\n\ta text\n)"])
def test_layout_is_no_difference(layout: str) -> None:
    """A schema written in another layout is the same; one with another word in it is not."""
    plain = sa.create_engine("sqlite://")
    with plain.begin() as connection:
        connection.exec_driver_sql(layout)
        made = found_schema(connection)
        connection.exec_driver_sql("DROP TABLE t")
        connection.exec_driver_sql("CREATE TABLE t (a TEXT DEFAULT 'A')")
        other = found_schema(connection)
    plain.dispose()
    assert made == {("table", "t"): "create table t ( a text )"}
    assert other == {("table", "t"): "create table t ( a text default 'A' )"}


def test_the_revisions_are_those_that_the_program_knows() -> None:
    """The chain of migrations is the list that the engine judges a store by, in order."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    script = ScriptDirectory.from_config(config)
    assert [revision.revision for revision in script.walk_revisions()][::-1] == list(REVISIONS)
    assert script.get_heads() == [REVISIONS[-1]]


def test_a_migration_that_fails_leaves_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in the middle of a migration takes all of it back; the next try makes the store."""

    def failing(engine: sa.Engine) -> None:
        with engine.connect() as plain, plain.execution_options(hansard_immediate=True).begin():
            plain.exec_driver_sql("CREATE TABLE journal (position INTEGER)")
            raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "upgrade", failing)
        with pytest.raises(ZeroDivisionError):
            Database.open(tmp_path / "hansard.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "hansard.db")) as plain:
        assert plain.execute("SELECT * FROM sqlite_master").fetchall() == []
    Database.open(tmp_path / "hansard.db").close()


KILL = """
import json, os, random, signal, sqlite3, sys
from pathlib import Path
import hansard.database.migrations, alembic.command
from hansard.database.engine import HEAD, Database

folder = Path(sys.argv[1])
outcomes = {"empty": 0, "whole": 0, "broken": 0}
calls = 0

def watch(frame, event, argument):
    global calls
    if event == "c_call" and argument.__name__ in ("execute", "commit", "flock", "mkdir", "open", "close", "connect"):
        calls += 1
        if calls == moment:
            os.kill(os.getpid(), signal.SIGKILL)

for moment in range(1, 400, int(sys.argv[2])):
    file = folder / str(moment) / "hansard.db"
    file.parent.mkdir()
    child = os.fork()
    if child == 0:
        sys.setprofile(watch)
        Database.open(file)
        sys.setprofile(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    try:
        plain = sqlite3.connect(file)
        tables = plain.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        outcomes["empty" if tables == 0 else "whole"] += 1
        plain.close()
        database = Database.open(file)
        assert database.revision() == HEAD
        with database.reading() as connection:
            assert connection.exec_driver_sql("SELECT * FROM counters").fetchall() == [("journal", 0)]
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        database.close()
    except Exception as fault:
        outcomes["broken"] += 1
        print(moment, repr(fault), file=sys.stderr)
    if os.WIFEXITED(status):
        break
print(json.dumps(outcomes))
"""


@pytest.mark.slow
def test_a_process_killed_while_it_makes_the_store_leaves_none_or_a_whole_one(tmp_path: Path, scale: Any) -> None:
    """Killed before any statement of the making, a process leaves an empty store or a whole one; the next opens it."""
    step = max(1, round(100 / scale(10)))
    outcomes = json.loads(ran("-c", KILL, str(tmp_path), str(step)))
    assert outcomes["broken"] == 0
    assert outcomes["empty"] > 3
    assert outcomes["whole"] >= 1


def test_a_refusal_while_migrating_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SQLite refuses while a store is made is told like any refusal of the store."""

    def refusing(engine: sa.Engine) -> None:
        with engine.connect() as plain:
            plain.exec_driver_sql("SELECT * FROM nowhere")

    monkeypatch.setattr(migrations, "upgrade", refusing)
    with pytest.raises(HansardError) as caught:
        Database.open(tmp_path / "hansard.db")
    assert caught.value.code == "database_unavailable"


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_dry_run_counts_what_it_would_do(dialect: str) -> None:
    """Statements, tables that are made and tables that get columns; together they are all that the metadata has."""
    whole = migrations.extent(migrations.statements(dialect, None))
    assert set(whole.creates) == {*metadata.tables, "alembic_version", "search"}
    step = migrations.extent(migrations.statements(dialect, "0001"))
    assert "experts" in step.alters
    assert set(step.creates) < set(whole.creates)
    assert whole.statements > step.statements >= len(step.creates) + len(step.alters)
    assert migrations.extent("") == (0, [], [])
