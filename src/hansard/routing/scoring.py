"""Which model suits a task, and how well: eligibility first, each refusal with its reason, then a score. Pure.

::

    score = W_LAT · norm(p95) + W_COST · norm(cost per 1k) + W_CAP · (1 − capability) + W_FAIL · failure penalty

Lower is better (specification, section 25; section 7 has the sign of capability the other way round). ``norm`` divides
by the largest value among the candidates, those of one tier that are eligible. A latency that is not known counts as
the mean of those that are; a price that is not known counts as the dearest, and never passes a hard cap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from hansard.routing.breakers import CLOSED, Breaker, admits
from hansard.routing.configuration import Weights
from hansard.routing.model import Modality, Model, Privacy
from hansard.routing.redaction import policy
from hansard.routing.statistics import Summary

Reason = Literal[
    "not_named", "modality", "structured", "capability", "privacy", "context_window", "price_unknown", "budget",
    "deadline", "breaker", "not_ready",
]  # fmt: skip
"""Why a model is not eligible. ``not_named``: the task names others; ``not_ready``: no key, or no library."""

LEAST_OUTPUT: Final = 256
"""Tokens of output below which a budget does not buy an answer, where the task allows for more."""

CERTAIN: Final = 1.5
"""An estimate of tokens times this is taken for their most, where a hard cap depends on it."""


class Refusal(NamedTuple):
    """Why a model cannot take a task."""

    reason: Reason
    why: str


class Needs(NamedTuple):
    """What a task asks of any model, so that what it rules out can be remembered."""

    modalities: frozenset[Modality]
    structured: bool
    privacy: tuple[Privacy | None, ...]
    """What the task and the settings ask for (``redaction.policy``)."""
    minimum_capability: float
    models: tuple[str, ...]


class Demand(NamedTuple):
    """What a task asks of a model at this moment."""

    input_tokens: int
    """Estimated."""
    output_tokens: int
    """At most."""
    seconds_left: float
    budget_left_usd: float | None
    now: float
    """Seconds since 1970."""


class Facts(NamedTuple):
    """What is known of a model at this moment."""

    model: Model
    breaker: Breaker = CLOSED
    summary: Summary = Summary()
    cost_per_1k: float | None = None
    """US dollars, for the mix of tokens that the task has."""
    input_usd: float | None = None
    """What its input costs at most; only looked at where there is a budget."""
    output_usd: float | None = None
    """What a token of output costs; only looked at where there is a budget."""


class Terms(NamedTuple):
    """The terms of a score, weighted."""

    latency: float
    cost: float
    capability: float
    failure: float


class Scored(NamedTuple):
    """A candidate and its score."""

    model: Model
    terms: Terms
    total: float


def unfit(model: Model, needs: Needs) -> Refusal | None:
    """Why a model can never take such a task."""
    if needs.models and model.name not in needs.models:
        return Refusal("not_named", f"the task asks for {', '.join(needs.models)}")
    if lacking := needs.modalities - model.modalities:
        return Refusal("modality", f"it reads no {' and no '.join(sorted(lacking))}")
    if needs.structured and model.structured == "none" and model.provider != "template":
        return Refusal("structured", "it gives no structured output")
    if model.capability < needs.minimum_capability and model.provider != "template":
        return Refusal("capability", f"its capability is {model.capability:g}, below {needs.minimum_capability:g}")
    told = policy(model, *needs.privacy)
    if told == "local" and model.external:
        return Refusal("privacy", "nothing may leave the machine, and it is elsewhere")
    if told == "redacted" and model.external and needs.modalities != {"text"}:
        return Refusal("privacy", "only text can be redacted, and it may be told nothing else (its privacy: 'raw')")
    return None


def unready(facts: Facts, demand: Demand) -> Refusal | None:
    """Why a model cannot take the task now."""
    model, breaker = facts.model, facts.breaker
    if breaker.state != "closed" and not admits(breaker, demand.now):
        if breaker.state == "half_open":
            return Refusal("breaker", f"one call tries it again after {breaker.cause}")
        return Refusal("breaker", f"left alone after {breaker.cause} for {breaker.until - demand.now:.1f} s more")
    if demand.input_tokens >= model.context_window:
        return Refusal(
            "context_window",
            f"about {demand.input_tokens:,} tokens of prompt do not fit {model.context_window:,}",
        )
    if demand.budget_left_usd is not None and (refusal := _unaffordable(facts, demand)) is not None:
        return refusal
    typical = facts.summary.p50_ms
    if typical is not None and typical > demand.seconds_left * 1000:
        left = max(0.0, demand.seconds_left)
        return Refusal("deadline", f"it takes {typical / 1000:.1f} s, and {left:.1f} s are left")
    return None


def output_limit(facts: Facts, demand: Demand) -> int:
    """Tokens of output that the task, the model, its context window and the budget allow, together."""
    model = facts.model
    limit = min(demand.output_tokens, model.max_output_tokens, max(1, model.context_window - demand.input_tokens))
    if demand.budget_left_usd is None or not facts.output_usd or facts.input_usd is None:
        return limit
    return max(1, int(min(float(limit), (demand.budget_left_usd - facts.input_usd) / facts.output_usd)))


def _unaffordable(facts: Facts, demand: Demand) -> Refusal | None:
    left = demand.budget_left_usd
    assert left is not None
    if facts.input_usd is None or facts.output_usd is None:
        return Refusal("price_unknown", "its price is not known, and the task has a budget")
    least = min(demand.output_tokens, facts.model.max_output_tokens, LEAST_OUTPUT)
    cost = facts.input_usd + least * facts.output_usd
    if cost > left:
        return Refusal("budget", f"{least} tokens of answer cost up to ${cost:.6f}, and ${max(0.0, left):.6f} are left")
    return None


def scored(candidates: Sequence[Facts], weights: Weights) -> list[Scored]:
    """The candidates with their scores, the best first; equal ones in the order given."""
    latencies = [one.summary.p95_ms for one in candidates]
    known = [value for value in latencies if value is not None]
    slowest = max(known, default=0.0)
    assumed = sum(known) / len(known) if known else 0.0
    dearest = max((one.cost_per_1k for one in candidates if one.cost_per_1k is not None), default=0.0)
    slowest, dearest = slowest or 1.0, dearest or 1.0  # all are 0 then
    found = []
    for one, latency in zip(candidates, latencies, strict=True):
        cost = one.cost_per_1k
        terms = Terms(
            weights.latency * ((assumed if latency is None else latency) / slowest),
            weights.cost if cost is None else weights.cost * (cost / dearest),
            weights.capability * (1.0 - one.model.capability),
            weights.failure * one.summary.penalty,
        )
        found.append(Scored(one.model, terms, terms.latency + terms.cost + terms.capability + terms.failure))
    found.sort(key=_total)
    return found


def _total(one: Scored) -> float:
    return one.total


class Row(NamedTuple):
    """A line of the explanation: one model of the ladder, why not or with what score."""

    model: str
    tier: int
    """From 1."""
    place: int | None
    """In which order it would be asked, from 1; ``None`` where it would not be."""
    refusal: Refusal | None
    terms: Terms | None
    total: float | None
    breaker: Breaker
    summary: Summary
    cost_per_1k: float | None


def explained(tiers: Iterable[Sequence[tuple[Facts, Refusal | None]]], weights: Weights) -> list[Row]:
    """The table of terms: every tier with its models, the eligible ones in their order, then the others.

    Args:
        tiers: the models of each with what is known of them and why they are refused, if they are.
    """
    rows: list[Row] = []
    place = 0
    for tier, models in enumerate(tiers, 1):
        facts = {one.model.name: one for one, _ in models}
        for each in scored([one for one, refusal in models if refusal is None], weights):
            place += 1
            one = facts[each.model.name]
            rows.append(
                Row(
                    each.model.name, tier, place, None, each.terms, each.total,
                    one.breaker, one.summary, one.cost_per_1k,
                )
            )  # fmt: skip
        rows.extend(
            Row(one.model.name, tier, None, refusal, None, None, one.breaker, one.summary, one.cost_per_1k)
            for one, refusal in models
            if refusal is not None
        )
    return rows
