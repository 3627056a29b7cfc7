"""The database: opened or refused with what to do, durable, and back in service after every failure."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import hansard.database.migrations  # noqa: F401  # imported while everything may be read (see plain_user)
from hansard.database.engine import HEAD, REVISIONS, Database
from hansard.database.sqlite import SQLite
from hansard.kernel.errors import HansardError
from hansard.kernel.locks import file_lock
from tests.conftest import scale
from tests.support.notebook import TAKEN, Notebook, note
from tests.support.processes import lines, open_folder, plain_user, python, ran

BUSY = 0.1
"""How long a test waits for a lock that will not be given."""


def opened(file: Path) -> HansardError | None:
    """The refusal that opening a store ends in, or ``None`` when it opens."""
    error: HansardError | None = None
    try:
        Database.open(file, busy_timeout_seconds=BUSY).close()
    except HansardError as refusal:
        error = refusal
    assert error is None or str(file.parent) not in json.dumps(error.as_dict())
    return error


def code(file: Path) -> str | None:
    """The code of that refusal."""
    error = opened(file)
    return None if error is None else error.code


def sql(file: Path, *statements: str) -> None:
    """Plain SQL on a file."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a store will be."""
    return tmp_path / "hansard.db"


# -- making and opening -----------------------------------------------------------------------------------------------


def test_a_store_is_made_where_there_is_none(tmp_path: Path) -> None:
    """A store is made with its folders, at the newest revision, with a write-ahead log; opened again it stays."""
    file = tmp_path / "a" / "b" / "hansard.db"
    for _ in range(2):
        assert opened(file) is None
        with contextlib.closing(sqlite3.connect(file)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("SELECT * FROM counters").fetchall() == [("journal", 0)]
    assert REVISIONS[-1] == HEAD
    assert list(REVISIONS) == sorted(REVISIONS)


def test_an_empty_file_becomes_a_store(file: Path) -> None:
    """A file of no bytes, such as a full disk leaves behind, is made a store."""
    file.touch()
    assert opened(file) is None
    assert file.stat().st_size > 0


@pytest.mark.parametrize("name", ["a?b", "a#b", "a%41b", "a b", "ä", "?mode=ro", "a:b@c", "'", '"'])
def test_a_path_may_hold_any_character(tmp_path: Path, name: str) -> None:
    """Question marks, percent signs and the like in a path are part of it: the store is where it was asked for."""
    assert opened(tmp_path / name / "hansard.db") is None
    assert (tmp_path / name / "hansard.db").stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_every_connection_is_durable_strict_and_forgetful(book: Notebook) -> None:
    """Each connection syncs fully, enforces foreign keys, waits for locks and overwrites what is deleted."""
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(book.database.reading())
            settings = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("synchronous", "foreign_keys", "busy_timeout", "secure_delete")
            ]
            assert settings == [2, 1, 30_000, 1]


@pytest.mark.parametrize(
    ("statements", "wanted"),
    [
        (["UPDATE alembic_version SET version_num = '9999'"], "schema_newer"),
        (["UPDATE alembic_version SET version_num = '0003'"], "schema_newer"),
        (["UPDATE alembic_version SET version_num = '0000'"], "database_corrupt"),
        (["UPDATE alembic_version SET version_num = ''"], "database_corrupt"),
        (["UPDATE alembic_version SET version_num = x'ff'"], "database_corrupt"),
        (["DELETE FROM alembic_version"], "database_corrupt"),
        (["DROP TABLE alembic_version"], "foreign_database"),
        (["DROP TABLE journal"], "foreign_database"),
    ],
)
def test_a_store_of_another_schema_is_refused_and_left_alone(file: Path, statements: list[str], wanted: str) -> None:
    """A newer, an unknown or a missing revision is refused by name; not a byte of the file changes."""
    assert opened(file) is None
    sql(file, "PRAGMA journal_mode=DELETE", "PRAGMA foreign_keys=OFF", *statements)
    before = file.read_bytes()
    assert code(file) == wanted
    assert file.read_bytes() == before


