"""Exports into files: where they may stand, what they never overwrite, and that equal records give equal bytes."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from hansard.dialogue.requests import DialogueQuery
from hansard.exchange.document import read_document
from hansard.exchange.operations import ExchangeOperations
from hansard.exchange.shapes import DialogueExport, DialogueExported
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import collect
from tests.unit.exchange.folders import Store
from tests.unit.exchange.recorded import CALL, ID, Held


def export(held: Held, path: Path | str | None = None, **further: Any) -> DialogueExported:
    """Export the held dialogue."""
    request = DialogueExport(dialogue_id=ID, output_path=None if path is None else str(path), **further)
    return held.exchange.dialogue_export(request, CALL)


def test_an_export_stands_in_the_dialogue_s_own_folder(held: Held) -> None:
    """Without a path the file is home/dialogues/ID/dialogue.json; its folder is made."""
    answer = export(held)
    assert Path(answer.path) == held.home / "dialogues" / ID / "dialogue.json"
    assert read_document(Path(answer.path))["id"] == ID
    minutes = export(held, format="markdown")
    assert Path(minutes.path).name == "minutes.md"
    assert Path(minutes.path).read_text(encoding="utf-8") == held.minutes()


def test_the_answer_tells_what_was_exported(held: Held) -> None:
    """Counts, total, warnings, digest and head are those of the record."""
    answer = export(held)
    assert answer.stats is not None
    assert answer.stats.model_dump() == {
        "rounds": 3,
        "experts": 4,
        "perspectives": 4,
        "recommendations": 1,
        "tensions": 2,
        "evidence": 2,
        "claims": 1,
        "totalAlignment": 75,
    }
    assert answer.head == held.dialogues.head(ID)
    document = read_document(Path(answer.path))
    assert answer.digest == document["digest"]
    assert [warned.type for warned in answer.warnings] == [warning["type"] for warning in document["warnings"]]
    assert document["journal"]["head"] == {"sequence": answer.head.sequence, "hash": answer.head.hash}


def test_twice_from_one_store_gives_the_same_bytes(held: Held, tmp_path: Path) -> None:
    """No time, no path and no chance is in an export."""
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    export(held, first)
    export(held, second)
    assert first.read_bytes() == second.read_bytes()
    assert str(tmp_path).encode() not in first.read_bytes()


def test_two_stores_that_imported_the_same_give_the_same_document(
    small: Path, store: Store, second_store: Store, tmp_path: Path
) -> None:
    """Everything but the journal is byte-identical, the digests are equal; without the journal the whole file is."""
    made = []
    for number, one in enumerate((store, second_store)):
        name = one.take(small).dialogue_id
        files = {}
        for journal in (True, False):
            path = tmp_path / f"{number}-{journal}.json"
            operations = ExchangeOperations(one.dialogues, one.journal, lambda _: True, lambda _: True)
            operations.dialogue_export(DialogueExport(dialogue_id=name, output_path=str(path), journal=journal), CALL)
            files[journal] = path.read_bytes()
        made.append(files)
    assert made[0][False] == made[1][False]
    with_journal = [json.loads(files[True]) for files in made]
    assert with_journal[0]["digest"] == with_journal[1]["digest"]
    assert with_journal[0].pop("journal") != with_journal[1].pop("journal")
    assert json.dumps(with_journal[0]) == json.dumps(with_journal[1])
    assert made[0][True].partition(b'"journal"')[0] == made[1][True].partition(b'"journal"')[0]


def test_an_earlier_export_of_the_same_dialogue_is_replaced(held: Held, tmp_path: Path) -> None:
    """Exporting again is what one does; the new file stands whole in place of the old."""
    path = tmp_path / "deep" / "down" / "out.json"
    export(held, path, journal=False)
    assert "journal" not in read_document(path)
    export(held, path)
    assert "journal" in read_document(path)
    page = tmp_path / "minutes.md"
    export(held, page, format="markdown")
    export(held, page, format="markdown")
    assert sorted(found.name for found in tmp_path.iterdir() if found.is_file()) == ["minutes.md"]


@pytest.mark.parametrize("content", ["", "notes", "{}", '{"schema_version": "1", "id": "another"}', "# Minutes: x\n"])
@pytest.mark.parametrize("form", ["json", "markdown"])
def test_what_is_no_export_of_it_is_not_overwritten(held: Held, tmp_path: Path, content: str, form: Any) -> None:
    """Somebody's file stays as it is, and the refusal says what to do."""
    path = tmp_path / "mine"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(HansardError) as refusal:
        export(held, path, format=form)
    assert refusal.value.code == "would_overwrite"
    assert refusal.value.suggestion
    assert path.read_text(encoding="utf-8") == content


