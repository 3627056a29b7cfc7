"""Whether an answer holds: faults are told by name and reason, and what holds is let through."""

from __future__ import annotations

from typing import Any

import pytest

from hansard.kernel.errors import HansardError
from hansard.routing.model import Message, Origin, Task
from hansard.routing.postprocess import Processed, processed
from hansard.routing.redaction import Redactor
from hansard.routing.verifier import Fault, check_schema, invented_citations, is_refusal, verify

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
    assert judged("Keep it.", None) is None


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
