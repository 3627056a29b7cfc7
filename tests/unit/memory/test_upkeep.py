"""Repair, retention and writing out."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from hansard.kernel.errors import HansardError
from hansard.memory import upkeep
from hansard.memory.memory import Memory
from hansard.memory.upkeep import export, repair, retain, windows_of
from hansard.memory.verify import verify
from tests.unit.memory.kit import EXAMPLE, contents, filled, left, plain, records

ROWS = records(300, seed=13)


def files(folder: Path) -> list[Path]:
    """The segments of worker 0."""
    return sorted((folder / "worker-000").glob("*.seg"))


def flip(path: Path, position: int) -> bytes:
    """Damage one byte; answers the file as it is then."""
    data = bytearray(path.read_bytes())
    data[position] ^= 0x40
    path.write_bytes(data)
    return bytes(data)


def test_a_sound_log_is_not_touched(tmp_path: Path) -> None:
    """Where nothing is wrong repair does nothing, to closed and open segments alike."""
    filled(tmp_path, ROWS[:150], 10, segment_bytes=40_000)
    left(tmp_path, ROWS[150:], 10)
    before = [path.read_bytes() for path in files(tmp_path)]
    assert repair(tmp_path) == []
    assert [path.read_bytes() for path in files(tmp_path)] == before


@pytest.mark.parametrize("closed", [True, False])
def test_repair_keeps_every_whole_pulse(tmp_path: Path, closed: bool) -> None:
    """One damaged pulse is lost and no other; the bytes as they were stand beside; the log can be read and written."""
    (filled if closed else left)(tmp_path, ROWS, 30)
    path = files(tmp_path)[0]
    with Memory.read(tmp_path) as memory:
        view = next(iter(memory._current().views))
        damaged_at = view.offsets[4] + 300
    damaged = flip(path, damaged_at)
    assert not verify(tmp_path).ok
    [mended] = repair(tmp_path)
    assert (mended.file, mended.lost) == (path.name, (5, 5))
    assert mended.kept_aside is not None
    assert (path.parent / mended.kept_aside).read_bytes() == damaged
    assert contents(tmp_path) == ROWS[:120] + ROWS[150:]
    with Memory.read(tmp_path) as memory:
        assert memory.query().column("seq") == [*range(120), *range(150, 300)]
        assert memory.query("not success").count() == sum(not row["success"] for row in ROWS[:120] + ROWS[150:])
    assert [finding.code for finding in verify(tmp_path).findings] == ["pulses_missing"]
    filled(tmp_path, ROWS[:10])
    assert contents(tmp_path) == ROWS[:120] + ROWS[150:] + ROWS[:10]
    assert repair(tmp_path) == []


def test_repair_of_an_earlier_segment_leaves_the_later_ones(tmp_path: Path) -> None:
    """Segments behind the damaged one are not changed by a byte."""
    filled(tmp_path, ROWS, 10, segment_bytes=40_000)
    paths = files(tmp_path)
    flip(paths[1], 128 + 400)
    later = [path.read_bytes() for path in paths[2:]]
    [mended] = repair(tmp_path)
    assert mended.lost is not None
    assert mended.lost[0] == mended.lost[1] == int(paths[1].stem)
    assert [path.read_bytes() for path in paths[2:]] == later
    lost = range((mended.lost[0] - 1) * 10, mended.lost[1] * 10)
    assert contents(tmp_path) == [row for number, row in enumerate(ROWS) if number not in lost]


def test_repair_derives_a_damaged_footer(tmp_path: Path) -> None:
    """A damaged footer is written anew, and is the same as it was."""
    filled(tmp_path, ROWS[:50], 10)
    path = files(tmp_path)[0]
    whole = path.read_bytes()
    flip(path, len(whole) - 200)
    assert [mended.action for mended in repair(tmp_path)] == ["its footer was derived again"]
    assert path.read_bytes() == whole
    assert verify(tmp_path).ok


def test_repair_waits_for_nobody(tmp_path: Path) -> None:
    """While somebody writes, repair is refused."""
    with Memory.open(tmp_path), pytest.raises(HansardError) as refused:
        repair(tmp_path)
    assert refused.value.code == "memory_owned"


def test_retention_waits_for_nobody(tmp_path: Path) -> None:
    """While a writer has the log, or a compression would put back what is removed, nothing is."""
    filled(tmp_path, ROWS, 10, segment_bytes=40_000)
    before = files(tmp_path)
    with Memory.open(tmp_path), pytest.raises(HansardError) as refused:
        retain(tmp_path, megabytes=0, now=2e9)
    assert refused.value.code == "memory_owned"
    assert set(before) <= set(files(tmp_path))


def test_retention_removes_the_oldest_and_breaks_no_chain(tmp_path: Path) -> None:
    """By age and by size whole segments go from the beginning; numbers stay, and what stays verifies."""
    filled(tmp_path, ROWS, 10, segment_bytes=40_000)
    paths = files(tmp_path)
    sizes = [path.stat().st_size for path in paths]
    middle = ROWS[150]["timestamp"]
    assert retain(tmp_path, days=1, now=middle) == []
    gone = retain(tmp_path, days=1, now=middle + 86400)
    assert gone
    assert [each.file for each in gone] == [path.name for path in paths[: len(gone)]]
    assert all(each.last_time is not None and each.last_time < middle for each in gone)
    kept = contents(tmp_path)
    assert kept == ROWS[300 - len(kept) :]
    assert len(kept) >= 150
    more = retain(tmp_path, megabytes=(sizes[-1] + sizes[-2]) / 1e6, now=middle)
    assert [path.name for path in files(tmp_path)] == [path.name for path in paths[-2:]]
    assert len(more) + len(gone) == len(paths) - 2
    assert retain(tmp_path, megabytes=0, now=middle)
    assert files(tmp_path) == paths[-1:]
    report = verify(tmp_path)
    assert report.ok
    assert len(report.notes) == 1
    with Memory.read(tmp_path) as memory:
        first = next(iter(memory._current().views)).head
    assert verify(tmp_path, noted=[(0, first.first_pulse - 1, first.before.hex())]).ok, "the last that went is proved"
    with Memory.open(tmp_path) as memory:
        assert memory.append(EXAMPLE) == 300
        assert memory.record(299).timestamp == ROWS[299]["timestamp"]
        with pytest.raises(HansardError) as refused:
            memory.record(0)
        assert refused.value.code == "record_not_found"


def test_records_are_written_out_and_read_in(tmp_path: Path) -> None:
    """NDJSON has a record a line, Parquet and Arrow the columns; a file is there whole or not at all."""
    parquet = pytest.importorskip("pyarrow.parquet")
    filled(tmp_path / "m", ROWS, 100)
    with Memory.read(tmp_path / "m") as memory:
        query = memory.query("not success or eomm_score < 0.2")
        expected = [plain(row) for row in query.records()]
        for form in ("ndjson", "parquet", "arrow"):
            assert export(query, tmp_path / form, form) == len(expected)
        lines = (tmp_path / "ndjson").read_bytes().splitlines()
        assert [json.loads(line)["seq"] for line in lines] == query.column("seq")
        assert json.loads(lines[0])["error_metrics"] == expected[0]["error_metrics"]
        table = parquet.read_table(tmp_path / "parquet")
        assert table["eomm_score"].to_pylist() == query.column("eomm_score")
        assert msgspec.msgpack.decode(table["context"][3].as_py()) == expected[3]["context"]
        with pytest.raises(HansardError) as refused:
            export(query, tmp_path / "ndjson" / "where", "ndjson")
        assert refused.value.code == "path_unusable"
    assert not list(tmp_path.glob(".hansard-*"))


def test_segments_with_names_of_their_own_stand_in_one_file(tmp_path: Path) -> None:
    """An Arrow or Parquet file holds the names of all segments, each column with one dictionary, value by value."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{**row, "engine_id": f"engine {number // 60}"} for number, row in enumerate(ROWS)]
    filled(tmp_path / "m", rows, 60, segment_bytes=40_000)
    with Memory.read(tmp_path / "m") as memory:
        query = memory.query("eomm_score > 0.2")
        assert len(list(memory._current().views)) > 2
        for form in ("parquet", "arrow"):
            export(query, tmp_path / form, form)
        read = [parquet.read_table(tmp_path / "parquet"), pa.ipc.open_file(str(tmp_path / "arrow")).read_all()]
        for table in (query.arrow(), *read):
            for name in ("seq", "engine_id", "map_name", "eomm_score", "success", "bot_difficulty"):
                assert table[name].to_pylist() == query.column(name), name


def test_a_line_without_end_is_refused_and_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is too long is told by its number; it is never held as a whole, and the next one is read."""
    monkeypatch.setattr(upkeep, "LINE_BYTES", 5000)
    file = tmp_path / "windows.ndjson"
    file.write_text("\n".join(["x" * 17_000, json.dumps(EXAMPLE), "y" * 5001]), encoding="utf-8")
    (one, fault), (two, window), (three, last) = windows_of(file)
    assert (one, two, three, window) == (1, 2, 3, EXAMPLE)
    for each in (fault, last):
        assert "more than 5,000 bytes" in each.message


def test_a_file_of_windows_is_taken_line_by_line(tmp_path: Path) -> None:
    """A line that is no window is refused with its number, and the others are taken."""
    file = tmp_path / "windows.ndjson"
    lines = [json.dumps(EXAMPLE), "{", "", '{"ts_start": NaN}', json.dumps(EXAMPLE), "[" * 100_000, "\xff"]
    file.write_text("\n".join(lines), encoding="latin-1")
    found = list(windows_of(file))
    assert [number for number, _ in found] == [1, 2, 4, 5, 6, 7]
    with Memory.open(tmp_path / "m") as memory:
        done = memory.ingest(window for _, window in found)
    assert (done.taken, done.refused) == (2, 4)
    with pytest.raises(HansardError) as refused:
        list(windows_of(tmp_path / "none"))
    assert refused.value.code == "file_not_found"
