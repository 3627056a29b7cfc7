"""Forgeries: alterations by somebody who knows the format, the salts and SQL, and wants to go unseen.

What only rewrites is found by ``verify``. What rewrites *everything* from there on cannot be, by any chain; it changes
the head, so that whoever noted one (an export, minutes) sees it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hansard.database.engine import Database
from hansard.database.schema import schema_differences
from hansard.database.tables import record_tables
from hansard.database.verify import StoreReport, verify_store
from hansard.kernel.errors import HansardError
from tests.support.deliberations import House, fill
from tests.support.forger import Forger, encoded

TITLE = "title = 'Which kiln for the pottery?'"


class Record:
    """A filled store, and the heads that a witness noted."""

    def __init__(self, file: Path, dialogues: list[str]) -> None:
        self.file = file
        self.house = House(file, counted=False)
        self.id, self.other = dialogues
        self.stream = f"dialogue:{self.id}"
        self.noted = self.report().heads

    def report(self, stream: str | None = None) -> StoreReport:
        """What ``verify`` finds."""
        with self.house.database.reading() as connection:
            return verify_store(connection, record_tables(), stream)

    def codes(self, stream: str | None = None) -> set[str]:
        """The codes of what ``verify`` finds."""
        return {finding.code for finding in self.report(stream).findings}

    def last_change(self, forger: Forger, table: str, key: list[Any]) -> tuple[int, dict[str, Any], list[Any]]:
        """Position, body and line of the entry that changed a row last."""
        found = [
            (position, body, line)
            for position, body in forger.bodies()
            for line in body["changes"]
            if line[:2] == [table, key]
        ]
        return found[-1]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A filled store, made once, and its dialogues."""
    house = House(tmp_path_factory.mktemp("filled") / "hansard.db")
    dialogues = fill(house.run)
    house.close()
    return house.file, dialogues


@pytest.fixture
def record(filled: tuple[Path, list[str]], tmp_path: Path) -> Iterator[Record]:
    """A filled store of its own."""
    file, dialogues = filled
    made = Record(Path(shutil.copyfile(file, tmp_path / "hansard.db")), dialogues)
    assert made.report().findings == []
    yield made
    made.house.close()


def forge_title(record: Record, forger: Forger) -> tuple[int, dict[str, Any]]:
    """Alter the dialogue's title and its digest in the entry that sealed it; answers that entry, not yet rewritten."""
    forger.sql.execute(f"UPDATE dialogues SET title = 'Which oven?' WHERE dialogue_id = '{record.id}'")
    position, body, line = record.last_change(forger, "dialogues", [record.id])
    line[2] = forger.digest(position, "dialogues", [record.id], f"dialogue_id = '{record.id}'")
    return position, body


def test_a_digest_that_fits_an_altered_row_breaks_the_entry(record: Record) -> None:
    """A row and its digest in the body altered together: the body no longer has its hash."""
    with Forger(record.file) as forger:
        position, body = forge_title(record, forger)
        forger.sql.execute("UPDATE journal SET body = ? WHERE position = ?", (encoded(body), position))
    assert "entry_altered" in record.codes()
    assert "entry_altered" in record.codes(record.stream)


def test_an_entry_rewritten_with_its_hash_breaks_the_chain(record: Record) -> None:
    """A body rewritten with its right hash: the next entry of the stream, or the head, does not follow it."""
    with Forger(record.file) as forger:
        position, body = forge_title(record, forger)
        forger.rewrite(position, body)
    assert record.codes() & {"chain_broken", "head_differs"}
    assert record.codes(record.stream) & {"chain_broken", "head_differs"}


def test_a_whole_chain_rewritten_changes_the_head_that_witnesses_hold(record: Record) -> None:
    """All hashes, links and heads computed anew pass, as they must; the head is not the one that was noted."""
    with Forger(record.file) as forger:
        position, body = forge_title(record, forger)
        forger.rewrite(position, body)
        forger.mend()
    report = record.report()
    assert report.findings == []
    assert report.heads[record.stream][0] == record.noted[record.stream][0]
    assert report.heads[record.stream][1] != record.noted[record.stream][1]
    assert report.heads[f"dialogue:{record.other}"] == record.noted[f"dialogue:{record.other}"]


