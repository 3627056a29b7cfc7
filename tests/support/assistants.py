"""Assistants at Hansard's doors: the official client of the protocol over stdio and over HTTP, against real servers."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from hansard.surfaces.mcp.results import ERROR
from tests.acceptance.program import PROGRAM, environment, hansard


@contextlib.asynccontextmanager
async def over_stdio(home: Path, *options: str, mode: str = "auto", cwd: Path | None = None) -> AsyncIterator[Client]:
    """A client with a server process of its own; the server has ended when the block ends."""
    server = StdioServerParameters(
        command=sys.executable,
        args=[*PROGRAM[1:], "mcp", "--home", str(home), *options],
        env=environment(),
        cwd=cwd,
    )
    async with Client(stdio_client(server), mode=mode) as client:
        yield client


@dataclass(frozen=True)
class Service:
    """A running ``hansard serve`` and a token for it."""

    url: str
    token: str


@contextlib.contextmanager
def service(home: Path, *, scope: str = "judge") -> Iterator[Service]:
    """A server process over HTTP, ended with the block."""
    made = hansard("token", "create", f"for-{scope}", "--scope", scope, "--home", home, "--json")
    assert made.code == 0, made.err
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0", "--home", str(home), "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    try:
        told = ""
        while not told.endswith("}\n"):
            line = process.stdout.readline()
            assert line, "the server ended before it was ready"
            told += line
        yield Service(json.loads(told)["url"], made.json["token"])
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


@contextlib.asynccontextmanager
async def over_http(service: Service, *, query: str = "", mode: str = "auto") -> AsyncIterator[Client]:
    """A client of a running service."""
    async with create_mcp_http_client({"Authorization": f"Bearer {service.token}"}) as http:
        transport = streamable_http_client(f"{service.url}/mcp{query}", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


def error(result: types.CallToolResult) -> dict[str, Any]:
    """The error in a result, which is told in the same way at every place."""
    assert result.is_error
    assert result.structured_content is None
    last = result.content[-1]
    assert isinstance(last, types.TextContent)
    told: dict[str, Any] = json.loads(last.text)
    assert result.meta is not None
    assert result.meta[ERROR] == told
    return told


async def answer(client: Client, name: str, request: dict[str, Any]) -> dict[str, Any]:
    """A tool's answer; fails where it is an error."""
    result = await client.call_tool(name, request)
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    return found
