"""The writing side: what is confirmed, when pulses close, who may write, what is refused."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hansard.kernel.errors import HansardError
from hansard.memory.disk import Disk
from hansard.memory.memory import Memory
from hansard.memory.pulse import BYTES, RECORDS, Record
from hansard.memory.schema_map import truevision_window
from hansard.memory.verify import verify
from tests.support.processes import open_folder, plain_user, python
from tests.unit.memory.kit import EXAMPLE, SETTINGS, FailingDisk, contents, filled, left, plain, records

ROWS = records(400, seed=2)


def until(holds: Callable[[], bool]) -> None:
    """Wait for something another thread does."""
    for _ in range(2000):
        if holds():
            return
        time.sleep(0.005)
    raise AssertionError("it did not happen within ten seconds")


def flushed(memory: Memory, rows: list[Record]) -> None:
    """Append and wait."""
    memory.extend(rows)
    memory.flush()


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    """Records come back as they went in, numbered without a gap, in pulses of 128."""
    assert filled(tmp_path, ROWS, pulse=1000) == contents(tmp_path)
    with Memory.read(tmp_path) as memory:
        assert memory.query().column("seq") == list(range(400))
        assert memory.query().column("pulse_id") == [number // RECORDS + 1 for number in range(400)]
        assert plain(memory.record(333)) == ROWS[333]
        assert len(memory) == 400
    assert verify(tmp_path).ok


def test_numbers_go_on_where_a_log_ended(tmp_path: Path) -> None:
    """However a writer ended, the next one's pulses and records have the next numbers; nothing is used twice."""
    for number, write in enumerate((filled, left, left, filled)):
        write(tmp_path, ROWS[number * 100 : number * 100 + 100], 30)
    with Memory.read(tmp_path) as memory:
        assert memory.query().column("seq") == list(range(400))
        assert sorted(set(memory.query().column("pulse_id"))) == list(range(1, 17))
    assert contents(tmp_path) == ROWS
    assert verify(tmp_path).ok


def test_a_log_of_many_segments_reads_as_one(tmp_path: Path) -> None:
    """Segments are begun by size, each with a footer, and hold one another's chain."""
    filled(tmp_path, ROWS, 20, segment_bytes=25_000)
    assert len(list((tmp_path / "worker-000").glob("*.seg"))) > 4
    assert contents(tmp_path) == ROWS
    report = verify(tmp_path)
    assert (report.ok, report.notes, report.records, report.pulses) == (True, [], 400, 20)


def test_flush_confirms_and_wait_tells(tmp_path: Path) -> None:
    """After a flush everything is on the disk; a pulse that is not there yet is not waited for longer than told."""
    with Memory.open(tmp_path, seconds=60) as memory:
        assert memory.durable_upto == 0
        for window_number in range(3):
            assert memory.append(EXAMPLE) == window_number
        assert memory.flush() == memory.durable_upto == 1
        assert memory.wait(1)
        assert not memory.wait(2, timeout=0.01)


def test_time_closes_a_pulse(tmp_path: Path) -> None:
    """A record that nobody follows is confirmed all the same, when its pulse is a quarter of a second old."""
    with Memory.open(tmp_path, seconds=0.02) as memory:
        memory.append(EXAMPLE)
        until(lambda: memory.durable_upto == 1)


@pytest.mark.parametrize("strict", [False, True])
def test_a_strict_append_is_on_the_disk_when_it_returns(tmp_path: Path, strict: bool) -> None:
    """In the strict mode the append that fills a pulse returns when it is confirmed, with no thread in between."""
    syncs: list[str] = []

    class Noting(Disk):
        def sync_data(self, handle: int) -> None:
            super().sync_data(handle)
            syncs.append(threading.current_thread().name)

    with Memory.open(tmp_path, strict=strict, disk=Noting(), seconds=60) as memory:
        memory.extend(ROWS[:256])
        if strict:
            assert memory.durable_upto == 2
            assert syncs == ["MainThread"] * 2
        memory.flush()
        assert memory.durable_upto == 2
    assert strict or set(syncs) == {"memory-0"}


