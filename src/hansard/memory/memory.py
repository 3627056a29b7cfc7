"""The door of the room for Python: one memory, opened for appending or for reading.

::

    with Memory.open(path) as memory:
        memory.append(window)
        memory.flush()
        for record in memory.query("success == false and eomm_score > 0.9").records():
            ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from hansard.kernel.errors import HansardError
from hansard.memory import errors
from hansard.memory.disk import Disk
from hansard.memory.filters import Filter
from hansard.memory.log import Log, worker_folder
from hansard.memory.notes import Retained, beginning
from hansard.memory.pulse import Record, Schema
from hansard.memory.query import Query
from hansard.memory.record import ForgeRecord
from hansard.memory.schema_map import MAPS, TASK_ID, MapSettings, SchemaMap
from hansard.memory.writer import QUEUE, SECONDS, SEGMENT_BYTES, Appender, Recovery


class Ingested(msgspec.Struct, frozen=True):
    """What became of a stream of windows."""

    taken: int
    refused: int
    durable_upto: int
    """The last pulse that is on the disk."""


class WorkerFacts(msgspec.Struct, frozen=True):
    """A worker's log in numbers."""

    worker: int
    segments: int
    records: int
    pulses: int
    last_pulse: int
    """0 where there is none."""
    last_seq: int
    """-1 where there is none."""
    bytes: int
    """Of its segments as they are stored."""
    first_time: float | None
    """Of the earliest record, seconds since 1970."""
    last_time: float | None
    chain: str
    """Chain value of the last pulse, in hexadecimal: what a head notes."""


