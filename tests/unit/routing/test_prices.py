"""Prices: tokens × rate, exactly; what is not known is not zero."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.routing.model import Model, Rates, Tokens
from hansard.routing.prices import NO_CHARGE, Band, Bands, Found, Prices, exactly, is_free, table_rates
from tests.conftest import absent

RATE = st.decimals(0, 1000, places=6).map(float)
COUNT = st.integers(0, 50_000_000)


def priced(**more: object) -> Model:
    """A model whose rates the settings give."""
    return Model("a", "openai", "m", rates=Rates(2.0, 8.0, 0.5), **more)  # type: ignore[arg-type]


@given(RATE, RATE, st.none() | RATE, COUNT, COUNT, st.integers(0, 100))
def test_cost_is_tokens_times_rate(
    given_in: float, out: float, cached: float | None, tin: int, tout: int, part: int
) -> None:
    """A cost is the exact product, rounded once to the nearest float."""
    kept = tin * part // 100
    rates = Rates(given_in, out, cached)
    exact = (
        Fraction(Decimal(repr(given_in))) * (tin - kept)
        + Fraction(Decimal(repr(given_in if cached is None else cached))) * kept
        + Fraction(Decimal(repr(out))) * tout
    ) / 1_000_000
    assert exactly(Tokens(tin, tout, kept), rates) == float(exact)


def test_cost_has_its_rates_and_table() -> None:
    """A cost tells the rates it was made with and their table."""
    cost = Prices().cost(priced(), Tokens(1000, 100, 400))
    assert cost is not None
    assert cost.cost_usd == 0.0022
    assert cost.table == "settings"
    assert cost.rates == Rates(2.0, 8.0, 0.5)


@pytest.mark.parametrize(
    "model",
    [
        Model("a", "openai", "no-such-model"),
        Model("a", "openai", "gpt-4.1", base_url="https://llm.example.org/v1"),
        Model("a", "openai", "m", base_url="http://10.0.0.7:8000/v1", external=False),
        Model("a", "command", "claude"),
        Model("a", "scripted", "m"),
    ],
)
def test_unknown_price_is_unknown(model: Model) -> None:
    """A model, an endpoint or a subscription without a price has none: not zero, and no other model's."""
    prices = Prices()
    assert prices.rates(model) is None
    assert prices.cost(model, Tokens(10, 10)) is None
    assert prices.at_most(model, 10, 10) is None
    assert prices.per_1k(model, 10, 10) is None


@pytest.mark.parametrize(
    "model",
    [
        Model("a", "template", "t", external=False),
        Model("a", "replay", "r", external=False),
        Model("a", "human", "h", external=False),
        Model("a", "openai", "m", base_url="http://127.0.0.1:11434/v1", external=False),
        Model("a", "openai", "m", base_url="http://localhost:8000/v1", external=False),
    ],
)
def test_what_answers_here_is_free(model: Model) -> None:
    """Nobody charges for a template, a recording, a person, or a server of this machine; rates of the settings win."""
    assert is_free(model)
    cost = Prices().cost(model, Tokens(1000, 1000))
    assert cost is not None
    assert (cost.cost_usd, cost.table) == (0.0, NO_CHARGE.table)


def test_cap_holds_against_the_dearest_case() -> None:
    """What an attempt may cost at most counts every token, none of them cached."""
    prices = Prices()
    assert prices.at_most(priced(), 1_000_000, 1_000_000) == 10.0
    dear = Model("b", "openai", "m", rates=Rates(1.0, 1.0, 3.0))
    assert prices.at_most(dear, 1_000_000, 0) == 3.0


def test_per_thousand_follows_the_task() -> None:
    """The price of a thousand tokens is that of the task's own mixture."""
    prices = Prices()
    assert prices.per_1k(priced(), 1000, 0) == pytest.approx(0.002)
    assert prices.per_1k(priced(), 0, 1000) == pytest.approx(0.008)
    assert prices.per_1k(priced(), 500, 500) == pytest.approx(0.005)
    assert prices.per_1k(priced(), 0, 0) == pytest.approx(0.005)


def test_long_prompts_are_dearer() -> None:
    """A prompt over a band's beginning is charged at that band's rates, all of it; one of exactly that many is not."""
    low, high = Rates(1.0, 10.0, table="t 1"), Rates(2.0, 15.0, table="t 1")
    prices = Prices(lambda _: (Band(-1, low), Band(200_000, high)))
    model = Model("a", "openai", "m")
    assert prices.rates(model, input_tokens=200_000) == low
    assert prices.rates(model, input_tokens=200_001) == high
    cost = prices.cost(model, Tokens(200_001, 0))
    assert cost is not None
    assert cost.cost_usd == exactly(Tokens(200_001, 0), high)


def test_prices_by_the_time_of_day_are_followed() -> None:
    """A rate that depends on the time is asked for each call anew."""

    def by_time(_: Model) -> Found:
        def then(at: float) -> Bands:
            return (Band(-1, Rates(1.0, 1.0) if datetime.fromtimestamp(at, tz=UTC).hour < 12 else Rates(2.0, 2.0)),)

        return then

    prices = Prices(by_time)
    model = Model("a", "openai", "m")
    assert prices.rates(model, at=0.0) == Rates(1.0, 1.0)
    assert prices.rates(model, at=13 * 3600.0) == Rates(2.0, 2.0)


def test_model_is_looked_up_once() -> None:
    """A table is asked once for a model, and anew for another one of the same name."""
    asked: list[Model] = []

    def look_up(model: Model) -> Found:
        asked.append(model)
        return None

    prices = Prices(look_up)
    first, second = Model("a", "openai", "m"), Model("a", "openai", "n")
    for _ in range(3):
        prices.rates(first)
    prices.rates(second)
    assert asked == [first, second]


# -- the table ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def genai() -> object:
    """The price table's library."""
    try:
        import genai_prices
    except ImportError:
        absent("genai-prices is not installed")
    return genai_prices


@pytest.mark.parametrize(
    ("provider", "model", "url"),
    [
        ("openai", "gpt-4.1", None),
        ("openai", "gpt-5.4", None),
        ("anthropic", "claude-sonnet-4-5", None),
        ("google", "gemini-2.5-pro", None),
        ("openai", "deepseek-chat", "https://api.deepseek.com/v1"),
    ],
)
@pytest.mark.parametrize(
    "tokens", [Tokens(10, 7), Tokens(1000, 100, 900), Tokens(250_000, 1), Tokens(300_001, 900, 17)]
)
def test_cost_agrees_with_the_tables_own(
    genai: object, provider: str, model: str, url: str | None, tokens: Tokens
) -> None:
    """Our cost is the one that the table's own library computes, to the last place."""
    from genai_prices import Usage, calc_price

    at = datetime(2026, 11, 1, 18, 0, tzinfo=UTC)
    where = {"provider_id": provider} if url is None else {"provider_api_url": url}
    usage = Usage(input_tokens=tokens.input, output_tokens=tokens.output, cache_read_tokens=tokens.cached or None)
    theirs = calc_price(usage, model, genai_request_timestamp=at, **where)  # type: ignore[call-overload]
    ours = Prices().cost(Model("a", provider, model, base_url=url), tokens, at=at.timestamp())  # type: ignore[arg-type]
    assert ours is not None
    assert ours.cost_usd == float(theirs.total_price)
    assert ours.table.startswith("genai-prices ")


def test_every_model_of_the_presets_has_a_price(genai: object) -> None:
    """No preset offers a model whose price nobody knows."""
    from hansard.routing import presets

    assert [name for name in presets.MODELS if table_rates(presets.preset(name)) is None] == []
