"""Backups: a copy is one moment of the store, verified, and never put over anything; restoring gives the same back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hansard.custody.backups import UNFINISHED, BackupCreate, BackupRestore, Copied, _files
from hansard.custody.operations import CustodyOperations
from hansard.custody.proof.shapes import KeysCreate
from hansard.custody.shapes import Verify
from hansard.database.dialect import Server
from hansard.database.engine import Database
from hansard.database.journal import Journal
from hansard.database.postgresql import PostgreSQL
from hansard.dialogue.door import folder_in, misplaced
from hansard.dialogue.operations import DialogueOperations
from hansard.dialogue.requests import DialogueCreate
from hansard.kernel.errors import HansardError
from hansard.memory.memory import Memory
from hansard.memory.verify import verify as memory_verify
from tests.conftest import ROOT
from tests.support.processes import python
from tests.support.stores import contents, dropped, fresh
from tests.unit.custody.kept import Kept, alter
from tests.unit.exchange.recorded import CALL, ID
from tests.unit.memory.kit import contents as contents_of
from tests.unit.memory.kit import filled, left, records


def custody(home: Path, database: Database | None = None) -> CustodyOperations:
    """Custody of a home whose owner may read and write everywhere."""
    own = database or Database(home / "hansard.db")
    dialogues = DialogueOperations(Journal(own), home)
    return CustodyOperations(own, dialogues, lambda _path: True, home=home, may_write=lambda _path: True)


def backed_up(home: Path, target: Path, *, keys: bool = False) -> Copied:
    """A home, copied."""
    return custody(home).backup_create(BackupCreate(path=str(target), keys=keys), CALL)


def restored(source: Path, home: Path) -> Copied:
    """A backup, put into a home."""
    return custody(home).backup_restore(BackupRestore(path=str(source)), CALL)


def refusal(work: Callable[[], object]) -> HansardError:
    """The refusal of a piece of work; it says what to do."""
    with pytest.raises(HansardError) as caught:
        work()
    assert caught.value.suggestion
    return caught.value


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and mode of every file below a folder but the store's own."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("hansard.db")
    }


def write(path: Path, words: str, mode: int = 0o644) -> None:
    """A file in a folder that is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words)
    path.chmod(mode)


def test_a_restored_backup_is_the_same_store_with_the_same_files(kept: Kept, tmp_path: Path) -> None:
    """Every row, every chain and every file of the dialogues come back as they were; settings and keys stay."""
    home = kept.file.parent
    write(home / "dialogues" / ID / "minutes.md", "# Minutes")
    write(home / "dialogues" / ID / "exhibits" / "a.bin", "bytes", 0o600)
    write(home / "keys" / "main.pem", "not one", 0o600)
    write(home / "settings.toml", "")
    before = contents(kept.database)
    made = backed_up(home, tmp_path / "copy")
    assert (made.files, made.keys) == (2, False)
    assert any("keys" in note for note in made.notes)
    assert made.records is None
    write(tmp_path / "new" / "settings.toml", "")
    again = restored(tmp_path / "copy", tmp_path / "new")
    assert (again.entries, again.files, again.revision) == (made.entries, 2, made.revision)
    there = Database(tmp_path / "new" / "hansard.db")
    assert contents(there) == before
    there.close()
    assert files(tmp_path / "new") == {name: held for name, held in files(home).items() if not name.startswith("keys")}
    assert custody(tmp_path / "new").verify(Verify(all=True), CALL).ok


def test_keys_travel_where_they_are_asked_for(kept: Kept, tmp_path: Path) -> None:
    """With keys, a backup holds them under the mode that they had, and a restored home has them again."""
    home = kept.file.parent
    write(home / "keys" / "main.pem", "not one", 0o600)
    assert backed_up(home, tmp_path / "copy", keys=True).keys
    restored(tmp_path / "copy", tmp_path / "new")
    assert files(tmp_path / "new") == {"keys/main.pem": (b"not one", 0o600)}


