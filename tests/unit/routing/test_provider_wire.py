"""Answers of the three formats, read from what came over the wire."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.routing.model import FAILURES, Tokens
from hansard.routing.providers.protocol import ProviderFault, Reply
from hansard.routing.providers.wire import Wire, events, read, wire_of
from tests.support.model_stub import SENTENCE, Asked, error_events, streamed, what_is_said, whole

WIRES = ("openai", "anthropic", "google")
SAID = {
    "ok": ("stop", SENTENCE, Tokens(12, 6)),
    "length": ("length", SENTENCE[:14], Tokens(12, 6)),
    "empty": ("stop", "", Tokens(12, 6)),
    "tool_call": ("tool_calls", "", Tokens(12, 6)),
    "thinking": ("stop", SENTENCE, Tokens(12, 6)),
    "no_usage": ("stop", SENTENCE, None),
    "cached": ("stop", SENTENCE, Tokens(12, 6, 8)),
    "refusal": ("content_policy", "", Tokens(12, 6)),
    "filtered": ("content_policy", "", Tokens(12, 6)),
}
STREAM = {"content-type": "text/event-stream; charset=utf-8"}


def outcome(wire: str, status: int, headers: dict[str, str], body: object) -> Reply | ProviderFault:
    """A reply or a fault."""
    try:
        pieces, reply = read(cast(Wire, wire), status, headers, body)
    except ProviderFault as fault:
        return fault
    assert "".join(pieces) == reply.text
    return reply


@pytest.mark.parametrize("fault", SAID)
@pytest.mark.parametrize("wire", WIRES)
def test_whole_and_streamed_are_the_same(wire: str, fault: str) -> None:
    """The same words in both forms are the same reply, or the same refusal."""
    finish, text, tokens = SAID[fault]
    asked = Asked(wire, "m", False, None, "")
    said = what_is_said(fault, asked, None)
    stream = b"".join(streamed(asked, said)).decode()
    for found in (outcome(wire, 200, {}, whole(asked, said)), outcome(wire, 200, STREAM, stream)):
        if isinstance(found, Reply):
            assert (found.finish_reason, found.text, found.tokens, found.serving_model) == (finish, text, tokens, "m-1")
        else:
            assert (found.failure, found.tokens) == (finish, tokens)


@pytest.mark.parametrize("wire", WIRES)
def test_a_stream_that_breaks_says_what_came(wire: str) -> None:
    """Cut off, or ended by an error: a fault with the text before it."""
    asked = Asked(wire, "m", True, None, "")
    parts = streamed(asked, what_is_said("no_usage", asked, None))
    begun = b"".join(parts[: len(parts) // 2 + 1])
    cut = outcome(wire, 200, STREAM, begun.decode())
    told = outcome(wire, 200, STREAM, (begun + error_events(wire)).decode())
    assert isinstance(cut, ProviderFault)
    assert isinstance(told, ProviderFault)
    assert (cut.failure, told.failure) == ("unreachable", "overloaded")
    assert cut.partial == told.partial
    assert cut.partial
    assert SENTENCE.startswith(cut.partial)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "message",
                    "content",
                    "usage",
                    "candidates",
                    "parts",
                    "type",
                    "delta",
                    "error",
                    "text",
                    "model",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(st.sampled_from(WIRES), st.sampled_from([200, 400, 429, 503]), JSON | st.text(), st.booleans())
def test_whatever_comes_is_a_reply_or_a_fault_with_a_name(wire: str, status: int, body: object, stream: bool) -> None:
    """No body is so strange that reading it breaks."""
    found = outcome(wire, status, STREAM if stream else {}, body)
    assert isinstance(found, Reply) or found.failure in FAILURES


@pytest.mark.parametrize(
    ("url", "wire"),
    [
        ("https://api.openai.com/v1/chat/completions", "openai"),
        ("https://api.anthropic.com/v1/messages?beta=true", "anthropic"),
        ("https://generativelanguage.googleapis.com/v1beta/models/m:streamGenerateContent?alt=sse", "google"),
        ("http://127.0.0.1:8080/v1/chat/completions", "openai"),
    ],
)
def test_an_address_tells_its_format(url: str, wire: str) -> None:
    """By the path's end, whoever the host is."""
    assert wire_of(url) == wire


def test_events_are_read_as_the_standard_has_them() -> None:
    """Comments left out, lines of data joined, any line break."""
    text = ": hello\r\nevent: a\r\ndata: 1\r\ndata:2\r\n\r\ndata: 3\n\n\nevent: only\n\ndata: [DONE]"
    assert list(events(text)) == [("a", "1\n2"), (None, "3"), (None, "[DONE]")]
