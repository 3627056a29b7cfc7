"""What every provider promises: one suite for all of them, and what came of real exchanges for those on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import pytest

from hansard.routing.model import Failure, Message, Model, ProviderName, Tokens
from hansard.routing.providers import installed, make
from hansard.routing.providers.protocol import Provider, ProviderFault, Reply, Request
from tests.conftest import absent
from tests.support.model_stub import PARTIAL, SENTENCE, Stub, stub_in_thread

T = TypeVar("T")

PATIENCE: Final = 30.0
"""Seconds after which something that should have ended has not."""

LIBRARIES: Final = {"openai": "openai", "anthropic": "anthropic", "google": "google.genai"}
WIRED: Final = tuple(LIBRARIES)
LOCAL: Final = ("replay", "scripted", "template", "command", "human")

TEXTS: Final = ("Ja.", 'Zwei Zeilen,\nmit „Zeichen“ — 表 😀 und {"etwas": "JSON"}.')

SCHEMA: Final = {
    "type": "object",
    "properties": {"verdict": {"type": "string", "enum": ["yes", "no"]}},
    "required": ["verdict"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    """A server that speaks the three formats."""
    with stub_in_thread() as running:
        yield running


@pytest.fixture(autouse=True)
def afresh(stub: Stub) -> None:
    """No test sees what another one did."""
    stub.reset()


def needs(provider: str) -> None:
    """Skip where the provider's library is not installed."""
    library = LIBRARIES.get(provider)
    if library is not None and not installed(library):
        absent(f"the library of '{provider}' is not installed")


