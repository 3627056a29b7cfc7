"""One assistant on this machine, over standard input and output."""

from __future__ import annotations

import sys

import anyio
from mcp.server.stdio import stdio_server

from hansard.kernel.operations import Caller
from hansard.surfaces.mcp.server import Door
from hansard.surfaces.mcp.tools import Offer
from hansard.surfaces.running import Runner


def serve(runner: Runner, offer: Offer, caller: Caller) -> None:
    """Serve until standard input ends: whoever started the server closes it, or is gone."""
    if sys.stdin is None or sys.stdout is None:  # closed before the start: there is nobody to serve
        return
    server = Door(runner, lambda _: offer, lambda _: caller).server(offer)

    async def work() -> None:
        async with stdio_server() as (incoming, outgoing), anyio.create_task_group() as group:
            group.start_soon(runner.load, offer.sets)  # while the client shakes hands
            await server.run(incoming, outgoing, server.create_initialization_options())

    try:
        anyio.run(work)
    except* (anyio.ClosedResourceError, anyio.BrokenResourceError, BrokenPipeError):  # gone while it was answered
        pass
