"""Erasing: the words are nowhere in the home and in no later copy; the chain holds, and tells what was done."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hansard.custody.proof.blanking import WORDS, blanked, items_of
from hansard.custody.proof.shapes import DialogueErase, DialogueErased
from hansard.custody.proof.words import Runs
from hansard.custody.shapes import Verify
from hansard.dialogue.exhibits.operations import ExhibitOperations
from hansard.dialogue.model import ERASED
from hansard.dialogue.operations import DialogueOperations
from hansard.dialogue.requests import DialogueCreate, DialogueList, DialogueQuery, RoundRegister, UpdateStatus
from hansard.dialogue.tables import ROWS
from hansard.exchange.document import rows_of
from hansard.exchange.import_shapes import DialogueImport
from hansard.exchange.shapes import DialogueExport
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import collect
from hansard.routing.store import digest_of, keep_texts, read_text
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


def other_dialogue(store: Proved, title: str, question: str = "Why?", **more: Any) -> str:
    """One more dialogue of the same store; its id."""
    pool = {"experts": [{"role": role} for role in "ABC"]}
    request = {"title": title, "question": question, "expert_pool": pool, **more}
    return str(collect([store.dialogues])["dialogue_create"](request, CALL).dialogue_id)


def test_other_dialogues_with_the_same_words_are_told(told: Proved) -> None:
    """A question, a background: the dialogue is named with the places; nothing in it changes."""
    other = other_dialogue(told, "Other", f"Is it true that {PHRASE}?", background={"subject": f"Why {PHRASE}"})
    other_dialogue(told, "Third", "What has it to do with that?")
    before = told.dialogues.record(other)
    for dry_run in (True, False):
        answer = told.erase("round-1/scone", dry_run=dry_run)
        assert [(place.where, place.what, place.item) for place in answer.remaining] == [
            (f"dialogue '{other}'", "question", None)
        ]
    assert told.dialogues.record(other) == before


def in_own_folder(store: Proved, output_dir: str, title: str = "Mine") -> tuple[str, Path]:
    """A dialogue with a folder of its own, in which somebody said 'Yes': its id and the folder."""
    dialogue_id = other_dialogue(store, title, output_dir=output_dir)
    folder = store.dialogues.folder(store.dialogues.record(dialogue_id).dialogue)
    request = {"dialogue_id": dialogue_id, "round": 0, "score": 1, "responses": {"muffin": "Yes."}}
    collect([store.dialogues])["dialogue_round_register"](request, CALL)
    return dialogue_id, folder


def erased(store: Proved, dialogue_id: str, **more: Any) -> DialogueErased:
    """Erase for good."""
    request = {"dialogue_id": dialogue_id, "reason": "on request", "dry_run": False, **more}
    answer: DialogueErased = collect([store.custody])["dialogue_erase"](request, CALL)
    return answer


@pytest.mark.parametrize("more", [{"items": ["round-0/muffin"]}, {"whole": True}])
def test_in_a_folder_that_somebody_named_only_what_is_hansard_s_goes(proved: Proved, more: dict[str, Any]) -> None:
    """A user's own file that says the word, or may, is told and left; exports and files of rounds go."""
    dialogue_id, folder = in_own_folder(proved, "project")
    own = {"main.c": b'puts("yes");', "data.gz": gzip.compress(b"x"), "table.parquet": b"PAR1", "a/minutes.md": b"yes"}
    own["dialogue.json"] = b'{"answer": "yes"}'
    for name, data in own.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "round-0").mkdir()
    (folder / "round-0" / "response-muffin.md").write_text("Yes.")
    proved.exchange.dialogue_export(DialogueExport(dialogue_id=dialogue_id, format="markdown"), CALL)
    proved.exchange.dialogue_export(DialogueExport(dialogue_id=dialogue_id, format="parquet"), CALL)
    answer = erased(proved, dialogue_id, **more)
    assert {"round-0/response-muffin.md", "parquet/utterances.parquet"} <= set(answer.files)
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {
        "minutes.md"  # 'Yes.' stands in the report, and not in the minutes
    } == set(own)
    assert {place.where for place in answer.remaining} >= {f"{folder.name}/{name}" for name in own}


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Hansard of before, which judged the folder that was named and not the one that is used."""
    monkeypatch.setattr(DialogueOperations, "_judge_place", lambda *_: None)


@pytest.mark.parametrize(("output_dir", "title"), [(".", "keys"), (".", "dialogues"), ("keys", "x")])
@pytest.mark.usefixtures("lenient")
def test_erasing_removes_no_key_and_no_other_dialogue_s_files(proved: Proved, output_dir: str, title: str) -> None:
    """Where a dialogue was given the keys' folder, one that holds others' files, or the home: all of them stay."""
    dialogue_id, folder = in_own_folder(proved, output_dir, title)
    others = proved.home / "dialogues" / ID / "minutes.md"
    others.parent.mkdir(parents=True, exist_ok=True)
    others.write_text("Yes.")
    (proved.home / "keys" / "old.txt").write_text("yes")
    folder.mkdir(parents=True, exist_ok=True)
    before = {path for path in proved.home.rglob("*") if path.is_file() and "hansard.db" not in path.name}
    assert erased(proved, dialogue_id, whole=True).files == []
    assert {path for path in proved.home.rglob("*") if path.is_file() and "hansard.db" not in path.name} == before


@pytest.mark.usefixtures("lenient")
def test_a_whole_dialogue_leaves_the_files_of_one_whose_folder_lies_in_its_own(proved: Proved) -> None:
    """Neither its files nor those of a dialogue that was put below it go with the other."""
    inner, folder = in_own_folder(proved, f"dialogues/{ID}", "inner")
    (folder / "round-0").mkdir(parents=True)
    (folder / "minutes.md").write_text("Another's.")
    (folder / "round-0" / "response-muffin.md").write_text("Yes.")
    (folder.parent / "notes.md").write_text("Its own.")
    assert erased(proved, ID, whole=True).files == ["notes.md"]
    assert (folder / "minutes.md").exists()
    erased(proved, inner, whole=True)
    assert (folder / "round-0" / "response-muffin.md").exists()  # nobody writes there any more: it is told, and left


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


def test_what_is_left_of_a_whole_dialogue_is_no_record_to_take_in(told: Proved, tmp_path: Path) -> None:
    """Its export verifies and tells of the erasure; imported, its chain would be lost and an empty record begun."""
    told.erase(whole=True, reason="a wish")
    told.document()
    assert any("a wish" in note for note in told.verified(told.home / "exported.json").notes)
    (tmp_path / "other").mkdir()
    other = Proved(tmp_path / "other")
    with pytest.raises(HansardError) as caught:
        other.exchange.dialogue_import(DialogueImport(path=str(told.home / "exported.json")), CALL)
    assert caught.value.code == "wholly_erased"
    assert other.dialogues.dialogue_list(DialogueList(), CALL).dialogues == []
    other.close()


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


def test_people_are_called_as_they_are_written(told: Proved, tmp_path: Path) -> None:
    """A response is named by its speaker's name, and told by it where it would go or was altered; no entry keeps it."""
    name = "Anne-Marie O'Neill"
    pool = {"experts": [{"name": one, "role": "r"} for one in (name, "Ben", "Cleo")]}
    create = DialogueCreate.model_validate({"title": "Names", "question": "Who?", "expert_pool": pool, "panel_size": 3})
    dialogue = told.dialogues.dialogue_create(create, CALL).dialogue_id
    register = {"dialogue_id": dialogue, "round": 0, "score": 3, "responses": {name: "The heron stood quite still."}}
    told.dialogues.dialogue_round_register(RoundRegister.model_validate(register), CALL)
    copy = tmp_path / "names.json"
    told.exchange.dialogue_export(DialogueExport(dialogue_id=dialogue, output_path=str(copy)), CALL)
    copy.write_text(copy.read_text(encoding="utf-8").replace("heron", "crane"), encoding="utf-8")
    assert any(finding.where.startswith(f"{name}'s response") for finding in told.verified(copy).findings)
    request = DialogueErase(dialogue_id=dialogue, items=[f"round-0/{name}"], reason="on request", dry_run=True)
    assert told.custody.dialogue_erase(request, CALL).places[0].what == f"{name}'s response (round 0)"
    done = told.custody.dialogue_erase(request.model_copy(update={"dry_run": False}), CALL)
    assert done.places[0].item == "round-0/anne-marie-o-neill"
    assert name not in done.model_dump_json()


