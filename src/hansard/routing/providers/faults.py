"""What providers' errors are called here: status, code and words of an error become one name. Pure.

Sources: the providers' published errors; recorded and hand-written exchanges; the servers of vLLM, llama.cpp, Ollama.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from hansard.routing.model import Failure, Tokens
from hansard.routing.providers.protocol import ProviderFault

_BY_CODE: Final[Mapping[str, Failure]] = {
    "context_length_exceeded": "context_window",
    "string_above_max_length": "context_window",
    "exceed_context_size_error": "context_window",
    "request_too_large": "context_window",
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "billing_not_active": "quota",
    "billing_error": "quota",
    "insufficient_balance": "quota",
    "content_filter": "content_policy",
    "content_policy_violation": "content_policy",
    "invalid_prompt": "content_policy",
    "cyber_policy_violation": "content_policy",
    "invalid_api_key": "auth",
    "authentication_error": "auth",
    "permission_error": "auth",
    "unauthenticated": "auth",
    "permission_denied": "auth",
    "model_not_found": "not_found",
    "not_found_error": "not_found",
    "not_found": "not_found",
    "rate_limit_exceeded": "rate_limited",
    "rate_limit_error": "rate_limited",
    "overloaded": "overloaded",
    "overloaded_error": "overloaded",
    "api_error": "overloaded",
    "server_error": "overloaded",
    "internal_server_error": "overloaded",
    "internal": "overloaded",
    "unavailable": "overloaded",
    "timeout_error": "timeout",
    "deadline_exceeded": "timeout",
}
"""Codes, kinds and statuses that say it all, in lower case."""

_WORDS: Final[tuple[tuple[re.Pattern[str], Failure], ...]] = (
    (
        re.compile(
            r"context (?:length|window|size)|maximum context|prompt is too long|input is too long|input token count"
            r"|too many (?:input )?tokens"
            r"|exceeds? the (?:available |maximum )?(?:context|number of tokens|model'?s max)"
            r"|maximum (?:prompt|input) length|max_(?:model_len|seq_len)",
            re.I,
        ),
        "context_window",
    ),
    (re.compile(r"credit balance|insufficient (?:balance|credits?|funds|quota)|billing", re.I), "quota"),
    (re.compile(r"api[ _-]?key (?:not valid|is invalid|expired|not found)|invalid (?:x-)?api[ _-]?key", re.I), "auth"),
    (
        re.compile(
            r"content (?:management|filter\w*|polic\w+)|usage polic\w+|safety (?:settings|system|filter)|moderation"
            r"|flagged|prohibited content",
            re.I,
        ),
        "content_policy",
    ),
    (re.compile(r"model \S+ (?:does not exist|(?:is )?not found)|no such model|try pulling it", re.I), "not_found"),
)  # fmt: skip
"""What is said where no code tells it apart (a refused request, mostly)."""

_VAGUE: Final = frozenset({400, 403, 413, 422})
"""Statuses that many causes share, so that the words decide first."""

_BY_STATUS: Final[Mapping[int, Failure]] = {
    401: "auth",
    402: "quota",
    403: "auth",
    404: "not_found",
    408: "timeout",
    413: "context_window",
    429: "rate_limited",
    504: "timeout",
}

_WINDOW: Final = 24
"""So many characters of a prompt in a row are a quotation, not a coincidence."""

_LOOKED_AT: Final = 20_000
"""So many characters of an error are looked at; what follows says no more."""

_SHORTEST: Final = 6
"""A prompt shorter than this is a common word, and may stand in any error."""


def failure_of(status: int | None, codes: Iterable[object], words: str) -> Failure:
    """The name of an error.

    Args:
        status: of HTTP, or ``None`` where an error came in the midst of a stream.
        codes: whatever stands where providers put a code, a kind or a status, best first.
        words: the message.
    """
    known = [str(code).lower() for code in codes if code]
    if status is None:
        numbers = [int(code) for code in known if code.isdigit() and 400 <= int(code) <= 599]
        status = numbers[0] if numbers else None
    named = next((_BY_CODE[code] for code in known if code in _BY_CODE), None)
    if named is not None and not (named == "rate_limited" and _quota(words)):
        return named
    if status in _VAGUE or status is None or (status == 500 and _said(words) == "context_window"):
        said = _said(words)
        if said is not None:
            return said
    if status == 429:
        return "quota" if _quota(words) else "rate_limited"
    if status is None:
        return "overloaded" if "error" in words.lower() and not known else "rejected"
    return _BY_STATUS.get(status) or ("overloaded" if status >= 500 else "rejected")


def _said(words: str) -> Failure | None:
    return next((failure for pattern, failure in _WORDS if pattern.search(words)), None)


def _quota(words: str) -> bool:
    """An account that has nothing left, rather than one that asks too often."""
    low = words.lower()
    waits = "per minute" in low or "retry in" in low
    return not waits and ("credit" in low or "billing" in low or "balance" in low)


def retry_after(headers: Mapping[str, str] | None, body: object = None, *, now: datetime | None = None) -> float | None:
    """Seconds after which another try makes sense, if the provider says so; never negative.

    Reads ``retry-after-ms``, ``retry-after`` (seconds or a date), and ``retryDelay`` in the details of Google's errors.
    """
    if headers:
        exact = headers.get("retry-after-ms")
        if exact is not None and (found := _number(exact)) is not None:
            return found / 1000
        given = headers.get("retry-after")
        if given is not None:
            if (found := _number(given)) is not None:
                return found
            try:
                at = parsedate_to_datetime(given)
            except ValueError:
                at = None
            if at is not None:
                at = at if at.tzinfo else at.replace(tzinfo=UTC)
                return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())
    delay = _find(body, "retryDelay")
    return _number(delay.removesuffix("s")) if isinstance(delay, str) else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None


def _find(body: object, name: str, depth: int = 5) -> object:
    """The first value of a name anywhere in an error's body."""
    if depth == 0:
        return None
    if isinstance(body, Mapping):
        if name in body:
            return body[name]
        inner: Iterable[object] = body.values()
    elif isinstance(body, list):
        inner = body
    else:
        return None
    return next((found for each in inner if (found := _find(each, name, depth - 1)) is not None), None)


