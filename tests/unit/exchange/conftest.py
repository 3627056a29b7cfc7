"""Fixtures for tests of import and export."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hansard.database.engine import Database
from tests.unit.exchange.folders import SMALL as SMALL_FILES
from tests.unit.exchange.folders import STAMPED, Store, write
from tests.unit.exchange.recorded import Held, hold


@pytest.fixture(scope="session")
def empty_store_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without a dialogue, made once: making one takes longer than importing one."""
    path = tmp_path_factory.mktemp("template") / "hansard.db"
    Database.open(path).close()
    return path


def copied(template: Path, home: Path) -> Store:
    """A store of its own in ``home``."""
    shutil.copyfile(template, home / "hansard.db")
    return Store(home)


@pytest.fixture
def store(home: Path, empty_store_file: Path) -> Iterator[Store]:
    """An empty store."""
    opened = copied(empty_store_file, home)
    yield opened
    opened.close()


@pytest.fixture
def second_store(tmp_path_factory: pytest.TempPathFactory, empty_store_file: Path) -> Iterator[Store]:
    """Another empty store."""
    opened = copied(empty_store_file, tmp_path_factory.mktemp("second"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def real_store(tmp_path_factory: pytest.TempPathFactory, empty_store_file: Path, shared_data: Path) -> Iterator[Store]:
    """A store with both real dialogues in it; tests only read it."""
    opened = copied(empty_store_file, tmp_path_factory.mktemp("real"))
    for folder in sorted((shared_data / "dialogues").glob("2*")):
        opened.answers[folder.name.split("Z-", 1)[1]] = opened.take(folder)
    yield opened
    opened.close()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The folder of a small dialogue of two experts and two rounds."""
    return write(tmp_path / STAMPED, SMALL_FILES)


@pytest.fixture(scope="session")
def held_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a dialogue that was held in it, made once."""
    home = tmp_path_factory.mktemp("held")
    store = Held(home)
    hold(store)
    store.close()
    return home / "hansard.db"


@pytest.fixture
def held(tmp_path: Path, held_template: Path) -> Iterator[Held]:
    """A store with a dialogue that was held in it, for one test."""
    home = tmp_path / "held"
    home.mkdir()
    shutil.copyfile(held_template, home / "hansard.db")
    store = Held(home)
    yield store
    store.close()
