"""Messages through Anthropic's library.

The API has had no temperature and no seed since its version of 2026-10-21: both are left out. Option of a model:
``body`` (fields that go into each request as they are).
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, Final

from hansard.routing.model import Message, Model, Tokens
from hansard.routing.providers.faults import fault_of
from hansard.routing.providers.protocol import ProviderFault, Reply, Request
from hansard.routing.providers.remote import CONNECT_SECONDS, Remote, Tally, check_said, counted, http_client
from hansard.routing.providers.structured import in_words

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

FINISH: Final[Mapping[str, str]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""What its reasons to stop are called here."""


class AnthropicProvider(Remote["AsyncAnthropic"]):
    """One of Anthropic's models, or one behind an endpoint that speaks as Anthropic's does."""

    library = "anthropic"

    def __init__(self, model: Model, key: str | None) -> None:
        super().__init__(model, key)
        body = model.options.get("body")
        self._body: dict[str, Any] | None = dict(body) if isinstance(body, Mapping) else None

    def _load(self) -> AsyncAnthropic:
        import httpx2
        from anthropic import AsyncAnthropic

        client = AsyncAnthropic(
            api_key=self._key or "none",
            base_url=self.model.base_url or "https://api.anthropic.com",
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            http_client=http_client(self.model),
            open_telemetry=False,  # spans are the router's; the library's can be told to hold texts
        )
        if self.model.base_url is not None:
            # What the environment holds for Anthropic is nobody else's business.
            client._custom_headers = {}
            client.auth_token = None
        return client

    def _fields(self, request: Request) -> dict[str, Any]:
        """The request's body."""
        system = [each.text for each in request.messages if each.role == "system"]
        messages = [_message(each) for each in request.messages if each.role != "system"]
        fields: dict[str, Any] = {
            "model": self.model.model,
            "max_tokens": request.max_output_tokens,
            "messages": messages,
        }
        if request.schema is not None:
            if self.model.structured == "native":
                from anthropic import transform_schema

                schema = transform_schema(dict(request.schema))
                fields["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
            else:
                system.append(in_words(request.schema))
        if system:
            fields["system"] = "\n\n".join(system)
        if self._body is not None:
            fields["extra_body"] = self._body
        return fields

    async def _ask(self, client: AsyncAnthropic, request: Request) -> Reply:
        answer: Any = await client.messages.create(**self._fields(request))
        blocks = getattr(answer, "content", None)
        if not isinstance(blocks, list):
            raise self._without_content(answer, request)
        text = "".join(block.text for block in blocks if block.type == "text")
        tokens = _tokens(answer.usage, None)
        reason = answer.stop_reason
        finish = FINISH.get(reason, reason) if isinstance(reason, str) else None
        if finish == "content_filter":
            check_said(Tally(tokens, finish, None, text or None), text)
        return Reply(text, tokens, finish, answer.model)

    async def _pieces(self, client: AsyncAnthropic, request: Request, tally: Tally) -> AsyncGenerator[str, None]:
        source: Any = await client.messages.create(stream=True, **self._fields(request))
        start: Any = None
        async with source:
            async for event in source:
                text = ""
                match event.type:
                    case "content_block_delta":
                        if event.delta.type == "text_delta":
                            text = event.delta.text
                    case "message_start":
                        start = event.message.usage
                        tally.serving_model = event.message.model
                        # Until the last event tells better: what is charged if the stream breaks.
                        tally.tokens = _tokens(start, None)
                    case "message_delta":
                        reason = event.delta.stop_reason
                        if isinstance(reason, str):
                            tally.finish_reason = FINISH.get(reason, reason)
                        tally.tokens = _tokens(start, event.usage)
                yield text
        if start is None:
            raise ProviderFault("malformed", "the stream did not begin with a message")

    def _without_content(self, answer: Any, request: Request) -> ProviderFault:
        error = (getattr(answer, "model_extra", None) or {}).get("error")
        if error:
            return self._of(None, {"error": error}, "an error", request)
        return ProviderFault("malformed", "the answer has no content in it")

    def _of(self, status: int | None, body: object, words: str, request: Request, headers: Any = None) -> ProviderFault:
        texts = [message.text for message in request.messages]
        return fault_of(status, body, words, headers=headers, key=self._key, texts=texts)

    def _named(self, error: Exception, request: Request) -> ProviderFault | None:
        import anthropic
        import httpx2

        if isinstance(error, anthropic.APIStatusError):
            # An error in the midst of a stream has the stream's own status, which is 200 and says nothing.
            status = error.status_code if error.status_code >= 300 else None
            return self._of(status, error.body, error.message, request, error.response.headers)
        if isinstance(error, anthropic.APIConnectionError):
            cause = error.__cause__ or error
            return ProviderFault("unreachable", self._scrubbed(f"{type(cause).__name__}: {cause}", request))
        if isinstance(error, anthropic.APIResponseValidationError):
            return ProviderFault("malformed", "the answer is not of the provider's format")
        if isinstance(error, httpx2.HTTPError):
            return ProviderFault("unreachable", self._scrubbed(f"{type(error).__name__}: {error}", request))
        if isinstance(error, anthropic.AnthropicError):
            return ProviderFault("rejected", self._scrubbed(str(error), request))
        return None

    async def _shut(self, client: AsyncAnthropic) -> None:
        await client.close()


def _message(message: Message) -> dict[str, Any]:
    """A message as the format has it; files that are text stand in the text already."""
    files = [each for each in message.attachments if each.modality in {"image", "pdf"}]
    if not files:
        return {"role": message.role, "content": message.text}
    parts: list[dict[str, Any]] = []
    for each in files:
        data = base64.b64encode(each.data).decode("ascii")
        source = {"type": "base64", "media_type": each.media_type, "data": data}
        if each.modality == "image":
            parts.append({"type": "image", "source": source})
        else:
            parts.append({"type": "document", "source": source, "title": each.name})
    parts.append({"type": "text", "text": message.text})
    return {"role": message.role, "content": parts}


def _tokens(start: Any, end: Any) -> Tokens | None:
    """Counts; those of the input leave out what was cached, those of the end are the sum so far."""
    if start is None:
        return None
    output = getattr(end, "output_tokens", None) if end is not None else getattr(start, "output_tokens", None)
    fresh = getattr(start, "input_tokens", None)
    cached = getattr(start, "cache_read_input_tokens", None)
    written = getattr(start, "cache_creation_input_tokens", None)
    return counted([fresh, cached, written], [output], cached)
