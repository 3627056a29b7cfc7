"""Erasing: the chain holds, the rows hold, and the words are nowhere in the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hansard.database import verify
from hansard.database.engine import Database
from hansard.kernel.canonical import parsed
from hansard.kernel.operations import Actor, Call
from tests.conftest import scale
from tests.support.notebook import CALL, STREAM, TABLES, Notebook, Write, Written, note, notes, text_count
from tests.support.stores import run_sql

LONG = "Long words that are kept beside. " * 50


@pytest.fixture
def book(either: Notebook) -> Notebook:
    """Everything here that needs no file holds on each kind of database."""
    return either


def test_an_erased_entry_leaves_chain_and_rows_verified(book: Notebook) -> None:
    """Payload, actor, request id and salt are gone; every row still stands, sealed anew, and everything verifies."""
    book.write([note(1), note(2, LONG)], words=LONG, request_id="r")
    book.write([note(3)])
    rows = book.dump()["notes"]
    book.erase(1)
    assert [position for (position,) in book.sql("SELECT position FROM journal_payloads")] == [2, 3]
    assert book.dump()["notes"] == rows
    assert book.findings() == book.findings(STREAM) == []
    body = parsed(book.sql("SELECT body FROM journal WHERE position = 3")[0][0])
    assert body["decided"] == {"erased": [1]}
    assert [key for _, key, _ in body["changes"]] == [["a", 1], ["a", 2]]


def test_what_was_sealed_anew_is_guarded_like_any_row(book: Notebook) -> None:
    """After an erasure an altered row is found, and one that was altered before is not laundered by it."""
    book.write([note(1), note(2)])
    book.sql("UPDATE notes SET plain = 'before' WHERE part = 1")
    book.erase(1)
    assert [(finding.code, finding.key) for finding in book.findings()] == [("row_unproved", ("a", 1))]
    book.sql("UPDATE notes SET plain = 'after' WHERE part = 2")
    assert {(finding.code, finding.key) for finding in book.findings()} == {
        ("row_unproved", ("a", 1)),
        ("row_altered", ("a", 2)),
    }


def test_an_erasure_stands_in_every_chain_it_touches(book: Notebook) -> None:
    """The erasing entry is in all streams of what it erases, so that each chain alone tells why words are missing."""
    book.write([note(1)], streams=[STREAM, "note:b"])
    book.write(streams=["note:c"])
    book.erase(1, 2)
    with book.database.reading() as connection:
        for stream in (STREAM, "note:b", "note:c"):
            entries = verify.stream_entries(connection, stream)
            assert [entry.position for entry in entries][-1] == 3
            assert verify.verify_store(connection, TABLES, stream).findings == []


def test_erasing_can_be_erased_and_repeated(book: Notebook) -> None:
    """The erasing entry itself may be erased later, and an erased entry named again, without a finding."""
    book.write([note(1)], words="w")
    book.erase(1)
    book.erase(1, 2)
    book.change([note(1, "later")])
    book.erase(3)
    assert book.findings() == []
    assert [position for (position,) in book.sql("SELECT position FROM journal_payloads")] == [4, 5]


def test_only_what_there_is_can_be_erased(book: Notebook) -> None:
    """A position that the journal has not reached cannot be erased beforehand."""
    book.write()
    before = book.dump()
    for position in (0, 2, 99):
        with pytest.raises(LookupError):
            book.erase(position)
    assert book.dump() == before


def test_long_words_go_when_nobody_says_them_any_more(book: Notebook) -> None:
    """An erased entry's long texts go unless another payload or a row still refers to them."""
    only, asked, rowed = LONG + "only", LONG + "asked", LONG + "rowed"
    book.write([note(1, rowed)], words=[only, asked], answer=[only])
    book.write(words={"again": asked})
    assert text_count(book) == 3
    book.erase(1)
    assert {body for (body,) in book.sql("SELECT body FROM texts")} == {asked, rowed}
    book.erase(2)
    assert book.sql("SELECT body FROM texts") == [(rowed,)]
    assert book.findings() == []


