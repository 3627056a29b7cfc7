"""Exhibits, watched conditions and standing through their operations, on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hansard.dialogue.exhibits import operations
from hansard.dialogue.exhibits.looking import Looking
from hansard.memory.cited import answer_of
from hansard.memory.memory import Memory
from tests.conftest import sampled
from tests.support.court import PEOPLE, Court
from tests.support.statements import recorded
from tests.support.stores import KINDS
from tests.unit.dialogue.kit import entity, everybody
from tests.unit.memory.kit import EXAMPLE as WINDOW


@pytest.fixture(params=sampled(KINDS, ["sqlite"]))
def court(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Court]:
    """A fresh store on each kind of database."""
    made = Court(tmp_path, request.param)
    yield made
    made.close()


def a_file(court: Court, words: str = "year,yield\n", name: str = "yields.csv") -> str:
    """A file in the home, by its path."""
    path = court.home / name
    path.write_text(words, encoding="utf-8")
    return str(path)


def copy_of(court: Court, dialogue_id: str, name: str = "X0001-yields.csv") -> Path:
    """The copy that the dialogue keeps."""
    return court.home / "dialogues" / dialogue_id / "exhibits" / name


def pinned(court: Court, title: str = "Trial", /, **more: Any) -> str:
    """A dialogue with one file as exhibit."""
    name = court.create(title, 3)
    court.run("exhibit_add", dialogue_id=name, kind="file", path=a_file(court), **more)
    return name


def rested(court: Court, title: str = "Trial", /, **verdict: Any) -> str:
    """A concluded dialogue whose verdict rests on a file."""
    name = pinned(court, title)
    court.argued(name, evidence=[entity("MUFFIN-E0001", exhibits=["X0001"])])
    court.concluded(name, **verdict)
    return name


def test_a_file_is_copied_and_pinned(court: Court) -> None:
    """Its bytes, hash, size and type; the copy lies in the dialogue's folder, under the exhibit's id."""
    name = court.create("Trial", 3)
    added = court.run("exhibit_add", dialogue_id=name, kind="file", path=a_file(court), added_by="Muffin").exhibit
    assert added.model_dump() == {
        "id": "X0001",
        "kind": "file",
        "label": "yields.csv",
        "reference": {"name": "yields.csv", "path": "exhibits/X0001-yields.csv"},
        "digest": hashlib.sha256(b"year,yield\n").hexdigest(),
        "size": 11,
        "media_type": "text/csv",
        "round": 0,
        "added_by": "muffin",
        "created_at": added.created_at,
    }
    assert copy_of(court, name).read_bytes() == b"year,yield\n"
    assert court.run("exhibit_list", dialogue_id=name).exhibits[0].state == "as_pinned"
    (court.home / "yields.csv").unlink()  # the copy is what counts
    assert court.run("verify", target=name).ok
    assert court.findings() == []


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        ({"kind": "rumour"}, ("exhibit_kind_unknown", "kind")),
        ({"kind": "file"}, ("missing_field", "path")),
        ({"kind": "file", "path": "nowhere.csv"}, ("file_not_found", None)),
        ({"kind": "file", "path": "https://example.org/a.csv"}, ("invalid_field", "path")),
        ({"kind": "file", "path": "/etc/passwd"}, ("path_outside", None)),
        ({"kind": "file", "path": "../../../etc/passwd"}, ("path_outside", None)),
        ({"kind": "verdict", "path": "x"}, ("invalid_field", "path")),
        ({"kind": "verdict", "reference": {"dialogue_id": "none", "verdict_id": "v"}}, ("dialogue_not_found", None)),
        ({"kind": "verdict", "reference": {"dialogue_id": "trial"}}, ("missing_field", "reference.verdict_id")),
        ({"kind": "calibration", "reference": {"ethos_id": "e"}}, ("ethos_not_found", "reference.ethos_id")),
        ({"kind": "memory_query", "label": "L", "digest": "0" * 64}, ("missing_field", "reference")),
        ({"kind": "memory_query", "label": "L", "reference": {"q": 1}}, ("missing_field", "reference.filter")),
        ({"kind": "gate_result", "digest": "0" * 64, "reference": {"q": 1}}, ("missing_field", "label")),
        ({"kind": "file", "digest": "0" * 64, "label": "L", "added_by": "stranger"}, ("expert_not_found", "added_by")),
        ({"kind": "file", "digest": "0" * 64, "label": "L", "replaces": "X0001"}, ("exhibit_not_found", "replaces")),
        ({"kind": "file", "digest": "0" * 63, "label": "L"}, ("invalid_field", "digest")),
    ],
)
def test_what_cannot_be_pinned_is_told(tmp_path: Path, request_: dict[str, Any], fault: tuple[str, str | None]) -> None:
    """Each refusal names its field, leaves no row, and copies no file."""
    court = Court(tmp_path)
    name = court.create("Trial", 3)
    refusal = court.refuses("exhibit_add", dialogue_id=name, **request_)
    assert refusal.code == fault[0]
    assert fault[1] is None or refusal.field == fault[1]
    assert refusal.suggestion
    assert not (tmp_path / "dialogues" / name / "exhibits").exists()
    court.close()


def test_a_folder_is_no_file(court: Court) -> None:
    """It is a mistake of the request, not something that may work later."""
    name = court.create("Trial", 3)
    (court.home / "data").mkdir()
    refusal = court.refuses("exhibit_add", dialogue_id=name, kind="file", path=str(court.home / "data"))
    assert (refusal.kind, refusal.code, refusal.field) == ("invalid", "invalid_field", "path")


def test_the_same_bytes_are_pinned_once(court: Court) -> None:
    """A second time the exhibit is answered that is there, and nothing is added; a newer state is one of its own."""
    name = pinned(court)
    again = court.run("exhibit_add", dialogue_id=name, kind="file", path=a_file(court, name="copy.csv"))
    assert (again.created, again.exhibit.id, again.exhibit.label) == (False, "X0001", "yields.csv")
    other = court.run("exhibit_add", dialogue_id=name, kind="file", path=a_file(court, "other\n"), replaces="X0001")
    assert (other.created, other.exhibit.id) == (True, "X0002")
    copy_of(court, name).unlink()  # what was lost is pinned anew
    assert court.run("exhibit_add", dialogue_id=name, kind="file", path=a_file(court)).exhibit.id == "X0003"
    assert court.findings() == []


def test_a_file_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is read, with its size and the limit; pinned by its digest alone it is taken."""
    monkeypatch.setattr(operations, "LIMIT_BYTES", 10)
    court = Court(tmp_path)
    name = court.create("Trial", 3)
    refusal = court.refuses("exhibit_add", dialogue_id=name, kind="file", path=a_file(court))
    assert refusal.code == "file_too_large"
    court.run("exhibit_add", dialogue_id=name, kind="file", digest="0" * 64, size=11, label="Yields")
    told = court.run("exhibit_list", dialogue_id=name).exhibits[0]
    assert (told.state, told.size) == ("not_checked", 11)
    court.close()