def test_a_row_cannot_be_sealed_anew_by_an_entry_of_another_stream(record: Record) -> None:
    """A valid entry in a stream of its own does not make an altered row pass, though no noted head changes."""
    with Forger(record.file) as forger:
        forger.sql.execute(f"UPDATE dialogues SET title = 'Which oven?' WHERE {TITLE}")
        position = forger.append(["x:1"])
        digest = forger.digest(position, "dialogues", [record.id], f"dialogue_id = '{record.id}'")
        [body] = [body for at, body in forger.bodies() if at == position]
        forger.rewrite(position, body | {"changes": [["dialogues", [record.id], digest]]})
        forger.mend()
    report = record.report()
    assert {stream: report.heads[stream] for stream in record.noted} == record.noted
    assert [(f.code, f.position, f.key) for f in report.findings] == [("entry_oversteps", position, (record.id,))]
    assert "row_altered" in record.codes(record.stream)


def test_a_row_sealed_anew_in_its_own_stream_moves_the_head(record: Record) -> None:
    """A valid entry in the row's own stream is a write like any other: it passes, and its head has gone on."""
    with Forger(record.file) as forger:
        forger.sql.execute(f"UPDATE dialogues SET title = 'Which oven?' WHERE {TITLE}")
        position = forger.append([record.stream])
        digest = forger.digest(position, "dialogues", [record.id], f"dialogue_id = '{record.id}'")
        [body] = [body for at, body in forger.bodies() if at == position]
        forger.rewrite(position, body | {"changes": [["dialogues", [record.id], digest]]})
        forger.mend()
    report = record.report()
    assert report.findings == []
    assert report.heads[record.stream][0] == record.noted[record.stream][0] + 1


@pytest.mark.parametrize("streams", [["x:1"], ["registry"]])
def test_a_payload_cannot_be_excused_by_an_entry_of_another_stream(record: Record, streams: list[str]) -> None:
    """An erasure that does not stand in all streams of the erased entry excuses nothing."""
    with Forger(record.file) as forger:
        forger.sql.execute("DELETE FROM journal_payloads WHERE position = 1")
        forger.append(streams, decided={"erased": [1]})
    assert "payload_missing" in record.codes()


def test_a_payload_cannot_be_excused_beforehand(record: Record) -> None:
    """An entry cannot erase itself or a later one: a payload that is missing there is told."""
    with Forger(record.file) as forger:
        [(last,)] = forger.sql.execute("SELECT value FROM counters")
        forger.append([record.stream], decided={"erased": [last + 1, last + 2]})
        forger.append([record.stream])
        forger.sql.execute("DELETE FROM journal_payloads WHERE position > ?", (last,))
    assert [f.position for f in record.report().findings if f.code == "payload_missing"] == [last + 1, last + 2]


@pytest.mark.parametrize("erased", [7, "1", {"1": 1}, [[1]], [None, "1", 1.0, True], None])
def test_a_strange_erasure_excuses_nothing(record: Record, erased: Any) -> None:
    """Whatever else ``erased`` holds than a list of positions, nothing is excused by it and nothing fails."""
    with Forger(record.file) as forger:
        forger.sql.execute("DELETE FROM journal_payloads WHERE position = 1")
        forger.append([record.stream, "registry"], decided={"erased": erased})
    assert "payload_missing" in record.codes()


def comment(record: Record) -> None:
    """A last entry that writes one row."""
    update = {"id": "C0001", "status": "commented", "by": ["user"], "reason": "No."}
    record.house.run("dialogue_update_status", {"dialogue_id": record.id, "updates": [update]})


def test_a_tail_cut_off_with_everything_it_wrote_turns_the_head_back(record: Record) -> None:
    """A whole last entry removed, its rows, index, payload, texts and counter too, passes; the noted head is ahead."""
    comment(record)
    noted = record.report().heads[record.stream]
    with Forger(record.file) as forger:
        [(last,)] = forger.sql.execute("SELECT value FROM counters")
        forger.sql.execute("DELETE FROM events WHERE reason = 'No.'")
        for table in ("journal", "journal_payloads", "journal_streams"):
            forger.sql.execute(f"DELETE FROM {table} WHERE position = ?", (last,))
        forger.sql.execute("UPDATE counters SET value = value - 1")
        forger.mend()
    report = record.report()
    assert report.findings == []
    assert report.heads[record.stream] == record.noted[record.stream]
    assert report.heads[record.stream][0] == noted[0] - 1