def test_a_newer_store_names_both_schemas(file: Path) -> None:
    """The refusal of a newer store says which schema was found and which is known, and what to use."""
    opened(file)
    sql(file, "UPDATE alembic_version SET version_num = '9999'")
    error = opened(file)
    assert error is not None
    assert error.context == {"found": "9999", "known": HEAD}
    assert "newer" in str(error.suggestion)


def test_another_program_s_database_is_refused_and_left_alone(file: Path) -> None:
    """A database with tables of another program is refused with their names, and not a byte of it changes."""
    sql(file, "CREATE TABLE bookmarks (url TEXT)", "INSERT INTO bookmarks VALUES ('x')")
    before = file.read_bytes()
    error = opened(file)
    assert error is not None
    assert (error.kind, error.code, error.context) == ("conflict", "foreign_database", {"tables": ["bookmarks"]})
    assert file.read_bytes() == before


def test_a_database_with_migrations_and_a_journal_of_its_own_is_another_program_s(file: Path) -> None:
    """Tables that happen to be called like two of ours, and a revision that sorts after ours, make no newer store."""
    sql(file, "CREATE TABLE journal (id INTEGER)", "CREATE TABLE alembic_version (version_num TEXT)")
    sql(file, "INSERT INTO alembic_version VALUES ('3fa29c')")
    assert code(file) == "foreign_database"


@pytest.mark.parametrize("content", [b"hello " * 1000, b"SQLite format 3\0" + b"\0" * 4080, b"\x89PNG\r\n", b"hi"])
def test_what_is_no_database_is_refused_and_left_alone(file: Path, content: bytes) -> None:
    """Text, pictures and broken headers are told as damage, with what to do; not a byte of the file changes."""
    file.write_bytes(content)
    error = opened(file)
    assert error is not None
    assert (error.kind, error.code) == ("corrupt", "database_corrupt")
    assert "restore the last good copy" in str(error.suggestion)
    assert file.read_bytes() == content


@pytest.mark.parametrize("keep", [100, 4096, 5000, 100_000])
def test_a_truncated_store_is_told_as_damaged(book: Notebook, keep: int) -> None:
    """A store that was cut off is damaged wherever the cut lies: told when opened or read, never taken for empty."""
    for part in range(30):
        book.write([note(part, "words " * 100)])
    book.close()
    copy = book.file.with_name("copy.db")
    copy.write_bytes(book.file.read_bytes()[:keep])
    with pytest.raises(HansardError) as caught:
        Notebook(copy).dump()
    assert (caught.value.kind, caught.value.code) == ("corrupt", "database_corrupt")


