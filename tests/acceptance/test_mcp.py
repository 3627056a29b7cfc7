"""``hansard mcp`` as a process: what it offers, what it may touch, and how it ends."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from hansard.surfaces.cli import exits
from tests.acceptance.program import PROGRAM, environment, hansard
from tests.conftest import ROOT, absent, scale
from tests.support.assistants import answer, error, over_http, over_stdio, service
from tests.support.deliberations import small_dialogue, small_round

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home, and nothing else in its folder."""
    found = tmp_path / "place" / "home"
    found.mkdir(parents=True)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_sets_prefix_and_rights_are_chosen_at_the_start(home: Path, mode: str) -> None:
    """By default the Judge's twelve; more by name, the keeping of the store by ``--admin`` alone."""

    async def listed(*options: str) -> list[str]:
        async with over_stdio(home, *options, mode=mode) as client:
            return [tool.name for tool in (await client.list_tools()).tools]

    async def main() -> None:
        judges = await listed()
        assert len(judges) == 12
        assert judges == await listed("--tools", "dialogue")
        blue = await listed("--prefix", "blue_")
        assert blue == [f"blue_{name}" for name in judges]
        async with over_stdio(home, "--prefix", "blue_", mode=mode) as client:
            told = client.instructions or ""
            assert set(re.findall(r"\w*dialogue_\w+", told)) - {"dialogue_id"} <= set(blue)
            assert "blue_dialogue_create" in told
        everything = await listed("--tools", "all")
        assert "dialogue_erase" not in everything
        assert "dialogue_erase" in await listed("--tools", "all", "--admin")
        assert sorted(everything) == everything

    anyio.run(main)


@pytest.mark.slow
def test_a_door_that_is_not_used_costs_nothing(home: Path) -> None:
    """No other command loads the protocol or a web server."""
    program = (
        "import sys; from hansard.app import main\n"
        "code = main()\n"
        "assert not {'mcp', 'mcp_types', 'starlette', 'uvicorn', 'anyio'} & set(sys.modules)\n"
        "sys.exit(code)"
    )
    for words in (["--help"], ["call", "dialogue_create", json.dumps(small_dialogue("Kiln"))], ["list"]):
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            capture_output=True,
            text=True,
            env=environment(HANSARD_HOME=str(home)),
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), words


@pytest.mark.slow
def test_wrong_options_end_the_start(home: Path) -> None:
    """With the nearest name on stderr, and nothing on standard output, which belongs to the protocol."""
    done = hansard("mcp", "--tools", "dialoge", "--home", home)
    assert done.code == exits.BY_KIND["invalid"]
    assert done.out == ""
    assert "Did you mean 'dialogue'?" in done.err


@pytest.mark.slow
def test_a_tool_reads_where_it_may_and_nowhere_else(home: Path, tmp_path: Path) -> None:
    """The folder of the start, the home, and those of the settings; over HTTP not even the folder of the start."""
    start, allowed, other = (tmp_path / name for name in ("start", "allowed", "other"))
    for folder in (start, allowed, other):
        folder.mkdir()
        (folder / "said.md").write_text("[P01: A point]\nSaid.\n")
    (home / "said.md").write_text("[P01: A point]\nSaid.\n")
    (home / "settings.toml").write_text(f"read_folders = [{str(allowed)!r}]\n")
    (start / "link.md").symlink_to(other / "said.md")
    inside = [start / "said.md", home / "said.md", allowed / "said.md"]
    outside = [other / "said.md", start / "link.md", home / "settings.toml", home / "hansard.db"]

    async def tried(client: Client) -> dict[Path, str]:
        await client.call_tool("dialogue_create", small_dialogue("Kiln"))
        found = {}
        for path in (*inside, *outside):
            request = {"dialogue_id": "kiln", "round": 0, "expert": "muffin", "path": str(path)}
            result = await client.call_tool("dialogue_parse_response", request)
            found[path] = error(result)["error_code"] if result.is_error else "read"
        return found

    async def local() -> dict[Path, str]:
        async with over_stdio(home, cwd=start) as client:
            return await tried(client)

    def expected(first: str) -> dict[Path, str]:
        read = dict.fromkeys(inside, "read") | dict.fromkeys(outside, "path_outside")
        return read | {start / "said.md": first}

    assert anyio.run(local) == expected("read")
    with service(home) as serving:

        async def remote() -> dict[Path, str]:
            async with over_http(serving) as client:
                return await tried(client)

        assert anyio.run(remote) == expected("path_outside")


