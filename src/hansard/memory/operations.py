"""The door of the memory for surfaces."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from hansard.kernel.clock import Clock, system_clock
from hansard.kernel.errors import HansardError, path_outside
from hansard.kernel.operations import Call, operation
from hansard.memory import shapes, upkeep
from hansard.memory.generator import windows
from hansard.memory.memory import Memory
from hansard.memory.query import Query
from hansard.memory.record import ForgeRecord
from hansard.memory.schema_map import MapSettings
from hansard.memory.verify import verify

REFUSALS = 100
"""Refused windows that are told one by one."""


class MemoryOperations:
    """Records of windows and model calls: kept, found, summed up, verified."""

    def __init__(
        self,
        folder: Path,
        *,
        may_write: Callable[[Path], bool],
        may_read: Callable[[Path], bool],
        settings: MapSettings | None = None,
        clock: Clock = system_clock,
    ) -> None:
        """Operations on the memory of a home.

        Args:
            folder: where the log is, or will be.
            may_write: whether a file may be written there.
            may_read: whether a file may be read.
            settings: constants of the schema maps.
            clock: for retention.
        """
        self._folder = folder
        self._may_write = may_write
        self._may_read = may_read
        self._settings = settings or MapSettings()
        self._clock = clock

    # ------------------------------------------------------------------ keeping

    @operation(writes=True, store=False)
    def memory_append(self, request: shapes.MemoryAppend, call: Call) -> shapes.MemoryIngested:
        """Keep windows or model calls; they are on the disk when the answer comes."""
        return self._taken(request.windows, request.source, request.worker, call)

    @operation(writes=True, store=False)
    def memory_ingest(self, request: shapes.MemoryIngest, call: Call) -> shapes.MemoryIngested:
        """Keep the windows or model calls of an NDJSON file; a bad line is refused and told, the others are kept."""
        path = Path(request.path)
        if not self._may_read(path):
            raise path_outside(request.path, "the folders that may be read")
        return self._taken(upkeep.windows_of(path), request.source, request.worker, call)

    @operation(writes=True, store=False)
    def memory_generate(self, request: shapes.MemoryGenerate, call: Call) -> shapes.MemoryIngested:
        """Keep windows that are generated, and say so in each: for tests and demonstrations."""
        return self._taken(windows(request.count, request.seed), "truevision_window", request.worker, call)

    def _taken(self, given: Iterable[object], source: str, worker: int, call: Call) -> shapes.MemoryIngested:
        refusals: list[shapes.WindowRefused] = []

        def refused(number: int, fault: HansardError) -> None:
            if len(refusals) < REFUSALS:
                told = [each.as_dict() for each in fault.errors or (fault,)]
                refusals.append(shapes.WindowRefused(number=number, faults=told))

        def watched() -> Iterable[object]:
            for number, window in enumerate(given):
                if number % 10_000 == 0:
                    call.progress(number, None, "keeping windows")
                yield window

        with Memory.open(self._folder, worker=worker, settings=self._settings) as memory:
            done = memory.ingest(watched(), source, refused=refused)
        return shapes.MemoryIngested(
            taken=done.taken, refused=done.refused, durable_upto=done.durable_upto, refusals=refusals
        )

    # ------------------------------------------------------------------ reading

    @operation(store=False, path="/memory/records")
    def memory_query(self, request: shapes.MemoryQuery, call: Call) -> shapes.MemoryFound:  # noqa: ARG002
        """Find records by a filter: how many there are, and the first of them."""
        with Memory.read(self._folder) as memory:
            query = memory.query(request.filter)
            if request.columns is None:
                rows = [_plain(record) for record in query.take(request.limit)]
            else:
                query.check(*request.columns)
                hits = islice(query, request.limit)
                rows = [{name: _json(hit[name]) for name in request.columns} for hit in hits]
            return shapes.MemoryFound(filter=request.filter, count=query.count(), records=rows)

    @operation(store=False, path="/memory")
    def memory_stats(self, request: shapes.MemoryStats, call: Call) -> shapes.MemorySummed:  # noqa: ARG002
        """Sum records up: counts, a column's statistics, flags, sessions; on demand a time series and bursts."""
        with Memory.read(self._folder) as memory:
            query = memory.query(request.filter)
            count = query.count()
            bursts = series = None
            if request.seconds is not None:
                series = [_plain(each) for each in query.series(request.column, seconds=request.seconds)]
            if request.threshold is not None:
                options: dict[str, Any] = {"min_length": request.min_length, "max_gap": request.max_gap}
                bursts = [_plain(b) for b in query.bursts(request.column, threshold=request.threshold, **options)]
            windows_there = count > 0 and query.has("session_id")
            return shapes.MemorySummed(
                workers=[_plain(facts) for facts in memory.facts()],
                filter=request.filter,
                count=count,
                statistics=_plain(query.statistics(request.column)) if count else None,
                composite_gap=query.composite_gap(self._settings.operator_weights) if count else None,
                flags=query.flag_frequency() if windows_there else {},
                sessions=[_plain(each) for each in query.sessions()[:REFUSALS]] if windows_there else [],
                series=series,
                bursts=bursts,
            )

    @operation(store=False, path="/memory/verification")
    def memory_verify(self, request: shapes.MemoryVerify, call: Call) -> shapes.MemoryVerified:
        """Verify that nothing in the log was altered or lost: checksums, chain, footers, heads noted earlier."""
        noted = {}
        for text in request.heads:
            worker, pulse, chain = text.split(":")
            noted[int(worker)] = (int(pulse), chain)
        found = verify(self._folder, noted=noted, progress=call.progress)
        return shapes.MemoryVerified(
            ok=found.ok,
            records=found.records,
            pulses=found.pulses,
            segments=found.segments,
            bytes=found.bytes,
            heads=[f"{head.worker}:{head.pulse_id}:{head.chain}" for head in found.heads],
            findings=[_plain(each) for each in found.findings],
            notes=found.notes,
        )

    @operation(store=False, writes=True)
    def memory_export(self, request: shapes.MemoryExport, call: Call) -> shapes.MemoryExported:
        """Write the records of a filter into a file: NDJSON (an audit log), Parquet or Arrow."""
        path = Path(request.output_path)
        if not self._may_write(path):
            raise path_outside(request.output_path, "the folders that may be written")
        with Memory.read(self._folder) as memory:
            query: Query = memory.query(request.filter)
            written = upkeep.export(query, path, request.format, progress=call.progress)
        return shapes.MemoryExported(path=request.output_path, records=written)

    # ------------------------------------------------------------------ upkeep

    @operation(store=False, writes=True)
    def memory_repair(self, request: shapes.MemoryRepair, call: Call) -> shapes.MemoryRepaired:  # noqa: ARG002
        """Keep what is whole of a damaged log; the bytes as they were are copied aside first."""
        return shapes.MemoryRepaired(mended=[_plain(each) for each in upkeep.repair(self._folder)])

    @operation(store=False, writes=True)
    def memory_retain(self, request: shapes.MemoryRetain, call: Call) -> shapes.MemoryRetained:  # noqa: ARG002
        """Remove the oldest closed segments, by age or by size; the chain of what stays holds."""
        now = self._clock().timestamp()
        gone = upkeep.retain(self._folder, days=request.days, megabytes=request.megabytes, now=now)
        return shapes.MemoryRetained(removed=[_plain(each) for each in gone])


def _plain(value: msgspec.Struct | ForgeRecord) -> dict[str, Any]:
    """A typed answer as plain JSON data."""
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