def test_keys_are_never_among_the_files_of_dialogues(kept: Kept, tmp_path: Path) -> None:
    """Not even where an older Hansard gave a dialogue their folder."""
    home = kept.file.parent
    write(home / "keys" / "main.pem", "secret", 0o600)
    dialogues = DialogueOperations(Journal(kept.database), home, may_write=lambda _path: True)
    pool = {"experts": [{"role": role} for role in "ABC"]}
    request = {"title": "keys", "question": "?", "output_dir": "elsewhere", "expert_pool": pool}
    dialogues.dialogue_create(DialogueCreate.model_validate(request), CALL)
    copied = [Path("keys/main.pem")]
    for folder, named in (("elsewhere", "keys"), (".", "keys"), ("..", home.name), ("keys", "x")):
        own = folder_in(home, named, folder)
        assert (misplaced(home, own, named) is None) is (folder == "elsewhere")
        assert not set(copied) & set(_files(home, [] if misplaced(home, own, named) else [own], []))
    assert not backed_up(home, tmp_path / "copy").keys
    assert files(tmp_path / "copy") == {}


def test_a_dialogue_s_own_folder_travels_as_far_as_it_lies_in_the_home(kept: Kept, tmp_path: Path) -> None:
    """A folder that a dialogue was given is copied from the home; one outside, and a link, are told and left."""
    home = kept.file.parent
    dialogues = DialogueOperations(Journal(kept.database), home, may_write=lambda _path: True)
    for title, folder in (("Inside", "projects"), ("Outside", str(tmp_path / "far"))):
        request = {
            "title": title,
            "question": "?",
            "output_dir": folder,
            "expert_pool": {"experts": [{"role": role} for role in "ABC"]},
        }
        dialogues.dialogue_create(DialogueCreate.model_validate(request), CALL)
    write(home / "projects" / "inside" / "note.md", "kept")
    write(home / "projects" / "another program's", "left")
    write(tmp_path / "far" / "outside" / "note.md", "far")
    (home / "projects" / "inside" / "link").symlink_to(tmp_path / "far")
    made = backed_up(home, tmp_path / "copy")
    assert list(files(tmp_path / "copy")) == ["projects/inside/note.md"]
    assert [note for note in made.notes if "outside the home: 1" in note]
    assert [note for note in made.notes if "Links" in note]


def test_what_is_restored_besides_the_store_is_told_and_kept_strict(kept: Kept, tmp_path: Path) -> None:
    """Whom the home trusts now and with what it signs, by name; others read no key and write nothing."""
    home = kept.file.parent
    own = custody(home)
    own.keys_create(KeysCreate(name="main"), CALL)
    backed_up(home, tmp_path / "copy", keys=True)
    trusted = {"id": "ab" * 32, "name": "ada", "since": "2026-01-01T00:00:00.000000Z"}
    write(tmp_path / "copy" / "keys" / "trusted.json", json.dumps({"format": "hansard-trusted-1", "keys": [trusted]}))
    for path in (tmp_path / "copy").rglob("*"):
        path.chmod(0o777)
    made = restored(tmp_path / "copy", tmp_path / "new")
    assert "It can sign with 1 key: main." in made.notes
    assert "It trusts 1 key of others: ada." in made.notes
    modes = {
        path.relative_to(tmp_path / "new").as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "new").rglob("*")
    }
    assert modes["keys"] == 0o700
    assert not any(mode & 0o002 for mode in modes.values())
    assert not any(mode & 0o077 for name, mode in modes.items() if name.startswith("keys"))


