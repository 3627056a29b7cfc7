"""What routing's operations take and give."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hansard.kernel.shapes import SAYS_SOMETHING, JsonObject, Prose, Shape, for_tools, names_tools

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Known = Annotated[Prose, Field(min_length=1, max_length=200)]


class RouteExplain(Shape):
    """What a question would be asked of, and why; nothing is asked."""

    question: Annotated[Prose, Field(pattern=SAYS_SOMETHING)]
    system: Prose | None = None
    """What the model is told of its task beforehand."""
    attachments: Annotated[list[Prose], Field(max_length=64)] = []
    """Paths of files: texts, images, PDFs. One with a key or a password in it is refused."""
    answer_schema: JsonObject | None = None
    """JSON Schema that the answer must fit; it is then given as data too."""
    models: Annotated[list[Known], Field(max_length=64)] = []
    """Only these, by their names in the settings; all of the ladder when left out."""
    budget_usd: Annotated[float, Field(ge=0)] | None = None
    """All attempts together may cost no more, in US dollars."""
    deadline_seconds: Annotated[float, Field(gt=0, le=3600)] | None = None
    """All attempts together may take no longer."""
    max_output_tokens: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2), for_tools(description="")] | None = None
    seed: Annotated[int, for_tools(description="")] | None = None
    privacy: Literal["redacted", "local"] | None = None
    """Stricter than the settings of a model: personal data replaced, or nothing may leave this machine."""
    minimum_capability: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Only models of this rank or above."""


class RouteAsk(RouteExplain):
    """Ask whichever model suits."""

    purpose: Known = "ask"
    """What it is for; costs are summed up by it."""
    dialogue_id: Known | None = None
    """Which dialogue it is for, where it is for one."""


class RouteAttempt(Shape):
    """One try at one model; what is not known is null, never 0."""

    number: int
    model: str
    provider: str
    tier: int
    outcome: str
    latency_ms: float
    first_token_ms: float | None = None
    serving_model: str | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    tokens_cached: int | None = None
    cost_usd: float | None = None
    price_table: str | None = None
    finish_reason: str | None = None
    prompt_sha256: str | None = None
    response_sha256: str | None = None
    detail: str | None = None


class RouteAnswered(Shape):
    """An answer, and how it came to be."""

    text: str
    structured: Any = None
    """The data, where a schema was given."""
    truncated: bool
    """The model stopped at its limit of tokens."""
    degraded: bool
    """No model answered: this is the settings' template."""
    model: str
    seconds: float
    cost_usd: float | None
    """Of all attempts; null where the price of one is not known."""
    attempts: list[RouteAttempt]


class RouteChoice(Shape):
    """A model as a choice: its place, or why it is none; the terms of its score, lower is better."""

    model: str
    tier: int
    place: int | None
    reason: str | None
    why: str | None
    latency: float | None
    cost: float | None
    capability: float | None
    failure: float | None
    score: float | None
    breaker: str
    p95_ms: float | None
    failure_share: float | None
    cost_per_1k_usd: float | None


class RouteExplained(Shape):
    """In which order models would be asked, and why."""

    input_tokens: int
    """Estimated, rather too many."""
    choices: list[RouteChoice]


class RouteModels(Shape):
    """Which models the settings offer."""

    markdown: Annotated[bool, for_tools(description="")] = False
    """Also as a table for documents."""


class RouteModel(Shape):
    """A model as the settings offer it."""

    name: str
    provider: str
    model: str
    tier: int | None
    """Of the ladder, from 1; null for one that is asked only by name."""
    base_url: str | None
    key: str | None
    """The variable or keyring entry that holds its key; never the key."""
    ready: bool
    why: str | None
    """Why it cannot be asked."""
    context_window: int
    max_output_tokens: int
    modalities: list[str]
    structured: str
    streaming: bool
    external: bool
    privacy: str
    capability: float
    input_usd_per_million: float | None
    output_usd_per_million: float | None
    price_table: str | None


class RouteListed(Shape):
    """The models, in the ladder's order."""

    models: list[RouteModel]
    weights: dict[str, float]
    markdown: str | None = None


class RouteHealth(Shape):
    """How models do."""


class RouteModelHealth(Shape):
    """How a model did lately, over all processes of this home."""

    model: str
    tier: int | None
    breaker: Literal["closed", "open", "half_open"]
    cause: str | None
    """What opened the breaker last."""
    until: float | None
    """Seconds since 1970: it is tried again from then on."""
    not_ready: str | None
    """Why it cannot be asked at all."""
    calls: int
    failures: int
    p50_ms: float | None
    p95_ms: float | None
    cost_usd: float | None


class RouteHealthy(Shape):
    """How models did lately."""

    window_seconds: float
    window_attempts: int
    models: list[RouteModelHealth]
    trail: Annotated[str | None, names_tools()] = None
    """Why attempts cannot be kept at this moment."""


class RouteCalls(Shape):
    """Which calls there were, and what they cost."""

    model: Known | None = None
    purpose: Known | None = None
    dialogue_id: Known | None = None
    outcome: Known | None = None
    since: float | None = None
    """Seconds since 1970."""
    limit: Annotated[int, Field(ge=0, le=1000)] = 20
    """The newest so many are listed; the sums are of all."""
    texts: bool = False
    """Give the prompts and answers of those that are listed, word for word."""


class RouteCall(RouteAttempt):
    """An attempt as the trail keeps it."""

    time: float
    worker: int
    seq: int
    """With ``worker``, its record in the memory."""
    actor: str | None = None
    purpose: str | None = None
    dialogue_id: str | None = None
    run_id: str | None = None
    expert: str | None = None
    degraded: bool = False
    rate_input: float | None = None
    """US dollars for a million tokens: what its cost was made with."""
    rate_output: float | None = None
    rate_cached: float | None = None
    prompt: str | None = None
    response: str | None = None


class RouteSum(Shape):
    """What some calls come to."""

    calls: int
    failures: int
    unpriced: int
    """Calls that were counted in tokens and have no price: their cost is not in the sum."""
    tokens_input: int
    tokens_output: int
    tokens_cached: int
    cost_usd: float


class RouteCalled(Shape):
    """Calls, newest first, and sums over all that were asked for."""

    total: RouteSum
    by_purpose: dict[str, RouteSum]
    by_model: dict[str, RouteSum]
    calls: list[RouteCall]


class RouteExport(Shape):
    """Write the state of routing into a file."""

    output_path: Prose


class RouteExported(Shape):
    """Where the state stands (specification, section 7: ``runtime_state.json``)."""

    path: str
    models: int
    calls: int
