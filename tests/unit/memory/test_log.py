"""What a reader sees of a log that changes under it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from weakref import ref

import pytest

from hansard.kernel.errors import HansardError
from hansard.memory.disk import Disk
from hansard.memory.memory import Memory
from hansard.memory.upkeep import compress, retain
from tests.unit.memory.kit import filled, records


class Interrupted(Disk):
    """A disk whose fourth sync of data fails, once the log was read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._syncs = 0
        self.reader: Memory | None = None
        self.seen = 0

    def sync_data(self, handle: int) -> None:
        self._syncs += 1
        if self._syncs == 4:
            self.reader = Memory.read(self._folder)
            self.seen = self.reader.query().count()
            raise OSError(5, "Input/output error")
        super().sync_data(handle)


def test_a_record_that_was_written_twice_is_read_once(tmp_path: Path) -> None:
    """A reader that saw pulses before their sync failed takes them from the segment that they were written to again."""
    disk = Interrupted(tmp_path)
    with Memory.open(tmp_path, strict=True, disk=disk) as memory:
        memory.extend(records(128 * 5))
        memory.flush()
        assert disk.reader is not None
        with disk.reader as reader:
            reader.refresh()
            found = [row.seq for row in reader.query().records()]
            assert reader.query().count() == len(found) == memory.query().count() == 128 * 5
            assert found == sorted(set(found))
            assert disk.seen > 0


@pytest.mark.parametrize("kind", ["compress", "retain"])
def test_who_goes_through_records_reads_on_while_segments_are_replaced(tmp_path: Path, kind: str) -> None:
    """What was asked is answered as of when it was asked; the files are given back with the last who reads them."""
    if kind == "compress":
        pytest.importorskip("zstandard", reason="the extra 'zstd' is not installed")
    filled(tmp_path, records(2000), segment_bytes=50_000)
    with Memory.read(tmp_path) as memory:
        query = memory.query()
        rows, hit = query.records(), next(iter(query))
        found = [row.seq for row in islice(rows, 10)]
        assert (compress(tmp_path) if kind == "compress" else retain(tmp_path, megabytes=0.1, now=0))[0]
        memory.refresh()
        found += [row.seq for row in rows]
        assert found == list(range(2000))
        assert hit.record.seq == hit["seq"] == 0
        assert memory.query().count() == (2000 if kind == "compress" else len(memory.query().column("seq")))
        held = [ref(view) for view in query._views()]
        del query, rows, hit
        kept = sum(1 for view in held if view() is not None)
        assert kept < len(held), "files that nobody reads any more are given back"
        assert kept == sum(1 for view in memory._current().views if any(each() is view for each in held))


def test_a_segment_under_another_name_is_no_part_of_the_log(tmp_path: Path) -> None:
    """Two segments that changed names, or one that was renamed, are refused and not read in a wrong order."""
    filled(tmp_path, records(2000), segment_bytes=50_000)
    first, second = sorted((tmp_path / "worker-000").glob("*.seg"))[:2]
    aside = tmp_path / "aside"
    first.rename(aside)
    second.rename(first)
    aside.rename(second)
    with pytest.raises(HansardError) as refused:
        Memory.read(tmp_path)
    assert refused.value.code == "memory_foreign"
    assert "begins with pulse" in str(refused.value)


def test_a_gap_between_segments_is_told_to_readers(tmp_path: Path) -> None:
    """Whoever reads a log of which a segment is missing in the middle is told which records are not there."""
    filled(tmp_path, records(300), 10, segment_bytes=40_000)
    paths = sorted((tmp_path / "worker-000").glob("*.seg"))
    with Memory.read(tmp_path) as memory:
        assert memory.gaps() == []
    first, behind = (10 * (int(path.stem) - 1) for path in paths[1:3])
    paths[1].unlink()
    with Memory.read(tmp_path) as memory:
        [told] = memory.gaps()
        assert told == f"worker 0 has a gap: {behind - first} records are not there, seq {first} to {behind - 1}"
        assert memory.query().count() == 300 - (behind - first)
