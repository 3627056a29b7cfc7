"""Whether an answer holds: faults are told by name and reason, and what holds is let through."""

from __future__ import annotations

import time
from typing import Any

import pytest

from hansard.kernel.errors import HansardError
from hansard.routing.model import Message, Origin, Task
from hansard.routing.postprocess import Processed, processed
from hansard.routing.redaction import Redactor
from hansard.routing.verifier import Fault, check_schema, invented_citations, is_refusal, schema_fault, verify

SCHEMA = {
    "type": "object",
    "required": ["verdict", "share"],
    "additionalProperties": False,
    "properties": {
        "verdict": {"enum": ["split", "keep"]},
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "by": {"type": "string", "format": "email"},
    },
}


def task(**more: Any) -> Task:
    """A question with some needs."""
    return Task((Message("user", "q"),), Origin("test"), **more)


def judged(text: str, finish: str | None = "stop", **more: Any) -> Fault | None:
    """What an answer to such a question comes to."""
    asked = task(**more)
    return verify(asked, processed(text, structured=asked.schema is not None), finish)


def test_plain_answer_holds() -> None:
    """An answer in words holds, also one that was cut at its limit of tokens."""
    assert judged("Keep it.") is None
    assert judged("Keep it, beca", "length") is None
    assert judged("Keep it.", "end_turn") is None


@pytest.mark.parametrize("finish", ["error", "insufficient_system_resource", "abort", "", None, {"a": 1}, ["x"]])
def test_end_that_is_not_known_to_be_good_does_not_hold(finish: Any) -> None:
    """Half an answer is none, whatever a provider calls its end, and also where it says nothing."""
    fault = judged("Half of an ans", finish)
    assert fault is not None
    assert fault.failure == "malformed"


def test_data_at_the_limit_of_tokens_does_not_hold() -> None:
    """What was cut can be read as data all the same (12 of 123), and is not taken for it."""
    fault = judged("12", "length", schema={"type": "integer"})
    assert fault is not None
    assert fault.failure == "malformed"


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u2060", "\x00"])
def test_empty_answer_does_not_hold(text: str) -> None:
    """Nothing that can be seen is no answer."""
    fault = judged(text)
    assert fault is not None
    assert fault.failure == "unverified"
    assert "empty" in fault.reason


@pytest.mark.parametrize(("finish", "failure"), [("content_filter", "content_policy"), ("tool_calls", "unverified")])
def test_unusual_end_does_not_hold(finish: str, failure: str) -> None:
    """An answer that a filter ended, or that calls a tool, is none."""
    fault = judged("The board", finish)
    assert fault is not None
    assert fault.failure == failure


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't assist with that request.",
        "I’m sorry, I cannot help with that.",
        "I cannot fulfill this request.",
        "As an AI language model, I am unable to provide that.",
        "Sorry, I'm not able to continue this conversation.",
        "Unfortunately, I won't be able to comply with this.",
        "I must decline.",
        "Es tut mir leid, aber dabei kann ich nicht helfen.",
    ],
)
def test_refusal_is_known(text: str) -> None:
    """A text that only says no is a refusal, and does not hold."""
    assert is_refusal(text)
    fault = judged(text)
    assert fault is not None
    assert "refused" in fault.reason


@pytest.mark.parametrize(
    "text",
    [
        "Keep the monolith. I can't see a reason to split it.",
        "I cannot provide an exact figure, but from P0101 and P0102 it must lie between 40 and 60 percent of all.",
        "We can't split the database before the audit log is done.",
        "Sorry for the delay: the answer is 42.",
        "The system cannot assist users without a key.",
        "I can help with that: do it in two steps.",
        "I can't recommend it. " + "Here is why, at length. " * 40,
    ],
)
def test_answer_is_no_refusal(text: str) -> None:
    """A text that says something is an answer, even where it says what it cannot."""
    assert not is_refusal(text)


