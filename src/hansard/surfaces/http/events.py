"""Entries of the journal as they are made: one watcher a process, and a stream of server-sent events a listener.

A listener holds no queue: it has a place in the journal and takes what stands behind it, from the few entries that the
watcher keeps or, where it is further back, from the store. So nobody who listens slowly costs memory, nothing is lost
between two of them, and a listener who comes back with ``Last-Event-ID`` is one who was slow.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import anyio
import anyio.to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from hansard.kernel.operations import Actor, Call, Operation
from hansard.surfaces.http import errors
from hansard.surfaces.http.metrics import Metrics

VERSION: Final = 1
"""Version of the envelope."""

POLL_SECONDS: Final = 0.25
HEARTBEAT_SECONDS: Final = 15.0
PATIENCE_SECONDS: Final = 30.0
"""A listener that takes nothing for so long is let go."""
RETRY_MS: Final = 2000
COMMENT: Final = b": ping\n\n"
PAGE: Final = 200
KEPT: Final = 1000
"""Entries that the watcher keeps for its listeners."""
STREAMS_AT_ONCE: Final = 256
STREAMS_EACH: Final = 32
"""So many one token may have open: nobody takes all of them."""
STANDS_SECONDS: Final = 2.0
"""For so long nobody asks again whether a listener may listen."""

Event = Mapping[str, Any]


class Watcher:
    """Looks how far the journal goes, as long as somebody listens."""

    def __init__(self, table: Mapping[str, Operation], actor: Actor, metrics: Metrics) -> None:
        """A watcher over a store; ``actor`` reads in the server's own name."""
        self._table = table
        self._call = Call(actor)
        self._metrics = metrics
        self._listeners: Counter[str] = Counter()
        self._kept: deque[Event] = deque(maxlen=KEPT)
        self._newest: int | None = None
        self._news = anyio.Event()
        self._wanted = anyio.Event()
        self.ending = anyio.Event()
        """Set once no stream goes on."""

    def end(self) -> None:
        """Let every stream come to its end."""
        self.ending.set()
        self._tell()

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            await self._wanted.wait()
            try:
                await self._look()
            except Exception:  # told to each listener that asks the store itself; the next look may succeed
                await anyio.sleep(POLL_SECONDS)
            await anyio.sleep(POLL_SECONDS)

    async def _look(self) -> None:
        newest = await self.position()
        while self._newest is not None and newest > self._newest:
            fresh = await self.page(self._newest, None)
            self._kept.extend(fresh)
            self._newest = fresh[-1]["position"] if fresh else newest
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()

    async def position(self) -> int:
        """How far the journal goes."""
        answer = await anyio.to_thread.run_sync(self._table["journal_position"], {}, self._call)
        return int(answer.position)

    async def page(self, after: int, dialogue_id: str | None) -> list[Event]:
        """The next entries behind a position, from the store."""
        asked = {"after": after, "limit": PAGE, "dialogue_id": dialogue_id}
        answer = await anyio.to_thread.run_sync(self._table["journal_events"], asked, self._call)
        return [event.model_dump(mode="json") for event in answer.events]

    async def after(self, position: int, dialogue_id: str | None) -> tuple[list[Event], int]:
        """What stands behind a position as far as it is known, and the position that is then reached."""
        newest = self._newest
        if newest is None or position >= newest:
            return [], position
        if not self._kept or self._kept[0]["position"] > position + 1:
            found = await self.page(position, dialogue_id)
            last = found[-1]["position"] if found else position
            return found, last if len(found) == PAGE else max(last, newest)  # the store may be further already
        some = [event for event in self._kept if event["position"] > position and _concerns(event, dialogue_id)]
        return some[:PAGE], some[PAGE - 1]["position"] if len(some) > PAGE else newest

    def must_have_room(self, listener: str) -> None:
        """Refuse one stream too many, of this listener or at all.

        Raises:
            HansardError: ``too_many_streams``.
        """
        if self._listeners[listener] >= STREAMS_EACH:
            raise errors.too_many_streams(STREAMS_EACH, own=True)
        if self._listeners.total() >= STREAMS_AT_ONCE:
            raise errors.too_many_streams(STREAMS_AT_ONCE)

    @contextlib.contextmanager
    def listening(self, listener: str) -> Iterator[None]:
        """While somebody listens; with the first the watch begins, with the last it rests."""
        self._listeners[listener] += 1
        self._metrics.streams.set(self._listeners.total())
        self._wanted.set()
        try:
            yield
        finally:
            self._listeners[listener] -= 1
            self._listeners += Counter()  # keeps those above none
            self._metrics.streams.set(self._listeners.total())
            if not self._listeners:
                self._wanted = anyio.Event()
                self._newest = None
                self._kept.clear()

    async def begin(self) -> int:
        """The present position, from which on entries are kept."""
        now = await self.position()
        if self._newest is None:
            self._newest = now
        return now

    async def news(self, until: float) -> None:
        """Wait until there is something new, or until a moment of the event loop's clock."""
        with anyio.CancelScope(deadline=until):
            await self._news.wait()


