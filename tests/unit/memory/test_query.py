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
from hansard.memory.generator import windows
from hansard.memory.memory import Memory
from hansard.memory.pulse import Record
from hansard.memory.query import HELD
from hansard.memory.schema_map import MapSettings, composite
from tests.unit.memory.kit import EXAMPLE, filled, left, plain, records

ROWS = records(2600, seed=21)
for _place, _row in enumerate(ROWS):  # something is missing here and there
    if _place % 7 == 0:
        del _row["context"]["session"]["mode_name"]
    if _place % 5 == 0:
        del _row["error_metrics"]["operators"]["AIM_DAMPING"]


@pytest.fixture(scope="module", params=["closed", "open", "many", "more than are held"])
def memory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same records in a closed segment, in an open one, and in many of which the last is open."""
    folder = tmp_path_factory.mktemp("memory")
    if request.param == "closed":
        filled(folder, ROWS, 100)
    elif request.param == "open":
        left(folder, ROWS, 100)
    elif request.param == "many":
        left(folder, ROWS, 100, segment_bytes=200_000)
    else:
        left(folder, ROWS, 100, segment_bytes=20_000)
        assert len(list(folder.glob("*/*.seg"))) > HELD
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
    ("params.schema_version == 1 and eomm_score > 0.45", lambda r: r["error_metrics"]["eomm_score"] > 0.45),
    ("params.schema_version == 2", lambda r: False),
    ("context.telemetry.cpu_usage_pct > 90", lambda r: r["context"]["telemetry"]["cpu_usage_pct"] > 90),
    ("context.telemetry.baseline.ttk_var < 900", lambda r: r["context"]["telemetry"]["baseline.ttk_var"] < 900),
    ("context.session.generated", lambda r: True),
    ("context.telemetry.typo > 1", lambda r: False),
    ("context.telemetry.cpu_usage_pct > '90'", lambda r: False),
    ("not context.session.typo has 3", lambda r: True),
    ("session == 'S00000' and not (success and is_human)", lambda r: not (r["success"] and is_human(r))),
    ('time >= "2024-12-02T17:30:00Z"', lambda r: r["timestamp"] >= 1733160600.0),
    ("timestamp < 1733160004.5", lambda r: r["timestamp"] < 1733160004.5),
    (f"eomm_score in [{10**400}, 0.62, -{10**400}]", lambda r: r["error_metrics"]["eomm_score"] == 0.62),
    (f"eomm_score != {10**400} and seq not in [{10**400}]", lambda r: True),
    (f"eomm_score < {'9' * 5000} and seq < {10**400} and seq > -{10**30}", lambda r: True),
    (f"seq in [{10**400}] or color_count >= {10**30}", lambda r: False),
    ("success == null", lambda r: False),
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
    missing = [c for c in filters.comparisons(filters.parse(text)) if (c.name, c.sign, c.value) not in by_node]
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
        ("context" + ".a" * 32, 0, "a way of more than 32 names"),
    ],
)  # fmt: skip
def test_a_filter_that_says_nothing_is_refused_with_its_place(text: str, position: int, why: str) -> None:
    """The refusal names the character and what was expected there."""
    with pytest.raises(HansardError) as refused:
        filters.parse(text)
    assert refused.value.code == "filter_invalid"
    assert why in refused.value.message
    assert refused.value.context == {"position": position}


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("success && is_human", "Write 'and'"), ("success || is_human", "Write 'or'"), ("!success", "Write 'not'"),
        ("NOT success", "Write 'not' for 'NOT'"), ("success AND is_human", "Write 'and' for 'AND'"),
        ("success == True", "Write 'true' for 'True'"), ("0.5 < eomm_score", "Begin with the name: eomm_score > 0.5"),
        ("time > 1733160000000", "milliseconds: divide by 1,000"), ("time in [1e30]", "seconds since 1970"),
    ],
)  # fmt: skip
def test_what_other_languages_write_is_answered_with_how_it_is_written_here(text: str, remedy: str) -> None:
    """Signs and words of theirs, a value before its name, a time that is none."""
    with pytest.raises(HansardError) as refused:
        filters.parse(text)
    assert remedy in (refused.value.suggestion or "")


@given(st.text())
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    """Whatever is typed: a filter, or ``filter_invalid``; never another error."""
    try:
        filters.parse(text)
    except HansardError as refused:
        if refused.code != "filter_invalid":
            raise


def test_a_mistyped_name_is_told_and_not_quietly_empty(memory: Memory) -> None:
    """A column that no record has is refused with the nearest name; columns are named as they are documented."""
    with pytest.raises(HansardError) as refused:
        memory.query('map_nme == "Rust"')
    assert refused.value.suggestion == "Did you mean 'map_name'?"
    with pytest.raises(HansardError) as unknown:
        memory.query().column("eomm")
    assert unknown.value.code == "column_unknown"
    assert {"time", "pulse", "worker", "session_id"} < set(unknown.value.valid_options or ())
    assert not {"timestamp", "pulse_id", "worker_id"} & set(unknown.value.valid_options or ())


@pytest.mark.parametrize(
    ("text", "held", "remedy"),
    [
        ('success == "false"', "true or false", "success == false"), ("success == 1", "true or false", "quotes"),
        ('eomm_score == "0.9"', "numbers", "without quotes"), ("color_count == '9'", "numbers", "without quotes"),
        ("map_name == 3", "texts", 'map_name == "'), ("map_name in ['Rust', 3]", "texts", 'map_name == "'),
        ("flags has 3", "lists of texts", 'flags has "'), ("map_name has 'Rust'", "texts", 'map_name == "'),
        ('flags == "INSTA_MELT"', "lists of texts", 'flags has "'), ("grid_shape_in has '1080'", "numbers", "has 1"),
        ("eomm_score", "numbers", "eomm_score > 0.5"), ("not map_name", "texts", "map_name"),
        ("worker == true", "numbers", "worker > 0.5"), ("seq > '3'", "numbers", ""),
        ("success and bot_difficulty != 1", "texts", "bot_difficulty =="),
    ],
)  # fmt: skip
def test_a_value_that_a_column_never_holds_is_refused(memory: Memory, text: str, held: str, remedy: str) -> None:
    """It would find nothing, or everything, without a word: the column, what it holds and how to ask are told."""
    with pytest.raises(HansardError) as refused:
        memory.query(text)
    assert refused.value.code == "filter_invalid"
    assert held in refused.value.message
    assert remedy in (refused.value.suggestion or "")


@pytest.mark.parametrize("text", ["success < true", "eomm_score >= null", "map_name > false"])
def test_what_has_no_order_is_not_compared_by_it(text: str) -> None:
    """Neither true and false nor nothing are less than anything."""
    with pytest.raises(HansardError) as refused:
        filters.parse(text)
    assert "needs a number or a text" in refused.value.message


def test_a_column_of_which_nothing_is_known_is_compared_with_anything(tmp_path: Path) -> None:
    """Where every record has nothing, or an empty list, no value can be wrong."""
    row = ROWS[1]
    inner = {**row["context"]["session"], "bot_difficulty": None, "mode_name": None}
    metrics = {**row["error_metrics"], "flags": []}
    filled(tmp_path, [{**row, "context": {**row["context"], "session": inner}, "error_metrics": metrics}] * 3)
    with Memory.read(tmp_path) as opened:
        for text in ("bot_difficulty == 3", "mode_name == 'TDM'", "flags has 'X'", "flags has 3", "mode_name has 'x'"):
            assert opened.query(text).count() == 0
        with pytest.raises(HansardError):
            opened.query("flags == 'X'")


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("context.telemetry.typo > 1", ["nothing stands at 'context.telemetry.typo'"]),
        ("params.typo == 1 or params.schema_version == 1", ["nothing stands at 'params.typo'"]),
        ("context.telemetry.cpu_usage_pct > '90'",
         ["'context.telemetry.cpu_usage_pct' holds numbers, compared with \"90\""]),
        ("context.session.source in ['live', 3]", ["'context.session.source' holds texts, compared with 3"]),
        ("context.telemetry.cpu_usage_pct > 90", []), ("context.session.generated", []), ("params.typo == null", []),
        ("seq < 0 and context.telemetry.typo > 1", []),
    ],
)  # fmt: skip
def test_a_way_at_which_nothing_stands_is_told(memory: Memory, text: str, notes: list[str]) -> None:
    """Records are unlike: a way is no fault of the filter, and what was not found in those looked at is said beside."""
    assert [note.removesuffix(" in any record that was looked at") for note in memory.query(text).notes()] == notes


def test_ways_are_picked_like_columns(memory: Memory) -> None:
    """What stands at a way into records, shared or their own, is given wherever a column is, and summed up."""
    cpu, version = "context.telemetry.cpu_usage_pct", "params.schema_version"
    rows = [n for n, row in enumerate(ROWS) if session(row, "map_name") != "Rust"]
    expected = [ROWS[n]["context"]["telemetry"]["cpu_usage_pct"] for n in rows]
    query = memory.query('map_name != "Rust"')
    assert query.columns(cpu, version, "params.typo") == {
        cpu: expected, version: [1] * len(rows), "params.typo": [None] * len(rows)
    }  # fmt: skip
    assert list(query.picked("seq", cpu, "mode_name")) == [
        (n, each, session(ROWS[n], "mode_name")) for n, each in zip(rows, expected, strict=True)
    ]
    assert query.hits()[3][cpu] == expected[3]
    assert query.statistics(cpu).mean == pytest.approx(statistics.fmean(expected))
    assert query.sessions(cpu)[0].largest == max(expected)
    assert sum(burst.count for burst in query.bursts(cpu, threshold=90, min_length=1)) == sum(n > 90 for n in expected)
    assert query.statistics("params.typo").count == 0
    with pytest.raises(HansardError) as refused:
        query.statistics("context.session.map_name")
    assert refused.value.field == "column"


def test_arguments_of_other_types_are_refused_by_name(memory: Memory) -> None:
    """A number where a column's name belongs, a text for a number: the argument and what it should be are told."""
    query: Any = memory.query()
    ask: Any = memory.query
    asked: dict[str, Any] = {
        "column": [
            lambda: query.series(60), lambda: query.statistics(3), lambda: query.numbers(None),
            lambda: query.columns("seq", 4), lambda: query.bursts(0.5, threshold=1), lambda: query.sessions(1),
        ],
        "seconds": [lambda: query.series(seconds="60"), lambda: query.series(seconds=None)],
        "threshold": [lambda: query.bursts(threshold="high"), lambda: query.bursts(threshold=math.nan)],
        "min_length": [lambda: query.bursts(threshold=0.5, min_length=0)],
        "max_gap": [lambda: query.bursts(threshold=0.5, max_gap=-1), lambda: query.bursts(threshold=0, max_gap=True)],
        "count": [lambda: query.take("3"), lambda: query.take(-1)],
        "filter": [lambda: ask(5), lambda: ask(["success"])],
    }  # fmt: skip
    for field, calls in asked.items():
        for call in calls:
            with pytest.raises(HansardError) as refused:
                call()
            assert (refused.value.code, refused.value.field) == ("invalid_field", field)


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
    assert found.p95 == pytest.approx(statistics.quantiles(numbers, n=20, method="inclusive")[-1])
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
    filled(tmp_path, [{**ROWS[0], "timestamp": time}])
    with Memory.read(tmp_path) as memory:
        if time:
            with pytest.raises(HansardError) as refused:
                memory.query().series(seconds=1)
            assert f"from {time:.10g} to {time:.10g} seconds" in refused.value.message
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


