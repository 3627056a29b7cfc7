"""What a filter finds, in the forms that people ask for: records, counts, columns, series, bursts, summaries."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, repeat, starmap
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from hansard.kernel.errors import invalid_field
from hansard.memory import errors
from hansard.memory.filters import ALIASES, Filter, check_names, parse, select
from hansard.memory.record import ForgeRecord
from hansard.memory.view import COMPUTED, Numbers, View

if TYPE_CHECKING:
    import pyarrow as pa

    from hansard.memory.arrow import Batches

BINS: Final = 100_000
"""Bins of a time series at most."""


_Each = Callable[[View, Numbers | None], Iterable[Iterable[Any]]]
"""Gives some records of a segment in one form, in portions."""


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A record that was found and not read yet: nothing is decoded until it is asked for."""

    view: View
    row: int

    @property
    def seq(self) -> int:
        """Its number within its worker."""
        return self.view.head.first_seq + self.row

    @property
    def worker_id(self) -> int:
        """Who appended it."""
        return self.view.head.worker

    @property
    def timestamp(self) -> float:
        """Seconds since 1970, UTC."""
        return float(self["timestamp"])

    def __getitem__(self, name: str) -> Any:
        """One column of it, without decoding the record."""
        return next(iter(self.view.listed(ALIASES.get(name, name), np.array([self.row]))))

    @property
    def record(self) -> ForgeRecord:
        """The whole record. Raises ``memory_corrupt``."""
        return ForgeRecord(*self.view.row(self.row))


class Statistics(msgspec.Struct, frozen=True):
    """Of one column of numbers; ``variance`` is the sample's (n − 1)."""

    column: str
    count: int
    missing: int
    mean: float | None
    variance: float | None
    smallest: float | None
    largest: float | None
    median: float | None
    p95: float | None


class Bin(msgspec.Struct, frozen=True):
    """A stretch of time [start, end): records, and the column's mean, smallest and largest (``None`` without any)."""

    start: float
    end: float
    count: int
    mean: float | None
    smallest: float | None
    largest: float | None


class Burst(msgspec.Struct, frozen=True):
    """Records one after the other above a threshold, with no longer gap than was allowed between two of them."""

    start: float
    end: float
    count: int
    mean: float
    largest: float


class SessionSummary(msgspec.Struct, frozen=True):
    """What a session came to."""

    session_id: str | None
    count: int
    failures: int
    start: float
    end: float
    mean: float | None
    largest: float | None
    flags: dict[str, int]
    maps: tuple[str, ...]
    bot_difficulties: tuple[str, ...]


