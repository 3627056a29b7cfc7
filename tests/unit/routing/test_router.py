"""The router over scripted models: what it asks, what it gives, what it keeps, what it refuses."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.errors import HansardError
from hansard.kernel.permits import ANONYMOUS, Permit
from hansard.routing import errors
from hansard.routing.attempt import QUOTE, unquoted
from hansard.routing.breakers import Breaker
from hansard.routing.configuration import BreakerSettings, Limits, PrivacySettings, RetrySettings
from hansard.routing.errors import Unanswered
from hansard.routing.model import Attachment, Message, Model, Piece, Rates, Task, Tokens
from hansard.routing.providers.protocol import ProviderFault, Reply, Request
from hansard.routing.router import BlockingRouter, Router, Standing
from hansard.routing.statistics import Sample, Window
from tests.support.models import COUNTED, Kept, Scripted, Time, configuration, fault, model, router, task

T = TypeVar("T")
ONCE = RetrySettings(same_model=0)


def run(what: Awaitable[T]) -> T:
    """Run it in a loop of its own."""

    async def go() -> T:
        return await what

    return asyncio.run(go())


async def all_pieces(one: Router, asked: Task) -> list[Piece]:
    """A whole stream."""
    return [piece async for piece in one.stream(asked, ANONYMOUS)]


def refusal(call: Callable[[], Any]) -> HansardError:
    """The error that it ends with."""
    with pytest.raises(HansardError) as caught:
        call()
    return caught.value


# -- answers and their record ------------------------------------------------------------------------------------------


def test_an_answer_has_every_attempt_and_the_trail_has_the_bytes() -> None:
    """Two attempts, in order, priced; hashes name the bytes that were noted."""
    kept = Kept()
    one = router(
        configuration([model("a")], [model("b")]),
        {"a": Scripted([fault("overloaded")]), "b": Scripted(["Forty-two."])},
        trail=kept,
    )
    answer = run(one.ask(task(), ANONYMOUS))
    assert answer.text == "Forty-two."
    assert [(each.number, each.model, each.tier, each.outcome) for each in answer.attempts] == [
        (1, "a", 1, "overloaded"),
        (2, "b", 2, "ok"),
    ]
    assert answer.last.cost_usd == (10 * 1.0 + 5 * 2.0) / 1e6
    assert (answer.last.price_table, answer.last.rates) == ("settings", Rates(1.0, 2.0))
    assert answer.last.serving_model == "b-served"
    assert answer.attempts[0].cost_usd is None, "what was not counted has no cost, not the cost 0"
    assert answer.cost_usd == answer.last.cost_usd
    assert [attempt for attempt, *_ in kept.noted] == list(answer.attempts)
    for attempt, origin, prompt, response in kept.noted:
        assert origin == task().origin
        assert attempt.prompt_sha256 == hashlib.sha256(prompt).hexdigest()
        assert (attempt.response_sha256 is None) == (response is None)
        assert response is None or attempt.response_sha256 == hashlib.sha256(response).hexdigest()
    assert json.loads(kept.noted[0][2]) == {"messages": [{"role": "user", "text": "What now?"}]}
    assert kept.noted[0][2] == kept.noted[1][2], "the same prompt is the same bytes, whomever it goes to"


def test_what_was_redacted_comes_back_and_the_trail_never_saw_it() -> None:
    """The model is told a placeholder and repeats it; the caller reads the value; the trail keeps the placeholder."""
    kept = Kept()
    provider = Scripted([lambda request: f"Write to {request.messages[-1].text.rsplit(' ', 1)[1]}"])
    one = router(configuration([model("a", external=True, privacy="redacted")]), {"a": provider}, trail=kept)
    answer = run(one.ask(task("Whom? ada@example.org"), ANONYMOUS))
    assert answer.text == "Write to ada@example.org"
    assert "ada@example.org" not in provider.seen[0].messages[-1].text
    _, _, prompt, response = kept.noted[0]
    assert b"ada@example.org" not in prompt
    assert response is not None
    assert b"ada@example.org" not in response


def test_a_restored_stream_says_the_same_as_its_answer() -> None:
    """Pieces that cut a placeholder are put together again."""
    for pieces in (1, 3, 7, 40):
        provider = Scripted([lambda request: f"Yes: {request.messages[-1].text} indeed"], pieces=pieces)
        one = router(configuration([model("a", external=True, privacy="redacted")]), {"a": provider})
        found = run(all_pieces(one, task("ask ada@example.org")))
        assert "".join(piece.text for piece in found) == "Yes: ask ada@example.org indeed"
        assert found[-1].answer is not None
        assert found[-1].answer.text == "Yes: ask ada@example.org indeed"


def test_attached_texts_are_set_into_the_prompt() -> None:
    """A text file reaches the model by its name, fenced; only other kinds remain attachments."""
    provider = Scripted(["Read."])
    asked = Task(
        (Message("user", "Sum it up", (Attachment("notes.md", "text/markdown", b"```\nold fence\n```"),)),),
        task().origin,
    )
    run(router(configuration([model("a")]), {"a": provider}).ask(asked, ANONYMOUS))
    told = provider.seen[0].messages[0]
    assert told.attachments == ()
    assert "'notes.md'" in told.text
    assert "````\n```\nold fence\n```\n````" in told.text


def test_data_of_a_schema_is_given_as_data() -> None:
    """JSON in a code fence is taken out; an answer of another schema goes down the ladder."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    one = router(
        configuration([model("a")], [model("b")]),
        {"a": Scripted(['{"n": "four"}']), "b": Scripted(['```json\n{"n": 4}\n```'])},
    )
    answer = run(one.ask(task(schema=schema), ANONYMOUS))
    assert answer.structured == {"n": 4}
    assert [each.outcome for each in answer.attempts] == ["unverified", "ok"]
    assert answer.attempts[0].tokens == COUNTED, "an answer that does not hold was paid for all the same"
    assert answer.cost_usd == pytest.approx(2 * 20 / 1e6)


