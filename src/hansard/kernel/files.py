"""Files: read with care, written whole or not at all, kept inside their folder."""

from __future__ import annotations

import codecs
import contextlib
import os
import tempfile
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
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit_bytes:
                raise errors.file_too_large(called, size, limit_bytes)
            data = file.read(limit_bytes + 1)
    except OSError as fault:
        raise errors.file_unreadable(called, fault.strerror or "unknown reason") from None
    if len(data) > limit_bytes:  # a file that grows, or a device without a size
        raise errors.file_too_large(called, len(data), limit_bytes)
    return data


def read_text(path: Path, *, name: str | None = None, limit_bytes: int = TEXT_LIMIT_BYTES) -> TextFile:
    """A text file in whatever common encoding it has; nothing in it is replaced or dropped.

    UTF-8 is the rule. A byte order mark names UTF-8, UTF-16 or UTF-32. What is neither and holds no NUL is read as
    Windows-1252, or Latin-1 where that does not fit, and a note says so with line and byte.

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
    if b"\0" in data:
        raise errors.file_not_text(name, f"it holds binary data; {where}")
    try:
        return TextFile(data.decode("cp1252"), f"{where}; the file is read as Windows-1252")
    except UnicodeDecodeError:
        return TextFile(data.decode("latin-1"), f"{where}; the file is read as Latin-1")


def _without_nul(text: str, name: str) -> str:
    at = text.find("\0")
    if at >= 0:
        raise errors.file_not_text(name, f"line {text.count(chr(10), 0, at) + 1} holds a NUL character")
    return text


def write_atomic(path: Path, data: bytes, *, name: str | None = None) -> None:
    """Write a file so that a reader, or a crash, finds the old content or the new, never a part.

    Raises:
        HansardError: ``file_unwritable``; the old content still stands.
    """
    called = name or path.name
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode & 0o777)  # noqa: PTH101  # a name, not yet a Path
        os.replace(temporary, path)  # noqa: PTH105
        _sync_folder(path.parent)
    except OSError as fault:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
        raise errors.file_unwritable(called, fault.strerror or "unknown reason") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
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
    target = (base / name).resolve()
    if target != base and base not in target.parents:
        raise errors.path_outside(name, called)
    return target