ASKED = 'match_id == "M456" and not success'


def kept(court: Court, count: int, **more: Any) -> None:
    """Windows in the home's memory."""
    with Memory.open(court.home / "memory") as memory:
        for number in range(count):
            memory.append({**WINDOW, "ts_start": 1e9 + number, "ts_end": 1e9 + number + 0.4, **more})


def look(court: Court, dialogue_id: str) -> tuple[str, str]:
    """How the first exhibit is told, and why."""
    [told] = court.run("exhibit_list", dialogue_id=dialogue_id).exhibits
    return told.state, told.why or ""


def look_at(court: Court, dialogue_id: str, exhibit: str) -> tuple[str, str | None]:
    """How one exhibit is told, and why."""
    [told] = [one for one in court.run("exhibit_list", dialogue_id=dialogue_id).exhibits if one.id == exhibit]
    return told.state, told.why


def test_a_query_of_the_memory_is_asked_again(court: Court) -> None:
    """It is pinned by number and digest of what it finds; further windows of its kind alter it, others do not."""
    kept(court, 20)
    name = court.create("Trial", 3)
    given = {"dialogue_id": name, "kind": "memory_query", "reference": {"filter": ASKED}}
    added = court.run("exhibit_add", **given).exhibit
    assert added.reference == {"filter": ASKED, "records": 20}
    assert (added.label, len(added.digest)) == (f"Memory: {ASKED}", 64)
    assert not court.run("exhibit_add", **given).created, "the same answer is pinned once"
    assert court.refuses("exhibit_add", **given, digest="0" * 64).code == "exhibit_differs"
    kept(court, 20, eomm_score=0.1)
    assert look(court, name) == ("as_pinned", "")
    kept(court, 1)
    state, why = look(court, name)
    assert (state, "21 records; 20 then" in why) == ("altered", True)