def request(model: Model, text: str = "What was decided?", **more: Any) -> Request:
    """A small request."""
    asked = {
        "messages": (Message("system", "Be brief."), Message("user", text)),
        "schema": None,
        "max_output_tokens": 100,
        "temperature": None,
        "seed": None,
        "timeout_seconds": PATIENCE,
    }
    return Request(model=model, **{**asked, **more})


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it in a loop of its own, never for ever."""

    async def bounded() -> T:
        async with asyncio.timeout(2 * PATIENCE):
            return await work

    return asyncio.run(bounded())


async def outcome(provider: Provider, asked: Request) -> Reply | ProviderFault:
    """What came of it."""
    try:
        return await provider.complete(asked)
    except ProviderFault as fault:
        return fault


async def streamed(provider: Provider, asked: Request) -> tuple[list[str], Reply | ProviderFault]:
    """The pieces, and what came of it."""
    pieces: list[str] = []
    try:
        async for part in provider.stream(asked):
            if isinstance(part, Reply):
                return pieces, part
            pieces.append(part)
    except ProviderFault as fault:
        return pieces, fault
    raise AssertionError("the stream ended without a reply")


# -- one suite for all -------------------------------------------------------------------------------------------------


@dataclass
class Stage:
    """Makes a provider of each kind that does what a test wants."""

    stub: Stub
    folder: Path

    @contextlib.asynccontextmanager
    async def answering(self, name: str, text: str, times: int = 1) -> AsyncIterator[tuple[Provider, Model]]:
        """One that answers with a text, so many times at least."""
        async with self._open(name, *self._answering(name, text, times)) as made:
            yield made

    @contextlib.asynccontextmanager
    async def silent(self, name: str) -> AsyncIterator[tuple[Provider, Model]]:
        """One that never answers."""
        options: dict[str, Any] = {}
        if name in WIRED:
            self.stub.conduct(name, "stall")
        elif name == "scripted":
            options = {"answers": [{"text": "late", "delay_seconds": 1e6}]}
        elif name == "command":
            options = {"command": [sys.executable, "-c", "import time; time.sleep(1e6)"]}
        elif name == "human":
            options = {"folder": str(self.folder / "nobody")}
        async with self._open(name, options, None) as made:
            yield made

    @contextlib.asynccontextmanager
    async def failing(self, name: str) -> AsyncIterator[tuple[Provider, Model]]:
        """One that is rate limited."""
        options: dict[str, Any] = {}
        if name in WIRED:
            self.stub.conduct(name, "rate_limited")
        elif name == "scripted":
            options = {"answers": [{"failure": "rate_limited"}]}
        elif name == "command":
            code = "import sys; sys.exit('You have reached a rate limit')"
            options = {"command": [sys.executable, "-c", code]}
        elif name == "replay":
            error = {"error": {"message": "Slow down.", "code": "rate_limit_exceeded"}}
            options = {"recording": str(self._tape([(429, error)]))}
        async with self._open(name, options, None) as made:
            yield made

    def _answering(self, name: str, text: str, times: int) -> tuple[dict[str, Any], Path | None]:
        if name in WIRED:
            self.stub.conduct(name, "ok", text=text)
        elif name == "scripted":
            return {"answers": [text]}, None
        elif name == "template":
            return {"template": text}, None
        elif name == "command":
            (self.folder / "said.txt").write_text(text, "utf-8")
            code = "import sys; sys.stdin.read(); sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
            return {"command": [sys.executable, "-c", code, str(self.folder / "said.txt")]}, None
        elif name == "replay":
            message = {"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "model": "m"}
            return {"recording": str(self._tape([(200, message)] * times))}, None
        elif name == "human":
            (self.folder / "said.txt").write_text(text, "utf-8")
            desk = self.folder / "desk"
            return {"folder": str(desk)}, desk
        return {}, None

    def _tape(self, exchanges: list[tuple[int, Any]]) -> Path:
        path = self.folder / "tape.json"
        interactions = [
            {
                "request": {"uri": "https://models.test/v1/chat/completions"},
                "response": {"status": {"code": status}, "headers": {}, "parsed_body": body},
            }
            for status, body in exchanges
        ]
        path.write_text(json.dumps({"interactions": interactions}), "utf-8")
        return path

    @contextlib.asynccontextmanager
    async def _open(
        self, name: str, options: dict[str, Any], desk: Path | None
    ) -> AsyncIterator[tuple[Provider, Model]]:
        needs(name)
        base_url = self.stub.base_url(name, name) if name in WIRED else None
        model = Model(name, cast(ProviderName, name), "m", base_url=base_url, structured="native", options=options)
        provider = make(model, "sk-not-a-key")
        person = asyncio.ensure_future(self._person(desk)) if desk is not None else None
        try:
            yield provider, model
        finally:
            if person is not None:
                person.cancel()
            await provider.close()

    async def _person(self, desk: Path) -> None:
        """Somebody who answers whatever lies on the desk."""
        text = (self.folder / "said.txt").read_text("utf-8")
        while True:
            for question in desk.glob("*.question.md"):
                answer = question.with_name(question.name.replace(".question.", ".answer."))
                if not answer.exists():
                    answer.write_text(text, "utf-8")
            await asyncio.sleep(0.02)


@pytest.fixture
def stage(stub: Stub, tmp_path: Path) -> Stage:
    """See ``Stage``."""
    return Stage(stub, tmp_path)


EVERY: Final = (*WIRED, *LOCAL)


@pytest.mark.parametrize("text", TEXTS, ids=["short", "long"])
@pytest.mark.parametrize("name", EVERY)
def test_an_answer_comes_word_for_word_whole_and_in_pieces(stage: Stage, name: str, text: str) -> None:
    """A reply's text is what was said; a stream's pieces make up the text of the reply that ends it."""

    async def work() -> None:
        async with stage.answering(name, text, 2) as (provider, model):
            reply = await provider.complete(request(model))
            pieces, last = await streamed(provider, request(model))
        assert (reply.text, reply.finish_reason) == (text, "stop")
        assert reply.first_token_ms is None or name == "template"
        assert isinstance(last, Reply)
        assert "".join(pieces) == last.text == text
        assert all(pieces), "an empty piece says nothing"
        for tokens in (reply.tokens, last.tokens):
            assert tokens is None or 0 <= tokens.cached <= tokens.input

    run(work())


@pytest.mark.parametrize("name", [name for name in EVERY if name not in {"template", "replay"}])
def test_time_is_bounded(stage: Stage, name: str) -> None:
    """Who says nothing in the attempt's time is a timeout, whole or streamed."""

    async def work() -> None:
        async with stage.silent(name) as (provider, model):
            whole = await outcome(provider, request(model, timeout_seconds=0.3))
            pieces, last = await streamed(provider, request(model, timeout_seconds=0.3))
        assert isinstance(whole, ProviderFault)
        assert isinstance(last, ProviderFault)
        assert (whole.failure, last.failure, pieces) == ("timeout", "timeout", [])

    run(work())


