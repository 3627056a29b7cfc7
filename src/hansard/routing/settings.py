"""What ``[routing]`` in settings.toml may say, as pydantic types, and how it becomes a ``Configuration``.

::

    [routing]
    ladder = [["gpt-4.1", "claude-sonnet"], ["local"], ["template"]]

    [routing.models."gpt-4.1"]
    preset = "openai/gpt-4.1"           # what a preset knows need not be said again

    [routing.models.local]
    provider = "openai"
    model = "deepseek-r1:32b"
    base_url = "http://127.0.0.1:11434/v1"
    external = false
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hansard.kernel.errors import HansardError, did_you_mean
from hansard.kernel.shapes import plainly
from hansard.routing import configuration as made
from hansard.routing import errors, presets
from hansard.routing.model import Modality, Model, Privacy, ProviderName, Rates, Structured
from hansard.routing.redaction import KINDS, SECRETS, secrets_in

Share = Annotated[float, Field(ge=0, le=1)]
Dollars = Annotated[float, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Tokens = Annotated[int, Field(gt=0, le=100_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$")]


class Table(BaseModel):
    """Closed to unknown entries; numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class RatesTable(Table):
    """US dollars for a million tokens, where a table is wrong or does not know the model."""

    input: Dollars
    """Of the prompt."""
    output: Dollars
    """Of the answer."""
    cached: Dollars | None = None
    """Of the part of a prompt that the provider had already; as any other input where it is left out."""


class ModelTable(Table):
    """A model that may be asked. What is left out is taken from the preset, else from what holds in general."""

    preset: str | None = None
    """A model that is known, as ``openai/gpt-4.1``; or an endpoint, as ``ollama``, together with ``model``."""
    provider: ProviderName | None = None
    """Who speaks to it; ``openai`` is also every endpoint that speaks as OpenAI's does."""
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """What its provider calls it; the entry's own name where it is left out."""
    base_url: str | None = None
    """Where it is; the provider's own address where it is left out."""
    key: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,79}$")] | None = None
    """The name of the environment's variable, or of the keyring's entry, that holds its key; never the key."""
    context_window: Tokens | None = None
    """Tokens of prompt and answer together."""
    max_output_tokens: Tokens | None = None
    """Of one answer."""
    modalities: frozenset[Modality] | None = None
    """What it can read."""
    structured: Structured | None = None
    """How it gives data: held to a schema by its provider, asked for it in words, or not at all."""
    streaming: bool | None = None
    """Whether it answers piece by piece."""
    external: bool | None = None
    """Whether what it is told leaves the machine; so it is unless its address is this machine's own."""
    privacy: Privacy | None = None
    """What it may be told: texts with personal data and keys replaced, or as they are. An external model is told
    ``redacted`` ones unless this says ``raw``."""
    capability: Share | None = None
    """Its rank among all models, from 0 to 1 for the strongest."""
    rates: RatesTable | None = None
    """Its prices; those of the price table where left out."""
    timeout_seconds: Seconds | None = None
    """Of one attempt."""
    concurrency: Annotated[int, Field(gt=0, le=10_000)] | None = None
    """Attempts at the same time, at most."""
    options: dict[str, Any] | None = None
    """What its provider takes beside: ``command`` (words), ``recording`` (a path), ``template`` (a text)."""


class WeightsTable(Table):
    """Of the terms of a score."""

    latency: Dollars = made.Weights().latency
    """Of the 95th percentile of the time that a model takes."""
    cost: Dollars = made.Weights().cost
    """Of the price of a thousand tokens."""
    capability: Dollars = made.Weights().capability
    """Of what a model lacks to the strongest."""
    failure: Dollars = made.Weights().failure
    """Of the failures of late."""


