"""Imports lead downwards, and every room has its floor."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.checks import homeless_rooms, rooms
from tests.conftest import ROOT

PACKAGE = ROOT / "src" / "hansard"


@pytest.fixture(scope="module")
def contracts() -> dict[str, dict[str, Any]]:
    """import-linter's contracts by their id, as pyproject.toml has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter, with the project's own contracts, on the package ``hansard`` in a folder."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(program), "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small house that keeps all contracts: each required room, empty, and a room with a store."""
    for room in ("app", "surfaces", "custody", "exchange", "dialogue", "database", "markers", "kernel"):
        folder = tmp_path / "hansard" / room
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
    (tmp_path / "hansard" / "__init__.py").touch()
    for name in ("store", "rules", "tables", "operations"):
        (tmp_path / "hansard" / "dialogue" / f"{name}.py").touch()
    return tmp_path


def test_every_room_has_a_floor(contracts: dict[str, dict[str, Any]]) -> None:
    """Each room of the package stands in the list of layers and is a package that import-linter sees."""
    assert rooms(PACKAGE)
    assert homeless_rooms(PACKAGE, contracts["floors"]["layers"]) == []


def test_a_room_without_a_floor_is_told(tmp_path: Path) -> None:
    """A room that the layers do not name is a fault, also deep inside or without __init__.py; a data folder is none."""
    for folder in ("kernel", "attic/deep", "data"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "kernel" / "__init__.py").touch()
    (tmp_path / "attic" / "deep" / "thing.py").touch()
    (tmp_path / "data" / "figures.json").touch()
    faults = homeless_rooms(tmp_path, ["(upper) | middle", "kernel"])
    assert faults == [
        "attic: a room without __init__.py",
        "attic: a room without a floor; give it its place in pyproject.toml",
    ]


def test_contracts_are_complete(contracts: dict[str, dict[str, Any]]) -> None:
    """The layers are exhaustive over the package, and surfaces are kept from stores, rules and tables."""
    floors, doors = contracts["floors"], contracts["doors"]
    assert (floors["type"], floors["containers"], floors["exhaustive"]) == ("layers", ["hansard"], True)
    assert (doors["type"], doors["source_modules"]) == ("forbidden", ["hansard.surfaces"])
    assert set(doors["forbidden_modules"]) == {"hansard.**.store", "hansard.**.rules", "hansard.**.tables"}


@pytest.mark.slow
def test_contracts_keep_a_sound_house(house: Path) -> None:
    """A house that follows the floors passes; the optional rooms may be absent."""
    (house / "hansard" / "surfaces" / "cli.py").write_text("from hansard.dialogue import operations\n")
    (house / "hansard" / "dialogue" / "operations.py").write_text("from hansard.dialogue import store, rules\n")
    done = lint(house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("kernel/ids.py", "from hansard import database"),
        ("database/journal.py", "def late() -> None:\n    from hansard import markers"),
        ("exchange/minutes.py", "import hansard.custody"),
        ("dialogue/export.py", "import hansard.exchange"),
        ("surfaces/cli.py", "from hansard.app import main"),
        ("surfaces/cli.py", "from hansard.dialogue import store"),
        ("surfaces/render.py", "from hansard.dialogue.rules import plan_round"),
        ("surfaces/page.py", "import hansard.dialogue.tables"),
        ("routing/store.py", "import hansard.dialogue"),
        ("attic/__init__.py", ""),
    ],
)
def test_contracts_refuse_what_they_forbid(house: Path, module: str, line: str) -> None:
    """An import upwards, sideways (also inside a function), or from a surface past the door breaks a contract."""
    file = house / "hansard" / module
    file.parent.mkdir(exist_ok=True)
    (file.parent / "__init__.py").touch()
    file.write_text(line + "\n")
    done = lint(house)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "broken" in done.stdout
    assert f"hansard.{module.split('/')[0]}" in done.stdout.replace("\n", " ")


def test_lint_imports_is_there() -> None:
    """The program that dev.py runs for the floors stands beside this interpreter."""
    assert shutil.which("lint-imports", path=str(Path(sys.executable).parent))
