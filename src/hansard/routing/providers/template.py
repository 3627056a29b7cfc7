"""A fixed text for when no model answers. It is no answer: the router marks it as degraded.

Options of a model: ``template`` (the text). Nothing of the question goes into it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from hansard.routing.model import Model, Tokens
from hansard.routing.providers.protocol import Reply, Request


class TemplateProvider:
    """Says the same to everybody, at once and for nothing."""

    def __init__(self, model: Model, _key: str | None = None) -> None:
        text = str(model.options.get("template", ""))
        self._reply = Reply(text, Tokens(0, 0), "stop", None, 0.0)

    async def complete(self, _request: Request) -> Reply:
        """See ``Provider.complete``."""
        return self._reply

    async def stream(self, _request: Request) -> AsyncIterator[str | Reply]:
        """See ``Provider.stream``."""
        if self._reply.text:
            yield self._reply.text
        yield self._reply

    async def close(self) -> None:
        """Nothing is open."""
