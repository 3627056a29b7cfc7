"""Answers of the three formats as they came over the wire, read without any provider's library. Pure.

For recordings: what was kept of an exchange becomes the same reply, or the same fault, that the provider's library and
the provider here made of it then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from hansard.routing.model import Tokens
from hansard.routing.providers import anthropic, google
from hansard.routing.providers.faults import fault_of
from hansard.routing.providers.protocol import ProviderFault, Reply
from hansard.routing.providers.remote import Tally, check_said, counted

Wire = Literal["openai", "anthropic", "google"]


def wire_of(url: str) -> Wire:
    """The format that an address speaks."""
    path = url.partition("?")[0]
    if path.endswith((":generateContent", ":streamGenerateContent")):
        return "google"
    return "anthropic" if path.endswith("/messages") else "openai"


def events(text: str) -> Iterator[tuple[str | None, str]]:
    """Server-sent events: name and data. Comments are left out."""
    name: str | None = None
    data: list[str] = []
    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        if not line:
            if data:
                yield name, "\n".join(data)
            name, data = None, []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)


def read(wire: Wire, status: int, headers: Mapping[str, str], body: object) -> tuple[list[str], Reply]:
    """An answer: its text in the pieces in which it came, and the whole.

    Args:
        headers: with names in lower case.
        body: JSON that was read already, or text.

    Raises:
        ProviderFault: it is none; ``partial`` has what had come.
    """
    if status >= 300:
        raise fault_of(status, _json(body), body if isinstance(body, str) else "an error", headers=headers)
    tally = Tally()
    pieces: list[str] = []
    try:
        streamed = isinstance(body, str) and "event-stream" in headers.get("content-type", "")
        if streamed:
            for name, data in events(str(body)):
                if data.startswith("[DONE]"):
                    break
                said = json.loads(data)
                if name == "error" or (isinstance(said, Mapping) and said.get("error")):
                    raise fault_of(None, said, "an error")
                pieces += _STREAMED[wire](said, tally)
        else:
            said = json.loads(body) if isinstance(body, str) else body
            if isinstance(said, Mapping) and said.get("error") and wire == "openai":
                raise fault_of(None, said, "an error")
            pieces += _WHOLE[wire](said, tally)
        text = "".join(pieces)
        check_said(tally, text)
        if tally.finish_reason is None:
            raise ProviderFault("unreachable" if pieces else "malformed", "the answer ended before it was whole")
    except ProviderFault as fault:
        fault.partial = fault.partial or "".join(pieces)
        fault.tokens = fault.tokens or tally.tokens
        raise
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        words = f"the answer is not of the provider's format ({type(error).__name__})"
        raise ProviderFault("malformed", words, partial="".join(pieces), tokens=tally.tokens) from None
    return [piece for piece in pieces if piece], Reply(text, tally.tokens, tally.finish_reason, tally.serving_model)


def _json(body: object) -> object:
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return None


def _openai(said: Any, tally: Tally, part: str) -> list[str]:
    if said.get("usage"):
        usage = said["usage"]
        details = usage.get("prompt_tokens_details") or {}
        cached = details.get("cached_tokens") or usage.get("prompt_cache_hit_tokens")
        tally.tokens = counted([usage.get("prompt_tokens")], [usage.get("completion_tokens")], cached)
    tally.serving_model = tally.serving_model or said.get("model")
    if not said["choices"]:
        return []
    choice = said["choices"][0]
    tally.finish_reason = choice.get("finish_reason") or tally.finish_reason
    message = choice.get(part) or {}
    if message.get("refusal"):
        tally.refusal = (tally.refusal or "") + message["refusal"]
    return [message["content"]] if message.get("content") else []


def _anthropic_tokens(start: Any, output: Any) -> Tokens | None:
    cached, written = start.get("cache_read_input_tokens"), start.get("cache_creation_input_tokens")
    return counted([start["input_tokens"], cached, written], [output], cached)


def _anthropic_finish(reason: str | None) -> str | None:
    return None if reason is None else anthropic.FINISH.get(reason, reason)


def _anthropic(said: Any, tally: Tally) -> list[str]:
    tally.serving_model = said["model"]
    if said.get("usage"):
        tally.tokens = _anthropic_tokens(said["usage"], said["usage"].get("output_tokens"))
    tally.finish_reason = _anthropic_finish(said.get("stop_reason"))
    return [block["text"] for block in said["content"] if block["type"] == "text"]


def _anthropic_event(said: Any, tally: Tally) -> list[str]:
    match said["type"]:
        case "message_start":
            tally.serving_model = said["message"]["model"]
            usage = said["message"].get("usage") or {}
            if "input_tokens" in usage:
                tally.tokens = _anthropic_tokens(usage, usage.get("output_tokens"))
        case "content_block_delta" if said["delta"]["type"] == "text_delta":
            return [said["delta"]["text"]]
        case "message_delta":
            tally.finish_reason = _anthropic_finish(said["delta"].get("stop_reason")) or tally.finish_reason
            made = (said.get("usage") or {}).get("output_tokens")
            if tally.tokens is not None and made is not None:
                tally.tokens = counted([tally.tokens.input], [made], tally.tokens.cached)
    return []


def _google(said: Any, tally: Tally) -> list[str]:
    usage = said.get("usageMetadata") or {}
    if "promptTokenCount" in usage:
        given = [usage["promptTokenCount"], usage.get("toolUsePromptTokenCount")]
        made = [usage.get("candidatesTokenCount") or 0, usage.get("thoughtsTokenCount")]
        tally.tokens = counted(given, made, usage.get("cachedContentTokenCount"))
    tally.serving_model = said.get("modelVersion") or tally.serving_model
    if (said.get("promptFeedback") or {}).get("blockReason"):
        tally.refusal = ""
    if not said.get("candidates"):
        return []
    candidate = said["candidates"][0]
    parts = (candidate.get("content") or {}).get("parts") or []
    tally.called = tally.called or any("functionCall" in part for part in parts)
    reason = candidate.get("finishReason")
    if reason:
        tally.finish_reason = google.FINISH.get(reason, reason.lower())
        if tally.called and tally.finish_reason == "stop":
            tally.finish_reason = "tool_calls"
    return [part["text"] for part in parts if part.get("text") and not part.get("thought")]


_WHOLE = {"openai": lambda said, tally: _openai(said, tally, "message"), "anthropic": _anthropic, "google": _google}
_STREAMED = {
    "openai": lambda said, tally: _openai(said, tally, "delta"),
    "anthropic": _anthropic_event,
    "google": _google,
}
