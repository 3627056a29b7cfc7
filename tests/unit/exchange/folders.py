"""Folders of transcripts and a store to import them into, for tests of the import. Not a test module."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hansard.database.dialect import Place
from hansard.database.engine import Database
from hansard.database.journal import Journal
from hansard.dialogue.model import Record
from hansard.dialogue.operations import DialogueOperations
from hansard.exchange.import_shapes import DialogueImport, DialogueImported
from hansard.exchange.operations import ExchangeOperations
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call

CALL = Call(Actor("tester", "test"))
STAMPED = "2026-05-04T0930Z-harbour"

MUFFIN_0 = """# Muffin — Engineer (Round 0)

[PERSPECTIVE P01: A tunnel outlives a bridge]
Salt eats a bridge in forty years.

[TENSION T01: Cost against age]
The town can pay for one of the two.
"""
SCONE_0 = """[PERSPECTIVE P01: Ships need the height]
A bridge of forty metres closes the harbour.

[TENSION T01: Who waits while it is built]
The ferry cannot carry three summers.
"""
MUFFIN_1 = """[RESOLVED MUFFIN-T01: a toll pays for it]
Two crowns for ten years.

[CONCESSION on SCONE-T01]
The ferry is the narrow place.

[MOVE:CONVERGE]
"""
SCONE_1 = """[PERSPECTIVE P01: With a toll I can live with the tunnel]
Nobody has to stop.

[RESOLVED MUFFIN-T01]
It is enough.

[MOVE:CONVERGE]
"""
POOL = {
    "title": "Harbour crossing",
    "question": "Bridge or tunnel?",
    "domain": "Civil works",
    "experts": [{"role": "Engineer", "tier": "core", "relevance": 0.9}, {"role": "Pilot", "relevance": 0.7}],
}
PANEL = {"agents": [{"name": "Muffin", "role": "Engineer", "tier": "Core"}, {"name": "Scone", "role": "Pilot"}]}
SCOREBOARD = """# Scoreboard: Harbour crossing

| Round | W | C | T | R | Score | Open Tensions | New Perspectives | Velocity | Converge % |
|-------|---|---|---|---|-------|---------------|------------------|----------|------------|
| 0 | 5 | 5 | 5 | 5 | 20 | 2 | 2 | 4 | 0% |
| 1 | 4 | 4 | 4 | 4 | 16 | 0 | 0 | 0 | 100% |

| Expert | R0 | R1 | Total |
|--------|----|----|-------|
| Muffin | 11 | 9 | 20 |
| Scone | 9 | 7 | 16 |
"""

Files = Mapping[str, str | bytes | Any]

SMALL: dict[str, Any] = {
    "expert-pool.json": POOL,
    "round-0/panel.json": PANEL,
    "round-0/muffin.md": MUFFIN_0,
    "round-0/scone.md": SCONE_0,
    "round-1/muffin.md": MUFFIN_1,
    "round-1/scone.md": SCONE_1,
    "scoreboard.md": SCOREBOARD,
}
"""A dialogue of two experts and two rounds in the working dialect."""


def write(folder: Path, files: Files) -> Path:
    """Write a dialogue's folder: text as UTF-8, bytes as they are, anything else as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content)
            path.write_bytes(text.encode())
    return folder


class Store:
    """An empty store and the operations on it."""

    def __init__(
        self, home: Path, may_read: Callable[[Path], bool] = lambda _path: True, place: Place | None = None
    ) -> None:
        """A store in the file ``hansard.db`` of a home, or elsewhere."""
        self.home = home
        self.file = home / "hansard.db"
        self.database = Database.open(place or self.file)
        self.journal = Journal(self.database)
        self.dialogues = DialogueOperations(self.journal, home)
        self.exchange = ExchangeOperations(self.dialogues, self.journal, lambda _path: True, may_read)
        self.answers: dict[str, DialogueImported] = {}
        """What imports answered, by dialogue, where a fixture made them."""

    def take(self, path: Path, **options: Any) -> DialogueImported:
        """Import a path."""
        return self.exchange.dialogue_import(DialogueImport(path=str(path), **options), CALL)

    def refused(self, path: Path, **options: Any) -> HansardError:
        """The refusal that an import of this path meets; fails where there is none."""
        try:
            answer = self.take(path, **options)
        except HansardError as fault:
            return fault
        raise AssertionError(f"'{path.name}' was imported as '{answer.dialogue_id}'")

    def record(self, dialogue_id: str) -> Record:
        """Everything of a dialogue."""
        return self.dialogues.record(dialogue_id)

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.database.reading() as connection:
            names = [name for name in sa.inspect(connection).get_table_names() if not name.startswith("search")]
            return {name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one() for name in names}

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()


def codes(answer: DialogueImported) -> set[str]:
    """The codes of an import's diagnostics."""
    return {entry.code for entry in answer.diagnostics}


def told(answer: DialogueImported, code: str) -> list[tuple[str | None, int | None, str]]:
    """File, line and message of every diagnostic of one code."""
    return [(entry.file, entry.line, entry.message) for entry in answer.diagnostics if entry.code == code]
