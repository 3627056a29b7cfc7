"""Chat completions through OpenAI's library: OpenAI itself, and every endpoint that speaks so (by ``base_url``).

Options of a model: ``tokens_field`` (how the bound of the answer is called: ``max_completion_tokens`` at OpenAI,
``max_tokens`` elsewhere), ``json_mode`` (the endpoint can be told to answer in JSON, of no schema), ``stream_usage``
(``false`` for one that cannot count in streams), ``body`` (fields that go into each request as they are).
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from hansard.routing.model import Message, Model, Tokens
from hansard.routing.providers.faults import fault_of
from hansard.routing.providers.protocol import ProviderFault, Reply, Request
from hansard.routing.providers.remote import CONNECT_SECONDS, Remote, Tally, check_said, counted, http_client
from hansard.routing.providers.structured import closed, in_words

if TYPE_CHECKING:
    from openai import AsyncOpenAI

NO_KEY = "none"
"""Goes where a key would, to endpoints that ask for none: the library insists on one."""


class OpenAIProvider(Remote["AsyncOpenAI"]):
    """One model behind an endpoint that speaks as OpenAI's does."""

    library = "openai"

    def __init__(self, model: Model, key: str | None) -> None:
        super().__init__(model, key)
        options = model.options
        usual = "max_completion_tokens" if model.base_url is None else "max_tokens"
        self._tokens_field = str(options.get("tokens_field", usual))
        self._json_mode = bool(options.get("json_mode", False))
        self._stream_usage = bool(options.get("stream_usage", True))
        body = options.get("body")
        self._body: dict[str, Any] | None = dict(body) if isinstance(body, Mapping) else None

    def _load(self) -> AsyncOpenAI:
        import httpx2
        from openai import AsyncOpenAI

        client = AsyncOpenAI(
            api_key=self._key or NO_KEY,
            base_url=self.model.base_url or "https://api.openai.com/v1",
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            http_client=http_client(self.model),
        )
        if self.model.base_url is not None:
            # What the environment holds for OpenAI is nobody else's business.
            client.organization = client.project = client.admin_api_key = None
            client._custom_headers = {}
        return client

    def _fields(self, request: Request) -> dict[str, Any]:
        """The request's body."""
        messages = [_message(each) for each in request.messages]
        fields: dict[str, Any] = {
            "model": self.model.model,
            "messages": messages,
            self._tokens_field: request.max_output_tokens,
        }
        if request.temperature is not None:
            fields["temperature"] = request.temperature
        if request.seed is not None:
            fields["seed"] = request.seed
        if request.schema is not None:
            if self.model.structured == "native":
                asked = {"name": "answer", "schema": request.schema, "strict": closed(request.schema)}
                fields["response_format"] = {"type": "json_schema", "json_schema": asked}
            else:
                _tell(messages, in_words(request.schema))
                if self._json_mode and request.schema.get("type", "object") == "object":
                    fields["response_format"] = {"type": "json_object"}
        if self._body is not None:
            fields["extra_body"] = self._body
        return fields

    async def _ask(self, client: AsyncOpenAI, request: Request) -> Reply:
        answer: Any = await client.chat.completions.create(**self._fields(request))
        choices = getattr(answer, "choices", None)
        if not choices:
            raise self._without_choices(answer, request)
        choice = choices[0]
        message = choice.message
        text = message.content
        if text is None:
            text = ""
        elif not isinstance(text, str):
            raise ProviderFault("malformed", f"its text is of the kind {type(text).__name__}")
        tokens = _tokens(answer.usage)
        refusal = message.refusal
        if refusal or choice.finish_reason == "content_filter":
            check_said(Tally(tokens, choice.finish_reason, None, refusal), text)
        return Reply(text, tokens, choice.finish_reason, answer.model)

    async def _pieces(self, client: AsyncOpenAI, request: Request, tally: Tally) -> AsyncGenerator[str, None]:
        fields = self._fields(request)
        if self._stream_usage:
            fields["stream_options"] = {"include_usage": True}
        source: Any = await client.chat.completions.create(stream=True, **fields)
        seen = False
        async with source:
            async for chunk in source:
                if chunk.usage is not None:
                    tally.tokens = _tokens(chunk.usage)
                if tally.serving_model is None:
                    tally.serving_model = chunk.model
                choices = chunk.choices
                if not choices:
                    if choices is None:
                        raise self._without_choices(chunk, request)
                    yield ""
                    continue
                seen = True
                choice = choices[0]
                delta = choice.delta
                if isinstance(choice.finish_reason, str):
                    tally.finish_reason = choice.finish_reason
                if delta is not None and delta.refusal:
                    tally.refusal = (tally.refusal or "") + delta.refusal
                yield (delta.content or "") if delta is not None else ""
        if not seen:
            raise ProviderFault("malformed", "the stream had no choices in it")

    def _without_choices(self, answer: Any, request: Request) -> ProviderFault:
        """An answer that is none: some endpoints tell an error with status 200."""
        error = (getattr(answer, "model_extra", None) or {}).get("error")
        if error:
            return self._of(None, {"error": error}, "an error", request)
        return ProviderFault("malformed", "the answer has no choices in it")

    def _of(self, status: int | None, body: object, words: str, request: Request, headers: Any = None) -> ProviderFault:
        texts = [message.text for message in request.messages]
        return fault_of(status, body, words, headers=headers, key=self._key, texts=texts)

    def _named(self, error: Exception, request: Request) -> ProviderFault | None:
        import httpx2
        import openai

        if isinstance(error, openai.APIStatusError):
            body = {"error": error.body} if error.body is not None else None
            return self._of(error.status_code, body, error.message, request, error.response.headers)
        if isinstance(error, openai.APIConnectionError):
            cause = error.__cause__ or error
            return ProviderFault("unreachable", self._scrubbed(f"{type(cause).__name__}: {cause}", request))
        if isinstance(error, openai.APIResponseValidationError):
            return ProviderFault("malformed", "the answer is not of the provider's format")
        if isinstance(error, openai.APIError):
            return self._of(None, {"error": error.body} if error.body else None, error.message, request)
        if isinstance(error, httpx2.HTTPError):
            return ProviderFault("unreachable", self._scrubbed(f"{type(error).__name__}: {error}", request))
        if isinstance(error, openai.OpenAIError):
            return ProviderFault("rejected", self._scrubbed(str(error), request))
        return None

    async def _shut(self, client: AsyncOpenAI) -> None:
        await client.close()


