"""Operations for surfaces that serve several callers at once: in threads, watched, cancelled when nobody waits."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread

from hansard.kernel import errors
from hansard.kernel.bulk import collector_paused
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import TOOL_SETS, Call, Caller, Operation, Rooms, with_whole_id
from hansard.kernel.shapes import shaped
from hansard.surfaces.errors import internal_error

if TYPE_CHECKING:
    from hansard.kernel.shapes import Shape
    from hansard.surfaces.parts import Ready

logger = logging.getLogger(__name__)

READS_AT_ONCE: Final = 8
WRITES_AT_ONCE: Final = 6
"""So many operations of one process run at the same time; further ones wait. Writes have places of their own: they wait
for each other and for other processes, each with a connection, and whoever reads must not wait with them. Together
these are fewer than a store's connections."""

TOLD_EVERY_SECONDS: Final = 0.1
"""Progress is told no oftener: an operation may take a hundred thousand steps."""

PATIENCE_SECONDS: Final = 30.0
"""So long an operation waits for somebody to take what it tells."""

CALLER: Final = "hansard.caller"
"""Where the scope of an ASGI request says who sent it, a ``Caller``: written at the gate, read by every door behind."""

Watch = Callable[[int, int | None, str], Coroutine[Any, Any, None]]
"""Told how far an operation is (see ``kernel.operations.Progress``), on the event loop."""


class Runner:
    """Runs operations of a table, each for a caller who may go so far."""

    def __init__(
        self,
        table: Rooms,
        ready: Ready | None = None,
        whole_id: Callable[[str], str] | None = None,
    ) -> None:
        """Operations for their callers.

        Args:
            ready: how their store is seen to before the first that needs it; not at all where left out.
            whole_id: the dialogue that a text stands for (``with_whole_id``); only whole ids are taken without it.
        """
        self.table = table
        self._whole_id = whole_id
        self._ready = ready
        # no limiter of anyio's: it counts a caller who left as gone, while the thread works on
        self._reading = ThreadPoolExecutor(READS_AT_ONCE, "hansard-read")
        self._writing = ThreadPoolExecutor(WRITES_AT_ONCE, "hansard-write")
        self._loading = anyio.Lock(fast_acquire=True)
        self._loaded: set[str] = set()

    async def load(self, sets: Collection[str] = TOOL_SETS) -> None:
        """Open the rooms of these sets of tools, once, without keeping the event loop from its other work meanwhile."""
        async with self._loading:
            if not self._loaded.issuperset(sets):
                await anyio.to_thread.run_sync(self._load, sets)
                self._loaded.update(sets)

    def _load(self, sets: Collection[str]) -> None:
        with collector_paused():
            self.table.in_sets(sets)
        gc.freeze()  # all of it stays: the collector need not look through it again

    async def run(
        self,
        operation: Operation,
        payload: object,
        caller: Caller,
        *,
        watch: Watch | None = None,
        called: str | None = None,
    ) -> Shape:
        """An operation's answer. Cancelled, it is not waited for: it ends at its next step, or is done all the same.

        A write that was cancelled or lost its caller is told by its ``request_id``: sent again, the first answer is
        given where there was one.

        Args:
            called: what the caller calls it, where that is another name.

        Raises:
            HansardError: ``not_permitted``, before anything else is looked at; every other refusal;
                ``internal_error`` where Hansard itself failed, with the trace in the log.
        """
        if not operation.open_to(caller.scope):
            by_token = caller.actor.known_by == "token"
            raise errors.not_permitted(called or operation.name, operation.mark.scope, by_token=by_token)
        loop = asyncio.get_running_loop()
        left = threading.Event()
        told = -TOLD_EVERY_SECONDS

        def progress(done: int, total: int | None, what: str) -> None:
            nonlocal told
            if left.is_set():
                raise errors.cancelled(operation.name)
            now = time.monotonic()
            if watch is not None and (now - told >= TOLD_EVERY_SECONDS or done == total):
                told = now
                asyncio.run_coroutine_threadsafe(watch(done, total, what), loop).result(PATIENCE_SECONDS)

        def work() -> Any:
            try:
                if operation.mark.store:
                    self._see_to_store()
                request, call = shaped(operation.request, payload), Call(caller.actor, progress=progress)
                try:
                    return operation(request, call)
                except HansardError as fault:
                    if fault.kind != "not_found" or self._whole_id is None:
                        raise
                    # whole ids, which are the usual, are not looked up a second time
                    whole = with_whole_id(operation, request, self._whole_id)
                    if whole is request:
                        raise
                return operation(whole, call)
            except HansardError:
                raise
            except Exception:
                if left.is_set():  # nobody is told of anything any more, least of all by way of a loop that has ended
                    raise errors.cancelled(operation.name) from None
                logger.exception("%s failed", operation.name)
                raise internal_error() from None

        try:
            # cancelled before its turn came, it is never begun
            answer: Shape = await loop.run_in_executor(self._writing if operation.mark.writes else self._reading, work)
        except asyncio.CancelledError:
            left.set()
            raise
        return answer

    def _see_to_store(self) -> None:
        ready = self._ready  # looked at once: another thread may have seen to the store meanwhile
        if ready is not None:
            ready(make=True)  # whoever is served begins with an empty list, not with an error
            self._ready = None
