"""Other formats through the program: out of one home, into another, and what the commands refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from hansard.surfaces.cli import exits
from tests.acceptance.program import Run, hansard
from tests.conftest import ROOT

EXAMPLE: Final = ROOT / "src" / "hansard" / "examples" / "2026-09-14T0900Z-ledger-write-path"
ID: Final = "ledger-write-path"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the shipped example in it."""
    home = tmp_path_factory.mktemp("filled")
    assert at(home, "import", EXAMPLE).code == exits.OK
    return home


def at(home: Path, *arguments: str | Path) -> Run:
    """Run a command in this home."""
    return hansard(*arguments, variables={"HANSARD_HOME": str(home)})


@pytest.mark.parametrize("form", ["aif", "argdown"])
def test_an_argument_goes_from_home_to_home(filled: Path, tmp_path: Path, form: str) -> None:
    """Exported, imported elsewhere under its id, exported there: the argument is the same, statuses apart."""
    file = tmp_path / "one"
    assert at(filled, "export", "latest", "--format", form, "-o", file).code == exits.OK
    done = at(tmp_path / "home", "import", file, "--json")
    assert done.code == exits.OK, done
    (result,) = done.json["results"]
    assert (result["dialogue_id"], result["rounds"], result["experts"]) == (ID, 3, 7)
    assert [told["code"] for told in result["diagnostics"]] == ["argument_only"]
    assert at(tmp_path / "home", "verify", "--all").code == exits.OK
    again = at(tmp_path / "home", "import", file)
    assert "already in the record, unchanged" in again.out
    assert at(filled, "verify", ID, "--against", file).code == exits.OK


def test_a_decision_record_goes_to_standard_output(filled: Path) -> None:
    """``-o -`` gives text formats; its warnings go to stderr."""
    done = at(filled, "export", "latest", "--format", "adr", "-o", "-")
    assert done.code == exits.OK
    assert done.out.startswith("---\nstatus: accepted\n")
    assert "\n## Dissent\n" in done.out
    assert "things that a reader of the record should know" in done.err


def test_all_dialogues_become_tables(filled: Path, tmp_path: Path) -> None:
    """One folder, one file a table; the answer counts rows."""
    done = at(filled, "export", "--all", "--format", "parquet", "-o", tmp_path / "tables", "--json")
    assert done.code == exits.OK, done
    assert done.json["rows"]["dialogues"] == 1
    assert (tmp_path / "tables" / "entities.parquet").is_file()
    shown = at(filled, "export", "--all", "--format", "parquet", "-o", tmp_path / "tables")
    assert "1 dialogues" in shown.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["export"],
        ["export", "latest", "--all", "--format", "parquet", "-o", "x"],
        ["export", "--all"],
        ["export", "--all", "--format", "parquet"],
        ["export", "latest", "--format", "parquet", "-o", "-"],
        ["export", "latest", "--format", "pdf"],
    ],
)
def test_what_makes_no_sense_is_refused_with_the_remedy(filled: Path, arguments: list[str]) -> None:
    """Before anything is written."""
    done = at(filled, *arguments)
    assert done.code not in (exits.OK, exits.FOUND)
    assert done.err.strip()
    assert not Path("x").exists()


def test_a_conversation_of_models_is_imported(tmp_path: Path) -> None:
    """llm-council's file becomes rounds and a verdict whose gate is not met."""
    talk = {
        "id": "x",
        "created_at": "2025-11-22T10:00:00",
        "title": "Bread",
        "messages": [
            {"role": "user", "content": "Which?"},
            {
                "role": "assistant",
                "stage1": [{"model": "a/b", "response": "Rye."}],
                "stage2": [
                    {"model": "a/b", "ranking": "FINAL RANKING:\n1. Response A", "parsed_ranking": ["Response A"]}
                ],
                "stage3": {"model": "c/d", "response": "Rye."},
            },
        ],
    }
    file = tmp_path / "talk.json"
    file.write_text(json.dumps(talk))
    assert at(tmp_path / "home", "import", file).code == exits.OK
    minutes = at(tmp_path / "home", "minutes", "latest")
    assert "The convergence gate was not met" in minutes.out
    assert "Rye." in at(tmp_path / "home", "report", "latest").out
