"""What is known of models and of the places where they are served, so that settings need not say it again. Pure.

A preset is a model that is known, ``openai/gpt-4.1``, or an endpoint, ``ollama``, which is told the model. Windows are
as the price table of genai-prices has them where it knows the model, the rest as the providers publish it. The ranks
of capability are our own reading of public comparisons: coarse, to be set anew in the settings by who knows better.

The tiers are those of specs/operations, section 7: 1 the primary models, 2 the cost-optimised ones, 3 the fast ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hansard.routing.model import Modality, Model, ProviderName, Structured

PRIMARY: Final = 1
COST_OPTIMISED: Final = 2
LOW_LATENCY: Final = 3

_TEXT: Final[frozenset[Modality]] = frozenset({"text"})
_IMAGE: Final[frozenset[Modality]] = frozenset({"text", "image"})
_ALL: Final[frozenset[Modality]] = frozenset({"text", "image", "pdf"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place where models are served."""

    provider: ProviderName
    base_url: str | None = None
    """``None``: the provider's own."""
    key: str | None = None
    """The variable that holds the key; ``None`` where none is asked for."""
    structured: Structured = "native"
    modalities: frozenset[Modality] = _TEXT
    external: bool = True
    context_window: int = 32_768
    """Of a model that is not known; what a local server was told counts, so this is careful."""
    any_model: bool = False
    """It serves whatever somebody put there: a model is named after a slash, as ``ollama/qwen3:32b``."""
    only_model: str | None = None
    """It serves one model and does not mind what it is called."""
    tier: int = COST_OPTIMISED
    timeout_seconds: float = 60.0
    capability: float = 0.5
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """A model that is known."""

    context_window: int
    max_output_tokens: int
    capability: float
    tier: int
    modalities: frozenset[Modality] = _ALL
    default: bool = False
    """Taken by itself where its key is there and the settings name no model."""


ENDPOINTS: Final[Mapping[str, Endpoint]] = {
    "openai": Endpoint("openai", None, "OPENAI_API_KEY", modalities=_ALL, context_window=128_000, tier=PRIMARY),
    "anthropic": Endpoint(
        "anthropic", None, "ANTHROPIC_API_KEY", modalities=_ALL, context_window=200_000, tier=PRIMARY
    ),
    "google": Endpoint("google", None, "GEMINI_API_KEY", modalities=_ALL, context_window=1_000_000, tier=LOW_LATENCY),
    "deepseek": Endpoint(
        "openai",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        structured="prompted",  # JSON it can be told, a schema it cannot
        context_window=128_000,
        options={"json_mode": True},
    ),
    "openrouter": Endpoint(
        "openai",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        structured="prompted",  # whether it is held to a schema depends on who serves the model
        context_window=128_000,
        any_model=True,
    ),
    "ollama": Endpoint("openai", "http://127.0.0.1:11434/v1", external=False, any_model=True, timeout_seconds=300.0),
    "vllm": Endpoint("openai", "http://127.0.0.1:8000/v1", external=False, any_model=True, timeout_seconds=300.0),
    "llama.cpp": Endpoint(
        "openai",
        "http://127.0.0.1:8080/v1",
        external=False,
        any_model=True,
        only_model="default",
        timeout_seconds=300.0,
    ),
    # Programs of a subscription: what they are told leaves the machine, and what they cost is not counted by token.
    "claude-cli": Endpoint(
        "command",
        structured="prompted",
        context_window=200_000,
        only_model="default",
        timeout_seconds=300.0,
        capability=0.8,
        options={"command": ["claude", "-p", "--output-format", "json"], "answer": "result"},
    ),
    "codex-cli": Endpoint(
        "command",
        structured="prompted",
        context_window=200_000,
        only_model="default",
        timeout_seconds=300.0,
        capability=0.8,
        options={"command": ["codex", "exec", "--skip-git-repo-check", "-"]},
    ),
    "gemini-cli": Endpoint(
        "command",
        structured="prompted",
        context_window=200_000,
        only_model="default",
        timeout_seconds=300.0,
        capability=0.7,
        options={"command": ["gemini", "--output-format", "json"], "answer": "response"},
    ),
}

