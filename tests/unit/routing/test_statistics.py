"""Sliding windows: what they keep, what they come to, how those of several processes come together."""

from __future__ import annotations

import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hansard.routing.configuration import WindowSettings
from hansard.routing.statistics import EMPTY, Sample, Summary, Window, percentile, summary, with_sample

SETTINGS = WindowSettings(attempts=10, age_seconds=60.0)

samples = st.lists(
    st.builds(
        Sample,
        st.floats(0, 300),
        st.floats(0.1, 10_000),
        st.booleans(),
        st.none() | st.floats(0, 1),
    ),
    max_size=40,
).map(lambda found: sorted(found, key=lambda one: one.moment))


def filled(found: list[Sample]) -> Window:
    """A window after these samples."""
    window = EMPTY
    for one in found:
        window = with_sample(window, one, SETTINGS)
    return window


@given(samples)
def test_a_window_keeps_the_newest_within_both_bounds(found: list[Sample]) -> None:
    """A window holds exactly the samples that are young enough, and of these the newest so many."""
    window = filled(found)
    if not found:
        assert window.samples == ()
        return
    oldest = found[-1].moment - SETTINGS.age_seconds
    assert list(window.samples) == [one for one in found[-SETTINGS.attempts :] if one.moment >= oldest]


@given(st.lists(st.floats(0.1, 10_000), min_size=1))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(values: list[float]) -> None:
    """At least 95 % of the values are at or below the p95, and fewer are below it."""
    p95 = percentile(sorted(values), 95)
    assert p95 in values
    assert sum(value <= p95 for value in values) >= 0.95 * len(values)
    assert sum(value < p95 for value in values) < 0.95 * len(values)


@given(samples, samples)
def test_windows_of_processes_come_together_as_one(mine: list[Sample], theirs: list[Sample]) -> None:
    """The summary of two windows is that of their samples, whichever comes first."""
    now = 300.0
    windows = filled(mine), filled(theirs)
    whole = summary(windows, now, SETTINGS)
    turned = summary(windows[::-1], now, SETTINGS)
    assert whole._replace(cost_usd=None) == turned._replace(cost_usd=None)
    young = [one for window in windows for one in window.samples if one.moment >= now - SETTINGS.age_seconds]
    assert whole.calls == len(young)
    assert whole.failures == sum(one.failed for one in young)
    costs = [one.cost_usd for one in young if one.cost_usd is not None]
    assert (whole.cost_usd is None) == (not costs)
    assert whole.cost_usd is None or math.isclose(whole.cost_usd, math.fsum(costs), abs_tol=1e-9)


@given(samples)
def test_a_summary_holds_until_it_says(found: list[Sample]) -> None:
    """Nothing changes before ``until``, and something is gone after it."""
    window = filled(found)
    now = window.samples[-1].moment if window.samples else 0.0
    before = summary((window,), now, SETTINGS)
    if not window.samples:
        assert before == Summary()
        return
    assert summary((window,), before.until - 1e-3, SETTINGS).calls == before.calls or before.until - now < 1e-3
    assert summary((window,), before.until + 1e-3, SETTINGS).calls < before.calls


def test_a_summary_of_nothing_is_not_known() -> None:
    """Where no sample is, nothing is 0 that nobody measured."""
    empty = summary((EMPTY,), 5.0, SETTINGS)
    assert (empty.p50_ms, empty.p95_ms, empty.cost_usd, empty.failure_share) == (None, None, None, None)
    assert empty.penalty == 0.0


def test_failures_do_not_make_a_model_look_fast() -> None:
    """The latency of failed attempts, which often fail at once, is not in the percentiles."""
    found = [Sample(float(n), 1.0 if n % 2 else 900.0, bool(n % 2)) for n in range(10)]
    assert summary((filled(found),), 10.0, SETTINGS).p50_ms == 900.0


@given(samples)
def test_a_window_survives_its_encoding(found: list[Sample]) -> None:
    """What another process reads is what this one wrote."""
    window = filled(found)
    assert msgspec.json.decode(msgspec.json.encode(window), type=Window) == window
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(window), type=Window) == window


@given(st.integers(0, 50), st.integers(1, 50))
def test_the_penalty_grows_with_failures_alone(failures: int, good: int) -> None:
    """More failures cost more, more good answers less; never 1 or above."""
    this = Summary(calls=failures + good, failures=failures).penalty
    assert 0 <= this < 1
    assert Summary(calls=failures + good + 1, failures=failures + 1).penalty > this
    assert Summary(calls=failures + good + 1, failures=failures).penalty <= this