@pytest.mark.parametrize("name", [name for name in EVERY if name not in {"template", "human"}])
def test_a_failure_has_its_name_and_is_never_tried_again(stage: Stage, name: str) -> None:
    """A provider that is limited says so; one request was sent, since trying again is the ladder's business."""

    async def work() -> None:
        async with stage.failing(name) as (provider, model):
            whole = await outcome(provider, request(model))
        assert isinstance(whole, ProviderFault)
        assert whole.failure == "rate_limited"
        if name in WIRED:
            assert stage.stub.count(name) == 1

    run(work())


@pytest.mark.parametrize("name", EVERY)
def test_many_ask_at_once(stage: Stage, name: str) -> None:
    """Requests at the same time do not disturb one another."""
    count = 4 if name == "command" else 12

    async def work() -> None:
        async with stage.answering(name, "Ja.", count) as (provider, model):
            replies = await asyncio.gather(*(provider.complete(request(model, f"{n}?")) for n in range(count)))
        assert [reply.text for reply in replies] == ["Ja."] * count

    run(work())


@pytest.mark.parametrize("name", [name for name in EVERY if name not in {"template", "replay"}])
def test_who_goes_away_is_let_go(stage: Stage, name: str) -> None:
    """A cancelled request ends as cancelled, not as a failure of the provider, and closing works after it."""

    async def work() -> None:
        async with stage.silent(name) as (provider, model):
            asking = asyncio.ensure_future(provider.complete(request(model)))
            await asyncio.sleep(0.2)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    run(work())


@pytest.mark.parametrize("name", EVERY)
def test_a_stream_may_be_left_early(stage: Stage, name: str) -> None:
    """Who stops listening after the first piece leaves the provider fit for the next request."""

    async def work() -> None:
        async with stage.answering(name, "Eins zwei drei.", 2) as (provider, model):
            listening = cast(Any, provider.stream(request(model)))
            assert await anext(listening)
            await listening.aclose()
            assert (await provider.complete(request(model))).text == "Eins zwei drei."

    run(work())


@pytest.mark.parametrize("name", EVERY)
def test_closing_is_always_possible(stage: Stage, name: str) -> None:
    """A provider that was never used can be closed, and one can be closed twice."""

    async def work() -> None:
        async with stage.answering(name, "Ja.") as (provider, _model):
            await provider.close()
            await provider.close()

    run(work())


# -- the three formats: every fault, every name ------------------------------------------------------------------------

NAMES: Final[dict[str, Failure]] = {
    "rate_limited": "rate_limited",
    "quota": "quota",
    "server_error": "overloaded",
    "unavailable": "overloaded",
    "overloaded": "overloaded",
    "bad_gateway": "overloaded",
    "auth": "auth",
    "forbidden": "auth",
    "not_found": "not_found",
    "rejected": "rejected",
    "context_window": "context_window",
    "policy": "content_policy",
    "refusal": "content_policy",
    "filtered": "content_policy",
    "malformed": "malformed",
    "no_choices": "malformed",
    "portal": "malformed",
    "cut": "unreachable",
    "hang_up": "unreachable",
    "stall_midway": "timeout",
    "redirect": "rejected",
    "tattle": "rejected",
}
"""What a fault of the stub is called, whoever speaks."""


def on_the_wire(stub: Stub, provider: str, lane: str, **more: Any) -> tuple[Provider, Model]:
    """A provider that speaks to a lane of the stub."""
    needs(provider)
    base_url = stub.base_url(provider, lane)
    model = Model("a", cast(ProviderName, provider), "m", base_url=base_url, **{"structured": "native", **more})
    return make(model, "sk-not-a-key-0123456789"), model


