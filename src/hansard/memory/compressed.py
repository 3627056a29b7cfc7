"""A closed segment in less room: the same bytes through blocks of zstd (docs/memory-format.md, "Compressed segment").

Who reads a segment reads it by its own positions; nothing else of the room knows that the bytes are stored otherwise.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

import google_crc32c

MAGIC: Final = b"\x89HSEGZ\x1a\n"
HEADER: Final = struct.Struct("<8sHHI")
TRAILER: Final = struct.Struct("<8sQQII")
VERSION: Final = 1
BLOCK: Final = 256 * 1024
"""Bytes of the segment in each block. Larger ones save little (65 bytes a record, not 72) and slow point reads."""
LARGEST: Final = 16 * 1024 * 1024
"""Bytes of the segment that a block may say to have: a reader holds four of them."""
LEVEL: Final = 3

Read = Callable[[int, int], bytes]
"""Position and length in the file; fewer bytes where it ends."""


def library() -> Any:
    """The module. Raises ``ImportError`` when it is not installed (extra ``zstd``)."""
    import zstandard

    return zstandard


def packed(size: int, read: Read) -> Iterator[bytes]:
    """A file with the bytes that ``read`` gives, piece by piece."""
    compress = library().ZstdCompressor(level=LEVEL, write_checksum=True).compress
    yield HEADER.pack(MAGIC, VERSION, 0, BLOCK)
    position, table = HEADER.size, []
    for start in range(0, size, BLOCK):
        block = compress(read(start, min(BLOCK, size - start)))
        table.append(position)
        position += len(block)
        yield block
    places = struct.pack(f"<{len(table) + 1}Q", *table, position)
    head = TRAILER.pack(MAGIC, size, position, google_crc32c.value(places), 0)[:-4]
    yield places
    yield head + struct.pack("<I", google_crc32c.value(head))


class Blocks:
    """The segment within a compressed file."""

    def __init__(self, read: Read, size: int) -> None:
        """Read the table; a ``ValueError`` says what is wrong with the file."""
        self._read = read
        self._whole = lru_cache(4)(self._block)
        _, version, _, self.block = HEADER.unpack(read(0, HEADER.size))
        if version != VERSION or not self.block:
            raise ValueError(f"a compressed segment of version {version}")
        if self.block > LARGEST:
            raise ValueError(f"blocks of {self.block} bytes, more than {LARGEST}")
        trailer = read(max(size - TRAILER.size, 0), TRAILER.size)
        if len(trailer) != TRAILER.size or google_crc32c.value(trailer[:-4]) != struct.unpack("<I", trailer[-4:])[0]:
            raise ValueError("a table of blocks without a whole end")
        magic, self.size, position, checksum, _ = TRAILER.unpack(trailer)
        count = -(-self.size // self.block)
        if position + 8 * (count + 1) != size - TRAILER.size:  # before so much is read
            raise ValueError("a table of blocks whose length does not fit")
        table = read(position, 8 * (count + 1))
        if magic != MAGIC or len(table) != 8 * (count + 1) or google_crc32c.value(table) != checksum:
            raise ValueError("a table of blocks with a wrong checksum")
        self._table = struct.unpack(f"<{count + 1}Q", table)

    def read(self, position: int, length: int, *, holes: bool) -> bytes:
        """Bytes of the segment. A damaged block is a ``ValueError``, or zeros where ``holes`` are wanted."""
        end = min(position + length, self.size)
        parts = []
        while position < end:
            number, inside = divmod(position, self.block)
            part = self._whole(number, holes)[inside : inside + end - position]
            parts.append(part)
            position += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _block(self, number: int, holes: bool) -> bytes:
        length = min(self.block, self.size - number * self.block)
        start, end = self._table[number : number + 2]
        stored = self._read(start, end - start)
        try:
            if library().frame_content_size(stored) != length:
                raise ValueError
            found: bytes = library().ZstdDecompressor().decompress(stored)
        except (ValueError, library().ZstdError):
            if not holes:
                raise ValueError(f"a damaged block of {end - start} bytes at {start}") from None
            return bytes(length)
        return found
