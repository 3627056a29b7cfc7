"""What a database tells of its own fitness to keep a record."""

from __future__ import annotations

from typing import NamedTuple


class Fitness(NamedTuple):
    """One thing that bears on whether a database can keep a record."""

    name: str
    found: str
    remedy: str | None = None
    """What to do, where it is not well."""