def test_the_memory_travels_and_is_the_same_log(kept: Kept, tmp_path: Path) -> None:
    """Records, heads and what was kept aside come back, into a home without a memory; it may stay out."""
    home, log = kept.file.parent, kept.file.parent / "memory"
    rows = filled(log, records(300), 10, segment_bytes=40_000)
    left(log, records(40, seed=5), 10)
    write(log / "worker-000" / "000000000001.seg.torn-128", "torn")
    done = backed_up(home, tmp_path / "copy")
    assert done.records == 340
    assert not any("memory" in note for note in done.notes)
    there, copied = memory_verify(log), memory_verify(tmp_path / "copy" / "memory")
    assert (copied.heads, copied.findings, copied.notes) == (there.heads, [], there.notes)
    assert (tmp_path / "copy" / "memory" / "worker-000" / "000000000001.seg.torn-128").read_text() == "torn"
    back = tmp_path / "back"
    assert restored(tmp_path / "copy", back).records == 340
    assert contents_of(back / "memory") == contents_of(log)
    filled(back / "memory", rows[:5])
    assert memory_verify(back / "memory").ok, "whoever restored it goes on writing"
    (tmp_path / "other" / "memory").mkdir(parents=True)
    assert refusal(lambda: restored(tmp_path / "copy", tmp_path / "other")).code == "folder_not_empty"
    without = custody(home).backup_create(BackupCreate(path=str(tmp_path / "without"), memory=False), CALL)
    assert (without.records, (tmp_path / "without" / "memory").exists()) == (None, False)
    assert any("memory was left out. Exhibits" in note for note in without.notes)
    assert restored(tmp_path / "without", tmp_path / "other").records is None


def test_a_damaged_memory_is_copied_and_told(kept: Kept, tmp_path: Path) -> None:
    """A backup does not fail for a damage of the memory, nor hides it: the copy has the same."""
    log = kept.file.parent / "memory"
    filled(log, records(100), 10)
    [path] = (log / "worker-000").glob("*.seg")
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    done = backed_up(kept.file.parent, tmp_path / "copy")
    assert any(f"does not verify (1 findings, first damaged in {path.name})" in told for told in done.findings)
    assert memory_verify(tmp_path / "copy" / "memory").findings == memory_verify(log).findings


def test_a_backup_without_its_last_segment_is_found(kept: Kept, tmp_path: Path) -> None:
    """A backup keeps the heads of its memory: what was cut off of it afterwards is told on restoring."""
    filled(kept.file.parent / "memory", records(200), 10, segment_bytes=40_000)
    assert backed_up(kept.file.parent, tmp_path / "copy").findings == []
    assert restored(tmp_path / "copy", tmp_path / "whole").findings == []
    sorted((tmp_path / "copy" / "memory" / "worker-000").glob("*.seg"))[-1].unlink()
    [told] = restored(tmp_path / "copy", tmp_path / "cut").findings
    assert "head_contradicted" in told


def test_links_in_a_memory_are_not_followed(kept: Kept, tmp_path: Path) -> None:
    """What a link leads to is not copied, neither out of a home nor into one; it is told by its name."""
    log = kept.file.parent / "memory"
    filled(log, records(20), 10)
    secret = tmp_path / "secret"
    write(secret, "secret")
    (log / "worker-000" / "000000000007.seg").symlink_to(secret)
    (log / "worker-000" / "upkeep.ndjson").symlink_to(secret)
    (log / "worker-002").symlink_to(tmp_path / "nowhere")
    [told] = backed_up(kept.file.parent, tmp_path / "copy").findings
    for name in ("memory/worker-002", "worker-000/000000000007.seg", "worker-000/upkeep.ndjson"):
        assert name in told
    names = {path.name for path in (tmp_path / "copy" / "memory").rglob("*")}
    assert names == {"worker-000", "000000000001.seg", "heads.json"}
    shutil.rmtree(tmp_path / "copy" / "memory")
    (tmp_path / "copy" / "memory").symlink_to(log)
    [told] = restored(tmp_path / "copy", tmp_path / "new").findings
    assert "is a link" in told
    assert not (tmp_path / "new" / "memory").exists()
    (tmp_path / "copy" / "memory").unlink()
    (tmp_path / "copy" / "memory").symlink_to(tmp_path / "nowhere")
    [told] = restored(tmp_path / "copy", tmp_path / "newer").findings
    assert "is no folder" in told


