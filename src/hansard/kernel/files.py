"""Files: read with care, written whole or not at all, kept inside their folder."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from hansard.kernel import errors
from hansard.kernel.held import is_held

TEXT_LIMIT_BYTES: Final = 16 * 1024 * 1024
"""Largest text file that is read; an expert's longest real response has 8 kB."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8", "a byte order mark opens the file; it is left out"),
    (codecs.BOM_UTF32_LE, "utf-32", "the file is UTF-32; it is read as such"),
    (codecs.BOM_UTF32_BE, "utf-32", "the file is UTF-32; it is read as such"),
    (codecs.BOM_UTF16_LE, "utf-16", "the file is UTF-16; it is read as such"),
    (codecs.BOM_UTF16_BE, "utf-16", "the file is UTF-16; it is read as such"),
)

_NO_FILE: Final = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.EINVAL,
        errno.ENXIO,
        errno.EEXIST,
    }
)
"""What the system says of a path at which there is no file to be read, or none can be written."""

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
        HansardError: ``file_not_found``, ``file_unreadable`` or ``file_too_large``.
    """
    called = name or path.name
    try:
        with opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit_bytes:
                raise errors.file_too_large(called, size, limit_bytes)
            data = file.read(limit_bytes + 1)
    except (OSError, ValueError) as fault:
        raise unreadable(called, fault) from None
    if len(data) > limit_bytes:  # a file that grows
        raise errors.file_too_large(called, len(data), limit_bytes)
    return data


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file to be read from. Whatever a caller may have named, or laid in a folder, is opened here alone.

    Raises:
        OSError: no regular file is there, or it cannot be opened.
        ValueError: no file can have such a name.
    """
    if is_held(path):
        raise OSError(errno.EBUSY, "it is a database that is open here")
    # without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        with os.fdopen(handle, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(handle)


def head(path: Path, size: int) -> bytes:
    """The first bytes of a regular file; none where there is none to be read. Never raises."""
    if is_held(path):
        return _DATABASE[:size]
    try:
        with opened(path) as file:
            return file.read(size)
    except (OSError, ValueError):
        return b""


def resolved(path: Path) -> Path | None:
    """A path, links followed, whether or not anything is there.

    ``None`` where it leads nowhere at all: a circle of links, or a name that no file can have.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def lies_in(path: Path, *folders: Path) -> bool:
    """Whether a path lies in one of these folders, links followed; one that leads nowhere lies in none."""
    target = resolved(path)
    return target is not None and any(
        (base := resolved(folder)) is not None and target.is_relative_to(base) for folder in folders
    )


def is_there(path: Path) -> bool:
    """Whether anything is at a path; never at one that no file can have, at which ``Path.exists`` fails."""
    return os.path.exists(path)  # noqa: PTH110


def is_folder(path: Path) -> bool:
    """Whether a folder is at a path; never at one that no file can have, at which ``Path.is_dir`` fails."""
    return os.path.isdir(path)  # noqa: PTH112


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


_DATABASE: Final = b"SQLite format 3\0"
_LOGS: Final = ("-wal", "-shm", "-journal")
"""How the names of files end in which SQLite keeps, beside a database, what is committed and not in it yet."""


def _irreplaceable(path: Path) -> str | None:
    """What a file is or holds that nothing may ever be written over: a mistyped name must not cost a record or a key.

    A database's log is told by its name: it may not be there at this moment, and has no head that is always the same. A
    device or a pipe would be gone, and a file in its place.
    """
    if resolved(path.parent) == Path("/dev") or lies_in(path.parent, Path("/proc")) or _is_special(path):
        return "is a device, a pipe or a socket"
    first = head(path, 64)
    if first.startswith(_DATABASE):
        return "holds a database"
    for ending in _LOGS:
        for place in (path, resolved(path) or path):
            if place.name.endswith(ending) and head(Path(str(place)[: -len(ending)]), 64).startswith(_DATABASE):
                return "holds the log of a database"
    return "holds a private key" if first.startswith(b"-----BEGIN") and b"PRIVATE KEY" in first else None


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def write_atomic(path: Path, data: bytes, *, name: str | None = None) -> None:
    """Write a file so that a reader, or a crash, finds the old content or the new, never a part.

    Raises:
        HansardError: ``file_unwritable``, or ``path_unusable`` where no file can ever be; the old content still stands.
    """
    with replacing(path, name=name) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path, *, name: str | None = None) -> Iterator[BinaryIO]:
    """A file to be written in the block, which takes its place when the block ends, and is gone when that fails.

    Raises:
        HansardError: as ``write_atomic``.
    """
    called = name or path.name
    folder = path.parent
    temporary: Path | None = None
    if (held := _irreplaceable(path)) is not None:
        raise errors.file_unwritable(called, f"it {held}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".hansard-{secrets.token_hex(8)}.part"
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), "wb") as file:
            yield file
            file.flush()
            if path.exists():
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            os.fsync(file.fileno())
        temporary.replace(path)
        temporary = None
    except (OSError, ValueError) as fault:
        raise unwritable(called, fault) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
    # From here on the new content stands; a folder that cannot be synced is no failure to write it.
    with contextlib.suppress(OSError):
        _sync_folder(folder)


def unreadable(name: str, fault: OSError | ValueError) -> errors.HansardError:
    """The refusal for what the system said to a read: there is no such file, or it cannot be read now."""
    lasting = isinstance(fault, ValueError) or fault.errno in _NO_FILE
    return (errors.file_not_found if lasting else errors.file_unreadable)(name, _why(fault))


def unwritable(name: str, fault: OSError | ValueError) -> errors.HansardError:
    """The refusal for what the system said to a write: for now, or for ever."""
    lasting = isinstance(fault, ValueError) or fault.errno in _NO_FILE
    return (errors.path_unusable if lasting else errors.file_unwritable)(name, _why(fault))


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
    target = resolved(folder.resolve() / name)
    if target is None or not lies_in(target, folder):
        raise errors.path_outside(name, called)
    return target
