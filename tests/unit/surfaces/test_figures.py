"""Computed figures beside what the Judge claimed."""

from __future__ import annotations

from typing import Any

from hansard.dialogue.answers import RoundFigures
from hansard.surfaces.render.figures import difference_note, differing, figures
from hansard.surfaces.render.plain import plain_lines


def round_figures(number: int, **changes: Any) -> RoundFigures:
    """A round in figures."""
    given = {
        "round": number,
        "score": 100,
        "open_tensions": 2,
        "new_perspectives": 3,
        "velocity": 5,
        "score_velocity": None,
        "panel": 6,
        "agreed": 4,
        "abstained": 0,
        "settled": 0,
        "converge_percent": 66,
    }
    return RoundFigures(**{**given, **changes})


def claim(number: int, item: str, claimed: str, computed: str) -> dict[str, Any]:
    """What the Judge stated, beside what was computed."""
    return {
        "round": number,
        "item": item,
        "claimed": claimed,
        "computed": computed,
        "differs": claimed != computed,
        "source": "scoreboard.md:7",
    }


def test_a_claim_stands_beside_its_figure() -> None:
    """A figure that was claimed has a column for the claim, with a sign where the record does not bear it out."""
    claims = [claim(0, "velocity", "5", "5"), claim(1, "velocity", "0", "5"), claim(1, "converge_percent", "100", "66")]
    shown = list(plain_lines([figures([round_figures(0), round_figures(1)], claims)]))
    assert shown == [
        "Round\tScore\tOpen\tNew\tVelocity\tclaimed\tConverged\tclaimed",
        "0\t100\t2\t3\t5\t5\t66 %\t–",
        "1\t100\t2\t3\t5\t≠ 0\t66 %\t≠ 100",
    ]


def test_without_claims_there_are_no_columns_for_them() -> None:
    """Where the Judge claimed nothing the table has the computed figures alone."""
    (head, row) = plain_lines([figures([round_figures(0, score=None)], [])])
    assert head == "Round\tScore\tOpen\tNew\tVelocity\tConverged"
    assert row == "0\t–\t2\t3\t5\t66 %"


def test_differences_are_counted_in_a_sentence() -> None:
    """The note counts the claims that the record does not bear out, and says nothing where there are none."""
    wrong = claim(1, "velocity", "0", "5")
    right = claim(0, "velocity", "5", "5")
    assert [one.item for one in differing([right, wrong])] == ["velocity"]
    (note,) = plain_lines(difference_note([right, wrong]))
    assert "1 claim that the Judge recorded" in note
    assert difference_note([right]) == []
