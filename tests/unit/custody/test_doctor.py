"""The doctor: every check finds what it is for, and none fails on a store that is missing or broken."""

from __future__ import annotations

import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hansard.custody import doctor
from hansard.custody.doctor import Check, Doctoring, examine
from hansard.database.engine import HEAD, Database
from hansard.memory.memory import Memory
from hansard.memory.pulse import crc
from hansard.memory.state import LOCKS
from tests.unit.memory.kit import filled, records


def checks(database: Database) -> dict[str, Check]:
    """The checks of a database by name; the connections are given back."""
    try:
        return {check.name: check for check in examine(database, database.path.parent if database.path else Path())}
    finally:
        database.close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store, made and closed."""
    file = tmp_path / "hansard.db"
    Database.open(file).close()
    return file


def test_a_missing_store_is_no_fault(tmp_path: Path) -> None:
    """Before the first use all is well, and the doctor says that the store will be made; it makes nothing itself."""
    found = checks(Database(tmp_path / "home" / "hansard.db"))
    assert all(check.ok for check in found.values())
    assert "will be made at first use" in found["store"].found
    assert "will be made at first use" in found["home"].found
    assert not (tmp_path / "home").exists()


def test_a_sound_store_is_told(store: Path) -> None:
    """A fresh store has its schema, its write-ahead log, no dialogues and an empty journal."""
    found = checks(Database(store))
    assert all(check.ok for check in found.values())
    assert found["write-ahead log"].found == "on"
    assert found["schema"].found.startswith(HEAD)
    assert found["dialogues"].found == "0"
    assert found["journal"].found == "0 entries"


def test_a_memory_is_looked_at(store: Path) -> None:
    """Its size, what was kept aside and who writes are told; a segment of a later version is found."""
    log = store.parent / "memory"
    assert "memory" not in checks(Database(store))
    filled(log, records(50))
    [path] = (log / "worker-000").glob("*.seg")
    (log / "worker-000" / f"{path.name}.torn-128").write_bytes(b"torn")
    with Memory.open(log):
        found = checks(Database(store))["memory"]
        assert found.ok
        assert "1 segment of 1 worker," in found.found
        assert "1 file of torn or damaged bytes kept aside" in found.found
        if LOCKS.exists():
            assert f"process {os.getpid()} writes as worker 0" in found.found
    assert "writes as" not in checks(Database(store))["memory"].found
    data = bytearray(path.read_bytes())
    data[8] = 9
    data[124:128] = crc(data, 0, 124).to_bytes(4, "little")
    path.write_bytes(data)
    newer = checks(Database(store))["memory"]
    assert not newer.ok
    assert "format version 9" in newer.found
    assert newer.remedy
    shutil.rmtree(log)
    log.symlink_to(store.parent / "nowhere")
    assert "a link to none" in checks(Database(store))["memory"].found


@pytest.mark.parametrize("content", [b"this is no database at all", b"\0" * 5000])
def test_a_file_that_is_no_database_is_found(tmp_path: Path, content: bytes) -> None:
    """A store overwritten with something else is a finding with a remedy, and nothing is raised."""
    file = tmp_path / "hansard.db"
    file.write_bytes(content)
    found = checks(Database(file))
    assert not found["store"].ok
    assert found["store"].remedy
    assert "schema" not in found


def test_a_damaged_store_is_found(store: Path) -> None:
    """A store whose pages are overwritten behind its header is a finding, not a failure."""
    data = bytearray(store.read_bytes())
    data[100:] = b"\xff" * (len(data) - 100)
    store.write_bytes(data)
    found = checks(Database(store))
    assert not found["store"].ok
    assert found["store"].remedy


def test_another_programs_database_is_found(tmp_path: Path) -> None:
    """A database with foreign tables is told as one."""
    file = tmp_path / "hansard.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    found = checks(Database(file))
    assert not found["schema"].ok
    assert "another program" in found["schema"].found


def test_a_newer_schema_is_found(store: Path) -> None:
    """A store that a newer Hansard wrote is told with both versions."""
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    found = checks(Database(store))
    assert not found["schema"].ok
    assert "9999" in found["schema"].found


def test_a_store_out_of_its_mode_is_found(store: Path) -> None:
    """A store that was taken out of WAL mode is a finding."""
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    assert not checks(Database(store))["write-ahead log"].ok


@pytest.mark.parametrize(
    ("mounted", "ok"),
    [
        ([("/", "ext4")], True),
        ([("/", "nfs4")], False),
        ([("/", "nfs4"), ("{home}", "ext4")], True),
        ([("/", "ext4"), ("{home}", "fuse.sshfs")], False),
        ([("/", "ext4"), ("{home}", "ext4"), ("{home}", "9p")], False),
        ([("/", "ext4"), ("{home}-elsewhere", "cifs")], True),
        ([], True),
    ],
)
def test_a_network_folder_is_refused(tmp_path: Path, mounted: list[tuple[str, str]], ok: bool) -> None:
    """The file system that the home lies on decides: the deepest mount above it, and the last of equals."""
    table = [(point.format(home=tmp_path.resolve()), kind) for point, kind in mounted]
    assert doctor.file_system(tmp_path / "not" / "yet", table).ok is ok


def test_mounts_are_read_with_their_blanks(tmp_path: Path) -> None:
    """A mount point with a blank in its name is read as it is called; a missing table gives none."""
    (tmp_path / "mounts").write_text("server:/x /mnt/my\\040folder nfs4 rw 0 0\n/dev/sda1 / ext4 rw 0 0\nbroken\n")
    assert doctor.mounts(tmp_path / "mounts") == [("/mnt/my folder", "nfs4"), ("/", "ext4")]
    assert doctor.mounts(tmp_path / "none") == []


def test_a_home_that_is_a_file_is_found(tmp_path: Path) -> None:
    """A home whose place is taken by a file cannot be written to."""
    (tmp_path / "home").touch()
    assert not doctor.may_write(tmp_path / "home").ok


def test_an_old_sqlite_and_a_clock_that_stands_still_are_found() -> None:
    """A SQLite without RETURNING and a clock before the program's own files are findings."""
    assert not doctor.sqlite_version((3, 34, 1)).ok
    assert doctor.sqlite_version((3, 35, 0)).ok
    installed = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    assert not doctor.clock_sanity(datetime(1970, 1, 1, tzinfo=UTC), installed).ok
    assert doctor.clock_sanity(datetime(2026, 11, 2, tzinfo=UTC), installed).ok


