"""The commands of calibration and standing: how conflicts are written, and what is shown."""

from __future__ import annotations

from typing import Any

import pytest

from hansard.dialogue.calibration.answers import ConflictTold, EthosTold
from hansard.dialogue.exhibits.answers import Changed, RestsOn, StandingTold, VerdictStanding, Watched
from hansard.kernel.errors import HansardError
from hansard.surfaces.cli.commands.calibration import _conflict
from hansard.surfaces.render.calibration import ethos
from hansard.surfaces.render.plain import plain_lines
from hansard.surfaces.render.standing import standing


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("cn01:CN02", ("CN01", "CN02", None, None)),
        ("CN01:CN02:a_supersedes", ("CN01", "CN02", "a_supersedes", None)),
        ("CN01:CN02:merged=At most: five = all", ("CN01", "CN02", "merged", "At most: five = all")),
    ],
)
def test_a_conflict_is_written_in_one_word(text: str, wanted: tuple[str | None, ...]) -> None:
    """Two ids, what is decided, and the words of a merger, which may hold any sign."""
    made = _conflict("ambiguity", text)
    assert (made["a"], made["b"], made["resolution"], made["merged_text"]) == wanted
    assert made["kind"] == "ambiguity"


@pytest.mark.parametrize("text", ["", "CN01", "CN01:", ":CN02", "CN01:CN02:"])
def test_what_names_no_two_rules_is_refused(text: str) -> None:
    """The message shows how it is written."""
    with pytest.raises(HansardError, match="names no two rules") as told:
        _conflict("contradiction", text)
    assert "--contradiction CN01:CN02" in (told.value.suggestion or "")


def test_a_trial_shows_what_nothing_resolves() -> None:
    """An ethos that was only tried says so, and names each open conflict."""
    open_ = ConflictTold(rule_a="CN01", rule_b="CN02", kind="contradiction")
    answer = EthosTold(
        ethos_id=None, title="T", domain_id="FID", domain="F", rules=[], digest="0", conflicts=[], unresolved=[open_],
        prompt_injection="",
    )  # fmt: skip
    shown = list(plain_lines(ethos(answer)))
    assert "T (a trial; nothing was written)" in shown
    assert any("CN01 and CN02 (contradiction)" in line for line in shown)


def test_a_standing_shows_every_reason() -> None:
    """What changed, what is watched and what nobody looked into, each on a line."""
    told: dict[str, Any] = {
        "verdict_id": "final",
        "verdict_type": "final",
        "standing": "stale",
        "changed": [Changed(what="exhibit", id="X0001", was="a" * 64, now="b" * 64, why="it holds something else")],
        "watched": [Watched(condition="C", kind="gate", reference={"gate": "age"}, state="not_checked")],
        "rests_on": RestsOn(exhibits=["X0001"], ethos="ethos-a-001"),
        "not_checked": ["gate 'age': no gate can be asked yet"],
    }
    answer = StandingTold(
        dialogue_id="d", title="T", on="2026-06-01", standing="stale", verdicts=[VerdictStanding(**told)]
    )
    shown = "\n".join(plain_lines(standing(answer)))
    assert "Standing: stale" in shown
    assert "exhibit X0001 was aaaaaaaaaaaa…, is bbbbbbbbbbbb…: it holds something else" in shown
    assert "watched: C (gate age): nobody looked into it" in shown
    assert "not looked into: gate 'age'" in shown
    assert "Rests on: X0001 ethos-a-001" in shown
