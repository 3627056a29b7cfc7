"""Breakers: when they open, how long, whom they let through, how two processes agree."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.routing.breakers import (
    CLOSED,
    FATAL,
    LIMIT_SECONDS,
    PROBATION,
    WEIGHT,
    Breaker,
    admits,
    admitted,
    after,
    believed,
    latest,
    soonest,
)
from hansard.routing.configuration import BreakerSettings
from hansard.routing.model import FAILURES, Failure, Outcome

SETTINGS = BreakerSettings()
NOW = 1_790_000_000.0

outcomes = st.sampled_from(("ok", "cancelled", *FAILURES))
histories = st.lists(st.tuples(outcomes, st.floats(0, 40), st.none() | st.floats(0, 10_000)), max_size=60)


def lived(history: list[tuple[Outcome, float, float | None]]) -> tuple[Breaker, float]:
    """A breaker after calls that it let through, each some time after the last."""
    breaker, now = CLOSED, NOW
    for outcome, pause, retry_after in history:
        now += pause
        if admits(breaker, now):
            breaker = admitted(breaker, now, 60.0)
            breaker = after(breaker, outcome, now, SETTINGS, retry_after)
    return breaker, now


def failing(times: int, failure: Failure = "overloaded", breaker: Breaker = CLOSED) -> Breaker:
    """A breaker after failures at the same moment."""
    for _ in range(times):
        breaker = after(breaker, failure, NOW, SETTINGS)
    return breaker


def test_every_failure_says_something_of_its_model() -> None:
    """No failure is without a weight."""
    assert set(WEIGHT) == set(FAILURES)


def test_it_opens_after_so_many_in_a_row() -> None:
    """One failure less, and it is still closed."""
    assert failing(SETTINGS.failures_in_a_row - 1).state == "closed"
    opened = failing(SETTINGS.failures_in_a_row)
    assert (opened.state, opened.cause, opened.until) == ("open", "overloaded", NOW + SETTINGS.open_seconds)


def test_a_good_answer_between_starts_the_count_again() -> None:
    """Failures in a row are in a row."""
    breaker = after(failing(SETTINGS.failures_in_a_row - 1), "ok", NOW, SETTINGS)
    assert failing(SETTINGS.failures_in_a_row - 1, breaker=breaker).state == "closed"


def test_a_share_of_failures_opens_it_though_none_are_in_a_row() -> None:
    """One that fails every other time opens when there are as many attempts as the share is of."""
    breaker = CLOSED
    for number in range(SETTINGS.share_of):
        assert breaker.state == "closed"
        breaker = after(breaker, "ok" if number % 2 == 0 else "timeout", NOW + number, SETTINGS)
    assert breaker.state == "open"


@pytest.mark.parametrize("failure", [one for one, says in WEIGHT.items() if says == "fatal"])
def test_what_will_not_pass_opens_it_at_once(failure: Failure) -> None:
    """A key that is refused, a model that is not there, an account without credit: one is enough."""
    breaker = after(CLOSED, failure, NOW, SETTINGS)
    assert (breaker.state, breaker.until) == ("open", NOW + FATAL * SETTINGS.open_seconds)


@pytest.mark.parametrize("failure", [one for one, says in WEIGHT.items() if says == "nothing"])
def test_a_task_at_fault_does_not_count_against_the_model(failure: Failure) -> None:
    """However often a task does not suit it, the model is as well as before."""
    assert failing(50, failure) is CLOSED


@given(st.floats(0, 100_000))
def test_retry_after_is_respected(seconds: float) -> None:
    """A model that asks for a pause gets it, at once, within reason; one that is sick gets no less than its due."""
    limited = after(CLOSED, "rate_limited", NOW, SETTINGS, seconds)
    assert limited.until == NOW + min(seconds, LIMIT_SECONDS)
    assert limited.openings == 0
    sick = after(CLOSED, "overloaded", NOW, SETTINGS, seconds)
    assert sick.state == "open"
    assert sick.until == NOW + min(seconds, LIMIT_SECONDS)
    dead = after(CLOSED, "auth", NOW, SETTINGS, seconds)
    assert dead.until >= NOW + max(FATAL * SETTINGS.open_seconds, min(seconds, LIMIT_SECONDS))


@given(histories)
def test_an_open_one_admits_nobody_before_its_time_and_one_after(
    history: list[tuple[Outcome, float, float | None]],
) -> None:
    """Whatever happened before: none while it is open, then one, and no second while that one is under way."""
    breaker, now = lived(history)
    if breaker.state != "open" or breaker.until <= now:
        return
    assert not admits(breaker, now)
    assert not admits(breaker, (now + breaker.until) / 2)
    then = breaker.until
    assert admits(breaker, then)
    trying = admitted(breaker, then, 60.0)
    assert trying.state == "half_open"
    assert not admits(trying, then)
    assert not admits(trying, then + 59.0)
    assert admits(trying, then + 60.0), "a try without an outcome counts as lost"
    well = after(trying, "ok", then + 1, SETTINGS)
    if well.state == "open":  # it flapped before: a second try is let through at once, alone, and closes it
        assert well.openings > 1
        assert admits(well, then + 1)
        well = after(admitted(well, then + 1, 60.0), "ok", then + 1, SETTINGS)
    assert well.state == "closed"
    assert after(trying, "timeout", then + 1, SETTINGS).state == "open"
    assert admits(after(trying, "cancelled", then + 1, SETTINGS), then + 1), "nothing was learnt: the next may try"


@given(histories)
def test_it_never_stays_open_for_ever(history: list[tuple[Outcome, float, float | None]]) -> None:
    """Whatever happened: in an hour and a bit somebody may try."""
    breaker, now = lived(history)
    longest = max(LIMIT_SECONDS, SETTINGS.open_seconds_at_most, FATAL * SETTINGS.open_seconds)
    assert admits(breaker, now + longest)


@given(histories)
def test_it_survives_its_encoding(history: list[tuple[Outcome, float, float | None]]) -> None:
    """What another process reads is what this one wrote."""
    breaker, _ = lived(history)
    assert msgspec.json.decode(msgspec.json.encode(breaker), type=Breaker) == breaker


def test_each_further_opening_doubles_the_pause_up_to_its_limit() -> None:
    """A model that fails every try is tried ever more rarely."""
    breaker, now, pauses = failing(SETTINGS.failures_in_a_row), NOW, []
    for _ in range(8):
        pauses.append(breaker.until - now)
        now = breaker.until
        breaker = after(admitted(breaker, now, 60.0), "timeout", now, SETTINGS)
    assert pauses == [min(SETTINGS.open_seconds * 2**n, SETTINGS.open_seconds_at_most) for n in range(8)]


@given(histories)
def test_without_anybody_else_a_sick_one_is_tried_after_its_first_pause(
    history: list[tuple[Outcome, float, float | None]],
) -> None:
    """However long its breaker would wait; what a provider asked for, and what will not pass, keeps its time."""
    breaker, _ = lived(history)
    moment = soonest(breaker, SETTINGS)
    assert moment <= breaker.until
    if breaker.state == "open" and breaker.cause is not None and WEIGHT[breaker.cause] == "sick":
        assert moment <= breaker.changed + SETTINGS.open_seconds
        early = admitted(breaker, breaker.until - 1e-3, 60.0)
        failed = after(early, breaker.cause, breaker.until, SETTINGS)
        assert failed.openings <= max(1, breaker.openings), "a try that was let through early does not make it sicker"
    else:
        assert moment == breaker.until


def test_on_probation_one_failure_opens_it_and_good_answers_end_it() -> None:
    """A flapping model does not get its credit back with one good answer."""
    opened = failing(SETTINGS.failures_in_a_row)
    now = opened.until
    closed = after(admitted(opened, now, 60.0), "ok", now, SETTINGS)
    again = after(closed, "timeout", now, SETTINGS)
    assert (again.state, again.until - now) == ("open", 2 * SETTINGS.open_seconds)
    for _ in range(PROBATION - 1):
        closed = after(closed, "ok", now, SETTINGS)
    assert closed.openings == 0
    assert after(closed, "timeout", now, SETTINGS).state == "closed"


def test_a_flapping_model_needs_more_than_one_good_answer_to_come_back() -> None:
    """Once it opened again on probation, two tries in a row must go well, each alone."""
    opened = failing(SETTINGS.failures_in_a_row)
    now = opened.until
    closed = after(admitted(opened, now, 60.0), "ok", now, SETTINGS)
    assert closed.state == "closed", "the first time one is enough"
    again = after(closed, "timeout", now, SETTINGS)
    now = again.until
    one_good = after(admitted(again, now, 60.0), "ok", now, SETTINGS)
    trying = admitted(one_good, now, 60.0)
    assert not admits(trying, now)
    assert after(trying, "ok", now, SETTINGS).state == "closed"
    failed = after(trying, "timeout", now, SETTINGS)
    assert (failed.state, failed.until - now) == ("open", 4 * SETTINGS.open_seconds)


def test_late_failures_of_calls_that_left_before_it_opened_change_nothing() -> None:
    """A hundred calls that fail together open it once, for as long as three would."""
    assert failing(100) == failing(SETTINGS.failures_in_a_row)


def test_a_healthy_one_does_not_change() -> None:
    """In the usual case no new breaker is made."""
    breaker = CLOSED
    for _ in range(SETTINGS.share_of):
        breaker = after(breaker, "ok", NOW, SETTINGS)
    assert after(breaker, "ok", NOW, SETTINGS) is breaker


def test_a_clock_that_went_back_does_not_lock_a_model_out() -> None:
    """A breaker that opened in what is now the future stays open for its pause from now, no longer and no less."""
    opened, now = failing(SETTINGS.failures_in_a_row), NOW - 3600.0
    assert not admits(opened, now), "a clock that goes back opens no door"
    taken = believed(opened, now)
    assert (taken.state, taken.changed, taken.until) == ("open", now, now + SETTINGS.open_seconds)
    assert not admits(taken, now + SETTINGS.open_seconds - 1.0)
    assert admits(taken, now + SETTINGS.open_seconds)
    assert believed(opened, NOW) is opened


@given(histories, histories)
def test_of_two_processes_the_later_change_holds(
    mine: list[tuple[Outcome, float, float | None]], theirs: list[tuple[Outcome, float, float | None]]
) -> None:
    """Both sides come to the same time of change, whoever looks."""
    one, other = lived(mine)[0], lived(theirs)[0]
    assert latest(one, other).changed == latest(other, one).changed == max(one.changed, other.changed)
