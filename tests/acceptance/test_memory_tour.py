"""docs/memory.md does what it says: its commands and its Python are run, and what it shows is what they print."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.program import PROGRAM, environment
from tests.conftest import ROOT

DOCUMENT = (ROOT / "docs" / "memory.md").read_text(encoding="utf-8")
SHELL = re.compile(r"^```sh\n(.*?)^```$(?:\n^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```$\n^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
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
    assert len(shown) > 3
    printed = [line.strip() for line in done.stdout.splitlines()]
    assert [line for line in shown if line not in printed] == []


def test_the_python_of_the_page_prints_what_it_shows(tmp_path: Path) -> None:
    """The program of the page, run in an empty folder, prints exactly the lines below it."""
    [(program, shown)] = PYTHON.findall(DOCUMENT)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, env=environment(HANSARD_HOME=None), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == shown
