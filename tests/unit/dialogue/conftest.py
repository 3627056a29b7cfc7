"""A store for each test of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.dialogue.kit import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A fresh store with the dialogue's operations."""
    made = Room(tmp_path)
    yield made
    made.close()


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Room]:
    """Another store, in a home of its own."""
    (tmp_path / "second").mkdir()
    made = Room(tmp_path / "second")
    yield made
    made.close()
