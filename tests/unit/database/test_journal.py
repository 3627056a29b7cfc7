"""The journal: a change and its entry are one; an error leaves neither; what was decided is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hansard.database import tables
from hansard.database.journal import START, Journal, head, row_label, rows_salt, sealed
from hansard.kernel.canonical import parsed, sha256_hex
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call
from tests.support.notebook import CALL, STREAM, TABLES, TAKEN, Notebook, Write, Written, note, notes, text_count
from tests.support.statements import recorded

LONG = "The same long words again. " * 50


@pytest.fixture
def book(either: Notebook) -> Notebook:
    """Everything here holds on each kind of database."""
    return either


def bodies(book: Notebook) -> list[dict[str, Any]]:
    """The bodies of all entries."""
    return [parsed(body) for (body,) in book.sql("SELECT body FROM journal ORDER BY position")]


# -- one transaction --------------------------------------------------------------------------------------------------


def test_a_write_and_its_entry_appear_together(book: Notebook) -> None:
    """Row, entry, payload, index and heads are there after the commit and not a moment before."""
    before = book.dump()
    with book.started() as entry:
        entry.insert(notes, [note(1, LONG)])
        entry.finish(Written())
        # another connection still sees the moment before
        with book.database.reading() as other:
            assert [tuple(row) for row in other.execute(sa.select(notes))] == before["notes"] == []
            assert other.execute(sa.select(sa.func.count()).select_from(tables.journal)).scalar_one() == 0
    after = book.dump()
    assert {name: len(after[name]) - len(before[name]) for name in after} == {
        "notes": 1, "texts": 1, "journal": 1, "journal_payloads": 1, "journal_streams": 1, "streams": 1, "counters": 0,
    }  # fmt: skip
    assert book.findings() == []


@pytest.mark.parametrize("moment", ["before", "after rows", "after finish"])
def test_an_error_leaves_no_trace(book: Notebook, moment: str) -> None:
    """An error before, between or after the writes of an entry leaves every table as it was; the next write works."""
    book.write([note(1)])
    before = book.dump()

    def failing() -> None:
        with book.started() as entry:
            if moment != "before":
                entry.insert(notes, [note(2, LONG)])
                entry.update(notes, [note(1, "other")])
            if moment == "after finish":
                entry.finish(Written())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert book.dump() == before
    book.write([note(2)])
    assert book.findings() == []


def test_an_entry_that_is_not_finished_is_a_mistake_and_leaves_no_trace(book: Notebook) -> None:
    """Rows without an entry cannot be committed: who forgets to finish is told, and nothing was written."""
    before = book.dump()
    with pytest.raises(RuntimeError, match="wrote no journal entry"), book.started() as entry:
        entry.insert(notes, [note(1)])
    assert book.dump() == before


def test_an_entry_that_fails_inside_another_transaction_leaves_nothing_there(book: Notebook) -> None:
    """Who joins several entries in one transaction and goes on after one that failed keeps nothing of that one."""

    def failing(joined: Call) -> None:
        with book.journal.entry("write", Write(), joined, [STREAM]) as entry:
            entry.insert(notes, [note(2, LONG)])
            raise ZeroDivisionError

    with book.database.writing() as connection:
        joined = CALL.within(connection)
        book.write([note(1)], call=joined)
        with pytest.raises(ZeroDivisionError):
            failing(joined)
        book.write([note(3)], call=joined)
    assert [row[1] for row in book.dump()["notes"]] == [1, 3]
    assert text_count(book) == 0
    assert book.findings() == []
    assert [body["position"] for body in bodies(book)] == [1, 2]


def test_joined_entries_are_committed_together_or_not_at_all(book: Notebook) -> None:
    """An error in the transaction that entries joined takes all of them back."""

    def failing() -> None:
        with book.database.writing() as connection:
            book.write([note(1)], call=CALL.within(connection))
            raise ZeroDivisionError

    before = book.dump()
    with pytest.raises(ZeroDivisionError):
        failing()
    assert book.dump() == before


def test_nothing_can_be_written_past_the_entry(book: Notebook) -> None:
    """After its end, or beside a first answer, an entry writes nothing more."""
    book.write([note(1)], request_id="r")
    before = book.dump()
    acts: list[Any] = [
        lambda entry: entry.insert(notes, [note(9)]),
        lambda entry: entry.update(notes, [note(1, "x")]),
        lambda entry: entry.delete(notes, ("a", 1)),
        lambda entry: entry.erase([1], TABLES),
        lambda entry: entry.join("note:b"),
        lambda entry: entry.finish(Written()),
    ]

    def past_the_end(act: Any) -> None:
        with book.started() as entry:
            entry.finish(Written())
            act(entry)

    def beside_an_answer(act: Any) -> None:
        with book.journal.entry("write", Write(request_id="r"), CALL, [STREAM]) as entry:
            assert entry.answer == {"words": None}
            act(entry)

    for act in acts:
        for write in (past_the_end, beside_an_answer):
            with pytest.raises(RuntimeError, match="after its entry"):
                write(act)
    assert book.dump() == before


def test_a_row_of_another_stream_cannot_be_changed(book: Notebook) -> None:
    """An entry changes rows of its own streams only: the chain of a row's stream tells of all its changes."""
    with pytest.raises(RuntimeError, match="none of its streams"), book.started() as entry:
        entry.insert(notes, [note(1) | {"note": "b"}])
    with book.started() as entry:
        entry.join("note:b")
        entry.insert(notes, [note(1) | {"note": "b"}])
        entry.finish(Written())
    assert book.findings() == []
    assert [name for name, _, _ in bodies(book)[0]["streams"]] == ["note:a", "note:b"]


