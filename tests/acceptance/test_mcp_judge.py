"""A Judge who has nothing but the official client of the protocol leads dialogues to their verdicts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from hansard import Hansard
from tests.acceptance.program import hansard
from tests.support.assistants import answer, over_http, over_stdio, service
from tests.support.judge import aplay, deliberation, play

TITLES = ("Clay for the winter", "Clay for the summer")
TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?")

Open = Callable[[], AbstractAsyncContextManager[Client]]


def timeless(file: Path) -> Any:
    """An export without what differs by nature: times, and the digest over them."""
    record = json.loads(TIME.sub("then", file.read_text(encoding="utf-8")))
    del record["digest"]
    return record


def through_python(home: Path) -> dict[str, Any]:
    """The same dialogues, held through Python, as they are exported."""
    with Hansard(home) as own:
        for title in TITLES:
            play(deliberation(title), lambda name, request: own.call(name, request).model_dump(mode="json"))
        return {
            name: timeless(Path(own.dialogue_export(dialogue_id=name, journal=False).path))
            for name in ("clay-for-the-winter", "clay-for-the-summer")
        }


async def held(opened: Open) -> dict[str, str]:
    """Both dialogues held at the same time, each by a client of its own; where their exports stand."""
    paths: dict[str, str] = {}

    async def one(title: str) -> None:
        async with opened() as client:
            await client.list_tools()  # from here on the client checks each answer against the tool's schema

            async def run(name: str, request: dict[str, Any]) -> dict[str, Any]:
                return await answer(client, name, request)

            name = await aplay(deliberation(title), run)
            exported = await run("dialogue_export", {"dialogue_id": name, "journal": False})
            paths[name] = exported["path"]

    async with anyio.create_task_group() as group:
        for title in TITLES:
            group.start_soon(one, title)
    return paths


def compared(paths: dict[str, str], home: Path, tmp_path: Path) -> None:
    """What was exported is what Python exports, and the store proves it."""
    assert {name: timeless(Path(path)) for name, path in paths.items()} == through_python(tmp_path / "python")
    verified = hansard("verify", "--all", "--home", home, "--json")
    assert verified.code == 0, verified.out


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
def test_a_judge_over_stdio(tmp_path: Path, mode: str) -> None:
    """Two at once, each with a server of their own on one store, in both eras of the protocol."""
    home = tmp_path / "home"
    home.mkdir()
    paths = anyio.run(held, lambda: over_stdio(home, mode=mode))
    compared(paths, home, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
def test_a_judge_over_http(tmp_path: Path, mode: str) -> None:
    """Two at once at one server, in both eras of the protocol; the journal names the token's holder."""
    home = tmp_path / "home"
    home.mkdir()
    with service(home) as serving:
        paths = anyio.run(held, lambda: over_http(serving, mode=mode))
    compared(paths, home, tmp_path)
