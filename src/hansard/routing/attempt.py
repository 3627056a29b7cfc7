"""One attempt at one model, but for the sending: what it is told, and what its reply comes to.

A task is redacted at most once, however many models it goes to, so that a value has one placeholder a task long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from hansard.routing import postprocess, verifier
from hansard.routing.configuration import PrivacySettings
from hansard.routing.model import Message, Model, Task
from hansard.routing.providers.faults import shown
from hansard.routing.providers.protocol import ProviderFault, Reply, Request
from hansard.routing.redaction import Redactor, policy
from hansard.routing.request_adapter import with_texts

_encode: Final[Callable[[Any], bytes]] = msgspec.json.Encoder().encode


class Sent(NamedTuple):
    """What a model is told: messages and schema as they go out, their bytes for the trail, and the way back."""

    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None
    prompt: bytes
    prompt_sha256: str
    redactor: Redactor | None
    """Puts back what was replaced; ``None`` where nothing was looked for."""


def prompt_bytes(messages: tuple[Message, ...], schema: Mapping[str, Any] | None = None) -> bytes:
    """What is kept as the prompt of an attempt: JSON of the messages as they go out, attachments in base64, and of the
    schema. The same for every model that is told the same."""
    told: list[dict[str, Any]] = []
    for each in messages:
        message: dict[str, Any] = {"role": each.role, "text": each.text}
        if each.attachments:
            message["attachments"] = [
                {"name": one.name, "media_type": one.media_type, "data": one.data} for one in each.attachments
            ]
        told.append(message)
    return _encode({"messages": told} if schema is None else {"messages": told, "schema": schema})


class Understood(NamedTuple):
    """What a reply comes to."""

    text: str
    structured: Any
    truncated: bool


def understood(reply: Reply, task: Task, sent: Sent, *, degraded: bool) -> Understood:
    """A reply, cleaned, with values put back, its data taken out, and verified.

    Args:
        degraded: a template gave it: it is no answer, so it is not held to what one must be.

    Raises:
        ProviderFault: it does not hold; it was charged for all the same.
    """
    redactor = sent.redactor
    answer = postprocess.processed(reply.text, structured=task.schema is not None, redactor=redactor)
    if not degraded and (fault := verifier.verify(task, answer, reply.finish_reason, redactor)) is not None:
        raise ProviderFault(fault.failure, fault.reason, tokens=reply.tokens)
    return Understood(answer.text, answer.structured, reply.finish_reason == "length")


LABEL: Final = 200
"""So many characters of a name that a provider gives are kept."""

QUOTE: Final = 24
"""So many characters of a prompt in a row, and a provider's words about it are a quotation."""


def unquoted(detail: str, messages: tuple[Message, ...]) -> str:
    """A provider's words without what they repeat of the prompt, which belongs into no error and no log."""
    for at in range(0, len(detail) - QUOTE // 2 + 1, QUOTE // 2):
        part = detail[at : at + QUOTE // 2]
        if len(part) == QUOTE // 2 and any(part in each.text for each in messages):
            around = detail[max(0, at - QUOTE // 2) : at + QUOTE]
            longest = any(
                around[start : start + QUOTE] in each.text
                for start in range(max(1, len(around) - QUOTE + 1))
                for each in messages
            )
            if longest:
                return detail[: max(0, at - QUOTE // 2)] + "…"
    return detail


def label(said: object, messages: tuple[Message, ...]) -> str | None:
    """A name that a provider gave, of its model or of why it stopped; ``None`` where it is no text."""
    if not isinstance(said, str):
        return None
    told = shown(said)[:LABEL]
    if len(told) > QUOTE:  # longer than names are: it may say anything
        told = Redactor().hide(unquoted(told, messages))[:LABEL]
    return told or None


class Exchange:
    """What one task says to models. The work for each policy is done when it is first needed, and once."""

    def __init__(self, task: Task, settings: PrivacySettings) -> None:
        self._task = task
        self._settings = settings
        self._raw: Sent | None = None
        self._redacted: Sent | None = None

    def sent(self, model: Model) -> Sent:
        """What this model may be told of the task."""
        if policy(model, self._task.privacy, self._settings.level) == "redacted":
            if self._redacted is None:
                messages = with_texts(self._task.messages)
                redactor = Redactor(self._settings)
                hidden = redactor.messages(messages)
                schema = None if self._task.schema is None else redactor.hide_data(self._task.schema)
                self._redacted = self._of(hidden, schema, redactor)
            return self._redacted
        if self._raw is None:
            self._raw = self._of(with_texts(self._task.messages), self._task.schema, None)
        return self._raw

    def _of(self, messages: tuple[Message, ...], schema: Mapping[str, Any] | None, redactor: Redactor | None) -> Sent:
        prompt = prompt_bytes(messages, schema)
        return Sent(messages, schema, prompt, hashlib.sha256(prompt).hexdigest(), redactor)

    def request(self, model: Model, sent: Sent, max_output_tokens: int, timeout_seconds: float) -> Request:
        """The request of an attempt."""
        task = self._task
        return Request(
            model=model,
            messages=sent.messages,
            schema=sent.schema,
            max_output_tokens=max_output_tokens,
            temperature=task.temperature,
            seed=task.seed,
            timeout_seconds=timeout_seconds,
        )
