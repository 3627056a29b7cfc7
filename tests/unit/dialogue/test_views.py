"""What readers get: the context of a panel, an expert's situation, progress, citations, the whole."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from hansard.dialogue.views import SNIPPET_LENGTH, before_round
from tests.unit.dialogue.kit import LISTS, PEOPLE, Room, converging, entity, ref, step


def a_history(room: Room) -> str:
    """Two rounds in which muffin raises one of each kind, and others answer, oppose, refine and resolve."""
    dialogue = room.create("History")
    room.register(
        dialogue,
        0,
        title="Opening",
        score=30,
        summary="The sides are drawn.",
        expert_scores={"muffin": 18, "scone": 12},
        perspectives=[entity("MUFFIN-P0001", label="Wide view", parameters={"n": 1}), entity("SCONE-P0001")],
        recommendations=[entity("MUFFIN-R0001", local_ids=["SCONE-R0001"], parameters={"delta": "0.2"})],
        tensions=[entity("MUFFIN-T0001", label="Speed or care"), entity("DONUT-T0001")],
        evidence=[entity("MUFFIN-E0001", content="x" * 5000)],
        claims=[entity("MUFFIN-C0001")],
    )
    room.register(
        dialogue,
        1,
        score=14,
        summary="One side yields.",
        expert_scores={"muffin": 5, "cupcake": 9},
        perspectives=[
            entity("CUPCAKE-P0101", label="Narrow view", references=[ref("refine", "P0001"), ref("address", "T0001")])
        ],
        claims=[entity("DONUT-C0101", references=[ref("oppose", "C0001")])],
        references=[{"expert": "eclair", "type": "question", "target": "@muffin"}],
        tension_updates=[
            step("T0001", "addressed", "cupcake", via="CUPCAKE-P0101"),
            step("T0002", "resolved", "donut"),
        ],
        evidence_updates=[step("E0001", "challenged", "scone", reason="Old data.")],
    )
    return dialogue


def test_a_context_has_every_documented_field(room: Room) -> None:
    """The answer has the specification's parts with its names, for the whole panel in one call."""
    dialogue = a_history(room)
    given = room.call("round_context", dialogue_id=dialogue, round=2).model_dump()
    assert set(given) == {"dialogue", "prior_rounds", "active_tensions", "experts", "notes", "tokens"}
    assert set(given["dialogue"]) == {
        "id", "title", "question", "status", "current_round", "total_alignment", "background",
    }  # fmt: skip
    assert given["dialogue"]["current_round"] == 2
    assert given["dialogue"]["total_alignment"] == 44
    first = given["prior_rounds"][0]
    assert set(first) == {"round", "title", "score", "expert_contributions", "tensions", "judge_synthesis"}
    assert set(first["expert_contributions"][0]) == {
        "expert", "role", "perspectives", "tensions_raised", "recommendations", "evidence", "claims",
    }  # fmt: skip
    assert {"id", "label", "status", "description", "expert"} <= set(first["tensions"][0])
    assert given["active_tensions"] == [
        {"id": "T0001", "label": "Speed or care", "status": "addressed", "contributors": ["muffin"]}
    ]
    assert set(given["experts"]) == set(PEOPLE)
    assert set(given["experts"]["muffin"]) == {
        "slug", "role", "tier", "source", "focus", "description", "your_score", "round_context",
    }  # fmt: skip
    assert given["experts"]["muffin"]["your_score"] == 23
    assert given["experts"]["eclair"]["your_score"] == 0


def test_a_context_is_complete(room: Room) -> None:
    """Every entity of every earlier round stands in it once, with its full text, under its display id."""
    dialogue = a_history(room)
    given = room.call("round_context", dialogue_id=dialogue)
    found: dict[str, tuple[str, str]] = {}
    for round_ in given.prior_rounds:
        views = [
            view for said in round_["expert_contributions"] for name in LISTS.values() for view in said.get(name, [])
        ]
        for view in [*views, *round_["tensions"]]:
            assert view["id"] not in found
            found[view["id"]] = (view["label"], view.get("content", view.get("description")))
        raised = [one for said in round_["expert_contributions"] for one in said["tensions_raised"]]
        assert sorted(raised) == sorted(view["id"] for view in round_["tensions"])
    assert found == {one.id: (one.label, one.content) for one in room.record(dialogue).entities}
    assert "MUFFIN-" not in json.dumps(given.prior_rounds).replace("What MUFFIN-", "").replace("What SCONE-", "")