def test_an_entry_is_in_a_stream(book: Notebook) -> None:
    """An entry that no chain would tell of is a mistake, and leaves no trace."""
    before = book.dump()
    with pytest.raises(RuntimeError, match="in no stream"):
        book.write(streams=[])
    assert book.dump() == before


def test_rows_that_are_not_there_cannot_be_changed_or_removed(book: Notebook) -> None:
    """To replace or remove a row that does not stand there is a mistake, and leaves no trace."""
    before = book.dump()
    with pytest.raises(HansardError) as caught, book.started() as entry:
        entry.update(notes, [note(1)])
    assert caught.value.code == "row_altered"  # a row that no entry made is none
    with pytest.raises(LookupError), book.started() as entry:
        entry.delete(notes, ("a", 1))
    with pytest.raises(TAKEN), book.started() as entry:
        entry.insert(notes, [note(1), note(1)])
    assert book.dump() == before


def test_an_altered_row_is_not_sealed_again(book: Notebook) -> None:
    """A write that would replace an altered or removed row is refused: sealed anew, nobody would ever know."""
    book.write([note(part, LONG) for part in range(4)])
    book.change([note(1, "later")])
    book.sql("UPDATE notes SET plain = 'forged' WHERE part = 0")
    book.sql("UPDATE notes SET body = 'forged' WHERE part = 1")
    book.sql("DELETE FROM notes WHERE part = 2")
    before = book.dump()
    for part, position in ((0, 1), (1, 2), (2, 1)):
        with pytest.raises(HansardError) as caught:
            book.change([note(3, "fine"), note(part, "new words")])
        assert (caught.value.kind, caught.value.code) == ("corrupt", "row_altered")
        assert caught.value.context == {"table": "notes", "key": ["a", part], "position": position}
    assert book.dump() == before
    book.change([note(3, "fine")])
    assert {finding.key for finding in book.findings()} == {("a", 0), ("a", 1), ("a", 2)}


def test_an_entry_may_change_what_it_has_written_itself(book: Notebook) -> None:
    """Insert, replace, remove and insert again in one entry: the last state counts, each row is listed once."""
    with book.started() as entry:
        entry.insert(notes, [note(1), note(2)])
        entry.update(notes, [note(1, "second")])
        entry.delete(notes, ("a", 2))
        entry.insert(notes, [note(2, "again")])
        entry.delete(notes, ("a", 1))
        entry.finish(Written())
    [body] = bodies(book)
    assert [(table, key, digest is None) for table, key, digest in body["changes"]] == [
        ("notes", ["a", 1], True),
        ("notes", ["a", 2], False),
    ]
    assert book.findings() == []


# -- what an entry holds ----------------------------------------------------------------------------------------------


def test_an_entry_holds_who_when_what_and_what_came_before(book: Notebook) -> None:
    """A body has exactly the documented keys; positions, numbers and previous hashes follow each other per stream."""
    book.write([note(1)], words={"b": 1, "a": LONG}, request_id="r-1")
    with book.journal.entry("other", Write(), CALL, ["z:1", STREAM, "b:1"]) as entry:
        entry.finish(Written())
    first, second = bodies(book)
    keys = ["actor", "changes", "decided", "operation", "position", "request", "request_key", "result", "rules",
            "streams", "time", "version"]  # fmt: skip
    assert list(first) == list(second) == keys
    assert (first["version"], first["operation"], first["position"], second["position"]) == (
        "hansard-journal-1", "write", 1, 2,
    )  # fmt: skip
    assert first["streams"] == [[STREAM, 1, START]]
    [(digest,)] = book.sql("SELECT hash FROM journal WHERE position = 1")
    assert second["streams"] == [["b:1", 1, START], [STREAM, 2, digest], ["z:1", 1, START]]
    with book.database.reading() as connection:
        assert head(connection, STREAM)[0] == 2
        assert head(connection, "unknown:1") == (0, START)
    assert "tester" not in str(bodies(book))
    assert "r-1" not in str(bodies(book))


