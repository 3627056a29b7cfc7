"""A process that has a store open and looks at files goes on holding it: no look takes its locks away.

SQLite's locks fall as soon as the process closes any handle of its own on the file; then another process, which takes
the store for abandoned, removes the log in which answered writes stand.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hansard import Hansard, HansardError
from tests.support.deliberations import small_dialogue
from tests.support.processes import ran

LOOKS: dict[str, Callable[[Hansard, str], object]] = {
    "doctor": lambda hansard, _: hansard.call("doctor", {}),
    "verify the store": lambda hansard, _: hansard.call("verify", {"all": True}),
    "verify its file": lambda hansard, file: hansard.call("verify", {"target": file}),
    "import its file": lambda hansard, file: hansard.call("dialogue_import", {"path": file}),
    "read a response from it": lambda hansard, file: hansard.call(
        "dialogue_parse_response", {"dialogue_id": "first", "round": 0, "expert": "muffin", "path": file}
    ),
    "pin it": lambda hansard, file: hansard.call(
        "exhibit_add", {"dialogue_id": "first", "kind": "file", "path": file, "label": "The store"}
    ),
    "write over it": lambda hansard, file: hansard.call(
        "dialogue_export", {"dialogue_id": "first", "output_path": file}
    ),
    "copy it": lambda hansard, file: hansard.call("backup_create", {"path": str(Path(file).parents[1] / "copy")}),
    "erase": lambda hansard, _: hansard.call(
        "dialogue_erase", {"dialogue_id": "erased", "whole": True, "reason": "It was asked for."}
    ),
}


@pytest.mark.parametrize("ending", ["", "-shm"])
@pytest.mark.parametrize("look", LOOKS)
def test_no_look_takes_a_stores_locks_away(
    tmp_path: Path, look: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each look, and after another process came and went, the log is the one it was and every write is seen."""
    home = tmp_path / "home"
    monkeypatch.setenv("HANSARD_WRITE_FOLDERS", str(tmp_path))
    file = home / "hansard.db"
    with Hansard(home) as hansard:
        for title in ("First", "Erased"):
            hansard.call("dialogue_create", small_dialogue(title))
        log = file.with_name("hansard.db-wal").stat().st_ino
        refused = ""
        try:
            LOOKS[look](hansard, f"{file}{ending}")
        except HansardError as refusal:
            refused = f"{refusal.code}: {refusal.constraint}"
        # What was asked for was looked at, and not refused for how it was asked.
        assert refused.partition(":")[0] != "batch_validation_failed", refused
        assert not refused.endswith(": shape"), refused
        ran("-m", "hansard", "list", HANSARD_HOME=str(home))
        assert file.with_name("hansard.db-wal").stat().st_ino == log
        hansard.call("dialogue_create", small_dialogue("Second"))
        assert "Second" in ran("-m", "hansard", "list", HANSARD_HOME=str(home))
