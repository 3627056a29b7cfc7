"""What upkeep did to a worker's log, noted beside its segments: gaps that a repair found or left, and retention.

A note explains; it proves nothing. ``verify`` believes one only of the very place that it names, and tells it each time
(docs/memory-format.md).
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Annotated, Final

import msgspec

from hansard.kernel.files import opened
from hansard.memory.disk import Disk, put_in_place
from hansard.memory.pulse import NOWHERE

NAME: Final = "upkeep.ndjson"

LIMIT: Final = 16 * 1024 * 1024
"""Bytes of notes that are read at most."""


class Gap(msgspec.Struct, frozen=True, tag_field="what", tag="gap"):
    """A place between two segments through which the chain does not lead."""

    time: float
    """When it was noted; seconds since 1970."""
    pulse: int
    """The last one before it; 0 at the beginning."""
    chain: str
    """Its chain value."""
    next_pulse: int
    """The first one behind it."""
    next_before: str
    """The chain value that the header behind it names."""
    records: int
    """How many seqs are not there."""
    file: str
    """The segment behind it."""
    kept_aside: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.-]{1,255}$")] | None = None
    """The file with the bytes as they were, where a repair made the gap."""

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.pulse, self.chain, self.next_pulse, self.next_before

    @property
    def lost(self) -> tuple[int, int] | None:
        """The first and the last pulse that are missing, if any are."""
        return (self.pulse + 1, self.next_pulse - 1) if self.next_pulse > self.pulse + 1 else None


class Retained(msgspec.Struct, frozen=True, tag_field="what", tag="retention"):
    """A segment that was removed from the beginning; pulse, seq and chain are the last before what stayed."""

    time: float
    rule: str
    file: str
    bytes: int
    pulse: int
    seq: int
    chain: str


Place = tuple[int, str, int, str]
"""Between two segments: pulse and chain value before it, pulse and named chain value behind it."""

_decode: Final = msgspec.json.Decoder(Gap | Retained).decode


def notes_of(folder: Path) -> tuple[dict[Place, Gap], list[Retained], int]:
    """The notes of a worker: gaps by their places, retentions, and how many lines cannot be read.

    Raises:
        OSError: what is there cannot be read, is no regular file, or larger than notes ever are.
    """
    gaps: dict[Place, Gap] = {}
    removed: list[Retained] = []
    bad = 0
    for line in _bytes(folder / NAME).splitlines():
        try:
            note = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            bad += 1
            continue
        if isinstance(note, Gap):
            gaps.setdefault(note.place, note)
        else:
            removed.append(note)
    return gaps, removed, bad


def beginning(folder: Path, pulse: int, before: str) -> Retained | Gap | None:
    """What notes where a worker's records went that were before its first segment, by that one's header.

    Args:
        folder: of the worker.
        pulse: the first of the segment.
        before: the chain value that it names.
    """
    try:
        gaps, removed, _ = notes_of(folder)
    except OSError:
        return None
    let_go = next((each for each in removed if (each.pulse, each.chain) == (pulse - 1, before)), None)
    return let_go or gaps.get((0, NOWHERE.hex(), pulse, before))


def noted(disk: Disk, folder: Path, note: Gap | Retained) -> None:
    """Write one note behind the others; on the disk when this returns.

    Raises:
        OSError: the notes are as they were.
    """
    path = folder / NAME
    # as a whole, so that no line is ever torn
    before = _bytes(path)
    ended = b"" if before.endswith(b"\n") or not before else b"\n"
    put_in_place(disk, path, [before + ended + msgspec.json.encode(note) + b"\n"])


def _bytes(path: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError), opened(path) as file:
        data = file.read(LIMIT + 1)
        if len(data) > LIMIT:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return data
    return b""
