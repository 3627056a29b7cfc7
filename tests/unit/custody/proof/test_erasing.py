"""Erasing: the words are nowhere in the home and in no later copy; the chain holds, and tells what was done."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hansard.custody.proof.blanking import WORDS, blanked, items_of
from hansard.custody.proof.shapes import DialogueErase
from hansard.custody.proof.words import Runs
from hansard.custody.shapes import Verify
from hansard.dialogue.exhibits.operations import ExhibitOperations
from hansard.dialogue.model import ERASED
from hansard.dialogue.requests import DialogueQuery, UpdateStatus
from hansard.dialogue.tables import ROWS
from hansard.exchange.document import rows_of
from hansard.exchange.import_shapes import DialogueImport
from hansard.exchange.shapes import DialogueExport
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import collect
from tests.unit.custody.kept import alter
from tests.unit.custody.proof.made import Proved, next_round
from tests.unit.exchange.recorded import CALL, ID

PHRASE = "the xylophone of Mrs Quagmire plays at four"
SAID = f"Scone said that {PHRASE}, and nobody doubted it. " * 3
LONG = f"At length: {PHRASE}. " + "It was said in many words, each of which stood in its place. " * 40


@pytest.fixture
def told(proved: Proved) -> Proved:
    """A store in which Scone has said something, in a response, two entities, references, moves and files."""
    next_round(
        proved,
        1,
        responses={"scone": SAID + LONG, "muffin": "Muffin was silent about it."},
        perspectives=[{"local_id": "SCONE-P0101", "label": f"So {PHRASE}", "content": LONG}],
        claims=[
            {
                "local_id": "SCONE-C0101",
                "label": "A claim",
                "content": f"Short: {PHRASE}.",
                "references": [{"type": "support", "target": "P0001", "context": f"because {PHRASE}"}],
            }
        ],
        moves=[{"expert": "scone", "type": "request", "topic": f"whether {PHRASE}"}],
        stances=[{"expert": "scone", "stance": "CONDITIONAL", "condition": f"that {PHRASE}"}],
        annotations={"scone": [{"kind": "note", "word": "ASIDE", "text": f"aside: {PHRASE}"}]},
    )
    proved.sign()
    proved.exchange.dialogue_export(DialogueExport(dialogue_id=ID), CALL)
    folder = proved.home / "dialogues" / ID
    (folder / "round-1").mkdir(parents=True, exist_ok=True)
    (folder / "round-1" / "response-scone.md").write_text(SAID)
    (folder / "round-1" / "response-muffin.md").write_text("Muffin was silent about it.")
    proved.bundle(folder / "mine.zip")
    return proved


def holding(folder: Path, words: str = "Quagmire") -> list[str]:
    """The files below a folder that hold a word, in whatever case."""
    wanted = words.lower().encode()
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and wanted in path.read_bytes().lower()
    )


def test_the_words_are_nowhere_in_the_home(told: Proved, tmp_path: Path) -> None:
    """Store, log, search index, files; and no export, minutes, report or bundle made later has them."""
    assert set(holding(told.home)) >= {f"dialogues/{ID}/dialogue.json", f"dialogues/{ID}/mine.zip"}
    answer = told.erase("round-1/scone")
    assert answer.scrubbed
    assert answer.remaining == []
    assert set(answer.files) == {"dialogue.json", "mine.zip", "round-1/response-scone.md"}
    assert holding(told.home) == []
    assert (told.home / "dialogues" / ID / "round-1" / "response-muffin.md").exists()
    later = tmp_path / "later"
    later.mkdir()
    told.exchange.dialogue_export(DialogueExport(dialogue_id=ID, output_path=str(later / "d.json")), CALL)
    (later / "minutes.md").write_text(told.minutes())
    (later / "report.md").write_text(told.exchange.dialogue_report(DialogueQuery(dialogue_id=ID), CALL).markdown)
    told.sign()
    for edition in ("full", "public"):
        assert told.verified(told.bundle(later / f"{edition}.zip", edition)).ok
    assert holding(later) == []
    assert ERASED in (later / "report.md").read_text()
    assert collect([told.dialogues])["dialogue_search"]({"query": "Quagmire"}, CALL).hits == []
    told.close()
    assert holding(told.home) == []


def test_everything_verifies_and_says_what_was_erased(told: Proved, tmp_path: Path) -> None:
    """Store, dialogue, export and bundle: no finding; the entry, the items and the reason are told."""
    position = told.erase("round-1/scone", reason="a request of 2027-03-01").position
    file = tmp_path / "d.json"
    told.exchange.dialogue_export(DialogueExport(dialogue_id=ID, output_path=str(file)), CALL)
    told.sign()
    for request in (
        Verify(all=True),
        Verify(target=ID),
        Verify(target=str(file)),
        Verify(target=str(told.bundle(tmp_path / "full.zip"))),
        Verify(target=str(told.bundle(tmp_path / "public.zip", "public"))),
    ):
        answer = told.custody.verify(request, CALL)
        assert answer.ok, answer.findings
        [note] = [note for note in answer.notes if note.startswith("Erased")]
        assert f"by entry {position} " in note
        assert "round-1/scone; reason: a request of 2027-03-01." in note


def test_salts_of_what_was_sealed_before_are_gone(told: Proved) -> None:
    """Every entry that ever wrote one of the rows lost its salt: its old digests cannot be tried with guesses."""
    answer = told.erase("P0101")
    sql = sqlite3.connect(told.file)
    bodies = {at: json.loads(body) for at, body in sql.execute("SELECT position, body FROM journal")}
    left = {at for (at,) in sql.execute("SELECT position FROM journal_payloads")}
    sql.close()
    wrote = {
        at
        for at, body in bodies.items()
        for table, key, _ in body["changes"]
        if table == "entities" and key == [ID, "P", 1, 1] and at != answer.position
    }
    assert wrote
    assert not wrote & left


def test_a_dry_run_changes_nothing(told: Proved) -> None:
    """It tells the same as the erasure itself, and every file stays as it was."""
    before = {path: path.read_bytes() for path in (told.home / "dialogues").rglob("*") if path.is_file()}
    head = told.dialogues.head(ID)
    foreseen = told.erase("round-1/scone", dry_run=True)
    assert {path: path.read_bytes() for path in (told.home / "dialogues").rglob("*") if path.is_file()} == before
    assert told.dialogues.head(ID) == head
    done = told.erase("round-1/scone")
    assert (foreseen.places, foreseen.entries, foreseen.files) == (done.places, done.entries, done.files)
    assert (foreseen.position, done.position) == (None, told.dialogues.head(ID).sequence + 2)


def test_where_the_same_words_still_stand_is_told(told: Proved) -> None:
    """Said again by another, quoted in a reason, kept in a file elsewhere: named, with the item that would erase it."""
    next_round(told, 2, responses={"muffin": f"Scone is right: {PHRASE}."}, summary=f"It is settled that {PHRASE}.")
    update = {"id": "P0101", "status": "commented", "by": ["user"], "reason": "I have heard it."}
    told.dialogues.dialogue_update_status(UpdateStatus.model_validate({"dialogue_id": ID, "updates": [update]}), CALL)
    (told.home / "notes.txt").write_text(f"My notes: {PHRASE}.")
    answer = told.erase("round-1/scone", dry_run=True)
    assert {(place.item, place.where) for place in answer.remaining} == {
        ("round-2/muffin", "Muffin's response (round 2)"),
        ("round-2", "round 2"),
        (None, "notes.txt"),
    }
    told.erase("round-1/scone", "round-2/muffin", "round-2")
    assert holding(told.home) == ["notes.txt"]


def test_a_whole_dialogue_goes(told: Proved) -> None:
    """Its row stays, blank and closed, so that the id is not given again; the store verifies; its folder is gone."""
    answer = told.erase(whole=True)
    record = told.dialogues.record(ID)
    assert len(list(rows_of(record))) == 1
    assert (record.dialogue.title, record.dialogue.question, record.dialogue.status) == (ERASED, ERASED, "abandoned")
    assert not (told.home / "dialogues" / ID).exists()
    assert answer.entries
    for words in ("Quagmire", "Salt eats", "Bridge or tunnel"):
        assert holding(told.home, words) == []
    assert told.custody.verify(Verify(all=True), CALL).ok
    document = told.document()
    assert document["title"] == ERASED
    assert told.verified(told.home / "exported.json").ok


def test_an_exhibit_goes_with_its_file(told: Proved) -> None:
    """Its label, its name and its bytes; the digest in the row stays, and is told to stay."""
    file = told.home / "dialogues" / ID / "letter.txt"
    file.write_text(f"Dear town, {PHRASE}.")
    table = collect([told.dialogues.beside(ExhibitOperations)])
    table["exhibit_add"]({"dialogue_id": ID, "kind": "file", "path": file.name, "label": "Letter of Quagmire"}, CALL)
    answer = told.erase("X0001", "round-1/scone")
    assert any(name.startswith("exhibits/") for name in answer.files)
    assert any("digest" in stays for stays in answer.stays)
    assert holding(told.home) == []
    assert told.dialogues.record(ID).exhibits[0].label == ERASED


def test_an_imported_dialogue_loses_the_hashes_of_its_files(told: Proved, elsewhere: Proved) -> None:
    """A plain hash of a file would confirm a guess at what stood in it."""
    told.document()
    elsewhere.exchange.dialogue_import(DialogueImport(path=str(told.home / "exported.json")), CALL)
    origin = elsewhere.dialogues.record(ID).dialogue.origin
    assert origin is not None
    assert origin["files"]
    elsewhere.erase("round-1/scone")
    left = elsewhere.dialogues.record(ID).dialogue.origin
    assert left is not None
    assert (left["files"], left["digest"]) == ({}, ERASED)
    assert holding(elsewhere.home) == []
    assert holding(elsewhere.home, origin["digest"]) == []
    assert elsewhere.custody.verify(Verify(all=True), CALL).ok


def test_an_export_with_erased_words_can_be_taken_in(told: Proved, elsewhere: Proved) -> None:
    """What is left is a record like any other."""
    told.erase("round-1/scone")
    told.document()
    elsewhere.exchange.dialogue_import(DialogueImport(path=str(told.home / "exported.json")), CALL)
    assert elsewhere.document()["digest"] == told.document()["digest"]


def test_erasing_twice(told: Proved) -> None:
    """What is gone is gone: a second time is told; a repeated request gets its first answer."""
    request = DialogueErase(dialogue_id=ID, items=["P0101"], reason="on request", dry_run=False, request_id="r")
    first = told.custody.dialogue_erase(request, CALL)
    again = told.custody.dialogue_erase(request, CALL)
    assert (again.position, again.places) == (first.position, first.places)
    with pytest.raises(HansardError) as refusal:
        told.erase("P0101")
    assert refusal.value.code == "erased_already"
    told.erase("C0101")
    assert told.custody.verify(Verify(all=True), CALL).ok


def test_an_item_s_case_says_nothing_and_no_other_statement_is_suggested(told: Proved) -> None:
    """'p0101' is P0101; an id that is not there leads to no neighbour of it."""
    erase = collect([told.custody])["dialogue_erase"]
    small, large = (
        erase({"dialogue_id": ID, "reason": "on request", "dry_run": True, "items": [item]}, CALL)
        for item in ("p0101", "P0101")
    )
    assert small == large
    with pytest.raises(HansardError) as refusal:
        erase({"dialogue_id": ID, "reason": "on request", "dry_run": True, "items": ["P0199"]}, CALL)
    assert "Did you mean" not in str(refusal.value.suggestion)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "nothing_to_erase"),
        ({"items": ["P0101"], "whole": True}, "nothing_to_erase"),
        ({"items": ["P0199"]}, "item_unknown"),
        ({"items": ["round-7/muffin", "verdict:none"]}, "batch_validation_failed"),
        ({"items": ["round-1/scone"], "reason": f"because {PHRASE}"}, "reason_repeats_words"),
        ({"items": ["round-1/scone"], "reason": ""}, "invalid_field"),
    ],
)
def test_what_cannot_be_erased_is_refused(told: Proved, given: dict[str, Any], code: str) -> None:
    """With nothing written, and nothing removed."""
    head = told.dialogues.head(ID)
    request = {"dialogue_id": ID, "reason": "on request", "dry_run": False, **given}
    with pytest.raises(HansardError) as refusal:
        collect([told.custody])["dialogue_erase"](request, CALL)
    assert refusal.value.code == code
    assert told.dialogues.head(ID) == head


def test_an_altered_row_is_not_sealed_anew(told: Proved) -> None:
    """Erasing launders nothing: a row that was altered behind the journal's back stays a finding."""
    alter(told.file, "UPDATE entities SET label = 'forged' WHERE kind = 'T'")
    told.erase("round-1/scone")
    assert not told.custody.verify(Verify(all=True), CALL).ok
    alter(told.file, "UPDATE utterances SET score = 77 WHERE slug = 'muffin' AND round = 1")
    with pytest.raises(HansardError) as refusal:
        told.erase("round-1/muffin")
    assert refusal.value.code == "row_altered"