SHOWN: Final = 200
"""So many characters of a provider's words are kept."""


def shown(words: str) -> str:
    """Words on one line, without signs that a terminal obeys or that hide others."""
    if not words.isprintable():
        words = "".join(sign if sign.isprintable() or sign.isspace() else "" for sign in words)
    return " ".join(words.split())


def scrubbed(words: str, key: str | None, texts: Iterable[str] = (), *, end: bool = False) -> str:
    """A provider's words on one line, without the key and without what they repeat of the prompt.

    Args:
        end: their end is kept, where they are too long, not their beginning.
    """
    if key:
        words = words.replace(key, "[key]")
    words = shown(words[-_LOOKED_AT:] if end else words[:_LOOKED_AT])
    if key:  # once more: a sign that is not shown may have stood within it
        words = words.replace(key, "[key]")
    words = words[-1000:] if end else words[:1000]
    for text in texts:
        words = _without(words, " ".join(text.split()))
    return words[-SHOWN:] if end else words[:SHOWN]


def _without(words: str, text: str) -> str:
    """Every run that both have in common, of a window's length and longer, taken out of the first."""
    if len(text) < _WINDOW:
        return words.replace(text, "[prompt]") if len(text) >= _SHORTEST else words
    # A common run holds a whole block wherever it begins: looking for the blocks alone keeps a long prompt cheap.
    block = _WINDOW // 2
    near = {
        at + step
        for at in range(0, len(words) - block + 1, block)
        if words[at : at + block] in text
        for step in range(-block, block + 1)
    }
    if not near:
        return words
    at = 0
    kept: list[str] = []
    while at < len(words):
        if at in near and at + _WINDOW <= len(words) and words[at : at + _WINDOW] in text:
            end = at + _WINDOW
            while end < len(words) and words[at : end + 1] in text:
                end += 1
            kept.append("[prompt]")
            at = end
        else:
            kept.append(words[at])
            at += 1
    return "".join(kept)


def fault_of(
    status: int | None,
    body: object,
    words: str,
    *,
    headers: Mapping[str, str] | None = None,
    key: str | None = None,
    texts: Iterable[str] = (),
    partial: str = "",
    tokens: Tokens | None = None,
) -> ProviderFault:
    """An error of HTTP, or in a stream, as a fault with its name.

    Args:
        body: what came, read as JSON where it was that; with or without an ``error`` around it.
        words: what the library says, for where the body has no message.
        key: taken out of the words.
        texts: the prompt's, taken out of the words too.
    """
    inner = _error_in(body)
    codes: list[object] = []
    if isinstance(inner, Mapping):
        codes = [inner.get("code"), inner.get("type"), inner.get("status"), _find(inner, "reason")]
        said = inner.get("message")
        words = said if isinstance(said, str) and said else words
        raw = _find(inner, "raw")  # OpenRouter's own message says little; this one is its upstream's
        words = f"{words}: {raw}" if isinstance(raw, str) else words
    elif isinstance(inner, str) and inner.strip():
        words = inner
    if status is not None and 300 <= status < 400:
        return ProviderFault("rejected", f"{status}: it sends the request elsewhere, and no redirect is followed")
    told = retry_after(headers, body)
    failure = failure_of(status, codes, words)
    if status == 429 and "PerDay" in json.dumps(body, default=str):
        failure = "quota"
    shown = scrubbed(words, key, texts) or "no words came with it"
    detail = shown if status is None else f"{status}: {shown}"
    return ProviderFault(failure, detail, retry_after_seconds=told, partial=partial, tokens=tokens)


def _error_in(body: object) -> object:
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if isinstance(body, Mapping):
        inner: Any = body.get("error", body)
        return inner if isinstance(inner, (Mapping, str)) else body
    return body
