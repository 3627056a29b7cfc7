"""A Judge's commands on real processes: context, prompts, a dialogue's life, what is known over all dialogues."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hansard.dialogue.requests import DialoguePrompts
from hansard.kernel.shapes import shaped
from hansard.surfaces.cli import exits
from tests.acceptance.program import Run, hansard
from tests.conftest import ROOT

EXAMPLE = ROOT / "src" / "hansard" / "examples" / "2026-09-14T0900Z-ledger-write-path"
ID = "ledger-write-path"


def at(home: Path, *arguments: str | Path) -> Run:
    """A run in a home that must have ended well."""
    done = hansard(*arguments, "--home", home)
    assert done.code == 0, done.err
    return done


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the shipped example."""
    at(tmp_path / "home", "import", EXAMPLE)
    return tmp_path / "home"


@pytest.mark.slow
def test_a_judge_gets_contexts_and_prompts(home: Path) -> None:
    """On screen, as JSON whole, and as files in the dialogue's folder."""
    shown = at(home, "context", ID)
    assert "context of round 3" in shown.out
    whole = at(home, "context", ID, "--json").json
    assert len(whole["prior_rounds"]) == 3
    assert f"about {whole['tokens']:,} tokens" in shown.out
    tight = at(home, "context", ID, "--json", "--budget", "5000", "--expert", "Scone").json
    assert list(tight["experts"]) == ["scone"]
    two = at(home, "context", ID, "--json", "--expert", "Scone, eclair").json
    assert sorted(two["experts"]) == ["eclair", "scone"]
    assert any("5000 tokens" in note for note in tight["notes"])
    filed = at(home, "context", ID, "--files", "--json").json
    assert (Path(filed["folder"]) / filed["file"]["path"]).stat().st_size == filed["file"]["size"]
    assert at(home, "prompts", ID, "--expert", "scone", "--round", "1").out.count("# Dialogue: Ledger") == 1
    written = at(home, "prompts", ID, "--write", "--json").json
    for one in written["prompts"]:
        assert (home / "dialogues" / ID / one["prompt_file"]["path"]).read_text().startswith("# Dialogue: ")
    assert at(home, "verify", ID).code == 0


@pytest.mark.slow
def test_a_dialogue_is_tagged_reopened_and_given_up(home: Path) -> None:
    """Each step is shown, found by, exported, and verifies; one that cannot be taken ends with its exit code."""
    assert "Tags: ledger risk" in at(home, "tag", ID, "ledger", "risk").out
    assert ID in at(home, "list", "--tag", "RISK").out
    assert ID not in at(home, "list", "--tag", "risk", "--status", "open").out
    assert "Status: open" in at(home, "reopen", ID, "--reason", "More is known.").out
    again = hansard("reopen", ID, "--reason", "Again.", "--home", home)
    assert again.code == exits.BY_KIND["conflict"]
    assert "nothing closed it" in again.err
    at(home, "abandon", ID, "--reason", "No money.", "--by", "judge")
    at(home, "tag", ID, "--remove", "risk")
    life = at(home, "show", ID).out
    for words in ("tagged +ledger +risk", "reopened", "More is known.", "abandoned", "No money.", "tagged −risk"):
        assert words in life, words
    minutes = at(home, "minutes", ID).out
    assert minutes.index("**Abandoned on") < minutes.index("## Verdict")
    file = home / "out.json"
    at(home, "export", ID, "-o", file)
    assert [one["type"] for one in json.loads(file.read_text())["dialogueEvents"]] == [
        "tagged", "reopened", "abandoned", "tagged",
    ]  # fmt: skip
    at(home, "verify", file)
    assert at(home.parent / "other", "import", file).code == 0
    assert "No money." in at(home.parent / "other", "show", ID).out


@pytest.mark.slow
def test_a_step_takes_the_beginning_of_an_id_and_latest(home: Path) -> None:
    """What the help of the commands promises; a call that writes still wants the whole id."""
    for named in ("latest", "ledg"):
        assert f"{ID} was tagged." in at(home, "tag", named, named).out
    assert f"{ID} was reopened." in at(home, "reopen", "ledg", "--reason", "More is known.").out
    again = hansard("reopen", "latest", "--reason", "Again.", "--home", home)
    assert "'hansard call dialogue_update_status'" in again.err
    assert f"{ID} was abandoned." in at(home, "abandon", "latest", "--reason", "No money.").out
    called = hansard(
        "call", "dialogue_reopen", '{"dialogue_id": "latest", "reason": "x", "by": ["user"]}', "--home", home
    )
    assert called.code == exits.BY_KIND["not_found"]


@pytest.mark.slow
def test_a_list_without_hits_tells_how_many_there_are(home: Path) -> None:
    """A filter that nothing fits is no empty store."""
    assert "The one dialogue here does not fit" in at(home, "list", "--tag", "nowhere").out


@pytest.mark.slow
def test_a_pipe_gets_the_prompt_alone(home: Path) -> None:
    """Notes, names and lengths go to stderr."""
    piped = at(home, "prompts", ID, "--expert", "muffin")
    given = at(home, "prompts", ID, "--expert", "muffin", "--json").json["prompts"][0]["prompt"]
    assert piped.out.split() == given.split()
    assert piped.out.startswith("# Dialogue: ")
    assert "Muffin, the whole prompt: about" in piped.err
    assert "No panel is seated" in piped.err


@pytest.mark.slow
def test_what_is_known_over_all_dialogues(home: Path) -> None:
    """Similar ones by words, never itself; statistics over all and over a tag."""
    assert ID in at(home, "similar", "restore", "primary").out
    assert ID not in at(home, "similar", "--to", ID).out
    assert at(home, "similar", "%").out.startswith("No other dialogue")
    told = at(home, "stats", "--json").json
    assert (told["dialogues"], told["entities"]["perspectives"]["total"]) == (1, 23)
    assert "0 dialogues tagged nothing" in at(home, "stats", "--tag", "nothing").out


def test_the_requests_that_the_page_shows_are_requests() -> None:
    """Each JSON object of docs/prompts.md has the shape of the operation."""
    found = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "prompts.md").read_text(), re.DOTALL)
    assert found
    for text in found:
        assert shaped(DialoguePrompts, json.loads(text)).words
