"""Shapes: what a request or an answer looks like, checked at the door.

A shape refuses what cannot be stored and read back by everybody: unknown fields, numbers that are not finite, integers
that a double cannot hold, NUL characters, lone surrogates. Every malformed field is told at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from itertools import islice
from typing import Annotated, Any, Final, NamedTuple, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from hansard.kernel import errors
from hansard.kernel.canonical import MAX_SAFE_INTEGER
from hansard.kernel.errors import HansardError, shown
from hansard.kernel.letters import UNSEEN

S = TypeVar("S", bound="Shape")

JSON_DEPTH = 32
"""Nesting of free-form JSON that is accepted."""


def _storable(value: Any) -> Any:
    return value if _plainly_storable(value) else _told_places(value, unstorable(value))


def _plainly_storable(value: Any) -> bool:
    """Whether a value can be seen at once to be storable, as what is left out and nearly all texts can."""
    kind = type(value)
    if kind is str:
        return value.isascii() and "\0" not in value
    return value is None or (not value and (kind is list or kind is dict))


SAYS_SOMETHING = f"[^{UNSEEN}]"
"""The pattern of a text that is not blank: something in it can be seen."""

FIELDS_NAMED = 8
"""So many fields of an object a suggestion names."""

PLACES_TOLD = 1000
"""At most so many places of one value are told."""

Place = tuple[str, str, object]
"""Where a value cannot be stored (a path inside it), why, and what stands there."""


def _told_places(value: Any, faults: Iterable[Place]) -> Any:
    """The value, or every place of it that cannot be stored (``_each`` makes an error of each)."""
    # what pydantic keeps with an error it also prints, whatever its size: so each value as an error may repeat it
    if places := [(shown(path), why, shown(there)) for path, why, there in islice(faults, PLACES_TOLD)]:
        raise PydanticCustomError("not_storable", "{why}", {"why": places[0][1], "places": places})
    return value


def unstorable(value: Any, path: str = "", depth: int = 0) -> Iterator[Place]:
    """Every place of a JSON value that cannot be stored, with the reason."""
    if value is None or isinstance(value, str | int | float):
        if fault := _scalar_fault(value):
            yield path, fault, value
    elif depth >= JSON_DEPTH:
        yield path, f"is nested deeper than {JSON_DEPTH}", value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                yield path, "has a key that is no text", key
            elif fault := _scalar_fault(key):
                yield path, f"has a key that {fault}", key
            else:
                yield from unstorable(inner, f"{path}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from unstorable(inner, f"{path}[{index}]", depth + 1)
    else:
        yield path, f"is no JSON value ({type(value).__name__})", value


def _scalar_fault(value: object) -> str | None:
    """Why a text or a number cannot be stored and read back by everybody."""
    if isinstance(value, str):
        if "\0" in value:
            return "holds a NUL character"
        try:
            value.encode()
        except UnicodeEncodeError:
            return "holds a lone surrogate"
    elif isinstance(value, float):
        if not math.isfinite(value):
            return "holds a number that is not finite"
    elif isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
        return "holds an integer beyond 2^53 - 1"
    return None


def _unstorable_field(value: Any) -> Iterator[Place]:
    """The same for a field's own texts and numbers; what lies deeper is ``Json``, or a shape that looks at its own."""
    if fault := _scalar_fault(value):
        yield "", fault, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if fault := _scalar_fault(key):
                yield "", f"has a key that {fault}", key
            elif fault := _scalar_fault(inner):
                yield f".{key}", fault, inner
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            if fault := _scalar_fault(inner):
                yield f"[{index}]", fault, inner


Prose = Annotated[str, AfterValidator(_storable)]
"""Text of any length, kept exactly."""

Json = Annotated[Any, AfterValidator(_storable)]
"""Free-form JSON that can be stored and read back by everybody."""

JsonObject = Annotated[dict[str, Any], AfterValidator(_storable)]
"""A free-form JSON object (see ``Json``)."""


class Shape(BaseModel):
    """Base of all requests and answers: immutable, closed to unknown fields, nothing converted, finite numbers only."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        defer_build=True,  # a command uses few of some hundred and sixty shapes
        ser_json_inf_nan="null",
        protected_namespaces=(),
    )

    @field_validator("*")
    @classmethod
    def _storable_fields(cls, value: Any) -> Any:
        return value if _plainly_storable(value) else _told_places(value, _unstorable_field(value))

    def plain(self) -> dict[str, Any]:
        """The shape as plain JSON data, fields left at their default left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


