"""Whatever stands behind an address: it fills no memory, kills no trail, gives no odd names, counts no nonsense."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hansard.database.engine import Database
from hansard.kernel.errors import HansardError
from hansard.kernel.permits import ANONYMOUS
from hansard.memory.memory import Memory
from hansard.routing.audit import Audit
from hansard.routing.breakers import Breaker
from hansard.routing.configuration import configured
from hansard.routing.model import Attempt, Message, Model, Origin, Tokens
from hansard.routing.providers import make
from hansard.routing.providers.protocol import ProviderFault, Reply, Request
from hansard.routing.providers.remote import counted
from hansard.routing.router import Standing
from tests.support.models import Kept, Scripted, Time, configuration, fault, model, router, task

KEY = "sk-verysecret-abcdef0123456789abcd"


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A server that answers every request so; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.close_connection = True
            with suppress(OSError):
                answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def said(body: bytes, kind: str = "application/json", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """An answer of these bytes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def completion(**changes: Any) -> bytes:
    """A whole answer of a model."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "Fine."}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    choice |= {name: changes.pop(name) for name in ("finish_reason", "message") if name in changes}
    whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    return json.dumps({**whole, **changes}).encode()


def asked(url: str, *, stream: bool = False, tokens: int = 9) -> Reply | ProviderFault:
    """What the provider makes of it."""
    one = Model("a", "openai", "m", base_url=url, external=False)

    async def work() -> Reply | ProviderFault:
        provider = make(one, KEY)
        request = Request(one, (Message("user", "What now?"),), None, tokens, None, None, 30.0)
        try:
            if not stream:
                return await provider.complete(request)
            parts = [part async for part in provider.stream(request)]
            assert isinstance(parts[-1], Reply)
            return parts[-1]
        except ProviderFault as failed:
            return failed
        finally:
            await provider.close()

    return asyncio.run(work())


def reply(body: bytes) -> Reply:
    """The reply that it must be."""
    with serving(said(body)) as url:
        found = asked(url)
    assert isinstance(found, Reply), found
    return found


@pytest.mark.parametrize("odd", [{"a": 1}, ["x"], 7, True])
def test_a_name_that_is_no_text_is_none(odd: object) -> None:
    """Neither of the model nor of the reason to stop."""
    found = reply(completion(model=odd, finish_reason=odd))
    assert (found.text, found.serving_model, found.finish_reason) == ("Fine.", None, None)


def test_a_name_holds_no_key_no_sign_for_terminals_and_is_short() -> None:
    """Whatever the server calls its model."""
    found = reply(completion(model=f"\x1b[2J{KEY}\u202e\n\x07" + "M" * 5000, finish_reason="\x1b[31m" + KEY))
    for name in (found.serving_model, found.finish_reason):
        assert name is not None
        assert KEY not in name
        assert name.isprintable()
        assert len(name) <= 200


@pytest.mark.parametrize(
    ("message", "failure"),
    [({"content": {"a": 1}}, "malformed"), ({"content": None, "refusal": {"a": 1}}, "content_policy")],
)
def test_a_text_that_is_none_is_no_text(message: dict[str, Any], failure: str) -> None:
    """Also where the library hands it on; nothing of it is kept."""
    with serving(said(completion(message={"role": "assistant", **message}))) as url:
        found = asked(url)
    assert isinstance(found, ProviderFault)
    assert (found.failure, found.partial) == (failure, "")


@pytest.mark.parametrize(
    ("given", "made", "cached", "known"),
    [
        (10, 5, 3, Tokens(10, 5, 3)),
        (10, 5, 99_999, Tokens(10, 5, 10)),
        (1000.0, 50.0, None, Tokens(1000, 50, 0)),
        (-5, 5, None, None),
        (True, True, None, None),
        ("10", 5, None, None),
        (10, 2**53 + 2, None, None),
        (10**400, 5, None, None),
        (float("nan"), 5, None, None),
        (10, float("inf"), None, None),
        (None, 5, None, None),
    ],
)
def test_what_is_no_count_is_not_known(given: object, made: object, cached: object, known: Tokens | None) -> None:
    """Rather unknown than wrong; the cached part is a part."""
    assert counted([given], [made], cached) == known


def test_an_answer_with_absurd_counts_is_an_answer() -> None:
    """Its counts are not known, that is all."""
    found = reply(completion(usage={"prompt_tokens": 10**30, "completion_tokens": -1, "total_tokens": 0}))
    assert (found.text, found.tokens) == ("Fine.", None)


def test_a_packed_answer_that_becomes_too_large_is_malformed() -> None:
    """A hundred megabytes in a hundred kilobytes are not unpacked."""
    body = gzip.compress(b'{"a":"' + b"a" * 100_000_000)
    with serving(said(body, content_encoding="gzip")) as url:
        found = asked(url)
    assert isinstance(found, ProviderFault)
    assert (found.failure, "no answer is so long" in found.detail) == ("malformed", True)


def test_a_packed_answer_that_was_not_asked_for_is_read() -> None:
    """Some pack whatever they send."""
    with serving(said(gzip.compress(completion()), content_encoding="gzip")) as url:
        found = asked(url)
    assert isinstance(found, Reply)
    assert found.text == "Fine."


@pytest.mark.parametrize("piece", [b"a" * 65_536, b": ping\n\n" * 8192], ids=["line", "comments"])
def test_an_endless_stream_ends(piece: bytes) -> None:
    """One line without an end, or signs of life without an end."""
    sent = [0]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(b"data: " if piece[:1] == b"a" else b"")
        for _ in range(2000):
            handler.wfile.write(piece)
            sent[0] += len(piece)

    with serving(answer) as url:
        found = asked(url, stream=True)
    assert isinstance(found, ProviderFault)
    assert found.failure == "malformed"
    assert sent[0] < 50_000_000


def test_a_key_of_a_preset_goes_to_the_presets_address_alone() -> None:
    """With another address it is used only where the settings name it."""
    own = {"preset": "openai/gpt-4.1", "base_url": "http://127.0.0.1:9/v1"}
    made = configured({"models": {"a": own, "b": {**own, "key": "MY_KEY"}, "c": {"preset": "openai/gpt-4.1"}}})
    assert [made.models[name].key for name in "abc"] == [None, "MY_KEY", "OPENAI_API_KEY"]


def test_an_attempt_that_no_memory_takes_keeps_no_other_from_being_kept(tmp_path: Path) -> None:
    """Of each what can be kept is kept."""
    database = Database.open(tmp_path / "hansard.db")
    audit = Audit(tmp_path / "memory", database)
    odd: Any = {"a": 1}
    for number, more in enumerate(
        ({}, {"serving_model": odd}, {"tokens": Tokens(-5, odd, 0)}, {"detail": odd}, {"finish_reason": odd}, {}), 1
    ):
        one = Attempt(number, "a", "openai", 1, "ok", 1000.0 + number, 1.0, **more)
        audit.note(one, Origin("alice"), b"", None)
    audit.flush()
    audit.close()
    database.close()
    with Memory.read(tmp_path / "memory") as memory:
        assert [record.error_metrics["attempt"] for record in memory] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("failure", ["unreachable", "overloaded", "content_policy"])
def test_what_may_have_been_charged_counts_against_the_budget(failure: Any) -> None:
    """A cut answer was made all the same; one that never left was not."""
    asked = task(budget_usd=0.0082, max_output_tokens=4000)  # one answer of the most that it may say, not two
    limits: dict[bool, list[int]] = {}
    for unsent in (False, True):
        failed = fault(failure)
        failed.unsent = unsent
        second = Scripted(["Fine."])
        one = router(configuration([model("a")], [model("b")]), {"a": Scripted([failed]), "b": second})
        with suppress(HansardError):
            asyncio.run(one.ask(asked, ANONYMOUS))
        limits[unsent] = [request.max_output_tokens for request in second.seen]
    assert limits[True] == [4000]
    assert all(limit < 1000 for limit in limits[False])


def test_words_about_a_prompt_hold_nothing_private_though_the_model_may_see_it() -> None:
    """A policy is about a model, not about what is kept of an error."""
    kept = Kept()
    failed = ProviderFault("rejected", "invalid user 'ada@example.org' is unknown \x1b[2J")
    one = router(configuration([model("a")]), {"a": Scripted([failed])}, trail=kept)
    with pytest.raises(Exception, match="no model answered"):
        asyncio.run(one.ask(task("Whom? ada@example.org"), ANONYMOUS))
    detail = kept.noted[0][0].detail
    assert detail is not None
    assert "ada@example.org" not in detail
    assert detail.isprintable()


def test_a_breaker_of_a_clock_that_is_ahead_is_taken_over_once_and_for_its_pause() -> None:
    """Neither ignored nor kept until that clock's time has come."""

    class Others:
        """What another process said, an hour ahead."""

        def __init__(self, now: float) -> None:
            ahead = now + 3600.0
            self.breakers = {"a": Breaker("open", 3, 7, 3, ahead + 30.0, 1, 0, "overloaded", ahead)}

        def read(self) -> Standing:
            return Standing(self.breakers)

        def write_breaker(self, model: str, breaker: Breaker) -> None:
            pass

        def write_window(self, model: str, window: object) -> None:
            pass

    time = Time()
    one = router(configuration([model("a")]), {"a": Scripted(["Fine."])}, time=time, shared=Others(time()))
    before = one.health()["a"][0]
    assert (before.state, before.until) == ("open", time() + 30.0)
    time.now += 10.0
    assert one.health()["a"][0] == before


