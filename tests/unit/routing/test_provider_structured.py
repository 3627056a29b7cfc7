"""Which schemas can be enforced, and how one is told in words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hansard.routing.providers.structured import closed, in_words

CLOSED: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "integer"}}},
    "required": ["a", "b"],
    "additionalProperties": False,
}


def test_a_closed_schema_is_closed() -> None:
    """All fields required, none beside them; whatever its enums hold."""
    assert closed(CLOSED)
    assert closed({**CLOSED, "properties": {**CLOSED["properties"], "a": {"enum": [{"type": "object"}]}}})


@pytest.mark.parametrize(
    "schema",
    [
        {**CLOSED, "additionalProperties": True},
        {**CLOSED, "required": ["a"]},
        {**CLOSED, "properties": {"a": {"type": "object"}, "b": {}}},
        {**CLOSED, "$defs": {"x": {"type": "object", "properties": {"c": {}}}}},
        {"oneOf": [CLOSED]},
        {"type": "object"},
    ],
)
def test_an_open_one_is_not(schema: dict[str, Any]) -> None:
    """A field that may be left out, one that is not named, or a word that cannot be enforced opens it, at any depth."""
    assert not closed(schema)


def test_a_schema_stands_whole_in_its_words() -> None:
    """What is told is the schema itself, as JSON."""
    told = in_words(CLOSED)
    assert json.loads(told[told.index("{") :]) == CLOSED
