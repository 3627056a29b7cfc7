#!/usr/bin/env python3
"""What the doors cost: a tool's round trip beside a bare echo tool, the start of the server, the price of its schemas.

    .venv/bin/python bench/surfaces.py [--turns 300] [--starts 15] [--json]

The echo tool is served by the same SDK over the same transport (stdio and streamable HTTP) and answers with what it is
sent, as data and as text, like Hansard; it is sent what Hansard answers to the small read. Calls take turns, so that a
busy moment hits all alike; figures are medians. Goals: small read 1.6 times the echo, small write 2.5 times;
``hansard mcp`` lists its tools 1.2 s after its start; the default tools cost under 2,800 tokens. The run fails (exit
code 1) when one is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

ROOT = Path(__file__).resolve().parent.parent
HANSARD = ("-m", "hansard")
READ_GOAL, WRITE_GOAL, READY_GOAL_SECONDS, TOKENS_GOAL = 1.6, 2.5, 1.2, 2800

READ = ("dialogue_expand_citations", {"dialogue_id": "kiln", "ids": ["P0001"]})
WRITES = (
    ("dialogue_tag", {"dialogue_id": "kiln", "add": ["clay"], "remove": ["heat"]}),
    ("dialogue_tag", {"dialogue_id": "kiln", "add": ["heat"], "remove": ["clay"]}),
)
"""In turns, so that each changes something: an event, a row, an entry of the journal, all on the disk when answered."""
SETS = "dialogue,record"


def main() -> int:
    parser = argparse.ArgumentParser(description="What the doors cost.")
    parser.add_argument("--turns", type=int, default=300, help="calls for each median (default: 300)")
    parser.add_argument("--starts", type=int, default=15, help="starts for each median (default: 15)")
    parser.add_argument("--json", action="store_true", help="give one JSON document")
    parser.add_argument("--echo", choices=("stdio", "http"), help=argparse.SUPPRESS)  # the floor's own server
    options = parser.parse_args()
    if options.echo:
        echo_server(options.echo)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        fill(home)
        found: dict[str, Any] = {
            "stdio": anyio.run(over_stdio, home, options.turns),
            "http": anyio.run(over_http, home, options.turns),
            "ready_seconds": ready(Path(folder), options.starts),
            "tokens": tokens(),
        }
    missed = [
        f"{door} {kind}"
        for door in ("stdio", "http")
        for kind, goal in (("read", READ_GOAL), ("write", WRITE_GOAL))
        if found[door][kind] / found[door]["echo"] > goal
    ]
    missed += ["ready"] * (found["ready_seconds"]["hansard mcp"] > READY_GOAL_SECONDS)
    missed += ["tokens"] * (found["tokens"] >= TOKENS_GOAL)
    if options.json:
        print(json.dumps({**found, "missed": missed}, indent=2))
    else:
        show(found, missed)
    return 1 if missed else 0


def show(found: Mapping[str, Any], missed: list[str]) -> None:
    """The figures for people."""
    for door in ("stdio", "http"):
        floor = found[door]["echo"]
        for kind, goal in (("echo", None), ("read", READ_GOAL), ("write", WRITE_GOAL)):
            seconds = found[door][kind]
            told = "" if goal is None else f"  {seconds / floor:.2f} x the echo (goal: {goal})"
            print(f"{door:<6}{kind:<8}{seconds * 1000:7.2f} ms{told}")
    for name, seconds in found["ready_seconds"].items():
        print(f"{name:<40}{seconds * 1000:7.0f} ms")
    print(f"default tools: {found['tokens']} tokens (goal: under {TOKENS_GOAL})")
    for name in missed:
        print(f"missed: {name}", file=sys.stderr)


def variables() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def fill(home: Path) -> None:
    """A store with one small dialogue."""
    sys.path.insert(0, str(ROOT / "src"))
    from hansard import Hansard

    with Hansard(home) as hansard:
        experts = [{"name": name, "role": "Potter", "tier": "Core"} for name in ("Muffin", "Scone", "Eclair")]
        hansard.dialogue_create(title="Kiln", question="Which clay?", expert_pool={"experts": experts}, tags=["heat"])
        said = {"local_id": "MUFFIN-P0001", "label": "White clay dries slowly", "content": "It cracks."}
        hansard.dialogue_round_register(dialogue_id="kiln", round=0, score=9, perspectives=[said])


# -- round trips -------------------------------------------------------------------------------------------------------


async def over_stdio(home: Path, turns: int) -> dict[str, float]:
    """Medians over standard input and output."""
    ours = StdioServerParameters(
        command=sys.executable, args=[*HANSARD, "mcp", "--tools", SETS, "--home", str(home)], env=variables()
    )
    floor = StdioServerParameters(command=sys.executable, args=[__file__, "--echo", "stdio"], env=variables())
    async with Client(stdio_client(ours)) as hansard, Client(stdio_client(floor)) as echo:
        return await round_trips(hansard, echo, turns)


async def over_http(home: Path, turns: int) -> dict[str, float]:
    """Medians over streamable HTTP."""
    made = subprocess.run(
        [sys.executable, *HANSARD, "token", "create", "bench", "--scope", "judge", "--json", "--home", str(home)],
        env=variables(), stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    token = json.loads(made.stdout)["token"]
    with (
        serving([*HANSARD, "serve", "--port", "0", "--json", "--home", str(home)]) as ours,
        serving([__file__, "--echo", "http"]) as floor,
    ):
        async with posting(f"{ours}/mcp?tools={SETS}", token) as hansard, posting(f"{floor}/mcp", token) as echo:
            return await round_trips(hansard, echo, turns)


@contextlib.contextmanager
def serving(arguments: list[str]) -> Iterator[str]:
    """A server process that tells its address as JSON."""
    process = subprocess.Popen([sys.executable, *arguments], env=variables(), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = ""
        while not told.endswith("}\n"):
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the server ended before it was ready")
            told += line
        yield json.loads(told)["url"]
    finally:
        process.terminate()
        process.wait()


@contextlib.asynccontextmanager
async def posting(url: str, token: str) -> AsyncIterator[Client]:
    async with (
        create_mcp_http_client({"Authorization": f"Bearer {token}"}) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client


async def round_trips(hansard: Client, echo: Client, turns: int) -> dict[str, float]:
    """Median seconds of each kind of call; the calls take turns."""
    for client in (hansard, echo):
        await client.list_tools()
    same = (await hansard.call_tool(*READ)).structured_content
    seconds: dict[str, list[float]] = {"echo": [], "read": [], "write": []}
    for turn in range(-10, turns):  # the first turns fill the caches
        jobs = {"echo": (echo, ("echo", same)), "read": (hansard, READ), "write": (hansard, WRITES[turn % 2])}
        for name, (client, (tool, arguments)) in jobs.items():
            begin = time.perf_counter()
            result = await client.call_tool(tool, arguments)
            took = time.perf_counter() - begin
            if result.is_error:
                raise RuntimeError(str(result.content))
            if turn >= 0:
                seconds[name].append(took)
    return {name: statistics.median(times) for name, times in seconds.items()}


def echo_server(transport: str) -> None:
    """The floor: one tool that gives back what it is given."""
    import mcp_types as types
    from mcp.server.lowlevel import Server

    schema = {"type": "object"}

    async def listed(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool(name="echo", input_schema=schema, output_schema=schema)])

    async def called(_: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        text = json.dumps(params.arguments, separators=(",", ":"))
        return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=params.arguments)

    server = Server("echo", on_list_tools=listed, on_call_tool=called)
    if transport == "http":
        import socket

        import uvicorn

        # named as TCP, without which the event loop leaves Nagle's algorithm on, and each answer waits for 40 ms
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        print(json.dumps({"url": f"http://127.0.0.1:{bound.getsockname()[1]}"}), flush=True)
        app = server.streamable_http_app(stateless_http=True)
        uvicorn.Server(uvicorn.Config(app, http="h11", log_level="warning")).run(sockets=[bound])
        return
    from mcp.server.stdio import stdio_server

    async def serve() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(serve)


# -- start and price ---------------------------------------------------------------------------------------------------


def ready(folder: Path, starts: int) -> dict[str, float]:
    """Median seconds from the start of a server until its tools are listed; byte code is compiled before."""
    own = {
        **{name: value for name, value in variables().items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "HANSARD_HOME": str(folder / "empty"),
    }
    jobs = {
        "hansard mcp": [*HANSARD, "mcp"],
        "echo server of the same SDK": [__file__, "--echo", "stdio"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(-1, starts):
        for name, arguments in jobs.items():
            took = listed(arguments, own)
            if turn >= 0:
                seconds[name].append(took)
    return {name: statistics.median(times) for name, times in seconds.items()}


def listed(arguments: list[str], own: dict[str, str]) -> float:
    """Start a server, shake hands, and list its tools; gives the seconds that took."""
    client = {"name": "bench", "version": "1"}
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for message in (
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ):
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        if message.get("id") is not None:
            answer = json.loads(process.stdout.readline())
            if "result" not in answer:
                raise RuntimeError(str(answer))
    took = time.perf_counter() - begin
    process.stdin.close()
    process.wait()
    process.stdout.close()
    return took


def tokens() -> int:
    """What the default tools cost an assistant, by a public tokenizer."""
    from rs_bpe.bpe import openai

    from hansard.app.assembly import all_operations
    from hansard.surfaces.mcp.tools import Offer

    encoding = openai.o200k_base()
    with all_operations() as table:
        tools = Offer(table).tools("judge")
    told = [{"name": one.name, "description": one.description, "inputSchema": one.input_schema} for one in tools]
    return sum(len(encoding.encode(json.dumps(one, ensure_ascii=False, separators=(",", ":")))) for one in told)


if __name__ == "__main__":
    sys.exit(main())
