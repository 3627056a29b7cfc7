"""The ladder: whom to ask next, and when. It is the only place where anything is tried again.

Tiers go in order, within a tier the best score goes first. A model that failed is followed at once by the next one;
nobody waits while somebody else could answer. Only when all were asked are those asked again whose failure may pass
(``AGAIN``), after a pause: what the provider asked for (Retry-After), else one of our own that doubles, with jitter;
and those that a breaker lets through by then. Templates come last of all. The deadline bounds all of it but a template,
which takes no time.

::

    while (model := await ladder.next()) is not None:
        ... one attempt; an answer ends it
        ladder.failed(model, failure, retry_after_seconds)
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from hansard.routing.configuration import RetrySettings
from hansard.routing.model import Failure, Model

AGAIN: Final[Mapping[Failure, bool]] = {
    "rate_limited": True,
    "quota": False,
    "overloaded": True,
    "unreachable": True,
    "context_window": False,
    "content_policy": False,
    "auth": False,
    "not_found": False,
    "rejected": False,
    "timeout": True,
    "malformed": True,
    "unverified": True,
}
"""Whether the same model may do better on the same task a moment later. Where not, the ladder only goes down."""

PATIENCE_SECONDS: Final = 30.0
"""So long a task waits for breakers, all pauses for that together; for what a provider asks for, up to its deadline."""

BUSY_SECONDS: Final = 0.25
"""How soon it is looked again whether a model is free that another call is just trying out."""


class Chosen(NamedTuple):
    """Whom to ask of some models now."""

    model: Model | None
    """The best one; ``None`` where none is eligible."""
    later: Mapping[str, float]
    """In how many seconds one may be, of those that only a breaker holds back."""


class Choose(Protocol):
    """Says which of some models is to be asked now."""

    def __call__(self, names: Sequence[str], *, desperate: bool = False) -> Chosen:
        """Of these names, in no order of their own.

        Args:
            desperate: nobody else can answer; a breaker that only waits longer than at first may be passed.
        """


class Ladder:
    """The way of one task; not shared."""

    def __init__(
        self,
        tiers: Sequence[Sequence[str]],
        templates: Sequence[str],
        choose: Choose,
        settings: RetrySettings,
        deadline: float,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        rng: random.Random,
    ) -> None:
        """One task's ladder.

        Args:
            tiers: names of models, without the templates.
            templates: names of those, in their order.
            choose: tells the best of some.
            settings: how often, and with which pauses.
            deadline: by ``monotonic``.
        """
        self._tiers = tiers
        self._templates = list(templates)
        self._choose = choose
        self._settings = settings
        self._deadline = deadline
        self._monotonic = monotonic
        self._sleep = sleep
        self._rng = rng
        self._tier = 0
        self._left: list[str] | None = None
        self._later: dict[str, float] = {}
        self._held: set[str] = set()  # of those, whom only a breaker holds back
        self._tries: dict[str, int] = {}
        self._attempts = 0
        self._patience = PATIENCE_SECONDS
        self.ended_by = "all of the ladder was tried"

    async def next(self) -> Model | None:
        """Whom to ask now, after a pause where one is due; ``None`` when the ladder is at its end."""
        model = self._at_once()
        if model is None:
            model = await self._after_a_pause() if self._later and self._may_go_on() else None
            if model is None:
                return self._template()
        self._attempts += 1
        self._tries[model.name] = self._tries.get(model.name, 0) + 1
        return model

    def failed(self, model: Model, failure: Failure, retry_after_seconds: float | None = None) -> None:
        """The model that was asked last gave no answer."""
        tries = self._tries.get(model.name, 0)
        if not AGAIN[failure] or tries > self._settings.same_model:
            return
        pause = min(self._settings.first_seconds * 2.0 ** (tries - 1), self._settings.seconds_at_most)
        pause *= self._rng.uniform(0.5, 1.0)
        if retry_after_seconds is not None:  # never sooner than they ask for; not all at the same moment
            pause = max(pause, retry_after_seconds + self._rng.uniform(0.0, 0.1 * min(retry_after_seconds, 10.0)))
        self._later[model.name] = self._monotonic() + pause
        self._held.discard(model.name)

    # -- parts of next

    def _may_go_on(self) -> bool:
        if self._monotonic() >= self._deadline:
            self.ended_by = "its deadline has passed"
            return False
        if self._attempts >= self._settings.attempts_at_most:
            self.ended_by = f"{self._attempts} attempts are as many as the settings allow"
            return False
        return True

    def _at_once(self) -> Model | None:
        """The best model of the first tier that has one which was not asked yet."""
        if not self._may_go_on():
            return None
        while self._tier < len(self._tiers):
            if self._left is None:
                self._left = list(self._tiers[self._tier])
            if self._left:
                chosen = self._choose(self._left)
                if chosen.model is not None:
                    self._left.remove(chosen.model.name)
                    return chosen.model
                if chosen.later:
                    now = self._monotonic()
                    for name, seconds in chosen.later.items():
                        self._later[name] = now + seconds
                        self._held.add(name)
            self._tier += 1
            self._left = None
        return None

    async def _after_a_pause(self) -> Model | None:
        """The model that may be asked (again) soonest, once it may."""
        while self._later:
            name, ready = min(self._later.items(), key=lambda item: item[1])
            now = self._monotonic()
            pause = ready - now
            if pause > 0:
                held = name in self._held
                if ready >= self._deadline or (held and pause > self._patience):
                    self.ended_by = f"the next try would be in {pause:.1f} s, later than it may wait"
                    if ready >= self._deadline:
                        return None
                    del self._later[name]
                    continue
                if held:
                    self._patience -= pause
                await self._sleep(pause)
                now = self._monotonic()
            due = [name for name, moment in self._later.items() if moment <= now]
            if (model := self._best_of(due, now)) is not None:
                return model
            if not self._may_go_on():
                return None
        return None

    def _best_of(self, due: Sequence[str], now: float) -> Model | None:
        """The first of the models that are due, in the ladder's order; those that a breaker holds back wait on."""
        for tier in self._tiers:
            names = [name for name in tier if name in due]
            if not names:
                continue
            chosen = self._choose(names, desperate=True)
            if chosen.model is not None:
                del self._later[chosen.model.name]
                return chosen.model
            for name in names:
                if name in chosen.later:
                    self._held.add(name)
                    self._later[name] = now + max(BUSY_SECONDS, chosen.later[name]) * self._rng.uniform(1.0, 1.2)
                else:
                    del self._later[name]
        return None

    def _template(self) -> Model | None:
        while self._templates:
            name = self._templates.pop(0)
            chosen = self._choose([name])
            if chosen.model is not None:
                return chosen.model
        return None
