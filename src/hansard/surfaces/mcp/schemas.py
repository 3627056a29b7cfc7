"""Schemas as an assistant gets them: all that helps to fill a field rightly, and nothing else, since each word costs.

Pure. What a shape says to assistants alone stands at its field as ``x-tool`` (``kernel.shapes.for_tools``): ``false``
where the field is none of theirs, otherwise what their schema says instead, and beside which other tools.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from hansard.kernel.shapes import FOR_TOOLS

Schema = dict[str, Any]

_SAID_BY_THE_ERROR: Final = frozenset(
    {"pattern", "minLength", "minItems", "maxLength", "maxItems", "title", "beside", "needed", FOR_TOOLS}
)
"""What nobody fills a field by: whoever meets such a bound is told so, with the field's name."""

_BOUNDS: Final = ("minimum", "exclusiveMinimum", "maximum")

_FAR: Final = 1000
"""A number's greater bounds are there to keep sums exact, and no model would think of passing them."""


def input_schema(schema: Mapping[str, Any], sets: Collection[str]) -> Schema:
    """What a tool takes, beside the tools of these sets."""
    shown = _fields(schema, sets)
    shown["$defs"] = {name: _fields(one, sets) for name, one in schema.get("$defs", {}).items()}
    return _inlined(shown)


def output_schema(schema: Mapping[str, Any]) -> Schema:
    """What a tool gives. Clients check each answer by it, so what may be null says so, in the shortest way."""
    return _inlined(_plainer(dict(schema)))


def described(schema: Schema, hint: Callable[[str], str]) -> Schema:
    """A schema whose descriptions name operations as ``hint`` does."""
    said = {**schema}
    for keyword, value in schema.items():
        if keyword == "description" and isinstance(value, str):
            said[keyword] = hint(value)
        elif keyword in ("properties", "$defs"):
            said[keyword] = {name: described(one, hint) for name, one in value.items()}
        elif keyword in ("items", "additionalProperties") and isinstance(value, dict):
            said[keyword] = described(value, hint)
        elif keyword == "anyOf":
            said[keyword] = [described(one, hint) for one in value]
    return said


def _fields(schema: Mapping[str, Any], sets: Collection[str]) -> Schema:
    """A shape's schema; what it is for is told by the tool, or by the field that holds it."""
    shown: Schema = {"type": "object", "properties": {}}
    for name, field in schema.get("properties", {}).items():
        said = field.get(FOR_TOOLS, {})
        if said is not False and ("beside" not in said or said["beside"] in sets):
            shown["properties"][name] = _slim({**field, **said})
    needed = set(schema.get("required", ()))
    required = [
        name
        for name in shown["properties"]
        if name in needed or schema["properties"][name].get(FOR_TOOLS, {}).get("needed")
    ]
    if required:
        shown["required"] = required
    return shown


def _slim(schema: Mapping[str, Any]) -> Schema:
    """One field's schema."""
    said = dict(schema)
    if (options := said.pop("anyOf", None)) is not None:
        left = [option for option in options if option != {"type": "null"}]
        if len(left) == 1:
            said = {**left[0], **said}
        else:
            said["anyOf"] = [_slim(option) for option in left]
    slim: Schema = {}
    for keyword, value in said.items():
        if keyword in _SAID_BY_THE_ERROR or (keyword == "default" and _goes_without_saying(value)) or value == "":
            continue
        if keyword in _BOUNDS and not _tells(keyword, value, said):
            continue
        if keyword == "additionalProperties" and not isinstance(value, dict):
            continue
        if keyword in ("items", "additionalProperties") and isinstance(value, dict):
            slim[keyword] = _slim(value)
        else:
            slim[keyword] = value
    return slim


def _goes_without_saying(default: Any) -> bool:
    return default is None or default is False or default in ("", [], {})


def _tells(keyword: str, bound: float, schema: Mapping[str, Any]) -> bool:
    """Whether a bound of a number says what nobody would take for granted: a count is no less than none."""
    return bound <= _FAR if keyword == "maximum" else schema.get("type") == "number" and schema.get("maximum") == 1


def _inlined(schema: Schema) -> Schema:
    """Shapes that are referred to once, put where they are referred to; what nothing leads to is left out."""
    shapes: Schema = schema.pop("$defs", {})
    counts = dict.fromkeys(shapes, 0)
    reached = [schema]
    while reached:
        for name in _referred(reached.pop()):
            counts[name] += 1
            if counts[name] == 1:
                reached.append(shapes[name])

    def put(value: Any) -> Any:
        if isinstance(value, list):
            return [put(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        name = _name(value)
        if name is not None and counts[name] == 1:
            rest = {keyword: inner for keyword, inner in value.items() if keyword != "$ref"}
            return {**put(shapes[name]), **rest}
        return {keyword: put(inner) for keyword, inner in value.items()}

    whole: Schema = put(schema)
    shared = {name: put(shapes[name]) for name in shapes if counts[name] > 1}
    return {**whole, "$defs": shared} if shared else whole


def _name(schema: Mapping[str, Any]) -> str | None:
    reference = schema.get("$ref")
    return reference.removeprefix("#/$defs/") if isinstance(reference, str) else None


def _referred(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if (name := _name(value)) is not None:
            yield name
        for inner in value.values():
            yield from _referred(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _referred(inner)


def _plainer(schema: Any) -> Any:
    """A schema without titles, which repeat names (a property may well be called ``title``), without what forbids
    nothing, and with plain types for unions of such: a client's check takes half as long."""
    if isinstance(schema, list):
        return [_plainer(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    plainer: Schema = {}
    for keyword, value in schema.items():
        if keyword in ("properties", "$defs"):
            plainer[keyword] = {name: _plainer(inner) for name, inner in value.items()}
        elif keyword == "anyOf" and all(_plainer(option).keys() == {"type"} for option in value):
            plainer["type"] = [option["type"] for option in value]
        elif keyword not in ("title", "default", FOR_TOOLS) and (keyword, value) != ("additionalProperties", True):
            plainer[keyword] = _plainer(value)
    return plainer
