"""Paths that callers give to operations, at their worst."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hansard.app.assembly import open_parts
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call

CALL = Call(Actor("tester", "test"))
POOL: dict[str, Any] = {"experts": [{"name": name, "role": "Potter"} for name in ("Muffin", "Scone", "Eclair")]}
EXPERT = {"dialogue_id": "clay", "round": 0, "expert": "muffin"}

Asking = Callable[[str], dict[str, Any]]

READERS: dict[str, Asking] = {
    "dialogue_import": lambda path: {"path": path},
    "verify": lambda path: {"target": path},
    "dialogue_parse_response": lambda path: {**EXPERT, "path": path},
    "exhibit_add": lambda path: {"dialogue_id": "clay", "kind": "file", "label": "Clay", "path": path},
    "keys_import": lambda path: {"name": "k", "path": path},
    "backup_restore": lambda path: {"path": path},
}
WRITERS: dict[str, Asking] = {
    **{
        f"dialogue_export {form}": lambda path, form=form: {"dialogue_id": "clay", "format": form, "output_path": path}  # type: ignore[misc]
        for form in ("json", "markdown", "adr", "aif", "argdown", "parquet")
    },
    "bundle_create": lambda path: {"dialogue_id": "clay", "edition": "full", "output_path": path},
    "backup_create": lambda path: {"path": path},
}


@pytest.fixture(params=[False, True], ids=["user", "served"])
def given(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Any, Path]]:
    """The operations on a home with one dialogue, and a folder in which paths lead to no file."""
    there = tmp_path / "there"
    there.mkdir()
    os.mkfifo(there / "pipe")
    (there / "circle").symlink_to("circle")
    (there / "file.txt").write_text("plain")
    (there / "tables").mkdir()
    os.mkfifo(there / "tables" / "dialogues.parquet")
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.toml").write_text(f'write_folders = ["{there}"]\n')
    with open_parts(home, make=True, served_from=[there] if request.param else None) as parts:
        parts.table["dialogue_create"]({"title": "Clay", "question": "Which?", "expert_pool": POOL}, CALL)
        yield parts.table, there


PATHS = ("pipe", "circle", "circle/x", "file.txt/x", "x" * 300, "b/" * 3000, "a\0b", "tables")


def refusal(table: Any, name: str, request: dict[str, Any]) -> HansardError | None:
    """The refusal of a request, which may not take for ever; ``None`` where it is answered."""
    found: list[BaseException | None] = []

    def ask() -> None:
        try:
            table[name](request, CALL)
            found.append(None)
        except BaseException as fault:  # told in the other thread
            found.append(fault)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(60)
    assert found, "no answer: something is waited for"
    if isinstance(found[0], HansardError):
        return found[0]
    if found[0] is not None:
        raise found[0]
    return None


@pytest.mark.parametrize("name", READERS)
def test_what_leads_to_no_file_is_not_read_and_not_waited_for(name: str, given: tuple[Any, Path]) -> None:
    """Pipes, circles of links, names that no file can have: each is the caller's to mend, none a fault of ours."""
    table, there = given
    for path in PATHS:
        fault = refusal(table, name, READERS[name](str(there / path)))
        assert fault is not None, path
        assert fault.kind in ("not_found", "invalid", "refused"), (path[:9], fault.code, fault.message)


@pytest.mark.parametrize("name", WRITERS)
def test_where_no_file_can_be_nothing_is_written(name: str, given: tuple[Any, Path]) -> None:
    """The same for what is to be written; a pipe is not taken for an earlier export."""
    table, there = given
    before = sorted(there.iterdir())
    for path in PATHS:
        fault = refusal(table, name.split()[0], WRITERS[name](str(there / path)))
        assert fault is not None, path
        assert fault.kind in ("not_found", "invalid", "refused", "conflict"), (path[:9], fault.code, fault.message)
    assert sorted(there.iterdir()) == before