def test_a_template_is_marked_as_what_it_is() -> None:
    """It answers when all models fail, and says that it is degraded."""
    one = router(
        configuration([model("a")], [model("t", provider="template")]),
        {"a": Scripted([fault("auth")]), "t": Scripted(["Nobody could be asked."])},
    )
    answer = run(one.ask(task(), ANONYMOUS))
    assert answer.degraded
    assert answer.text == "Nobody could be asked."


def test_a_template_does_not_answer_what_no_model_may_be_asked() -> None:
    """A task that its own budget rules out is refused, not answered from a template."""
    one = router(
        configuration([model("a")], [model("t", provider="template")]),
        {"a": Scripted(["x"]), "t": Scripted(["Nobody could be asked."])},
    )
    error = refusal(lambda: run(one.ask(task(budget_usd=0.0), ANONYMOUS)))
    assert (error.code, error.constraint, error.field) == ("no_model", "budget", "budget_usd")


@given(st.text(min_size=30, max_size=200), st.integers(0, 100), st.integers(24, 80))
def test_a_provider_that_quotes_the_prompt_is_not_quoted(prompt: str, start: int, length: int) -> None:
    """What its words repeat of the prompt stands in no error, no matter where; words of its own stay."""
    said = f"400: invalid content '{prompt[start : start + length]}' at messages.0"
    told = unquoted(said, (Message("user", prompt),))
    for at in range(len(told) - QUOTE + 1):
        assert told[at : at + QUOTE] not in prompt
    assert unquoted("429: slow down, please; you sent too many requests", (Message("user", prompt),)).startswith("429")


# -- the ladder --------------------------------------------------------------------------------------------------------


