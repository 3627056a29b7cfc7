"""Every door at once on one store: assistants' servers and HTTP servers under mixed load, and clients that die."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest

from hansard import Hansard
from hansard.database.dialect import Server
from tests.acceptance.program import PROGRAM, environment
from tests.conftest import scale
from tests.support.assistants import answer, over_stdio
from tests.support.deliberations import small_dialogue, small_round
from tests.support.server import WAIT_SECONDS, Served, done, serving
from tests.support.stores import KINDS, dropped, fresh, location

TIMES = scale(6)
"""Writes of each client, each sent twice."""


def comment(name: str, number: int) -> dict[str, Any]:
    """A write that leaves one event."""
    update = {"id": "T0001", "status": "commented", "by": ["user"], "reason": f"{name} {number}"}
    return {"dialogue_id": "shared", "updates": [update], "request_id": f"{name}-{number}"}


@pytest.fixture(params=KINDS)
def home(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with one dialogue of one round, its store on each kind of database."""
    place = fresh(request.param, tmp_path)
    if isinstance(place, Server):
        monkeypatch.setenv("HANSARD_DATABASE_URL", location(place))
    with Hansard(tmp_path) as hansard:
        hansard.call("dialogue_create", small_dialogue("Shared"))
        hansard.call("dialogue_round_register", small_round("shared", 0))
    yield tmp_path
    dropped(place)


def by_assistant(home: Path, name: str) -> int:
    """Writes and reads through a server of its own over stdio, with the official client."""

    async def main() -> None:
        async with over_stdio(home, "--tools", "all") as client:
            for number in range(TIMES):
                first = await answer(client, "dialogue_update_status", comment(name, number))
                assert await answer(client, "dialogue_update_status", comment(name, number)) == first
                await answer(client, "dialogue_progress", {"dialogue_id": "shared"})

    anyio.run(main)
    return TIMES


def by_http(served: Served, token: str, name: str) -> int:
    """The same over HTTP."""
    with served.client(token) as client:
        for number in range(TIMES):
            first = done(client, "dialogue_update_status", comment(name, number))
            assert done(client, "dialogue_update_status", comment(name, number)) == first
            assert client.get("/api/v1/dialogues/shared/progress").status_code == 200
            assert client.get("/api/v1/search?query=two").status_code == 200
    return TIMES


def killed_assistant(home: Path, name: str, chance: random.Random) -> int:
    """A server over stdio that is killed in the middle of what it was asked; so many writes were asked."""
    process = subprocess.Popen(
        [*PROGRAM, "mcp", "--home", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "victim", "version": "1"}}
    said: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
    ]
    said += [
        {
            "jsonrpc": "2.0",
            "id": number + 1,
            "method": "tools/call",
            "params": {"name": "dialogue_update_status", "arguments": comment(name, number)},
        }
        for number in range(TIMES)
    ]
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(b"".join(json.dumps(one).encode() + b"\n" for one in said))
        process.stdin.flush()
    for _ in range(chance.randrange(1, TIMES + 1)):
        process.stdout.readline()
    process.kill()
    process.wait(WAIT_SECONDS)
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    process.stdout.close()
    return TIMES


def cut_callers(served: Served, token: str, name: str, chance: random.Random) -> int:
    """Callers over HTTP who leave in the middle of their request, or before its answer."""
    address = urlsplit(served.url)
    assert address.hostname is not None
    for number in range(TIMES):
        body = json.dumps(comment(name, number)).encode()
        head = (
            f"POST /api/v1/dialogue_update_status HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        with socket.create_connection((address.hostname, address.port or 0), timeout=WAIT_SECONDS) as line:
            line.sendall((head + body)[: chance.choice([len(head) // 2, len(head) + 5, len(head) + len(body)])])
    return TIMES


@pytest.mark.slow
def test_mixed_load_loses_nothing_and_doubles_nothing(home: Path) -> None:
    """Four assistants' servers and two HTTP servers write and read; others are killed, or hang up. Nobody is told that
    the database is busy, each write stands once, what the dead had asked can be asked again, and all of it verifies.
    """
    chance = random.Random(7)
    with serving(home) as one, serving(home) as other, ThreadPoolExecutor(16) as pool:
        token = one.token("clients", "admin")
        work = {f"mcp-{n}": pool.submit(by_assistant, home, f"mcp-{n}") for n in range(4)}
        for n in range(4):
            work[f"http-{n}"] = pool.submit(by_http, (one, other)[n % 2], token, f"http-{n}")
        for n in range(2):
            work[f"dead-{n}"] = pool.submit(killed_assistant, home, f"dead-{n}", chance)
            work[f"cut-{n}"] = pool.submit(cut_callers, (one, other)[n], token, f"cut-{n}", chance)
        asked = {name: future.result() for name, future in work.items()}
        with other.client(token) as client:
            for name in sorted(asked):
                if name.startswith("cut"):  # asked again by the same caller, it is done where it was not yet
                    for number in range(asked[name]):
                        done(client, "dialogue_update_status", comment(name, number))
            told = done(client, "verify", {"all": True})
            assert told["findings"] == []
            assert told["ok"] is True
        for server in (one, other):
            with server.client(token) as client:
                figures = client.get("/metrics").text
            assert 'status="500"' not in figures
            assert 'status="503"' not in figures
            assert server.end() == 0
    with Hansard(home) as hansard:
        events = [event for event in hansard.record("shared").events if event.type == "commented"]
        assert hansard.call("verify", {"all": True}).ok
    reasons = Counter(str(event.reason) for event in events)
    assert set(reasons.values()) == {1}
    for name, count in asked.items():
        written = {number for number in range(count) if f"{name} {number}" in reasons}
        if not name.startswith("dead"):
            assert written == set(range(count)), name
    assert [event.event_seq for event in events] == sorted(event.event_seq for event in events)
