"""Dialogues as they are shown: one entity whole, and where its words stand."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hansard.dialogue import model
from hansard.dialogue.answers import DialogueListed, Place, Warned
from hansard.dialogue.store import indexed_words
from hansard.dialogue.views import entity_whole, places, progress
from hansard.exchange.shapes import DialogueExported
from hansard.surfaces.render.dialogues import dialogue_list, entity, glance
from hansard.surfaces.render.exchange import exported
from hansard.surfaces.render.items import item, item_plain, items
from hansard.surfaces.render.plain import plain_lines

TIME = "2026-01-01T00:00:00.000000Z"


def an_entity(**changes: Any) -> model.Entity:
    """A perspective of Muffin in round 1."""
    given_: dict[str, Any] = {
        "dialogue_id": "d",
        "kind": "P",
        "round": 1,
        "seq": 1,
        "label": "A label",
        "content": "Some words.",
        "contributors": ["muffin"],
        "status": "open",
        "local_ids": ["MUFFIN-P0101"],
        "created_at": TIME,
    }
    return model.Entity(**{**given_, **changes})


def an_utterance(raw: str | None, slug: str = "muffin", round_: int = 1) -> model.Utterance:
    """What somebody said."""
    return model.Utterance(dialogue_id="d", round=round_, slug=slug, raw=raw)


def a_record(entities: list[model.Entity], **changes: Any) -> model.Record:
    """A record with these entities and little else."""
    lists: dict[str, Any] = {
        name: [] for name in model.Record.__struct_fields__ if name not in ("dialogue", "entities")
    }
    dialogue = model.Dialogue(
        dialogue_id="d", title="Title", question="Why?", created_at=TIME, panel_size=1, seed="0" * 16
    )
    return model.Record(dialogue=dialogue, entities=entities, **{**lists, **changes})


line_of_text = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])).filter(str.strip)


@given(st.lists(line_of_text, max_size=5), st.lists(line_of_text, min_size=1, max_size=3))
def test_the_place_of_words_is_the_line_they_begin_on(before: list[str], words: list[str]) -> None:
    """The line that is told holds the first of the words, and they stand there one after the other."""
    content = "\n".join(words).strip()
    raw = "\n".join([*before, content, "after"])
    (place,) = places(an_entity(content=content), [an_utterance(raw)])
    assert (place.round, place.expert) == (1, "muffin")
    assert content.split("\n")[0] in raw.split("\n")[place.line - 1]
    assert content in "\n".join(raw.split("\n")[place.line - 1 :])


def test_words_are_looked_for_where_they_were_said() -> None:
    """Only the contributors' responses of the entity's own round count; other words stand nowhere."""
    said = an_utterance("# Head\n\nSome words.")
    one = an_entity(contributors=["muffin", "scone"])
    assert places(one, [said]) == [Place(round=1, expert="muffin", line=3)]
    both = places(one, [said, an_utterance("Some words.", "scone")])
    assert [(place.expert, place.line) for place in both] == [("muffin", 3), ("scone", 1)]
    assert places(one, [an_utterance("Some words.", round_=0), an_utterance("Some words.", "donut")]) == []
    assert places(one, [an_utterance(None), an_utterance("Other words.")]) == []
    assert places(an_entity(content="  "), [said]) == []


def test_an_entity_shows_references_both_ways_and_its_life() -> None:
    """Who refers to it, to what it refers, which moves name it and what happened to it are all told."""
    one, other = an_entity(), an_entity(seq=2, label="Another", local_ids=["MUFFIN-P0102"])

    def ref(source: str, target: str, seq: int) -> model.Ref:
        return model.Ref(
            dialogue_id="d", round=1, seq=seq, source_id=source, ref_type="support", target_id=target, created_at=TIME
        )

    event = model.Event(
        dialogue_id="d",
        kind="P",
        round=1,
        seq=1,
        event_seq=1,
        type="conceded",
        event_round=2,
        actors=["scone", "judge"],
        reason="it was too much",
        disposition="narrowed",
        created_at=TIME,
    )
    move = model.Move(
        dialogue_id="d",
        round=1,
        expert_slug="scone",
        seq=1,
        move_type="challenge",
        targets=["P0101"],
        created_at=TIME,
    )
    refs = [ref("P0101", "@scone", 1), ref("P0102", "P0101", 2)]
    record = a_record([one, other], refs=refs, events=[event], moves=[move])
    shown = list(plain_lines(entity(entity_whole(record, one))))
    assert "support\t@scone\t\t–" in shown
    assert "support\tP0102\tAnother\t–" in shown
    assert "1\tchallenge\tScone\t–" in shown
    assert "2\tconceded (narrowed)\tScone, the Judge\t–\t–\tit was too much" in shown
    assert shown[-1].startswith("No response that the record has holds these words")


def test_a_filter_that_nothing_fits_is_no_empty_store() -> None:
    """How many there are is told; without any, how to begin."""
    none = DialogueListed(dialogues=[], total=0)
    assert list(plain_lines(dialogue_list(none, 3))) == ["None of the 3 dialogues here fits; 'hansard list' shows all."]
    assert next(plain_lines(dialogue_list(none))).startswith("No dialogues here yet.")


def test_the_verdict_stands_before_dissent() -> None:
    """At a glance the final verdict comes first, whatever the order of the ids."""

    def verdict(seq: int, name: str, kind: Any) -> model.Verdict:
        return model.Verdict(
            dialogue_id="d",
            seq=seq,
            verdict_id=name,
            verdict_type=kind,
            round=1,
            recommendation=name,
            description="words",
            created_at=TIME,
        )

    from hansard.dialogue.answers import Progress

    record = a_record([], verdicts=[verdict(1, "a", "dissent"), verdict(2, "b", "minority"), verdict(3, "z", "final")])
    progress = Progress(
        dialogue_id="d",
        title="Title",
        status="open",
        current_round=0,
        total_rounds=0,
        rounds=[],
        scores=[],
        score_velocity=None,
        velocity=None,
        open_tensions=[],
        resolved_tensions=[],
        active_experts=[],
        leaderboard=[],
        converging=False,
        estimated_rounds=None,
        blockers=[],
        gate=None,
        judge_claims=[],
    )
    shown = [text for text in plain_lines(glance(record, progress)) if text.startswith("Verdict ")]
    assert shown == ["Verdict z", "Verdict b", "Verdict a"]


def test_every_item_that_a_search_can_name_is_shown() -> None:
    """Whatever is in the search index and is no entity has its words shown whole, for people and for programs."""
    round_ = model.Round(
        dialogue_id="d", round=1, title="Second", summary="What was said.", status="completed", created_at=TIME
    )
    verdict = model.Verdict(
        dialogue_id="d",
        verdict_id="Final",
        seq=1,
        verdict_type="final",
        round=1,
        recommendation="Do it.",
        description="Because it holds.",
        conditions=["it rains"],
        what_would_change="A flood. " * 60,
        created_at=TIME,
    )
    expert = model.Expert(
        dialogue_id="d", slug="jurgen", name="Jürgen", role="Pilot", source="pool", color="#000000", created_at=TIME
    )
    said = an_utterance("# Head\n\nSome words.", "jurgen")
    one = an_entity(contributors=["jurgen"])
    record = a_record([one], rounds=[round_], utterances=[said], verdicts=[verdict], experts=[expert])
    found = items(record)
    named = indexed_words(record)
    assert found.keys() == named.keys() - {one.id}
    for name, row in found.items():
        text = "\n".join(plain_lines(item(record, row)))
        for words in "\n\n".join(named[name]).split("\n\n"):
            assert " ".join(words.split()) in " ".join(text.split()), name
            assert words.strip() in str(item_plain(record, row)).replace("\\n", "\n"), name
    assert next(plain_lines(item(record, said))) == "Jürgen in round 1"
    whole = " ".join(" ".join(plain_lines(item(record, verdict))).split())
    assert ("A flood. " * 60).strip() in whole
    assert "on condition: it rains" in whole


def test_warnings_of_an_export_are_counted_unless_they_are_asked_for() -> None:
    """One line says how many there are and where they stand; asked for more, each is told."""
    warnings = [Warned(type="x", message=f"something {number}") for number in range(16)]
    answer = DialogueExported(path="/x.json", stats=None, warnings=warnings, digest=None, head=None)
    short = list(plain_lines(exported(answer)))
    assert len(short) == 2
    assert "16 things that a reader of the record should know" in short[1]
    assert "dialogue.json" in short[1]
    assert sum("something" in line for line in plain_lines(exported(answer, whole=True))) == 16
    assert len(list(plain_lines(exported(answer.model_copy(update={"warnings": []}))))) == 1


def test_names_are_shown_as_they_are_written() -> None:
    """At a glance and in an entity a name has the letters that its owner gives it."""
    expert = model.Expert(
        dialogue_id="d", slug="jurgen", name="Jürgen", role="Pilot", source="pool", color="#000000", created_at=TIME
    )
    record = a_record([an_entity(kind="T", contributors=["jurgen", "scone"])], experts=[expert])
    shown = "\n".join(plain_lines(glance(record, progress(record))))
    assert "Jürgen, Scone" in shown
    assert "Jurgen" not in shown
    assert "Jürgen, Scone" in "\n".join(plain_lines(entity(entity_whole(record, record.entities[0]))))