def test_changes_have_one_order(book: Notebook) -> None:
    """The list of changes is sorted by table and key, in whatever order the rows were written."""
    with book.started() as entry:
        entry.insert(notes, [note(10), note(9)])
        entry.insert(notes, [note(1), note(2)])
        entry.finish(Written())
    [body] = bodies(book)
    assert [key for _, key, _ in body["changes"]] == [["a", 1], ["a", 2], ["a", 9], ["a", 10]]


@given(
    st.tuples(st.binary(min_size=16, max_size=16), st.text(), st.binary()),
    st.tuples(st.binary(min_size=16, max_size=16), st.text(), st.binary()),
)
def test_a_seal_fits_one_salt_one_label_and_one_content(
    one: tuple[bytes, str, bytes], other: tuple[bytes, str, bytes]
) -> None:
    """Another salt, label or content gives another seal; bytes moved from one into the next do, too."""

    def seal(parts: tuple[bytes, str, bytes]) -> str:
        return sealed(parts[0].hex(), parts[1].encode("utf-8", "replace").decode(), parts[2])

    plain = [(salt, label.encode("utf-8", "replace"), data) for salt, label, data in (one, other)]
    assert (seal(one) == seal(other)) == (plain[0] == plain[1])
    salt, label, data = one[0], plain[0][1].decode(), b"x" + one[2]
    assert sealed(salt.hex(), label + "x", one[2]) != sealed(salt.hex(), label, data)
    assert rows_salt(salt.hex()) not in (salt.hex(), sealed(salt.hex(), label, one[2]))


def test_a_row_s_label_names_one_row() -> None:
    """Table and key stand in the label so that no two rows share it: a row moved to another place loses its seal."""
    labels = [
        row_label("notes", ("a", 1)), row_label("notes", ("a", "1")), row_label("notes", ("a,1",)),
        row_label("note", ("s a", 1)), row_label("notes", ('a",1,"', 1)), row_label("notes", ("a", 1, None)),
    ]  # fmt: skip
    assert len(set(labels)) == len(labels)


def test_what_is_drawn_is_kept_once_under_its_name(book: Notebook) -> None:
    """Drawn bytes and decided values stand in the body; one name is never decided twice, nor are the journal's own."""
    with book.started() as entry:
        drawn = entry.draw("seed", 8)
        entry.decide("id", ["x"])
        for name in ("seed", "id", "erased", "salt"):
            with pytest.raises(ValueError, match=name):
                entry.decide(name, 1)
        with pytest.raises(ValueError, match="seed"):
            entry.draw("seed", 8)
        entry.finish(Written())
    assert bodies(book)[0]["decided"] == {"id": ["x"], "seed": drawn.hex()}


def test_every_entry_has_its_own_salt(tmp_path: Path) -> None:
    """The system's chance gives each entry another salt of 16 bytes, so that equal rows have different digests."""
    book = Notebook(tmp_path / "hansard.db", counted=False)
    try:
        for _ in range(5):
            book.write([note(1)])
            with book.started() as entry:
                entry.delete(notes, ("a", 1))
                entry.finish(Written())
        salts = {salt for (salt,) in book.sql("SELECT salt FROM journal_payloads")}
        assert len(salts) == 10
        assert {len(bytes.fromhex(salt)) for salt in salts} == {16}
        digests = [body["changes"][0][2] for body in bodies(book) if body["changes"][0][2]]
        assert len(set(digests)) == 5
    finally:
        book.close()


def test_the_time_is_the_clock_s(tmp_path: Path) -> None:
    """An entry carries the injected clock's time, once, for itself and for its rows."""
    book = Notebook(tmp_path / "hansard.db")
    try:
        moment = datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=UTC)
        journal = Journal(book.database, clock=lambda: moment)
        with journal.entry("write", Write(), CALL, [STREAM]) as entry:
            assert entry.time == "2001-02-03T04:05:06.000007Z"
            entry.finish(Written())
        assert bodies(book)[0]["time"] == "2001-02-03T04:05:06.000007Z"
    finally:
        book.close()


