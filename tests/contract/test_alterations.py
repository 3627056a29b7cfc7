"""Verification on both databases: whatever cell or row is altered behind the journal's back is found."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hansard.database.columns import key_names, metadata
from hansard.database.engine import Database
from hansard.database.tables import OWN_TABLES, record_tables, tables_beside
from hansard.database.verify import verify_store
from tests.conftest import sampled
from tests.support.deliberations import House, fill
from tests.support.stores import KINDS, dropped, fresh

CONSTRAINTS_OFF = {
    "sqlite": ["PRAGMA ignore_check_constraints=ON", "PRAGMA defer_foreign_keys=ON"],
    "postgresql": ["SET LOCAL session_replication_role = replica"],
}


QUICK = ("entities", "journal", "texts")
"""Tables that are gone through also when there is little time."""


class TakenBackError(Exception):
    """Takes an alteration back."""


@pytest.fixture(scope="module", params=KINDS)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A store in which every table of dialogues is filled."""
    at = fresh(request.param, tmp_path_factory.mktemp("filled"))
    house = House(at)
    fill(house.run)
    yield house.database
    house.close()
    dropped(at)


@contextlib.contextmanager
def altering(database: Database) -> Iterator[sa.Connection]:
    """A transaction without constraints that is always taken back."""
    with contextlib.suppress(TakenBackError), database.writing() as connection:
        for statement in CONSTRAINTS_OFF[database.dialect.sql_name]:
            connection.exec_driver_sql(statement)
        yield connection
        raise TakenBackError


def codes(connection: sa.Connection) -> set[str]:
    """What verification finds."""
    return {finding.code for finding in verify_store(connection, record_tables()).findings}


def other(value: Any, column: sa.Column[Any]) -> Any:
    """Another value of the column's type."""
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    if value is not None:
        return value + 1
    return "x" if column.type.python_type is str else 1


def test_a_filled_store_verifies(filled: Database) -> None:
    """Nothing is found where nothing was altered, and on both databases the same is kept."""
    with filled.reading() as connection:
        assert codes(connection) == set()


@pytest.mark.parametrize("table", sampled(sorted(metadata.tables.keys() - tables_beside().keys()), QUICK))
def test_every_altered_cell_is_found(filled: Database, table: str) -> None:
    """One cell of a row gets another value, column by column: it is found, or the server refuses to hold it."""
    of = metadata.tables[table]
    with filled.reading() as connection:
        row = connection.execute(sa.select(of).limit(1)).mappings().first()
    if row is None:
        pytest.skip(f"no row of '{table}' was made up yet")
    this = sa.and_(*(of.c[name] == row[name] for name in key_names(of)))
    for column in of.columns:
        with altering(filled) as connection:
            try:
                with connection.begin_nested():
                    connection.execute(of.update().where(this).values({column.name: other(row[column.name], column)}))
            except sa.exc.IntegrityError:
                continue  # a key that is taken, or a CHECK that PostgreSQL cannot be told to forget
            assert codes(connection), f"{table}.{column.name}"


@pytest.mark.parametrize("table", sampled(sorted(metadata.tables.keys() - tables_beside().keys()), QUICK))
def test_every_removed_row_is_found(filled: Database, table: str) -> None:
    """A row that is taken out of any table is found missing."""
    of = metadata.tables[table]
    with altering(filled) as connection:
        row = connection.execute(sa.select(of).limit(1)).mappings().first()
        if row is None:
            pytest.skip(f"no row of '{table}' was made up yet")
        connection.execute(of.delete().where(*(of.c[name] == row[name] for name in key_names(of))))
        assert codes(connection), table
    assert metadata.tables.keys() >= OWN_TABLES


def test_words_that_are_found_wrongly_are_told(filled: Database) -> None:
    """An index that leads to other words than the record's is a difference, on both databases."""
    from hansard.dialogue.store import search_faults

    with altering(filled) as connection:
        connection.exec_driver_sql("UPDATE search SET body = 'other words' WHERE item = 'question'")
        told = {what for _, item, what in search_faults(connection) if item == "question"}
        assert told == {"differs in the search index"}
    if filled.dialect.sql_name == "postgresql":
        with altering(filled) as connection:
            connection.exec_driver_sql("UPDATE search SET words = '''other'':1' WHERE item = 'question'")
            assert {item for _, item, _ in search_faults(connection)} == {"question"}


def test_what_is_kept_is_equal_on_both(tmp_path: Path) -> None:
    """The same requests under the same clock and chance give equal rows, hashes and index on both databases."""
    from tests.support.replay import unlike
    from tests.support.stores import contents

    kept = []
    for kind in KINDS:
        at = fresh(kind, tmp_path)
        house = House(at)
        fill(house.run)
        kept.append(contents(house.database))
        house.close()
        dropped(at)
    assert unlike(*kept) == []