@pytest.mark.parametrize("fault", NAMES)
@pytest.mark.parametrize("name", WIRED)
def test_each_fault_has_one_name_whoever_speaks(stub: Stub, name: str, fault: str) -> None:
    """The same fault has the same name with every provider, whole and streamed, and no second request is sent."""

    async def work() -> None:
        provider, model = on_the_wire(stub, name, fault)
        timeout = 0.5 if fault == "stall_midway" else PATIENCE
        whole = await outcome(provider, request(model, timeout_seconds=timeout))
        _, last = await streamed(provider, request(model, timeout_seconds=timeout))
        await provider.close()
        for found in (whole, last):
            assert isinstance(found, ProviderFault), found
            assert found.failure == NAMES[fault], found
            assert found.detail
        assert stub.count(fault) == 2
        assert stub.count("elsewhere") == 0

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_what_a_stream_brought_before_it_broke_is_told(stub: Stub, name: str) -> None:
    """A stream that is cut, that stalls, or that ends in an error hands on the text that came before."""

    async def work() -> None:
        told: dict[str, Failure] = {"cut": "unreachable", "stall_midway": "timeout", "error_midway": "overloaded"}
        for fault, failure in told.items():
            provider, model = on_the_wire(stub, name, fault)
            pieces, last = await streamed(provider, request(model, timeout_seconds=1.0))
            await provider.close()
            assert isinstance(last, ProviderFault)
            assert (last.failure, last.partial, "".join(pieces)) == (failure, f"{PARTIAL} ", f"{PARTIAL} ")

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_a_wait_that_is_asked_for_is_told(stub: Stub, name: str) -> None:
    """Retry-After comes with the fault, in seconds."""

    async def work() -> None:
        stub.conduct("a", "rate_limited", retry_after=7)
        provider, model = on_the_wire(stub, name, "a")
        found = await outcome(provider, request(model))
        await provider.close()
        assert isinstance(found, ProviderFault)
        assert found.retry_after_seconds == 7

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_neither_key_nor_prompt_stands_in_a_fault(stub: Stub, name: str) -> None:
    """A provider that repeats key and prompt in its error has both taken out."""

    async def work() -> None:
        provider, model = on_the_wire(stub, name, "tattle")
        secret = "The merger with Northwind closes on the ninth of May, and nobody may know."
        for found in (await outcome(provider, request(model, secret)), (await streamed(provider, request(model)))[1]):
            assert isinstance(found, ProviderFault)
            assert "Northwind" not in f"{found} {found.detail}"
            assert "sk-not-a-key" not in f"{found} {found.detail}"
        await provider.close()
        assert any("sk-not-a-key" in head for head in stub.heads("tattle")), "the key did not even go out"

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_counts_are_the_providers_own(stub: Stub, name: str) -> None:
    """Input holds what was cached, which is told apart; where nothing was counted nothing is known."""

    async def work() -> None:
        for lane, tokens in {"ok": Tokens(12, 6), "cached": Tokens(12, 6, 8), "no_usage": None}.items():
            provider, model = on_the_wire(stub, name, lane)
            whole = await outcome(provider, request(model))
            _, last = await streamed(provider, request(model))
            await provider.close()
            for found in (whole, last):
                assert isinstance(found, Reply)
                assert (found.tokens, found.serving_model) == (tokens, "m-1")

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_what_a_refusal_cost_is_told(stub: Stub, name: str) -> None:
    """An answer that was declined was charged for."""

    async def work() -> None:
        provider, model = on_the_wire(stub, name, "refusal")
        for found in (await outcome(provider, request(model)), (await streamed(provider, request(model)))[1]):
            assert isinstance(found, ProviderFault)
            assert found.tokens == Tokens(12, 6)
        await provider.close()

    run(work())


