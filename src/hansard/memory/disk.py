"""Every call to the operating system that a log makes to write, as one small object.

Tests put another in its place, which drops, tears and reorders what was not synced, or fails the n-th call.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from hansard.kernel.errors import HansardError

VECTORS: Final = 512
"""Buffers that one call takes at most (Linux: 1,024)."""

ZEROS: Final = bytes(1 << 20)
"""So many are written at once."""


class Disk:
    """The real one. Every method raises ``OSError`` as the system does."""

    def make_folder(self, folder: Path) -> None:
        """Make a folder, and those above it; one that is there is left alone."""
        folder.mkdir(parents=True, exist_ok=True)

    def create(self, path: Path) -> int:
        """Open a new file for writing; one of that name must not be there."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    def open(self, path: Path) -> int:
        """Open a file that is there, for reading and writing."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def close(self, handle: int) -> None:
        """Give a handle back."""
        os.close(handle)

    def write(self, handle: int, parts: Sequence[bytes | bytearray], position: int) -> None:
        """Write all parts, one behind the other, from ``position`` on."""
        for start in range(0, len(parts), VECTORS):
            some: list[memoryview] = [memoryview(part) for part in parts[start : start + VECTORS]]
            while some:
                done = self.write_some(handle, some, position)
                if done <= 0:
                    raise OSError(errno.EIO, "the system wrote nothing")
                position += done
                while some and done >= len(some[0]):
                    done -= len(some.pop(0))
                if done:
                    some[0] = some[0][done:]

    def write_some(self, handle: int, parts: Sequence[memoryview], position: int) -> int:
        """One call of the system; answers how many bytes it took."""
        return os.pwritev(handle, parts, position)

    def allocate(self, handle: int, start: int, length: int) -> None:
        """Fill with zeros what will be written, and sync it.

        A sync of bytes that are there already need not note where the file's bytes are, nor its length: it takes half
        the time. Room that is only promised (``fallocate``) must be noted as written each time, and gains nothing.
        """
        zeros = memoryview(ZEROS)
        end = start + length
        while start < end:
            start += os.pwrite(handle, zeros[: end - start], start)
        os.fsync(handle)

    def cut(self, handle: int, length: int) -> None:
        """Set a file's length."""
        os.ftruncate(handle, length)

    def sync_data(self, handle: int) -> None:
        """Return when the file's bytes are on the disk."""
        os.fdatasync(handle)

    def sync(self, handle: int) -> None:
        """Return when the file's bytes, length and times are on the disk."""
        os.fsync(handle)

    def sync_folder(self, folder: Path) -> None:
        """Return when the folder's names are on the disk."""
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def rename(self, path: Path, new: Path) -> None:
        """Give a file another name; one of that name is replaced."""
        path.replace(new)

    def remove(self, path: Path) -> None:
        """Take a file away."""
        path.unlink()


class Untouched(Disk):
    """A disk on which nothing is done: whoever works on it learns what would be."""

    def create(self, path: Path) -> int:  # noqa: ARG002
        """Nothing is made."""
        return -1

    def write(self, handle: int, parts: Sequence[bytes | bytearray], position: int) -> None:
        """Nothing is written."""

    def close(self, handle: int) -> None:
        """Nothing was opened."""

    def sync(self, handle: int) -> None:
        """Nothing waits for the disk."""

    def sync_folder(self, folder: Path) -> None:
        """Nor here."""

    def rename(self, path: Path, new: Path) -> None:
        """Names stay."""

    def remove(self, path: Path) -> None:
        """Files stay."""


def put(disk: Disk, path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file piece by piece, and sync it; one of that name goes first. Its folder is not synced.

    Raises:
        OSError: the file is not there, or not whole.
    """
    if path.exists():  # of somebody who died here
        disk.remove(path)
    handle, position = disk.create(path), 0
    try:
        for piece in pieces:
            disk.write(handle, [piece], position)
            position += len(piece)
        disk.sync(handle)
    finally:
        disk.close(handle)


def put_in_place(disk: Disk, path: Path, pieces: Iterable[bytes], check: Callable[[Path], None] | None = None) -> None:
    """Put a file in another's place, once it is whole on the disk and ``check`` raised nothing of it.

    Raises:
        OSError: the old file still stands, or the new one whose name is not synced; so for whatever ``check`` raises.
    """
    temporary = path.with_name(f"{path.name}.part")
    try:
        put(disk, temporary, pieces)
        if check is not None:
            check(temporary)
        disk.rename(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError, HansardError):
            disk.remove(temporary)
        raise
    disk.sync_folder(path.parent)