def test_no_failure_reaches_the_caller_while_one_model_is_well() -> None:
    """Every failure that there is, and things that no provider should let through, are followed by the next model."""
    bad: list[Any] = [
        *(fault(name) for name in ("rate_limited", "quota", "overloaded", "unreachable", "context_window")),
        *(fault(name) for name in ("content_policy", "auth", "not_found", "rejected", "timeout", "malformed")),
        ValueError("a defect of a provider"),
        TimeoutError(),
        errors.model_unknown("x", []),
        "",
    ]
    models = [model(f"bad{number}") for number in range(len(bad))]
    providers: dict[str, Scripted | HansardError] = {
        one.name: Scripted([said]) for one, said in zip(models, bad, strict=True)
    }
    providers["well"] = Scripted(["Here."])
    one = router(configuration(models, [model("well")], retries=RetrySettings(attempts_at_most=100)), providers)
    answer = run(one.ask(task(), ANONYMOUS))
    assert answer.text == "Here."
    assert len(answer.attempts) == len(bad) + 1
    assert not any("defect" in (each.detail or "") for each in answer.attempts), "details hold no words of ours"


def test_what_all_failed_at_is_told_with_every_attempt() -> None:
    """The error names each attempt with its cause."""
    one = router(
        configuration([model("a"), model("b")], retries=ONCE),
        {"a": Scripted([fault("auth")]), "b": Scripted([fault("timeout")])},
    )
    error = refusal(lambda: run(one.ask(task(), ANONYMOUS)))
    assert isinstance(error, Unanswered)
    assert error.code == "no_answer"
    assert {each.outcome for each in error.attempts} == {"auth", "timeout"}
    json.dumps(error.as_dict())


def test_the_best_score_goes_first_within_its_tier() -> None:
    """The cheaper of two equals is asked, however they are listed."""
    cheap, dear = model("cheap", rates=Rates(1, 1)), model("dear", rates=Rates(9, 9))
    said: dict[str, Scripted | HansardError] = {"cheap": Scripted(["c"]), "dear": Scripted(["d"])}
    for order in ([cheap, dear], [dear, cheap]):
        one = router(configuration(order), said)
        assert [row.model for row in one.explain(task())] == ["cheap", "dear"]
        assert run(one.ask(task(), ANONYMOUS)).last.model == "cheap"


def test_named_models_are_the_only_ones_asked() -> None:
    """Also one that stands in no tier; a template does not step in uncalled."""
    one = router(
        configuration([model("a")], [model("t", provider="template")], beside=[model("b")], retries=ONCE),
        {"a": Scripted(["a"]), "b": Scripted([fault("timeout")]), "t": Scripted(["t"])},
    )
    error = refusal(lambda: run(one.ask(task(models=("b",)), ANONYMOUS)))
    assert isinstance(error, Unanswered)
    assert [each.model for each in error.attempts] == ["b"]
    unknown = refusal(lambda: run(one.ask(task(models=("bee",)), ANONYMOUS)))
    assert (unknown.code, unknown.value) == ("model_unknown", "bee")


def test_a_model_without_its_key_is_passed_over_and_told() -> None:
    """Others answer; alone, its reason is the error's."""
    missing = errors.key_missing("A_KEY", "a")
    pair: dict[str, Scripted | HansardError] = {"a": missing, "b": Scripted(["b"])}
    assert run(router(configuration([model("a"), model("b")]), pair).ask(task(), ANONYMOUS)).last.model == "b"
    alone = refusal(lambda: run(router(configuration([model("a")]), pair).ask(task(), ANONYMOUS)))
    assert (alone.code, alone.constraint, alone.kind) == ("no_model", "not_ready", "unavailable")
    assert "A_KEY" in alone.message


# -- breakers, retries, deadlines --------------------------------------------------------------------------------------


