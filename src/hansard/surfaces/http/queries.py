"""Addresses as requests: what stands in a path and behind its question mark, as the plain values a shape takes.

A field's own JSON Schema says what its text stands for: a whole number, ``true``, several parameters of one name for a
list, JSON for an object. A text that is none of these is passed on as it is, and the shape says what is wrong with it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from hansard.kernel.json_text import NotJsonError, json_value
from hansard.kernel.shapes import Shape
from hansard.surfaces.http import errors

_WHOLE = re.compile(r"-?\d{1,30}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)


@cache
def parameters(shape: type[Shape]) -> dict[str, dict[str, Any]]:
    """The schema of each field, without the ``null`` of those that may be left out; references are looked up."""
    whole = shape.model_json_schema()
    return {name: _plain(field, whole.get("$defs", {})) for name, field in whole.get("properties", {}).items()}


def _plain(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = {**defs[schema["$ref"].rpartition("/")[2]], **{k: v for k, v in schema.items() if k != "$ref"}}
    plain = {name: value for name, value in schema.items() if name not in ("title", "anyOf")}
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    if len(kinds) == 1:
        if plain.get("default", ...) is None:
            del plain["default"]
        return {**_plain(kinds[0], defs), **plain}
    return {**plain, "anyOf": kinds} if kinds else plain


def asked(shape: type[Shape], path: Mapping[str, str], query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The request that a path and a query stand for.

    Raises:
        HansardError: ``parameter_twice``; everything else is the shape's to judge.
    """
    known = parameters(shape)
    given: dict[str, Any] = {}
    for name, text in (*path.items(), *query):
        schema = known.get(name, {})
        if schema.get("type") == "array":
            given.setdefault(name, []).append(_value(text, schema.get("items", {})))
        elif name in given:
            raise errors.parameter_twice(name)
        else:
            given[name] = _value(text, schema)
    return given


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "integer" if _WHOLE.fullmatch(text):
            return int(text)
        case "number" if _NUMBER.fullmatch(text):
            return float(text)
        case "object":
            with contextlib.suppress(NotJsonError):
                return json_value(text)
    return text
