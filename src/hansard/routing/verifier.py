"""Whether an answer holds: it is there, it is no refusal, it came to its end, it fits its schema, it cites what exists.

A fault is an attempt's failure with a reason; no reason repeats a word of the answer's texts. Sources:
specs/operations, section 7 ("schema validation / hallucination guard"); design note "Panel and routing".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import msgspec

from hansard.routing import errors
from hansard.routing.model import Failure, Task
from hansard.routing.postprocess import Processed
from hansard.routing.redaction import Redactor


class Fault(NamedTuple):
    """Why an answer does not hold."""

    failure: Failure
    reason: str


def verify(
    task: Task, answer: Processed, finish_reason: str | None = None, redactor: Redactor | None = None
) -> Fault | None:
    """The first fault of an answer, or ``None``.

    An answer in words that was cut at its limit of tokens holds (``Answer.truncated`` tells it); data so cut does not.
    """
    if finish_reason == "content_filter":
        return Fault("content_policy", "the provider's filter ended the answer")
    if finish_reason == "tool_calls":
        return Fault("unverified", "the model called a tool, and none was offered")
    if _SEEN.search(answer.text) is None:
        return Fault("unverified", "the answer is empty")
    if finish_reason != "length" and (not isinstance(finish_reason, str) or finish_reason.casefold() not in _GOOD_ENDS):
        return Fault("malformed", "the provider does not say that the answer came to its end")
    if task.schema is not None:
        if finish_reason == "length":  # also where what came can be read: 12 may be the beginning of 123
            return Fault("malformed", "the data was cut at the limit of tokens; raise 'max_output_tokens'")
        if answer.fault is not None:
            if is_refusal(answer.text):
                return Fault("unverified", "the model refused in words")
            return Fault("malformed", answer.fault)
        if (broken := schema_fault(task.schema, answer.structured)) is not None:
            return Fault("unverified", broken)
    elif is_refusal(answer.text):
        return Fault("unverified", "the model refused in words")
    said = answer.text if task.schema is None else "\n".join(_texts(answer.structured))  # escapes hide what is said
    if task.citable is not None and (invented := invented_citations(said, task.citable)):
        more = " …" if len(invented) > _SHOWN else ""
        return Fault("unverified", f"it cites what does not exist: {', '.join(invented[:_SHOWN])}{more}")
    if redactor is not None and (unknown := redactor.unknown(answer.text)):
        return Fault("unverified", f"it has placeholders that it was not given: {', '.join(unknown[:_SHOWN])}")
    return None


_SEEN: Final = re.compile(r"[^\s\u200b-\u200f\u2060-\u206f\u00ad\ufe00-\ufe0f\ufeff]")
_SHOWN: Final = 5

_GOOD_ENDS: Final = frozenset({"stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "completed"})
"""What providers, and those who speak as they do, call an end that the model chose. Any other is half an answer."""


# -- refusals ----------------------------------------------------------------------------------------------------------

_REFUSAL_LENGTH: Final = 600
"""A longer text says more than no."""

_SORRY: Final = (
    r"(?:(?:i'?m|i am|we'?re|we are)(?: very| really| so| truly)? (?:sorry|afraid)|(?:my |our )?apolog\w+|sorry"
    r"|unfortunately|regrettably)"
)
_CANNOT: Final = (
    r"(?:i|we)(?:'m| am|'re| are)?(?: simply| just| also)?(?: can'?t| cannot| can not| won'?t| will not| must decline"
    r"|(?: not| un)able to| have to decline| must refuse| don'?t feel comfortable| not (?:able|allowed|permitted) to"
    r"| can only refuse| decline to)"
)
_HELP: Final = (
    r"(?:assist|help|comply|fulfil+|provide|answer|respond|engage|generate|create|produce|support|continue|participate"
    r"|discuss|do that|do this|share|offer|write|complete|process)"
)


@cache
def _refusal() -> re.Pattern[str]:
    """What refusals begin with; made when the first short answer comes."""
    return re.compile(
        rf"\A\W*(?:{_SORRY}\b[^.!?\n]{{0,60}}?)?{_CANNOT}\b[^.!?\n]{{0,60}}?\b{_HELP}\b"
        rf"|\A\W*as an? (?:ai|artificial|large|language)\b[^.!?\n]{{0,80}}?{_CANNOT}"
        r"|\A\W*(?:es tut mir leid|tut mir leid|entschuldigung)\b[^.!?\n]{0,60}?\b(?:kann|darf|werde)\b[^.!?\n]{0,80}?"
        r"\b(?:nicht|keine)\b"
        r"|\A\W*i must (?:decline|refuse)\b",
        re.IGNORECASE,
    )


def is_refusal(text: str) -> bool:
    """Whether a short text only says that the model will not answer.

    Known by its first sentence, in English and German; a rule of thumb, for models that say so in words alone. A text
    that goes on ("I cannot give a figure, but …") is an answer.
    """
    head = text.strip().replace("’", "'")
    if len(head) > _REFUSAL_LENGTH or (match := _refusal().search(head[:240])) is None:
        return False
    return _GOES_ON.search(head, match.end()) is None


_GOES_ON: Final = re.compile(
    r"\b(?:but|however|though|nevertheless|instead|still|aber|jedoch)\b.{60}", re.DOTALL | re.IGNORECASE
)


# -- schema ------------------------------------------------------------------------------------------------------------


def check_schema(schema: Mapping[str, Any], field: str = "schema") -> None:
    """Refuse a schema that is none, before anything is spent on it.

    Raises:
        HansardError: ``schema_invalid``; also for one that leads to another document, which nobody here fetches.
    """
    from jsonschema.exceptions import SchemaError  # type: ignore[import-untyped,unused-ignore]

    for reference in _references(schema):
        if not reference.startswith("#"):
            raise errors.schema_invalid(field, f"its '$ref' leads to another document ({reference[:80]})")
    try:
        validator = _class_of(schema)
        validator.check_schema(schema)
    except SchemaError as fault:
        raise errors.schema_invalid(field, f"at {fault.json_path}: {_constraint(fault)}") from None
    except RecursionError:
        raise errors.schema_invalid(field, "it is nested too deeply") from None
    except Exception as fault:  # a '$schema' that is no text, and the like
        raise errors.schema_invalid(field, f"it stumbles over {type(fault).__name__}") from None
    anchors = _anchors(schema)
    for reference in _references(schema):
        if _target(schema, reference, anchors) is None:
            raise errors.schema_invalid(field, f"its '$ref' leads nowhere ({reference[:80]})")
    for pattern in _patterns(schema):
        try:
            _matcher(pattern)
        except ValueError:
            raise errors.schema_invalid(
                field, f"its pattern {pattern[:80]!r} cannot be tried in a time that is bounded (no look-around, no "
                "back-references, no huge counts)",
            ) from None  # fmt: skip
    if (why := _endless(schema, anchors)) is not None:
        raise errors.schema_invalid(field, why)
    for probe in (None, True, 0, "a", ["a", 0], {"a": "a"}):  # what is left is found by trying
        if (told := schema_fault(schema, probe)) is not None and told.startswith(_STUMBLED):
            raise errors.schema_invalid(field, told)


def schema_fault(schema: Mapping[str, Any], data: Any) -> str | None:
    """Where data does not fit its schema, and which rule it breaks; the most telling of several faults."""
    from jsonschema.exceptions import best_match  # type: ignore[import-untyped,unused-ignore]

    steps = _STEPS_LEFT.set([STEPS])
    try:
        fault = best_match(_validator(msgspec.json.encode(schema)).iter_errors(data))
    except _TooManyStepsError:
        return f"{_STUMBLED} in {STEPS:,} steps"
    except Exception as stumbled:  # an answer was paid for: what the checker raises is no reason to lose its attempt
        return f"{_STUMBLED} ({type(stumbled).__name__})"
    finally:
        _STEPS_LEFT.reset(steps)
    return (
        None
        if fault is None
        else f"the data does not fit the schema at {_place(fault.json_path)}: {_constraint(fault)}"
    )


_STUMBLED: Final = "the data cannot be held to the schema"

STEPS: Final = 200_000
"""Rules that are tried on an answer's data, at most: a schema may ask for a number that grows beyond all measure."""