def test_an_open_breaker_is_not_asked_until_its_time() -> None:
    """Three failures, then nobody waits for it; after its time one call tries it."""
    time = Time()
    sick = Scripted([fault("timeout")] * 3 + ["well again"])
    one = router(configuration([model("sick")], [model("well")]), {"sick": sick, "well": Scripted(["w"])}, time=time)

    async def go() -> None:
        for _ in range(10):
            assert (await one.ask(task(), ANONYMOUS)).text == "w"
        assert len(sick.seen) == 3
        assert one.health()["sick"][0].state == "open"
        time.now += BreakerSettings().open_seconds
        assert (await one.ask(task(), ANONYMOUS)).text == "well again"
        assert one.health()["sick"][0].state == "closed"

    asyncio.run(go())


def test_a_model_that_is_well_again_is_found_though_its_breaker_would_wait_long() -> None:
    """It failed for hours; now the only other one fails, and nobody is told that nobody can answer."""
    time = Time()
    one_, two = Scripted([fault("timeout")]), Scripted(["b"])
    one = router(configuration([model("a")], [model("b")], retries=ONCE), {"a": one_, "b": two}, time=time)

    async def go() -> None:
        for _ in range(20):
            await one.ask(task(), ANONYMOUS)
            time.now += 400.0
        assert one.health()["a"][0].until - time.now > -400.0
        await one.ask(task(), ANONYMOUS)
        assert one.health()["a"][0].until - time.now == BreakerSettings().open_seconds_at_most
        one_.script, two.script = ["a again"], [fault("auth")]
        slept = sum(time.slept)
        assert (await one.ask(task(), ANONYMOUS)).text == "a again"
        assert sum(time.slept) - slept == pytest.approx(BreakerSettings().open_seconds, abs=0.01)

    asyncio.run(go())


def test_one_call_tries_a_model_that_may_be_well_again_and_the_others_do_not_wait() -> None:
    """Fifty at the same moment: one goes to the half-open model."""
    time = Time()
    sick = Scripted([fault("timeout")] * 3 + ["well again"])
    one = router(configuration([model("sick")], [model("well")]), {"sick": sick, "well": Scripted(["w"])}, time=time)

    async def slow(request: Request) -> str:
        await asyncio.sleep(0.01)
        return "well again"

    async def go() -> None:
        for _ in range(3):
            await one.ask(task(), ANONYMOUS)
        time.now += BreakerSettings().open_seconds
        sick.script = [slow]
        before = len(sick.seen)
        answers = await asyncio.gather(*(one.ask(task(), ANONYMOUS) for _ in range(50)))
        assert len(sick.seen) - before == 1
        assert sorted(answer.text for answer in answers) == ["w"] * 49 + ["well again"]

    asyncio.run(go())


def test_a_cancelled_try_lets_the_next_one_try() -> None:
    """The one call that a breaker let through went away: the breaker is not stuck, the trail has it as cancelled."""
    time, kept = Time(), Kept()
    sick = Scripted([fault("timeout")] * 3)
    one = router(
        configuration([model("sick")], [model("well")], retries=ONCE),
        {"sick": sick, "well": Scripted(["w"])},
        time=time,
        trail=kept,
    )

    async def never(request: Request) -> str:
        await asyncio.Event().wait()
        return ""

    async def go() -> None:
        for _ in range(3):
            await one.ask(task(), ANONYMOUS)
        time.now += BreakerSettings().open_seconds
        sick.script = [never]
        asking = asyncio.ensure_future(one.ask(task(), ANONYMOUS))
        await asyncio.sleep(0.01)
        assert one.health()["sick"][0].state == "half_open"
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert kept.outcomes[-1] == ("sick", "cancelled")
        sick.script = ["well again"]
        assert (await one.ask(task(), ANONYMOUS)).text == "well again"

    asyncio.run(go())


def test_retry_after_is_honoured_when_nobody_else_is_there() -> None:
    """One model, limited for three seconds: the answer comes after three seconds."""
    time = Time()
    one = router(
        configuration([model("a")]),
        {"a": Scripted([fault("rate_limited", retry_after_seconds=3.0), "Now."])},
        time=time,
    )
    assert run(one.ask(task(), ANONYMOUS)).text == "Now."
    assert sum(time.slept) >= 3.0


