"""A segment: a file of frames, where it ends, and the footer that is derived from it (docs/memory-format.md)."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain as chained
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from hansard.kernel.errors import HansardError
from hansard.memory import errors
from hansard.memory.compressed import MAGIC as COMPRESSED
from hansard.memory.compressed import Blocks
from hansard.memory.disk import Disk, put, put_in_place
from hansard.memory.pulse import (
    HEADER_LENGTH,
    MAGIC,
    RECORDS,
    Head,
    align8,
    chain_value,
    crc,
    head_at,
    layout_of,
    packed_array,
)

SEGMENT_MAGIC: Final = b"\x89HSEG\r\n\x1a"
SEGMENT: Final = struct.Struct("<8sHHI8sQQ32sd44sI")
FOOTER_MAGIC: Final = b"\x93HFOOTR\n"
TRAILER: Final = struct.Struct("<8sHHI8sQQI16sI")
VERSION: Final = 1
START: Final = 128
"""Where the first frame stands: the length of a segment's header."""

READ: Final = 1 << 20
"""Bytes that a walk reads at once."""

NAME: Final = re.compile(r"[0-9]{12,20}\.seg\Z")

_decode: Final = msgspec.msgpack.Decoder().decode
_raws: Final = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_encode: Final = msgspec.msgpack.Encoder().encode


def file_name(first_pulse: int) -> str:
    """The name of the segment that begins with this pulse."""
    return f"{first_pulse:012d}.seg"


def segments(folder: Path) -> list[Path]:
    """The segments of a worker in order.

    Raises:
        HansardError: ``memory_foreign`` for a ``.seg`` file with another kind of name; ``memory_unreadable``.
    """
    found = []
    try:
        for path in folder.iterdir():
            if path.suffix == ".seg":
                # one name for one number: two files of it would be read twice
                if NAME.match(path.name) is None or path.name != file_name(first_pulse(path)):
                    raise errors.memory_foreign(path.name, "its name is no number of a pulse")
                found.append(path)
    except OSError as fault:
        raise errors.memory_unreadable(folder.name, fault.strerror or "unknown reason") from None
    return sorted(found, key=first_pulse)


def first_pulse(path: Path) -> int:
    """The pulse that a segment begins with, by its name."""
    return int(path.stem)


def with_stops(paths: Sequence[Path]) -> list[tuple[Path, int | None]]:
    """Segments in order, each with the first pulse of the next: its own from there on are superseded."""
    return list(zip(paths, [*map(first_pulse, paths[1:]), None], strict=False))


def kept_aside(folder: Path) -> list[Path]:
    """Files of torn or damaged bytes that were kept beside a worker's segments."""
    return sorted((*folder.glob("*.seg.torn-*"), *folder.glob("*.seg.damaged-*")))


class SegmentHead(NamedTuple):
    """A segment's header."""

    worker: int
    salt: bytes
    first_pulse: int
    first_seq: int
    before: bytes
    made: float

    def packed(self) -> bytes:
        """Its 128 bytes."""
        data = bytearray(START)
        fields = (self.worker, self.salt, self.first_pulse, self.first_seq, self.before, self.made)
        SEGMENT.pack_into(data, 0, SEGMENT_MAGIC, VERSION, 0, *fields, b"", 0)
        struct.pack_into("<I", data, START - 4, crc(data, 0, START - 4))
        return bytes(data)


