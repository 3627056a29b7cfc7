"""What a model did lately: a sliding window of its attempts, bounded by number and by age. Pure.

Each process has a window for each model; those of several are merged for reading.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from hansard.routing.configuration import WindowSettings


class Sample(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One attempt."""

    moment: float
    """When it ended, seconds since 1970."""
    latency_ms: float
    failed: bool
    """The model's fault; an attempt that was cancelled is no sample."""
    cost_usd: float | None = None


class Window(msgspec.Struct, frozen=True, array_like=True):
    """Samples in the order in which they came; ``msgspec`` encodes it as arrays."""

    samples: tuple[Sample, ...] = ()


class Summary(NamedTuple):
    """What windows come to; ``None`` where there is no sample to tell from."""

    calls: int = 0
    failures: int = 0
    p50_ms: float | None = None
    """Of good answers."""
    p95_ms: float | None = None
    """Of good answers: the smallest latency that at least 95 % of them did not exceed."""
    cost_usd: float | None = None
    """Of the attempts whose cost is known."""
    until: float = float("inf")
    """When the oldest sample grows too old, so that this no longer holds."""

    @property
    def failure_share(self) -> float | None:
        """Failed attempts of all."""
        return self.failures / self.calls if self.calls else None

    @property
    def penalty(self) -> float:
        """The share of failures, taken with ``BENEFIT`` good answers more, so that one failure of one call is not the
        end; 0 for a model that nobody asked."""
        return self.failures / (self.calls + BENEFIT) if self.failures else 0.0


BENEFIT: Final = 4
"""Good answers that a model is credited with."""

EMPTY: Final = Window()


def with_sample(window: Window, sample: Sample, settings: WindowSettings) -> Window:
    """The window after one more attempt, without what is too old or too much."""
    kept = window.samples
    limit = settings.attempts - 1
    if len(kept) > limit:
        kept = kept[-limit:] if limit else ()
    if kept and kept[0].moment < sample.moment - settings.age_seconds:
        oldest = sample.moment - settings.age_seconds
        kept = tuple(one for one in kept if one.moment >= oldest)
    return Window((*kept, sample))


def summary(windows: Iterable[Window], now: float, settings: WindowSettings) -> Summary:
    """What the windows of all processes come to at a moment: the samples of each that are young enough, together."""
    oldest = now - settings.age_seconds
    samples: list[Sample] = []
    first = float("inf")
    for window in windows:
        kept = window.samples
        if kept and kept[0].moment < oldest:  # else all of it is young enough
            kept = tuple(one for one in kept if one.moment >= oldest)
        if kept:
            first = min(first, kept[0].moment)
            samples.extend(kept)
    if not samples:
        return Summary()
    good = sorted(one.latency_ms for one in samples if not one.failed)
    costs = [one.cost_usd for one in samples if one.cost_usd is not None]
    return Summary(
        calls=len(samples),
        failures=len(samples) - len(good),
        p50_ms=percentile(good, 50),
        p95_ms=percentile(good, 95),
        cost_usd=sum(costs) if costs else None,
        until=first + settings.age_seconds,
    )


def percentile(ordered: list[float], percent: int) -> float | None:
    """The nearest-rank percentile of values in ascending order; ``None`` where there are none."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None
