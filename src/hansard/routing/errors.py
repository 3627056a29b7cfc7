"""Refusals of this room; the name of a function is the code. None tells a word of a prompt, an answer or a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hansard.kernel.errors import HansardError, Kind, did_you_mean
from hansard.routing.model import Attempt


class Unanswered(HansardError):  # noqa: N818  # a task is unanswered
    """A task that got no answer, or not the whole of one.

    Attributes:
        attempts: what was tried, in its order; they are in the trail too.
        arrived: what a stream had brought before it broke.
    """

    attempts: tuple[Attempt, ...] = ()
    arrived: str = ""


def _unanswered(
    kind: Kind, code: str, message: str, attempts: Sequence[Attempt], *, arrived: str = "", **more: Any
) -> Unanswered:
    fault = Unanswered(kind, code, message, context={"attempts": [_told(each) for each in attempts]}, **more)
    fault.attempts = tuple(attempts)
    fault.arrived = arrived
    if arrived and fault.context is not None:
        fault.context["arrived_characters"] = len(arrived)
    return fault


def _told(attempt: Attempt) -> dict[str, Any]:
    """An attempt as an error tells it."""
    return {
        "number": attempt.number,
        "model": attempt.model,
        "outcome": attempt.outcome,
        "latency_ms": round(attempt.latency_ms, 3),
        "cost_usd": attempt.cost_usd,
        "detail": attempt.detail,
    }


def _named(attempts: Sequence[Attempt]) -> str:
    said = [f"{each.model}: {each.outcome}" for each in attempts]
    return ", ".join(said[:6]) + (" …" if len(said) > 6 else "")


# -- router ------------------------------------------------------------------------------------------------------------


def model_unknown(name: str, known: Iterable[str], field: str = "models") -> HansardError:
    """No model of the settings has this name."""
    options = sorted(known)
    return HansardError(
        "invalid",
        "model_unknown",
        f"the settings have no model '{name}'",
        field=field,
        value=name,
        valid_options=options,
        suggestion=did_you_mean(name, options)
        or ("Name one of the valid options" if options else "Add it to [routing] in settings.toml"),
    )


def no_model(refusals: Mapping[str, tuple[str, str]]) -> HansardError:
    """No model can take the task, so none was asked and nothing was spent.

    Args:
        refusals: by model, a word for the reason and a sentence.
    """
    reasons = {reason for reason, _ in refusals.values()}
    waiting = reasons <= {"breaker"}
    said = [f"{name}: {why}" for name, (_, why) in refusals.items()]
    suggestion = {
        frozenset({"breaker"}): "Ask again later, or add another model to [routing] in settings.toml",
        frozenset({"not_ready"}): "Set the key that is named (environment or keyring), or install the library",
        frozenset({"budget"}): "Raise the budget, shorten the prompt, or lower 'max_output_tokens'",
        frozenset({"price_unknown"}): "Give the model 'rates' in [routing] of settings.toml, or ask without a budget",
        frozenset({"context_window"}): "Shorten the prompt, attach less, or add a model with a larger context window",
        frozenset({"deadline"}): "Allow more time",
    }.get(frozenset(reasons), "'hansard route explain' shows each model with its reason; ease what rules them out")
    return HansardError(
        "unavailable" if reasons & {"breaker", "not_ready"} or not refusals else "invalid",
        "no_model",
        "no model can take this task; nothing was spent"
        + (f": {'; '.join(said[:4])}{' …' if len(said) > 4 else ''}" if said else ": the ladder is empty"),
        field=_FIELD_OF.get(next(iter(reasons))) if len(reasons) == 1 else None,
        constraint=next(iter(reasons)) if len(reasons) == 1 else "eligibility",
        context={"refusals": {name: {"reason": reason, "why": why} for name, (reason, why) in refusals.items()}},
        suggestion=suggestion,
        recovery={
            "action": "Wait until a breaker lets a try through" if waiting else suggestion,
            "related_tools": ["route_explain", "route_health"],
            "workflow": "route_explain → ease what rules the models out → ask again",
        },
    )


_FIELD_OF = {
    "budget": "budget_usd",
    "price_unknown": "budget_usd",
    "deadline": "deadline_seconds",
    "context_window": "prompt",
    "privacy": "privacy",
    "capability": "minimum_capability",
    "structured": "schema",
    "modality": "attachments",
    "not_named": "models",
}


def no_answer(attempts: Sequence[Attempt], why: str) -> Unanswered:
    """Every model that could take the task was tried, and none answered.

    Args:
        why: what ended it (``the deadline of 2 s has passed``).
    """
    return _unanswered(
        "unavailable",
        "no_answer",
        f"no model answered after {len(attempts)} attempt{'' if len(attempts) == 1 else 's'} ({_named(attempts)}); "
        f"{why}",
        attempts,
        suggestion="'context' has each attempt with its cause; ask again, with more time or another model",
    )


def stream_broken(attempts: Sequence[Attempt], arrived: str) -> Unanswered:
    """A stream ended before its time, after some of it had been given out: no other model can go on from there."""
    last = attempts[-1]
    return _unanswered(
        "unavailable",
        "stream_broken",
        f"the answer of '{last.model}' broke off after {len(arrived):,} characters ({last.outcome})",
        attempts,
        arrived=arrived,
        suggestion="What arrived is no whole answer; ask again",
    )


def stream_unverified(attempts: Sequence[Attempt], arrived: str) -> Unanswered:
    """A stream came to its end, and the whole of it does not hold; it had been given out by then."""
    last = attempts[-1]
    return _unanswered(
        "unavailable",
        "stream_unverified",
        f"the answer of '{last.model}' came whole and does not hold ({last.outcome}: {last.detail})",
        attempts,
        arrived=arrived,
        suggestion="Do not use what was shown; ask again, or ask without a stream, which lets another model answer",
    )


# -- request_adapter ---------------------------------------------------------------------------------------------------


def attachment_unknown(name: str, media_type: str) -> HansardError:
    """A file of a kind that no model reads."""
    return HansardError(
        "invalid",
        "attachment_unknown",
        f"'{name}' is of a kind that no model reads ({media_type})",
        field="attachments",
        value=name,
        valid_options=["text", "image", "pdf"],
        suggestion="Attach text, an image (PNG, JPEG, GIF, WebP) or a PDF",
    )


def attachment_secret(name: str, kinds: Sequence[str], line: int) -> HansardError:
    """A file holds a key, a token or a password; files with secrets are not sent, whatever the policy."""
    return HansardError(
        "refused",
        "attachment_secret",
        f"'{name}' holds what looks like a secret ({', '.join(kinds)}, first at line {line}); nothing was sent",
        field="attachments",
        value=name,
        constraint="secret",
        context={"kinds": list(kinds), "line": line},
        suggestion="Take it out of the file and attach that; a secret that stood in a shared file should be changed",
    )


def needs_contradictory(field: str, value: object, why: str, suggestion: str) -> HansardError:
    """Two things are asked for that no model can give together."""
    return HansardError(
        "invalid",
        "needs_contradictory",
        why,
        field=field,
        value=value,
        constraint="needs",
        suggestion=suggestion,
    )


def prompt_too_long(tokens: int, largest: int, model: str) -> HansardError:
    """A prompt fits into no model's context window."""
    return HansardError(
        "invalid",
        "prompt_too_long",
        f"the prompt has about {tokens:,} tokens; the largest context window is that of '{model}' with {largest:,}",
        field="prompt",
        constraint="context_window",
        context={"tokens": tokens, "largest": largest, "model": model},
        suggestion=f"Shorten it, attach less, or add a model with a larger window; '{model}' is the nearest",
    )