CODE = "import os, json; print(json.dumps(dict(os.environ)))"


def run_command(code: str, timeout: float = 20.0, **options: Any) -> Reply | ProviderFault:
    """What a program of Python makes of a request."""
    one = Model("c", "command", "m", options={"command": [sys.executable, "-c", code], **options})

    async def work() -> Reply | ProviderFault:
        try:
            return await make(one, None).complete(Request(one, (Message("user", "Q?"),), None, 9, None, None, timeout))
        except ProviderFault as failed:
            return failed

    return asyncio.run(work())


def test_a_program_inherits_no_secret_by_any_usual_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor what other models name as their key; what the settings pass on it gets."""
    names = (
        "OPENAIKEY",
        "GITHUB_PAT",
        "PGPASSWORD",
        "DATABASE_URL",
        "MYTOKEN",
        "AZURE_SECRETS",
        "ODD_NAME",
        "WITH_URL",
    )
    for name in names:
        monkeypatch.setenv(name, "https://me:not-yours@host" if name == "WITH_URL" else "not-yours")
    monkeypatch.setenv("GH_TOKEN", "named")
    monkeypatch.setenv("KEYBOARD", "here")
    monkeypatch.setenv("MAX_OUTPUT_TOKENS", "9")
    found = run_command(CODE, withheld=["ODD_NAME"], pass_on=["GH_TOKEN"])
    assert isinstance(found, Reply)
    told = json.loads(found.text)
    assert not set(names) & set(told)
    assert (told["GH_TOKEN"], told["KEYBOARD"], told["MAX_OUTPUT_TOKENS"]) == ("named", "here", "9")


def test_a_router_tells_a_program_which_variables_are_keys_of_others() -> None:
    """By the settings, whatever their names look like."""
    told: list[Model] = []
    models = configuration([Model("a", "openai", "m", key="ODD_NAME"), Model("c", "command", "m", key="MINE")])

    def provider_of(one: Model) -> Any:
        told.append(one)
        return Scripted(["Fine."])

    from hansard.routing.router import Router

    asyncio.run(Router(models, provider_of=provider_of).ask(task(), ANONYMOUS))
    assert [one.options.get("withheld") for one in told if one.name == "c"] == [["ODD_NAME"]]


def test_a_program_that_complains_without_end_is_ended() -> None:
    """Its complaints fill no memory."""
    found = run_command("import sys\nwhile True: sys.stderr.write('x' * 65536)")
    assert isinstance(found, ProviderFault)
    assert found.failure == "malformed"


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are POSIX's")
def test_what_a_program_leaves_behind_is_not_waited_for(capfd: pytest.CaptureFixture[str]) -> None:
    """Though it holds the program's output open; and the loop ends without a complaint."""
    left = "import subprocess; subprocess.Popen(['sleep', '6'], start_new_session=True); print('yes')"
    found = run_command(left, timeout=5.0)
    assert isinstance(found, Reply), found
    assert found.text == "yes"
    assert "closed" not in capfd.readouterr().err
