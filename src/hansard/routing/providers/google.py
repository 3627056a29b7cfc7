"""generateContent through Google's library.

Option of a model: ``body`` (fields that go into each request as they are).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from hansard.routing.model import Message, Model, Tokens
from hansard.routing.providers.faults import fault_of
from hansard.routing.providers.protocol import ProviderFault, Reply, Request
from hansard.routing.providers.remote import Remote, Tally, check_said, counted, http_client
from hansard.routing.providers.structured import in_words

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client

_RESPONSES: ContextVar[list[httpx2.Response] | None] = ContextVar("_RESPONSES", default=None)
"""Responses of the stream at hand. The library does not close one that is left early or ends in an error, and hands
none out: its connection would stay open until the garbage is collected."""

FINISH: Final[Mapping[str, str]] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "UNEXPECTED_TOOL_CALL": "tool_calls",
    "MALFORMED_FUNCTION_CALL": "tool_calls",
}
"""What its reasons to stop are called here."""


class GoogleProvider(Remote["Client"]):
    """One of Google's models."""

    library = "google_genai"

    def __init__(self, model: Model, key: str | None) -> None:
        super().__init__(model, key)
        self._http: httpx2.AsyncClient | None = None
        body = model.options.get("body")
        self._body: dict[str, Any] | None = dict(body) if isinstance(body, Mapping) else None

    def _load(self) -> Client:
        from google import genai
        from google.genai import types

        # With a client of our own the library neither tries again nor takes another transport that happens to be there.
        self._http = http_client(self.model)
        self._http.event_hooks = {"response": [_note]}
        options = types.HttpOptions(
            base_url=self.model.base_url or "https://generativelanguage.googleapis.com",
            api_version="v1beta",
            httpx_async_client=self._http,
            retry_options=types.HttpRetryOptions(attempts=1),
        )
        return genai.Client(api_key=self._key or "none", vertexai=False, http_options=options)

    def _fields(self, request: Request) -> dict[str, Any]:
        """The arguments of a call."""
        from google.genai import types

        system = [each.text for each in request.messages if each.role == "system"]
        contents = [_message(each) for each in request.messages if each.role != "system"]
        config: dict[str, Any] = {
            "max_output_tokens": request.max_output_tokens,
            # One call is one request: the library would go on by itself.
            "automatic_continuation": False,
            "automatic_function_calling": types.AutomaticFunctionCallingConfig(disable=True),
        }
        if request.temperature is not None:
            config["temperature"] = request.temperature
        if request.seed is not None:
            config["seed"] = request.seed
        if request.schema is not None:
            if self.model.structured == "native":
                config["response_mime_type"] = "application/json"
                config["response_json_schema"] = dict(request.schema)
            else:
                system.append(in_words(request.schema))
        if system:
            config["system_instruction"] = "\n\n".join(system)
        if self._body is not None:
            config["http_options"] = types.HttpOptions(extra_body=self._body)
        return {"model": self.model.model, "contents": contents, "config": types.GenerateContentConfig(**config)}

    async def _ask(self, client: Client, request: Request) -> Reply:
        _RESPONSES.set(None)
        answer: Any = await client.aio.models.generate_content(**self._fields(request))
        tally = Tally()
        text = self._read(answer, tally)
        check_said(tally, text)
        if tally.finish_reason is None:
            raise ProviderFault("malformed", "the answer has no candidates in it")
        return Reply(text, tally.tokens, tally.finish_reason, tally.serving_model)

    async def _pieces(self, client: Client, request: Request, tally: Tally) -> AsyncGenerator[str, None]:
        source: Any = await client.aio.models.generate_content_stream(**self._fields(request))
        seen = False
        responses: list[httpx2.Response] = []
        try:
            while True:
                _RESPONSES.set(responses)
                chunk = await anext(source, None)
                if chunk is None:
                    break
                text = self._read(chunk, tally)
                seen = seen or bool(chunk.candidates) or tally.refusal is not None
                yield text
        finally:
            await source.aclose()
            for response in responses:
                await response.aclose()
        if not seen:
            raise ProviderFault("malformed", "the stream had no candidates in it")

    def _read(self, answer: Any, tally: Tally) -> str:
        """The text of an answer or of a part of one; the rest goes into the tally."""
        if answer.usage_metadata is not None:
            tally.tokens = _tokens(answer.usage_metadata) or tally.tokens
        if answer.model_version:
            tally.serving_model = answer.model_version
        feedback = answer.prompt_feedback
        if feedback is not None and feedback.block_reason:
            tally.refusal = ""
        if not answer.candidates:
            return ""
        candidate = answer.candidates[0]
        if candidate.finish_reason:
            reason = str(getattr(candidate.finish_reason, "value", candidate.finish_reason))
            tally.finish_reason = FINISH.get(reason, reason.lower())
        parts = candidate.content.parts if candidate.content is not None else None
        called = any(part.function_call is not None for part in parts or ())
        tally.called = tally.called or called
        if tally.called and tally.finish_reason == "stop":
            tally.finish_reason = "tool_calls"
        return "".join(part.text for part in parts or () if part.text and not part.thought)

    def _of(self, status: int | None, body: object, words: str, request: Request, headers: Any = None) -> ProviderFault:
        texts = [message.text for message in request.messages]
        return fault_of(status, body, words, headers=headers, key=self._key, texts=texts)

    def _named(self, error: Exception, request: Request) -> ProviderFault | None:
        import httpx2
        from google.genai import errors

        if isinstance(error, errors.APIError):
            headers = getattr(error.response, "headers", None)
            status = error.code if isinstance(error.code, int) else None
            return self._of(status, error.details, error.message or "an error", request, headers)
        if isinstance(error, errors.UnknownApiResponseError):
            return ProviderFault("malformed", "the answer is not JSON")
        if isinstance(error, (httpx2.HTTPError, httpx2.StreamError)):
            return ProviderFault("unreachable", self._scrubbed(f"{type(error).__name__}: {error}", request))
        return None

    async def _shut(self, client: Client) -> None:
        await client.aio.aclose()
        if self._http is not None:
            await self._http.aclose()  # the library leaves to its owner what it did not make


async def _note(response: httpx2.Response) -> None:
    responses = _RESPONSES.get()
    if responses is not None:
        responses.append(response)


def _message(message: Message) -> Any:
    """A message as the format has it; files that are text stand in the text already."""
    from google.genai import types

    files = [each for each in message.attachments if each.modality in {"image", "pdf"}]
    parts = [types.Part(inline_data=types.Blob(data=each.data, mime_type=each.media_type)) for each in files]
    parts.append(types.Part(text=message.text))
    return types.Content(role="model" if message.role == "assistant" else "user", parts=parts)


def _tokens(usage: Any) -> Tokens | None:
    """Counts; thoughts are charged as output, the results of tools as input."""
    if usage.prompt_token_count is None:
        return None
    return counted(
        [usage.prompt_token_count, usage.tool_use_prompt_token_count],
        [usage.candidates_token_count or 0, usage.thoughts_token_count],
        usage.cached_content_token_count,
    )
