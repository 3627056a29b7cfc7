"""Times: one form, in which text order is time order."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.clock import normal_timestamp, system_clock, timestamp
from hansard.kernel.errors import HansardError

FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1001, 1, 1), datetime(9998, 12, 31), timezones=zones)


@given(moments)
def test_a_moment_is_read_back_as_it_was_written(moment: datetime) -> None:
    """A stored time has its one form, means the same moment, and is its own normal form."""
    text = timestamp(moment)
    assert FORM.fullmatch(text)
    assert datetime.fromisoformat(text) == moment
    assert normal_timestamp(text) == text
    assert normal_timestamp(moment.isoformat()) == text


@given(moments, moments)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    """Sorting stored times as texts sorts the moments."""
    assert (timestamp(one) < timestamp(other)) == (one < other)


def test_a_time_without_an_offset_is_utc() -> None:
    """A request's time without an offset is read as UTC, whatever zone the machine has."""
    assert normal_timestamp("2026-02-06T18:39") == "2026-02-06T18:39:00.000000Z"
    assert normal_timestamp("2026-02-06T18:39:00+02:00") == "2026-02-06T16:39:00.000000Z"


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-02-30T00:00:00Z", "2026-02-06T25:00:00Z", "2026-02-06T18:39:60Z", "0999-12-31T23:59:59Z",
     "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "1000-01-01T00:00:00+01:00", "٢٠٢٦-02-06", "\0"],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    """Days that do not exist, and times that leave the calendar or would not sort, are refused by field and value."""
    with pytest.raises(HansardError) as caught:
        normal_timestamp(text, "origin.at")
    assert (caught.value.code, caught.value.field) == ("invalid_field", "origin.at")
    assert "2026-02-06T18:39:00Z" in str(caught.value.suggestion)


def test_the_system_clock_gives_utc() -> None:
    """The machine's clock is given with its zone, so that nobody has to guess it."""
    assert system_clock().tzinfo is UTC