def test_a_memory_that_is_written_to_gives_a_prefix(kept: Kept, tmp_path: Path) -> None:
    """Copied while a thread appends and segments are closed, the copy verifies and holds what was confirmed before."""
    log, rows = kept.file.parent / "memory", records(512)
    stop = threading.Event()
    with Memory.open(log, segment_bytes=60_000) as memory:

        def append() -> None:
            while not stop.is_set():
                memory.extend(rows[:64])
                memory.flush()

        thread = threading.Thread(target=append)
        thread.start()
        try:
            for number in range(8):
                confirmed = memory.durable_upto
                backed_up(kept.file.parent, tmp_path / str(number))
                found = memory_verify(tmp_path / str(number) / "memory")
                assert (found.ok, found.notes) == (True, [])
                assert found.pulses >= confirmed
        finally:
            stop.set()
            thread.join()
    head = [(each.worker, each.pulse_id, each.chain) for each in found.heads]
    assert memory_verify(log, noted=head).ok, "the copy's head is one of the log"


def test_a_link_is_no_backup(kept: Kept, tmp_path: Path) -> None:
    """A folder whose store is a link to somebody's store is not restored."""
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "hansard.db").symlink_to(kept.file)
    assert refusal(lambda: restored(tmp_path / "copy", tmp_path / "new")).code == "backup_is_link"
    assert not (tmp_path / "new" / "hansard.db").exists()


def test_a_backup_whose_revision_was_set_back_is_told_as_altered(kept: Kept, tmp_path: Path) -> None:
    """The tables are not those of the revision that it states: no migration is tried on it."""
    backed_up(kept.file.parent, tmp_path / "copy")
    alter(tmp_path / "copy" / "hansard.db", "UPDATE alembic_version SET version_num = '0001'")
    fault = refusal(lambda: restored(tmp_path / "copy", tmp_path / "new"))
    assert (fault.kind, fault.code) == ("corrupt", "schema_altered")
    assert "revision '0001'" in str(fault)


def test_what_a_dead_run_left_may_be_removed(kept: Kept, tmp_path: Path) -> None:
    """The refusal says what stands there, and when it may go."""
    (tmp_path / "copy" / UNFINISHED).mkdir(parents=True)
    assert "remove it" in str(refusal(lambda: backed_up(kept.file.parent, tmp_path / "copy")).suggestion)


@pytest.mark.parametrize("held", ["notes.txt", "hansard.db", "hansard.db-wal", UNFINISHED, "dialogues"])
def test_nothing_is_copied_over_what_stands(kept: Kept, tmp_path: Path, held: str) -> None:
    """A folder in which something stands takes no backup, and a home that holds anything else takes none back."""
    backed_up(kept.file.parent, tmp_path / "copy")
    write(tmp_path / "there" / held, "mine")
    for work in (
        lambda: backed_up(kept.file.parent, tmp_path / "there"),
        lambda: restored(tmp_path / "copy", tmp_path / "there"),
    ):
        fault = refusal(work)
        assert (fault.code, fault.context) == ("folder_not_empty", {"held": [held]})
    assert [path.name for path in (tmp_path / "there").iterdir()] == [held]
    assert (tmp_path / "there" / held).read_text() == "mine"


def test_keys_are_not_copied_over_keys(kept: Kept, tmp_path: Path) -> None:
    """A home with keys takes back a backup without any, and none with keys."""
    write(kept.file.with_name("keys") / "main.pem", "old", 0o600)
    backed_up(kept.file.parent, tmp_path / "with", keys=True)
    backed_up(kept.file.parent, tmp_path / "without")
    write(tmp_path / "new" / "keys" / "main.pem", "new", 0o600)
    assert refusal(lambda: restored(tmp_path / "with", tmp_path / "new")).code == "folder_not_empty"
    restored(tmp_path / "without", tmp_path / "new")
    assert (tmp_path / "new" / "keys" / "main.pem").read_text() == "new"