class BreakerTable(Table):
    """When a model is left alone for a while."""

    failures_in_a_row: Annotated[int, Field(gt=0, le=1000)] = made.BreakerSettings().failures_in_a_row
    """So many open its breaker."""
    failure_share: Annotated[float, Field(gt=0, le=1)] = made.BreakerSettings().failure_share
    """Or this share of the last attempts."""
    share_of: Annotated[int, Field(gt=0, le=10_000)] = made.BreakerSettings().share_of
    """How many attempts that share is of."""
    open_seconds: Seconds = made.BreakerSettings().open_seconds
    """Before one attempt is let through to try; doubled each time it fails."""
    open_seconds_at_most: Seconds = made.BreakerSettings().open_seconds_at_most
    """Up to this."""


class WindowTable(Table):
    """How much of the past counts."""

    attempts: Annotated[int, Field(gt=0, le=100_000)] = made.WindowSettings().attempts
    """The last so many of a model."""
    age_seconds: Seconds = made.WindowSettings().age_seconds
    """None older than this."""


class RetriesTable(Table):
    """How often a model is asked again."""

    same_model: Annotated[int, Field(ge=0, le=20)] = made.RetrySettings().same_model
    """Further attempts at one model."""
    first_seconds: Annotated[float, Field(ge=0, le=3600)] = made.RetrySettings().first_seconds
    """Wait before the first of them, at most; doubled for each further one."""
    seconds_at_most: Annotated[float, Field(ge=0, le=3600)] = made.RetrySettings().seconds_at_most
    """Up to this."""
    attempts_at_most: Annotated[int, Field(gt=0, le=1000)] = made.RetrySettings().attempts_at_most
    """Over the whole ladder."""


class LimitsTable(Table):
    """What holds for a question that does not say otherwise."""

    deadline_seconds: Seconds = made.Limits().deadline_seconds
    """All attempts together."""
    budget_usd: Annotated[float, Field(gt=0)] | None = None
    """All attempts together, in US dollars; no cap where it is left out."""
    max_output_tokens: Tokens = made.Limits().max_output_tokens
    """Of an answer."""


class PrivacyTable(Table):
    """What may leave the machine."""

    level: Privacy | None = None
    """At least this strict for every model: ``redacted``, or ``local`` (nothing leaves)."""
    kinds_allowed: frozenset[str] = frozenset()
    """Kinds of personal data that need not be replaced, as ``ipv4``. Keys and passwords always are."""
    words: tuple[Annotated[str, Field(min_length=2, max_length=200)], ...] = ()
    """Names and words of one's own that are replaced, too."""


class RecordTable(Table):
    """What is kept of a call."""

    texts: bool = made.RecordSettings().texts
    """Prompts and answers word for word; their hashes are kept in any case."""
    durable: bool = made.RecordSettings().durable
    """An answer is given out only when its record is on the disk."""


class Routing(Table):
    """Which models may be asked, in which order, and how."""

    models: dict[Name, ModelTable] = {}
    """By the names that ladder, record and people use; where there are none, the presets whose keys are there."""
    ladder: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...] | None = None
    """Tiers in their order, each a list of names; within a tier the best score is asked first. Left out: the models
    in the order of their presets' tiers, or all in one tier; a model in no tier is asked by name only."""
    templates: dict[Name, Annotated[str, Field(min_length=1, max_length=20_000)]] = {}
    """Texts that answer when no model does, marked as degraded, by the names that a ladder's last tiers may use."""
    weights: WeightsTable = WeightsTable()
    """Of the terms of a score."""
    breaker: BreakerTable = BreakerTable()
    """When a model is left alone for a while."""
    window: WindowTable = WindowTable()
    """How much of the past counts."""
    retries: RetriesTable = RetriesTable()
    """How often a model is asked again."""
    limits: LimitsTable = LimitsTable()
    """What holds for a question that does not say otherwise."""
    privacy: PrivacyTable = PrivacyTable()
    """What may leave the machine."""
    record: RecordTable = RecordTable()
    """What is kept of a call."""


DEFAULT_TEMPLATE: Final = "template"

TEMPLATE_TEXT: Final = (
    "No language model could be reached, so nobody answered this question. This text is a fixed one of Hansard's, "
    "not an answer; ask again later, or see 'hansard route health'."
)


