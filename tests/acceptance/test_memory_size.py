"""A memory far larger than what it may hold in the machine's memory: appended, queried, verified within 64 MiB.

At full size (``HANSARD_SCALE=10``) ten million records are written; at scale 1, two hundred thousand.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import scale
from tests.support.processes import python

LIMIT_BYTES = 64 * 1024 * 1024

SCRIPT = """
import json, sys
from itertools import islice
from pathlib import Path
from hansard.memory.memory import Memory
from hansard.memory.verify import verify
from tests.unit.memory.kit import records

def anonymous():
    # what is the process's own: pages of files that the system may drop at any moment do not count
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))

def source(count):
    for number in range(count):
        row = rows[number % 512]
        yield {**row, "timestamp": float(number), "context": {**row["context"], "telemetry": {"number": number}}}
        if number % 4096 == 0:
            peak[0] = max(peak[0], anonymous())

rows, count, folder = records(512), int(sys.argv[1]), Path(sys.argv[2])
with Memory.open(folder / "warm") as memory:  # what is imported and made once is not the log's
    memory.extend(dict(row) for row in rows)
    memory.query("success").arrow
    list(memory.query("not success"))
verify(folder / "warm")
peak = [anonymous()]
base = peak[0]
told = {}
with Memory.open(folder / "log") as memory:
    memory.extend(source(count))
told["append"] = peak[0] - base
with Memory.read(folder / "log") as memory:
    seen = 0
    for seen, row in enumerate(memory.query().rows(), 1):
        if seen % 4096 == 0:
            peak[0] = max(peak[0], anonymous())
    told["scan"] = peak[0] - base
    told["failures"] = memory.query("not success").count()
    peak[0] = max(peak[0], anonymous())
    told["query"] = peak[0] - base
report = verify(folder / "log")
peak[0] = max(peak[0], anonymous())
told |= {"verify": peak[0] - base, "seen": seen, "ok": report.ok, "records": report.records}
told["expected"] = sum(not rows[number % 512]["success"] for number in range(count))
told["segments"] = report.segments
print(json.dumps(told))
"""


@pytest.mark.slow
def test_memory_in_use_does_not_grow_with_the_log(tmp_path: Path) -> None:
    """Appending, reading everything, counting and verifying stay below 64 MiB above what is needed for nothing."""
    count = 10_000_000 if scale(1) >= 10 else scale(200_000)
    with python("-c", SCRIPT, str(count), str(tmp_path)) as process:
        said, _ = process.communicate(timeout=3600)
    assert process.returncode == 0
    told = json.loads(said)
    print(told)
    assert told["ok"]
    assert told["seen"] == told["records"] == count
    assert told["failures"] == told["expected"]
    assert max(told[step] for step in ("append", "scan", "query", "verify")) < LIMIT_BYTES, told
