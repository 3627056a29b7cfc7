"""Answers that were recorded: no network, no key, the same text to the byte.

Options of a model: ``recording``, a file or a folder of files; ``match``, how a request finds its answer: ``request``
(the same model, messages, schema and settings; asked again, the next answer that was given to the same; for our own
recordings) or ``order`` (one after the other; for those of others, whose requests are not ours).

Our own recordings are lines of JSON (``.jsonl``), as ``Recorder`` writes them. Those of others are files of HTTP
exchanges as VCR keeps them (``.yaml``, which needs PyYAML, or ``.json``): ``interactions``, each with a ``request``
(``uri``) and a ``response`` (``status``, ``headers``, ``parsed_body`` or ``body``).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from hansard.kernel.errors import HansardError
from hansard.routing import errors
from hansard.routing.model import Model, Tokens
from hansard.routing.providers.protocol import Provider, ProviderFault, Reply, Request
from hansard.routing.providers.wire import read, wire_of

SUFFIXES: Final = frozenset({".jsonl", ".yaml", ".yml", ".json"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, as far as it is known, and what came of it."""

    key: str | None
    pieces: tuple[str, ...]
    outcome: Reply | Mapping[str, Any]
    """A reply, or the fields of a fault."""


def fingerprint(request: Request) -> str:
    """What makes two requests the same: what is asked of which model, not who offers it or how long it may take."""
    asked = {
        "model": request.model.model,
        "messages": [
            [each.role, each.text, [[one.name, hashlib.sha256(one.data).hexdigest()] for one in each.attachments]]
            for each in request.messages
        ],
        "schema": request.schema,
        "max_output_tokens": request.max_output_tokens,
        "temperature": request.temperature,
        "seed": request.seed,
    }
    told = json.dumps(asked, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=dict)
    return hashlib.sha256(told.encode()).hexdigest()


class ReplayProvider:
    """Says what was said then."""

    def __init__(self, model: Model, _key: str | None = None) -> None:
        where = f"routing.models.{model.name}.options"
        path = model.options.get("recording")
        if not path:
            raise errors.routing_setting_invalid(f"{where}.recording", None, "is missing")
        match = model.options.get("match")
        if match not in {None, "request", "order"}:
            raise errors.routing_setting_invalid(
                f"{where}.match", match, "is not known", valid_options=["request", "order"]
            )
        exchanges = list(load(Path(str(path)), f"{where}.recording"))
        self._in_order = match == "order" or (match is None and all(each.key is None for each in exchanges))
        self._all = deque(exchanges)
        self._by_key: dict[str | None, deque[Exchange]] = defaultdict(deque)
        for each in exchanges:
            self._by_key[each.key].append(each)

    async def complete(self, request: Request) -> Reply:
        """See ``Provider.complete``."""
        outcome = self._next(request).outcome
        if isinstance(outcome, Reply):
            return outcome
        raise _fault(outcome)

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """See ``Provider.stream``; in the pieces in which it was recorded."""
        exchange = self._next(request)
        for piece in exchange.pieces:
            yield piece
        if not isinstance(exchange.outcome, Reply):
            raise _fault(exchange.outcome)
        yield exchange.outcome

    async def close(self) -> None:
        """Nothing is open."""

    def _next(self, request: Request) -> Exchange:
        waiting = self._all if self._in_order else self._by_key[fingerprint(request)]
        if not waiting:
            raise ProviderFault("rejected", "the recording has no further answer to this")
        return waiting.popleft()


