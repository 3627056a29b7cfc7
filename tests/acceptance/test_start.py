"""docs/start.md does what it says: its commands are run as they stand, and what it shows is what they print."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.acceptance.program import PROGRAM, environment
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

DOCUMENT = ROOT / "docs" / "start.md"
BLOCK = re.compile(r"^```(sh|text|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Step(NamedTuple):
    """Commands of the document, and the lines that it shows after them."""

    commands: str
    shown: list[str]


def steps(document: str) -> list[Step]:
    """The document's commands, each block with what is shown after it."""
    found: list[Step] = []
    for kind, text in BLOCK.findall(document):
        if kind == "sh":
            found.append(Step(text, []))
        else:
            found[-1].shown.extend(line.strip() for line in text.splitlines() if line.strip() != "…")
    return found


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block of commands printed, run in one shell one after the other, as a reader does."""
    folder = tmp_path_factory.mktemp("reader")
    program = folder / "bin" / "hansard"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    script = "set -eu\n"
    for number, step in enumerate(steps(DOCUMENT.read_text(encoding="utf-8"))):
        script += f"exec > {folder}/out-{number} 2>&1\n{step.commands}\n"
    variables = environment(HANSARD_HOME=None)
    variables["PATH"] = f"{program.parent}:{variables['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=120
    )
    printed = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("out-*"), key=number_of)]
    assert done.returncode == 0, (done.stderr, printed[-1])
    return printed


def number_of(file: Path) -> int:
    """The number in the name of an output file."""
    return int(file.name.partition("-")[2])


def test_every_command_of_the_start_page_works(outputs: list[str]) -> None:
    """The page's commands run one after the other in a fresh folder and none fails unforeseen."""
    assert len(outputs) == len(steps(DOCUMENT.read_text(encoding="utf-8"))) > 8


def test_the_start_page_shows_what_is_printed(outputs: list[str]) -> None:
    """Each line that the page shows after its commands is a line that they print."""
    shown = [step.shown for step in steps(DOCUMENT.read_text(encoding="utf-8"))]
    assert any(shown)
    for output, lines in zip(outputs, shown, strict=True):
        printed = [line.strip() for line in output.splitlines()]
        assert [line for line in lines if line not in printed] == []
