"""An import is killed at any moment: the dialogue is there whole or not at all, and nothing answered is lost."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from hansard.database.engine import Database
from hansard.database.tables import record_tables
from hansard.database.verify import verify_store
from tests.acceptance.program import PROGRAM, environment, hansard
from tests.conftest import ROOT, scale

EXAMPLE = next((ROOT / "src" / "hansard" / "examples").glob("*-ledger-write-path"))


def verified(file: Path) -> None:
    """The store vouches for every row in it."""
    from hansard.dialogue import tables  # noqa: F401  # puts the dialogue's tables among those compared

    database = Database.open(file)
    try:
        with database.reading() as connection:
            assert verify_store(connection, record_tables()).findings == []
    finally:
        database.close()


def counts(file: Path) -> dict[str, int]:
    """Rows of the tables that an import fills."""
    with sqlite3.connect(file) as connection:
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("dialogues", "rounds", "entities", "events", "refs", "verdicts", "journal", "search")
        }


@pytest.mark.slow
def test_a_killed_import_leaves_all_or_nothing(tmp_path: Path) -> None:
    """Killed with signal 9 at a random moment, an import has happened whole or has not happened; the next one works."""
    whole_home = tmp_path / "whole"
    started = time.monotonic()
    assert hansard("import", EXAMPLE, variables={"HANSARD_HOME": str(whole_home)}).code == 0
    duration = time.monotonic() - started
    whole = counts(whole_home / "hansard.db")
    empty_home = tmp_path / "empty"
    Database.open(empty_home / "hansard.db").close()
    none = counts(empty_home / "hansard.db")

    dice = random.Random(20261120)
    outcomes = {"whole": 0, "none": 0, "before the store": 0}
    for number in range(scale(10)):
        home = tmp_path / f"home-{number}"
        fresh_store = number % 2 == 0
        if not fresh_store:
            shutil.copytree(empty_home, home)
        process = subprocess.Popen(
            [*PROGRAM, "import", str(EXAMPLE), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(HANSARD_HOME=str(home)),
        )
        time.sleep(dice.uniform(0.2, 1.1) * duration)
        process.kill()
        answer, _ = process.communicate(timeout=60)
        file = home / "hansard.db"
        if not file.exists():
            assert not answer
            outcomes["before the store"] += 1
            continue
        Database.open(file).close()  # a store that was being made is made now
        found = counts(file)
        assert found in (whole, none), f"a half import stands after kill {number}"
        if answer:
            assert found == whole, "an answered import was lost"
        verified(file)
        outcomes["whole" if found == whole else "none"] += 1
        again = hansard("import", EXAMPLE, variables={"HANSARD_HOME": str(home)})
        assert again.code == 0, again.err
        assert counts(file) == whole
        shutil.rmtree(home)
    assert sum(outcomes.values()) == scale(10)
