"""One segment as a reader sees it: columns over all its records, and each record's bytes where they lie."""

from __future__ import annotations

import contextlib
import mmap
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from functools import partial
from itertools import islice, repeat
from operator import add, call
from typing import Any, Final, NamedTuple
from weakref import ref

import google_crc32c
import msgspec
import numpy as np

from hansard.memory import errors
from hansard.memory.pulse import BLOBS, HEADER_COLUMNS, HEADER_LENGTH, RECORDS, head_at
from hansard.memory.segment import (
    ABSENT,
    TYPES,
    UNREADABLE,
    Array,
    Form,
    Handle,
    SegmentHead,
    Walk,
    checked,
    consolidated,
    narrowed,
    read_footer,
)

Numbers = np.ndarray[Any, Any]

Rows = Numbers | None
"""Rows of a segment in order; ``None`` is all of them."""

_decode: Final = msgspec.msgpack.Decoder().decode
_encode: Final = msgspec.msgpack.Encoder().encode
_raws: Final = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode

CHUNK: Final = 1024
"""Records whose columns are taken in one go: lists of this length stay in the processor's cache."""

DECODED: Final = 128
"""Records that are decoded in one go: so few that Python's collector of cycles does not set in."""

TOGETHER: Final = 4 << 20
"""Bytes of a compressed segment that are read at once for a portion of records."""

COMPUTED: Final = ("seq", "pulse_id", "worker_id")
"""Columns that follow from a record's place."""