class Query:
    """The records for which a filter holds, as of when the query was made. Nothing is read before it is asked for."""

    def __init__(self, workers: dict[int, list[View]], found: str | Filter | None = None) -> None:
        """Raises ``filter_invalid``."""
        self._workers = workers
        self.text = found if isinstance(found, str) else ""
        self._filter = parse(found) if isinstance(found, str) else found
        check_names(self._filter, self.text, self._views())

    def _views(self) -> list[View]:
        return [view for views in self._workers.values() for view in views]

    def _found(self, views: Sequence[View]) -> Iterator[tuple[View, Numbers | None]]:
        for view in views:
            rows = select(view, self._filter)
            if view.rows if rows is None else len(rows):
                yield view, rows

    # ------------------------------------------------------------------ records

    def count(self) -> int:
        """How many there are."""
        return sum(view.rows if rows is None else len(rows) for view, rows in self._found(self._views()))

    def _merged(self, each: _Each, key: Callable[[Any], float]) -> Iterator[Any]:
        """Worker by worker in order of seq; of several workers, merged by time."""
        streams = [self._stream(views, each) for views in self._workers.values()]
        return streams[0] if len(streams) == 1 else heapq.merge(*streams, key=key)

    def _stream(self, views: Sequence[View], each: _Each) -> Iterator[Any]:
        return chain.from_iterable(self._portions(views, each))

    def _portions(self, views: Sequence[View], each: _Each) -> Iterator[Iterable[Any]]:
        for view, rows in self._found(views):
            yield from each(view, rows)
            if rows is None:
                view.let_go()

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Records as tuples, in the order of ``ForgeRecord``; the quickest whole form."""
        return self._merged(View.rows_of, lambda row: float(row[3]))

    def in_time(self, packed: Callable[[tuple[Any, ...]], bytes]) -> Iterator[tuple[float, bytes]]:
        """Time and bytes of each record, which ``packed`` makes of it, in order of both.

        Held back is what a worker appended before an earlier one, and what is of one time: no more than that.
        """
        return heapq.merge(*(self._in_time(views, packed) for views in self._workers.values()))

    def _in_time(
        self, views: Sequence[View], packed: Callable[[tuple[Any, ...]], bytes]
    ) -> Iterator[tuple[float, bytes]]:
        times = [_numbers(view, "timestamp", rows) for view, rows in self._found(views)]
        if not times:
            return
        # the earliest that is still to come after each record: what is earlier than that is next in order
        coming = np.minimum.accumulate(np.concatenate([*times, [math.inf]])[::-1])[::-1][1:]
        held: list[tuple[float, bytes]] = []
        for row, until in zip(self._stream(views, View.rows_of), coming, strict=True):
            heapq.heappush(held, (float(row[3]), packed(row)))
            while held and held[0][0] < until:
                yield heapq.heappop(held)
        while held:  # only where a time is infinite
            yield heapq.heappop(held)

    def raw_rows(self) -> Iterator[tuple[Any, ...]]:
        """Not decoded: the header fields, the own parts as one MessagePack array, then what is shared, part by part.

        The parts are those of the segment's forms (docs/memory-format.md, "Parts").
        """
        return self._merged(View.raw_rows_of, lambda row: float(row[3]))

    def records(self) -> Iterator[ForgeRecord]:
        """Records, typed. Maps that records share (params, session) are one object for all: not to be changed."""
        return starmap(ForgeRecord, self._merged(View.shared_rows_of, lambda row: float(row[3])))

    def __iter__(self) -> Iterator[Hit]:
        """Records that are read when they are asked for."""
        return self._merged(_hits, lambda hit: hit.timestamp)

    def hits(self) -> list[Hit]:
        """All of them, unread."""
        return list(self)

    def take(self, count: int) -> list[ForgeRecord]:
        """The first so many."""
        return [hit.record for hit in islice(self, count)]

    # ------------------------------------------------------------------ columns

    def column(self, name: str) -> list[Any]:
        """One column's values, in the order of ``_columns``."""
        return self.columns(name)[name]

    def columns(self, *names: str) -> dict[str, list[Any]]:
        """Columns' values; worker by worker, each in order of seq. Nothing is ``None``.

        Raises:
            HansardError: ``column_unknown``.
        """
        for name in names:
            self._known(name)
        found: dict[str, list[Any]] = {name: [] for name in names}
        for view, rows in self._found(self._views()):
            there = np.arange(view.rows) if rows is None else rows
            for name, values in found.items():
                values.extend(view.listed(ALIASES.get(name, name), there))
        return found

    def has(self, name: str) -> bool:
        """Whether any segment has such a column."""
        name = ALIASES.get(name, name)
        return name in COMPUTED or any(view.rows and view.column(name) is not None for view in self._views())

    def check(self, *names: str) -> None:
        """Refuse names that are no columns. Raises ``column_unknown``."""
        for name in names:
            self._known(name)

    def _known(self, name: str) -> None:
        name = ALIASES.get(name, name)
        views = [view for view in self._views() if view.rows]
        inner = name.startswith("#") or name[1:2] == ":"  # what the columns are called inside
        if name not in COMPUTED and views and (inner or all(view.column(name) is None for view in views)):
            raise errors.column_unknown(name, {each for view in views for each in view.names()} | set(COMPUTED))

    def numbers(self, name: str) -> Numbers:
        """A column of numbers as an array of float64; nothing is NaN.

        Raises:
            HansardError: ``column_unknown``; ``invalid_field`` for a column of texts.
        """
        self._known(name)
        name = ALIASES.get(name, name)
        parts = [_numbers(view, name, rows) for view, rows in self._found(self._views())]
        return np.concatenate(parts) if parts else np.zeros(0)

    # ------------------------------------------------------------------ what they come to

    def statistics(self, name: str = "eomm_score") -> Statistics:
        """Count, mean, variance, extremes and percentiles of a column."""
        numbers = self.numbers(name)
        there = numbers[~np.isnan(numbers)]
        count = len(there)
        if not count:
            return Statistics(name, 0, len(numbers), None, None, None, None, None, None)
        return Statistics(
            name,
            count,
            len(numbers) - count,
            float(there.mean()),
            float(there.var(ddof=1)) if count > 1 else 0.0,
            float(there.min()),
            float(there.max()),
            float(np.median(there)),
            float(np.percentile(there, 95)),
        )

    def composite_gap(self, weights: Mapping[str, float]) -> float | None:
        """How far ``eomm_score`` is at most from the composite of the operators (``schema_map.composite``).

        ``None`` where no record has both.
        """
        if not self.has("eomm_score"):
            return None
        names = sorted({name for view in self._views() for name in view.names() if name.startswith("operators.")})
        scores = self.numbers("eomm_score")
        weighted, whole = np.zeros(len(scores)), np.zeros(len(scores))
        for name in names:
            weight, numbers = weights.get(name.removeprefix("operators."), 1.0), self.numbers(name)
            there = ~np.isnan(numbers)
            weighted[there] += weight * numbers[there]
            whole[there] += weight
        both = (whole > 0) & ~np.isnan(scores)
        if not both.any():
            return None
        return float(np.abs(np.clip(weighted[both] / whole[both], 0, 1) - scores[both]).max())

    def series(self, name: str = "eomm_score", *, seconds: float = 60.0) -> list[Bin]:
        """A column over time, in stretches of so many seconds; empty ones are there too.

        Raises:
            HansardError: ``invalid_field`` when the stretches are shorter than 0.001, or more than 100,000.
        """
        if not (seconds >= 0.001 and math.isfinite(seconds)):
            raise invalid_field("seconds", seconds, "must be at least 0.001")
        times, numbers = self.numbers("timestamp"), self.numbers(name)
        if not len(times):
            return []
        start, end = float(times.min()), float(times.max())
        if (end - start) / seconds >= BINS or max(-start, end) / seconds >= 2**62:
            raise invalid_field("seconds", seconds, f"gives more than {BINS} stretches", suggestion="Make it larger")
        first = math.floor(start / seconds)
        place = np.floor(times / seconds).astype(np.int64) - first
        counts = np.bincount(place)
        bins = []
        order = np.argsort(place, kind="stable")
        bounds = np.concatenate(([0], np.cumsum(counts)))
        for number, count in enumerate(counts.tolist()):
            start = (first + number) * seconds
            inside = numbers[order[bounds[number] : bounds[number + 1]]]
            inside = inside[~np.isnan(inside)]
            told = (
                (float(inside.mean()), float(inside.min()), float(inside.max())) if len(inside) else (None, None, None)
            )
            bins.append(Bin(start, start + seconds, count, *told))
        return bins

    def bursts(
        self, name: str = "eomm_score", *, threshold: float, min_length: int = 3, max_gap: float = 2.0
    ) -> list[Burst]:
        """Runs of at least ``min_length`` records above ``threshold``, each at most ``max_gap`` seconds after the last.

        A record that is not above the threshold does not end a run; time does.
        """
        times, numbers = self.numbers("timestamp"), self.numbers(name)
        above = numbers > threshold
        times, numbers = times[above], numbers[above]
        order = np.argsort(times, kind="stable")
        times, numbers = times[order], numbers[order]
        cuts = np.flatnonzero(np.diff(times) > max_gap) + 1
        found = []
        for when, what in zip(np.split(times, cuts), np.split(numbers, cuts), strict=True):
            if len(when) >= max(min_length, 1):
                found.append(Burst(float(when[0]), float(when[-1]), len(when), float(what.mean()), float(what.max())))
        return found

    def flag_frequency(self) -> dict[str, int]:
        """How many records carry each flag, the most frequent first."""
        counted: Counter[str] = Counter()
        for flags, count in Counter(self.column("flags")).items():
            for flag in set(flags or ()):
                counted[flag] += count
        return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))

    def sessions(self) -> list[SessionSummary]:
        """What each session came to, in the order in which they began."""
        names = ("session_id", "success", "timestamp", "eomm_score", "flags", "map_name", "bot_difficulty")
        columns = self.columns(*names)
        grouped: dict[str | None, list[int]] = {}
        for place, session in enumerate(columns["session_id"]):
            grouped.setdefault(session, []).append(place)
        told = []
        for session, places in grouped.items():
            own = {name: [columns[name][place] for place in places] for name in names}
            scores = [score for score in own["eomm_score"] if score is not None]
            told.append(
                SessionSummary(
                    session_id=session,
                    count=len(places),
                    failures=own["success"].count(False),
                    start=min(own["timestamp"]),
                    end=max(own["timestamp"]),
                    mean=math.fsum(scores) / len(scores) if scores else None,
                    largest=max(scores, default=None),
                    flags=dict(sorted(Counter(flag for flags in own["flags"] for flag in flags or ()).items())),
                    maps=tuple(sorted({name for name in own["map_name"] if name is not None})),
                    bot_difficulties=tuple(sorted({name for name in own["bot_difficulty"] if name is not None})),
                )
            )
        return sorted(told, key=lambda summary: summary.start)

    # ------------------------------------------------------------------ hand-over

    def arrow(self, *, blobs: bool = False) -> pa.Table:
        """A table for pandas, polars, DuckDB: a chunk a segment; columns of all records are not copied.

        Args:
            blobs: the three blobs too, as MessagePack bytes.

        Raises:
            ImportError: pyarrow is not installed (extra ``parquet``).
        """
        return self.batches(blobs=blobs).table()

    def batches(self, *, blobs: bool = False) -> Batches:
        """The same, a batch at a time: iterate over it. Raises as ``arrow``."""
        from hansard.memory.arrow import Batches

        return Batches(list(self._found(self._views())), blobs=blobs)


def _hits(view: View, rows: Numbers | None) -> Iterator[Iterable[Hit]]:
    yield map(Hit, repeat(view), range(view.rows) if rows is None else rows.tolist())


def _numbers(view: View, name: str, rows: Numbers | None) -> Numbers:
    length = view.rows if rows is None else len(rows)
    if name in COMPUTED:
        return np.array(list(view.listed(name, np.arange(view.rows) if rows is None else rows)), float)
    column = view.column(name)
    if column is None:
        return np.full(length, np.nan)
    if column.kind == "v":
        raise invalid_field("column", name, "is no column of numbers")
    if column.constant:
        return np.full(length, np.nan if column.kind == "f" and column.data == 2 else float(column.data))
    data = column.data if rows is None else column.data[rows]
    if column.kind == "f":
        return np.where(data == 2, np.nan, data.astype(float))
    return np.asarray(data, float)
