"""PostgreSQL's own: one schema a store, locks of rows instead of the file's, refusals by the server's codes."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from hansard.database.columns import metadata
from hansard.database.dialect import Server, place
from hansard.database.engine import HEAD, Database
from hansard.database.migrations import upgrade
from hansard.database.postgresql import PostgreSQL
from hansard.database.schema import expected_schema, found_schema, schema_differences
from hansard.dialogue.tables import ROWS
from hansard.kernel.errors import HansardError
from tests.support.notebook import CALL, STREAM, Notebook, Write, Written, note, notebook, notes
from tests.support.stores import address, dropped, empty_database, fresh, run_sql, server_address

assert ROWS  # the rooms' tables stand in the metadata
LONG = "Words that both of them bring. " * 50


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Notebook]:
    """An empty store with the table ``notes``, on a server."""
    made = notebook("postgresql", tmp_path, busy_timeout_seconds=5.0)
    yield made
    made.close()
    dropped(made.place)


@pytest.fixture
def bare() -> Iterator[str]:
    """The address of a database with nothing in it."""
    at = empty_database()
    yield at
    dropped(place(at))


def refused(work: Callable[[], Any]) -> HansardError:
    """The refusal of a piece of work; it says what to do."""
    with pytest.raises(HansardError) as caught:
        work()
    assert caught.value.suggestion
    return caught.value


# -- schema -----------------------------------------------------------------------------------------------------------


def test_migrations_make_what_the_tables_describe(tmp_path: Path) -> None:
    """On PostgreSQL too Alembic finds no difference between a migrated store and the tables."""
    at = fresh("postgresql", tmp_path)
    database = Database.open(at)
    with database.reading() as connection:

        def ours(_thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
            return not (kind == "table" and name == "search")

        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert found_schema(connection) == expected_schema("PostgreSQL")
        assert schema_differences(connection) == []
    database.close()
    dropped(at)


def test_columns_sort_by_bytes_and_hold_large_numbers(tmp_path: Path) -> None:
    """Every text column of every table has the collation C, every whole number 64 bits, every other 53 and more; texts
    of calls are bytes."""
    at = fresh("postgresql", tmp_path)
    database = Database.open(at)
    with database.reading() as connection:
        looked = sa.inspect(connection)
        for name in metadata.tables:
            for column in looked.get_columns(name):
                kind = column["type"]
                if isinstance(kind, sa.String):
                    assert kind.collation == "C", f"{name}.{column['name']}: use columns.Text"
                elif isinstance(kind, sa.Integer):
                    assert isinstance(kind, sa.BigInteger), f"{name}.{column['name']}: use columns.Integer"
                elif (name, column["name"]) == ("call_texts", "body"):
                    assert isinstance(kind, sa.LargeBinary)
                else:
                    assert isinstance(kind, sa.Double), f"{name}.{column['name']}"
    database.close()
    dropped(at)


def test_stores_of_one_database_do_not_see_each_other(bare: str) -> None:
    """Two schemas of one database are two stores: each has its own journal, and neither is foreign to the other."""
    one, other = Database.open(f"{bare}&schema=one"), Database.open(f"{bare}&schema=other")
    with one.writing() as connection:
        connection.exec_driver_sql("INSERT INTO texts VALUES ('a', 'b')")
    with other.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM texts").scalar() == 0
    assert Database(bare).revision() is None
    assert "schema one" in str(one.place)
    one.close()
    other.close()


def test_another_program_s_schema_is_left_alone(bare: str) -> None:
    """A schema with tables that are none of ours is refused as foreign, and nothing is made in it."""
    database = Database(bare)
    with contextlib.closing(psycopg.connect(bare, autocommit=True)) as plain:
        plain.execute("CREATE SCHEMA hansard CREATE TABLE theirs (a int)")
        assert refused(lambda: Database.open(bare)).code == "foreign_database"
        assert plain.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'hansard'").fetchone() == (1,)
    database.close()


@pytest.mark.parametrize(
    ("alteration", "code"),
    [
        ("ALTER TABLE notes ADD COLUMN more text", None),
        ("CREATE TABLE theirs (a int)", None),
        ("ALTER TABLE events DROP CONSTRAINT event_type", "schema_altered"),
        ("ALTER TABLE journal DROP CONSTRAINT journal_request_key_key", "schema_altered"),
        ("ALTER TABLE events ALTER COLUMN type DROP NOT NULL", "schema_altered"),
        ("ALTER TABLE texts SET UNLOGGED", "schema_altered"),
        ("ALTER TABLE texts ALTER COLUMN body TYPE varchar(2000) COLLATE \"C\"", "schema_altered"),
        ("ALTER TABLE events DISABLE TRIGGER ALL", "schema_altered"),
        ("ALTER TABLE dialogues ENABLE ROW LEVEL SECURITY", "schema_altered"),
        ("CREATE UNIQUE INDEX evil ON dialogues (title)", "schema_altered"),
        ("CREATE RULE quiet AS ON UPDATE TO streams DO INSTEAD NOTHING", "schema_altered"),
        (
            "CREATE FUNCTION quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
            "CREATE TRIGGER quiet BEFORE UPDATE ON streams FOR EACH ROW EXECUTE FUNCTION quiet()",
            "schema_altered",
        ),
    ],
)  # fmt: skip
def test_an_altered_schema_takes_no_write(book: Notebook, alteration: str, code: str | None) -> None:
    """What could swallow a write is noticed by the next one, in a process that wrote before too; it is told by name."""
    book.write([note(1)])
    with book.database.engine.connect() as plain, plain.begin():
        plain.exec_driver_sql(alteration)
    if code is None:
        book.write([note(2)])
    else:
        assert refused(lambda: book.write([note(2)])).code == code


# -- transactions -----------------------------------------------------------------------------------------------------


def test_a_reading_transaction_sees_one_moment_and_cannot_write(book: Notebook) -> None:
    """What others commit meanwhile is not seen; an attempt to write is refused."""
    with book.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar() == 0
        book.write([note(1)])
        assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar() == 0

    def write() -> None:
        with book.database.reading() as connection:
            connection.execute(notes.insert(), {"note": "a", "part": 2, "body": "b"})

    assert refused(write).code == "server_read_only"


def test_writers_of_different_streams_work_beside_each_other(book: Notebook) -> None:
    """An entry that is being written holds up its own streams and no others; positions follow the commits."""
    with book.journal.entry("write", Write(), CALL, [STREAM]) as entry:
        entry.insert(notes, [note(1)])
        book.write(words="beside", streams=["note:b"])
        entry.finish(Written())
    bodies = [row[0] for row in book.sql("SELECT body FROM journal ORDER BY position")]
    assert ["note:b" in body for body in bodies] == [True, False]
    assert book.findings() == []


def test_writers_of_one_stream_wait_for_each_other(book: Notebook) -> None:
    """The second writer of a stream waits; where it waits too long it is refused as busy and leaves nothing."""
    second = Notebook(book.place, busy_timeout_seconds=0.2)
    with book.journal.entry("write", Write(), CALL, [STREAM]) as entry:
        assert refused(lambda: second.write(words="waits")).code == "database_busy"
        entry.finish(Written())
    second.write(words="now")
    second.close()
    assert book.findings() == []


def test_a_transaction_of_several_entries_works_alone(book: Notebook) -> None:
    """While somebody holds the whole store no other write begins, of whatever stream."""
    second = Notebook(book.place, busy_timeout_seconds=0.2)
    with book.database.writing():
        assert refused(lambda: second.write(streams=["note:z"])).code == "database_busy"
    second.write(streams=["note:z"])
    second.close()


def test_of_two_writers_who_wait_for_each_other_one_may_repeat_its_request(book: Notebook) -> None:
    """The one whom the server refuses is told so, has left nothing, and the same request under its id is then done."""
    second = Notebook(book.place, busy_timeout_seconds=5.0)
    long, other = LONG + "one", LONG + "other"
    refusals: list[HansardError] = []
    met = threading.Barrier(2)

    def write(own: Notebook, stream: str, texts: list[str]) -> None:
        with own.journal.entry("write", Write(request_id=stream), CALL, [stream]) as entry:
            for part, body in enumerate(texts):
                entry.insert(notes, [{"note": stream.partition(":")[2], "part": part, "body": body}])
                if part == 0:
                    met.wait(10)
            entry.finish(Written())

    def beside() -> None:
        try:
            write(second, "note:b", [other, long])
        except HansardError as fault:
            refusals.append(fault)

    thread = threading.Thread(target=beside)
    thread.start()
    try:
        write(book, STREAM, [long, other])
    except HansardError as fault:
        refusals.append(fault)
    thread.join()
    assert [fault.code for fault in refusals] == ["database_busy"]
    assert "same request_id" in str(refusals[0].suggestion)
    done = [row[0] for row in book.sql("SELECT note FROM notes WHERE part = 0")]
    assert len(done) == 1
    met = threading.Barrier(1)
    again = STREAM if done == ["b"] else "note:b"
    write(book, again, [long, other])
    assert book.sql("SELECT note, part FROM notes ORDER BY note, part") == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    with book.journal.entry("write", Write(request_id=again), CALL, [again]) as entry:
        assert entry.answer is not None
    second.close()
    assert book.findings() == []


def test_a_refused_write_leaves_no_stream(book: Notebook) -> None:
    """A write into a stream that is new, refused or repeated under its id, leaves no row of that stream."""
    with pytest.raises(sa.exc.IntegrityError):
        book.write([note(1), note(1)], streams=["note:a", "note:new"])
    book.write(words=1, request_id="r")
    book.write(words=1, request_id="r", streams=[STREAM, "note:new"])
    assert book.sql("SELECT stream FROM streams") == [(STREAM,)]
    assert book.findings() == []


def test_one_request_id_at_the_same_time_in_two_streams_is_used_once(book: Notebook) -> None:
    """Of two requests with one id that cannot see each other, the one that commits second is refused by name."""
    second = Notebook(book.place, counted=False)
    told: list[str] = []

    def late() -> None:
        told.append(refused(lambda: second.write(words=2, request_id="r", streams=["note:b"])).code)

    thread = threading.Thread(target=late)
    with book.database.engine.connect() as gate, gate.begin():
        gate.exec_driver_sql("SELECT * FROM counters FOR UPDATE")  # both get as far as the position
        first = threading.Thread(target=lambda: book.write(words=1, request_id="r"))
        first.start()
        time.sleep(0.3)
        thread.start()
        time.sleep(0.3)
    first.join()
    thread.join()
    assert told == ["request_id_reused"]
    assert book.findings() == []
    second.close()


def test_a_text_that_another_writer_relies_on_stays(book: Notebook) -> None:
    """A text loses its last known user while somebody else comes to rely on it: it is kept."""
    book.write([note(1, LONG)])
    second = Notebook(book.place, counted=False)
    done = threading.Event()

    def give_up() -> None:
        book.change([note(1, "short")])
        done.set()

    with second.journal.entry("write", Write(), CALL, ["note:b"]) as entry:
        entry.insert(notes, [{"note": "b", "part": 1, "body": LONG}])
        thread = threading.Thread(target=give_up)
        thread.start()
        assert not done.wait(0.3)
        entry.finish(Written())
    thread.join()
    assert book.sql("SELECT body FROM texts") == [(LONG,)]
    assert book.findings() == []
    second.close()


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", "disk_full"),
        ("58030", "disk_failing"),
        ("40001", "database_busy"),
        ("40P01", "database_busy"),
        ("55P03", "database_busy"),
        ("25006", "server_read_only"),
        ("57P01", "server_unreachable"),
        ("42501", "server_denies"),
        ("XX001", "database_corrupt"),
        ("53300", "database_unavailable"),
    ],
)
def test_what_the_server_refuses_is_told_with_what_to_do(book: Notebook, state: str, code: str) -> None:
    """Each of the server's codes that says something of the machine becomes a refusal that says what to do."""

    def fail() -> None:
        with book.database.writing() as connection:
            connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'so it is' USING ERRCODE = '{state}'; END $$")

    refusal = refused(fail)
    assert refusal.code == code
    assert refusal.kind in ("unavailable", "corrupt")