SINGLE: Final = (
    "pulse_id", "worker_id", "seq", *(column.name for column in HEADER_COLUMNS if column.name != "train_pair_indices")
)  # fmt: skip
"""The header fields of a record in the order of ``ForgeRecord``, but for the last, which is a list."""


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
        self.stop = stop
        self.name = handle.name
        self._columns: dict[str, Column | None] = {}
        self._arrays: dict[str, Array] = {}
        self._walk: Walk | None = None
        self._values: list[Any] | None = None
        self._packed: list[bytes] | None = None
        self._places: dict[str, int] | None = None
        self._by_bytes: dict[bytes, int] | None = None
        self._map: mmap.mmap | None = None
        self._bytes = memoryview(b"")
        self._whole: Numbers = np.zeros(0, np.uint8)
        directory = read_footer(handle, head.salt)
        if directory is not None:
            self.sealed = True
            self.end = directory.frames_end
            self.chain = directory.chain
            self.forms = directory.forms
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

    def __del__(self) -> None:
        """A segment that its log let go of is given back when the last of its readers is done."""
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
            columns, self.forms = consolidated(walk.kept, walk.packed)
        except UNREADABLE:
            raise errors.memory_corrupt(self.name, self.head.first_pulse, "columns by a layout", "others") from None
        for name, data, constant in columns:
            self._columns[name] = Column(name[0], data, constant)
        self._packed = list(walk.packed)
        self._values = [_fixed(_decode(value)) for value in walk.packed]
        self._map_file(walk.end)
        self._open_table(walk.seq - self.head.first_seq)
        self._checked = bytearray(b"\1" * len(self.row_starts))

    def _forget(self) -> None:
        self._columns.clear()
        self._places = self._by_bytes = None
        self._bytes = memoryview(b"")
        self._whole = np.zeros(0, np.uint8)
        if self._map is not None:
            with contextlib.suppress(BufferError):  # somebody still holds a column of it; it goes with the last of them
                self._map.close()
            self._map = None

    def _map_file(self, length: int) -> None:
        if self.handle.compressed:
            return
        try:
            self._map = mmap.mmap(self.handle.number, length, prot=mmap.PROT_READ)
        except (OSError, ValueError) as fault:
            raise errors.memory_unreadable(self.name, str(fault)) from None
        self._bytes = memoryview(self._map)
        self._whole = np.frombuffer(self._map, np.uint8)

    def _open_table(self, rows: int) -> None:
        self.rows = rows
        counts = self._array("#count").astype(np.int64)
        if rows and counts.max() > RECORDS:
            raise errors.memory_corrupt(self.name, self.end, f"pulses of at most {RECORDS} records", str(counts.max()))
        self.pulse_ids = self._array("#pulse").astype(np.int64)
        self.offsets: list[int] = self._array("#offset").tolist()
        self.row_starts: list[int] = np.concatenate(([0], np.cumsum(counts)[:-1])).tolist() if rows else []
        self.first_times, self.last_times = self._array("#first"), self._array("#last")
        self._checked = bytearray(len(self.row_starts))
        self._begin_reading()

    def _begin_reading(self) -> None:
        """What readers of records work out when they need it first."""
        self._header: tuple[list[Any], list[tuple[int, Any, Any]]] | None = None
        self._plans: tuple[Callable[[int], int], list[_Plan]] | None = None
        self._starts_: Numbers | None = None
        self._ends_: Numbers | None = None
        self._fresh = _Fresh(self)

    def _array(self, name: str) -> Numbers:
        column = self.column(name)
        if column is None:
            raise errors.memory_corrupt(self.name, self.end, f"the array '{name}'", "none")
        return np.full(self.rows, column.data) if column.constant else column.data

    # ------------------------------------------------------------------ columns

    def names(self) -> Iterator[str]:
        """Columns that stand in this segment."""
        stored = {
            name[2:]
            for name in self._columns.keys() | self._arrays.keys()
            if name[1:2] == ":" and name[0] != "m" and (name in self._arrays or self._columns[name] is not None)
        }
        yield from stored.union(inside[0] for form in self.forms for inside in form.inside)

    def column(self, name: str) -> Column | None:
        """A column by its name, checked, or ``None`` where no record of this segment has it.

        Raises:
            HansardError: ``memory_corrupt``.
        """
        if name in self._columns:
            return self._columns[name]
        found = None
        for full in (name,) if name.startswith("#") or name[1:2] == ":" else (f"{kind}:{name}" for kind in "nvfw"):
            array = self._arrays.get(full)
            if array is not None:
                found = self._loaded(array, full[0])
                break
            if full in self._columns:
                found = self._columns[full]
                break
        if any(inside[0] == name for form in self.forms for inside in form.inside):
            found = self._with_inside(name, found)
        self._columns[name] = found
        return found

    def _with_inside(self, name: str, stored: Column | None) -> Column:
        """A column that stands in a shared part, at least in records of one form."""
        alone = len(self.forms) == 1
        whole: Numbers | None = None
        for number, form in enumerate(self.forms):
            for _, kind, part, key in (each for each in form.inside if each[0] == name):
                places = self.column("m:" + ".".join(form.parts[part][0]))
                assert places is not None
                table = self._table(kind, key, places)
                if alone:
                    table = narrowed(table, keep_absent=kind == "v")  # what is compared is as short as it can be
                    return Column(
                        kind, *((table[places.data].item(), True) if places.constant else (table[places.data], False))
                    )
                if whole is None:
                    whole = np.full(self.rows, ABSENT[kind], TYPES[kind])
                    if stored is not None:
                        whole[:] = stored.data
                        if kind == "v" and not stored.constant:
                            whole[stored.data == stored.absent] = ABSENT[kind]
                there = self._array("#form") == number
                whole[there] = table[np.full(self.rows, places.data)[there] if places.constant else places.data[there]]
        return Column(kind, whole, False)

    def _table(self, kind: str, key: str, places: Column) -> Numbers:
        """What stands under a key of each shared part that is referred to, by its reference."""
        used = [places.data] if places.constant else np.flatnonzero(np.bincount(places.data)).tolist()
        table = np.full(max(used, default=0) + 1, ABSENT[kind], TYPES[kind])
        if self._by_bytes is None:
            self._by_bytes = {value: place for place, value in enumerate(self.packed)}
        for reference in used:
            part = self.values[reference]
            value = part.get(key) if isinstance(part, dict) else None  # in records of another form anything stands
            if kind == "v":
                table[reference] = self._by_bytes.get(_encode(value), ABSENT[kind])
            elif value is not None:
                table[reference] = value
        return table

    def _loaded(self, array: Array, kind: str) -> Column:
        if not array.type:
            return Column(kind, np.nan if array.constant is None else array.constant, True)
        if self._map is None:
            part = np.frombuffer(self.handle.read(array.position, array.length), np.uint8)
        else:
            part = self._whole[array.position : array.position + array.length]
        if len(part) != array.length or google_crc32c.value(part) != array.crc:
            raise errors.memory_corrupt(
                self.name, array.position, f"the column '{array.name}'", "bytes with another checksum"
            )
        return Column(kind, part.view(array.type), False, array.smallest, array.largest)

    @property
    def values(self) -> list[Any]:
        """The dictionary of the segment; lists are tuples."""
        if self._values is None:
            self._values = [_fixed(_decode(value)) for value in self.packed]
        return self._values

    @property
    def packed(self) -> list[bytes]:
        """The same as MessagePack."""
        if self._packed is None:
            column = self.column("#values")
            data = b"" if column is None else column.data.tobytes()
            self._packed = list(map(bytes, _raws(data))) if data else []
        return self._packed

    def place(self, text: str) -> int | None:
        """The reference of a text."""
        if self._places is None:
            self._places = {value: place for place, value in enumerate(self.values) if type(value) is str}
        return self._places.get(text)

    def different(self, column: Column, rows: Rows = None) -> tuple[list[Any], Numbers]:
        """The values to which a column refers in some records, each once, and which of them each record has."""
        if column.constant:
            return [self.values[column.data]], np.zeros(self.count(rows), np.int64)
        data = column.data if rows is None else column.data[rows]
        stop = len(self.values) if column.kind == "m" else min(int(column.absent), len(self.values))
        if data.dtype.itemsize > 2:
            data = np.minimum(data, stop)
        used = np.flatnonzero(np.bincount(data))  # sorting them took thirty times as long
        which = np.empty(used[-1] + 1 if len(used) else 0, np.int64)
        which[used] = np.arange(len(used))
        return [self.values[place] if place < stop else None for place in used.tolist()], which[data]

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
        head = head_at(self._between(offset, offset + HEADER_LENGTH), 0, offset)
        if not isinstance(head, str):
            pulse_id, seq = int(self.pulse_ids[pulse]), self.head.first_seq + self.row_starts[pulse]
            head = checked(head, self._between(offset, offset + head.length), self.head, pulse_id, seq)
        if isinstance(head, str):
            raise errors.memory_corrupt(self.name, offset, f"pulse {self.pulse_ids[pulse]}", head)
        self._checked[pulse] = 1

    def check_rows(self, rows: Numbers) -> None:
        """Check the frames of these records."""
        for pulse in np.unique(np.searchsorted(self.row_starts, rows, "right") - 1).tolist():
            self.check(pulse)

    # ------------------------------------------------------------------ records

    def _slice(self, row: int, pulse: int) -> memoryview:
        if not self._checked[pulse]:
            self.check(pulse)
        ends = self._ends.item
        start = ends(row - 1) if row > self.row_starts[pulse] else self.offsets[pulse] + HEADER_LENGTH
        return self._between(start, ends(row))

    def _between(self, start: int, end: int) -> memoryview:
        return self._bytes[start:end] if self._map is not None else memoryview(self.handle.read(start, end - start))

    def row(self, row: int) -> tuple[Any, ...]:
        """A record as a tuple, in the order of ``ForgeRecord``; its own, to change at will."""
        if self._header is None:
            readers = [self._reader(column.name) for column in HEADER_COLUMNS]
            varying = [(place, *reader[1:]) for place, reader in enumerate(readers) if reader[1] is not None]
            self._header = [reader[0] for reader in readers], varying
        fixed, varying = self._header
        header = fixed.copy()
        for place, item, lookup in varying:
            header[place] = item(row) if lookup is None else lookup[item(row)]
        header[-1] = list(header[-1])
        pulse = bisect_right(self.row_starts, row) - 1
        numbers = (self.pulse_ids.item(pulse), self.head.worker, self.head.first_seq + row)
        return (*numbers, *header, *self._put_together(row, pulse))

    def _put_together(self, row: int, pulse: int) -> list[Any]:
        """The three maps of a record."""
        if self._plans is None:
            forms = self.column("#form")
            assert forms is not None
            self._plans = (
                partial(_always, forms.data) if forms.constant else forms.data.item,
                list(map(self._plan, self.forms)),
            )
        form_of, plans = self._plans
        own = iter(_decode(self._slice(row, pulse)))
        made: list[Any] = []
        for key, begins, reference in plans[form_of(row)]:
            piece = next(own) if reference is None else self._fresh[reference(row)]()
            if begins:
                made.append(piece if key is None else {key: piece})
            else:
                made[-1][key] = piece
        return made

    def _plan(self, form: Form) -> _Plan:
        """For each part its key in a map that is cut, whether it begins a map, and how its reference is read."""
        plan: _Plan = []
        before = ""
        for path, is_shared in form.parts:
            reference = None
            if is_shared:
                column = self.column("m:" + ".".join(path))
                assert column is not None
                reference = partial(_always, column.data) if column.constant else column.data.item
            plan.append((path[1] if len(path) > 1 else None, path[0] != before, reference))
            before = path[0]
        return plan

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
        if name == "worker_id":
            return repeat(self.head.worker, len(rows))
        if name in COMPUTED:
            return self.computed(name, rows).tolist()  # type: ignore[no-any-return]
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

    def computed(self, name: str, rows: Numbers) -> Numbers:
        """A column of ``COMPUTED`` for some records."""
        if name == "seq":
            return rows + self.head.first_seq
        if name == "worker_id":
            return np.full(len(rows), self.head.worker)
        found: Numbers = self.pulse_ids[np.searchsorted(self.row_starts, rows, "right") - 1]
        return found

    def each(self, rows: Rows) -> Numbers:
        """The same rows, told one by one where they are all."""
        return np.arange(self.rows) if rows is None else rows

    def count(self, rows: Rows) -> int:
        """How many rows that are."""
        return self.rows if rows is None else len(rows)

    def chunks(self, rows: Rows) -> Iterator[tuple[Numbers, Form]]:
        """Records (``None``: all of them) in portions of one form, their frames checked."""
        total = self.count(rows)
        forms = self.column("#form")
        for start in range(0, total, CHUNK):
            part = np.arange(start, min(start + CHUNK, total)) if rows is None else rows[start : start + CHUNK]
            self.check_rows(part)
            if forms is None or forms.constant:
                yield part, self.forms[int(forms.data) if forms is not None else 0]
                continue
            found = forms.data[part]
            for same in np.split(part, np.flatnonzero(np.diff(found)) + 1):
                yield same, self.forms[int(forms.data[same[0]])]

    def _headers(self, part: Numbers) -> list[Iterable[Any]]:
        """The header fields of some records, in the order of ``ForgeRecord``."""
        return [*(self.listed(name, part) for name in SINGLE), map(list, self.listed("train_pair_indices", part))]

    def slices(self, part: Numbers) -> Iterator[memoryview]:
        """Each record's own parts: one MessagePack array, as it stands in the file."""
        starts, ends, held = self._starts[part], self._ends[part], self._bytes
        if self._map is None:
            first, last = int(starts[0]), int(ends[-1])
            if last - first > TOGETHER:
                return map(self._between, starts.tolist(), ends.tolist())
            starts, ends, held = starts - first, ends - first, self._between(first, last)
        return map(held.__getitem__, map(slice, starts.tolist(), ends.tolist()))

    def references(self, form: Form, part: Numbers) -> list[Iterable[int]]:
        """Where each shared part of some records stands in the dictionary."""
        found = []
        for path, is_shared in form.parts:
            if is_shared:
                column = self.column("m:" + ".".join(path))
                assert column is not None
                found.append(repeat(column.data, len(part)) if column.constant else column.data[part].tolist())
        return found

    def maps_of(self, form: Form, part: Numbers, *, fresh: bool) -> Iterator[tuple[Any, ...]]:
        """The three maps of some records; ``fresh``: each record's its own, to change at will."""
        shared: list[Iterator[Any]]
        if fresh:
            shared = [map(call, map(self._fresh.__getitem__, places)) for places in self.references(form, part)]
        else:
            shared = [map(self.values.__getitem__, places) for places in self.references(form, part)]
        slices = self.slices(part)
        # decoded in one go for a whole portion, records kept the collector of cycles busy: three times the time
        while decoded := list(map(_decode, islice(slices, DECODED))):
            own, others = zip(*decoded, strict=True), iter(shared)
            pieces = [islice(next(others), len(decoded)) if each else next(own) for _, each in form.parts]
            yield from zip(*_maps(form, pieces), strict=True)

    def rows_of(self, rows: Rows = None) -> Iterator[Iterable[tuple[Any, ...]]]:
        """Records as tuples, in the order of ``ForgeRecord``, in portions; each its own."""
        for part, form in self.chunks(rows):
            yield map(add, zip(*self._headers(part), strict=True), self.maps_of(form, part, fresh=True))

    def shared_rows_of(self, rows: Rows = None) -> Iterator[Iterable[tuple[Any, ...]]]:
        """The same; what records share is one object for all of them."""
        for part, form in self.chunks(rows):
            yield map(add, zip(*self._headers(part), strict=True), self.maps_of(form, part, fresh=False))

    def raw_rows_of(self, rows: Rows = None) -> Iterator[Iterable[tuple[Any, ...]]]:
        """The header fields, the own parts as one MessagePack array, then each shared part as MessagePack."""
        for part, form in self.chunks(rows):
            shared = [map(self.packed.__getitem__, places) for places in self.references(form, part)]
            yield zip(*self._headers(part), self.slices(part), *shared, strict=True)

    def let_go(self) -> None:
        """Give back what was worked out of the file and can be again: of many segments, readers hold a few."""
        if self.sealed:
            self._columns.clear()
            self._packed = self._values = None
            self._places = self._by_bytes = None
            self._begin_reading()
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)


