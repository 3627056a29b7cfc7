"""Files in a dialogue's own folder: written whole, inside it and nowhere else; what they replace is told."""

from __future__ import annotations

from pathlib import Path

from hansard.dialogue.answers import FileWritten
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.errors import HansardError


def write_into(folder: Path, name: str, data: bytes) -> FileWritten:
    """Write a file below a dialogue's folder, links followed; what holds these bytes already is left as it is.

    Args:
        folder: the dialogue's folder; it is made when needed.
        name: the path inside it, with ``/``.
        data: the bytes.

    Raises:
        HansardError: ``path_outside`` where a link leads out of the folder; ``file_unwritable``.
    """
    target = files.inside(folder, name, called="the dialogue's folder")
    digest = sha256_hex(data)
    before = _digest(target, name)
    if before != digest:
        files.write_atomic(target, data, name=name)
    return FileWritten(path=name, sha256=digest, size=len(data), replaced=None if before == digest else before)


def _digest(path: Path, name: str) -> str | None:
    """SHA-256 of what stands at a path; ``None`` where nothing that can be read does."""
    try:
        return sha256_hex(files.read_bytes(path, name=name, limit_bytes=2**31))
    except HansardError:
        return None