class EventStream(Response):
    """The response to a listener: entries from a position on, until somebody ends it."""

    def __init__(
        self,
        watcher: Watcher,
        after: int | None,
        dialogue_id: str | None,
        stands: Callable[[], bool],
        listener: str,
    ) -> None:
        """A stream of what stands behind ``after``; of what comes from now on where it is left out.

        Args:
            dialogue_id: entries of this dialogue only.
            stands: whether the listener's token still opens the door; asked at each heartbeat, and before anything is
                told where the last answer is older than a moment.
            listener: whose stream it is.
        """
        super().__init__(None, 200, {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, "text/event-stream")
        del self.headers["content-length"]
        self._watcher = watcher
        self._after = after
        self._dialogue_id = dialogue_id
        self._stands = stands
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the listener goes, is too slow, may listen no more, or the server ends."""
        with self._watcher.listening(self._listener):
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
                return
            async with anyio.create_task_group() as tasks:

                async def gone() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    tasks.cancel_scope.cancel()

                tasks.start_soon(gone)
                await self._stream(self._watcher, send)
                tasks.cancel_scope.cancel()

    async def _stream(self, watcher: Watcher, send: Send) -> None:
        now = await watcher.begin()
        position = now if self._after is None else self._after
        if not await _sent(send, f"retry: {RETRY_MS}\n\n".encode() + COMMENT):
            return
        asked = anyio.current_time()
        due = asked + HEARTBEAT_SECONDS
        while not watcher.ending.is_set():
            events, reached = await watcher.after(position, self._dialogue_id)
            beat = anyio.current_time() >= due
            if beat or (events and anyio.current_time() >= asked + STANDS_SECONDS):
                if not await anyio.to_thread.run_sync(self._stands):
                    break
                asked = anyio.current_time()
            if events or beat:
                if not await _sent(send, b"".join(map(encoded, events)) or COMMENT):
                    return
                due = anyio.current_time() + HEARTBEAT_SECONDS if beat else due
            elif reached == position:
                await watcher.news(due)
            position = reached
        with anyio.move_on_after(PATIENCE_SECONDS):
            await send({"type": "http.response.body", "body": b""})


async def _sent(send: Send, data: bytes) -> bool:
    """Whether the listener took it in time."""
    with anyio.move_on_after(PATIENCE_SECONDS) as limit:
        await send({"type": "http.response.body", "body": data, "more_body": True})
    return not limit.cancelled_caught


def encoded(event: Event) -> bytes:
    """An entry as a server-sent event; JSON has its line ends escaped, so that its data is one line."""
    envelope = {
        "version": VERSION,
        "sequence": event["position"],
        "time": event["time"],
        "operation": event["operation"],
        "streams": event["streams"],
    }
    said = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    return f"event: entry\ndata: {said}\nid: {event['position']}\n\n".encode()


def _concerns(event: Event, dialogue_id: str | None) -> bool:
    return dialogue_id is None or any(one["stream"] == f"dialogue:{dialogue_id}" for one in event["streams"])
