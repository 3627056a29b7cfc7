"""Whether an answer holds: it is there, it is no refusal, it came to its end, it fits its schema, it cites what exists.

A fault is an attempt's failure with a reason; no reason repeats a word of the answer's texts. Sources:
specs/operations, section 7 ("schema validation / hallucination guard"); design note "Panel and routing".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

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
    if task.schema is not None:
        if answer.fault is not None:
            if finish_reason == "length":
                return Fault("malformed", "the data was cut at the limit of tokens; raise 'max_output_tokens'")
            if is_refusal(answer.text):
                return Fault("unverified", "the model refused in words")
            return Fault("malformed", answer.fault)
        if (broken := schema_fault(task.schema, answer.structured)) is not None:
            return Fault("unverified", broken)
    elif is_refusal(answer.text):
        return Fault("unverified", "the model refused in words")
    if task.citable is not None and (invented := invented_citations(answer.text, task.citable)):
        more = " …" if len(invented) > _SHOWN else ""
        return Fault("unverified", f"it cites what does not exist: {', '.join(invented[:_SHOWN])}{more}")
    if redactor is not None and (unknown := redactor.unknown(answer.text)):
        return Fault("unverified", f"it has placeholders that it was not given: {', '.join(unknown[:_SHOWN])}")
    return None


_SEEN: Final = re.compile(r"[^\s\u200b-\u200f\u2060-\u206f\u00ad\ufe00-\ufe0f\ufeff]")
_SHOWN: Final = 5


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
    for reference in _references(schema):
        if not _resolves(schema, reference):
            raise errors.schema_invalid(field, f"its '$ref' leads nowhere ({reference[:80]})")


def schema_fault(schema: Mapping[str, Any], data: Any) -> str | None:
    """Where data does not fit its schema, and which rule it breaks; the most telling of several faults."""
    from jsonschema.exceptions import best_match  # type: ignore[import-untyped,unused-ignore]

    validator = _validator(msgspec.json.encode(schema))
    fault = best_match(validator.iter_errors(data))
    return (
        None
        if fault is None
        else f"the data does not fit the schema at {_place(fault.json_path)}: {_constraint(fault)}"
    )


@lru_cache(256)
def _validator(schema: bytes) -> Any:
    """What holds data to a schema, given as JSON; nothing is fetched for it."""
    from referencing import Registry

    told = msgspec.json.decode(schema)
    kind = _class_of(told)
    return kind(told, registry=Registry(), format_checker=kind.FORMAT_CHECKER)


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


def _resolves(schema: Mapping[str, Any], reference: str) -> bool:
    """Whether a reference inside a document leads somewhere; an anchor is taken on trust."""
    if not reference.startswith("#/"):
        return True
    there: Any = schema
    for part in reference[2:].split("/"):
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(there, Mapping) and part in there:
            there = there[part]
        elif isinstance(there, list) and part.isdecimal() and int(part) < len(there):
            there = there[int(part)]
        else:
            return False
    return True


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
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(sorted(shapes, key=len, reverse=True))})(?![\w-])")
    found = dict.fromkeys(match.group() for match in pattern.finditer(text))
    return [one for one in found if one not in known]


def _shape(identifier: str) -> str:
    """A pattern of the ids that are like one; nothing for an id without a number, which is like no other."""
    if not any(map(str.isdigit, identifier)):
        return ""
    parts = re.split(r"(\d+)", identifier)
    return "".join(rf"\d{{{len(part)}}}" if part.isdecimal() else re.escape(part) for part in parts)
