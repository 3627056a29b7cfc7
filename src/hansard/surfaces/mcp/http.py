"""The same door inside a web server: streamable HTTP, as an application to be mounted behind a check of tokens.

Whoever mounts it says in the scope of each request who calls (``running.CALLER``). Sets of tools
and a prefix are chosen in the query (``/mcp?tools=dialogue,record&prefix=blue_``). No session is kept: every request
stands for itself, and any server on the store can answer it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import mcp_types as types
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError

from hansard.kernel.errors import HansardError, invalid_field, unknown_field
from hansard.surfaces.mcp.server import Door
from hansard.surfaces.mcp.tools import DEFAULT_SETS, Offer, named_sets
from hansard.surfaces.running import CALLER, Runner

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from hansard.kernel.operations import Caller


QUERY: Final = ("tools", "prefix")
"""What may stand in the query, each once."""


def _request(context: ServerRequestContext[Any, Any]) -> Request:
    """The request that brought a message; over HTTP there always is one."""
    request: Request | None = context.request
    assert request is not None
    return request


@asynccontextmanager
async def application(runner: Runner, *, answer_limit: int, body_limit_bytes: int) -> AsyncIterator[ASGIApp]:
    """The application, which works while the block is open. Host, origin and token are checked before it.

    It raises ``unknown_field`` and ``invalid_field`` for a query that has others or one twice, before the protocol
    reads a byte.
    """

    def caller(context: ServerRequestContext[Any, Any]) -> Caller:
        found: Caller = _request(context).scope[CALLER]
        return found

    def offer(context: ServerRequestContext[Any, Any]) -> Offer:
        asked = _request(context).query_params
        try:
            sets = named_sets(asked["tools"]) if "tools" in asked else DEFAULT_SETS
            return Offer(runner.table, sets, asked.get("prefix", ""), answer_limit)
        except HansardError as fault:
            raise MCPError(code=types.INVALID_PARAMS, message=str(fault), data=fault.as_dict()) from None

    async def asked_well(scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qsl(scope["query_string"].decode("ascii", "replace"), keep_blank_values=True)
        for name, _ in query:
            if name not in QUERY:
                raise unknown_field(name, QUERY)
        if len(query) > len(dict(query)):
            raise invalid_field("query", scope["query_string"].decode("ascii", "replace"), "names a field twice")
        await manager.handle_request(scope, receive, send)

    manager = StreamableHTTPSessionManager(
        Door(runner, offer, caller).server(), stateless=True, max_request_body_size=body_limit_bytes
    )
    async with manager.run():
        yield asked_well
