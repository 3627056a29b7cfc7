"""Files of other formats, changed anywhere: each is recorded or refused by name, and nothing else is ever raised."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansard.database.verify import verify_store
from hansard.dialogue.tables import ROWS
from hansard.exchange.aif import rendered_aif
from hansard.exchange.argdown.writing import rendered_argdown
from hansard.exchange.graph import graph_of
from hansard.kernel.errors import HansardError
from tests.conftest import scale
from tests.unit.exchange.folders import write
from tests.unit.exchange.graphs import PIECES
from tests.unit.exchange.recorded import ID, Held
from tests.unit.exchange.test_aif import FOREIGN as AIF
from tests.unit.exchange.test_argdown import FOREIGN as ARGDOWN
from tests.unit.exchange.test_council import TALK
from tests.unit.exchange.test_import_any import fresh

VALUES: list[Any] = [
    None, True, -1, 0, 1, 99, 100, 2**60, 0.5, "", " ", "x", "P0001", "@muffin", "judge", "Ada Lovelace", "\u200b",
    "a\nb",
    "z" * 1200, [], [1], ["x"], {}, {"a": 1},
]  # fmt: skip


def taken_or_refused(template: Path, name: str, content: bytes) -> str:
    """The code of a refusal with nothing written, or ``taken`` with all of it verified."""
    with fresh(template) as store:
        path = write(store.home, {name: content}) / name
        before = store.rows()
        try:
            store.take(path)
        except HansardError as fault:
            assert store.rows() == before
            return fault.code
        with store.database.reading() as connection:
            assert verify_store(connection, {table.name: table for table in ROWS.values()}).findings == []
        return "taken"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of every part of a JSON value."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        found += places(part, (*path, key))
    return found


def changed(value: Any, choice: random.Random) -> Any:
    """A JSON value with one or two parts replaced, removed or doubled."""
    value = copy.deepcopy(value)
    for _ in range(choice.randint(1, 2)):
        *way, last = choice.choice(places(value))
        holder = value
        for step in way:
            holder = holder[step]
        what = choice.choice(["replace", "replace", "remove", "double"])
        if what == "replace":
            holder[last] = choice.choice(VALUES)
        elif what == "remove":
            del holder[last]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
    return value


@pytest.fixture(scope="module")
def ours(held_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A dialogue's own files."""
    home = tmp_path_factory.mktemp("ours")
    (home / "hansard.db").write_bytes(held_template.read_bytes())
    store = Held(home)
    graph = graph_of(store.dialogues.record(ID))
    store.close()
    return {"aif": rendered_aif(graph), "argdown": rendered_argdown(graph)}


@settings(max_examples=scale(40))
@given(seed=st.integers(0, 2**32), name=st.sampled_from(["ours", "aif", "council"]))
def test_changed_json_is_recorded_or_refused(
    empty_store_file: Path, ours: dict[str, bytes], seed: int, name: str
) -> None:
    """Parts replaced by anything, removed, doubled."""
    value = {"ours": json.loads(ours["aif"]), "aif": AIF, "council": TALK}[name]
    assert taken_or_refused(empty_store_file, "x.json", json.dumps(changed(value, random.Random(seed))).encode())


@settings(max_examples=scale(40))
@given(seed=st.integers(0, 2**32), mine=st.booleans())
def test_changed_argdown_is_recorded_or_refused(
    empty_store_file: Path, ours: dict[str, bytes], seed: int, mine: bool
) -> None:
    """Lines taken out, moved, doubled; pieces of syntax put anywhere."""
    choice = random.Random(seed)
    lines = (ours["argdown"].decode() if mine else ARGDOWN).split("\n")
    for _ in range(choice.randint(1, 4)):
        at = choice.randrange(len(lines))
        what = choice.choice(["cut", "double", "piece", "piece", "move"])
        if what == "cut" and len(lines) > 1:
            del lines[at]
        elif what == "double":
            lines.insert(at, lines[at])
        elif what == "piece":
            column = choice.randint(0, len(lines[at]))
            lines[at] = lines[at][:column] + choice.choice(PIECES) + lines[at][column:]
        elif what == "move":
            lines.append(lines.pop(at))
    assert taken_or_refused(empty_store_file, "x.argdown", "\n".join(lines).encode("utf-8", "replace"))