def test_another_dialogue_s_export_is_not_overwritten(held: Held, tmp_path: Path) -> None:
    """Two dialogues do not share a file."""
    from tests.unit.exchange.recorded import hold

    hold(held, "other-bridge")
    path = tmp_path / "out.json"
    held.exchange.dialogue_export(DialogueExport(dialogue_id="other-bridge", output_path=str(path)), CALL)
    with pytest.raises(HansardError) as refusal:
        export(held, path)
    assert refusal.value.code == "would_overwrite"
    assert read_document(path)["id"] == "other-bridge"


def test_a_folder_is_no_file(held: Held, tmp_path: Path) -> None:
    """A path that is a folder is refused."""
    with pytest.raises(HansardError) as refusal:
        export(held, tmp_path)
    assert refusal.value.code == "would_overwrite"


def test_a_place_that_is_not_allowed_is_refused(held: Held, tmp_path: Path) -> None:
    """Where the settings do not let anybody write, nothing is made, and no resolved path is told."""
    inside = tmp_path / "inside"
    careful = ExchangeOperations(held.dialogues, held.journal, lambda path: inside in path.parents, lambda _: True)
    outside = tmp_path / "outside" / "out.json"
    with pytest.raises(HansardError) as refusal:
        careful.dialogue_export(DialogueExport(dialogue_id=ID, output_path=str(outside)), CALL)
    assert (refusal.value.code, refusal.value.kind) == ("path_not_allowed", "refused")
    assert not outside.parent.exists()
    careful.dialogue_export(DialogueExport(dialogue_id=ID, output_path=str(inside / "out.json")), CALL)


def test_a_write_that_fails_leaves_the_old_file(held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk at the last moment leaves the earlier export as it was, and no rest of the new one."""
    path = tmp_path / "out.json"
    export(held, path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(HansardError) as refusal:
        export(held, path, journal=False)
    assert refusal.value.code == "file_unwritable"
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir() if found.is_file()] == ["out.json"]


def test_the_file_keeps_the_permissions_it_had(held: Held, tmp_path: Path) -> None:
    """Replacing an export does not open it to others."""
    path = tmp_path / "out.json"
    export(held, path)
    path.chmod(0o600)
    export(held, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_unknown_dialogue_is_refused(held: Held) -> None:
    """The refusal names it, and nothing is written."""
    for call in (
        lambda: held.exchange.dialogue_minutes(DialogueQuery(dialogue_id="harbour"), CALL),
        lambda: held.exchange.dialogue_report(DialogueQuery(dialogue_id="harbour"), CALL),
        lambda: held.exchange.dialogue_export(DialogueExport(dialogue_id="harbour"), CALL),
    ):
        with pytest.raises(HansardError) as refusal:
            call()
        assert refusal.value.code == "dialogue_not_found"
    assert not (held.home / "dialogues").exists()


def test_a_salt_that_nothing_needs_is_not_given_away(held: Held) -> None:
    """The export carries the salts of rows that stand, and no others."""
    entries = held.document()["journal"]["entries"]
    salts = [entry["salt"] for entry in entries]
    assert salts[0] is None  # everything that the first entry wrote was written again by later ones
    assert salts[-1] is not None


def test_the_operations_are_offered_under_their_names(held: Held) -> None:
    """A surface finds them in the table: reads with a path, the one that writes a file without."""
    table = collect([held.exchange])
    assert {"dialogue_export", "dialogue_import", "dialogue_minutes", "dialogue_report"} == set(table)
    assert table["dialogue_minutes"].mark.path == "/dialogues/{dialogue_id}/minutes"
    assert table["dialogue_export"].mark.writes
    answer = table["dialogue_minutes"]({"dialogue_id": ID}, CALL)
    assert answer.markdown == held.minutes()
    assert answer.head == held.dialogues.head(ID)
