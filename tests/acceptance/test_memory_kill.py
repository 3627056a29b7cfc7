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


@pytest.mark.slow
def test_no_confirmed_pulse_is_lost_when_a_process_is_killed(tmp_path: Path, record_property: Any) -> None:
    """Killed at any moment: what was confirmed is there, whole and in order; the next process goes on behind it."""
    draw = random.Random(20260915)
    confirmed = there = cut = 0
    with python("-m", "tests.support.memory_writer") as nursery:
        said = lines(nursery)
        assert nursery.stdin is not None
        for number in range(KILLS):
            folder = tmp_path / str(number // LIVES)
            if number % LIVES == 0:
                confirmed = 0
            order = {
                "folder": str(folder),
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
            if folder.exists():
                there = check(folder, confirmed)
            if number % LIVES == LIVES - 1:
                assert there > 0
                shutil.rmtree(folder, ignore_errors=True)
        nursery.stdin.close()
    figures = {"killed": KILLS, "torn_ends": cut}
    record_property("figures", figures)
    print(figures)
