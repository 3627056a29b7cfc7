"""A pulse: up to 128 records of one schema as one frame of bytes (docs/memory-format.md, "Frame").

Records go in as plain dicts with the names of the specification (section 2). What is hot here was measured: a record's
own parts are encoded by one call into the frame's buffer, parts that it shares with others are references, and columns
are taken out of all records of a pulse at once.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import math
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple

import google_crc32c
import msgspec
import numpy as np

from hansard.kernel.bulk import collector_paused

Record = dict[str, Any]
"""A record as it goes in: the fields of the specification's section 2 but pulse_id, worker_id and seq."""

MAGIC: Final = b"\x93HPULSE\n"
VERSION: Final = 1
HEADER: Final = struct.Struct("<8sHHI8sQQQddIIIIIII32s32sI")
HEADER_LENGTH: Final = 160
RECORDS: Final = 128
"""Records of a pulse at most."""

BYTES: Final = 512 * 1024
"""Bytes of a pulse's blobs at most, unless one record has more."""

FULL: Final = HEADER_LENGTH + BYTES

NOWHERE: Final = b"\0" * 32
"""The chain value before a worker's first pulse."""

_HEADER_CRC: Final = struct.Struct("<I")
_encoder: Final = msgspec.msgpack.Encoder()
_encode: Final = _encoder.encode
_encode_into: Final = _encoder.encode_into
_decode: Final = msgspec.msgpack.Decoder().decode
_NAN: Final = math.nan


def align8(length: int) -> int:
    """The next multiple of eight."""
    return (length + 7) & ~7


def crc(data: bytes | bytearray | memoryview, start: int = 0, end: int | None = None) -> int:
    """CRC-32C of a part of some bytes. The library takes an array where it refuses a memoryview."""
    return int(google_crc32c.value(np.frombuffer(data, np.uint8)[start:end]))


# -- what a schema declares --------------------------------------------------------------------------------------------


class Column(NamedTuple):
    """A column: its name, where it stands in a record, and its kind (number, whole, flag or value, by first letter)."""

    name: str
    path: tuple[str, ...]
    kind: str
    many: bool = False
    """A list, which is kept in the dictionary as one value."""


HEADER_COLUMNS: Final = (
    Column("timestamp", ("timestamp",), "n"),
    Column("success", ("success",), "f"),
    Column("task_id", ("task_id",), "v"),
    Column("engine_id", ("engine_id",), "v"),
    Column("transform_id", ("transform_id",), "v"),
    Column("failure_reason", ("failure_reason",), "v"),
    Column("grid_shape_in", ("grid_shape_in",), "v", many=True),
    Column("grid_shape_out", ("grid_shape_out",), "v", many=True),
    Column("color_count", ("color_count",), "w"),
    Column("train_pair_indices", ("train_pair_indices",), "v", many=True),
)
BLOBS: Final = ("error_metrics", "params", "context")


class Fan(NamedTuple):
    """A map of numbers with names of its own: a column for each name (``operators.INSTA_MELT``)."""

    prefix: str
    path: tuple[str, ...]


class Part(NamedTuple):
    """What stands in one piece: one of the three maps, or an entry of it; see the format, "Parts"."""

    path: tuple[str, ...]
    shared: bool = False

    @property
    def name(self) -> str:
        """Its way with dots: the name of its column."""
        return ".".join(self.path)


WHOLE: Final = tuple(Part((name,)) for name in BLOBS)
"""Nothing cut, nothing shared."""


@dataclass(frozen=True)
class Schema:
    """What can be filtered without opening blobs, for records of one source, and how their maps are cut."""

    name: str
    columns: tuple[Column, ...]
    fans: tuple[Fan, ...] = ()
    parts: tuple[Part, ...] = WHOLE
    """In the order of ``BLOBS``; an entry has a way of two names."""
    cuts: tuple[tuple[str, tuple[str, ...]], ...] = field(init=False)
    """The maps that are cut, each with the entries that it must have."""

    def __post_init__(self) -> None:
        cut: dict[str, tuple[str, ...]] = {}
        for part in self.parts:
            if len(part.path) > 1:
                cut[part.path[0]] = (*cut.get(part.path[0], ()), part.path[1])
        object.__setattr__(self, "cuts", tuple(cut.items()))


