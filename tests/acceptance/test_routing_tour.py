"""docs/routing.md does what it says: its commands are run, and what it shows is what they print."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

from hansard.routing.configuration import configured
from tests.acceptance.program import PROGRAM, environment
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "routing.md").read_text(encoding="utf-8")
SHELL = re.compile(r"^```sh\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
SETTINGS = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_page_run_and_print_what_it_shows(tmp_path: Path) -> None:
    """One shell runs all blocks as they stand; each shown line is among those that were printed."""
    program = tmp_path / "bin" / "hansard"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    blocks = SHELL.findall(DOCUMENT)
    variables = environment(HANSARD_HOME=None)
    variables["PATH"] = f"{program.parent}:{variables['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", "\n".join(block for block, _ in blocks)],
        cwd=tmp_path, env=variables, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = [line.strip() for _, lines in blocks for line in lines.splitlines()]
    assert len(shown) == 2
    printed = [line.strip() for line in done.stdout.splitlines()]
    assert [line for line in shown if line not in printed] == []


def test_the_settings_of_the_page_are_taken() -> None:
    """What the page gives as an example of models is a configuration, but for a ladder's names that it leaves out."""
    (text,) = SETTINGS.findall(DOCUMENT)
    made = configured(tomllib.loads(text)["routing"], environ={})
    assert list(made.ladder[0]) == ["gpt", "claude"]
    assert made.weights.cost == 0.5
