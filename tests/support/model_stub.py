"""A stand-in for the model providers: one server, three wire formats, and every fault that we know of.

::

    with stub_in_thread() as stub:                       # or stub_process(): the same, in a process of its own
        model = Model("a", "openai", "m", base_url=stub.openai("a"))
        stub.conduct("a", "rate_limited", retry_after=2)  # until it is told otherwise
        stub.conduct("a", ["overloaded", "ok"])           # in turns, for ever
        stub.conduct("a", "overloaded", times=3)          # then ok
        assert stub.count("a") == 4
        assert b"secret" not in b"".join(stub.bodies("a"))

The first part of a path is a *lane*: a deployment with a conduct, a count and a box of bodies of its own. A lane that
was told nothing behaves as it is called where that is the name of a fault (``stub.openai("overloaded")``), else well.

Well behaved it answers at once, with ``text`` if it was given one; else, where a schema was asked for, with the
smallest instance of it; else with a constant sentence. ``text="echo"`` gives back the last message of the user.
A raw ``asyncio.Protocol``: what is measured against it should be the client's time, not the server's.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

SENTENCE: Final = "The board approved the plan."
PARTIAL: Final = "The board"
"""What a stream brings before a fault that comes in its midst."""

FAULTS: Final = (
    "ok",
    "rate_limited",  # 429, with Retry-After where ``retry_after`` was given
    "quota",  # the account is out of credit, as each provider says it
    "server_error",  # 500
    "unavailable",  # 503
    "overloaded",  # 529 (503 for Google)
    "bad_gateway",  # 502 with a page of HTML
    "auth",  # 401 (400 for Google)
    "forbidden",  # 403
    "not_found",  # 404
    "rejected",  # 400, of no kind that has a name
    "context_window",  # 400, as each provider says it
    "policy",  # 400: the prompt was not let through
    "refusal",  # 200: the model declines
    "filtered",  # 200: the answer was cut by a filter
    "empty",  # 200 without a word
    "length",  # 200, stopped at the limit of tokens
    "malformed",  # 200 whose body is not JSON
    "no_choices",  # 200 whose JSON is not of the format
    "bad_structure",  # 200 whose text should be JSON and is not
    "wrong_schema",  # 200 whose text is JSON of another schema
    "fenced",  # 200 whose JSON stands in a code fence
    "tool_call",  # 200: a call of a tool that nobody offered, and no text
    "thinking",  # 200: it thinks aloud first, in the fields made for it
    "no_usage",  # 200 without counts
    "cached",  # 200: 8 of the 12 tokens were cached
    "stall",  # no answer at all
    "stall_midway",  # half a stream, then nothing
    "slow",  # ok after ``delay`` seconds (0.25); a stream takes that between its pieces
    "cut",  # the connection ends midway
    "hang_up",  # the connection ends before a byte came
    "error_midway",  # a stream that tells an error after its first pieces
    "redirect",  # 307 to the lane "elsewhere"
    "portal",  # 200 with a page of HTML, as of a network that wants a login first
    "tattle",  # 400 whose message repeats the key and the prompt
)

KEPT: Final = 20_000
"""Bodies kept per lane; older ones are dropped."""


@dataclass(frozen=True)
class Conduct:
    """How a lane behaves."""

    faults: tuple[str, ...] = ("ok",)
    """In turns, for ever."""
    times: int | None = None
    """After so many requests it is well."""
    retry_after: float | None = None
    delay: float = 0.25
    text: str | None = None


@dataclass
class Lane:
    """What one deployment did so far."""

    conduct: Conduct
    count: int = 0
    told: int = 0
    """Requests since the conduct was set."""
    bodies: list[bytes] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    """Request lines and headers; a key stands in them."""

    def next_fault(self) -> str:
        """The fault of the request at hand."""
        turn, self.told = self.told, self.told + 1
        if self.conduct.times is not None and turn >= self.conduct.times:
            return "ok"
        return self.conduct.faults[turn % len(self.conduct.faults)]


@dataclass(frozen=True)
class Asked:
    """A request, read."""

    wire: str
    """``openai``, ``anthropic`` or ``google``."""
    model: str
    streamed: bool
    schema: Mapping[str, Any] | None
    last: str
    """The last message's text."""


