"""Checkpoints, bundles and erasures hold alike on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hansard.custody.operations import CustodyOperations
from hansard.custody.proof.shapes import (
    BundleCreate,
    CheckpointCreate,
    CheckpointVerify,
    DialogueErase,
    KeysCreate,
)
from hansard.custody.shapes import Verify
from hansard.dialogue.operations import DialogueOperations
from hansard.kernel.operations import collect
from tests.conftest import sampled
from tests.support.deliberations import CALL, House, small_dialogue, small_round
from tests.support.stores import KINDS, contents, dropped, fresh

PHRASE = "the xylophone of Mrs Quagmire plays at four"


@pytest.fixture(params=sampled(KINDS, ["sqlite"]))
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A store with a small dialogue."""
    place = fresh(request.param, tmp_path)
    made = House(place)
    yield made
    made.close()
    dropped(place)


def test_sign_bundle_verify_and_erase(house: House, tmp_path: Path) -> None:
    """The whole way: a key, a checkpoint, a bundle that verifies, words taken out, everything verified again."""
    home = tmp_path / "home"
    dialogues = DialogueOperations(house.journal, home, may_write=lambda _path: True)
    custody = CustodyOperations(
        house.database,
        dialogues,
        lambda _path: True,
        home=home,
        journal=house.journal,
        may_write=lambda _path: True,
    )
    table = collect([dialogues])

    def run(operation: str, request: dict[str, Any]) -> Any:
        return table[operation](request, CALL)

    name = run("dialogue_create", small_dialogue("Clay")).dialogue_id
    run("dialogue_round_register", small_round(name, 0, words=PHRASE))
    run("dialogue_round_register", small_round(name, 1))
    custody.keys_create(KeysCreate(), CALL)
    custody.checkpoint_create(CheckpointCreate(), CALL)
    for edition in ("full", "public"):
        request = BundleCreate.model_validate(
            {"dialogue_id": name, "edition": edition, "output_path": str(tmp_path / f"{edition}.zip")}
        )
        path = custody.bundle_create(request, CALL).path
        answer = custody.verify(Verify(target=path), CALL)
        assert answer.ok, answer.findings
    items = ["round-0/muffin", "round-0/scone", "round-0", "P0001"]
    erased = custody.dialogue_erase(
        DialogueErase(dialogue_id=name, items=items, reason="asked for", dry_run=False), CALL
    )
    assert erased.scrubbed
    assert not [row for rows in contents(house.database).values() for row in rows if "quagmire" in row.lower()]
    assert custody.verify(Verify(all=True), CALL).ok
    assert custody.checkpoint_verify(CheckpointVerify(), CALL).ok
    custody.checkpoint_create(CheckpointCreate(), CALL)
    assert custody.verify(Verify(target=str(tmp_path / "full.zip")), CALL).findings[0].code == "checkpoint_replayed"