def test_the_deadline_ends_a_call_that_hangs() -> None:
    """A provider that never comes back is left, and the error comes in time."""

    async def never(request: Request) -> str:
        assert request.timeout_seconds <= 0.05
        await asyncio.Event().wait()
        return ""

    one = Router(configuration([model("a")]), provider_of=lambda _: Scripted([never]))
    error = refusal(lambda: run(one.ask(task(deadline_seconds=0.05), ANONYMOUS)))
    assert isinstance(error, Unanswered)
    assert [each.outcome for each in error.attempts] == ["timeout"]


def test_no_more_at_a_time_than_a_model_takes() -> None:
    """The rest waits for a place; all are answered."""
    busy = most = 0

    async def slow(request: Request) -> str:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.001)
        busy -= 1
        return "done"

    one = Router(configuration([model("a", concurrency=3)]), provider_of=lambda _: Scripted([slow]))

    async def go() -> None:
        answers = await asyncio.gather(*(one.ask(task(), ANONYMOUS) for _ in range(20)))
        assert {answer.text for answer in answers} == {"done"}

    asyncio.run(go())
    assert most == 3


def test_a_full_model_is_passed_over_for_a_free_one_of_its_tier() -> None:
    """The second best is asked when the best has no place left."""

    async def slow(request: Request) -> str:
        await asyncio.sleep(0.01)
        return request.model.name

    best, other = model("best", concurrency=1, rates=Rates(1, 1)), model("other", rates=Rates(9, 9))
    one = Router(configuration([best, other]), provider_of=lambda _: Scripted([slow]))

    async def go() -> None:
        answers = await asyncio.gather(*(one.ask(task(), ANONYMOUS) for _ in range(4)))
        assert sorted(answer.text for answer in answers) == ["best", "other", "other", "other"]

    asyncio.run(go())


# -- budgets -----------------------------------------------------------------------------------------------------------


def test_a_budget_shortens_what_a_model_may_say() -> None:
    """The limit of tokens that is asked for costs no more than what is left."""
    provider = Scripted(["short"])
    one = router(configuration([model("a", rates=Rates(1.0, 1000.0))]), {"a": provider})
    run(one.ask(task(budget_usd=0.5), ANONYMOUS))
    assert provider.seen[0].max_output_tokens * 1000.0 / 1e6 <= 0.5
    assert provider.seen[0].max_output_tokens >= 400


def test_what_failed_attempts_cost_is_missing_for_the_next() -> None:
    """An answer that did not hold used up the budget: no second one is bought."""
    dear = [model(name, rates=Rates(0.0, 1000.0)) for name in ("a", "b")]
    one = Router(configuration(dear, retries=ONCE), provider_of=lambda _: Counting(300))
    error = refusal(lambda: run(one.ask(task(schema={"type": "array"}, budget_usd=0.5), ANONYMOUS)))
    assert isinstance(error, Unanswered)
    assert len(error.attempts) == 1
    assert error.attempts[0].cost_usd == pytest.approx(0.3)


class Counting:
    """Says an object, and that it took so many tokens."""

    def __init__(self, output: int) -> None:
        self.output = output

    async def complete(self, request: Request) -> Reply:
        return Reply("{}", Tokens(10, self.output), "stop", "x")

    def stream(self, request: Request) -> Any:
        raise NotImplementedError

    async def close(self) -> None:
        pass


def test_an_unknown_price_never_passes_a_hard_cap() -> None:
    """Not with any budget; without one it may be asked, and its cost is unknown."""
    unpriced = configuration([model("a", rates=None, provider="command")])
    one = router(unpriced, {"a": Scripted(["x"])})
    error = refusal(lambda: run(one.ask(task(budget_usd=1000.0), ANONYMOUS)))
    assert (error.code, error.constraint) == ("no_model", "price_unknown")
    answer = run(one.ask(task(), ANONYMOUS))
    assert answer.cost_usd is None


