"""A store with one small table of its own, for tests of the journal that need no dialogue."""

from __future__ import annotations

import functools
import sqlite3
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hansard.database import verify
from hansard.database.columns import Integer, JsonText, LongText, Text
from hansard.database.dialect import Place
from hansard.database.engine import Database
from hansard.database.journal import Entry, Journal
from hansard.kernel.operations import Actor, Call
from hansard.kernel.shapes import Json, Shape, WriteRequest
from tests.support.deliberations import CountedChance, CountedClock
from tests.support.stores import fresh

CALL = Call(Actor("tester", "test"))
STREAM = "note:a"
TAKEN = (sqlite3.IntegrityError, sa.exc.IntegrityError)
"""What a broken constraint is raised as: by the driver, or through SQLAlchemy."""

metadata = sa.MetaData()

notes = sa.Table(
    "notes",
    metadata,
    sa.Column("note", Text, primary_key=True),
    sa.Column("part", Integer, primary_key=True),
    sa.Column("body", LongText, nullable=False),
    sa.Column("remark", LongText),
    sa.Column("extra", JsonText),
    sa.Column("share", sa.Float),
    sa.Column("count", Integer),
    sa.Column("plain", Text),
    info={"stream": "note"},
)

TABLES = {"notes": notes}


class Write(WriteRequest):
    """Ask for notes to be written."""

    words: Json = None


class Written(Shape):
    """What was written."""

    words: Json = None


@functools.cache
def _empty_store() -> bytes:
    """The file of an empty store, made once: to make it takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hansard.db"
        database = Database.open(file)
        with database.writing() as connection:
            metadata.create_all(connection)
        database.close()
        return file.read_bytes()


def notebook(kind: str, folder: Path, **more: Any) -> Notebook:
    """A fresh store of a kind, with the table ``notes``."""
    if kind == "sqlite":
        return Notebook(folder / "hansard.db", **more)
    book = Notebook(fresh(kind, folder), **more)
    with book.database.writing() as connection:
        metadata.create_all(connection)
    return book


class Notebook:
    """A store with the table ``notes``."""

    def __init__(self, place: Place, *, counted: bool = True, busy_timeout_seconds: float = 30.0) -> None:
        self.place = place
        if isinstance(place, Path) and not place.exists():
            place.write_bytes(_empty_store())
        self.database = Database.open(place, busy_timeout_seconds=busy_timeout_seconds)
        self.journal = (
            Journal(self.database, clock=CountedClock(), chance=CountedChance()) if counted else Journal(self.database)
        )

    def write(
        self,
        rows: Iterable[dict[str, Any]] = (),
        *,
        words: Any = None,
        request_id: str | None = None,
        call: Call = CALL,
        streams: Iterable[str] = (STREAM,),
        answer: Any = None,
    ) -> Any:
        """Insert rows in an entry of their own; answers what was answered."""
        request = Write(words=words, request_id=request_id)
        with self.journal.entry("write", request, call, list(streams)) as entry:
            if entry.answer is not None:
                return Written(**entry.answer)
            entry.insert(notes, rows)
            return entry.finish(Written(words=words if answer is None else answer))

    def change(self, rows: Iterable[dict[str, Any]]) -> None:
        """Replace rows in an entry of their own."""
        with self.journal.entry("change", Write(), CALL, [STREAM]) as entry:
            entry.update(notes, rows)
            entry.finish(Written())

    def erase(self, *positions: int) -> None:
        """Erase entries in an entry of their own."""
        with self.journal.entry("erase", Write(), CALL, []) as entry:
            entry.erase(positions, TABLES)
            entry.finish(Written())

    def started(self) -> Any:
        """An entry being written, as a context."""
        return self.journal.entry("write", Write(), CALL, [STREAM])

    def findings(self, stream: str | None = None) -> list[verify.Finding]:
        """What ``verify`` finds."""
        with self.database.reading() as connection:
            return verify.verify_store(connection, TABLES, stream).findings

    def codes(self, stream: str | None = None) -> set[str]:
        """The codes of what ``verify`` finds."""
        return {finding.code for finding in self.findings(stream)}

    def sql(self, statement: str, *parameters: Any) -> list[Any]:
        """Plain SQL behind the journal's back."""
        with self.database.writing() as connection:
            if connection.dialect.name == "postgresql":
                statement = statement.replace("?", "%s")
            result = connection.exec_driver_sql(statement, tuple(parameters) or None)
            return [tuple(row) for row in result] if result.returns_rows else []

    def dump(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        names = [*TABLES, "texts", "journal", "journal_payloads", "journal_streams", "streams", "counters"]
        return {name: sorted(self.sql(f"SELECT * FROM {name}"), key=repr) for name in names}

    @property
    def file(self) -> Path:
        """The store's file, where it is one."""
        assert isinstance(self.place, Path)
        return self.place

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()


def note(part: int, body: str = "words", **more: Any) -> dict[str, Any]:
    """A row."""
    return {"note": "a", "part": part, "body": body} | more


def text_count(book: Notebook) -> int:
    """How many texts the store keeps."""
    return len(book.sql("SELECT * FROM texts"))


__all__ = ["CALL", "STREAM", "TABLES", "Entry", "Notebook", "Write", "Written", "note", "notes", "text_count"]
