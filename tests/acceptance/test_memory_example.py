"""The second shipped example: its figures are those of its windows, and its evidence can be asked again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hansard import Hansard
from hansard.memory.generator import m456
from hansard.memory.memory import Memory
from hansard.surfaces.cli.commands.demo import Example, example_folder
from tests.acceptance.program import hansard

FOLDER = example_folder(Example.M456)


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    """The example's windows."""
    folder = tmp_path_factory.mktemp("windows")
    with Memory.open(folder) as opened:
        opened.ingest(m456())
    return Memory.read(folder)


def text(name: str) -> str:
    """A file of the example on one line."""
    return " ".join((FOLDER / name).read_text(encoding="utf-8").split())


def count(memory: Memory, found: str) -> int:
    """How many records a filter finds."""
    return memory.query(found).count()


def test_the_figures_of_the_example_are_those_of_its_windows(memory: Memory) -> None:
    """Each number that the experts and the verdict quote is what the memory tells."""
    match = 'match_id == "M456"'
    high, whole, bots = memory.query(f"{match} and not success"), memory.query(match), memory.query("is_baseline_bot")
    lossy = "context.telemetry.packet_loss_pct > 0"
    below = count(memory, f"{match} and success and {lossy}")
    above = count(memory, f"{match} and not success and {lossy}")
    assert (high.count(), whole.count(), bots.count(), len(memory)) == (267, 1000, 4000, 6000)
    bot_highs = count(memory, "is_baseline_bot and not success")
    assert (bot_highs, count(memory, 'match_id == "M451" and not success'), above, below) == (71, 17, 29, 63)
    telemetry, controls, line = text("round-0/tiramisu.md"), text("round-0/brownie.md"), text("round-1/churro.md")
    sums, ordinary = high.statistics(), bots.statistics()
    assert ordinary.variance is not None
    for where, words in (
        (telemetry, f"{high.count()} of its 1,000 windows"),
        (telemetry, f"mean is {sums.mean:.3f} and the highest {sums.largest:.3f}"),
        (telemetry, f"mean of the whole match is {whole.statistics().mean:.3f}"),
        (controls, f"{bot_highs} of their 4,000 windows are above the threshold, {bot_highs / 40:.1f} %"),
        (controls, f"mean is {ordinary.mean:.3f}, the standard deviation {ordinary.variance**0.5:.3f}"),
        (controls, f"the highest score {ordinary.largest:.3f}"),
        (controls, f"there are {count(memory, f'{match} and eomm_score > 0.6')} such windows in 1,000"),
        (line, f"{above} lost packets, {above / 2.67:.1f} %. Of the 733 others {below} did, {below / 7.33:.1f} %"),
        (text("verdict.md"), f"{above} of the 267 high windows lost packets, and {below} of the 733 others"),
        (text("verdict.md"), f"against {bot_highs} of 4,000 among baseline bots and 17 of 1,000 in a quiet match"),
    ):
        assert words in where
    assert count(memory, "is_baseline_bot and eomm_score > 0.6") == 1
    gap = memory.query().composite_gap({})
    assert gap is not None
    assert gap < 0.00005, "the score is the mean of the operators, to the fourth decimal"


def test_the_stretches_are_as_told(memory: Memory) -> None:
    """Ten of 25 windows, the first after 30 seconds, 40 seconds apart; none in a control match; 17 windows besides."""
    match = memory.query('match_id == "M456"')
    found = match.bursts("eomm_score", threshold=0.5, min_length=5, max_gap=0.9)
    assert [burst.count for burst in found] == [25] * 10
    begun = min(match.column("timestamp"))
    assert [round(burst.start - begun, 3) for burst in found] == [30.0 + 40 * n for n in range(10)]
    assert match.statistics().count - 250 == 750
    assert count(memory, 'match_id == "M456" and not success') - 250 == 17
    for control in ("M451", "M452", "M453", "M454", "M455"):
        query = memory.query(f'match_id == "{control}"')
        assert not query.bursts("eomm_score", threshold=0.5, min_length=5, max_gap=0.9)


def test_every_exhibit_is_asked_again(tmp_path: Path) -> None:
    """In a home with the windows each is as it was pinned, evidence cites it, and the verdict stands on all of them."""
    with Hansard(tmp_path) as record:
        record.call("memory_generate", {"scenario": "m456"})
        imported = record.call("dialogue_import", {"path": str(FOLDER)})
        listed = record.call("exhibit_list", {"dialogue_id": imported.dialogue_id}).exhibits
        standing = record.call("dialogue_standing", {"dialogue_id": imported.dialogue_id})
        verified = record.call("verify", {"all": True})
    stated: list[dict[str, Any]] = json.loads((FOLDER / "exhibits.json").read_text(encoding="utf-8"))["exhibits"]
    assert [(one.id, one.digest, one.reference) for one in listed] == [
        (one["id"], one["digest"], one["reference"]) for one in stated
    ]
    assert {one.state for one in listed} == {"as_pinned"}
    assert all(one.cited_by for one in listed)
    assert imported.diagnostics == []
    assert not [claim for claim in imported.claims_compared if claim.differs]
    assert (standing.standing, len(standing.verdicts[0].rests_on.exhibits)) == ("stands", len(stated))
    assert verified.ok
    assert not [note for note in verified.notes if "not checked" in note]


def test_a_home_without_the_windows_says_so(tmp_path: Path) -> None:
    """What nobody can ask is told as not checked, never as good and never as altered."""
    with Hansard(tmp_path) as record:
        imported = record.call("dialogue_import", {"path": str(FOLDER)})
        listed = record.call("exhibit_list", {"dialogue_id": imported.dialogue_id}).exhibits
        assert {one.state for one in listed} == {"not_checked"}
        record.call("memory_generate", {"count": 50})
        listed = record.call("exhibit_list", {"dialogue_id": imported.dialogue_id}).exhibits
        assert {one.state for one in listed} == {"not_checked"}
        assert record.call("verify", {"all": True}).ok


@pytest.mark.slow
def test_the_demo_asks_again_and_finds_the_forged_score(tmp_path: Path) -> None:
    """The queries give what was pinned; in a copy with one other score verify names the exhibits, and ends with 0."""
    home = tmp_path / "home"
    done = hansard("demo", "--example", "m456", "--keep", home)
    assert done.code == 0, done.err
    assert "267 records of" in done.out
    assert "10 stretches of 25 windows, 40 seconds" in done.out
    assert re.search(r"exhibit X0002 \(memory query\)\s+\(exhibit_altered\)", done.out)
    assert hansard("verify", "--all", "--home", home).code == 0
    assert hansard("memory", "verify", "--home", home / "forged").code == 1
