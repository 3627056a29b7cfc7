"""Time, injected: whoever needs the time is given a clock, so that a test or a replay decides what it says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from hansard.kernel.errors import invalid_field

Clock = Callable[[], datetime]
"""Gives the present moment, in UTC."""

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def system_clock() -> datetime:
    """The machine's own clock, in UTC."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """A moment as it is stored: UTC, ``YYYY-MM-DDTHH:MM:SS.ffffffZ``. Text order is time order."""
    return moment.astimezone(UTC).strftime(_FORMAT)


def normal_timestamp(text: str, field: str = "time") -> str:
    """An ISO 8601 time of a request as it is stored; a time without an offset is read as UTC.

    Raises:
        HansardError: ``invalid_field`` when it is not a time.
    """
    try:
        moment = datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if moment.year < 1000:  # years of fewer digits would not sort as text
            raise ValueError
    except (ValueError, OverflowError):
        raise invalid_field(
            field, text, "is not an ISO 8601 time", suggestion="Write it like 2026-02-06T18:39:00Z"
        ) from None
    return timestamp(moment)