@pytest.mark.parametrize("kept", ["counter", "index", "head", "payload", "rows"])
def test_a_tail_cut_off_with_anything_left_behind_is_found(record: Record, kept: str) -> None:
    """A cut that leaves counter, index, head, payload or rows of the removed entry behind is found."""
    comment(record)
    with Forger(record.file) as forger:
        [(last,)] = forger.sql.execute("SELECT value FROM counters")
        [(head,)] = forger.sql.execute("SELECT head FROM streams WHERE stream = ?", (record.stream,))
        if kept != "rows":
            forger.sql.execute("DELETE FROM events WHERE reason = 'No.'")
        for table, name in (("journal", ""), ("journal_payloads", "payload"), ("journal_streams", "index")):
            if kept != name:
                forger.sql.execute(f"DELETE FROM {table} WHERE position = ?", (last,))
        if kept != "counter":
            forger.sql.execute("UPDATE counters SET value = value - 1")
        forger.mend()
        if kept == "head":
            forger.sql.execute("UPDATE streams SET head = ? WHERE stream = ?", (head, record.stream))
    assert record.codes()


def test_an_entry_taken_out_of_the_middle_is_found(record: Record) -> None:
    """An entry removed with its payload and index leaves a gap that is named, even when all chains are mended."""
    with Forger(record.file) as forger:
        for table in ("journal", "journal_payloads", "journal_streams"):
            forger.sql.execute(f"DELETE FROM {table} WHERE position = 8")
        forger.mend()
    assert ("entry_missing", 9) in {(f.code, f.position) for f in record.report().findings}


def test_entries_that_changed_places_are_found(record: Record) -> None:
    """Two entries that swap positions, with payloads, are found: each body knows its place."""
    with Forger(record.file) as forger:
        for table in ("journal", "journal_payloads"):
            for old, new in ((8, 99), (9, 8), (99, 9)):
                forger.sql.execute(f"UPDATE {table} SET position = ? WHERE position = ?", (new, old))
    assert {"entry_moved", "chain_broken"} <= record.codes()


def test_an_entry_without_a_stream_is_found(record: Record) -> None:
    """An entry that claims no stream hangs in no chain, and is told."""
    with Forger(record.file) as forger:
        forger.append([])
    assert "entry_foreign" in record.codes()


def test_a_salt_has_one_spelling(record: Record) -> None:
    """Capitals, spaces and zeros appended stand for the same key to HMAC or to a reader; here they are alterations."""
    for respelt in (
        "upper(salt)",
        "salt || '00'",
        "substr(salt, 1, 2) || ' ' || substr(salt, 3)",
        "CAST(salt AS BLOB)",
    ):
        with Forger(record.file) as forger:
            [(before,)] = forger.sql.execute("SELECT salt FROM journal_payloads WHERE position = 3")
            forger.sql.execute(f"UPDATE journal_payloads SET salt = {respelt} WHERE position = 3")
        assert [(told.code, told.position) for told in record.report().findings] == [("salt_altered", 3)], respelt
        with Forger(record.file) as forger:
            forger.sql.execute("UPDATE journal_payloads SET salt = ? WHERE position = 3", (before,))
    assert record.codes() == set()


def test_a_request_id_that_only_looks_like_another_is_found(record: Record) -> None:
    """A BLOB in the place of a request id is found, also when its text form would give the same key."""
    with Forger(record.file) as forger:
        forger.sql.execute("UPDATE journal_payloads SET request_id = CAST(request_id AS BLOB) WHERE position = 1")
    assert record.codes() == {"payload_altered"}


def test_an_alteration_is_not_laundered_by_the_next_write(record: Record) -> None:
    """Hansard's own next write to an altered row is refused with nothing written; the alteration stays found."""
    with Forger(record.file) as forger:
        forger.sql.execute("UPDATE entities SET label = 'forged' WHERE kind = 'E'")
    entries = record.report().entries
    update = {"id": "E0001", "status": "challenged", "by": ["judge"]}
    with pytest.raises(HansardError) as caught:
        record.house.run("dialogue_update_status", {"dialogue_id": record.id, "updates": [update]})
    assert (caught.value.kind, caught.value.code) == ("corrupt", "row_altered")
    assert record.report().entries == entries
    assert ("row_altered", "entities") in {(f.code, f.table) for f in record.report().findings}


