"""What verify says, and how it names what it finds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hansard.custody.operations import CustodyOperations
from hansard.custody.shapes import Verified, Verify, Witness
from hansard.custody.store import search_damage
from hansard.custody.witness import spelt
from hansard.database.columns import encoded_row, row_bytes
from hansard.database.journal import row_label, sealed
from hansard.dialogue.requests import UpdateStatus
from hansard.dialogue.tables import ROWS
from hansard.exchange.document import document_digest, key_of, record_from_document, rows_of
from hansard.exchange.minutes import minutes
from hansard.exchange.report import report
from hansard.exchange.shapes import DialogueExport
from hansard.kernel.canonical import text_digest
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import collect
from hansard.surfaces.render.custody import verified
from hansard.surfaces.render.plain import plain_lines
from tests.conftest import sampled
from tests.support.forger import encoded
from tests.unit.custody.kept import EXAMPLE, Kept
from tests.unit.exchange.recorded import CALL, ID


@pytest.fixture
def exported(kept: Kept, tmp_path: Path) -> Path:
    """The shipped example's export."""
    path = tmp_path / "example.json"
    kept.exchange.dialogue_export(DialogueExport(dialogue_id=EXAMPLE, output_path=str(path)), CALL)
    return path


Change = Callable[[dict[str, Any]], object]


def forged(path: Path, change: Change, *, digest: bool = False) -> str:
    """A copy of an export with a change in it; ``digest``: made anew, as a forger who knows the format would."""
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    if digest:
        document["digest"] = document_digest(document)
    copy = path.with_name("forged.json")
    copy.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return str(copy)


