"""How the router is set up: frozen values that it gets, and the way to them from ``[routing]`` in settings.toml.

What stands in the file is checked by ``routing.settings`` (pydantic, imported when a file is read, so that the router
alone stays light). ``python -m hansard.routing.configuration`` publishes the file's JSON Schema.
Sources: specs/operations, sections 7 and 25; design note "Panel and routing".
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hansard.routing.model import Model, Privacy


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the terms of a score (section 25); each is 0 or more, and not all are 0."""

    latency: float = 0.2
    cost: float = 0.3
    capability: float = 0.3
    failure: float = 0.2


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a model is left alone for a while, and for how long."""

    failures_in_a_row: int = 3
    """So many open it."""
    failure_share: float = 0.5
    """Or this share of the last ``share_of`` attempts, once there are so many; from 0 (exclusive) to 1."""
    share_of: int = 20
    open_seconds: float = 15.0
    """Before one attempt is let through to try; doubled each time that attempt fails …"""
    open_seconds_at_most: float = 300.0
    """… up to this."""


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How much of the past the statistics of a model look at: whichever bound comes first."""

    attempts: int = 200
    age_seconds: float = 900.0


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """How often the same model is asked again before the ladder goes on, and how long it is waited before."""

    same_model: int = 1
    """Further attempts at one model, at most."""
    first_seconds: float = 0.25
    """Wait before the first of them at most (jitter takes a random part of it); doubled for each further one …"""
    seconds_at_most: float = 8.0
    """… up to this."""
    attempts_at_most: int = 12
    """Over the whole ladder."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for a task that does not say otherwise."""

    deadline_seconds: float = 120.0
    budget_usd: float | None = None
    """``None``: no hard cap."""
    max_output_tokens: int = 4096


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """What may leave the machine, beside each model's own policy."""

    level: Privacy | None = None
    """At least this strict for every model; ``None`` leaves it to theirs."""
    kinds_allowed: frozenset[str] = frozenset()
    """Kinds of finds that are not redacted (names of ``redaction.KINDS``)."""
    words: tuple[str, ...] = ()
    """Names and words of one's own that are redacted, too, in any case of letters."""


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """What is kept of a call."""

    texts: bool = True
    """Prompts and answers word for word, once each; their hashes stand in the record in any case."""
    durable: bool = False
    """An answer is given back only when its record is on the disk."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that the router must know.

    Attributes:
        models: by their names; every name of the ladder is among them.
        ladder: tiers in their order, each with one model or more; a name stands in it once. Models that stand in no
            tier are asked only by name.
    """

    models: Mapping[str, Model]
    ladder: tuple[tuple[str, ...], ...]
    weights: Weights = field(default_factory=Weights)
    breaker: BreakerSettings = field(default_factory=BreakerSettings)
    window: WindowSettings = field(default_factory=WindowSettings)
    retries: RetrySettings = field(default_factory=RetrySettings)
    limits: Limits = field(default_factory=Limits)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    record: RecordSettings = field(default_factory=RecordSettings)

    def tier(self, name: str) -> int:
        """Where a model stands in the ladder, from 1; one that stands in no tier comes after all."""
        return next((number for number, tier in enumerate(self.ladder, 1) if name in tier), len(self.ladder) + 1)


def configured(table: Mapping[str, Any] | None = None, *, environ: Mapping[str, str] | None = None) -> Configuration:
    """The configuration that a ``[routing]`` table stands for.

    Args:
        table: as TOML gives it; ``None`` or empty for what holds when nothing is set: presets of the providers whose
            keys are there, as the specification's ladder, a static template last.
        environ: where keys are looked for; the process's own environment when left out. Only names are read here.

    Raises:
        HansardError: ``routing_setting_invalid`` (or ``routing_settings_invalid`` with every fault), which names the
            field, what would do, and the nearest valid choice.
    """
    from hansard.routing.settings import read

    return read(table or {}, os.environ if environ is None else environ)


def publish(file: Path) -> None:
    """Write the JSON Schema of ``[routing]``."""
    from hansard.routing.settings import json_schema

    file.write_text(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    publish(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference/routing.schema.json"))
