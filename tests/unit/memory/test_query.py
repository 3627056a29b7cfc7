"""Filters and what is made of the records found: each answer beside one that is computed the plain way."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.errors import HansardError
from hansard.memory import filters
from hansard.memory.memory import Memory
from hansard.memory.pulse import Record
from hansard.memory.schema_map import MapSettings, composite
from tests.unit.memory.kit import EXAMPLE, filled, left, plain, records

ROWS = records(2600, seed=21)
for _place, _row in enumerate(ROWS):  # something is missing here and there
    if _place % 7 == 0:
        del _row["context"]["session"]["mode_name"]
    if _place % 5 == 0:
        del _row["error_metrics"]["operators"]["AIM_DAMPING"]


@pytest.fixture(scope="module", params=["closed", "open", "many"])
def memory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same records in a closed segment, in an open one, and in many of which the last is open."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "closed":
        filled(folder, ROWS, 100)
    elif request.param == "open":
        left(folder, ROWS, 100)
    else:
        left(folder, ROWS, 100, segment_bytes=200_000)
    with Memory.read(folder) as opened:
        yield opened


def session(row: Record, name: str) -> Any:
    """A field of a record's session."""
    return row["context"]["session"].get(name)


def is_human(row: Record) -> Any:
    """Whether no bot played."""
    return row["context"]["flags"]["is_human"]