class Handle:
    """A segment opened for reading; a compressed one reads as the segment that it is."""

    def __init__(self, path: Path, *, holes: bool = False) -> None:
        """Open the file.

        Args:
            path: which.
            holes: damaged blocks of a compressed segment read as zeros; for a repair.

        Raises:
            HansardError: ``memory_unreadable``; ``memory_foreign`` for what is no file (a pipe, a folder); of a
                compressed segment also ``memory_corrupt``.
        """
        self.path = path
        self.name = path.name
        self._holes = holes
        self._blocks: Blocks | None = None
        try:
            # a pipe would have the opening wait for somebody who writes into it
            self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as fault:
            raise errors.memory_unreadable(path.name, fault.strerror or "unknown reason") from None
        if not stat.S_ISREG(os.fstat(self.number).st_mode):
            self.close()
            raise errors.memory_foreign(self.name, "it is no file")
        try:
            if self.stored(0, len(COMPRESSED)) == COMPRESSED:
                self._blocks = Blocks(self.stored, self.stored_size())
        except ImportError:
            self.close()
            raise errors.memory_unreadable(
                self.name, "it is compressed, and the extra 'zstd' is not installed"
            ) from None
        except (ValueError, struct.error) as fault:
            self.close()
            raise errors.memory_corrupt(self.name, 0, "a compressed segment", str(fault)) from None
        except HansardError:
            self.close()
            raise

    @property
    def compressed(self) -> bool:
        """Whether the file's bytes are not the segment's."""
        return self._blocks is not None

    def size(self) -> int:
        """The segment's length now."""
        return self.stored_size() if self._blocks is None else self._blocks.size

    def stored_size(self) -> int:
        """The file's length now."""
        return os.fstat(self.number).st_size

    def replaced(self) -> bool:
        """Whether another file has this one's name now."""
        try:
            return self.path.stat().st_ino != os.fstat(self.number).st_ino
        except FileNotFoundError:
            return False

    def read(self, position: int, length: int) -> bytes:
        """These bytes of the segment, fewer where it ends.

        Raises:
            HansardError: ``memory_unreadable`` when the system fails; ``memory_corrupt`` for a damaged block.
        """
        if self._blocks is None:
            return self.stored(position, length)
        try:
            return self._blocks.read(position, length, holes=self._holes)
        except ValueError as fault:
            raise errors.memory_corrupt(self.name, position, "a compressed block", str(fault)) from None

    def stored(self, position: int, length: int) -> bytes:
        """These bytes of the file. Raises ``memory_unreadable``."""
        try:
            data = os.pread(self.number, length, position)
            while len(data) < length and (more := os.pread(self.number, length - len(data), position + len(data))):
                data += more
        except OSError as fault:
            raise errors.memory_unreadable(self.name, fault.strerror or "unknown reason") from None
        return data

    def close(self) -> None:
        """Give it back."""
        if self.number >= 0:
            with contextlib.suppress(OSError):
                os.close(self.number)
            self.number = -1

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def pieces(read: Callable[[int, int], bytes], start: int, end: int | None = None) -> Iterator[bytes]:
    """What ``read`` gives from a position on, up to ``end`` or as long as there is any, ``READ`` bytes at a time."""
    while data := read(start, READ if end is None else min(READ, end - start)):
        yield data
        start += len(data)


def read_head(handle: Handle) -> SegmentHead | None:
    """A segment's header, or ``None`` where there is no whole one.

    Raises:
        HansardError: ``memory_newer``; ``memory_foreign`` for a file of another kind.
    """
    raw = handle.read(0, START)
    if len(raw) == START:
        fields = SEGMENT.unpack(raw)
        if fields[0] == SEGMENT_MAGIC and fields[-1] == crc(raw, 0, START - 4):
            if fields[1] > VERSION:
                raise errors.memory_newer(handle.name, fields[1], VERSION)
            return SegmentHead(*fields[3:9])
        if fields[0] != SEGMENT_MAGIC and any(raw) and not Walk.anything(handle):
            raise errors.memory_foreign(handle.name, f"it begins with bytes {raw[:8].hex()}")
    return None


# -- walking -----------------------------------------------------------------------------------------------------------


class Kept(NamedTuple):
    """What is remembered of a frame until its segment has a footer."""

    position: int
    length: int
    pulse_id: int
    seq: int
    records: int
    smallest: float
    largest: float
    layout: int
    columns: bytes
    ends: bytes