def test_prompts_and_answers_of_the_dialogue_s_calls_go_with_the_words(told: Proved) -> None:
    """What models were told of the words and said with them goes; other calls stay, and are told."""
    said, other, elsewhere = (
        f"Prompt: {PHRASE} and more".encode(),
        b"The prompt of another round, in which nothing of it stands.",
        f"Asked by the way: {PHRASE}?".encode(),
    )
    bodies = {digest_of(body): body for body in (said, other, elsewhere)}
    with told.database.writing() as connection:
        keep_texts(connection, bodies, {ID: [digest_of(said), digest_of(other)]})
    foreseen = told.erase("round-1/scone", dry_run=True)
    done = told.erase("round-1/scone")
    for answer in (foreseen, done):
        assert [(place.what, place.characters) for place in answer.places if place.item == "calls"] == [
            ("1 prompt or answer of model calls", len(said))
        ]
        assert [place.what for place in answer.remaining if place.where == "a model call"] == [
            f"the text {digest_of(elsewhere)[:12]}…"
        ]
    with told.database.reading() as connection:
        assert [read_text(connection, digest) for digest in bodies] == [None, other, elsewhere]
    told.erase(whole=True)
    with told.database.reading() as connection:
        assert [read_text(connection, digest) for digest in bodies] == [None, None, elsewhere]
