"""What travels through the router: a task in, an answer with every attempt out. Frozen values, no behaviour.

Sources: specs/operations, sections 7 and 25; design note "Panel and routing".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

ProviderName = Literal["openai", "anthropic", "google", "replay", "scripted", "template", "command", "human"]
"""Who speaks to a model. ``openai`` is also every endpoint that speaks as OpenAI's does."""

Failure = Literal[
    "rate_limited", "quota", "overloaded", "unreachable", "context_window", "content_policy", "auth", "not_found",
    "rejected", "timeout", "malformed", "unverified",
]  # fmt: skip
"""Why an attempt gave no answer. ``overloaded`` is also an error of the server, ``unreachable`` one of the way there,
``rejected`` a request that the provider did not take for a reason that has no name of its own."""

FAILURES: Final[tuple[Failure, ...]] = get_args(Failure)

Outcome = Literal["ok", "cancelled"] | Failure

Privacy = Literal["redacted", "raw", "local"]
"""What may leave the machine: texts in which personal data and keys were replaced; texts as they are; nothing."""

Structured = Literal["native", "prompted", "none"]
"""How an endpoint gives an answer of a schema: it is held to it; it is asked for it in words; it cannot."""

Modality = Literal["text", "image", "pdf"]


# -- what is asked -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message. A text is set into the prompt; anything else needs a model that reads it."""

    name: str
    media_type: str
    data: bytes

    @property
    def modality(self) -> Modality | None:
        """What a model must read; ``None`` for a kind that nobody here knows."""
        if self.media_type.startswith("text/") or self.media_type in {"application/json", "application/yaml"}:
            return "text"
        if self.media_type.startswith("image/"):
            return "image"
        return "pdf" if self.media_type == "application/pdf" else None


@dataclass(frozen=True, slots=True)
class Message:
    """One turn."""

    role: Literal["system", "user", "assistant"]
    text: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who wants the answer, and for what; it goes into the trail word for word."""

    actor: str
    purpose: str = "ask"
    dialogue_id: str | None = None
    run_id: str | None = None
    expert: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of whatever model suits; made by ``request_adapter``."""

    messages: tuple[Message, ...]
    origin: Origin
    schema: Mapping[str, Any] | None = None
    """JSON Schema of the answer, where it is to be data."""
    max_output_tokens: int = 4096
    temperature: float | None = None
    seed: int | None = None
    budget_usd: float | None = None
    """All attempts together may cost no more."""
    deadline_seconds: float = 120.0
    """All attempts together may take no longer."""
    privacy: Privacy | None = None
    """Stricter than a model's own policy, never looser; ``None`` leaves it to that."""
    models: tuple[str, ...] = ()
    """Only these, by their names in the settings; empty for all of the ladder."""
    citable: tuple[str, ...] | None = None
    """Ids that the answer may cite; one that is not there makes it ``unverified``. ``None`` asks for no such check."""
    minimum_capability: float = 0.0
    """From 0 to 1; see ``Model.capability``."""

    @property
    def modalities(self) -> frozenset[Modality]:
        """What a model must be able to read."""
        found = {each.modality for message in self.messages for each in message.attachments}
        return frozenset({"text", *(kind for kind in found if kind is not None)})


# -- whom --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars for a million tokens, and the table that says so."""

    input: float
    output: float
    cached: float | None = None
    """Of input that the provider had already; ``None`` where it is charged as any other."""
    table: str = "settings"
    """Name and version of the table, as ``genai-prices 0.2.3``; ``settings`` for a rate that a user gave."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as the settings offer it."""

    name: str
    """What settings, trail and people call it."""
    provider: ProviderName
    model: str
    """What its provider calls it."""
    base_url: str | None = None
    key: str | None = None
    """The variable of the environment, or the keyring's entry, that holds its key; never the key."""
    context_window: int = 128_000
    """Tokens of prompt and answer together."""
    max_output_tokens: int = 8192
    modalities: frozenset[Modality] = frozenset({"text"})
    structured: Structured = "prompted"
    streaming: bool = True
    external: bool = True
    """What it is told leaves the machine."""
    privacy: Privacy = "redacted"
    """What it may be told."""
    capability: float = 0.5
    """Its rank among all models, from 0 (weakest) to 1 (strongest)."""
    rates: Rates | None = None
    """``None``: not known, which is not free."""
    timeout_seconds: float = 60.0
    """Of one attempt."""
    concurrency: int = 16
    """Attempts at the same time, at most."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What its provider takes beside: the command's words, the recording's path, the template's text."""


# -- what comes back ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider counted; ``cached`` is the part of ``input`` that it had already."""

    input: int
    output: int
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one model: what the trail keeps. What is not known is ``None``, never 0."""

    number: int
    """From 1, over all attempts of a task."""
    model: str
    provider: ProviderName
    tier: int
    """Of the ladder, from 1."""
    outcome: Outcome
    started: float
    """Seconds since 1970, UTC."""
    latency_ms: float
    first_token_ms: float | None = None
    serving_model: str | None = None
    """What the provider says answered."""
    tokens: Tokens | None = None
    cost_usd: float | None = None
    price_table: str | None = None
    rates: Rates | None = None
    """What its cost was made with (``prices.Priced.rates``), so that whoever reads the trail can compute it again."""
    finish_reason: str | None = None
    prompt_sha256: str | None = None
    """Of the bytes that were sent (``attempt.prompt_bytes``); ``None`` where nothing was."""
    response_sha256: str | None = None
    """Of the UTF-8 bytes of the text that came, before anything was put back."""
    degraded: bool = False
    """A template answered, no model."""
    retry_after_seconds: float | None = None
    detail: str | None = None
    """What went wrong, in the provider's words, without secrets."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a task came to."""

    text: str
    attempts: tuple[Attempt, ...]
    """In their order; the last one gave the answer."""
    structured: Any = None
    """The data, where a schema was given."""
    truncated: bool = False
    """The model stopped at its limit of tokens."""

    @property
    def last(self) -> Attempt:
        """The attempt that answered."""
        return self.attempts[-1]

    @property
    def degraded(self) -> bool:
        """No model answered, a template did."""
        return self.last.degraded

    @property
    def cost_usd(self) -> float | None:
        """Of all attempts; ``None`` where one that may have been charged for has no price."""
        # An answer that nobody counted was charged for all the same, and nobody knows how much.
        charged = [each for each in self.attempts if each.tokens is not None or each.outcome == "ok"]
        costs = [each.cost_usd for each in charged]
        return None if any(cost is None for cost in costs) else sum(cost for cost in costs if cost is not None)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer as it comes; the last one has the whole ``answer`` and no text."""

    text: str = ""
    answer: Answer | None = None