@pytest.mark.slow
def test_http_chooses_tools_by_the_query_and_rights_by_the_token(home: Path) -> None:
    """A reader sees what reads; a set and a prefix stand in the address; an unknown set is refused."""
    with service(home, scope="read") as serving:

        async def listed(query: str) -> list[str]:
            async with over_http(serving, query=query) as client:
                return [tool.name for tool in (await client.list_tools()).tools]

        async def main() -> None:
            read = await listed("")
            assert "dialogue_progress" in read
            assert "dialogue_create" not in read
            both = await listed("?tools=dialogue,calibration&prefix=blue_")
            assert {"blue_dialogue_progress", "rules_list"} <= set(both)
            async with over_http(serving) as client:
                refused = await client.call_tool("dialogue_create", small_dialogue("Kiln"))
                assert error(refused)["error_code"] == "not_permitted"
            for query, code in (("?tools=dialoge", "unknown_tool_set"), ("?prefix=a/b", "invalid_field")):
                async with over_http(serving, query=query) as client:
                    with pytest.raises(MCPError) as caught:
                        await client.list_tools()
                assert caught.value.error.data["error_code"] == code

        anyio.run(main)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
@pytest.mark.parametrize("door", ["stdio", "http"])
def test_a_write_that_was_given_up_is_answered_by_its_request_id(home: Path, door: str, mode: str) -> None:
    """However soon a caller stops waiting: sent again, each write is done once, and the connection lives."""
    count = scale(20)

    async def given_up(client: Client) -> None:
        await answer(client, "dialogue_create", small_dialogue("Kiln"))
        for number in range(count):
            request = small_dialogue(f"Clay {number}") | {"request_id": f"clay {number}"}
            with anyio.move_on_after(number * 0.0005):
                await client.call_tool("dialogue_create", request)
            first = await answer(client, "dialogue_create", request)
            assert first == await answer(client, "dialogue_create", request)
            assert first["dialogue_id"] == f"clay-{number}"
        assert (await answer(client, "dialogue_list", {}))["total"] == count + 1

    async def main(opened: AbstractAsyncContextManager[Client]) -> None:
        async with opened as client:
            await given_up(client)

    if door == "stdio":
        anyio.run(main, over_stdio(home, mode=mode))
    else:
        with service(home) as serving:
            anyio.run(main, over_http(serving, mode=mode))
    assert hansard("verify", "--all", "--home", home).code == 0


