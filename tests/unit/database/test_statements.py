"""Statements that the driver runs as SQLAlchemy wrote them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hansard.database.statements import change, fetch, fetch_rows, walk
from hansard.kernel.errors import HansardError
from tests.support.notebook import Notebook, note, notes

NUMBERS = range(1, 12)
BY_PARTS = (
    sa.select(notes.c.part, notes.c.plain)
    .where(notes.c.note == sa.bindparam("note"), notes.c.part.in_(sa.bindparam("parts", expanding=True)))
    .where(notes.c.plain.in_(["even", "odd"]))
    .order_by(notes.c.part)
)
RENAMED = notes.update().where(notes.c.part == sa.bindparam("of")).values(plain=sa.bindparam("new_plain"))


@pytest.fixture
def filled(book: Notebook) -> Notebook:
    """Notes of which each knows whether its number is even."""
    book.write([note(number, plain="odd" if number % 2 else "even") for number in NUMBERS])
    return book


@given(parts=st.lists(st.integers(0, 14), max_size=9))
def test_the_driver_finds_what_sqlalchemy_finds(filled_once: Notebook, parts: list[int]) -> None:
    """Whatever a list holds, none, some twice, more than a power of two: the same rows in the same order."""
    given_ = {"note": "a", "parts": parts}
    with filled_once.database.reading() as connection:
        usual = connection.execute(BY_PARTS, given_)
        rows: list[dict[str, Any]] = [dict(row) for row in usual.mappings()]
        assert fetch_rows(connection, BY_PARTS, given_) == rows
        found = [tuple(row.values()) for row in rows]
        assert list(map(tuple, fetch(connection, BY_PARTS, given_))) == found
        assert list(map(tuple, walk(connection, BY_PARTS, given_))) == found


@pytest.fixture(scope="module")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    """The same, for examples that only read."""
    book = Notebook(tmp_path_factory.mktemp("notes") / "hansard.db")
    book.write([note(number, plain="odd" if number % 2 else "even") for number in NUMBERS])
    return book


def test_a_change_tells_how_many_rows_it_met(filled: Notebook) -> None:
    """None where nothing has the key; what it wrote is rolled back with the rest of its transaction."""
    with filled.database.writing() as connection, connection.begin_nested() as part:
        assert change(connection, RENAMED, {"of": 99, "new_plain": "x"}) == 0
        assert change(connection, RENAMED, {"of": 3, "new_plain": "x"}) == 1
        part.rollback()
    assert filled.sql("SELECT plain FROM notes WHERE part = 3") == [("odd",)]


def test_a_parameter_that_is_left_out_is_no_null(filled: Notebook) -> None:
    """To forget a value is a mistake, and is told by name."""
    with filled.database.reading() as connection, pytest.raises(sa.exc.InvalidRequestError, match="note"):
        fetch(connection, BY_PARTS, {"parts": [1]})


def test_a_walk_that_is_left_early_lets_go(filled: Notebook) -> None:
    """Whoever has seen enough may stop; the connection works on."""
    with filled.database.reading() as connection:
        rows = walk(connection, BY_PARTS, {"note": "a", "parts": [*NUMBERS]})
        assert next(rows) == (1, "odd")
        rows.close()
        assert len(fetch(connection, BY_PARTS, {"note": "a", "parts": [*NUMBERS]})) == len(NUMBERS)


def test_a_cell_that_is_no_text_is_told_by_its_place(filled: Notebook) -> None:
    """However rows are read: by table and column, and without its words. A server takes no such cell."""
    if filled.database.path is None:
        pytest.skip("a server takes nothing but UTF-8")
    filled.sql("UPDATE notes SET plain = CAST(x'736563726574ff' AS TEXT) WHERE part = 3")
    everything = sa.select(notes.c.plain).order_by(notes.c.part)
    for read in (fetch, fetch_rows, walk):
        with filled.database.reading() as connection, pytest.raises(HansardError) as caught:
            list(read(connection, everything, {}))
        assert caught.value.code == "cell_unreadable"
        assert "'notes'" in str(caught.value)
        assert "secret" not in str(caught.value)
