"""The door of routing for surfaces: ask, explain, what models there are and how they do, what calls cost."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hansard.database.engine import HEAD, Database
from hansard.kernel.errors import HansardError, path_not_allowed
from hansard.kernel.files import read_bytes, write_atomic
from hansard.kernel.operations import Call, operation
from hansard.kernel.permits import ANONYMOUS, Permit
from hansard.routing import shapes
from hansard.routing.calls import read_calls
from hansard.routing.model import Answer, Attempt, Model, Origin, Task

if TYPE_CHECKING:
    from hansard.routing.audit import Audit
    from hansard.routing.configuration import Configuration
    from hansard.routing.providers.protocol import Provider
    from hansard.routing.router import BlockingRouter, Router
    from hansard.routing.telemetry import Watched

STATE_VERSION: Final = "1.0"
"""Of the exported state."""

_CALLED: Final = {"schema": "answer_schema", "prompt": "question"}
"""What the request calls a field that the room calls otherwise."""

Told = Callable[[str], None]
"""Told an answer's text as it comes."""


class RoutingOperations:
    """Questions to language models, by the one way there is to them."""

    def __init__(
        self,
        database: Database,
        memory: Path,
        *,
        settings: Callable[[], Mapping[str, Any] | None],
        may_read: Callable[[Path], bool],
        may_write: Callable[[Path], bool],
        figures: bool = False,
    ) -> None:
        """Operations on the models that the settings of a home offer.

        Args:
            database: of the home.
            memory: the folder of the memory, where the trail is.
            settings: gives the table ``[routing]`` of the settings; nothing where there is none.
            may_read: whether a file may be read.
            may_write: whether a file may be written there.
            figures: count for Prometheus.
        """
        self._database = database
        self._memory = memory
        self._settings = settings
        self._may_read = may_read
        self._may_write = may_write
        self._count = figures
        self._lock = threading.Lock()
        self._configured: Configuration | None = None
        self._working: tuple[BlockingRouter, Audit] | None = None
        self._watched: Watched | None = None

    # ------------------------------------------------------------------ asking

    @operation(writes=True, tools="routing")
    def route_ask(self, request: shapes.RouteAsk, call: Call) -> shapes.RouteAnswered:
        """Ask a language model, whichever suits: it is chosen by cost, latency and capability, and costs money."""
        return self.ask(request, call)

    def ask(
        self, request: shapes.RouteAsk, call: Call, told: Told | None = None, permit: Permit = ANONYMOUS
    ) -> shapes.RouteAnswered:
        """The same, with somebody who is told the text as it comes.

        Raises:
            HansardError: see ``request_adapter.task_of`` and ``Router.ask``.
        """
        origin = Origin(call.actor.name, request.purpose, request.dialogue_id)
        task = self._task(request, origin)
        router, _ = self._opened()
        began = time.monotonic()
        answer: Answer | None = None
        if told is None:
            answer = router.ask(task, permit)
        else:
            for piece in router.stream(task, permit):
                if piece.text:
                    told(piece.text)
                answer = piece.answer or answer
        assert answer is not None  # a stream ends with it
        return _answered(answer, time.monotonic() - began)

    @operation(store=False, tools="routing")
    def route_explain(self, request: shapes.RouteExplain, call: Call) -> shapes.RouteExplained:
        """Tell which models would be asked a question, in which order and why; nothing is asked and nothing spent."""
        from hansard.routing.request_adapter import task_tokens

        task = self._task(request, Origin(call.actor.name, "explain"))
        rows = self._looking()[0].explain(task)
        return shapes.RouteExplained(
            input_tokens=task_tokens(task),
            choices=[
                shapes.RouteChoice(
                    model=row.model,
                    tier=row.tier,
                    place=row.place,
                    reason=row.refusal.reason if row.refusal else None,
                    why=row.refusal.why if row.refusal else None,
                    latency=row.terms.latency if row.terms else None,
                    cost=row.terms.cost if row.terms else None,
                    capability=row.terms.capability if row.terms else None,
                    failure=row.terms.failure if row.terms else None,
                    score=row.total,
                    breaker=row.breaker.state,
                    p95_ms=row.summary.p95_ms,
                    failure_share=row.summary.failure_share,
                    cost_per_1k_usd=row.cost_per_1k,
                )
                for row in rows
            ],
        )

    def _task(self, request: shapes.RouteExplain, origin: Origin) -> Task:
        from hansard.routing.request_adapter import Intent, attachment, task_of

        files = []
        for name in request.attachments:
            path = Path(name)
            if not self._may_read(path):
                raise path_not_allowed("attachments", path.name or name, "read")
            files.append(attachment(path.name, read_bytes(path, name=name)))
        intent = Intent(
            question=request.question,
            system=request.system,
            attachments=tuple(files),
            schema=request.answer_schema,
            models=tuple(request.models),
            max_output_tokens=request.max_output_tokens,
            temperature=request.temperature,
            seed=request.seed,
            budget_usd=request.budget_usd,
            deadline_seconds=request.deadline_seconds,
            privacy=request.privacy,
            minimum_capability=request.minimum_capability,
        )
        try:
            return task_of(intent, origin, self.configuration())
        except HansardError as fault:
            for one in (fault, *fault.errors):
                one.field = _CALLED.get(one.field or "", one.field)
            raise

    # ------------------------------------------------------------------ models

    @operation(store=False, path="/models", tools="routing")
    def route_models(self, request: shapes.RouteModels, call: Call) -> shapes.RouteListed:  # noqa: ARG002
        """List the models that the settings offer: what they can, what they cost, and whether they can be asked."""
        from hansard.routing.prices import Prices

        configuration, prices = self.configuration(), Prices()
        tiers = {name: number for number, tier in enumerate(configuration.ladder, 1) for name in tier}
        listed = []
        for model in sorted(configuration.models.values(), key=lambda one: (tiers.get(one.name, 10**6), one.name)):
            rates, why = prices.rates(model), unready(model)
            listed.append(
                shapes.RouteModel(
                    name=model.name,
                    provider=model.provider,
                    model=model.model,
                    tier=tiers.get(model.name),
                    base_url=model.base_url,
                    key=model.key,
                    ready=why is None,
                    why=why,
                    context_window=model.context_window,
                    max_output_tokens=model.max_output_tokens,
                    modalities=sorted(model.modalities),
                    structured=model.structured,
                    streaming=model.streaming,
                    external=model.external,
                    privacy=model.privacy,
                    capability=model.capability,
                    input_usd_per_million=rates.input if rates else None,
                    output_usd_per_million=rates.output if rates else None,
                    price_table=rates.table if rates else None,
                )
            )
        weights = configuration.weights
        return shapes.RouteListed(
            models=listed,
            weights={name: getattr(weights, name) for name in ("latency", "cost", "capability", "failure")},
            markdown=_markdown(listed) if request.markdown else None,
        )

    @operation(store=False, path="/models/health", tools="routing")
    def route_health(self, request: shapes.RouteHealth, call: Call) -> shapes.RouteHealthy:  # noqa: ARG002
        """Tell how models did lately: breakers, failures, latency; over all processes of this home."""
        configuration = self.configuration()
        router, audit = self._looking()
        found = []
        for name, (breaker, summary) in router.health().items():
            tier, model = configuration.tier(name), configuration.models[name]
            found.append(
                shapes.RouteModelHealth(
                    model=name,
                    tier=tier if tier <= len(configuration.ladder) else None,
                    breaker=breaker.state,
                    cause=breaker.cause,
                    until=breaker.until if breaker.state != "closed" else None,
                    not_ready=unready(model),
                    calls=summary.calls,
                    failures=summary.failures,
                    p50_ms=summary.p50_ms,
                    p95_ms=summary.p95_ms,
                    cost_usd=summary.cost_usd,
                )
            )
        return shapes.RouteHealthy(
            window_seconds=configuration.window.age_seconds,
            window_attempts=configuration.window.attempts,
            models=found,
            trail=str(audit.fault) if audit is not None and audit.fault is not None else None,
        )

    # ------------------------------------------------------------------ the trail

    @operation(
        store=False,
        path="/models/calls",
        tools="routing",
        shorter="Give a smaller 'limit', or leave 'texts' out",
    )
    def route_calls(self, request: shapes.RouteCalls, call: Call) -> shapes.RouteCalled:  # noqa: ARG002
        """List the newest calls to models, and sum up all of them: by purpose and by model, tokens and cost."""
        self._kept()
        with contextlib.ExitStack() as stack:
            if request.texts and self._database.revision() == HEAD:
                connection = stack.enter_context(self._database.reading())

                def text_of(digest: str) -> bytes | None:
                    from hansard.routing.store import read_text

                    return read_text(connection, digest)

            else:

                def text_of(digest: str) -> bytes | None:  # noqa: ARG001
                    return None

            return read_calls(self._memory, request, text_of)

    @operation(writes=True, store=False, idempotent=True, tools="record", scope="read")
    def route_export(self, request: shapes.RouteExport, call: Call) -> shapes.RouteExported:
        """Write the state of routing into a file: how models do and what calls came to, as ``runtime_state.json``."""
        path = Path(request.output_path)
        if not self._may_write(path):
            raise path_not_allowed("output_path", request.output_path, "written")
        health = self.route_health(shapes.RouteHealth(), call)
        calls = self.route_calls(shapes.RouteCalls(limit=0), call)
        state = state_of(health, calls, datetime.now(UTC))
        write_atomic(path, (json.dumps(state, indent=2, ensure_ascii=False) + "\n").encode(), name=request.output_path)
        return shapes.RouteExported(path=request.output_path, models=len(health.models), calls=calls.total.calls)

    def _kept(self) -> None:
        """What this process asked is in the memory, if it can be; what cannot be kept is told by ``route_health``."""
        working = self._working
        if working is not None:
            with contextlib.suppress(HansardError):
                working[1].flush()

    # ------------------------------------------------------------------ parts

    def configuration(self) -> Configuration:
        """What the settings say.

        Raises:
            HansardError: see ``configuration.configured``.
        """
        if self._configured is None:
            from hansard.routing.configuration import configured

            self._configured = configured(self._settings())
        return self._configured

    def figures(self) -> bytes:
        """What Prometheus is told; nothing before anybody was asked."""
        return b"" if self._watched is None else self._watched.figures()

    def _opened(self) -> tuple[BlockingRouter, Audit]:
        with self._lock:
            if self._working is None:
                from hansard.routing.audit import Audit
                from hansard.routing.router import BlockingRouter, Router
                from hansard.routing.telemetry import Watched

                configuration = self.configuration()
                audit = Audit(self._memory, self._database, record=configuration.record, window=configuration.window)
                self._watched = Watched(figures=self._count)
                router: Router = Router(
                    configuration,
                    provider_of=provider_of,
                    shared=audit,
                    trail=audit,
                    telemetry=self._watched,
                )
                self._working = BlockingRouter(router), audit
            return self._working

    def _looking(self) -> tuple[BlockingRouter | Router, Audit | None]:
        """A router to look at: where there is no store yet, one that knows of no other process."""
        if self._working is not None or self._database.revision() == HEAD:
            return self._opened()
        from hansard.routing.router import Router

        return Router(self.configuration(), provider_of=provider_of), None

    def close(self) -> None:
        """Keep what was noted, and give everything back.

        Raises:
            HansardError: ``trail_unkept``, where attempts are lost.
        """
        with self._lock:
            working, self._working = self._working, None
        if working is not None:
            router, audit = working
            try:
                router.close()
            finally:
                audit.close()