def test_a_digest_that_somebody_only_mentions_keeps_no_text(book: Notebook) -> None:
    """A payload that contains the SHA-256 of erased words as words of its own does not keep them."""
    book.write(words=LONG)
    [(digest,)] = book.sql("SELECT sha256 FROM texts")
    book.write(words=[digest, {"$text": digest}])
    book.erase(1)
    assert text_count(book) == 0
    assert book.findings() == []


def files_of(book: Notebook) -> bytes:
    """Every byte of the store's files: the database, its log and whatever else lies there; a server's log apart."""
    if not isinstance(book.place, Path):
        run_sql("CHECKPOINT")  # what is in memory goes to the files
        [(folder,)] = book.sql("SHOW data_directory")
        [(number,)] = book.sql("SELECT oid FROM pg_database WHERE datname = current_database()")
        return b"".join(path.read_bytes() for path in sorted(Path(folder, "base", str(number)).iterdir()))
    return b"".join(path.read_bytes() for path in sorted(book.file.parent.iterdir()))


@pytest.mark.parametrize("large", [False, True], ids=["inline", "overflowing"])
def test_erased_words_are_nowhere_in_the_files(book: Notebook, large: bool) -> None:
    """After redacting the row, erasing the entry and scrubbing, the words are in no page, free page or log."""
    secret = "XyZZy-secret-words-" * (2000 if large else 2)
    who = Call(Actor("QuuxActor", "test"))
    for part in range(20):
        book.write([note(part, f"filler {part} " * 30)], words="w" * (part * 50))
    book.write([note(20, secret, remark="XyZZy"), note(21)], words={"s": secret}, request_id="XyZZy-id", call=who)
    for part in range(22, 40):
        book.write([note(part, f"filler {part} " * 30)], words="w" * (part * 50))
    assert b"XyZZy" in files_of(book)
    with book.started() as entry:
        entry.update(notes, [note(20, "redacted")])
        entry.erase([21], TABLES)
        entry.finish(Written())
    assert book.database.scrub()
    left = files_of(book)
    assert b"XyZZy" not in left
    assert b"QuuxActor" not in left
    assert book.findings() == []


def test_scrubbing_tells_when_a_reader_still_holds_the_past(tmp_path: Path) -> None:
    """While somebody reads the moment before, the old pages must stay: that is told, and the next call clears them."""
    book = Notebook(tmp_path / "hansard.db", busy_timeout_seconds=0.05)
    try:
        book.write([note(1, "XyZZy")], words="XyZZy")
        reader = Database(book.file)
        with reader.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar() == 1
            with book.started() as entry:
                entry.update(notes, [note(1, "redacted")])
                entry.erase([1], TABLES)
                entry.finish(Written())
            assert not book.database.scrub()
        reader.close()
        assert book.database.scrub()
        assert b"XyZZy" not in files_of(book)
        assert book.findings() == []
    finally:
        book.close()


moves = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 3), st.sampled_from(["x", LONG, LONG + "2"])),
    st.tuples(st.just("change"), st.integers(0, 3), st.sampled_from(["y", LONG, LONG + "3"])),
    st.tuples(st.just("delete"), st.integers(0, 3), st.just("")),
    st.tuples(st.just("erase"), st.integers(0, 12), st.just("")),
)


@settings(max_examples=scale(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(moves, max_size=14))
def test_any_history_with_erasures_verifies(tmp_path_factory: pytest.TempPathFactory, history: list[Any]) -> None:
    """However writes, changes, removals and erasures follow each other, nothing is found, whole or by stream."""
    book = Notebook(tmp_path_factory.mktemp("history") / "hansard.db")
    try:
        for what, number, words in history:
            there = {part for (part,) in book.sql("SELECT part FROM notes")}
            if what == "write" and number not in there:
                book.write([note(number, words)], words=words)
            elif what == "change" and number in there:
                book.change([note(number, words)])
            elif what == "delete" and number in there:
                with book.journal.entry("delete", Write(), CALL, [STREAM]) as entry:
                    entry.delete(notes, ("a", number))
                    entry.finish(Written())
            elif what == "erase" and book.sql("SELECT 1 FROM journal WHERE position = ?", number):
                book.erase(number)
            assert book.findings() == []
        if history:
            assert book.findings(STREAM) == []
    finally:
        book.close()
