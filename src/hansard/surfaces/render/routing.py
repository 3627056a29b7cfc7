"""Routing, shown: answers with what they cost, choices with their reasons, models, calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hansard.surfaces.render.blocks import Block, Column, Gap, Heading, Markdown, Prose, Words, line, table
from hansard.surfaces.render.text import count, figure, one_line, shortened

if TYPE_CHECKING:
    from hansard.routing import shapes

MISSING = "–"
UNKNOWN = "cost unknown"


def money(dollars: float | None) -> str:
    """US dollars; small sums keep their figures."""
    if dollars is None:
        return UNKNOWN
    if dollars == 0:
        return "$0"
    if dollars >= 1:
        return f"${dollars:,.2f}"
    return f"${dollars:.6f}".rstrip("0") if dollars >= 1e-6 else f"${dollars:.1e}"


def answered(answer: shapes.RouteAnswered) -> Iterator[Block]:
    """An answer and how it came to be."""
    yield Prose(answer.text)
    yield from said(answer)


def said(answer: shapes.RouteAnswered) -> Iterator[Block]:
    """Who answered, at what cost and in which time."""
    if answer.degraded:
        yield line(Words("no model answered; this is the settings' template", "warn"))
        if len(answer.attempts) == 1:
            yield line("No model could be asked: 'hansard route models' and 'hansard route health' tell why", indent=1)
    if answer.truncated:
        yield line(Words("the answer was cut: the model reached its limit of tokens", "warn"))
    facts = [one_line(answer.model), money(answer.cost_usd), f"{answer.seconds:.2f} s"]
    facts.append(count(len(answer.attempts), "attempt"))
    yield line(Words(" · ".join(facts), "quiet"))
    for one in answer.attempts[:-1]:
        why = f": {shortened(one.detail, 100)}" if one.detail else ""
        yield line(Words(f"{one_line(one.model)} did not: {one.outcome}{why}", "quiet"), indent=1)


def explained(answer: shapes.RouteExplained) -> Iterator[Block]:
    """In which order models would be asked, with the terms of their scores."""
    yield Heading(f"About {count(answer.input_tokens, 'token')}; the lowest score of a tier is asked first")
    yield table(
        [Column("", right=True, whole=True), Column("Tier", right=True, whole=True), Column("Model", whole=True),
         Column("Score", right=True, whole=True), Column("Latency", right=True, rank=2),
         Column("Cost", right=True, rank=2), Column("Capability", right=True, rank=3),
         Column("Failure", right=True, rank=3), Column("USD / 1k", right=True, rank=1), Column("Why not")],
        [
            (
                MISSING if one.place is None else str(one.place), str(one.tier), one_line(one.model), _term(one.score),
                _term(one.latency), _term(one.cost), _term(one.capability), _term(one.failure),
                "?" if one.cost_per_1k_usd is None else f"{one.cost_per_1k_usd:.5f}",
                Words(one_line(one.why or one.reason or ""), "warn"),
            )
            for one in answer.choices
        ],
    )  # fmt: skip


def _term(value: float | None) -> str:
    return MISSING if value is None else f"{value:.3f}"


def healthy(answer: shapes.RouteHealthy) -> Iterator[Block]:
    """How models did lately."""
    yield Heading(f"The last {answer.window_seconds / 60:g} minutes, {answer.window_attempts} attempts of each process")
    yield table(
        [Column("Model", whole=True), Column("Tier", right=True, whole=True), Column("Breaker", whole=True),
         Column("Calls", right=True, whole=True), Column("Failed", right=True, whole=True),
         Column("p50 ms", right=True, rank=2), Column("p95 ms", right=True, rank=1), Column("Cost", right=True, rank=3),
         Column("Note")],
        [
            (
                one_line(one.model), MISSING if one.tier is None else str(one.tier), _breaker(one), figure(one.calls),
                figure(one.failures), _ms(one.p50_ms), _ms(one.p95_ms),
                MISSING if one.cost_usd is None else money(one.cost_usd), one_line(one.not_ready or _until(one)),
            )
            for one in answer.models
        ],
    )  # fmt: skip
    if answer.trail is not None:
        yield Gap()
        yield line(Words("✗ ", "bad"), one_line(answer.trail))


def _breaker(one: shapes.RouteModelHealth) -> Words:
    return Words(one.breaker.replace("_", "-"), "good" if one.breaker == "closed" else "bad")


def _until(one: shapes.RouteModelHealth) -> str:
    if one.until is None:
        return ""
    return f"{one.cause or 'it failed'}; tried again from {_time(one.until)} on"


def _ms(value: float | None) -> str:
    return MISSING if value is None else f"{value:,.0f}"


def listed(answer: shapes.RouteListed) -> Iterator[Block]:
    """The models that the settings offer."""
    if answer.markdown is not None:
        yield Markdown(answer.markdown.rstrip("\n"))
        return
    yield table(
        [Column("Tier", right=True, whole=True), Column("Model", whole=True), Column("Provider", rank=1),
         Column("Context", right=True, rank=2), Column("Reads", rank=4), Column("Schema", rank=4),
         Column("May leave", rank=3), Column("Capability", right=True, rank=3), Column("USD/M in", right=True, rank=1),
         Column("out", right=True, rank=1), Column("Ready")],
        [
            (
                MISSING if one.tier is None else str(one.tier), one_line(one.name), one.provider,
                f"{one.context_window:,}", ", ".join(one.modalities), one.structured,
                one.privacy if one.external else "nothing", f"{one.capability:g}", _rate(one.input_usd_per_million),
                _rate(one.output_usd_per_million),
                Words("yes", "good") if one.ready else Words(one_line(one.why or "no"), "warn"),
            )
            for one in answer.models
        ],
    )  # fmt: skip
    if all(one.provider == "template" for one in answer.models):
        yield Gap()
        yield line(
            "No model is set up: set a key such as OPENAI_API_KEY or ANTHROPIC_API_KEY in the environment, or name"
        )
        yield line("models in [routing] of settings.toml (docs/routing.md)")


def _rate(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def called(answer: shapes.RouteCalled) -> Iterator[Block]:
    """Calls and what they came to."""
    total = answer.total
    yield Heading(f"{count(total.calls, 'call')}, {money(total.cost_usd)}")
    if total.unpriced:
        yield line(Words(f"{count(total.unpriced, 'call')} of unknown price are not in it", "warn"))
    if not total.calls:
        return
    figures = [Column(each, right=True) for each in ("Calls", "Failed", "Tokens in", "cached", "out", "Cost")]
    for name, sums in (("Purpose", answer.by_purpose), ("Model", answer.by_model)):
        yield Gap()
        yield table(
            [Column(name, whole=True), *figures],
            [
                (
                    one_line(each), figure(one.calls), figure(one.failures), figure(one.tokens_input),
                    figure(one.tokens_cached), figure(one.tokens_output), money(one.cost_usd),
                )
                for each, one in sums.items()
            ],
        )  # fmt: skip
    if not answer.calls:
        return
    yield Gap()
    yield table(
        [Column("Time", whole=True), Column("Model", whole=True), Column("Result", whole=True),
         Column("Purpose", rank=2), Column("ms", right=True), Column("In", right=True, rank=1),
         Column("Out", right=True, rank=1), Column("Cost", right=True), Column("Prompt", rank=3),
         Column("Answer", rank=3)],
        [
            (
                _time(one.time), one_line(one.model),
                Words("degraded" if one.degraded else "ok", "warn" if one.degraded else "good")
                if one.outcome == "ok" else Words(one.outcome, "bad"),
                one_line(one.purpose or MISSING), _ms(one.latency_ms), figure(one.tokens_input),
                figure(one.tokens_output), MISSING if one.cost_usd is None else money(one.cost_usd),
                (one.prompt_sha256 or MISSING)[:12], (one.response_sha256 or MISSING)[:12],
            )
            for one in answer.calls
        ],
    )  # fmt: skip
    for one in answer.calls:
        for what, text in (("prompt", one.prompt), ("answer", one.response)):
            if text is not None:
                yield Gap()
                yield line(Words(f"{_time(one.time)} {one_line(one.model)}, {what}", "strong"))
                yield Prose(text, indent=1)


def exported(answer: shapes.RouteExported) -> Iterator[Block]:
    """Where the state was written."""
    told = f"{count(answer.models, 'model')}, {count(answer.calls, 'call')} in {one_line(answer.path)}"
    yield line(Words("✓ ", "good"), told)


def _time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g} s"
