"""Repair, retention and writing out."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hansard.kernel.errors import HansardError
from hansard.memory.disk import Disk, Untouched
from hansard.memory.files import export, windows_of
from hansard.memory.memory import Memory
from hansard.memory.notes import LIMIT, NAME, Gap, noted, notes_of
from hansard.memory.segment import Handle, SegmentHead, Walk, read_head
from hansard.memory.state import state
from hansard.memory.upkeep import compress, repair, retain
from hansard.memory.verify import verify
from tests.unit.memory.kit import EXAMPLE, FailingDisk, contents, filled, left, plain, records

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
    report = verify(tmp_path)
    assert report.ok
    assert [(gap.pulses, gap.records, gap.kept_aside) for gap in report.gaps] == [((5, 5), 30, mended.kept_aside)]
    heads = {pulse: verify(tmp_path, noted=[(0, pulse, "ab" * 32)]).findings[0].code for pulse in (4, 5, 6, 99)}
    assert heads == {4: "head_contradicted", 5: "head_unproved", 6: "head_unproved", 99: "head_contradicted"}
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


def test_pulses_between_two_damages_are_kept(tmp_path: Path) -> None:
    """Each damage of a segment loses its own pulse; those between and behind are kept, each run under its numbers."""
    filled(tmp_path, ROWS, 30)
    path = files(tmp_path)[0]
    with Memory.read(tmp_path) as memory:
        places = next(iter(memory._current().views)).offsets
    flip(path, places[2] + 300)
    flip(path, places[6] + 300)
    assert [mended.lost for mended in repair(tmp_path)] == [(3, 3), (7, 7)]
    assert contents(tmp_path) == ROWS[:60] + ROWS[90:180] + ROWS[210:]
    report = verify(tmp_path)
    assert report.ok
    assert [gap.pulses for gap in report.gaps] == [(3, 3), (7, 7)]
    assert repair(tmp_path) == []
    gone, _ = retain(tmp_path, megabytes=0, now=2e9)
    assert len(gone) == 2, "what a repair wrote is closed"


def test_retention_up_to_a_known_gap_leaves_it_known(tmp_path: Path) -> None:
    """When the segment before a repair's own is removed, the chain that breaks behind that is still explained."""
    filled(tmp_path, ROWS, 10, segment_bytes=40_000)
    path = files(tmp_path)[0]
    with Memory.read(tmp_path) as memory:
        place = next(iter(memory._current().views)).offsets[1]
    flip(path, place + 300)
    assert [mended.lost for mended in repair(tmp_path)] == [(2, 2)]
    assert len(verify(tmp_path).gaps) == 2
    sizes = sum(each.stat().st_size for each in files(tmp_path))
    gone, _ = retain(tmp_path, megabytes=(sizes - 1) / 1e6, now=2e9)
    assert [each.file for each in gone] == [path.name]
    report = verify(tmp_path)
    assert report.ok
    assert [gap.pulses for gap in report.gaps] == [None]