@pytest.mark.parametrize(
    ("fault", "finish", "text"),
    [
        ("length", "length", SENTENCE[:14]),
        ("tool_call", "tool_calls", ""),
        ("empty", "stop", ""),
        ("thinking", "stop", SENTENCE),
    ],
)
@pytest.mark.parametrize("name", WIRED)
def test_how_an_answer_ended_is_told(stub: Stub, name: str, fault: str, finish: str, text: str) -> None:
    """Reasons to stop have one name each; a thought aloud is no part of the answer."""

    async def work() -> None:
        provider, model = on_the_wire(stub, name, fault)
        whole = await outcome(provider, request(model))
        pieces, last = await streamed(provider, request(model))
        await provider.close()
        for found in (whole, last):
            assert isinstance(found, Reply)
            assert (found.finish_reason, found.text) == (finish, text)
        assert "".join(pieces) == text

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_the_first_token_has_a_time_in_streams(stub: Stub, name: str) -> None:
    """A stream tells when its first text came: before its end, where the end is late."""

    async def work() -> None:
        stub.conduct("a", "slow", delay=0.05)
        provider, model = on_the_wire(stub, name, "a")
        await provider.complete(request(model))  # the library is loaded with the first request
        began = asyncio.get_running_loop().time()
        _, last = await streamed(provider, request(model))
        took = (asyncio.get_running_loop().time() - began) * 1000
        await provider.close()
        assert isinstance(last, Reply)
        assert last.first_token_ms is not None
        assert 0 < last.first_token_ms < took - 100  # three more pieces came after it, 50 ms each

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_no_connection_outlives_its_stream(stub: Stub, name: str) -> None:
    """Streams that are left early, that stall, or that end in an error are closed, and closing leaves nothing open."""

    async def work() -> None:
        providers = []
        for lane in ("ok", "error_midway", "stall_midway", "cut"):
            provider, model = on_the_wire(stub, name, lane)
            for _ in range(5):
                await streamed(provider, request(model, timeout_seconds=0.3 if "stall" in lane else PATIENCE))
                listening = cast(Any, provider.stream(request(model)))
                await anext(listening)
                await listening.aclose()
            providers.append(provider)
        assert stub.connections() <= len(providers), "one may be kept for the next request"
        for provider in providers:
            await provider.close()
        for _ in range(200):
            if stub.connections() == 0:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{stub.connections()} connections are still open")

    gc.disable()  # what only the garbage collector would close is not closed
    try:
        run(work())
    finally:
        gc.enable()


@pytest.mark.parametrize("name", WIRED)
def test_a_long_answer_is_no_stall(stub: Stub, name: str) -> None:
    """The time of an attempt bounds the wait for each piece of a stream, not all of it; a whole answer it bounds."""

    async def work() -> None:
        stub.conduct("a", "slow", delay=0.3, text="one two three four five six")
        provider, model = on_the_wire(stub, name, "a")
        await provider.complete(request(model))  # the library is loaded with the first request
        _, last = await streamed(provider, request(model, timeout_seconds=0.9))
        stub.conduct("a", "slow", delay=2.0)
        late = await outcome(provider, request(model, timeout_seconds=0.9))
        await provider.close()
        assert isinstance(last, Reply), last
        assert isinstance(late, ProviderFault)
        assert late.failure == "timeout"

    run(work())