def test_a_damaged_page_is_told_as_damage(book: Notebook) -> None:
    """Pages overwritten with noise are told as damage when they are read; the write that meets them leaves no trace."""
    for part in range(30):
        book.write([note(part, "words " * 100)])
    book.close()
    data = bytearray(book.file.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    book.file.write_bytes(data)
    with pytest.raises(HansardError) as caught:
        Notebook(book.file).write([note(99)])
    assert (caught.value.kind, caught.value.code) == ("corrupt", "database_corrupt")


def test_a_folder_in_the_store_s_place_is_refused(file: Path) -> None:
    """A folder, or a file where a folder should be, is refused as unusable."""
    file.mkdir()
    assert code(file) == "database_unavailable"
    (file.parent / "plain").touch()
    assert code(file.parent / "plain" / "hansard.db") == "database_unavailable"


# -- rights -----------------------------------------------------------------------------------------------------------


def shared(folder: Path) -> Notebook:
    """A store in a folder, with one note."""
    book = Notebook(folder / "hansard.db")
    book.write([note(1)])
    return book


def test_a_read_only_store_can_be_read_and_says_so_when_written_to() -> None:
    """Without the right to write the file, a store is read; a write is refused, and works once the right is there."""
    with open_folder() as folder:
        book = shared(folder)
        book.close()
        folder.chmod(0o777)  # the log's files may be made
        book.file.chmod(0o444)
        with plain_user():
            reader = Notebook(book.file)
            with reader.database.reading() as connection:
                assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar() == 1
            with pytest.raises(HansardError) as caught:
                reader.write([note(2)])
            assert (caught.value.kind, caught.value.code) == ("unavailable", "database_read_only")
            reader.close()
        for left in folder.iterdir():  # SQLite gives its log the mode of the file
            left.chmod(0o666)
        with plain_user():
            again = Notebook(book.file)
            again.write([note(2)])
            assert again.findings() == []
            again.close()


def test_a_store_in_a_folder_that_cannot_be_written_is_read() -> None:
    """A store whose log was closed is read from a folder in which nothing can be made; only a write is refused."""
    with open_folder() as folder:
        shared(folder).close()
        file = (folder / "hansard.db").rename(folder / "of 50%? #1.db")
        file.chmod(0o444)
        folder.chmod(0o555)
        with plain_user():
            reader = Notebook(file)
            assert reader.findings() == []
            assert len(reader.dump()["notes"]) == 1
            with pytest.raises(HansardError) as caught:
                reader.write([note(2)])
            assert (caught.value.kind, caught.value.code) == ("unavailable", "database_read_only")
            reader.close()
        assert [left.name for left in folder.iterdir()] == [file.name]
        folder.chmod(0o755)


def test_a_folder_without_rights_is_refused_with_its_reason() -> None:
    """A folder that may not be written to, or not be entered, is a clear refusal for a new store and an old one."""
    with open_folder() as folder:
        shared(folder).close()
        (folder / "hansard.db").chmod(0o444)
        folder.chmod(0o555)
        with plain_user():
            assert code(folder / "hansard.db") is None
            assert code(folder / "new" / "hansard.db") == "database_unavailable"
            assert code(folder / "other.db") in {"file_unwritable", "database_unavailable"}
        folder.chmod(0o700)
        with plain_user():
            assert code(folder / "hansard.db") == "database_unavailable"
        folder.chmod(0o755)


# -- several at once --------------------------------------------------------------------------------------------------

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def held(file: Path, statement: str = "BEGIN IMMEDIATE") -> Iterator[Callable[[], None]]:
    """Another process that holds a lock; answers how to kill it."""
    with python("-c", HOLD, str(file), statement) as holder:
        assert next(lines(holder)) == "held"

        def kill() -> None:
            holder.kill()
            holder.wait()

        try:
            yield kill
        finally:
            kill()


def test_a_writer_waits_and_then_says_who_is_in_the_way(tmp_path: Path) -> None:
    """While another process writes, readers read and a writer is refused after its wait; then the next try works."""
    book = Notebook(tmp_path / "hansard.db", busy_timeout_seconds=BUSY)
    book.write([note(1)], request_id="r")
    before = book.dump()
    with held(book.file) as kill:
        with pytest.raises(HansardError) as caught:
            book.write([note(2)])
        assert (caught.value.kind, caught.value.code) == ("unavailable", "database_busy")
        with book.database.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar() == 1
        kill()
    assert book.dump() == before
    book.write([note(2)])
    assert book.findings() == []
    book.close()


def test_a_writer_gets_in_as_soon_as_the_other_is_done(tmp_path: Path) -> None:
    """A writer that may wait does wait, and then writes."""
    book = Notebook(tmp_path / "hansard.db")
    with held(book.file) as kill:
        waiting = threading.Thread(target=book.write, args=([note(1)],))
        waiting.start()
        with book.database.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar() == 0
        kill()
        waiting.join(timeout=60)
    assert [row[1] for row in book.dump()["notes"]] == [1]
    book.close()


@pytest.mark.parametrize("statement", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"])
def test_a_store_cannot_be_made_in_a_locked_file(file: Path, statement: str) -> None:
    """Where another process holds the file, making a store in it is refused as busy, and works afterwards."""
    with held(file, statement):
        assert code(file) == "database_busy"
    assert opened(file) is None


def test_one_process_makes_the_store_and_the_others_wait(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody holds the lock for making a store, another is refused by that lock's name."""
    monkeypatch.setattr("hansard.database.sqlite.file_lock", lambda path: file_lock(path, wait_seconds=BUSY))
    with file_lock(file.with_name("hansard.db.migrate.lock")), pytest.raises(HansardError) as caught:
        Database.open(file)
    assert caught.value.code == "lock_busy"


MAKE = """
import sys
from pathlib import Path
from hansard.database.engine import Database
database = Database.open(Path(sys.argv[1]))
print(database.revision())
"""


@pytest.mark.slow
def test_processes_that_start_together_make_one_store(file: Path) -> None:
    """Four processes that open a store that is not there yet all get it, and it was made once."""
    started = [python("-c", MAKE, str(file)) for _ in range(4)]
    assert [process.communicate(timeout=120)[0].strip() for process in started] == [HEAD] * 4
    with contextlib.closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT * FROM counters").fetchall() == [("journal", 0)]


def test_threads_share_a_store(tmp_path: Path) -> None:
    """More threads than pooled connections write and read at once; every write is there, and everything verifies."""
    book = Notebook(tmp_path / "hansard.db", counted=False)
    failures: list[BaseException] = []
    times = scale(5)

    def work(number: int) -> None:
        try:
            for turn in range(times):
                book.write([note(number * 1000 + turn)], words=number)
                with book.database.reading() as connection:
                    connection.exec_driver_sql("SELECT count(*) FROM notes").scalar()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(book.dump()["notes"]) == 20 * times
    assert book.findings() == []
    book.close()


def test_a_reader_sees_one_moment(book: Notebook) -> None:
    """What others commit meanwhile is not seen inside a reading transaction, and is seen by the next."""
    book.write([note(1)])
    with book.database.reading() as connection:
        count = sa.text("SELECT count(*) FROM notes")
        assert connection.execute(count).scalar() == 1
        book.write([note(2)])
        assert connection.execute(count).scalar() == 1
    with book.database.reading() as connection:
        assert connection.execute(count).scalar() == 2


def test_a_reader_cannot_write(book: Notebook) -> None:
    """A write inside a reading transaction fails, so that no change can come about without an entry."""
    before = book.dump()
    for _ in range(3):  # on whichever pooled connection
        with pytest.raises(HansardError) as caught, book.database.reading() as connection:
            connection.exec_driver_sql("INSERT INTO texts VALUES ('a', 'b')")
        assert caught.value.code == "database_read_only"
    assert book.dump() == before
    book.write([note(1)])
    assert book.findings() == []


# -- a full disk ------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    """When the file may not grow, a large write is refused as a full disk and leaves no trace; the next try works."""
    book = Notebook(tmp_path / "hansard.db")
    book.write([note(1)])
    before = book.dump()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(book.database.reading()) for _ in range(8)]
        [pages] = {int(connection.exec_driver_sql("PRAGMA page_count").scalar_one()) for connection in connections}
        for connection in connections:
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    for _ in range(3):
        with pytest.raises(HansardError) as caught:
            book.write([note(2, "no room " * 5000)], words="no room " * 9000)
        assert (caught.value.kind, caught.value.code) == ("unavailable", "disk_full")
        assert "nothing of this operation was written" in caught.value.message
        assert book.dump() == before
    book.close()
    again = Notebook(book.file)  # with room
    again.write([note(2, "no room " * 5000)], words="no room " * 9000)
    assert again.findings() == []
    again.close()


LIMITED = """
import json, resource, sys
from pathlib import Path
from hansard.kernel.errors import HansardError
from tests.support.notebook import Notebook, note

book = Notebook(Path(sys.argv[1]))
book.write([note(1)])
book.database.scrub()
limit = book.file.stat().st_size + 8192
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
codes = []
for part in range(2, 60):
    try:
        book.write([note(part, "words " * 2000)], words="words " * 2000 + str(part))
    except HansardError as error:
        codes.append([error.kind, error.code])
print(json.dumps([len(book.dump()["notes"]), codes]))
"""


@pytest.mark.slow
def test_a_file_that_may_not_grow_loses_nothing(tmp_path: Path) -> None:
    """Under the system's own limit of a file's size, writes are refused one by one; what was answered is kept."""
    kept, codes = json.loads(ran("-c", LIMITED, str(tmp_path / "hansard.db")))
    assert codes
    assert {(kind, name) for kind, name in codes} <= {("unavailable", "disk_full"), ("unavailable", "disk_failing")}
    book = Notebook(tmp_path / "hansard.db")
    assert len(book.dump()["notes"]) == kept == 59 - len(codes)
    assert book.findings() == []
    book.write([note(99)])
    book.close()


# -- what the driver says ---------------------------------------------------------------------------------------------


def test_our_own_mistakes_are_not_called_the_disk_s(book: Notebook) -> None:
    """A broken constraint is raised as itself, whatever words the row holds: a defect, no state of the machine."""
    for words in ("the disk is full", "database is locked", "readonly", "malformed"):
        with pytest.raises(TAKEN):
            book.write([note(1, words), note(1, words)])
    with pytest.raises((sa.exc.StatementError, sqlite3.Error)):
        book.write([note(1, plain=object())])


def test_what_the_disk_refuses_is_told_with_what_to_do() -> None:
    """An input or output error of SQLite is the disk's, full or failing, and the remedy says where to look."""
    fault = sqlite3.OperationalError("disk I/O error")
    fault.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    refusal = SQLite().explained(fault)
    assert refusal is not None
    assert (refusal.kind, refusal.code) == ("unavailable", "disk_failing")
    assert "ulimit -f" in str(refusal.suggestion)


def test_a_cell_that_is_no_text_is_told_as_damage_and_not_repeated(book: Notebook) -> None:
    """A text that is not UTF-8 is told as damage by table and column when it is read; no message repeats it."""
    book.write([note(1, plain="secret")])
    book.sql("UPDATE notes SET plain = CAST(x'736563726574ff' AS TEXT)")
    with pytest.raises(HansardError) as caught:
        book.sql("SELECT plain FROM notes")
    assert (caught.value.kind, caught.value.code) == ("corrupt", "cell_unreadable")
    assert caught.value.context == {"table": "notes", "column": "plain", "key": []}
    assert "secret" not in json.dumps(caught.value.as_dict())


def test_a_store_is_closed_whole(book: Notebook) -> None:
    """After closing, one file holds everything: a copy of it alone verifies."""
    for part in range(5):
        book.write([note(part, "words " * 500)])
    book.close()
    assert [path.name for path in book.file.parent.iterdir()] == ["hansard.db"]
    copy = Notebook(Path(shutil.copy(book.file, book.file.with_name("copy.db"))))
    assert copy.findings() == []
    copy.close()


def test_closing_twice_does_no_harm(book: Notebook) -> None:
    """A store may be closed again, and used again: it opens connections anew."""
    book.close()
    book.close()
    found: Any = book.dump()
    assert found["notes"] == []


def test_a_store_with_a_trigger_is_refused(tmp_path: Path) -> None:
    """A trigger could undo a write after it was answered; Hansard makes none and opens no store that has one."""
    file = tmp_path / "hansard.db"
    Database.open(file).close()
    with contextlib.closing(sqlite3.connect(file)) as plain:
        plain.execute("CREATE TRIGGER quiet BEFORE UPDATE ON streams BEGIN SELECT RAISE(IGNORE); END")
        plain.commit()
    with pytest.raises(HansardError) as refusal:
        Database.open(file)
    assert (refusal.value.kind, refusal.value.code) == ("corrupt", "foreign_trigger")
    assert "quiet" in refusal.value.message
