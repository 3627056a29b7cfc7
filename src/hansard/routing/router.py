"""The one way to a language model: a task in, an answer with every attempt out.

::

    router = Router(configuration, provider_of=providers.make_for)
    answer = await router.ask(task, ANONYMOUS)

It chooses (``scoring``, ``breakers``, ``statistics``), goes down the ladder (``fallback``), and makes each attempt
(``attempt``: redact, send, mend, verify, price, note). Nothing here waits for a disk or imports a provider's library.
"""

from __future__ import annotations

import asyncio
import hashlib
import queue
import random
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, aclosing, nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from hansard.kernel.errors import HansardError
from hansard.kernel.permits import Permit
from hansard.routing import errors
from hansard.routing.attempt import Exchange, Sent, Understood, label, understood, unquoted
from hansard.routing.breakers import CLOSED, WEIGHT, Breaker, admitted, after, believed, latest, soonest
from hansard.routing.configuration import Configuration
from hansard.routing.fallback import BUSY_SECONDS, Chosen, Ladder
from hansard.routing.model import Answer, Attempt, Model, Origin, Outcome, Piece, Task, Tokens
from hansard.routing.postprocess import Streamed
from hansard.routing.prices import Priced, Prices
from hansard.routing.providers.faults import shown
from hansard.routing.providers.protocol import Provider, ProviderFault, Reply, Request
from hansard.routing.redaction import Redactor
from hansard.routing.request_adapter import task_tokens
from hansard.routing.scoring import (
    CERTAIN,
    Demand,
    Facts,
    Needs,
    Refusal,
    Row,
    explained,
    output_limit,
    scored,
    unfit,
    unready,
)
from hansard.routing.statistics import EMPTY, Sample, Summary, Window, summary, with_sample

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

ProviderOf = Callable[[Model], Provider]
"""Makes the provider of a model, the first time it is needed; raises ``HansardError`` where its key or its library is
missing, which makes the model ineligible with that reason."""


class Standing(msgspec.Struct, frozen=True):
    """What other processes said last. A new object whenever something changed, the same one otherwise."""

    breakers: Mapping[str, Breaker] = {}
    """By model; where several processes wrote one, the one that changed last (``Breaker.changed``)."""
    windows: Mapping[str, tuple[Window, ...]] = {}
    """By model: one of each other process that has one, never this one's own."""


class Shared(Protocol):
    """Breakers and windows that several processes share. No method waits: what is read was read before by a thread of
    its own (at most once a second), what is written is queued for it."""

    def read(self) -> Standing:
        """What other processes said last, from memory."""

    def write_breaker(self, model: str, breaker: Breaker) -> None:
        """A breaker changed its state here: others should see that within two seconds."""

    def write_window(self, model: str, window: Window) -> None:
        """A window of this process has another sample; the newest one replaces what waits to be written."""


class Trail(Protocol):
    """Where attempts are kept."""

    durable: bool
    """An answer is given out only when its attempts are kept (``flush`` is waited for)."""

    def note(self, attempt: Attempt, origin: Origin, prompt: bytes, response: bytes | None) -> None:
        """Queue an attempt with the bytes that its hashes name; never raises, never waits for a disk.

        Args:
            prompt: ``attempt.prompt_bytes`` of the request; empty where nothing was sent.
            response: UTF-8 bytes of the text that came; ``None`` where none did.
        """

    def flush(self) -> None:
        """Wait until everything noted is kept; called from a thread, not from the event loop.

        Raises:
            HansardError: it cannot be kept.
        """


class Telemetry(Protocol):
    """Spans and counters."""

    def asking(self, task: Task) -> AbstractContextManager[object]:
        """Around a whole task."""

    def attempted(self, attempt: Attempt, origin: Origin) -> None:
        """An attempt ended (``started`` and ``latency_ms`` say when); never raises."""

    def breaker(self, model: str, breaker: Breaker) -> None:
        """A breaker changed its state; never raises."""


AGAIN_SECONDS: Final = 30.0
"""A model whose provider could not be made is looked at again so much later: its key may be there by then."""

FRESH_SECONDS: Final = 0.1
"""A model's statistics are worked out again at most so often, as long as it does not fail."""

