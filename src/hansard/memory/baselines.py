"""Welford's running mean and variance, as a window's ``baseline_stats`` carries them for a session."""

from __future__ import annotations

import math
from collections.abc import Mapping


class Welford:
    """Mean and variance of numbers that come one by one, without keeping them and without cancellation."""

    __slots__ = ("_squares", "count", "mean")

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self._squares = 0.0

    def add(self, value: float) -> None:
        """Take one more number; it must be finite."""
        if not math.isfinite(value):
            raise ValueError(f"{value!r} is not finite")
        self.count += 1
        distance = value - self.mean
        self.mean += distance / self.count
        self._squares += distance * (value - self.mean)

    @property
    def variance(self) -> float:
        """The sample's variance (n − 1); 0 for fewer than two numbers."""
        return self._squares / (self.count - 1) if self.count > 1 else 0.0


class SessionBaselines:
    """Baselines of every number of a session's telemetry, by its name."""

    def __init__(self) -> None:
        self._running: dict[str, Welford] = {}

    def observe(self, numbers: Mapping[str, float]) -> None:
        """Take what one window measured."""
        for name, value in numbers.items():
            self._running.setdefault(name, Welford()).add(value)

    def stats(self) -> dict[str, float]:
        """``<name>_mean`` and ``<name>_var`` for each name (specification, section 1, ``baseline_stats``)."""
        told: dict[str, float] = {}
        for name, running in self._running.items():
            told[f"{name}_mean"] = running.mean
            told[f"{name}_var"] = running.variance
        return told
