"""The writing side of one worker: records in, pulses out, confirmed when they are on the disk.

The caller's thread encodes; a thread of the log writes what waits by one call and syncs it by one more. Source:
docs/memory-format.md, "Order of writes".
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from hansard.kernel.errors import HansardError, batch_validation_failed
from hansard.kernel.locks import file_lock
from hansard.memory import errors
from hansard.memory.disk import Disk
from hansard.memory.pulse import NOWHERE, RECORDS, Dictionary, Frame, Record, RowError, Schema, encode, seeded
from hansard.memory.segment import (
    START,
    Handle,
    Kept,
    SegmentHead,
    Walk,
    file_name,
    footer,
    last_numbers,
    read_footer,
    read_head,
    rewritten,
    segments,
    torn_kept,
)

logger = logging.getLogger(__name__)

SEGMENT_BYTES: Final = 64 * 1024 * 1024
"""A segment is closed when its frames have so many bytes."""

QUEUE: Final = 32
"""Pulses that wait for the disk at most; then the caller waits."""

LINGER: Final = 0.004
"""So long, in seconds, a pulse waits for others to be written with, unless somebody waits for it."""

SECONDS: Final = 0.25
"""A pulse is closed after this time, however few records it has."""

ROOM: Final = 4 * 1024 * 1024
"""Bytes that are reserved ahead at most; first a sixty-fourth of it, then as many as were written."""

RESUMED: Final = 8 * 1024 * 1024
"""A closed segment with fewer bytes is gone on with, so that many short runs do not leave many small files."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the opening of a log had to do."""

    pulse_id: int
    """The last pulse that is there."""

    cut: tuple[str, ...] = ()
    """Files that hold bytes which were no whole pulse, or were never confirmed; nothing confirmed is in them."""

    unconfirmed: int = 0
    """Whole pulses among them."""


class _Segment:
    """The segment that is written to."""

    def __init__(self, handle: int, head: SegmentHead, dictionary: Dictionary, end: int, kept: list[Kept]) -> None:
        self.handle = handle
        self.head = head
        self.dictionary = dictionary
        self.values = len(dictionary.packed)
        """So many of the dictionary's stand in its frames."""
        self.end = end
        self.kept = kept
        self.first = self.reserved = end