def test_fresh_and_retained_experts_see_the_same(room: Room) -> None:
    """What was said before is shared by all; an expert's own part differs in the situation alone."""
    dialogue = room.create(panel_size=3)
    seated = [m.slug for m in room.record(dialogue).panel_members]
    speaker = seated[0]
    room.register(dialogue, 0, perspectives=[entity(f"{speaker.upper()}-P0001")])
    room.call("expert_create", dialogue_id=dialogue, expert_slug="palmier", role="Geographer", reason="A gap in maps.")
    fresh = next(name for name in PEOPLE if name not in seated)
    panel = [{"expert_slug": name} for name in (speaker, fresh, "palmier")]
    room.call("evolve_panel", dialogue_id=dialogue, round=1, panel=panel)
    experts = room.call("round_context", dialogue_id=dialogue, round=1).experts
    assert {slug: one["source"] for slug, one in experts.items()} == {
        speaker: "retained", fresh: "pool", "palmier": "created",
    }  # fmt: skip
    assert experts[speaker]["round_context"]
    assert experts[fresh]["round_context"] is None
    assert experts["palmier"]["round_context"] is None
    assert experts["palmier"]["creation_reason"] == "A gap in maps."
    assert "creation_reason" not in experts[fresh]


def test_a_situation_tells_what_was_raised_answered_and_changed(room: Room) -> None:
    """Raised things with their status, what others did to them, and who answered, all by display id."""
    dialogue = a_history(room)
    text = room.call("round_context", dialogue_id=dialogue).experts["muffin"]["round_context"]
    lines = text.splitlines()
    assert "In round 0 you gave P0001 (Wide view), now refined. Cupcake refined it in round 1 (P0101)." in lines
    assert "In round 0 you gave T0001 (Speed or care), now addressed. Cupcake addressed it in round 1 (P0101)." in lines
    assert any("E0001" in line and "now challenged" in line and "Scone challenged it" in line for line in lines)
    assert "Cupcake refines P0001 in round 1 with P0101 (Narrow view)." in lines
    assert "Donut opposes C0001 in round 1 with C0101 (A label)." in lines
    assert "Eclair questions @muffin in round 1 with their response." in lines
    assert "T0002" not in text
    assert "SCONE" not in text


def test_a_co_author_is_told_of_merged_work(room: Room) -> None:
    """Whoever contributed to a merged entity finds it among what they gave."""
    dialogue = a_history(room)
    experts = room.call("round_context", dialogue_id=dialogue).experts
    assert "R0001" in experts["scone"]["round_context"]
    assert "R0001" in experts["muffin"]["round_context"]


def test_an_answer_to_a_silent_expert_is_told(room: Room) -> None:
    """Somebody who gave no entity and whose position was questioned learns of it."""
    dialogue = room.create()
    room.register(dialogue, 0, references=[{"expert": "scone", "type": "oppose", "target": "@donut"}])
    experts = room.call("round_context", dialogue_id=dialogue).experts
    assert experts["donut"]["round_context"] == "Scone opposes @donut in round 0 with their response."
    assert experts["eclair"]["round_context"] is None


def test_the_judges_own_words_replace_the_derived_ones(room: Room) -> None:
    """An override stands where it is given, by slug or display name; a stranger's is refused."""
    dialogue = a_history(room)
    experts = room.call("round_context", dialogue_id=dialogue, round_contexts={"Muffin": "Mind T0001."}).experts
    assert experts["muffin"]["round_context"] == "Mind T0001."
    assert experts["scone"]["round_context"] != "Mind T0001."
    fault = room.fault("round_context", dialogue_id=dialogue, round_contexts={"zed": "Hello."})
    assert (fault.code, fault.field, fault.value) == ("expert_not_in_panel", "round_contexts.zed", "zed")


