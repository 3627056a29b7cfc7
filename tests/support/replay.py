"""Replay: run the journalled requests again on an empty store, with everything that was decided the first time.

An oracle for tests, not a user's promise: it holds for one version of the rules. What an operation draws, whom it
names and what time it is comes from the journal, so two stores that differ show an operation that reads something
outside its request and its streams.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hansard.custody.tokens.operations import TokenOperations
from hansard.database.dialect import Place
from hansard.database.engine import Database
from hansard.database.journal import Journal, unpacked
from hansard.dialogue.calibration.operations import CalibrationOperations
from hansard.dialogue.exhibits.operations import ExhibitOperations
from hansard.dialogue.operations import DialogueOperations
from hansard.kernel.canonical import parsed
from hansard.kernel.operations import Actor, Call, collect, find
from tests.support.deliberations import CountedSecrets
from tests.support.signing import Signing
from tests.support.stores import contents

Rooms = Callable[[Journal, Path], Iterable[object]]
"""Makes the objects whose operations may stand in the journal."""


def dialogue_rooms(journal: Journal, home: Path) -> list[object]:
    """The operations on dialogues, with leave to name any folder."""
    dialogues = DialogueOperations(journal, home, may_write=lambda _path: True)
    return [
        dialogues,
        dialogues.beside(ExhibitOperations),
        CalibrationOperations(journal),
        Signing(journal.database, journal),
        TokenOperations(journal, draw=CountedSecrets()),
    ]


class Recorded:
    """Clock and chance of one entry after the other."""

    def __init__(self) -> None:
        self.time = ""
        self.drawn: dict[str, str] = {}

    def clock(self) -> datetime:
        """The time of the entry."""
        return datetime.fromisoformat(self.time).astimezone(UTC)

    def chance(self, purpose: str, size: int) -> bytes:
        """What was drawn for this purpose the first time."""
        drawn = bytes.fromhex(self.drawn[purpose])
        assert len(drawn) == size, f"{purpose}: {len(drawn)} bytes were drawn, {size} are asked for"
        return drawn


def replay(source: Place, target: Place, *, home: Path | None = None, rooms: Rooms = dialogue_rooms) -> list[str]:
    """Run the requests of ``source`` on the empty store ``target`` and compare every table.

    Args:
        source: a store; nothing of it may have been erased, and it is not changed.
        target: where the second store is made, on the same kind of database or another.
        home: the folder that the first store's answers name; the source's own when not given.
        rooms: whose operations the journal tells of.

    Returns:
        Every difference, one line each; empty when all tables are equal, the journal among them.
    """
    if isinstance(source, Path) and not source.is_file():
        raise FileNotFoundError(source)
    recorded = Recorded()
    database = Database.open(target)
    first = Database(source)
    try:
        journal = Journal(database, clock=recorded.clock, chance=recorded.chance)
        if home is None:
            assert isinstance(source, Path), "a server has no folder"
            home = source.parent
        table = collect(rooms(journal, home))
        for entry in _entries(first):
            recorded.time = entry["body"]["time"]
            recorded.drawn = entry["body"]["decided"] | {"salt": entry["salt"]}
            actor = Actor(entry["actor"], entry["body"]["actor"]["known_by"])
            find(table, entry["body"]["operation"])(entry["request"], Call(actor))
        if not (isinstance(source, Path) and isinstance(target, Path)):
            return unlike(contents(first), contents(database))
    finally:
        database.close()
        first.close()
    return differences(source, target)


def _entries(source: Database) -> Iterator[dict[str, Any]]:
    with source.reading() as connection:
        bodies = dict(tuple(row) for row in connection.exec_driver_sql("SELECT sha256, body FROM texts"))
        statement = (
            "SELECT journal.position, body, salt, actor, request_id, request FROM journal"
            " LEFT JOIN journal_payloads ON journal_payloads.position = journal.position ORDER BY journal.position"
        )
        found = connection.exec_driver_sql(statement).fetchall()
    for position, body, salt, actor, request_id, request in found:
        if salt is None:
            raise ValueError(f"entry {position} is erased; what was asked is gone and cannot be asked again")
        asked = unpacked(parsed(request), bodies.__getitem__)
        if request_id is not None:
            asked["request_id"] = request_id
        yield {"body": parsed(body), "salt": salt, "actor": actor, "request": asked}


def unlike(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    """Where the contents of two stores differ, whatever they are kept in."""
    lines = []
    for table in sorted(one.keys() | other.keys()):
        here, there = Counter(one.get(table, [])), Counter(other.get(table, []))
        lines += [f"{table}: only the first has {row}" for row in (here - there).elements()]
        lines += [f"{table}: only the second has {row}" for row in (there - here).elements()]
    return lines


def differences(one: Path, other: Path) -> list[str]:
    """Where two stores differ: tables, rows in any order, types of cells."""
    with contextlib.closing(_opened(one)) as first, contextlib.closing(_opened(other)) as second:
        tables = table_names(first)
        if tables != table_names(second):
            return [f"the tables differ: {sorted(set(tables) ^ set(table_names(second)))}"]
        lines = []
        for table in tables:
            here, there = rows(first, table), rows(second, table)
            lines += [f"{table}: only the first has {row}" for row in here if row not in there]
            lines += [f"{table}: only the second has {row}" for row in there if row not in here]
            if not lines and here != there:
                lines.append(f"{table}: a row stands more often in one")
        return lines


def rows(connection: sqlite3.Connection, table: str) -> list[str]:
    """Every row of a table, each as a text that tells 1 from 1.0 and from '1'; sorted."""
    return sorted(map(repr, connection.execute(f'SELECT * FROM "{table}"')))


def table_names(connection: sqlite3.Connection) -> list[str]:
    """The tables that hold what was recorded; the search index by its words, not by its own blocks."""
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    virtual = tuple(f"{name}_" for name, sql in found if sql.upper().startswith("CREATE VIRTUAL TABLE"))
    return [name for name, _ in found if not (virtual and name.startswith(virtual))]


def _opened(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise FileNotFoundError(path)
    return sqlite3.connect(path)