def perspective(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A perspective by its id."""
    found: dict[str, Any] = next(one for one in document["perspectives"] if one["id"] == name)
    return found


def five_minutes(document: dict[str, Any]) -> None:
    """The word that a forger would like to change."""
    one = perspective(document, "P0104")
    one["content"] = one["content"].replace("restores in nine minutes", "restores in five minutes")


def test_an_untouched_store_verifies(kept: Kept) -> None:
    """Every entry, row and text is counted, every chain's head is told."""
    answer = kept.verify()
    assert answer.ok
    assert answer.findings == []
    assert answer.what == "the whole store"
    assert answer.entries == 19
    assert answer.rows > 300
    assert answer.texts > 10
    assert [head.stream for head in answer.heads] == [f"dialogue:{ID}", f"dialogue:{EXAMPLE}", "registry"]
    assert answer.heads[1] == kept.dialogues.head(EXAMPLE)


def test_an_untouched_dialogue_verifies(kept: Kept) -> None:
    """Its stream, rows and texts; by its id or a beginning of it."""
    answer = kept.verify("ledger")
    assert answer.ok
    assert answer.what == f"dialogue '{EXAMPLE}'"
    assert answer.head == kept.dialogues.head(EXAMPLE)
    assert 0 < answer.rows < kept.verify().rows


def test_an_untouched_export_verifies_without_a_store(kept: Kept, exported: Path, tmp_path: Path) -> None:
    """On a machine that has nothing else the file proves itself, and its head is told."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    nothing = Kept(home)
    answer = nothing.verify(str(exported))
    nothing.close()
    assert answer.ok
    assert answer.head == kept.dialogues.head(EXAMPLE)
    assert any("Whether it is the newest" in note for note in answer.notes)


def test_one_altered_word_names_the_utterance_and_shows_both_words(kept: Kept, exported: Path) -> None:
    """The forgery of the demo: who said it, where, what was recorded and what stands there now."""
    found = kept.found(forged(exported, five_minutes, digest=True))
    finding = found["P0104 (Eclair, round 1, perspectives[13].content)"]
    assert finding.code == "row_altered"
    assert (finding.id, finding.experts, finding.round) == ("P0104", ["eclair"], 1)
    assert finding.said is not None
    assert "restores in nine minutes" in finding.said
    assert finding.found is not None
    assert "restores in five minutes" in finding.found
    assert finding.said in finding.message
    assert finding.remedy.startswith("Keep this copy as evidence")
    assert len(found) == 1


def test_the_words_of_a_response_are_told_from_its_entities(kept: Kept, exported: Path) -> None:
    """A response altered where an entity still holds its words is shown beside them."""

    def change(document: dict[str, Any]) -> None:
        said = document["rounds"][1]["experts"]["eclair"]
        said["raw"] = said["raw"].replace("nine minutes", "five and a half minutes")

    found = kept.found(forged(exported, change, digest=True))
    finding = found["Eclair's response (round 1, rounds[1].experts.eclair.raw)"]
    assert "nine minutes" in str(finding.said)
    assert "five and a half minutes" in str(finding.found)


def test_words_altered_in_both_places_are_found_all_the_same(kept: Kept, exported: Path) -> None:
    """Where nothing in the file holds the old words any more, both places are still named."""

    def change(document: dict[str, Any]) -> None:
        five_minutes(document)
        said = document["rounds"][1]["experts"]["eclair"]
        said["raw"] = said["raw"].replace("restores in nine minutes", "restores in five minutes")

    found = kept.found(forged(exported, change, digest=True))
    assert set(found) == {
        "P0104 (Eclair, round 1, perspectives[13])",
        "Eclair's response (round 1, rounds[1].experts.eclair)",
    }
    assert all(finding.said is None for finding in found.values())


def test_forged_words_are_never_shown_as_recorded(kept: Kept, exported: Path) -> None:
    """Entity and response forged differently: the response's words are the forger's too, and nothing is claimed."""

    def change(document: dict[str, Any]) -> None:
        five_minutes(document)
        said = document["rounds"][1]["experts"]["eclair"]
        said["raw"] = said["raw"].replace("restores in nine minutes", "restores in seven hours")

    answer = kept.verify(forged(exported, change, digest=True))
    assert [finding.said for finding in answer.findings] == [None, None]
    assert not any("seven hours" in finding.message for finding in answer.findings)
    assert [note for note in answer.notes if "cannot be told from this file; an earlier export, the minutes" in note]


@pytest.mark.parametrize("word", sampled(["in", "the", "minutes"], ["minutes"]))
def test_a_word_replaced_everywhere_shows_nothing_that_was_not_said(kept: Kept, exported: Path, word: str) -> None:
    """As ``sed`` does it: places in responses shift, and whatever is shown as recorded stands in the true export."""
    true = json.loads(exported.read_text(encoding="utf-8"))
    whole = " ".join(json.dumps(true, ensure_ascii=False).replace("\\n", " ").split())
    copy = exported.with_name("forged.json")
    text = exported.read_text(encoding="utf-8")
    head, _, journal = text.partition('"journal": {')
    copy.write_text(head.replace(f" {word} ", f" {word}-forged ") + '"journal": {' + journal, encoding="utf-8")
    answer = kept.verify(str(copy))
    assert len(answer.findings) > 5
    for finding in answer.findings:
        if finding.said is not None:
            assert finding.said != finding.found
            assert "-forged" not in finding.said
            assert finding.said.removeprefix("… ").removesuffix(" …") in whole


def test_words_of_a_response_that_is_as_recorded_are_told(kept: Kept, exported: Path) -> None:
    """An entity altered in words and label: the response gives the words, the seal proves both."""

    def change(document: dict[str, Any]) -> None:
        five_minutes(document)
        perspective(document, "P0104")["label"] = "Forged"

    [finding] = kept.found(forged(exported, change, digest=True)).values()
    assert finding.message.startswith("altered in the words and in the label")
    assert "nine minutes" in str(finding.said)
    assert finding.path == "perspectives[13].content"

    def three(document: dict[str, Any]) -> None:
        change(document)
        perspective(document, "P0104")["status"] = "refined"

    [finding] = kept.found(forged(exported, three, digest=True)).values()
    assert finding.said is None
    assert "the response of Eclair, which is as recorded, says" in finding.message


def test_local_ids_exchanged_claim_no_other_s_words(kept: Kept, exported: Path) -> None:
    """Whoever makes an entity point into another place of a response does not get those words called recorded."""

    def change(document: dict[str, Any]) -> None:
        one, other = perspective(document, "P0104"), perspective(document, "P0103")
        one["localIds"], other["localIds"] = other["localIds"], one["localIds"]
        one["content"] = "Forged."

    finding = kept.verify(forged(exported, change, digest=True)).findings
    assert {one.said for one in finding if one.path and one.path.endswith("content")} <= {None}


def test_a_broken_journal_proves_no_words(kept: Kept, exported: Path) -> None:
    """A forger who seals other words in an altered entry does not get them called recorded."""
    words = "It never restores."

    def change(document: dict[str, Any]) -> None:
        true = next(row for row in rows_of(record_from_document(document)) if getattr(row, "id", "") == "P0104")
        table, key = ROWS[type(true)], key_of(true)
        data = row_bytes(encoded_row(table, {**true.as_row(), "content": words}, texts={}))
        for entry in document["journal"]["entries"]:
            body = json.loads(entry["body"])
            for recorded in body["changes"]:
                if recorded[0] == table.name and tuple(recorded[1]) == key:
                    recorded[2] = sealed(entry["salt"], row_label(table.name, key), data)
                    entry["body"] = encoded(body)
        five_minutes(document)
        document["title"] = words

    answer = kept.verify(forged(exported, change, digest=True))
    assert not answer.ok
    assert not any(words in str(finding.said) for finding in answer.findings)


@pytest.mark.parametrize(
    ("change", "where", "said", "now"),
    [
        (
            lambda x: x["tensions"][4].update(status="resolved"),
            "T0005 (Eclair, round 0, tensions[4].status)",
            "reopened",
            "resolved",
        ),
        (lambda x: x["verdicts"][1].update(vote="5-1"), "verdict 'final' (verdicts[1].vote)", "6-0", "5-1"),
        (
            lambda x: x["perspectives"][0].update(contributors=["scone"]),
            "P0001 (Scone, round 0, perspectives[0].contributors)",
            "brioche",
            "scone",
        ),
        (
            lambda x: x["rounds"][1]["experts"]["muffin"].update(score=99),
            "Muffin's response (round 1, rounds[1].experts.muffin.score)",
            "24",
            "99",
        ),
        (
            lambda x: x["experts"][0].update(role="Boss"),
            "the expert Brioche (experts[0].role)",
            "Audit and Regulatory Controls Lead",
            "Boss",
        ),
        (lambda x: x.update(status="open"), f"dialogue '{EXAMPLE}' (status)", "converged", "open"),
        (
            lambda x: x["stances"][0].update(stance="REJECT"),
            "Croissant's stance in round 2 (stances[0].stance)",
            "APPROVE",
            "REJECT",
        ),
        (lambda x: x["judgeClaims"][0].update(claimed="7"), None, None, "7"),
    ],
)
def test_what_was_recorded_is_proved_and_shown(
    kept: Kept, exported: Path, change: Change, where: str | None, said: str | None, now: str
) -> None:
    """Whatever field is altered: when the file still holds the old value somewhere, the seal proves it."""
    findings = kept.verify(forged(exported, change, digest=True)).findings
    first = next(finding for finding in findings if finding.code == "row_altered")
    if where is not None:
        assert first.where == where
    assert now in str(first.found)
    if said is not None:
        assert said in str(first.said)


def test_a_perspective_that_is_gone_is_still_named_with_its_author(kept: Kept, exported: Path) -> None:
    """The responses tell whose local id no entity carries any more."""
    found = kept.found(forged(exported, lambda x: x["perspectives"].pop(13), digest=True))
    assert found["P0104 (Eclair, round 1)"].code == "row_missing"


def test_an_event_that_is_gone_is_named(kept: Kept, exported: Path) -> None:
    """A tension's life cannot be shortened."""
    found = kept.found(forged(exported, lambda x: x["tensions"][4]["events"].pop(), digest=True))
    assert found["event 4 of T0005"].code == "row_missing"


def test_a_perspective_put_in_is_named(kept: Kept, exported: Path) -> None:
    """Words that nobody registered have no seal."""

    def change(document: dict[str, Any]) -> None:
        document["perspectives"].append({**document["perspectives"][-1], "id": "P0299", "events": [], "references": []})

    found = kept.found(forged(exported, change, digest=True))
    added = [finding for finding in found.values() if finding.code == "row_added"]
    assert [finding.id for finding in added] == ["P0299"]


def test_an_edited_entry_is_named_and_rows_are_not_blamed_one_by_one(kept: Kept, exported: Path) -> None:
    """Where the journal itself was altered, the entry is named, and what follows from it is told once."""

    def change(document: dict[str, Any]) -> None:
        entry = document["journal"]["entries"][3]
        entry["body"] = entry["body"].replace('"time":"2', '"time":"3')

    answer = kept.verify(forged(exported, change))
    assert answer.findings[0].code == "entry_altered"
    assert answer.findings[0].where == "the journal (journal.entries[3])"
    cut = kept.verify(forged(exported, lambda x: x["journal"]["entries"].pop()))
    assert [finding.code for finding in cut.findings] == ["head_differs", "rows_unproved"]
    assert "20 places" in cut.findings[1].where or "places" in cut.findings[1].where


def test_an_export_without_a_journal_says_what_it_cannot_prove(kept: Kept, exported: Path) -> None:
    """The digest alone is judged: nobody is accused, and it is said who can tell more."""
    bare = kept.verify(forged(exported, lambda x: x.pop("journal")))
    assert not bare.ok, "what is not proved is not verified"
    assert bare.findings == []
    assert bare.head is None
    assert any("not that they are the words that were recorded" in note for note in bare.notes)

    def change(document: dict[str, Any]) -> None:
        document.pop("journal")
        five_minutes(document)

    answer = kept.verify(forged(exported, change))
    assert [(finding.code, finding.where) for finding in answer.findings] == [
        ("digest_differs", "the document (digest)")
    ]
    assert any("cannot be told from this file" in note for note in answer.notes)


def test_a_malformed_export_is_named_item_by_item(kept: Kept, exported: Path) -> None:
    """Values of the wrong form are findings with a place, not a crash."""

    def change(document: dict[str, Any]) -> None:
        perspective(document, "P0104")["content"] = None
        document["tensions"][0]["extra"] = 1

    found = kept.found(forged(exported, change))
    assert found["P0104 (Eclair, round 1, perspectives[13].content)"].code == "document_malformed"
    assert "'extra'" in found["T0001 (Brioche, round 0, tensions[0])"].message


def test_signs_that_steer_a_terminal_are_shown_and_not_sent(kept: Kept, exported: Path) -> None:
    """Whatever a forger puts in, a finding holds no control characters and can be sent as JSON."""

    def change(document: dict[str, Any]) -> None:
        perspective(document, "P0104")["content"] = "\x1b[31mred\u202e"
        document["bad\0key\ud800"] = "\x07"

    for discovery in kept.verify(forged_bytes(exported, change)).findings:
        text = discovery.model_dump_json()
        assert "\\u001b" not in text
        assert "\\u0000" not in text
        assert "\u202e" not in text


def forged_bytes(path: Path, change: Change) -> str:
    """A copy with a change that UTF-8 cannot hold, escaped."""
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    copy = path.with_name("forged.json")
    copy.write_text(json.dumps(document), encoding="utf-8")
    return str(copy)


def test_layout_alone_is_told_and_is_no_finding(kept: Kept, exported: Path) -> None:
    """White space and the order of keys say nothing."""
    document = json.loads(exported.read_text(encoding="utf-8"))
    exported.write_text(json.dumps(document, sort_keys=True), encoding="utf-8")
    answer = kept.verify(str(exported))
    assert answer.ok
    assert any("nothing it says has changed" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "json_malformed"),
        ("{", "json_malformed"),
        ("[]", "not_an_export"),
        ('{"schema_version": "9"}', "schema_version_unknown"),
    ],
)
def test_a_file_that_is_no_export_is_refused(kept: Kept, tmp_path: Path, content: str, code: str) -> None:
    """Foreign, cut or empty files are refused, by name and with the reason."""
    path = tmp_path / "some.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(HansardError) as refusal:
        kept.verify(str(path))
    assert refusal.value.code == code
    assert "some.json" in refusal.value.message


