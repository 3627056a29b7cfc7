"""Cells: each value has one form, is read back as it was, and cannot pass for another."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hansard.database.columns import (
    INLINE_LIMIT_BYTES,
    decoded_row,
    encoded_row,
    metadata,
    references,
    row_bytes,
    row_key,
    stowed,
    text_reference,
)
from hansard.database.journal import packed, payload_references, unpacked
from hansard.database.tables import OWN_TABLES, record_tables, stream_of, tables_beside
from hansard.kernel.canonical import MAX_SAFE_INTEGER, parsed, stored_text, text_digest
from tests.support.notebook import notes

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
LOOKALIKES = st.sampled_from(["sha256:" + "0" * 64, "sha256:" + text_digest("a"), "sha256:" + "A" * 64, "sha256:x"])
LONG = st.integers(INLINE_LIMIT_BYTES - 3, INLINE_LIMIT_BYTES + 3).map(lambda size: "x" * size)
WIDE = st.integers(INLINE_LIMIT_BYTES // 4 - 2, INLINE_LIMIT_BYTES // 4 + 2).map(lambda size: "🏺" * size)
words = texts | LOOKALIKES | LONG | WIDE
keys = st.sampled_from(["$text", "$plain", "a", "b"]) | texts
payloads = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
)
floats = st.floats(allow_nan=False, allow_infinity=False)
rows = st.fixed_dictionaries(
    {"note": words, "part": st.integers(0, 99), "body": words},
    optional={
        "remark": st.none() | words,
        "extra": st.none() | payloads,
        "share": st.none() | floats | st.integers(-5, 5),
        "count": st.none() | st.integers(-(2**53), 2**53),
        "plain": st.none() | words,
    },
)


@given(words)
def test_a_text_is_stowed_exactly_when_it_is_long_or_looks_like_a_reference(text: str) -> None:
    """A cell is a reference if and only if its text stands in ``texts``; the boundary is 1 KiB of UTF-8."""
    kept: dict[str, str] = {}
    cell = stowed(text, kept)
    long = len(text.encode()) > INLINE_LIMIT_BYTES
    if long or text_reference(text) is not None:
        assert kept == {text_digest(text): text}
        assert text_reference(cell) == text_digest(text)
    else:
        assert (cell, kept) == (text, {})
        assert text_reference(cell) is None


@pytest.mark.parametrize(
    ("cell", "reference"),
    [
        ("sha256:" + "0a" * 32, "0a" * 32), ("sha256:" + "0A" * 32, None), ("SHA256:" + "0a" * 32, None),
        ("sha256:" + "0a" * 32 + "\n", None), ("sha256:" + "0a" * 31, None), ("sha256:" + "٠" * 64, None), ("", None),
    ],
)  # fmt: skip
def test_only_one_spelling_is_a_reference(cell: str, reference: str | None) -> None:
    """A reference is ``sha256:`` and 64 small hexadecimal digits; capitals and other scripts are words."""
    assert text_reference(cell) == reference


@given(payloads)
def test_a_payload_is_packed_and_unpacked_without_loss(value: Any) -> None:
    """Whatever a payload holds, ``$text`` and ``$plain`` too, its packed form gives it back and names its texts."""
    kept: dict[str, str] = {}
    small = packed(value, kept)
    assert unpacked(parsed(stored_text(small)), kept.__getitem__) == value
    assert payload_references(stored_text(small)) == kept.keys()


@given(payloads, payloads)
def test_two_payloads_never_have_one_packed_form(one: Any, other: Any) -> None:
    """Different payloads have different packed bytes: a repeated request id cannot hide another request."""
    same = stored_text(packed(one, {})) == stored_text(packed(other, {}))
    assert same == (stored_text(one) == stored_text(other))


@given(rows)
def test_a_row_comes_back_from_the_database_as_it_was_sealed(row: dict[str, Any]) -> None:
    """What SQLite gives back has the bytes that were sealed, cell for cell and type for type, and the values given."""
    kept: dict[str, str] = {}
    cells = encoded_row(notes, row, kept)
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        notes.create(connection)
        connection.execute(notes.insert(), cells)
        found = dict(connection.execute(sa.select(notes)).mappings().one())
    engine.dispose()
    assert row_bytes(found) == row_bytes(cells)
    assert {name: type(value) for name, value in found.items()} == {name: type(cells[name]) for name in found}
    assert row_key(notes, found) == (row["note"], row["part"])
    assert references(notes, [found]) == kept.keys()
    back = decoded_row(notes, found, kept.__getitem__)
    assert {name: value for name, value in back.items() if value is not None} == {
        name: value for name, value in row.items() if value is not None
    }


def test_minus_zero_is_zero() -> None:
    """SQLite knows one zero; a share of minus zero is sealed as what it gives back."""
    assert str(encoded_row(notes, {"note": "a", "part": 0, "body": "", "share": -0.0}, {})["share"]) == "0.0"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": None}, {}),
        ({"a": None, "b": 1}, {"b": 1}),
    ],
)
def test_a_null_cell_leaves_no_trace(one: dict[str, Any], other: dict[str, Any]) -> None:
    """A null cell has no bytes, so that a column added later keeps every digest."""
    assert row_bytes(one) == row_bytes(other)


def test_no_two_cells_of_other_types_have_the_same_bytes() -> None:
    """A number, the text of it, a float, a BLOB and what only looks like one are told apart."""
    cells = [1, 1.0, "1", "1.0", b"1", "31", '{"bytes":"31"}', "", b"", 0, "null", "true", "é", "e\u0301"]
    forms = {row_bytes({"a": cell}) for cell in cells} | {row_bytes({}), row_bytes({"b": 1})}
    assert len(forms) == len(cells) + 2


def test_bytes_do_not_move_between_cells() -> None:
    """What is in one column never has the bytes of the same words in another, or shared out between two."""
    forms = [
        {"a": "xy"},
        {"a": "x", "b": "y"},
        {"b": "xy"},
        {"a": 'x","b":"y'},
        {"a": "x", "b": ""},
        {'a":"x","b': "y"},
    ]
    assert len({row_bytes(form) for form in forms}) == len(forms)


def test_an_unknown_column_is_a_mistake() -> None:
    """A row with a column that the table has not is refused, never cut."""
    with pytest.raises(KeyError, match="nope"):
        encoded_row(notes, {"note": "a", "part": 0, "body": "", "nope": 1}, {})


def test_every_table_is_the_journal_s_own_or_vouched_for() -> None:
    """No table is forgotten: each is the journal's own, stands beside the record, or stands among those that the
    journal vouches for and has a stream."""
    import hansard.dialogue.tables
    import hansard.routing.tables  # noqa: F401  # they add their tables

    vouched, beside = record_tables(), tables_beside()
    assert vouched.keys() | OWN_TABLES | beside.keys() == metadata.tables.keys()
    assert not vouched.keys() & OWN_TABLES
    assert beside.keys() == {"route_breakers", "route_windows", "call_texts", "call_text_uses"}
    for table in vouched.values():
        first = next(iter(table.primary_key.columns))
        if (stream := str(table.info.get("stream"))).endswith(":"):  # one stream of the whole table
            assert stream_of(table, ("x", 1)) == stream
            continue
        assert stream_of(table, ("x", 1)) == "dialogue:x", f"{table.name} has no stream"
        assert first.name == "dialogue_id"


def test_the_database_s_own_types_hold_what_python_s_hold() -> None:
    """SQLite keeps every double and every integer that a shape lets in."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (r FLOAT, i INTEGER)")
    for real in (5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e16, -1e-7):
        connection.execute("INSERT INTO t VALUES (?, ?)", (real, MAX_SAFE_INTEGER))
    assert [row[0] for row in connection.execute("SELECT r FROM t")] == [
        5e-324,
        1.7976931348623157e308,
        0.1 + 0.2,
        1e16,
        -1e-7,
    ]
    connection.close()
