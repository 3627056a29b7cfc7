"""Bytes that stand for values, and their SHA-256.

Two forms, each for one purpose (decision 0002): *stored bytes* (msgspec JSON, sorted keys) are what the journal
stores and hashes, byte for byte; *RFC 8785* is for what leaves the store (exports, checkpoints), where another
program must be able to compute the same bytes.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

MAX_SAFE_INTEGER: Final = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly."""

_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


def stored_bytes(value: object) -> bytes:
    """JSON with sorted keys and no white space. The caller has refused NaN, infinities and huge integers."""
    return _encoder.encode(value)


def stored_text(value: object) -> str:
    """``stored_bytes`` as text, for a TEXT column."""
    return _encoder.encode(value).decode()


def parsed(text: str | bytes) -> Any:
    """The value that stored bytes stand for.

    Raises:
        msgspec.DecodeError: they stand for none: no JSON, no UTF-8, or deeper than anything that is stored.
    """
    try:
        return _decoder.decode(text)
    except (UnicodeError, RecursionError) as fault:
        raise msgspec.DecodeError(type(fault).__name__) from None


def sha256_hex(data: bytes) -> str:
    """SHA-256, in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def text_digest(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def exchange_bytes(value: Any) -> bytes:
    """RFC 8785 (JSON Canonicalization Scheme) bytes, for what another program must be able to recompute.

    msgspec's encoder gives the same bytes many times as fast where keys sort alike by UTF-16 and by code
    point and numbers are written alike (decision 0002); ``rfc8785`` writes the rest.
    """
    try:
        alike = _written_alike(value, set())
    except _OtherwiseError:
        import rfc8785  # imported when first needed: few values do

        return rfc8785.dumps(value)
    return _encoder.encode(alike)


class _OtherwiseError(Exception):
    """A value that only ``rfc8785`` may write, or refuse."""


def _written_alike(value: Any, known: set[str]) -> Any:
    """The value with whole floats as integers, as RFC 8785 writes them; itself where it has none.

    Args:
        value: any JSON value.
        known: keys that were looked at before.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is dict:
        changed = {}
        for key, inner in value.items():
            if key not in known:
                if type(key) is not str or not key.isascii():
                    raise _OtherwiseError
                known.add(key)
            if type(inner) is not str and (new := _written_alike(inner, known)) is not inner:
                changed[key] = new
        return {**value, **changed} if changed else value
    if kind is list or kind is tuple:
        others = [] if all(type(inner) is str for inner in value) else [_written_alike(one, known) for one in value]
        return others if any(new is not inner for new, inner in zip(others, value, strict=False)) else value
    if kind is int and abs(value) <= MAX_SAFE_INTEGER:
        return value
    if kind is float and (value == 0 or 1e-4 <= abs(value) < 1e15):  # Python and ECMAScript write these alike
        return int(value) if value.is_integer() else value
    raise _OtherwiseError
