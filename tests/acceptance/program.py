"""The program as people start it: a real process, its output and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

PROGRAM = (sys.executable, "-m", "hansard")


@dataclass(frozen=True)
class Run:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


def environment(**changes: str | None) -> dict[str, str]:
    """This process's variables with some changed (``None`` takes one away), and the source on the path."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    for name, value in changes.items():
        if value is None:
            variables.pop(name, None)
        else:
            variables[name] = value
    return variables


def hansard(
    *arguments: str | Path,
    given: str | bytes | None = None,
    cwd: Path | None = None,
    variables: Mapping[str, str | None] | None = None,
) -> Run:
    """Run ``hansard`` with these arguments; ``given`` is its standard input."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        input=given.encode() if isinstance(given, str) else given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        cwd=cwd,
        env=environment(**dict(variables or {})),
        timeout=120,
        check=False,
    )
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())
