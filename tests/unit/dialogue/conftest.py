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
