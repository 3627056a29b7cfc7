"""docs/proof.md does what it says: its commands are run as they stand, and what it shows is what they print."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.acceptance.program import PROGRAM, environment
from tests.acceptance.test_start import number_of, steps
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

DOCUMENT = ROOT / "docs" / "proof.md"


def test_the_walk_of_the_proof_page_works(tmp_path: Path) -> None:
    """Sign, bundle, verify elsewhere, forge, replay, erase: each command ends as the page says and prints it."""
    program = tmp_path / "bin" / "hansard"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    walk = steps(DOCUMENT.read_text(encoding="utf-8"))
    assert len(walk) >= 5
    script = "set -eu\n"
    for number, step in enumerate(walk):
        script += f"exec > {tmp_path}/out-{number} 2>&1\n{step.commands}\n"
    variables = environment(HANSARD_HOME=None)
    variables["PATH"] = f"{program.parent}:{variables['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False, timeout=180
    )
    outputs = [file.read_text(encoding="utf-8") for file in sorted(tmp_path.glob("out-*"), key=number_of)]
    assert done.returncode == 0, (done.stderr, outputs[-1])
    for output, step in zip(outputs, walk, strict=True):
        printed = [line.strip() for line in output.splitlines()]
        assert [line for line in step.shown if line not in printed] == []
    assert "'ada', trusted here" in outputs[1]
    assert "P0001 (Muffin, round 0" in outputs[2]
    assert "checkpoint_replayed" in outputs[3]
    assert "reason: a name, on request." in outputs[4]
