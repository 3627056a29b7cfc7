"""The application: a route for every operation of the table, and the few paths that are none.

A read answers ``GET`` at its own path; every operation answers ``POST`` at its name, which is how writes are done and
how a read is asked whose request is too long for an address. Nothing here knows an operation.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from hansard.kernel.errors import HansardError
from hansard.kernel.json_text import NotJsonError, json_value
from hansard.kernel.operations import Operation
from hansard.kernel.shapes import WriteRequest, shaped
from hansard.surfaces.errors import internal_error
from hansard.surfaces.http import errors, queries
from hansard.surfaces.http.events import EventStream, Watcher
from hansard.surfaces.http.gate import STANDS, STATUS, TOLD, Allowed, Gate
from hansard.surfaces.http.metrics import CONTENT_TYPE, STREAMS, Metrics
from hansard.surfaces.http.openapi import document
from hansard.surfaces.http.paths import EVENTS, HEALTH, METRICS, OPENAPI, PREFIX
from hansard.surfaces.http.replies import JSON, refusal
from hansard.surfaces.http.requests import EventsQuery
from hansard.surfaces.running import CALLER, Runner

if TYPE_CHECKING:
    from hansard.surfaces.parts import Parts

logger = logging.getLogger(__name__)

LONG: Final = 256 * 1024
"""A body of more bytes is not read on the event loop, where everybody else would wait."""

Handler = Callable[[Request], Awaitable[Response]]
Opening = Callable[[], AbstractAsyncContextManager[ASGIApp]]


class Door:
    """The HTTP door of one store.

    Attributes:
        app: the ASGI application, its gate before it.
    """

    def __init__(
        self,
        parts: Parts,
        runner: Runner,
        *,
        allowed: Allowed | None = None,
        beside: Mapping[str, Opening] | None = None,
    ) -> None:
        """A door to these parts.

        Args:
            allowed: by which names it is called, and from which pages.
            beside: applications that answer behind the same gate, by their paths; each works while its block is open.
        """
        self._table = parts.table
        self._runner = runner
        self._document: bytes | None = None
        self._metrics = Metrics(parts.figures)
        self._watcher = Watcher(parts.table, parts.actor, self._metrics)
        self._whole_id = parts.dialogues.resolve_id
        self._beside = {path: _Beside(path, opening) for path, opening in (beside or {}).items()}
        self.app: ASGIApp = Gate(self._routes(), parts.holder, allowed or Allowed(), self._metrics)

    def end(self) -> None:
        """End every stream of events, so that the server can stop."""
        self._watcher.end()

    # ------------------------------------------------------------------ routes

    def _routes(self) -> Starlette:
        routes: dict[str, dict[str, Handler]] = {}
        for operation in self._table.values():
            if operation.mark.path is not None:
                routes.setdefault(f"{PREFIX}{operation.mark.path}", {})["GET"] = self._reading(operation)
            routes.setdefault(f"{PREFIX}/{operation.name}", {})["POST"] = self._calling(operation)
        for path, handler in (
            (HEALTH, self._health),
            (METRICS, self._figures),
            (OPENAPI, self._described),
            (EVENTS, self._events),
        ):
            routes[path] = {"GET": handler}
        self._paths = [*routes, *self._beside]
        app = Starlette(
            routes=[
                # at this path alone, not below it; a GET would open a stream that tells nothing and that nobody ends;
                # first, since each route before it would be tried for every message
                *(Route(path, inner, methods=["POST"]) for path, inner in self._beside.items()),
                *(
                    Route(path, _by_method(routes[path]), methods=list(routes[path]))
                    for path in sorted(routes, key=lambda path: ("{" in path, path))  # words before fields
                ),
            ],
            lifespan=self._lifespan,
            exception_handlers={
                HansardError: _refused,
                HTTPException: self._missed,
                ClientDisconnect: _left,
                Exception: _failed,
            },
        )
        app.router.redirect_slashes = False
        return app

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watcher.watch)
            async with AsyncExitStack() as stack:
                for inner in self._beside.values():
                    await stack.enter_async_context(inner.opened())
                yield
            tasks.cancel_scope.cancel()

    def _reading(self, operation: Operation) -> Handler:
        async def read(request: Request) -> Response:
            request.scope[TOLD]["operation"] = operation.name
            asked = queries.asked(operation.request, request.path_params, _query(request))
            answer = await self._answer(request, operation, asked)
            body = answer.model_dump_json(by_alias=True).encode()
            tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
            onward = getattr(answer, "next", None)
            if onward is not None and "after" in operation.request.model_fields:
                kept = [(name, text) for name, text in _query(request) if name != "after"]
                headers["Link"] = f'<{request.url.path}?{urlencode([*kept, ("after", onward)])}>; rel="next"'
            if _matches(request.headers.getlist("if-none-match"), tag):
                return Response(status_code=304, headers=headers)
            return Response(body, 200, headers, JSON)

        return read

    def _calling(self, operation: Operation) -> Handler:
        async def call(request: Request) -> Response:
            request.scope[TOLD]["operation"] = operation.name
            kind = request.headers.get("content-type", "")
            if kind.partition(";")[0].strip().lower() != JSON:
                return refusal(errors.content_type_unsupported(kind), 415)
            try:
                body = await request.body()
                asked = await anyio.to_thread.run_sync(_parsed, body) if len(body) > LONG else _parsed(body)
            except NotJsonError as fault:
                return refusal(errors.body_not_json(fault.why, fault.line, fault.column), 400)
            asked = _once(operation, asked, request.headers.getlist("idempotency-key"))
            answer = await self._answer(request, operation, asked)
            return Response(answer.model_dump_json(by_alias=True), 200, {"Cache-Control": "no-store"}, JSON)

        return call

    async def _answer(self, request: Request, operation: Operation, asked: Any) -> Any:
        """An operation's answer. A caller who goes away is not worked for any longer."""
        answer: Any = None
        fault: HansardError | None = None
        async with anyio.create_task_group() as tasks:

            async def gone() -> None:
                nonlocal fault
                try:
                    while (await request.receive())["type"] != "http.disconnect":
                        pass
                except HansardError as refused:  # a read whose body has no end
                    fault = refused
                tasks.cancel_scope.cancel()

            tasks.start_soon(gone)
            try:
                answer = await self._runner.run(operation, asked, request.scope[CALLER])
            except HansardError as refused:  # raised again outside: a group would wrap it
                fault = refused
            tasks.cancel_scope.cancel()
        if fault is not None:
            raise fault
        if answer is None:
            raise ClientDisconnect
        return answer

    # ------------------------------------------------------------------ what is no operation

    async def _health(self, request: Request) -> Response:
        request.scope[TOLD]["operation"] = "health"
        await self._watcher.position()
        return Response(b'{"status":"ok"}', 200, {"Cache-Control": "no-store"}, JSON)

    async def _figures(self, request: Request) -> Response:
        request.scope[TOLD]["operation"] = "metrics"
        position = await self._watcher.position()
        return Response(self._metrics.text(position), 200, {"Cache-Control": "no-store"}, CONTENT_TYPE)

    async def _described(self, request: Request) -> Response:
        request.scope[TOLD]["operation"] = "openapi"
        self._document = self._document or await anyio.to_thread.run_sync(self._described_once)
        return Response(self._document, 200, {"Cache-Control": "private, no-cache"}, JSON)

    def _described_once(self) -> bytes:
        """The document, which takes a while to make: every shape of the program is in it."""
        return json.dumps(document(self._table), ensure_ascii=False, separators=(",", ":")).encode()

    async def _events(self, request: Request) -> Response:
        request.scope[TOLD]["operation"] = STREAMS
        query = _query(request)
        last = request.headers.get("last-event-id")
        if last is not None:  # a browser that comes back sends it beside the address that it began with
            query = [*((name, text) for name, text in query if name != "after"), ("after", last)]
        wanted = shaped(EventsQuery, queries.asked(EventsQuery, {}, query))
        if wanted.after is not None and wanted.after > (newest := await self._watcher.position()):
            raise errors.position_to_come(wanted.after, newest)
        dialogue_id = wanted.dialogue_id and await anyio.to_thread.run_sync(self._whole_id, wanted.dialogue_id)
        listener = request.scope[CALLER].actor.name
        self._watcher.must_have_room(listener)
        return EventStream(self._watcher, wanted.after, dialogue_id, request.scope[STANDS], listener)

    async def _missed(self, request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        if fault.status_code == 404:
            return refusal(errors.no_such_route(request.url.path, self._paths))
        allowed = (fault.headers or {}).get("Allow", "")
        options = [method.strip() for method in allowed.split(",") if method.strip()]
        return refusal(errors.wrong_method(request.method, options), fault.status_code, {"Allow": allowed})


class _Beside:
    """Another application behind the same gate."""

    def __init__(self, path: str, opening: Opening) -> None:
        self._name = path.strip("/")
        self._opening = opening
        self._app: ASGIApp | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        async with self._opening() as self._app:
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._app is not None
        scope[TOLD]["operation"] = self._name
        await self._app(scope, receive, send)


def _by_method(handlers: Mapping[str, Handler]) -> Handler:
    async def handle(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return handle


async def _refused(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HansardError)
    if fault.kind == "corrupt":
        logger.error("%s: %s", fault.code, fault.message)
    return refusal(fault, request.scope.get(STATUS))


async def _left(request: Request, fault: Exception) -> Response:  # noqa: ARG001
    return Response(status_code=499)  # for the figures: nobody reads it


async def _failed(request: Request, fault: Exception) -> Response:  # noqa: ARG001
    return refusal(internal_error())


def _query(request: Request) -> list[tuple[str, str]]:
    """What stands behind the question mark."""
    return parse_qsl(request.url.query, keep_blank_values=True)


def _matches(given: list[str], tag: str) -> bool:
    """Whether the caller holds this very answer already."""
    tags = [one.strip().removeprefix("W/") for header in given for one in header.split(",")]
    return tag in tags or "*" in tags


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise NotJsonError("it is not UTF-8") from None
    found = json_value(text)
    if not isinstance(found, dict):
        raise NotJsonError("it is another value")
    return found


def _once(operation: Operation, asked: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """The request with the caller's Idempotency-Key as its ``request_id``.

    Raises:
        HansardError: ``idempotency_key_unusable``.
    """
    if not keys:
        return asked
    if not issubclass(operation.request, WriteRequest):
        if operation.mark.idempotent:
            return asked
        raise errors.idempotency_key_unusable(f"'{operation.name}' cannot be told from its repetition")
    key = keys[0].strip()
    key = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if len(keys) > 1 or not key:
        raise errors.idempotency_key_unusable("one Idempotency-Key is needed, and it must not be empty")
    if asked.get("request_id") not in (None, key):
        raise errors.idempotency_key_unusable("the Idempotency-Key and 'request_id' differ")
    return {**asked, "request_id": key}
