"""From what somebody wants to a task: question, files, schema and options, checked before anything is spent.

Tokens are estimated, not counted, because every model has a tokenizer of its own: a token for four characters of ASCII
and one for each other character. That is above what English prose takes, and below what digits and dense code may take;
where a hard cap depends on it, ``scoring.CERTAIN`` adds to it. Source: specs/operations, section 7.
"""

from __future__ import annotations

import math
import mimetypes
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from hansard.kernel.errors import HansardError, batch_validation_failed, invalid_field, missing_field
from hansard.routing import errors
from hansard.routing.configuration import Configuration
from hansard.routing.model import Attachment, Message, Model, Origin, Privacy, Task

IMAGE_TOKENS: Final = 1600
"""An image of usual size, at the dearer of the providers."""

PDF_BYTES_PER_TOKEN: Final = 24
"""Of a PDF; so many bytes stand for a token, roughly."""

MESSAGE_TOKENS: Final = 8
"""What a turn costs beside its text."""

TEXT_TYPES: Final[Mapping[str, str]] = {
    ".md": "text/markdown", ".txt": "text/plain", ".csv": "text/csv", ".tsv": "text/tab-separated-values",
    ".json": "application/json", ".jsonl": "text/plain", ".yaml": "application/yaml", ".yml": "application/yaml",
    ".toml": "text/plain", ".ini": "text/plain", ".xml": "text/xml", ".html": "text/html", ".py": "text/x-python",
    ".rs": "text/x-rust", ".ts": "text/plain", ".tsx": "text/plain", ".js": "text/javascript", ".sql": "text/plain",
    ".log": "text/plain", ".rst": "text/x-rst", ".tex": "text/x-tex", ".diff": "text/x-diff", ".patch": "text/x-diff",
}  # fmt: skip

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody wants, as they say it; what they leave out, the settings say."""

    question: str
    system: str | None = None
    """What the model is to be."""
    attachments: tuple[Attachment, ...] = ()
    schema: Mapping[str, Any] | None = None
    models: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    budget_usd: float | None = None
    deadline_seconds: float | None = None
    privacy: Privacy | None = None
    minimum_capability: float = 0.0
    citable: tuple[str, ...] | None = None


# -- files -------------------------------------------------------------------------------------------------------------


def attachment(name: str, data: bytes) -> Attachment:
    """A file by its name and bytes; its kind is told from both.

    Raises:
        HansardError: ``attachment_unknown``.
    """
    kind = next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)
    if kind is None and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "image/webp"
    if kind is None and _is_text(data):
        dot = name.rfind(".")
        kind = TEXT_TYPES.get(name[dot:].casefold() if dot >= 0 else "", "text/plain")
    if kind is None:
        raise errors.attachment_unknown(name, mimetypes.guess_type(name)[0] or "no known kind")
    return Attachment(name, kind, data)


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False


def with_texts(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages with attached texts set into them, each with its name, in a fence that its text does not close."""
    if not any(message.attachments for message in messages):
        return messages
    return tuple(_with_texts(message) for message in messages)


def _with_texts(message: Message) -> Message:
    texts = [each for each in message.attachments if each.modality == "text"]
    if not texts:
        return message
    parts = [message.text, *(_fenced(each) for each in texts)]
    return replace(
        message,
        text="\n\n".join(part for part in parts if part),
        attachments=tuple(each for each in message.attachments if each.modality != "text"),
    )


def _fenced(file: Attachment) -> str:
    text = file.data.decode("utf-8", "replace")
    longest = run = 0
    for letter in text:
        run = run + 1 if letter == "`" else 0
        longest = max(longest, run)
    fence = "`" * max(3, longest + 1)
    name = _NO_NAME.sub("_", file.name)[:NAME_LENGTH]
    end = "" if text.endswith("\n") else "\n"
    return f"Attached file '{name}' ({file.media_type}):\n{fence}\n{text}{end}{fence}"


_NO_NAME: Final = re.compile(r"[^\w .,+@#=()\[\]⟦⟧/\\-]|\s(?<! )")
"""What a name may not show: what ends a line, what quotes, what is not seen."""

NAME_LENGTH: Final = 200
"""Of a name in a prompt."""


def _refuse_secrets(files: Sequence[Attachment]) -> list[HansardError]:
    from hansard.routing.redaction import secrets_in

    faults = []
    for file in files:
        if file.modality != "text":
            continue
        text = file.data.decode("utf-8", "replace")
        if found := secrets_in(text):
            kinds = sorted({one.kind for one in found})
            faults.append(errors.attachment_secret(file.name, kinds, text.count("\n", 0, found[0].start) + 1))
    return faults


# -- tokens ------------------------------------------------------------------------------------------------------------


def text_tokens(text: str) -> int:
    """About how many tokens a text has (see the module)."""
    if text.isascii():
        return (len(text) + 3) // 4
    plain = len(text.encode("ascii", "ignore"))
    return (plain + 3) // 4 + len(text) - plain


def task_tokens(task: Task) -> int:
    """About how many tokens the prompt of a task has, files and schema with it."""
    total = 0
    for message in task.messages:
        total += text_tokens(message.text) + MESSAGE_TOKENS
        for file in message.attachments:
            if file.modality == "text":
                total += text_tokens(file.data.decode("utf-8", "replace")) + text_tokens(file.name) + 2 * MESSAGE_TOKENS
            elif file.modality == "image":
                total += IMAGE_TOKENS
            else:
                total += len(file.data) // PDF_BYTES_PER_TOKEN + 1
    if task.schema is not None:
        total += len(msgspec.json.encode(task.schema)) // 4
    return total


