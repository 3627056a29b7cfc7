"""Models that say what a test tells them, in the test's own process and in its own time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hansard.kernel.errors import HansardError
from hansard.routing.configuration import Configuration
from hansard.routing.model import Attempt, Failure, Message, Model, Origin, Rates, Task, Tokens
from hansard.routing.providers.protocol import ProviderFault, Reply, Request
from hansard.routing.router import Router, Shared, Telemetry

COUNTED = Tokens(10, 5)

Said = str | ProviderFault | BaseException | Callable[[Request], Any]
"""A text; a fault; anything that a provider should not let through; or what makes one of these of a request."""


def fault(failure: Failure, **more: Any) -> ProviderFault:
    """A fault as a provider tells it."""
    return ProviderFault(failure, f"told to fail: {failure}", **more)


@dataclass
class Scripted:
    """A provider that goes through its script, and says the last of it for ever after."""

    script: Sequence[Said]
    pieces: int = 1
    """A stream gives its text in so many pieces."""
    breaks_after: int | None = None
    """A stream's fault comes after so many of them."""
    seen: list[Request] = field(default_factory=list)
    closed: bool = False

    def _next(self, request: Request) -> Any:
        self.seen.append(request)
        said = self.script[min(len(self.seen), len(self.script)) - 1]
        return said(request) if callable(said) and not isinstance(said, BaseException) else said

    async def complete(self, request: Request) -> Reply:
        said = self._next(request)
        if asyncio.iscoroutine(said):
            said = await said
        if isinstance(said, BaseException):
            raise said
        return Reply(str(said), COUNTED, "stop", f"{request.model.name}-served")

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        said = self._next(request)
        if isinstance(said, BaseException) and self.breaks_after is None:
            raise said
        text = "one two three four " if isinstance(said, BaseException) else str(said)
        step = max(1, -(-len(text) // self.pieces))
        parts = [text[at : at + step] for at in range(0, len(text), step)]
        for number, part in enumerate(parts):
            if isinstance(said, BaseException) and number == self.breaks_after:
                raise said
            await asyncio.sleep(0)
            yield part
        if isinstance(said, BaseException):
            raise said
        yield Reply(text, COUNTED, "stop", f"{request.model.name}-served")

    async def close(self) -> None:
        self.closed = True


class Time:
    """A clock that goes on only when somebody sleeps, or when it is told to."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Kept:
    """A trail that keeps all of it in a list."""

    def __init__(self, *, durable: bool = False) -> None:
        self.durable = durable
        self.noted: list[tuple[Attempt, Origin, bytes, bytes | None]] = []
        self.flushes = 0

    def note(self, attempt: Attempt, origin: Origin, prompt: bytes, response: bytes | None) -> None:
        self.noted.append((attempt, origin, prompt, response))

    def flush(self) -> None:
        self.flushes += 1

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """Model and outcome of each attempt."""
        return [(attempt.model, attempt.outcome) for attempt, *_ in self.noted]


def model(name: str, **more: Any) -> Model:
    """A model of the test's own, on this machine, with a price."""
    given: dict[str, Any] = {
        "provider": "scripted", "model": name, "external": False, "privacy": "raw", "rates": Rates(1.0, 2.0), **more
    }  # fmt: skip
    return Model(name, **given)


def configuration(*tiers: Sequence[Model], beside: Sequence[Model] = (), **more: Any) -> Configuration:
    """A configuration of these tiers; models ``beside`` stand in none."""
    models = {one.name: one for tier in (*tiers, beside) for one in tier}
    return Configuration(models, tuple(tuple(one.name for one in tier) for tier in tiers), **more)


def router(
    configured: Configuration,
    providers: Mapping[str, Scripted | HansardError],
    *,
    time: Time | None = None,
    trail: Kept | None = None,
    shared: Shared | None = None,
    telemetry: Telemetry | None = None,
) -> Router:
    """A router over scripted providers; one that is an error cannot be made."""
    clock = time or Time()

    def provider_of(one: Model) -> Scripted:
        found = providers[one.name]
        if isinstance(found, HansardError):
            raise found
        return found

    return Router(
        configured,
        provider_of=provider_of,
        trail=trail,
        shared=shared,
        telemetry=telemetry,
        clock=clock,
        monotonic=clock,
        sleep=clock.sleep,
        rng=random.Random(7),
    )


def task(text: str = "What now?", **more: Any) -> Task:
    """A question of somebody's."""
    return Task((Message("user", text),), Origin("tester", "test"), **more)