# -- audit -------------------------------------------------------------------------------------------------------------


def trail_unkept(fault: HansardError | None, count: int, *, lost: bool) -> HansardError:
    """Attempts could not be written into the trail.

    Args:
        fault: what the store or the memory said.
        count: of attempts.
        lost: nobody will try again.
    """
    why = fault.message if fault is not None else "unknown reason"
    attempts, one = f"{count} attempt{'s' if count != 1 else ''}", count == 1
    left = f"{'is' if one else 'are'} not in it" if lost else f"wait{'s' if one else ''} to be kept"
    return HansardError(
        "unavailable",
        "trail_unkept",
        f"the trail of model calls cannot be written ({why}); {attempts} {left}",
        context={"attempts": count, "lost": lost, "cause": fault.code if fault is not None else None},
        suggestion="Free some space or mend what is named; what waits is tried again until the program ends",
    )


def trail_failed(why: str) -> HansardError:
    """The trail could not be written for a reason that has no name."""
    return HansardError("unavailable", "trail_failed", f"writing failed with {why}; the log has the trace")


def trail_closed() -> HansardError:
    """The trail was closed, and somebody waits for it."""
    return HansardError("refused", "trail_closed", "the trail of model calls is closed")


def call_text_missing(digest: str) -> HansardError:
    """No text of a call has this hash."""
    return HansardError(
        "not_found",
        "call_text_missing",
        f"no prompt and no answer with SHA-256 {digest} is kept",
        field="sha256",
        value=digest,
        suggestion="Texts are kept where 'record.texts' of [routing] says so, until their dialogue is erased",
    )