def test_data_that_fits_holds() -> None:
    """Data of the schema holds, with or without what a model set around it."""
    assert judged('{"verdict": "split", "share": 0.5}', schema=SCHEMA) is None
    assert judged('```json\n{"verdict": "split", "share": 0.5}\n```', schema=SCHEMA) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"verdict": "sp-lit", "share": 0.5}', "$.verdict: 'enum'"),
        ('{"verdict": "split", "share": 2}', "$.share: 'maximum'"),
        ('{"verdict": "split"}', "$: 'required'"),
        ('["split"]', "$: 'type'"),
        ('{"verdict": "split", "share": 0, "by": "no address"}', "$.by: 'format'"),
    ],
)
def test_data_that_does_not_fit_is_told(text: str, place: str) -> None:
    """Data of another schema is ``unverified``, with the place and the rule, without its texts."""
    fault = judged(text, schema=SCHEMA)
    assert fault is not None
    assert fault.failure == "unverified"
    assert place in fault.reason
    assert "sp-lit" not in fault.reason
    assert "no address" not in fault.reason


def test_no_data_is_malformed() -> None:
    """Words where data was asked for are ``malformed``; a refusal is told as such; a cut says what to raise."""
    assert judged("I think split.", schema=SCHEMA) == Fault("malformed", "the answer is no JSON")
    refused = judged("I'm sorry, but I can't help with that.", schema=SCHEMA)
    assert refused is not None
    assert refused.failure == "unverified"
    cut = judged('{"verdict": "sp', "length", schema=SCHEMA)
    assert cut is not None
    assert cut.failure == "malformed"
    assert "max_output_tokens" in cut.reason


def test_falsehood_is_data() -> None:
    """``null``, ``false`` and 0 are data like any other."""
    for text, kind in (("null", "null"), ("false", "boolean"), ("0", "integer")):
        assert judged(text, schema={"type": kind}) is None
        assert judged(text, schema={"type": "string"}) is not None


# -- citations ---------------------------------------------------------------------------------------------------------


def test_citations_that_exist_hold() -> None:
    """An answer that cites what may be cited holds; without a list nothing is looked for."""
    assert judged("P0101 and E0203 say so; S12 too.", citable=("P0101", "E0203", "S12")) is None
    assert judged("P9999 says so.") is None


def test_invented_citations_do_not_hold() -> None:
    """An id that is like those that may be cited, and is none of them, is told."""
    fault = judged("P0101 and P0199 [E0401] say so, and P0199 again.", citable=("P0101", "E0203"))
    assert fault == Fault("unverified", "it cites what does not exist: P0199, E0401")
    assert judged("See C0101.", citable=()) is not None


def test_shapes_are_taken_from_the_ids() -> None:
    """What an id looks like is learned from those that may be cited; words and longer names are none."""
    assert invented_citations("doc-7, doc-12, doc-123, document-12, XP0101", ["doc-12", "doc-3"]) == ["doc-7"]
    assert invented_citations("alpha and beta", ["alpha"]) == []
    assert invented_citations("(a.1) a.2 ax2", ["a.1"]) == ["a.2"]


def test_invented_citations_do_not_hide() -> None:
    """Neither behind an escape of JSON, nor in a name of a member, nor among the signs of print."""
    asked: dict[str, Any] = {"schema": {"type": "object"}, "citable": ("P0001",)}
    for text in (r'{"a": "See:\nP9999"}', r'{"a": "\u00509999"}', '{"P9999": ["P0001"]}'):
        fault = judged(text, **asked)
        assert fault is not None, text
        assert "P9999" in fault.reason
    assert judged(r'{"a": "See:\nP0001"}', **asked) is None
    assert invented_citations("as _P9999_ and **P9998** and P9997-like say", ["P0001"]) == ["P9999", "P9998", "P9997"]


def test_invented_placeholder_does_not_hold() -> None:
    """A placeholder that the model was not given means that it made something up."""
    redactor = Redactor()
    redactor.hide("a@example.org")
    fault = verify(task(), Processed("ask ⟦email-2⟧"), "stop", redactor)
    assert fault is not None
    assert "email-2" in fault.reason
    assert verify(task(), Processed("ask a@example.org"), "stop", redactor) is None


# -- schemas -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "objekt"}, "type"),
        ({"properties": {"a": {"minimum": "0"}}}, "properties.a.minimum"),
        ({"$ref": "https://example.org/schema.json"}, "another document"),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "leads nowhere"),
    ],
)
def test_schema_that_is_none_is_refused(schema: dict[str, Any], why: str) -> None:
    """A schema that cannot be used is refused before anything is spent, and nothing is fetched for it."""
    with pytest.raises(HansardError, match=why) as caught:
        check_schema(schema)
    assert caught.value.code == "schema_invalid"