def test_a_copy_that_does_not_verify_is_not_kept(kept: Kept, tmp_path: Path) -> None:
    """Of a store that was altered there is no backup, and an altered backup is not restored; nothing is left behind."""
    backed_up(kept.file.parent, tmp_path / "copy")
    for file, work in (
        (kept.file, lambda: backed_up(kept.file.parent, tmp_path / "second")),
        (tmp_path / "copy" / "hansard.db", lambda: restored(tmp_path / "copy", tmp_path / "new")),
    ):
        alter(file, "UPDATE entities SET label = 'forged' WHERE rowid = 1")
        assert refusal(work).code == "copy_not_verified"
    assert not (tmp_path / "second").exists()
    assert not (tmp_path / "new" / "hansard.db").exists()


def test_a_backup_does_not_lie_in_its_home_and_needs_a_store(kept: Kept, tmp_path: Path) -> None:
    """What takes the home would take the backup; a folder without a store is told as such, in both directions."""
    home = kept.file.parent
    assert refusal(lambda: backed_up(home, home / "backup")).code == "backup_inside_home"
    (tmp_path / "empty").mkdir()
    assert refusal(lambda: backed_up(tmp_path / "empty", tmp_path / "copy")).code == "store_not_there"
    assert refusal(lambda: restored(tmp_path / "empty", tmp_path / "new")).code == "store_not_there"
    assert refusal(lambda: backed_up(home, tmp_path / "no" / "such" / "folder")).code == "path_unusable"
    assert not (tmp_path / "copy").exists()


def test_an_older_store_is_copied_as_it_is(tmp_path: Path) -> None:
    """Before a store is brought to a newer schema it can be backed up: the copy keeps its revision, and verifies."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(ROOT / "tests" / "golden" / "store-0001.sqlite", home / "hansard.db")
    made = backed_up(home, tmp_path / "copy")
    assert made.revision == "0001"
    copy = Database(tmp_path / "copy" / "hansard.db")
    assert copy.revision() == "0001"
    copy.close()
    assert {path.name for path in (tmp_path / "copy").iterdir()} == {"hansard.db", "hansard.db.migrate.lock"}


def test_a_backup_taken_while_others_write_verifies(tmp_path: Path) -> None:
    """What was answered before the backup began is in it; it ends at an entry, whatever was half written meanwhile."""
    home = tmp_path / "home"
    home.mkdir()
    Database.open(home / "hansard.db").close()
    order = {"work": "rounds", "file": str(home / "hansard.db"), "name": "w", "rounds": 3, "words": 2000}
    answered = 0
    with python("-m", "tests.support.writer") as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        nursery.stdin.write(json.dumps(order) + "\n")
        nursery.stdin.flush()
        child = int(json.loads(nursery.stdout.readline())[1])
        try:
            for number in range(5):
                for _ in range(4):
                    answered += json.loads(nursery.stdout.readline())[0] in ("created", "registered")
                made = backed_up(home, tmp_path / f"copy-{number}")
                assert made.entries >= answered
                assert custody(tmp_path / f"copy-{number}").verify(Verify(all=True), CALL).ok
        finally:
            os.kill(child, signal.SIGKILL)
            nursery.stdin.close()


def test_a_server_s_store_is_left_to_the_server(tmp_path: Path) -> None:
    """On PostgreSQL the refusal gives the command that copies the store, without a password; nothing is made."""
    at = fresh("postgresql", tmp_path)
    database = Database.open(at)
    own = custody(tmp_path, database)
    fault = refusal(lambda: own.backup_create(BackupCreate(path=str(tmp_path.with_name("copy"))), CALL))
    assert fault.code == "copied_by_server"
    assert isinstance(at, Server)
    command = PostgreSQL().copy_hint(at)
    assert fault.context == {"command": command}
    assert command in str(fault.suggestion)
    assert not tmp_path.with_name("copy").exists()
    assert refusal(lambda: own.backup_restore(BackupRestore(path=str(tmp_path)), CALL)).code == "restored_by_server"
    database.close()
    dropped(at)
