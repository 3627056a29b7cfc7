"""Stores for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.notebook import Notebook


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Notebook]:
    """An empty store with the table ``notes``."""
    made = Notebook(tmp_path / "hansard.db")
    try:
        yield made
    finally:
        made.close()