def test_what_is_summed_up_by_itself_is_what_records_have(tmp_path: Path) -> None:
    """Scores where there are any, else latencies of calls; sums go over records of several forms and segments."""
    calls = [
        {"ts_start": 1733160000.0 + n, "outcome": "ok", "provider": "p", "model": "m", "latency_ms": 10.0 * n}
        for n in range(300)
    ]
    with Memory.open(tmp_path, segment_bytes=60_000) as memory:
        memory.ingest(calls, "model_call")
        assert memory.query().measure() == "latency_ms"
        assert memory.query().statistics().largest == 2990
        assert memory.query().series(seconds=60)[0].count == 60
        memory.ingest(windows(700, 3))
        query = memory.query()
        assert query.measure() == "eomm_score"
        assert memory.query("latency_ms >= 0").measure() == "latency_ms"
        assert (query.statistics().count, query.statistics().missing) == (700, 300)
        assert {each.session_id: each.count for each in query.sessions()} == {None: 300, "S00000": 700}
        assert query.sessions("latency_ms")[0].largest == 2990
        assert [each.count for each in query.series("latency_ms", seconds=1e9)] == [300], "only records that have it"
        memory.append({**EXAMPLE, "ts_start": 1e9, "ts_end": 1e9})
        assert len(memory.query().series("latency_ms", seconds=60)) == 5, "whatever is years away without it"
        assert query.notes() == []
        assert memory.query("context.telemetry.cpu_usage_pct > 50 and latency_ms < 1").count() == 0


def test_flags_and_sessions_are_summed_up(memory: Memory) -> None:
    """How often each flag occurs, and what each session came to."""
    flags = Counter(flag for row in ROWS for flag in row["error_metrics"]["flags"])
    assert memory.query().flag_frequency() == dict(flags)
    assert list(memory.query().flag_frequency().values()) == sorted(flags.values(), reverse=True)
    latency = memory.query().sessions("time")[0]
    assert (latency.largest, latency.flags) == (ROWS[-1]["timestamp"], dict(flags))
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
    some = memory.query().batches("time", "map_name", limit=1001).table()
    assert (some.column_names, some.num_rows) == (["time", "map_name"], 1001)
    assert some["time"].to_pylist() == [row["timestamp"] for row in ROWS[:1001]]
    with pytest.raises(HansardError):
        memory.query().arrow("context.telemetry.cpu_usage_pct")
    whole = memory.query().arrow()
    assert whole["timestamp"].to_pylist() == [row["timestamp"] for row in ROWS]
