"""Other processes for tests: Python with this checkout on its path, and the rights of somebody who is not root."""

from __future__ import annotations

import contextlib
import fcntl  # noqa: F401  # see plain_user
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

NOBODY = 65534


def python(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start Python with this checkout and its tests on the path; its input and output are pipes of text."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path} | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ran(*arguments: str, **variables: str) -> str:
    """What Python printed; it must have ended well."""
    with python(*arguments, **variables) as process:
        said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, f"ended with {process.returncode}: {said}"
    return said


@contextlib.contextmanager
def plain_user() -> Iterator[None]:
    """Act as somebody who is not root, since root may do anything; no change for anybody else.

    Modules that are needed inside must be imported before: that user may not be allowed to read them.
    """
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that everybody may look into (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="hansard-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def lines(process: subprocess.Popen[Any]) -> Iterator[str]:
    """What a process prints, line by line."""
    assert process.stdout is not None
    for line in process.stdout:
        yield line.rstrip("\n")
