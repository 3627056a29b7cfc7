"""A file of three pulses, cut at every byte and with every bit flipped: detected or harmless, never a bare error."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.errors import HansardError
from hansard.memory.memory import Memory
from hansard.memory.pulse import Record
from hansard.memory.segment import TRAILER
from hansard.memory.upkeep import repair
from hansard.memory.verify import verify
from tests.conftest import scale
from tests.unit.memory.kit import contents, filled, left, plain, records

ROWS = records(9, seed=3)
PULSE = 3


@pytest.fixture(scope="module")
def unsealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of three pulses of three records whose writer died."""
    folder = tmp_path_factory.mktemp("unsealed")
    left(folder, ROWS, PULSE)
    file = only(folder)
    file.write_bytes(file.read_bytes().rstrip(b"\0") + bytes(256))  # little of the reserved room is enough
    return folder


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same log closed."""
    folder = tmp_path_factory.mktemp("sealed")
    filled(folder, ROWS, PULSE)
    return folder


def only(folder: Path) -> Path:
    """The log's one segment."""
    [file] = (folder / "worker-000").glob("*.seg")
    return file


def read(folder: Path) -> list[Record] | None:
    """What a reader gets, or ``None`` where it is told that something is wrong."""
    try:
        found = contents(folder)
        with Memory.read(folder) as memory:
            assert memory.query("success == true or success == false").count() == len(found)
            if found:
                assert [plain(memory.record(seq)) for seq in (0, len(found) - 1)] == [found[0], found[-1]]
    except HansardError as fault:
        if fault.kind in ("corrupt", "refused"):
            return None
        raise
    return found


