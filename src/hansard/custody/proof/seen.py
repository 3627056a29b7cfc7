"""The newest checkpoints that this home has verified, of any store: they show when an older one is put before it again.

Only checkpoints by keys that the home trusts, or that the caller named, are noted: nobody else can make later ones look
old. ``keys/seen.json``; that it cannot be written is no failure.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import msgspec

from hansard.custody.proof.checkpoints import Checkpoint
from hansard.custody.proof.keys import FOLDER
from hansard.kernel import files
from hansard.kernel.errors import HansardError
from hansard.kernel.locks import file_lock

FORMAT: Final = "hansard-seen-1"
FILE: Final = "seen.json"
KEPT: Final = 2000
"""So many stores and streams are remembered at most; the newest stay."""


class SeenStream(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far one stream of a store was seen to be signed."""

    store: str
    key: str
    stream: str
    sequence: int
    hash: str
    position: int
    """That of the checkpoint that said so."""


class SeenCheckpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest checkpoint of a store that was seen."""

    store: str
    key: str
    number: int
    position: int
    time: str
    hash: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    checkpoints: list[SeenCheckpoint]
    streams: list[SeenStream]


class Seen:
    """What a home remembers of checkpoints."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def newest(self, store: str, key: str) -> SeenCheckpoint | None:
        """The newest checkpoint of a store by a key."""
        return next((one for one in self._read().checkpoints if (one.store, one.key) == (store, key)), None)

    def stream(self, store: str, key: str, stream: str) -> SeenStream | None:
        """How far a stream was signed when it was seen last."""
        found = self._read().streams
        return next((one for one in found if (one.store, one.key, one.stream) == (store, key, stream)), None)

    def note(self, checkpoint: Checkpoint, stream: str, sequence: int, head: str) -> None:
        """Remember a checkpoint and how far it signs a stream, unless newer ones are known."""
        said = checkpoint.statement
        with contextlib.suppress(OSError, HansardError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with file_lock(self._folder / ".lock", wait_seconds=2):
                known = self._read()
                checkpoints = {(one.store, one.key): one for one in known.checkpoints}
                streams = {(one.store, one.key, one.stream): one for one in known.streams}
                here = (said.store, said.key)
                before = checkpoints.get(here)
                if before is None or before.position < said.position:
                    checkpoints.pop(here, None)
                    checkpoints[here] = SeenCheckpoint(
                        said.store, said.key, said.number, said.position, said.time, checkpoint.hash
                    )
                told = streams.get((*here, stream))
                if told is None or told.position < said.position:
                    streams.pop((*here, stream), None)
                    streams[*here, stream] = SeenStream(said.store, said.key, stream, sequence, head, said.position)
                now = _File(FORMAT, [*checkpoints.values()][-KEPT:], [*streams.values()][-KEPT:])
                if now != known:
                    data = msgspec.json.format(msgspec.json.encode(now), indent=2) + b"\n"
                    files.write_atomic(self._folder / FILE, data)

    def _read(self) -> _File:
        """What is remembered; nothing where the file cannot be read: it is a help, and proves nothing."""
        try:
            found = msgspec.json.decode(files.read_bytes(self._folder / FILE), type=_File)
        except (HansardError, msgspec.DecodeError):
            return _File(FORMAT, [], [])
        return found if found.format == FORMAT else _File(FORMAT, [], [])
