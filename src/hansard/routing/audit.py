"""The trail: one record of the memory for each attempt, prompts and answers word for word, kept once by their hashes.

A thread of its own does all that waits for a disk or a server; a caller only queues. It also writes and reads what
processes share of breakers and windows, so that a choice never waits for that either.

Texts are kept before the records that name them, so that what a record names is there. What cannot be kept stays in
the queue and is tried again; ``flush`` and ``close`` say so, and so does the log. Source: design note "Panel and
routing", ``audit``.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hansard.database.engine import Database
from hansard.kernel.errors import HansardError
from hansard.routing import errors, store
from hansard.routing.breakers import Breaker
from hansard.routing.configuration import RecordSettings, WindowSettings
from hansard.routing.model import Attempt, Origin
from hansard.routing.router import Standing
from hansard.routing.statistics import Window

if TYPE_CHECKING:  # what writes the log loads numpy: in the trail's own thread, while the first call is under way
    from hansard.memory.disk import Disk
    from hansard.memory.writer import Appender

logger = logging.getLogger(__name__)

FIRST_WORKER: Final = 100
"""Trails append as the first worker from here on that is free; lower numbers are for who names one."""

WORKERS: Final = 400
"""So many processes of one home can keep a trail at the same time."""

LINGER_SECONDS: Final = 0.05
"""So long the first attempt waits for others to be kept with, unless somebody waits for it."""

READ_SECONDS: Final = 1.0
"""What other processes wrote is read so often."""

AGAIN_SECONDS: Final = (0.5, 1.0, 2.0, 5.0, 15.0)
"""Waits before what could not be kept is tried again; the last one for ever after."""

MOST_WAITING: Final = 50_000
"""Attempts that wait to be kept at most, while nothing can be: further ones are lost, and told."""

KEPT_ANYWAY: Final = 4096
"""Hashes of texts that are known to be kept, so that a prompt that comes often is written once."""


_OF_WHAT_WAS_NOTED: Final = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""What goes wrong with values, not with disks and servers: trying again does not help."""


class _Noted(NamedTuple):
    attempt: Attempt
    origin: Origin
    prompt: bytes
    response: bytes | None


