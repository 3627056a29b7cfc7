"""A memory from outside, for a check-up: how large it is, what was kept aside, who writes. Nothing is locked."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from hansard.kernel.errors import HansardError
from hansard.memory.log import workers
from hansard.memory.segment import Handle, read_head, segments

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
    """Of the first segment that this program cannot read by its header."""


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
        for path in segments(folder):
            number += 1
            try:
                with Handle(path) as handle:
                    size += handle.stored_size()
                    read_head(handle)
            except HansardError as found:
                fault = fault or found
        for path in (*folder.glob("*.seg.torn-*"), *folder.glob("*.seg.damaged-*")):
            aside, aside_bytes = aside + 1, aside_bytes + path.stat().st_size
        owner = folder / "owner"
        if owner.exists() and (process := held.get(owner.stat().st_ino)) is not None:
            writers[worker] = process
    return State(len(folders), number, size, aside, aside_bytes, writers, fault)


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
