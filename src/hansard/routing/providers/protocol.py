"""What a provider is: it sends one request once, and says by name what went wrong. It never tries again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hansard.routing.model import Failure, Message, Model, Tokens


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt as a provider gets it: texts are redacted already, attachments of text set into them."""

    model: Model
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None
    max_output_tokens: int
    temperature: float | None
    seed: int | None
    timeout_seconds: float
    """What is left of the attempt's time and of the task's deadline, whichever is less. In a stream it bounds the wait
    for each next piece, since a long answer is no stall; who asks bounds the whole."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider said. ``text`` is word for word; where a schema was given it should be the JSON."""

    text: str
    tokens: Tokens | None
    """``None`` where the provider did not count."""
    finish_reason: str | None
    """``stop``, ``length``, ``content_filter``, ``tool_calls``; another one as the provider calls it."""
    serving_model: str | None
    first_token_ms: float | None = None


class ProviderFault(Exception):  # noqa: N818  # a fault of the provider, not of ours
    """An attempt that gave no answer.

    Attributes:
        failure: its name.
        detail: the provider's words, at most 500 characters; no key stands in it.
        retry_after_seconds: when the provider says that another try makes sense.
        partial: what a stream had brought before it broke.
        tokens: what will be charged all the same, where the provider told.
        unsent: nothing can have reached the model, so nothing is charged.
    """

    def __init__(
        self,
        failure: Failure,
        detail: str,
        *,
        retry_after_seconds: float | None = None,
        partial: str = "",
        tokens: Tokens | None = None,
        unsent: bool = False,
    ) -> None:
        super().__init__(f"{failure}: {detail}")
        self.failure: Failure = failure
        self.detail = detail[:500]
        self.retry_after_seconds = retry_after_seconds
        self.partial = partial
        self.tokens = tokens
        self.unsent = unsent


class Provider(Protocol):
    """One model of one provider, made once and used for many requests at the same time, in one event loop.

    One whose library takes long to load also has ``async def warm(self) -> None``: the router waits for it once, before
    the time of the first attempt begins.
    """

    async def complete(self, request: Request) -> Reply:
        """Send it once and wait for the whole answer.

        Raises:
            ProviderFault: there is none; its name says why.
        """

    def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """Send it once; pieces of text as they come, then the reply (whose text is all of them).

        Raises:
            ProviderFault: at any moment; ``partial`` has what came before.
        """

    async def close(self) -> None:
        """Give back connections."""
