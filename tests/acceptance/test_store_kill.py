"""``kill -9``: a process that registers rounds is killed at a random moment, and no answered write is lost.

At full size (``HANSARD_SCALE=10``) a hundred processes are killed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hansard.database.tables import record_tables
from hansard.database.verify import verify_store
from tests.conftest import scale
from tests.support.deliberations import HOME, House, small_dialogue, small_round
from tests.support.processes import lines, python
from tests.support.replay import replay

KILLS = scale(10)
MOMENTS = random.Random(20260914)
"""When a process is killed after its start: evenly spread, from the making of the store to some hundred writes."""

LONGEST = 0.8
"""Seconds that a process lives at most."""

ROUNDS = 12


class Nursery:
    """Starts writers and kills them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said = lines(process)

    def killed(self, folder: Path, seconds: float, name: str) -> list[list[Any]]:
        """What a writer told before it was killed."""
        assert self._process.stdin is not None
        file = str(folder / "hansard.db")
        order = {"work": "rounds", "alone": True, "file": file, "name": name, "rounds": ROUNDS, "words": 300}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        started, writer = json.loads(next(self._said))
        assert started == "started"
        time.sleep(seconds)
        os.kill(writer, signal.SIGKILL)
        told = []
        while (line := json.loads(next(self._said)))[0] != "ended":
            told.append(line)
        assert line == ["ended", [-signal.SIGKILL]]
        return told


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """One process that has everything imported and forks the writers."""
    with python("-m", "tests.support.writer") as process:
        yield Nursery(process)
        assert process.stdin is not None
        process.stdin.close()


def examined(house: House, told: list[list[Any]], name: str) -> int:
    """Compare a reopened store with what was answered; answers how many writes were there unanswered (0 or 1)."""
    with house.database.reading() as connection:
        report = verify_store(connection, record_tables())
        assert report.findings == []
        found = connection.exec_driver_sql("SELECT request_id FROM journal_payloads ORDER BY position").scalars().all()
    asked = [line[3] for line in told]
    own = [request_id for request_id in found if str(request_id).startswith(f"{name}-")]
    assert own[: len(asked)] == asked, "an answered write is not there"
    assert len(own) - len(asked) in (0, 1), "more is there than one write that was not answered yet"
    registered = [line for line in told if line[0] == "registered"]
    for _, _, dialogue_id, _, mapping in registered:
        record = house.dialogues.record(dialogue_id)
        there = {entity.id: entity for entity in record.entities}
        for local_id, entity_id in mapping.items():
            assert local_id in there[entity_id].local_ids
    for dialogue_id in {line[2] for line in told}:
        whole(house, dialogue_id)
    return len(own) - len(asked)


def whole(house: House, dialogue_id: str) -> None:
    """Every round of a dialogue that is there is there with all it brought."""
    record = house.dialogues.record(dialogue_id)
    done = [round_.round for round_ in record.rounds if round_.status == "completed"]
    assert done == list(range(len(done)))
    for number in done:
        assert len([entity for entity in record.entities if entity.round == number]) == 2
        assert len([said for said in record.utterances if said.round == number]) == 2
        assert len([event for event in record.events if event.round == number]) == 2


@pytest.mark.slow
def test_no_answered_write_is_lost_when_a_process_is_killed(
    nursery: Nursery, tmp_path: Path, record_property: Any
) -> None:
    """Killed at any moment: every answered write is there, at most one more, none half; the next writer goes on.

    Every other process finds the store that the one before was killed in.
    """
    answered = unanswered = empty = 0
    file = tmp_path / "0" / "hansard.db"
    told_before: dict[str, list[list[Any]]] = {}
    for number in range(KILLS):
        if number % 2 == 0:
            file = tmp_path / str(number) / "hansard.db"
            file.parent.mkdir()
            told_before = {}
        name = f"k{number}"
        told = nursery.killed(file.parent, MOMENTS.uniform(0, LONGEST), name)
        answered += len(told)
        empty += not told
        house = House(file)  # also a store whose making was cut short
        try:
            unanswered += examined(house, told, name)
            for earlier, words in told_before.items():
                examined(house, words, earlier)
            house.run("dialogue_create", small_dialogue(f"After {number}", request_id=f"after-{number}"))
        finally:
            house.close()
        told_before[name] = told
    figures = {"killed": KILLS, "answered": answered, "there_unanswered": unanswered, "before_any_answer": empty}
    record_property("figures", figures)
    print(figures)
    assert answered > KILLS


@pytest.mark.slow
def test_a_store_left_by_a_killed_process_is_replayed(nursery: Nursery, tmp_path: Path) -> None:
    """What a killed process left behind is a store like any other: run again, its requests give it to the byte."""
    told = nursery.killed(tmp_path, 0.6, "k")
    house = House(tmp_path / "hansard.db")
    try:
        ids = {line[2] for line in told}
        records = {name: msgspec.json.encode(house.dialogues.record(name)) for name in ids}
        last = told[-1] if told else None
        if last is not None and last[0] == "registered":  # the answer that was given is given again
            number = int(last[3].rsplit("-", 1)[1])
            request = small_round(last[2], number, words="word " * 300, request_id=last[3])
            assert house.run("dialogue_round_register", request).id_mapping == last[4]
        assert {name: msgspec.json.encode(house.dialogues.record(name)) for name in ids} == records
    finally:
        house.close()
    assert replay(tmp_path / "hansard.db", tmp_path / "again.db", home=HOME) == []
