"""What others watch routing by: spans of OpenTelemetry, figures for Prometheus. No text of a prompt stands in either.

Spans go to whatever tracer the program was given; without OpenTelemetry, or without a tracer, nothing happens. Names of
attributes are those of OpenTelemetry's conventions for generative AI, written here since they still move.
"""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any, Final

from hansard.routing.breakers import Breaker, State
from hansard.routing.model import Attempt, Origin, ProviderName, Task

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHED_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
MAX_TOKENS: Final = "gen_ai.request.max_tokens"
ERROR_TYPE: Final = "error.type"
# what the conventions have no name for
PURPOSE: Final = "hansard.purpose"
DIALOGUE: Final = "hansard.dialogue_id"
ATTEMPT: Final = "hansard.attempt"
TIER: Final = "hansard.tier"
COST: Final = "hansard.cost_usd"
PRICE_TABLE: Final = "hansard.price_table"
DEGRADED: Final = "hansard.degraded"

PROVIDERS: Final[dict[ProviderName, str]] = {"google": "gcp.gemini"}
"""What the conventions call a provider, where that is another name."""

_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)
_STATES: Final[dict[State, int]] = {"closed": 0, "half_open": 1, "open": 2}


class Watched:
    """Spans and figures of one router (``router.Telemetry``)."""

    def __init__(self, *, tracer: Any = None, figures: bool = False) -> None:
        """Watch a router.

        Args:
            tracer: of OpenTelemetry; that of the program when left out, if there is one.
            figures: count for Prometheus.
        """
        self._tracer = tracer if tracer is not None else _tracer()
        self._figures = _Figures() if figures else None

    def asking(self, task: Task) -> AbstractContextManager[object]:
        """Around a whole task."""
        if self._tracer is None:
            return contextlib.nullcontext()
        attributes: dict[str, Any] = {PURPOSE: task.origin.purpose, MAX_TOKENS: task.max_output_tokens}
        if task.origin.dialogue_id is not None:
            attributes[DIALOGUE] = task.origin.dialogue_id
        context: AbstractContextManager[object] = self._tracer.start_as_current_span(
            "hansard.ask", attributes=attributes
        )
        return context

    def attempted(self, attempt: Attempt, origin: Origin) -> None:
        """An attempt ended."""
        if self._tracer is not None:
            self._span(attempt, origin)
        if self._figures is not None:
            self._figures.attempted(attempt, origin)

    def breaker(self, model: str, breaker: Breaker) -> None:
        """A breaker changed its state."""
        if self._figures is not None:
            self._figures.breakers.labels(model).set(_STATES[breaker.state])

    def figures(self) -> bytes:
        """Every figure in Prometheus' form; nothing where nothing is counted."""
        return b"" if self._figures is None else self._figures.text()

    def _span(self, attempt: Attempt, origin: Origin) -> None:
        from opentelemetry.trace import SpanKind, Status, StatusCode

        began = int(attempt.started * 1e9)
        span = self._tracer.start_span(f"chat {attempt.model}", kind=SpanKind.CLIENT, start_time=began)
        if span.is_recording():
            span.set_attributes(attributes_of(attempt, origin))
            if attempt.outcome != "ok":
                span.set_status(Status(StatusCode.ERROR, attempt.outcome))
        span.end(began + int(attempt.latency_ms * 1e6))


def attributes_of(attempt: Attempt, origin: Origin) -> dict[str, Any]:
    """What a span says of an attempt; what is not known is left out."""
    tokens = attempt.tokens
    told = {
        OPERATION: "chat",
        PROVIDER: PROVIDERS.get(attempt.provider, attempt.provider),
        REQUEST_MODEL: attempt.model,
        RESPONSE_MODEL: attempt.serving_model,
        FINISH_REASONS: None if attempt.finish_reason is None else [attempt.finish_reason],
        INPUT_TOKENS: None if tokens is None else tokens.input,
        OUTPUT_TOKENS: None if tokens is None else tokens.output,
        CACHED_TOKENS: None if tokens is None else tokens.cached,
        ERROR_TYPE: None if attempt.outcome == "ok" else attempt.outcome,
        PURPOSE: origin.purpose,
        DIALOGUE: origin.dialogue_id,
        ATTEMPT: attempt.number,
        TIER: attempt.tier,
        COST: attempt.cost_usd,
        PRICE_TABLE: attempt.price_table,
        DEGRADED: attempt.degraded,
    }
    return {name: value for name, value in told.items() if value is not None}


def _tracer() -> Any:
    """The program's own tracer; nothing where OpenTelemetry is not installed."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("hansard.routing")


class _Figures:
    """Counters and histograms, in a registry of their own that a server shows beside its own."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = CollectorRegistry()
        self._attempts = Counter(
            "hansard_model_attempts",
            "Attempts at models by outcome.",
            ("model", "outcome"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "hansard_model_attempt_seconds",
            "Time that good answers took.",
            ("model",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._tokens = Counter(
            "hansard_model_tokens",
            "Tokens that providers counted; 'cached' ones are a part of 'input'.",
            ("model", "kind"),
            registry=self._registry,
        )
        self._cost = Counter(
            "hansard_model_cost_usd",
            "US dollars by purpose, of attempts whose price is known.",
            ("model", "purpose"),
            registry=self._registry,
        )
        self._unpriced = Counter(
            "hansard_model_unpriced_attempts",
            "Attempts that were charged for, at a price that nobody knows.",
            ("model",),
            registry=self._registry,
        )
        self.breakers = Gauge(
            "hansard_model_breaker",
            "Breakers: 0 closed, 1 half-open, 2 open.",
            ("model",),
            registry=self._registry,
        )

    def attempted(self, attempt: Attempt, origin: Origin) -> None:
        self._attempts.labels(attempt.model, attempt.outcome).inc()
        if attempt.outcome == "ok":
            self._seconds.labels(attempt.model).observe(attempt.latency_ms / 1000.0)
        if attempt.tokens is not None:
            for kind in ("input", "output", "cached"):
                self._tokens.labels(attempt.model, kind).inc(getattr(attempt.tokens, kind))
            if attempt.cost_usd is None:
                self._unpriced.labels(attempt.model).inc()
        if attempt.cost_usd is not None:
            self._cost.labels(attempt.model, origin.purpose).inc(attempt.cost_usd)

    def text(self) -> bytes:
        from prometheus_client import generate_latest

        return generate_latest(self._registry)
