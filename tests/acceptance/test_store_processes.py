"""Several processes on one store: totals exact, positions without a gap, chains whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hansard.database.tables import record_tables
from hansard.database.verify import all_entries, verify_store
from tests.conftest import scale
from tests.support.deliberations import HOME, House, small_dialogue, small_round
from tests.support.processes import lines, python
from tests.support.replay import replay
from tests.support.stores import KINDS, dropped, fresh, location

WRITERS = 4


@pytest.fixture(params=KINDS)
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    """A store with one dialogue of one round, on each kind of database."""
    made = House(fresh(request.param, tmp_path), counted=False)
    made.run("dialogue_create", small_dialogue("Shared"))
    made.run("dialogue_round_register", small_round("shared", 0))
    yield made
    made.close()
    dropped(made.place)


def written(orders: list[dict[str, Any]]) -> list[list[Any]]:
    """What so many writers told, all started before any has ended; each must have ended well."""
    with python("-m", "tests.support.writer") as nursery:
        assert nursery.stdin is not None
        nursery.stdin.write("".join(json.dumps(order) + "\n" for order in orders) + "\n")
        nursery.stdin.close()
        told = [json.loads(line) for line in lines(nursery)]
    assert told[-1] == ["ended", [0] * len(orders)]
    return [line for line in told if line[0] not in ("started", "ended")]


def verified(house: House) -> int:
    """The number of entries, once everything verified and no position is missing."""
    with house.database.reading() as connection:
        report = verify_store(connection, record_tables())
        positions = [entry.position for entry in all_entries(connection)]
    assert report.findings == []
    assert positions == list(range(1, len(positions) + 1))
    return report.entries


@pytest.mark.slow
def test_writers_of_one_dialogue_lose_nothing(house: House, tmp_path: Path) -> None:
    """Four processes that write into one dialogue at once: each write is an event, numbered without a gap."""
    times = scale(25)
    orders = [
        {"work": "share", "file": location(house.place), "name": f"w{number}", "dialogue_id": "shared", "times": times}
        for number in range(WRITERS)
    ]
    assert len(written(orders)) == WRITERS * times
    assert verified(house) == 2 + WRITERS * times
    events = [event for event in house.dialogues.record("shared").events if event.type == "commented"]
    assert [event.event_seq for event in events] == list(range(2, 2 + WRITERS * times))
    assert sorted(str(event.reason) for event in events) == sorted(
        f"w{number} {turn}" for number in range(WRITERS) for turn in range(times)
    )
    assert replay(house.place, tmp_path / "again.db", home=HOME) == []


@pytest.mark.slow
def test_writers_who_repeat_each_other_write_once(house: House) -> None:
    """Four processes that send the same requests under the same ids: each is done once, and all get the same answer."""
    times = scale(15)
    orders = [
        {"work": "repeat", "file": location(house.place), "name": f"w{number}", "dialogue_id": "shared", "times": times}
        for number in range(WRITERS)
    ]
    told = written(orders)
    assert len(told) == WRITERS * times
    for number in range(times):
        answers = [answer for _, _, turn, answer in told if turn == number]
        assert len(answers) == WRITERS
        assert all(answer == answers[0] for answer in answers)
    assert verified(house) == 2 + times
