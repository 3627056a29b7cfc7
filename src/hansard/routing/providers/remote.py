"""What the providers behind official libraries share: the library is loaded when first used, time is bounded, every
error gets its name. The libraries themselves never try again."""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from hansard.routing.model import Model, Tokens
from hansard.routing.providers.faults import scrubbed
from hansard.routing.providers.protocol import ProviderFault, Reply, Request

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS: Final = 10.0
"""A host that does not take a connection in this time is out of reach."""

Client = TypeVar("Client")


@dataclass(slots=True)
class Tally:
    """What a stream told beside its text, so far."""

    tokens: Tokens | None = None
    finish_reason: str | None = None
    serving_model: str | None = None
    refusal: str | None = None
    """The model's words where it declined; empty where the provider stepped in."""
    called: bool = False
    """It called a tool that nobody offered."""


class Remote(ABC, Generic[Client]):
    """A provider behind a library that speaks HTTP."""

    library: ClassVar[str]
    """Its logger's name: at its finest level a library logs what it sends."""

    def __init__(self, model: Model, key: str | None) -> None:
        self.model = model
        self._key = key
        self._client: Client | None = None
        self._loading: asyncio.Future[Client] | None = None

    @abstractmethod
    def _load(self) -> Client:
        """Import the library and make its client; called in a thread, since an import takes up to two seconds."""

    @abstractmethod
    async def _ask(self, client: Client, request: Request) -> Reply:
        """Send a request, wait for the answer."""

    @abstractmethod
    def _pieces(self, client: Client, request: Request, tally: Tally) -> AsyncGenerator[str, None]:
        """Send a request, give the text as it comes and write down what comes beside it; an empty text is a sign of
        life, as of a model that thinks."""

    @abstractmethod
    def _named(self, error: Exception, request: Request) -> ProviderFault | None:
        """The library's error under its name here; ``None`` where the error is none of the library's."""

    @abstractmethod
    async def _shut(self, client: Client) -> None:
        """Give back the client's connections."""

    async def warm(self) -> None:
        """Load the library and make the client, where that was not done: before the router takes the time."""
        if self._client is None:
            await self._loaded()

    async def complete(self, request: Request) -> Reply:
        """See ``Provider.complete``."""
        try:
            async with asyncio.timeout(request.timeout_seconds):
                client = self._client
                if client is None:
                    client = await self._loaded()
                self._bound(request)
                return self._checked(await self._ask(client, request))
        except Exception as error:
            raise self._fault(error, request, "", None) from None

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """See ``Provider.stream``."""
        began = time.perf_counter()
        first: float | None = None
        parts: list[str] = []
        tally = Tally()
        # Around each step: a long answer is no stall, and none must stay open while a piece is with the caller.
        try:
            client = self._client
            if client is None:
                async with asyncio.timeout(request.timeout_seconds):
                    client = await self._loaded()
            self._bound(request)
            async with aclosing(self._pieces(client, request, tally)) as pieces:
                while True:
                    async with asyncio.timeout(request.timeout_seconds):
                        piece = await anext(pieces, None)
                    if piece is None:
                        break
                    if not isinstance(piece, str):
                        raise ProviderFault("malformed", f"its text is of the kind {type(piece).__name__}")
                    if piece:
                        if first is None:
                            first = (time.perf_counter() - began) * 1000
                        parts.append(piece)
                        yield piece
            text = "".join(parts)
            check_said(tally, text)
            if tally.finish_reason is None:
                raise ProviderFault("unreachable", "the stream ended before the answer did")
        except Exception as error:
            raise self._fault(error, request, "".join(parts), tally.tokens) from None
        yield self._checked(Reply(text, tally.tokens, tally.finish_reason, tally.serving_model, first))

    async def close(self) -> None:
        """See ``Provider.close``."""
        loading, self._loading = self._loading, None
        client, self._client = self._client, None
        if client is None and loading is not None:
            client = await loading
        if client is not None:
            await self._shut(client)

    def _bound(self, request: Request) -> None:
        from hansard.routing.providers.bounded import bound

        bound(request.max_output_tokens)

    def _checked(self, reply: Reply) -> Reply:
        """A reply whose texts are texts: the libraries hand on whatever came."""
        if not isinstance(reply.text, str):
            raise ProviderFault("malformed", f"its text is of the kind {type(reply.text).__name__}")
        serving, finish = self._label(reply.serving_model), self._label(reply.finish_reason)
        if serving is reply.serving_model and finish is reply.finish_reason:
            return reply
        return replace(reply, serving_model=serving, finish_reason=finish)

    def _label(self, said: object) -> str | None:
        if not isinstance(said, str):
            return None
        if len(said) <= 200 and said.isprintable() and not (self._key and self._key in said):
            return said
        return scrubbed(said, self._key) or None

    def _load_quietly(self) -> Client:
        logger = logging.getLogger(self.library)
        if logger.level < logging.INFO:
            logger.setLevel(logging.INFO)
        try:
            return self._load()
        except ImportError as error:
            # It is there, or there were no provider, but something that it needs is not.
            raise ProviderFault("rejected", f"its library cannot be loaded: {error}") from None

    async def _loaded(self) -> Client:
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(self._load_quietly))
        # A caller that goes away must not take the client from the others that wait for it.
        self._client = await asyncio.shield(self._loading)
        return self._client

    def _fault(self, error: Exception, request: Request, partial: str, tokens: Tokens | None) -> Exception:
        ours = next((each for each in _causes(error) if isinstance(each, ProviderFault)), None)
        if ours is not None:
            fault = ours
        elif isinstance(error, TimeoutError):
            fault = ProviderFault("timeout", f"no answer within {request.timeout_seconds:.3g} s")
        else:
            named = self._named(error, request)
            if named is None and isinstance(error, (ValueError, TypeError, AttributeError, LookupError)):
                # Libraries hand on whatever came: what does not have the format's shape shows only in reading it.
                words = f"the answer is not of the provider's format ({type(error).__name__})"
                named = ProviderFault("malformed", words)
            if named is None:
                return error
            fault = named
            if fault.failure == "unreachable" and any(type(each).__name__ in _UNSENT for each in _causes(error)):
                fault.unsent = True
        fault.partial = fault.partial if isinstance(fault.partial, str) and fault.partial else partial
        fault.tokens = fault.tokens or tokens
        return fault

    def _scrubbed(self, words: str, request: Request) -> str:
        return scrubbed(words, self._key, (message.text for message in request.messages))


