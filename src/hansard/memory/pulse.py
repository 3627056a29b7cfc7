"""A pulse: up to 128 records of one schema as one frame of bytes (docs/memory-format.md, "Frame").

Records go in as plain dicts with the names of the specification (section 2). What is hot here was measured: a record is
encoded by one call into the frame's own buffer, and columns are taken out of all records of a pulse at once.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import math
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Schema:
    """What can be filtered without opening blobs, for records of one source."""

    name: str
    columns: tuple[Column, ...]
    fans: tuple[Fan, ...] = ()
    nodes: tuple[Node, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", tuple(_nodes(self)))


class Node(NamedTuple):
    """The places of a record that lie in the same map, each with what takes it out.

    One getter a place: measured, that is faster than one that makes tuples of all.
    """

    parent: tuple[str, ...]
    children: tuple[tuple[tuple[str, ...], Callable[[Any], Any]], ...]


def _nodes(schema: Schema) -> Iterable[Node]:
    paths: set[tuple[str, ...]] = {(name,) for name in (*BLOBS, *(column.name for column in HEADER_COLUMNS))}
    for path in [column.path for column in schema.columns] + [fan.path for fan in schema.fans]:
        paths |= {path[:depth] for depth in range(1, len(path) + 1)}
    for parent in sorted({path[:-1] for path in paths}, key=lambda each: (len(each), each)):
        inside = sorted(path for path in paths if path[:-1] == parent)
        yield Node(parent, tuple((path, itemgetter(path[-1])) for path in inside))


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
        self._layouts: dict[tuple[str, tuple[tuple[str, ...], ...]], int] = {}

    def reference(self, packed: bytes) -> int:
        """The place of a value, added where it is new."""
        place = self._places.get(packed)
        if place is None:
            place = self._places[packed] = len(self.packed)
            self.packed.append(packed)
        return place

    def layout(self, schema: Schema, names: tuple[tuple[str, ...], ...]) -> int:
        """The reference of a layout; ``names`` are those of each fan."""
        known = self._layouts.get((schema.name, names))
        if known is None:
            columns = [(column.name, column.kind) for column in (*HEADER_COLUMNS, *schema.columns)]
            for fan, inner in zip(schema.fans, names, strict=True):
                columns += [(f"{fan.prefix}.{name}", "n") for name in inner]
            known = self._layouts[schema.name, names] = self.reference(_encode((schema.name, columns)))
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
        "blobs_length", "buffer", "columns", "columns_length", "count", "dictionary", "ends", "fresh", "largest",
        "layout", "pulse_id", "seq", "smallest", "values_after", "values_length", "values_sent",
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

    def complete(self, salt: bytes, worker: int, durable: int, before: bytes) -> bytes:
        """Put in what depends on the place; answers the chain value of this pulse."""
        buffer = self.buffer
        body = memoryview(buffer)[HEADER_LENGTH:]
        HEADER.pack_into(
            buffer, 0,
            MAGIC, VERSION, 0, len(buffer), salt, self.pulse_id, self.seq, durable, self.smallest, self.largest,
            self.count, worker, self.blobs_length, self.values_length, self.columns_length, self.layout,
            crc(body), before, hashlib.sha256(body).digest(), 0,
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


def _encoded(frame: Frame, rows: Sequence[Record], schema: Schema, dictionary: Dictionary) -> Frame:
    try:
        taken: dict[tuple[str, ...], Sequence[Any]] = {(): rows}
        for node in schema.nodes:
            _take(taken, node)
        buffer = frame.buffer
        ends: list[int] = []
        for blobs in zip(taken[("error_metrics",)], taken[("params",)], taken[("context",)], strict=True):
            _encode_into(blobs, buffer, -1)
            end = len(buffer)
            if end > FULL and ends:
                return encode(rows[: len(ends)], schema, dictionary, frame.pulse_id, frame.seq)
            ends.append(end)
        frame.ends = _wholes(ends)
        _add_columns(frame, taken, schema, dictionary)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, struct.error) as fault:
        raise RowError(f"{type(fault).__name__}: {fault}") from fault
    return frame


def _take(taken: dict[tuple[str, ...], Sequence[Any]], node: Node) -> None:
    """The columns that lie in one map of each record."""
    above = taken[node.parent]
    first = above[0]
    if len(node.parent) > 1 and first == above[-1] and above.count(first) == len(above):
        # a session is mostly the same in all records of a pulse: one comparison saves a look for each of its fields
        for path, _ in node.children:
            taken[path] = [first.get(path[-1])] * len(above)
        return
    for path, get in node.children:
        try:
            taken[path] = list(map(get, above))
        except KeyError:
            if not node.parent:
                raise
            taken[path] = [each.get(path[-1]) for each in above]


def _add_columns(
    frame: Frame, taken: dict[tuple[str, ...], Sequence[Any]], schema: Schema, dictionary: Dictionary
) -> None:
    buffer = frame.buffer
    frame.blobs_length = len(buffer) - HEADER_LENGTH
    times = taken[("timestamp",)]
    frame.smallest, frame.largest = min(times), max(times)
    todo = [(taken[column.path], column.kind, column.many) for column in (*HEADER_COLUMNS, *schema.columns)]
    names = []
    for fan in schema.fans:
        keys, columns = _fanned(taken[fan.path])
        names.append(keys)
        todo += [(column, "n", False) for column in columns]
    packed = _packed_columns(todo, frame.count, dictionary)
    frame.layout = dictionary.layout(schema, tuple(names))
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
