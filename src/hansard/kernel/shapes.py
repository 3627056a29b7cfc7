"""Shapes: what a request or an answer looks like, checked at the door.

A shape refuses what cannot be stored and read back by everybody: unknown fields, NaN, infinities, integers beyond
2^53 - 1, NUL characters, lone surrogates. Every malformed field is told at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from hansard.kernel import errors
from hansard.kernel.canonical import MAX_SAFE_INTEGER
from hansard.kernel.errors import HansardError

S = TypeVar("S", bound="Shape")

JSON_DEPTH = 32
"""Nesting of free-form JSON that is accepted."""


def _storable(value: Any) -> Any:
    for _, fault in _unstorable(value, ""):
        raise PydanticCustomError("not_storable", "{why}", {"why": fault})
    return value


def _unstorable(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every place of a JSON value that cannot be stored, with the reason."""
    if isinstance(value, str):
        if "\0" in value:
            yield path, "holds a NUL character"
        else:
            try:
                value.encode()
            except UnicodeEncodeError:
                yield path, "holds a lone surrogate"
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            yield path, "holds an integer beyond 2^53 - 1"
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield path, "holds a number that is not finite"
    elif depth >= JSON_DEPTH:
        yield path, f"is nested deeper than {JSON_DEPTH}"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                yield path, f"has a key that is no text ({key!r})"
            else:
                yield from _unstorable(key, f"{path}.{key}", depth + 1)
                yield from _unstorable(inner, f"{path}.{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _unstorable(inner, f"{path}[{index}]", depth + 1)
    else:
        yield path, f"is no JSON value ({type(value).__name__})"


def _without_nul(value: str) -> str:
    if "\0" in value:
        raise PydanticCustomError("not_storable", "{why}", {"why": "holds a NUL character"})
    return value


Prose = Annotated[str, AfterValidator(_without_nul)]
"""Text of any length, kept exactly."""

Json = Annotated[Any, AfterValidator(_storable)]
"""Free-form JSON that can be stored and read back by everybody."""

JsonObject = Annotated[dict[str, Any], AfterValidator(_storable)]
"""A free-form JSON object (see ``Json``)."""


class Shape(BaseModel):
    """Base of all requests and answers: immutable, closed to unknown fields, finite numbers only."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        ser_json_inf_nan="null",
        protected_namespaces=(),
    )

    def plain(self) -> dict[str, Any]:
        """The shape as plain JSON data, fields left at their default left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


class WriteRequest(Shape):
    """Base of all requests that write."""

    request_id: Annotated[str, AfterValidator(_without_nul)] | None = None
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
        raise _told(shape, fault) from None


def _told(shape: type[Shape], fault: ValidationError) -> HansardError:
    faults = [_one(shape, entry) for entry in fault.errors(include_url=False)]
    return faults[0] if len(faults) == 1 else errors.batch_validation_failed(faults)


def field_path(location: tuple[int | str, ...]) -> str:
    """A location as a path (``perspectives[0].references[1].target``)."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else step
    return path or "request"


def _one(shape: type[Shape], entry: Any) -> HansardError:
    location = tuple(entry["loc"])
    path = field_path(location)
    if entry["type"] == "missing":
        return errors.missing_field(path)
    if entry["type"] == "extra_forbidden":
        return errors.unknown_field(path, _fields_at(shape, location[:-1]))
    why = entry["msg"]
    why = why[0].lower() + why[1:] if why else "does not fit"
    expected = entry.get("ctx", {}).get("expected")
    options = [part.strip("' ") for part in expected.replace(" or ", ", ").split(",")] if expected else None
    return errors.invalid_field(path, entry.get("input"), why.replace("input should", "should"), valid_options=options)


def _fields_at(shape: type[Shape], location: tuple[int | str, ...]) -> list[str]:
    """Names of the fields at a location inside a shape, as far as the annotations tell."""
    here: Any = shape
    for step in location:
        if isinstance(step, int):
            continue
        info = here.model_fields.get(step) if isinstance(here, type) and issubclass(here, BaseModel) else None
        if info is None:
            return []
        here = _shape_in(info.annotation)
    return list(here.model_fields) if isinstance(here, type) and issubclass(here, BaseModel) else []


def _shape_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _shape_in(inner)
        if found is not None:
            return found
    return None
