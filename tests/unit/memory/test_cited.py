"""Answers of the memory, as exhibits pin them."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec

from hansard.memory.cited import answer, answer_of
from hansard.memory.memory import Memory
from tests.unit.memory.kit import EXAMPLE, records

ROWS = records(300)


def told(folder: Path, rows: list[dict[str, object]], text: str = "") -> tuple[int, str]:
    """The answer of a filter in a memory of these records."""
    with Memory.open(folder) as memory:
        memory.extend([dict(row) for row in rows])
    return answer_of(folder, text)


def test_an_answer_does_not_depend_on_where_records_stand(tmp_path: Path) -> None:
    """The same windows behind others, and in other pulses, give the same number and digest."""
    first = told(tmp_path / "a", ROWS, 'map_name == "Rust"')
    with Memory.open(tmp_path / "b") as memory:
        for number in range(50):
            memory.append({**EXAMPLE, "ts_start": float(number)})
            memory.flush()
        memory.extend([dict(row) for row in ROWS])
    assert answer_of(tmp_path / "b", 'map_name == "Rust" and time > "2000-01-01T00:00:00Z"') == first


def test_an_answer_depends_neither_on_workers_nor_on_who_came_first(tmp_path: Path) -> None:
    """Records of one time, late ones, of one worker or of three, in small segments: one digest, that of their order."""
    rows = [dict(row, timestamp=1e9 + place // 6) for place, row in enumerate(ROWS[:120])]
    mixed = random.Random(4).sample(rows, len(rows))
    answers = set()
    for number, (given, workers) in enumerate([(rows, 1), (rows, 3), (mixed, 1), (mixed, 3)]):
        folder = tmp_path / str(number)
        for worker in range(workers):
            with Memory.open(folder, worker=worker, segment_bytes=8_000) as memory:
                for place, row in enumerate(given[worker::workers]):
                    memory.extend([dict(row)])
                    if place % 7 == 0:
                        memory.flush()
        answers.add(answer_of(folder, "color_count > 3"))
    assert len(answers) == 1
    assert answers.pop().records == sum(row["color_count"] > 3 for row in rows) > 20


def test_an_answer_changes_with_any_value(tmp_path: Path) -> None:
    """Another value in a blob or in a header field, one record less, two with each other's times: other digests."""
    whole = told(tmp_path / "whole", ROWS)
    blob = msgspec.json.decode(msgspec.json.encode(ROWS[7]))
    blob["context"]["telemetry"]["cpu_usage_pct"] += 1
    head = {**ROWS[7], "color_count": 1}
    cases = [
        [*ROWS[:7], {**ROWS[7], "context": blob["context"]}, *ROWS[8:]],
        [*ROWS[:7], head, *ROWS[8:]],
        ROWS[:-1],
        [{**ROWS[0], "timestamp": ROWS[1]["timestamp"]}, {**ROWS[1], "timestamp": ROWS[0]["timestamp"]}, *ROWS[2:]],
    ]
    digests = {told(tmp_path / str(number), rows)[1] for number, rows in enumerate(cases)}
    assert len(digests | {whole[1]}) == len(cases) + 1


def test_nothing_found_is_an_answer(tmp_path: Path) -> None:
    """A filter that finds nothing is told as none; while a writer goes on, what it flushed counts."""
    assert told(tmp_path, ROWS, "seq < 0")[0] == 0
    with Memory.open(tmp_path) as memory:
        memory.append(EXAMPLE)
        memory.flush()
        assert answer(memory.query()).records == 301
