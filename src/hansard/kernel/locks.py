"""An exclusive lock between processes, held by the operating system: a process that dies gives it back."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hansard.kernel.errors import HansardError, file_unwritable

_held: Final[set[tuple[int, int]]] = set()
"""Files whose locks this process has: who waits for one is told who holds it."""


def lock_busy(name: str, waited_seconds: float, *, here: bool = False) -> HansardError:
    """Another process holds the lock, or this one does (``here``)."""
    return HansardError(
        "unavailable",
        "lock_busy",
        f"{'this' if here else 'another'} process holds '{name}' (waited {waited_seconds:g} s)",
        context={"here": here},
        suggestion="Wait until it has finished, then try again",
    )


@contextlib.contextmanager
def file_lock(path: Path, *, wait_seconds: float = 30.0) -> Iterator[None]:
    """Hold an exclusive ``flock`` on ``path`` (made if absent, never removed).

    Raises:
        HansardError: ``lock_busy`` when it is not free within ``wait_seconds``; ``file_unwritable`` when the file
            cannot be made.
    """
    import fcntl

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise file_unwritable(path.name, fault.strerror or "unknown reason") from None
    file = os.fstat(handle)
    mine = (file.st_dev, file.st_ino)
    locked = False
    try:
        until = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                locked = True
                _held.add(mine)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise lock_busy(path.name, wait_seconds, here=mine in _held) from None
                time.sleep(0.02)
        yield
    finally:
        if locked:
            _held.discard(mine)
        os.close(handle)
