"""Stores for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.notebook import Notebook, notebook
from tests.support.stores import KINDS, dropped


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Notebook]:
    """An empty store with the table ``notes``."""
    made = Notebook(tmp_path / "hansard.db")
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(params=KINDS)
def either(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """An empty store with the table ``notes``, on each kind of database."""
    made = notebook(request.param, tmp_path)
    try:
        yield made
    finally:
        made.close()
        dropped(made.place)
