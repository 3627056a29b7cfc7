"""What nobody's crash leaves: files made or changed by somebody who knows the format, and files in the wrong place."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hansard.kernel.errors import HansardError
from hansard.memory.compressed import HEADER, Blocks
from hansard.memory.memory import Memory
from hansard.memory.pulse import NOWHERE, Dictionary, Frame, align8, crc, packed_array
from hansard.memory.segment import (
    FOOTER_MAGIC,
    TRAILER,
    Array,
    Directory,
    Handle,
    Kept,
    SegmentHead,
    Walk,
    read_footer,
    read_head,
    stored_footer,
)
from hansard.memory.upkeep import compress, repair
from hansard.memory.verify import verify
from tests.unit.memory.kit import contents, filled, left, records

ROWS = records(12, seed=3)
SALT = b"12345678"
FIRST = "000000000001.seg"


def pulses(file: Path) -> list[Kept]:
    """Where a segment's pulses stand."""
    with Handle(file) as handle:
        head = read_head(handle)
        assert head is not None
        return Walk(handle, head).kept


def code(look: Callable[[], Any]) -> str:
    """The code with which something is refused."""
    with pytest.raises(HansardError) as refused:
        look()
    return refused.value.code


def test_a_pulse_that_looks_like_a_footer_hides_nothing(tmp_path: Path) -> None:
    """The eight bytes of a footer over a confirmed pulse are a damage: told, and nothing behind them is cut."""
    left(tmp_path, ROWS, 3)
    file = tmp_path / "worker-000" / FIRST
    data = bytearray(file.read_bytes())
    place = pulses(file)[1].position
    data[place : place + 8] = FOOTER_MAGIC
    file.write_bytes(data)
    assert [(each.code, each.position) for each in verify(tmp_path).findings] == [("damaged", place)]
    assert code(lambda: Memory.open(tmp_path)) == "memory_corrupt"
    assert file.read_bytes() == data


def test_a_last_pulse_that_looks_like_a_footer_is_kept(tmp_path: Path) -> None:
    """Where nothing behind it can witness, a writer cuts it and keeps every byte, and ``verify`` says so ever after."""
    left(tmp_path, ROWS, 3)
    file = tmp_path / "worker-000" / FIRST
    data = bytearray(file.read_bytes())
    place = pulses(file)[-1].position
    data[place : place + 8] = FOOTER_MAGIC
    file.write_bytes(data)
    assert verify(tmp_path).notes
    with Memory.open(tmp_path) as memory:
        [name] = memory.recovery.cut
        memory.extend(ROWS[9:])
    assert (file.parent / name).read_bytes() == data[place:]
    report = verify(tmp_path)
    assert report.ok
    assert any(name in note for note in report.notes)


def test_a_noted_head_is_not_proved_by_a_header_alone(tmp_path: Path) -> None:
    """One header that claims a noted head proves nothing; with pulses behind it, as after retention, it is noted."""
    filled(tmp_path, ROWS, 3, segment_bytes=1)
    report = verify(tmp_path)
    folder = tmp_path / "worker-000"
    first = sorted(folder.glob("*.seg"))[0]
    with Handle(sorted(folder.glob("*.seg"))[1]) as handle:
        second = read_head(handle)
    assert second is not None
    first.unlink()
    kept = verify(tmp_path, noted=[(0, second.first_pulse - 1, second.before.hex())])
    assert [each.code for each in kept.findings] == ["pulses_missing"], "nothing notes where the first went"
    assert any("stands only in" in note for note in kept.notes)
    shutil.rmtree(tmp_path)
    [head] = report.heads
    folder.mkdir(parents=True)
    forged = SegmentHead(0, SALT, head.pulse_id + 1, 0, bytes.fromhex(head.chain), 0.0)
    (folder / f"{head.pulse_id + 1:012d}.seg").write_bytes(forged.packed())
    found = verify(tmp_path, noted=[(0, head.pulse_id, head.chain)])
    assert [each.code for each in found.findings] == ["pulses_missing", "head_unproved"]