@pytest.mark.parametrize("round_", [0, 1, 2])
def test_a_context_holds_nothing_of_its_own_round_or_later(round_: int, room: Room) -> None:
    """The context of a past round is what the panel had then: word for word the one given at that time."""
    dialogue = room.create("History")
    given: list[Any] = [room.call("round_context", dialogue_id=dialogue, round=0)]
    for number in range(3):
        own = [entity(f"MUFFIN-P{number:02d}01", references=[ref("refine", f"P{number - 1:02d}01")] if number else [])]
        room.register(
            dialogue,
            number,
            score=number + 3,
            summary=f"Summary {number}.",
            expert_scores={"muffin": number + 3},
            perspectives=own,
            tensions=[entity(f"MUFFIN-T{number:02d}01")],
            claims=[entity(f"SCONE-C{number:02d}01", references=[ref("oppose", f"P{number:02d}01")])],
            tension_updates=[step(f"T{number - 1:02d}01", "resolved", "judge")] if number else [],
            claim_updates=[step(f"C{number - 1:02d}01", "withdrawn", "scone")] if number else [],
        )
        given.append(room.call("round_context", dialogue_id=dialogue))
    again = room.call("round_context", dialogue_id=dialogue, round=round_)
    assert again.prior_rounds == given[round_].prior_rounds
    assert again.active_tensions == given[round_].active_tensions
    assert again.dialogue == given[round_].dialogue
    own_part = {"your_score", "round_context"}
    for slug in PEOPLE:
        assert {name: again.experts[slug][name] for name in own_part} == {
            name: given[round_].experts[slug][name] for name in own_part
        }
    record = room.record(dialogue)
    assert before_round(record, 3) is record
    closed = msgspec.structs.replace(record, dialogue=msgspec.structs.replace(record.dialogue, status="converged"))
    assert before_round(closed, round_).dialogue.status == "open"
    assert before_round(closed, 3).dialogue.status == "converged"


def test_a_context_beyond_the_next_round_is_refused(room: Room) -> None:
    """The context of the next round is the furthest there is."""
    dialogue = room.create()
    fault = room.fault("round_context", dialogue_id=dialogue, round=1)
    assert (fault.code, fault.value, fault.valid_options) == ("round_out_of_order", 1, ["0"])


@pytest.mark.parametrize("text", ["é" * 500, "你好" * 200, "👩‍🔬" * 150, "x" * 200, "x" * 201, ""])
def test_citations_are_cut_by_characters(text: str, room: Room) -> None:
    """A citation shows the first 200 characters, not bytes, and says with … that there is more."""
    dialogue = room.create()
    room.register(dialogue, 0, perspectives=[entity("MUFFIN-P0001", content=text)])
    [citation] = room.call("expand_citations", dialogue_id=dialogue, ids=["P0001"]).citations
    assert citation.content == (text if len(text) <= SNIPPET_LENGTH else text[:SNIPPET_LENGTH] + "…")
    assert (citation.kind, citation.label, citation.round) == ("perspective", "A label", 0)
    assert (citation.contributors, citation.status, citation.error) == (["muffin"], "open", None)


def test_each_citation_has_its_own_error(room: Room) -> None:
    """Unknown and malformed ids tell their fault in their place; the others are expanded, in the order asked for."""
    dialogue = a_history(room)
    ids = ["T0001", "P0909", "R0001", "X0001", "p0001", "MUFFIN-P0001", "CH0001-R05", "ADR-0014", "P0000", "T0001"]
    found = room.call("expand_citations", dialogue_id=dialogue, ids=ids).citations
    assert [citation.id for citation in found] == ids
    assert [(citation.error or {}).get("error_code") for citation in found] == [
        None, "target_not_found", None, "invalid_entity_type", *["invalid_display_id"] * 5, None,
    ]  # fmt: skip
    assert found[1].error["field"] == "ids[1]"
    assert found[1].error["value"] == "P0909"
    assert found[2].parameters == {"delta": "0.2"}