def test_pulses_that_wait_share_a_sync_and_the_queue_is_bounded(tmp_path: Path) -> None:
    """While the disk is busy pulses gather up to the queue's length, then the caller waits; one sync confirms them."""
    gate, entered = threading.Event(), threading.Event()
    syncs = 0

    class Slow(Disk):
        def sync_data(self, handle: int) -> None:
            nonlocal syncs
            syncs += 1
            entered.set()
            assert gate.wait(10)
            super().sync_data(handle)

    memory = Memory.open(tmp_path, disk=Slow(), queue=4, seconds=60)
    memory.extend(ROWS[:128])
    assert entered.wait(10)
    for _ in range(4):
        memory.extend(ROWS[:128])  # these wait
    blocked = threading.Thread(target=memory.extend, args=(ROWS[:128],))
    blocked.start()
    blocked.join(0.1)
    assert blocked.is_alive(), "the sixth pulse had to wait"
    assert memory.durable_upto == 0
    gate.set()
    blocked.join(10)
    memory.close()
    assert syncs <= 3
    assert len(contents(tmp_path)) == 6 * 128


def test_several_threads_append_to_one_memory(tmp_path: Path) -> None:
    """Each record is there once, and each thread's own in its order."""
    with Memory.open(tmp_path) as memory:

        def work(name: str) -> None:
            for number in range(300):
                memory.append({**EXAMPLE, "thread": name, "number": number})

        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found: dict[str, list[int]] = {}
    with Memory.read(tmp_path) as memory:
        for row in memory:
            context = row.context
            found.setdefault(context["session"]["thread"], []).append(context["telemetry"]["number"])
    assert found == {f"t{n}": list(range(300)) for n in range(4)}


def test_a_worker_has_one_writer(tmp_path: Path) -> None:
    """A second process is refused while the first lives, and may be another worker; a dead one blocks nobody."""
    script = (
        "import sys; from hansard.memory.memory import Memory; m = Memory.open(sys.argv[1]); "
        "print('open', flush=True); sys.stdin.read()"
    )
    with python("-c", script, str(tmp_path)) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(HansardError) as refused:
            Memory.open(tmp_path)
        assert (refused.value.code, refused.value.kind) == ("memory_owned", "unavailable")
        filled(tmp_path, ROWS[:10], worker=1)
        other.kill()
    filled(tmp_path, ROWS[10:20])
    assert len(contents(tmp_path)) == 20


def test_workers_are_read_as_one_log_by_time(tmp_path: Path) -> None:
    """Records of several workers come merged by their timestamps."""
    for worker in range(3):
        filled(tmp_path, ROWS[worker::3], 10, worker=worker)
    assert contents(tmp_path) == ROWS
    with Memory.read(tmp_path) as memory:
        assert plain(memory.record(5, worker=2)) == ROWS[17]
        assert memory.query("worker == 1").count() == 133
        assert [hit.timestamp for hit in memory.query("worker != 1")] == [
            row["timestamp"] for number, row in enumerate(ROWS) if number % 3 != 1
        ]


def test_a_pulse_holds_one_schema(tmp_path: Path) -> None:
    """Records of another source close the pulse; each is filtered by its own columns."""
    call = {"ts_start": 1.5, "outcome": "ok", "provider": "p", "model": "m", "latency_ms": 7.0}
    with Memory.open(tmp_path) as memory:
        for _ in range(3):
            memory.append(EXAMPLE)
            memory.append(call, "model_call")
        memory.flush()
        assert memory.query().column("pulse_id") == [1, 2, 3, 4, 5, 6]
        assert memory.query("latency_ms == 7").column("task_id") == ["model_call"] * 3
        assert memory.query("latency_ms == null").column("eomm_score") == [0.62] * 3
        assert memory.query('map_name == "Rust" or provider == "p"').count() == 6
    assert verify(tmp_path).ok


