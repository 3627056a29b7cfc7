"""What a filter finds, in the forms that people ask for: records, counts, columns, series, bursts, summaries."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, repeat, starmap
from numbers import Real
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from hansard.kernel.errors import invalid_field
from hansard.memory import errors
from hansard.memory.filters import (
    ALIASES,
    And,
    Compare,
    Filter,
    Not,
    Or,
    Seen,
    check,
    comparisons,
    counted,
    is_way,
    known_names,
    parse,
    select,
    standing,
    unmet,
)
from hansard.memory.record import ForgeRecord
from hansard.memory.view import CHUNK, COMPUTED, Numbers, Rows, View

if TYPE_CHECKING:
    import pyarrow as pa

    from hansard.memory.arrow import Batches

HELD: Final = 16
"""Of a log with more segments, readers keep nothing of one that they are done with: some 2 MiB each."""

BINS: Final = 100_000
"""Bins of a time series at most."""

MEASURES: Final = ("eomm_score", "latency_ms")
"""What is summed up where no column is named: the first that records have."""

_TIME: Final = itemgetter(3)
"""Of a row: its timestamp."""

_Each = Callable[[View, Rows], Iterable[Iterable[Any]]]
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
        """One column of it, without decoding the record; or what stands at a way into it."""
        return next(iter(_listed(self.view, name, np.array([self.row]))))

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
    """A stretch of time [start, end): records with the column, its mean, smallest and largest (``None`` without)."""

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
        """Raises ``filter_invalid``; ``invalid_field`` for what is no filter."""
        if not isinstance(found, str | Compare | And | Or | Not | None):
            raise invalid_field("filter", found, "must be a text, or a filter that 'filters.parse' gives")
        self._workers = workers
        self.text = found if isinstance(found, str) else ""
        self._filter = parse(found) if isinstance(found, str) else found
        self._seen: Seen = {}
        ways = any(is_way(compare.name) for compare in comparisons(self._filter))
        self._decoded: dict[View, Rows] | None = {} if ways else None
        check(self._filter, self.text, self._views())

    def _views(self) -> list[View]:
        return [view for views in self._workers.values() for view in views]

    def _found(self, views: Sequence[View]) -> Iterator[tuple[View, Rows]]:
        for view in views:
            if self._decoded is None:
                rows = select(view, self._filter, self._seen)
            else:  # what must be decoded to be found is decoded once
                if view not in self._decoded:
                    self._decoded[view] = select(view, self._filter, self._seen)
                rows = self._decoded[view]
            if view.count(rows):
                yield view, rows
            if len(views) > HELD:
                view.let_go()

    def notes(self) -> list[str]:
        """What did not stand at the ways into records that the filter names, in those that had to be looked at.

        A column that no record has is refused; at a way, records are unlike, and where nothing stood is known after.
        """
        if self._decoded is not None:
            for _ in self._found(self._views()):
                pass
        return unmet(self._filter, self._seen)

    # ------------------------------------------------------------------ records

    def count(self) -> int:
        """How many there are."""
        if self._decoded is not None:
            return sum(view.count(rows) for view, rows in self._found(self._views()))
        views, found = self._views(), 0
        for view in views:
            found += counted(view, self._filter, self._seen)
            if len(views) > HELD:
                view.let_go()
        return found

    def _merged(self, each: _Each, key: Callable[[Any], float]) -> Iterator[Any]:
        """Worker by worker in order of seq; of several workers, merged by time."""
        streams = [self._stream(views, each) for views in self._workers.values()]
        return streams[0] if len(streams) == 1 else heapq.merge(*streams, key=key)

    def _stream(self, views: Sequence[View], each: _Each) -> Iterator[Any]:
        return chain.from_iterable(self._portions(views, each))

    def _portions(self, views: Sequence[View], each: _Each) -> Iterator[Iterable[Any]]:
        for view, rows in self._found(views):
            yield from each(view, rows)

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Records as tuples, in the order of ``ForgeRecord``; the quickest whole form."""
        return self._merged(View.rows_of, _TIME)

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
        return self._merged(View.raw_rows_of, _TIME)

    def records(self) -> Iterator[ForgeRecord]:
        """Records, typed. Maps that records share (params, session) are one object for all: not to be changed."""
        return starmap(ForgeRecord, self._merged(View.shared_rows_of, _TIME))

    def __iter__(self) -> Iterator[Hit]:
        """Records that are read when they are asked for."""
        return self._merged(_hits, lambda hit: hit.timestamp)

    def hits(self) -> list[Hit]:
        """All of them, unread."""
        return list(self)

    def take(self, count: int) -> list[ForgeRecord]:
        """The first so many."""
        return [hit.record for hit in islice(self, int(_checked("count", count, 0)))]

    # ------------------------------------------------------------------ columns

    def column(self, name: str) -> list[Any]:
        """One column's values, in the order of ``columns``."""
        return self.columns(name)[name]

    def columns(self, *names: str) -> dict[str, list[Any]]:
        """Columns' values, or what stands at ways into records (``context.telemetry.fps``); nothing is ``None``.

        Worker by worker, each in order of seq.

        Raises:
            HansardError: ``column_unknown``.
        """
        self.check(*names)
        found: dict[str, list[Any]] = {name: [] for name in names}
        for view, rows in self._found(self._views()):
            there = view.each(rows)
            for name, values in found.items():
                values.extend(_listed(view, name, there))
        return found

    def picked(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """The same columns, record by record in the order of ``rows``. Raises as ``columns``."""
        self.check(*names)

        def each(view: View, rows: Rows) -> Iterator[Iterable[tuple[Any, ...]]]:
            there = view.each(rows)
            for part in (there[start : start + CHUNK] for start in range(0, len(there), CHUNK)):
                yield zip(*(_listed(view, name, part) for name in ("timestamp", *names)), strict=True)

        return (row[1:] for row in self._merged(each, itemgetter(0)))

    def has(self, name: str) -> bool:
        """Whether any segment has such a column."""
        name = ALIASES.get(name, name)
        return name in COMPUTED or any(view.rows and view.column(name) is not None for view in self._views())

    def check(self, *names: str) -> None:
        """Refuse what is neither a column nor a way into records. Raises ``column_unknown``, ``invalid_field``."""
        for given in names:
            if not isinstance(given, str):
                raise invalid_field("column", given, "must be the name of a column", suggestion="Such as 'eomm_score'")
            name = ALIASES.get(given, given)
            views = [view for view in self._views() if view.rows]
            inner = name.startswith("#") or name[1:2] == ":"  # what the columns are called inside
            if name in COMPUTED or is_way(name) or not views:
                continue
            if inner or all(view.column(name) is None for view in views):
                raise errors.column_unknown(given, known_names(views))

    def measure(self, name: str | None = None) -> str:
        """The column that is summed up: this one, else ``eomm_score`` or ``latency_ms``, as the records found have it.

        Raises:
            HansardError: ``column_unknown``; ``invalid_field`` for what is no name.
        """
        if name is None:
            known = list(filter(self.has, MEASURES)) or list(MEASURES)
            told = (each for each in known[:-1] if any(not np.isnan(some).all() for _, _, some in self._measured(each)))
            return next(told, known[-1])
        self.check(name)
        return name

    def _measured(self, name: str) -> Iterator[tuple[View, Rows, Numbers]]:
        """A segment's records, and their numbers: no more than one segment's are held."""
        for view, rows in self._found(self._views()):
            yield view, rows, _numbers(view, name, rows)

    def numbers(self, name: str) -> Numbers:
        """A column of numbers, or what stands at a way, as an array of float64; nothing is NaN.

        Raises:
            HansardError: ``column_unknown``; ``invalid_field`` for a column of texts.
        """
        self.check(name)
        parts = [numbers for _, _, numbers in self._measured(name)]
        return np.concatenate(parts) if parts else np.zeros(0)

    # ------------------------------------------------------------------ what they come to

    def statistics(self, name: str | None = None) -> Statistics:
        """Count, mean, variance, extremes and percentiles of a column (``measure``).

        For the percentiles all its numbers are held, sixteen bytes a record.
        """
        name = self.measure(name)
        numbers = self.numbers(name)
        whole = len(numbers)
        there = numbers[~np.isnan(numbers)]
        del numbers
        count = len(there)
        if not count:
            return Statistics(name, 0, whole, None, None, None, None, None, None)
        mean, variance = float(there.mean()), float(there.var(ddof=1)) if count > 1 else 0.0
        median, p95 = np.percentile(there, (50, 95), overwrite_input=True).tolist()
        return Statistics(
            name, count, whole - count, mean, variance, float(there.min()), float(there.max()), median, p95
        )

    def composite_gap(self, weights: Mapping[str, float]) -> float | None:
        """How far ``eomm_score`` is at most from the composite of the operators (``schema_map.composite``).

        ``None`` where no record has both.
        """
        largest = None
        for view, rows, scores in self._measured("eomm_score"):
            weighted, whole = np.zeros(len(scores)), np.zeros(len(scores))
            for name in view.names():
                if name.startswith("operators."):
                    weight, numbers = weights.get(name.removeprefix("operators."), 1.0), _numbers(view, name, rows)
                    there = ~np.isnan(numbers)
                    weighted[there] += weight * numbers[there]
                    whole[there] += weight
            both = (whole > 0) & ~np.isnan(scores)
            if both.any():
                gap = float(np.abs(np.clip(weighted[both] / whole[both], 0, 1) - scores[both]).max())
                largest = max(gap, largest or 0.0)
        return largest

    def series(self, name: str | None = None, *, seconds: float = 60.0) -> list[Bin]:
        """A column (``measure``) over time, in stretches of so many seconds; empty ones are there too.

        Only records that have it count.

        Raises:
            HansardError: ``invalid_field`` when the stretches are shorter than 0.001, or more than 100,000.
        """
        name, seconds = self.measure(name), _checked("seconds", seconds, 0.001)
        ranges = []
        for view, rows, numbers in self._measured(name):  # a record without it may be years away
            if len(times := _numbers(view, "timestamp", rows)[~np.isnan(numbers)]):
                ranges.append((times.min(), times.max()))
        if not ranges:
            return []
        start, end = float(min(low for low, _ in ranges)), float(max(high for _, high in ranges))
        if (end - start) / seconds >= BINS or max(-start, end) / seconds >= 2**52:
            raise invalid_field(
                "seconds",
                seconds,
                f"gives more than {BINS:,} stretches for records from {start:.10g} to {end:.10g} seconds",
                suggestion="Make it larger, or let the filter name a shorter time: time >= … and time < …",
            )
        first = math.floor(start / seconds)
        bins = math.floor(end / seconds) - first + 1
        counts, sums = np.zeros(bins, int), np.zeros(bins)
        smallest, largest = np.full(bins, np.inf), np.full(bins, -np.inf)
        for view, rows, numbers in self._measured(name):
            told = ~np.isnan(numbers)
            times, numbers = _numbers(view, "timestamp", rows)[told], numbers[told]
            place = np.floor(times / seconds).astype(np.int64) - first
            counts += np.bincount(place, minlength=bins)
            sums += np.bincount(place, numbers, bins)
            np.minimum.at(smallest, place, numbers)
            np.maximum.at(largest, place, numbers)
        found = []
        columns = [column.tolist() for column in (counts, sums, smallest, largest)]
        for number, (count, whole, *extremes) in enumerate(zip(*columns, strict=True)):
            mean, low, high = (whole / count, *extremes) if count else (None, None, None)
            found.append(Bin((first + number) * seconds, (first + number + 1) * seconds, count, mean, low, high))
        return found

    def bursts(
        self, name: str | None = None, *, threshold: float, min_length: int = 3, max_gap: float = 2.0
    ) -> list[Burst]:
        """Runs of at least ``min_length`` records above ``threshold``, each at most ``max_gap`` seconds after the last.

        A record that is not above the threshold does not end a run; time does. Raises ``column_unknown``,
        ``invalid_field``.
        """
        name, threshold = self.measure(name), _checked("threshold", threshold)
        min_length, max_gap = int(_checked("min_length", min_length, 1)), _checked("max_gap", max_gap, 0)
        parts = []
        for view, rows, numbers in self._measured(name):
            above = numbers > threshold
            parts.append(np.stack((_numbers(view, "timestamp", rows)[above], numbers[above])))
        times, numbers = np.concatenate(parts, axis=1) if parts else np.zeros((2, 0))
        order = np.argsort(times, kind="stable")
        times, numbers = times[order], numbers[order]
        cuts = np.flatnonzero(np.diff(times) > max_gap) + 1
        found = []
        for when, what in zip(np.split(times, cuts), np.split(numbers, cuts), strict=True):
            if len(when) >= min_length:
                found.append(Burst(float(when[0]), float(when[-1]), len(when), float(what.mean()), float(what.max())))
        return found

    def flag_frequency(self) -> dict[str, int]:
        """How many records carry each flag, the most frequent first."""
        self.check("flags")
        counted: Counter[str] = Counter()
        for view, rows in self._found(self._views()):
            values, which = _different(view, "flags", rows)
            for flags, count in zip(values, np.bincount(which, minlength=len(values)).tolist(), strict=True):
                counted.update(dict.fromkeys(flags or (), count))
        return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))

    def sessions(self, name: str | None = None) -> list[SessionSummary]:
        """What each session came to, in the order in which they began; mean and largest are of a column (``measure``).

        Raises:
            HansardError: ``column_unknown`` where records are of no sessions.
        """
        name = self.measure(name)
        self.check("session_id")
        sums: dict[str | None, _Sums] = {}
        for view, rows, numbers in self._measured(name):
            ids, which = _different(view, "session_id", rows)
            here = [sums.setdefault(session, _Sums()) for session in ids]
            times, failed, told = (
                _numbers(view, "timestamp", rows),
                _numbers(view, "success", rows) == 0,
                ~np.isnan(numbers),
            )
            low, high, largest = (np.full(len(here), each * np.inf) for each in (1, -1, -1))
            np.minimum.at(low, which, times)
            np.maximum.at(high, which, times)
            np.maximum.at(largest, which[told], numbers[told])
            figures = (
                np.bincount(which, minlength=len(here)),
                np.bincount(which[failed], minlength=len(here)),
                np.bincount(which[told], minlength=len(here)),
                np.bincount(which[told], numbers[told], len(here)),
            )
            for one, *each in zip(here, *(column.tolist() for column in (low, high, largest, *figures)), strict=True):
                one.add(*each)
            for column in _COUNTED:
                values, there = _different(view, column, rows)
                pairs, counts = np.unique(which * len(values) + there, return_counts=True)
                for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
                    session, place = divmod(pair, len(values))
                    here[session].texts[column][values[place]] += count
        return sorted((one.summary(session) for session, one in sums.items()), key=lambda summary: summary.start)

    # ------------------------------------------------------------------ hand-over

    def arrow(self, *names: str, blobs: bool = False) -> pa.Table:
        """A table for pandas, polars, DuckDB: a chunk a segment; columns of all records are not copied.

        Args:
            names: only these columns, under these names; all that there are when left out.
            blobs: the three blobs too, as MessagePack bytes.

        Raises:
            HansardError: ``column_unknown``; ``invalid_field`` for a way into records.
            ImportError: pyarrow is not installed (extra ``parquet``).
        """
        return self.batches(*names, blobs=blobs).table()

    def batches(self, *names: str, blobs: bool = False, limit: int | None = None) -> Batches:
        """The same, a batch at a time: iterate over it; ``limit`` records, worker by worker. Raises as ``arrow``."""
        from hansard.memory.arrow import Batches

        self.check(*names)
        for name in filter(is_way, names):
            raise invalid_field(
                "column", name, "is a way into records, and a table has columns alone", suggestion="Take NDJSON for it"
            )
        return Batches(list(self._first(limit)), names, blobs=blobs)

    def _first(self, limit: int | None) -> Iterator[tuple[View, Rows]]:
        for view, rows in self._found(self._views()):
            count = view.count(rows)
            if limit is None or count <= limit:
                yield view, rows
            elif limit:
                yield view, view.each(rows)[:limit]
            if limit is not None:
                limit = max(limit - count, 0)


