"""One segment as a reader sees it: columns over all its records, and each record's bytes where they lie."""

from __future__ import annotations

import contextlib
import mmap
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from operator import add
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from hansard.memory import errors
from hansard.memory.pulse import HEADER_COLUMNS, HEADER_LENGTH, head_at
from hansard.memory.segment import (
    ABSENT,
    Array,
    Handle,
    SegmentHead,
    Walk,
    checked,
    consolidated,
    read_footer,
)

Numbers = np.ndarray[Any, Any]

_decode: Final = msgspec.msgpack.Decoder().decode
_tuple: Final = msgspec.msgpack.Decoder(tuple[Any, Any, Any]).decode
_raw: Final = msgspec.msgpack.Decoder(tuple[msgspec.Raw, msgspec.Raw, msgspec.Raw]).decode

CHUNK: Final = 1024
"""Records that are decoded in one go: lists of this length stay in the processor's cache."""

COMPUTED: Final = ("seq", "pulse_id", "worker_id")
"""Columns that follow from a record's place."""


class Column(NamedTuple):
    """A column over all records of a segment.

    ``data`` is an array, or where ``constant`` one value; of kind ``v`` these are references, and what is absent is
    ``absent``.
    """

    kind: str
    data: Any
    constant: bool
    smallest: float | None = None
    largest: float | None = None

    @property
    def absent(self) -> float | int:
        """What stands for nothing."""
        if self.kind == "v" and not self.constant:
            return int(np.iinfo(self.data.dtype).max)
        return ABSENT[self.kind]