# -- texts ------------------------------------------------------------------------------------------------------------


def test_a_long_text_is_kept_once(book: Notebook) -> None:
    """Rows, requests and answers of several entries that say the same long words keep them once."""
    for part in range(3):
        book.write([note(part, LONG, remark=LONG)], words={"said": [LONG]})
    assert book.sql("SELECT body FROM texts") == [(LONG,)]
    assert book.findings() == []


def test_a_request_may_say_very_much(book: Notebook) -> None:
    """Thousands of long texts in one request are kept, each once, and verify."""
    book.write(words=[LONG + str(number) for number in range(1200)])
    book.write(words=[LONG + str(number) for number in range(1300)])
    assert text_count(book) == 1300
    assert book.findings() == []


def test_a_text_goes_with_its_last_user(book: Notebook) -> None:
    """Long words that no row and no payload refers to any more are not kept; shared ones stay."""
    made, shared = LONG + "made", LONG + "shared"
    book.write([note(1, made), note(2, shared), note(3, shared)])
    assert text_count(book) == 2
    book.change([note(1, "short"), note(2, "short")])
    assert book.sql("SELECT body FROM texts") == [(shared,)]
    with book.started() as entry:
        entry.delete(notes, ("a", 3))
        entry.finish(Written())
    assert text_count(book) == 0
    assert book.findings() == []


def test_looking_for_unused_texts_is_no_part_of_usual_writes(book: Notebook) -> None:
    """A row replaced with the same long words looks nowhere else: no table is searched for other users of them."""
    book.write([note(1, LONG)])
    with recorded(book.database) as asked:
        book.change([note(1, LONG, plain="new")])
    assert [
        statement for statement in asked if "LIKE" in statement or "remark = " in statement.split("WHERE")[-1]
    ] == []
    with recorded(book.database) as asked:
        book.change([note(1, "short")])
    assert [statement for statement in asked if "LIKE" in statement]


def test_a_text_that_a_payload_refers_to_stays(book: Notebook) -> None:
    """Words that were asked or answered stay for as long as that entry's payload does."""
    book.write([note(1, LONG)], words=LONG)
    book.change([note(1, "short")])
    assert book.sql("SELECT body FROM texts") == [(LONG,)]
    assert book.findings() == []


# -- requests that come again -----------------------------------------------------------------------------------------


def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(book: Notebook) -> None:
    """The same actor's request id with the same request is answered as the first time, long texts included."""
    answer = {"long": LONG, "$text": "mine", "list": [1, None, 0.5]}
    first = book.write([note(1)], words={"a": LONG}, request_id="r", answer=answer)
    before = book.dump()
    again = book.write([note(1)], words={"a": LONG}, request_id="r", answer="never asked")
    assert again == first == Written(words=answer)
    assert book.dump() == before


@pytest.mark.parametrize("words", [{"a": 2}, {"a": 1, "b": 1}, {}, None, {"a": "1"}, {"a": 1.0}, {"a": True}])
def test_a_request_id_is_for_one_request(book: Notebook, words: Any) -> None:
    """Another request under a used id is refused, however near it comes, and changes nothing."""
    book.write([note(1)], words={"a": 1}, request_id="r")
    before = book.dump()
    with pytest.raises(HansardError) as caught:
        book.write([note(2)], words=words, request_id="r")
    error = caught.value
    assert (error.kind, error.code, error.field, error.value) == ("conflict", "request_id_reused", "request_id", "r")
    assert book.dump() == before


def test_a_request_id_is_for_one_operation(book: Notebook) -> None:
    """The same id and words sent to another operation are refused, and the first operation is named."""
    book.write(request_id="r")
    with pytest.raises(HansardError) as caught, book.journal.entry("erase", Write(request_id="r"), CALL, [STREAM]):
        pytest.fail("was let in")
    assert caught.value.code == "request_id_reused"
    assert "'write'" in caught.value.message


def test_a_request_id_is_an_actor_s_own(book: Notebook) -> None:
    """Two actors may use one id; actor and id cannot be shared out differently to make two requests one."""
    for number, (actor, request_id) in enumerate([("a", "b c"), ("a b", "c"), ("a", "b"), ("b", "b"), ("", "1 a b")]):
        book.write([note(number)], request_id=request_id, call=Call(Actor(actor, "test")))
    assert len(book.sql("SELECT DISTINCT request_key FROM journal")) == 5
    assert book.findings() == []


