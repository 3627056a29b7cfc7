"""What a call costs: tokens × rate, by a table whose name and version stand beside each cost.

Rates come from a model's own settings, else from genai-prices (imported when first asked; it works offline). What is
not known is ``None``, never 0. Bands by the length of the prompt and prices by the time of day are followed.
Sources: specs/operations, section 25 (``cost_per_1k``); design note "Panel and routing".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from hansard.routing.model import Model, Rates, Tokens

MILLION: Final = 1_000_000

NO_CHARGE: Final = Rates(0.0, 0.0, 0.0, table="no-charge")
"""Of what answers on this machine: a template, a recording, a person, a server at a loopback address."""

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104  # compared, never bound


@dataclass(frozen=True, slots=True)
class Band:
    """Rates that hold for prompts of more than ``above`` tokens, for all of their tokens."""

    above: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Priced:
    """A cost in US dollars, the rates it was made with, and their table."""

    cost_usd: float
    rates: Rates

    @property
    def table(self) -> str:
        """Name and version of the table."""
        return self.rates.table


Bands = tuple[Band, ...]
"""In rising order; the first is above -1."""

Found = Bands | Callable[[float], Bands] | None
"""What a lookup came to: rates for all times, rates by the time of the call (seconds since 1970), or nothing."""


def exactly(tokens: Tokens, rates: Rates) -> float:
    """Tokens × rate, computed without rounding and rounded once, to the nearest float.

    Cached tokens are a part of the input; they are charged at their own rate where there is one.
    """
    cached = min(tokens.cached, tokens.input)
    fresh = tokens.input - cached
    kept = rates.input if rates.cached is None else rates.cached
    whole = (
        Decimal(repr(rates.input)) * fresh + Decimal(repr(kept)) * cached + Decimal(repr(rates.output)) * tokens.output
    )
    return float(whole / MILLION)


class Prices:
    """The rates of models, each looked up once.

    Args:
        look_up: the table behind the settings; genai-prices when left out.
    """

    def __init__(self, look_up: Callable[[Model], Found] | None = None) -> None:
        self._look_up = look_up or table_rates
        self._found: dict[str, tuple[Model, Found]] = {}

    def rates(self, model: Model, *, input_tokens: int = 0, at: float | None = None) -> Rates | None:
        """Of a call; ``None`` where nobody knows.

        Args:
            input_tokens: of its prompt, which may put it into a dearer band.
            at: when it is made, in seconds since 1970; now when left out.
        """
        known = self._found.get(model.name)
        if known is None or known[0] is not model:
            known = (model, self._resolved(model))
            self._found[model.name] = known
        found = known[1]
        if found is None:
            return None
        if callable(found):
            found = found(at if at is not None else datetime.now(tz=UTC).timestamp())
        best = found[0].rates
        if len(found) > 1:
            for band in found[1:]:
                if input_tokens > band.above:
                    best = band.rates
        return best

    def cost(self, model: Model, tokens: Tokens, *, at: float | None = None) -> Priced | None:
        """What an attempt cost; ``None`` where its rates are not known."""
        rates = self.rates(model, input_tokens=tokens.input, at=at)
        return None if rates is None else Priced(exactly(tokens, rates), rates)

    def at_most(self, model: Model, input_tokens: int, output_tokens: int, *, at: float | None = None) -> float | None:
        """What an attempt costs at most, in US dollars, nothing of it cached: what a hard cap is held against."""
        rates = self.rates(model, input_tokens=input_tokens, at=at)
        if rates is None:
            return None
        dearest = rates.input if rates.cached is None or rates.cached < rates.input else rates.cached
        return (dearest * input_tokens + rates.output * output_tokens) / MILLION

    def per_1k(self, model: Model, input_tokens: int, output_tokens: int, *, at: float | None = None) -> float | None:
        """US dollars for a thousand tokens of a task with so many of each (section 25's ``cost_per_1k``)."""
        rates = self.rates(model, input_tokens=input_tokens, at=at)
        if rates is None:
            return None
        together = input_tokens + output_tokens
        if together <= 0:
            return (rates.input + rates.output) / 2000
        return (rates.input * input_tokens + rates.output * output_tokens) / together / 1000

    def _resolved(self, model: Model) -> Found:
        if model.rates is not None:
            return (Band(-1, model.rates),)
        if is_free(model):
            return (Band(-1, NO_CHARGE),)
        return self._look_up(model)


def is_free(model: Model) -> bool:
    """Whether nobody charges for it: it answers on this machine. A subscription's command is not free but unknown."""
    if model.provider in {"template", "replay", "human"}:
        return True
    return not model.external and model.base_url is not None and urlsplit(model.base_url).hostname in _LOOPBACK


def table_rates(model: Model) -> Found:
    """The rates of genai-prices; nothing where it does not know the endpoint or the model, or is not installed."""
    if model.provider not in {"openai", "anthropic", "google"}:
        return None
    try:
        import genai_prices
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        return None
    where: tuple[str | None, str | None]
    where = (model.provider, None) if model.base_url is None else (None, model.base_url)
    try:
        _, info = get_snapshot().find_provider_model(model.model, None, *where)
    except LookupError:
        return None
    table = f"genai-prices {genai_prices.__version__}"
    if not isinstance(info.prices, list):
        return _bands(vars(info.prices), table)
    by_price = {id(each): _bands(vars(each.prices), table) for each in info.prices}
    if not info.prices or any(bands is None for bands in by_price.values()):
        return None
    prices = info.prices

    def then(at: float) -> Bands:
        moment = datetime.fromtimestamp(at, tz=UTC)
        holds = next((p for p in reversed(prices) if p.constraint is None or p.constraint.active(moment)), prices[0])
        bands = by_price[id(holds)]
        assert bands is not None
        return bands

    return then


def _bands(prices: Mapping[str, Any], table: str) -> Bands | None:
    """A price of the table as bands; nothing where it lacks one of the two rates that every call needs."""
    kinds = {name: prices.get(f"{key}_mtok") for name, key in _KEYS.items()}
    if kinds["input"] is None or kinds["output"] is None:
        return None
    starts = {-1, *(tier.start for price in kinds.values() for tier in getattr(price, "tiers", ()))}
    return tuple(
        Band(start, Rates(**{name: _rate(price, start) for name, price in kinds.items()}, table=table))  # type: ignore[arg-type]
        for start in sorted(starts)
    )


_KEYS: Final = {"input": "input", "output": "output", "cached": "cache_read"}


def _rate(price: Any, start: int) -> float | None:
    """What holds for prompts of more than ``start`` tokens."""
    if price is None or not hasattr(price, "tiers"):
        return None if price is None else float(price)
    best = price.base
    for tier in price.tiers:
        if tier.start <= start:
            best = tier.price
    return float(best)
