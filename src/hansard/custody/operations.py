"""The door of the room: verify what was recorded, prove it to others, take words out of it, examine the house."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hansard.custody.backups import BackingUp
from hansard.custody.databases import DatabaseCare
from hansard.custody.doctor import Doctoring
from hansard.custody.proof.erasing import Erasing
from hansard.custody.proof.keys import Ask, Keyring, nobody_answers
from hansard.custody.proof.seen import Seen
from hansard.custody.verifying import Verifying
from hansard.database.engine import Database
from hansard.database.journal import Journal
from hansard.dialogue.operations import DialogueOperations


class CustodyOperations(Verifying, Erasing, Doctoring, DatabaseCare, BackingUp):
    """Custody of the record."""

    def __init__(
        self,
        database: Database,
        dialogues: DialogueOperations,
        may_read: Callable[[Path], bool],
        *,
        home: Path | None = None,
        journal: Journal | None = None,
        may_write: Callable[[Path], bool] = lambda _path: False,
        ask: Ask = nobody_answers,
    ) -> None:
        """Custody of a store, of the files that came from it, and of the keys of its home.

        Args:
            home: where keys are kept; the store's folder when left out.
            may_read: whether a caller may have this path read.
            may_write: whether a caller may have a file written at this path.
            ask: asks for the passphrase of a key.
        """
        super().__init__(database, dialogues, may_read)
        if home is None:
            home = database.path.parent if database.path is not None else Path()
        self._home = home
        self._journal = journal or Journal(database)
        self._may_write = may_write
        self._keys = Keyring(home, ask)
        self._seen = Seen(home)