_UNSENT: Final = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})
"""Errors of the HTTP library before anything of a request is sent."""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it; libraries wrap what they meet."""
    cause: BaseException | None = error
    for _ in range(8):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__


def http_client(model: Model) -> httpx2.AsyncClient:
    """A client that sends where the settings say and nowhere else: it follows no redirect, and no proxy of the
    environment comes between here and a model that is local. Time is bounded by who uses it, bytes are here."""
    import httpx2

    from hansard.routing.providers.bounded import BoundedClient

    return BoundedClient(
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=100),
        follow_redirects=False,
        trust_env=model.external,
    )


def check_said(tally: Tally, text: str) -> None:
    """An answer that its provider or its model held back is none.

    Raises:
        ProviderFault: ``content_policy``; what had come is in ``partial``.
    """
    if tally.refusal is not None or tally.finish_reason == "content_filter":
        partial = text or tally.refusal or ""
        raise ProviderFault(
            "content_policy", "the model or its provider declined", partial=partial, tokens=tally.tokens
        )


MOST_TOKENS: Final = 2**53
"""No provider counts so many; beyond it numbers are not exact."""


def count(value: object) -> int | None:
    """A count as a provider gives it; ``None`` where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MOST_TOKENS:
        return None
    return int(value) if value == int(value) else None


def counted(given: Sequence[object], made: Sequence[object], cached: object = None) -> Tokens | None:
    """Counts of an answer, as sums; not known where a part of them is no count.

    Args:
        given: of the input; the first must be there, the others count as 0 where they are left out.
        made: of the output, likewise.
        cached: of the input, what the provider had already; never more than that.
    """
    sums: list[int] = []
    for parts in (given, made):
        known = [count(0 if part is None and place else part) for place, part in enumerate(parts)]
        whole = [part for part in known if part is not None]
        if len(whole) < len(known) or sum(whole) > MOST_TOKENS:
            return None
        sums.append(sum(whole))
    return Tokens(sums[0], sums[1], min(count(cached) or 0, sums[0]))