# -- what is sent ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WIRED)
def test_a_schema_is_enforced_where_the_endpoint_can_and_told_where_it_cannot(stub: Stub, name: str) -> None:
    """Native: the schema goes into the format's own field; prompted: it stands in the prompt; the answer is JSON."""

    async def work() -> None:
        for structured in ("native", "prompted"):
            lane = f"{name}-{structured}"
            provider, model = on_the_wire(stub, name, lane, structured=structured)
            reply = await provider.complete(request(model, schema=SCHEMA))
            await provider.close()
            sent = stub.bodies(lane)[0].decode()
            told = json.loads(sent)
            field = {"openai": "response_format", "anthropic": "output_config", "google": "generationConfig"}[name]
            if structured == "native":
                assert json.loads(reply.text) == {"verdict": "yes"}
                assert '"verdict"' in json.dumps(told[field])
                assert "JSON Schema" not in sent
            else:
                assert '"verdict"' not in json.dumps(told.get(field, {}))
                assert "JSON Schema" in sent
                if name == "openai":
                    assert [each["role"] for each in told["messages"]] == ["system", "user"]

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_files_go_as_the_format_has_them(stub: Stub, name: str) -> None:
    """An image and a PDF are sent in base64 with their kinds; a text is not, since it stands in the prompt already."""
    from base64 import b64encode

    from hansard.routing.model import Attachment

    image = Attachment("a.png", "image/png", b"\x89PNG not an image")
    paper = Attachment("b.pdf", "application/pdf", b"%PDF-1.7 not a paper")
    words = Attachment("c.txt", "text/plain", b"words words")

    async def work() -> None:
        provider, model = on_the_wire(stub, name, "a")
        message = Message("user", "Read these.", (image, paper, words))
        await provider.complete(request(model, messages=(message,)))
        await provider.close()
        sent = stub.bodies("a")[0].decode().replace("\\u003d", "=")
        for file in (image, paper):
            # Google's format has the other alphabet of base64.
            assert b64encode(file.data).decode().rstrip("=").replace("+", "-").replace("/", "_") in sent.replace(
                "+", "-"
            ).replace("/", "_")
            assert file.media_type in sent
        assert b64encode(words.data).decode() not in sent
        assert "Read these." in sent

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_the_turns_of_a_talk_keep_their_order_and_roles(stub: Stub, name: str) -> None:
    """System, user, assistant, user: each arrives as what it is."""
    talk = (
        Message("system", "S1"),
        Message("user", "U1"),
        Message("assistant", "A1"),
        Message("user", "U2"),
    )

    async def work() -> None:
        provider, model = on_the_wire(stub, name, "a")
        await provider.complete(request(model, messages=talk, max_output_tokens=77))
        await provider.close()
        sent = stub.requests("a")[0]
        if name == "google":
            assert sent["systemInstruction"]["parts"][0]["text"] == "S1"
            turns = [(each["role"], each["parts"][0]["text"]) for each in sent["contents"]]
            assert turns == [("user", "U1"), ("model", "A1"), ("user", "U2")]
            assert sent["generationConfig"]["maxOutputTokens"] == 77
        elif name == "anthropic":
            assert sent["system"] == "S1"
            turns = [(each["role"], each["content"]) for each in sent["messages"]]
            assert turns == [("user", "U1"), ("assistant", "A1"), ("user", "U2")]
            assert sent["max_tokens"] == 77
        else:
            turns = [(each["role"], each["content"]) for each in sent["messages"]]
            assert turns == [("system", "S1"), ("user", "U1"), ("assistant", "A1"), ("user", "U2")]
            assert sent["max_tokens"] == 77

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_nothing_of_the_environment_goes_to_an_endpoint_of_ones_own(
    stub: Stub, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys, organisations, headers and proxies that the environment holds for a provider stay here."""
    for variable in (
        "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN", "GEMINI_API_KEY", "GOOGLE_API_KEY",
    ):  # fmt: skip
        monkeypatch.setenv(variable, "env-secret")
    for variable in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(variable, "X-Mine: env-secret")
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9/")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")

    async def work() -> None:
        base_url = stub.base_url(name, "a")
        model = Model("a", cast(ProviderName, name), "m", base_url=base_url, external=False)
        needs(name)
        provider = make(model, None)
        assert (await provider.complete(request(model))).text == SENTENCE
        await provider.close()
        assert "env-secret" not in "".join(stub.heads("a"))

    run(work())


@pytest.mark.parametrize("name", WIRED)
def test_no_text_goes_into_a_log(stub: Stub, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """At the finest level of logging, neither what was asked, nor what was answered, nor the key is written."""

    async def work() -> None:
        stub.conduct("a", ["ok", "ok", "server_error", "cut"], text="Secret answer.")
        provider, model = on_the_wire(stub, name, "a")
        await provider.complete(request(model, "Secret question?"))
        await streamed(provider, request(model, "Secret question?"))
        await outcome(provider, request(model, "Secret question?"))
        await streamed(provider, request(model, "Secret question?"))
        await provider.close()

    with caplog.at_level("DEBUG"):
        run(work())
    told = "\n".join(record.getMessage() + (record.exc_text or "") for record in caplog.records)
    assert "Secret" not in told
    assert "sk-not-a-key" not in told


# -- recorded exchanges ------------------------------------------------------------------------------------------------

RECORDED: Final[dict[str, list[tuple[bool, str]]]] = {
    # file: for each exchange, whether it was a stream, and what came of it
    "test_openai__test_valid_response": [(False, "The capital of France is Paris.")],
    "test_openai__test_run_stream_sync_streams_real_model": [(True, "(tool_calls)"), (True, "")],
    "test_openai__test_openai_native_output": [(False, "(tool_calls)"), (False, "")],
    "test_openai__test_openai_web_search_tool_model_not_supported": [(False, "!rejected")],
    "test_anthropic__test_anthropic_model_instructions": [(False, "The capital of France is Paris.")],
    "test_anthropic__test_request_stream_fallback_for_high_max_tokens": [(True, "")],
    "test_anthropic__test_anthropic_count_tokens_error": [(False, "!not_found")],
    "test_google__test_google_model": [(False, "")],
    "test_google__test_google_model_stream": [(True, "The capital of France is Paris.\n")],
    "test_openrouter__test_openrouter_errors_raised": [(False, "!rate_limited")] * 3,
    "test_openrouter__test_openrouter_stream_error": [(True, "!rejected")],
    "synthetic__server_errors_5xx": [
        (False, "!overloaded"), (False, "!overloaded"), (False, "!overloaded"), (False, "!overloaded"),
    ],
}  # fmt: skip
"""``!`` names a failure, ``(…)`` a reason to stop with no text, a text stands for itself; empty: some text."""


def tape(name: str, shared_data: Path) -> tuple[Path, list[Any]]:
    """A recording's path, and its exchanges."""
    yaml = pytest.importorskip("yaml")
    path = shared_data / "routing" / f"{name}.yaml"
    return path, list(yaml.safe_load(path.read_text("utf-8"))["interactions"])


def fits(found: Reply | ProviderFault, wanted: str) -> bool:
    """Whether an outcome is what a recording should come to."""
    if wanted.startswith("!"):
        return isinstance(found, ProviderFault) and found.failure == wanted[1:]
    if not isinstance(found, Reply):
        return False
    if wanted.startswith("("):
        return (found.text, f"({found.finish_reason})") == ("", wanted)
    return found.text == wanted if wanted else bool(found.text)


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_exchanges_replay_without_a_network(
    name: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay provider says what was said then; no socket is opened."""
    import socket

    path, interactions = tape(name, shared_data)

    async def work() -> None:
        model = Model("r", "replay", "m", options={"recording": str(path)})
        provider = make(model)
        monkeypatch.setattr(socket.socket, "connect", None)
        for wanted in RECORDED[name]:
            found = await outcome(provider, request(model))
            assert fits(found, wanted[1]), found
        over = await outcome(provider, request(model))
        assert isinstance(over, ProviderFault)
        assert over.failure == "rejected"
        monkeypatch.undo()

    assert len(interactions) == len(RECORDED[name])
    run(work())


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_exchanges_come_to_the_same_through_the_official_libraries(name: str, shared_data: Path) -> None:
    """A local server that answers with what was recorded, asked by the provider's own library: the same replies and
    faults as the replay provider's, counts, names and partial texts included."""
    from tests.support.tape_server import answering

    path, interactions = tape(name, shared_data)

    async def work() -> None:
        replayed = make(replaying := Model("r", "replay", "m", options={"recording": str(path)}))
        with answering(interactions) as server:
            for number, (stream, wanted) in enumerate(RECORDED[name]):
                model = Model("a", server.providers[number], "m", base_url=server.base_url(number))
                needs(model.provider)
                provider = make(model, "none")
                if stream:
                    _, found = await streamed(provider, request(model))
                    _, again = await streamed(replayed, request(replaying))
                else:
                    found = await outcome(provider, request(model))
                    again = await outcome(replayed, request(replaying))
                await provider.close()
                assert fits(found, wanted), found
                assert told(found) == told(again)

    def told(found: Reply | ProviderFault) -> tuple[Any, ...]:
        if isinstance(found, Reply):
            return (found.text, found.tokens, found.finish_reason, found.serving_model)
        return (found.failure, found.detail, found.retry_after_seconds, found.partial, found.tokens)

    run(work())