def _tell(messages: list[dict[str, Any]], wish: str) -> None:
    """Add to what the system says; there is one such message and it comes first, or a local model's template fails."""
    if messages and messages[0]["role"] == "system" and isinstance(messages[0]["content"], str):
        messages[0]["content"] += f"\n\n{wish}"
    else:
        messages.insert(0, {"role": "system", "content": wish})


def _message(message: Message) -> dict[str, Any]:
    """A message as the format has it; files that are text stand in the text already."""
    files = [each for each in message.attachments if each.modality in {"image", "pdf"}]
    if not files:
        return {"role": message.role, "content": message.text}
    parts: list[dict[str, Any]] = [{"type": "text", "text": message.text}]
    for each in files:
        url = f"data:{each.media_type};base64,{base64.b64encode(each.data).decode('ascii')}"
        if each.modality == "image":
            parts.append({"type": "image_url", "image_url": {"url": url}})
        else:
            parts.append({"type": "file", "file": {"filename": each.name, "file_data": url}})
    return {"role": message.role, "content": parts}


def _tokens(usage: Any) -> Tokens | None:
    """Counts; DeepSeek tells what was cached in a field of its own."""
    if usage is None:
        return None
    given = getattr(usage, "prompt_tokens", None)
    made = getattr(usage, "completion_tokens", None)
    details = getattr(usage, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None)
    if not cached and usage.model_extra:
        cached = usage.model_extra.get("prompt_cache_hit_tokens")
    return counted([given], [made], cached)  # half a count is none