# -- settings, keys, schemas -------------------------------------------------------------------------------------------


def routing_setting_invalid(
    field: str,
    value: object,
    why: str,
    *,
    valid_options: Iterable[str] | None = None,
    suggestion: str | None = None,
) -> HansardError:
    """An entry of ``[routing]`` cannot be used; nothing is asked before it is mended."""
    options = list(valid_options) if valid_options is not None else None
    near = did_you_mean(value, options) if options and isinstance(value, str) else None
    return HansardError(
        "invalid",
        "routing_setting_invalid",
        f"'{field}' in settings.toml {why}",
        field=field,
        value=value,
        constraint="settings",
        valid_options=options,
        suggestion=suggestion or near or ("Take one of the valid options" if options else "Mend it in settings.toml"),
    )


def routing_settings_invalid(faults: Sequence[HansardError]) -> HansardError:
    """Several entries of ``[routing]`` cannot be used."""
    return HansardError(
        "invalid",
        "routing_settings_invalid",
        f"{len(faults)} entries of [routing] in settings.toml cannot be used",
        field="routing",
        constraint="settings",
        suggestion="Mend every entry of 'errors'; the schema is docs/reference/routing.schema.json",
        errors=faults,
    )


def key_missing(name: str, model: str) -> HansardError:
    """A model's key is neither in the environment nor in the keyring."""
    return HansardError(
        "unavailable",
        "key_missing",
        f"'{model}' needs a key, and there is none by the name '{name}'",
        field="key",
        value=name,
        suggestion=f"Set {name} in the environment, or keep it in the keyring: keyring set hansard {name}",
    )


def key_unusable(name: str, where: str) -> HansardError:
    """A key holds signs that no request can carry; it is not shown."""
    return HansardError(
        "invalid",
        "key_unusable",
        f"the key '{name}' of the {where} holds a space, a line break or a sign that is not ASCII",
        field="key",
        value=name,
        suggestion="Copy it again, as one line",
    )


def schema_invalid(field: str, why: str) -> HansardError:
    """A schema of an answer is none, so no answer could fit it."""
    return HansardError(
        "invalid",
        "schema_invalid",
        f"'{field}' is no JSON Schema that can be used: {why}",
        field=field,
        constraint="schema",
        suggestion="Give a JSON Schema (draft 2020-12 unless '$schema' says otherwise) that stands for itself",
    )