def test_the_settings_budget_holds_where_the_task_has_none() -> None:
    """And a task that has its own is held to that."""
    limited = configuration([model("a")], limits=Limits(budget_usd=0.0))
    one = router(limited, {"a": Scripted(["x"])})
    assert refusal(lambda: run(one.ask(task(), ANONYMOUS))).constraint == "budget"
    assert run(one.ask(task(budget_usd=1.0), ANONYMOUS)).text == "x"


# -- permits -----------------------------------------------------------------------------------------------------------


def paused() -> None:
    """A permit that does not hold."""
    raise HansardError("refused", "agent_paused", "this agent is paused")


def test_a_permit_that_does_not_hold_stops_it_before_anything_is_spent() -> None:
    """Nothing is sent, by ask or by stream."""
    provider = Scripted(["x"])
    one = router(configuration([model("a")]), {"a": provider})
    permit = Permit("ada", paused)
    assert refusal(lambda: run(one.ask(task(), permit))).code == "agent_paused"

    async def streamed() -> None:
        async for _ in one.stream(task(), permit):
            pass

    assert refusal(lambda: run(streamed())).code == "agent_paused"
    assert provider.seen == []


def test_a_permit_taken_back_between_two_attempts_stops_the_ladder() -> None:
    """The second model is not asked any more; the first one's breaker is not stuck."""
    holds = [True]

    def check() -> None:
        if not holds[0]:
            paused()

    def fail(request: Request) -> ProviderFault:
        holds[0] = False
        return fault("timeout")

    second = Scripted(["x"])
    one = router(configuration([model("a")], [model("b")]), {"a": Scripted([fail]), "b": second})
    assert refusal(lambda: run(one.ask(task(), Permit("ada", check)))).code == "agent_paused"
    assert second.seen == []


# -- streams -----------------------------------------------------------------------------------------------------------


def test_a_stream_falls_back_before_its_first_token() -> None:
    """The caller sees only the answer of the second model."""
    one = router(
        configuration([model("a")], [model("b")]),
        {"a": Scripted([fault("overloaded")]), "b": Scripted(["One two three"], pieces=3)},
    )
    found = run(all_pieces(one, task()))
    assert "".join(piece.text for piece in found) == "One two three"
    assert found[-1].answer is not None
    assert [each.outcome for each in found[-1].answer.attempts] == ["overloaded", "ok"]
    assert found[-1].answer.last.first_token_ms is not None


def test_a_stream_that_breaks_later_is_told_with_what_arrived() -> None:
    """No other model goes on from there."""
    kept = Kept()
    second = Scripted(["x"])
    one = router(
        configuration([model("a")], [model("b")]),
        {"a": Scripted([fault("unreachable")], pieces=4, breaks_after=2), "b": second},
        trail=kept,
    )
    seen: list[str] = []

    async def go() -> None:
        async for piece in one.stream(task(), ANONYMOUS):
            seen.append(piece.text)

    error = refusal(lambda: run(go()))
    assert isinstance(error, Unanswered)
    assert error.code == "stream_broken"
    assert error.arrived == "".join(seen) != ""
    assert error.arrived not in json.dumps(error.as_dict()), "an error holds no text of an answer"
    assert second.seen == []
    assert kept.outcomes == [("a", "unreachable")]
    assert kept.noted[0][3] == error.arrived.encode()


def test_a_stream_whose_whole_does_not_hold_is_told_as_such() -> None:
    """It cites what does not exist: that is known only at its end."""
    one = router(configuration([model("a")]), {"a": Scripted(["As P0199 says."], pieces=3)})
    error = refusal(lambda: run(all_pieces(one, task(citable=("P0101",)))))
    assert error.code == "stream_unverified"