def test_progress_tells_figures_leaders_and_blockers(room: Room) -> None:
    """Scores, velocities, open and resolved tensions, active experts, the leaderboard, and what blocks a verdict."""
    dialogue = a_history(room)
    found = room.call("progress", dialogue_id=dialogue)
    assert (found.status, found.current_round, found.total_rounds) == ("open", 2, 2)
    assert (found.scores, found.score_velocity, found.velocity) == ([30, 14], -16, 2)
    assert (found.open_tensions, found.resolved_tensions) == (["T0001"], ["T0002"])
    assert found.active_experts == sorted(PEOPLE)
    assert found.leaderboard[:3] == [
        {"expert": "muffin", "total": 23, "rounds": 2},
        {"expert": "scone", "total": 12, "rounds": 1},
        {"expert": "cupcake", "total": 9, "rounds": 1},
    ]
    assert (found.converging, found.estimated_rounds) == (False, None)
    assert len(found.blockers) == 2
    assert found.blockers[0] == "1 tension is open: T0001"
    assert "muffin" in found.blockers[1]


@pytest.mark.parametrize(
    ("scores", "tensions", "estimate"),
    [([1], 3, None), ([1, 5], 3, 1), ([1, 5], 5, 2), ([5, 1], 5, None), ([5, 5], 5, None), ([1, 5], 0, 1), ([5], 0, 1)],
)
def test_estimated_rounds(scores: list[int], tensions: int, estimate: int | None, room: Room) -> None:
    """1 with nothing open; half the open tensions, at least 1, while the score rises; otherwise unknown."""
    dialogue = room.create()
    for number, score in enumerate(scores):
        own = [entity(f"MUFFIN-T00{n + 1:02d}") for n in range(tensions)] if number == 0 else []
        room.register(dialogue, number, score=score, tensions=own)
    assert room.call("progress", dialogue_id=dialogue).estimated_rounds == estimate


def test_what_is_concluded_needs_no_round(room: Room) -> None:
    """Before the verdict one more round is told; after it none, since there is nothing to estimate."""
    dialogue = room.create()
    room.register(dialogue, 0, moves=converging())
    assert room.call("progress", dialogue_id=dialogue).estimated_rounds == 1
    room.conclude(dialogue, 0)
    assert room.call("progress", dialogue_id=dialogue).estimated_rounds is None


def test_the_list_counts_who_sat(room: Room) -> None:
    """Of six who were suggested two sat: a list says six before they were chosen, and two from then on."""
    dialogue = room.create()
    assert [one.experts for one in room.call("list").dialogues] == [6]
    room.call("evolve_panel", dialogue_id=dialogue, round=0, panel=[{"expert_slug": "scone"}, {"expert_slug": "donut"}])
    assert [one.experts for one in room.call("list").dialogues] == [2]
    room.register(dialogue, 0)
    assert [one.experts for one in room.call("list").dialogues] == [2]


def test_leaders_are_those_who_took_part(room: Room) -> None:
    """Whoever was only suggested for the panel is not in the leaderboard; whoever sits is, with or without points."""
    dialogue = room.create()
    room.call("evolve_panel", dialogue_id=dialogue, round=0, panel=[{"expert_slug": "scone"}, {"expert_slug": "donut"}])
    room.register(dialogue, 0, expert_scores={"donut": 4})
    leaders = room.call("progress", dialogue_id=dialogue).leaderboard
    assert [(one["expert"], one["total"]) for one in leaders] == [("donut", 4), ("scone", 0)]


def test_progress_before_and_after(room: Room) -> None:
    """Before the first round nothing is known; after the verdict nothing blocks any more."""
    dialogue = room.create()
    before = room.call("progress", dialogue_id=dialogue)
    assert (before.current_round, before.rounds, before.velocity, before.gate) == (0, [], None, None)
    assert before.blockers == ["no round is registered yet"]
    room.register(dialogue, 0, moves=converging())
    assert room.call("progress", dialogue_id=dialogue).converging is True
    room.conclude(dialogue, 0)
    after = room.call("progress", dialogue_id=dialogue)
    assert (after.status, after.converging, after.blockers) == ("converged", True, [])