_STEPS_LEFT: Final[ContextVar[list[int]]] = ContextVar("_STEPS_LEFT")


class _TooManyStepsError(Exception):
    """The schema asks for too much."""


@lru_cache(256)
def _validator(schema: bytes) -> Any:
    """What holds data to a schema, given as JSON; nothing is fetched for it."""
    from referencing import Registry

    told = msgspec.json.decode(schema)
    kind = _bounded(_class_of(told))
    for table in _tables(told):  # where a part names its draft, the checker would go on with a class of its own choice
        if isinstance(table, dict) and isinstance(table.get("$schema"), str):
            del table["$schema"]
    return kind(told, registry=Registry(), format_checker=kind.FORMAT_CHECKER)


@cache
def _bounded(kind: Any) -> Any:
    """A class of validators whose rules are counted, and whose patterns take time linear in the text."""
    from jsonschema.validators import extend  # type: ignore[import-untyped,unused-ignore]

    own = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
    }
    rules = {name: _counted(own.get(name, rule)) for name, rule in kind.VALIDATORS.items()}
    return extend(kind, rules)


def _counted(rule: Any) -> Any:
    def counted(validator: Any, value: Any, data: Any, schema: Any) -> Any:
        left = _STEPS_LEFT.get(None)
        if left is not None:
            left[0] -= 1
            if left[0] < 0:
                raise _TooManyStepsError
        return rule(validator, value, data, schema)

    return counted