def test_a_memory_that_is_damaged_or_gone_is_told(court: Court) -> None:
    """A changed byte among the records that an exhibit cites alters it; without them it is missing."""
    kept(court, 20)
    name = court.create("Trial", 3)
    court.run("exhibit_add", dialogue_id=name, kind="memory_query", reference={"filter": ASKED})
    [file] = (court.home / "memory" / "worker-000").glob("*.seg")
    data = bytearray(file.read_bytes())
    data[600] ^= 1
    file.write_bytes(data)
    state, why = look(court, name)
    assert (state, "damaged at byte" in why) == ("altered", True)
    file.unlink()
    assert look(court, name)[0] == "missing"
    kept(court, 3, eomm_score=0.1)
    assert look(court, name) == ("missing", "the memory holds no record of this filter")


@pytest.mark.parametrize(
    ("reference", "code"),
    [({"filter": 'match_id = "M456"'}, "filter_invalid"), ({"filter": "score > 1"}, "filter_invalid"),
     ({"filter": 1}, "missing_field"), ({"filter": ASKED, "records": 3}, "invalid_field")],
)  # fmt: skip
def test_a_query_that_cannot_be_asked_is_refused(court: Court, reference: dict[str, Any], code: str) -> None:
    """A filter that says nothing, or a reference that states what the memory is to tell."""
    kept(court, 1)
    name = court.create("Trial", 3)
    assert court.refuses("exhibit_add", dialogue_id=name, kind="memory_query", reference=reference).code == code


def test_a_query_needs_a_memory(court: Court) -> None:
    """A home without windows has no answer to pin."""
    name = court.create("Trial", 3)
    refusal = court.refuses("exhibit_add", dialogue_id=name, kind="memory_query", reference={"filter": ASKED})
    assert refusal.code == "memory_missing"


def test_an_empty_answer_is_pinned_with_a_warning(court: Court) -> None:
    """Nothing found may be what somebody wants to pin, and mostly is a slip: it is told, also the second time."""
    kept(court, 2)
    name = court.create("Trial", 3)
    given = {"dialogue_id": name, "kind": "memory_query", "reference": {"filter": 'map_name == "Nowhere"'}}
    for created in (True, False):
        added = court.run("exhibit_add", **given)
        assert (added.created, added.exhibit.reference["records"], len(added.warnings)) == (created, 0, 1)
    assert court.run("exhibit_add", **{**given, "reference": {"filter": ASKED}}).warnings == []
    assert look_at(court, name, "X0001") == ("as_pinned", None)


def test_the_memory_is_asked_before_the_write_begins(court: Court) -> None:
    """Other writers are not kept waiting by it: while the filter is asked, another's write goes through."""
    kept(court, 2)
    name = court.create("Trial", 3)
    other = Court(court.home)
    told = []

    def meanwhile(folder: Path, text: str) -> Any:
        told.append(other.create("Meanwhile", 3))
        return answer_of(folder, text)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("hansard.memory.cited.answer_of", meanwhile)
        court.run("exhibit_add", dialogue_id=name, kind="memory_query", reference={"filter": ASKED})
    assert told == ["meanwhile"]
    other.close()


