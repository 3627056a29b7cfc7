"""``kill -9`` among others: one of four writing processes is killed at random, again and again.

Nothing that was answered is lost, every chain is whole, and no lock of the dead stays: the three others go on. At full
size (``HANSARD_SCALE=10``) two hundred are killed on SQLite and a hundred on PostgreSQL.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hansard.database.dialect import Place, Server
from hansard.database.tables import record_tables
from hansard.database.verify import all_entries, verify_store
from tests.conftest import scale
from tests.support.deliberations import House, small_dialogue, small_round
from tests.support.processes import lines, python
from tests.support.stores import KINDS, dropped, fresh, location

KILLS = {"sqlite": scale(20), "postgresql": scale(10)}
WRITERS = 4
OF_ONE_STORE = 10
"""So many are killed before the next store is taken: what is verified after each kill grows."""

MOMENTS = random.Random(20261120)


class Crew:
    """Four writers at once: two with dialogues of their own, two who share one."""

    def __init__(self, process: subprocess.Popen[str], at: Place) -> None:
        self._process = process
        self._at = at
        self._count = 0
        self._pids: dict[int, str] = {}
        self._started: list[int] = []
        self.told: list[list[Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for said in lines(self._process):
            words = json.loads(said)
            (self._started.append(words[1]) if words[0] == "started" else self.told.append(words))

    def hire(self, work: str) -> None:
        """Start a writer."""
        assert self._process.stdin is not None
        self._count += 1
        order: dict[str, Any] = {"work": work, "file": location(self._at), "name": f"{work}{self._count}"}
        order |= {"rounds": 3, "words": 300} if work == "rounds" else {"dialogue_id": "shared", "times": 100_000}
        before = len(self._started)
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        while len(self._started) == before:
            assert self._process.poll() is None, "the writers' own process ended"
            time.sleep(0.001)
        self._pids[self._started[-1]] = work

    def kill(self) -> tuple[int, str]:
        """Kill one of them; answers whom, and what work it did."""
        pid = MOMENTS.choice(sorted(self._pids))
        os.kill(pid, signal.SIGKILL)
        return pid, self._pids.pop(pid)

    def end(self) -> None:
        """Kill all who are left."""
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._reader.join(60)
        assert self.told[-1] == ["ended", [-signal.SIGKILL] * self._count], "one of them ended by itself"


def answered(told: list[list[Any]]) -> set[str]:
    """The request ids of what was answered."""
    return {f"{line[1]}-{line[2]}" if line[0] == "commented" else line[3] for line in told if line[0] != "ended"}


def examined(house: House, told: list[list[Any]]) -> int:
    """Compare the store, as it is at one moment, with what was answered before; answers its entries."""
    asked = answered(told)
    with house.database.reading() as connection:
        report = verify_store(connection, record_tables())
        positions = [entry.position for entry in all_entries(connection)]
        found = connection.exec_driver_sql("SELECT request_id FROM journal_payloads").scalars().all()
    assert report.findings == []
    assert positions == list(range(1, len(positions) + 1))
    assert asked <= set(found), f"answered and lost: {sorted(asked - set(found))[:5]}"
    return len(positions)


def left_behind(house: House, pid: int) -> int:
    """How many connections of a process the server still holds, once it had time to see that it is gone."""
    mine = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hansard {pid}'"
    for _ in range(100):
        with house.database.reading() as connection:
            held = int(connection.exec_driver_sql(mine).scalar_one())
        if not held:
            return 0
        time.sleep(0.05)
    return held


@pytest.fixture(params=KINDS)
def places(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Place]]:
    """Stores with one dialogue that is shared, one after the other."""
    made: list[Place] = []

    def more() -> Iterator[Place]:
        while True:
            made.append(fresh(request.param, tmp_path_factory.mktemp("killed")))
            yield made[-1]

    yield more()
    for place in made:
        dropped(place)


@pytest.mark.slow
def test_one_of_four_writers_is_killed_and_nothing_answered_is_lost(
    places: Iterator[Place], request: pytest.FixtureRequest, record_property: Any
) -> None:
    """Killed at any moment among others: all that was answered is there and verifies, and the others go on writing."""
    kills = KILLS[request.node.callspec.params["places"]]
    killed = entries = words = 0
    while killed < kills:
        at = next(places)
        house = House(at, counted=False)
        house.run("dialogue_create", small_dialogue("Shared"))
        house.run("dialogue_round_register", small_round("shared", 0))
        with python("-m", "tests.support.writer") as process:
            crew = Crew(process, at)
            for number in range(WRITERS):
                crew.hire(("rounds", "share")[number % 2])
            while not answered(crew.told):
                time.sleep(0.01)
            for _ in range(min(OF_ONE_STORE, kills - killed)):
                time.sleep(MOMENTS.uniform(0, 0.4))
                pid, work = crew.kill()
                killed += 1
                if isinstance(at, Server):
                    assert left_behind(house, pid) == 0
                seen = len(crew.told)
                examined(house, crew.told[:seen])
                for _ in range(200):  # the others go on
                    if len(crew.told) > seen:
                        break
                    time.sleep(0.05)
                assert len(crew.told) > seen, "nobody writes any more"
                crew.hire(work)
            crew.end()
        entries += examined(house, crew.told)
        words += len(answered(crew.told))
        record = house.dialogues.record("shared")
        numbers = [event.event_seq for event in record.events if str(event.key) == "T0001"]
        assert numbers == list(range(1, len(numbers) + 1))
        house.close()
    figures = {"killed": killed, "answered": words, "entries": entries}
    record_property("figures", figures)
    print(figures)
    assert words > kills
