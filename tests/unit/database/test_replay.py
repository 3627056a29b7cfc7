"""Replay: the journal's requests, run again on an empty store, give the same store, journal and all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hansard.database.tables import record_tables
from hansard.database.verify import verify_store
from tests.support.deliberations import HOME, House, fill, small_dialogue, small_round
from tests.support.forger import Forger
from tests.support.processes import ran
from tests.support.replay import differences, replay


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which every table and column is filled, and two dialogues that interleave."""
    house = House(tmp_path_factory.mktemp("source") / "hansard.db")
    try:
        fill(house.run)
        ids = [house.run("dialogue_create", small_dialogue("Same title")).dialogue_id for _ in range(2)]
        for number in range(3):
            for name in ids:
                house.run("dialogue_round_register", small_round(name, number, request_id=f"{name}-{number}"))
        house.run("dialogue_round_register", small_round(ids[0], 0, request_id=f"{ids[0]}-0"))  # a repeat
    finally:
        house.close()
    return house.file


def test_replay_gives_the_same_store(filled: Path, tmp_path: Path) -> None:
    """Every table of the second store equals the first's, cell for cell, and it verifies by itself."""
    target = tmp_path / "hansard.db"
    assert replay(filled, target, home=HOME) == []
    house = House(target)
    try:
        with house.database.reading() as connection:
            assert verify_store(connection, record_tables()).findings == []
    finally:
        house.close()


AGAIN = """
import json, sys
from pathlib import Path
from tests.support.deliberations import HOME
from tests.support.replay import replay
print(json.dumps(replay(Path(sys.argv[1]), Path(sys.argv[2]), home=HOME)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_replay_gives_the_same_store_in_another_process(filled: Path, tmp_path: Path, seed: str) -> None:
    """Nothing depends on the order in which a process happens to keep a set."""
    assert json.loads(ran("-c", AGAIN, str(filled), str(tmp_path / "hansard.db"), PYTHONHASHSEED=seed)) == []


def test_replay_tells_a_store_that_was_altered(filled: Path, tmp_path: Path) -> None:
    """A cell altered behind the journal's back is a difference, named by its table."""
    copy = tmp_path / "source.db"
    copy.write_bytes(filled.read_bytes())
    with Forger(copy) as forger:
        forger.sql.execute("UPDATE utterances SET score = 99 WHERE slug = 'muffin' AND score = 12")
    found = replay(copy, tmp_path / "hansard.db", home=HOME)
    assert found
    assert all(line.startswith("utterances: ") for line in found)


def test_an_erased_store_cannot_be_replayed(filled: Path, tmp_path: Path) -> None:
    """Where a payload is gone, what was asked cannot be asked again, and the oracle says so instead of guessing."""
    copy = tmp_path / "source.db"
    copy.write_bytes(filled.read_bytes())
    with Forger(copy) as forger:
        forger.sql.execute("DELETE FROM journal_payloads WHERE position = 2")
    with pytest.raises(ValueError, match="entry 2 is erased"):
        replay(copy, tmp_path / "hansard.db", home=HOME)


def test_differences_are_told_both_ways(tmp_path: Path) -> None:
    """The comparison itself sees rows that only one has, rows more often, and another type of a cell."""
    one, other = tmp_path / "one.db", tmp_path / "other.db"
    for file in (one, other):
        House(file).close()
    assert differences(one, other) == []
    with Forger(one) as forger:
        forger.sql.execute("UPDATE counters SET value = 1.5")
        forger.sql.execute("INSERT INTO texts VALUES ('a', 'b')")
    assert differences(one, other) == [
        "counters: only the first has ('journal', 1.5)",
        "counters: only the second has ('journal', 0)",
        "texts: only the first has ('a', 'b')",
    ]
