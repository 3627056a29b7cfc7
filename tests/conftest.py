"""What every test may rely on: a quiet, equal environment, the shared data, and one knob for how much is tried.

Environment variables that steer the tests:

- ``HANSARD_SCALE``: multiplies the counts of what is tried many times. 1 (the default, and CI's) is a reduced count
  that fits CI; 10 is the full size that the documents name; ``dev.py test --fast`` takes 0.25.
- ``HANSARD_SHARED``: the folder with the third-party data, else ``shared`` beside the repository.
- ``HANSARD_REQUIRE_ALL=1``: what a test needs and does not find fails it instead of skipping it.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, Final, NoReturn

import hypothesis
import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
"""The repository's root."""

STEERING: Final = frozenset(
    {"HANSARD_SCALE", "HANSARD_SHARED", "HANSARD_REQUIRE_ALL", "HANSARD_VENV", "HANSARD_TEST_POSTGRESQL"}
)
"""Variables for the tests themselves; all others of ours are settings of the program and are cleared."""

PLAIN: Final = {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
COLOURING: Final = ("FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "PY_COLORS", "LINES")


def scale(count: int) -> int:
    """How often to try what is tried ``count`` times at scale 1 (``HANSARD_SCALE``); at least once."""
    given = os.environ.get("HANSARD_SCALE", "1")
    try:
        factor = float(given)
    except ValueError:
        factor = math.nan
    if not 0 < factor < math.inf:
        raise pytest.UsageError(f"HANSARD_SCALE must be a number above 0, such as 0.25, 1 or 10; it is '{given}'")
    return max(1, round(count * factor))


def sampled(values: Iterable[str], quick: Collection[str]) -> list[Any]:
    """Parameters of a test that goes through all there is: those that are not ``quick`` are ``slow``."""
    return [value if value in quick else pytest.param(value, marks=pytest.mark.slow) for value in values]


def absent(what: str) -> NoReturn:
    """Skip the running test because something outside the repository is missing, or fail it where all is required."""
    if os.environ.get("HANSARD_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} (HANSARD_REQUIRE_ALL=1 makes this a failure)", pytrace=False)
    pytest.skip(what)


def prepare_hypothesis() -> None:
    """Register the profiles and take the fitting one; ``--hypothesis-profile`` still overrides it.

    No profile has a deadline: a test that fails because the machine was busy says nothing.
    """
    examples = scale(100)
    register = hypothesis.settings.register_profile
    register("default", max_examples=examples, deadline=None)
    # CI tries the same examples each time: it turns red by a change and by nothing else.
    register("ci", max_examples=examples, deadline=None, derandomize=True, database=None, print_blob=True)
    patient = [hypothesis.HealthCheck.too_slow]
    register("thorough", max_examples=examples, deadline=None, print_blob=True, suppress_health_check=patient)
    in_ci = os.environ.get("HANSARD_REQUIRE_ALL") == "1"
    hypothesis.settings.load_profile("thorough" if examples > 100 else "ci" if in_ci else "default")


prepare_hypothesis()


def pytest_configure(config: pytest.Config) -> None:
    """Make the run equal on every machine before the first test module is imported."""
    config.addinivalue_line("markers", "slow: takes seconds; left out by 'dev.py test --fast'")
    for name in COLOURING:
        os.environ.pop(name, None)
    for name in [name for name in os.environ if name.startswith("HANSARD_") and name not in STEERING]:
        del os.environ[name]
    os.environ.update(PLAIN)
    time.tzset()


@pytest.fixture(scope="session", autouse=True)
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ``HANSARD_HOME`` for what runs outside a single test, so that nothing ever finds the user's own."""
    folder = tmp_path_factory.mktemp("session-home")
    os.environ["HANSARD_HOME"] = str(folder)
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh ``HANSARD_HOME`` for each test: an empty folder of its own."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HANSARD_HOME", str(folder))
    return folder


@pytest.fixture(name="scale")
def scale_fixture() -> Callable[[int], int]:
    """``scale`` for tests that take it as an argument."""
    return scale


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of third-party data (``dialogues``, ``governance`` …), read from where it lies."""
    folder = Path(os.environ.get("HANSARD_SHARED") or ROOT.parent / "shared") / "data"
    if not folder.is_dir():
        absent("the shared data is not beside the repository and HANSARD_SHARED does not name it")
    return folder