def instance(schema: Any, root: Any = None) -> Any:
    """The smallest value of a JSON Schema of the kind that providers take."""
    root = schema if root is None else root
    if not isinstance(schema, Mapping):
        return None
    if "$ref" in schema:
        found = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            found = found[part]
        return instance(found, root)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if "enum" in schema:
        return schema["enum"][0]
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            return instance(schema[name][0], root)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "object":
            wanted = schema.get("required", list(schema.get("properties", {})))
            return {name: instance(schema.get("properties", {}).get(name, {}), root) for name in wanted}
        case "array":
            return [instance(schema.get("items", {}), root)] * int(schema.get("minItems", 0))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return "x" * max(1, int(schema.get("minLength", 1)))


# -- reading -----------------------------------------------------------------------------------------------------------


def _text_of(content: Any) -> str:
    """The text of a message's content in any of the three formats."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part["text"]) for part in content if isinstance(part, Mapping) and "text" in part)
    return ""


def read_request(path: str, body: Mapping[str, Any]) -> Asked:
    """Which format it is, and what it asks."""
    if "generateContent" in path or "streamGenerateContent" in path:
        model = path.split("/models/", 1)[-1].split(":", 1)[0]
        config = body.get("generationConfig", {})
        schema = config.get("responseJsonSchema") or config.get("responseSchema")
        last = next((_text_of(each.get("parts")) for each in reversed(body.get("contents", []))), "")
        return Asked("google", model, "streamGenerateContent" in path, schema, last)
    last = next(
        (_text_of(each["content"]) for each in reversed(body.get("messages", [])) if each["role"] == "user"), ""
    )
    streamed = bool(body.get("stream"))
    if path.split("?", 1)[0].endswith("/messages"):
        schema = (body.get("output_config") or {}).get("format", {}).get("schema")
        return Asked("anthropic", str(body.get("model")), streamed, schema, last)
    schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema")
    return Asked("openai", str(body.get("model")), streamed, schema, last)


# -- writing -----------------------------------------------------------------------------------------------------------

REASONS: Final = {200: "OK", 307: "Temporary Redirect", 429: "Too Many Requests"}


def response(status: int, body: bytes, kind: str = "application/json", **headers: str) -> bytes:
    """A whole HTTP response."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    reason = REASONS.get(status, "Fault" if status >= 400 else "OK")
    return (
        f"HTTP/1.1 {status} {reason}\r\ncontent-type: {kind}\r\n{more}content-length: {len(body)}\r\n\r\n".encode()
        + body
    )


