"""Any cell altered behind the store's back by plain SQL is found, in every table and every column."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from hansard.custody.doctor import Doctor
from hansard.custody.shapes import Verified
from hansard.database.columns import Text, metadata
from hansard.kernel.errors import HansardError
from tests.conftest import sampled
from tests.unit.custody.kept import EXAMPLE, Kept
from tests.unit.exchange.recorded import CALL, ID

APART = frozenset({"alembic_version"})
"""The schema's revision is read before anything is verified; it has a test of its own."""

INNER = ("search_",)
"""Tables inside the search index: what is wrong in them is told of the index."""


class NoText(bytes):
    """Bytes that are put into a cell as text."""


RUBBISH = (
    ("text that is no UTF-8", NoText(b'["\xff"]')),
    ("long text that is no UTF-8", NoText(b"a" * 300 + b"\xff")),
    ("half a letter", NoText(b'["\xed\xa0\x80"]')),
    ("bytes that begin like a list", b'["\xff"]'),
    ("lists without an end", "[" * 3000),
    ("a number that no row holds", 1e300),
)


class Case(NamedTuple):
    """One cell, and what is put into it."""

    table: str
    column: str
    rowid: int
    value: Any
    how: str

    def put(self, connection: sqlite3.Connection) -> None:
        """Put it there."""
        new = "CAST(? AS TEXT)" if isinstance(self.value, NoText) else "?"
        statement = f"UPDATE {self.table} SET {self.column} = {new} WHERE rowid = ?"
        connection.execute(statement, (self.value, self.rowid))


def same_type(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2 + 0.1
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1]) if value else b"x"
    if isinstance(value, str):
        middle = len(value) // 2
        return value[:middle] + ("x" if value[middle : middle + 1] != "x" else "y") + value[middle + 1 :]
    return "was null"


def ways(value: Any) -> list[tuple[str, Any]]:
    """Each way of altering a cell: another value, no value, other types, what no program can read."""
    found = [
        ("another value", same_type(value)),
        ("no value", None),
        ("bytes", b"\x01\x02" if not isinstance(value, bytes) else "text"),
        ("another type", 7 if value is None or isinstance(value, str | bytes) else "seven"),
        *RUBBISH,
    ]
    return [(how, new) for how, new in found if new is not value and new != value]


def cells(file: Path, rng: random.Random, *, all_ways: bool = True) -> list[Case]:
    """For every column of every table one random row, altered in every way, or by another value and one way more."""
    connection = sqlite3.connect(file)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    cases = []
    for table in sorted(set(tables) - APART):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        try:
            rows = connection.execute(f"SELECT rowid, * FROM {table}").fetchall()
        except sqlite3.OperationalError:  # a table without row numbers: inner tables of the search index
            continue
        for index, column in enumerate(columns if rows else ()):
            row = rng.choice(rows)
            chosen = ways(row[index + 1])
            if not all_ways:
                chosen = [chosen[0], rng.choice(chosen[1:])]
            cases += [Case(table, column, row[0], value, how) for how, value in chosen]
    connection.close()
    return cases


def altered(template: Path, work: Path, change: Callable[[sqlite3.Connection], object]) -> bool:
    """Make ``work`` a copy of the template with a change in it; whether SQLite let the change happen."""
    shutil.copyfile(template, work)
    for ending in ("-wal", "-shm"):
        work.with_name(work.name + ending).unlink(missing_ok=True)
    connection = sqlite3.connect(work)
    try:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute("PRAGMA foreign_keys=OFF")
        change(connection)
        connection.commit()
    except sqlite3.Error:  # NOT NULL, UNIQUE and the type of a row number are the engine's own
        return False
    finally:
        connection.close()
    return True


def verified(home: Path) -> Verified:
    """What verifying the whole store finds."""
    with contextlib.closing(Kept(home)) as kept:
        return kept.verify()


def unnamed(case: Case, answer: Verified) -> str | None:
    """Why an answer does not name what was altered; nothing when it does."""
    if answer.ok or not answer.findings:
        return f"{case} was not found"
    if any(not finding.where or not finding.remedy for finding in answer.findings):
        return f"{case}: a finding without a place or a remedy"
    if case.table.startswith(INNER) or case.table == "search":
        told = any("search index" in finding.where + finding.message for finding in answer.findings)
        return None if told else f"{case}: the search index is not named"
    return None


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The file that is altered, verified and made anew for each case."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder / "hansard.db"