EXPECTED_OUTPUT: Final = 800
"""Tokens of an answer, where costs are compared; the task's own limit where that is less."""

_REMEMBERED: Final = 1024
"""Kinds of task whose eligible models are remembered."""

_TRANSIENT: Final = frozenset({"breaker", "deadline", "not_ready"})
"""Reasons of refusals for which a template may answer: the task was in order, the models were not there."""

_CHARGED: Final[frozenset[Outcome]] = frozenset(
    {"timeout", "malformed", "unverified", "cancelled", "unreachable", "overloaded", "content_policy"}
)
"""Outcomes that a provider may charge for without having said so; unless nothing was sent."""


class _State:
    """What the router keeps of one model."""

    __slots__ = (
        "again", "breaker", "due", "fault", "in_flight", "model", "others", "provider", "slots", "stale", "summary",
        "theirs", "tier", "warm", "window",
    )  # fmt: skip

    def __init__(self, model: Model, tier: int) -> None:
        self.model = model
        self.tier = tier
        self.breaker: Breaker = CLOSED
        self.window: Window = EMPTY
        self.others: tuple[Window, ...] = ()
        self.theirs: Breaker | None = None  # what another process said last; each is taken over once
        self.summary = Summary()
        self.due = 0.0  # from then on the summary may be worked out again, if it is stale
        self.stale = False
        self.provider: Provider | None = None
        self.warm = False  # its library is loaded, if it has one
        self.fault: HansardError | None = None
        self.again = 0.0  # from then on its provider may be made, by ``clock``
        self.in_flight = 0
        self.slots = asyncio.Semaphore(model.concurrency)


class _Run:
    """What one task has come to so far."""

    __slots__ = (
        "attempts", "budget", "deadline", "exchange", "limit", "needs", "probe", "refusals", "spent", "task", "tokens",
    )  # fmt: skip

    def __init__(
        self, task: Task, tokens: int, needs: Needs, exchange: Exchange, budget: float | None, deadline: float
    ) -> None:
        self.task = task
        self.tokens = tokens
        self.needs = needs
        self.exchange = exchange
        self.budget = budget
        self.deadline = deadline
        self.limit = task.max_output_tokens  # of the model that was chosen last
        self.spent = 0.0
        self.attempts: list[Attempt] = []
        self.refusals: dict[str, Refusal] = {}
        self.probe = False


