"""Errors: one form for all, which every surface can print and every program can read."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel import errors
from hansard.kernel.errors import VALUE_LENGTH, HansardError, did_you_mean, shown

KEYS = [
    "status", "success", "kind", "error_code", "error", "message", "field", "value", "constraint", "valid_options",
    "suggestion", "recovery", "context", "errors",
]  # fmt: skip

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.just(object()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
)


def printable(error: HansardError) -> dict[str, Any]:
    """The error as a surface sends it: strict JSON in UTF-8."""
    sent = json.dumps(error.as_dict(), allow_nan=False, ensure_ascii=False).encode()
    told: dict[str, Any] = json.loads(sent)
    return told


@given(anything)
def test_an_error_always_has_the_same_keys_and_can_be_sent(value: object) -> None:
    """Whatever the offending value is, the error has every key, in one order, and is strict JSON."""
    error = errors.invalid_field("perspectives[0].label", value, "does not fit")
    assert list(error.as_dict()) == KEYS
    told = printable(error)
    assert (told["status"], told["success"], told["error"]) == ("error", False, told["message"])
    assert len(str(told["value"])) <= VALUE_LENGTH


def test_the_text_of_an_error_says_what_to_do_next_in_one_line() -> None:
    """A traceback shows the first valid options and the suggestion; the message alone stays as it is."""
    error = errors.invalid_field("type", "x", "is no type", valid_options="abcdefg", suggestion="Take\nanother.")
    assert error.message == "'type' is no type (got 'x')"
    assert str(error) == "'type' is no type (got 'x') (valid: a, b, c, d, e, …). Take another."
    assert error.as_dict()["error"] == error.message
    assert str(HansardError("invalid", "x", "plain")) == "plain"


def test_an_entry_of_a_batch_is_named_first() -> None:
    """An entry says which item it concerns before anything else; absent names are left out."""
    entry = errors.missing_field("label").of("perspective", local_id="MUFFIN-P0001")
    assert list(entry.as_dict()) == ["item_type", "local_id", *KEYS]
    other = errors.missing_field("status").of("update", source_id="T0001")
    batch = errors.batch_validation_failed([entry, other])
    assert [fault["error_code"] for fault in printable(batch)["errors"]] == ["missing_field"] * 2
    assert list(batch.as_dict()["errors"][1]) == ["item_type", "source_id", *KEYS]
    assert batch.message == "2 items failed validation; nothing was written"


def test_a_batch_is_of_the_kind_of_its_faults() -> None:
    """Faults of one kind make a batch of that kind, others one that is invalid."""
    missing, refused = errors.missing_field("a"), errors.path_outside("..", "home")
    assert errors.batch_validation_failed([refused]).kind == "refused"
    assert errors.batch_validation_failed([refused, missing]).kind == "invalid"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None), (True, True), (0, 0), (2**53 - 1, 2**53 - 1), (-0.5, -0.5), ("word", "word"),
        (2**53, "9007199254740992"), (10**5000, "<an integer of 16610 bits>"), (math.nan, "nan"), (-math.inf, "-inf"),
        ("a\0b", "a\\x00b"), ("a\ud800b", "a\\ud800b"), (b"\xff", "b'\\xff'"), ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ([1, "a", None, True], '[1, "a", null, true]'), ({"a": [10**5000]}, '{"a": [<an integer of 16610 bits>]}'),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_value_is_repeated_as_far_as_it_can_be(value: object, told: object) -> None:
    """What JSON can hold is repeated as it is; the rest as a text, cut to 200 characters."""
    assert shown(value) == told


def test_a_value_is_repeated_soon_however_large_it_is() -> None:
    """A value that is nested beyond Python's own limits, or refers to itself, is repeated as its first levels."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    endless: dict[str, Any] = {}
    endless["again"] = endless
    assert str(shown(deep)).startswith("[[[")
    assert str(shown(endless)).startswith('{"again": {"again"')
    assert len(str(shown([["x" * 10_000] * 1000] * 1000))) == VALUE_LENGTH


def test_a_field_that_is_called_otherwise_here_is_suggested() -> None:
    """A tension has a description where others have a content: no likeness of letters would tell."""
    known = ["label", "description"]
    assert errors.unknown_field("tensions[0].content", known).suggestion == "Did you mean 'description'?"
    assert errors.unknown_field("tensions[0].colour", known).suggestion == "Leave it out"
    assert errors.unknown_field("above", ["filter", "seconds", "threshold"]).suggestion == "Did you mean 'threshold'?"
    assert errors.unknown_field("every", ["filter", "seconds", "threshold"]).suggestion == "Did you mean 'seconds'?"


def test_the_nearest_word_is_suggested() -> None:
    """A near word is suggested, a far one is not, and a word of a million letters does not take for ever."""
    assert did_you_mean("perspectivs", ["claims", "perspectives"]) == "Did you mean 'perspectives'?"
    assert did_you_mean("zebra", ["claims", "perspectives"]) is None
    assert did_you_mean("claims" * 200_000, ["claims"]) is None


def test_an_unknown_field_is_told_with_what_there_is() -> None:
    """An unknown field names the known ones in order and the nearest of them by its last part."""
    error = errors.unknown_field("tensions[0].lable", ["label", "description"])
    assert error.valid_options == ["description", "label"]
    assert error.suggestion == "Did you mean 'label'?"


def test_what_is_handed_over_cannot_change_an_error_later() -> None:
    """An error keeps its own copies of options and context."""
    options, context = ["a"], {"x": 1}
    error = HansardError("invalid", "some_code", "so", valid_options=options, context=context)
    options.append("b")
    context["y"] = 2
    assert (error.valid_options, error.context) == (["a"], {"x": 1})


def test_a_batch_names_its_first_faults_in_its_text() -> None:
    """Who prints the error alone reads what is wrong; the rest is told by a sign."""
    faults = [errors.missing_field(f"field{number}") for number in range(4)]
    told = str(errors.batch_validation_failed(faults))
    assert "'field0'" in told
    assert "'field2'" in told
    assert "'field3'" not in told
    assert "; …" in told


def test_an_error_in_other_words_is_the_same_error() -> None:
    """What to do next is reworded, at every fault of a batch; the message, which quotes its caller, is not."""
    fault = errors.invalid_field("a", "x", "is 'x'", suggestion="See 'x'").of("item", local_id="x")
    batch = errors.batch_validation_failed([fault])
    told = batch.reworded(str.upper)
    assert told.as_dict() == batch.as_dict() | {
        "suggestion": str(batch.suggestion).upper(),
        "errors": [fault.as_dict() | {"suggestion": "SEE 'X'"}],
    }
    assert str(told.errors[0]) == "'a' is 'x' (got 'x'). SEE 'X'"
    assert fault.suggestion == "See 'x'"