@pytest.mark.slow
def test_any_altered_cell_is_found(kept_template: Path, work: Path, scale: Callable[[int], int]) -> None:
    """In every table and every column: another value, no value and values of other types are found and named."""
    faults, tried, rounds = [], 0, scale(1)
    for seed in range(rounds):
        for case in cells(kept_template, random.Random(seed), all_ways=rounds > 1):
            if altered(kept_template, work, case.put):
                tried += 1
                faults.append(unnamed(case, verified(work.parent)))
    assert [fault for fault in faults if fault] == []
    assert tried > 200


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("dialogues", "origin"), ("experts", "name"), ("experts", "created_at"), ("entities", "contributors"),
        ("events", "actors"), ("verdicts", "author_expert"), ("journal", "hash"), ("journal", "body"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_found_and_named(kept_template: Path, work: Path, table: str, column: str) -> None:
    """Verifying does not end at a cell that no program can read: it tells where it is."""
    faults = []
    for how, value in RUBBISH:
        connection = sqlite3.connect(kept_template)
        (rowid,) = connection.execute(f"SELECT max(rowid) FROM {table}").fetchone()
        connection.close()
        case = Case(table, column, rowid, value, how)
        assert altered(kept_template, work, case.put)
        faults.append(unnamed(case, verified(work.parent)))
    assert [fault for fault in faults if fault] == []


def test_an_entry_that_says_it_erased_and_holds_nonsense_is_found(kept_template: Path, work: Path) -> None:
    """A body that is JSON of another form is told, whatever words it has."""
    for body in ('{"erased":1,"decided":[],"time":""}', '["erased"]', '{"decided":{"erased":[]}}'):
        case = Case("journal", "body", 1, body, "another form")
        assert altered(kept_template, work, case.put)
        assert unnamed(case, verified(work.parent)) is None


@pytest.mark.slow
def test_any_altered_cell_of_the_real_dialogues_is_found(
    real_template: Path, work: Path, scale: Callable[[int], int]
) -> None:
    """The same holds for the real transcripts: a sample of cells over all their tables."""
    rng = random.Random(2026)
    cases = cells(real_template, rng)
    faults = []
    for case in rng.sample(cases, min(len(cases), scale(50))):
        if altered(real_template, work, case.put):
            faults.append(unnamed(case, verified(work.parent)))
    assert [fault for fault in faults if fault] == []
    assert len(faults) > 15


def tables_with_rows(file: Path) -> Iterator[tuple[str, int]]:
    """Every table that holds rows, with a row number of one of them."""
    connection = sqlite3.connect(file)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in sorted(set(names) - APART):
        try:
            found = connection.execute(f"SELECT rowid FROM {name} ORDER BY rowid DESC LIMIT 1").fetchone()
        except sqlite3.OperationalError:
            continue
        if found:
            yield name, found[0]
    connection.close()


def test_any_deleted_row_is_found(kept_template: Path, work: Path) -> None:
    """A row taken out of any table is missed."""
    missed = []
    for table, rowid in tables_with_rows(kept_template):
        statement = f"DELETE FROM {table} WHERE rowid = ?"

        def take(connection: sqlite3.Connection, statement: str = statement, rowid: int = rowid) -> None:
            connection.execute(statement, (rowid,))

        assert altered(kept_template, work, take)
        if verified(work.parent).ok:
            missed.append(table)
    assert missed == []


def test_any_inserted_row_is_found(kept_template: Path, work: Path) -> None:
    """A row put into any table, a copy of another under a new key, is noticed."""
    missed, tried = [], 0
    for table, rowid in tables_with_rows(kept_template):
        if table.startswith(INNER):
            continue
        connection = sqlite3.connect(kept_template)
        info = connection.execute(f"PRAGMA table_info({table})").fetchall()
        row = list(connection.execute(f"SELECT * FROM {table} WHERE rowid = ?", (rowid,)).fetchone())
        connection.close()
        for index, column in enumerate(info):
            if column[5] or column[1] in ("hash", "request_key"):  # keys and what is unique beside them
                row[index] = row[index] + 50 if isinstance(row[index], int) else f"{row[index]}-x"
        statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})"

        def put(connection: sqlite3.Connection, statement: str = statement, row: list[Any] = row) -> None:
            connection.execute(statement, row)

        if altered(kept_template, work, put):
            tried += 1
            if verified(work.parent).ok:
                missed.append(table)
    assert missed == []
    assert tried >= 18


def test_a_whole_dialogue_taken_out_is_found(kept: Kept) -> None:
    """Rows of one dialogue removed from every table leave the journal's word that they were there."""
    for table in ("events", "refs", "moves", "stances", "entities", "verdicts", "utterances", "panel_members"):
        kept.alter(f"DELETE FROM {table} WHERE dialogue_id = ?", ID)
    for table in ("rounds", "experts", "judge_claims", "documents", "search", "dialogues"):
        kept.alter(f"DELETE FROM {table} WHERE dialogue_id = ?", ID)
    findings = kept.verify().findings
    assert any(finding.where == f"dialogue '{ID}'" and finding.code == "row_missing" for finding in findings)
    assert not kept.verify(ID).ok
    assert kept.verify(EXAMPLE).ok