class Router:
    """Asks models. One for a process, in one event loop; ``BlockingRouter`` is for threads."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        provider_of: ProviderOf,
        shared: Shared | None = None,
        trail: Trail | None = None,
        telemetry: Telemetry | None = None,
        prices: Prices | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: random.Random | None = None,
    ) -> None:
        """A router over the models of the settings; no provider is made before it is needed.

        Args:
            configuration: models, ladder, weights and limits.
            provider_of: makes the provider of a model.
            shared: what other processes know; nothing where left out.
            trail: where attempts are kept; nowhere where left out.
            telemetry: spans and counters.
            prices: rates of models; those of the settings and of genai-prices where left out.
            clock: seconds since 1970.
            monotonic: seconds, for deadlines.
            sleep: how a pause of the ladder is made.
            rng: jitter of pauses.
        """
        self._configuration = configuration
        self._provider_of = provider_of
        self._shared = shared
        self._trail = trail
        self._telemetry = telemetry
        self._prices = prices or Prices()
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._rng = rng or random.Random()  # noqa: S311  # jitter, no secret
        self._states = {
            name: _State(_withholding(model, configuration), configuration.tier(name))
            for name, model in configuration.models.items()
        }
        self._unfit: dict[Needs, dict[str, Refusal | None]] = {}
        self._ladders: dict[tuple[str, ...], tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]] = {}
        self._standing: Standing | None = None

    # -- the door ------------------------------------------------------------------------------------------------------

    async def ask(self, task: Task, permit: Permit) -> Answer:
        """An answer from the model that suits best, or from the next one that gives one.

        Raises:
            HansardError: what the permit says; ``model_unknown``, ``no_model`` before anything is spent; ``no_answer``
                when all of the ladder was tried; ``trail_unkept`` and the like where a durable trail is demanded.
        """
        permit.check()
        with nullcontext() if self._telemetry is None else self._telemetry.asking(task):
            run = self._begin(task)
            ladder = self._ladder(run)
            while (model := await ladder.next()) is not None:
                state = self._states[model.name]
                try:
                    permit.check()
                    answer = await self._complete(run, state)
                except ProviderFault as fault:
                    ladder.failed(model, fault.failure, fault.retry_after_seconds)
                    continue
                finally:
                    self._let_go(run, state)
                await self._kept()
                return answer
            await self._kept()
            raise self._gave_up(run, ladder)

    async def stream(self, task: Task, permit: Permit) -> AsyncGenerator[Piece, None]:
        """The answer as it comes; the last piece has the whole ``answer``.

        Another model takes over as long as nothing was given out. A model that does not stream gives one piece.

        Raises:
            HansardError: as ``ask``; ``stream_broken`` and ``stream_unverified`` once something was given out.
        """
        permit.check()
        run = self._begin(task)
        ladder = self._ladder(run)
        while (model := await ladder.next()) is not None:
            state = self._states[model.name]
            given: list[str] = []
            try:
                permit.check()
                async with aclosing(self._pieces(run, state, given)) as pieces:
                    async for piece in pieces:
                        if piece.answer is not None:
                            await self._kept()
                        yield piece
                return
            except ProviderFault as fault:
                if given:
                    await self._kept()
                    arrived = "".join(given)
                    told = errors.stream_unverified if fault.failure == "unverified" else errors.stream_broken
                    raise told(run.attempts, arrived) from None
                ladder.failed(model, fault.failure, fault.retry_after_seconds)
            finally:
                self._let_go(run, state)
        await self._kept()
        raise self._gave_up(run, ladder)

    def explain(self, task: Task) -> list[Row]:
        """Whom the task would be asked of, in which order, and why; nothing is asked.

        Raises:
            HansardError: ``model_unknown``.
        """
        run = self._begin(task)
        tiers, templates = self._tiers(task.models)
        self._share()
        demand = self._demand(run)
        table: list[list[tuple[Facts, Refusal | None]]] = []
        for names in (*tiers, templates) if templates else tiers:
            row = []
            for name in names:
                facts = self._facts(self._states[name], demand)
                row.append((facts, self._refusal(self._states[name], facts, run, demand)))
            table.append(row)
        rows = explained(table, self._configuration.weights)
        return [row._replace(tier=self._states[row.model].tier) for row in rows]

    def health(self) -> dict[str, tuple[Breaker, Summary]]:
        """How each model of the settings does, in the order of the ladder; over all processes, where they share."""
        self._share()
        now, window = self._clock(), self._configuration.window
        return {
            state.model.name: (state.breaker, summary((state.window, *state.others), now, window))
            for state in sorted(self._states.values(), key=lambda state: state.tier)
        }

    async def aclose(self) -> None:
        """Give back connections, once what is under way has ended; the trail is its maker's to close."""
        for state in self._states.values():
            if state.provider is not None:
                provider, state.provider = state.provider, None
                await provider.close()

    # -- choosing ------------------------------------------------------------------------------------------------------

    def _begin(self, task: Task) -> _Run:
        for name in task.models:
            if name not in self._states:
                raise errors.model_unknown(name, self._states)
        configuration = self._configuration
        budget = task.budget_usd if task.budget_usd is not None else configuration.limits.budget_usd
        needs = Needs(
            task.modalities,
            task.schema is not None,
            (task.privacy, configuration.privacy.level),
            task.minimum_capability,
            task.models,
        )
        exchange = Exchange(task, configuration.privacy)
        return _Run(task, task_tokens(task), needs, exchange, budget, self._monotonic() + task.deadline_seconds)

    def _ladder(self, run: _Run) -> Ladder:
        tiers, templates = self._tiers(run.task.models)

        def choose(names: Sequence[str], *, desperate: bool = False) -> Chosen:
            return self._choose(names, run, desperate)

        return Ladder(
            tiers,
            templates,
            choose,
            self._configuration.retries,
            run.deadline,
            monotonic=self._monotonic,
            sleep=self._sleep,
            rng=self._rng,
        )

    def _tiers(self, named: tuple[str, ...]) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
        """The ladder of a task that names these models, and its templates."""
        found = self._ladders.get(named)
        if found is None:
            models = self._configuration.models
            tiers = [tuple(name for name in tier if not named or name in named) for tier in self._configuration.ladder]
            within = {name for tier in tiers for name in tier}
            tiers.append(tuple(name for name in named if name not in within))
            templates = tuple(name for tier in tiers for name in tier if models[name].provider == "template")
            found = (
                tuple(rest for tier in tiers if (rest := tuple(name for name in tier if name not in templates))),
                templates,
            )
            if len(self._ladders) >= _REMEMBERED:
                self._ladders.clear()
            self._ladders[named] = found
        return found

    def _choose(self, names: Sequence[str], run: _Run, desperate: bool) -> Chosen:
        """The best of some models for a task, now."""
        self._share()
        demand = self._demand(run)
        candidates: list[Facts] = []
        later: dict[str, float] = {}
        for name in names:
            state = self._states[name]
            facts = self._facts(state, demand)
            refusal = self._refusal(state, facts, run, demand)
            if refusal is None:
                candidates.append(facts)
                continue
            run.refusals[name] = refusal
            if refusal.reason == "breaker":
                wait = soonest(state.breaker, self._configuration.breaker) - demand.now
                if state.breaker.state == "half_open":  # the call that tries it may end at any moment
                    wait = min(wait, BUSY_SECONDS)
                elif desperate and wait <= 0 and unready(facts._replace(breaker=CLOSED), demand) is None:
                    candidates.append(facts)
                    continue
                later[name] = max(0.0, wait)
        if not candidates:
            return Chosen(None, later)
        best = self._best(candidates)
        run.limit = output_limit(best, demand)
        self._take(run, self._states[best.model.name], demand.now)
        return Chosen(best.model, later)

    def _best(self, candidates: list[Facts]) -> Facts:
        """The best one that has a place free, else the best one."""
        if len(candidates) == 1:
            return candidates[0]
        by_name = {one.model.name: one for one in candidates}
        order = scored(candidates, self._configuration.weights)
        for each in order:
            if self._states[each.model.name].in_flight < each.model.concurrency:
                return by_name[each.model.name]
        return by_name[order[0].model.name]

    def _demand(self, run: _Run) -> Demand:
        left = None if run.budget is None else run.budget - run.spent
        seconds = run.deadline - self._monotonic()
        return Demand(run.tokens, run.task.max_output_tokens, seconds, left, self._clock())

    def _facts(self, state: _State, demand: Demand) -> Facts:
        model, now = state.model, demand.now
        if state.breaker.changed > now:
            state.breaker = believed(state.breaker, now)
        if (state.stale and now >= state.due) or now >= state.summary.until:
            state.summary = summary((state.window, *state.others), now, self._configuration.window)
            state.stale = False
            state.due = now + FRESH_SECONDS
        per_1k = self._prices.per_1k(model, demand.input_tokens, min(demand.output_tokens, EXPECTED_OUTPUT), at=now)
        if demand.budget_left_usd is None:
            return Facts(model, state.breaker, state.summary, per_1k)
        most = int(demand.input_tokens * CERTAIN) + 1
        input_usd = self._prices.at_most(model, most, 0, at=now)
        million = self._prices.at_most(model, most, 1_000_000, at=now)
        output_usd = None if million is None or input_usd is None else (million - input_usd) / 1_000_000
        return Facts(model, state.breaker, state.summary, per_1k, input_usd, output_usd)

    def _refusal(self, state: _State, facts: Facts, run: _Run, demand: Demand) -> Refusal | None:
        known = self._unfit.get(run.needs)
        if known is None:
            if len(self._unfit) >= _REMEMBERED:
                self._unfit.clear()
            known = self._unfit[run.needs] = {name: unfit(one.model, run.needs) for name, one in self._states.items()}
        refusal = known[state.model.name]
        if refusal is not None:
            return refusal
        if state.provider is None and (fault := self._not_made(state, demand.now)) is not None:
            return Refusal("not_ready", fault.message)
        if state.model.provider == "template":
            if not run.attempts and any(one.reason not in _TRANSIENT for one in run.refusals.values()):
                return Refusal("not_ready", "a template answers where models fail, not where the task rules them out")
            return None
        return unready(facts, demand)

    def _not_made(self, state: _State, now: float) -> HansardError | None:
        """Make a model's provider; why it cannot be made, where it cannot."""
        if state.fault is None or now >= state.again:
            try:
                state.provider, state.fault = self._provider_of(state.model), None
            except HansardError as fault:
                state.fault, state.again = fault, now + AGAIN_SECONDS
        return state.fault

    def _take(self, run: _Run, state: _State, now: float) -> None:
        """A model was chosen: where its breaker lets only one call through, this is the one."""
        before = state.breaker
        if before.state != "closed":
            state.breaker = admitted(before, now, state.model.timeout_seconds)
            run.probe = True
            self._breaker_changed(state)

    def _let_go(self, run: _Run, state: _State) -> None:
        """The one call that a breaker let through was never made, or ended without an outcome."""
        if run.probe:
            run.probe = False
            if state.breaker.state == "half_open":
                state.breaker = after(state.breaker, "cancelled", self._clock(), self._configuration.breaker)
                self._breaker_changed(state)

    def _gave_up(self, run: _Run, ladder: Ladder) -> HansardError:
        if run.attempts:
            return errors.no_answer(run.attempts, ladder.ended_by)
        return errors.no_model(
            {name: (refusal.reason, refusal.why) for name, refusal in run.refusals.items() if name in self._asked(run)}
        )

    def _asked(self, run: _Run) -> set[str]:
        tiers, templates = self._tiers(run.task.models)
        whole = {name for tier in tiers for name in tier}
        return whole or set(templates)

    # -- one attempt ---------------------------------------------------------------------------------------------------

    def _prepared(self, run: _Run, state: _State, *, streamed: bool = False) -> tuple[Request, Sent]:
        sent = run.exchange.sent(state.model)
        left = run.deadline - self._monotonic()
        # a stream may last as long as the task; between its pieces no more than the attempt's time may pass
        seconds = left if streamed else min(state.model.timeout_seconds, left)
        if state.model.provider == "template":  # it takes no time, and stands in when there is none left
            seconds = max(seconds, 1.0)
        return run.exchange.request(state.model, sent, run.limit, max(seconds, 0.001)), sent

    async def _warm(self, run: _Run, state: _State) -> None:
        """Have a provider's library loaded before time is taken: that takes up to two seconds, once a process, and says
        nothing of the model. What goes wrong with it shows when it is asked."""
        if state.warm:
            return
        warm: Callable[[], Awaitable[None]] | None = getattr(state.provider, "warm", None)
        if warm is not None:
            with suppress(Exception):
                async with asyncio.timeout(max(0.0, run.deadline - self._monotonic())):
                    await warm()
        state.warm = True

    async def _complete(self, run: _Run, state: _State) -> Answer:
        """One attempt without a stream."""
        async with _Place(run, state, self._monotonic):
            await self._warm(run, state)
            request, sent = self._prepared(run, state)
            log = _Log(self, run, state, request, sent)
            provider = state.provider
            assert provider is not None
            try:
                async with asyncio.timeout(request.timeout_seconds):
                    reply = await provider.complete(request)
            except asyncio.CancelledError:
                log.cancelled()
                raise
            except Exception as fault:
                raise log.failed(_named(fault)) from None
            return log.answered(reply)

    async def _pieces(self, run: _Run, state: _State, given: list[str]) -> AsyncGenerator[Piece, None]:
        """One attempt as a stream; ``given`` has what was given out."""
        if not state.model.streaming:
            answer = await self._complete(run, state)
            given.append(answer.text)
            yield Piece(answer.text)
            yield Piece(answer=answer)
            return
        async with _Place(run, state, self._monotonic):
            await self._warm(run, state)
            request, sent = self._prepared(run, state, streamed=True)
            log = _Log(self, run, state, request, sent)
            provider = state.provider
            assert provider is not None
            shown = Streamed(sent.redactor, structured=run.task.schema is not None)
            raw: list[str] = []
            stream = aiter(provider.stream(request))
            reply: Reply | None = None
            stall = _Stall()
            try:
                while reply is None:
                    stall.watch(min(state.model.timeout_seconds, run.deadline - self._monotonic()))
                    try:
                        said = await anext(stream, None)
                    except asyncio.CancelledError:
                        stall.tell()
                        raise
                    stall.rest()
                    if said is None:
                        raise ProviderFault("malformed", "the stream ended without saying so", partial="".join(raw))
                    if isinstance(said, Reply):
                        reply = said
                        break
                    log.first_token()
                    raw.append(said)
                    if text := shown.feed(said):
                        given.append(text)
                        yield Piece(text)
                if text := shown.end():
                    given.append(text)
                    yield Piece(text)
            except (asyncio.CancelledError, GeneratorExit):
                log.cancelled("".join(raw))
                raise
            except Exception as fault:
                raise log.failed(_named(fault), "".join(raw)) from None
            finally:
                stall.end()
                close = getattr(stream, "aclose", None)
                if close is not None:
                    await close()
            yield Piece(answer=log.answered(reply))

    async def _kept(self) -> None:
        """Wait for the trail where an answer may not go out before it."""
        if self._trail is not None and self._trail.durable:
            await asyncio.to_thread(self._trail.flush)

    def _outcome(self, run: _Run, state: _State, attempt: Attempt, sent: Sent, text: str | None) -> None:
        """Whatever follows from an attempt that ended: breaker, window, trail, telemetry."""
        now = self._clock()
        outcome = attempt.outcome
        before = state.breaker
        state.breaker = after(before, outcome, now, self._configuration.breaker, attempt.retry_after_seconds)
        if state.breaker is not before and state.breaker.changed != before.changed:
            self._breaker_changed(state)
        run.attempts.append(attempt)
        failed = outcome != "ok"
        if outcome == "ok" or (outcome != "cancelled" and (WEIGHT[outcome] != "nothing" or outcome == "unverified")):
            sample = Sample(now, attempt.latency_ms, failed, attempt.cost_usd)
            state.window = with_sample(state.window, sample, self._configuration.window)
            state.stale = True
            if failed:
                state.due = 0.0
            if self._shared is not None:
                self._shared.write_window(state.model.name, state.window)
        if self._trail is not None:
            self._trail.note(attempt, run.task.origin, sent.prompt, None if text is None else _bytes(text))
        if self._telemetry is not None:
            self._telemetry.attempted(attempt, run.task.origin)

    def _charge(
        self, run: _Run, state: _State, request: Request, tokens: Tokens | None, charged: bool
    ) -> Priced | None:
        """What an attempt cost; one that may have been charged for uncounted takes its most from the budget."""
        priced = None if tokens is None else self._prices.cost(state.model, tokens, at=self._clock())
        if priced is not None:
            run.spent += priced.cost_usd
        elif run.budget is not None and (tokens is not None or charged):
            tokens_in = int(run.tokens * CERTAIN) + 1
            run.spent += self._prices.at_most(state.model, tokens_in, request.max_output_tokens) or 0.0
        return priced

    # -- other processes -----------------------------------------------------------------------------------------------

    def _share(self) -> None:
        """Take over what other processes said since."""
        if self._shared is None:
            return
        standing = self._shared.read()
        if standing is self._standing:
            return
        self._standing = standing
        now = self._clock()
        for name, state in self._states.items():
            theirs = standing.breakers.get(name)
            if theirs is not None and theirs != state.theirs:
                state.theirs = theirs
                state.breaker = latest(state.breaker, believed(theirs, now))
            others = standing.windows.get(name, ())
            if others != state.others:
                state.others = others
                state.stale = True

    def _breaker_changed(self, state: _State) -> None:
        if self._shared is not None:
            self._shared.write_breaker(state.model.name, state.breaker)
        if self._telemetry is not None:
            self._telemetry.breaker(state.model.name, state.breaker)


