"""Answers that were written down beforehand: for rehearsals and tests, with no model and no network.

Options of a model: ``answers``, a list whose entries are taken in turns, the last one for ever. An entry is a text, or
a table:

- ``text``, or ``json`` (data, given out as JSON): what is said; ``finish_reason`` (``stop``), ``tokens`` (input, output
  and, where wanted, cached; else a quarter of the characters), ``delay_seconds`` before it is said;
- ``failure``: a failure's name instead, with ``detail`` and ``retry_after_seconds``; ``after``: a text that a stream
  brings first;
- ``when``: a text; the entry answers each request that has it in a message, whatever else is due, and takes no turn.

``answer`` instead of ``answers``: a function from the request to an entry, for programs.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, cast

from hansard.routing import errors
from hansard.routing.model import FAILURES, Failure, Model, Tokens
from hansard.routing.providers.protocol import ProviderFault, Reply, Request

_KNOWN = frozenset(
    {
        "text",
        "json",
        "finish_reason",
        "tokens",
        "delay_seconds",
        "failure",
        "detail",
        "retry_after_seconds",
        "after",
        "when",
    }
)


class ScriptedProvider:
    """Says what it was told to say."""

    def __init__(self, model: Model, _key: str | None = None) -> None:
        self.model = model
        self._function = model.options.get("answer")
        self._turn = 0
        self._when: list[Mapping[str, Any]] = []
        self._turns: list[Mapping[str, Any]] = []
        given = model.options.get("answers", [] if callable(self._function) else None)
        where = f"routing.models.{model.name}.options.answers"
        if not isinstance(given, Sequence) or isinstance(given, str) or not (given or callable(self._function)):
            raise errors.routing_setting_invalid(where, None, "must be a list of answers, with one at least")
        for number, entry in enumerate(given):
            told = _entry(entry, f"{where}[{number}]")
            (self._when if "when" in told else self._turns).append(told)

    async def complete(self, request: Request) -> Reply:
        """See ``Provider.complete``."""
        entry, reply = self._next(request)
        await self._wait(entry, request)
        if reply is None:
            raise _fault(entry, "")
        return reply

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """See ``Provider.stream``."""
        began = time.perf_counter()
        entry, reply = self._next(request)
        await self._wait(entry, request)
        text = str(entry.get("after", "")) if reply is None else reply.text
        first: float | None = None
        for number, word in enumerate(text.split(" ") if text else ()):
            if first is None:
                first = (time.perf_counter() - began) * 1000
            yield word if number == 0 else f" {word}"
        if reply is None:
            raise _fault(entry, text)
        yield Reply(reply.text, reply.tokens, reply.finish_reason, reply.serving_model, first)

    async def close(self) -> None:
        """Nothing is open."""

    def _next(self, request: Request) -> tuple[Mapping[str, Any], Reply | None]:
        entry = self._due(request)
        if "failure" in entry:
            return entry, None
        text = json.dumps(entry["json"], ensure_ascii=False) if "json" in entry else str(entry.get("text", ""))
        given = entry.get("tokens")
        if given is None:
            tokens = Tokens(sum(len(each.text) for each in request.messages) // 4 + 1, len(text) // 4 + 1)
        else:
            tokens = Tokens(*(int(each) for each in given))
        return entry, Reply(text, tokens, str(entry.get("finish_reason", "stop")), self.model.model)

    def _due(self, request: Request) -> Mapping[str, Any]:
        if callable(self._function):
            return _entry(self._function(request), f"routing.models.{self.model.name}.options.answer")
        for entry in self._when:
            if any(entry["when"] in message.text for message in request.messages):
                return entry
        if not self._turns:
            raise ProviderFault("rejected", "the script has no answer to this")
        entry = self._turns[min(self._turn, len(self._turns) - 1)]
        self._turn += 1
        return entry

    @staticmethod
    async def _wait(entry: Mapping[str, Any], request: Request) -> None:
        seconds = float(entry.get("delay_seconds", 0))
        if seconds > request.timeout_seconds:
            await asyncio.sleep(max(0.0, request.timeout_seconds))
            raise ProviderFault("timeout", f"no answer within {request.timeout_seconds:.3g} s")
        if seconds > 0:
            await asyncio.sleep(seconds)


def _entry(entry: object, where: str) -> Mapping[str, Any]:
    if isinstance(entry, str):
        return {"text": entry}
    if not isinstance(entry, Mapping):
        raise errors.routing_setting_invalid(where, None, "is neither a text nor a table")
    unknown = sorted(set(entry) - _KNOWN)
    if unknown:
        raise errors.routing_setting_invalid(
            f"{where}.{unknown[0]}", None, "is not known", valid_options=sorted(_KNOWN)
        )
    failure = entry.get("failure")
    if failure is not None and failure not in FAILURES:
        raise errors.routing_setting_invalid(f"{where}.failure", failure, "names no failure", valid_options=FAILURES)
    if failure is None and "text" not in entry and "json" not in entry:
        raise errors.routing_setting_invalid(where, None, "has no text, no json and no failure")
    return entry


def _fault(entry: Mapping[str, Any], partial: str) -> ProviderFault:
    retry = entry.get("retry_after_seconds")
    return ProviderFault(
        cast(Failure, entry["failure"]),
        str(entry.get("detail", "the script says so")),
        retry_after_seconds=None if retry is None else float(retry),
        partial=partial,
    )