@pytest.mark.slow
def test_a_server_ends_with_its_input_and_leaves_nothing_locked(home: Path) -> None:
    """Closed properly, in the middle of a request, or killed: the next one writes at once."""

    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*PROGRAM, "mcp", "--home", str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )

    def ask(server: subprocess.Popen[bytes], *messages: dict[str, Any]) -> None:
        assert server.stdin is not None
        server.stdin.write(b"".join(json.dumps(one).encode() + b"\n" for one in messages))
        server.stdin.flush()

    def create(number: int) -> dict[str, Any]:
        given = {"name": "dialogue_create", "arguments": small_dialogue(f"Kiln {number}")}
        return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": given}

    initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    closed = started()
    ask(closed, INITIALIZE, initialized, create(2))
    assert closed.stdout is not None
    assert json.loads(closed.stdout.readline())["result"]["serverInfo"]["name"] == "hansard"
    assert json.loads(closed.stdout.readline())["id"] == 2
    out, err = closed.communicate(timeout=60)
    assert (closed.returncode, out, err) == (0, b"", b"")

    cut = started()
    assert cut.stdin is not None
    ask(cut, INITIALIZE, initialized, create(3))
    cut.stdin.write(b'{"jsonrpc": "2.0", "id": 9, "method": "tools/ca')
    cut.communicate(timeout=60)
    assert cut.returncode == 0

    killed = started()
    ask(killed, INITIALIZE, initialized, *(create(number) for number in range(10, 30)))
    assert killed.stdout is not None
    for _ in range(3):
        killed.stdout.readline()
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=60)

    async def after() -> None:
        async with over_stdio(home) as client:
            await answer(client, "dialogue_create", small_dialogue("Afterwards"))
            await answer(client, "dialogue_round_register", small_round("afterwards", 0))

    anyio.run(after)
    assert hansard("verify", "--all", "--home", home).code == 0


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["<&-", "</dev/null", "<&- >&-"])
def test_a_server_without_an_input_ends_quietly(home: Path, closed: str) -> None:
    """Closed or empty from the beginning: nobody is there to be served, and nothing has gone wrong."""
    words = shlex.join([*PROGRAM, "mcp", "--home", str(home)])
    done = subprocess.run(
        ["/bin/sh", "-c", f"{words} {closed}"], capture_output=True, env=environment(), timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.slow
def test_lines_that_are_no_messages_harm_nobody(home: Path) -> None:
    """Neither noise nor a request of nobody's protocol ends the server; what is asked after them is answered."""
    noise = [b"", b"hello", b"[]", b"{}", b"\xff\xfe", b'{"jsonrpc":"2.0","id":7,"method":"no/such"}']
    asked = [*noise, json.dumps(INITIALIZE).encode(), *noise, b'{"jsonrpc":"2.0","id":8,"method":"ping"}']
    server = subprocess.Popen(
        [*PROGRAM, "mcp", "--home", str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    )
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(b"\n".join(asked) + b"\n")
    server.stdin.flush()
    answered: list[Any] = []
    while 8 not in answered:
        answered.append(json.loads(server.stdout.readline()).get("id"))
    server.communicate(timeout=60)
    assert server.returncode == 0


@pytest.mark.slow
def test_the_example_of_the_document_runs_as_it_stands(tmp_path: Path) -> None:
    """The Python of docs/mcp.md, with ``hansard`` on the path, prints what the document shows."""
    text = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")
    found = dict(re.findall(r"^```(python|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    program = tmp_path / "hansard"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hansard "$@"\n')
    program.chmod(0o755)
    known = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "HANSARD_HOME": str(tmp_path / "home")}
    quoted = found["python"].replace('args=["mcp"]', f'args=["mcp"], env={environment(**known)!r}')
    done = subprocess.run(
        [sys.executable, "-c", quoted],
        capture_output=True,
        text=True,
        env=environment(**known),
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == found["text"]


# -- somebody else's client --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def inspector() -> Path:
    """The protocol's own inspector."""
    local = ROOT / "tests" / "mcp" / "node_modules" / ".bin" / "mcp-inspector"
    found = local if local.exists() else shutil.which("mcp-inspector")
    if found is None or shutil.which("node") is None:
        absent("MCP's inspector is not here: 'npm ci --ignore-scripts' in tests/mcp installs it")
    return Path(found)


@pytest.mark.slow
def test_the_inspector_lists_and_calls_tools(home: Path, inspector: Path) -> None:
    """Tools, templates and prompts are listed; a write, a read and a refusal are answered."""

    def inspected(method: str, *arguments: str) -> tuple[int, Any]:
        done = subprocess.run(
            [inspector, "--cli", *PROGRAM, "mcp", "--home", home, "--method", method, *arguments],
            capture_output=True,
            text=True,
            env=environment(),
            timeout=120,
            check=False,
        )
        assert done.stdout.strip(), done.stderr
        return done.returncode, json.loads(done.stdout)

    def called(tool: str, request: dict[str, Any]) -> tuple[int, Any]:
        given = [f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in request.items()]
        return inspected("tools/call", "--tool-name", tool, *(part for one in given for part in ("--tool-arg", one)))

    code, tools = inspected("tools/list")
    assert code == 0
    assert len(tools["tools"]) == 12
    assert all(one["inputSchema"]["type"] == "object" for one in tools["tools"])
    code, made = called("dialogue_create", small_dialogue("Kiln") | {"seed": "00000000000000ab"})
    assert code == 0
    assert made["structuredContent"]["dialogue_id"] == "kiln"
    code, read = called("dialogue_progress", {"dialogue_id": "kiln"})
    assert read["structuredContent"]["status"] == "open"
    _, refused = called("dialogue_progress", {"dialogue_id": "kilm"})
    assert refused["isError"]
    assert json.loads(refused["content"][-1]["text"])["suggestion"] == "Did you mean 'kiln'?"
    assert len(inspected("resources/templates/list")[1]["resourceTemplates"]) == 4
    assert len(inspected("prompts/list")[1]["prompts"]) == 3