_COUNTED: Final = ("flags", "map_name", "bot_difficulty")


class _Sums:
    """What a session comes to, segment by segment."""

    def __init__(self) -> None:
        self.start, self.end, self.largest, self.sum = math.inf, -math.inf, -math.inf, 0.0
        self.count = self.failures = self.told = 0
        self.texts: dict[str, Counter[Any]] = {name: Counter() for name in _COUNTED}

    def add(self, start: float, end: float, largest: float, count: int, failures: int, told: int, total: float) -> None:
        """Records of one segment: their times, failures, and how many told the column, its largest number and sum."""
        self.start, self.end, self.largest = min(self.start, start), max(self.end, end), max(self.largest, largest)
        self.count, self.failures = self.count + count, self.failures + failures
        self.told, self.sum = self.told + told, self.sum + total

    def summary(self, session: str | None) -> SessionSummary:
        """All of them."""
        flags: Counter[str] = Counter()
        for carried, count in self.texts["flags"].items():
            flags.update(dict.fromkeys(carried or (), count))
        maps, bots = (tuple(sorted(set(self.texts[name]) - {None})) for name in _COUNTED[1:])
        return SessionSummary(
            session_id=session,
            count=self.count,
            failures=self.failures,
            start=self.start,
            end=self.end,
            mean=self.sum / self.told if self.told else None,
            largest=self.largest if self.told else None,
            flags=dict(sorted(flags.items())),
            maps=maps,
            bot_difficulties=bots,
        )