# -- the task ----------------------------------------------------------------------------------------------------------


def task_of(intent: Intent, origin: Origin, configuration: Configuration) -> Task:
    """What is wanted as a task.

    Raises:
        HansardError: ``missing_field``, ``invalid_field``, ``model_unknown``, ``attachment_unknown``,
            ``attachment_secret``, ``needs_contradictory``, ``prompt_too_long``; ``batch_validation_failed`` with all
            of them where there are several. Nothing was spent.
    """
    limits = configuration.limits
    faults = [*_field_faults(intent), *_refuse_secrets(intent.attachments)]
    faults.extend(
        errors.attachment_unknown(file.name, file.media_type) for file in intent.attachments if file.modality is None
    )
    faults.extend(
        errors.model_unknown(name, configuration.models) for name in intent.models if name not in configuration.models
    )
    if faults:
        raise faults[0] if len(faults) == 1 else batch_validation_failed(faults, writes=False)
    system = (Message("system", intent.system),) if intent.system else ()
    asked = with_texts((Message("user", intent.question, intent.attachments),))
    task = Task(
        messages=(*system, *asked),
        origin=origin,
        schema=intent.schema,
        max_output_tokens=limits.max_output_tokens if intent.max_output_tokens is None else intent.max_output_tokens,
        temperature=intent.temperature,
        seed=intent.seed,
        budget_usd=limits.budget_usd if intent.budget_usd is None else intent.budget_usd,
        deadline_seconds=limits.deadline_seconds if intent.deadline_seconds is None else intent.deadline_seconds,
        privacy=intent.privacy,
        models=tuple(dict.fromkeys(intent.models)),
        citable=intent.citable,
        minimum_capability=intent.minimum_capability,
    )
    _refuse_contradictions(task, configuration)
    return task


def _field_faults(intent: Intent) -> list[HansardError]:
    faults = []
    if not intent.question.strip() and not intent.attachments:
        faults.append(missing_field("question", "Say what is to be answered"))
    if intent.max_output_tokens is not None and intent.max_output_tokens < 1:
        faults.append(invalid_field("max_output_tokens", intent.max_output_tokens, "must be at least 1"))
    if intent.budget_usd is not None and not (math.isfinite(intent.budget_usd) and intent.budget_usd >= 0):
        faults.append(invalid_field("budget_usd", intent.budget_usd, "must be a number of US dollars, 0 or more"))
    if intent.deadline_seconds is not None and not (
        math.isfinite(intent.deadline_seconds) and intent.deadline_seconds > 0
    ):
        faults.append(invalid_field("deadline_seconds", intent.deadline_seconds, "must be more than 0"))
    if intent.temperature is not None and not 0 <= intent.temperature <= 2:
        faults.append(invalid_field("temperature", intent.temperature, "must be from 0 to 2"))
    if not 0 <= intent.minimum_capability <= 1:
        faults.append(invalid_field("minimum_capability", intent.minimum_capability, "must be from 0 to 1"))
    if intent.schema is not None:
        from hansard.routing.verifier import check_schema

        try:
            check_schema(intent.schema)
        except HansardError as fault:
            faults.append(fault)
    return faults


def _refuse_contradictions(task: Task, configuration: Configuration) -> None:
    """Needs that no model of the settings can meet together; what only some cannot meet is the router's to weigh."""
    named = [configuration.models[name] for name in task.models]
    known = [one for one in named or configuration.models.values() if one.provider != "template"]
    if not known:
        return
    whom = "the models that are named" if named else "all models of the settings"
    everyone = configuration.models.values()
    if task.privacy == "local" and all(one.external for one in known):
        raise errors.needs_contradictory(
            "privacy",
            "local",
            f"nothing may leave the machine, and {whom} are elsewhere",
            _instead(everyone, _is_local),
        )
    if task.schema is not None and all(one.structured == "none" for one in known):
        raise errors.needs_contradictory(
            "schema", None, f"an answer of a schema is asked for, and {whom} give none", _instead(everyone, _structures)
        )
    strongest = max(known, key=lambda one: one.capability)
    if task.minimum_capability > strongest.capability:
        raise errors.needs_contradictory(
            "minimum_capability",
            task.minimum_capability,
            f"a capability of {task.minimum_capability:g} is asked for; of {whom} the strongest is "
            f"'{strongest.name}' with {strongest.capability:g}",
            f"Ask for {strongest.capability:g} or less",
        )
    for modality in sorted(task.modalities):
        if all(modality not in one.modalities for one in known):
            raise errors.needs_contradictory(
                "attachments",
                modality,
                f"an attachment of the kind '{modality}' is to be read, and {whom} read none",
                _instead(everyone, lambda one, kind=modality: kind in one.modalities),
            )
    tokens = task_tokens(task)
    largest = max(known, key=lambda one: one.context_window)
    if tokens >= largest.context_window:
        raise errors.prompt_too_long(tokens, largest.context_window, largest.name)


def _is_local(model: Model) -> bool:
    return not model.external


def _structures(model: Model) -> bool:
    return model.structured != "none"


def _instead(models: Any, suits: Any) -> str:
    fitting = [one.name for one in models if one.provider != "template" and suits(one)]
    if not fitting:
        return "Add a model that can to [routing] in settings.toml"
    return f"Ask for one of: {', '.join(fitting[:5])}"
