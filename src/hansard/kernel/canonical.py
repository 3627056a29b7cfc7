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
    """The value that stored bytes stand for."""
    return _decoder.decode(text)


def sha256_hex(data: bytes) -> str:
    """SHA-256, in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def text_digest(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def exchange_bytes(value: Any) -> bytes:
    """RFC 8785 (JSON Canonicalization Scheme) bytes, for what another program must be able to recompute."""
    import rfc8785  # imported when first needed: only exports do

    return rfc8785.dumps(value)