_Plan = list[tuple[str | None, bool, Callable[[int], int] | None]]


def _always(found: int, _: int) -> int:
    return found


class _Fresh(dict[int, Callable[[], Any]]):
    """By reference what makes a copy of a shared part; made when it is asked for first."""

    def __init__(self, view: View) -> None:
        self._view = ref(view)  # the view holds this: a ring would keep its file open until a collection

    def __missing__(self, reference: int) -> Callable[[], Any]:
        view = self._view()
        assert view is not None
        made = self[reference] = _copier(view.values[reference])
        return made


def _copier(value: Any) -> Callable[[], Any]:
    """What makes a copy of a map, by as few steps as it takes."""
    if not isinstance(value, dict):
        return partial(deepcopy, value)
    inner = [(key, each) for key, each in value.items() if isinstance(each, dict | list)]
    if not inner:
        return value.copy
    if any(
        isinstance(leaf, dict | list) for _, each in inner for leaf in (each.values() if type(each) is dict else each)
    ):
        return partial(deepcopy, value)

    def copy() -> dict[str, Any]:
        made = value.copy()
        for key, each in inner:
            made[key] = each.copy()
        return made

    return copy


def _maps(form: Form, pieces: Sequence[Iterable[Any]]) -> list[Any]:
    """The three maps of some records, of which ``pieces`` gives part after part."""
    made: list[Any] = []
    for name in BLOBS:
        there = [(path, piece) for (path, _), piece in zip(form.parts, pieces, strict=True) if path[0] == name]
        if len(there[0][0]) == 1:
            made.append(there[0][1])
            continue
        keys, columns = [path[1] for path, _ in there], [piece for _, piece in there]
        if len(keys) == 3:  # a quarter of the time
            one, two, three = keys
            made.append([{one: a, two: b, three: c} for a, b, c in zip(*columns, strict=True)])
        else:
            made.append([dict(zip(keys, each, strict=True)) for each in zip(*columns, strict=True)])
    return made


def _fixed(value: Any) -> Any:
    return tuple(value) if type(value) is list else value