def test_pulses_between_two_damages_keep_their_names(tmp_path: Path) -> None:
    """Where a lost pulse brought values, those behind it still find their own in the dictionary."""
    rows = [{**row, "engine_id": f"engine {number // 20}"} for number, row in enumerate(ROWS)]
    filled(tmp_path, rows, 30)
    path = files(tmp_path)[0]
    with Memory.read(tmp_path) as memory:
        places = next(iter(memory._current().views)).offsets
    for place in (1, 4, 5, 8):
        flip(path, places[place] + 300)
    assert [mended.lost for mended in repair(tmp_path)] == [(2, 2), (5, 6), (9, 9)]
    assert contents(tmp_path) == [row for number, row in enumerate(rows) if number // 30 not in (1, 4, 5, 8)]


def test_a_gap_that_was_found_is_noted_once(tmp_path: Path) -> None:
    """A segment that is gone is a finding until a repair notes it; from then on it is a known gap, told each time."""
    filled(tmp_path, ROWS, 10, segment_bytes=20_000)
    paths = files(tmp_path)
    paths[1].unlink()
    assert [each.code for each in verify(tmp_path).findings] == ["pulses_missing"]
    lost = (int(paths[1].stem), int(paths[2].stem) - 1)
    assert [mended.lost for mended in repair(tmp_path, disk=Untouched())] == [lost]
    assert not verify(tmp_path).ok, "a dry run notes nothing"
    [mended] = repair(tmp_path)
    assert (mended.file, mended.lost) == (paths[2].name, lost)
    report = verify(tmp_path)
    assert report.ok
    assert [gap.pulses for gap in report.gaps] == [lost]
    assert repair(tmp_path) == []
    paths[3].unlink()
    assert [each.code for each in verify(tmp_path).findings] == ["pulses_missing"], "a note explains its own place only"


def test_a_note_explains_no_segment_that_was_written_anew(tmp_path: Path) -> None:
    """Where no pulse is missing a note hides nothing: another chain value is a finding, whatever is noted of it."""
    filled(tmp_path / "a", ROWS[:150], 10, segment_bytes=40_000)
    filled(tmp_path / "b", [*ROWS[:150]][::-1], 10, segment_bytes=40_000)
    folder, first = tmp_path / "a" / "worker-000", files(tmp_path / "a")[0]
    before, _, _ = notes_of(folder)
    with Handle(files(tmp_path / "a")[1]) as second:
        head = read_head(second)
    assert head is not None
    with Handle(files(tmp_path / "b")[0]) as other:
        forged = read_head(other)
        assert forged is not None
        walk = Walk(other, forged, head.first_pulse)
        data = other.read(0, walk.end)
    first.write_bytes(data)
    found = [(each.code, each.file) for each in verify(tmp_path / "a").findings]
    head_name = files(tmp_path / "a")[1].name
    assert ("chain_broken", head_name) in found
    place = (head.first_pulse - 1, walk.chain.hex(), head.first_pulse, head.before.hex())
    noted(Disk(), folder, Gap(1.0, *place, 0, head_name))
    assert notes_of(folder)[0].keys() == {*before, place}
    assert [(each.code, each.file) for each in verify(tmp_path / "a").findings] == found
    assert repair(tmp_path / "a") == []
    assert not verify(tmp_path / "a").ok


def test_a_repair_keeps_what_it_cuts_off_a_torn_end(tmp_path: Path) -> None:
    """The torn bytes of a log that was not closed stand beside it afterwards, as a writer keeps them."""
    left(tmp_path, ROWS[:60], 10)
    path = files(tmp_path)[0]
    with Handle(path) as handle:
        head = read_head(handle)
        assert head is not None
        end = Walk(handle, head).end
    torn = b"\x93HPULSE\n" + bytes(range(1, 90))
    path.write_bytes(path.read_bytes()[:end] + torn)
    [mended] = repair(tmp_path)
    assert mended.kept_aside == f"{path.name}.torn-{end}"
    assert (path.parent / mended.kept_aside).read_bytes() == torn
    assert contents(tmp_path) == ROWS[:60]
    assert verify(tmp_path).ok


def test_upkeep_stops_once_somebody_else_may_own_the_log(tmp_path: Path) -> None:
    """When the lock's file is another one by now, nothing more is replaced or removed."""

    class Robbed(Disk):
        def sync(self, handle: int) -> None:
            super().sync(handle)
            owner = tmp_path / "worker-000" / "owner"
            owner.unlink()
            owner.touch()

    filled(tmp_path, ROWS, 10, segment_bytes=40_000)
    before = {path: path.read_bytes() for path in files(tmp_path)}
    works: list[Callable[[], object]] = [lambda: retain(tmp_path, megabytes=0, now=2e9, disk=Robbed())]
    if importlib.util.find_spec("zstandard") is not None:
        works.append(lambda: compress(tmp_path, disk=Robbed()))
    for work in works:
        with pytest.raises(HansardError) as refused:
            work()
        assert refused.value.code == "memory_owned"
        assert {path: path.read_bytes() for path in files(tmp_path)} == before


def test_what_fails_leaves_nothing_half_made(tmp_path: Path) -> None:
    """A compression that the disk refuses leaves the segment as it was, and no file beside it."""
    pytest.importorskip("zstandard")
    filled(tmp_path, ROWS, 10)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for call in range(1, 6):
        with pytest.raises(HansardError) as refused:
            compress(tmp_path, disk=FailingDisk(call))
        assert refused.value.code == "memory_unwritable"
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_upkeep_says_why_a_segment_stays(tmp_path: Path) -> None:
    """Retention and compression tell for each segment that they leave why they do; a dry run tells the same."""
    filled(tmp_path, ROWS, 10, segment_bytes=40_000)
    paths = files(tmp_path)
    gone, stays = retain(tmp_path, days=1, now=ROWS[150]["timestamp"] + 86400, disk=Untouched())
    assert gone
    assert files(tmp_path) == paths
    assert {each.why for each in gone} == {"older than 1 days"}
    told = [(each.file, each.why) for each in stays]
    assert told[0] == (paths[len(gone)].name, "no older than 1 days")
    assert {why for _, why in told[1:]} == {"one before it stays"}
    assert retain(tmp_path, megabytes=0, now=2e9)[1][0].why == "the last of its worker always stays"
    pytest.importorskip("zstandard")
    done, stays = compress(tmp_path, disk=Untouched())
    assert (done, stays) == ([paths[-1].name], [])
    compress(tmp_path)
    left(tmp_path, ROWS[:10], 10)
    done, stays = compress(tmp_path)
    assert done == []
    assert {each.why for each in stays} <= {"it was not closed", "it is compressed already"}


def test_a_head_that_retention_removed_is_told_as_such(tmp_path: Path) -> None:
    """A head of pulses that are gone is not proved, whatever is noted; what retention noted is told with it."""
    filled(tmp_path, ROWS, 10, segment_bytes=40_000)
    with Handle(files(tmp_path)[0]) as handle:
        head = read_head(handle)
        assert head is not None
        early = (0, Walk(handle, head).pulse_id - 3, "ab" * 32)
    retain(tmp_path, megabytes=0, now=ROWS[0]["timestamp"])
    [finding] = verify(tmp_path, noted=[early]).findings
    assert finding.code == "head_unproved"
    assert "retention removed pulses up to" in finding.found
    (tmp_path / "worker-000" / NAME).unlink()
    assert [each.code for each in verify(tmp_path, noted=[early]).findings] == ["pulses_missing", "head_unproved"]


def test_a_head_inside_a_gap_is_not_proved(tmp_path: Path) -> None:
    """The header behind a gap names the last pulse that is missing: no pulse that is here leads through it."""
    filled(tmp_path, ROWS, 10, segment_bytes=40_000)
    second, third = files(tmp_path)[1:3]
    with Handle(third) as handle:
        head = read_head(handle)
    assert head is not None
    second.unlink()
    inside = (0, head.first_pulse - 1, head.before.hex())
    assert [each.code for each in verify(tmp_path, noted=[inside]).findings] == ["pulses_missing", "head_unproved"]
    repair(tmp_path)
    report = verify(tmp_path, noted=[inside])
    assert [each.code for each in report.findings] == ["head_unproved"]
    assert f"no head of a pulse behind {head.first_pulse - 1} proves anything before its gap" in report.notes[-1]


def test_a_gap_at_the_beginning_is_told_as_every_gap_is(tmp_path: Path) -> None:
    """What a repair noted of the first pulses is a known gap, and no head is proved inside it."""
    filled(tmp_path, ROWS, 10, segment_bytes=40_000)
    first, second = files(tmp_path)[:2]
    with Handle(second) as handle:
        head = read_head(handle)
    assert head is not None
    first.unlink()
    repair(tmp_path)
    [gap] = verify(tmp_path).gaps
    assert (gap.pulses, gap.records) == ((1, head.first_pulse - 1), head.first_seq)
    for chain in (head.before.hex(), "ab" * 32):
        report = verify(tmp_path, noted=[(0, head.first_pulse - 1, chain)])
        assert [each.code for each in report.findings] == ["head_unproved"]


@pytest.mark.parametrize(("pulses", "records"), [(5, 0), (5, 4), (0, 30), (1, 129)])
def test_a_note_explains_no_gap_that_cannot_be(tmp_path: Path, pulses: int, records: int) -> None:
    """Each missing pulse had from 1 to 128 records; a note of anything else is no known gap."""
    filled(tmp_path, ROWS[:100], 10, segment_bytes=10**9)
    end = verify(tmp_path).heads[0]
    made = SegmentHead(0, b"12345678", end.pulse_id + 1 + pulses, 100 + records, bytes(range(32)), 0.0)
    (tmp_path / "worker-000" / f"{made.first_pulse:012d}.seg").write_bytes(made.packed())
    place = (end.pulse_id, end.chain, made.first_pulse, made.before.hex())
    noted(Disk(), tmp_path / "worker-000", Gap(0.0, *place, records, "any"))
    report = verify(tmp_path)
    assert [each.code for each in report.findings] == ["pulses_missing"]
    assert not report.gaps


def test_a_pulse_of_too_many_records_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pulse has 128 records at most; one of more is told by whoever reads it, closed or not."""
    monkeypatch.setattr("hansard.memory.writer.RECORDS", 200)
    for name, write in (("closed", filled), ("open", left)):
        write(tmp_path / name, ROWS[:200], 200)
        assert [each.code for each in verify(tmp_path / name).findings] == ["damaged"]
        with pytest.raises(HansardError) as refused:
            contents(tmp_path / name)
        assert refused.value.code == "memory_corrupt"


@pytest.mark.parametrize("what", ["pipe", "endless", "nested", "long", "large"])
def test_notes_that_cannot_be_read_are_told(tmp_path: Path, what: str) -> None:
    """Whatever stands in the place of the notes: nobody waits for it, and it is told by verify and from outside."""
    filled(tmp_path, ROWS[:20], 10)
    place = tmp_path / "worker-000" / NAME
    if what == "pipe":
        os.mkfifo(place)
    elif what == "endless":
        place.symlink_to("/dev/zero")
    elif what == "nested":
        place.write_bytes(b"[" * 100_000)
    elif what == "long":
        noted(Disk(), place.parent, Gap(0.0, 1, "ab" * 32, 3, "cd" * 32, 1, "x", kept_aside="x" * 300))
    else:
        with place.open("wb") as file:
            file.truncate(LIMIT + 1)
    report = verify(tmp_path)
    assert [each.code for each in report.findings] == ([] if what in ("nested", "long") else ["unreadable"])
    assert report.findings or any("cannot be read, and explain nothing" in note for note in report.notes)
    assert state(tmp_path).fault is not None


def test_a_note_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    """A last line without its end, as an editor may leave it, gets one first."""
    notes = [Gap(0.0, pulse, "ab" * 32, pulse + 2, "cd" * 32, 1, "x") for pulse in (1, 5)]
    noted(Disk(), tmp_path, notes[0])
    (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes().rstrip(b"\n"))
    noted(Disk(), tmp_path, notes[1])
    assert notes_of(tmp_path) == ({each.place: each for each in notes}, [], 0)


def test_a_folder_that_no_query_reads_is_told_from_outside(tmp_path: Path) -> None:
    """A worker's folder that is another's is the same fault from outside as for whoever reads."""
    filled(tmp_path, ROWS[:20], 10)
    (tmp_path / "worker-001").symlink_to(tmp_path / "worker-000")
    fault = state(tmp_path).fault
    assert fault is not None
    assert fault.code == "memory_foreign"


def test_a_beginning_that_is_not_there_is_found_until_it_is_noted(tmp_path: Path) -> None:
    """A log without its first segment is no sound log, and readers are told, unless a note says where it went."""
    filled(tmp_path, ROWS, 10, segment_bytes=40_000)
    first, second = files(tmp_path)[:2]
    missing = 10 * (int(second.stem) - 1)
    first.unlink()
    [finding] = verify(tmp_path).findings
    assert (finding.code, finding.file) == ("pulses_missing", second.name)
    assert state(tmp_path).fault is not None
    with Memory.read(tmp_path) as memory:
        [told] = memory.gaps()
    assert told == (
        f"worker 0 lacks its beginning, and nothing notes why: {missing} records are not there, seq 0 to {missing - 1}"
    )
    assert [each.lost for each in repair(tmp_path)] == [(1, int(second.stem) - 1)]
    assert verify(tmp_path).ok
    assert state(tmp_path).fault is None
    retain(tmp_path, megabytes=0, now=2e9)
    assert verify(tmp_path).ok
    assert repair(tmp_path) == [], "what retention removed is no gap"
    with Memory.read(tmp_path) as memory:
        assert memory.gaps()[0].startswith("worker 0 begins where retention left it (all together have more than 0 MB)")


def test_repair_waits_for_nobody(tmp_path: Path) -> None:
    """While somebody writes, repair is refused."""
    with Memory.open(tmp_path), pytest.raises(HansardError) as refused:
        repair(tmp_path)
    assert refused.value.code == "memory_owned"
    assert refused.value.message == "this process is writing as worker 0 already"


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
    assert retain(tmp_path, days=1, now=middle)[0] == []
    gone, _ = retain(tmp_path, days=1, now=middle + 86400)
    assert gone
    assert [each.file for each in gone] == [path.name for path in paths[: len(gone)]]
    assert all(each.last_time is not None and each.last_time < middle for each in gone)
    kept = contents(tmp_path)
    assert kept == ROWS[300 - len(kept) :]
    assert len(kept) >= 150
    more, _ = retain(tmp_path, megabytes=(sizes[-1] + sizes[-2]) / 1e6, now=middle)
    assert [path.name for path in files(tmp_path)] == [path.name for path in paths[-2:]]
    assert len(more) + len(gone) == len(paths) - 2
    assert retain(tmp_path, megabytes=0, now=middle)[0]
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
    monkeypatch.setattr("hansard.memory.files.LINE_BYTES", 5000)
    file = tmp_path / "windows.ndjson"
    file.write_text("\n".join(["x" * 17_000, json.dumps(EXAMPLE), "y" * 5001]), encoding="utf-8")
    (one, fault), (two, window), (three, last) = windows_of(file, name="windows.ndjson")
    assert (one, two, three, window) == (1, 2, 3, EXAMPLE)
    for each in (fault, last):
        assert "more than 5,000 bytes" in each.message


def test_a_file_of_windows_is_taken_line_by_line(tmp_path: Path) -> None:
    """A line that is no window is refused with its number, and the others are taken."""
    file = tmp_path / "windows.ndjson"
    lines = [
        json.dumps(EXAMPLE),
        "{",
        "",
        '{"ts_start": NaN}',
        json.dumps(EXAMPLE),
        "[" * 100_000,
        "\xff",
        '{"a": 1, "a": 2}',
    ]
    file.write_text("\n".join(lines), encoding="latin-1")
    found = list(windows_of(file, name="windows.ndjson"))
    assert [number for number, _ in found] == [1, 2, 4, 5, 6, 7, 8]
    assert "the key 'a' stands twice in one object" in found[-1][1].message
    with Memory.open(tmp_path / "m") as memory:
        done = memory.ingest(window for _, window in found)
    assert (done.taken, done.refused) == (2, 5)
    with pytest.raises(HansardError) as refused:
        list(windows_of(tmp_path / "none", name="none"))
    assert refused.value.code == "file_not_found"
