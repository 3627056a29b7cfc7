#!/usr/bin/env python3
"""How long Hansard takes to start: medians over fresh processes, beside what Python itself and its libraries take.

    .venv/bin/python bench/startup.py [--runs 20] [--json]

Goals: ``import hansard`` in 0.05 s, ``hansard --help`` in 0.25 s. The run fails (exit code 1) when one is missed.
Byte code is compiled before anything is measured, as an installed program has it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "src" / "hansard" / "examples" / "2026-09-14T0900Z-ledger-write-path"
HANSARD = ("-m", "hansard")
GOALS_SECONDS = {"import hansard": 0.05, "hansard --help": 0.25}


def main() -> int:
    parser = argparse.ArgumentParser(description="How long Hansard takes to start.")
    parser.add_argument("--runs", type=int, default=20, help="fresh processes for each median (default: 20)")
    parser.add_argument("--json", action="store_true", help="give one JSON document")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), options.runs)
    missed = [name for name, goal in GOALS_SECONDS.items() if found[name] > goal]
    if options.json:
        print(json.dumps({"runs": options.runs, "median_seconds": found, "missed": missed}, indent=2))
    else:
        for name, seconds in found.items():
            goal = f"  (goal: {GOALS_SECONDS[name]:.2f} s)" if name in GOALS_SECONDS else ""
            print(f"{name:<34} {seconds * 1000:7.1f} ms{goal}")
        for name in missed:
            print(f"missed: {name}", file=sys.stderr)
    return 1 if missed else 0


def measured(folder: Path, runs: int) -> dict[str, float]:
    """Median seconds of each command, by its name; the commands take turns, so that a busy moment hits all alike."""
    base = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
    empty, filled = folder / "empty", folder / "filled"
    start([*HANSARD, "import", str(EXAMPLE)], {**base, "HANSARD_HOME": str(filled)})
    jobs: dict[str, tuple[list[str], Path]] = {
        "python -c pass": (["-c", "pass"], empty),
        "python -c 'import typer, rich'": (["-c", "import typer, rich"], empty),
        "import hansard": (["-c", "import hansard"], empty),
        "hansard --version": ([*HANSARD, "--version"], empty),
        "hansard --help": ([*HANSARD, "--help"], empty),
        "hansard list (one dialogue)": ([*HANSARD, "list"], filled),
        "hansard show latest (one dialogue)": ([*HANSARD, "show", "latest"], filled),
    }
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(-1, runs):  # the turn before the first fills the caches
        for name, (arguments, home) in jobs.items():
            took = start(arguments, {**base, "HANSARD_HOME": str(home)})
            if turn >= 0:
                seconds[name].append(took)
    return {name: statistics.median(times) for name, times in seconds.items()}


def start(arguments: Sequence[str], variables: Mapping[str, str]) -> float:
    """Run Python with these arguments and return the seconds it took; a failure is one of the benchmark."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=dict(variables), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
