"""Records as Parquet: read back, the rows are the record's, column by column."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from hansard.dialogue import model
from hansard.exchange import parquet
from hansard.exchange.parquet import GROUP_ROWS, TABLES, row_types, write_tables
from hansard.exchange.shapes import DialogueExport
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call
from tests.conftest import scale
from tests.unit.exchange.folders import CALL, Store, write
from tests.unit.exchange.recorded import ID, Held
from tests.unit.exchange.records import records


def read(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Every table of a folder as rows."""
    return {path.stem: pq.read_table(path).to_pylist() for path in folder.iterdir()}


def as_written(row: model.Row) -> dict[str, Any]:
    """A row's columns as the files hold them: texts, numbers and lists of texts as they are, the rest as JSON."""
    made: dict[str, Any] = {}
    for name, value in row.as_row().items():
        texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
        made[name] = value if value is None or isinstance(value, str | int | float) or texts else ("json", value)
    return made


def same(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a row of a file is a row of the record."""
    for name, value in wanted.items():
        if isinstance(value, tuple):
            if json.loads(found[name]) != value[1]:
                return False
        elif found[name] != value and not (isinstance(found[name], str) and json.loads(found[name]) == value):
            return False
    return True


@settings(max_examples=scale(25))
@given(record=records())
def test_what_is_read_back_is_the_record(tmp_path_factory: pytest.TempPathFactory, record: model.Record) -> None:
    """Each table has the record's rows in their order, each column its value."""
    folder = tmp_path_factory.mktemp("tables") / "x"
    counts = write_tables(folder, [record], "d")
    found = read(folder)
    assert set(found) == set(row_types())
    for name in model.Record.__struct_fields__:
        rows = getattr(record, name)
        rows = rows if isinstance(rows, list) else [rows]
        table = TABLES.get(name, name)
        assert counts[table] == len(found[table]) == len(rows)
        assert all(same(one, as_written(row)) for one, row in zip(found[table], rows, strict=True))


def test_columns_have_the_types_of_the_record(held: Held, tmp_path: Path) -> None:
    """Numbers are numbers, lists are lists, what must be there is not null, and ids are there to join by."""
    export(held, tmp_path / "t", ID)
    schema = pq.read_schema(tmp_path / "t" / "entities.parquet")
    assert schema.field("round").type == pa.int64()
    assert not schema.field("label").nullable
    assert schema.field("parameters").nullable
    assert schema.field("contributors").type == pa.list_(pa.string())
    assert pq.read_schema(tmp_path / "t" / "experts.parquet").field("relevance").type == pa.float64()
    rows = read(tmp_path / "t")
    ids = {row["id"] for row in rows["entities"]}
    assert {row["entity_id"] for row in rows["events"]} <= ids
    assert {"P0001", "T0001"} <= ids


def export(held: Any, path: Path, dialogue_id: str | None, call: Call = CALL) -> Any:
    """Export as Parquet."""
    request = DialogueExport(dialogue_id=dialogue_id, format="parquet", output_path=str(path))
    return held.exchange.dialogue_export(request, call)


def test_the_same_record_gives_the_same_bytes(held: Held, tmp_path: Path) -> None:
    """Twice, and in place of the first."""
    first = export(held, tmp_path / "a", ID)
    before = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    export(held, tmp_path / "a", ID)
    export(held, tmp_path / "b", ID)
    for folder in ("a", "b"):
        assert {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} == before
    assert first.rows["entities"] == 10
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_all_dialogues_go_into_one_folder_and_progress_is_told(real_store: Store, tmp_path: Path) -> None:
    """Each dialogue's rows stand in the tables, one dialogue after the other."""
    said: list[tuple[int, int | None]] = []
    call = Call(Actor("tester", "test"), progress=lambda done, total, what: said.append((done, total)))
    answer = export(real_store, tmp_path / "all", None, call)
    rows = read(tmp_path / "all")
    assert [row["dialogue_id"] for row in rows["dialogues"]] == sorted(real_store.answers)
    for dialogue_id in real_store.answers:
        wanted = real_store.record(dialogue_id)
        found = [row["id"] for row in rows["entities"] if row["dialogue_id"] == dialogue_id]
        assert found == [entity.id for entity in wanted.entities]
    assert said == [(0, 2), (1, 2), (2, 2)]
    assert (answer.head, answer.digest) == (None, None)


def test_rows_are_written_in_groups(held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more rows are held than a group has."""
    assert GROUP_ROWS > 1000
    monkeypatch.setattr(parquet, "GROUP_ROWS", 3)
    export(held, tmp_path / "t", ID)
    file = pq.ParquetFile(tmp_path / "t" / "events.parquet")
    assert file.num_row_groups == -(-file.metadata.num_rows // 3)


def test_what_is_no_earlier_export_of_the_same_stays(held: Held, tmp_path: Path) -> None:
    """A folder with anything else in it, a file, an export of all: each is left as it is."""
    export(held, tmp_path / "all", None)
    write(tmp_path, {"mine/entities.parquet": b"x", "file": b"x", "empty/x": b""})
    (tmp_path / "empty" / "x").unlink()
    export(held, tmp_path / "more", ID)
    write(tmp_path / "more", {"notes.txt": "x"})
    for name in ("all", "mine", "file", "empty", "more"):
        with pytest.raises(HansardError) as fault:
            export(held, tmp_path / name, ID)
        assert fault.value.code == "would_overwrite"
    assert (tmp_path / "mine" / "entities.parquet").read_bytes() == b"x"


def test_a_write_that_fails_leaves_the_old_folder(held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full in the middle: the earlier export stands, nothing else is left."""
    export(held, tmp_path / "t", ID)
    before = {path.name: path.read_bytes() for path in (tmp_path / "t").iterdir()}

    def full(record: model.Record) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet, "rows_of", full)
    with pytest.raises(HansardError) as fault:
        export(held, tmp_path / "t", ID)
    assert fault.value.code == "file_unwritable"
    assert {path.name: path.read_bytes() for path in (tmp_path / "t").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".hansard")] == []


def test_without_the_library_the_error_names_the_command(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parquet is an extra: whoever lacks it is told how to get it."""
    real = builtins.__import__

    def absent(name: str, *rest: Any, **named: Any) -> Any:
        if name.split(".")[0] == "pyarrow":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(HansardError) as fault:
        held.exchange.dialogue_export(DialogueExport(dialogue_id=ID, format="parquet"), CALL)
    assert fault.value.code == "extra_missing"
    assert "pip install 'hansard[parquet]'" in (fault.value.suggestion or "")


def test_one_dialogue_must_be_there_and_all_need_a_folder(held: Held, tmp_path: Path) -> None:
    """An id that is nobody's makes no folder; without an id and a path nothing is written."""
    with pytest.raises(HansardError) as fault:
        export(held, tmp_path / "t", "nobody")
    assert fault.value.code == "dialogue_not_found"
    assert not (tmp_path / "t").exists()
    with pytest.raises(HansardError) as fault:
        held.exchange.dialogue_export(DialogueExport(format="parquet"), CALL)
    assert fault.value.code == "missing_field"
    with pytest.raises(HansardError) as fault:
        held.exchange.dialogue_export(DialogueExport(), CALL)
    assert fault.value.code == "missing_field"
