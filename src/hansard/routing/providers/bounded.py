"""An HTTP client that reads no more than an answer can be: nobody behind an address may fill the memory.

The bound is that of the request (``bound``). What comes packed is unpacked here, a piece at a time, and counts as what
it becomes. Imports the HTTP library, so it is imported when first used.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any, Final

import httpx2

from hansard.routing.providers.protocol import ProviderFault

ROOM: Final = 1024 * 1024
"""Bytes beside the text: what stands around it, comments, an error's page."""

WHOLE: Final = 128
"""Bytes a token of an answer that comes whole, or of one event: 16 characters, escaped, and what is said beside."""

STREAMED: Final = 2048
"""Bytes a token of a stream: each may come as an event of its own, with all that stands around it."""

_AT_ONCE: Final = 65_536

_TOKENS: ContextVar[int] = ContextVar("_TOKENS", default=8192)


def bound(tokens: int) -> None:
    """Requests that this task sends from now on ask for so many tokens at most."""
    _TOKENS.set(tokens)


class BoundedClient(httpx2.AsyncClient):
    """As its parent, but what answers is bounded."""

    async def send(self, request: httpx2.Request, *, stream: bool = False, **more: Any) -> httpx2.Response:
        """See the parent."""
        request.headers["accept-encoding"] = "identity"
        response = await super().send(request, stream=True, **more)
        try:
            packed = response.headers.get("content-encoding", "identity").strip().lower() or "identity"
            if packed not in {"identity", "gzip", "x-gzip", "deflate"}:
                raise ProviderFault("malformed", "the answer is packed in a way that was not asked for")
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = _Bounded(response.stream, _TOKENS.get(), packed)
            if packed != "identity":
                del response.headers["content-encoding"]
            if not stream:
                await response.aread()
        except BaseException:
            await response.aclose()
            raise
        return response


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, tokens: int, packed: str) -> None:
        self._stream = stream
        self._most = ROOM + tokens * STREAMED
        self._longest = ROOM + tokens * WHOLE
        self._unpacker = None if packed == "identity" else zlib.decompressobj(zlib.MAX_WBITS | 32)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = line = 0
        async for raw in self._stream:
            for chunk in (raw,) if self._unpacker is None else self._unpacked(raw):
                size += len(chunk)
                end = chunk.rfind(b"\n")
                line = line + len(chunk) if end < 0 else len(chunk) - end
                if size > self._most or line > self._longest:
                    raise ProviderFault("malformed", f"the answer goes on after {size:,} bytes: no answer is so long")
                yield chunk

    def _unpacked(self, raw: bytes) -> Any:
        unpacker = self._unpacker
        assert unpacker is not None
        try:
            while raw:
                chunk = unpacker.decompress(raw, _AT_ONCE)
                raw = unpacker.unconsumed_tail
                if chunk:
                    yield chunk
        except zlib.error:
            raise ProviderFault("malformed", "the answer is packed, and cannot be unpacked") from None

    async def aclose(self) -> None:
        await self._stream.aclose()
