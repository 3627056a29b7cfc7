"""The door of the memory for surfaces."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

from hansard.kernel.clock import Clock, system_clock
from hansard.kernel.errors import HansardError, invalid_field, missing_field, path_not_allowed
from hansard.kernel.operations import Call, operation
from hansard.memory import errors, shapes
from hansard.memory.disk import Disk, Untouched

if TYPE_CHECKING:  # what reads and writes the log loads numpy, which no other room needs: opened when it is asked for
    from hansard.memory.memory import Memory
    from hansard.memory.schema_map import MapSettings
    from hansard.memory.verify import WorkerHead

REFUSALS: Final = 100
"""Refused windows that are told one by one."""

REFUSALS_OF_ALL: Final = 10
"""The same where every window is refused: mostly all of them for one reason."""

PATIENCE_SECONDS: Final = 10.0
"""How long an append waits while another process, or another caller of this one, writes as the same worker."""

HEAD: Final = re.compile(r"[0-9]{1,10}:[0-9]{1,20}:[0-9a-f]{64}")
HEAD_LIKE: Final = f"0:157:{'9f' * 32}"
"""The form of a head, WORKER:PULSE:CHAIN."""


class MemoryOperations:
    """Records of windows and model calls: kept, found, summed up, verified."""

    def __init__(
        self,
        folder: Path,
        *,
        may_write: Callable[[Path], bool],
        may_read: Callable[[Path], bool],
        settings: Callable[[], MapSettings],
        clock: Clock = system_clock,
        patience: float = PATIENCE_SECONDS,
        standard_input: Callable[[], BinaryIO] | None = None,
    ) -> None:
        """Operations on the memory of a home.

        Args:
            folder: where the log is, or will be.
            may_write: whether a file may be written there.
            may_read: whether a file may be read.
            settings: gives the constants of the schema maps.
            clock: for retention.
            patience: seconds that an append waits for its turn.
            standard_input: gives the process's own, where the caller is whoever started it.
        """
        self._folder = folder
        self._may_write = may_write
        self._may_read = may_read
        self._settings = settings
        self._clock = clock
        self._patience = patience
        self._standard_input = standard_input

    # ------------------------------------------------------------------ keeping

    @operation(writes=True, store=False, tools="memory")
    def memory_append(self, request: shapes.MemoryAppend, call: Call) -> shapes.MemoryIngested:
        """Keep windows or model calls; they are on the disk when the answer comes. Sent twice they are kept twice:
        where an answer was lost, first ask 'memory_query' for their times."""
        return self._taken(enumerate(request.windows, 1), request.source, request.worker, call)

    @operation(writes=True, store=False, tools="memory", scope="admin")
    def memory_ingest(self, request: shapes.MemoryIngest, call: Call) -> shapes.MemoryIngested:
        """Keep the windows or model calls of an NDJSON file; a bad line is refused and told, the others are kept."""
        from hansard.memory.files import windows_of

        path = Path(request.path)
        if request.path == "-" and self._standard_input is not None:
            lines = windows_of(self._standard_input(), name="standard input")
        elif self._may_read(path):
            lines = windows_of(path, name=path.name or request.path)
        else:
            raise path_not_allowed("path", path.name or request.path, "read")
        return self._taken(lines, request.source, request.worker, call, what="line", dry_run=request.dry_run)

    @operation(writes=True, store=False, tools="memory", scope="admin")
    def memory_generate(self, request: shapes.MemoryGenerate, call: Call) -> shapes.MemoryIngested:
        """Keep windows that are generated, and say so in each: for tests and demonstrations."""
        from hansard.memory.generator import SCENARIOS, windows

        if request.scenario is None:
            if request.count is None:
                raise missing_field("count")
            given = windows(request.count, request.seed)
        elif request.count is not None:
            raise invalid_field("count", request.count, "is given beside 'scenario'", suggestion="Give one of the two")
        else:
            given = SCENARIOS[request.scenario]()
        return self._taken(enumerate(given, 1), "truevision_window", request.worker, call)

    def _taken(
        self,
        given: Iterable[tuple[int, object]],
        source: str,
        worker: int,
        call: Call,
        *,
        what: str = "window",
        dry_run: bool = False,
    ) -> shapes.MemoryIngested:
        from hansard.memory.memory import mapped
        from hansard.memory.schema_map import TASK_ID, contradicted

        refusals: list[shapes.WindowRefused] = []
        faults: list[HansardError] = []
        otherwise: Counter[str] = Counter()
        failed = number = 0

        def refused(_: int, fault: HansardError) -> None:
            nonlocal failed
            failed += 1
            if len(refusals) < REFUSALS:
                each = fault.errors or (fault,)
                refusals.append(shapes.WindowRefused(number=number, faults=[one.as_dict() for one in each]))
                if failed <= REFUSALS_OF_ALL:
                    faults.extend(one.of(what, source_id=str(number)) for one in each)

        def watched() -> Iterator[object]:
            nonlocal number
            for place, (which, window) in enumerate(given):
                if place % 10_000 == 0:
                    call.progress(place, None, "keeping windows")
                number = which
                if source == TASK_ID:
                    otherwise.update(contradicted(window))
                yield window

        if dry_run:
            taken, upto = sum(1 for _ in mapped(watched(), source, self._settings(), refused)), 0
        else:
            with self._opened(worker, call) as memory:
                done = memory.ingest(watched(), source, refused=refused)
            taken, upto = done.taken, done.durable_upto
        if failed and not taken and not dry_run:
            raise errors.windows_refused(failed, faults)
        notes = [
            f"{count:,} of the windows say '{name}' otherwise than follows from their session; what follows counts"
            for name, count in sorted(otherwise.items())
        ]
        return shapes.MemoryIngested(
            dry_run=dry_run, taken=taken, refused=failed, durable_upto=upto, refusals=refusals, notes=notes
        )

    def _opened(self, worker: int, call: Call) -> Memory:
        """The memory for appending, once nobody else writes as this worker."""
        from hansard.memory.memory import Memory

        until = time.monotonic() + self._patience
        while True:
            try:
                return Memory.open(self._folder, worker=worker, settings=self._settings())
            except HansardError as fault:
                if fault.code != "memory_owned" or time.monotonic() >= until:
                    raise
            call.progress(0, None, f"waiting: another writes as worker {worker}")
            time.sleep(0.02)

    # ------------------------------------------------------------------ reading

    @operation(
        store=False,
        path="/memory/records",
        tools="memory",
        shorter="Give a smaller 'limit', or name the 'columns' that are wanted",
    )
    def memory_query(self, request: shapes.MemoryQuery, call: Call) -> shapes.MemoryFound:  # noqa: ARG002
        """Find records by a filter: how many there are, and the first of them."""
        from hansard.memory.cited import answer
        from hansard.memory.filters import is_way, nothing_stands

        with self._reading() as memory:
            query = memory.query(request.filter)
            empty = []
            if request.columns is None:
                rows = [_plain(record) for record in query.take(request.limit)]
            else:
                names = list(dict.fromkeys(request.columns))
                found = islice(query.picked(*names), request.limit)
                rows = [dict(zip(names, map(_json, row), strict=True)) for row in found]
                empty = [name for name in names if rows and is_way(name) and all(row[name] is None for row in rows)]
            return shapes.MemoryFound(
                filter=request.filter,
                count=query.count(),
                digest=answer(query).digest if request.digest else None,
                records=rows,
                notes=[*memory.gaps(), *query.notes(), *map(nothing_stands, empty)],
            )

    @operation(store=False, path="/memory", tools="memory", shorter="Give a smaller 'limit', or longer 'seconds'")
    def memory_stats(self, request: shapes.MemoryStats, call: Call) -> shapes.MemorySummed:  # noqa: ARG002
        """Sum records up: counts, a column's statistics, flags, sessions; on demand a time series and bursts."""
        from hansard.memory.filters import is_way, nothing_stands

        with self._reading() as memory:
            query = memory.query(request.filter)
            count = query.count()
            windows_there = count > 0 and query.has("session_id")
            column = query.measure(request.column)
            statistics = query.statistics(column) if count else None
            left_out: dict[str, int] = {}

            def given(name: str, found: Sequence[msgspec.Struct]) -> list[dict[str, Any]]:
                if len(found) > request.limit:
                    left_out[name] = len(found) - request.limit
                return [_plain(each) for each in found[: request.limit]]

            bursts = series = None
            if request.seconds is not None:
                series = given("series", query.series(column, seconds=request.seconds))
            if request.threshold is not None:
                options: dict[str, Any] = {"min_length": request.min_length, "max_gap": request.max_gap}
                bursts = given("bursts", query.bursts(column, threshold=request.threshold, **options))
            return shapes.MemorySummed(
                workers=[_plain(facts) for facts in memory.facts()],
                filter=request.filter,
                count=count,
                statistics=_plain(statistics) if statistics is not None else None,
                composite_gap=(
                    query.composite_gap(self._settings().operator_weights) if column == "eomm_score" else None
                ),
                flags=query.flag_frequency() if windows_there else {},
                sessions=given("sessions", query.sessions(column)) if windows_there else [],
                series=series,
                bursts=bursts,
                left_out=left_out,
                notes=[
                    *memory.gaps(),
                    *query.notes(),
                    *([nothing_stands(column)] if statistics and not statistics.count and is_way(column) else ()),
                ],
            )

    def _reading(self) -> Memory:
        from hansard.memory.memory import Memory

        return Memory.read(self._folder)

    @operation(store=False, path="/memory/verification", tools="memory")
    def memory_verify(self, request: shapes.MemoryVerify, call: Call) -> shapes.MemoryVerified:
        """Verify that nothing in the log was altered or lost: checksums, chain, footers, heads noted earlier."""
        from hansard.memory.verify import verify

        noted = []
        for text in request.heads:
            if HEAD.fullmatch(text) is None:
                raise invalid_field("heads", text, "is no head", suggestion=f"Give it as it was told, like {HEAD_LIKE}")
            worker, pulse, chain = text.split(":")
            noted.append((int(worker), int(pulse), chain))
        if not self._folder.is_dir():
            raise errors.memory_missing()
        found = verify(self._folder, noted=noted, progress=call.progress)
        return shapes.MemoryVerified(
            ok=found.ok,
            records=found.records,
            pulses=found.pulses,
            segments=found.segments,
            bytes=found.bytes,
            heads=[_head(each) for each in found.heads],
            findings=[_plain(each) for each in found.findings],
            gaps=[_plain(each) for each in found.gaps],
            proved=[_head(each) for each in found.proved],
            notes=found.notes,
        )

    @operation(store=False, writes=True, tools="memory", scope="admin", idempotent=True)
    def memory_export(self, request: shapes.MemoryExport, call: Call) -> shapes.MemoryExported:
        """Write the records of a filter into a file: NDJSON (an audit log), Parquet or Arrow."""
        from hansard.memory.files import export, form_of, is_export
        from hansard.memory.filters import is_way, nothing_stands

        path = Path(request.output_path)
        if not self._may_write(path):
            raise path_not_allowed("output_path", request.output_path, "written")
        form = form_of(path, request.format)
        with self._reading() as memory:
            query = memory.query(request.filter)
            if os.path.isfile(path) and not is_export(path, form, request.columns or ()):  # noqa: PTH113  # a long name
                raise errors.records_would_overwrite(request.output_path, form)
            written = export(
                query,
                path,
                form,
                columns=request.columns or (),
                limit=request.limit,
                name=request.output_path,
                progress=call.progress,
            )
            empty = [
                name
                for name in dict.fromkeys(request.columns or ())
                if written and is_way(name) and all(value is None for (value,) in islice(query.picked(name), written))
            ]
            return shapes.MemoryExported(
                path=request.output_path,
                records=written,
                format=form,
                notes=[*memory.gaps(), *query.notes(), *map(nothing_stands, empty)],
            )

    # ------------------------------------------------------------------ upkeep

    @operation(store=False, writes=True, tools="memory", scope="admin", idempotent=True)
    def memory_repair(self, request: shapes.MemoryRepair, call: Call) -> shapes.MemoryRepaired:  # noqa: ARG002
        """Keep what is whole of a damaged log; the bytes as they were are copied aside first."""
        from hansard.memory.upkeep import repair

        mended = repair(self._folder, disk=_disk(request.dry_run))
        return shapes.MemoryRepaired(dry_run=request.dry_run, mended=[_plain(each) for each in mended])

    @operation(store=False, writes=True, tools="memory", scope="admin", idempotent=True)
    def memory_compress(self, request: shapes.MemoryCompress, call: Call) -> shapes.MemoryCompressed:
        """Store closed segments compressed; they are read, verified and repaired as before."""
        from hansard.memory.upkeep import compress

        before = self._size()
        done, stays = compress(self._folder, disk=_disk(request.dry_run), progress=call.progress)
        return shapes.MemoryCompressed(
            dry_run=request.dry_run,
            files=done,
            bytes_before=before,
            bytes_after=self._size(),
            stays=[_plain(each) for each in stays],
        )

    def _size(self) -> int:
        return sum(path.stat().st_size for path in self._folder.glob("worker-*/*.seg"))

    @operation(store=False, writes=True, tools="memory", scope="admin", idempotent=True, destructive=True)
    def memory_retain(self, request: shapes.MemoryRetain, call: Call) -> shapes.MemoryRetained:  # noqa: ARG002
        """Remove the oldest closed segments, by age or by size; the chain of what stays holds."""
        from hansard.memory.upkeep import retain

        now = self._clock().timestamp()
        disk = _disk(request.dry_run)
        gone, stays = retain(self._folder, days=request.days, megabytes=request.megabytes, now=now, disk=disk)
        return shapes.MemoryRetained(
            dry_run=request.dry_run,
            removed=[_plain(each) for each in gone],
            stays=[_plain(each) for each in stays],
            notes=self._retained(removed=bool(gone), dry_run=request.dry_run),
        )

    def _retained(self, *, removed: bool, dry_run: bool) -> list[str]:
        """What a removal means for others, and what none removes."""
        from hansard.memory.log import workers
        from hansard.memory.segment import kept_aside

        notes = []
        if removed:
            when = "Afterwards" if dry_run else "From now on"
            notes.append(
                f"{when} exhibits of queries that found some of these records do not hold: 'exhibit_list' tells "
                "which of a dialogue"
            )
        aside = [path.stat().st_size for folder in workers(self._folder).values() for path in kept_aside(folder)]
        if aside:
            told = "1 file" if len(aside) == 1 else f"{len(aside):,} files"
            notes.append(
                f"{told} of bytes that were set aside as damaged or torn stay, {sum(aside) / 1024**2:,.1f} MiB, old "
                "records among them: remove them by hand once nobody needs them"
            )
        return notes


def _plain(value: msgspec.Struct) -> dict[str, Any]:
    """A typed answer as plain JSON data."""
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain


def _head(head: WorkerHead) -> str:
    return f"{head.worker}:{head.pulse_id}:{head.chain}"


def _disk(dry_run: bool) -> Disk:
    return Untouched() if dry_run else Disk()


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
