"""What a file is, told by what is in it: the first look of every importer."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Final

import msgspec

from hansard.kernel import files

LOOK_LIMIT_BYTES: Final = 512 * 1024 * 1024
"""A file larger than this is nothing that an importer reads."""

HEAD_BYTES: Final = 64 * 1024

_KEYS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BOM: Final = b"\xef\xbb\xbf"


def json_keys(path: Path) -> frozenset[str] | None:
    """The keys of the JSON object that a file holds; ``None`` where it holds none. Never raises."""
    found = json_parts(path)
    return None if found is None else frozenset(found)


def json_parts(path: Path) -> dict[str, msgspec.Raw] | None:
    """The JSON object that a file holds, its values unread; ``None`` where it holds none. Never raises."""
    try:
        with files.opened(path) as file:
            if os.fstat(file.fileno()).st_size > LOOK_LIMIT_BYTES:
                return None
            first = file.read(4)
            if first.lstrip(_BOM).lstrip()[:1] not in (b"{", b""):
                return None
            found: dict[str, msgspec.Raw] = _KEYS.decode((first + file.read()).removeprefix(_BOM))
    except (OSError, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None
    return found


def head_of(path: Path, size: int = HEAD_BYTES) -> bytes:
    """The first bytes of a regular file; none of anything else. Never raises."""
    try:
        with files.opened(path) as file:
            return b"" if os.fstat(file.fileno()).st_size > LOOK_LIMIT_BYTES else file.read(size)
    except (OSError, ValueError):
        return b""


def head_text(path: Path) -> str | None:
    """The first characters of a file of UTF-8 text; ``None`` where it is none. Never raises."""
    data = head_of(path)
    if not data or b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        if len(data) == HEAD_BYTES and fault.start > HEAD_BYTES - 4:  # a character was cut by the look, not broken
            return data[: fault.start].decode("utf-8-sig")
        return None


def zip_names(path: Path) -> frozenset[str] | None:
    """The names in a zip archive; ``None`` where the file is none. Never raises."""
    if head_of(path, 2) != b"PK":
        return None
    try:
        with files.opened(path) as file, zipfile.ZipFile(file) as archive:
            return frozenset(archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return None