def test_what_came_from_elsewhere_and_what_is_pinned_here_are_told_apart(court: Court, tmp_path: Path) -> None:
    """Where the home's memory answers otherwise, what came along differs and is no finding; what was pinned here is."""
    kept(court, 20)
    name = court.create("Trial", 3)
    given = {"dialogue_id": name, "kind": "memory_query", "reference": {"filter": ASKED}}
    court.run("exhibit_add", **given)
    export = court.run("dialogue_export", dialogue_id=name)
    (tmp_path / "other").mkdir()
    other = Court(tmp_path / "other")
    other.run("dialogue_import", path=export.path)
    assert look_at(other, name, "X0001")[0] == "not_checked", "this home has no memory"
    kept(other, 20)
    assert look_at(other, name, "X0001") == ("as_pinned", None)
    here = other.run("exhibit_add", **given)
    assert (here.created, here.exhibit.id) == (True, "X0002"), "an exhibit that came along is not one of this home"
    assert here.exhibit.created_at > other.record(name).dialogue.created_at
    assert not other.run("exhibit_add", **given).created
    kept(other, 1)
    state, why = look_at(other, name, "X0001")
    assert (state, "21 records; 20 then" in str(why)) == ("differs", True)
    assert look_at(other, name, "X0002")[0] == "altered"
    report = other.run("verify", target=name)
    assert [(one.code, "X0002" in one.where) for one in report.findings] == [("exhibit_altered", True)]
    assert [note for note in report.notes if note.startswith(f"X0001 of '{name}' (memory query) differs: ")]
    export = other.run("dialogue_export", dialogue_id=name)
    (tmp_path / "third").mkdir()
    third = Court(tmp_path / "third")
    third.run("dialogue_import", path=export.path)
    kept(third, 3)
    assert {look_at(third, name, one)[0] for one in ("X0001", "X0002")} == {"differs"}
    third.close()
    other.close()


@pytest.mark.parametrize(
    ("asked", "records", "told"), [(ASKED, 7, "20 records; 7 then"), (ASKED + " " * 4000, 20, "4,000 characters")]
)
def test_an_answer_is_held_against_all_that_its_exhibit_says(court: Court, asked: str, records: int, told: str) -> None:
    """The number of records is part of what was pinned; a filter longer than any request's is not asked."""
    kept(court, 20)
    name = court.create("Trial", 3)
    court.run("exhibit_add", dialogue_id=name, kind="memory_query", reference={"filter": ASKED})
    record = court.record(name)
    exhibit = msgspec.structs.replace(record.exhibits[0], reference={"filter": asked, "records": records})
    found = Looking(None, None, court.home / "memory").exhibit(record.dialogue, exhibit)  # type: ignore[arg-type]
    assert found.state != "as_pinned"
    assert told in (found.why or "")


def test_a_stated_digest_must_be_the_files(court: Court) -> None:
    """Whoever states what it must be is told when it is something else."""
    name = court.create("Trial", 3)
    refusal = court.refuses("exhibit_add", dialogue_id=name, kind="file", path=a_file(court), digest="0" * 64)
    assert (refusal.code, refusal.field) == ("exhibit_differs", "digest")


def test_evidence_cites_by_id_and_nothing_else_does(court: Court) -> None:
    """Known ids are kept with the evidence and shown in the context; unknown ones and other kinds are faults."""
    name = pinned(court)
    context = court.run("dialogue_round_context", dialogue_id=name)
    assert [one["id"] for one in context.exhibits] == ["X0001"]
    wrong = {"dialogue_id": name, "round": 0, "score": 0, "evidence": [entity("MUFFIN-E0001", exhibits=["X0002"])],
             "claims": [entity("MUFFIN-C0001", exhibits=["X0001"])]}  # fmt: skip
    assert court.wrong("dialogue_round_register", **wrong) == [
        ("exhibit_not_found", "evidence[0].exhibits[0]"),
        ("exhibit_not_evidence", "claims[0].exhibits[0]"),
    ]
    court.argued(name, evidence=[entity("MUFFIN-E0001", exhibits=["X0001"])])
    assert {one.id: one.exhibits for one in court.record(name).entities} == {"C0001": None, "E0001": ["X0001"]}
    assert court.run("exhibit_list", dialogue_id=name).exhibits[0].cited_by == ["E0001"]
    read = court.run("dialogue_parse_response", dialogue_id=name, round=1, expert="muffin",
                     text="[MUFFIN-E0101: F]\nx [EXHIBIT X0001] and [EXHIBIT X0009]")  # fmt: skip
    assert read.summary["exhibits"] == [
        {"exhibit": "X0001", "from": "MUFFIN-E0101"},
        {"exhibit": "X0009", "from": "MUFFIN-E0101"},
    ]
    assert [note["code"] for note in read.lint] == ["unknown_exhibit"]