class Walk:
    """The whole frames of a segment from its first on, and what stands where they end.

    Attributes:
        kept: a frame each, those without records too.
        packed: the dictionary.
        end: where the last whole frame ends.
        pulse_id, seq: of the next frame.
        chain: chain value of the last frame.
        torn: what stands at ``end``, when it is neither the file's end nor zeros: a sentence.
        later: whole frames behind it: (position, pulse id).
        witness: the frame behind that says that the one at ``end`` was on the disk.
    """

    def __init__(self, handle: Handle, head: SegmentHead, stop: int | None = None) -> None:
        """``stop``: pulses from here on are superseded by a later segment.

        Raises:
            HansardError: ``memory_unreadable``.
        """
        self.kept: list[Kept] = []
        self.packed: list[bytes] = []
        self.end = START
        self.pulse_id = head.first_pulse
        self.seq = head.first_seq
        self.chain = head.before
        self.torn: str | None = None
        self.later: list[tuple[int, int]] = []
        self.witness: Head | None = None
        self._handle = handle
        self._head = head
        self._stop = stop
        self.go_on()

    @staticmethod
    def anything(handle: Handle) -> bool:
        """Whether a file holds a whole frame of any segment."""
        return any(True for _ in whole_frames(handle, 0, None))

    def go_on(self) -> bool:
        """Take up frames that came since; answers whether there were any."""
        before, last = self.end, b""
        self.torn, self.later, self.witness = None, [], None
        wrong = ""
        unreadable: Head | None = None
        chunk, start = b"", self.end
        while self._stop is None or self.pulse_id < self._stop:
            if self.end + HEADER_LENGTH > start + len(chunk):
                chunk, start = self._handle.read(self.end, READ), self.end
            found = head_at(chunk, self.end - start, self.end)
            if isinstance(found, Head):
                if self.end + found.length > start + len(chunk):
                    chunk, start = self._handle.read(self.end, max(found.length, READ)), self.end
                data = chunk[self.end - start : self.end - start + found.length]
                if (sound := checked(found, data, self._head, self.pulse_id, self.seq)) == CROWDED:
                    wrong, unreadable = CROWDED, found  # it says itself that it is whole, so no crash tore it
                    break
                found = sound
            if isinstance(found, str):
                wrong = found
                break
            values = values_of(data[slice(*found.values)])
            if values is None:  # nor this one
                wrong, unreadable = "new values that cannot be read", found
                break
            last = data
            self.packed += values
            self._take(found, last)
        if last:
            self.chain = chain_value(last)
        if unreadable is not None:
            self.torn, self.witness = wrong, unreadable
        # while a log is read that grows, its reserved room need not be looked through again each time
        elif wrong and wrong != "the end of the file" and (before == START or wrong != "zeros"):
            self._judge(wrong)
        return self.end > before

    @property
    def damaged(self) -> bool:
        """Whether what stands at ``end`` is no torn end: it was on the disk, or another segment goes on behind it."""
        return self.witness is not None or (self.torn is not None and self._stop is not None)

    def footer(self) -> bytes:
        """The footer that these frames give."""
        return footer(self.kept, self.packed, self.end, self.chain, self._head.salt)

    def _take(self, head: Head, data: bytes) -> None:
        columns, ends = data[slice(*head.columns)], data[slice(*head.ends)]
        where = (head.position, head.length, head.pulse_id, head.seq, head.records, head.smallest, head.largest)
        self.kept.append(Kept(*where, head.layout, columns, ends))
        self.end += head.length
        self.seq += head.records
        self.pulse_id += 1 if head.records else 0

    def _judge(self, wrong: str) -> None:
        """Tell the end of what was written from what was damaged."""
        if wrong == "zeros" and _only_zeros(self._handle, self.end):
            return
        # eight bytes are no proof of a footer: whole frames behind them are one that it is none
        for head in whole_frames(self._handle, self.end + 8, self._head.salt):
            self.later.append((head.position, head.pulse_id))
            if head.durable >= self.pulse_id:
                self.witness = head
                break
        closing = self._handle.read(self.end, 8) == FOOTER_MAGIC or is_footer(self._handle, self._head.salt, self.end)
        if self.later or not closing:
            self.torn = wrong


