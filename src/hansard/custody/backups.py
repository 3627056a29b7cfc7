"""Copies of a home: the store as it stood at one moment, and the files that belong to it (docs/databases.md).

A backup is a folder laid out like a home, and restoring one is the same work the other way. The copy is made beside
its place, verified, and put there with the store last: a copy that was cut off is no store.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hansard.custody import errors, store
from hansard.custody.proof.keys import Keyring
from hansard.database import verify as journal
from hansard.database.engine import HEAD, Database
from hansard.database.tables import record_tables
from hansard.dialogue.door import folder_in, misplaced
from hansard.dialogue.store import own_folders
from hansard.kernel.errors import HansardError, path_not_allowed, shown
from hansard.kernel.files import is_folder, lies_in, opened, unwritable
from hansard.kernel.locks import file_lock
from hansard.kernel.operations import Call, operation
from hansard.kernel.shapes import Shape
from hansard.memory import FOLDER

STORE: Final = "hansard.db"
KEYS: Final = "keys"
LOCK: Final = f"{STORE}.migrate.lock"
"""Whoever makes a store holds it, so that none is made where one is about to be put."""

UNFINISHED: Final = ".hansard-unfinished"


class BackupCreate(Shape):
    """Copy the store, the files of its dialogues and the memory into a folder."""

    path: str
    """The folder; it must be empty, or not there yet."""
    keys: bool = False
    """Whether the keys go with it: whoever has the copy can then sign in this home's name."""
    memory: bool = True
    """Whether the memory goes with it."""


class BackupRestore(Shape):
    """Put a backup into this home."""

    path: str
    """The folder that holds the backup."""


class Copied(Shape):
    """A home that was copied, and verified as a copy."""

    path: str
    """The folder that now holds it."""
    revision: str
    """The schema's revision, which a copy keeps."""
    entries: int
    files: int
    """How many files went with the store."""
    bytes: int
    """Of the store, the files and the memory together."""
    records: int | None = None
    """In the memory that was copied; nothing where none went with the store."""
    keys: bool
    """Whether keys went with it."""
    findings: list[str] = []
    """What of the memory is not as it was written, or not here; the rest was copied all the same."""
    notes: list[str]
    """What did not go with it."""


class _Store(NamedTuple):
    """A copied store, verified."""

    revision: str
    entries: int
    folders: list[tuple[str, str]]
    """Dialogues with a folder of their own for their files."""


class BackingUp:
    """Copies the home, and puts copies into an empty one."""

    _database: Database
    _home: Path
    _may_read: Callable[[Path], bool]
    _may_write: Callable[[Path], bool]

    @operation(writes=True, store=False, tools="proof", scope="admin")
    def backup_create(self, request: BackupCreate, call: Call) -> Copied:
        """Copy the store into an empty folder while others go on writing, and verify the copy.

        The files of its dialogues go with it as far as they lie in the home, and so does the memory, unless it is left
        out; settings stay, and so do keys unless they are asked for.
        """
        target = Path(request.path)
        if not self._may_write(target):
            raise path_not_allowed("path", request.path, "written")
        if lies_in(target, self._home):
            raise errors.backup_inside_home(request.path)
        return _copied(self._database, self._home, target, request.path, call, keys=request.keys, memory=request.memory)

    @operation(writes=True, store=False, tools="proof", scope="admin")
    def backup_restore(self, request: BackupRestore, call: Call) -> Copied:
        """Put a backup into this home, which must hold no record yet, and verify what was put there."""
        folder = Path(request.path)
        if not self._may_read(folder):
            raise path_not_allowed("path", request.path, "read")
        if self._database.path is None:
            raise errors.restored_by_server()
        if not is_folder(folder):
            raise errors.store_not_there(folder.name)
        source = Database(folder / STORE)
        try:
            self._home.parent.mkdir(parents=True, exist_ok=True)
            if (folder / STORE).is_symlink():
                raise errors.backup_is_link(folder.name)
            there = ["settings.toml", *(name for name in (FOLDER, KEYS) if not (folder / name).exists())]
            done = _copied(source, folder, self._home, "the home", call, keys=True, beside=there, strict=True)
            if done.keys:
                done.notes.extend(_notes_on_keys(self._home))
            return done
        finally:
            source.close()


