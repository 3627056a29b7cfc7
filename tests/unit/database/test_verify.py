"""Verify: every alteration behind the journal's back is found, whatever cell, row or text it touches."""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from hansard.database.columns import key_names, metadata
from hansard.database.engine import Database
from hansard.database.tables import OWN_TABLES, record_tables, stream_of
from hansard.database.verify import (
    Finding,
    StoredEntry,
    StoreReport,
    chain_findings,
    erased_positions,
    expected_rows,
    row_findings,
    stream_heads,
    verify_store,
)
from tests.conftest import scale
from tests.support.deliberations import House, fill
from tests.support.notebook import TABLES, Notebook, note
from tests.support.replay import table_names

NOT_OURS = {"alembic_version", "search"}
"""The schema's revision is judged when a store is opened; the search index is compared with the record elsewhere."""


BESIDE = ("route_", "call_")
"""How tables begin that are kept beside the record (tests of routing look at these)."""


class TakenBackError(Exception):
    """Takes an alteration back."""


class Store:
    """A filled store that is altered, verified and put right again in one transaction."""

    def __init__(self, file: Path) -> None:
        house = House(file)
        self.ids = fill(house.run)
        house.close()
        self.database = Database(file)
        event.listen(self.database.engine, "connect", self._without_constraints)
        with self.database.reading() as connection:
            driver: Any = connection.connection.dbapi_connection
            self.tables = [name for name in table_names(driver) if name not in NOT_OURS and not name.startswith(BESIDE)]

    @staticmethod
    def _without_constraints(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("PRAGMA ignore_check_constraints=ON")

    @contextlib.contextmanager
    def altering(self) -> Iterator[sa.Connection]:
        """A transaction that is always taken back."""
        with contextlib.suppress(TakenBackError), self.database.writing() as connection:
            yield connection
            raise TakenBackError

    def columns(self, table: str) -> list[str]:
        """Names of a table's columns."""
        return list(metadata.tables[table].c.keys())

    def rows(self, connection: sa.Connection, table: str) -> int:
        """How many rows a table has."""
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def report(connection: sa.Connection, stream: str | None = None) -> StoreReport:
    """What ``verify`` finds."""
    return verify_store(connection, record_tables(), stream)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store in which every table and every column is filled."""
    made = Store(tmp_path_factory.mktemp("filled") / "hansard.db")
    yield made
    made.database.close()


def test_an_unaltered_store_has_no_finding(store: Store) -> None:
    """Whole and by stream, a filled store verifies; every column of every table of it holds something."""
    with store.altering() as connection:
        whole = report(connection)
        assert whole.findings == []
        assert whole.entries == store.rows(connection, "journal")
        assert whole.texts == store.rows(connection, "texts")
        assert whole.rows == sum(store.rows(connection, table) for table in store.tables if table not in OWN_TABLES)
        for stream in whole.heads:
            part = report(connection, stream)
            assert part.findings == []
            assert part.heads[stream] == whole.heads[stream]
        for table in store.tables:
            for column in store.columns(table):
                filled = f"SELECT count({column}) FROM {table}"
                assert connection.exec_driver_sql(filled).scalar_one(), f"{table}.{column} is never filled"


def other_value(value: Any) -> Any:
    """A value near to another one."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:-1] + ("b" if value.endswith("a") else "a")
    return value + 1 if isinstance(value, int) else math.nextafter(value, 2.0)


def altered(connection: sa.Connection, table: str, row: int, column: str, value: Any) -> Any:
    """Put a value into a cell; answers the key the row had, or ``None`` when SQLite refused or nothing changed."""
    names = key_names(metadata.tables[table])
    where = f"rowid = (SELECT rowid FROM {table} ORDER BY rowid LIMIT 1 OFFSET {row})"
    look = f"SELECT {', '.join(names)}, typeof({column}), hex({column}), {column} IS NULL FROM {table} WHERE {where}"
    *key, kind, before, null = connection.exec_driver_sql(look).one()
    [rowid] = connection.exec_driver_sql(f"SELECT rowid FROM {table} WHERE {where}").one()
    written = "CAST(? AS TEXT)" if isinstance(value, bytearray) else "?"
    shown = bytes(value) if isinstance(value, bytearray) else value
    try:
        connection.exec_driver_sql(f"UPDATE {table} SET {column} = {written} WHERE rowid = ?", (shown, rowid))
    except sa.exc.IntegrityError:
        return None
    cell = f"SELECT typeof({column}), hex({column}), {column} IS NULL FROM {table} ORDER BY rowid LIMIT 1 OFFSET {row}"
    after = connection.exec_driver_sql(cell).one()
    return None if (kind, before, null) == tuple(after) else tuple(key)


@pytest.mark.slow
def test_every_altered_cell_is_found(store: Store) -> None:
    """Each cell of each table, changed to a near value by plain SQL, is a finding that names a row's table and key.

    Every column is tried; of a table's rows the first and the last, all of them at full size.
    """
    tried = 0
    with store.database.reading() as connection:
        sizes = {table: store.rows(connection, table) for table in store.tables}
    for table in store.tables:
        for column in store.columns(table):
            rows = range(sizes[table])
            for row in rows if scale(1) >= 10 else sorted({rows[0], rows[-1]}):
                with store.altering() as connection:
                    value = connection.exec_driver_sql(
                        f"SELECT {column} FROM {table} ORDER BY rowid LIMIT 1 OFFSET {row}"
                    ).scalar_one()
                    key = altered(connection, table, row, column, other_value(value))
                    if key is None:
                        continue
                    tried += 1
                    findings = report(connection).findings
                    assert findings, f"{table}.{column} of {key} was altered and nothing found"
                    if table not in OWN_TABLES:
                        assert any(f.table == table and f.key == key for f in findings), (table, column, key, findings)
    assert tried > 200


def alterations(value: Any) -> list[Any]:
    """Values that might pass for another one; a bytearray is put in as a TEXT of these bytes."""
    common: list[Any] = [None, "", 0, 1, 1.5, b"", "x", bytearray(b"\xff\xfe"), bytearray(b"a\0b"), -1, 2**62, math.inf]
    if isinstance(value, str):
        common += [
            value.encode(), value + " ", " " + value, value + "\0", value.swapcase(), value.upper(), value[::-1],
            unicodedata.normalize("NFD", value), unicodedata.normalize("NFKC", value), value.replace(":", ": "),
            bytearray(value.encode() + b"\xed\xa0\x80"), "sha256:" + "0" * 64, "[" + value + "]",
        ]  # fmt: skip
    elif isinstance(value, int | float):
        common += [str(value), float(value), -value, str(value).encode(), value + 2]
    return common


@settings(max_examples=scale(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_cell_is_altered_to_is_found(store: Store, data: st.DataObject) -> None:
    """Another type, BLOBs, text that is not UTF-8, other case or form, infinities: found, whole and by stream."""
    table = data.draw(st.sampled_from(store.tables))
    column = data.draw(st.sampled_from(store.columns(table)))
    with store.altering() as connection:
        row = data.draw(st.integers(0, store.rows(connection, table) - 1))
        value = connection.exec_driver_sql(
            f"SELECT {column} FROM {table} ORDER BY rowid LIMIT 1 OFFSET {row}"
        ).scalar_one()
        key = altered(connection, table, row, column, data.draw(st.sampled_from(alterations(value))))
        if key is None:
            return
        whole = report(connection)
        assert whole.findings, f"{table}.{column} of {key}"
        for finding in whole.findings:
            repr(finding).encode()  # a surface can print it
        if table not in OWN_TABLES:
            assert report(connection, stream_of(record_tables()[table], key)).findings


@settings(max_examples=scale(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cells_that_changed_places_are_found(store: Store, data: st.DataObject) -> None:
    """Two rows that swap a cell, payloads, salts, texts and hashes among them, are found."""
    table = data.draw(st.sampled_from([name for name in store.tables if name != "counters"]))
    column = data.draw(st.sampled_from(store.columns(table)))
    with store.altering() as connection:
        rowids = list(connection.exec_driver_sql(f"SELECT rowid FROM {table}").scalars())
        one, other = data.draw(st.sampled_from(rowids)), data.draw(st.sampled_from(rowids))
        values = [
            connection.exec_driver_sql(f"SELECT {column} FROM {table} WHERE rowid = ?", (rowid,)).scalar_one()
            for rowid in (one, other)
        ]
        if repr(values[0]) == repr(values[1]):
            return
        before = sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {table}")))
        swap = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
        try:
            connection.exec_driver_sql(swap, ("∅", one))
            connection.exec_driver_sql(swap, (values[0], other))
            connection.exec_driver_sql(swap, (values[1], one))
        except sa.exc.DBAPIError:  # a key that is a number has no free place to wait in
            return
        if sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {table}"))) == before:
            return  # the rows differ in this cell alone, and have only changed places
        assert report(connection).findings, f"{table}.{column}: {values}"


@settings(max_examples=scale(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_removed_or_added_row_is_found(store: Store, data: st.DataObject) -> None:
    """A row taken away, and a copy of a row under another key, are found in every table."""
    table = data.draw(st.sampled_from(store.tables))
    names = key_names(metadata.tables[table])
    with store.altering() as connection:
        rowid = data.draw(st.sampled_from(list(connection.exec_driver_sql(f"SELECT rowid FROM {table}").scalars())))
        row = dict(connection.exec_driver_sql(f"SELECT * FROM {table} WHERE rowid = ?", (rowid,)).mappings().one())
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))
        assert report(connection).findings, f"{table}: {row} is gone"
    with store.altering() as connection:
        name = data.draw(st.sampled_from(names))
        row[name] = 77 if isinstance(row[name], int) else f"{row[name]}x"
        if table == "journal":
            row |= {"hash": "0" * 64, "request_key": None}
        marks = ", ".join("?" for _ in row)
        try:
            connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", tuple(row.values()))
        except sa.exc.IntegrityError:  # unique beside its key, too
            return
        assert report(connection).findings, f"{table}: {row} was added"


@pytest.mark.parametrize("table", ["utterances", "texts", "journal_streams", "streams", "counters"])
def test_a_row_that_stands_twice_is_found(store: Store, table: str) -> None:
    """A table rebuilt without its key, with one row twice, is found though each row is as it was recorded."""
    with store.altering() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO old_{table}")
        connection.exec_driver_sql(f"CREATE TABLE {table} AS SELECT * FROM old_{table}")
        assert report(connection).findings == []
        connection.exec_driver_sql(f"INSERT INTO {table} SELECT * FROM old_{table} LIMIT 1")
        assert [finding.table for finding in report(connection).findings] == [table]


@pytest.mark.parametrize("table", ["stances", "documents", "journal", "texts", "counters"])
def test_a_table_that_is_gone_is_named(store: Store, table: str) -> None:
    """A dropped table, one without a column, and a view in a table's place are findings, no failures."""
    steps = [
        [f"DROP TABLE {table}"],
        [f"ALTER TABLE {table} RENAME TO hidden", f"CREATE VIEW {table} AS SELECT * FROM hidden"],
    ]
    for step in steps:
        with store.altering() as connection:
            for statement in step:
                connection.exec_driver_sql(statement)
            found = report(connection).findings
            assert ("table_missing", table) in {(finding.code, finding.table) for finding in found}
    with store.altering() as connection:
        connection.exec_driver_sql("ALTER TABLE utterances DROP COLUMN annotations")
        [missing] = [finding for finding in report(connection).findings if finding.code == "table_missing"]
        assert (missing.table, "annotations" in missing.message) == ("utterances", True)


def test_an_altered_text_is_told_by_who_says_it(book: Notebook) -> None:
    """An altered or missing long text is told by the row or payload that refers to it, an added one by its key."""
    words = [f"Long words {number}. " * 100 for number in range(2)]
    book.write([note(1, words[0])], words={"asked": words[1]})
    by_row, by_payload = (book.sql("SELECT sha256 FROM texts WHERE body = ?", text)[0][0] for text in words)
    book.sql("UPDATE texts SET body = body || '.'")
    assert {(f.code, f.table, f.key) for f in book.findings()} == {
        ("text_altered", "notes", ("a", 1)),
        ("text_altered", "journal_payloads", (1,)),
    }
    assert {f.table for f in book.findings("note:a")} == {"notes", "journal_payloads"}
    book.sql("DELETE FROM texts")
    assert {(f.code, f.table) for f in book.findings()} == {
        ("text_missing", "notes"),
        ("text_missing", "journal_payloads"),
    }
    book.sql("INSERT INTO texts VALUES (?, ?), (?, ?)", by_row, words[0], by_payload, words[1])
    book.sql("INSERT INTO texts VALUES ('0', 'x')")
    assert {(f.code, f.key) for f in book.findings()} == {("text_altered", ("0",)), ("text_added", ("0",))}


# -- whatever an entry holds, verifying it never fails ----------------------------------------------------------------

json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["note:a", "notes"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
links = st.lists(
    st.tuples(st.sampled_from(["note:a", "x"]), st.integers(-1, 3), st.text(max_size=3)).map(list) | json_like
)
changes = st.lists(
    st.tuples(
        st.sampled_from(["notes", "unknown", "texts"]),
        st.lists(st.sampled_from(["a", 1, 1.0, None, True, []]), max_size=3) | json_like,
        st.none() | st.text(max_size=4),
    ).map(list)
)
bodies = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["hansard-journal-1", "hansard-journal-2"]), "position": st.integers(-1, 4),
        "time": st.text(max_size=3), "operation": st.text(max_size=3), "rules": st.just("1"),
        "actor": st.dictionaries(st.sampled_from(["name", "known_by"]), st.text(max_size=3)),
        "request_key": st.none() | st.text(max_size=3), "request": st.text(max_size=3), "result": st.text(max_size=3),
        "decided": st.dictionaries(st.sampled_from(["erased", "x"]), json_like | st.lists(st.integers(0, 4))),
        "changes": changes, "streams": links,
    },
    optional={"more": json_like},
)  # fmt: skip


def as_text(body: Any) -> str:
    """JSON, also of what no JSON should hold."""
    return json.dumps(body)


entries = st.lists(
    st.builds(
        StoredEntry,
        st.integers(-1, 4),
        st.text(max_size=4),
        bodies.map(as_text) | json_like.map(as_text) | st.text(max_size=20),
        st.none() | st.sampled_from(["", "zz", "0" * 64, "0" * 63, "AB" * 32, " " * 64]),
    ),
    max_size=4,
)


@given(entries, st.sampled_from([None, "note:a"]))
@example([StoredEntry(1, "", "[" * 100_000, None)], None)
@example([StoredEntry(1, "", "\ud800", None)], "note:a")
def test_no_entry_can_break_the_verifier(found: list[StoredEntry], stream: str | None) -> None:
    """Entries of any content give findings that can be printed, never a failure: files that come from others, too."""
    chain = chain_findings(found, stream)
    assert chain or not found
    rows: list[tuple[str, dict[str, Any]]] = [
        ("notes", note(1) | dict.fromkeys(("remark", "extra", "share", "count", "plain"))),
        ("notes", {"note": b"\xff", "part": "\udcff", "body": "\udcff", "share": math.inf}),
    ]
    findings = row_findings(expected_rows(found), TABLES, rows, stream)
    assert {("notes", ("a", 1)), ("notes", ("x'ff'", "\\udcff"))} <= {(f.table, f.key) for f in findings}
    for finding in [*chain, *findings]:
        repr(finding).encode()
    stream_heads(found)
    erased_positions(found)


def test_a_finding_names_what_it_concerns() -> None:
    """A finding carries code, message, position, table and key; what does not apply is left empty."""
    finding = Finding(code="x", message="m")
    assert (finding.position, finding.table, finding.key) == (None, None, None)
