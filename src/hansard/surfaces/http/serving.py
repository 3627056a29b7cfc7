"""The server process: it listens, tells when it is ready, and ends without cutting a write in two."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from hansard.surfaces.http import errors
from hansard.surfaces.http.application import Door
from hansard.surfaces.http.gate import ANY, LIMIT_BYTES, LOOPBACK, Allowed
from hansard.surfaces.http.paths import MCP
from hansard.surfaces.running import Runner

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from starlette.types import ASGIApp

    from hansard.surfaces.parts import Parts

PATIENCE_SECONDS: Final = 30
"""So long the server waits at its end for requests that are being answered."""

BACKLOG: Final = 1024

FIRST_SECONDS: Final = 30.0
"""So long a connection may take until its first request has come."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
_ADDRESS: Final = re.compile(r"\[?[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]?", re.ASCII)
_ORIGIN: Final = re.compile(r"https?://(?:[a-z0-9_][a-z0-9_.-]*|\[[0-9a-f:.]+\])(?::\d{1,5})?", re.ASCII)
_USUAL: Final = {"http": ":80", "https": ":443"}
"""Ports that browsers leave out."""


def allowed(host: str, hosts: list[str], origins: list[str]) -> Allowed:
    """By which names a server is called that listens on ``host``: the loopback's, its own, those that were given.

    Raises:
        HansardError: ``name_never_matches``.
    """
    for name in hosts:
        if name != ANY and not (_NAME.fullmatch(name) or _ADDRESS.fullmatch(name)):
            found = urlsplit(name if "//" in name else f"//{name}").hostname if name.isprintable() else None
            raise errors.name_never_matches("allow-host", name, found, "example.org")
    for origin in origins:
        if not _ORIGIN.fullmatch(origin) or origin.endswith(_USUAL.get(origin.partition(":")[0], "-")):
            raise errors.name_never_matches("allow-origin", origin, _as_sent(origin), "https://example.org")
    own = set() if host in ("0.0.0.0", "::", "") else {host.lower()}  # noqa: S104  # every address is no name
    return Allowed(frozenset({*LOOPBACK, *own, *(name.lower().strip("[]") for name in hosts)}), tuple(origins))


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens there.

    Raises:
        HansardError: ``address_unusable``.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        opened = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as fault:
        raise errors.address_unusable(host, port, _why(fault)) from None
    with contextlib.closing(opened):
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
            opened.listen(BACKLOG)
        except (OSError, OverflowError) as fault:
            raise errors.address_unusable(host, port, _why(fault)) from None
        yield opened


def _as_sent(origin: str) -> str | None:
    """An origin as browsers send it: scheme, name and a port that is not the usual one, in small letters."""
    with contextlib.suppress(ValueError):
        told = urlsplit(origin.lower() if "//" in origin else f"https://{origin.lower()}")
        port = f":{told.port}" if told.port and f":{told.port}" != _USUAL.get(told.scheme) else ""
        sent = f"{told.scheme}://{told.hostname}{port}"
        return sent if _ORIGIN.fullmatch(sent) else None
    return None


def _why(fault: Exception) -> str:
    return (fault.strerror if isinstance(fault, OSError) else None) or "there is no such address"


def url(opened: socket.socket) -> str:
    """Where the server answers."""
    host, port = opened.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    parts: Parts,
    opened: socket.socket,
    names: Allowed,
    *,
    answer_limit: int,
    ready: Callable[[], None],
) -> None:
    """Serve until a signal ends it (SIGINT, SIGTERM).

    Args:
        opened: where to listen.
        names: how the server may be called.
        answer_limit: characters of the longest answer over MCP.
        ready: told once requests are answered.
    """
    runner = Runner(parts.table, whole_id=parts.dialogues.resolve_id)

    def assistants() -> AbstractAsyncContextManager[ASGIApp]:
        from hansard.surfaces.mcp.http import application

        return application(runner, answer_limit=answer_limit, body_limit_bytes=LIMIT_BYTES)

    door = Door(parts, runner, allowed=names, beside={MCP: assistants})
    config = uvicorn.Config(
        door.app,
        http=_Protocol,
        ws="none",
        lifespan="on",
        access_log=False,  # it would name what was asked for
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE_SECONDS,
    )
    _Server(config, door, ready).run(sockets=[opened])


class _Protocol(H11Protocol):
    """Uvicorn's, which lets go of a connection that brings no request; uvicorn alone would keep it for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.loop.call_later(FIRST_SECONDS, self._first)

    def _first(self) -> None:
        if not self.cycle and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """Uvicorn's, which says when it is ready and lets streams end before it waits for requests."""

    def __init__(self, config: uvicorn.Config, door: Door, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._door = door
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._door.end()
        await super().shutdown(sockets)
        self._captured_signals.clear()  # it was asked to end, and did; uvicorn would raise the signal once more
