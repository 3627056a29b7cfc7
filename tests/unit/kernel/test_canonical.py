"""Bytes for values: the same value, the same bytes, on every machine and in every version."""

from __future__ import annotations

import json
import math
import random
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.canonical import (
    MAX_SAFE_INTEGER,
    exchange_bytes,
    parsed,
    sha256_hex,
    stored_bytes,
    stored_text,
    text_digest,
)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same value with the keys of its objects in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


@given(values, st.randoms())
def test_the_order_of_keys_makes_no_difference(value: Any, chance: random.Random) -> None:
    """Both forms of a value are the same bytes in whatever order its keys were put in."""
    other = shuffled(value, chance)
    assert stored_bytes(other) == stored_bytes(value)
    assert exchange_bytes(other) == exchange_bytes(value)


@given(values)
def test_stored_bytes_are_read_back(value: Any) -> None:
    """Stored bytes mean the value, type for type, to us and to another JSON reader, and are their own normal form."""
    data = stored_bytes(value)
    assert repr(parsed(data)) == repr(parsed(stored_text(value)))
    assert parsed(data) == value
    assert json.loads(data) == value
    assert stored_bytes(parsed(data)) == data


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ({"b": 1, "a": {"d": None, "c": True}}, b'{"a":{"c":true,"d":null},"b":1}'),
        ({"z": 0, "é": 0, "\uffff": 0, "\U0001f600": 0, "aa": 0, "a": 0},
         '{"a":0,"aa":0,"z":0,"é":0,"\uffff":0,"\U0001f600":0}'.encode()),
        ("\x01\b\t\n\f\r\x1f\"\\/\x7f\u2028<>&é😀", '"\\u0001\\b\\t\\n\\f\\r\\u001f\\"\\\\/\x7f\u2028<>&é😀"'.encode()),
        ([0.1, 1.0, 1e-7, 1e16, 1e21, 1e22, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 100.0, 123456789.125],
         b"[0.1,1.0,1e-7,1e16,1e21,1e22,5e-324,1.7976931348623157e308,0.30000000000000004,100.0,123456789.125]"),
        ([0, -1, MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER], b"[0,-1,9007199254740991,-9007199254740991]"),
    ],
)  # fmt: skip
def test_the_bytes_of_the_journal_do_not_change(value: Any, data: bytes) -> None:
    """Numbers, escapes and the order of keys (by code point) are those of ``hansard-journal-1``."""
    assert stored_bytes(value) == data


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"), ("8000000000000000", "0"), ("0000000000000001", "5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"), ("4340000000000000", "9007199254740992"),
        ("444b1ae4d6e2ef50", "1e+21"), ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("3eb0c6f7a0b5ed8d", "0.000001"), ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("41b3de4355555553", "333333333.3333332"), ("becbf647612f3696", "-0.0000033333333333333333"),
    ],
)  # fmt: skip
def test_numbers_in_exports_are_written_as_the_standard_shows(bits: str, text: str) -> None:
    """Doubles are written as RFC 8785 (appendix B) lists them."""
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert exchange_bytes([number]) == f"[{text}]".encode()


def test_keys_in_exports_are_sorted_as_the_standard_shows() -> None:
    """RFC 8785 sorts by UTF-16 units: a key beyond the basic plane comes before U+FFFF, unlike in stored bytes."""
    assert exchange_bytes({"\uffff": 1, "\U0001f600": 2, "1": 3}) == '{"1":3,"\U0001f600":2,"\uffff":1}'.encode()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, MAX_SAFE_INTEGER + 1])
def test_what_no_reader_keeps_is_no_export(number: float) -> None:
    """Numbers that are not finite or that a double cannot hold are refused, never rounded."""
    with pytest.raises(rfc8785.CanonicalizationError):
        exchange_bytes({"number": number})


def test_digests_are_sha256_in_small_letters() -> None:
    """Digests are SHA-256 of the bytes; a text's are its UTF-8, neither normalised nor trimmed."""
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert text_digest("é") == sha256_hex(b"\xc3\xa9") != text_digest("e\u0301")
