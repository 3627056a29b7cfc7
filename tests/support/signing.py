"""Checkpoints signed with a key that is the same in every run, for made-up records. Not a test module."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from hansard.custody.proof.checkpointing import Checkpointing
from hansard.custody.proof.keys import Keyring, OwnKey
from hansard.database.engine import Database
from hansard.database.journal import Journal


class KnownKey(Keyring):
    """One key, made of a word instead of chance; no file is read or written."""

    def __init__(self, word: str = "made up") -> None:
        super().__init__(Path("/nowhere"))
        self._word = word

    def signer(self, name: str | None) -> tuple[OwnKey, Callable[[bytes], bytes]]:
        """The key, and what signs with it."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self._word.encode()).digest())
        return OwnKey("made-up", private.public_key().public_bytes_raw(), False), private.sign


class Signing(Checkpointing):
    """The operations on checkpoints over a store, with the known key."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database = database
        self._journal = journal
        self._keys = KnownKey()
        self._may_read = self._may_write = lambda _path: False
