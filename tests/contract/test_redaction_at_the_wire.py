"""What leaves the machine: planted personal data and keys never reach a server that may not have them, by any wire.

Real SDKs speak to a stub server that keeps every byte it got and gives the prompt back as its answer.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from hansard.kernel.errors import HansardError
from hansard.kernel.permits import ANONYMOUS
from hansard.routing import providers
from hansard.routing.configuration import Configuration, PrivacySettings
from hansard.routing.model import Attachment, Attempt, Message, Model, Origin, Piece, ProviderName, Rates, Task
from hansard.routing.providers.protocol import Provider, Reply, Request
from hansard.routing.router import Router
from tests.conftest import absent
from tests.support.model_stub import Stub, stub_in_thread
from tests.support.private_data import Planted, planted

CORPUS = planted(each=12)
PROMPT = "\n".join(one.sentence for one in CORPUS)
LIBRARIES: dict[ProviderName, str] = {"openai": "openai", "anthropic": "anthropic", "google": "google.genai"}


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    """One server for all."""
    with stub_in_thread() as server:
        yield server


@pytest.fixture(params=sorted(LIBRARIES))
def model(request: pytest.FixtureRequest, stub: Stub) -> Model:
    """A model of each provider at the stub, which answers with what it is told."""
    name: ProviderName = request.param
    if not providers.installed(LIBRARIES[name]):
        absent(f"the library of {name} is not installed")
    stub.reset()
    stub.conduct("lane", "ok", text="echo")
    return Model(
        "m", name, "m-1", base_url=stub.base_url(name, "lane"), rates=Rates(1.0, 1.0), context_window=10_000_000
    )


class Kept:
    """A trail that remembers what it was told to keep."""

    durable = False

    def __init__(self) -> None:
        self.texts: list[bytes] = []

    def note(self, attempt: Attempt, origin: Origin, prompt: bytes, response: bytes | None) -> None:
        self.texts += [prompt, response or b"", repr(attempt).encode()]

    def flush(self) -> None:
        """Nothing waits."""


class Cut:
    """A provider whose stream comes in pieces of one to four characters, so that placeholders are cut."""

    def __init__(self, inner: Provider) -> None:
        self._inner = inner
        self.cut = 0

    async def complete(self, request: Request) -> Reply:
        return await self._inner.complete(request)

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        draw = random.Random(6)
        async for said in self._inner.stream(request):
            if isinstance(said, Reply):
                yield said
                continue
            while said:
                size = draw.randrange(1, 5)
                piece, said = said[:size], said[size:]
                self.cut += ("⟦" in piece) != ("⟧" in piece)
                yield piece

    async def close(self) -> None:
        await self._inner.close()


def asked(
    models: list[Model],
    task: Task,
    *,
    privacy: PrivacySettings | None = None,
    wrap: Callable[[Provider], Provider] | None = None,
    stream: bool = False,
    trail: Kept | None = None,
) -> Any:
    """The answer of a router over these models, or the pieces of its stream."""
    configuration = Configuration(
        {each.name: each for each in models},
        tuple((each.name,) for each in models),
        privacy=privacy or PrivacySettings(),
    )

    def provider_of(model: Model) -> Provider:
        made = providers.make(model, "a-key-for-tests")
        return made if wrap is None else wrap(made)

    async def run() -> Any:
        router = Router(configuration, provider_of=provider_of, trail=trail)
        try:
            if not stream:
                return await router.ask(task, ANONYMOUS)
            pieces: list[Piece] = []
            async for piece in router.stream(task, ANONYMOUS):
                pieces.append(piece)
            return pieces
        finally:
            await router.aclose()

    return asyncio.run(run())


def told(stub: Stub) -> str:
    """All that the stub got, in every form in which a value could stand in it."""
    raw = b"\n".join(stub.bodies("lane")).decode() + "\n".join(stub.heads("lane"))
    read = "\n".join(_texts(stub.requests("lane")))
    assert len(raw) > 1000, "the stub got nothing to look at"
    return raw + "\n" + read


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def leaked(text: str) -> list[Planted]:
    """What of the corpus stands in a text; of a long key also its first or its last half."""
    return [
        one
        for one in CORPUS
        if one.value in text
        or json.dumps(one.value)[1:-1] in text
        or (
            len(one.value) > 24
            and (one.value[: len(one.value) // 2] in text or one.value[len(one.value) // 2 :] in text)
        )
    ]


def task(**more: Any) -> Task:
    """The whole corpus, in the system's message, in a question and in a file."""
    note = Attachment("of ada@example.org.txt", "text/plain", PROMPT.encode())
    told = (Message("system", PROMPT), Message("user", PROMPT, (note,)))
    return Task(told, Origin("test"), deadline_seconds=60, max_output_tokens=100, **more)