def test_a_dialogue_is_given_whole(room: Room) -> None:
    """Everything but the raw texts: experts with scores, panels, entities with lives and references, the head."""
    dialogue = a_history(room)
    got = room.call("get", dialogue_id=dialogue)
    whole = got.dialogue
    assert {name: len(whole[name]) for name in LISTS.values()} == {
        "perspectives": 3, "recommendations": 1, "tensions": 2, "evidence": 1, "claims": 2,
    }  # fmt: skip
    assert whole["total_alignment"] == 44
    first = whole["perspectives"][0]
    assert first["events"][1] == {
        "type": "refined", "round": 1, "by": ["cupcake"], "reason": None, "disposition": None,
        "reference": None, "result": "P0101",
    }  # fmt: skip
    assert whole["perspectives"][2]["references"] == [
        {"type": "refine", "target": "P0001", "round": 1, "context": None},
        {"type": "address", "target": "T0001", "round": 1, "context": None},
    ]
    assert whole["response_references"] == {
        "@eclair": [{"type": "question", "target": "@muffin", "round": 1, "context": None}]
    }
    assert {expert["slug"]: expert["scores"] for expert in whole["experts"]}["muffin"] == {"0": 18, "1": 5}
    assert [figures.round for figures in got.figures] == [0, 1]
    assert (got.head.stream, got.head.sequence) == (f"dialogue:{dialogue}", 3)


def test_an_entity_is_given_whole(room: Room) -> None:
    """By its display id or a local id: its words, references both ways with labels, its life; others are refused."""
    dialogue = a_history(room)
    got = room.call("entity", dialogue_id=dialogue, id="P0001")
    assert got == room.call("entity", dialogue_id=dialogue, id=got.entity["local_ids"][0])
    record = room.record(dialogue)
    assert {ref["source_id"] for ref in got.referred_to_by} == {
        r.source_id for r in record.refs if r.target_id == "P0001"
    }
    assert [event["type"] for event in got.events] == [e.type for e in record.events if str(e.key) == "P0001"]
    assert got.labels.keys() == {e.id for e in record.entities} & {
        *(ref["target_id"] for ref in got.refers_to),
        *(ref["source_id"] for ref in got.referred_to_by),
    }
    assert room.fault("entity", dialogue_id=dialogue, id="P0199").code == "target_not_found"


def test_dialogues_are_listed_newest_first(room: Room) -> None:
    """The list has the newest first, can be narrowed by status, and tells how many there are."""
    first, second = room.create("First", tags=["a"]), a_history(room)
    room.register(first, 0, moves=converging())
    room.conclude(first, 0)
    listed = room.call("list")
    assert [one.dialogue_id for one in listed.dialogues] == [second, first]
    assert listed.total == 2
    newest = listed.dialogues[0]
    assert (newest.rounds, newest.experts, newest.total_alignment, newest.open_tensions) == (2, 6, 44, 1)
    narrowed = room.call("list", status="converged")
    assert [(one.dialogue_id, one.verdicts, one.tags) for one in narrowed.dialogues] == [(first, ["final"], ["a"])]
    assert room.call("list", limit=1).total == 2


def test_ids_are_completed(room: Room) -> None:
    """A unique beginning or 'latest' names a dialogue; an ambiguous or unknown one is refused with what is there."""
    for title in ("Alpha one", "Alpha two", "Beta"):
        room.create(title)
    operations = room.operations
    assert operations.resolve_id("b") == "beta"
    assert operations.resolve_id("alpha-one") == "alpha-one"
    assert operations.resolve_id("latest") == "beta"
    room.register("alpha-two", 0)
    assert operations.resolve_id("latest") == "alpha-two"
    with pytest.raises(Exception, match="2 dialogues begin with 'alpha'"):
        operations.resolve_id("alpha")
    with pytest.raises(Exception, match="no dialogue 'gamma'"):
        operations.resolve_id("gamma")
    with pytest.raises(Exception, match="no dialogue '%'"):
        operations.resolve_id("%")
    with pytest.raises(Exception, match="no dialogue"):
        operations.resolve_id("\udcff")  # as the command line gives a byte that is no text