class Memory:
    """A binary log of records. Made by ``Memory.open`` or ``Memory.read``; a context manager."""

    def __init__(self, folder: Path, appender: Appender | None, settings: MapSettings) -> None:
        """Use ``open`` or ``read``."""
        self._folder = folder
        self._appender = appender
        self._settings = settings
        self._log: Log | None = None

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        worker: int = 0,
        settings: MapSettings | None = None,
        strict: bool = False,
        segment_bytes: int = SEGMENT_BYTES,
        queue: int = QUEUE,
        seconds: float = SECONDS,
        disk: Disk | None = None,
    ) -> Memory:
        """Open for appending and reading; a folder that is not there is made.

        Args:
            path: the memory's folder.
            worker: whom to append as; one process at a time per worker.
            settings: constants of the run for the schema maps.
            strict: a pulse is on the disk when the append that closed it returns; otherwise ``durable_upto`` and
                ``wait`` tell.
            segment_bytes: size at which a new segment is begun.
            queue: pulses that may wait for the disk.
            seconds: age at which a pulse is closed.
            disk: what writes; for tests.

        Raises:
            HansardError: ``memory_owned``, ``memory_corrupt``, ``memory_foreign``, ``memory_newer``,
                ``memory_unreadable``, ``memory_unwritable``, ``worker_invalid``.
        """
        if not 0 <= worker < 1 << 32:
            raise errors.worker_invalid(worker)
        folder = Path(path)
        appender = Appender(
            worker_folder(folder, worker),
            worker,
            disk=disk,
            strict=strict,
            segment_bytes=segment_bytes,
            queue=queue,
            seconds=seconds,
        )
        return cls(folder, appender, settings or MapSettings())

    @classmethod
    def read(cls, path: Path | str) -> Memory:
        """Open for reading only; takes no lock, and works where nothing may be written.

        Raises:
            HansardError: ``memory_missing``, ``memory_corrupt``, ``memory_foreign``, ``memory_newer``,
                ``memory_unreadable``.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise errors.memory_missing()
        memory = cls(folder, None, MapSettings())
        memory._log = Log(folder)
        return memory

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write everything, sync it, and give all files back. Raises ``memory_unwritable``."""
        if self._log is not None:
            self._log.close()
            self._log = None
        if self._appender is not None:
            self._appender.close()

    # ------------------------------------------------------------------ appending

    @property
    def _writer(self) -> Appender:
        if self._appender is None:
            raise errors.memory_closed()
        return self._appender

    @property
    def recovery(self) -> Recovery:
        """What the opening had to do."""
        return self._writer.recovery

    @property
    def durable_upto(self) -> int:
        """The last pulse that is on the disk."""
        return self._writer.durable_upto

    def append(self, window: object, source: str = TASK_ID) -> int:
        """Take one window as its source sends it; answers the record's seq.

        Raises:
            HansardError: ``window_refused`` with every fault of it, ``source_unknown``, ``memory_unwritable``.
        """
        chosen = schema_map(source)
        return self._writer.append(chosen.record(window, self._settings), chosen.schema)

    def ingest(
        self,
        windows: Iterable[object],
        source: str = TASK_ID,
        *,
        refused: Callable[[int, HansardError], None] | None = None,
    ) -> Ingested:
        """Take a stream: a bad window is refused and told, the stream goes on; answers when all is on the disk.

        Args:
            windows: as ``append`` takes them. An error among them counts as a window that is refused with it.
            source: whose they are.
            refused: told each refusal, with the window's number from 1.

        Raises:
            HansardError: ``source_unknown``, ``memory_unwritable``.
            KeyboardInterrupt: what was taken is on the disk then, and the error says how much that is.
        """
        failed = 0

        def told(number: int, fault: HansardError) -> None:
            nonlocal failed
            failed += 1
            if refused is not None:
                refused(number, fault)

        schema, append, taken = schema_map(source).schema, self._writer.append, 0
        begin = self._writer.next_seq
        try:
            for record in mapped(windows, source, self._settings, told):
                append(record, schema)
                taken += 1
            self._writer.flush()
        except KeyboardInterrupt:
            upto = self._writer.flush()
            kept = self._writer.next_seq - begin
            raise KeyboardInterrupt(f"{kept:,} kept, on the disk up to pulse {upto}") from None
        return Ingested(taken, failed, self._writer.durable_upto)

    def extend(self, records: Iterable[Record], schema: Schema | str = TASK_ID) -> int:
        """Take records that are mapped already; answers how many. They belong to the log from now on.

        Raises:
            HansardError: ``record_refused`` for records that cannot be encoded (the others of their pulse are taken),
                ``memory_unwritable``.
        """
        return self._writer.extend(records, schema_map(schema).schema if isinstance(schema, str) else schema)

    def flush(self) -> int:
        """Close the open pulse and wait for the disk; answers the last pulse."""
        return self._writer.flush()

    def wait(self, pulse_id: int, timeout: float | None = None) -> bool:
        """Wait until a pulse is on the disk; answers whether it is."""
        return self._writer.wait(pulse_id, timeout)

    # ------------------------------------------------------------------ reading

    def _current(self) -> Log:
        if self._log is None:
            self._log = Log(self._folder)
        elif self._appender is not None:
            self._log.refresh()
        return self._log

    def refresh(self) -> None:
        """Take up what other processes appended since (a memory opened for appending does so by itself)."""
        self._current().refresh()

    def query(self, found: str | Filter | None = None) -> Query:
        """The records for which a filter holds (``filters``), of all workers.

        Raises:
            HansardError: ``filter_invalid``.
        """
        return Query(self._current().workers, found)

    def row(self, seq: int, worker: int = 0) -> tuple[Any, ...]:
        """One record by its number, as a tuple in the order of ``ForgeRecord``.

        Raises:
            HansardError: ``record_not_found``, ``memory_corrupt``.
        """
        found = self._current().find(worker, seq)
        if found is None:
            raise errors.record_not_found(worker, seq)
        view, row = found
        return view.row(row)

    def record(self, seq: int, worker: int = 0) -> ForgeRecord:
        """One record by its number. Raises as ``row``."""
        return ForgeRecord(*self.row(seq, worker))

    def __iter__(self) -> Iterator[ForgeRecord]:
        """Every record."""
        return self.query().records()

    def __len__(self) -> int:
        """How many records there are."""
        return self.query().count()

    def gaps(self) -> list[str]:
        """Where records are not there, in words: lost, taken out, removed by retention (``verify`` tells more)."""
        return [
            f"worker {worker} {self._why(worker, first)}: {behind - first:,} records are not there, "
            f"seq {first} to {behind - 1}"
            for worker, first, behind in self._current().gaps()
        ]

    def _why(self, worker: int, first: int) -> str:
        if first == 0:
            head = self._current().workers[worker][0].head
            note = beginning(worker_folder(self._folder, worker), head.first_pulse, head.before.hex())
            if isinstance(note, Retained):
                return f"begins where retention left it ({note.rule})"
            if note is None:
                return "lacks its beginning, and nothing notes why"
        return "has a gap"

    def facts(self) -> list[WorkerFacts]:
        """Each worker's log in numbers."""
        told = []
        for worker, views in self._current().workers.items():
            filled = [view for view in views if view.rows]
            last = filled[-1] if filled else None
            told.append(
                WorkerFacts(
                    worker=worker,
                    segments=len(views),
                    records=sum(view.rows for view in views),
                    pulses=sum(len(set(view.pulse_ids.tolist())) for view in filled),
                    last_pulse=int(last.pulse_ids[-1]) if last else 0,
                    last_seq=last.head.first_seq + last.rows - 1 if last else -1,
                    bytes=sum(view.handle.stored_size() for view in views),
                    first_time=min((float(view.first_times.min()) for view in filled), default=None),
                    last_time=max((float(view.last_times.max()) for view in filled), default=None),
                    chain=views[-1].chain.hex() if views else "0" * 64,
                )
            )
        return told


def mapped(
    windows: Iterable[object], source: str, settings: MapSettings, refused: Callable[[int, HansardError], None]
) -> Iterator[Record]:
    """Windows as records; those that are none are told with their number from 1. An error among them is told as it is.

    Raises:
        HansardError: ``source_unknown``.
    """
    record = schema_map(source).record
    for number, window in enumerate(windows, 1):
        try:
            if isinstance(window, HansardError):
                raise window
            made = record(window, settings)
        except HansardError as fault:
            refused(number, fault)
        else:
            yield made


def schema_map(source: str) -> SchemaMap:
    """The map of a source.

    Raises:
        HansardError: ``source_unknown``.
    """
    if source not in MAPS:
        raise errors.source_unknown(source, MAPS)
    return MAPS[source]
