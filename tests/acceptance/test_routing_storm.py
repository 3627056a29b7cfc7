"""Many calls over four models, two of which are sick in turns: nobody notices, and the sick ones are left alone.

Calls go through the official SDK to a server in a process of its own. Time between calls is told to the router, not
waited for: one call takes ``PACE`` seconds of its time, so that breakers open and try as they would over hours.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import pytest

from hansard.kernel.permits import ANONYMOUS
from hansard.routing.breakers import Breaker
from hansard.routing.configuration import Configuration, Weights
from hansard.routing.model import Attempt, Model, Origin, Rates, Task
from hansard.routing.providers import make
from hansard.routing.providers.protocol import Request
from hansard.routing.router import Router
from tests.conftest import scale
from tests.support.model_stub import SENTENCE, Stub, stub_process
from tests.support.models import task

PACE = 0.075
"""Seconds of the router's time for a call."""

NAMES = ("a", "b", "c", "d")
SICK = (
    {"a": "server_error", "b": "slow"},
    {"b": "flapping", "c": "unavailable"},
    {"a": "flapping", "d": "slow"},
    {"a": "rate_limited", "b": "malformed"},
    {"a": "stall", "c": "flapping"},
)
"""In turns: who is sick, and how."""


class Pace:
    """The machine's time, and as much more as calls and pauses are worth."""

    def __init__(self) -> None:
        self.more = 0.0

    def wall(self) -> float:
        return time.time() + self.more

    def monotonic(self) -> float:
        return time.monotonic() + self.more

    async def sleep(self, seconds: float) -> None:
        self.more += seconds
        await asyncio.sleep(0)


class Witness:
    """Sees every attempt and every change of a breaker (a trail and telemetry at once)."""

    durable = False

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.changes: list[tuple[str, Breaker]] = []

    def note(self, attempt: Attempt, origin: Origin, prompt: bytes, response: bytes | None) -> None:
        self.attempts.append(attempt)

    def flush(self) -> None:
        pass

    def asking(self, task: Task) -> AbstractContextManager[object]:
        return nullcontext()

    def attempted(self, attempt: Attempt, origin: Origin) -> None:
        pass

    def breaker(self, model: str, breaker: Breaker) -> None:
        self.changes.append((model, breaker))


def conduct(stub: Stub, name: str, how: str) -> None:
    """Make a model sick as told."""
    if how == "flapping":
        stub.conduct(name, ("ok", "unavailable"))
    else:
        stub.conduct(name, how, delay=1.0, retry_after=20.0 if how == "rate_limited" else None)


BREAKERS_ALONE = Weights(latency=0.0, cost=0.0, capability=1.0, failure=0.0)
"""The score does not look at failures: the sick one stays the first choice, and only its breaker keeps calls away."""


@pytest.mark.parametrize(("together", "weights", "openings"), [(1, BREAKERS_ALONE, 6), (4, Weights(), 1)])
def test_no_failure_reaches_the_caller_and_the_sick_are_left_alone(
    together: int, weights: Weights, openings: int
) -> None:
    """Ten thousand calls at full size: all answered; after its breaker opened, a sick model gets under 1 % of them."""
    calls = scale(1000)
    witness, pace = Witness(), Pace()
    models = {
        name: Model(
            name, "openai", f"model-{name}", rates=Rates(1.0, 2.0), external=False, privacy="raw",
            capability=0.9 - number / 100, timeout_seconds=0.4,
        )
        for number, name in enumerate(NAMES)
    }  # fmt: skip
    with stub_process() as stub:
        served = {name: replace(one, base_url=stub.openai(name)) for name, one in models.items()}
        configured = Configuration(served, (NAMES,), weights=weights)
        phases: list[tuple[dict[str, str], float, float]] = []

        async def storm() -> None:
            providers = {name: make(one, "key") for name, one in served.items()}
            for name, one in served.items():  # libraries are loaded and connections made: that is not what is timed
                await providers[name].complete(Request(one, task().messages, None, 16, None, None, 30.0))
            stub.reset()
            router = Router(
                configured,
                provider_of=lambda one: providers[one.name],
                trail=witness,
                telemetry=witness,
                clock=pace.wall,
                monotonic=pace.monotonic,
                sleep=pace.sleep,
            )

            async def some(numbers: itertools.count[int], last: int) -> None:
                while next(numbers) < last:
                    pace.more += PACE
                    answer = await router.ask(task(), ANONYMOUS)
                    assert answer.text == SENTENCE

            each = -(-calls // len(SICK))
            for sick in SICK:
                for name in NAMES:
                    conduct(stub, name, sick.get(name, "ok"))
                began = pace.wall()
                numbers = itertools.count()
                await asyncio.gather(*(some(numbers, each) for _ in range(together)))
                phases.append((sick, began, pace.wall()))
            await router.aclose()

        asyncio.run(storm())
        counts = stub.counts()

    answered = sum(one.outcome == "ok" for one in witness.attempts)
    assert answered >= calls
    for name in NAMES:
        outcomes = [one.outcome for one in witness.attempts if one.model == name]
        # one that ran out of time may have done so before it reached the server
        assert len(outcomes) - outcomes.count("timeout") <= counts.get(name, 0) <= len(outcomes), (
            "every request is an attempt that was noted, and the other way round"
        )
    opened_at = {
        name: [one.changed for model, one in witness.changes if model == name and one.state == "open"] for name in NAMES
    }
    to_sick = after_opening = opened = 0
    for sick, began, ended in phases:
        for name in sick:
            first = next((moment for moment in opened_at[name] if began <= moment < ended), None)
            if first is None:
                continue
            opened += 1
            later = [one for one in witness.attempts if first < one.started <= ended]
            after_opening += len(later)
            to_sick += sum(one.model == name for one in later)
    print(
        f"{calls} calls, {len(witness.attempts)} attempts, {opened} openings, {to_sick} of {after_opening} to the sick"
    )
    assert opened >= openings, "the sick ones were noticed"
    assert to_sick < 0.01 * after_opening
