"""The openai provider against a real server of somebody else's making: llama.cpp's, over a model made here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from hansard.routing.model import Message, Model
from hansard.routing.providers import installed, make
from hansard.routing.providers.protocol import Provider, ProviderFault, Reply, Request
from tests.conftest import absent
from tests.support.llama_server import CONTEXT, missing, serving

SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"enum": ["yes", "no"]}, "sure": {"type": "boolean"}},
    "required": ["verdict", "sure"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the server is."""
    if not installed("openai"):
        absent("the library of 'openai' is not installed")
    if (what := missing()) is not None:
        absent(f"a real OpenAI-compatible server needs {what} (pip install xllamacpp gguf)")
    with serving(tmp_path_factory.mktemp("llama")) as base_url:
        yield base_url


def model_at(url: str) -> Model:
    """The model as settings would name it."""
    return Model("local", "openai", "tiny", base_url=url, structured="native", external=False, context_window=CONTEXT)


def request(model: Model, text: str = "What was decided?", **more: Any) -> Request:
    """A small request."""
    asked = {"schema": None, "max_output_tokens": 16, "temperature": 0.0, "seed": 7, "timeout_seconds": 60.0}
    return Request(model, (Message("system", "Be brief."), Message("user", text)), **{**asked, **more})


def with_provider(model: Model, work: Any) -> Any:
    """Run something with a provider of the model."""

    async def bounded() -> Any:
        provider = make(model)
        try:
            return await work(provider)
        finally:
            await provider.close()

    return asyncio.run(bounded())


def test_it_answers_whole_and_in_pieces_with_counts(url: str) -> None:
    """The same words whole and streamed, counted the same, stopped by the limit that was given."""
    model = model_at(url)

    async def work(provider: Provider) -> tuple[Reply, list[str | Reply]]:
        return await provider.complete(request(model)), [part async for part in provider.stream(request(model))]

    reply, parts = with_provider(model, work)
    last = parts[-1]
    assert isinstance(last, Reply)
    assert last.text == reply.text == "".join(part for part in parts if isinstance(part, str)) != ""
    for found in (reply, last):
        assert found.finish_reason == "length"
        assert found.tokens is not None
        assert (found.tokens.output, found.tokens.input > 20) == (16, True)
        assert found.serving_model
    assert last.first_token_ms is not None
    assert last.first_token_ms > 0


def test_it_is_held_to_a_schema(url: str) -> None:
    """Whatever the model would say, what comes is data of the schema."""
    model = model_at(url)

    async def work(provider: Provider) -> list[Reply]:
        return [await provider.complete(request(model, schema=SCHEMA, max_output_tokens=200, seed=n)) for n in range(5)]

    for reply in with_provider(model, work):
        told = json.loads(reply.text)
        assert (set(told), told["verdict"] in {"yes", "no"}, type(told["sure"])) == ({"verdict", "sure"}, True, bool)


def test_a_prompt_over_its_window_is_called_so(url: str) -> None:
    """The server's own error has the name that the router knows."""
    model = model_at(url)

    async def work(provider: Provider) -> None:
        await provider.complete(request(model, "many words " * CONTEXT))

    with pytest.raises(ProviderFault) as caught:
        with_provider(model, work)
    assert caught.value.failure == "context_window"


def test_a_wrong_address_is_called_so(url: str) -> None:
    """A base URL without its version leads nowhere; a port where nobody listens is out of reach."""
    for base_url, failure in ((f"{url}/nowhere", "not_found"), ("http://127.0.0.1:9/v1", "unreachable")):
        model = model_at(base_url)

        async def work(provider: Provider, model: Model = model) -> None:
            await provider.complete(request(model))

        with pytest.raises(ProviderFault) as caught:
            with_provider(model, work)
        assert caught.value.failure == failure


def test_leaving_early_frees_the_server(url: str) -> None:
    """It answers one request at a time: after one that was given up midway, the next is answered all the same."""
    model = model_at(url)

    async def work(provider: Provider) -> str:
        listening: Any = provider.stream(request(model, max_output_tokens=400))
        await anext(listening)
        await listening.aclose()
        return (await provider.complete(request(model))).text

    assert with_provider(model, work)