def test_verify_finds_an_altered_and_a_missing_copy(court: Court) -> None:
    """Named with its id; in one dialogue and in the whole store; what cannot be checked is a note, never good."""
    name = pinned(court)
    court.run("exhibit_add", dialogue_id=name, kind="agent_history", label="Agent", digest="0" * 64,
              reference={"agent": "a-1"})  # fmt: skip
    report = court.run("verify", target=name)
    assert report.ok
    assert report.notes == [
        f"X0002 of '{name}' (agent history) was not checked: nothing here can ask for it again yet."
    ]
    copy_of(court, name).write_text("year,yielD\n", encoding="utf-8")
    for request in ({"target": name}, {"all": True}):
        report = court.run("verify", **request)
        assert not report.ok
        assert [(one.code, one.id, one.dialogue_id) for one in report.findings] == [("exhibit_altered", "X0001", name)]
        assert report.findings[0].remedy
    copy_of(court, name).unlink()
    assert [one.code for one in court.run("verify", target=name).findings] == ["exhibit_missing"]


def test_a_verdict_of_another_dialogue_is_an_exhibit(court: Court) -> None:
    """Pinned by the digest of its row; once it is superseded, whatever rests on it is stale, as far as it leads."""
    first = rested(court, "First")
    second = court.create("Second", 3)
    named = {"dialogue_id": first, "verdict_id": "final"}
    court.run("exhibit_add", dialogue_id=second, kind="verdict", reference=named)
    court.argued(second, evidence=[entity("MUFFIN-E0001", exhibits=["X0001"])])
    court.concluded(second)
    assert court.standing(second).standing == "stands"
    copy_of(court, first).unlink()
    assert court.standing(first).standing == "stale"
    told = court.standing(second)
    assert (told.standing, told.changed[0].what, told.changed[0].now) == ("stale", "verdict", "stale")
    court.run("dialogue_reopen", dialogue_id=first, reason="New figures.", by=["user"])
    court.conclude(first, 0, verdict_id="second", supersedes="final", votes=everybody(PEOPLE), key_claims=["C0001"])
    assert court.standing(first).standing == "superseded"
    assert court.standing(second).changed[0].now == "superseded"
    assert court.run("verify", target=second).ok


def test_verdicts_that_cite_each_other_come_to_an_end(court: Court) -> None:
    """Two dialogues, each resting on the other's verdict: their standing is told."""
    names = [court.create(title, 3) for title in ("One", "Two")]
    court.argued(names[0])
    court.conclude(names[0], 0, verdict_id="i", verdict_type="interim")
    court.run("exhibit_add", dialogue_id=names[1], kind="verdict",
              reference={"dialogue_id": names[0], "verdict_id": "i"})  # fmt: skip
    court.argued(names[1], evidence=[entity("MUFFIN-E0001", exhibits=["X0001"])])
    court.concluded(names[1])
    court.run("exhibit_add", dialogue_id=names[0], kind="verdict",
              reference={"dialogue_id": names[1], "verdict_id": "final"})  # fmt: skip
    court.register(names[0], 1, evidence=[entity("MUFFIN-E0101", exhibits=["X0001"])],
                   claims=[entity("SCONE-C0101", references=[{"type": "depend", "target": "MUFFIN-E0101"}])],
                   responses=dict.fromkeys(PEOPLE, "words"))  # fmt: skip
    court.conclude(names[0], 1, votes=everybody(PEOPLE), key_claims=["C0101"])
    assert [court.standing(name).standing for name in names] == ["stands", "stands"]


def read_by_a_list(court: Court) -> list[str]:
    """The statements that listing the dialogues runs."""
    with recorded(court.database) as told:
        court.run("dialogue_list")
    return told