def _hits(view: View, rows: Rows) -> Iterator[Iterable[Hit]]:
    yield map(Hit, repeat(view), range(view.rows) if rows is None else rows.tolist())


def _checked(name: str, value: object, least: float | None = None) -> float:
    """A number that a caller gave."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise invalid_field(name, value, "must be a finite number")
    if least is not None and value < least:
        raise invalid_field(name, value, f"must be at least {least:g}")
    return float(value)


def _listed(view: View, name: str, rows: Numbers) -> Iterable[Any]:
    """A column's values for some records, or what stands at a way into them."""
    if not is_way(name):
        return view.listed(ALIASES.get(name, name), rows)
    values, which = standing(view, name, rows)
    return repeat(values[0], len(rows)) if which is None else map(values.__getitem__, which.tolist())


def _different(view: View, name: str, rows: Rows) -> tuple[Sequence[Any], Numbers]:
    """The different values of a column of texts or lists in some records, and which of them each record has."""
    column = view.column(name)
    if column is None:
        return [None], np.zeros(view.count(rows), np.int64)
    return view.different(column, rows)


def _numbers(view: View, name: str, rows: Rows) -> Numbers:
    if is_way(name):
        return _numbers_at(view, name, rows)
    name, length = ALIASES.get(name, name), view.count(rows)
    if name in COMPUTED:
        return view.computed(name, view.each(rows)).astype(float)
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


def _numbers_at(view: View, way: str, rows: Rows) -> Numbers:
    values, which = standing(view, way, rows)
    for value in values:
        if not isinstance(value, int | float | None):
            raise invalid_field("column", way, f"holds {value!r:.40}, which is no number")
    found = np.array([math.nan if value is None else value for value in values], float)
    return np.full(view.count(rows), found[0]) if which is None else found[which]
