"""Who speaks to models: one file a provider, one protocol, one suite of tests for all.

Each provider's file tells its options. One is everybody's: ``record``, a file (``.jsonl``) to which each exchange is
added, so that the ``replay`` provider can say it again.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final, cast

from hansard.kernel.errors import extra_missing
from hansard.routing.model import Model, ProviderName
from hansard.routing.providers.protocol import Provider

_MADE_BY: Final[dict[ProviderName, tuple[str, str, str | None]]] = {
    # name: module, class, the library that it needs
    "openai": ("openai", "OpenAIProvider", "openai"),
    "anthropic": ("anthropic", "AnthropicProvider", "anthropic"),
    "google": ("google", "GoogleProvider", "google.genai"),
    "replay": ("replay", "ReplayProvider", None),
    "scripted": ("scripted", "ScriptedProvider", None),
    "template": ("template", "TemplateProvider", None),
    "command": ("command", "CommandProvider", None),
    "human": ("human", "HumanProvider", None),
}


def make(model: Model, key: str | None = None) -> Provider:
    """The provider of a model; nothing is sent, and no library of a provider is imported yet.

    Args:
        key: the key itself, where the model has one.

    Raises:
        HansardError: ``extra_missing`` where the provider's library is not installed; a refusal of the provider's own
            where the model's options do not suit it.
    """
    module, name, library = _MADE_BY[model.provider]
    if library is not None and not installed(library):
        raise extra_missing(model.provider, f"'{model.name}'")
    made = cast(Provider, getattr(import_module(f"{__name__}.{module}"), name)(model, key))
    record = model.options.get("record")
    if record:
        from hansard.routing.providers.replay import Recorder

        return Recorder(made, Path(str(record)).expanduser())
    return made


def installed(library: str) -> bool:
    """Whether a library is there, without importing it."""
    try:
        return find_spec(library) is not None
    except ModuleNotFoundError:
        return False