class View:
    """A segment opened for reading. Frames are checked when the first record of each is read."""

    def __init__(self, handle: Handle, head: SegmentHead, stop: int | None) -> None:
        """Take over the handle.

        Args:
            handle: the file.
            head: its header.
            stop: pulses from here on are superseded.

        Raises:
            HansardError: ``memory_corrupt`` when a frame before a whole one is damaged; ``memory_unreadable``.
        """
        self.handle = handle
        self.head = head
        self.name = handle.name
        self._columns: dict[str, Column | None] = {}
        self._arrays: dict[str, Array] = {}
        self._walk: Walk | None = None
        self._values: list[Any] | None = None
        self._places: dict[str, int] | None = None
        self._map: mmap.mmap | None = None
        directory = read_footer(handle, head.salt)
        if directory is not None:
            self.sealed = True
            self.end = directory.frames_end
            self.chain = directory.chain
            self.schemas = directory.schemas
            self._arrays = {array.name: array for array in directory.arrays}
            self._map_file(handle.size())
            self._open_table(directory.rows)
        else:
            self.sealed = False
            self._walk = Walk(handle, head, stop)
            self._take_walk()

    def refresh(self) -> None:
        """Take up what was appended since. A segment that was closed since is the same as far as it was read."""
        if self._walk is not None and self._walk.go_on():
            self._take_walk()

    def close(self) -> None:
        """Give the file back; what was handed out of it must not be used any more."""
        self._forget()
        self.handle.close()

    # ------------------------------------------------------------------ opening

    def _take_walk(self) -> None:
        walk = self._walk
        assert walk is not None
        if walk.witness is not None:
            raise errors.memory_corrupt(self.name, walk.end, f"pulse {walk.pulse_id}", walk.torn or "no frame")
        self._forget()
        self.end, self.chain = walk.end, walk.chain
        try:
            columns, self.schemas = consolidated(walk.kept, walk.packed)
        except (LookupError, ValueError, TypeError, msgspec.DecodeError):  # whole frames, yet nobody of ours wrote them
            raise errors.memory_corrupt(self.name, self.head.first_pulse, "columns by a layout", "others") from None
        for name, data, constant in columns:
            self._columns[name] = Column(name[0], data, constant)
        self._values = [_fixed(_decode(value)) for value in walk.packed]
        self._map_file(walk.end)
        self._open_table(walk.seq - self.head.first_seq)
        self._checked = bytearray(b"\1" * len(self.row_starts))

    def _forget(self) -> None:
        self._columns.clear()
        self._places = None
        self._bytes: memoryview = memoryview(b"")
        self._whole: Numbers = np.zeros(0, np.uint8)
        if self._map is not None:
            with contextlib.suppress(BufferError):  # somebody still holds a column of it; it goes with the last of them
                self._map.close()
            self._map = None

    def _map_file(self, length: int) -> None:
        try:
            self._map = mmap.mmap(self.handle.number, length, prot=mmap.PROT_READ)
        except (OSError, ValueError) as fault:
            raise errors.memory_unreadable(self.name, str(fault)) from None
        self._bytes = memoryview(self._map)
        self._whole = np.frombuffer(self._map, np.uint8)

    def _open_table(self, rows: int) -> None:
        self.rows = rows
        counts = self._array("#count").astype(np.int64)
        self.pulse_ids = self._array("#pulse").astype(np.int64)
        self.offsets: list[int] = self._array("#offset").tolist()
        self.row_starts: list[int] = np.concatenate(([0], np.cumsum(counts)[:-1])).tolist() if rows else []
        self.first_times, self.last_times = self._array("#first"), self._array("#last")
        self._checked = bytearray(len(self.row_starts))
        self._header: list[tuple[Any, Any, Any]] | None = None
        self._starts_: Numbers | None = None
        self._ends_: Numbers | None = None

    def _array(self, name: str) -> Numbers:
        column = self.column(name)
        if column is None:
            raise errors.memory_corrupt(self.name, self.end, f"the array '{name}'", "none")
        return np.full(self.rows, column.data) if column.constant else column.data

    # ------------------------------------------------------------------ columns

    def names(self) -> Iterator[str]:
        """Columns that stand in this segment."""
        for name in self._columns.keys() | self._arrays.keys():
            if name[1:2] == ":" and (name in self._arrays or self._columns[name] is not None):
                yield name[2:]

    def column(self, name: str) -> Column | None:
        """A column by its name, checked, or ``None`` where no record of this segment has it.

        Raises:
            HansardError: ``memory_corrupt``.
        """
        if name in self._columns:
            return self._columns[name]
        found = None
        for full in (name,) if name.startswith("#") else (f"{kind}:{name}" for kind in "nvfw"):
            array = self._arrays.get(full)
            if array is not None:
                found = self._loaded(array, full[0])
                break
            if full in self._columns:
                found = self._columns[full]
                break
        self._columns[name] = found
        return found

    def _loaded(self, array: Array, kind: str) -> Column:
        if not array.type:
            return Column(kind, np.nan if array.constant is None else array.constant, True)
        part = self._whole[array.position : array.position + array.length]
        from google_crc32c import value

        if len(part) != array.length or value(part) != array.crc:
            raise errors.memory_corrupt(
                self.name, array.position, f"the column '{array.name}'", "bytes with another checksum"
            )
        return Column(kind, part.view(array.type), False, array.smallest, array.largest)

    @property
    def values(self) -> list[Any]:
        """The dictionary of the segment; lists are tuples."""
        if self._values is None:
            column = self.column("#values")
            data = b"" if column is None else column.data.tobytes()
            self._values = [_fixed(value) for value in _decode(data)] if data else []
        return self._values

    def place(self, text: str) -> int | None:
        """The reference of a text."""
        if self._places is None:
            self._places = {value: place for place, value in enumerate(self.values) if type(value) is str}
        return self._places.get(text)

    # ------------------------------------------------------------------ places

    @property
    def _ends(self) -> Numbers:
        if self._ends_ is None:
            self._ends_ = self._array("#ends")
        return self._ends_

    @property
    def _starts(self) -> Numbers:
        """Where each record's bytes begin: where the one before ends, or behind the frame's header."""
        if self._starts_ is None:
            starts = np.empty(self.rows, np.int64)
            starts[1:] = self._ends[:-1]
            starts[self.row_starts] = np.array(self.offsets, np.int64)[: len(self.row_starts)] + HEADER_LENGTH
            self._starts_ = starts
        return self._starts_

    def check(self, pulse: int) -> None:
        """Check the frame of a pulse (counted from 0 within the segment) once.

        Raises:
            HansardError: ``memory_corrupt``.
        """
        if self._checked[pulse]:
            return
        offset = self.offsets[pulse]
        head = head_at(self._bytes, offset)
        if not isinstance(head, str):
            pulse_id, seq = int(self.pulse_ids[pulse]), self.head.first_seq + self.row_starts[pulse]
            head = checked(head, self._bytes[offset : offset + head.length], self.head, pulse_id, seq)
        if isinstance(head, str):
            raise errors.memory_corrupt(self.name, offset, f"pulse {self.pulse_ids[pulse]}", head)
        self._checked[pulse] = 1

    def check_rows(self, rows: Numbers) -> None:
        """Check the frames of these records."""
        for pulse in np.unique(np.searchsorted(self.row_starts, rows, "right") - 1).tolist():
            self.check(pulse)

    def pulse_of(self, row: int) -> int:
        """The pulse (counted from 0 within the segment) of a record."""
        return bisect_right(self.row_starts, row) - 1

    # ------------------------------------------------------------------ records

    def blobs(self, row: int) -> tuple[bytes, bytes, bytes]:
        """The three blobs of a record as MessagePack, as they stand in the file."""
        return tuple(map(bytes, _raw(self._slice(row))))  # type: ignore[return-value]

    def _slice(self, row: int) -> memoryview:
        pulse = bisect_right(self.row_starts, row) - 1
        if not self._checked[pulse]:
            self.check(pulse)
        ends = self._ends.item
        start = ends(row - 1) if row > self.row_starts[pulse] else self.offsets[pulse] + HEADER_LENGTH
        return self._bytes[start : ends(row)]

    def decoded(self, row: int) -> list[Any]:
        """The three blobs of a record."""
        found: list[Any] = _decode(self._slice(row))
        return found

    def row(self, row: int) -> tuple[Any, ...]:
        """A record as a tuple, in the order of ``ForgeRecord``."""
        if self._header is None:
            self._header = [self._reader(column.name) for column in HEADER_COLUMNS]
        header = [
            fixed if item is None else item(row) if lookup is None else lookup[item(row)]
            for fixed, item, lookup in self._header
        ]
        header[-1] = list(header[-1])
        pulse = bisect_right(self.row_starts, row) - 1
        place = (int(self.pulse_ids[pulse]), self.head.worker, self.head.first_seq + row)
        return (*place, *header, *_tuple(self._slice(row)))

    def _reader(self, name: str) -> tuple[Any, Any, Any]:
        """How a header column of one record is read: a value for all, or an item and what it refers to."""
        column = self.column(name)
        if column is None:
            return None, None, None
        lookup: Any = self.values if column.kind == "v" else (False, True) if column.kind == "f" else None
        if column.constant:
            return (column.data if lookup is None else lookup[column.data]), None, None
        return None, column.data.item, lookup

    def listed(self, name: str, rows: Numbers) -> Sequence[Any] | repeat[Any]:
        """A column's values for some records."""
        if name == "seq":
            return (rows + self.head.first_seq).tolist()  # type: ignore[no-any-return]
        if name == "worker_id":
            return repeat(self.head.worker, len(rows))
        if name == "pulse_id":
            return self.pulses_of(rows).tolist()  # type: ignore[no-any-return]
        column = self.column(name)
        if column is None:
            return repeat(None, len(rows))
        if column.kind == "v":
            values = self.values
            if column.constant:
                return repeat(values[column.data], len(rows))
            found = column.data[rows].tolist()
            absent = column.absent
            if absent in found:
                return [None if place == absent else values[place] for place in found]
            return list(map(values.__getitem__, found))
        if column.kind == "f":
            meaning = (False, True, None)
            if column.constant:
                return repeat(meaning[column.data], len(rows))
            return list(map(meaning.__getitem__, column.data[rows].tolist()))
        if column.constant:
            return repeat(column.data if column.data == column.data else None, len(rows))
        return [None if each != each else each for each in column.data[rows].tolist()]

    def pulses_of(self, rows: Numbers) -> Numbers:
        """The pulse id of some records."""
        found: Numbers = self.pulse_ids[np.searchsorted(self.row_starts, rows, "right") - 1]
        return found

    def chunks(self, rows: Numbers | None) -> Iterator[Numbers]:
        """Records (``None``: all of them) in portions, their frames checked."""
        total = self.rows if rows is None else len(rows)
        for start in range(0, total, CHUNK):
            part = np.arange(start, min(start + CHUNK, total)) if rows is None else rows[start : start + CHUNK]
            self.check_rows(part)
            yield part

    def _headers(self, part: Numbers) -> Iterator[tuple[Any, ...]]:
        """The header fields of some records, in the order of ``ForgeRecord``."""
        columns = [self.listed(name, part) for name in COMPUTED_ORDER]
        return zip(*columns, map(list, self.listed("train_pair_indices", part)), strict=True)

    def slices(self, part: Numbers) -> Iterator[memoryview]:
        """Each record's blobs: one MessagePack array of three maps, as it stands in the file."""
        bounds = map(slice, self._starts[part].tolist(), self._ends[part].tolist())
        return map(self._bytes.__getitem__, bounds)

    def rows_of(self, rows: Numbers | None = None) -> Iterator[Iterable[tuple[Any, ...]]]:
        """Records as tuples, in the order of ``ForgeRecord``, in portions.

        Each is put together when it is asked for, and without a step of Python's own: a portion that was decoded
        beforehand kept the garbage collector busy, and took three times as long.
        """
        for part in self.chunks(rows):
            yield map(add, self._headers(part), map(_tuple, self.slices(part)))

    def raw_rows_of(self, rows: Numbers | None = None) -> Iterator[Iterable[tuple[Any, ...]]]:
        """The same with the three blobs as MessagePack."""
        for part in self.chunks(rows):
            yield map(add, self._headers(part), map(_raw, self.slices(part)))

    def let_go(self) -> None:
        """Tell the system that the file's bytes are not needed in memory any more."""
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)


COMPUTED_ORDER: Final = (
    "pulse_id", "worker_id", "seq", *(column.name for column in HEADER_COLUMNS if column.name != "train_pair_indices")
)  # fmt: skip


def _fixed(value: Any) -> Any:
    return tuple(value) if type(value) is list else value