FOR_TOOLS: Final = "x-tool"
"""The keyword of a field's JSON Schema under which it says what holds for an assistant's tools."""


NAMES: Final = "names"
"""Below ``FOR_TOOLS``: the field of an answer names operations (``names_tools``)."""


def names_tools(*keys: str) -> FieldInfo:
    """Marks a field of an answer whose texts are ours and may name operations, in quotes or as a whole text: assistants
    are told them by the names of their tools. Nobody else's words may stand there.

    Args:
        keys: of an object, the keys that this holds for; for all of it where left out. Of an error it holds for its
            suggestion alone.
    """
    return FieldInfo(json_schema_extra={FOR_TOOLS: {NAMES: list(keys)}})


def naming(shape: type[Shape]) -> Iterator[tuple[str, ...]]:
    """The paths at which answers of this shape name operations; a list on the way is not told."""
    for name, field in shape.model_fields.items():
        extra = field.json_schema_extra
        said = extra.get(FOR_TOOLS) if isinstance(extra, dict) else None
        if isinstance(said, dict) and isinstance(keys := said.get(NAMES), list):
            yield from ((name, str(key)) for key in keys) if keys else ((name,),)
        elif (inner := _shape_in(field.annotation)) is not None and inner is not shape:
            yield from ((name, *path) for path in naming(inner))


def any_case(*words: str) -> BeforeValidator:
    """A field's own words are taken in any case, and kept as they are written here. Whatever else stands there is left
    to those who judge it."""
    known = {one.casefold(): one for one in words}

    def as_written(value: Any) -> Any:
        return known.get(value.casefold(), value) if isinstance(value, str) else value

    return BeforeValidator(as_written)


def for_tools(*, beside: str | None = None, needed: bool = False, **said: Any) -> FieldInfo:
    """What assistants are told of a field, where that is not what everybody is told: a word less costs them less.

    Args:
        beside: the set of tools without which the field is not shown.
        needed: it may be left out in imports only.
        said: keywords of the schema, instead of the field's own; an empty description leaves it out.
    """
    told = said | ({"beside": beside} if beside else {}) | ({"needed": True} if needed else {})
    return FieldInfo(json_schema_extra={FOR_TOOLS: told})


NOT_FOR_TOOLS: Final = FieldInfo(json_schema_extra={FOR_TOOLS: False})
"""Marks a field that no assistant has a use for, such as what imports bring along; it is accepted all the same."""


class WriteRequest(Shape):
    """Base of all requests that write."""

    request_id: Annotated[Prose | None, for_tools(description="")] = None
    """Unique per actor. Sent again, the first answer is given and nothing changes."""


def shaped(shape: type[S], payload: object) -> S:
    """A payload as the shape it must have.

    Raises:
        HansardError: the one malformed field, or ``batch_validation_failed`` with every one of them.
    """
    if isinstance(payload, shape):
        return payload
    try:
        return shape.model_validate(payload)
    except ValidationError as fault:
        raise _told(shape, fault, payload) from None


def _told(shape: type[Shape], fault: ValidationError, payload: object) -> HansardError:
    entries = fault.errors(include_url=False)

    missing: dict[Location, list[str]] = {}
    for entry in entries:
        if entry["type"] == "missing":
            missing.setdefault(entry["loc"][:-1], []).append(str(entry["loc"][-1]))

    def around(inside: Location) -> Around:
        return Around(missing.get(inside, []), _object_at(payload, inside))

    told = [(entry["loc"], each) for entry in entries for each in _each(shape, entry, around)]
    if len(told) == 1:
        return told[0][1]
    items = [_as_item(each, location, payload) for location, each in told]
    return errors.batch_validation_failed(items, writes=issubclass(shape, WriteRequest))


def _as_item(fault: HansardError, location: tuple[int | str, ...], payload: Any) -> HansardError:
    """The fault with the item it concerns: an entry of one of the request's lists, by its local id where it has one."""
    if len(location) < 2 or not isinstance(location[1], int):
        return fault.of("request")
    try:
        local_id = payload[location[0]][location[1]]["local_id"]
    except (LookupError, TypeError):
        local_id = None
    return fault.of(str(location[0]).removesuffix("s"), local_id=local_id if isinstance(local_id, str) else None)


