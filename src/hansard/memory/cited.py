"""What an exhibit pins of the memory: the answer of a filter, by its number of records and their digest."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hansard.memory.memory import Memory
from hansard.memory.query import Query

_encode: Final = msgspec.msgpack.Encoder(order="deterministic").encode


class Answer(NamedTuple):
    """What a filter finds."""

    records: int
    digest: str


def answer(query: Query) -> Answer:
    """Number and digest of a query's records.

    SHA-256 over ``hansard memory answer 1`` and a line feed, then of each record one MessagePack array, its fields from
    ``timestamp`` on, maps in order of their keys; the earliest record first, those of one time by their bytes. Where a
    record stands (worker, pulse, seq) and how it is stored is no part of it: a log that was written anew from the same
    windows gives the same answer.

    Raises:
        HansardError: ``filter_invalid``, ``memory_corrupt``.
    """
    found, records = hashlib.sha256(b"hansard memory answer 1\n"), 0
    for _, packed in query.in_time(lambda row: _encode(row[3:])):
        found.update(packed)
        records += 1
    return Answer(records, found.hexdigest())


def answer_of(folder: Path, text: str) -> Answer:
    """The answer of a filter in the memory of a folder.

    Raises:
        HansardError: as ``answer``; ``memory_missing`` and what else opening it for reading raises.
    """
    with Memory.read(folder) as memory:
        return answer(memory.query(text))
