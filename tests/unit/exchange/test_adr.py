"""A verdict as a decision record: the parts of MADR 4, dissent at equal weight, every sentence with its source."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given

from hansard.custody.witness import heads_in
from hansard.dialogue import model
from hansard.dialogue.answers import Head
from hansard.dialogue.exhibits.answers import Changed, RestsOn, VerdictStanding
from hansard.exchange.adr import decision_record, is_decision_record
from hansard.exchange.markdown import lines_of
from hansard.exchange.shapes import DialogueExport
from hansard.kernel.errors import HansardError
from tests.unit.exchange.folders import CALL, Store
from tests.unit.exchange.graphs import nasty
from tests.unit.exchange.recorded import ID, Held

HEAD = Head(stream="dialogue:d", sequence=3, hash="ab" * 32)
LEVELS = [
    "# Harbour bridge",
    "## Context and Problem Statement",
    "## Decision Drivers",
    "## Considered Options",
    "## Decision Outcome",
    "### Consequences",
    "### Confirmation",
    "## Dissent",
    "## What would change this decision",
    "## Pros and Cons of the Options",
    "### Toll for ten years",
    "## More Information",
]


@pytest.fixture
def record(held: Held) -> model.Record:
    """A dialogue with a verdict and a minority."""
    return held.dialogues.record(ID)


def headings(text: str) -> list[str]:
    """The headings of a text, outside what is quoted."""
    return [line for line in text.splitlines() if line.startswith("#")]


def test_the_parts_stand_in_the_order_of_the_form(record: model.Record) -> None:
    """Front matter, then the headings of MADR 4; dissent is a part of its own, not a footnote."""
    text = decision_record(record, HEAD, "cd" * 32)
    front = text.split("---\n")[1].splitlines()
    assert front[0] == "status: accepted"
    assert front[1] == f"date: {record.verdicts[-1].created_at[:10]}"
    assert [line.partition(":")[0] for line in front[2:]] == ["decision-makers", "consulted"]
    assert headings(text) == LEVELS


def test_dissent_and_what_would_change_it_weigh_as_much_as_the_outcome(record: model.Record) -> None:
    """Every minority's words stand whole, under headings of the outcome's level."""
    text = decision_record(record, HEAD, "cd" * 32)
    for verdict in record.verdicts:
        if verdict.verdict_type in ("minority", "dissent"):
            for words in (verdict.recommendation, verdict.description, verdict.what_would_change or ""):
                for line in filter(None, lines_of(words)):
                    assert f"> {line}" in text
            assert f"(`{verdict.verdict_id}`)" in text
    plain = msgspec.structs.replace(record, verdicts=[v for v in record.verdicts if v.verdict_type == "final"])
    assert "No minority verdict and no dissent is on record (`final`)." in decision_record(plain, HEAD, "cd" * 32)


def test_every_sentence_names_what_it_is_taken_from(record: model.Record) -> None:
    """Each line of ours that states something ends with an id of the record; quotations follow such a line."""
    known = {entity.id for entity in record.entities} | {verdict.verdict_id for verdict in record.verdicts}
    known |= {ID} | {f"@{expert.slug}" for expert in record.experts}
    body = decision_record(record, HEAD, "cd" * 32).split("## Context", 1)[1].split("## More Information")[0]
    for line in body.splitlines()[1:]:
        if line and not line.startswith((">", "#")):
            cited = re.findall(r"`([^`]+)`", line)
            assert set(cited) & known, line


def test_it_says_what_speaks_for_and_against_an_option(record: model.Record) -> None:
    """Support is good, opposition bad; who rests on it is neither."""
    text = decision_record(record, HEAD, "cd" * 32)
    assert "* Good, because Donut’s response, “mine”, supports it (`@donut`)" in text
    assert "* Neutral, because Muffin said “Toll makes it fit”, which rests on it (`P0101`)" in text


def test_the_head_in_it_is_a_witness(held: Held, tmp_path: Path) -> None:
    """``hansard verify --against`` finds the head in a decision record, as in minutes."""
    path = tmp_path / "d.md"
    answer = held.exchange.dialogue_export(DialogueExport(dialogue_id=ID, format="adr", output_path=str(path)), CALL)
    assert heads_in(path.read_text(), "d.md") == [answer.head]
    assert is_decision_record(path.read_text(), ID)
    assert not is_decision_record(path.read_text(), "other")


def test_an_interim_verdict_is_a_proposal_and_without_one_there_is_no_decision(record: model.Record) -> None:
    """The last final verdict decides; without one the last interim; minorities alone decide nothing."""
    final = next(v for v in record.verdicts if v.verdict_type == "final")
    interim = msgspec.structs.replace(final, verdict_type="interim")
    others = [v for v in record.verdicts if v is not final]
    text = decision_record(msgspec.structs.replace(record, verdicts=[*others, interim]), HEAD, "")
    assert text.startswith("---\nstatus: proposed\n")
    with pytest.raises(HansardError) as fault:
        decision_record(msgspec.structs.replace(record, verdicts=others), HEAD, "")
    assert fault.value.code == "no_verdict"


def test_watched_conditions_say_by_what(record: model.Record) -> None:
    """A date or a gate stands beside its condition; what nobody watches says so."""
    watch = model.Watch(
        dialogue_id=ID, verdict_id="final", seq=1, condition="review in 2036", kind="date",
        reference={"date": "2036-03-01"}, created_at="2026-03-01T09:00:00.000000Z",
    )  # fmt: skip
    text = decision_record(msgspec.structs.replace(record, watches=[watch]), HEAD, "")
    assert "* review in 2036: date `2036-03-01` (`final`)" in text
    assert "* a toll for ten years: nothing watches it (`final`)" in text


def test_a_panel_that_lost_members_and_a_verdict_that_is_stale_say_so(record: model.Record) -> None:
    """Above the outcome: who took no part, and whether a quorum remained. Below it: what it rests on that changed."""
    told = VerdictStanding(
        verdict_id="final",
        verdict_type="final",
        rests_on=RestsOn(exhibits=["X0001"]),
        standing="stale",
        changed=[Changed(what="exhibit", id="X0001", was="a" * 64, now="b" * 64, why="the file was written anew")],
    )
    text = decision_record(record, HEAD, "", {"final": told})
    assert "Standing: stale (`final`)." in text
    assert "* exhibit `X0001`: the file was written anew (`X0001`, `final`)" in text
    away = [
        model.Stance(
            dialogue_id=ID,
            round=2,
            expert_slug=slug,
            stance="ABSTAIN",
            cause="outage",
            created_at="2026-03-01T09:00:00Z",
        )
        for slug in ("donut", "muffin")
    ]
    kept = [stance for stance in record.stances if stance.round != 2]
    lost = decision_record(msgspec.structs.replace(record, stances=[*kept, *away]), HEAD, "")
    outcome = lost.split("## Decision Outcome", 1)[1].split("Chosen option", 1)[0]
    assert "no quorum remained" in outcome
    assert "Donut" in outcome


def test_a_superseded_verdict_decides_nothing(record: model.Record) -> None:
    """The final verdict that no later one supersedes is the decision."""
    final = next(v for v in record.verdicts if v.verdict_type == "final")
    later = msgspec.structs.replace(
        final, verdict_id="final-2", seq=9, supersedes="final", recommendation="Build the bridge."
    )
    text = decision_record(msgspec.structs.replace(record, verdicts=[*record.verdicts, later]), HEAD, "")
    assert "> Build the bridge." in text
    assert "> Build the tunnel" not in text


def test_real_dialogues_have_decision_records(real_store: Store) -> None:
    """Every recommendation of a real panel is an option; a panel whose judge left no verdict has no decision."""
    for dialogue_id in real_store.answers:
        record = real_store.dialogues.record(dialogue_id)
        if not record.verdicts:
            with pytest.raises(HansardError, match="has no verdict"):
                decision_record(record, HEAD, "")
            continue
        text = decision_record(record, HEAD, "")
        options = [entity for entity in record.entities if entity.kind == "R"]
        assert len(headings(text)) >= 7 + len(options)
        for option in options:
            assert f"(`{option.id}`)" in text


@given(words=nasty)
def test_words_of_others_forge_nothing(words: str) -> None:
    """Whatever a judge or an expert wrote, headings and front matter stay ours."""
    time = "2026-03-01T09:00:00.000000Z"
    verdict = model.Verdict(
        dialogue_id="d", verdict_id="final", seq=1, verdict_type="final", round=0, recommendation=words,
        description=words, conditions=[words], what_would_change=words, force_reason=words, created_at=time,
    )  # fmt: skip
    apart = msgspec.structs.replace(
        verdict, verdict_id="m", verdict_type="minority", author_expert="muffin", label=words
    )
    option = model.Entity(
        dialogue_id="d", kind="R", round=0, seq=1, label=words, content=words, contributors=["muffin"],
        status="proposed", created_at=time,
    )  # fmt: skip
    record = model.Record(
        dialogue=model.Dialogue(
            dialogue_id="d", title=words, question=words, created_at=time, panel_size=1, seed="00",
            background={"description": words, "constraints": {words: words}},
        ),
        experts=[], panel_members=[], rounds=[], utterances=[], entities=[option], events=[], refs=[], moves=[],
        stances=[], verdicts=[verdict, apart], judge_claims=[], documents=[],
    )  # fmt: skip
    text = decision_record(record, HEAD, "")
    levels = [line.split(" ")[0] for line in headings(text)]
    assert levels == ["#", "##", "##", "##", "###", "###", "##", "##", "##", "###", "##"]
    assert text.startswith("---\nstatus: accepted\ndate: 2026-03-01\n")
    assert heads_in(text, "x") == [HEAD]


def test_a_consequence_reads_as_a_sentence(record: model.Record) -> None:
    """What a label says never runs on from "because"; conditions are told once; the Judge is named as in a sentence."""
    final = next(verdict for verdict in record.verdicts if verdict.verdict_type == "final")
    evidence = next(entity for entity in record.entities if entity.kind == "E")
    tension = next(entity for entity in record.entities if entity.kind == "T")
    changed = {
        "key_evidence": [evidence.id],
        "tensions_accepted": [tension.id],
        "conditions": ["a toll", "two new ferries"],
        "what_would_change": "A flood.",
        "author_expert": None,
    }
    entities = [
        msgspec.structs.replace(entity, label="Good, because it was measured") if entity is evidence else entity
        for entity in record.entities
    ]
    verdicts = [msgspec.structs.replace(one, **changed) if one is final else one for one in record.verdicts]
    text = decision_record(msgspec.structs.replace(record, entities=entities, verdicts=verdicts), HEAD, "")
    assert f"* Good, because it rests on “Good, because it was measured” (`{evidence.id}`)\n" in text
    assert f"* Bad, because “{tension.label}” is left open (`{tension.id}`)\n" in text
    assert "* Neutral, because it holds on two conditions, told under Confirmation (`final`)\n" in text
    assert text.count("two new ferries") == 1
    assert "\nThe Judge (`final`):\n" in text
    assert 'decision-makers: ["Judge", ' in text


def test_why_the_gate_was_not_met_stands_in_words(record: model.Record) -> None:
    """Each reason is told with its tensions and names; a gate that was met needs none."""
    final = next(verdict for verdict in record.verdicts if verdict.verdict_type == "final")
    assert final.gate is not None
    gate = {**final.gate, "met": False, "reasons": ["open_tensions", "not_agreed"], "open_tensions": ["T0001"]}
    gate |= {"not_agreed": ["scone"], "share": 0.5, "target": 1.0}

    def told(gate: dict[str, object]) -> str:
        verdicts = [msgspec.structs.replace(v, gate=gate) if v is final else v for v in record.verdicts]
        return decision_record(msgspec.structs.replace(record, verdicts=verdicts), HEAD, "")

    assert (
        "The convergence gate was not met: one tension was not settled (`T0001`) and 50 % of the panel agreed or had "
        "its dissent recorded, and 100 % are needed (Scone did not agree) (`final`)."
    ) in told(gate)
    assert "The convergence gate was met (`final`)." in told({**gate, "met": True})


def test_an_adopted_option_whose_words_were_erased_is_told_so(record: model.Record) -> None:
    """The decision stands without its words, and says where to read when and why they went."""
    assert "erased" not in decision_record(record, HEAD, "cd" * 32)
    gone = [
        msgspec.structs.replace(one, label=model.ERASED, content=model.ERASED) if one.kind == "R" else one
        for one in record.entities
    ]
    text = decision_record(msgspec.structs.replace(record, entities=gone), HEAD, "cd" * 32)
    assert f"Words of the option were erased after it was recorded; `hansard verify {ID}` tells when and why" in text
