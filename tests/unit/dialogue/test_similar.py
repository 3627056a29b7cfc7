"""Dialogues about the same matter, and what is counted over all of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.dialogue import similar
from tests.unit.dialogue.kit import PEOPLE, Room, converging, entity, everybody, ref, step


def found(room: Room, **query: Any) -> list[str]:
    """Ids of similar dialogues, the nearest first."""
    return [one.dialogue_id for one in room.call("similar", **query).dialogues]


def kilns(room: Room) -> tuple[str, str, str]:
    """Three dialogues: two about kilns, one about ships."""
    first = room.create("Which kiln for the pottery?", question="Gas or electric heat?")
    room.register(first, 0, tensions=[entity("MUFFIN-T0001", label="Colour against cost", description="Gas gives it.")])
    second = room.create("A second kiln", question="Do we need more heat?")
    room.register(second, 0, evidence=[entity("SCONE-E0001", label="Firings", content="Forty firings of the kiln.")])
    third = room.create("Ships", question="Sail or steam?")
    room.register(third, 0, perspectives=[entity("SCONE-P0001", label="Wind is free", content="100% of it's free.")])
    return first, second, third


def test_dialogues_are_found_by_any_of_the_words_the_rarer_the_better(room: Room) -> None:
    """Titles, questions, labels and contents; each dialogue once, with its best places and snippets."""
    first, second, third = kilns(room)
    answer = room.call("similar", words="kiln gas heat")
    assert [one.dialogue_id for one in answer.dialogues] == [first, second]
    assert [one.rank for one in answer.dialogues] == sorted(one.rank for one in answer.dialogues)
    best = answer.dialogues[0]
    assert (best.title, best.status) == ("Which kiln for the pottery?", "open")
    assert {place.item for place in best.places} == {"question", "T0001"}
    assert all("«" in place.snippet for place in best.places)
    assert found(room, words="steam") == [third]
    assert found(room, words="colour kiln", limit=1) == [first]


def test_a_dialogue_finds_its_like_and_never_itself(room: Room) -> None:
    """By its own title, question and labels."""
    first, second, third = kilns(room)
    assert found(room, dialogue_id=first) == [second]
    assert found(room, dialogue_id=third) == []
    assert room.table["dialogue_similar"].mark.aliases == ("find_similar_dialogues",)


@pytest.mark.parametrize("words", ["%", "'", '"', "_", "*", "NEAR(", "a OR b", "^", "-", "kiln% OR 1=1 --", '"kiln"'])
def test_signs_are_plain_text(room: Room, words: str) -> None:
    """Nothing in a query is an operator; what is no word finds nothing."""
    first, second, _ = kilns(room)
    assert set(found(room, words=words)) == ({first, second} if "kiln" in words else set())


@pytest.mark.parametrize(
    ("operation", "field", "text", "told"),
    [
        ("search", "query", "a " * 500_000, "1,000,000 characters; at most 2,000"),
        ("search", "query", "ab*" * 200_000, "600,000 characters; at most 2,000"),
        ("search", "query", " ".join(map(str, range(65))), "65 words; at most 64"),
        ("search", "query", "-".join(map(str, range(65))), "65 words; at most 64"),
        ("similar", "words", "word " * 300_000, "1,500,000 characters; at most 50,000"),
    ],
)
def test_a_query_too_long_to_be_answered_soon_is_refused(
    room: Room, operation: str, field: str, text: str, told: str
) -> None:
    """By its characters and by its words; what it says twice counts once."""
    fault = room.fault(operation, **{field: text})
    assert (fault.code, fault.field) == ("query_too_long", field)
    assert told in fault.message
    first, second, _ = kilns(room)
    assert {hit.dialogue_id for hit in room.call("search", query="kiln " * 300).hits} == {first, second}
    assert set(found(room, words="kiln " * 9_000)) == {first, second}


def test_words_or_a_dialogue_not_both_and_not_neither(room: Room) -> None:
    """One of the two says what is looked for."""
    first, _, _ = kilns(room)
    assert room.fault("similar").code == "missing_field"
    both = room.fault("similar", words="kiln", dialogue_id=first)
    assert (both.code, both.field) == ("invalid_field", "words")
    assert room.fault("similar", dialogue_id="nowhere").code == "dialogue_not_found"


@given(st.lists(st.text(max_size=80), max_size=20))
def test_words_are_each_taken_once_and_not_too_many(texts: list[str]) -> None:
    """Whatever a text holds, what is looked for is a short list of different words without signs."""
    words = similar.words_of(texts)
    assert len({word.casefold() for word in words}) <= len(words) <= similar.MOST_WORDS
    assert all(len(word) >= 3 and "_" not in word and word.isalnum() for word in words)


def test_statistics_count_all_dialogues_or_the_tagged(room: Room) -> None:
    """Statuses, kinds, averages, experts and rounds to a verdict, all reckoned here by hand."""
    empty = room.call("stats")
    assert (empty.dialogues, empty.averages.rounds_per_dialogue, empty.rounds_to_convergence.average) == (0, None, None)
    for number, tag in enumerate(["kiln", "ship"]):
        dialogue = room.create(f"Trial of {tag}", tags=[tag])
        for round_ in range(number + 1):
            local = f"MUFFIN-P{round_:02d}01"
            room.register(
                dialogue,
                round_,
                score=10,
                expert_scores={"muffin": 6 + number, "scone": 4},
                perspectives=[entity(local)],
                tensions=[entity(f"SCONE-T{round_:02d}01", references=[ref("depend", local)])],
                tension_updates=[step(f"SCONE-T{round_:02d}01", "resolved")],
                moves=converging(PEOPLE[:2]),
            )
        room.conclude(dialogue, number, votes=everybody())
    room.call("reopen", dialogue_id=dialogue, reason="More.", by=["user"])
    room.register(dialogue, 2, score=1)
    room.conclude(dialogue, 2, verdict_id="second", supersedes="final", votes=everybody())
    room.create("Nothing yet", tags=["kiln"])
    all_of_them = room.call("stats")
    assert (all_of_them.dialogues, all_of_them.rounds, all_of_them.total_alignment) == (3, 4, 31)
    assert all_of_them.statuses == {"converged": 2, "open": 1}
    assert all_of_them.entities["perspectives"].statuses == {"open": 3}
    assert all_of_them.entities["tensions"].statuses == {"resolved": 3}
    assert all_of_them.entities["claims"].total == 0
    assert (all_of_them.references, all_of_them.moves) == ({"depend": 3}, {"converge": 6})
    assert all_of_them.verdicts == {"final": 3}
    averages = all_of_them.averages
    assert (averages.rounds_per_dialogue, averages.entities_per_dialogue) == (1.33, 2.0)
    assert (averages.experts_per_dialogue, averages.alignment_per_round) == (4.0, 7.75)
    best = all_of_them.top_experts
    assert [(one.expert, one.total_score, one.rounds, one.dialogues) for one in best] == [
        ("muffin", 20, 3, 2), ("scone", 12, 3, 2),
    ]  # fmt: skip
    assert (best[0].roles, best[0].average_score) == (["Role 0"], 6.67)
    took = all_of_them.rounds_to_convergence
    assert (took.dialogues, took.average, took.least, took.most) == (2, 2.0, 1, 3)
    tagged = room.call("stats", tags=["KILN"], top=1)
    assert (tagged.dialogues, tagged.rounds, tagged.entities["perspectives"].total) == (2, 1, 1)
    assert len(tagged.top_experts) == 1
    assert room.call("stats", tags=["kiln", "ship"]).dialogues == 0
    assert room.table["dialogue_stats"].mark.aliases == ("get_cross_dialogue_stats",)
