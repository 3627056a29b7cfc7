"""Findings in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.custody.naming import FIELD_WORDS, REMEDIES, contributors, difference, field_words, named, remedy
from hansard.database.tables import record_tables
from hansard.dialogue.tables import ROWS

KEYS: dict[str, tuple[Any, ...]] = {
    "checkpoints": (1,),
    "tokens": ("ci",),
    "dialogues": ("d",),
    "experts": ("d", "muffin"),
    "panel_members": ("d", 1, "muffin"),
    "rounds": ("d", 1),
    "utterances": ("d", 1, "muffin"),
    "entities": ("d", "P", 1, 2),
    "events": ("d", "T", 0, 1, 3),
    "refs": ("d", 1, 4),
    "moves": ("d", 1, "muffin", 2),
    "stances": ("d", 2, "muffin"),
    "verdicts": ("d", "final"),
    "judge_claims": ("d", 7),
    "documents": ("d", "scoreboard.md"),
    "dialogue_events": ("d", 2),
    "exhibits": ("d", 3),
    "watches": ("d", "final", 2),
    "domains": ("FID",),
    "rules": ("PR0001",),
    "ethos": ("e-001",),
    "ethos_conflicts": ("e-001", 1),
}


@pytest.mark.parametrize(
    ("table", "cells", "words"),
    [
        ("dialogues", {}, "dialogue 'd'"),
        ("experts", {}, "the expert Muffin"),
        ("panel_members", {}, "Muffin's seat at the panel of round 1"),
        ("rounds", {}, "round 1"),
        ("utterances", {}, "Muffin's response (round 1)"),
        ("entities", {"contributors": '["muffin","kouign-amann"]'}, "P0102 (Muffin and Kouign-Amann, round 1)"),
        ("entities", {"contributors": "broken", "local_ids": '["SCONE-P0101"]'}, "P0102 (Scone, round 1)"),
        ("entities", {}, "P0102 (round 1)"),
        ("events", {"type": "resolved", "actors": '["judge"]'}, "event 3 of T0001 (resolved, by the Judge)"),
        (
            "refs",
            {"source_id": "P0101", "ref_type": "support", "target_id": "R0001"},
            "reference 4 of round 1 (P0101 support R0001)",
        ),
        ("moves", {"move_type": "concede"}, "Muffin's move 2 of round 1 (concede)"),
        ("stances", {}, "Muffin's stance in round 2"),
        ("verdicts", {"author_expert": "scone"}, "verdict 'final' (Scone)"),
        ("judge_claims", {"item": "velocity", "subject": "round"}, "the judge's claim 7 (velocity of round)"),
        (
            "dialogue_events",
            {"type": "reopened", "actors": '["user"]'},
            "event 2 of the dialogue (reopened, by the user)",
        ),
        ("documents", {}, "the judge's file 'scoreboard.md'"),
        ("exhibits", {"kind": "memory_query"}, "exhibit X0003 (memory query)"),
        ("exhibits", {"kind": b"x"}, "exhibit X0003"),
        ("watches", {}, "watched condition 2 of verdict 'final'"),
        ("rules", {}, "the rule 'PR0001'"),
        ("ethos_conflicts", {}, "conflict 1 of the ethos 'e-001'"),
    ],
)
def test_each_row_has_its_words(table: str, cells: dict[str, Any], words: str) -> None:
    """Whose utterance, which id, which round: what a person calls the row."""
    assert named(table, KEYS[table], cells).where() == words


def test_every_table_of_dialogues_is_named() -> None:
    """No table of the record is told by its name and key alone."""
    for table in record_tables():
        if table != "texts":
            assert table in KEYS
            assert table not in named(table, KEYS[table]).where() or table in ("dialogues", "ethos")
    assert {table.name for table in ROWS.values()} <= set(KEYS)


@given(
    st.sampled_from(sorted(KEYS)),
    st.dictionaries(
        st.sampled_from(["contributors", "actors", "type", "source_id", "ref_type", "target_id", "local_ids", "round"]),
        st.none() | st.integers() | st.text() | st.binary() | st.floats(),
    ),
)
def test_cells_may_hold_anything(table: str, cells: dict[str, Any]) -> None:
    """Whoever altered a row did not ask what can be named; a name is given all the same."""
    assert named(table, KEYS[table], cells).where()


def test_a_path_stands_with_the_other_facts() -> None:
    """The place in a file is told in the same brackets."""
    name = named("entities", KEYS["entities"], {"contributors": '["muffin"]'})
    assert name.where("perspectives[1].content") == "P0102 (Muffin, round 1, perspectives[1].content)"
    assert named("rounds", KEYS["rounds"]).where("rounds[1].score") == "round 1 (rounds[1].score)"


def test_contributors_are_told_from_local_ids_where_they_are_gone() -> None:
    """The list itself comes first."""
    assert contributors({"contributors": '["a"]', "local_ids": '["SCONE-P0101"]'}) == ["a"]
    assert contributors({"contributors": None, "local_ids": '["SCONE-P0101","MUFFIN-P0102"]'}) == ["muffin", "scone"]
    assert contributors({"contributors": b"\xff"}) == []


def test_every_finding_has_a_remedy() -> None:
    """A code without words of its own still says what to do next."""
    for code in [*REMEDIES, "entry_altered", "chain_broken", "counter_differs", "something_new"]:
        assert remedy(code).endswith(".")


def test_fields_are_called_by_their_words() -> None:
    """Known columns have words; others are called by their name."""
    assert field_words("content") == FIELD_WORDS["content"] == "the words"
    assert field_words("panel_size") == "panel size"


@pytest.mark.parametrize(
    ("said", "found", "first", "second"),
    [
        ("in nine minutes", "in five minutes", "in nine minutes", "in five minutes"),
        ("a", "b", "a", "b"),
        ("same words here", "same words", "same words here", "same words"),
        ("", "new", "", "new"),
    ],
)
def test_a_difference_is_shown_in_whole_words(said: str, found: str, first: str, second: str) -> None:
    """Short texts are shown whole."""
    assert difference(said, found) == (first, second)


@pytest.mark.parametrize(("said", "found"), [("a b", "a  b"), ("a b", "a\tb"), ("a\nb", "a b")])
def test_a_difference_in_white_space_can_be_seen(said: str, found: str) -> None:
    """What would look alike on one line is spelt."""
    first, second = difference(said, found)
    assert first != second


@given(st.text(), st.text(), st.text(max_size=20), st.text(max_size=20))
def test_a_difference_shows_both_sides(before: str, after: str, said: str, found: str) -> None:
    """What differs is in what is shown, and what is shown stays short."""
    first, second = difference(before + said + after, before + found + after)
    assert len(first) < 200
    assert len(second) < 200
    if said.split() != found.split() and "".join(said.split()) != "".join(found.split()):
        assert first != second


def test_a_long_text_is_cut_around_the_difference() -> None:
    """A reader sees the forgery with a few words on each side."""
    text = "word " * 200 + "nine minutes, six inside the limit. " + "word " * 200
    said, found = difference(text, text.replace("nine", "five"))
    assert "nine minutes" in said
    assert "five minutes" in found
    assert said.startswith("… ")
    assert said.endswith(" …")
    assert len(said) < 120
