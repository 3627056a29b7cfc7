"""The ladder: whom it names, in which order, after which pause, and when it ends."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.routing.configuration import RetrySettings
from hansard.routing.fallback import AGAIN, PATIENCE_SECONDS, Chosen, Ladder
from hansard.routing.model import FAILURES, Failure
from tests.support.models import Time, model

RETRIES = RetrySettings(same_model=1, first_seconds=0.2, seconds_at_most=2.0, attempts_at_most=12)


class Choice:
    """Chooses the first name given, but for those that a breaker holds until some moment."""

    def __init__(self, time: Time, held: Mapping[str, float] | None = None) -> None:
        self.time = time
        self.held = dict(held or {})

    def __call__(self, names: Sequence[str], *, desperate: bool = False) -> Chosen:
        free = [name for name in names if self.held.get(name, 0.0) <= self.time.now]
        later = {name: self.held[name] - self.time.now for name in names if name not in free}
        return Chosen(model(free[0]) if free else None, later)


def walk(
    tiers: Sequence[Sequence[str]],
    fails: Mapping[str, Sequence[tuple[Failure, float | None]]],
    *,
    templates: Sequence[str] = (),
    held: Mapping[str, float] | None = None,
    seconds: float = 120.0,
    retries: RetrySettings = RETRIES,
) -> tuple[list[str], Time, Ladder]:
    """Whom a ladder names while the models fail as told (and answer where nothing more is told)."""
    time = Time()
    ladder = Ladder(
        tiers,
        templates,
        Choice(time, {name: time.now + wait for name, wait in (held or {}).items()}),
        retries,
        time.now + seconds,
        monotonic=time,
        sleep=time.sleep,
        rng=random.Random(3),
    )
    asked: list[str] = []

    async def go() -> None:
        left = {name: list(faults) for name, faults in fails.items()}
        while (chosen := await ladder.next()) is not None:
            asked.append(chosen.name)
            if not left.get(chosen.name):
                return
            failure, retry_after = left[chosen.name].pop(0)
            ladder.failed(chosen, failure, retry_after)

    asyncio.run(go())
    return asked, time, ladder


def test_every_failure_says_whether_to_ask_again() -> None:
    """No failure is left out."""
    assert set(AGAIN) == set(FAILURES)


def test_it_goes_down_at_once_and_asks_nobody_twice_before_all() -> None:
    """Tier by tier, without a pause."""
    asked, time, _ = walk([["a", "b"], ["c"]], {"a": [("overloaded", None)], "b": [("timeout", None)]})
    assert asked == ["a", "b", "c"]
    assert time.slept == []


def test_when_all_were_asked_they_are_asked_again_after_a_pause() -> None:
    """What may pass is tried once more; the pause is our own, with jitter, within its bounds."""
    asked, time, _ = walk([["a"], ["b"]], {"a": [("overloaded", None)] * 2, "b": [("timeout", None)] * 2})
    assert asked == ["a", "b", "a", "b"] or asked == ["a", "b", "b", "a"]
    assert 0 < sum(time.slept) <= RETRIES.first_seconds


@pytest.mark.parametrize("failure", [one for one, again in AGAIN.items() if not again])
def test_what_will_not_pass_is_not_asked_again(failure: Failure) -> None:
    """A second try would fail as the first did."""
    asked, time, ladder = walk([["a"]], {"a": [(failure, 1.0)]})
    assert asked == ["a"]
    assert time.slept == []
    assert ladder.ended_by


@given(st.floats(0.01, 500), st.floats(0.5, 300))
def test_retry_after_is_waited_for_where_the_deadline_permits(retry_after: float, seconds: float) -> None:
    """Never sooner than asked; not at all where there would be no time left."""
    asked, time, _ = walk([["a"]], {"a": [("rate_limited", retry_after)]}, seconds=seconds)
    if len(asked) == 2:
        assert sum(time.slept) >= retry_after
        assert sum(time.slept) < seconds
    else:
        assert time.slept == []
        assert retry_after * 1.11 + RETRIES.first_seconds >= seconds


def test_a_model_that_a_breaker_holds_back_is_waited_for_when_it_is_the_last_hope() -> None:
    """The others failed for good; it opens soon."""
    asked, time, _ = walk([["a", "b"]], {"a": [("auth", None)]}, held={"b": 3.0})
    assert asked == ["a", "b"]
    assert sum(time.slept) == pytest.approx(3.0)


def test_nobody_waits_longer_for_a_breaker_than_there_is_patience() -> None:
    """A template answers sooner than a model that is away for minutes."""
    asked, time, _ = walk([["a"]], {}, templates=["t"], held={"a": PATIENCE_SECONDS + 1})
    assert asked == ["t"]
    assert time.slept == []


def test_a_template_comes_last_even_after_second_tries() -> None:
    """A model may still do better a moment later; a template never does."""
    asked, _, _ = walk([["a"]], {"a": [("overloaded", None)] * 2}, templates=["t"])
    assert asked == ["a", "a", "t"]


def test_a_template_stands_in_when_no_time_is_left() -> None:
    """The deadline bounds models, not what takes no time."""
    asked, _, _ = walk([["a"]], {"a": [("rate_limited", 100.0)]}, templates=["t"], seconds=10.0)
    assert asked == ["a", "t"]


names = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=4, unique=True), max_size=4)
faults = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.lists(st.tuples(st.sampled_from(FAILURES), st.none() | st.floats(0, 100)), max_size=6),
)


@given(names, faults, st.floats(0.1, 200), st.integers(0, 3), st.integers(1, 12))
def test_it_always_ends_within_its_bounds(
    tiers: list[list[str]],
    fails: dict[str, list[tuple[Failure, float | None]]],
    seconds: float,
    same: int,
    most: int,
) -> None:
    """Whatever fails: no model is asked more often than allowed, all pauses lie within the deadline, and who can
    answer is reached unless attempts or time ran out."""
    seen: set[str] = set()
    apart = [[name for name in tier if not (name in seen or seen.add(name))] for tier in tiers]  # type: ignore[func-returns-value]
    retries = RetrySettings(same_model=same, attempts_at_most=most)
    asked, time, ladder = walk(apart, fails, seconds=seconds, retries=retries)
    assert all(asked.count(name) <= same + 1 for name in asked)
    assert len(asked) <= most
    assert sum(time.slept) < seconds
    order = [name for tier in apart for name in tier]
    first = list(dict.fromkeys(asked))
    assert first == order[: len(first)], "first tries go down the ladder in its order"
    well = [name for name in order if not fails.get(name)]
    if well and len(asked) < most:
        assert asked[-1] == well[0]
    assert ladder.ended_by
