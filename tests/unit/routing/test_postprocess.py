"""What is made of a reply: cleaned, values put back, its data found; the same in pieces as in one."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.routing.postprocess import NoData, Streamed, payload, processed, sanitised
from hansard.routing.redaction import Redactor

TRICKY = st.text(
    alphabet=st.one_of(st.characters(), st.sampled_from("\r\n\0\x1b\u202e\ud83d\udc4d\ufeff⟦⟧[]email-1")), max_size=60
)


def test_what_steers_or_deceives_is_taken_out() -> None:
    """Controls, turned directions and unseen letters go, line ends are one sign, and all that people write stays."""
    assert sanitised("a\x1b[31mb\x00c\u202ed\U000e0041e\ufefff") == "a[31mbcdef"
    assert sanitised("a\r\nb\rc\n\td") == "a\nb\nc\n\td"
    assert sanitised("x\ud800y") == "x\ufffdy"
    kept = "naïve — “quoted” 👩‍👩‍👧 ✔️ नमस्ते עברית\ta"
    assert sanitised(kept) is kept


def test_every_unwanted_sign_is_seen() -> None:
    """What is to go goes wherever it stands, among ASCII as among other letters, and nothing else does."""
    unwanted = {chr(code) for code in range(0x110000) if sanitised(f"a{chr(code)}b") != f"a{chr(code)}b"}
    assert {each for each in unwanted if sanitised(f"é{each}") == f"é{each}"} == set()
    assert {
        each for each in map(chr, range(0x80)) if (each in unwanted) != (sanitised(f"é{each}") != f"é{each}")
    } == set()
    assert {"\0", "\x1b", "\r", "\x7f", "\x85", "\u202e", "\u2066", "\ufeff", "\ud800", "\U000e0041"} <= unwanted
    assert unwanted.isdisjoint("\t\n aé\u200d\u200b\ufe0f\u00a0\u2028\U0001f44d")
    assert len(unwanted) < 2400


@given(TRICKY, st.lists(st.integers(0, 60), max_size=8))
def test_pieces_give_what_the_whole_gives(text: str, cuts: list[int]) -> None:
    """However a stream is cut, its pieces together are what the whole text is made into, and can be stored."""
    redactor = Redactor()
    redactor.hide("a@example.org")
    places = sorted({0, len(text), *(cut for cut in cuts if cut <= len(text))})
    for used in (None, redactor):
        streamed = Streamed(used)
        given_out = [streamed.feed(text[a:b]) for a, b in pairwise(places)]
        together = "".join([*given_out, streamed.end()])
        assert together.encode().decode() == together
        joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # halves that meet are one
        assert together == processed(joined, structured=False, redactor=used).text


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"a": 1}', {"a": 1}),
        ("\ufeff [1, 2]\n", [1, 2]),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('Here you are:\n\n```\n{"a": "```"}\n```\nAnything else?', {"a": "```"}),
        ('~~~json\n{"a": 1}\n~~~', {"a": 1}),
        ('Sure! {"a": {"b": "}"}} Hope this helps.', {"a": {"b": "}"}}),
        ('<think>{"no": 1}</think>\n{"a": 1}', {"a": 1}),
        ('The answer is {"a": 1}. Again: {"a": 1}', {"a": 1}),
        ('"yes"', "yes"),
        ("true", True),
        ("Use {braces} and [x]: {\"a\": []}", {"a": []}),
        ('Ratings [see 1]:\n[{"a": 1}]', [{"a": 1}]),
    ],
)  # fmt: skip
def test_data_is_found_in_what_a_model_sets_around_it(text: str, data: object) -> None:
    """Fences, words and thoughts around data do not hide it, and its own text is valid JSON."""
    told, found = payload(sanitised(text))
    assert found == data
    assert json.loads(told) == data


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("<think>hm</think>", "empty"),
        ("I think so.", "no JSON"),
        ('{"a": 1', "line 1"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": 1} or {"a": 2}', "different"),
        ("[" * 100_000 + "]" * 100_000, "deep"),
        ("[" * 70 + "]" * 70, "deep"),
        ('```json\n{"a": }\n```', "broken"),
        ('{"a"' * 50_000, "JSON"),
    ],
)
def test_data_that_is_none_is_told(text: str, why: str) -> None:
    """No data, broken data and more than one piece of it are refused with the reason, and none of its texts in it."""
    with pytest.raises(NoData, match=why):
        payload(text)


def test_fault_repeats_no_text() -> None:
    """The reason for missing data holds no word of the answer."""
    answer = processed('{"secret-word": unquoted}', structured=True)
    assert answer.fault is not None
    assert "secret" not in answer.fault
    assert "unquoted" not in answer.fault
    assert answer.text == '{"secret-word": unquoted}'


def test_values_come_back_into_data() -> None:
    """A value with quotes and line breaks comes back into data and into its text, which stays JSON."""
    redactor = Redactor()
    value = "-----BEGIN PRIVATE KEY-----\n" + "Ab1+" * 16 + "\n-----END PRIVATE KEY-----"
    hidden = redactor.hide(f"use {value}")
    answer = processed(
        '```json\n{"key": "' + hidden.removeprefix("use ") + '"}\n```', structured=True, redactor=redactor
    )
    assert answer.fault is None
    assert answer.structured == {"key": value}
    assert json.loads(answer.text) == {"key": value}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=12,
    )
)
def test_any_json_is_read_as_it_is(data: object) -> None:
    """What is JSON as a whole is taken as it is, whatever stands in it."""
    text = json.dumps(data, ensure_ascii=False)
    assert payload(text)[1] == data


@pytest.mark.parametrize(
    "text",
    [
        "```x\n" * 60_000,
        "".join("`" * (800 - n) + "x\n" for n in range(790)),
        "```\n~~~\n" * 40_000,
        '{"' + '\\"' * 150_000,
        '{"a": "' * 40_000,
        "[[[" + '["' * 100_000,
        '{ "a": {' * 40_000,
    ],
)
def test_no_text_takes_long_to_be_looked_through(text: str) -> None:
    """Fences, quotes and brackets that are opened and not closed take time linear in the text."""
    began = time.perf_counter()
    assert processed(text, structured=True).fault is not None
    assert time.perf_counter() - began < 5


def test_fence_that_is_not_closed_hides_none_that_is() -> None:
    """A longer one that goes on to the end of the text is no fence."""
    assert payload('`````\nx\n```json\n{"a": 1}\n```\n')[1] == {"a": 1}


@pytest.mark.parametrize("text", ['{"x": 1e999}', '{"x": -1e999}'])
def test_number_beyond_all_numbers_is_no_data(text: str) -> None:
    """It could neither be given out nor kept."""
    assert "too large" in str(processed(text, structured=True).fault)


def test_escapes_are_cleaned_like_signs() -> None:
    """Half a pair, a null and what steers a terminal do not come in as escapes of JSON; names do not become one."""
    answer = processed(r'{"a": "x\ud800y\u0000z\u001b[1m", "b\u0000": "\ud83d\udc4d\n"}', structured=True)
    assert answer.structured == {"a": "x\ufffdyz[1m", "b": "\U0001f44d\n"}
    assert json.loads(answer.text) == answer.structured
    assert answer.text.encode()
    assert "become one" in str(processed(r'{"a": 1, "a\u0000": 2}', structured=True).fault)


def test_no_member_is_lost_when_values_come_back() -> None:
    """Two names that stand for one value are told, not made one."""
    redactor = Redactor()
    redactor.hide("a@example.org")
    answer = processed('{"⟦email-1⟧": 1, "⟦Email 1⟧": 2}', structured=True, redactor=redactor)
    assert answer.structured is None
    assert "become one" in str(answer.fault)