def read(table: Mapping[str, Any], environ: Mapping[str, str]) -> made.Configuration:
    """The configuration that a table stands for; see ``configuration.configured``."""
    faults = list(_secret_faults(table, "routing"))
    try:
        routing = Routing.model_validate(table)
    except ValidationError as broken:
        secret = {fault.field for fault in faults}
        faults += [told for entry in broken.errors(include_url=False) if (told := _told(entry)).field not in secret]
        raise faults[0] if len(faults) == 1 else errors.routing_settings_invalid(faults) from None
    models = _models(routing, environ, faults)
    ladder = _ladder(routing, models, faults)
    faults += _contradictions(routing)
    if faults:
        raise faults[0] if len(faults) == 1 else errors.routing_settings_invalid(faults)
    return made.Configuration(
        models=models,
        ladder=ladder,
        weights=made.Weights(**vars(routing.weights)),
        breaker=made.BreakerSettings(**vars(routing.breaker)),
        window=made.WindowSettings(**vars(routing.window)),
        retries=made.RetrySettings(**vars(routing.retries)),
        limits=made.Limits(**vars(routing.limits)),
        privacy=made.PrivacySettings(**vars(routing.privacy)),
        record=made.RecordSettings(**vars(routing.record)),
    )


# -- models ------------------------------------------------------------------------------------------------------------

_HERE: Final = frozenset({"replay", "scripted", "template", "human"})
"""Providers to whom nothing leaves the machine."""

_OWN_KEYS: Final[Mapping[str, str]] = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "google": "GEMINI_API_KEY",
}
"""Where the key of a provider's own address is looked for, unless the settings say."""


def _models(routing: Routing, environ: Mapping[str, str], faults: list[HansardError]) -> dict[str, Model]:
    models: dict[str, Model] = {}
    for name, entry in routing.models.items():
        if (model := _model(name, entry, faults)) is not None:
            models[name] = model
    if not routing.models:
        models.update((known.name, known) for known in presets.available(environ))
    texts = dict(routing.templates) or ({} if DEFAULT_TEMPLATE in models else {DEFAULT_TEMPLATE: TEMPLATE_TEXT})
    for name, text in texts.items():
        if name in models:
            faults.append(
                errors.routing_setting_invalid(
                    f"routing.templates.{name}", name, "has the name of a model", suggestion="Give it another name"
                )
            )
        models[name] = _template(name, text)
    return models


def _template(name: str, text: str) -> Model:
    return Model(
        name=name, provider="template", model="template", external=False, privacy="raw", capability=0.0,
        context_window=100_000_000, structured="none", options={"template": text},
    )  # fmt: skip


def _model(name: str, entry: ModelTable, faults: list[HansardError]) -> Model | None:
    """One model of the settings: its preset's values, those that are set above them."""
    where = f"routing.models.{name}"
    told = {key: value for key in ModelTable.model_fields if (value := getattr(entry, key)) is not None}
    told.pop("preset", None)
    if isinstance(rates := told.get("rates"), RatesTable):
        told["rates"] = Rates(**vars(rates))
    before = len(faults)
    base: Model | None = None
    if entry.preset is not None:
        base = _preset(entry, where, faults)
    elif entry.provider is None:
        faults.append(
            errors.routing_setting_invalid(
                f"{where}.provider", None, "is missing", valid_options=get_args(ProviderName),
                suggestion="Say who speaks to the model ('provider'), or name a 'preset'",
            )
        )  # fmt: skip
    if entry.base_url is not None:
        faults.extend(_address_faults(f"{where}.base_url", entry.base_url, external=entry.external))
    if len(faults) > before:
        return None
    if base is None:
        told.setdefault("model", name)
        base = Model(name=name, provider=told["provider"], model=told["model"])
    if "base_url" in told and "external" not in told:
        told["external"] = not _is_here(told["base_url"])
    if entry.preset is not None and "key" not in told and told.get("base_url", base.base_url) != base.base_url:
        told["key"] = None  # a preset's key is for the preset's address alone
    model = replace(base, name=name, **told)
    if base.provider in _HERE and "external" not in told:
        model = replace(model, external=False)
    if "privacy" not in told and (entry.preset is None or model.external != base.external):
        model = replace(model, privacy="redacted" if model.external else "raw")
    if model.key is None and model.base_url is None and model.provider in _OWN_KEYS:
        model = replace(model, key=_OWN_KEYS[model.provider])
    faults.extend(_model_faults(where, model))
    return model


