"""Fixtures for tests of proof: a small dialogue with a key and a checkpoint, made once and copied for each test."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hansard.dialogue.requests import DialogueCreate, RoundRegister
from tests.unit.custody.proof.made import Proved
from tests.unit.exchange.recorded import CALL, DONUT_0, ID, MUFFIN_0, SCONE_0


def begin(store: Proved) -> None:
    """Two rounds of three experts, short enough that every byte of a bundle can be tried."""
    pool = [{"name": name, "role": f"Role of {name}", "tier": "Core"} for name in ("Muffin", "Scone", "Donut")]
    request = {"title": "Harbour bridge", "question": "Bridge or tunnel?", "expert_pool": {"experts": pool}}
    store.dialogues.dialogue_create(
        DialogueCreate.model_validate({**request, "dialogue_id": ID, "seed": "00000000000000aa"}), CALL
    )
    first = {
        "dialogue_id": ID,
        "round": 0,
        "score": 12,
        "summary": "Bridge against tunnel.",
        "responses": {"muffin": MUFFIN_0, "scone": SCONE_0, "donut": DONUT_0},
        "perspectives": [
            {
                "local_id": "MUFFIN-P0001",
                "label": "A tunnel outlives a bridge",
                "content": "Salt eats a bridge in forty.",
            }
        ],
        "tensions": [{"local_id": "DONUT-T0001", "label": "Who waits", "description": "Three summers by ferry."}],
    }
    store.dialogues.dialogue_round_register(RoundRegister.model_validate(first), CALL)


@pytest.fixture(scope="session")
def proved_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the small dialogue, a key and one checkpoint."""
    home = tmp_path_factory.mktemp("proved")
    store = Proved(home)
    begin(store)
    store.key()
    store.sign()
    store.close()
    connection = sqlite3.connect(store.file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return home


@pytest.fixture
def proved(proved_template: Path, tmp_path: Path) -> Iterator[Proved]:
    """A home of its own."""
    home = tmp_path / "home"
    shutil.copytree(proved_template, home)
    store = Proved(home)
    yield store
    store.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Proved]:
    """Another home that has never seen the dialogue."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    store = Proved(home)
    yield store
    store.close()