def provider_of(model: Model) -> Provider:
    """Who speaks to a model, with its key.

    Raises:
        HansardError: ``key_missing``, ``key_unusable``, ``extra_missing``, a refusal of the provider's own.
    """
    from hansard.routing.keys import need_key
    from hansard.routing.providers import make

    return make(model, None if model.key is None else need_key(model.key, model.name).reveal())


def unready(model: Model) -> str | None:
    """Why a model cannot be asked, as things stand; nothing is sent to find out."""
    try:
        provider_of(model)
    except HansardError as fault:
        return fault.message
    return None


def attempt_of(attempt: Attempt) -> dict[str, Any]:
    """The fields of an attempt as they are told."""
    tokens = attempt.tokens
    return {
        "number": attempt.number,
        "model": attempt.model,
        "provider": attempt.provider,
        "tier": attempt.tier,
        "outcome": attempt.outcome,
        "latency_ms": attempt.latency_ms,
        "first_token_ms": attempt.first_token_ms,
        "serving_model": attempt.serving_model,
        "tokens_input": tokens.input if tokens else None,
        "tokens_output": tokens.output if tokens else None,
        "tokens_cached": tokens.cached if tokens else None,
        "cost_usd": attempt.cost_usd,
        "price_table": attempt.price_table,
        "finish_reason": attempt.finish_reason,
        "prompt_sha256": attempt.prompt_sha256,
        "response_sha256": attempt.response_sha256,
        "detail": attempt.detail,
    }


