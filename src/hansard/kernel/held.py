"""Databases that this process has open: nothing else in it may open their files, not even to read.

SQLite's locks are POSIX locks, and the system takes all of a process's locks on a file away as soon as the process
closes any handle on it ("How To Corrupt An SQLite Database File", 2.2). Another process then takes the store for
abandoned and removes the log in which answered writes stand. So who keeps a database open says so here, and whoever
opens a file that a caller named asks here first. It belongs to the process, as the locks do.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from pathlib import Path
from typing import Final

BESIDE: Final = ("", "-wal", "-shm", "-journal")
"""How the names of a database's files end."""

_lock = threading.Lock()
_held: Counter[Path] = Counter()


def hold(database: Path) -> None:
    """A database's file is open from now on, or may be at any moment."""
    with _lock:
        _held[database.absolute()] += 1


def release(database: Path) -> None:
    """No connection to it is left of one that was held."""
    with _lock:
        _held[database.absolute()] -= 1
        if _held[database.absolute()] <= 0:
            del _held[database.absolute()]


def is_held(path: Path) -> bool:
    """Whether a path leads, by whatever name or link, to a file of a database that this process has open."""
    with _lock:
        databases = list(_held)
    if not databases:
        return False
    try:
        found = path.stat()
    except (OSError, ValueError, RuntimeError):
        return False
    for database in {
        place for one in databases for place in (one, one.resolve())
    }:  # a log stands beside the file itself
        for ending in BESIDE:
            try:
                if os.path.samestat(found, database.with_name(database.name + ending).stat()):
                    return True
            except OSError:
                continue
    return False