def test_every_finding_has_a_remedy(tmp_path: Path) -> None:
    """Whatever is not well comes with what to do about it."""
    (tmp_path / "hansard.db").write_bytes(b"no")
    found = [
        *checks(Database(tmp_path / "hansard.db")).values(),
        doctor.file_system(tmp_path, [("/", "nfs")]),
        doctor.sqlite_version((3, 0, 0)),
        doctor.clock_sanity(datetime(1970, 1, 1, tzinfo=UTC), 1e9),
    ]
    assert [check.name for check in found if not check.ok and not check.remedy] == []
    assert sum(not check.ok for check in found) == 4


def test_the_diagnosis_is_well_only_when_every_check_is(store: Path) -> None:
    """One finding makes the whole diagnosis not ok."""

    class House(Doctoring):
        def __init__(self, database: Database) -> None:
            self._database = database
            self._home = store.parent

    from hansard.custody.doctor import Doctor
    from hansard.kernel.operations import Actor, Call

    call = Call(Actor("tester", "test"))
    assert House(Database(store)).doctor(Doctor(), call).ok
    store.write_bytes(b"no")
    answer = House(Database(store)).doctor(Doctor(), call)
    assert not answer.ok
    assert [check.name for check in answer.checks if not check.ok] == ["store"]


@pytest.mark.parametrize("table", ["entities", "dialogues", "journal_payloads", "search"])
def test_a_table_that_is_gone_is_found(store: Path, table: str) -> None:
    """A store that lacks a table of the schema is not well, and the table is named."""
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(f"DROP TABLE {table}")
    connection.close()
    found = checks(Database(store))
    assert not found["tables"].ok
    assert table in found["tables"].found
    assert found["tables"].remedy
