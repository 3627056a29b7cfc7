"""A memory from outside, for a check-up: how large it is, what was kept aside, who writes. Nothing is locked."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hansard.kernel.errors import HansardError
from hansard.memory import errors
from hansard.memory.log import head_of, workers
from hansard.memory.notes import NAME, beginning, notes_of
from hansard.memory.segment import Handle, SegmentHead, kept_aside, segments

LOCKS = Path("/proc/locks")
"""Where Linux tells who holds which lock. To try a lock would refuse the writer that comes at this moment."""


class State(NamedTuple):
    """What stands in a memory's folder."""

    workers: int
    segments: int
    bytes: int
    aside: int
    """Files of torn or damaged bytes that were kept."""
    aside_bytes: int
    writers: dict[int, int]
    """Workers somebody appends as now, with the process; empty where the system does not tell."""
    fault: HansardError | None
    """Of a segment that this program cannot read by its header, or before which records are not there; of notes."""


def state(memory: Path, *, locks: Path = LOCKS) -> State:
    """Look at every segment's header, and at names and sizes; ``hansard memory verify`` reads the rest.

    Raises:
        HansardError: ``memory_foreign``, ``memory_unreadable`` of a folder.
    """
    held = _held(locks)
    folders = workers(memory)
    fault: HansardError | None = None
    number = size = aside = aside_bytes = 0
    writers: dict[int, int] = {}
    for worker, folder in folders.items():
        paths = segments(folder)
        for path in paths:
            number += 1
            try:
                with Handle(path) as handle:
                    size += handle.stored_size()
                    head = head_of(handle, worker, last=path == paths[-1])
                    if head is not None and path == paths[0] and head.first_pulse > 1:
                        fault = fault or _begun(folder, path.name, head)
            except HansardError as found:
                fault = fault or found
        fault = fault or _notes(folder)
        for path in kept_aside(folder):
            aside, aside_bytes = aside + 1, aside_bytes + path.lstat().st_size
        owner = folder / "owner"
        if owner.exists() and (process := held.get(owner.stat().st_ino)) is not None:
            writers[worker] = process
    return State(len(folders), number, size, aside, aside_bytes, writers, fault)


def _notes(folder: Path) -> HansardError | None:
    """The fault of what upkeep noted, where not all of it can be read."""
    try:
        *_, bad = notes_of(folder)
    except OSError as fault:
        return errors.memory_unreadable(NAME, fault.strerror or "unknown reason")
    return errors.memory_corrupt(NAME, 0, "notes of upkeep", f"{bad} lines that cannot be read") if bad else None


def _begun(folder: Path, name: str, head: SegmentHead) -> HansardError | None:
    """The fault of a log without its beginning, where nothing notes where that went."""
    if beginning(folder, head.first_pulse, head.before.hex()) is not None:
        return None
    expected, found = "the beginning, or a note of where it went", f"pulse {head.first_pulse}"
    return errors.memory_corrupt(name, 24, expected, found)


def _held(locks: Path) -> dict[int, int]:
    """Inodes of files with a lock by ``flock``, and whose it is."""
    try:
        lines = [line.split() for line in locks.read_text(encoding="ascii").splitlines()]
    except (OSError, UnicodeDecodeError):
        return {}
    return {
        int(part[5].rpartition(":")[2]): int(part[4])
        for part in lines
        if len(part) >= 6 and part[1] == "FLOCK" and part[4].isdigit()
    }