class Recorder:
    """A provider around another one that keeps what is asked and answered; prompts stand there as they went out."""

    def __init__(self, provider: Provider, path: Path) -> None:
        self._provider = provider
        self._path = path

    async def complete(self, request: Request) -> Reply:
        """See ``Provider.complete``."""
        try:
            reply = await self._provider.complete(request)
        except ProviderFault as fault:
            self._keep(request, [], fault)
            raise
        self._keep(request, [reply.text] if reply.text else [], reply)
        return reply

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """See ``Provider.stream``."""
        pieces: list[str] = []
        try:
            async for part in self._provider.stream(request):
                if isinstance(part, Reply):
                    self._keep(request, pieces, part)
                else:
                    pieces.append(part)
                yield part
        except ProviderFault as fault:
            self._keep(request, pieces, fault)
            raise

    async def close(self) -> None:
        """See ``Provider.close``."""
        await self._provider.close()

    def _keep(self, request: Request, pieces: list[str], outcome: Reply | ProviderFault) -> None:
        line: dict[str, Any] = {
            "key": fingerprint(request),
            "model": request.model.model,
            "messages": [{"role": each.role, "text": each.text} for each in request.messages],
            "pieces": pieces,
        }
        if isinstance(outcome, Reply):
            line["reply"] = asdict(outcome)
        else:
            line["fault"] = _told(outcome)
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, (json.dumps(line, ensure_ascii=False) + "\n").encode())
        finally:
            os.close(handle)


# -- files -------------------------------------------------------------------------------------------------------------


def load(path: Path, field: str) -> Iterable[Exchange]:
    """The exchanges of a file, or of each file of a folder by their names.

    Raises:
        HansardError: it cannot be read, or is no recording.
    """
    files = sorted(each for each in path.iterdir() if each.suffix in SUFFIXES) if path.is_dir() else [path]
    found: list[Exchange] = []
    for each in files:
        try:
            found += _loaded(each)
        except OSError as error:
            raise _unreadable(field, each.name, error.strerror or "it cannot be read") from None
        except ModuleNotFoundError:
            raise _unreadable(field, each.name, "PyYAML is not installed, and its recording is YAML") from None
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise _unreadable(field, each.name, f"it is no recording ({type(error).__name__})") from None
    if not found:
        raise _unreadable(field, path.name, "there is no exchange in it")
    return found


def _unreadable(field: str, name: str, why: str) -> HansardError:
    return errors.routing_setting_invalid(
        field,
        name,
        f"cannot be replayed, '{name}': {why}",
        suggestion="Name a file of recorded exchanges, or a folder of them",
    )


def _loaded(path: Path) -> list[Exchange]:
    text = path.read_text("utf-8")
    if path.suffix == ".jsonl":
        return [_own(json.loads(line)) for line in text.splitlines() if line.strip()]
    if path.suffix == ".json":
        tape = json.loads(text)
    else:
        import yaml  # type: ignore[import-untyped, unused-ignore]

        try:
            tape = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from None
    return [_taped(each) for each in tape["interactions"]]


def _own(line: Mapping[str, Any]) -> Exchange:
    pieces = tuple(str(each) for each in line["pieces"])
    if "fault" in line:
        return Exchange(line["key"], pieces, dict(line["fault"]))
    told = dict(line["reply"])
    tokens = told.pop("tokens")
    return Exchange(line["key"], pieces, Reply(tokens=None if tokens is None else Tokens(**tokens), **told))


def _taped(each: Mapping[str, Any]) -> Exchange:
    response = each["response"]
    status = response["status"]
    headers = {str(n).lower(): v[0] if isinstance(v, list) else str(v) for n, v in response.get("headers", {}).items()}
    body: Any = response["parsed_body"] if "parsed_body" in response else response["body"]
    if isinstance(body, Mapping) and "parsed_body" not in response:
        body = body["string"]
    if isinstance(body, bytes):
        body = body.decode("utf-8")
    code = int(status["code"] if isinstance(status, Mapping) else status)
    try:
        pieces, reply = read(wire_of(str(each["request"]["uri"])), code, headers, body)
    except ProviderFault as fault:
        return Exchange(None, (fault.partial,) if fault.partial else (), _told(fault))
    return Exchange(None, tuple(pieces), reply)


def _told(fault: ProviderFault) -> dict[str, Any]:
    return {
        "failure": fault.failure,
        "detail": fault.detail,
        "retry_after_seconds": fault.retry_after_seconds,
        "partial": fault.partial,
        "tokens": None if fault.tokens is None else asdict(fault.tokens),
    }


def _fault(told: Mapping[str, Any]) -> ProviderFault:
    tokens = told["tokens"]
    return ProviderFault(
        told["failure"],
        told["detail"],
        retry_after_seconds=told["retry_after_seconds"],
        partial=told["partial"],
        tokens=None if tokens is None else Tokens(**tokens),
    )
