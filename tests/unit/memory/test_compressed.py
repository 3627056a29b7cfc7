"""A compressed segment is the same segment: it reads, verifies, goes on, and tells its damages."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from hansard.kernel.errors import HansardError
from hansard.memory.memory import Memory
from hansard.memory.upkeep import compress, repair, retain
from hansard.memory.verify import verify
from tests.conftest import scale
from tests.unit.memory.kit import FailingDisk, contents, filled, records

pytest.importorskip("zstandard", reason="the extra 'zstd' is not installed")

NAME = "worker-000/000000000001.seg"


def test_a_compressed_segment_is_the_same_segment(tmp_path: Path) -> None:
    """Records, filters, points, chain and numbers are as before, in a third of the room; a second time does nothing."""
    rows = filled(tmp_path, records(3000))
    text = "eomm_score > 0.6 or flags has 'INSTA_MELT'"
    with Memory.read(tmp_path) as memory:
        before = list(memory.query(text).rows()), memory.facts()[0], verify(tmp_path).heads
    assert compress(tmp_path)[0] == ["000000000001.seg"]
    assert contents(tmp_path) == rows
    with Memory.read(tmp_path) as memory:
        assert list(memory.query(text).rows()) == before[0]
        assert memory.row(1234) == next(iter(memory.query("seq == 1234").rows()))
        facts = memory.facts()[0]
        assert (facts.records, facts.chain) == (before[1].records, before[1].chain)
        assert facts.bytes == (tmp_path / NAME).stat().st_size < before[1].bytes / 3
    assert verify(tmp_path).ok
    assert verify(tmp_path).heads == before[2]
    assert compress(tmp_path)[0] == []


def test_the_log_goes_on_behind_a_compressed_segment(tmp_path: Path) -> None:
    """Behind a compressed one a writer begins another, however small it is: it stays as it was stored."""
    rows = filled(tmp_path, records(300))
    compress(tmp_path)
    stored = (tmp_path / NAME).read_bytes()
    rows += filled(tmp_path, records(100, seed=2))
    assert contents(tmp_path) == rows
    assert (tmp_path / NAME).read_bytes() == stored
    compress(tmp_path)
    rows += filled(tmp_path, records(100, seed=3), segment_bytes=1000)
    assert contents(tmp_path) == rows
    assert len(compress(tmp_path)[0]) >= 1
    assert contents(tmp_path) == rows
    assert verify(tmp_path).ok
    assert retain(tmp_path, megabytes=0, now=2e9)[0]
    assert verify(tmp_path).ok


def test_every_damage_of_a_compressed_segment_is_told(tmp_path: Path) -> None:
    """Any bit turned, any cut: reading gives the right records or a refusal, and verification finds it."""
    rows = filled(tmp_path, records(400))
    compress(tmp_path)
    path = tmp_path / NAME
    whole = path.read_bytes()
    draw = random.Random(3)
    places = {*range(64), *range(len(whole) - 64, len(whole)), *(draw.randrange(len(whole)) for _ in range(scale(150)))}
    for place in sorted(places):
        for damaged in (
            whole[:place] + bytes([whole[place] ^ 1 << draw.randrange(8)]) + whole[place + 1 :],
            whole[:place],
        ):
            path.write_bytes(damaged)
            report = verify(tmp_path)
            try:
                found = contents(tmp_path)
            except HansardError:
                assert not report.ok, place
            else:
                assert found in (rows, []), place
                assert not report.ok or report.notes or found == rows, place


def test_a_repair_keeps_what_other_blocks_hold(tmp_path: Path) -> None:
    """A block that cannot be read costs the pulses that it holds; those before and behind stay."""
    rows = filled(tmp_path, records(6000))
    compress(tmp_path)
    path = tmp_path / NAME
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 255
    path.write_bytes(data)
    assert not verify(tmp_path).ok
    with pytest.raises(HansardError):
        Memory.open(tmp_path)
    done = repair(tmp_path)
    assert (tmp_path / "worker-000" / (done[0].kept_aside or "")).read_bytes() == data
    found = contents(tmp_path)
    assert 3000 < len(found) < len(rows)
    assert found[0] == rows[0]
    assert found[-1] == rows[-1]
    assert all(row in rows for row in random.Random(1).sample(found, 50))


def test_a_failed_compression_leaves_the_plain_segment(tmp_path: Path) -> None:
    """Whichever call of the system fails, the segment is there, compressed or not."""
    rows = filled(tmp_path, records(50))
    fail_at = 0
    while True:
        fail_at += 1
        disk = FailingDisk(fail_at)
        with contextlib.suppress(HansardError):
            compress(tmp_path, disk=disk)
        assert contents(tmp_path) == rows
        assert verify(tmp_path).ok
        if len(disk.calls) < fail_at:
            break
    assert fail_at > 5