def field_path(location: tuple[int | str, ...]) -> str:
    """A location as a path (``perspectives[0].references[1].target``)."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{shown(step)}" if path else str(shown(step))
    return path or "request"


Location = tuple[int | str, ...]


class Around(NamedTuple):
    """What stands around a field in its object."""

    missing: Collection[str]
    given: Container[str]


def _each(shape: type[Shape], entry: Any, around: Callable[[Location], Around]) -> Iterator[HansardError]:
    """The errors that one entry of pydantic's stands for: one, or one for each place of a value."""
    places = entry.get("ctx", {}).get("places")
    if places is None:
        yield _one(shape, entry, around)
        return
    location, key = _place(entry)
    for place, why, value in places:
        yield errors.invalid_field(f"{field_path(location)}{place}", value, f"{key}{why}")


def _one(shape: type[Shape], entry: Any, around: Callable[[Location], Around]) -> HansardError:
    location, key = _place(entry)
    path = field_path(location)
    if entry["type"] == "missing":
        return errors.missing_field(path)
    if entry["type"] == "extra_forbidden":
        return errors.unknown_field(path, _fields_at(shape, location[:-1]), **around(location[:-1])._asdict())
    expected = entry.get("ctx", {}).get("expected")
    options = [part.strip("' ") for part in expected.replace(" or ", ", ").split(",")] if expected else None
    return errors.invalid_field(
        path,
        entry.get("input"),
        f"{key}{plainly(entry)}",
        valid_options=options,
        suggestion=_of_the_right_type(shape, entry["type"], location, path),
    )


def _of_the_right_type(shape: type[Shape], kind: str, location: tuple[int | str, ...], path: str) -> str | None:
    """What to give instead of a value of another type; of an object, with which fields."""
    if not kind.endswith("_type") or kind not in _NEEDED:
        return None
    fields = _fields_at(shape, location) if kind in ("model_type", "dict_type") else []
    inside = f" with {', '.join(fields[:FIELDS_NAMED])}{' …' if len(fields) > FIELDS_NAMED else ''}" if fields else ""
    return f"Give '{path}' as {_NEEDED[kind].removeprefix('must be ')}{inside}"


def _place(entry: Any) -> tuple[tuple[int | str, ...], str]:
    """Where an entry of pydantic's is; of a key's own fault, its mapping, and how the sentence about it begins."""
    location = tuple(entry["loc"])
    if location[-1:] == ("[key]",) and location[-2:-1] == (entry.get("input"),):
        return location[:-2], "has a key that "
    return location, ""


_NEEDED = {
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
}
_LENGTHS = {
    "string_too_short": "character",
    "string_too_long": "character",
    "too_short": "entry",
    "too_long": "entry",
}


def plainly(entry: Any) -> str:
    """What is wrong with a value, as the end of a sentence that begins with its field's name."""
    kind, facts = entry["type"], entry.get("ctx", {})
    if kind in _NEEDED:
        return _NEEDED[kind].format_map(facts)
    if kind in _LENGTHS:
        return _length_fault("character" if isinstance(entry.get("input"), str) else _LENGTHS[kind], facts)
    if kind == "string_pattern_mismatch" and facts.get("pattern") == SAYS_SOMETHING:
        return "must not be blank"
    why = str(entry["msg"]).removeprefix("Value error, ").replace("Input should", "should")
    return why[:1].lower() + why[1:] or "does not fit"


def _length_fault(noun: str, facts: Mapping[str, Any]) -> str:
    bound, limit = ("at least", facts["min_length"]) if "min_length" in facts else ("at most", facts["max_length"])
    if bound == "at least" and limit == 1:
        return "must not be empty"
    plural = "entries" if noun == "entry" else f"{noun}s"
    return f"must have {bound} {limit} {noun if limit == 1 else plural}"


def _fields_at(shape: type[Shape], location: tuple[int | str, ...]) -> list[str]:
    """Names of the fields at a location inside a shape, as far as the annotations tell."""
    here: Any = shape
    named = False  # by a key of the caller's own
    for step in location:
        if isinstance(step, int) or named:
            named = False
            continue
        info = here.model_fields.get(step) if isinstance(here, type) and issubclass(here, BaseModel) else None
        if info is None:
            return []
        named = _is_mapping(info.annotation)
        here = _shape_in(info.annotation)
    return list(here.model_fields) if isinstance(here, type) and issubclass(here, BaseModel) else []


def _object_at(payload: Any, location: Location) -> Mapping[str, Any]:
    """The object at a location of a payload."""
    for step in location:
        try:
            payload = payload[step]
        except (LookupError, TypeError):  # a step of pydantic's own
            return {}
    return payload if isinstance(payload, Mapping) else {}


def _is_mapping(annotation: Any) -> bool:
    return get_origin(annotation) is dict or any(_is_mapping(inner) for inner in get_args(annotation))


def _shape_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        found = _shape_in(inner)
        if found is not None:
            return found
    return None
