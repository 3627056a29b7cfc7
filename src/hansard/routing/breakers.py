"""Breakers: a model that fails is left alone for a while, then tried once. Pure.

::

    closed ──failures──▶ open ──time──▶ half_open ──good answer──▶ closed (on probation)
                          ▲                 │                          │
                          └────failure──────┴──────────failure─────────┘

What a failure says of a model stands in ``WEIGHT``. A breaker changes only by ``after`` and ``admitted``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from msgspec import structs

from hansard.routing.configuration import BreakerSettings
from hansard.routing.model import Failure, Outcome

State = Literal["closed", "open", "half_open"]

Says = Literal["sick", "fatal", "limited", "nothing"]
"""What a failure says of a model: it is sick, it will not answer at all, it is well and wants to be left alone, or
nothing, because the task was at fault."""

WEIGHT: Final[Mapping[Failure, Says]] = {
    "rate_limited": "limited",
    "quota": "fatal",
    "overloaded": "sick",
    "unreachable": "sick",
    "context_window": "nothing",
    "content_policy": "nothing",
    "auth": "fatal",
    "not_found": "fatal",
    "rejected": "sick",
    "timeout": "sick",
    "malformed": "sick",
    "unverified": "nothing",
}


class Breaker(msgspec.Struct, frozen=True, omit_defaults=True):
    """The breaker of one model. Times are seconds since 1970, so that processes can share it."""

    state: State = "closed"
    in_a_row: int = 0
    """Failures since the last good answer."""
    recent: int = 0
    """The last outcomes as bits, the newest lowest; 1 is a failure."""
    count: int = 0
    """How many bits of ``recent`` count."""
    until: float = 0.0
    """Open: it is tried again from then on. Half-open: the one try is given up for lost then."""
    openings: int = 0
    """Since it was last well: they set how long it stays open. Above 0 in a closed one: it is on probation."""
    good: int = 0
    """Good answers in a row on probation."""
    cause: Failure | None = None
    """What opened it last."""
    changed: float = 0.0
    """When the state last changed."""


CLOSED: Final = Breaker()

LIMIT_SECONDS: Final = 3600.0
"""A Retry-After beyond this is taken for this: somebody may mend in between what it waits for."""

FATAL: Final = 4
"""A model that will not answer at all is left alone so many times as long as one that is sick."""

PROBATION: Final = 10
"""So many good answers in a row after it closed, and a breaker is as good as new; until then one failure opens it."""

TRIES: Final = 2
"""So many tries must go well, one after another, before a breaker closes that opened again on probation: a model that
flaps would get the calls of all who wait after each good answer."""

CLOCK_SECONDS: Final = 5.0
"""By so much clocks of processes may differ; what changed later than that from now was told by another clock."""


def admits(breaker: Breaker, now: float) -> bool:
    """Whether a call may go to the model. One that a breaker lets through which is not closed must be told to
    ``admitted`` at once, so that it is the only one."""
    return breaker.state == "closed" or now >= breaker.until


def believed(breaker: Breaker, now: float) -> Breaker:
    """The breaker by the clock as it goes now; the same object where it is not ahead of it.

    One that changed in what is the future, because a clock went back or another process's is ahead, is taken as changed
    just now: it stays open for its whole pause at most, and no longer.
    """
    if breaker.changed <= now + CLOCK_SECONDS:
        return breaker
    pause = min(max(0.0, breaker.until - breaker.changed), LIMIT_SECONDS * FATAL)
    return structs.replace(breaker, until=now + pause, changed=now)


def soonest(breaker: Breaker, settings: BreakerSettings) -> float:
    """From when on a call may go to the model although its breaker is open, where there is no other model to ask: a
    pause that grew because it failed again and again is cut to its first length. What a provider asked for, and what
    will not pass by itself, keeps its time."""
    if breaker.state == "open" and breaker.cause is not None and WEIGHT[breaker.cause] == "sick":
        return min(breaker.until, breaker.changed + settings.open_seconds)
    return breaker.until


def admitted(breaker: Breaker, now: float, patience_seconds: float) -> Breaker:
    """The breaker once a call that it admits is on its way; the same object where it is closed.

    Args:
        patience_seconds: after so long without an outcome the try counts as lost, and another is admitted.
    """
    if breaker.state == "closed":
        return breaker
    # one that is let through early, because there is no other, does not make it sicker than it is
    openings = breaker.openings - 1 if breaker.state == "open" and now < breaker.until else breaker.openings
    return structs.replace(
        breaker, state="half_open", until=now + patience_seconds, openings=max(0, openings), changed=_next(breaker, now)
    )


def after(
    breaker: Breaker, outcome: Outcome, now: float, settings: BreakerSettings, retry_after_seconds: float | None = None
) -> Breaker:
    """The breaker after the outcome of a call; the same object where nothing of it changes.

    Args:
        retry_after_seconds: what the provider asked for; it opens at once, for so long at least.
    """
    if outcome == "ok":
        return _after_good(breaker, now, settings)
    says = "nothing" if outcome == "cancelled" else WEIGHT[outcome]
    if says == "nothing":
        if breaker.state != "half_open":
            return breaker
        if outcome == "cancelled":  # nothing was learnt: the next one may try
            return structs.replace(breaker, state="open", until=now, changed=_next(breaker, now))
        return structs.replace(
            breaker, state="closed", in_a_row=0, recent=0, count=0, good=0, changed=_next(breaker, now)
        )
    assert outcome != "cancelled"  # it says nothing
    if breaker.state == "open" and now < breaker.until and says != "fatal":
        # a call that left before it opened; only what the provider asks for counts
        until = now + min(retry_after_seconds or 0.0, LIMIT_SECONDS)
        return structs.replace(breaker, until=until, changed=_next(breaker, now)) if until > breaker.until else breaker
    if says == "limited" and retry_after_seconds is not None:  # who asks for a pause and gets it is not sick
        until = now + min(retry_after_seconds, LIMIT_SECONDS)
        return structs.replace(breaker, state="open", until=until, cause=outcome, changed=_next(breaker, now))
    mask = (1 << settings.share_of) - 1
    failed = structs.replace(
        breaker,
        in_a_row=breaker.in_a_row + 1,
        recent=(breaker.recent << 1 | 1) & mask,
        count=min(breaker.count + 1, settings.share_of),
        good=0,
    )
    seconds = _open_seconds(failed, says, settings)
    if seconds is None and retry_after_seconds is None:
        return failed
    until = now + max(seconds or 0.0, min(retry_after_seconds or 0.0, LIMIT_SECONDS))
    return structs.replace(
        failed, state="open", until=until, openings=failed.openings + 1, cause=outcome, changed=_next(breaker, now)
    )


def _after_good(breaker: Breaker, now: float, settings: BreakerSettings) -> Breaker:
    if breaker.state == "half_open":
        good = breaker.good + 1
        if breaker.openings > 1 and good < TRIES:  # another one, at once, and still alone
            return structs.replace(breaker, state="open", until=now, good=good, changed=_next(breaker, now))
        changed = _next(breaker, now)
        return structs.replace(breaker, state="closed", in_a_row=0, recent=0, count=0, good=good, changed=changed)
    if breaker.state == "open":  # an answer to a call that left before it opened
        return breaker
    well = breaker.openings == 0
    if well and breaker.in_a_row == 0 and breaker.recent == 0 and breaker.count >= settings.share_of:
        return breaker
    good = 0 if well else breaker.good + 1
    recovered = good >= PROBATION
    return structs.replace(
        breaker,
        in_a_row=0,
        recent=breaker.recent << 1 & ((1 << settings.share_of) - 1),
        count=min(breaker.count + 1, settings.share_of),
        openings=0 if recovered else breaker.openings,
        good=0 if recovered else good,
    )


def _open_seconds(failed: Breaker, says: Says, settings: BreakerSettings) -> float | None:
    """How long a breaker that has just counted a failure stays open; ``None`` where it does not open."""
    if says == "fatal":
        first = settings.open_seconds * FATAL
    elif (
        failed.state != "closed"
        or failed.openings
        or failed.in_a_row >= settings.failures_in_a_row
        or (failed.count >= settings.share_of and failed.recent.bit_count() >= settings.failure_share * failed.count)
    ):
        first = settings.open_seconds
    else:
        return None
    return max(first, min(first * 2.0 ** min(failed.openings, 30), settings.open_seconds_at_most))


def _next(breaker: Breaker, now: float) -> float:
    """When a breaker changes now: after its last change, even where the clock has not gone on since."""
    return max(now, breaker.changed + 1e-6)


def latest(mine: Breaker, theirs: Breaker) -> Breaker:
    """Of two processes' breakers of one model, the one whose state changed last."""
    return theirs if theirs.changed > mine.changed else mine
