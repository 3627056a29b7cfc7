"""What callers ask of the door itself."""

from __future__ import annotations

from hansard.database.operations import Position, StreamStep
from hansard.kernel.shapes import Prose, Shape


class EventsQuery(Shape):
    """Listen to the journal."""

    after: Position | None = None
    """The position behind which to begin, as ``Last-Event-ID`` gives it; what is new alone, when left out."""
    dialogue_id: Prose | None = None
    """Only entries of this dialogue."""


class EventEnvelope(Shape):
    """What the data of an event holds; its id is the sequence."""

    version: int
    """1; another number means another form."""
    sequence: int
    """The entry's position in the journal: none comes twice, and none is left out."""
    time: str
    operation: str
    streams: list[StreamStep]