def test_a_list_reads_no_record_whole(court: Court) -> None:
    """It runs the same few statements however many rounds a dialogue had, and finds what its verdict rests on."""
    name = pinned(court)
    court.argued(name, evidence=[entity("MUFFIN-E0001", exhibits=["X0001"])], moves=[])
    court.conclude(name, 0, verdict_id="i", verdict_type="interim", key_claims=["C0001"])
    for number in range(1, 4):
        support = [{"type": "support", "target": "E0001"}]
        claims = [entity(f"SCONE-C{number:02d}01"), entity(f"SCONE-C{number:02d}02", references=support)]
        court.register(name, number, claims=claims, responses=dict.fromkeys(PEOPLE, "words"))
    court.conclude(name, 3, votes=everybody(PEOPLE), key_claims=["C0001"])
    before = read_by_a_list(court)
    assert court.run("dialogue_list").dialogues[0].standing is None
    copy_of(court, name).write_text("something else")
    assert court.run("dialogue_list").dialogues[0].standing == court.standing(name).standing == "stale"
    assert read_by_a_list(court) == before
    for number in range(4, 9):
        court.run("dialogue_reopen", dialogue_id=name, reason="More", by=["judge"]) if number == 4 else None
        court.register(name, number, claims=[entity(f"SCONE-C{number:02d}01")], responses=dict.fromkeys(PEOPLE, "w"))
    assert len(read_by_a_list(court)) == len(before)
    for table in ("utterances", "events", "moves", "stances", "documents", "judge_claims"):
        assert not [one for one in before if f"FROM {table}" in one], table


def test_a_revised_rule_makes_what_was_held_to_it_stale(court: Court) -> None:
    """The rule, its revisions, and the retired one; the verdict itself does not change."""
    name = court.calibrated()
    court.argued(name)
    court.concluded(name)
    assert court.standing(name).standing == "stands"
    assert court.standing(name).rests_on.ethos == "ethos-rules-001"
    court.run("rule_revise", rule_id="FID-TN01", priority=900)
    told = court.standing(name)
    assert [(one.what, one.id, one.was, one.now) for one in told.changed] == [
        ("rule", "FID-TN01", "revision 1", "revision 2")
    ]
    assert court.run("dialogue_list").dialogues[0].standing == "stale"
    minutes = court.run("dialogue_minutes", dialogue_id=name).markdown
    assert "**Standing: stale, something it rests on has changed.**" in minutes
    assert "rule `FID-TN01` was revision 1, is revision 2" in minutes
    assert court.run("verify", target=name).ok


def test_a_watched_day_falls_due(court: Court) -> None:
    """Given with the verdict or bound later; the list and the standing tell it from its day on; the minutes name it."""
    name = rested(court, conditions=["Looked at again"], watch=[{"condition": "Looked at again", "date": "2026-12-24"}])
    court.run(
        "watch_add", dialogue_id=name, verdict_id="final", watch={"condition": "Looked at again", "gate": "rates"}
    )
    assert court.standing(name, on="2026-12-23").standing == "stands"
    told = court.standing(name, on="2026-12-24")
    assert [(one.kind, one.state, one.since) for one in told.watched] == [
        ("date", "due", "2026-12-24"),
        ("gate", "not_checked", None),
    ]
    assert told.standing == "due"
    assert "Looked at again: falls due on 2026-12-24" in court.run("dialogue_minutes", dialogue_id=name).markdown
    again = {"dialogue_id": name, "verdict_id": "final"}
    assert court.wrong("watch_add", **again, watch={"condition": "Looked at again", "gate": "rates"}) == [
        ("watch_exists", "watch.gate")
    ]
    assert court.wrong("watch_add", **again, watch={"condition": "Else", "gate": "g"}) == [
        ("watch_not_a_condition", "watch.condition")
    ]
    assert court.wrong("watch_add", dialogue_id=name, verdict_id="none", watch={"condition": "C", "gate": "g"}) == [
        ("verdict_not_found", "verdict_id")
    ]
    assert court.wrong("dialogue_standing", dialogue_id=name, on="tomorrow") == [("invalid_field", "on")]
    assert court.wrong("dialogue_standing", dialogue_id=name, verdict_id="x") == [("verdict_not_found", "verdict_id")]
    assert court.findings() == []