@pytest.mark.parametrize("name", ["worker-0000", "worker-000/0000000000001.seg", "worker-000/00000000000١.seg"])
def test_one_number_has_one_name(tmp_path: Path, name: str) -> None:
    """A folder or a file that spells a number otherwise would hide or double another: all are refused."""
    filled(tmp_path, ROWS)
    if name.endswith(".seg"):
        shutil.copy(tmp_path / "worker-000" / FIRST, tmp_path / name)
    else:
        (tmp_path / name).mkdir()
    assert code(lambda: Memory.read(tmp_path)) == "memory_foreign"
    assert code(lambda: verify(tmp_path)) == "memory_foreign"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A pipe or a folder with a segment's name keeps nobody waiting."""
    (tmp_path / "worker-000").mkdir()
    make(tmp_path / "worker-000" / FIRST)
    assert code(lambda: Memory.read(tmp_path)) == "memory_foreign"
    assert code(lambda: Memory.open(tmp_path)) == "memory_foreign"
    assert [each.code for each in verify(tmp_path).findings] == ["foreign"]


def test_a_compressed_segment_cannot_ask_for_more_than_it_has(tmp_path: Path) -> None:
    """Blocks of four gigabytes, or a table longer than the file, are refused before room is made for them."""
    pytest.importorskip("zstandard", reason="the extra 'zstd' is not installed")
    filled(tmp_path, ROWS)
    compress(tmp_path)
    file = tmp_path / "worker-000" / FIRST
    whole = file.read_bytes()
    for block in (0xFFFFFFF8, 1):
        file.write_bytes(whole[:12] + struct.pack("<I", block) + whole[HEADER.size :])
        assert code(lambda: contents(tmp_path)) == "memory_corrupt"
        assert not verify(tmp_path).ok

    def read(position: int, length: int) -> bytes:
        assert length <= len(whole), "nobody reads more than there is"
        return (whole[:12] + struct.pack("<I", 1) + whole[HEADER.size :])[position : position + length]

    with pytest.raises(ValueError, match="length does not fit"):
        Blocks(read, len(whole))


@pytest.mark.parametrize(
    "values",
    [
        b"\xdd\0\0\0\1" + b"\x91" * 20_000 + b"\xc0",
        b"\xdd\xff\xff\xff\xff\xc0",
        b"\xc1\xc1",
        b"\xdd\0\0\0\1\xdd\x7f\xff\xff\xff",
        b"\xdd\0\0\0\1\xdf\xff\xff\xff\xff",
        b"\xdd\0\0\0\1\xa2\xff\xfe",
    ],
    ids=["deep", "long", "junk", "inner", "map", "no text"],
)
def test_a_frame_with_unreadable_values_is_corrupt(tmp_path: Path, values: bytes) -> None:
    """A frame with right checksums whose values are no MessagePack is refused by all; a repair takes it out."""
    folder = tmp_path / "worker-000"
    folder.mkdir()
    frame = Frame(1, 0, 0, Dictionary())
    frame.values_length = len(values)
    frame.buffer += values + bytes(align8(len(values)) - len(values))
    frame.complete(SALT, 0, 0, NOWHERE)
    (folder / FIRST).write_bytes(SegmentHead(0, SALT, 1, 0, NOWHERE, 0.0).packed() + bytes(frame.buffer) + bytes(8))
    assert [each.code for each in verify(tmp_path).findings] == ["damaged"]
    assert code(lambda: contents(tmp_path)) == "memory_corrupt"
    assert code(lambda: Memory.open(tmp_path)) == "memory_corrupt"
    assert len(repair(tmp_path)) == 1
    assert verify(tmp_path).ok
    assert contents(tmp_path) == []