def _answered(answer: Answer, seconds: float) -> shapes.RouteAnswered:
    return shapes.RouteAnswered(
        text=_storable(answer.text),
        structured=answer.structured,
        truncated=answer.truncated,
        degraded=answer.degraded,
        model=answer.last.model,
        seconds=seconds,
        cost_usd=answer.cost_usd,
        attempts=[shapes.RouteAttempt(**attempt_of(each)) for each in answer.attempts],
    )


def _storable(text: str) -> str:
    """A text as every door can give it; a model may say anything."""
    return text if text.isascii() and "\0" not in text else text.encode("utf-8", "replace").decode().replace("\0", "")


def state_of(health: shapes.RouteHealthy, calls: shapes.RouteCalled, now: datetime) -> dict[str, Any]:
    """The state of routing as one document (specification, sections 7 and 8)."""
    latencies = [one.p95_ms for one in health.models if one.p95_ms is not None]
    return {
        "version": STATE_VERSION,
        "timestamp_utc": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "window": {"seconds": health.window_seconds, "attempts": health.window_attempts},
        "orchestration": {
            "runs_ok": calls.total.calls - calls.total.failures,
            "runs_fail": calls.total.failures,
            "p95_ms": max(latencies, default=None),
        },
        "models": {one.model: one.model_dump(mode="json", exclude={"model"}) for one in health.models},
        "cost_usd": {
            "total": calls.total.cost_usd,
            "unpriced_calls": calls.total.unpriced,
            "by_purpose": {name: one.cost_usd for name, one in calls.by_purpose.items()},
            "by_model": {name: one.cost_usd for name, one in calls.by_model.items()},
        },
    }


def _markdown(models: list[shapes.RouteModel]) -> str:
    """The models as a table for documents."""

    def price(value: float | None) -> str:
        return "?" if value is None else f"{value:g}"

    head = ("model", "provider", "tier", "context", "reads", "structured", "leaves", "capability", "USD/M in", "out")
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for one in models:
        cells = (
            f"`{one.name}`", one.provider, "–" if one.tier is None else str(one.tier), f"{one.context_window:,}",
            ", ".join(one.modalities), one.structured, one.privacy if one.external else "nothing",
            f"{one.capability:g}", price(one.input_usd_per_million), price(one.output_usd_per_million),
        )  # fmt: skip
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
