"""A store in custody, and plain SQL behind its back. Not a test module."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from hansard.custody.operations import CustodyOperations
from hansard.custody.shapes import Discovery, Verified, Verify
from hansard.custody.verifying import names_file
from hansard.database.engine import Database
from hansard.database.journal import Journal
from hansard.dialogue.operations import DialogueOperations
from tests.unit.exchange.recorded import CALL, Held

EXAMPLE = "ledger-write-path"


class Kept(Held):
    """A store, and the operations that verify it."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.custody = CustodyOperations(self.database, self.dialogues, lambda _path: True)

    def verify(self, target: str | None = None) -> Verified:
        """Verify a dialogue, or a file as somebody who has nothing else; everything without a target."""
        if target is not None and names_file(target):
            alone = Database(self.file.with_name("elsewhere.db"))
            custody = CustodyOperations(alone, DialogueOperations(Journal(alone), self.file.parent), lambda _path: True)
            return custody.verify(Verify(target=target), CALL)
        return self.custody.verify(Verify(target=target, all=target is None), CALL)

    def found(self, target: str | None = None) -> dict[str, Discovery]:
        """What verifying finds, by where it is."""
        return {discovery.where: discovery for discovery in self.verify(target).findings}

    def alter(self, statement: str, *values: Any) -> None:
        """Change the store as a forger would: plain SQL, no checks, no journal."""
        alter(self.file, statement, *values)


def alter(file: Path, statement: str, *values: Any) -> None:
    """Run a statement on a store's file behind everybody's back."""
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(statement, values)
        connection.commit()
    finally:
        connection.close()
