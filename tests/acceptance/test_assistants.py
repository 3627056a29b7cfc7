"""What an assistant is given works as it stands: configurations start servers, skills can be installed and followed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from inspect import signature
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from hansard.app.assembly import all_operations
from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands.serve import run as serve
from tests.acceptance.program import PROGRAM, environment, hansard
from tests.acceptance.test_start import steps
from tests.conftest import ROOT
from tests.support.server import Served, serving
from tests.unit.app.test_skills import NAMES, TEXTS, codes, examples

pytestmark = pytest.mark.slow

PLUGIN = ROOT / "plugins" / "hansard" / ".mcp.json"
OVER_HTTP = sorted((ROOT / "docs" / "assistants").glob("*-http.mcp.json"))
STARTED = sorted({PLUGIN, *(ROOT / "docs" / "assistants").glob("*.json")} - {*OVER_HTTP})


def server(file: Path, home: Path) -> StdioServerParameters:
    """The server that a configuration starts, in a home of ours; ``hansard`` is the program under test."""
    told = json.loads(file.read_text(encoding="utf-8"))
    (entry,) = (told.get("mcpServers") or told["servers"]).values()
    assert entry["command"] == "hansard"
    return StdioServerParameters(
        command=PROGRAM[0],
        args=[*PROGRAM[1:], *entry["args"]],
        cwd=home.parent,
        env=environment(HANSARD_HOME=str(home)),
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over HTTP."""
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


def offered(file: Path, home: Path) -> set[str]:
    """The names of the tools that a client of this configuration gets."""

    async def ask() -> set[str]:
        async with Client(server(file, home)) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    return anyio.run(ask)


@pytest.mark.parametrize("file", STARTED, ids=lambda file: file.name)
def test_each_configuration_starts_a_server_with_the_judges_tools(file: Path, tmp_path: Path) -> None:
    """Whatever the Judge's skill names without a mark is there, and nothing that it marks as belonging elsewhere."""
    tools = offered(file, tmp_path / "home")
    named = {(word, mark) for word, mark in codes("alignment-play") if re.fullmatch(r"(dialogue_\w+|verify)", word)}
    named -= {("dialogue_id", False)}
    assert {word for word, mark in named if not mark} <= tools
    if file != PLUGIN:
        assert {word for word, mark in named if mark}.isdisjoint(tools)