def positions(size: int) -> Iterator[int]:
    """All bytes at full size, else some of each region, the same in each run."""
    count = scale(size // 10)
    return iter(range(size) if count >= size else sorted(random.Random(size).sample(range(size), count)))


def test_a_file_cut_anywhere_gives_a_whole_beginning(unsealed: Path, sealed: Path, tmp_path: Path) -> None:
    """However short the file is cut, a reader gets a beginning of whole pulses, and a writer goes on behind it."""
    for origin in (unsealed, sealed):
        data = only(origin).read_bytes()
        for length in positions(len(data)):
            folder = tmp_path / "cut"
            shutil.copytree(origin, folder)
            only(folder).write_bytes(data[:length])
            found = read(folder)
            assert found is not None
            assert found == ROWS[: len(found)]
            assert len(found) % PULSE == 0
            assert verify(folder).ok
            if length % 97 == 0:
                with Memory.open(folder) as memory:
                    assert memory.extend(ROWS[len(found) :]) == len(ROWS) - len(found)
                assert contents(folder) == ROWS
                assert verify(folder).ok
            shutil.rmtree(folder)


@pytest.mark.slow
def test_a_flipped_bit_is_detected_or_harmless(unsealed: Path, sealed: Path, tmp_path: Path) -> None:
    """With any bit flipped a reader gets what was written, a beginning of it that ends before the damage, or an error.

    And where the reader of a closed log is content, since the bit changed nothing that it reads, ``verify`` tells.
    """
    silent = 0
    for origin in (unsealed, sealed):
        data = only(origin).read_bytes()
        folder = tmp_path / "flip"
        shutil.copytree(origin, folder)
        file = only(folder)
        for position in positions(len(data)):
            for bit in range(8) if scale(1) >= 10 else (position * 5 % 8,):
                damaged = bytearray(data)
                damaged[position] ^= 1 << bit
                file.write_bytes(damaged)
                found = read(folder)
                assert found is None or found == ROWS[: len(found)], position
                report = verify(folder)
                if origin == sealed:
                    assert report.findings or report.notes, f"bit {bit} of byte {position} is not told"
                    assert found is None or found == ROWS
                elif found == ROWS:
                    silent += report.ok and not report.notes
        shutil.rmtree(folder)
    assert silent == 0


def test_damage_before_whole_pulses_is_told_and_never_cut(unsealed: Path, tmp_path: Path) -> None:
    """A damaged pulse that a later one witnesses is corruption: reader and writer refuse, and name the place."""
    folder = tmp_path / "log"
    shutil.copytree(unsealed, folder)
    file = only(folder)
    data = bytearray(file.read_bytes())
    data[128 + 200] ^= 1
    file.write_bytes(data)
    for look in (lambda: Memory.read(folder).query().count(), lambda: Memory.open(folder)):
        with pytest.raises(HansardError) as refused:
            look()
        assert refused.value.code == "memory_corrupt"
        assert refused.value.context == {
            "file": file.name, "position": 128, "expected": "pulse 1", "found": "a body with a wrong checksum",
        }  # fmt: skip
    assert file.read_bytes() == data
    [finding] = verify(folder).findings
    assert (finding.code, finding.position) == ("damaged", 128)


def test_a_damaged_last_pulse_is_kept_beside_the_log(unsealed: Path, tmp_path: Path) -> None:
    """What cannot be told from a torn write is cut, and not one byte of it is lost."""
    folder = tmp_path / "log"
    shutil.copytree(unsealed, folder)
    file = only(folder)
    data = bytearray(file.read_bytes())
    data[-256 - 100] ^= 1
    file.write_bytes(data)
    with Memory.open(folder) as memory:
        assert memory.recovery.pulse_id == 2
        [name] = memory.recovery.cut
        end = int(name.rpartition("-")[2])
        assert (file.parent / name).read_bytes() == data[end:]
        memory.extend(ROWS[6:])
    assert contents(folder) == ROWS


def test_a_lost_footer_is_derived_again(sealed: Path, tmp_path: Path) -> None:
    """Without its footer a log reads the same, and the next writer that closes it writes the same bytes."""
    folder = tmp_path / "log"
    shutil.copytree(sealed, folder)
    file = only(folder)
    whole = file.read_bytes()
    for length in (TRAILER.size, TRAILER.size + 300):
        file.write_bytes(whole[:-length])
        assert contents(folder) == ROWS
        Memory.open(folder).close()
        assert file.read_bytes() == whole


@pytest.mark.parametrize("junk", [b"", b"x", b"SQLite format 3\0" * 20, bytes(5000), b"\x89PNG\r\n\x1a\n" * 40])
def test_foreign_files_are_refused_by_name_or_hold_nothing(junk: bytes, tmp_path: Path) -> None:
    """A file that is no segment is not read as one: it is refused, or holds nothing, and no reader changes it."""
    folder = tmp_path / "worker-000"
    folder.mkdir()
    (folder / "000000000001.seg").write_bytes(junk)
    if any(junk) and len(junk) >= 128:
        for look in (Memory.read, Memory.open):
            with pytest.raises(HansardError) as refused:
                look(tmp_path)
            assert refused.value.code == "memory_foreign"
        assert verify(tmp_path).findings[0].code == "foreign"
    else:
        assert contents(tmp_path) == []
        filled(tmp_path, ROWS)
        assert contents(tmp_path) == ROWS
    (folder / "notes.seg").write_bytes(b"")
    with pytest.raises(HansardError) as refused:
        Memory.read(tmp_path)
    assert refused.value.code == "memory_foreign"


def test_a_newer_version_is_refused(sealed: Path, tmp_path: Path) -> None:
    """A segment of a later version is told as such, by reader, writer and verification; it is not called damaged."""
    from hansard.memory.pulse import crc

    folder = tmp_path / "log"
    shutil.copytree(sealed, folder)
    file = only(folder)
    data = bytearray(file.read_bytes())
    data[8] = 2
    data[124:128] = crc(data, 0, 124).to_bytes(4, "little")
    file.write_bytes(data)
    for look in (Memory.read, Memory.open):
        with pytest.raises(HansardError) as refused:
            look(folder)
        assert (refused.value.code, refused.value.kind) == ("memory_newer", "refused")
    assert verify(folder).findings[0].code == "newer"


def test_a_noted_head_shows_a_cut_end(tmp_path: Path) -> None:
    """A cut at a pulse's end leaves a whole log; whoever noted the head sees that it was cut or rewritten."""
    left(tmp_path, ROWS, PULSE)
    [head] = verify(tmp_path).heads
    noted = [(0, head.pulse_id, head.chain)]
    assert verify(tmp_path, noted=noted).ok
    both = verify(tmp_path, noted=[(0, head.pulse_id, "0" * 64), *noted])
    assert [finding.code for finding in both.findings] == ["head_contradicted"], (
        "each of a worker's heads is looked for"
    )
    left(tmp_path, ROWS, PULSE)
    assert verify(tmp_path, noted=noted).ok, "a log that went on still leads through the head"
    shutil.rmtree(tmp_path / "worker-000")
    left(tmp_path, ROWS[:6], PULSE)
    assert verify(tmp_path).ok
    assert [finding.code for finding in verify(tmp_path, noted=noted).findings] == ["head_contradicted"]


EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=12), st.integers(0, 12)), min_size=1, max_size=4)


@given(edits=EDITS, closed=st.booleans())
def test_a_file_with_any_edits_is_read_or_refused(
    unsealed: Path, sealed: Path, tmp_path_factory: pytest.TempPathFactory, edits: Any, closed: bool
) -> None:
    """Bytes put in, taken out, written over: a beginning of what was written, all of it, or an error that says so."""
    folder = tmp_path_factory.mktemp("edited") / "log"
    shutil.copytree(sealed if closed else unsealed, folder)
    file = only(folder)
    data = file.read_bytes()
    for place, new, removed in edits:
        at = int(place * len(data))
        data = data[:at] + new + data[at + removed :]
    file.write_bytes(data)
    found = read(folder)
    assert found is None or found == ROWS[: len(found)]
    verify(folder)
    with contextlib.suppress(HansardError):
        repair(folder)
        again = read(folder)
        assert again is None or all(row in ROWS for row in again)
        assert found is None or again == found or len(again or ()) >= len(found)
    shutil.rmtree(folder.parent)
