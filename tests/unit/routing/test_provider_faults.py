"""What errors are called, when to come back, and what is taken out of their words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.routing.model import FAILURES
from hansard.routing.providers.faults import failure_of, fault_of, retry_after, scrubbed

NAMED = [
    (429, ["rate_limit_exceeded"], "Rate limit reached", "rate_limited"),
    (429, ["insufficient_quota"], "You exceeded your current quota, check your plan and billing", "quota"),
    (429, ["RESOURCE_EXHAUSTED"], "Over your quota, check your billing. Please retry in 37s", "rate_limited"),
    (429, ["RESOURCE_EXHAUSTED"], "You exceeded your current quota, check your billing", "quota"),
    (402, [], "Insufficient Balance", "quota"),
    (400, ["invalid_request_error"], "Your credit balance is too low", "quota"),
    (400, ["context_length_exceeded"], "too long", "context_window"),
    (400, ["exceed_context_size_error"], "request (1420 tokens) exceeds the available context size", "context_window"),
    (400, ["BadRequestError"], "This model's maximum context length is 4096 tokens.", "context_window"),
    (413, ["request_too_large"], "Request exceeds the maximum size", "context_window"),
    (413, [], "Payload too large", "context_window"),
    (400, ["content_filter"], "filtered", "content_policy"),
    (403, [], "Your input was flagged by moderation", "content_policy"),
    (403, [], "Country not supported", "auth"),
    (401, [], "no", "auth"),
    (400, ["INVALID_ARGUMENT"], "API key not valid. Please pass a valid API key.", "auth"),
    (404, ["model_not_found"], "no such model", "not_found"),
    (404, [], '{"detail":"Not Found"}', "not_found"),
    (400, [], "model 'x' not found, try pulling it first", "not_found"),
    (408, [], "timed out", "timeout"),
    (504, [], "gateway timeout", "timeout"),
    (500, [], "boom", "overloaded"),
    (500, [], "the prompt exceeds the available context size", "context_window"),
    (529, ["overloaded_error"], "Overloaded", "overloaded"),
    (400, [], "Unsupported value: 'temperature'", "rejected"),
    (422, [], "field required", "rejected"),
    (418, [], "teapot", "rejected"),
    (None, ["overloaded_error"], "Overloaded", "overloaded"),
    (None, [400], "Token limit reached", "rejected"),
    (None, [502], "Provider returned error", "overloaded"),
    (None, ["server_error"], "The server had an error", "overloaded"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "codes", "words", "name"), NAMED)
def test_an_error_has_the_name_of_its_cause(status: int | None, codes: list[object], words: str, name: str) -> None:
    """Code before words, words before status, where the status leaves it open."""
    assert failure_of(status, codes, words) == name


@given(
    st.none() | st.integers(300, 599), st.lists(st.none() | st.text(max_size=20) | st.integers(), max_size=3), st.text()
)
def test_every_error_has_a_name(status: int | None, codes: list[object], words: str) -> None:
    """Whatever comes, it is called something that the router knows."""
    assert failure_of(status, codes, words) in FAILURES


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "message", "code", "type", "status", "details", "metadata", "raw"]), inner), max_leaves=12))  # fmt: skip  # noqa: E501
def test_no_body_is_too_strange(body: object) -> None:
    """A body of any shape becomes a fault, with words."""
    fault = fault_of(400, body, "an error")
    assert fault.failure in FAILURES
    assert fault.detail


NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "2"}, None, 2.0),
        ({"retry-after": "1.5"}, None, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, None, 0.25),
        ({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}, None, 30.0),
        ({"retry-after": "Fri, 20 Nov 2026 11:00:00 GMT"}, None, 0.0),
        ({"retry-after": "soon"}, None, None),
        ({"retry-after": "-3"}, None, None),
        ({"retry-after": "nan"}, None, None),
        ({}, {"error": {"details": [{"@type": "x"}, {"retryDelay": "37s"}]}}, 37.0),
        ({"retry-after": "4"}, {"error": {"details": [{"retryDelay": "37s"}]}}, 4.0),
        ({}, {"retryDelay": 5}, None),
        (None, None, None),
    ],
)
def test_a_wait_is_read_in_all_its_forms(headers: dict[str, str] | None, body: object, seconds: float | None) -> None:
    """Seconds, milliseconds, a date, Google's own; nonsense is no wait."""
    assert retry_after(headers, body, now=NOW) == seconds


def test_a_limit_of_the_day_is_a_quota() -> None:
    """Google tells by the limit's name whether waiting helps."""
    body = {
        "error": {"status": "RESOURCE_EXHAUSTED", "message": "Exceeded", "details": [{"quotaId": "RequestsPerDay"}]}
    }
    assert fault_of(429, body, "").failure == "quota"


@given(
    st.text(alphabet="abcdefgh ", min_size=40, max_size=300),
    st.integers(0, 200),
    st.text(max_size=40),
    st.text(max_size=40),
)
def test_no_run_of_a_prompt_stays_in_an_error(prompt: str, start: int, before: str, after: str) -> None:
    """What an error repeats of a prompt, 24 characters in a row and more, is taken out wherever it stands."""
    prompt = " ".join(prompt.split())
    quoted = prompt[start % max(1, len(prompt)) :]
    told = scrubbed(f"{before} {quoted} {after}", None, [prompt])
    windows = {prompt[at : at + 24] for at in range(len(prompt) - 23)}
    assert not any(window in told for window in windows)


def test_a_key_never_stays() -> None:
    """Also where it stands twice, or across what else is taken out."""
    told = scrubbed("key sk-secret is wrong: sk-secret", "sk-secret", ["nothing in common with it at all"])
    assert told == "key [key] is wrong: [key]"


def test_words_are_short_and_on_one_line() -> None:
    """Five hundred characters, no line breaks."""
    told = scrubbed("a\nb " * 1000, None)
    assert len(told) == 200
    assert "\n" not in told
