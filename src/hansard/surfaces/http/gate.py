"""What every request passes before anything else looks at it: host, origin, token, size; counted on the way out.

The order is what each check may tell: a page that found its way here by a name of its own learns nothing, and whoever
brings no token learns nothing but that.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio.to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hansard.kernel.errors import HansardError
from hansard.kernel.files import TEXT_LIMIT_BYTES
from hansard.surfaces.errors import internal_error
from hansard.surfaces.http import errors
from hansard.surfaces.http.metrics import Metrics
from hansard.surfaces.http.paths import HEALTH
from hansard.surfaces.http.replies import refusal, unauthenticated
from hansard.surfaces.running import CALLER

if TYPE_CHECKING:
    from hansard.surfaces.parts import Holder

logger = logging.getLogger(__name__)

STANDS: Final = "hansard.stands"
"""Where the ASGI scope has the question whether the caller's token still opens the door (and ``running.CALLER`` who
calls)."""
TOLD: Final = "hansard.told"
"""Where the door behind the gate notes which operation was called, for the figures."""
STATUS: Final = "hansard.status"
"""Where the gate says that an error's status is one of HTTP's own, and not its kind's."""

LIMIT_BYTES: Final = TEXT_LIMIT_BYTES
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
ANY: Final = "*"
MAX_PORT: Final = 65535

SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every response: nothing of it is to be run, framed or guessed at by a browser."""

_HOST = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]/@\s]+))(?::(?P<port>\d{1,5}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Allowed:
    """By which names the server is called, and from which pages."""

    hosts: Collection[str] = LOOPBACK
    """Names and addresses without their ports, in small letters; ``*`` for any."""
    origins: Collection[str] = ()
    """Origins besides the server's own (``https://example.org``)."""

    def host(self, given: str) -> bool:
        """Whether a Host header names this server."""
        found = _HOST.fullmatch(given)
        if found is None or int(found["port"] or 0) > MAX_PORT:
            return False
        return ANY in self.hosts or (found["v6"] or found["name"]).lower() in self.hosts

    def origin(self, given: str, host: str) -> bool:
        """Whether a page of this origin may call."""
        return given in self.origins or given.lower() in (f"http://{host}".lower(), f"https://{host}".lower())


class Gate:
    """An ASGI application before another one."""

    def __init__(self, app: ASGIApp, holder: Holder, allowed: Allowed, metrics: Metrics) -> None:
        """A gate before ``app``; ``holder`` knows the tokens."""
        self._app = app
        self._holder = holder
        self._allowed = allowed
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] != "http":  # the server's own start and end; there are no other kinds (``serving``)
            await self._app(scope, receive, send)
            return
        begin = time.perf_counter()
        self._metrics.open.inc()
        answer = _Answer(send, self._crossing(scope))
        scope[TOLD] = told = {"operation": "none"}
        try:
            refused = await self._refused(scope)
            if refused is not None:
                await refused(scope, receive, answer)
            else:
                await self._app(scope, _limited(scope, receive), answer)
        except HansardError as fault:  # such as a body that turned out too large while somebody else read it
            await answer.instead(refusal(fault, scope.get(STATUS)), scope, receive)
        except Exception:
            logger.exception("a request failed")
            await answer.instead(refusal(internal_error()), scope, receive)
        finally:
            self._metrics.open.dec()
            self._metrics.done(told["operation"], answer.status, time.perf_counter() - begin)

    async def _refused(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if scope["path"] == HEALTH:
            return None
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host, origin = ", ".join(hosts), ", ".join(origins)  # two of one name are none that is known
        if not self._allowed.host(host):
            return refusal(errors.host_not_allowed(host))
        if origins and not self._allowed.origin(origin, host):
            return refusal(errors.origin_not_allowed(origin))
        if scope["method"] == "OPTIONS" and origin in self._allowed.origins:
            return _preflight()
        token = _token(headers)
        caller = None if token is None else await anyio.to_thread.run_sync(self._holder, token)
        if token is None or caller is None:
            return unauthenticated(token_given=token is not None)
        scope[CALLER] = caller
        scope[STANDS] = lambda: self._holder(token) == caller
        if b"%2f" in scope.get("raw_path", b"").lower():  # decoded it would part what is one name
            return refusal(errors.no_such_route(scope["raw_path"].decode("ascii", "replace"), ()))
        size = headers.get("content-length", "0")
        if not size.isdecimal() or int(size) > LIMIT_BYTES:
            return refusal(errors.request_too_large(LIMIT_BYTES), 413, {"Connection": "close"})
        return None

    def _crossing(self, scope: Scope) -> dict[str, str]:
        """The headers that let a page of an allowed origin read the answer."""
        origin = ", ".join(Headers(scope=scope).getlist("origin"))
        if origin not in self._allowed.origins:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": "ETag, Link, Mcp-Session-Id, WWW-Authenticate",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Origin",
        }


class _Answer:
    """What is sent, with our headers on it; it remembers how it began."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self.status = 0  # 0: nobody waited for an answer
        self._send = send
        self._headers = {**SAFE, **headers}

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers[name] = value
        await self._send(message)

    async def instead(self, response: Response, scope: Scope, receive: Receive) -> None:
        """Answer with this, where no answer was begun."""
        if not self.status:
            await response(scope, receive, self)


def _limited(scope: Scope, receive: Receive) -> Receive:
    """The same body, which must not go on for ever."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LIMIT_BYTES:
            scope[STATUS] = 413
            raise errors.request_too_large(LIMIT_BYTES)
        return message

    return counted


def _token(headers: Headers) -> str | None:
    given = headers.getlist("authorization")
    kind, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def _preflight() -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-None-Match, "
            "Last-Event-ID, Mcp-Session-Id, Mcp-Protocol-Version",
            "Access-Control-Max-Age": "600",
        },
    )