REBUILT = {
    "no key": "CREATE TABLE {t} AS SELECT * FROM old",
    "a view": "CREATE VIEW {t} AS SELECT * FROM old",
    "another clause": "{sql}",
}


@pytest.mark.parametrize("how", REBUILT)
@pytest.mark.parametrize("table", ["events", "journal", "streams"])
def test_a_doctored_table_takes_no_write(record: Record, table: str, how: str) -> None:
    """A table without its key, a view in its place, a clause that replaces rows: no write is answered."""
    with Forger(record.file) as forger:
        [(sql,)] = forger.sql.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,))
        head, _, key = sql.rpartition("PRIMARY KEY (")
        replacing = f"{head}PRIMARY KEY ({key.replace(')', ') ON CONFLICT REPLACE', 1)}"
        forger.sql.execute("PRAGMA legacy_alter_table=ON")
        forger.sql.execute(f"ALTER TABLE {table} RENAME TO old")
        forger.sql.execute(REBUILT[how].format(t=table, sql=replacing))
        if how == "another clause":
            forger.sql.execute(f"INSERT INTO {table} SELECT * FROM old")
    with pytest.raises(HansardError) as caught:
        comment(record)
    assert (caught.value.kind, caught.value.code) == ("corrupt", "schema_altered")
    assert f"'{table}'" in caught.value.message


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE counters SET value = 3",
        "UPDATE counters SET name = 'x'",
        "UPDATE streams SET sequence = 2",
        "DELETE FROM streams",
    ],
)
def test_a_counter_or_head_that_was_set_back_takes_no_write(record: Record, statement: str) -> None:
    """Where the next place is taken, or the counter is gone, the write is refused and leaves nothing."""
    with Forger(record.file) as forger:
        forger.sql.execute(statement)
    before = record.report().entries
    with pytest.raises(HansardError) as caught:
        comment(record)
    assert (caught.value.kind, caught.value.code) == ("corrupt", "row_altered")
    assert record.report().entries == before


HIDDEN = {
    "a trigger in capitals": (
        "INSERT INTO sqlite_master VALUES ('Trigger', 'sqlite_autoindex_x', 'refs', 0, "
        "'CREATE TRIGGER sqlite_autoindex_x BEFORE INSERT ON refs BEGIN SELECT RAISE(IGNORE); END')"
    ),
    "a space that is none": (
        "UPDATE sqlite_master SET sql = replace(sql, 'body TEXT NOT NULL', "
        "'body TEXT' || char(160) || 'NOT' || char(160) || 'NULL') WHERE name = 'texts'"
    ),
    "an index of somebody's": "CREATE UNIQUE INDEX evil ON dialogues (dialogue_id, panel_size)",
}


@pytest.mark.parametrize("how", HIDDEN)
def test_a_part_that_hides_from_the_comparison_is_found_and_takes_no_write(record: Record, how: str) -> None:
    """Kinds in other letters, names that SQLite keeps for itself, spaces that only look like it: none goes unseen."""
    with Forger(record.file) as forger:
        forger.sql.execute("PRAGMA writable_schema=ON")
        forger.sql.execute(HIDDEN[how])
    record.house.close()
    database = Database(record.file)
    try:
        with database.reading() as connection:
            assert schema_differences(connection)
    finally:
        database.close()
    with pytest.raises(HansardError) as caught:  # noqa: PT012  # opening refuses one, writing the others
        record.house = House(record.file)
        comment(record)
    assert caught.value.code in ("schema_altered", "foreign_trigger")


@pytest.mark.parametrize("how", ["dropped", "forgotten"])
def test_a_store_without_its_tables_is_no_new_store(record: Record, how: str) -> None:
    """A file that had tables and has none is corrupt: nothing is made over it, and its bytes stay."""
    record.house.close()
    with Forger(record.file) as forger:
        forger.sql.execute("PRAGMA foreign_keys=OFF")
        if how == "dropped":
            names = forger.sql.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL")
            for (name,) in names.fetchall():
                if not name.startswith("search_"):
                    forger.sql.execute(f"DROP TABLE {name}")
        else:
            forger.sql.execute("PRAGMA writable_schema=ON")
            forger.sql.execute("DELETE FROM sqlite_master")
    before = record.file.read_bytes()
    with pytest.raises(HansardError) as caught:
        Database.open(record.file)
    assert caught.value.code == "database_corrupt"
    assert record.file.read_bytes() == before
