"""Generated windows and the baselines that they carry."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.errors import HansardError
from hansard.memory.baselines import SessionBaselines, Welford
from hansard.memory.generator import MATCH, windows
from hansard.memory.schema_map import composite, truevision_window
from tests.unit.memory.kit import SETTINGS


def test_a_seed_gives_the_same_windows() -> None:
    """The same count and seed give the same windows, another seed others; a longer run begins like a shorter one."""
    first = list(windows(300, 5))
    assert first == list(windows(300, 5))
    assert first == list(windows(400, 5))[:300]
    assert first != list(windows(300, 6))
    assert list(windows(0, 5)) == []


def test_every_generated_window_is_one_and_says_that_it_is_generated() -> None:
    """Each is taken by the schema map, marked as generated, and its score is the composite of its operators."""
    for window in windows(2 * MATCH, 12):
        record = truevision_window(window, SETTINGS)
        assert record["context"]["session"]["generated"] is True
        assert window["eomm_score"] == pytest.approx(composite(window["operator_scores"], SETTINGS), abs=1e-4)


def test_some_matches_are_manipulated_and_bots_never_are() -> None:
    """With manipulation on, people's matches have many anomalous windows, those of baseline bots hardly any."""
    share: dict[bool, list[bool]] = {True: [], False: []}
    for window in windows(20 * MATCH, 3, manipulated=1.0):
        record = truevision_window(window, SETTINGS)
        share[record["context"]["flags"]["is_human"]].append(not record["success"])
    assert statistics.fmean(share[True]) > 0.2
    assert statistics.fmean(share[False]) < 0.05
    calm = [truevision_window(window, SETTINGS) for window in windows(5 * MATCH, 3, manipulated=0.0)]
    assert statistics.fmean(not record["success"] for record in calm) < 0.05


@pytest.mark.parametrize(("count", "manipulated"), [(-1, 0.1), (1, 1.1), (1, -0.1)])
def test_what_cannot_be_generated_is_refused(count: int, manipulated: float) -> None:
    """A negative count and a share outside 0 to 1 are refused."""
    with pytest.raises(HansardError):
        list(windows(count, 1, manipulated=manipulated))


NUMBERS = st.floats(-1e9, 1e9)


@given(st.lists(NUMBERS, min_size=2, max_size=50))
def test_welford_gives_mean_and_sample_variance(numbers: list[float]) -> None:
    """Taken one by one, numbers have the mean and the variance that they have together."""
    running = Welford()
    for number in numbers:
        running.add(number)
    assert running.count == len(numbers)
    assert running.mean == pytest.approx(statistics.fmean(numbers), abs=1e-3)
    assert running.variance == pytest.approx(statistics.variance(numbers), rel=1e-6, abs=1e-2)


def test_welford_does_not_cancel() -> None:
    """A small variance beside a large mean is kept, where sums of squares would lose it."""
    running = Welford()
    for number in (1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16):
        running.add(number)
    assert running.variance == pytest.approx(30.0)
    assert Welford().variance == 0.0
    with pytest.raises(ValueError, match="finite"):
        running.add(math.nan)


def test_baselines_have_the_names_of_the_specification() -> None:
    """Each measured name gives ``_mean`` and ``_var``, as in the specification's example."""
    baselines = SessionBaselines()
    for ttk in (240.0, 256.0):
        baselines.observe({"ttk": ttk})
    assert baselines.stats() == {"ttk_mean": 248.0, "ttk_var": 128.0}