def test_a_stream_that_is_left_is_cancelled_and_written_down() -> None:
    """The model's place is free again, the attempt is in the trail."""
    kept = Kept()
    one = router(
        configuration([model("a", concurrency=1)]), {"a": Scripted(["One two three four"], pieces=4)}, trail=kept
    )

    async def go() -> None:
        for _ in range(3):
            stream = one.stream(task(), ANONYMOUS)
            async for _piece in stream:
                break
            await stream.aclose()
        assert kept.outcomes == [("a", "cancelled")] * 3
        assert (await one.ask(task(), ANONYMOUS)).text

    asyncio.run(go())


def test_a_model_that_does_not_stream_gives_one_piece() -> None:
    """The caller of a stream need not know."""
    one = router(configuration([model("a", streaming=False)]), {"a": Scripted(["All of it"])})
    assert [piece.text for piece in run(all_pieces(one, task()))] == ["All of it", ""]


def test_a_stream_that_stalls_ends_at_the_deadline() -> None:
    """Half of it came; then nothing."""

    class Stalling(Scripted):
        async def stream(self, request: Request) -> Any:
            yield "Half"
            await asyncio.Event().wait()

    one = Router(configuration([model("a")]), provider_of=lambda _: Stalling(["x"]))
    error = refusal(lambda: run(all_pieces(one, task(deadline_seconds=0.05))))
    assert isinstance(error, Unanswered)
    assert (error.code, error.arrived) == ("stream_broken", "Half")


def test_a_long_stream_is_no_stall() -> None:
    """It takes longer than an attempt may, and no piece of it does; a caller who takes its time is no stall either."""

    class Slow(Scripted):
        async def stream(self, request: Request) -> Any:
            for number in range(10):
                await asyncio.sleep(0.03)
                yield f"{number} "
            yield Reply("".join(f"{number} " for number in range(10)), COUNTED, "stop", None)

    one = Router(configuration([model("a", timeout_seconds=0.2)]), provider_of=lambda _: Slow(["x"]))

    async def go() -> str:
        found = []
        async for piece in one.stream(task(), ANONYMOUS):
            found.append(piece.text)
            if len(found) == 3:
                await asyncio.sleep(0.25)
        return "".join(found)

    assert run(go()) == "0 1 2 3 4 5 6 7 8 9 "


def test_a_stream_that_is_cancelled_while_it_waits_is_cancelled() -> None:
    """Not taken for a stall; the attempt is written down as cancelled, and a timeout around it stays the caller's."""
    kept = Kept()

    class Stalling(Scripted):
        async def stream(self, request: Request) -> Any:
            yield "Half"
            await asyncio.Event().wait()

    one = Router(configuration([model("a")]), provider_of=lambda _: Stalling(["x"]), trail=kept)

    async def go() -> None:
        waiting = asyncio.ensure_future(all_pieces(one, task()))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await all_pieces(one, task())

    asyncio.run(go())
    assert kept.outcomes == [("a", "cancelled")] * 2


# -- several processes, durable trails, threads ------------------------------------------------------------------------


class Board:
    """What processes share, in one process; each has a side of it."""

    def __init__(self) -> None:
        self.breakers: dict[str, Breaker] = {}
        self.windows: dict[str, tuple[Window, ...]] = {}

    def side(self) -> Side:
        return Side(self)


class Side:
    def __init__(self, board: Board) -> None:
        self.board = board

    def read(self) -> Standing:
        return Standing(dict(self.board.breakers), dict(self.board.windows))

    def write_breaker(self, name: str, breaker: Breaker) -> None:
        self.board.breakers[name] = breaker

    def write_window(self, name: str, window: Window) -> None:
        pass


def test_a_breaker_that_opens_in_one_process_is_open_in_the_other() -> None:
    """And closes there when a try in the first went well."""
    board, time = Board(), Time()
    models = configuration([model("sick")], [model("well")])
    sick, others = Scripted([fault("timeout")] * 3 + ["again"]), Scripted(["other process"])
    one = router(models, {"sick": sick, "well": Scripted(["w"])}, shared=board.side(), time=time)
    two = router(models, {"sick": others, "well": Scripted(["w"])}, shared=board.side(), time=time)

    async def go() -> None:
        for _ in range(3):
            await one.ask(task(), ANONYMOUS)
        assert (await two.ask(task(), ANONYMOUS)).text == "w"
        assert others.seen == []
        time.now += BreakerSettings().open_seconds
        assert (await one.ask(task(), ANONYMOUS)).text == "again"
        assert (await two.ask(task(), ANONYMOUS)).text == "other process"

    asyncio.run(go())


