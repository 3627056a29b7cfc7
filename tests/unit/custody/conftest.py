"""Fixtures for tests of custody: stores with dialogues in them, one copy for each test."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from hansard.exchange.import_shapes import DialogueImport
from tests.unit.custody.kept import Kept
from tests.unit.exchange.recorded import CALL, hold


def _settled(file: Path) -> Path:
    """The file with everything in it: nothing is left in the write-ahead log."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return file


@pytest.fixture(scope="session")
def kept_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the shipped example and a dialogue that was held live, made once."""
    home = tmp_path_factory.mktemp("kept")
    kept = Kept(home)
    hold(kept)
    folder = next(Path(str(resources.files("hansard.examples"))).glob("*-ledger-write-path"))
    kept.exchange.dialogue_import(DialogueImport(path=str(folder)), CALL)
    kept.close()
    return _settled(kept.file)


@pytest.fixture(scope="session")
def real_template(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """A store with both real dialogues, made once."""
    kept = Kept(tmp_path_factory.mktemp("real-kept"))
    for folder in sorted((shared_data / "dialogues").glob("2*")):
        kept.exchange.dialogue_import(DialogueImport(path=str(folder)), CALL)
    kept.close()
    return _settled(kept.file)


@pytest.fixture
def kept(kept_template: Path, tmp_path: Path) -> Iterator[Kept]:
    """A store of its own with both dialogues."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(kept_template, home / "hansard.db")
    store = Kept(home)
    yield store
    store.close()