def values_of(packed: bytes) -> list[bytes] | None:
    """The values that a frame adds to the dictionary, or ``None`` where they are no readable MessagePack."""
    if not packed:
        return []
    try:
        values = list(map(bytes, _raws(packed)))
        for value in values:
            _decode(value)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return values


CROWDED: Final = f"a pulse of more than {RECORDS} records"


def checked(head: Head, data: bytes | memoryview, segment: SegmentHead, pulse_id: int, seq: int) -> Head | str:
    """The frame's header if the frame is whole and the one that is expected, else what is wrong with it."""
    if head.salt != segment.salt:
        return "a frame of another segment"
    if head.worker != segment.worker:
        return f"a frame of worker {head.worker}"
    if (head.pulse_id, head.seq) != (pulse_id, seq):
        return f"pulse {head.pulse_id} with seq {head.seq} in the place of pulse {pulse_id} with seq {seq}"
    if len(data) < head.length:
        return "a frame that the file's end cuts"
    if crc(data, HEADER_LENGTH, head.length) != head.body_crc:
        return "a body with a wrong checksum"
    return CROWDED if head.records > RECORDS else head


def _only_zeros(handle: Handle, position: int) -> bool:
    return all(data.count(0) == len(data) for data in pieces(handle.read, position))


def whole_frames(handle: Handle, position: int, salt: bytes | None) -> Iterable[Head]:
    """Whole frames (of this salt) anywhere from ``position`` on."""
    magic = np.frombuffer(MAGIC, "<u8")[0]
    position = align8(position)
    while len(data := handle.read(position, READ)) >= 8:
        words = np.frombuffer(data, "<u8", len(data) // 8)
        for place in np.flatnonzero(words == magic).tolist():
            at = position + 8 * place
            head = head_at(handle.read(at, HEADER_LENGTH), 0, at)
            if not isinstance(head, Head) or (salt is not None and head.salt != salt):
                continue
            body = handle.read(at, head.length)
            if len(body) != head.length or crc(body, HEADER_LENGTH) != head.body_crc:
                continue
            if values_of(body[slice(*head.values)]) is not None:
                yield head
        position += len(data) & ~7


# -- the footer --------------------------------------------------------------------------------------------------------


class Array(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An array of the footer, or a constant."""

    name: str
    type: str
    rows: int
    position: int
    length: int
    crc: int
    constant: float | int | None
    smallest: float | int | None
    largest: float | int | None


class Form(msgspec.Struct, array_like=True, frozen=True):
    """How records are put together: their parts in order, each with whether it is shared."""

    schema: str
    parts: tuple[tuple[tuple[str, ...], bool], ...]
    inside: tuple[tuple[str, str, int, str], ...]
    """Columns that stand in a shared part: name, kind, the part's place, the key."""


class Directory(msgspec.Struct, array_like=True, frozen=True):
    """What a footer holds."""

    frames_end: int
    rows: int
    chain: bytes
    forms: list[Form]
    arrays: list[Array]


_directory: Final = msgspec.msgpack.Decoder(Directory).decode

ABSENT: Final = {"n": np.nan, "w": 0, "f": 2, "v": 0xFFFFFFFF, "m": 0}
"""What a column holds for records whose schema has no such column."""

TYPES: Final[dict[str, np.dtype[Any]]] = {
    "n": np.dtype("<f8"), "w": np.dtype("<u4"), "f": np.dtype("u1"), "v": np.dtype("<u4"),
    "m": np.dtype("<u4"),
}  # fmt: skip

_CONSTANT: Final = {kind: np.dtype("<f8" if kind == "n" else "<u8") for kind in TYPES}


class Data(NamedTuple):
    """A column over all records of a segment: an array, or one value for all."""

    name: str
    data: Any
    constant: bool


UNREADABLE: Final = (
    LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError, msgspec.DecodeError,
)  # fmt: skip
"""What putting columns together raises of whole frames whose layout nobody of ours wrote."""


def consolidated(kept: Sequence[Kept], packed: Sequence[bytes]) -> tuple[list[Data], list[Form]]:
    """The columns over all records of some frames, at their widest, and the forms of the records."""
    kept = [frame for frame in kept if frame.records]
    counts = np.array([frame.records for frame in kept], np.int64)
    starts = np.concatenate(([0], np.cumsum(counts)))
    rows = int(starts[-1])
    layouts = {reference: layout_of(packed[reference]) for reference in {frame.layout for frame in kept}}
    alike: dict[tuple[int, int, bytes], list[int]] = {}
    for place, frame in enumerate(kept):
        width = len(layouts[frame.layout].columns)
        alike.setdefault((frame.layout, frame.records, frame.columns[:width]), []).append(place)
    forms = {
        reference: Form(each.schema, tuple(zip(each.parts, each.shared, strict=True)), each.inside)
        for reference, each in layouts.items()
    }
    told_forms = sorted(set(forms.values()), key=msgspec.msgpack.encode)
    form_of = np.zeros(len(kept), np.uint8 if len(told_forms) < 256 else np.uint32)
    pieces: dict[str, list[_Piece]] = {}
    for (reference, count, constants), alike_places in alike.items():
        layout = layouts[reference]
        places = np.array(alike_places)
        block = np.frombuffer(b"".join([kept[place].columns for place in alike_places]), np.uint8)
        block = block.reshape(len(places), -1)
        into: Any = starts[places][:, None] + np.arange(count)
        if places[-1] - places[0] == len(places) - 1:  # one behind the other, as most are: no list of rows is needed
            into = slice(int(starts[places[0]]), int(starts[places[-1] + 1]))
        form_of[places] = told_forms.index(forms[reference])
        position = align8(len(constants))
        for (name, kind), constant in zip(layout.columns, constants, strict=True):
            length = 8 if constant else count * TYPES[kind].itemsize
            data = block[:, position : position + length].view(_CONSTANT[kind] if constant else TYPES[kind])
            pieces.setdefault(f"{kind}:{name}", []).append(_Piece(places, into, bool(constant), data))
            position += align8(length)
    told = [_joined(name, found, counts, rows) for name, found in pieces.items()]
    told.append(_repeated("#form", form_of, counts))
    ends = np.frombuffer(b"".join([frame.ends for frame in kept]), "<u4").astype(np.int64)
    told.append(Data("#ends", ends + np.repeat([frame.position for frame in kept], counts) if kept else ends, False))
    table = {
        "#offset": [frame.position for frame in kept],
        "#pulse": [frame.pulse_id for frame in kept],
        "#seq": [frame.seq for frame in kept],
        "#count": counts,
    }
    told += [Data(name, np.array(values, np.int64), False) for name, values in table.items()]
    for name, times in (("#first", [f.smallest for f in kept]), ("#last", [f.largest for f in kept])):
        told.append(Data(name, np.array(times, "<f8"), False))
    return told, told_forms


class _Piece(NamedTuple):
    """A column in pulses of one form: which pulses, which rows, and constants (one a pulse) or arrays."""

    places: np.ndarray[Any, Any]
    into: Any
    constant: bool
    data: np.ndarray[Any, Any]


def _joined(name: str, pieces: list[_Piece], counts: np.ndarray[Any, Any], rows: int) -> Data:
    kind = name[0]
    if all(piece.constant for piece in pieces) and sum(len(piece.places) for piece in pieces) == len(counts):
        each = np.empty(len(counts), TYPES[kind])
        for piece in pieces:
            each[piece.places] = piece.data[:, 0]
        return _repeated(name, each, counts)
    covered = sum(len(piece.places) for piece in pieces) == len(counts)
    whole = np.empty(rows, TYPES[kind]) if covered else np.full(rows, ABSENT[kind], TYPES[kind])
    for piece in pieces:
        if isinstance(piece.into, slice):
            each = piece.data.reshape(-1)
            whole[piece.into] = np.repeat(each, counts[piece.places]) if piece.constant else each
        else:
            whole[piece.into] = piece.data
    return _told(name, whole)


def _repeated(name: str, each: np.ndarray[Any, Any], counts: np.ndarray[Any, Any]) -> Data:
    told = _told(name, each)
    return told if told.constant else Data(name, np.repeat(each, counts), False)


def _told(name: str, data: np.ndarray[Any, Any]) -> Data:
    if len(data) and data[0] == data[-1] and bool((data == data[0]).all()):
        return Data(name, data[0].item(), True)
    return Data(name, data, False)


def footer(kept: Sequence[Kept], packed: Sequence[bytes], end: int, chain: bytes, salt: bytes) -> bytes:
    """The footer of a segment whose frames end at ``end``."""
    columns, forms = consolidated(kept, packed)
    parts: list[bytes] = [FOOTER_MAGIC]
    position = end + len(FOOTER_MAGIC)
    arrays = []
    for name, data, constant in [*columns, Data("#values", np.frombuffer(packed_array(packed), np.uint8), False)]:
        if constant:
            arrays.append(Array(name, "", 0, 0, 0, 0, data if data == data else None, None, None))
            continue
        narrow = narrowed(data, keep_absent=name[0] == "v")
        raw = narrow.tobytes()
        low = high = None
        if name.startswith("n:") and not np.isnan(data).all():
            low, high = float(np.nanmin(data)), float(np.nanmax(data))
        arrays.append(Array(name, narrow.dtype.str, len(narrow), position, len(raw), crc(raw), None, low, high))
        parts += [raw, bytes(-len(raw) & 7)]
        position = align8(position + len(raw))
    directory = _encode(Directory(end, sum(frame.records for frame in kept), chain, forms, arrays))
    trailer = bytearray(TRAILER.size)
    TRAILER.pack_into(trailer, 0, FOOTER_MAGIC, VERSION, 0, len(directory), salt, end, position, crc(directory), b"", 0)
    struct.pack_into("<I", trailer, TRAILER.size - 4, crc(trailer, 0, TRAILER.size - 4))
    return b"".join([*parts, directory, bytes(-len(directory) & 7), trailer])


def narrowed(data: np.ndarray[Any, Any], *, keep_absent: bool) -> np.ndarray[Any, Any]:
    """Whole numbers in as few bytes as hold them; the mark of an absent value stays the largest of its type."""
    if data.dtype.kind == "f" or not len(data):
        return data
    absent = data == ABSENT["v"] if keep_absent else None
    largest = int(data.max() if absent is None else np.where(absent, 0, data).max())
    for narrow in (np.uint8, np.uint16, np.uint32, np.int64):
        if largest <= np.iinfo(narrow).max - (absent is not None):
            found = data.astype(narrow)
            if absent is not None:
                found[absent] = np.iinfo(narrow).max
            return found
    return data


def read_footer(handle: Handle, salt: bytes) -> Directory | None:
    """The directory of a whole footer of this segment that can be read by, or ``None``."""
    directory = stored_footer(handle, salt)
    return directory if directory is not None and _fits(directory, handle.size()) else None


_STORED: Final = frozenset({"<f8", "|u1", "<u2", "<u4", "<i8"})
_TABLE: Final = frozenset({"#offset", "#pulse", "#seq", "#count", "#first", "#last"})


def _fits(directory: Directory, size: int) -> bool:
    """Whether the arrays are where and what a footer's are; their checksums say only that somebody wrote them so."""
    arrays = {each.name: each for each in directory.arrays}
    if len(arrays) != len(directory.arrays) or not _TABLE | {"#ends", "#form", "#values"} <= arrays.keys():
        return False
    pulses = arrays["#pulse"].rows
    for name, each in arrays.items():
        kind = name[:1] if name[1:2] == ":" else ""
        if not each.type:
            if name == "#form":
                sound = each.constant in range(len(directory.forms))
            else:
                sound = kind == "n" or (kind in TYPES and each.constant in range(1 << 32))
        else:
            rows = pulses if name in _TABLE else each.rows if name == "#values" else directory.rows
            sound = (
                (name[:1] == "#" or kind in TYPES)
                and each.type in _STORED
                and each.rows == rows
                and each.length == rows * np.dtype(each.type).itemsize
                and directory.frames_end <= each.position <= size - each.length
            )
        if not sound or (not each.type and (name in _TABLE or name in {"#ends", "#values"})):
            return False
    return True


def stored_footer(handle: Handle, salt: bytes) -> Directory | None:
    """The directory of a footer of this segment with right checksums, whatever it says."""
    size = handle.size()
    if size < START + TRAILER.size:
        return None
    raw = handle.read(size - TRAILER.size, TRAILER.size)
    if len(raw) != TRAILER.size:
        return None
    magic, version, _, length, found_salt, end, position, directory_crc, _, own_crc = TRAILER.unpack(raw)
    if magic != FOOTER_MAGIC or version != VERSION or found_salt != salt or crc(raw, 0, TRAILER.size - 4) != own_crc:
        return None
    if position + length > size:
        return None
    data = handle.read(position, length)
    if len(data) != length or crc(data) != directory_crc:
        return None
    try:
        directory = _directory(data)
    except msgspec.DecodeError:
        return None
    return directory if directory.frames_end == end else None


def is_footer(handle: Handle, salt: bytes, end: int) -> bool:
    """Whether what stands at ``end`` is a footer, though its first bytes are damaged."""
    directory = read_footer(handle, salt)
    return directory is not None and directory.frames_end == end


def rewritten(disk: Disk, handle: Handle, end: int, behind: bytes = b"") -> None:
    """Put a file with the same beginning and something else behind it in a segment's place.

    Not in the file itself: readers map it, and a file that becomes shorter under a map ends the reader's process.

    Raises:
        OSError: the old file still stands.
    """
    put_in_place(disk, handle.path, chained(pieces(handle.read, 0, end), [behind] if behind else ()))


def torn_kept(disk: Disk, handle: Handle, end: int) -> str:
    """Copy what stands behind ``end`` beside the segment; answers the copy's name. Raises ``OSError``."""
    return copied_aside(disk, handle, f"{handle.name}.torn-{end}", pieces(handle.read, end))


def copied_aside(disk: Disk, handle: Handle, name: str, data: Iterable[bytes]) -> str:
    """Keep bytes beside the segment under a name, which is the answer. Raises ``OSError``."""
    put(disk, handle.path.with_name(name), data)
    disk.sync_folder(handle.path.parent)
    return name


def last_numbers(handle: Handle, directory: Directory) -> tuple[int, int]:
    """The last pulse of a segment with a footer, and the seq behind its last record.

    Raises:
        HansardError: ``memory_corrupt`` when the table of pulses is damaged.
    """
    numbers = {"#pulse", "#seq", "#count"}
    last = {each.name: int(array_of(handle, each)[-1]) for each in directory.arrays if each.name in numbers}
    return last["#pulse"], last["#seq"] + last["#count"]


def array_of(handle: Handle, array: Array) -> np.ndarray[Any, Any]:
    """An array of a footer, read and checked.

    Raises:
        HansardError: ``memory_corrupt``.
    """
    data = handle.read(array.position, array.length)
    if len(data) != array.length or crc(data) != array.crc:
        raise errors.memory_corrupt(handle.name, array.position, f"the column '{array.name}'", "a wrong checksum")
    return np.frombuffer(data, array.type)