def test_our_own_mistakes_are_not_called_the_server_s(book: Notebook) -> None:
    """A broken constraint or a wrong statement is raised as itself: a defect, no state of the machine."""
    with pytest.raises(sa.exc.IntegrityError):
        book.write([note(1), note(1)])
    with pytest.raises(sa.exc.ProgrammingError):
        book.sql("SELECT nothing FROM notes")


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    """Nobody at the address, a database that does not exist, a password that is wrong: told apart, nothing repeated."""
    nobody = "postgresql://somebody:geheim@localhost:1/x"
    assert refused(lambda: Database.open(nobody)).code == "server_unreachable"
    assert refused(lambda: Database.open(address("nowhere"))).code == "server_database_missing"
    with contextlib.closing(psycopg.connect(server_address(), autocommit=True)) as plain:
        [hba] = plain.execute("SHOW hba_file").fetchone() or [""]
        rules = Path(str(hba)).read_text()
        Path(str(hba)).write_text(f"local all locked scram-sha-256\n{rules}")
        plain.execute("SELECT pg_reload_conf()")
        plain.execute("DROP ROLE IF EXISTS locked")
        plain.execute("CREATE ROLE locked LOGIN PASSWORD 'richtig'")
        time.sleep(0.2)
        url = sa.make_url(server_address()).set(username="locked", password="geheim")
        try:
            refusal = refused(lambda: Database.open(url.render_as_string(hide_password=False)))
        finally:
            Path(str(hba)).write_text(rules)
            plain.execute("SELECT pg_reload_conf()")
            plain.execute("DROP ROLE locked")
    assert refusal.code == "server_denies"
    for told in (str(place(nobody)), repr(place(nobody)), repr(Database(nobody).engine.url), str(refusal.as_dict())):
        assert "geheim" not in told


