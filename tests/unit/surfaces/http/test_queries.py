"""Addresses as requests: every field's text is read as its schema means it, and nothing is guessed."""

from __future__ import annotations

import json
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from hansard.kernel.errors import HansardError
from hansard.kernel.shapes import JsonObject, Shape, shaped
from hansard.surfaces.http.queries import asked, parameters


class Query(Shape):
    """Every kind of field that a read has."""

    name: str
    number: int | None = None
    share: float = 0.5
    every: bool = False
    word: Literal["open", "closed"] | None = None
    names: list[str] = []
    numbers: list[int] = Field(default=[], max_length=9)
    facts: JsonObject | None = None


def query_of(query: Query) -> list[tuple[str, str]]:
    """A request as a caller writes it behind the question mark."""
    written: list[tuple[str, Any]] = []
    for name, value in query.plain().items():
        if isinstance(value, list):
            written += [(name, one) for one in value]
        elif isinstance(value, bool):
            written.append((name, "true" if value else "false"))
        else:
            written.append((name, json.dumps(value) if isinstance(value, dict) else value))
    return parse_qsl(urlencode(written), keep_blank_values=True)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(
    st.builds(
        Query,
        name=TEXTS,
        number=st.none() | st.integers(-(2**53) + 1, 2**53 - 1),
        share=st.floats(allow_nan=False, allow_infinity=False),
        every=st.booleans(),
        word=st.sampled_from(["open", "closed", None]),
        names=st.lists(TEXTS),
        numbers=st.lists(st.integers(0, 99), max_size=9),
        facts=st.none() | st.dictionaries(TEXTS, st.integers(0, 9) | TEXTS, min_size=1),
    )
)
def test_what_is_written_is_what_is_read(query: Query) -> None:
    """Every request that the shape takes can be asked for by an address."""
    assert shaped(Query, asked(Query, {}, query_of(query))) == query


@given(st.lists(st.tuples(st.sampled_from([*Query.model_fields, "other"]), st.text())))
def test_any_address_is_read_or_refused(query: list[tuple[str, str]]) -> None:
    """Whatever stands there becomes a request, or a refusal that says why."""
    kind = None
    try:
        shaped(Query, asked(Query, {}, query))
    except HansardError as fault:
        kind = fault.kind
    assert kind in (None, "invalid")


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("-7", -7), ("007", 7), ("7.0", "7.0"), ("７", "７"), ("", ""), (" 7", " 7"), ("9" * 31, "9" * 31)],
)
def test_whole_numbers_are_digits(text: str, value: Any) -> None:
    """Anything else is left as it stands, for the shape to refuse."""
    assert asked(Query, {}, [("number", text)]) == {"number": value}


@pytest.mark.parametrize("text", ["True", "1", "yes", "on", ""])
def test_truths_are_spelled_one_way(text: str) -> None:
    """``true`` and ``false``; other spellings are refused, not guessed."""
    with pytest.raises(HansardError) as caught:
        shaped(Query, asked(Query, {"name": "x"}, [("every", text)]))
    assert (caught.value.code, caught.value.field) == ("invalid_field", "every")


def test_a_field_stands_once() -> None:
    """In the query or in the path; a list may stand as often as it likes."""
    assert asked(Query, {"name": "x"}, [("names", "a"), ("names", "b")]) == {"name": "x", "names": ["a", "b"]}
    for query in ([("name", "y")], [("number", "1"), ("number", "1")]):
        with pytest.raises(HansardError) as caught:
            asked(Query, {"name": "x"}, query)
        assert caught.value.code == "parameter_twice"


def test_schemas_have_no_null() -> None:
    """What may be left out of a query is not ``null`` there."""
    assert parameters(Query)["number"] == {"type": "integer"}
    assert parameters(Query)["share"] == {"type": "number", "default": 0.5}
    assert "null" not in json.dumps(parameters(Query))
