"""Any folder at all: an import either records every word or is refused by name, and what it records verifies."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hansard.database.verify import verify_store
from hansard.dialogue.tables import ROWS
from hansard.exchange.restoring import record_differences
from hansard.exchange.shapes import DialogueExport
from hansard.kernel.errors import HansardError
from tests.conftest import scale
from tests.unit.exchange.any_folder import folders
from tests.unit.exchange.folders import CALL, Store, write


@contextmanager
def fresh(template: Path) -> Iterator[Store]:
    """An empty store in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copyfile(template, Path(name) / "hansard.db")
        store = Store(Path(name))
        try:
            yield store
        finally:
            store.close()


@settings(max_examples=scale(25))
@given(folders())
def test_every_word_is_recorded_and_verifies(empty_store_file: Path, files: dict[str, Any]) -> None:
    """Whatever markers a folder holds, no request is refused: each word stands in the record, and the record holds."""
    with fresh(empty_store_file) as store:
        folder = write(store.home / "2026-05-04T0930Z-any", files)
        answer = store.take(folder)
        record = store.record("any")
        said = {(entry.round, entry.slug): entry for entry in record.utterances}
        for path, text in files.items():
            if path.startswith("round-"):
                round_, expert = path.removeprefix("round-").removesuffix(".md").split("/")
                assert said[int(round_), expert].raw == text
        for entry in record.utterances:
            for kept in entry.annotations or ():
                assert 0 <= kept["start"] <= kept["end"] <= len(entry.raw or "")
        assert sum(answer.entities.values()) == len(record.entities)
        with store.database.reading() as connection:
            assert verify_store(connection, {table.name: table for table in ROWS.values()}).findings == []
        assert store.take(folder) == answer.model_copy(update={"created": False})


@settings(max_examples=scale(15))
@given(folders())
def test_an_export_comes_back_as_the_same_record(empty_store_file: Path, files: dict[str, Any]) -> None:
    """A record's document, imported into another store, is registered again without a loss."""
    with fresh(empty_store_file) as store, fresh(empty_store_file) as other:
        store.take(write(store.home / "2026-05-04T0930Z-any", files))
        path = store.home / "any.json"
        store.exchange.dialogue_export(DialogueExport(dialogue_id="any", output_path=str(path)), CALL)
        assert other.take(path).created
        assert record_differences(store.record("any"), other.record("any")) == {}


names = st.sampled_from(
    ["round-0/muffin.md", "round-0/panel.json", "expert-pool.json", "scoreboard.md", "tensions.md", "verdict.md"]
)
contents = st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
REFUSALS = {"not_a_dialogue", "json_malformed", "json_unfit", "file_not_text", "files_unreadable"}


@settings(max_examples=scale(25))
@given(st.dictionaries(names, contents))
def test_any_bytes_are_recorded_or_refused_by_name(empty_store_file: Path, files: dict[str, bytes]) -> None:
    """Files of any bytes give a record, or a refusal with nothing written; nothing else is ever raised."""
    with fresh(empty_store_file) as store:
        folder = write(store.home / "2026-05-04T0930Z-any", files)
        before = store.rows()
        refused = None
        try:
            store.take(folder)
        except HansardError as fault:
            refused = fault.code
        if refused is None:
            assert store.rows()["dialogues"] == 1
        else:
            assert refused in REFUSALS
            assert store.rows() == before
