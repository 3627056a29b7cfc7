"""Lint: what an expert is told to mend."""

from __future__ import annotations

import pytest

from hansard.markers import Target, lint

from .samples import read


def told(text: str, expert: str = "muffin") -> list[str]:
    """The codes that lint tells about a text."""
    return [note.code for note in lint(read(text, expert))]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[MUFFIN-P0101: a]\n", "missing_body"),
        ("[DISSENT]\n", "missing_body"),
        ("[RE:ADDRESS P0001]\nx", "wrong_target_kind"),
        ("[RE:RESOLVE R0001]\nx", "wrong_target_kind"),
        ("[RE:REOPEN E0001]\nx", "wrong_target_kind"),
        ("[RE:REFINE P0001]\nx", "refine_without_source"),
        ("[MUFFIN-P0101: a]\nx\n[RE:REFINE R0001]\ny", "refine_kind_mismatch"),
        ("[MUFFIN-P0101: a]\nx\n[RE:SUPPORT MUFFIN-P0101]\ny", "self_reference"),
        ("[RE:SUPPORT CUPCAKE-P0001]\nx", "local_id_of_other_round"),
        ("[RE:SUPPORT MUFFIN-P0109]\nx", "unknown_target"),
        ("[MUFFIN-S0101: CONDITIONAL | 0.9]", "missing_condition"),
        ("[MUFFIN-S0101: ABSTAIN]", "missing_cause"),
        ("[VERDICT:FINAL]\nx", "verdict_not_the_judges"),
        ("[PERSPECTIVE P01: a", "unclosed_marker"),
        ("[ANNEX X0001]", "unknown_marker"),
    ],
)
def test_what_is_wrong_is_told(text: str, code: str) -> None:
    """One thing at a time, with its place and what to do about it."""
    (note,) = lint(read(text))
    assert note.code == code
    assert note.remedy
    assert (note.line, note.column) == (text[: note.span.start].count("\n") + 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "[MUFFIN-P0101: a]\nx\n[RE:REFINE P0001]\ny\n[RE:ADDRESS T0001]\nz\n[RE:SUPPORT CUPCAKE-P0101]\nw",
        "[MUFFIN-P0101: a]\nx\n[RE:DEPEND MUFFIN-P0102]\n[MUFFIN-P0102: b]\ny",
        "[RE:QUESTION @cupcake]\nwhy\n[MOVE:CONVERGE]",
        "[MUFFIN-S0101: CONDITIONAL | 0.9]\nif so\n[MUFFIN-P0101: a]\nx",
        "[MINORITY VERDICT: a]\n**Recommendation:** wait\n**What would change it:** a drill",
    ],
)
def test_what_is_right_is_left_alone(text: str) -> None:
    """No words about a good response."""
    assert told(text) == []


def test_a_minority_verdict_must_say_what_it_wants_and_what_would_change_it() -> None:
    """One word for each field that is missing."""
    notes = lint(read("[MINORITY VERDICT: a]\nwords"))
    assert [note.code for note in notes] == ["missing_field", "missing_field"]
    assert "**What would change it:**" in notes[1].remedy


def test_the_judge_may_give_verdicts() -> None:
    """They are the Judge's."""
    assert told("[VERDICT:FINAL]\nx", "judge") == []


def test_whether_a_target_is_known_is_asked_of_the_caller() -> None:
    """For all but the response's own local ids, which it knows itself."""
    asked: list[str] = []

    def known(target: Target) -> bool:
        asked.append(target.id)
        return target.id == "P0001"

    text = "[MUFFIN-P0101: a]\nx\n[RE:SUPPORT P0001, P0002]\ny\n[RESOLVED T07]\nz\n[MOVE:DEFEND MUFFIN-P0101]\nw"
    notes = lint(read(text), known)
    assert asked == ["P0001", "P0002", "T07"]
    assert [(note.code, note.line) for note in notes] == [("unknown_target", 3), ("unknown_target", 5)]


def test_notes_of_the_reader_are_not_repeated_as_faults() -> None:
    """A quotation or a repeat is nothing to mend."""
    assert told("> [MOVE:CONVERGE]\n\n[MUFFIN-P0101: a]\nx\n- [MUFFIN-P0101: a]\n") == []


def test_faults_come_in_the_order_of_the_text() -> None:
    """Those of the reader and those of lint together."""
    text = "[MUFFIN-P0101: a]\n[RE:ENDORSE P0001]\nx\n[RE:RESOLVE P0001]\ny\n[MOVE:DANCE]\nz"
    assert told(text) == ["missing_body", "unknown_reference_type", "wrong_target_kind", "unknown_move"]
