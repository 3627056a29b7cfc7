"""System calls that fail, and writes that the machine forgets when it loses power."""

from __future__ import annotations

import errno
import random
from pathlib import Path

import pytest

from hansard.kernel.errors import HansardError
from hansard.memory.memory import Memory
from hansard.memory.pulse import Record
from hansard.memory.verify import verify
from tests.conftest import scale
from tests.unit.memory.kit import FailingDisk, ForgetfulDisk, contents, records

ROWS = records(60, seed=5)
PULSE = 5
SEGMENT = 12_000
"""So small that a dozen pulses fill several segments."""


def wrote(folder: Path, disk: FailingDisk, rows: list[Record], *, die: bool = False) -> tuple[int, HansardError | None]:
    """Write records, five to a pulse, on this disk; answers how many were confirmed, and a refusal."""
    confirmed = 0
    memory = None
    try:
        memory = Memory.open(folder, disk=disk, strict=True, segment_bytes=SEGMENT, seconds=60)
        for start in range(0, len(rows), PULSE):
            memory.extend(rows[start : start + PULSE])
            memory.flush()
            confirmed = start + PULSE
        if not die:
            memory.close()
    except HansardError as fault:
        return confirmed, fault
    finally:
        if memory is not None:
            memory._writer.abandon()
    return confirmed, None


def calls_of_a_run(folder: Path) -> int:
    """How many calls a run makes that nothing disturbs."""
    disk = FailingDisk()
    assert wrote(folder, disk, ROWS) == (len(ROWS), None)
    assert len(set(disk.calls)) >= 8, "the run makes calls of every kind"
    return len(disk.calls)


@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_no_confirmed_pulse_is_lost_whichever_call_fails(tmp_path: Path, for_good: bool, number: int) -> None:
    """With any one call failing, once or from then on: what was confirmed is there, what is there is a whole beginning.

    A single failed write or sync is not even noticed: its pulses go into a new segment under the same numbers.
    """
    total = calls_of_a_run(tmp_path / "whole")
    noticed = 0
    for fail_at in range(1, total + 1):
        folder = tmp_path / f"{fail_at}"
        disk = FailingDisk(fail_at, for_good=for_good, number=number)
        confirmed, fault = wrote(folder, disk, ROWS)
        if fault is not None:
            assert fault.kind == "unavailable"
            noticed += 1
        if not folder.exists():
            assert confirmed == 0
            continue
        found = contents(folder)
        assert found == ROWS[: len(found)], (fail_at, disk.calls[fail_at - 1])
        assert len(found) >= confirmed, (fail_at, disk.calls[fail_at - 1])
        assert verify(folder).ok, (fail_at, disk.calls[fail_at - 1], verify(folder))
        rest = ROWS[len(found) :]
        assert wrote(folder, FailingDisk(), rest)[1] is None
        assert contents(folder) == ROWS
        assert verify(folder).ok, (fail_at, disk.calls[fail_at - 1], verify(folder))
    if for_good:
        assert noticed >= total - 4, "a disk that is gone is noticed, but while the last things are put away"
    else:
        assert noticed <= total / 4


def test_a_failed_sync_is_told_after_the_second_try_only(tmp_path: Path) -> None:
    """The segment of a failed sync is left; its pulses stand in a new one, and their numbers do not change."""

    class Once(FailingDisk):
        def sync_data(self, handle: int) -> None:
            if self.calls.count("sync_data") == 4:
                self._fail_at = len(self.calls) + 1
            super().sync_data(handle)

    confirmed, fault = wrote(tmp_path, Once(), ROWS)
    assert (confirmed, fault) == (len(ROWS), None)
    with Memory.read(tmp_path) as memory:
        assert memory.query().column("seq") == list(range(len(ROWS)))
        pulses = memory.query().column("pulse_id")
        assert sorted(set(pulses)) == list(range(1, len(ROWS) // PULSE + 1))
    assert contents(tmp_path) == ROWS


@pytest.mark.slow
def test_a_crash_of_the_machine_loses_no_confirmed_pulse(tmp_path: Path) -> None:
    """Unsynced sectors lost, torn and reordered at any call: confirmed pulses are there, and the log goes on.

    Nobody has to repair anything: what the disk kept of unconfirmed pulses is cut, and kept beside the log.
    """
    total = calls_of_a_run(tmp_path / "whole")
    draw = random.Random(11)
    for number in range(scale(60)):
        folder = tmp_path / f"{number}"
        disk = ForgetfulDisk(draw.randrange(1, total + 1), for_good=True)
        confirmed, _ = wrote(folder, disk, ROWS, die=True)
        disk.crash(draw)
        if not folder.exists():
            assert confirmed == 0
            continue
        with Memory.open(folder, segment_bytes=SEGMENT) as memory:
            found = memory.query().count()
            assert found >= confirmed, number
            assert found % PULSE == 0
            memory.extend(ROWS[found:])
        assert contents(folder) == ROWS, number
        report = verify(folder)
        assert report.ok, (number, report)


@pytest.mark.slow
def test_a_crash_after_several_pulses_were_written_for_one_sync(tmp_path: Path) -> None:
    """Pulses written together may come back in part: a later one without an earlier is cut, told, and kept aside."""
    draw = random.Random(12)
    aside = 0
    for number in range(scale(30)):
        folder = tmp_path / f"{number}"
        disk = ForgetfulDisk()
        memory = Memory.open(folder, disk=disk, queue=64, seconds=60)
        memory.extend(ROWS[:PULSE])
        memory.flush()
        disk._fail_at, disk._for_good = len(disk.calls) + 1 + draw.randrange(3), True
        with memory._writer._ready:  # nothing is written before all of it waits
            for start in range(PULSE, len(ROWS), PULSE):
                memory._writer._rows = ROWS[start : start + PULSE]
                memory._writer._close_pulses(memory._writer._schema)
        memory._writer._thread.join(0.2)
        memory._writer.abandon()
        disk.crash(draw)
        with Memory.open(folder) as again:
            found = again.query().count()
            assert found >= PULSE
            aside += again.recovery.unconfirmed
            again.extend(ROWS[found:])
        assert contents(folder) == ROWS
        assert verify(folder).ok
    assert aside, "no crash kept a later pulse without an earlier: the test shows nothing"