@pytest.mark.parametrize("value", ["0000", "9999", None])
def test_a_schema_revision_that_was_altered_is_refused(kept_template: Path, work: Path, value: str | None) -> None:
    """A store that calls itself another revision is not taken for ours."""
    statement = (
        "DELETE FROM alembic_version" if value is None else f"UPDATE alembic_version SET version_num = '{value}'"
    )
    assert altered(kept_template, work, lambda c: c.execute(statement))
    with pytest.raises(HansardError):
        verified(work.parent)


@pytest.mark.parametrize(
    ("statements", "kind", "name"),
    [
        (["CREATE TABLE notes (a REFERENCES dialogues)", "INSERT INTO notes VALUES ('x')"], "table", "notes"),
        (["CREATE VIEW later AS SELECT * FROM entities"], "view", "later"),
        (["CREATE INDEX later ON refs (context)"], "index", "later"),
        (["DROP INDEX refs_by_source"], "index", "refs_by_source"),
        (["ALTER TABLE refs ADD COLUMN remark TEXT"], "table", "refs"),
        (
            ["ALTER TABLE rounds RENAME TO old", "CREATE TABLE rounds AS SELECT * FROM old", "DROP TABLE old"],
            "table",
            "rounds",
        ),
    ],
)
def test_a_doctored_schema_is_found(kept: Kept, statements: list[str], kind: str, name: str) -> None:
    """Whatever was added to the schema, taken from it or altered in it is a finding with its kind and name."""
    with contextlib.closing(sqlite3.connect(kept.file)) as connection:
        connection.execute("PRAGMA legacy_alter_table=ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    answer = kept.verify()
    told = [finding for finding in answer.findings if finding.code.startswith("schema_")]
    assert [finding.where for finding in told] == [f"the {kind} '{name}'"]
    assert f"the {kind} '{name}'" in told[0].message
    assert {finding.code for finding in answer.findings} == {told[0].code}
    assert not kept.custody.doctor(Doctor(), CALL).ok


TABLES = sorted(set(metadata.tables) - {"alembic_version"})


@pytest.mark.parametrize("table", sampled(TABLES, ("entities", "journal_payloads", "texts")))
@pytest.mark.parametrize("how", ["doubled", "gone", "no UTF-8"])
def test_no_doctored_table_stops_verify(kept: Kept, table: str, how: str) -> None:
    """A table whose rows stand twice, one that is gone, a cell that is no UTF-8: findings, never a failure."""
    with contextlib.closing(sqlite3.connect(kept.file)) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute("PRAGMA legacy_alter_table=ON")
        column = [c.name for c in metadata.tables[table].columns if isinstance(c.type, sa.Text | Text)][-1]
        (there,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        if how == "no UTF-8":
            connection.execute(f"UPDATE {table} SET {column} = CAST(x'ff41' AS TEXT) WHERE rowid = 1")
        else:
            connection.execute(f"ALTER TABLE {table} RENAME TO old")
            if how == "doubled":
                connection.execute(f"CREATE TABLE {table} AS SELECT * FROM old UNION ALL SELECT * FROM old")
            connection.execute("DROP TABLE old")
            connection.execute("UPDATE entities SET label = 'x' WHERE seq = 1" if table != "entities" else "SELECT 1")
        connection.commit()
    answer = kept.verify()
    assert answer.findings or (how == "no UTF-8" and not there)
    assert answer.model_dump_json()
    kept.verify(EXAMPLE)  # a table of everybody's may be no matter of this dialogue


def test_a_cell_that_is_no_utf_8_is_told_with_its_place(kept: Kept) -> None:
    """Verify names the row and its column; reading it is refused as corrupt, by table and column."""
    kept.alter("UPDATE entities SET label = CAST(x'ff41' AS TEXT) WHERE kind = 'P' AND seq = 1")
    for target in (None, EXAMPLE):
        [finding, *_] = [found for found in kept.verify(target).findings if found.dialogue_id == EXAMPLE]
        assert finding.id == "P0001"
        assert "label" in finding.message
        assert "UTF-8" in finding.message or finding.said
    with pytest.raises(HansardError) as caught:
        kept.dialogues.record(EXAMPLE)
    assert (caught.value.kind, caught.value.code) == ("corrupt", "cell_unreadable")
    assert caught.value.context == {"table": "entities", "column": "label", "key": []}


def test_a_damaged_file_is_told(kept_template: Path, work: Path) -> None:
    """Bytes overwritten in the middle of the file end in findings or in a refusal that says so, never in silence."""
    quiet = []
    for offset in range(1, 12):
        data = bytearray(kept_template.read_bytes())
        at = len(data) * offset // 12
        data[at : at + 64] = bytes(64)
        work.write_bytes(data)
        for ending in ("-wal", "-shm"):
            work.with_name(work.name + ending).unlink(missing_ok=True)
        try:
            if verified(work.parent).ok and bytes(data) != kept_template.read_bytes():
                quiet.append(offset)
        except HansardError as refusal:
            assert refusal.kind in ("corrupt", "unavailable", "conflict")  # noqa: PT017
    assert len(quiet) <= 3, quiet  # free space inside pages holds nothing