def test_a_request_id_of_a_token_is_not_that_of_a_person_of_the_same_name(book: Notebook) -> None:
    """Who is known in another way is somebody else; the keys of people at the machine stay what they always were."""
    for number, actor in enumerate((Actor("root"), Actor("root", "token"), Actor("root", "key"))):
        book.write([note(number)], request_id="r", call=Call(actor))
    keys = [row[0] for row in book.sql("SELECT request_key FROM journal ORDER BY position")]
    assert keys == [sha256_hex(f"{kind}request 4 root r".encode()) for kind in ("", "token ", "key ")]
    again = book.write([note(1)], request_id="r", answer="never asked", call=Call(Actor("root", "token")))
    assert again != Written(words="never asked")
    assert len(book.sql("SELECT position FROM journal")) == 3
    assert book.findings() == []


def test_a_refused_request_leaves_its_id_free(book: Notebook) -> None:
    """An error is no answer: the same id may be sent again, with the mended request."""
    with pytest.raises(TAKEN):
        book.write([note(1), note(1)], words="wrong", request_id="r")
    assert book.write([note(1)], words="right", request_id="r").words == "right"


@pytest.mark.parametrize(
    "alteration",
    ["result = '{\"words\":\"no\"}'", "result = CAST(result AS BLOB)", "request = '{}'", "salt = 'zz'", "salt = x'00'",
     "salt = upper(salt)"],
)  # fmt: skip
def test_an_altered_answer_is_not_given_again(book: Notebook, alteration: str) -> None:
    """A repeated request whose kept request, answer or salt was altered is refused as damage."""
    book.write(words="asked", request_id="r", answer="yes")
    if "BLOB" in alteration and not isinstance(book.place, Path):  # a server keeps text alone where text belongs
        alteration = "result = convert_from(decode('ff', 'hex'), 'LATIN1')"
    book.sql(f"UPDATE journal_payloads SET {alteration}")
    with pytest.raises(HansardError) as caught:
        book.write(words="asked", request_id="r")
    assert (caught.value.kind, caught.value.code) == ("corrupt", "row_altered")


def test_an_answer_whose_words_are_gone_is_not_given_again(book: Notebook) -> None:
    """A repeated request whose answer refers to a text that is missing is refused with that text's hash."""
    book.write(words="asked", request_id="r", answer=LONG)
    book.sql("DELETE FROM texts")
    with pytest.raises(HansardError) as caught:
        book.write(words="asked", request_id="r")
    assert (caught.value.kind, caught.value.code) == ("corrupt", "text_missing")


def test_an_erased_request_is_still_known(book: Notebook) -> None:
    """After its payload was erased a repeated request is refused as carried out: it is not done a second time."""
    book.write([note(1)], words="asked", request_id="r")
    book.erase(1)
    before = book.dump()
    with pytest.raises(HansardError) as caught:
        book.write([note(2)], words="asked", request_id="r")
    assert (caught.value.kind, caught.value.code) == ("conflict", "request_erased")
    assert book.dump() == before


def test_a_request_without_an_id_is_always_new(book: Notebook) -> None:
    """Without a request id the same request is done as often as it is sent."""
    for part in range(3):
        book.write([note(part)], words="same")
    assert len(bodies(book)) == 3
    assert {body["request_key"] for body in bodies(book)} == {None}


@pytest.mark.parametrize("head", ["'abc'", "''", "CAST(x'61ff' AS TEXT)", "x'6162'"])
def test_nothing_is_built_on_an_altered_head(book: Notebook, head: str) -> None:
    """A write into a stream whose head is not its last entry's hash is refused: it would cover the alteration up."""
    if book.database.path is None and head != "'abc'":
        pytest.skip("a server takes no such cell")
    book.write([note(1)])
    book.sql(f"UPDATE streams SET head = {head} WHERE stream = '{STREAM}'")
    with pytest.raises(HansardError) as caught:
        book.write([note(2)])
    assert caught.value.code in ("row_altered", "cell_unreadable")
    assert book.sql("SELECT count(*) FROM journal") == [(1,)]


def test_a_number_that_is_none_is_told(book: Notebook) -> None:
    """A stream whose number was altered into a word is refused by name, as any altered row."""
    if book.database.path is None:
        pytest.skip("a server takes no such cell")
    book.write([note(1)])
    book.sql(f"UPDATE streams SET sequence = 'x' WHERE stream = '{STREAM}'")
    with pytest.raises(HansardError) as caught:
        book.write([note(2)])
    assert caught.value.code == "row_altered"
