"""``kill -9`` of a process that appends, at a random moment: every confirmed pulse is there, and the log verifies.

At full size (``HANSARD_SCALE=10``) a thousand processes are killed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from hansard.memory.memory import Memory
from hansard.memory.verify import verify
from tests.conftest import scale
from tests.support.memory_writer import ROWS
from tests.support.processes import lines, python

KILLS = scale(100)
LONGEST = 0.12
"""Seconds that a process lives after it was told to begin, at most."""

LIVES = 10
"""Processes that are killed one after the other on the same log."""


def check(folder: Path, confirmed: int) -> int:
    """Compare a log with what was confirmed; answers how many records it holds."""
    report = verify(folder)
    assert report.ok, report
    with Memory.read(folder) as memory:
        rows = list(memory)
    assert len(rows) == report.records >= confirmed, "a confirmed record is not there"
    for number, row in enumerate(rows):
        context = row.context
        told = context["number"] if "number" in context else context["telemetry"]["number"]
        assert (row.seq, row.timestamp, told) == (number, float(number), number)
        assert row.error_metrics == ROWS[number % len(ROWS)]["error_metrics"]
    return len(rows)


def lane(folder: Path, logs: list[int]) -> tuple[int, int]:
    """Kill what writes to these logs, one life after the other; answers how many were killed, and torn ends cut."""
    killed = cut = 0
    with python("-m", "tests.support.memory_writer") as nursery:
        said = lines(nursery)
        assert nursery.stdin is not None
        for log in logs:
            draw = random.Random(f"20260915 {log}")
            there = confirmed = 0
            place = folder / str(log)
            for _ in range(min(LIVES, KILLS - log * LIVES)):
                order = {
                    "folder": str(place),
                    "pulse": draw.choice((1, 7, 64, 128)),
                    "strict": draw.random() < 0.3,
                    "segment": draw.choice((100_000, 64_000_000)),
                }
                nursery.stdin.write(json.dumps(order) + "\n")
                nursery.stdin.flush()
                started, writer = json.loads(next(said))
                assert started == "started"
                time.sleep(draw.uniform(0, LONGEST))
                os.kill(writer, signal.SIGKILL)
                while (line := json.loads(next(said)))[0] != "ended":
                    if line[0] == "began":
                        assert line[1] >= confirmed
                        cut += bool(line[2])
                    else:
                        confirmed = max(confirmed, line[1])
                assert line == ["ended", -signal.SIGKILL]
                killed += 1
                if place.exists():
                    there = check(place, confirmed)
            assert there > 0
            shutil.rmtree(place, ignore_errors=True)
        nursery.stdin.close()
    return killed, cut


@pytest.mark.slow
def test_no_confirmed_pulse_is_lost_when_a_process_is_killed(tmp_path: Path, record_property: Any) -> None:
    """Killed at any moment: what was confirmed is there, whole and in order; the next process goes on behind it."""
    logs = range(-(-KILLS // LIVES))
    lanes = os.cpu_count() or 1  # nearly all of the time is spent on reading every record after each kill
    with ProcessPoolExecutor(lanes, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(lane, [tmp_path] * lanes, [list(logs[number::lanes]) for number in range(lanes)]))
    figures = {"killed": sum(killed for killed, _ in done), "torn_ends": sum(cut for _, cut in done)}
    assert figures["killed"] == KILLS
    record_property("figures", figures)
    print(figures)