CASES: list[tuple[str, Any]] = [
    ("", lambda r: True),
    ("success == false", lambda r: not r["success"]),
    ("not success", lambda r: not r["success"]),
    ("eomm_score > 0.4", lambda r: r["error_metrics"]["eomm_score"] > 0.4),
    ("eomm_score <= 0.25 or eomm_score >= 0.5", lambda r: not 0.25 < r["error_metrics"]["eomm_score"] < 0.5),
    ('map_name == "Rust"', lambda r: session(r, "map_name") == "Rust"),
    ('map_name != "Rust"', lambda r: session(r, "map_name") != "Rust"),
    ("map_name in ['Rust', 'Terminal', null]", lambda r: session(r, "map_name") in ("Rust", "Terminal")),
    ('map_name not in ["Rust"]', lambda r: session(r, "map_name") != "Rust"),
    ('map_name < "S"', lambda r: session(r, "map_name") < "S"),
    ("bot_difficulty == null", lambda r: session(r, "bot_difficulty") is None),
    ("mode_name == null", lambda r: session(r, "mode_name") is None),
    ('mode_name != "TDM"', lambda r: session(r, "mode_name") != "TDM"),
    ('flags has "INSTA_MELT"', lambda r: "INSTA_MELT" in r["error_metrics"]["flags"]),
    ('not flags has "INSTA_MELT"', lambda r: "INSTA_MELT" not in r["error_metrics"]["flags"]),
    ("operators.AIM_DAMPING > 0.4", lambda r: r["error_metrics"]["operators"].get("AIM_DAMPING", 0) > 0.4),
    ("operators.AIM_DAMPING == null", lambda r: "AIM_DAMPING" not in r["error_metrics"]["operators"]),
    ("operators.AIM_DAMPING != 2", lambda r: True),
    ("is_human", lambda r: r["context"]["flags"]["is_human"]),
    ("is_human != true", lambda r: not r["context"]["flags"]["is_human"]),
    ("color_count in [8, 15]", lambda r: r["color_count"] in (8, 15)),
    ("color_count == 9.0", lambda r: r["color_count"] == 9),
    ("color_count == '9'", lambda r: False),
    ("params.schema_version == 1 and eomm_score > 0.45", lambda r: r["error_metrics"]["eomm_score"] > 0.45),
    ("params.schema_version == 2", lambda r: False),
    ("context.telemetry.cpu_usage_pct > 90", lambda r: r["context"]["telemetry"]["cpu_usage_pct"] > 90),
    ("context.telemetry.baseline.ttk_var < 900", lambda r: r["context"]["telemetry"]["baseline.ttk_var"] < 900),
    ("context.session.generated", lambda r: True),
    ("session == 'S00000' and not (success and is_human)", lambda r: not (r["success"] and is_human(r))),
    ('time >= "2024-12-02T17:30:00Z"', lambda r: r["timestamp"] >= 1733160600.0),
    ("timestamp < 1733160004.5", lambda r: r["timestamp"] < 1733160004.5),
    (f"eomm_score in [{10**400}, 0.62, -{10**400}]", lambda r: r["error_metrics"]["eomm_score"] == 0.62),
    (f"eomm_score != {10**400} and timestamp not in [{10**400}]", lambda r: True),
    (f"eomm_score < {'9' * 5000} and seq < {10**400} and seq > -{10**30}", lambda r: True),
    (f"seq in [{10**400}] or color_count >= {10**30}", lambda r: False),
    ("success == null", lambda r: False),
    ("success == 1", lambda r: False),
    ("success in [true, null]", lambda r: r["success"]),
    ("grid_shape_in has 1080", lambda r: True),
    ("failure_reason == 'eomm_above_threshold'", lambda r: not r["success"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "holds"), CASES, ids=[text[:80] or "everything" for text, _ in CASES])
def test_a_filter_finds_what_a_loop_finds(memory: Memory, text: str, holds: Any) -> None:
    """Each filter, in each state of a log, finds exactly the records for which it holds when they are looped over."""
    expected = [number for number, row in enumerate(ROWS) if holds(row)]
    query = memory.query(text)
    assert query.count() == len(expected)
    assert query.column("seq") == expected
    assert [hit.seq for hit in query] == expected
    assert [row.seq for row in query.take(3)] == expected[:3]
    assert [plain(row) for row in query.records()] == [ROWS[number] for number in expected]


def test_places_are_columns(memory: Memory) -> None:
    """seq, pulse and worker filter like columns."""
    assert memory.query("seq >= 2590").column("seq") == list(range(2590, 2600))
    assert memory.query("pulse == 3").column("seq") == list(range(200, 300))
    assert memory.query("pulse in [1, 26] and worker == 0 and seq != 5").count() == 199
    assert memory.query("worker > 0").count() == 0


COMPARISONS = st.sampled_from([text for text, _ in CASES if text and "not" not in text.split()])


@st.composite
def sentences(draw: st.DrawFn, depth: int = 3) -> str:
    """A filter put together of others."""
    if depth == 0 or draw(st.booleans()):
        return f"({draw(COMPARISONS)})"
    kind = draw(st.sampled_from(["and", "or", "not"]))
    if kind == "not":
        return f"not {draw(sentences(depth=depth - 1))}"
    parts = draw(st.lists(sentences(depth=depth - 1), min_size=2, max_size=3))
    return "(" + f" {kind} ".join(parts) + ")"


@given(text=sentences())
def test_and_or_and_not_are_those_of_sets(memory: Memory, text: str) -> None:
    """However comparisons are combined, the rows are those that the plain sets give."""
    known = {case: frozenset(n for n, row in enumerate(ROWS) if holds(row)) for case, holds in CASES}
    everything = frozenset(range(len(ROWS)))

    def plainly(found: filters.Filter | None, at: str) -> frozenset[int]:
        if isinstance(found, filters.And):
            return frozenset.intersection(*[plainly(part, at) for part in found.parts])
        if isinstance(found, filters.Or):
            return frozenset.union(*[plainly(part, at) for part in found.parts])
        if isinstance(found, filters.Not):
            return everything - plainly(found.inner, at)
        assert found is not None
        return by_node[found.name, found.sign, found.value]

    by_node = {}
    for case, rows in known.items():
        parsed = filters.parse(case)
        if isinstance(parsed, filters.Compare):
            by_node[parsed.name, parsed.sign, parsed.value] = rows
    missing = [c for c in filters.names_in(filters.parse(text)) if (c.name, c.sign, c.value) not in by_node]
    for compare in missing:  # parts of a case that is itself put together
        rows = frozenset(memory.query(filters.Compare(compare.name, compare.sign, compare.value)).column("seq"))
        by_node[compare.name, compare.sign, compare.value] = rows
    assert frozenset(memory.query(text).column("seq")) == plainly(filters.parse(text), text)


@pytest.mark.parametrize(
    ("text", "position", "why"),
    [
        ("eomm_score >", 12, "needs a value"), ("eomm_score = 1", 11, "unknown"), ("a b", 2, "goes on"),
        ("(success", 8, "lacks a ')'"), ("x in 3", 5, "needs a '['"), ("x in [1, 2", 10, "lacks a ']'"),
        ("x not 3", 6, "needs 'in'"), ("and", 0, "needs the name"), ("== 3", 0, "needs the name"),
        ('time > "soon"', 7, "no ISO 8601"), ("success # 1", 8, "unknown"), ('a == "x', 5, "unknown"),
        ("success == yes", 11, "needs a value"), ("a == 12abc", 5, "unknown"), ("not", 3, "needs the name"),
        ('a == "\\q"', 5, "wrong escape"), ("(" * 100 + "a" + ")" * 100, 64, "nested deeper"),
    ],
)  # fmt: skip
def test_a_filter_that_says_nothing_is_refused_with_its_place(text: str, position: int, why: str) -> None:
    """The refusal names the character and what was expected there."""
    with pytest.raises(HansardError) as refused:
        filters.parse(text)
    assert refused.value.code == "filter_invalid"
    assert why in refused.value.message
    assert refused.value.context == {"position": position}


@given(st.text())
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    """Whatever is typed: a filter, or ``filter_invalid``; never another error."""
    try:
        filters.parse(text)
    except HansardError as refused:
        if refused.code != "filter_invalid":
            raise


def test_a_mistyped_name_is_told_and_not_quietly_empty(memory: Memory) -> None:
    """A column that no record has is refused with the nearest name."""
    with pytest.raises(HansardError) as refused:
        memory.query('map_nme == "Rust"')
    assert refused.value.suggestion == "Did you mean 'map_name'?"
    with pytest.raises(HansardError) as unknown:
        memory.query().column("eomm")
    assert unknown.value.code == "column_unknown"


def test_a_hit_tells_columns_without_reading_the_record(memory: Memory) -> None:
    """A record that was found gives its columns at once and itself when asked."""
    hit = memory.query("seq == 1234").hits()[0]
    assert (hit.seq, hit.worker_id, hit.timestamp) == (1234, 0, ROWS[1234]["timestamp"])
    assert hit["eomm_score"] == ROWS[1234]["error_metrics"]["eomm_score"]
    assert plain(hit.record) == ROWS[1234]


def test_statistics_are_those_of_the_numbers(memory: Memory) -> None:
    """Mean, sample variance, extremes and median of a column, with what is missing apart."""
    found = memory.query().statistics("operators.AIM_DAMPING")
    numbers = [s for row in ROWS if (s := row["error_metrics"]["operators"].get("AIM_DAMPING")) is not None]
    assert (found.count, found.missing) == (len(numbers), len(ROWS) - len(numbers))
    assert found.mean == pytest.approx(statistics.fmean(numbers))
    assert found.variance == pytest.approx(statistics.variance(numbers))
    assert (found.smallest, found.largest) == (min(numbers), max(numbers))
    assert found.median == pytest.approx(statistics.median(numbers))
    nothing = memory.query("worker == 9").statistics()
    assert (nothing.count, nothing.mean) == (0, None)
    with pytest.raises(HansardError) as refused:
        memory.query().statistics("map_name")
    assert refused.value.code == "invalid_field"


def test_scores_are_compared_with_their_composite(memory: Memory) -> None:
    """The gap is the largest distance between a score and the weighted mean of the operators that are there."""
    for weights in ({}, {"INSTA_MELT": 3.0, "SPAWN_BIAS": 0.0}):
        settings = MapSettings(operator_weights=weights)
        gaps = []
        for row in ROWS:
            whole = composite(row["error_metrics"]["operators"], settings)
            assert whole is not None
            gaps.append(abs(whole - row["error_metrics"]["eomm_score"]))
        assert memory.query().composite_gap(weights) == pytest.approx(max(gaps))
    assert memory.query("worker == 9").composite_gap({}) is None


def test_a_series_covers_time_without_gaps(memory: Memory) -> None:
    """Stretches follow each other, hold every record once, and tell the mean of theirs."""
    series = memory.query("eomm_score > 0.35").series(seconds=30)
    scores = [(r["timestamp"], s) for r in ROWS if (s := r["error_metrics"]["eomm_score"]) > 0.35]
    assert sum(each.count for each in series) == len(scores)
    assert all(a.end == b.start for a, b in pairwise(series))
    for each in series:
        inside = [score for time, score in scores if each.start <= time < each.end]
        assert each.count == len(inside)
        assert each.mean == (pytest.approx(statistics.fmean(inside)) if inside else None)
        assert (each.smallest, each.largest) == ((min(inside), max(inside)) if inside else (None, None))
    for seconds in (0, 1e-300, 1e-9, 0.001, math.nan, math.inf):
        with pytest.raises(HansardError) as refused:
            memory.query().series(seconds=seconds)
        assert refused.value.field == "seconds"
    assert memory.query("worker == 9").series() == []


@pytest.mark.parametrize("time", [1e308, -1e308, 0.0])
def test_a_series_of_any_time_is_told_or_refused(tmp_path: Path, time: float) -> None:
    """Times that no calendar has are refused where they are not whole stretches that can be counted."""
    with Memory.open(tmp_path) as memory:
        memory.append({**EXAMPLE, "ts_start": time, "ts_end": time})
        memory.flush()
        if time:
            with pytest.raises(HansardError):
                memory.query().series(seconds=1)
        else:
            [one] = memory.query().series(seconds=1)
            assert (one.start, one.count) == (0.0, 1)


@pytest.mark.parametrize("name", ["", "x", "#", "#ends", "n:eomm_score", "x:y", "\U00081e5b", "eomm score"])
def test_a_name_of_no_column_is_refused_however_short(memory: Memory, name: str) -> None:
    """Whatever is asked for, twice over, is refused with the columns that there are; inner names are none of them."""
    for _ in range(2):
        for asked in (lambda: memory.query().statistics(name), lambda: memory.query().columns("seq", name)):
            with pytest.raises(HansardError) as refused:
                asked()
            assert refused.value.code == "column_unknown"
            options = refused.value.valid_options or ()
            assert "eomm_score" in options
            assert name not in options
            assert not [option for option in options if option.startswith("#") or ":" in option]


def test_duckdb_asks_the_table(memory: Memory) -> None:
    """SQL over the Arrow table finds what a filter finds."""
    duckdb = pytest.importorskip("duckdb")
    table = memory.query().arrow()
    relation = duckdb.from_arrow(table).filter("NOT success AND map_name = 'Rust'")
    [(count, largest)] = relation.aggregate("count(*), max(eomm_score)").fetchall()
    found = memory.query('not success and map_name == "Rust"')
    assert (count, largest) == (found.count(), found.statistics().largest)


def test_bursts_are_runs_in_time(tmp_path: Path) -> None:
    """Records above a threshold belong together while no gap is too long; runs that are too short are none."""
    times = [0, 1, 2, 3, 10, 11, 20, 21, 22, 23.9, 30]
    scores = [0.9, 0.2, 0.8, 0.7, 0.9, 0.9, 0.6, 0.95, 0.7, 0.8, 0.99]
    rows = []
    for time, score, row in zip(times, scores, ROWS, strict=False):
        metrics = {**row["error_metrics"], "eomm_score": score}
        rows.append({**row, "timestamp": float(time), "error_metrics": metrics})
    filled(tmp_path, rows)
    with Memory.read(tmp_path) as opened:
        bursts = opened.query().bursts(threshold=0.6, min_length=3, max_gap=2)
    assert [(b.start, b.end, b.count) for b in bursts] == [(0, 3, 3), (21, 23.9, 3)]
    assert bursts[0].largest == 0.9
    assert bursts[1].mean == pytest.approx((0.95 + 0.7 + 0.8) / 3)


def test_flags_and_sessions_are_summed_up(memory: Memory) -> None:
    """How often each flag occurs, and what each session came to."""
    flags = Counter(flag for row in ROWS for flag in row["error_metrics"]["flags"])
    assert memory.query().flag_frequency() == dict(flags)
    assert list(memory.query().flag_frequency().values()) == sorted(flags.values(), reverse=True)
    [summary] = memory.query().sessions()
    assert (summary.session_id, summary.count) == ("S00000", 2600)
    assert summary.failures == sum(not row["success"] for row in ROWS)
    assert summary.flags == dict(flags)
    assert summary.mean == pytest.approx(statistics.fmean(r["error_metrics"]["eomm_score"] for r in ROWS))


def test_arrow_has_every_column(memory: Memory) -> None:
    """An Arrow table holds the same values; numbers of a closed segment are the file's own bytes."""
    pytest.importorskip("pyarrow")
    query = memory.query('map_name != "Rust"')
    table = query.arrow(blobs=True)
    assert table.num_rows == query.count()
    for name in ("seq", "success", "eomm_score", "map_name", "bot_difficulty", "operators.AIM_DAMPING", "mode_name"):
        assert table[name].to_pylist() == query.column(name), name
    assert table["flags"].to_pylist() == [list(flags) for flags in query.column("flags")]
    assert table["grid_shape_in"][0].as_py() == [1080, 1920]
    assert len(table["params"][0].as_py()) > 50
    assert memory.query("worker == 9").arrow().num_rows == 0
    whole = memory.query().arrow()
    assert whole["timestamp"].to_pylist() == [row["timestamp"] for row in ROWS]