MODELS: Final[Mapping[str, Known]] = {
    "openai/gpt-4.1": Known(1_000_000, 32_768, 0.6, PRIMARY, default=True),
    "openai/gpt-4.1-mini": Known(1_000_000, 32_768, 0.45, COST_OPTIMISED),
    "openai/gpt-5-mini": Known(400_000, 128_000, 0.6, COST_OPTIMISED),
    "openai/gpt-5.5": Known(1_000_000, 128_000, 0.85, PRIMARY),
    "openai/gpt-6-luna": Known(1_050_000, 32_768, 0.65, LOW_LATENCY),
    "openai/gpt-6.1-terra": Known(1_050_000, 32_768, 0.8, COST_OPTIMISED),
    "openai/gpt-6.1-sol": Known(1_050_000, 32_768, 0.9, PRIMARY),
    "anthropic/claude-haiku-4-5": Known(200_000, 64_000, 0.6, LOW_LATENCY),
    "anthropic/claude-sonnet-4-6": Known(1_000_000, 64_000, 0.8, PRIMARY),
    "anthropic/claude-sonnet-5-5": Known(1_000_000, 64_000, 0.85, PRIMARY, default=True),
    "anthropic/claude-opus-5-5": Known(1_000_000, 64_000, 0.95, PRIMARY),
    "google/gemini-2.5-flash": Known(1_048_576, 65_536, 0.55, LOW_LATENCY),
    "google/gemini-3.1-flash-lite": Known(1_000_000, 65_536, 0.5, LOW_LATENCY),
    "google/gemini-3.8-flash": Known(1_000_000, 65_536, 0.7, LOW_LATENCY, default=True),
    "deepseek/deepseek-v4-flash": Known(1_000_000, 32_768, 0.6, COST_OPTIMISED, _TEXT, default=True),
    "deepseek/deepseek-v4-pro": Known(1_000_000, 32_768, 0.75, PRIMARY, _TEXT),
}


def names() -> list[str]:
    """Every preset, endpoints first."""
    return [*ENDPOINTS, *MODELS]


def preset(name: str, model: str | None = None) -> Model:
    """A preset as a model of the settings; it is called as the preset is.

    Args:
        name: a known model, or an endpoint.
        model: what an endpoint is asked for; beside a known model, another one's name at the same endpoint, as
            ``gpt-4.1-2025-04-14`` for ``openai/gpt-4.1``.

    Raises:
        LookupError: there is no such preset, or it is an endpoint and no model was told; the text says which.
    """
    place, _, rest = name.partition("/")
    endpoint = ENDPOINTS.get(place)
    if endpoint is None:
        raise LookupError(f"'{name}' is no preset")
    known = MODELS.get(name)
    if known is None and not rest and model is not None:
        known = MODELS.get(f"{place}/{model}")
    if known is None and rest and not endpoint.any_model:
        raise LookupError(f"'{name}' is no preset; '{place}' takes any model of its own by 'model'")
    asked = model or rest or endpoint.only_model
    if not asked:
        raise LookupError(f"'{name}' is an endpoint: say which 'model' it is asked for")
    made = Model(
        name=name,
        provider=endpoint.provider,
        model=asked,
        base_url=endpoint.base_url,
        key=endpoint.key,
        context_window=endpoint.context_window,
        max_output_tokens=min(8192, endpoint.context_window // 2),
        modalities=endpoint.modalities,
        structured=endpoint.structured,
        external=endpoint.external,
        privacy="redacted" if endpoint.external else "raw",
        timeout_seconds=endpoint.timeout_seconds,
        capability=endpoint.capability,
        options=dict(endpoint.options),
    )
    if known is None:
        return made
    return replace(
        made,
        context_window=known.context_window,
        max_output_tokens=known.max_output_tokens,
        modalities=known.modalities,
        capability=known.capability,
    )


def tier(name: str) -> int:
    """The tier of the ladder in which a preset stands where the settings give none."""
    known = MODELS.get(name)
    if known is not None:
        return known.tier
    endpoint = ENDPOINTS.get(name.partition("/")[0])
    return PRIMARY if endpoint is None else endpoint.tier


def available(environ: Mapping[str, str]) -> list[Model]:
    """The presets that are taken where the settings name no model: one of each provider whose key is there."""
    found = [preset(name) for name, known in MODELS.items() if known.default]
    return [model for model in found if model.key is not None and environ.get(model.key)]