def test_corpus_is_large_enough() -> None:
    """At least 200 items in at least 12 kinds are planted."""
    assert len({one.value for one in CORPUS}) >= 200
    assert len({one.kind for one in CORPUS}) >= 12


def test_nothing_planted_reaches_the_server(stub: Stub, model: Model) -> None:
    """With the policy that external models have unless something else is set, no planted value reaches the server,
    the trail or the record of the attempt, and the answer has every one of them again."""
    trail = Kept()
    answer = asked([model], task(), trail=trail)
    assert leaked(told(stub)) == []
    assert "ada@example.org" not in told(stub)
    assert leaked(b"\n".join(trail.texts).decode()) == []
    assert PROMPT in answer.text
    assert leaked(answer.text) == CORPUS


def test_stream_that_cuts_placeholders_comes_back_whole(stub: Stub, model: Model) -> None:
    """A stream whose pieces cut hundreds of placeholders gives out every planted value, and no placeholder."""
    wrapped: list[Cut] = []

    def wrap(inner: Provider) -> Provider:
        wrapped.append(Cut(inner))
        return wrapped[-1]

    pieces = asked([model], task(), stream=True, wrap=wrap)
    assert wrapped[0].cut > 200
    assert len(pieces) > 1000
    assert leaked(told(stub)) == []
    shown = "".join(piece.text for piece in pieces)
    assert PROMPT in shown
    assert "⟦" not in shown
    assert pieces[-1].answer.text == shown


def test_policy_that_allows_it_lets_all_through(stub: Stub, model: Model) -> None:
    """A model that may have texts as they are gets every planted value: what the other tests look for can be found."""
    answer = asked([replace(model, privacy="raw")], task())
    assert leaked(told(stub)) == CORPUS
    assert PROMPT in answer.text


@pytest.mark.parametrize("by", ["task", "settings"])
def test_stricter_policy_wins(stub: Stub, model: Model, by: str) -> None:
    """A task, or the settings, can hide from a model what its own policy would let through."""
    raw = replace(model, privacy="raw")
    if by == "task":
        asked([raw], task(privacy="redacted"))
    else:
        asked([raw], task(), privacy=PrivacySettings(level="redacted"))
    assert leaked(told(stub)) == []


def test_nothing_leaves_where_nothing_may(stub: Stub, model: Model) -> None:
    """Where nothing may leave the machine, an external model is not asked at all."""
    with pytest.raises(HansardError) as caught:
        asked([replace(model, privacy="raw")], task(privacy="local"))
    assert caught.value.code == "no_model"
    assert stub.count("lane") == 0


def test_next_model_is_told_no_more(stub: Stub, model: Model) -> None:
    """When the first model fails, the next one is told by its own policy, and neither gets what it may not have."""
    stub.conduct("bad", "tattle")
    first = replace(model, name="bad", base_url=stub.base_url(model.provider, "bad"))
    trail = Kept()
    answer = asked([first, model], task(), trail=trail)
    assert [each.model for each in answer.attempts][-1] == "m"
    bodies = b"\n".join(stub.bodies("bad")).decode()
    assert len(bodies) > 1000
    assert leaked(bodies) == []
    assert leaked(told(stub)) == []
    assert leaked(repr(answer.attempts)) == []
    assert PROMPT in answer.text


def test_errors_tell_nothing_planted(stub: Stub, model: Model) -> None:
    """A provider that repeats prompt and key in its refusal does not get them into our error, even where it may have
    the texts as they are."""
    stub.conduct("lane", "tattle")
    with pytest.raises(HansardError) as caught:
        asked([replace(model, privacy="raw")], task())
    said = str(caught.value) + json.dumps(caught.value.as_dict())
    secrets = [one for one in leaked(said) if one.kind not in {"birthdate"}]
    assert secrets == []
    assert "a-key-for-tests" not in said


def test_data_comes_back_with_its_values(stub: Stub, model: Model) -> None:
    """An answer that is data has the values in it and fits the schema that was asked for; the schema's own texts were
    hidden, too."""
    address = next(one.value for one in CORPUS if one.kind == "email")
    key = next(one.value for one in CORPUS if one.kind == "private-key")
    schema = {
        "type": "object",
        "required": ["to", "key"],
        "properties": {"to": {"enum": [address, "nobody"]}, "key": {"type": "string", "minLength": 100}},
    }
    stub.conduct("lane", "ok", text=json.dumps({"to": "⟦email-1⟧", "key": "⟦private-key-1⟧"}))
    question = Task((Message("user", f"{address} has {key}"),), Origin("test"), schema=schema, deadline_seconds=60)
    answer = asked([model], question)
    assert answer.structured == {"to": address, "key": key}
    assert json.loads(answer.text) == answer.structured
    body = b"\n".join(stub.bodies("lane")).decode()
    assert address not in body
    assert "BEGIN" not in body
