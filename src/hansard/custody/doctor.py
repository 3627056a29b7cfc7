"""Doctor: is this machine fit to keep a record, and is the store what it should be?

Every check looks and changes nothing; a store that is missing or broken is a finding, not a failure.
"""

from __future__ import annotations

import errno
import os
import platform
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from hansard import __version__
from hansard.custody import store
from hansard.database.engine import HEAD, Database
from hansard.database.schema import schema_differences
from hansard.kernel.clock import Clock, system_clock
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Call, operation
from hansard.kernel.shapes import Shape
from hansard.memory import FOLDER

FREE_BYTES_WANTED: Final = 256 * 1024 * 1024
"""Below this, a large import may fill the disk."""

NETWORK_FILE_SYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ncpfs", "ceph", "glusterfs", "fuse.sshfs", "fuse.s3fs",
     "fuse.rclone", "fuse.glusterfs", "fuse.gcsfuse"}
)  # fmt: skip
"""File systems on which SQLite's write-ahead log is not safe: its shared memory does not reach other machines."""

OLDEST_SQLITE: Final = (3, 35, 0)
"""The first SQLite that knows RETURNING, which the journal's positions need."""

LIBRARIES: Final = ("sqlalchemy", "pydantic", "msgspec", "alembic")

FEW: Final = 3
"""So many differences of the schema are told one by one."""


class Doctor(Shape):
    """Ask for a check-up."""


class Check(Shape):
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str
    remedy: str | None = None
    """What to do, where it is not well."""


class Diagnosis(Shape):
    """Every check, and whether all is well."""

    ok: bool
    checks: list[Check]


class Doctoring:
    """Looks at the machine, the home and the store."""

    _database: Database
    _home: Path

    @operation(path="/doctor", store=False, tools="proof")
    def doctor(self, request: Doctor, call: Call) -> Diagnosis:  # noqa: ARG002
        """Check that this machine and this store are in order."""
        checks = list(examine(self._database, self._home))
        return Diagnosis(ok=all(check.ok for check in checks), checks=checks)


def examine(database: Database, home: Path, *, clock: Clock = system_clock) -> Iterator[Check]:
    """Every check, in the order in which one bears on the next."""
    file = database.path
    yield versions()
    if file is not None:
        yield sqlite_version(store.sqlite_version())
    yield Check(name="home", ok=True, found=f"{home}" + ("" if home.is_dir() else " (will be made at first use)"))
    yield may_write(home)
    if file is not None:
        yield file_system(home, mounts())
    yield disk_space(home)
    yield clock_sanity(clock(), Path(__file__).stat().st_mtime)
    yield from memory(home / FOLDER)
    if file is None:
        yield from server(database)
        return
    if not file.exists():
        yield Check(name="store", ok=True, found=f"{file.name} will be made at first use")
        return
    found = list(store_file(database, file))
    yield from found
    if found[0].ok:
        yield from contents(database)


def memory(folder: Path) -> Iterator[Check]:
    """What stands in the memory's folder, where there is one, and whether this program can read it."""
    if not folder.is_dir():
        if os.path.lexists(folder):
            told_of = f"'{folder.name}' is no folder, or a link to none"
            yield Check(name="memory", ok=False, found=told_of, remedy="Put the memory's folder back in its place")
        return
    from hansard.memory.state import state  # it loads numpy, which a home without a memory does not need

    try:
        found = state(folder)
    except HansardError as fault:
        yield Check(name="memory", ok=False, found=fault.message, remedy=fault.suggestion)
        return
    except OSError as fault:
        remedy = "Check that you may read the memory's folder"
        yield Check(name="memory", ok=False, found=fault.strerror or "cannot be read", remedy=remedy)
        return
    numbers = ((found.segments, "segment"), (found.workers, "worker"))
    told = [
        " of ".join(f"{number:,} {name}{'' if number == 1 else 's'}" for number, name in numbers),
        f"{found.bytes / 1024**2:,.1f} MiB",
    ]
    if found.aside:
        files = "file" if found.aside == 1 else "files"
        told.append(
            f"{found.aside} {files} of torn or damaged bytes kept aside, {found.aside_bytes / 1024**2:,.1f} MiB"
        )
    told += [f"process {process} writes as worker {worker}" for worker, process in found.writers.items()]
    if found.fault is not None:
        told.append(found.fault.message)
        yield Check(name="memory", ok=False, found=", ".join(told), remedy=found.fault.suggestion)
        return
    told.append("'hansard memory verify' alone reads every byte")
    yield Check(name="memory", ok=True, found=", ".join(told))


def server(database: Database) -> Iterator[Check]:
    """Whether a database server can be reached and keeps what it is given; then what it holds."""
    try:
        with database.reading() as connection:
            told = database.dialect.fitness(connection)
    except HansardError as fault:
        yield Check(name="store", ok=False, found=fault.message, remedy=fault.suggestion)
        return
    yield Check(name="store", ok=True, found=f"{database.dialect.name} {database.location}")
    for name, found, remedy in told:
        yield Check(name=name, ok=remedy is None, found=found, remedy=remedy)
    yield from contents(database)


def versions() -> Check:
    """Which Hansard, Python and libraries are at work."""
    named = [f"hansard {__version__}", f"Python {platform.python_version()}"]
    missing = []
    for name in LIBRARIES:
        try:
            named.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        remedy = "Install Hansard again, with all it needs"
        return Check(name="versions", ok=False, found=f"{', '.join(missing)} not installed", remedy=remedy)
    return Check(name="versions", ok=True, found=", ".join(named))