@lru_cache(1024)
def _matcher(pattern: str) -> Any:
    """Tells whether a pattern is found in a text, in linear time: ``re`` may take for ever, and Rust's engine, which
    pydantic brings, does not. It knows neither look-around nor back-references.

    Raises:
        ValueError: it does not know the pattern (pydantic's ``SchemaError`` is one, or is made one).
    """
    from pydantic_core import SchemaError, SchemaValidator, core_schema

    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, strict=True)).isinstance_python
    except SchemaError as fault:
        raise ValueError(str(fault)) from None


def _pattern(_: Any, pattern: str, data: Any, __: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped,unused-ignore]

    if isinstance(data, str) and not _matcher(pattern)(data):
        yield ValidationError("it does not match")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], data: Any, _: Any) -> Iterator[Any]:
    if not isinstance(data, dict):
        return
    for pattern, rules in patterns.items():
        matches = _matcher(pattern)
        for name, inner in data.items():
            if matches(name):
                yield from validator.descend(inner, rules, path=name, schema_path=pattern)


def _additional_properties(validator: Any, rules: Any, data: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped,unused-ignore]

    if not isinstance(data, dict):
        return
    known = schema.get("properties", {})
    patterns = [_matcher(pattern) for pattern in schema.get("patternProperties", {})]
    more = [name for name in data if name not in known and not any(matches(name) for matches in patterns)]
    if isinstance(rules, dict):
        for name in more:
            yield from validator.descend(data[name], rules, path=name)
    elif not rules and more:
        yield ValidationError("it has members that the schema does not name")


def _unique_items(_: Any, unique: Any, data: Any, __: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped,unused-ignore]

    if (
        unique
        and isinstance(data, list)
        and len({msgspec.json.encode(_same(x), order="sorted") for x in data}) < len(data)
    ):
        yield ValidationError("it has an item twice")


def _same(data: Any) -> Any:
    """Data with 1.0 as 1: to a schema they are one number."""
    if isinstance(data, float) and data.is_integer():
        return int(data)
    if isinstance(data, list):
        return [_same(each) for each in data]
    return {name: _same(inner) for name, inner in data.items()} if isinstance(data, dict) else data


def _patterns(schema: Any) -> Iterator[str]:
    """The patterns of a schema; a member that happens to be named like a rule may be among them."""
    level = [schema]
    while level:
        one = level.pop()
        if isinstance(one, Mapping):
            if isinstance(pattern := one.get("pattern"), str):
                yield pattern
            if isinstance(named := one.get("patternProperties"), Mapping):
                yield from named
            level.extend(one.values())
        elif isinstance(one, list | tuple):
            level.extend(one)


_SAME_VALUE: Final = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies")
"""Rules whose schemas are held to the same value, not to a part of it."""


def _endless(schema: Mapping[str, Any], anchors: Mapping[str, Any]) -> str | None:
    """Why holding a value to a schema would not end: it leads back to itself without going into the value."""
    names = {name for table in _tables(schema) for name in table}
    if {"unevaluatedProperties", "patternProperties"} <= names:  # the checker would try those patterns with ``re``
        return "'unevaluatedProperties' and 'patternProperties' are not taken together"
    done: set[int] = set()
    under: set[int] = set()
    waiting: list[tuple[Any, bool]] = [(each, False) for each in _tables(schema)]
    while waiting:
        one, left = waiting.pop()
        if left:
            under.discard(id(one))
            done.add(id(one))
            continue
        if id(one) in under:
            return "it leads back to itself without going into the value"
        if id(one) in done:
            continue
        under.add(id(one))
        waiting.append((one, True))
        inner = list(_on_same_value(schema, one, anchors))
        if any(id(each) in under for each in inner):
            return "it leads back to itself without going into the value"
        waiting += [(each, False) for each in inner]
    return None