@pytest.mark.parametrize("layout", [0, 77])
def test_a_frame_with_an_unreadable_layout_is_told(tmp_path: Path, layout: int) -> None:
    """Columns that no layout explains are told by ``verify`` where no footer is, and refused by readers."""
    folder = tmp_path / "worker-000"
    folder.mkdir()
    frame = Frame(1, 0, 3, Dictionary())
    values = packed_array([msgspec.msgpack.encode(["x", [["n:a", "n"]], [["a"]], [["b", "v", 9, "k"]]])])
    frame.layout, frame.values_length, frame.columns_length = layout, len(values), 8
    frame.buffer += values + bytes(align8(len(values)) - len(values)) + bytes(8 + 16)
    frame.complete(SALT, 0, 0, NOWHERE)
    (folder / FIRST).write_bytes(SegmentHead(0, SALT, 1, 0, NOWHERE, 0.0).packed() + bytes(frame.buffer) + bytes(8))
    assert [each.code for each in verify(tmp_path).findings] == ["damaged"]
    assert code(lambda: contents(tmp_path)) == "memory_corrupt"


def forged(directory: Directory, name: str, **changes: Any) -> Directory:
    """The directory with one array that says something else."""
    arrays: list[Array] = [
        msgspec.structs.replace(each, **changes) if each.name == name else each for each in directory.arrays
    ]
    return msgspec.structs.replace(directory, arrays=arrays)


NOTHING = {"type": "", "rows": 0, "position": 0, "length": 0, "crc": 0}


@pytest.mark.parametrize(
    "lie",
    [
        lambda given: msgspec.structs.replace(given, rows=1 << 36),
        lambda given: msgspec.structs.replace(given, rows=-5),
        lambda given: msgspec.structs.replace(given, arrays=[]),
        lambda given: forged(given, "#count", **NOTHING, constant=1 << 40),
        lambda given: forged(given, "#ends", type="|O"),
        lambda given: forged(given, "#offset", type="hello"),
        lambda given: forged(given, "#values", position=1 << 62),
        lambda given: forged(given, "f:success", **NOTHING, constant=1 << 40),
        lambda given: forged(given, "v:task_id", **NOTHING, constant=-1),
    ],
)
def test_a_footer_that_lies_about_its_arrays_is_not_read_by(
    tmp_path: Path, lie: Callable[[Directory], Directory]
) -> None:
    """With right checksums and impossible arrays a footer is no footer: readers walk the frames, ``verify`` tells."""
    filled(tmp_path, ROWS, 3)
    file = tmp_path / "worker-000" / FIRST
    raw = file.read_bytes()
    with Handle(file) as handle:
        head = read_head(handle)
        assert head is not None
        given = read_footer(handle, head.salt)
        assert given is not None
    told = msgspec.msgpack.encode(lie(given))
    end, position = TRAILER.unpack(raw[-TRAILER.size :])[5:7]
    trailer = bytearray(TRAILER.size)
    TRAILER.pack_into(trailer, 0, FOOTER_MAGIC, 1, 0, len(told), head.salt, end, position, crc(told), b"", 0)
    struct.pack_into("<I", trailer, TRAILER.size - 4, crc(trailer, 0, TRAILER.size - 4))
    file.write_bytes(raw[:position] + told + bytes(-len(told) & 7) + trailer)
    with Handle(file) as handle:
        assert stored_footer(handle, head.salt) == lie(given)
        assert read_footer(handle, head.salt) is None
    assert contents(tmp_path) == ROWS
    assert [each.code for each in verify(tmp_path).findings] == ["footer_differs"]
    repair(tmp_path)
    assert file.read_bytes() == raw


def test_a_writer_whose_lock_was_taken_away_writes_nothing_more(tmp_path: Path) -> None:
    """Once another may hold the folder, a writer refuses, and its closing leaves the other's records alone."""
    first = Memory.open(tmp_path)
    first.extend(ROWS[:3])
    first.flush()
    idle = Memory.open(tmp_path, worker=1)
    idle.extend(ROWS[:3])
    idle.flush()
    for name in ("worker-000", "worker-001"):
        (tmp_path / name / "owner").unlink()
    with Memory.open(tmp_path) as second, Memory.open(tmp_path, worker=1) as other:
        second.extend(ROWS[3:6])
        second.flush()
        other.extend(ROWS[3:6])
        other.flush()
        first.extend(ROWS[6:9])
        assert code(first.flush) == "memory_owned"
        assert code(first.close) == "memory_owned"
        idle.close()
    report = verify(tmp_path)
    assert report.ok
    assert report.records == 12
