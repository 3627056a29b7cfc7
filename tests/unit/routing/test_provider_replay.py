"""Recordings: what was kept is said again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hansard.kernel.errors import HansardError
from hansard.routing.model import Message, Model, Tokens
from hansard.routing.providers import make
from hansard.routing.providers.protocol import Provider, ProviderFault, Reply, Request
from hansard.routing.providers.replay import Recorder


def request(text: str, **more: Any) -> Request:
    """A request of a model that is called the same in recording and replay."""
    asked = {"schema": None, "max_output_tokens": 9, "temperature": None, "seed": None, "timeout_seconds": 5.0}
    return Request(Model("any", "scripted", "m"), (Message("user", text),), **{**asked, **more})


async def heard(provider: Provider, asked: Request) -> list[Any]:
    """Everything a stream brings, and how it ends."""
    found: list[Any] = []
    try:
        async for part in provider.stream(asked):
            found.append(part)
    except ProviderFault as fault:
        found.append((fault.failure, fault.detail, fault.partial, fault.retry_after_seconds))
    return found


def replay(path: Path, **options: Any) -> Provider:
    """A provider over a recording."""
    return make(Model("r", "replay", "m", options={"recording": str(path), **options}))


def test_what_was_recorded_comes_again_piece_by_piece(tmp_path: Path) -> None:
    """Answers, failures and broken streams, found by what is asked, in whatever order it is asked now."""
    path = tmp_path / "tape.jsonl"
    script = [
        {"when": "one", "text": "Die erste – Antwort.", "tokens": [3, 4, 1]},
        {"when": "two", "failure": "overloaded", "detail": "busy", "retry_after_seconds": 2, "after": "half a"},
        "again one", "again two",
    ]  # fmt: skip

    async def work() -> None:
        recorder = Recorder(make(Model("s", "scripted", "m", options={"answers": script})), path)
        then = [await heard(recorder, request(text)) for text in ("one", "two", "three", "three")]
        tape = replay(path)
        now = [await heard(tape, request(text)) for text in ("three", "two", "three", "one")]
        clean = [[_timeless(part) for part in parts] for parts in then]
        assert [[_timeless(part) for part in parts] for parts in now] == [clean[2], clean[1], clean[3], clean[0]]
        assert clean[1] == ["half", " a", ("overloaded", "busy", "half a", 2.0)]
        reply = now[3][-1]
        assert (reply.text, reply.tokens) == ("Die erste – Antwort.", Tokens(3, 4, 1))

    asyncio.run(work())


def test_any_provider_can_be_recorded_by_its_settings(tmp_path: Path) -> None:
    """``record`` beside a provider's own options; what it wrote is replayed, and nobody else may read it."""
    path = tmp_path / "tape.jsonl"

    async def work() -> None:
        told = make(Model("t", "template", "m", options={"template": "Ja.", "record": str(path)}))
        assert (await told.complete(request("q"))).text == "Ja."
        assert (await replay(path).complete(request("q"))).text == "Ja."

    asyncio.run(work())
    assert path.stat().st_mode & 0o077 == 0


def _timeless(part: Any) -> Any:
    return (part.text, part.tokens, part.finish_reason, part.serving_model) if isinstance(part, Reply) else part


def test_another_question_is_not_answered(tmp_path: Path) -> None:
    """A request that differs in text, schema, temperature or seed is another one, and one asked too often is over."""
    path = tmp_path / "tape.jsonl"

    async def work() -> None:
        await Recorder(make(Model("s", "scripted", "m", options={"answers": ["yes"]})), path).complete(request("q"))
        tape = replay(path)
        for other in (request("Q"), request("q", seed=1), request("q", temperature=0.5), request("q", schema={"a": 1})):
            with pytest.raises(ProviderFault):
                await tape.complete(other)
        assert (await tape.complete(request("q", timeout_seconds=1.0))).text == "yes"
        with pytest.raises(ProviderFault):
            await tape.complete(request("q"))

    asyncio.run(work())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", "not json\n"),
        ("a.jsonl", ""),
        ("a.jsonl", '{"key": "k"}\n'),
        ("a.json", "{}"),
        ("a.json", '{"interactions": [{"request": {}, "response": {}}]}'),
        ("a.yaml", ": : :\n- ["),
        ("a.yaml", "text"),
        ("a.jsonl", b"\xff\xfe\x00"),
    ],
)
def test_what_is_no_recording_is_refused_beforehand(tmp_path: Path, name: str, content: str | bytes) -> None:
    """Before anything is asked, naming the file and not its folder."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(HansardError) as caught:
        replay(path)
    assert name in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_file_that_is_not_there_is_refused_beforehand(tmp_path: Path) -> None:
    """So is a way of matching that is not known."""
    with pytest.raises(HansardError):
        replay(tmp_path / "none.jsonl")
    (tmp_path / "a.json").write_text(json.dumps({"interactions": []}))
    with pytest.raises(HansardError):
        replay(tmp_path / "a.json", match="likeness")
