"""JSON of others: taken where every reader finds the same in it, refused with a place elsewhere."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.json_text import DIGITS, NotJsonError, json_value

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_what_json_writes_is_read_back(value: object) -> None:
    """Any JSON value that was written is read as it was."""
    assert json_value(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 1}', "the key 'a' stands twice in one object"),
        ('[{"outer": {"b": 1, "c": 2, "b": 3}}]', "the key 'b' stands twice"),
        ('{"\\ud800": 1, "\\ud800": 2}', r"the key '\ud800' stands twice"),
        ('{"a": 1, "\\u0061": 2}', "the key 'a' stands twice"),
        ("NaN", "'NaN' is no JSON number"),
        ("[-Infinity]", "'-Infinity' is no JSON number"),
        ("9" * 6000, "an integer has 6,000 digits"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_readers_take_differently_is_refused(text: str, why: str) -> None:
    """A key twice, NaN, an endless integer and endless nesting are refused, each by its name."""
    with pytest.raises(NotJsonError) as caught:
        json_value(text)
    assert why in caught.value.why


def test_a_long_integer_is_still_read() -> None:
    """Up to the limit an integer is read; whether it can be stored, a shape judges."""
    assert json_value("1" * DIGITS) == int("1" * DIGITS)


def test_the_place_of_a_slip_is_told() -> None:
    """Where the text stops to be JSON, line and column are told."""
    with pytest.raises(NotJsonError) as caught:
        json_value('{\n  "a": ?\n}')
    assert (caught.value.line, caught.value.column) == (2, 8)