def _preset(entry: ModelTable, where: str, faults: list[HansardError]) -> Model | None:
    try:
        return presets.preset(entry.preset or "", entry.model)
    except LookupError:
        if (entry.preset or "") in presets.ENDPOINTS:
            fault = errors.routing_setting_invalid(
                f"{where}.model", None, f"is missing: '{entry.preset}' is an endpoint, not a model"
            )
        else:
            known = presets.names()
            fault = errors.routing_setting_invalid(f"{where}.preset", entry.preset, "is no preset", valid_options=known)
        faults.append(fault)
        return None


def _is_here(url: str) -> bool:
    """Whether an address is this machine's own: a number that is, or ``localhost``; no other name is looked up."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _address_faults(field: str, url: str, *, external: bool | None) -> Iterable[HansardError]:
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        parts, host = None, None
    if parts is None or parts.scheme not in {"http", "https"} or not host:
        yield errors.routing_setting_invalid(
            field, url, "is no address", suggestion="Give it as https://host/v1 or http://127.0.0.1:11434/v1"
        )
    elif parts.username or parts.password or parts.query or parts.fragment:
        yield errors.routing_setting_invalid(
            field, host, "holds more than an address (a user, a password, a query)",
            suggestion="Keep a key in the environment or the keyring and name it with 'key'",
        )  # fmt: skip
    elif parts.scheme == "http" and external is not False and not _is_here(url):
        yield errors.routing_setting_invalid(
            field, url, "would send prompts and keys over a network unencrypted",
            suggestion="Take https, or say 'external = false' where the network is your own",
        )  # fmt: skip


_NEEDED_OPTIONS: Final[Mapping[str, str]] = {"command": "command", "replay": "recording", "template": "template"}


def _model_faults(where: str, model: Model) -> Iterable[HansardError]:
    if model.max_output_tokens > model.context_window:
        yield errors.routing_setting_invalid(
            f"{where}.max_output_tokens", model.max_output_tokens,
            f"is more than the context window holds ({model.context_window:,})",
        )  # fmt: skip
    if model.external and model.privacy == "local":
        yield errors.routing_setting_invalid(
            f"{where}.privacy", model.privacy, "lets nothing leave the machine, and the model is elsewhere",
            valid_options=["redacted", "raw"], suggestion="Take 'redacted', or say 'external = false'",
        )  # fmt: skip
    needed = _NEEDED_OPTIONS.get(model.provider)
    if needed is not None and not model.options.get(needed):
        yield errors.routing_setting_invalid(
            f"{where}.options.{needed}", None, f"is missing; a model of the provider '{model.provider}' needs it"
        )


# -- ladder, and what contradicts itself -------------------------------------------------------------------------------


def _ladder(routing: Routing, models: Mapping[str, Model], faults: list[HansardError]) -> tuple[tuple[str, ...], ...]:
    if routing.ladder is None:
        return _ladder_by_tiers(routing, models)
    seen: set[str] = set()
    for number, tier in enumerate(routing.ladder):
        for name in tier:
            field = f"routing.ladder[{number}]"
            if name not in models and name not in routing.models:
                faults.append(
                    errors.routing_setting_invalid(
                        field, name, f"names no model: '{name}'", valid_options=sorted(models)
                    )
                )
            elif name in seen:
                faults.append(
                    errors.routing_setting_invalid(
                        field, name, f"names '{name}' again", suggestion="Leave it in one tier"
                    )
                )
            seen.add(name)
    return routing.ladder


def _ladder_by_tiers(routing: Routing, models: Mapping[str, Model]) -> tuple[tuple[str, ...], ...]:
    """The tiers that presets say; a model without one is primary, templates come last."""
    tiers: dict[int, list[str]] = {}
    last: list[str] = []
    for name, model in models.items():
        if model.provider == "template":
            last.append(name)
            continue
        entry = routing.models.get(name)
        preset = name if entry is None else entry.preset
        tiers.setdefault(presets.tier(preset) if preset is not None else 1, []).append(name)
    return (*(tuple(tiers[number]) for number in sorted(tiers)), *((name,) for name in last))


def _contradictions(routing: Routing) -> Iterable[HansardError]:
    if not any(vars(routing.weights).values()):
        yield errors.routing_setting_invalid("routing.weights", 0, "are all 0, so that nothing would choose a model")
    for kind in sorted(routing.privacy.kinds_allowed):
        if kind in SECRETS:
            yield errors.routing_setting_invalid(
                "routing.privacy.kinds_allowed", kind, f"names '{kind}', a secret; those are always replaced",
                valid_options=sorted(set(KINDS) - SECRETS),
            )  # fmt: skip
        elif kind not in KINDS:
            yield errors.routing_setting_invalid(
                "routing.privacy.kinds_allowed", kind, f"names no kind: '{kind}'",
                valid_options=sorted(set(KINDS) - SECRETS),
            )  # fmt: skip
    if routing.breaker.open_seconds_at_most < routing.breaker.open_seconds:
        yield errors.routing_setting_invalid(
            "routing.breaker.open_seconds_at_most", routing.breaker.open_seconds_at_most, "is less than 'open_seconds'"
        )
    if routing.retries.seconds_at_most < routing.retries.first_seconds:
        yield errors.routing_setting_invalid(
            "routing.retries.seconds_at_most", routing.retries.seconds_at_most, "is less than 'first_seconds'"
        )


def _secret_faults(value: Any, field: str) -> Iterable[HansardError]:
    """Keys that stand in the file: they are not shown, and not used."""
    if isinstance(value, str):
        if secrets_in(value):
            yield errors.routing_setting_invalid(
                field, None, "holds what looks like a key or a password, and settings may hold none",
                suggestion="Put it into the environment or the keyring and name that with 'key'",
            )  # fmt: skip
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _secret_faults(inner, f"{field}.{name}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _secret_faults(inner, f"{field}[{number}]")


# -- what pydantic tells -----------------------------------------------------------------------------------------------


def _told(entry: Any) -> HansardError:
    """A fault of the shape, by the path that the file's reader sees."""
    loc = [part for part in entry["loc"] if part != "[key]"]
    path = "routing" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    if entry["type"] == "extra_forbidden":
        known = sorted(_fields_at(loc[:-1]))
        return errors.routing_setting_invalid(
            path, str(loc[-1]), "is not known", valid_options=known, suggestion=did_you_mean(str(loc[-1]), known)
        )
    value = entry.get("input")
    plain = (
        value if isinstance(value, str | int | float | bool) and loc[-1] != "key" else None
    )  # it may be the key itself
    options = re.findall(r"'([^']+)'", entry["ctx"]["expected"]) if entry["type"] == "literal_error" else None
    return errors.routing_setting_invalid(path, plain, plainly(entry), valid_options=options)


def _fields_at(loc: list[Any]) -> Iterable[str]:
    """The entries that a table of the file may have."""
    if not loc:
        return Routing.model_fields
    if loc[0] == "models":
        return ModelTable.model_fields if len(loc) == 2 else RatesTable.model_fields
    annotation = Routing.model_fields[str(loc[0])].annotation
    return annotation.model_fields if isinstance(annotation, type) and issubclass(annotation, BaseModel) else ()


def json_schema() -> dict[str, Any]:
    """The JSON Schema of ``[routing]``, as editors of settings.toml read it."""
    schema = Routing.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "[routing] in Hansard's settings.toml",
        **{name: value for name, value in schema.items() if name != "title"},
    }