class _Mark:
    """Stands in the queue where somebody waits: done once all before it is kept, or could not be."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.fault: HansardError | None = None


class Audit:
    """The trail and what processes share, of one home (``router.Trail`` and ``router.Shared``)."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        *,
        record: RecordSettings | None = None,
        window: WindowSettings | None = None,
        clock: Callable[[], float] = time.time,
        disk: Disk | None = None,
    ) -> None:
        """Begin; what other processes wrote is read at once.

        Args:
            folder: of the memory.
            database: of the home, made already.
            record: what is kept of a call.
            window: how old and how many the samples of windows may be.
            clock: seconds since 1970.
            disk: what writes the memory; for tests.

        Raises:
            HansardError: the store cannot be read.
        """
        record = record or RecordSettings()
        self.durable = record.durable
        """An answer is given out only when its attempts are kept."""
        self.fault: HansardError | None = None
        """Why the last try to keep something failed; nothing where it did not."""
        self._texts = record.texts
        self._folder = folder
        self._database = database
        self._window = window or WindowSettings()
        self._clock = clock
        self._disk = disk
        self._worker = secrets.token_hex(8)
        self._waiting: deque[_Noted | _Mark] = deque()
        self._breakers: dict[str, Breaker] = {}
        self._windows: dict[str, Window] = {}
        self._kept: dict[str, None] = {}
        self._appender: Appender | None = None
        self._number: int | None = None
        self._owed: tuple[int, int] | None = None
        self._ready = threading.Condition()
        self._asleep = False
        self._hurried = False
        self._ending = False
        self._given_up = 0
        self._refused: HansardError | None = None
        self._folded = False
        self._noted = store.Noted({}, {})
        self._standing = Standing()
        self._read()
        self._thread = threading.Thread(target=self._run, name="routing-trail", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------ trail, from the caller's side

    def note(self, attempt: Attempt, origin: Origin, prompt: bytes, response: bytes | None) -> None:
        """Queue an attempt (see ``router.Trail``)."""
        if len(self._waiting) >= MOST_WAITING:
            with self._ready:
                self._given_up += 1
            return
        self._waiting.append(_Noted(attempt, origin, prompt, response))
        if self._asleep:
            with self._ready:
                self._ready.notify()

    def flush(self) -> None:
        """Wait until everything noted is kept.

        Raises:
            HansardError: ``trail_unkept``; it is tried again later all the same.
        """
        mark = _Mark()
        with self._ready:
            if self._ending:
                raise errors.trail_closed()
            self._waiting.append(mark)
            self._hurried = True
            self._ready.notify()
        mark.done.wait()
        if mark.fault is not None:
            raise mark.fault

    def close(self) -> None:
        """Keep what waits, and give everything back; a second call does nothing.

        Raises:
            HansardError: ``trail_unkept`` with how many attempts are lost.
        """
        with self._ready:
            if self._ending:
                return
            self._ending = True
            self._ready.notify()
        self._thread.join()
        if self._given_up:
            raise errors.trail_unkept(self.fault or self._refused, self._given_up, lost=True)

    # ------------------------------------------------------------------ what processes share, from the caller's side

    def read(self) -> Standing:
        """What other processes said last, at most a second ago or so (see ``router.Shared``)."""
        return self._standing

    def write_breaker(self, model: str, breaker: Breaker) -> None:
        """A breaker changed its state here; it is written at once."""
        self._breakers[model] = breaker
        with self._ready:
            self._ready.notify()

    def write_window(self, model: str, window: Window) -> None:
        """A window has another sample; the newest one is written within a second."""
        self._windows[model] = window

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        tries, again, read_at = 0, 0.0, time.monotonic()
        while True:
            now = time.monotonic()
            self._rest(max(0.0, (again if tries else read_at + READ_SECONDS) - now), awake=tries > 0)
            ending = self._ending
            batch = self._taken()
            told = self._kept_all(batch, last=ending)
            if told is None:
                tries = 0
            elif not ending:
                again = time.monotonic() + AGAIN_SECONDS[min(tries, len(AGAIN_SECONDS) - 1)]
                tries += 1
            if ending or self._breakers or time.monotonic() >= read_at + READ_SECONDS:
                self._share()
                read_at = time.monotonic()
            if ending and not self._waiting:
                break
        self._give_back()

    def _rest(self, seconds: float, *, awake: bool) -> None:
        """Wait for work, at most so long; ``awake`` where work is there already that could not be done."""
        with self._ready:
            self._asleep = not awake
            self._ready.wait_for(
                lambda: (self._waiting and not awake) or self._breakers or self._ending or self._hurried, seconds
            )
            self._asleep = False
            if self._waiting and not awake:
                self._ready.wait_for(lambda: self._breakers or self._ending or self._hurried, LINGER_SECONDS)
            self._hurried = False

    def _taken(self) -> list[_Noted | _Mark]:
        batch: list[_Noted | _Mark] = []
        while self._waiting:
            batch.append(self._waiting.popleft())
        return batch

    def _kept_all(self, batch: Sequence[_Noted | _Mark], *, last: bool) -> HansardError | None:
        """Keep what was taken from the queue; what cannot be goes back to its front."""
        calls = [one for one in batch if isinstance(one, _Noted)]
        fault: HansardError | None = None
        if calls:
            try:
                self._keep(calls)
            except Exception as failed:  # whatever it is, nobody may wait for this thread in vain
                fault = failed if isinstance(failed, HansardError) else errors.trail_failed(type(failed).__name__)
                if not isinstance(failed, HansardError):
                    logger.exception("the trail of model calls cannot be kept")
                if self.fault is None:
                    logger.warning("%s", errors.trail_unkept(fault, len(calls), lost=last))
                if last:
                    with self._ready:
                        self._given_up += len(calls)
                else:
                    self._waiting.extendleft(reversed(calls))
            self.fault = fault
        for one in batch:
            if isinstance(one, _Mark):
                one.fault = None if fault is None else errors.trail_unkept(fault, len(calls), lost=False)
                one.done.set()
        return fault

    def _keep(self, calls: Sequence[_Noted]) -> None:
        if self._texts:
            self._keep_texts(calls)
        self._keep_records(calls)

    def _keep_texts(self, calls: Sequence[_Noted]) -> None:
        bodies: dict[str, bytes] = {}
        uses: dict[str, list[str]] = {}
        for attempt, origin, prompt, response in calls:
            for digest, body in ((attempt.prompt_sha256, prompt), (attempt.response_sha256, response)):
                if digest is None or body is None:
                    continue
                if digest not in self._kept:
                    bodies[digest] = body
                if origin.dialogue_id is not None:
                    uses.setdefault(origin.dialogue_id, []).append(digest)
        if not bodies and not uses:
            return
        try:
            with self._database.writing() as connection:
                store.keep_texts(connection, bodies, uses)
        except _OF_WHAT_WAS_NOTED as failed:
            if len(calls) == 1:  # its texts alone cannot be kept; its record says so by their hashes
                logger.error("texts of an attempt at '%s': %s", calls[0].attempt.model, type(failed).__name__)
                return
            for one in calls:
                self._keep_texts([one])
            return
        self._kept |= dict.fromkeys(bodies)
        while len(self._kept) > KEPT_ANYWAY:
            del self._kept[next(iter(self._kept))]

    # ------------------------------------------------------------------ records

    def _keep_records(self, calls: Sequence[_Noted]) -> None:
        from hansard.memory.schema_map import MODEL_CALL, MapSettings, model_call

        settings = MapSettings()
        records = []
        for one in calls:
            try:
                records.append(model_call(call_of(one.attempt, one.origin), settings))
                continue
            except Exception as failed:  # ours to mend: no attempt may keep the others from being kept
                fault = failed if isinstance(failed, HansardError) else errors.trail_failed(type(failed).__name__)
            try:
                records.append(model_call(_bare(one.attempt), settings))
                logger.error("of an attempt at '%s' only the least is kept: %s", one.attempt.model, fault)
            except Exception:
                self._set_aside(one, fault)
        if not records:
            return
        appender = self._opened()
        before = appender.next_seq
        if self._owed is not None:  # of the last try; what of it reached the disk is not written twice
            number, begun = self._owed
            records = records[max(0, before - begun) :] if number == self._number else records
            before = begun if number == self._number else before
        self._owed = (self._number or 0, before)
        try:
            appender.extend(records, MODEL_CALL)
            appender.flush()
        except BaseException:
            self._give_back()
            raise
        self._owed = None

    def _set_aside(self, one: _Noted, fault: HansardError) -> None:
        """An attempt that is no record: it is lost, which is told, and the others are kept."""
        logger.error("an attempt at '%s' is no record: %s", one.attempt.model, fault)
        with self._ready:
            self._given_up += 1
            self._refused = fault

    def _opened(self) -> Appender:
        """The memory as a worker that is this process's own: the one it had, or the first that is free."""
        if self._appender is not None:
            return self._appender
        from hansard.memory.log import worker_folder
        from hansard.memory.writer import Appender

        numbers = range(FIRST_WORKER, FIRST_WORKER + WORKERS)
        fault: HansardError | None = None
        for number in numbers if self._number is None else (self._number, *numbers):
            try:
                appender = Appender(worker_folder(self._folder, number), number, disk=self._disk)
            except HansardError as refused:
                fault = refused
                if refused.code == "memory_unwritable":
                    raise
                if refused.code != "memory_owned":
                    logger.warning("worker %d of the memory is left alone: %s", number, refused)
                continue
            self._appender, self._number = appender, number
            return appender
        assert fault is not None
        raise fault

    def _give_back(self) -> None:
        appender, self._appender = self._appender, None
        if appender is not None:
            try:
                appender.close()
            except HansardError as fault:
                logger.debug("%s", fault)  # it was told when it failed

    # ------------------------------------------------------------------ breakers and windows

    def _share(self) -> None:
        """Write what changed here, and read what others wrote; a fault is tried again in a second."""
        breakers, windows = _emptied(self._breakers), _emptied(self._windows)
        try:
            if breakers or windows:
                with self._database.writing() as connection:
                    store.write_breakers(connection, breakers, self._clock())
                    store.write_windows(connection, self._worker, windows, self._clock())
                    if not self._folded:
                        store.fold_windows(connection, self._clock(), self._window)
                        self._folded = True
            if not self._ending:
                self._read()
        except Exception as fault:
            for model, breaker in breakers.items():
                self._breakers.setdefault(model, breaker)
            for model, window in windows.items():
                self._windows.setdefault(model, window)
            if isinstance(fault, HansardError):
                logger.info("breakers and windows are not shared for now: %s", fault)
            else:
                logger.exception("breakers and windows are not shared for now")
            if not self._ending:
                time.sleep(0.05)  # what could not be written wakes this thread at once

    def _read(self) -> None:
        with self._database.reading() as connection:
            noted = store.read_standing(connection, self._noted)
        if noted is self._noted and self._standing.breakers is noted.breakers:
            return
        self._noted = noted
        windows: dict[str, list[Window]] = {}
        for (worker, model), (_, window) in noted.windows.items():
            if worker != self._worker:
                windows.setdefault(model, []).append(window)
        self._standing = Standing(noted.breakers, {model: tuple(several) for model, several in windows.items()})


def _emptied(waiting: dict[str, Any]) -> dict[str, Any]:
    """What waits, newest of each model; whoever writes meanwhile writes into the same dictionary."""
    taken: dict[str, Any] = {}
    while waiting:
        model, newest = waiting.popitem()
        taken.setdefault(model, newest)
    return taken


def _bare(attempt: Attempt) -> dict[str, Any]:
    """The least of an attempt whose other values the memory does not take."""
    return {
        "ts_start": attempt.started,
        "outcome": attempt.outcome,
        "provider": attempt.provider,
        "model": attempt.model,
        "latency_ms": attempt.latency_ms,
        "attempt": attempt.number,
        "tier": str(attempt.tier),
        "prompt_sha256": attempt.prompt_sha256,
        "degraded": attempt.degraded,
        "detail": "what else was told of it cannot be kept",
    }


def call_of(attempt: Attempt, origin: Origin) -> dict[str, Any]:
    """An attempt as the memory's schema map ``model_call`` takes it. What is not known is left out."""
    tokens = attempt.tokens
    rates = attempt.rates
    told: dict[str, Any] = {
        "ts_start": attempt.started,
        "outcome": attempt.outcome,
        "provider": attempt.provider,
        "model": attempt.model,
        "serving_model": attempt.serving_model,
        "latency_ms": attempt.latency_ms,
        "first_token_ms": attempt.first_token_ms,
        "cost_usd": attempt.cost_usd,
        "price_table": attempt.price_table,
        "attempt": attempt.number,
        "tier": str(attempt.tier),
        "finish_reason": attempt.finish_reason,
        "prompt_sha256": attempt.prompt_sha256,
        "response_sha256": attempt.response_sha256,
        "actor": origin.actor,
        "purpose": origin.purpose,
        "dialogue_id": origin.dialogue_id,
        "run_id": origin.run_id,
        "expert": origin.expert,
        "degraded": attempt.degraded,
        "detail": attempt.detail,
        "retry_after_seconds": attempt.retry_after_seconds,
        "tokens_input": None if tokens is None else tokens.input,
        "tokens_output": None if tokens is None else tokens.output,
        "tokens_cached": None if tokens is None else tokens.cached,
        "rate_input": None if rates is None else rates.input,
        "rate_output": None if rates is None else rates.output,
        "rate_cached": None if rates is None else rates.cached,
    }
    for name in _FOREIGN:
        text = told[name]
        if text is not None and not isinstance(text, str):
            told[name] = None  # whoever gave it gave no text
        elif text is not None and not text.isascii():
            told[name] = text.encode("utf-8", "replace").decode()
    return {name: value for name, value in told.items() if value is not None}


_FOREIGN: Final = (
    "serving_model", "finish_reason", "detail", "actor", "purpose", "dialogue_id", "run_id", "expert",
)  # fmt: skip
"""Texts that others wrote: what no log can hold is replaced, whatever a provider sends."""
