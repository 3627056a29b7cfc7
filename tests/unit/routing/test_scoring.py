"""Scores and eligibility: the order follows what the weights say, and each refusal has its reason."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.routing.breakers import Breaker
from hansard.routing.configuration import Weights
from hansard.routing.model import Modality, Model, Privacy
from hansard.routing.scoring import (
    Demand,
    Facts,
    Needs,
    Scored,
    explained,
    output_limit,
    scored,
    unfit,
    unready,
)
from hansard.routing.statistics import Summary
from tests.support.models import model

TEXT: frozenset[Modality] = frozenset({"text"})
NEEDS = Needs(TEXT, False, (None,), 0.0, ())
DEMAND = Demand(1000, 500, 60.0, None, 1_790_000_000.0)
OPEN = Breaker("open", until=DEMAND.now + 5, cause="timeout", changed=DEMAND.now)

amounts = st.none() | st.floats(0, 1e6)


@st.composite
def facts(draw: st.DrawFn, name: str) -> Facts:
    """A model of which anything may be known."""
    calls = draw(st.integers(0, 50))
    latency = draw(amounts)
    return Facts(
        model(name, capability=draw(st.floats(0, 1))),
        summary=Summary(calls, draw(st.integers(0, calls)), latency, latency),
        cost_per_1k=draw(amounts),
    )


candidates = st.integers(1, 8).flatmap(lambda n: st.tuples(*(facts(f"m{i}") for i in range(n)))).map(list)
weights = st.builds(Weights, *(st.floats(0, 10) for _ in range(4)))


def by_name(found: list[Scored], name: str) -> Scored:
    """The candidate of this name."""
    return next(one for one in found if one.model.name == name)


@given(candidates, weights)
def test_each_term_is_at_most_its_weight(found: list[Facts], weight: Weights) -> None:
    """Every term lies between 0 and its weight, and the total is their sum, in rising order."""
    order = scored(found, weight)
    for one in order:
        for term, most in zip(one.terms, (weight.latency, weight.cost, weight.capability, weight.failure), strict=True):
            assert -1e-12 <= term <= most * (1 + 1e-12) + 1e-12
        assert one.total == sum(one.terms)
    assert [one.total for one in order] == sorted(one.total for one in order)
    assert {one.model.name for one in order} == {one.model.name for one in found}


@given(candidates, weights, st.randoms())
def test_the_order_given_does_not_matter(found: list[Facts], weight: Weights, random: Any) -> None:
    """The same candidates in another order get the same scores, as far as floats go."""
    turned = list(found)
    random.shuffle(turned)
    first, second = scored(found, weight), scored(turned, weight)
    for one in first:
        assert one.total == pytest.approx(by_name(second, one.model.name).total, rel=1e-9, abs=1e-12)


@given(candidates, weights, st.integers(0, 7), st.sampled_from(["cost", "latency", "capability", "failure"]))
def test_who_is_better_in_one_thing_and_equal_in_the_rest_is_not_behind(
    found: list[Facts], weight: Weights, which: int, what: str
) -> None:
    """A twin that is cheaper, faster, more capable or fails less never scores worse than its original."""
    one = found[which % len(found)]
    better = model("twin", capability=one.model.capability)
    summary, cost = one.summary, one.cost_per_1k
    if what == "cost":
        cost = 0.0 if cost is None else cost / 2
    elif what == "latency" and summary.p95_ms is not None:
        summary = summary._replace(p95_ms=summary.p95_ms / 2)
    elif what == "capability":
        better = model("twin", capability=(one.model.capability + 1) / 2)
    else:
        summary = summary._replace(failures=0)
    order = scored([*found, one._replace(model=better, summary=summary, cost_per_1k=cost)], weight)
    assert by_name(order, "twin").total <= by_name(order, one.model.name).total + 1e-9


@given(candidates, weights)
def test_a_price_that_is_not_known_counts_as_the_dearest(found: list[Facts], weight: Weights) -> None:
    """No known price costs more in the score than one that nobody knows."""
    order = scored([*found, Facts(model("unpriced"))], weight)
    assert by_name(order, "unpriced").terms.cost == weight.cost
    assert all(one.terms.cost <= weight.cost * (1 + 1e-12) for one in order)


@given(candidates, weights, st.floats(0.01, 100))
def test_only_ratios_of_weights_matter(found: list[Facts], weight: Weights, factor: float) -> None:
    """All weights times the same number leave each score in the same proportion."""
    times = Weights(*(getattr(weight, each.name) * factor for each in dataclasses.fields(Weights)))
    first, second = scored(found, weight), scored(found, times)
    for one in first:
        assert by_name(second, one.model.name).total == pytest.approx(one.total * factor, rel=1e-6, abs=1e-9)


def test_each_weight_alone_orders_by_its_own_term() -> None:
    """The cheapest, the fastest, the ablest and the most reliable each win where only that counts."""
    found = [
        Facts(model("cheap", capability=0.1), summary=Summary(10, 5, 900, 900), cost_per_1k=0.001),
        Facts(model("fast", capability=0.2), summary=Summary(10, 4, 100, 100), cost_per_1k=0.01),
        Facts(model("able", capability=0.9), summary=Summary(10, 3, 800, 800), cost_per_1k=0.02),
        Facts(model("steady", capability=0.3), summary=Summary(10, 0, 700, 700), cost_per_1k=0.03),
    ]
    for weight, winner in (
        (Weights(1, 0, 0, 0), "fast"),
        (Weights(0, 1, 0, 0), "cheap"),
        (Weights(0, 0, 1, 0), "able"),
        (Weights(0, 0, 0, 1), "steady"),
    ):
        assert scored(found, weight)[0].model.name == winner


@pytest.mark.parametrize(
    ("one", "needs", "reason"),
    [
        (model("m"), NEEDS._replace(models=("other",)), "not_named"),
        (model("m"), NEEDS._replace(modalities=TEXT | {"image"}), "modality"),
        (model("m", structured="none"), NEEDS._replace(structured=True), "structured"),
        (model("m", capability=0.4), NEEDS._replace(minimum_capability=0.5), "capability"),
        (model("m", external=True), NEEDS._replace(privacy=("local", None)), "privacy"),
        (model("m", external=True), NEEDS._replace(privacy=(None, "local")), "privacy"),
        (
            model("m", external=True, privacy="redacted", modalities=TEXT | {"image"}),
            NEEDS._replace(modalities=TEXT | {"image"}),
            "privacy",
        ),
    ],
)
def test_what_rules_a_model_out_is_told(one: Model, needs: Needs, reason: str) -> None:
    """Each need that a model cannot meet has its own word."""
    refusal = unfit(one, needs)
    assert refusal is not None
    assert refusal.reason == reason
    assert refusal.why


@pytest.mark.parametrize("privacy", ["raw", "redacted", "local"])
def test_a_local_model_may_always_be_asked(privacy: Privacy) -> None:
    """What stays on the machine breaks no policy about what leaves it."""
    assert unfit(model("m"), NEEDS._replace(privacy=(privacy, None))) is None


@pytest.mark.parametrize(
    ("known", "demand", "reason"),
    [
        (Facts(model("m"), OPEN), DEMAND, "breaker"),
        (Facts(model("m", context_window=900)), DEMAND, "context_window"),
        (Facts(model("m", rates=None)), DEMAND._replace(budget_left_usd=1.0), "price_unknown"),
        (Facts(model("m"), input_usd=0.01, output_usd=0.001), DEMAND._replace(budget_left_usd=0.02), "budget"),
        (Facts(model("m"), input_usd=0.01, output_usd=0.001), DEMAND._replace(budget_left_usd=0.0), "budget"),
        (Facts(model("m"), summary=Summary(5, 0, 61_000.0, 61_000.0)), DEMAND, "deadline"),
    ],
)  # fmt: skip
def test_what_keeps_a_model_from_it_now_is_told(known: Facts, demand: Demand, reason: str) -> None:
    """Each thing that may pass has its own word."""
    refusal = unready(known, demand)
    assert refusal is not None
    assert refusal.reason == reason
    assert refusal.why


@given(st.floats(0, 0.01), st.floats(0, 1e-4), st.floats(0, 1), st.integers(1, 10_000))
def test_what_is_allowed_fits_the_budget(input_usd: float, output_usd: float, left: float, output: int) -> None:
    """Where a model is let through, its prompt and the answer that it is allowed cost no more than is left."""
    known = Facts(model("m", context_window=100_000), input_usd=input_usd, output_usd=output_usd)
    demand = Demand(100, output, 60.0, left, DEMAND.now)
    if unready(known, demand) is None:
        limit = output_limit(known, demand)
        assert 1 <= limit <= output
        assert input_usd + limit * output_usd <= left * (1 + 1e-9)


def test_the_explanation_has_every_model_once_in_order() -> None:
    """Eligible ones first by score, numbered over all tiers; the others with their reason."""
    fast, slow, out = (Facts(model(name), summary=Summary(1, 0, ms, ms)) for name, ms in
                       (("fast", 1.0), ("slow", 2.0), ("out", 3.0)))  # fmt: skip
    refusal = unfit(out.model, NEEDS._replace(models=("x",)))
    rows = explained([[(slow, None), (fast, None)], [(out, refusal)]], Weights())
    assert [(row.model, row.tier, row.place) for row in rows] == [("fast", 1, 1), ("slow", 1, 2), ("out", 2, None)]
    assert rows[0].total is not None
    assert rows[0].terms is not None
    assert rows[2].refusal is refusal
