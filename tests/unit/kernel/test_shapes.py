"""Shapes: everything that is malformed is told at once, with its place; nothing that cannot be stored gets in."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, Field, StringConstraints

from hansard.kernel.canonical import parsed, stored_bytes
from hansard.kernel.errors import HansardError
from hansard.kernel.shapes import (
    JSON_DEPTH,
    SAYS_SOMETHING,
    Json,
    JsonObject,
    Prose,
    Shape,
    WriteRequest,
    any_case,
    field_path,
    names_tools,
    naming,
    shaped,
)


class Item(Shape):
    """An item."""

    label: str
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    tags: list[str] = []


class Order(WriteRequest):
    """A request with something of every sort."""

    title: Prose
    count: int = 0
    kind: Literal["one", "two"] = "one"
    items: list[Item] = []
    named: dict[str, Item] = {}
    words: dict[str, Prose] = {}
    extra: Json = None
    background: JsonObject | None = None


def _no_comma(text: str) -> str:
    if "," in text:
        raise ValueError("holds a comma")
    return text


def faults(payload: object) -> list[tuple[str, str | None, str | None]]:
    """Code, field and suggestion of every fault of a payload; empty when there is none."""
    try:
        shaped(Order, payload)
    except HansardError as error:
        json.dumps(error.as_dict(), allow_nan=False, ensure_ascii=False).encode()
        return [(fault.code, fault.field, fault.suggestion) for fault in error.errors or (error,)]
    return []


def fields(payload: object) -> list[str | None]:
    """The fields of every fault."""
    return [field for _, field, _ in faults(payload)]


def test_every_fault_is_told_at_once_with_its_place() -> None:
    """Missing, unknown, wrong and out of bounds: one answer tells all, each by its path."""
    told = faults(
        {
            "count": "3",
            "kind": "three",
            "items": [{"label": "a", "share": 1.5}, {"lable": "b"}],
            "named": {"x": {"label": 1, "tag": []}},
            "titel": "so",
        }
    )
    assert [(code, field) for code, field, _ in told] == [
        ("missing_field", "title"),
        ("invalid_field", "count"),
        ("invalid_field", "kind"),
        ("invalid_field", "items[0].share"),
        ("missing_field", "items[1].label"),
        ("unknown_field", "items[1].lable"),
        ("invalid_field", "named.x.label"),
        ("unknown_field", "named.x.tag"),
        ("unknown_field", "titel"),
    ]
    suggestions = {field: suggestion for _, field, suggestion in told}
    assert suggestions["items[1].lable"] == "Rename it: 'lable' -> 'label', which is missing"
    assert suggestions["named.x.tag"] == "Did you mean 'tags'?"
    assert suggestions["titel"] == "Rename it: 'titel' -> 'title', which is missing"


class Bounded(Shape):
    """A request whose fields have bounds of every sort."""

    query: Annotated[Prose, StringConstraints(min_length=1, max_length=5, pattern=SAYS_SOMETHING)] = "x"
    bounded: Annotated[Prose, Field(min_length=1, max_length=5)] = "x"
    ids: list[str] = Field(default=["x"], min_length=1, max_length=2)
    limit: Annotated[int, Field(ge=1, le=9)] = 1
    whole: bool = True
    named: dict[str, str] = {}
    names: dict[Prose, Prose] = {}
    word: Annotated[str, AfterValidator(_no_comma)] = "x"


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"query": ""}, "'query' must not be empty (got '')"),
        ({"bounded": ""}, "'bounded' must not be empty (got '')"),
        ({"query": "  "}, "'query' must not be blank (got '  ')"),
        ({"query": "\u200b\ufe0f\u3164"}, "'query' must not be blank (got '\\u200b\ufe0f\u3164')"),
        ({"query": "\U000e0041 "}, "'query' must not be blank (got '\\U000e0041 ')"),
        ({"names": {"a\0b": "x"}}, "'names' has a key that holds a NUL character (got 'a\\\\x00b')"),
        ({"names": {"[key]": 3}}, "'names.[key]' must be a text (got 3)"),
        ({"query": "abcdef"}, "'query' must have at most 5 characters (got 'abcdef')"),
        ({"bounded": "abcdef"}, "'bounded' must have at most 5 characters (got 'abcdef')"),
        ({"query": 3}, "'query' must be a text (got 3)"),
        ({"ids": []}, "'ids' must not be empty (got [])"),
        ({"ids": ["a", "b", "c"]}, '\'ids\' must have at most 2 entries (got ["a", "b", "c"])'),
        ({"ids": "a"}, "'ids' must be a list (got 'a')"),
        ({"limit": 0}, "'limit' must be at least 1 (got 0)"),
        ({"limit": 10}, "'limit' must be at most 9 (got 10)"),
        ({"limit": "3"}, "'limit' must be a whole number (got '3')"),
        ({"whole": 1}, "'whole' must be true or false (got 1)"),
        ({"named": []}, "'named' must be an object (got [])"),
        ({"word": "a,b"}, "'word' holds a comma (got 'a,b')"),
        ([], "'request' must be an object (got [])"),
    ],
)
def test_a_fault_is_told_in_plain_words(payload: object, message: str) -> None:
    """What does not fit is said as people say it, not in the words of the library that found it."""
    with pytest.raises(HansardError) as caught:
        shaped(Bounded, payload)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("payload", "suggestion"),
    [
        ({"ids": "a"}, "Give 'ids' as a list"),
        ({"limit": "3"}, "Give 'limit' as a whole number"),
        (3, "Give 'request' as an object with query, bounded, ids, limit, whole, named, names, word"),
    ],
)
def test_a_value_of_another_type_is_answered_with_what_to_give(payload: object, suggestion: str) -> None:
    """What to do next says the type, and of an object its fields."""
    with pytest.raises(HansardError) as caught:
        shaped(Bounded, payload)
    assert caught.value.suggestion == suggestion


def test_one_fault_is_told_as_itself() -> None:
    """A single fault is no batch; the options of a choice are named."""
    with pytest.raises(HansardError) as caught:
        shaped(Order, {"title": "x", "kind": "three"})
    assert (caught.value.code, caught.value.value) == ("invalid_field", "three")
    assert caught.value.valid_options == ["one", "two"]


BAD = [math.nan, math.inf, -math.inf, 2**53, -(2**53), 10**400, "a\0b", "\ud800", "x\udfffy"]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: repr(bad)[:12])
def test_what_cannot_be_stored_is_refused_wherever_it_stands(bad: object) -> None:
    """NaN, infinities, huge integers, NUL and lone surrogates are found in free JSON and told by their path."""
    assert fields({"title": "x", "extra": bad}) == ["extra"]
    assert fields({"title": "x", "extra": {"a": [0, {"b": bad}]}}) == ["extra.a[1].b"]
    assert fields({"title": "x", "background": {"a": bad, "c": [bad, 1, bad]}}) == [
        "background.a",
        "background.c[0]",
        "background.c[2]",
    ]


@pytest.mark.parametrize("bad", ["a\0b", "\ud800"])
def test_a_text_that_cannot_be_stored_is_refused_in_every_field(bad: str) -> None:
    """NUL and lone surrogates are refused in prose, in plain fields, in lists, as keys and as values."""
    assert fields({"title": bad}) == ["title"]
    assert fields({"title": "x", "request_id": bad}) == ["request_id"]
    assert fields({"title": "x", "items": [{"label": bad}]}) == ["items[0].label"]
    assert fields({"title": "x", "items": [{"label": "x", "tags": ["x", bad]}]}) == ["items[0].tags[1]"]
    assert fields({"title": "x", "words": {"x": bad}}) == ["words.x"]
    assert len(faults({"title": "x", "words": {bad: "x"}})) == 1
    assert len(faults({"title": "x", "extra": {bad: "x"}})) == 1
    assert len(faults({"title": "x", bad: "x"})) == 1


def test_a_number_that_cannot_be_stored_is_refused_in_every_field() -> None:
    """Plain numbers have the bounds that every JSON reader keeps."""
    assert fields({"title": "x", "count": 2**53}) == ["count"]
    assert fields({"title": "x", "items": [{"label": "x", "share": math.nan}]}) == ["items[0].share"]
    assert fields({"title": "x", "count": 2**53 - 1}) == []


@pytest.mark.parametrize("value", [True, 1.0, "1", None])
def test_nothing_is_converted(value: object) -> None:
    """A Boolean, a float and a text of digits are no integers."""
    assert fields({"title": "x", "count": value}) == ["count"]


@pytest.mark.parametrize("value", [{1: 2}, {"a": {None: 1}}, {"a": {1, 2}}, {"a": b"bytes"}, {"a": object()}])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    """Keys that are no texts, sets, bytes and other objects are no JSON."""
    assert len(faults({"title": "x", "extra": value})) == 1


def test_free_json_has_a_depth() -> None:
    """Free JSON may be nested 32 deep; deeper is refused, also a thousand times deeper."""

    def nested(depth: int) -> Any:
        value: Any = 0
        for _ in range(depth):
            value = [value]
        return value

    assert faults({"title": "x", "extra": nested(JSON_DEPTH)}) == []
    assert len(faults({"title": "x", "extra": nested(JSON_DEPTH + 1)})) == 1
    assert len(faults({"title": "x", "extra": nested(50_000)})) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_what_is_let_in_can_be_stored_and_read_back(value: Any) -> None:
    """Free JSON that is accepted is stored and read back equal; what is refused is told."""
    if not faults({"title": "x", "extra": value}):
        assert parsed(stored_bytes(shaped(Order, {"title": "x", "extra": value}).extra)) == value


def test_texts_are_kept_exactly() -> None:
    """White space, line ends, marks and forms of letters stay as they came."""
    text = " \r\n\u2028e\u0301 é\ufeff😀 "
    assert shaped(Order, {"title": text}).title == text
    assert Order(title=text).plain() == {"title": text}


def test_the_plain_form_leaves_out_what_was_not_given() -> None:
    """Fields at their default are left out, so that a default added later changes no earlier request."""
    order = shaped(Order, {"title": "x", "items": [{"label": "a"}], "kind": "one"})
    assert order.plain() == {"title": "x", "items": [{"label": "a"}]}
    assert shaped(Order, order.plain()) == order


def test_a_place_is_written_as_a_path() -> None:
    """Names are joined by dots, numbers stand in brackets; the whole request has a name of its own."""
    assert field_path(("a", 0, "b", 1, "c")) == "a[0].b[1].c"
    assert field_path(()) == "request"
    assert field_path(("x" * 5000,)) == "x" * 199 + "…"


class Verdict(Shape):
    """A request whose fields are easily called otherwise."""

    verdict_id: str
    verdict_type: str
    text: str | None = None
    reason: str | None = None
    targets: list[str] = []


@pytest.mark.parametrize(
    ("payload", "suggestion"),
    [
        ({"verdict_id": "v", "type": "final"}, "Rename it: 'type' -> 'verdict_type', which is missing"),
        ({"verdict_id": "v", "verdict": "final"}, "Rename it: 'verdict' -> 'verdict_type', which is missing"),
        ({"verdict_id": "v", "verdict_type": "final", "response": "x"}, "Did you mean 'text'?"),
        ({"verdict_id": "v", "verdict_type": "final", "comment": "x"}, "Did you mean 'reason'?"),
        ({"verdict_id": "v", "verdict_type": "final", "target": []}, "Did you mean 'targets'?"),
        ({"verdict_id": "v", "verdict_type": "final", "target": [], "targets": []}, "Leave it out"),
        ({"verdict_id": "v", "verdict_type": "final", "colour": "red"}, "Leave it out"),
    ],
)
def test_a_misnamed_field_is_told_the_one_that_was_meant(payload: dict[str, Any], suggestion: str) -> None:
    """Among those that are missing or may still be given: by likeness, by a word in common, by what it is called
    elsewhere; never one that is given already."""
    with pytest.raises(HansardError) as caught:
        shaped(Verdict, payload)
    told = [one.suggestion for one in caught.value.errors or (caught.value,) if one.code == "unknown_field"]
    assert told == [suggestion]


class Chosen(Shape):
    """A request with a word to choose, judged by the shape and by rules."""

    kind: Annotated[Literal["one", "two"], any_case("one", "two")]
    stance: Annotated[str, any_case("APPROVE", "REJECT")] = "APPROVE"


def test_a_word_is_taken_in_any_case_and_kept_as_it_is_written() -> None:
    """Whatever else stands there is left to be judged; the nearest word is told."""
    assert shaped(Chosen, {"kind": "ONE", "stance": "reject"}) == Chosen(kind="one", stance="REJECT")
    assert shaped(Chosen, {"kind": "two", "stance": "maybe"}).stance == "maybe"
    with pytest.raises(HansardError) as caught:
        shaped(Chosen, {"kind": "Ones"})
    assert caught.value.suggestion == "Did you mean 'one'?"
    with pytest.raises(HansardError) as caught:
        shaped(Chosen, {"kind": "zebra"})
    assert caught.value.suggestion == "Take one of the valid options"


def test_a_read_that_is_refused_says_nothing_of_writing() -> None:
    """Only what writes is told that nothing was written."""
    with pytest.raises(HansardError) as caught:
        shaped(Bounded, {"limit": 0, "whole": 1})
    assert caught.value.message == "2 items failed validation"
    assert caught.value.suggestion == "Mend every entry of 'errors', then ask again"
    with pytest.raises(HansardError) as caught:
        shaped(Order, {})
    assert caught.value.code == "missing_field"
    with pytest.raises(HansardError) as caught:
        shaped(Order, {"count": "x"})
    assert caught.value.message == "2 items failed validation; nothing was written"


class Told(Shape):
    """Part of an answer."""

    words: str = ""
    error: Annotated[dict[str, Any] | None, names_tools()] = None


class Answer(Shape):
    """An answer that names operations."""

    title: str = ""
    protocol: Annotated[dict[str, Any], names_tools("steps", "afterwards")] = {}
    notes: Annotated[list[str], names_tools()] = []
    told: list[Told] = []


def test_an_answer_says_where_it_names_operations() -> None:
    """By the paths of its fields, those of the shapes inside among them."""
    assert list(naming(Answer)) == [
        ("protocol", "steps"), ("protocol", "afterwards"), ("notes",), ("told", "error"),
    ]  # fmt: skip
    assert list(naming(Order)) == []
