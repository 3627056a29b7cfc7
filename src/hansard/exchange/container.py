"""The container of a bundle: a ZIP of the plainest kind, and the reader that takes no other (docs/proof.md).

Parts stand one after the other, not compressed, without dates, comments or further fields, so that the same parts give
the same bytes everywhere, nothing can swell when it is read, and every byte of the file has one place and one value.
Any unpacking program reads it. Pure.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from hansard.exchange import errors

FIRST: Final = "manifest.json"
"""The first part of every bundle."""

LIMIT_BYTES: Final = 1024 * 1024 * 1024
PARTS: Final = 60_000
NAME_LENGTH: Final = 200

_NAME: Final = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._@+-]*/)*[A-Za-z0-9_][A-Za-z0-9._@+-]*")
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_VERSION: Final = 20
_MADE_BY: Final = (3 << 8) | _VERSION
_DATE: Final = 0x21
_MODE: Final = 0o100644 << 16


class Fault(NamedTuple):
    """Something in a container that is not as it was written."""

    code: str
    message: str
    part: str | None = None


class Contents(NamedTuple):
    """What a container holds, as far as it can be read, and what is wrong with it."""

    parts: dict[str, bytes]
    faults: list[Fault]


def is_bundle(data: bytes) -> bool:
    """Whether a file begins as a bundle does."""
    return data.startswith(b"PK\3\4") and data[30 : 30 + len(FIRST)] == FIRST.encode()


def is_part_name(name: str) -> bool:
    """Whether a part may have this name: plain characters, no way out of the folder it is unpacked in."""
    return len(name) <= NAME_LENGTH and _NAME.fullmatch(name) is not None


def packed(parts: Mapping[str, bytes]) -> bytes:
    """The container's bytes, parts in the order given.

    Raises:
        HansardError: ``bundle_too_large``.
    """
    if len(parts) > PARTS or sum(map(len, parts.values())) > LIMIT_BYTES:
        raise errors.bundle_too_large(sum(map(len, parts.values())), LIMIT_BYTES)
    if wrong := [name for name in parts if not is_part_name(name)]:
        raise ValueError(f"no part may be named {wrong[0]!r}")
    found = b"".join(_header(name, zlib.crc32(data), len(data)) + data for name, data in parts.items())
    return found + _tail([(name, zlib.crc32(data), len(data)) for name, data in parts.items()])


def _header(name: str, crc: int, size: int) -> bytes:
    own = name.encode()
    return _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, crc, size, size, len(own), 0) + own


def _tail(listed: list[tuple[str, int, int]]) -> bytes:
    """The directory and the end record behind these parts."""
    at, directory = 0, b""
    for name, crc, size in listed:
        own = name.encode()
        fields = (_MADE_BY, _VERSION, 0, 0, 0, _DATE, crc, size, size, len(own), 0, 0, 0, 0, _MODE, at)
        directory += _CENTRAL.pack(b"PK\1\2", *fields) + own
        at += _LOCAL.size + len(own) + size
    return directory + _END.pack(b"PK\5\6", 0, 0, len(listed), len(listed), len(directory), at, 0)


def read(data: bytes, name: str) -> Contents:
    """The parts of a container, and every fault in what holds them together.

    Raises:
        HansardError: ``bundle_too_large``; ``not_a_bundle`` where it does not begin as one.
    """
    if len(data) > LIMIT_BYTES:
        raise errors.bundle_too_large(len(data), LIMIT_BYTES)
    if not is_bundle(data):
        raise errors.not_a_bundle(name)
    parts: dict[str, bytes] = {}
    listed: list[tuple[str, int, int]] = []
    faults: list[Fault] = []
    at = 0
    while data[at : at + 4] == b"PK\3\4" and len(data) >= at + _LOCAL.size:
        _, version, flags, method, time, date, crc, size, whole, length, more = _LOCAL.unpack_from(data, at)
        begin = at + _LOCAL.size + length
        called = data[at + _LOCAL.size : begin].decode("ascii", "backslashreplace")
        if len(listed) >= PARTS:
            faults.append(Fault("container_malformed", f"it holds more than {PARTS:,} parts"))
            return Contents(parts, faults)
        if method != 0 or flags & 0x0009 or size != whole:
            what = "compressed or encrypted" if method or flags & 1 else "without a length of its own, or with two"
            faults.append(Fault("part_packed_otherwise", f"the part is {what}; no bundle is made so", called))
            return Contents(parts, faults)
        if begin + more + size > len(data):
            faults.append(Fault("container_cut", f"the file ends at byte {len(data)}, inside this part", called))
            return Contents(parts, faults)
        if (version, flags, time, date, more) != (_VERSION, 0, 0, _DATE, 0):
            faults.append(Fault("container_altered", f"the header at byte {at} is not as it was written", called))
        body = data[begin + more : begin + more + size]
        if not is_part_name(called):
            faults.append(
                Fault("part_name_unsafe", "no part of a bundle may be named so; it was not looked into", called)
            )
        elif called in parts:
            faults.append(Fault("part_twice", "two parts have this name; the first one counts", called))
        else:
            parts[called] = body
            if zlib.crc32(body) != crc:
                faults.append(Fault("part_altered", "its bytes do not have the sum that the container states", called))
        listed.append((called, crc, size))
        at = begin + more + size
    if any(not name.isascii() for name, _, _ in listed):
        return Contents(parts, faults)
    wanted, found = _tail(listed), data[at:]
    if found != wanted:
        faults.append(_tail_fault(at, wanted, found, listed))
    return Contents(parts, faults)


def _tail_fault(at: int, wanted: bytes, found: bytes, listed: list[tuple[str, int, int]]) -> Fault:
    """Where the directory or the end record first differs from what these parts give."""
    same = next(
        (i for i, (a, b) in enumerate(zip(wanted, found, strict=False)) if a != b), min(len(wanted), len(found))
    )
    if same == len(wanted):
        return Fault("container_altered", f"{len(found) - same:,} bytes stand behind the end of the container")
    if same == len(found):
        return Fault("container_cut", f"the file ends at byte {at + same}, before the end of its directory")
    start = 0
    for name, _, _ in listed:
        end = start + _CENTRAL.size + len(name)
        if same < end:
            link = found[start:end][38:42] != wanted[start:end][38:42] and same - start in range(38, 42)
            what = "calls it another kind of file (a link?)" if link else "says otherwise of it than its own header"
            return Fault("container_altered", f"the directory, at byte {at + same}, {what}", name)
        start = end
    return Fault("container_altered", f"the end record, at byte {at + same}, is not the one of these parts")


def parts(data: bytes, name: str) -> dict[str, bytes]:
    """The parts of a container in which nothing is wrong.

    Raises:
        HansardError: ``not_a_bundle``, ``bundle_too_large``, ``bundle_damaged``.
    """
    contents = read(data, name)
    if contents.faults:
        first = contents.faults[0]
        raise errors.bundle_damaged(name, f"{first.part}: {first.message}" if first.part else first.message)
    return contents.parts
