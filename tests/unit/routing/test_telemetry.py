"""Spans and figures: what others watch routing by says what happened, and no word of a prompt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hansard.routing import telemetry
from hansard.routing.breakers import Breaker
from hansard.routing.model import Attempt, Message, Origin, Task, Tokens

ATTEMPT = Attempt(
    number=2,
    model="a",
    provider="google",
    tier=1,
    outcome="ok",
    started=1000.5,
    latency_ms=250.0,
    serving_model="a-2026",
    tokens=Tokens(100, 20, 40),
    cost_usd=0.25,
    price_table="a table 1",
    finish_reason="stop",
)
ORIGIN = Origin("alice", "panel", dialogue_id="d")
TASK = Task((Message("user", "the secret question"),), ORIGIN)


def test_a_span_has_the_attempt_and_no_text() -> None:
    """Each attempt is a span below that of its task, with the names of the conventions and its own times."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    simple = pytest.importorskip("opentelemetry.sdk.trace.export")
    kept, provider = export.InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(simple.SimpleSpanProcessor(kept))
    watched = telemetry.Watched(tracer=provider.get_tracer("test"))
    with watched.asking(TASK):
        watched.attempted(replace(ATTEMPT, number=1, outcome="timeout", tokens=None, cost_usd=None), ORIGIN)
        watched.attempted(ATTEMPT, ORIGIN)
    failed, good, task = kept.get_finished_spans()
    assert task.name == "hansard.ask"
    assert good.parent.span_id == failed.parent.span_id == task.context.span_id
    assert good.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "a",
        "gen_ai.response.model": "a-2026",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 40,
        "hansard.purpose": "panel",
        "hansard.dialogue_id": "d",
        "hansard.attempt": 2,
        "hansard.tier": 1,
        "hansard.cost_usd": 0.25,
        "hansard.price_table": "a table 1",
        "hansard.degraded": False,
    }
    assert (good.start_time, good.end_time) == (1_000_500_000_000, 1_000_750_000_000)
    assert failed.attributes["error.type"] == "timeout"
    assert not failed.status.is_ok
    assert "secret" not in "".join(span.to_json() for span in (failed, good, task))


def test_figures_count_attempts_tokens_and_cost() -> None:
    """Prometheus reads attempts by outcome, tokens by kind, cost by purpose, and how breakers stand."""
    watched = telemetry.Watched(figures=True)
    watched.attempted(ATTEMPT, ORIGIN)
    watched.attempted(replace(ATTEMPT, outcome="overloaded", tokens=None, cost_usd=None), ORIGIN)
    watched.attempted(replace(ATTEMPT, cost_usd=None), ORIGIN)
    watched.breaker("a", Breaker(state="open"))
    said = watched.figures().decode()
    for line in (
        'hansard_model_attempts_total{model="a",outcome="ok"} 2.0',
        'hansard_model_attempts_total{model="a",outcome="overloaded"} 1.0',
        'hansard_model_attempt_seconds_count{model="a"} 2.0',
        'hansard_model_tokens_total{kind="input",model="a"} 200.0',
        'hansard_model_cost_usd_total{model="a",purpose="panel"} 0.25',
        'hansard_model_unpriced_attempts_total{model="a"} 1.0',
        'hansard_model_breaker{model="a"} 2.0',
    ):
        assert line in said


def test_nobody_watching_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OpenTelemetry and without figures nothing happens, and nothing fails."""
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry", None)
    watched = telemetry.Watched()
    with watched.asking(TASK):
        watched.attempted(ATTEMPT, ORIGIN)
        watched.breaker("a", Breaker())
    assert watched.figures() == b""