def test_schema_with_references_is_used() -> None:
    """References inside a schema are followed, recursive ones too."""
    schema = {
        "$defs": {
            "node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}, "n": {"type": "integer"}}}
        },
        "$ref": "#/$defs/node",
    }
    check_schema(schema)
    assert judged('{"next": {"next": {"n": 1}}}', schema=schema) is None
    fault = judged('{"next": {"next": {"n": "x"}}}', schema=schema)
    assert fault is not None
    assert "$.next.next.n" in fault.reason


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$defs": {"a": {"not": {"$ref": "#/$defs/b"}}, "b": {"$ref": "#/$defs/a"}}, "type": "object"},
        {"properties": {"x": {"$ref": "#/properties/x"}}},
        {"$ref": "#nowhere"},
        {"properties": {"id": {"$ref": "#nowhere"}}},
        {"pattern": "(?=a)b"},
        {"patternProperties": {r"(a)\1": True}},
        {"pattern": "(a{1000}){1000}{10}"},
        {"$schema": {}},
        {"unevaluatedProperties": False, "patternProperties": {"a": True}},
    ],
)
def test_schema_that_would_fail_after_it_was_paid_for_is_refused(schema: dict[str, Any]) -> None:
    """A schema that leads back to itself or nowhere, or whose patterns may take for ever, is refused before."""
    with pytest.raises(HansardError) as caught:
        check_schema(schema)
    assert caught.value.code == "schema_invalid"


def test_patterns_take_linear_time() -> None:
    """A pattern that would keep a backtracking engine busy for ages is tried in no time, names of members with it."""
    schema = {
        "pattern": "^(a+)+$",
        "patternProperties": {"^(b+)+$": {"type": "integer"}},
        "additionalProperties": False,
    }
    check_schema(schema)
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    began = time.perf_counter()
    for own in (
        {"items": {**draft, "pattern": "^(a+)+$"}},
        {**draft, "items": {"$ref": "#/$defs/a"}, "$defs": {"a": {**draft, "pattern": "^(a+)+$"}}},
        {**draft, "items": {"$ref": "#"}, "pattern": "^(a+)+$"},
    ):
        check_schema(own)
        assert "'pattern'" in str(schema_fault(own, ["a" * 100_000 + "!"])), own
    assert schema_fault(schema, "a" * 100_000) is None
    assert "'pattern'" in str(schema_fault(schema, "a" * 100_000 + "!"))
    assert schema_fault(schema, {"b" * 1000: 1}) is None
    assert "'type'" in str(schema_fault(schema, {"b": "1"}))
    assert "'additionalProperties'" in str(schema_fault(schema, {"b" * 1000 + "!": 1}))
    assert time.perf_counter() - began < 5


def test_a_check_that_grows_beyond_measure_is_ended() -> None:
    """Rules are counted: a schema that asks for more than any answer is worth does not hold the program up."""
    schema = {"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"items": {"allOf": [{"$ref": "#/$defs/a"}] * 2}}}}
    check_schema(schema)
    data: list[Any] = []
    for _ in range(60):
        data = [data]
    began = time.perf_counter()
    assert "steps" in str(schema_fault(schema, data))
    assert time.perf_counter() - began < 30


def test_items_are_compared_as_a_schema_compares_them() -> None:
    """1 and 1.0 are one number, ``true`` is none; many items take no longer than they must."""
    schema = {"uniqueItems": True}
    assert schema_fault(schema, [1, 1.0]) is not None
    assert schema_fault(schema, [{"a": 1, "b": 2}, {"b": 2, "a": 1}]) is not None
    assert schema_fault(schema, [1, True, "1", None, [1], *({"n": n} for n in range(20_000))]) is None


def test_what_the_checker_raises_is_a_fault_of_the_answer() -> None:
    """Whatever it stumbles over, an attempt that was paid for ends as one that does not hold, and is recorded."""
    assert "RecursionError" in str(schema_fault({"$ref": "#"}, 1)) or "steps" in str(schema_fault({"$ref": "#"}, 1))
    assert "cannot be held" in str(schema_fault({"$ref": "#nowhere"}, 1))
