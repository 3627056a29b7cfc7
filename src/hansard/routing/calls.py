"""The trail, read: which calls there were, and what they cost. Sums are exact, so that parts add up to the whole."""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hansard.kernel.errors import HansardError
from hansard.routing import shapes

if TYPE_CHECKING:
    from hansard.memory.query import Query
    from hansard.memory.record import ForgeRecord

_SUMMED: Final = ("purpose", "model", "failure_reason", "cost_usd", "tokens_input", "tokens_output", "tokens_cached")


@dataclass(slots=True)
class _Sum:
    calls: int = 0
    failures: int = 0
    unpriced: int = 0
    cost: Decimal = field(default_factory=Decimal)
    tokens: list[int] = field(default_factory=lambda: [0, 0, 0])

    def add(self, failure: str | None, cost: float | None, tokens: tuple[float | None, ...]) -> None:
        self.calls += 1
        self.failures += failure is not None
        if cost is not None:
            self.cost += Decimal(repr(cost))
        elif tokens[0] is not None:
            self.unpriced += 1
        for place, number in enumerate(tokens):
            self.tokens[place] += int(number or 0)

    def told(self) -> shapes.RouteSum:
        given, said, cached = self.tokens
        return shapes.RouteSum(
            calls=self.calls,
            failures=self.failures,
            unpriced=self.unpriced,
            tokens_input=given,
            tokens_output=said,
            tokens_cached=cached,
            cost_usd=float(self.cost),
        )


def filter_of(request: shapes.RouteCalls) -> str:
    """The memory's filter for what was asked."""
    said = ['task_id == "model_call"']
    for name in ("model", "purpose", "dialogue_id"):
        if (value := getattr(request, name)) is not None:
            said.append(f"{name} == {json.dumps(value, ensure_ascii=False)}")
    if request.outcome == "ok":
        said.append("success == true")
    elif request.outcome is not None:
        said.append(f"failure_reason == {json.dumps(request.outcome, ensure_ascii=False)}")
    if request.since is not None:
        said.append(f"time >= {request.since!r}")
    return " and ".join(said)


def read_calls(folder: Path, request: shapes.RouteCalls, text_of: Callable[[str], bytes | None]) -> shapes.RouteCalled:
    """The calls of a memory that were asked for; none where there is no memory yet.

    Args:
        folder: the memory's.
        text_of: a prompt or an answer by its SHA-256.
    """
    from hansard.memory.memory import Memory

    nothing = shapes.RouteCalled(total=_Sum().told(), by_purpose={}, by_model={}, calls=[])
    try:
        memory = Memory.read(folder)
    except HansardError as fault:
        if fault.code == "memory_missing":
            return nothing
        raise
    with memory:
        if not memory.query('task_id == "model_call"').count():
            return nothing  # columns of model calls are not known yet
        query = memory.query(filter_of(request))
        total, by_purpose, by_model = _summed(query)
        newest = heapq.nlargest(request.limit, query, key=lambda hit: (hit.timestamp, hit.worker_id, hit.seq))
        listed = [_call(hit.record, text_of if request.texts else None) for hit in newest]
    return shapes.RouteCalled(
        total=total.told(),
        by_purpose={name: one.told() for name, one in sorted(by_purpose.items())},
        by_model={name: one.told() for name, one in sorted(by_model.items())},
        calls=listed,
    )


def _summed(query: Query) -> tuple[_Sum, Mapping[str, _Sum], Mapping[str, _Sum]]:
    total: _Sum = _Sum()
    by_purpose: dict[str, _Sum] = defaultdict(_Sum)
    by_model: dict[str, _Sum] = defaultdict(_Sum)
    there = [name for name in _SUMMED if query.has(name)]
    found: dict[str, Any] = dict(query.columns(*there))
    for purpose, model, failure, cost, *tokens in zip(
        *(found.get(name, repeat(None)) for name in _SUMMED), strict=False
    ):
        for one in (total, by_purpose[str(purpose)], by_model[str(model)]):
            one.add(failure, cost, tuple(tokens))
    return total, by_purpose, by_model


def _call(record: ForgeRecord, text_of: Callable[[str], bytes | None] | None) -> shapes.RouteCall:
    metrics, params, session = record.error_metrics, record.params, record.context["session"]
    telemetry = record.context.get("telemetry", {})

    def whole(name: str) -> int | None:
        return None if metrics.get(name) is None else int(metrics[name])

    def text(name: str) -> str | None:
        digest = session.get(name)
        body = text_of(digest) if text_of is not None and digest is not None else None
        return None if body is None else body.decode("utf-8", "replace").replace("\0", "\ufffd")

    tier = params.get("tier")
    return shapes.RouteCall(
        time=record.timestamp,
        worker=record.worker_id,
        seq=record.seq,
        number=whole("attempt") or 1,
        model=params["model"],
        provider=params["provider"],
        tier=int(tier) if isinstance(tier, str) and tier.isdecimal() else 0,
        outcome="ok" if record.success else record.failure_reason or "failed",
        latency_ms=metrics["latency_ms"],
        first_token_ms=metrics.get("first_token_ms"),
        serving_model=params.get("serving_model"),
        tokens_input=whole("tokens_input"),
        tokens_output=whole("tokens_output"),
        tokens_cached=whole("tokens_cached"),
        cost_usd=metrics.get("cost_usd"),
        price_table=params.get("price_table"),
        rate_input=telemetry.get("rate_input"),
        rate_output=telemetry.get("rate_output"),
        rate_cached=telemetry.get("rate_cached"),
        finish_reason=session.get("finish_reason"),
        prompt_sha256=session.get("prompt_sha256"),
        response_sha256=session.get("response_sha256"),
        detail=session.get("detail"),
        actor=session.get("actor"),
        purpose=session.get("purpose"),
        dialogue_id=session.get("dialogue_id"),
        run_id=session.get("run_id"),
        expert=session.get("expert"),
        degraded=bool(record.context.get("flags", {}).get("degraded", False)),
        prompt=text("prompt_sha256"),
        response=text("response_sha256"),
    )