class Layout(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a frame holds, as its segment's dictionary says it."""

    schema: str
    columns: tuple[tuple[str, str], ...]
    """Name and kind of the columns that stand in the frame."""
    parts: tuple[tuple[str, ...], ...]
    inside: tuple[tuple[str, str, int, str], ...]
    """Columns that stand in a shared part: name, kind, the part's place, the key."""

    @property
    def shared(self) -> tuple[bool, ...]:
        """Which parts are shared."""
        names = {name for name, kind in self.columns if kind == "m"}
        return tuple(".".join(path) in names for path in self.parts)


layout_of: Final = msgspec.msgpack.Decoder(Layout).decode


# -- the dictionary of a segment ---------------------------------------------------------------------------------------


class _Texts(dict[Any, int]):
    """References of texts and of nothing; one that is asked for and not known is added."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary

    def __missing__(self, value: object) -> int:
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{value!r} is no text")
        reference = self[value] = self._dictionary.reference(_encode(value))
        return reference


class _Lists(dict[tuple[Any, ...], int]):
    """References of lists, by their entries."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary

    def __missing__(self, value: tuple[Any, ...]) -> int:
        reference = self[value] = self._dictionary.reference(_encode(value))
        return reference


LEARNED: Final = 1024
"""Different values of a shared part that a segment takes whatever comes; more only where few of a pulse's are new."""

NEW: Final = BYTES // 8
"""Bytes of new values of a shared part in a pulse at most."""

REST: Final = 7
"""Pulses after one whose part was not shared that are not looked at."""


class _Shared:
    """References of one shared part of a schema, by its bytes."""

    def __init__(self, dictionary: Dictionary, columns: tuple[Column, ...]) -> None:
        self._dictionary = dictionary
        self._columns = columns
        self._known: dict[bytes, int] = {}
        self._rest = 0
        """Pulses for which sharing is not tried, since it was of no use."""

    def references(self, values: Sequence[Any]) -> list[int] | None:
        """A reference for each value, or ``None`` where too many are new to be shared."""
        if self._rest:
            self._rest -= 1
            return None
        first, count = values[0], len(values)
        packed: Sequence[bytes]
        if type(first) is dict and first == values[-1] and _texts_alone(first) and values.count(first) == count:
            packed = (_encode(first),)  # equal texts are equal bytes; of numbers that is not so
        else:
            packed = list(map(_encode, values))
        try:
            found = list(map(self._known.__getitem__, packed))
        except KeyError:
            new = [value for value in dict.fromkeys(packed) if value not in self._known]
            if (len(new) > count // 4 and len(new) + len(self._known) > LEARNED) or sum(map(len, new)) > NEW:
                self._rest = REST
                return None
            for value in new:
                self._add(value)
            found = list(map(self._known.__getitem__, packed))
        return found * count if len(found) == 1 else found

    def _add(self, packed: bytes) -> None:
        """A value that is new, and beside it those of its columns, so that readers find their references."""
        value = _decode(packed)
        for column in self._columns:
            given = value.get(column.path[-1])
            if column.kind == "v":
                _ = self._dictionary.lists[tuple(given)] if column.many else self._dictionary.texts[given]
            elif column.kind == "f":
                _flags((given,))
            else:
                raise TypeError(f"a column of kind '{column.kind}' cannot stand in a shared part")
        self._known[packed] = self._dictionary.reference(packed)


def _texts_alone(given: dict[str, Any]) -> bool:
    return all(value is None or type(value) is str for value in given.values())


class Dictionary:
    """The values of a segment in the order in which frames bring them; told apart by their MessagePack bytes."""

    def __init__(self, known: Iterable[bytes] = ()) -> None:
        """``known``: what the segment's frames hold already."""
        self.packed: list[bytes] = list(known)
        self.sent = len(self.packed)
        """So many of them stand in a frame."""
        self._places = {value: place for place, value in enumerate(self.packed)}
        self.texts = _Texts(self)
        self.lists = _Lists(self)
        self._shared: dict[tuple[str, Part], _Shared] = {}
        self._layouts: dict[tuple[Any, ...], tuple[int, tuple[Column, ...]]] = {}

    def reference(self, packed: bytes) -> int:
        """The place of a value, added where it is new."""
        place = self._places.get(packed)
        if place is None:
            place = self._places[packed] = len(self.packed)
            self.packed.append(packed)
        return place

    def shared(self, schema: Schema, part: Part) -> _Shared:
        """The references of a shared part."""
        known = self._shared.get((schema.name, part))
        if known is None:
            inside = tuple(column for column in schema.columns if column.path[:-1] == part.path)
            known = self._shared[schema.name, part] = _Shared(self, inside)
        return known

    def layout(
        self, schema: Schema, parts: tuple[Part, ...], shared: tuple[bool, ...], names: tuple[tuple[str, ...], ...]
    ) -> tuple[int, tuple[Column, ...]]:
        """The reference of a layout, and the schema's columns that stand in the frame.

        ``shared`` says which of the parts are, ``names`` are those of each fan.
        """
        key = (schema.name, parts, shared, names)
        known = self._layouts.get(key)
        if known is None:
            homes = {part.path: place for place, part in enumerate(parts) if shared[place]}
            stored = tuple(column for column in schema.columns if column.path[:-1] not in homes)
            columns = [(column.name, column.kind) for column in HEADER_COLUMNS]
            columns += [(part.name, "m") for part, is_shared in zip(parts, shared, strict=True) if is_shared]
            columns += [(column.name, column.kind) for column in stored]
            for fan, inner in zip(schema.fans, names, strict=True):
                columns += [(f"{fan.prefix}.{name}", "n") for name in inner]
            inside = tuple(
                (column.name, column.kind, homes[column.path[:-1]], column.path[-1])
                for column in schema.columns
                if column.path[:-1] in homes
            )
            made = Layout(schema.name, tuple(columns), tuple(part.path for part in parts), inside)
            known = self._layouts[key] = self.reference(_encode(made)), stored
        return known

    def news(self) -> bytes:
        """What no frame holds yet as one MessagePack array (empty when there is nothing), from now on sent."""
        new = self.packed[self.sent :]
        self.sent = len(self.packed)
        return packed_array(new)


def packed_array(values: Sequence[bytes]) -> bytes:
    """A MessagePack array of values that are packed already; nothing at all for none."""
    if not values:
        return b""
    count = len(values)
    head = struct.pack(">B", 0x90 | count) if count < 16 else struct.pack(">BI", 0xDD, count)
    return head + b"".join(values)


# -- a frame that is made ----------------------------------------------------------------------------------------------


class Frame:
    """A pulse encoded; header, checksum and chain are put in when it is known where it goes."""

    __slots__ = (
        "blobs_length", "body_crc", "buffer", "columns", "columns_length", "count", "dictionary", "digest", "ends",
        "fresh", "largest", "layout", "pulse_id", "seq", "smallest", "values_after", "values_length", "values_sent",
    )  # fmt: skip

    def __init__(self, pulse_id: int, seq: int, count: int, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self.pulse_id = pulse_id
        self.seq = seq
        self.count = count
        self.smallest = self.largest = 0.0
        self.blobs_length = self.values_length = self.columns_length = self.layout = 0
        self.buffer = bytearray(HEADER_LENGTH)
        self.columns = b""
        self.ends = b""
        self.fresh = False
        """A new segment begins with this frame."""
        self.values_sent = self.values_after = 0
        """Values that stand in frames before this one, and with it."""
        self.body_crc = 0
        self.digest = b""

    def sum_up(self) -> None:
        """Checksum and digest of the body. Where frames are made, not where they are written: a thread that leaves the
        interpreter to hash waits for milliseconds until a busy one lets it in again."""
        body = memoryview(self.buffer)[HEADER_LENGTH:]
        self.body_crc = crc(body)
        self.digest = hashlib.sha256(body).digest()

    def complete(self, salt: bytes, worker: int, durable: int, before: bytes) -> bytes:
        """Put in what depends on the place; answers the chain value of this pulse."""
        buffer = self.buffer
        if not self.digest:
            self.sum_up()
        HEADER.pack_into(
            buffer, 0,
            MAGIC, VERSION, 0, len(buffer), salt, self.pulse_id, self.seq, durable, self.smallest, self.largest,
            self.count, worker, self.blobs_length, self.values_length, self.columns_length, self.layout,
            self.body_crc, before, self.digest, 0,
        )  # fmt: skip
        _HEADER_CRC.pack_into(buffer, HEADER_LENGTH - 4, crc(buffer, 0, HEADER_LENGTH - 4))
        return chain_value(buffer)


def chain_value(frame: bytes | bytearray | memoryview) -> bytes:
    """What the next pulse's header repeats: the SHA-256 of this one's header, which holds that of its body."""
    return hashlib.sha256(memoryview(frame)[:HEADER_LENGTH]).digest()


def _append_aligned(buffer: bytearray, section: bytes | bytearray) -> None:
    buffer += bytes(-len(buffer) & 7)
    buffer += section


class RowError(ValueError):
    """Records that cannot be encoded; the caller looks for the one that is at fault."""


def encode(rows: Sequence[Record], schema: Schema, dictionary: Dictionary, pulse_id: int, seq: int) -> Frame:
    """As many of ``rows`` as fit, at least one, as a frame.

    Args:
        rows: at most ``RECORDS``; see ``Record``.
        schema: what its columns are.
        dictionary: of the segment that the frame goes to; gains what is new.
        pulse_id: the frame's.
        seq: the first record's.

    Raises:
        RowError: a record lacks a field, or holds what cannot be encoded. Nothing is lost but the frame.
    """
    frame = Frame(pulse_id, seq, len(rows), dictionary)
    with collector_paused():
        return _encoded(frame, rows, schema, dictionary)


class _Taken(dict[tuple[str, ...], Sequence[Any]]):
    """What stands at a way in each record of a pulse, taken when it is asked for first."""

    def __missing__(self, path: tuple[str, ...]) -> Sequence[Any]:
        above = self[path[:-1]]
        found: Sequence[Any]
        try:
            found = list(map(_getter(path[-1]), above))
        except KeyError:
            if len(path) == 1:
                raise
            found = [each.get(path[-1]) for each in above]
        self[path] = found
        return found


_getter: Final = functools.cache(itemgetter)


def _encoded(frame: Frame, rows: Sequence[Record], schema: Schema, dictionary: Dictionary) -> Frame:
    try:
        taken = _Taken({(): rows})
        parts = _parts(taken, schema)
        shared = [
            dictionary.shared(schema, part).references(taken[part.path]) if part.shared else None for part in parts
        ]
        own = [taken[part.path] for part, places in zip(parts, shared, strict=True) if places is None]
        buffer = frame.buffer
        ends: list[int] = []
        for blobs in zip(*own, strict=True) if own else repeat((), len(rows)):
            _encode_into(blobs, buffer, -1)
            end = len(buffer)
            if end > FULL and ends:
                return _encoded(_begun(frame, len(ends)), rows[: len(ends)], schema, dictionary)
            ends.append(end)
        frame.ends = _wholes(ends)
        frame.blobs_length = len(buffer) - HEADER_LENGTH
        _add_columns(frame, taken, schema, dictionary, parts, shared)
        frame.sum_up()
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, struct.error) as fault:
        raise RowError(f"{type(fault).__name__}: {fault}") from fault
    return frame


def _begun(frame: Frame, count: int) -> Frame:
    return Frame(frame.pulse_id, frame.seq, count, frame.dictionary)


def _parts(taken: _Taken, schema: Schema) -> tuple[Part, ...]:
    """The schema's parts, or the whole maps where a record's are not of the form that the schema knows."""
    for name, keys in schema.cuts:
        maps = taken[(name,)]
        if set(map(len, maps)) != {len(keys)}:
            return WHOLE
        try:
            for key in keys:
                taken[(name, key)] = list(map(_getter(key), maps))
        except KeyError:
            return WHOLE
    return schema.parts


def _add_columns(
    frame: Frame,
    taken: _Taken,
    schema: Schema,
    dictionary: Dictionary,
    parts: tuple[Part, ...],
    shared: Sequence[list[int] | None],
) -> None:
    buffer = frame.buffer
    times = taken[("timestamp",)]
    frame.smallest, frame.largest = min(times), max(times)
    names, fanned = [], []
    for fan in schema.fans:
        keys, columns = _fanned(taken[fan.path])
        names.append(keys)
        fanned += [(column, "n", False) for column in columns]
    is_shared = tuple(places is not None for places in shared)
    frame.layout, stored = dictionary.layout(schema, parts, is_shared, tuple(names))
    todo = [(taken[column.path], column.kind, column.many) for column in HEADER_COLUMNS]
    todo += [(places, "w", False) for places in shared if places is not None]
    todo += [(taken[column.path], column.kind, column.many) for column in stored]
    packed = _packed_columns(todo + fanned, frame.count, dictionary)
    frame.values_sent = dictionary.sent
    values = dictionary.news()
    frame.values_after = dictionary.sent
    frame.values_length = len(values)
    _append_aligned(buffer, values)
    frame.columns_length = len(packed)
    frame.columns = packed
    _append_aligned(buffer, packed)
    _append_aligned(buffer, frame.ends)
    buffer += bytes(-len(buffer) & 7)


def _packed_columns(todo: Iterable[tuple[Sequence[Any], str, bool]], count: int, dictionary: Dictionary) -> bytes:
    """Columns (values, kind, whether these are lists) as the section of a frame; what does not fit raises."""
    forms, parts = bytearray(), []
    texts, lists = dictionary.texts, dictionary.lists
    data: bytes
    for column, kind, many in todo:
        first = column[0]
        if first == column[-1] and column.count(first) == count:
            forms.append(1)
            if kind == "v":
                parts.append(_ONE_WHOLE(lists[tuple(first)] if many else texts[first]))
            elif kind == "n":
                parts.append(_numbers((first,)))
            else:
                parts.append((_flags((first,)) if kind == "f" else _wholes((first,))).ljust(8, b"\0"))
            continue
        forms.append(0)
        if kind == "n":
            data = _numbers(column)
        elif kind == "v":
            data = _wholes(map(lists.__getitem__, map(tuple, column)) if many else map(texts.__getitem__, column))
        else:
            data = _flags(column) if kind == "f" else _wholes(column)
        parts.append(data)
        if len(data) & 7:
            parts.append(bytes(-len(data) & 7))
    return b"".join([forms, bytes(-len(forms) & 7), *parts])


_ONE_WHOLE: Final = struct.Struct("<Q").pack


@functools.cache
def _packer(kind: str, count: int) -> Callable[..., bytes]:
    """Packs so many numbers at once: for floats seven times as fast as an ``array``."""
    return struct.Struct(f"<{count}{kind}").pack


def _numbers(column: Sequence[Any]) -> bytes:
    try:
        packed = _packer("d", len(column))(*column)
        total = sum(column)
        if total - total == 0.0:
            return packed
    except struct.error:  # nothing, or no number
        column = [_NAN if each is None else _number(each) for each in column]
        return _packer("d", len(column))(*column)
    for each in column:  # one is not finite, or the sum of sound ones is not
        _number(each)
    return packed


def _number(given: Any) -> float:
    if isinstance(given, str) or not math.isfinite(given):
        raise ValueError(f"{given!r} is no finite number")
    return float(given)


def _wholes(column: Iterable[int]) -> bytes:
    column = list(column)
    try:
        return _packer("I", len(column))(*column)
    except struct.error:
        raise ValueError("a whole number must be from 0 to 4,294,967,295") from None


def _flags(column: Sequence[Any]) -> bytes:
    if type(column[0]) is not bool or column.count(True) + column.count(False) != len(column):
        raise TypeError("a flag must be true or false")
    return bytes(column)


def _fanned(maps: Sequence[dict[str, Any]]) -> tuple[tuple[str, ...], Iterable[Sequence[Any]]]:
    """The names in some maps and a column for each; a name that a map lacks is nothing there."""
    names = tuple(maps[0])
    if all(type(name) is str for name in names) and len(set(map(len, maps))) == 1:
        if not names:
            return (), ()
        with contextlib.suppress(KeyError):
            return names, [list(map(itemgetter(name), maps)) for name in names]
    names = tuple(sorted({name for each in maps for name in each}))
    return names, [[each.get(name) for each in maps] for name in names]


def seeded(frame: Frame) -> Frame:
    """A frame without records that carries into a new segment what ``frame`` takes as known."""
    made = Frame(frame.pulse_id, frame.seq, 0, frame.dictionary)
    packed = packed_array(frame.dictionary.packed[: frame.values_sent])
    made.values_length = len(packed)
    made.buffer += packed
    made.buffer += bytes(-len(made.buffer) & 7)
    return made


# -- a frame that is read ----------------------------------------------------------------------------------------------


class Head(NamedTuple):
    """A frame's header, and the file position it was read at."""

    position: int
    length: int
    salt: bytes
    pulse_id: int
    seq: int
    durable: int
    smallest: float
    largest: float
    records: int
    worker: int
    blobs_length: int
    values_length: int
    columns_length: int
    layout: int
    body_crc: int
    before: bytes
    digest: bytes

    @property
    def values(self) -> tuple[int, int]:
        """Where the new values stand, from the start of the frame."""
        start = align8(HEADER_LENGTH + self.blobs_length)
        return start, start + self.values_length

    @property
    def columns(self) -> tuple[int, int]:
        """Where the columns stand."""
        start = align8(self.values[1])
        return start, start + self.columns_length

    @property
    def ends(self) -> tuple[int, int]:
        """Where the ends of the blobs stand."""
        start = align8(self.columns[1])
        return start, start + 4 * self.records


def head_at(data: bytes | memoryview, position: int = 0, file_position: int | None = None) -> Head | str:
    """The header that stands at ``position`` of ``data``, or what is wrong there."""
    if position + HEADER_LENGTH > len(data):
        return "the end of the file"
    raw = bytes(data[position : position + HEADER_LENGTH])
    found = HEADER.unpack(raw)
    if found[0] != MAGIC:
        return "zeros" if not any(raw) else f"bytes {raw[:8].hex()}"
    if found[19] != google_crc32c.value(raw[: HEADER_LENGTH - 4]):
        return "a header with a wrong checksum"
    if found[1] != VERSION:
        return f"a frame of version {found[1]}"
    head = Head(position if file_position is None else file_position, found[3], *found[4:19])
    if head.length < HEADER_LENGTH or head.length & 7 or align8(head.ends[1]) != head.length:
        return "a header whose lengths do not fit"
    return head