@pytest.mark.parametrize("file", OVER_HTTP, ids=lambda file: file.name)
def test_each_configuration_over_http_reaches_a_server(file: Path, served: Served) -> None:
    """With a token in place of the variable, and our port, the official client gets the tools; as it stands, nobody."""
    told = json.loads(file.read_text(encoding="utf-8"))
    (entry,) = (told.get("mcpServers") or told["servers"]).values()
    address = urlsplit(entry["url"])
    assert address.netloc == f"127.0.0.1:{signature(serve).parameters['port'].default}"
    url = served.url + address.path
    written = entry["headers"]["Authorization"]
    token = served.token(file.name, "judge")
    given = re.sub(r"\$\{(HANSARD_TOKEN|env:HANSARD_TOKEN|input:hansard-token)\}", token, written)
    assert given == f"Bearer {token}"

    async def ask() -> set[str]:
        async with (
            httpx2.AsyncClient(headers={"Authorization": given}) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            return {tool.name for tool in (await client.list_tools()).tools}

    assert "dialogue_round_register" in anyio.run(ask)
    assert httpx2.post(url, headers={"Authorization": written}, json={}).status_code == 401


def test_the_plugin_offers_what_its_skills_need(tmp_path: Path) -> None:
    """Every tool that a skill of the plugin names is served, but for ``verify``, which has a command."""
    named = {word for name in NAMES for word, _ in codes(name)}
    with all_operations() as table:
        assert named & set(table) - offered(PLUGIN, tmp_path / "home") == {"verify"}


def test_a_judge_who_has_only_the_skill_comes_to_a_verdict(tmp_path: Path) -> None:
    """Its requests, sent by the official client to the plugin's server, are accepted, and the export verifies."""
    create, register, *verdicts = examples("alignment-play")
    spoken = {
        "dialogue_id": register[1]["dialogue_id"],
        "round": 0,
        "score": 9,
        "expert_scores": {"muffin": 4, "cupcake": 3, "scone": 2},
        "perspectives": [{"local_id": "MUFFIN-P0001", "label": "Speed", "content": "Answers take two days."}],
        "recommendations": [{"local_id": "CUPCAKE-R0001", "label": "A reader", "content": "A person reads each."}],
        "tensions": [{"local_id": "MUFFIN-T0001", "label": "Speed against care", "description": "Both are wanted."}],
    }
    wrong = {**register[1], "moves": [{"expert": "cupcake", "type": "haggle"}]}

    async def judge() -> Mapping[str, Any]:
        async with Client(server(PLUGIN, tmp_path / "home")) as client:

            async def call(operation: str, request: Mapping[str, Any], *, refused: bool = False) -> Mapping[str, Any]:
                answer = await client.call_tool(operation, dict(request))
                told: dict[str, Any] = json.loads(answer.content[0].text)  # type: ignore[union-attr]  # always a text
                assert answer.is_error is refused, told
                return told

            await call(*create)
            await call("dialogue_round_context", {"dialogue_id": spoken["dialogue_id"]})
            await call("dialogue_round_register", spoken)
            fault = await call("dialogue_round_register", wrong, refused=True)
            assert [one["field"] for one in fault["errors"]] == ["moves[0].type"]
            first = await call(*register)
            assert (await call(*register))["id_mapping"] == first["id_mapping"]
            for verdict in verdicts:
                told = await call(*verdict)
            assert (told["dialogue_status"], told["gate"]["met"]) == ("converged", True)
            return await call("dialogue_export", {"dialogue_id": spoken["dialogue_id"]})

    exported = anyio.run(judge)
    assert hansard("verify", exported["path"]).code == 0


def test_skills_are_written_into_a_folder(tmp_path: Path) -> None:
    """A dry run tells what the run would do, and writes nothing; what somebody changed is left unless told."""
    folder = tmp_path / "skills"
    dry = hansard("skills", "install", "--to", folder, "--dry-run", "--json")
    assert set(dry.json["files"].values()) == {"would be written"}
    assert not folder.exists()
    assert hansard("skills", "install", "--to", folder).code == 0
    for name in NAMES:
        text = (folder / name / "SKILL.md").read_text(encoding="utf-8")
        assert (
            text
            == hansard("skills", "show", name).out
            == (ROOT / "plugins/hansard/skills" / name / "SKILL.md").read_text()
        )
    assert set(hansard("skills", "install", "--to", folder, "--json").json["files"].values()) == {"left as it is"}
    (folder / "ethos" / "SKILL.md").write_text("My own.")
    (folder / "alignment-play" / "SKILL.md").unlink()
    refused = hansard("skills", "install", "--to", folder)
    assert refused.code == exits.BY_KIND["conflict"]
    dry_refused = hansard("skills", "install", "--to", folder, "--dry-run")
    assert (dry_refused.code, dry_refused.err) == (refused.code, refused.err)
    dry = hansard("skills", "install", "--to", folder, "--dry-run", "--replace", "--json")
    assert dry.json["files"][str(folder / "ethos" / "SKILL.md")] == "would be replaced"
    assert not (folder / "alignment-play" / "SKILL.md").exists()
    assert hansard("skills", "install", "--to", folder, "--replace").code == 0
    assert (folder / "ethos" / "SKILL.md").read_text(encoding="utf-8") == TEXTS["ethos"]


def test_skills_are_listed_and_a_wrong_name_is_told() -> None:
    """The list has each with its purpose; a mistyped name is answered with the nearest."""
    assert [one["name"] for one in hansard("skills", "list", "--json").json["skills"]] == NAMES
    listed = hansard("skills", "list").out
    assert all(name in listed for name in NAMES)
    wrong = hansard("skills", "show", "etos")
    assert wrong.code == exits.USAGE
    assert "'ethos'" in wrong.err


def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    """What docs/assistants.md lets people type into a shell works in a fresh folder."""
    program = tmp_path / "bin" / "hansard"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    page = (ROOT / "docs" / "assistants.md").read_text(encoding="utf-8")
    (step,) = steps(page[page.index("## Skills without") :])
    variables = environment()
    variables["PATH"] = f"{program.parent}:{variables['PATH']}"
    subprocess.run(["bash", "-euc", step.commands], cwd=tmp_path, env=variables, check=True, timeout=120)
    assert (tmp_path / ".agents" / "skills" / "ethos" / "SKILL.md").is_file()