def test_no_dialogue_is_called_latest(room: Room) -> None:
    """Who asks for the latest dialogue gets it: a title makes another id of the word, and as an id it is refused."""
    first = room.create("Latest")
    assert first == "latest-2"
    second = room.create("Another")
    assert room.operations.resolve_id("latest") == second
    pool = {"experts": [{"role": role} for role in "abc"]}
    fault = room.fault("create", title="T", question="Q", expert_pool=pool, dialogue_id="latest")
    assert (fault.field, fault.suggestion) == ("dialogue_id", "'latest-2' would be one")


RESPONSE = """# Muffin

[MUFFIN-P0101: Options hold]
The numbers bear it out.

[RE:REFINE P0001]
[RE:ADDRESS T0001]

[MUFFIN-E0101: Two years of data]
Measured, not guessed.

[RE:SUPPORT MUFFIN-P0101]

[MOVE:BRIDGE P0001 R0001]

[RE:SUPPORT P0909]
"""


def test_a_response_is_read_without_being_registered(room: Room) -> None:
    """The agent's summary in the specification's form, what to mend, and nothing written."""
    dialogue = a_history(room)
    before = room.dump()
    read = room.call("parse_response", dialogue_id=dialogue, round=1, expert="Muffin", text=RESPONSE)
    assert room.dump() == before
    assert (read.expert_slug, read.round, read.response_path) == ("muffin", 1, None)
    assert read.summary["perspectives"] == ["MUFFIN-P0101"]
    assert read.summary["evidence"] == ["MUFFIN-E0101"]
    assert {"type": "refine", "from": "MUFFIN-P0101", "target": "P0001"} in read.summary["references"]
    assert {"type": "bridge", "targets": ["P0001", "R0001"]} in read.summary["moves"]
    assert set(read.summary) == {
        "perspectives", "recommendations", "tensions_raised", "evidence", "claims", "references", "moves",
    }  # fmt: skip
    assert any("P0909" in str(entry) for entry in read.lint)