def _tables(schema: Any) -> Iterator[Mapping[str, Any]]:
    level = [schema]
    while level:
        one = level.pop()
        if isinstance(one, Mapping):
            yield one
            level.extend(one.values())
        elif isinstance(one, list | tuple):
            level.extend(one)


def _on_same_value(
    schema: Mapping[str, Any], one: Mapping[str, Any], anchors: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    for name in ("$ref", "$dynamicRef", "$recursiveRef"):
        if isinstance(reference := one.get(name), str):
            there = _target(schema, reference, anchors)
            if isinstance(there, Mapping):
                yield there
    for name in _SAME_VALUE:
        inner = one.get(name)
        if isinstance(inner, Mapping):
            if name in {"dependentSchemas", "dependencies"}:
                yield from (each for each in inner.values() if isinstance(each, Mapping))
            else:
                yield inner
        elif isinstance(inner, list | tuple):
            yield from (each for each in inner if isinstance(each, Mapping))


def _class_of(schema: Mapping[str, Any]) -> Any:
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped,unused-ignore]
    from jsonschema.validators import validator_for  # type: ignore[import-untyped,unused-ignore]

    return validator_for(schema, default=Draft202012Validator)


def _place(path: str) -> str:
    return path if len(path) <= 80 else path[:79] + "…"


def _constraint(fault: Any) -> str:
    """The rule that is broken, by the schema's own words."""
    told = repr(fault.validator_value) if not isinstance(fault.validator_value, dict | list) else None
    if fault.validator in {"required", "enum", "type"}:
        told = ", ".join(map(str, fault.validator_value)) if isinstance(fault.validator_value, list) else str(told)
    return f"'{fault.validator}'" + (f" ({told[:80]})" if told else "")


def _references(schema: Any) -> Iterator[str]:
    level = [schema]
    while level:
        one = level.pop()
        if isinstance(one, Mapping):
            if isinstance(reference := one.get("$ref"), str):
                yield reference
            level.extend(one.values())
        elif isinstance(one, list | tuple):
            level.extend(one)


def _anchors(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a schema gives names to that a reference may lead to."""
    found: dict[str, Any] = {}
    for one in _tables(schema):
        for name in ("$anchor", "$dynamicAnchor", "$id", "id"):
            value = one.get(name)
            if isinstance(value, str):
                found.setdefault(f"#{value}" if name.endswith("nchor") else value, one)
    return found


def _target(schema: Mapping[str, Any], reference: str, anchors: Mapping[str, Any]) -> Any:
    """What a reference inside a document leads to; ``None`` where that is nothing."""
    if reference == "#":
        return schema
    if not reference.startswith("#/"):
        return anchors.get(reference)
    there: Any = schema
    for part in unquote(reference)[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(there, Mapping) and part in there:
            there = there[part]
        elif isinstance(there, list) and part.isdecimal() and int(part) < len(there):
            there = there[int(part)]
        else:
            return None
    return there


# -- citations ---------------------------------------------------------------------------------------------------------

_DISPLAY_ID: Final = r"[PRTEC]\d{4}"
"""Ids of a record's entities; always looked for."""

_NUMBERED: Final = re.compile(r"(.*?)(\d+)", re.DOTALL)


def invented_citations(text: str, citable: Iterable[str]) -> list[str]:
    """Ids in a text that look like those that may be cited and are none of them, in their order, each once.

    What an id looks like is taken from the ids themselves: letters and signs as they are, digits as any as many digits.
    """
    known = set(citable)
    shapes = {_DISPLAY_ID, *map(_shape, known)} - {""}
    told = "|".join(sorted(shapes, key=len, reverse=True))
    pattern = re.compile(rf"(?<![^\W_])(?<!-)(?:{told})(?![^\W_]|-\d)")  # in ``_P0101_`` and ``P0101-like``, too
    found = dict.fromkeys(match.group() for match in pattern.finditer(text))
    return [one for one in found if one not in known]


def _texts(data: Any) -> Iterator[str]:
    """The texts of data, names of members too."""
    level = [data]
    while level:
        one = level.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            level.extend(one)
            level.extend(one.values())
        elif isinstance(one, list):
            level.extend(one)


def _shape(identifier: str) -> str:
    """A pattern of the ids that are like one; nothing for an id without a number, which is like no other."""
    if not any(map(str.isdigit, identifier)):
        return ""
    parts = re.split(r"(\d+)", identifier)
    return "".join(rf"\d{{{len(part)}}}" if part.isdecimal() else re.escape(part) for part in parts)
