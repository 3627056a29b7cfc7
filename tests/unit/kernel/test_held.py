"""Databases that a process has open."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansard.kernel.errors import HansardError
from hansard.kernel.files import read_bytes, write_atomic
from hansard.kernel.held import hold, is_held, release


def test_a_held_database_is_known_by_every_name(tmp_path: Path) -> None:
    """The file, what stands beside it, a link and a hard link to it are held; others are not, nor is any afterwards."""
    database = tmp_path / "store.db"
    names = [database, *(tmp_path / f"store.db{ending}" for ending in ("-wal", "-shm", "-journal"))]
    for file in names:
        file.write_bytes(b"SQLite format 3\0")
    (tmp_path / "link").symlink_to(database)
    (tmp_path / "hard").hardlink_to(tmp_path / "store.db-shm")
    (tmp_path / "other").write_bytes(b"SQLite format 3\0")
    hold(database)
    hold(database)
    release(database)
    assert all(is_held(path) for path in [*names, tmp_path / "link", tmp_path / "hard"])
    assert not is_held(tmp_path / "other")
    assert not is_held(tmp_path / "none")
    release(database)
    assert not is_held(database)


def test_a_database_held_by_a_link_is_known_with_its_log(tmp_path: Path) -> None:
    """What stands beside the file itself is held, where the database was named by a link in another folder."""
    (tmp_path / "real").mkdir()
    for ending in ("", "-shm"):
        (tmp_path / "real" / f"store.db{ending}").write_bytes(b"")
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "real" / "store.db")
    hold(link)
    try:
        assert is_held(tmp_path / "real" / "store.db")
        assert is_held(tmp_path / "real" / "store.db-shm")
    finally:
        release(link)


def test_a_held_database_is_neither_read_nor_written_over(tmp_path: Path) -> None:
    """Reading it is refused by name, and so is an output at its place."""
    database = tmp_path / "store.db"
    database.write_bytes(b"anything")
    hold(database)
    try:
        with pytest.raises(HansardError) as reading:
            read_bytes(database)
        assert reading.value.code == "file_unreadable"
        with pytest.raises(HansardError):
            write_atomic(database, b"words")
    finally:
        release(database)
    assert database.read_bytes() == b"anything"