def test_a_panel_that_lost_members_says_so_everywhere(court: Court) -> None:
    """In the dialogue, the export and above the verdict in the minutes: who, why, and whether a quorum remained."""
    name = court.create("Trial", 3)
    court.argued(
        name,
        responses={"muffin": "Words.", "scone": "Words."},
        stances=[{"expert": "cupcake", "stance": "ABSTAIN", "cause": "outage"}],
        moves=[],
    )
    court.concluded(name, votes={"muffin": "for", "scone": "for"})
    told = {"round": 0, "seated": 3, "lost": [{"expert": "cupcake", "why": "outage"}], "remaining": 2, "quorum": True}
    assert court.run("dialogue_get", dialogue_id=name).dialogue["verdicts"][0]["degradation"] == told
    exported = Path(court.run("dialogue_export", dialogue_id=name).path).read_text(encoding="utf-8")
    assert '"degradation": {' in exported
    minutes = court.run("dialogue_minutes", dialogue_id=name).markdown
    line = "Two of three members took part in round 0: a quorum remained (more than half of those seated)."
    assert line in minutes
    assert minutes.index(line) < minutes.index("## Verdict")
    assert "Cupcake (abstained, by an outage)" in minutes


def test_all_of_it_comes_back_from_an_export(court: Court, tmp_path: Path) -> None:
    """Exhibits, citations, watches: the same rows and digest in another home, where no copy is called missing."""
    name = rested(court, conditions=["Again"], watch=[{"condition": "Again", "date": "2027-03-01"}])
    court.run("exhibit_add", dialogue_id=name, kind="file", path=a_file(court, "newer"), replaces="X0001")
    court.run("watch_add", dialogue_id=name, verdict_id="final", watch={"condition": "Again", "gate": "g"})
    export = court.run("dialogue_export", dialogue_id=name)
    (tmp_path / "other").mkdir()
    other = Court(tmp_path / "other")
    other.run("dialogue_import", path=export.path)
    here, there = court.record(name), other.record(name)
    assert (there.exhibits, there.watches, there.entities) == (here.exhibits, here.watches, here.entities)
    assert other.run("dialogue_export", dialogue_id=name).digest == export.digest
    report = other.run("verify", target=name)
    assert report.ok
    assert [note for note in report.notes if "no copy came with it" in note]
    assert other.standing(name).standing == "stale"  # the newer exhibit came along
    assert not court.run("verify", target=export.path).findings
    other.close()


def test_a_repeated_request_pins_once(court: Court) -> None:
    """The same request_id gives the first answer, and no second exhibit or watch."""
    name = court.create("Trial", 3)
    request = {"dialogue_id": name, "kind": "file", "path": a_file(court), "request_id": "once"}
    assert court.run("exhibit_add", **request) == court.run("exhibit_add", **request)
    assert len(court.record(name).exhibits) == 1


def test_what_a_crash_left_behind_does_not_count(court: Court) -> None:
    """A copy without a row, as a killed process leaves it, is replaced by the next exhibit of that number."""
    name = court.create("Trial", 3)
    left = copy_of(court, name)
    left.parent.mkdir(parents=True)
    left.write_text("never committed", encoding="utf-8")
    court.run("exhibit_add", dialogue_id=name, kind="file", path=a_file(court))
    assert left.read_text(encoding="utf-8") == "year,yield\n"
    assert court.run("verify", target=name).ok


def test_a_link_out_of_the_folder_is_refused(court: Court) -> None:
    """Where the folder of copies leads elsewhere, nothing is written there and no exhibit is recorded."""
    name = court.create("Trial", 3)
    elsewhere = court.home / "elsewhere"
    elsewhere.mkdir()
    folder = copy_of(court, name).parent
    folder.parent.mkdir(parents=True)
    folder.symlink_to(elsewhere)
    assert court.refuses("exhibit_add", dialogue_id=name, kind="file", path=a_file(court)).code == "path_outside"
    assert list(elsewhere.iterdir()) == []
    assert court.record(name).exhibits == []