def packed(value: Any) -> bytes:
    """JSON, as short as can be."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


STATUS: Final[Mapping[str, Mapping[str, tuple[int, str | None, str]]]] = {
    # fault: wire -> status, code or kind of error, message
    "rate_limited": {
        "openai": (429, "rate_limit_exceeded", "Rate limit reached for requests (test)."),
        "anthropic": (429, "rate_limit_error", "This request would exceed your rate limit (test)."),
        "google": (429, "RESOURCE_EXHAUSTED", "Requests per minute are used up (test)."),
    },
    "quota": {
        "openai": (429, "insufficient_quota", "You exceeded your current quota (test)."),
        "anthropic": (400, "invalid_request_error", "Your credit balance is too low to access the API (test)."),
        "google": (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, check your billing (test)."),
    },
    "server_error": {
        "openai": (500, None, "The server had an error (test)."),
        "anthropic": (500, "api_error", "Internal server error (test)."),
        "google": (500, "INTERNAL", "An internal error has occurred (test)."),
    },
    "unavailable": {
        "openai": (503, None, "Service unavailable (test)."),
        "anthropic": (503, "api_error", "Service unavailable (test)."),
        "google": (503, "UNAVAILABLE", "Service unavailable (test)."),
    },
    "overloaded": {
        "openai": (529, "overloaded", "Overloaded (test)."),
        "anthropic": (529, "overloaded_error", "Overloaded (test)."),
        "google": (503, "UNAVAILABLE", "The model is overloaded (test)."),
    },
    "auth": {
        "openai": (401, "invalid_api_key", "Incorrect API key provided (test)."),
        "anthropic": (401, "authentication_error", "invalid x-api-key (test)."),
        "google": (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key. (test)"),
    },
    "forbidden": {
        "openai": (403, None, "Country not supported (test)."),
        "anthropic": (403, "permission_error", "Your key may not use this (test)."),
        "google": (403, "PERMISSION_DENIED", "The caller does not have permission (test)."),
    },
    "not_found": {
        "openai": (404, "model_not_found", "The model does not exist (test)."),
        "anthropic": (404, "not_found_error", "model: not there (test)."),
        "google": (404, "NOT_FOUND", "The model is not found (test)."),
    },
    "rejected": {
        "openai": (400, "unsupported_value", "Unsupported value: 'temperature' (test)."),
        "anthropic": (400, "invalid_request_error", "temperature: out of range (test)."),
        "google": (400, "INVALID_ARGUMENT", "Invalid value at 'generation_config' (test)."),
    },
    "context_window": {
        "openai": (400, "context_length_exceeded", "This model's maximum context length is 10 tokens (test)."),
        "anthropic": (400, "invalid_request_error", "prompt is too long: 11 tokens > 10 maximum (test)."),
        "google": (400, "INVALID_ARGUMENT", "The input token count (11) exceeds the maximum number of tokens (test)."),
    },
    "policy": {
        "openai": (400, "content_filter", "The prompt triggered the content management policy (test)."),
        "anthropic": (400, "invalid_request_error", "Output blocked by content filtering policy (test)."),
        "google": (400, "INVALID_ARGUMENT", "The request was blocked by safety settings (test)."),
    },
}  # fmt: skip


def error_body(wire: str, status: int, code: str | None, message: str) -> Any:
    """An error as a provider writes it."""
    if wire == "openai":
        kind = "server_error" if status >= 500 else "invalid_request_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}
    if wire == "anthropic":
        return {"type": "error", "error": {"type": code, "message": message}, "request_id": "req_1"}
    return {"error": {"code": status, "message": message, "status": code}}


@dataclass(frozen=True)
class Said:
    """What a model says, in no format yet."""

    text: str = SENTENCE
    finish: str = "stop"
    """``stop``, ``length``, ``refusal``, ``filtered``, ``tool_call``."""
    thought: str = ""
    counts: tuple[int, int, int] | None = (12, 6, 0)
    """Input with what was cached, output, cached."""


def what_is_said(fault: str, asked: Asked, given: str | None) -> Said:
    """The model's words under a fault."""
    text = asked.last if given == "echo" else given
    if text is None:
        text = SENTENCE if asked.schema is None else json.dumps(instance(asked.schema))
    match fault:
        case "refusal":
            return Said("I cannot help with that.", "refusal")
        case "filtered":
            return Said(PARTIAL, "filtered")
        case "empty":
            return Said("")
        case "length":
            return Said(text[: max(1, len(text) // 2)], "length")
        case "bad_structure":
            return Said('{"verdict": "yes", ')
        case "wrong_schema":
            return Said('{"surprise": [1, 2]}')
        case "fenced":
            return Said(f"Here it is:\n```json\n{text}\n```\n")
        case "tool_call":
            return Said("", "tool_call")
        case "thinking":
            return Said(text, thought="Let me think.")
        case "no_usage":
            return Said(text, counts=None)
        case "cached":
            return Said(text, counts=(12, 6, 8))
    return Said(text)


_REASONS: Final = ("stop", "length", "refusal", "filtered", "tool_call")
FINISH: Final[Mapping[str, Mapping[str, str]]] = {
    "openai": dict(zip(_REASONS, ("stop", "length", "stop", "content_filter", "tool_calls"), strict=True)),
    "anthropic": dict(zip(_REASONS, ("end_turn", "max_tokens", "refusal", "refusal", "tool_use"), strict=True)),
    "google": dict(zip(_REASONS, ("STOP", "MAX_TOKENS", "SAFETY", "SAFETY", "STOP"), strict=True)),
}


def usage(wire: str, counts: tuple[int, int, int] | None) -> Any:
    """The counts as a provider writes them."""
    if counts is None:
        return None
    given, made, cached = counts
    if wire == "openai":
        details = {"prompt_tokens_details": {"cached_tokens": cached}} if cached else {}
        return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made, **details}
    if wire == "anthropic":
        return {"input_tokens": given - cached, "cache_read_input_tokens": cached, "output_tokens": made}
    known = {"cachedContentTokenCount": cached} if cached else {}
    return {"promptTokenCount": given, "candidatesTokenCount": made, "totalTokenCount": given + made, **known}


def whole(asked: Asked, said: Said) -> Any:
    """An answer in one piece."""
    finish = FINISH[asked.wire][said.finish]
    counts = usage(asked.wire, said.counts)
    if asked.wire == "openai":
        message: dict[str, Any] = {"role": "assistant", "content": said.text}
        if said.thought:
            message["reasoning_content"] = said.thought
        if said.finish == "refusal":
            message |= {"content": None, "refusal": said.text}
        if said.finish == "tool_call":
            call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
            message |= {"content": None, "tool_calls": [call]}
        choice = {"index": 0, "finish_reason": finish, "message": message}
        more = {"usage": counts} if counts else {}
        return {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": f"{asked.model}-1",
            "choices": [choice],
            **more,
        }
    if asked.wire == "anthropic":
        blocks: list[Any] = [{"type": "thinking", "thinking": said.thought, "signature": "s"}] if said.thought else []
        if said.finish == "tool_call":
            blocks.append({"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}})
        elif said.text:
            blocks.append({"type": "text", "text": said.text})
        return {
            "id": "m1", "type": "message", "role": "assistant", "model": f"{asked.model}-1", "content": blocks,
            "stop_reason": finish, "stop_sequence": None, **({"usage": counts} if counts else {}),
        }  # fmt: skip
    if said.finish == "refusal":
        feedback = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": f"{asked.model}-1"}
        return {**feedback, **({"usageMetadata": counts} if counts else {})}
    parts: list[Any] = [{"text": said.thought, "thought": True}] if said.thought else []
    if said.finish == "tool_call":
        parts.append({"functionCall": {"name": "look", "args": {}}})
    elif said.text:
        parts.append({"text": said.text})
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0}],
        "modelVersion": f"{asked.model}-1", **({"usageMetadata": counts} if counts else {}),
    }  # fmt: skip


def _words(text: str) -> list[str]:
    """A text in the pieces a stream brings."""
    parts = text.split(" ")
    return [part + (" " if number < len(parts) - 1 else "") for number, part in enumerate(parts)] if text else []


def _event(data: Any, name: str | None = None) -> bytes:
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + packed(data) + b"\n\n"


def streamed(asked: Asked, said: Said) -> list[bytes]:
    """An answer in server-sent events; each item is one that a client sees apart."""
    finish = FINISH[asked.wire][said.finish]
    counts = usage(asked.wire, said.counts)
    version = f"{asked.model}-1"
    if asked.wire == "openai":
        head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": version}

        def delta(value: Any, finish_reason: str | None = None) -> bytes:
            return _event({**head, "choices": [{"index": 0, "delta": value, "finish_reason": finish_reason}]})

        out = [delta({"role": "assistant", "content": ""})]
        out += [delta({"reasoning_content": word}) for word in _words(said.thought)]
        if said.finish == "tool_call":
            call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
            out.append(delta({"tool_calls": [call]}))
        named = "refusal" if said.finish == "refusal" else "content"
        out += [delta({named: word}) for word in _words(said.text)]
        out.append(delta({}, finish))
        if counts:
            out.append(_event({**head, "choices": [], "usage": counts}))
        return [*out, b"data: [DONE]\n\n"]
    if asked.wire == "anthropic":
        first: dict[str, Any] = {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": version,
            "content": [],
            "stop_reason": None,
        }
        start = (
            {k: v for k, v in (counts or {}).items() if k != "output_tokens"} | {"output_tokens": 1} if counts else {}
        )
        out = [
            _event(
                {"type": "message_start", "message": {**first, "stop_sequence": None, "usage": start}}, "message_start"
            )
        ]
        index = 0
        for kind, text in (("thinking", said.thought), ("text", said.text)):
            if not text:
                continue
            block: dict[str, Any] = {"type": kind, kind: ""} | ({"signature": ""} if kind == "thinking" else {})
            out.append(
                _event({"type": "content_block_start", "index": index, "content_block": block}, "content_block_start")
            )
            out += [
                _event({"type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", kind: word}},
                       "content_block_delta")
                for word in _words(text)
            ]  # fmt: skip
            out.append(_event({"type": "content_block_stop", "index": index}, "content_block_stop"))
            index += 1
        if said.finish == "tool_call":
            block = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
            out.append(
                _event({"type": "content_block_start", "index": index, "content_block": block}, "content_block_start")
            )
            out.append(_event({"type": "content_block_stop", "index": index}, "content_block_stop"))
        last = {"type": "message_delta", "delta": {"stop_reason": finish, "stop_sequence": None}}
        out.append(
            _event({**last, "usage": {"output_tokens": counts["output_tokens"]} if counts else {}}, "message_delta")
        )
        return [*out, _event({"type": "message_stop"}, "message_stop")]
    if said.finish == "refusal":
        return [_event(whole(asked, said))]
    parts = [{"text": word, "thought": True} for word in _words(said.thought)]
    if said.finish == "tool_call":
        parts.append({"functionCall": {"name": "look", "args": {}}})
    parts += [{"text": word} for word in _words(said.text)]
    out = [
        _event({"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0}], "modelVersion": version})
        for part in parts
    ]
    close: dict[str, Any] = {
        "candidates": [{"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": finish}]
    }
    close |= {"modelVersion": version, **({"usageMetadata": counts} if counts else {})}
    return [*out, _event(close)]


def error_events(wire: str) -> bytes:
    """An error in the midst of a stream."""
    if wire == "openai":
        return _event(error_body(wire, 500, "server_error", "The server had an error while it answered (test)."))
    if wire == "anthropic":
        return _event(error_body(wire, 529, "overloaded_error", "Overloaded (test)."), "error")
    return _event(error_body(wire, 503, "UNAVAILABLE", "The service is overloaded (test)."))


# -- the server --------------------------------------------------------------------------------------------------------


class Server:
    """The lanes, and what they answer."""

    def __init__(self) -> None:
        self.lanes: dict[str, Lane] = {}
        self.open: set[asyncio.Transport] = set()
        self._ready: dict[tuple[str, str, str], bytes] = {}

    def lane(self, name: str) -> Lane:
        """A lane by its name; a new one behaves as it is called."""
        found = self.lanes.get(name)
        if found is None:
            found = self.lanes[name] = Lane(Conduct((name if name in FAULTS else "ok",)))
        return found

    def control(self, path: str, body: bytes) -> bytes:
        """What the test asks of the stub itself."""
        verb, _, name = path.removeprefix("/_/").partition("/")
        name = urllib.parse.unquote(name)
        match verb:
            case "conduct":
                given = json.loads(body)
                lane = self.lane(name)
                lane.conduct, lane.told = Conduct(**{**given, "faults": tuple(given["faults"])}), 0
            case "seen":
                lane = self.lane(name)
                bodies = [base64.b64encode(each).decode() for each in lane.bodies]
                return response(200, packed({"count": lane.count, "bodies": bodies, "heads": lane.heads}))
            case "counts":
                return response(200, packed({name: lane.count for name, lane in self.lanes.items()}))
            case "connections":
                return response(200, packed(len(self.open) - 1))
            case "reset":
                self.lanes.clear()
            case _:
                return response(404, b"{}")
        return response(200, b"{}")


class Connection(asyncio.Protocol):
    """One connection, kept alive; requests on it are answered in their order."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.buffer = bytearray()
        self.busy = False
        self.waiting: set[asyncio.TimerHandle] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.open.add(transport)

    def connection_lost(self, _exception: Exception | None) -> None:
        for handle in self.waiting:
            handle.cancel()
        self.waiting.clear()
        self.server.open.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.work()

    def work(self) -> None:
        """Answer what has come as a whole."""
        while not self.busy:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self.buffer[:end])
            low = head.lower()
            at = low.find(b"content-length:")
            length = int(low[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            body = bytes(self.buffer[end + 4 : end + 4 + length])
            del self.buffer[: end + 4 + length]
            self.answer(head, body)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something after a while, and nothing else on this connection before."""
        self.busy = True

        def now() -> None:
            self.waiting.discard(handle)
            self.busy = False
            if not self.transport.is_closing():
                what()
                self.work()

        handle = asyncio.get_running_loop().call_later(seconds, now)
        self.waiting.add(handle)

    def answer(self, head: bytes, body: bytes) -> None:
        """One request."""
        path = head.split(b" ", 2)[1].decode("latin-1")
        if path.startswith("/_/"):
            self.transport.write(self.server.control(path, body))
            return
        name, _, rest = path[1:].partition("/")
        lane = self.server.lane(urllib.parse.unquote(name))
        lane.count += 1
        lane.bodies.append(body)
        lane.heads.append(head.decode("latin-1"))
        if len(lane.bodies) > KEPT:
            del lane.bodies[: KEPT // 2], lane.heads[: KEPT // 2]
        fault = lane.next_fault()
        asked = read_request(rest, json.loads(body or b"{}"))
        self.act(fault, asked, lane.conduct, head)

    def act(self, fault: str, asked: Asked, conduct: Conduct, head: bytes) -> None:
        """Behave."""
        write, close = self.transport.write, self.transport.close
        if fault in STATUS:
            status, code, message = STATUS[fault][asked.wire]
            more = {} if conduct.retry_after is None else {"retry_after": f"{conduct.retry_after:g}"}
            write(response(status, packed(error_body(asked.wire, status, code, message)), **more))
            return
        match fault:
            case "stall":
                self.busy = True
                return
            case "hang_up":
                close()
                return
            case "tattle":
                keys = [line for line in head.decode("latin-1").split("\r\n") if "key" in line.lower() or "uth" in line]
                message = f"Cannot be answered: {keys} {asked.last}"
                write(response(400, packed(error_body(asked.wire, 400, "INVALID_ARGUMENT", message))))
                return
            case "bad_gateway":
                write(response(502, b"<html><body>Bad gateway (test).</body></html>", "text/html"))
                return
            case "portal":
                write(response(200, b"<html><body>Log in to the network (test).</body></html>", "text/html"))
                return
            case "redirect":
                write(response(307, b"", location=f"/elsewhere/{asked.wire}"))
                return
            case "malformed":
                kind = "text/event-stream" if asked.streamed else "application/json"
                write(response(200, b'data: {"id": "c1", \n\n' if asked.streamed else b'{"id": "c1", ', kind))
                return
            case "no_choices":
                wrong = {"object": "list", "data": []}
                write(
                    response(200, _event(wrong), "text/event-stream")
                    if asked.streamed
                    else response(200, packed(wrong))
                )
                return
        said = what_is_said(fault, asked, conduct.text)
        if asked.streamed:
            self.stream(fault, asked, said, conduct.delay)
        elif fault == "slow":
            self.later(conduct.delay, lambda: write(response(200, packed(whole(asked, said)))))
        elif fault in {"cut", "error_midway", "stall_midway"}:
            full = response(200, packed(whole(asked, said)))
            write(full[: len(full) // 2 + 20])
            if fault == "stall_midway":
                self.busy = True
            else:
                close()
        elif conduct.text is None and fault == "ok" and asked.schema is None:
            key = (asked.wire, asked.model, fault)
            ready = self.server._ready
            if key not in ready:
                ready[key] = response(200, packed(whole(asked, said)))
            write(ready[key])
        else:
            write(response(200, packed(whole(asked, said))))

    def stream(self, fault: str, asked: Asked, said: Said, delay: float) -> None:
        """Server-sent events in chunks."""
        write = self.transport.write
        write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        broken = fault in {"cut", "error_midway", "stall_midway"}
        events = streamed(asked, replace(said, text=PARTIAL + " ", counts=None) if broken else said)

        def chunk(event: bytes) -> bytes:
            return b"%x\r\n%b\r\n" % (len(event), event)

        if broken:
            tail = {"openai": 2, "anthropic": 3, "google": 1}[asked.wire]
            write(b"".join(chunk(event) for event in events[:-tail]))
            if fault == "cut":
                self.transport.close()
            elif fault == "error_midway":
                write(chunk(error_events(asked.wire)) + b"0\r\n\r\n")
            else:
                self.busy = True
            return
        if fault != "slow":
            write(b"".join(chunk(event) for event in events) + b"0\r\n\r\n")
            return

        def send(number: int) -> None:
            write(chunk(events[number]))
            if number + 1 < len(events):
                self.later(delay, lambda: send(number + 1))
            else:
                write(b"0\r\n\r\n")

        send(0)


async def serve(port: int, ready: Callable[[int], None], stop: asyncio.Event) -> None:
    """Serve until told to stop; ``ready`` gets the port."""
    state = Server()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(state), "127.0.0.1", port)
    ready(server.sockets[0].getsockname()[1])
    try:
        await stop.wait()
    finally:
        server.close()
        for transport in list(state.open):
            transport.abort()
        await server.wait_closed()


# -- the test's side ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stub:
    """A stub that runs; what one tells it counts for all who use it."""

    url: str

    def openai(self, lane: str = "ok") -> str:
        """Base URL for a client of chat completions."""
        return f"{self.url}/{urllib.parse.quote(lane, safe='')}/v1"

    def anthropic(self, lane: str = "ok") -> str:
        """Base URL for a client of messages."""
        return f"{self.url}/{urllib.parse.quote(lane, safe='')}"

    def google(self, lane: str = "ok") -> str:
        """Base URL for a client of generateContent."""
        return f"{self.url}/{urllib.parse.quote(lane, safe='')}"

    def base_url(self, provider: str, lane: str = "ok") -> str:
        """Base URL for a provider by its name."""
        return {"openai": self.openai, "anthropic": self.anthropic, "google": self.google}[provider](lane)

    def conduct(
        self,
        lane: str,
        fault: str | Sequence[str] = "ok",
        *,
        times: int | None = None,
        retry_after: float | None = None,
        delay: float = 0.25,
        text: str | None = None,
    ) -> None:
        """From now on, behave so."""
        faults = (fault,) if isinstance(fault, str) else tuple(fault)
        unknown = set(faults) - set(FAULTS)
        assert not unknown, f"no such fault: {sorted(unknown)}"
        told = {"faults": faults, "times": times, "retry_after": retry_after, "delay": delay, "text": text}
        self._control(f"conduct/{urllib.parse.quote(lane, safe='')}", told)

    def count(self, lane: str) -> int:
        """Requests that the lane got."""
        return self.counts().get(lane, 0)

    def counts(self) -> dict[str, int]:
        """Requests by lane."""
        return dict(self._control("counts"))

    def bodies(self, lane: str) -> list[bytes]:
        """Bodies that the lane got, in their order."""
        seen = self._control(f"seen/{urllib.parse.quote(lane, safe='')}")
        return [base64.b64decode(each) for each in seen["bodies"]]

    def requests(self, lane: str) -> list[Any]:
        """The same, read as JSON."""
        return [json.loads(body) for body in self.bodies(lane)]

    def heads(self, lane: str) -> list[str]:
        """Request lines with headers, in their order."""
        return list(self._control(f"seen/{urllib.parse.quote(lane, safe='')}")["heads"])

    def connections(self) -> int:
        """Connections that are open, but for the one that asks."""
        return int(self._control("connections"))

    def reset(self) -> None:
        """Forget everything."""
        self._control("reset")

    def _control(self, what: str, body: Any = None) -> Any:
        sent = urllib.request.Request(f"{self.url}/_/{what}", data=packed(body) if body is not None else None)
        with _DIRECT.open(sent, timeout=30) as got:
            return json.loads(got.read())


_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextlib.contextmanager
def stub_in_thread() -> Iterator[Stub]:
    """A stub in a thread of this process; it ends with the block."""
    ready = threading.Event()
    told: dict[str, Any] = {}

    async def run() -> None:
        told["loop"], told["stop"] = asyncio.get_running_loop(), asyncio.Event()

        def listening(port: int) -> None:
            told["port"] = port
            ready.set()

        await serve(0, listening, told["stop"])

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="model-stub", daemon=True)
    thread.start()
    assert ready.wait(30), "the stub did not start"
    try:
        yield Stub(f"http://127.0.0.1:{told['port']}")
    finally:
        told["loop"].call_soon_threadsafe(told["stop"].set)
        thread.join(30)


@contextlib.contextmanager
def stub_process() -> Iterator[Stub]:
    """A stub in a process of its own, so that its work is not on this one's clock; it ends with the block."""
    command = [sys.executable, str(Path(__file__).resolve()), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Stub(json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()


def main() -> None:
    """``python tests/support/model_stub.py --port 8971``: runs until it is ended."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()

    def listening(port: int) -> None:
        print(json.dumps({"url": f"http://127.0.0.1:{port}"}), flush=True)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, listening, asyncio.Event()))


if __name__ == "__main__":
    main()