def test_large_records_close_pulses_by_size(tmp_path: Path) -> None:
    """Half a mebibyte closes a pulse; a record larger than that has one of its own."""
    sizes = [100, BYTES // 3, BYTES // 3, BYTES // 3, 3 * BYTES, 100, 100]
    rows = [
        truevision_window({**EXAMPLE, "ts_start": float(n), "ts_end": float(n), "note": "x" * size}, SETTINGS)
        for n, size in enumerate(sizes)
    ]
    with Memory.open(tmp_path) as memory:
        memory.extend(rows)
    with Memory.read(tmp_path) as memory:
        assert memory.query().column("pulse_id") == [1, 1, 1, 2, 3, 4, 4]
    assert contents(tmp_path) == rows
    assert verify(tmp_path).ok


def test_a_bad_window_is_refused_and_the_stream_goes_on(tmp_path: Path) -> None:
    """Refused windows are counted and told with their numbers; all others are on the disk at the end."""
    told: list[tuple[int, str]] = []
    stream: list[object] = [EXAMPLE, {}, EXAMPLE, None, {**EXAMPLE, "eomm_score": float("nan")}, EXAMPLE]
    with Memory.open(tmp_path) as memory:
        done = memory.ingest(stream, refused=lambda number, fault: told.append((number, fault.code)))
        assert (done.taken, done.refused, done.durable_upto) == (3, 3, 1)
    assert told == [(2, "window_refused"), (4, "window_refused"), (5, "window_refused")]
    assert len(contents(tmp_path)) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"success": "yes"}, {"success": 2},
        {"timestamp": "now"}, {"timestamp": float("nan")}, {"task_id": 3}, {"color_count": -1},
        {"color_count": 2**32}, {"error_metrics": None}, {"error_metrics": {"eomm_score": "x"}},
        {"context": {"x": object()}}, {"grid_shape_in": 7}, {"params": {"x": 2**80}},
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_encoded_is_refused_alone(tmp_path: Path, change: dict[str, Any]) -> None:
    """The others of its pulse are written; the refusal says which record and why."""
    rows = [dict(row) for row in ROWS[:200]]
    rows[150] |= change
    with Memory.open(tmp_path) as memory:
        memory.extend(rows[:40])
        with pytest.raises(HansardError) as refused:
            flushed(memory, rows[40:])
        assert refused.value.code == "record_refused"
        assert memory.flush() > 0
    assert contents(tmp_path) == ROWS[:150] + ROWS[151:200]
    assert verify(tmp_path).ok


@pytest.mark.parametrize("missing", ["timestamp", "params", "train_pair_indices"])
def test_a_record_that_lacks_a_field_is_refused(tmp_path: Path, missing: str) -> None:
    """A field of the header or a blob must be there."""
    row = {key: value for key, value in ROWS[0].items() if key != missing}
    with Memory.open(tmp_path) as memory:
        memory.extend([row])
        with pytest.raises(HansardError) as refused:
            memory.flush()
        assert missing in refused.value.message
    assert contents(tmp_path) == []


def test_a_full_disk_is_told_and_loses_nothing_confirmed(tmp_path: Path) -> None:
    """When no byte more can be written, appending is refused with what is safe; with room again the log goes on."""
    disk = FailingDisk(number=errno.ENOSPC)
    memory = Memory.open(tmp_path, disk=disk)
    memory.extend(ROWS[:128])
    memory.flush()
    disk._fail_at, disk._for_good = len(disk.calls) + 1, True
    with pytest.raises(HansardError) as refused:
        flushed(memory, ROWS[128:256])
    assert (refused.value.code, refused.value.context) == ("memory_unwritable", {"durable_upto": 1})
    assert "No space left" in refused.value.message
    for act in (lambda: memory.append(EXAMPLE), memory.flush, memory.close):
        with pytest.raises(HansardError):
            act()
    assert contents(tmp_path) == ROWS[:128]
    filled(tmp_path, ROWS[128:256])
    assert contents(tmp_path) == ROWS[:256]


