"""The ground that every test stands on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from tests import conftest
from tests.conftest import ROOT


def run_tests(folder: Path, source: str, **variables: str) -> str:
    """Run one test module under a copy of conftest.py in a folder of its own; what pytest printed."""
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests")
    (folder / "tests" / "test_it.py").write_text(source)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HANSARD_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "tests"],
        cwd=folder,
        env={**kept, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout


USES_SHARED_DATA = "def test_it(shared_data):\n    assert shared_data.name == 'data'\n"


@pytest.mark.slow
def test_absent_shared_data_skips_with_a_reason(tmp_path: Path) -> None:
    """Without the shared data a test that needs it is skipped, and the reason is told."""
    output = run_tests(tmp_path, USES_SHARED_DATA)
    assert "1 skipped" in output
    assert "shared data is not beside the repository" in output


@pytest.mark.slow
def test_absent_shared_data_fails_where_all_is_required(tmp_path: Path) -> None:
    """With HANSARD_REQUIRE_ALL=1 the same test does not pass silently."""
    output = run_tests(tmp_path, USES_SHARED_DATA, HANSARD_REQUIRE_ALL="1")
    assert "1 error" in output
    assert "skipped" not in output


@pytest.mark.slow
def test_shared_data_is_found_by_variable_and_beside_the_repository(tmp_path: Path) -> None:
    """HANSARD_SHARED names the folder; without it ``../shared`` is taken."""
    for name in ("named", "clones/shared", "clones/first", "clones/second"):
        (tmp_path / name / "data").mkdir(parents=True)
    assert "1 passed" in run_tests(tmp_path / "clones/first", USES_SHARED_DATA, HANSARD_SHARED=str(tmp_path / "named"))
    assert "1 passed" in run_tests(tmp_path / "clones/second", USES_SHARED_DATA)


@pytest.mark.slow
def test_a_senseless_scale_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A HANSARD_SCALE that is no positive number is refused by name; nothing is tried zero times by mistake."""
    output = run_tests(tmp_path, "def test_it():\n    pass\n", HANSARD_SCALE="many")
    assert "HANSARD_SCALE must be a number above 0" in output
    assert "passed" not in output
    for given in ("0", "-1", "nan", "inf", ""):
        monkeypatch.setenv("HANSARD_SCALE", given)
        with pytest.raises(pytest.UsageError, match="HANSARD_SCALE"):
            conftest.scale(10)


def test_scale_multiplies_and_never_gives_zero(monkeypatch: pytest.MonkeyPatch, scale: Callable[[int], int]) -> None:
    """Counts follow HANSARD_SCALE, at least one remains, and the fixture is the function."""
    assert scale is conftest.scale
    for given, expected in (("1", 10), ("10", 100), ("0.25", 2), ("0.001", 1)):
        monkeypatch.setenv("HANSARD_SCALE", given)
        assert scale(10) == expected


@pytest.mark.slow
def test_settings_of_the_user_do_not_reach_tests(tmp_path: Path) -> None:
    """HANSARD_ variables that do not steer the tests are cleared, colour is off, the clock is UTC."""
    source = (
        "import os, time\n"
        "def test_it():\n"
        "    assert 'HANSARD_DATABASE_URL' not in os.environ and 'FORCE_COLOR' not in os.environ\n"
        "    assert os.environ['NO_COLOR'] and time.tzname == ('UTC', 'UTC')\n"
        "    assert os.environ['HANSARD_HOME'] != '/elsewhere'\n"
    )
    variables = {"HANSARD_DATABASE_URL": "x", "HANSARD_HOME": "/elsewhere", "FORCE_COLOR": "1", "TZ": "Asia/Tokyo"}
    assert "1 passed" in run_tests(tmp_path, source, **variables)


homes: list[Path] = []


@pytest.mark.parametrize("_", [1, 2])
def test_each_test_has_a_home_of_its_own(home: Path, _: int) -> None:
    """HANSARD_HOME is an empty folder that no other test has."""
    assert os.environ["HANSARD_HOME"] == str(home)
    assert list(home.iterdir()) == []
    assert home not in homes
    homes.append(home)


@hypothesis.given(number=st.integers())
def test_no_property_test_has_a_deadline(number: int) -> None:
    """Property tests run under our profiles: no deadline, and at most the scaled number of examples."""
    settings = hypothesis.settings()
    assert settings.deadline is None
    assert settings.max_examples == conftest.scale(100)
    assert time.tzname == ("UTC", "UTC")