def _copied(
    source: Database,
    home: Path,
    target: Path,
    called: str,
    call: Call,
    *,
    keys: bool,
    memory: bool = True,
    beside: Iterable[str] = (),
    strict: bool = False,
) -> Copied:
    """Copy a store with its files.

    Args:
        source: the store.
        home: the folder that it stands in.
        target: the folder that the copy is for.
        called: what errors call the target.
        call: told of progress.
        keys: whether keys are copied.
        memory: whether the memory is.
        beside: what may stand in the target already.
        strict: nobody else may write what was copied, nor read its keys, whatever the source allows.

    Raises:
        HansardError: ``copied_by_server``, ``store_not_there``, ``folder_not_empty``, ``copy_not_verified``,
            ``file_unwritable``, ``path_unusable``, or a refusal of the store.
    """
    if source.path is not None and not source.is_there():
        raise errors.store_not_there(home.name)
    home, allowed = home.absolute(), {*beside, LOCK}
    try:
        made = not target.exists()
        target.mkdir(exist_ok=True)
        _must_be_empty(target, called, allowed)
        unfinished = target / UNFINISHED
        unfinished.mkdir(mode=0o700)
        try:
            call.progress(0, 3, "copying the store")
            copy = unfinished / STORE
            source.copy(copy)
            shutil.copymode(home / STORE, copy)
            call.progress(1, 3, "verifying the copy")
            found = _verified(copy)
            call.progress(2, 3, "copying files")
            notes: list[str] = []
            folders = [home / "dialogues", *([home / KEYS] if keys else [])]
            folders += [own for given in found.folders if not misplaced(home, own := folder_in(home, *given), given[0])]
            names = _files(home, folders, notes)
            size = copy.stat().st_size + sum(_copy_file(home / name, unfinished / name) for name in names)
            records = None
            findings: list[str] = []
            if memory and not (home / FOLDER).is_dir() and os.path.lexists(home / FOLDER):
                findings.append(f"'{FOLDER}' is no folder: no memory was copied")
            elif memory and strict and (home / FOLDER).is_symlink():
                findings.append(f"'{FOLDER}' is a link, which is not followed: no memory was copied")
            elif memory and (home / FOLDER).is_dir():
                records = _memory(home / FOLDER, unfinished / FOLDER, findings, notes, call, restored=strict)
                size += sum(path.stat().st_size for path in (unfinished / FOLDER).rglob("*") if path.is_file())
            if strict:
                _made_strict(unfinished)
            os.sync()  # what is answered is on the disk
            with file_lock(target / LOCK):
                _must_be_empty(target, called, {*allowed, UNFINISHED})
                for part in sorted(unfinished.iterdir(), key=lambda part: part.name == STORE):
                    part.rename(target / part.name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
            if made:
                with contextlib.suppress(OSError):  # where something was put there, it stays
                    target.rmdir()
    except OSError as fault:
        raise unwritable(called, fault) from None
    with_keys = any(name.parts[0] == KEYS for name in names)
    if not with_keys and (home / KEYS).is_dir():
        notes.append("The keys did not go with it; without them nothing can be signed in this home's name.")
    if (home / FOLDER).is_dir() and not memory:
        notes.append("The memory was left out. Exhibits that pin its answers cannot be verified in what is restored.")
    return Copied(
        path=str(target),
        revision=found.revision,
        entries=found.entries,
        files=len(names),
        bytes=size,
        records=records,
        keys=with_keys,
        findings=findings,
        notes=notes,
    )


def _memory(memory: Path, target: Path, findings: list[str], notes: list[str], call: Call, *, restored: bool) -> int:
    """Copy the memory; how many records the copy holds. What is wrong with it is told, and copied all the same."""
    from hansard.memory.copying import copy, heads_kept, heads_of  # numpy, which a home without a memory does not need

    heads, left_out = [], list[str]()
    if restored:
        try:
            heads = heads_of(memory)
        except (HansardError, msgspec.DecodeError):
            findings.append("The memory's heads in the backup cannot be read: whether its end is there is not known.")
    elif memory.is_symlink():
        notes.append("The memory is a link; what it leads to was copied.")
    found = copy(memory, target, left_out, noted=heads, progress=call.progress)
    if not restored:
        heads_kept(target, found.heads)
    if left_out:
        named = ", ".join(str(shown(name)) for name in left_out[:5]) + (", …" if len(left_out) > 5 else "")
        findings.append(
            f"Links are not followed; these, or what else is no file, were not copied ({len(left_out)}): {named}."
        )
    if found.findings:
        first = found.findings[0]
        findings.append(
            f"The copied memory does not verify ({len(found.findings)} findings, first {first.code}"
            f"{f' in {shown(first.file)}' if first.file else ''}): 'hansard memory verify' tells whether"
            " the memory itself does."
        )
    if found.gaps:
        notes.append(f"The memory has gaps that were noted: {len(found.gaps)}.")
    return found.records


def _made_strict(folder: Path) -> None:
    """Take from everybody what a copy does not need: to write it, and to read its keys."""
    for path in folder.rglob("*"):
        ours = path.relative_to(folder).parts[0] == KEYS
        path.chmod(stat.S_IMODE(path.stat().st_mode) & (0o700 if ours else ~0o002))


def _notes_on_keys(home: Path) -> Iterator[str]:
    """Whose statements a home takes for true now, and in whose name it can sign."""
    own = sorted(path.stem for path in (home / KEYS).glob("*.pem"))
    if own:
        yield f"It can sign with {len(own)} {'key' if len(own) == 1 else 'keys'}: {', '.join(own)}."
    try:
        names = [key.name for key in Keyring(home).trusted()]
    except HansardError:
        yield "Which keys of others it trusts cannot be read."
        return
    if names:
        yield f"It trusts {len(names)} {'key' if len(names) == 1 else 'keys'} of others: {', '.join(names)}."


def _must_be_empty(target: Path, called: str, allowed: Iterable[str]) -> None:
    """Refuse a folder in which something stands: nothing is ever copied over it, nor beside another store's log."""
    held = sorted({found.name for found in target.iterdir()}.difference(allowed))
    if held:
        raise errors.folder_not_empty(called, held)


def _verified(copy: Path) -> _Store:
    """What a copied store holds. One of an older schema is looked at as this program would bring it up, and stays."""
    with contextlib.ExitStack() as stack:
        database = Database(copy)
        stack.callback(database.close)
        revision = database.revision()
        if revision is None:
            raise errors.store_not_there(copy.name)
        if revision != HEAD:
            scratch = copy.with_name("scratch.db")
            stack.callback(_gone, scratch)
            database.copy(scratch)
            database = Database.open(scratch)
            stack.callback(database.close)
        with database.reading() as connection:
            damage = store.damage(connection)
            report = journal.verify_store(connection, record_tables())
            if damage or report.findings:
                raise errors.copy_not_verified(len(damage) + len(report.findings))
            return _Store(revision, report.entries, own_folders(connection))


def _gone(scratch: Path) -> None:
    for file in scratch.parent.glob(f"{scratch.name}*"):
        file.unlink()


def _files(home: Path, folders: Iterable[Path], notes: list[str]) -> list[Path]:
    """The files in these folders of a home, named from there; ``notes`` is told what is left out."""
    found: set[Path] = set()
    links, elsewhere = 0, 0
    for folder in folders:
        own = Path(os.path.normpath(folder))  # what a link in it leads to is elsewhere
        if not own.is_relative_to(home):
            elsewhere += 1
            continue
        for path in _below(own):
            kind = path.lstat().st_mode
            links += stat.S_ISLNK(kind)
            if stat.S_ISREG(kind) and not (path.name.startswith(".hansard-") and path.suffix == ".part"):
                found.add(path.relative_to(home))
    if elsewhere:
        notes.append(f"Dialogues that keep their files outside the home: {elsewhere}. These files were not copied.")
    if links:
        notes.append(f"Links were not followed and not copied: {links}.")
    return sorted(found)


def _below(folder: Path) -> Iterator[Path]:
    for place, inner, names in os.walk(folder):
        yield from (Path(place, name) for name in (*names, *(name for name in inner if Path(place, name).is_symlink())))


def _copy_file(source: Path, target: Path) -> int:
    """Copy a file that nobody else can have made; its size."""
    target.parent.mkdir(mode=stat.S_IMODE(source.parent.stat().st_mode), parents=True, exist_ok=True)
    with opened(source) as file, target.open("xb") as copy:
        shutil.copyfileobj(file, copy)
    shutil.copymode(source, target)
    return target.stat().st_size