def test_a_memory_that_may_only_be_read_is_read() -> None:
    """Reading needs no right to write; a writer is refused, and the readers' files are not touched."""
    with open_folder() as folder:
        filled(folder, ROWS[:50])
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with plain_user():
            assert contents(folder) == ROWS[:50]
            assert verify(folder).ok
            with pytest.raises(HansardError) as refused:
                Memory.open(folder)
            assert refused.value.kind == "unavailable"
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)


def test_what_is_not_open_for_appending_refuses(tmp_path: Path) -> None:
    """A closed memory, and one that was opened to read, take nothing."""
    memory = Memory.open(tmp_path)
    memory.close()
    memory.close()
    filled(tmp_path, ROWS[:3])
    with Memory.read(tmp_path) as reading:
        for one in (memory, reading):
            with pytest.raises(HansardError) as refused:
                one.append(EXAMPLE)
            assert refused.value.code == "memory_closed"
    with pytest.raises(HansardError) as refused:
        Memory.read(tmp_path / "elsewhere")
    assert refused.value.code == "memory_missing"
    with pytest.raises(HansardError) as refused:
        Memory.open(tmp_path, worker=-1)
    assert refused.value.code == "worker_invalid"
    with pytest.raises(HansardError) as refused:
        Memory.open(tmp_path, worker=9).append({}, "truevision_windw")
    assert refused.value.suggestion == "Did you mean 'truevision_window'?"


def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    """A reader that was opened before sees what was confirmed since, across segments, when it looks again."""
    with Memory.open(tmp_path, segment_bytes=100_000) as memory, Memory.read(tmp_path) as reader:
        for start in range(0, 400, 40):
            memory.extend(ROWS[start : start + 40])
            memory.flush()
            reader.refresh()
            assert [plain(row) for row in reader] == ROWS[: start + 40]
            assert memory.query().count() == start + 40


def test_a_reader_is_not_disturbed_when_a_closed_log_goes_on(tmp_path: Path) -> None:
    """What a reader has open stays as it was while a writer goes on; looking again shows the rest."""
    filled(tmp_path, ROWS[:100], 10)
    with Memory.read(tmp_path) as reader:
        query = reader.query("not success or eomm_score >= 0")
        first = next(iter(query)).record
        filled(tmp_path, ROWS[100:200], 10)
        assert [plain(row) for row in query.records()] == ROWS[:100]
        assert query.column("match_id") == ["M000000"] * 100
        assert plain(first) == ROWS[0]
        reader.refresh()
        assert [plain(row) for row in reader] == ROWS[:200]
    assert len(list((tmp_path / "worker-000").iterdir())) == 2, "one segment and the owner's file"


def test_recovery_does_not_read_closed_segments(tmp_path: Path) -> None:
    """A writer opens the last segment only: the others might as well be gone."""
    filled(tmp_path, ROWS, 20, segment_bytes=50_000)
    files = sorted((tmp_path / "worker-000").glob("*.seg"))
    for file in files[:-1]:
        file.write_bytes(b"")
    with Memory.open(tmp_path) as memory:
        assert memory.recovery.pulse_id == 20
        assert memory._writer.next_seq == 400


def test_a_write_is_split_where_the_system_takes_less(tmp_path: Path) -> None:
    """A system call that takes a part of what it was given is called again for the rest."""

    class Sparing(Disk):
        def write_some(self, handle: int, parts: Sequence[memoryview], position: int) -> int:
            return super().write_some(handle, [parts[0][:777]], position)

    filled(tmp_path, ROWS[:100], 10, disk=Sparing())
    assert contents(tmp_path) == ROWS[:100]
    shutil.rmtree(tmp_path)
