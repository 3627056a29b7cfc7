"""Paths that a user names for output."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hansard.kernel.errors import HansardError
from hansard.surfaces.cli.commands.paths import is_standard_output

FRAME: Any = SimpleNamespace(json=False)


def test_a_mistyped_path_makes_no_folders(tmp_path: Path) -> None:
    """A file in a folder that there is not, and a folder itself, are refused before anything is done."""
    for output in (tmp_path / "no" / "x.md", tmp_path):
        with pytest.raises(HansardError) as refused:
            is_standard_output(FRAME, output)
        assert refused.value.code == "output_unusable"
    assert list(tmp_path.iterdir()) == []
    assert is_standard_output(FRAME, tmp_path / "x.md") is False
    assert is_standard_output(FRAME, Path("x.md")) is False


def test_standard_output_is_one_document() -> None:
    """``-`` is standard output, which cannot take the answer as JSON too."""
    assert is_standard_output(FRAME, Path("-")) is True
    with pytest.raises(HansardError) as refused:
        is_standard_output(SimpleNamespace(json=True), Path("-"))  # type: ignore[arg-type]
    assert refused.value.code == "usage"