def sqlite_version(found: tuple[int, ...]) -> Check:
    """Whether the SQLite that Python was built with is new enough."""
    told = ".".join(map(str, found))
    if found < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        return Check(name="SQLite", ok=False, found=told, remedy=f"Use a Python built with SQLite {wanted} or newer")
    return Check(name="SQLite", ok=True, found=told)


def existing(folder: Path) -> Path:
    """The folder itself, or the nearest one above that exists."""
    return next((candidate for candidate in (folder, *folder.parents) if candidate.exists()), Path(folder.anchor))


def may_write(home: Path) -> Check:
    """Whether the home, or the folder in which it will be made, may be written to."""
    there = existing(home)
    if not there.is_dir():
        return Check(
            name="permission",
            ok=False,
            found=f"{there} is no folder",
            remedy="Set HANSARD_HOME to a folder",
        )
    files = [file for file in (home / "hansard.db", home / "hansard.db-wal", home / "hansard.db-shm") if file.exists()]
    barred = [path.name for path in (there, *files) if not os.access(path, os.W_OK)]
    if barred:
        remedy = "Give yourself the right to write there, or set HANSARD_HOME to a folder of your own"
        return Check(name="permission", ok=False, found=f"no right to write to {', '.join(barred)}", remedy=remedy)
    return Check(name="permission", ok=True, found="may be written to")


def mounts(table: Path = Path("/proc/mounts")) -> list[tuple[str, str]]:
    """Mount points with the type of their file system; empty where the system tells none."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    parts = [line.split() for line in lines]
    return [(_unescaped(part[1]), part[2]) for part in parts if len(part) >= 3]


def _unescaped(point: str) -> str:
    for code, letter in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, letter)
    return point


def file_system(home: Path, mounted: list[tuple[str, str]]) -> Check:
    """Whether the home lies on a disk of this machine; a write-ahead log on a network folder can lose data."""
    place = existing(home).resolve()
    over = [(Path(point), kind) for point, kind in mounted if place.is_relative_to(point)]
    if not over:
        return Check(name="file system", ok=True, found="not told by this system")
    _, kind = max(reversed(over), key=lambda mount: len(mount[0].parts))  # the last of equals lies on top
    if kind in NETWORK_FILE_SYSTEMS:
        remedy = "Set HANSARD_HOME to a folder on a disk of this machine; export records to the network folder instead"
        return Check(name="file system", ok=False, found=f"{kind}, a network folder", remedy=remedy)
    return Check(name="file system", ok=True, found=kind)


def disk_space(home: Path) -> Check:
    """Whether there is room for some more records."""
    free = shutil.disk_usage(existing(home)).free
    told = f"{free / 1024**3:,.1f} GiB free"
    if free < FREE_BYTES_WANTED:
        remedy = f"Free some space; {FREE_BYTES_WANTED // 1024**2} MiB are wanted"
        return Check(name="disk space", ok=False, found=told, remedy=remedy)
    return Check(name="disk space", ok=True, found=told)


def clock_sanity(now: datetime, installed: float) -> Check:
    """Whether the clock is not before the moment in which this program was installed."""
    told = f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if now.timestamp() < installed - 86_400:
        remedy = "Set the machine's clock; journal entries would carry a wrong time"
        return Check(name="clock", ok=False, found=f"{told}, before this program was installed", remedy=remedy)
    return Check(name="clock", ok=True, found=told)


def store_file(database: Database, file: Path) -> Iterator[Check]:
    """Whether the store opens as a database, and what bears on it. It is asked through SQLite alone (kernel.held)."""
    try:
        size = file.stat().st_size
        if not os.access(file, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        with database.reading() as connection:
            told = database.dialect.fitness(connection) if size else []
    except OSError as fault:
        why = fault.strerror or "unknown reason"
        remedy = "Give yourself the right to read it"
        yield Check(name="store", ok=False, found=f"{file.name} cannot be read: {why}", remedy=remedy)
        return
    except HansardError as fault:
        lost = "Keep the file, put the last good copy in its place, and run 'hansard verify --all' on it"
        said = lost if fault.kind == "corrupt" else fault.suggestion
        yield Check(name="store", ok=False, found=f"{file.name}: {fault.message}", remedy=said)
        return
    yield Check(name="store", ok=True, found=f"{file.name}, {size / 1024**2:,.1f} MiB")
    for name, state, mend in told:
        yield Check(name=name, ok=mend is None, found=state, remedy=mend)


def contents(database: Database) -> Iterator[Check]:
    """Schema, number of dialogues, last journal position; where the store cannot be read, why."""
    try:
        revision = database.revision()
        if revision is None:
            yield Check(name="schema", ok=True, found="none yet; will be made at first use")
            return
        if revision != HEAD:
            yield Check(name="schema", ok=True, found=f"{revision}; will be brought to {HEAD} at next use")
            return
        with database.reading() as connection:
            differences = [difference.message for difference in schema_differences(connection)]
            if differences:
                more = f"; and {len(differences) - FEW} more" if len(differences) > FEW else ""
                yield Check(
                    name="tables",
                    ok=False,
                    found=f"{'; '.join(differences[:FEW])}{more}",
                    remedy="'hansard verify --all' tells everything that differs; "
                    "keep this file, and put the last copy that verifies in its place",
                )
                return
            dialogues, position = store.extent(connection)
    except HansardError as fault:
        yield Check(name="schema", ok=False, found=fault.message, remedy=fault.suggestion)
        return
    yield Check(name="schema", ok=True, found=f"{revision}, as this program knows it")
    yield Check(name="tables", ok=True, found="all there, made as Hansard makes them")
    yield Check(name="dialogues", ok=True, found=f"{dialogues:,}")
    yield Check(name="journal", ok=True, found=f"{position:,} entries")