def test_what_other_processes_saw_counts_in_the_score() -> None:
    """A model that is slow elsewhere is not the first choice here."""
    board, time = Board(), Time()
    slow = tuple(Sample(time.now, 9000.0, False) for _ in range(20))
    fast = tuple(Sample(time.now, 90.0, False) for _ in range(20))
    board.windows = {"a": (Window(slow),), "b": (Window(fast),)}
    one = router(
        configuration([model("a"), model("b")]), {"a": Scripted(["a"]), "b": Scripted(["b"])},
        shared=board.side(), time=time,
    )  # fmt: skip
    assert run(one.ask(task(), ANONYMOUS)).last.model == "b"
    assert one.health()["a"][1].p95_ms == 9000.0


def test_a_durable_trail_is_waited_for() -> None:
    """Once for each task, before its answer or its error is given out."""
    kept = Kept(durable=True)
    one = router(configuration([model("a")], retries=ONCE), {"a": Scripted(["x", fault("auth")])}, trail=kept)

    async def go() -> None:
        await one.ask(task(), ANONYMOUS)
        assert kept.flushes == 1
        with pytest.raises(Unanswered):
            await one.ask(task(), ANONYMOUS)
        assert kept.flushes == 2

    asyncio.run(go())


def test_threads_share_one_router() -> None:
    """Asks and streams of many threads at once come out whole; a stream that is left frees its place."""
    one = BlockingRouter(
        router(configuration([model("a", concurrency=2)]), {"a": Scripted([lambda r: r.messages[0].text], pieces=5)})
    )
    found: dict[int, str] = {}

    def work(number: int) -> None:
        text = f"This is what thread {number} says"
        if number % 3 == 0:
            found[number] = one.ask(task(text), ANONYMOUS).text
        elif number % 3 == 1:
            found[number] = "".join(piece.text for piece in one.stream(task(text), ANONYMOUS))
        else:
            for _ in one.stream(task(text), ANONYMOUS):
                break
            found[number] = text

    threads = [threading.Thread(target=work, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {number: f"This is what thread {number} says" for number in range(24)}
    assert one.health()["a"][0].state == "closed"
    one.close()


def test_closing_gives_back_what_was_made() -> None:
    """Only providers that were needed were made, and they are closed."""
    a, b = Scripted(["x"]), Scripted(["y"])
    one = router(configuration([model("a")], [model("b")]), {"a": a, "b": b})

    async def go() -> None:
        await one.ask(task(), ANONYMOUS)
        await one.aclose()

    asyncio.run(go())
    assert (a.closed, b.closed) == (True, False)


def test_nothing_is_asked_to_explain() -> None:
    """Every model of the ladder is in the table, with its place or its reason."""
    a, b = Scripted(["x"]), Scripted(["y"])
    small: Model = model("b", context_window=3)
    one = router(configuration([model("a")], [small]), {"a": a, "b": b})
    rows = one.explain(task("A longer question than that"))
    assert [(row.model, row.place, row.refusal.reason if row.refusal else None) for row in rows] == [
        ("a", 1, None),
        ("b", None, "context_window"),
    ]
    assert (a.seen, b.seen) == ([], [])


def test_the_settings_privacy_binds_every_model() -> None:
    """A level of 'local' leaves no model elsewhere eligible."""
    away = model("away", external=True)
    strict = configuration([away], privacy=PrivacySettings(level="local"))
    error = refusal(lambda: run(router(strict, {"away": Scripted(["x"])}).ask(task(), ANONYMOUS)))
    assert (error.code, error.constraint) == ("no_model", "privacy")
