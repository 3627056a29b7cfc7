"""Files: read with care, written whole or not at all, kept inside their folder."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final, NamedTuple

from hansard.kernel import errors

TEXT_LIMIT_BYTES: Final = 16 * 1024 * 1024
"""Largest text file that is read; an expert's longest real response has 8 kB."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8", "a byte order mark opens the file; it is left out"),
    (codecs.BOM_UTF32_LE, "utf-32", "the file is UTF-32; it is read as such"),
    (codecs.BOM_UTF32_BE, "utf-32", "the file is UTF-32; it is read as such"),
    (codecs.BOM_UTF16_LE, "utf-16", "the file is UTF-16; it is read as such"),
    (codecs.BOM_UTF16_BE, "utf-16", "the file is UTF-16; it is read as such"),
)

_BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]|\x1a(?!\s*\Z)")
"""Control bytes that no text in an old encoding holds: all but white space, escape, and the end mark of DOS."""


class TextFile(NamedTuple):
    """A text as read, and what had to be assumed to read it (``None`` for plain UTF-8)."""

    text: str
    note: str | None


def read_bytes(path: Path, *, name: str | None = None, limit_bytes: int = TEXT_LIMIT_BYTES) -> bytes:
    """A file's bytes.

    Args:
        path: the file.
        name: what errors call it; its own name when not given. Never a resolved path.
        limit_bytes: more than this is refused before it is read.

    Raises:
        HansardError: ``file_unreadable`` or ``file_too_large``.
    """
    called = name or path.name
    try:
        # without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise errors.file_unreadable(called, "it is no regular file")
            if found.st_size > limit_bytes:
                raise errors.file_too_large(called, found.st_size, limit_bytes)
            with os.fdopen(handle, "rb", closefd=False) as file:
                data = file.read(limit_bytes + 1)
        finally:
            os.close(handle)
    except (OSError, ValueError) as fault:
        raise errors.file_unreadable(called, _why(fault)) from None
    if len(data) > limit_bytes:  # a file that grows
        raise errors.file_too_large(called, len(data), limit_bytes)
    return data


def _why(fault: OSError | ValueError) -> str:
    """What the system says, without the path it says it of."""
    if isinstance(fault, ValueError):  # a NUL, or a lone surrogate
        return "its name holds a character that no file name can hold"
    return fault.strerror or "unknown reason"


def read_text(path: Path, *, name: str | None = None, limit_bytes: int = TEXT_LIMIT_BYTES) -> TextFile:
    """A text file in whatever common encoding it has; nothing in it is replaced or dropped.

    UTF-8 is the rule. A byte order mark names UTF-8, UTF-16 or UTF-32. What is neither and holds no control byte that
    only binary data has is read as Windows-1252, or Latin-1 where that does not fit, and a note tells line and byte.

    Raises:
        HansardError: as ``read_bytes``; ``file_not_text`` for binary files.
    """
    called = name or path.name
    return decoded(read_bytes(path, name=called, limit_bytes=limit_bytes), called)


def decoded(data: bytes, name: str) -> TextFile:
    """The text that ``data`` holds (see ``read_text``)."""
    for mark, encoding, note in _BOMS:
        if data.startswith(mark):
            try:
                body = data[len(mark) :] if encoding == "utf-8" else data
                text = body.decode(encoding)
            except UnicodeDecodeError as fault:
                raise errors.file_not_text(name, f"broken {encoding} at byte {fault.start}") from None
            return TextFile(_without_nul(text, name), note)
    try:
        return TextFile(_without_nul(data.decode("utf-8"), name), None)
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        where = f"line {line} (byte {fault.start}) is not UTF-8"
    if _BINARY.search(data):
        raise errors.file_not_text(name, f"it holds binary data; {where}")
    try:
        return TextFile(data.decode("cp1252"), f"{where}; the file is read as Windows-1252")
    except UnicodeDecodeError:
        return TextFile(data.decode("latin-1"), f"{where}; the file is read as Latin-1")


def utf8_text(data: bytes, name: str) -> str:
    """Bytes that must be UTF-8, since a guess at their encoding would change words; a byte order mark is left out.

    Raises:
        HansardError: ``file_not_text`` with line and byte.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise errors.file_not_text(name, f"line {line} (byte {fault.start}) is not UTF-8") from None


def _without_nul(text: str, name: str) -> str:
    at = text.find("\0")
    if at >= 0:
        raise errors.file_not_text(name, f"line {text.count(chr(10), 0, at) + 1} holds a NUL character")
    return text


def _irreplaceable(path: Path) -> str | None:
    """What a file holds that nothing else may ever be written over: a mistyped name must not cost a record or a key."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except (OSError, ValueError):
        return None
    if head.startswith(b"SQLite format 3\0"):
        return "a database"
    return "a private key" if head.startswith(b"-----BEGIN") and b"PRIVATE KEY" in head else None


def write_atomic(path: Path, data: bytes, *, name: str | None = None) -> None:
    """Write a file so that a reader, or a crash, finds the old content or the new, never a part.

    Raises:
        HansardError: ``file_unwritable``; the old content still stands.
    """
    called = name or path.name
    folder = path.parent
    temporary: Path | None = None
    if (held := _irreplaceable(path)) is not None:
        raise errors.file_unwritable(called, f"it holds {held}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".hansard-{secrets.token_hex(8)}.part"
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            if path.exists():
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            os.fsync(file.fileno())
        temporary.replace(path)
        temporary = None
    except (OSError, ValueError) as fault:
        raise errors.file_unwritable(called, _why(fault)) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
    # From here on the new content stands; a folder that cannot be synced is no failure to write it.
    with contextlib.suppress(OSError):
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def inside(folder: Path, name: str, *, called: str = "the folder") -> Path:
    """The path of ``name`` below ``folder``, links followed.

    Raises:
        HansardError: ``path_outside`` when it leads anywhere else.
    """
    base = folder.resolve()
    try:
        target = (base / name).resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, or a name that no file can have
        raise errors.path_outside(name, called) from None
    if target != base and base not in target.parents:
        raise errors.path_outside(name, called)
    return target
