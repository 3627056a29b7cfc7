"""docs/python.md does what it says: its blocks are one program, and what it shows is what they print."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.acceptance.program import environment
from tests.conftest import ROOT

DOCUMENT = ROOT / "docs" / "python.md"
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_tour_from_python_runs_as_it_stands(tmp_path: Path) -> None:
    """The document's Python, run as one program in an empty folder, prints the lines that the document shows."""
    blocks = BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))
    program = "\n".join(text for kind, text in blocks if kind == "python")
    shown = "".join(text for kind, text in blocks if kind == "text")
    assert shown
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment(HANSARD_HOME=None),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stderr == ""
    assert done.stdout == shown
    assert (tmp_path / "pottery-home" / "hansard.db").is_file()
