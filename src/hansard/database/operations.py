"""The journal from outside: which entries there are, without anything that was said."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from pydantic import Field

from hansard.database import errors, tables
from hansard.database.journal import START, Journal, head
from hansard.kernel.canonical import MAX_SAFE_INTEGER
from hansard.kernel.operations import Call, operation
from hansard.kernel.shapes import Prose, Shape

Position = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]


class JournalEvents(Shape):
    """Ask for entries of the journal, the oldest first."""

    after: Position = 0
    """Only entries behind this position."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    stream: Prose | None = None
    """Only entries of this stream, such as ``calibration:``."""
    dialogue_id: Prose | None = None
    """Only entries of this dialogue."""


class JournalPosition(Shape):
    """Ask how far the journal goes."""


class StreamStep(Shape):
    """An entry's place in one of its streams."""

    stream: str
    sequence: int


class JournalEvent(Shape):
    """An entry of the journal, without what was asked and answered."""

    position: int
    time: str
    operation: str
    known_by: str
    """How it is known who acted: ``os_user``, ``token``, ``key``, ``import`` …"""
    streams: list[StreamStep]
    rows: dict[str, int]
    """How many rows of which table it wrote."""


class JournalEventsTold(Shape):
    """Entries of the journal."""

    events: list[JournalEvent]
    newest: int
    """The journal's last position; 0 while it is empty."""
    next: int | None
    """What to give as ``after`` to read on; ``null`` where nothing follows."""


class JournalAt(Shape):
    """How far the journal goes."""

    position: int
    """The last position; 0 while it is empty."""


class _Actor(msgspec.Struct, frozen=True):
    known_by: str


class _Body(msgspec.Struct, frozen=True):
    """What an entry's body tells everybody."""

    time: str
    operation: str
    actor: _Actor
    streams: list[tuple[str, int, str]]
    changes: list[tuple[str, Any, Any]]


_body = msgspec.json.Decoder(_Body)
_newest = sa.select(sa.func.max(tables.journal.c.position))


class JournalOperations:
    """Reads the journal."""

    def __init__(self, journal: Journal) -> None:
        """Operations on the journal's store."""
        self._journal = journal

    @operation(path="/journal", tools="proof")
    def journal_events(self, request: JournalEvents, call: Call) -> JournalEventsTold:
        """List entries of the journal: when, by which operation, in which streams, how many rows; no words."""
        j, s = tables.journal, tables.journal_streams
        query = sa.select(j.c.position, j.c.body).where(j.c.position > request.after).order_by(j.c.position)
        named = {} if request.stream is None else {"stream": request.stream}
        named |= {} if request.dialogue_id is None else {"dialogue_id": f"dialogue:{request.dialogue_id}"}
        for stream in named.values():
            query = query.where(j.c.position.in_(sa.select(s.c.position).where(s.c.stream == stream)))
        with self._journal.reading(call) as connection:
            for field, stream in named.items():
                if head(connection, stream) == (0, START):
                    raise errors.stream_not_found(field, getattr(request, field))
            newest = connection.execute(_newest).scalar_one() or 0
            found = connection.execute(query.limit(request.limit + 1)).all()
        told = [_event(position, body) for position, body in found[: request.limit]]
        return JournalEventsTold(
            events=told, newest=newest, next=told[-1].position if len(found) > request.limit else None
        )

    @operation(path="/journal/position", tools="proof")
    def journal_position(self, request: JournalPosition, call: Call) -> JournalAt:  # noqa: ARG002
        """Tell how far the journal goes."""
        with self._journal.reading(call) as connection:
            return JournalAt(position=connection.execute(_newest).scalar_one() or 0)


def _event(position: int, body: str) -> JournalEvent:
    try:
        said = _body.decode(body)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise errors.row_altered("journal", (position,), position) from None
    return JournalEvent(
        position=position,
        time=said.time,
        operation=said.operation,
        known_by=said.actor.known_by,
        streams=[StreamStep(stream=name, sequence=number) for name, number, _ in said.streams],
        rows=dict(sorted(Counter(table for table, _, _ in said.changes).items())),
    )
