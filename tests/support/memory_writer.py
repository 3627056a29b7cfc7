"""A process that appends to a memory and says what was confirmed, until it is killed. Forks writers on demand.

Orders come as lines of JSON: folder, pulse, strict, segment. A writer says ``["upto", seq]``: records before this seq
are on the disk.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import islice
from pathlib import Path
from typing import Any

from hansard.memory.memory import Memory
from tests.unit.memory.kit import records

ROWS = records(512, seed=77)


def numbered(start: int) -> Any:
    """Records without end, each with its own number from ``start`` on."""
    number = start
    while True:
        row = ROWS[number % len(ROWS)]
        context = row["context"]
        if number // 300 % 4:
            context = {**context, "telemetry": {**context["telemetry"], "number": number}}
        else:  # of a form that shares nothing
            context = {**context, "number": number}
        yield {**row, "timestamp": float(number), "context": context}
        number += 1


def write(order: dict[str, Any]) -> None:
    """Append until killed; every confirmation is told."""
    memory = Memory.open(Path(order["folder"]), strict=order["strict"], segment_bytes=order["segment"])
    start = memory._writer.next_seq
    tell(["began", start, list(memory.recovery.cut)])
    source = numbered(start)
    ends = {memory.recovery.pulse_id: start}
    told = memory.recovery.pulse_id
    number = start
    while True:
        number += memory.extend(islice(source, order["pulse"]))
        with memory._writer._lock:
            memory._writer._close_pulses(memory._writer._schema)
            ends[memory._writer._next_pulse - 1] = memory._writer._next_seq
        durable = memory.durable_upto
        if durable > told and durable in ends:
            told = durable
            tell(["upto", ends[durable]])


def tell(line: list[Any]) -> None:
    """One line in one system call: a killed process says it whole or not at all."""
    os.write(1, (json.dumps(line) + "\n").encode())


def main() -> None:
    """Read orders; fork a writer for each; say when it ended."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                tell(["started", os.getpid()])
                write(json.loads(line))
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        tell(["ended", os.waitstatus_to_exitcode(status)])


if __name__ == "__main__":
    main()