def test_a_path_counts_from_where_the_program_was_started_too(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing of that name is in the dialogue's folder, and reading is allowed there."""
    dialogue = room.create()
    (room.home / "desk").mkdir()
    (room.home / "desk" / "said.md").write_text("[MUFFIN-P0001: One]\nBody.\n", encoding="utf-8")
    asked = {"dialogue_id": dialogue, "round": 0, "expert": "muffin", "path": "said.md"}
    monkeypatch.chdir(room.home.parent)
    assert room.fault("parse_response", **asked).code == "file_not_found"
    monkeypatch.chdir(room.home / "desk")
    assert room.call("parse_response", **asked).summary["perspectives"] == ["MUFFIN-P0001"]


def test_a_response_is_read_from_the_dialogues_folder_only(room: Room) -> None:
    """A path below the folder is read; one that leads away, or to nothing, is refused; so are both or neither."""
    dialogue = room.create()
    folder = room.home / "dialogues" / dialogue / "round-0"
    folder.mkdir(parents=True)
    (folder / "response-muffin.md").write_text("[MUFFIN-P0001: One]\nBody.\n", encoding="utf-8")
    asked = {"dialogue_id": dialogue, "round": 0, "expert": "muffin"}
    read = room.call("parse_response", **asked, path="round-0/response-muffin.md")
    assert read.summary["perspectives"] == ["MUFFIN-P0001"]
    assert read.response_path == "round-0/response-muffin.md"
    outside = room.home.parent / "outside.md"
    outside.write_text("x", encoding="utf-8")
    assert room.fault("parse_response", **asked, path="../../../outside.md").code == "path_outside"
    assert room.fault("parse_response", **asked, path=str(outside)).code == "path_outside"
    (folder / "link.md").symlink_to(outside)
    assert room.fault("parse_response", **asked, path="round-0/link.md").code == "path_outside"
    assert room.fault("parse_response", **asked, path="round-0/none.md").code == "file_not_found"
    assert room.fault("parse_response", **asked).code == "missing_field"
    assert room.fault("parse_response", **asked, text="x", path="y").code == "invalid_field"


def test_what_members_registered_of_themselves_is_in_context_and_progress(room: Room) -> None:
    """Stances with condition and confidence, moves, and references of entities reach the panel and the Judge."""
    dialogue = room.create()
    stance = {"expert": "muffin", "stance": "CONDITIONAL", "confidence": 0.6, "condition": "The budget is signed."}
    tension = entity("CUPCAKE-T0001", references=[{"type": "question", "target": "@muffin"}])
    moves = [{"expert": "muffin", "type": "request", "topic": "the budget"}, {"expert": "muffin", "type": "concede"}]
    answer = room.register(dialogue, 0, tensions=[tension], stances=[stance], moves=moves)
    assert [warning.type for warning in answer.warnings if warning.expert == "muffin"].count("move_without_target") == 1
    own = {name: value for name, value in stance.items() if name != "expert"}
    found = room.call("progress", dialogue_id=dialogue)
    assert found.labels.keys() == {"T0001"}
    [told] = found.positions
    assert (told["expert"], told["stance"], [move["type"] for move in told["moves"]]) == (
        "muffin", own, ["request", "concede"],
    )  # fmt: skip
    [round_] = room.call("round_context", dialogue_id=dialogue).prior_rounds
    [said] = [one for one in round_["expert_contributions"] if one["expert"] == "muffin"]
    assert said["stance"] == own
    assert round_["tensions"][0]["references"] == [{"type": "question", "target": "@muffin"}]


@pytest.mark.parametrize(
    ("expert", "text", "types"),
    [
        ("nobody", "[NOBODY-P0001: A]\nb", ["expert_not_found"]),
        ("muffin", "Words alone.", ["no_marker"]),
        ("muffin", "[MUFFIN-P0001: A]\nb\n\n[MUFFIN-S0001: APPROVE | high]", []),
    ],
)
def test_a_response_that_fits_nothing_is_told_once(expert: str, text: str, types: list[str], room: Room) -> None:
    """An expert of no dialogue and a response without markers are told; nothing is told in two lists."""
    read = room.call("parse_response", dialogue_id=room.create(), round=0, expert=expert, text=text)
    assert [warning.type for warning in read.warnings] == types
    assert not [one for one in read.diagnostics if one in read.lint]
    assert ("bad_confidence" in {one["code"] for one in read.lint}) == ("high" in text)


def test_a_dialogue_names_the_folder_that_it_was_given(room: Room) -> None:
    """The folder of a dialogue's files is the same when it is made and when it is read."""
    experts = {"experts": [{"role": "R"}] * 3}
    made = room.call("create", title="Trial", question="What now?", expert_pool=experts)
    assert room.call("get", dialogue_id=made.dialogue_id).dialogue["output_dir"] == made.output_dir


def test_a_merged_tension_is_raised_by_each_who_contributed(room: Room) -> None:
    """Both name it among what they raised in the context; a prompt has its words once."""
    dialogue = room.create(size=3)
    merged = entity("MUFFIN-T0001", local_ids=["SCONE-T0001"])
    room.register(dialogue, 0, tensions=[merged])
    (round_,) = room.call("round_context", dialogue_id=dialogue, round=1).prior_rounds
    raised = {said["expert"]: said["tensions_raised"] for said in round_["expert_contributions"]}
    assert raised == {"muffin": ["T0001"], "scone": ["T0001"], "cupcake": []}
    prompt = room.call("prompts", dialogue_id=dialogue, round=1, experts=["cupcake"]).prompts[0]
    assert str(prompt).count("What MUFFIN-T0001 says.") == 1