def test_a_server_that_takes_no_writes_is_told(bare: str) -> None:
    """A database set to read-only is refused as such when a store is to be made in it."""
    name = sa.make_url(bare).database
    run_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert refused(lambda: Database.open(bare)).code == "server_read_only"


def test_a_database_that_is_not_utf8_is_refused() -> None:
    """A database in another encoding could not hold every text; nothing is made in it."""
    run_sql("DROP DATABASE IF EXISTS narrow")
    run_sql("CREATE DATABASE narrow TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        refusal = refused(lambda: Database.open(address("narrow")))
        assert refusal.code == "server_unfit"
        assert "SQL_ASCII" in refusal.message
    finally:
        run_sql("DROP DATABASE narrow WITH (FORCE)")


def test_a_connection_that_broke_is_replaced(book: Notebook) -> None:
    """After the server threw everybody out, the next operation works again."""
    book.write([note(1)])
    run_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'hansard %%'")
    book.write([note(2)])
    assert book.findings() == []


def test_a_commit_is_on_the_disk_however_the_server_is_set(bare: str) -> None:
    """Where the server answers before a write is on the disk, our own sessions ask for it all the same."""
    name = sa.make_url(bare).database
    run_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    database = Database.open(bare)
    with database.reading() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        told = {one.name: one for one in database.dialect.fitness(connection)}
    assert told["commits"].remedy
    assert told["durability"].remedy is None
    database.close()


def test_without_the_driver_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store on a server needs a library that is not always there; a file does not."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    refusal = refused(lambda: Database("postgresql://localhost/x"))
    assert refusal.code == "driver_missing"
    assert "hansard[postgresql]" in str(refusal.suggestion)


@pytest.mark.parametrize(
    "told",
    [
        "mysql://u:geheim@h/d",
        "postgresql://u:geheim@h:port/d",
        "postgresql://u:geheim@h/d?schema=A B",
        "u:geheim@localhost:5432/hansard",
        "sqlite:///geheim.db",
        "geheim.db",
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(told: str) -> None:
    """Another kind of database, no scheme, a port that is no number, a schema that is no name: told, not repeated."""
    refusal = refused(lambda: Database(told))
    assert (refusal.code, refusal.field) == ("invalid_database_url", "database_url")
    assert "geheim" not in str(refusal.as_dict())


def test_an_address_names_database_and_schema() -> None:
    """The schema is 'hansard' where the address names none; other parameters are the driver's."""
    assert place("postgresql://h/d") == Server(sa.make_url("postgresql+psycopg://h/d"), "hansard")
    assert place("postgres://h/d?schema=mine&sslmode=require") == Server(
        sa.make_url("postgresql+psycopg://h/d?sslmode=require"), "mine"
    )


def test_the_line_that_copies_a_store_names_it_without_a_password() -> None:
    """The command can be run as it is told: address, schema, quotes where a shell wants them, and no password."""
    at = place("postgresql://me:secret@h:5433/d?schema=mine&sslmode=require&sslpassword=secret&application_name=a")
    assert isinstance(at, Server)
    assert PostgreSQL().copy_hint(at) == (
        "pg_dump --schema=mine --format=custom --file=hansard-before.dump "
        "'postgresql://me@h:5433/d?application_name=a&sslmode=require'"
    )


def test_a_store_of_the_first_schema_is_brought_up(bare: str) -> None:
    """Migrations run one after the other; processes that start together make one store."""
    database = Database(bare)
    with contextlib.closing(psycopg.connect(bare, autocommit=True)) as plain:
        plain.execute("CREATE SCHEMA hansard")
    upgrade(database.engine, "0001")
    assert database.revision() == "0001"
    threads = [threading.Thread(target=lambda: Database.open(bare).close()) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.revision() == HEAD
    with database.reading() as connection:
        assert schema_differences(connection) == []
    database.close()