def test_an_export_that_was_cut_short_is_refused_with_the_line(kept: Kept, exported: Path) -> None:
    """Half a file is no file."""
    exported.write_bytes(exported.read_bytes()[: exported.stat().st_size // 2])
    with pytest.raises(HansardError) as refusal:
        kept.verify(str(exported))
    assert refusal.value.code == "json_malformed"
    assert "line" in refusal.value.message


def test_a_file_that_is_not_there_is_refused_as_a_file(kept: Kept, tmp_path: Path) -> None:
    """A path that leads to nothing is no dialogue's id."""
    with pytest.raises(HansardError) as refusal:
        kept.verify(str(tmp_path / "none.json"))
    assert refusal.value.code == "file_not_found"


def test_a_folder_is_refused_as_a_folder(kept: Kept, tmp_path: Path) -> None:
    """A folder is no file; the remedy names what verify takes."""
    with pytest.raises(HansardError) as refusal:
        kept.verify(str(tmp_path))
    assert refusal.value.code == "folder_to_verify"


def test_a_file_that_may_not_be_read_is_refused(kept: Kept, exported: Path) -> None:
    """Where the settings bar a path, its content is not told."""
    custody = CustodyOperations(kept.database, kept.dialogues, lambda _path: False)
    with pytest.raises(HansardError) as refusal:
        custody.verify(Verify(target=str(exported)), CALL)
    assert (refusal.value.code, refusal.value.field) == ("path_not_allowed", "target")


@pytest.mark.parametrize("request_", [Verify(), Verify(target="x", all=True)])
def test_verify_takes_a_target_or_everything(kept: Kept, request_: Verify) -> None:
    """Neither, or both, is refused."""
    with pytest.raises(HansardError) as refusal:
        kept.custody.verify(request_, CALL)
    assert refusal.value.code == "nothing_to_verify"


def test_a_dialogue_comes_before_a_file_of_its_name(
    kept: Kept, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the working folder that is called like a dialogue, or like 'latest', is not verified in its place."""
    monkeypatch.chdir(tmp_path)
    for name in (EXAMPLE, "latest"):
        (tmp_path / name).write_bytes(exported.read_bytes().replace(b"the", b"teh"))
        answer = kept.verify(name)
        assert answer.ok
        assert answer.what.startswith("dialogue '")
        assert not kept.verify(f"./{name}").ok


def sayings(kept: Kept, exported: Path) -> dict[str, str]:
    """Each thing that carries a dialogue's head, as text."""
    head = kept.verify(EXAMPLE).head
    assert head is not None
    record = kept.dialogues.record(EXAMPLE)
    return {
        "export": exported.read_text(),
        "minutes": minutes(record, head, "0" * 64),
        "report": report(record, head, "0" * 64),
        "verify": "\n".join(plain_lines(verified(kept.verify(EXAMPLE)))),
        "verify --all": "\n".join(plain_lines(verified(kept.verify()))),
        "verify --json": kept.verify(EXAMPLE).model_dump_json(),
        "verify --all --json": kept.verify().model_dump_json(),
    }


@pytest.mark.parametrize(
    "what",
    sampled(
        ["export", "minutes", "report", "verify", "verify --all", "verify --json", "verify --all --json"],
        ["minutes", "verify"],
    ),
)
def test_whatever_states_a_head_is_a_witness(kept: Kept, exported: Path, tmp_path: Path, what: str) -> None:
    """Export, minutes, report and answers of verify give the head back; it holds, and holds after further writes."""
    note = tmp_path / "note.txt"
    note.write_text(sayings(kept, exported)[what])
    answer = kept.custody.verify(Verify(against=str(note)), CALL)
    assert answer.ok
    assert f"dialogue:{EXAMPLE}" in {witness.head.stream for witness in answer.witnesses}
    assert all(witness.held for witness in answer.witnesses)
    update = {"id": "P0001", "status": "conceded", "by": ["muffin"], "reason": "Yes."}
    request = UpdateStatus.model_validate({"dialogue_id": EXAMPLE, "updates": [update]})
    kept.dialogues.dialogue_update_status(request, CALL)
    assert kept.custody.verify(Verify(against=str(note)), CALL).ok
    assert kept.custody.verify(Verify(all=True, against=str(note)), CALL).ok


def test_a_tail_that_was_cut_off_contradicts_the_head_noted_before(kept: Kept) -> None:
    """Nothing in the store shows a last entry taken out whole; the head that was noted does, as it does a rewriting."""
    head = kept.verify(EXAMPLE).head
    assert head is not None
    text = spelt(head)
    cut = spelt(head.model_copy(update={"sequence": head.sequence + 1}))
    rewritten = spelt(head.model_copy(update={"hash": "0" * 64}))
    gone = text.replace(EXAMPLE, "another")
    assert kept.custody.verify(Verify(target=EXAMPLE, heads=[text]), CALL).ok
    for given, why in ((cut, "cut off"), (rewritten, "rewritten"), (gone, "not here at all")):
        for scope in ({"target": EXAMPLE}, {"all": True}, {}):
            answer = kept.custody.verify(Verify.model_validate({**scope, "heads": [text, given]}), CALL)
            assert not answer.ok
            assert [witness.held for witness in answer.witnesses] == [True, False]
            [finding] = answer.findings
            assert finding.code == "witness_contradicted"
            assert why in finding.message


def test_a_file_is_held_against_a_head_without_its_store(kept: Kept, exported: Path) -> None:
    """An export leads through the heads that were noted before it, and not through others."""
    head = kept.verify(EXAMPLE).head
    assert head is not None
    assert kept.custody.verify(Verify(target=str(exported), heads=[spelt(head)]), CALL).ok
    other = spelt(head.model_copy(update={"hash": "0" * 64}))
    assert not kept.custody.verify(Verify(target=str(exported), heads=[other]), CALL).ok


def test_words_of_a_response_are_no_head_of_the_minutes(kept: Kept, exported: Path, tmp_path: Path) -> None:
    """Minutes state their head at the end; a head that somebody spoke in them does not stand for it."""
    note = tmp_path / "minutes.md"
    spoken = f"Stream `dialogue:{EXAMPLE}`, entry 3, hash `{'0' * 64}`\n"
    note.write_text(spoken + sayings(kept, exported)["minutes"])
    assert kept.custody.verify(Verify(against=str(note)), CALL).ok


def test_a_word_replaced_throughout_a_file_is_shown_where_the_store_has_it(kept: Kept, exported: Path) -> None:
    """The response and what was read from it are altered alike: the store's own rows, which the seals prove, tell."""
    exported.write_text(exported.read_text().replace("should", "must"))
    answer = kept.custody.verify(Verify(target=str(exported)), CALL)
    altered = [finding for finding in answer.findings if finding.code == "row_altered"]
    assert len(altered) > 5
    assert all("should" in str(finding.said) and "must" in str(finding.found) for finding in altered)


def test_an_answer_of_verify_states_its_own_head_and_not_those_it_compared(kept: Kept, tmp_path: Path) -> None:
    """Of an answer that was held against an older head, the newer one is noted: a tail cut off since is seen."""
    head = kept.verify(EXAMPLE).head
    assert head is not None
    newer = head.model_copy(update={"sequence": head.sequence + 1})
    answer = kept.verify(EXAMPLE).model_copy(update={"head": newer, "witnesses": [Witness(head=head, held=True)]})
    note = tmp_path / "note.json"
    note.write_text(answer.model_dump_json())
    assert not kept.custody.verify(Verify(against=str(note)), CALL).ok


def test_words_of_an_author_in_json_are_no_head(kept: Kept, tmp_path: Path) -> None:
    """What looks like a head in somebody's own JSON is not one; nor is one whose hash has no such form."""
    note = tmp_path / "note.json"
    spoken = {"stream": f"dialogue:{EXAMPLE}", "sequence": 1, "hash": "0" * 64}
    note.write_text(json.dumps({"background": {"constraints": spoken}, "head": {**spoken, "hash": "zz"}}))
    with pytest.raises(HansardError) as refusal:
        kept.custody.verify(Verify(against=str(note)), CALL)
    assert refusal.value.code == "no_head_found"


@pytest.mark.parametrize("text", ["", "x", "dialogue:a:1:0", f"dialogue:a:{'0' * 64}", f"a:x:{'0' * 64}"])
def test_what_is_no_head_is_refused(kept: Kept, tmp_path: Path, text: str) -> None:
    """A head that is none, and a file that states none, are refused with the form that is wanted."""
    with pytest.raises(HansardError) as refusal:
        kept.custody.verify(Verify(heads=[text]), CALL)
    assert refusal.value.code == "head_malformed"
    assert "STREAM:NUMBER:HASH" in str(refusal.value.suggestion)
    note = tmp_path / "note.txt"
    note.write_text(text)
    with pytest.raises(HansardError) as refusal:
        kept.custody.verify(Verify(against=str(note)), CALL)
    assert refusal.value.code == "no_head_found"


def test_a_salt_that_was_respelt_is_one_finding(kept: Kept, exported: Path) -> None:
    """A salt in capitals, in a file or in the store, is told once and by its entry, not by each row that it seals."""

    def respell(document: dict[str, Any]) -> None:
        entry = next(entry for entry in document["journal"]["entries"] if entry["salt"])
        entry["salt"] = entry["salt"].upper()

    kept.alter("UPDATE journal_payloads SET salt = upper(salt) WHERE position = 3")
    answers = [kept.verify(forged(exported, respell, digest=True)), kept.verify()]
    for answer in answers:
        assert [finding.code for finding in answer.findings] == ["salt_altered"]
        assert "of its rows cannot be proved" in answer.findings[0].message


def test_a_search_index_that_may_not_be_looked_into_is_no_finding(kept: Kept) -> None:
    """Where SQLite may only read, the whole store verifies, with a note that the index was not looked into."""
    with kept.database.reading() as connection, pytest.raises(HansardError) as refusal:
        search_damage(connection)
    assert refusal.value.code == "database_read_only"


def test_an_unknown_id_is_refused(kept: Kept) -> None:
    """What is no dialogue is not verified."""
    with pytest.raises(HansardError) as refusal:
        kept.verify("ledger-right-path")
    assert refusal.value.code == "dialogue_not_found"


def test_a_store_shows_the_words_of_the_request(kept: Kept) -> None:
    """In a store the journal's payload holds the original, and the finding shows it."""
    kept.alter(
        "UPDATE entities SET content = replace(content, 'nine minutes', 'five minutes') "
        "WHERE dialogue_id = ? AND kind = 'P' AND round = 1 AND seq = 4",
        EXAMPLE,
    )
    for target in (EXAMPLE, None):
        found = kept.found(target)
        finding = found["P0104 (Eclair, round 1, content)"]
        assert finding.id == "P0104"
        assert finding.dialogue_id == EXAMPLE
        assert "nine minutes" in str(finding.said)
        assert "five minutes" in str(finding.found)
    assert kept.verify(ID).ok


def test_a_long_text_altered_in_its_own_table_is_named_by_its_user(kept: Kept) -> None:
    """Whoever alters a text that stands apart alters the utterance that refers to it."""
    kept.alter(
        "UPDATE texts SET body = replace(body, 'nine minutes', 'five minutes') WHERE body LIKE '%# Eclair%round 1%'"
    )
    for target in (EXAMPLE, None):
        found = kept.found(target)
        finding = found["Eclair's response (round 1, raw)"]
        assert finding.code == "text_altered"
        assert "nine minutes" in str(finding.said)
        assert "five minutes" in str(finding.found)


def test_a_reference_that_was_forged_claims_no_words(kept: Kept) -> None:
    """A cell made to refer to other words, whose text is nowhere: those words are not called recorded."""
    words = "Words that somebody put into the dialogue's own title."
    kept.alter("UPDATE dialogues SET title = ? WHERE dialogue_id = ?", words, EXAMPLE)
    kept.alter(
        "UPDATE utterances SET raw = ? WHERE dialogue_id = ? AND round = 1 AND slug = 'eclair'",
        f"sha256:{text_digest(words)}",
        EXAMPLE,
    )
    assert not any(finding.said == words for finding in kept.verify(EXAMPLE).findings)


def test_a_text_that_is_gone_is_named_by_its_user(kept: Kept) -> None:
    """A missing text is missed where it was used."""
    kept.alter("DELETE FROM texts WHERE body LIKE '%# Eclair%round 1%'")
    found = kept.found(EXAMPLE)
    assert found["Eclair's response (round 1, raw)"].code == "text_missing"


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE rounds SET score = 1 WHERE round = 1 AND dialogue_id = 'ledger-write-path'", "round 1 (score)"),
        ("UPDATE verdicts SET vote = '9-0' WHERE verdict_id = 'final' AND vote = '6-0'", "verdict 'final' (vote)"),
        (
            "UPDATE refs SET ref_type = 'support' WHERE target_id = 'R0102' AND source_id = 'P0203'",
            None,
        ),
        (
            "UPDATE moves SET move_type = 'defend' WHERE move_type = 'concede' AND expert_slug = 'donut'",
            "Donut's move 1 of round 1 (defend, move_type)",
        ),
        ("UPDATE judge_claims SET claimed = '1' WHERE seq = 1 AND dialogue_id = 'ledger-write-path'", None),
        ("UPDATE documents SET body = 'x' WHERE name = 'verdict.md'", "the judge's file 'verdict.md' (body)"),
        (
            "UPDATE panel_members SET slug = 'scone' "
            "WHERE slug = 'eclair' AND round = 1 AND dialogue_id = 'harbour-bridge'",
            "Scone's seat at the panel of round 1",
        ),
        ("UPDATE streams SET sequence = 3 WHERE stream = 'registry'", "the head of stream 'registry'"),
        ("UPDATE counters SET value = 99", "the counter 'journal'"),
        ("UPDATE journal_payloads SET actor = 'somebody' WHERE position = 3", "what is kept beside journal entry 3"),
        (
            "UPDATE search SET label = 'x' WHERE item = 'P0104'",
            "the search index at P0104 (dialogue 'ledger-write-path')",
        ),
    ],
)
def test_every_kind_of_row_has_a_name(kept: Kept, statement: str, where: str | None) -> None:
    """A finding is told in words: seats, moves, claims, files, heads, payloads, the index."""
    kept.alter(statement)
    found = kept.found()
    assert found
    if where is not None:
        assert where in found
    assert all(finding.remedy for finding in found.values())


def test_a_journal_entry_altered_in_the_store_is_named(kept: Kept) -> None:
    """The entry's number is told; what cannot be judged without it is told once."""
    kept.alter("UPDATE journal SET body = replace(body, 'round_register', 'round_registex') WHERE position = 3")
    findings = kept.verify().findings
    assert findings[0].where.startswith("journal entry 3")


def test_a_row_refering_to_nothing_is_named(kept: Kept) -> None:
    """What SQLite finds about foreign keys is told by the row's own name."""
    kept.alter("UPDATE stances SET expert_slug = 'nobody' WHERE expert_slug = 'scone' AND round = 2")
    codes = {finding.code for finding in kept.verify().findings}
    assert {"foreign_key_broken", "row_missing", "row_added"} <= codes


def test_a_dialogue_whose_own_row_is_gone_can_still_be_verified(kept: Kept) -> None:
    """The journal knows it."""
    kept.alter("DELETE FROM dialogues WHERE dialogue_id = ?", ID)
    found = kept.found(ID)
    assert found[f"dialogue '{ID}'"].code == "row_missing"


def test_a_missing_entity_of_the_store_is_named_with_its_author(kept: Kept) -> None:
    """The answer that gave it its id still tells its local id."""
    kept.alter("DELETE FROM entities WHERE dialogue_id = ? AND kind = 'P' AND round = 1 AND seq = 4", EXAMPLE)
    found = kept.found(EXAMPLE)
    assert found["P0104 (Eclair, round 1)"].code == "row_missing"


def test_verify_changes_nothing(kept: Kept, exported: Path) -> None:
    """It looks, and leaves every byte of store and file as it was."""
    kept.verify()
    before = kept.file.read_bytes(), exported.read_bytes()
    kept.verify()
    kept.verify(EXAMPLE)
    kept.verify(str(exported))
    assert (kept.file.read_bytes(), exported.read_bytes()) == before


def test_verify_is_offered_as_a_read(kept: Kept) -> None:
    """Surfaces find verify and doctor in the table; neither writes."""
    table = collect([kept.custody])
    assert {"doctor", "verify"} <= set(table)
    assert not table["verify"].mark.writes
    answer = table["verify"]({"target": EXAMPLE}, CALL)
    assert isinstance(answer, Verified)
    assert answer.ok