class _Place:
    """A place among the attempts that a model may have at the same time; waited for as long as the deadline lets."""

    __slots__ = ("_monotonic", "_run", "_state")

    def __init__(self, run: _Run, state: _State, monotonic: Callable[[], float]) -> None:
        self._run = run
        self._state = state
        self._monotonic = monotonic

    async def __aenter__(self) -> None:
        slots = self._state.slots
        if slots.locked():
            try:
                async with asyncio.timeout(max(0.0, self._run.deadline - self._monotonic())):
                    await slots.acquire()
            except TimeoutError:
                busy = Refusal("deadline", "all its places were taken until the deadline")
                self._run.refusals[self._state.model.name] = busy
                raise ProviderFault("timeout", "no place was free before the deadline") from None
        else:
            await slots.acquire()
        self._state.in_flight += 1

    async def __aexit__(self, *_: object) -> None:
        self._state.in_flight -= 1
        self._state.slots.release()


class _Stall:
    """Ends a wait for a piece that does not come. One timer for a whole stream: one for each piece would cost more than
    the piece; and none runs while a piece is with the caller, who may go on in another task."""

    __slots__ = ("_cancelled_by_others", "_due", "_loop", "_stalled", "_timer", "_waiting")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Task[object] | None = None
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._stalled = False
        self._cancelled_by_others = 0

    def watch(self, seconds: float) -> None:
        """The running task waits from now on, so long at most."""
        self._waiting = asyncio.current_task()
        self._due = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._due:
            self._set(self._due)

    def rest(self) -> None:
        """It waits no longer."""
        self._waiting = None

    def tell(self) -> None:
        """The wait was cancelled; raises ``TimeoutError`` where it was by us and nobody else wants it to end."""
        waiting, self._waiting = self._waiting, None
        if self._stalled and waiting is not None and waiting.uncancel() <= self._cancelled_by_others:
            raise TimeoutError from None

    def end(self) -> None:
        """The stream has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, moment: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(moment, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._waiting is None:
            return  # the next wait sets it again
        if self._loop.time() < self._due:
            self._set(self._due)
        else:
            self._stalled = True
            self._cancelled_by_others = self._waiting.cancelling()
            self._waiting.cancel()


class _Log:
    """Makes the record of one attempt, whatever becomes of it."""

    __slots__ = ("_began", "_first", "_request", "_router", "_run", "_sent", "_started", "_state")

    def __init__(self, router: Router, run: _Run, state: _State, request: Request, sent: Sent) -> None:
        self._router = router
        self._run = run
        self._state = state
        self._request = request
        self._sent = sent
        self._started = router._clock()
        self._began = time.perf_counter()
        self._first: float | None = None

    def first_token(self) -> None:
        """Some of the answer came."""
        if self._first is None:
            self._first = (time.perf_counter() - self._began) * 1000.0

    def answered(self, reply: Reply) -> Answer:
        """The reply as an answer; raises ``ProviderFault`` where it does not hold."""
        run = self._run
        try:
            template = self._state.model.provider == "template"
            read: Understood = understood(reply, run.task, self._sent, degraded=template)
        except ProviderFault as fault:
            raise self.failed(fault, reply=reply) from None
        self._write("ok", reply.text, reply=reply)
        return Answer(read.text, tuple(run.attempts), read.structured, read.truncated)

    def failed(self, fault: ProviderFault, partial: str = "", *, reply: Reply | None = None) -> ProviderFault:
        """The fault, once it is written down."""
        text = reply.text if reply is not None else partial or fault.partial
        self._write(fault.failure, text or None, fault=fault, reply=reply)
        return fault

    def cancelled(self, partial: str = "") -> None:
        """Nobody waits for it any more."""
        self._write("cancelled", partial or None)

    def _write(
        self, outcome: Outcome, text: str | None, *, reply: Reply | None = None, fault: ProviderFault | None = None
    ) -> None:
        latency = (time.perf_counter() - self._began) * 1000.0
        router, run, state, sent = self._router, self._run, self._state, self._sent
        tokens = reply.tokens if reply is not None else fault.tokens if fault is not None else None
        charged = outcome in _CHARGED and not (fault is not None and fault.unsent)
        priced = router._charge(run, state, self._request, tokens, charged)
        model = state.model
        first = self._first if reply is None or reply.first_token_ms is None else reply.first_token_ms
        attempt = Attempt(
            number=len(run.attempts) + 1,
            model=model.name,
            provider=model.provider,
            tier=state.tier,
            outcome=outcome,
            started=self._started,
            latency_ms=latency,
            first_token_ms=first,
            serving_model=None if reply is None else label(reply.serving_model, sent.messages),
            tokens=tokens,
            cost_usd=None if priced is None else priced.cost_usd,
            price_table=None if priced is None else priced.table,
            rates=None if priced is None else priced.rates,
            finish_reason=None if reply is None else label(reply.finish_reason, sent.messages),
            prompt_sha256=sent.prompt_sha256,
            response_sha256=None if text is None else hashlib.sha256(_bytes(text)).hexdigest(),
            degraded=model.provider == "template",
            retry_after_seconds=None if fault is None else fault.retry_after_seconds,
            detail=None if fault is None else self._words_of(fault),
        )
        run.probe = False  # the breaker learns of it
        router._outcome(run, state, attempt, sent, text)

    def _words_of(self, fault: ProviderFault) -> str:
        """What went wrong, without what it repeats of the prompt and without private data, whoever may see those: a
        policy is about a model, not about logs."""
        plain = unquoted(shown(fault.detail), self._sent.messages)
        return Redactor(self._router._configuration.privacy).hide(plain)


def _withholding(model: Model, configuration: Configuration) -> Model:
    """A program is told which variables hold keys of other models, so that it does not inherit them."""
    if model.provider != "command":
        return model
    keys = {one.key for one in configuration.models.values() if one.key} - {model.key}
    return replace(model, options={**model.options, "withheld": sorted(keys)})


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _named(fault: Exception) -> ProviderFault:
    """A fault by its name; one that no provider should let through is told by its type alone, without its words."""
    if isinstance(fault, ProviderFault):
        return fault
    if isinstance(fault, TimeoutError):
        return ProviderFault("timeout", "no answer came in time")
    if isinstance(fault, HansardError):
        return ProviderFault("rejected", fault.message)
    return ProviderFault("rejected", f"its provider stumbled over {type(fault).__name__}")


class BlockingRouter:
    """The router for threads: it runs in an event loop of its own, in a thread of its own, started when first used.

    Any number of threads may use it at the same time.
    """

    def __init__(self, router: Router) -> None:
        """Take over a router, which nobody else may use from then on."""
        self._router = router
        self._lock = threading.Lock()
        self._stack: ExitStack | None = None
        self._portal: BlockingPortal | None = None

    def ask(self, task: Task, permit: Permit) -> Answer:
        """See ``Router.ask``; an exception in the caller's thread while it waits (Ctrl-C) cancels it."""
        asked = self._running().start_task_soon(self._router.ask, task, permit)
        try:
            return asked.result()
        except BaseException:
            asked.cancel()
            raise

    def stream(self, task: Task, permit: Permit) -> Iterator[Piece]:
        """See ``Router.stream``; closing the iterator before its end cancels it."""
        waiting: queue.SimpleQueue[Piece | None] = queue.SimpleQueue()

        async def pump() -> None:  # one task for all of it: what a library opens it closes in the same one
            try:
                async with aclosing(self._router.stream(task, permit)) as pieces:
                    async for piece in pieces:
                        waiting.put(piece)
            finally:
                waiting.put(None)

        pumping = self._running().start_task_soon(pump)
        try:
            while (piece := waiting.get()) is not None:
                yield piece
            pumping.result()
        finally:
            pumping.cancel()

    def explain(self, task: Task) -> list[Row]:
        """See ``Router.explain``."""
        return self._running().call(self._router.explain, task)

    def health(self) -> dict[str, tuple[Breaker, Summary]]:
        """See ``Router.health``."""
        return self._running().call(self._router.health)

    def close(self) -> None:
        """End what is under way, close the router and its loop."""
        with self._lock:
            stack, self._stack, portal, self._portal = self._stack, None, self._portal, None
        if stack is not None and portal is not None:
            try:
                portal.call(self._router.aclose)
            finally:
                stack.close()

    def _running(self) -> BlockingPortal:
        with self._lock:
            if self._portal is None:
                from anyio.from_thread import start_blocking_portal

                self._stack = ExitStack()
                self._portal = self._stack.enter_context(start_blocking_portal("asyncio", name="hansard-routing"))
            return self._portal
