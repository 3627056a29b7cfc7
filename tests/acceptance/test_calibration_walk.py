"""docs/calibration.md does what it says: its commands are run as they stand, and what it shows is what they print."""

from __future__ import annotations

import subprocess

import pytest

from tests.acceptance.program import PROGRAM, environment
from tests.acceptance.test_start import number_of, steps
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

DOCUMENT = ROOT / "docs" / "calibration.md"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block of commands printed, run in one shell one after the other, as a reader does."""
    folder = tmp_path_factory.mktemp("reader")
    program = folder / "bin" / "hansard"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    work = folder / "work"
    work.mkdir()
    script = "set -eu\n"
    for number, step in enumerate(steps(DOCUMENT.read_text(encoding="utf-8"))):
        script += f"exec > {folder}/out-{number} 2>&1\n{step.commands}\n"
    variables = environment(HANSARD_HOME=None)
    variables["PATH"] = f"{program.parent}:{variables['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=work, env=variables, capture_output=True, text=True, check=False, timeout=180
    )
    printed = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("out-*"), key=number_of)]
    assert done.returncode == 0, (done.stderr, printed[-1])
    return printed


def test_the_calibration_page_does_and_shows_what_it_says(outputs: list[str]) -> None:
    """Its commands run in a fresh folder, none fails unforeseen, and each line it shows is one that they print."""
    told = steps(DOCUMENT.read_text(encoding="utf-8"))
    assert len(outputs) == len(told) > 8
    shown = [step.shown for step in told]
    assert sum(map(bool, shown)) > 6
    for output, lines in zip(outputs, shown, strict=True):
        printed = [line.strip() for line in output.splitlines()]
        assert [line for line in lines if line not in printed] == []
