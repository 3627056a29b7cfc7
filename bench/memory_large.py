"""A memory of ten million records: appended, reopened after kills, queried, verified, with the room that this takes.

    python bench/memory_large.py                 ten million records (about 8 GB on the disk, some minutes)
    python bench/memory_large.py --n 300000      fewer
    … --folder DIR --parts 4 --out FILE          where, killed how often on the way, and where the figures go as JSON

Every step is a process of its own, so that its room is its own: what the process holds itself (pages of files that the
system may drop at any moment do not count), above what it had before its first record. The process that appends is
killed after each part, without closing its log; the next one tells how long the opening took, and how large the tail
was that it had to walk. That time must depend on the tail and not on what is sealed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
SAMPLES: Final = 5000
"""Records that are made; they come again and again at other times."""
QUERY: Final = "success == false and eomm_score > 0.9"


def anonymous() -> int:
    """Bytes that this process holds itself."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


class Room:
    """Watches what a process holds, from now on."""

    def __init__(self) -> None:
        """Begin to watch."""
        self.base = self.peak = anonymous()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, anonymous())
            time.sleep(0.05)

    @property
    def mib(self) -> float:
        """The most so far above the beginning."""
        return round((max(self.peak, anonymous()) - self.base) / 2**20, 1)


def source(first: int, count: int) -> Iterator[dict[str, Any]]:
    """Records as they are kept, from a number on."""
    from hansard.memory.generator import windows
    from hansard.memory.schema_map import MapSettings, truevision_window

    rows = [truevision_window(window, MapSettings()) for window in windows(SAMPLES, seed=12, manipulated=1.0)]
    for number in range(first, first + count):
        row = rows[number % SAMPLES]
        yield {**row, "timestamp": 1.7e9 + number * 0.4}


def append(folder: Path, first: int, count: int, *, kill: bool) -> dict[str, Any]:
    """Append a part; tells how the opening went first."""
    from hansard.memory.memory import Memory

    tails = sorted(folder.glob("worker-000/*.seg"), key=lambda path: int(path.stem))
    tail = tails[-1].stat().st_size if tails else 0
    sealed = sum(path.stat().st_size for path in tails[:-1])
    start = time.perf_counter()
    memory = Memory.open(folder)
    opened = time.perf_counter() - start
    given = source(first, count)
    memory.extend(islice(given, 1))
    room, start = Room(), time.perf_counter()
    memory.extend(given)
    memory.flush()
    seconds = time.perf_counter() - start
    told = {
        "sealed_mb": round(sealed / 1e6),
        "tail_mb": round(tail / 1e6, 1),
        "opening_ms": round(opened * 1e3, 1),
        "records_per_second": round((count - 1) / seconds),
        "room_mib": room.mib,
    }
    if kill:
        print(json.dumps(told), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    memory.close()
    return told


def read(folder: Path, step: str) -> dict[str, Any]:
    """One step on the finished log."""
    from hansard.memory.memory import Memory
    from hansard.memory.verify import verify

    def scan(memory: Memory) -> int:
        return sum(1 for _ in memory.query().rows())

    acts: dict[str, Callable[[Memory], int]] = {
        "count": lambda memory: memory.query(QUERY).count(),
        "filter": lambda memory: sum(1 for _ in memory.query(QUERY).rows()),
        "statistics": lambda memory: memory.query(QUERY).statistics().count,
        "points": lambda memory: sum(memory.row(seq)[2] == seq for seq in range(0, len(memory), len(memory) // 1000)),
        "scan": scan,
    }
    room, start = Room(), time.perf_counter()
    if step == "verify":
        report = verify(folder)
        if not report.ok:
            sys.exit(f"the log does not verify: {report.findings[:3]}")
        found = report.records
    else:
        with Memory.read(folder) as memory:
            found = acts[step](memory)
    return {"found": found, "seconds": round(time.perf_counter() - start, 3), "room_mib": room.mib}


def child(*arguments: object) -> dict[str, Any]:
    """A step in a process of its own."""
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, __file__, "--child", *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
    if done.returncode not in (0, -signal.SIGKILL) or not done.stdout:
        sys.exit(f"{' '.join(map(str, arguments))}: {done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout)
    print(f"{' '.join(map(str, arguments[1:])):24s}", told, flush=True)
    return told


def main() -> None:
    """Append in parts, each ended by a kill but the last, then read."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=10_000_000)
    parser.add_argument("--parts", type=int, default=4)
    parser.add_argument("--folder", type=Path, default=Path("bench_tmp") / "large")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        folder, step, *more = options.child
        if step == "append":
            first, count, kill = map(int, more)
            print(json.dumps(append(Path(folder), first, count, kill=bool(kill))))
        else:
            print(json.dumps(read(Path(folder), step)))
        return
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    size = options.n // options.parts
    told: dict[str, Any] = {"n": size * options.parts, "append": []}
    for part in range(options.parts):
        told["append"].append(child(options.folder, "append", part * size, size, int(part < options.parts - 1)))
    for step in ("count", "filter", "statistics", "points", "scan", "verify"):
        told[step] = child(options.folder, step)
    kept = sum(path.stat().st_size for path in options.folder.rglob("*.seg"))
    told["bytes_per_record"] = round(kept / told["n"])
    print("bytes a record:", told["bytes_per_record"])
    if told["scan"]["found"] != told["n"] or told["verify"]["found"] != told["n"]:
        sys.exit("records are missing")
    if options.out:
        options.out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(options.folder)


if __name__ == "__main__":
    main()