class Appender:
    """Appends to one worker's log. Safe to use from several threads; one process at a time."""

    def __init__(
        self,
        folder: Path,
        worker: int,
        *,
        disk: Disk | None = None,
        strict: bool = False,
        segment_bytes: int = SEGMENT_BYTES,
        queue: int = QUEUE,
        seconds: float = SECONDS,
    ) -> None:
        """Take the worker's folder and recover what is there.

        Args:
            folder: the worker's own (``worker-000``), made if absent.
            worker: its number.
            disk: what writes.
            strict: an append returns when the pulses that it closed are on the disk.
            segment_bytes: size from which on a new segment is begun.
            queue: pulses that wait for the disk at most.
            seconds: age at which a pulse is closed.

        Raises:
            HansardError: ``memory_owned``, ``memory_corrupt``, ``memory_foreign``, ``memory_newer``,
                ``memory_unreadable``, ``memory_unwritable``.
        """
        self._folder = folder
        self._worker = worker
        self._disk = disk or Disk()
        self._strict = strict
        self._segment_bytes = segment_bytes
        self._seconds = seconds
        self._depth = queue
        self._held = contextlib.ExitStack()
        self._closed = False
        # of the encoding side, under _lock
        self._lock = threading.RLock()
        self._rows: list[Record] = []
        self._schema: Schema | None = None
        self._since = 0.0
        self._dictionary = Dictionary()
        self._fresh = True
        self._filled = 0
        self._next_pulse = 1
        self._next_seq = 0
        # of the writing side
        self._segment: _Segment | None = None
        self._chain = NOWHERE
        self._durable = 0
        # between both, under _ready
        self._ready = threading.Condition()
        self._waiting: deque[Frame] = deque()
        self._failure: HansardError | None = None
        self._hurried = False
        """Somebody waits for the disk: what is there is written at once."""
        self._idle = False
        """The log's thread sleeps until it is called."""
        self._ending = False
        self._own()
        try:
            self.recovery = self._recover()
        except OSError as fault:
            self._held.close()
            raise self._unwritable(fault) from None
        except BaseException:
            self._held.close()
            raise
        self._thread = threading.Thread(target=self._run, name=f"memory-{worker}", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------ taking records

    @property
    def durable_upto(self) -> int:
        """The last pulse that is on the disk, 0 before the first."""
        return self._durable

    @property
    def next_seq(self) -> int:
        """The number that the next record gets."""
        return self._next_seq + len(self._rows)

    def append(self, record: Record, schema: Schema) -> int:
        """Take one record; it belongs to the log from now on. Answers its seq.

        Raises:
            HansardError: ``memory_unwritable``, ``memory_closed``; ``record_refused`` for a record of this pulse.
        """
        with self._lock:
            self._usable()
            if self._schema is not schema:
                self._close_pulses(schema)
            rows = self._rows
            if not rows:
                self._since = time.monotonic()
            rows.append(record)
            seq = self._next_seq + len(rows) - 1
            if len(rows) == RECORDS:
                self._close_pulses(schema)
        return seq

    def extend(self, records: Iterable[Record], schema: Schema) -> int:
        """Take many records, which belong to the log from now on; answers how many.

        Raises:
            HansardError: as ``append``. Of a pulse with records that cannot be written the others are; what was not yet
                taken out of ``records`` stays there.
        """
        taken = 0
        source = iter(records)
        with self._lock:
            self._usable()
            if self._schema is not schema:
                self._close_pulses(schema)
            while chunk := list(islice(source, RECORDS - len(self._rows))):
                earlier = len(self._rows)
                if earlier:
                    self._rows += chunk
                else:
                    self._rows = chunk
                    self._since = time.monotonic()
                if len(self._rows) == RECORDS:
                    self._close_pulses(schema, taken - earlier)
                taken += len(chunk)
        return taken

    def flush(self) -> int:
        """Close the pulse that is open and wait until everything is on the disk; answers the last pulse.

        Raises:
            HansardError: ``memory_unwritable``, ``record_refused``.
        """
        with self._lock:
            self._usable()
            self._close_pulses(self._schema)
            last = self._next_pulse - 1
        self.wait(last)
        return last

    def wait(self, pulse_id: int, timeout: float | None = None) -> bool:
        """Wait until a pulse is on the disk; answers whether it is.

        Raises:
            HansardError: ``memory_unwritable`` when it will never be.
        """
        with self._ready:
            if self._waiting:
                self._hurried = True
                self._ready.notify_all()
            self._ready.wait_for(lambda: self._durable >= pulse_id or self._failure is not None, timeout)
            if self._durable >= pulse_id:
                return True
            if self._failure is not None:
                raise self._failure
            return False

    def close(self) -> None:
        """Write everything, give the segment its footer, and give the folder back.

        Raises:
            HansardError: ``memory_unwritable`` when something could not be written; the folder is given back.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            fault: HansardError | None = None
            if self._failure is None:
                try:
                    self._close_pulses(self._schema)
                except HansardError as refused:
                    fault = refused
        with self._ready:
            self._ending = True
            self._ready.notify_all()
        self._thread.join()
        self._give_back()
        if self._failure is not None:
            raise self._failure
        if fault is not None:
            raise fault

    def abandon(self) -> None:
        """Let go without writing anything more, as a process does that dies."""
        with self._lock:
            self._closed = True
            self._rows = []
        with self._ready:
            self._failure = self._failure or errors.memory_closed()
            self._ending = True
            self._waiting.clear()
            self._ready.notify_all()
        self._thread.join()
        self._give_back()

    # ------------------------------------------------------------------ encoding, in the caller's thread

    def _usable(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise errors.memory_closed()

    def _close_pulses(self, schema: Schema | None, number: int = 0) -> None:
        """Encode what is open, one frame or, of large records, several.

        ``schema`` is that of what comes next, ``number`` what an error calls the first record.
        """
        rows, self._rows = self._rows, []
        own, self._schema = self._schema, schema
        if rows and own is not None:
            try:
                self._encode(rows, own)
            except RowError:
                self._encode_sound(rows, own, number)

    def _encode(self, rows: list[Record], schema: Schema) -> None:
        while rows:
            if self._filled >= self._segment_bytes:
                self._dictionary, self._fresh, self._filled = Dictionary(), True, 0
            frame = encode(rows, schema, self._dictionary, self._next_pulse, self._next_seq)
            del rows[: frame.count]
            frame.fresh, self._fresh = self._fresh, False
            self._filled += len(frame.buffer)
            self._next_pulse += 1
            self._next_seq += frame.count
            self._hand_over(frame)

    def _encode_sound(self, rows: list[Record], schema: Schema, number: int) -> None:
        """Leave out the records that cannot be encoded, and tell them."""
        sound, faults = [], []
        for place, row in enumerate(rows, number):
            try:
                encode([row], schema, Dictionary(), 1, 0)
                sound.append(row)
            except RowError as fault:
                faults.append(errors.record_refused(place, str(fault)))
        if not faults:
            raise errors.records_unlike()
        self._encode(sound, schema)
        raise faults[0] if len(faults) == 1 else batch_validation_failed(faults)

    def _hand_over(self, frame: Frame) -> None:
        if self._strict:
            # in this thread: to wake another one and to be woken costs as much as the sync
            self._write([frame])
            if self._failure is not None:
                raise self._failure
            return
        with self._ready:
            if len(self._waiting) >= self._depth and threading.current_thread() is not self._thread:
                self._ready.wait_for(lambda: len(self._waiting) < self._depth or self._failure is not None)
            if self._failure is not None:
                raise self._failure
            self._waiting.append(frame)
            if self._idle or 2 * len(self._waiting) == self._depth:
                self._ready.notify_all()  # each time it wakes, the other thread takes the interpreter from this one

    # ------------------------------------------------------------------ writing, in the log's own thread

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(self._enough, LINGER)
                if not self._waiting and not self._ending:
                    self._idle = True
                    self._ready.wait(self._seconds)
                    self._idle = False
                    if self._waiting:
                        continue
                frames = list(self._waiting)
                self._waiting.clear()
                self._hurried = False
                if frames:
                    self._ready.notify_all()
                elif self._ending:
                    break
            if frames:
                self._write(frames)
            else:
                self._close_aged()
        if self._failure is None and self._segment is not None and self._owner_now() == self._owner:
            with contextlib.suppress(OSError):  # the footer is derived: who misses it walks the frames
                self._seal()

    def _enough(self) -> bool:
        return self._hurried or self._ending or 2 * len(self._waiting) >= self._depth

    def _close_aged(self) -> None:
        """Close a pulse that is open for too long, unless somebody is appending to it right now."""
        if self._lock.acquire(blocking=False):
            try:
                if self._rows and time.monotonic() - self._since >= self._seconds and not self._closed:
                    self._close_pulses(self._schema)
            except HansardError as fault:
                logger.warning("%s", fault)
            finally:
                self._lock.release()

    def _write(self, frames: Sequence[Frame]) -> None:
        """Write and sync; on a fault once more in a new segment; then give up for good."""
        if self._failure is not None:
            return
        if self._owner_now() != self._owner:  # somebody else may have the folder by now
            self._poisoned()
            with self._ready:
                self._failure = errors.memory_owned(self._worker)
                self._ready.notify_all()
            return
        try:
            try:
                self._write_here(frames)
            except OSError as fault:
                logger.warning("a write to the log failed (%s); the pulses go into a new segment", fault)
                remaining = [frame for frame in frames if frame.pulse_id > self._durable]
                self._poisoned()
                self._write_here(remaining, seed=True)
        except Exception as fault:  # whatever it is, nobody may wait for this thread in vain
            self._poisoned()
            if not isinstance(fault, OSError):
                logger.exception("the log cannot be written")
            with self._ready:
                self._failure = self._unwritable(fault)
                self._ready.notify_all()

    def _write_here(self, frames: Sequence[Frame], *, seed: bool = False) -> None:
        first = 0
        for number in range(1, len(frames) + 1):
            if number == len(frames) or frames[number].fresh:
                self._write_run(frames[first:number], seed=seed and not frames[first].fresh)
                first, seed = number, False

    def _write_run(self, frames: Sequence[Frame], *, seed: bool) -> None:
        """Frames of one segment: one write, one sync."""
        if frames[0].fresh or self._segment is None:
            self._begin(frames[0])
        segment = self._segment
        assert segment is not None
        made = [seeded(frames[0]), *frames] if seed else frames
        chain, end, kept = self._chain, segment.end, []
        for frame in made:
            chain = frame.complete(segment.head.salt, self._worker, self._durable, chain)
            kept.append(
                Kept(
                    end, len(frame.buffer), frame.pulse_id, frame.seq, frame.count,
                    frame.smallest, frame.largest, frame.layout, frame.columns, frame.ends,
                )
            )  # fmt: skip
            end += len(frame.buffer)
        if end > segment.reserved:
            room = min(max(end - segment.first, ROOM // 64), ROOM)
            self._disk.allocate(segment.handle, segment.end, end + room - segment.end)
            segment.reserved = end + room
        self._disk.write(segment.handle, [frame.buffer for frame in made], segment.end)
        self._disk.sync_data(segment.handle)
        segment.end = end
        segment.kept += kept
        segment.values = frames[-1].values_after
        self._chain = chain
        with self._ready:
            self._durable = frames[-1].pulse_id
            self._ready.notify_all()

    def _begin(self, frame: Frame) -> None:
        """A new segment whose first pulse is this frame."""
        if self._segment is not None:
            self._seal()
        head = SegmentHead(self._worker, secrets.token_bytes(8), frame.pulse_id, frame.seq, self._chain, time.time())
        path = self._folder / file_name(frame.pulse_id)
        if path.exists():  # its first pulse is not confirmed, so none of it is
            self._disk.remove(path)
        handle = self._disk.create(path)
        try:
            self._disk.write(handle, [head.packed()], 0)
            self._disk.sync(handle)
            self._disk.sync_folder(self._folder)
        except OSError:
            # another try must find the name free, and a segment without pulses tells nobody anything
            with contextlib.suppress(OSError):
                self._disk.close(handle)
            self._disk.remove(path)
            raise
        self._segment = _Segment(handle, head, frame.dictionary, START, [])

    def _seal(self) -> None:
        """Give the segment its footer and its length."""
        segment, self._segment = self._segment, None
        assert segment is not None
        try:
            packed = segment.dictionary.packed[: segment.values]
            data = footer(segment.kept, packed, segment.end, self._chain, segment.head.salt)
            self._disk.write(segment.handle, [data], segment.end)
            self._disk.cut(segment.handle, segment.end + len(data))
            self._disk.sync(segment.handle)
        finally:
            self._disk.close(segment.handle)

    def _poisoned(self) -> None:
        """Write nothing more to the segment: what a failed sync left there cannot be told."""
        segment, self._segment = self._segment, None
        if segment is not None:
            with contextlib.suppress(OSError):
                self._disk.close(segment.handle)

    def _unwritable(self, fault: Exception) -> HansardError:
        why = fault.strerror if isinstance(fault, OSError) else None
        return errors.memory_unwritable(why or type(fault).__name__, self._durable)

    # ------------------------------------------------------------------ opening and giving back

    def _own(self) -> None:
        try:
            self._disk.make_folder(self._folder)
            self._held.enter_context(file_lock(self._folder / "owner", wait_seconds=0))
            self._owner = self._owner_now()
        except HansardError as fault:
            if fault.code == "lock_busy":
                raise errors.memory_owned(self._worker, here=fault.context == {"here": True}) from None
            raise
        except OSError as fault:
            raise self._unwritable(fault) from None

    def _owner_now(self) -> int:
        """Which file has the lock's name; 0 for none. A lock is held on a file, and another may take the name."""
        try:
            return (self._folder / "owner").stat().st_ino
        except OSError:
            return 0

    def _give_back(self) -> None:
        self._poisoned()
        self._held.close()

    def _recover(self) -> Recovery:
        """Find the end of the log; only the last segment is looked into."""
        cut: list[str] = []
        while names := segments(self._folder):
            path = names[-1]
            with Handle(path) as handle:
                head = read_head(handle)
                if head is None:
                    self._set_aside_headless(handle, cut)
                    continue
                if head.worker != self._worker:
                    raise errors.memory_foreign(path.name, f"it is of worker {head.worker}")
                directory = read_footer(handle, head.salt)
                if directory is not None and directory.frames_end >= min(self._segment_bytes, RESUMED):
                    pulse, seq = last_numbers(handle, directory)
                    self._take_up(pulse + 1, seq, directory.chain)
                    return Recovery(pulse, tuple(cut))
                walk = Walk(handle, head)
                if walk.witness is not None or (directory is not None and walk.end != directory.frames_end):
                    raise errors.memory_corrupt(path.name, walk.end, f"pulse {walk.pulse_id}", walk.torn or "no frame")
                if directory is not None and handle.compressed:  # it stays so: another begins behind it
                    self._take_up(walk.pulse_id, walk.seq, walk.chain)
                    return Recovery(walk.pulse_id - 1, tuple(cut))
                # what looks like the beginning of a footer is kept, too: its pulses' bytes may stand there
                if walk.torn is not None or (directory is None and handle.read(walk.end, 8).strip(b"\0")):
                    cut.append(torn_kept(self._disk, handle, walk.end))
                if directory is not None or handle.compressed:
                    rewritten(self._disk, handle, walk.end)
                self._go_on(path, head, walk)
                return Recovery(walk.pulse_id - 1, tuple(cut), len(walk.later))
        return Recovery(0, tuple(cut))

    def _take_up(self, pulse_id: int, seq: int, chain: bytes) -> None:
        self._next_pulse, self._next_seq = pulse_id, seq
        self._durable = pulse_id - 1
        self._chain = chain

    def _set_aside_headless(self, handle: Handle, cut: list[str]) -> None:
        """A last segment whose header never reached the disk holds nothing that was confirmed."""
        if Walk.anything(handle):
            raise errors.memory_corrupt(handle.name, 0, "a segment's header", "a header with a wrong checksum")
        name = f"{handle.name}.torn-0"
        self._disk.rename(handle.path, self._folder / name)
        self._disk.sync_folder(self._folder)
        cut.append(name)

    def _go_on(self, path: Path, head: SegmentHead, walk: Walk) -> None:
        """Take up the last segment where its frames end, or close it where it is full."""
        self._take_up(walk.pulse_id, walk.seq, walk.chain)
        self._dictionary = Dictionary(walk.packed)
        self._segment = segment = _Segment(self._disk.open(path), head, self._dictionary, walk.end, walk.kept)
        # Whatever stands behind (a footer, reserved room, what was torn) goes before anything is written there; and
        # what a killed process left in the system's memory is confirmed from here on, so it must be on the disk.
        self._disk.cut(segment.handle, walk.end)
        self._disk.sync(segment.handle)
        if walk.end >= self._segment_bytes:
            self._seal()
            self._dictionary = Dictionary()
        else:
            self._fresh, self._filled = False, walk.end