def test_every_item_and_every_column_of_words_is_known(told: Proved) -> None:
    """Each kind of row has its columns of words; each item that is told can be erased, or has no words."""
    assert set(WORDS) == set(ROWS)
    for kind, names in WORDS.items():
        assert set(names) <= set(kind.__struct_fields__)
    for row in rows_of(told.dialogues.record(ID)):
        once = blanked(row)
        assert blanked(once) == once
    empty = []
    for item in items_of(told.dialogues.record(ID)):
        try:
            assert told.erase(item, dry_run=True).places
        except HansardError as refusal:
            empty.append((item, refusal.code))
    assert empty == [("round-1", "erased_already")]  # it has neither title nor summary


def test_runs_of_words_are_found_whatever_stands_between() -> None:
    """Case, signs, line breaks and JSON's escapes hide no run of six words; fewer than three are looked for nowhere."""
    runs = Runs(["The Xylophone of Mrs. Quagmire plays at four o'clock."])
    assert runs.stand_in("… xylophone, of MRS\nquagmire -- plays at four!")
    assert runs.stand_in_bytes(json.dumps({"x": 'of Mrs Quagmire\nplays at "four" o\'clock'}).encode())
    assert runs.stand_in_value([{"a": ["mrs quagmire plays at four o clock"]}])
    assert not runs.stand_in("xylophone of Mrs Quagmire")
    assert Runs(["three plain words"]).stand_in("Three plain words, said again")
    assert not Runs(["Agreed."]).stand_in("Agreed.")
