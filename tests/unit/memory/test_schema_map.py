"""The specification's audit checklist, item by item, and what the map does with what the specification leaves open."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.errors import HansardError
from hansard.memory.schema_map import (
    FAILURES,
    MAPS,
    OUTCOMES,
    REQUIRED,
    TIME_END,
    MapSettings,
    composite,
    model_call,
    truevision_window,
)
from tests.unit.memory.kit import EXAMPLE, SETTINGS, records

GOLDEN = Path(__file__).parents[2] / "golden" / "memory"


def window(**changes: Any) -> dict[str, Any]:
    """The example with other values."""
    return {**copy.deepcopy(EXAMPLE), **changes}


def faults(given: object) -> dict[str | None, str]:
    """Every fault of a refused window: field → code."""
    with pytest.raises(HansardError) as refused:
        truevision_window(given, SETTINGS)
    assert refused.value.code == "window_refused"
    return {fault.field: fault.code for fault in refused.value.errors}


class TestAuditChecklist:
    """Section 5 of the specification, in its order."""

    def test_window_validation_all_required_fields_present(self) -> None:
        """A window that lacks required fields is refused, and every one of them is named."""
        for name in REQUIRED:
            assert faults({key: value for key, value in window().items() if key != name}) == {name: "missing_field"}
        assert set(faults({})) == set(REQUIRED)

    @pytest.mark.parametrize("shape", [[], [1080], [1080, 1920, 3], "hw", 12, None, {"h": 1, "w": 2}])
    def test_grid_shape_is_exactly_2_elements(self, shape: object) -> None:
        """Anything but two sides is refused."""
        assert faults(window(grid_shape=shape)) == {"grid_shape": "invalid_field"}

    def test_train_pair_indices_is_always_0_for_truevision(self) -> None:
        """Every record has train_pair_indices [0]."""
        assert all(record["train_pair_indices"] == [0] for record in records(50))

    @pytest.mark.parametrize(("score", "success"), [(0.49, True), (0.5, True), (0.5000001, False), (1.0, False)])
    def test_success_is_derived_from_the_threshold(self, score: float, success: bool) -> None:
        """A score up to the threshold, itself included, is a success; the threshold is a setting."""
        assert truevision_window(window(eomm_score=score), SETTINGS)["success"] is success
        strict = MapSettings(eomm_threshold=0.1)
        assert truevision_window(window(eomm_score=score), strict)["success"] is False
        assert truevision_window(window(eomm_score=score), strict)["params"]["eomm_threshold"] == 0.1

    @pytest.mark.parametrize(("score", "reason"), [(0.2, None), (0.62, "eomm_above_threshold")])
    def test_failure_reason_is_set_by_success(self, score: float, reason: str | None) -> None:
        """A failure says why, a success nothing."""
        assert truevision_window(window(eomm_score=score), SETTINGS)["failure_reason"] == reason

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, "0.9", None, True, [0.9], {"x": 0.9}, 2**70])
    def test_error_metrics_contains_only_serializable_numeric_values(self, bad: object) -> None:
        """A score that is no finite number is refused, as an operator's and as the composite."""
        assert faults(window(operator_scores={"A": bad})) == {"operator_scores.A": "invalid_field"}
        assert faults(window(eomm_score=bad)) == {"eomm_score": "invalid_field"}
        metrics = truevision_window(window(), SETTINGS)["error_metrics"]
        assert metrics == {"eomm_score": 0.62, "operators": EXAMPLE["operator_scores"], "flags": ["INSTA_MELT"]}

    def test_params_contains_no_live_telemetry(self) -> None:
        """Params are exactly the specification's keys; no name of the telemetry is among them."""
        given = window(telemetry={"render_time": 1.0, "x": 2}, fps=60)
        params = truevision_window(given, SETTINGS)["params"]
        assert list(params) == [
            "schema_version", "window_duration_ms", "grid_shape", "grid_color_count", "eomm_threshold",
            "engine_version", "compositor_version", "operator_set", "render_scale", "capture_source", "roi",
        ]  # fmt: skip

    def test_context_contains_all_session_telemetry_and_flags(self) -> None:
        """Everything of session and telemetry is in the context, beside the flags."""
        context = truevision_window(window(), SETTINGS)["context"]
        assert list(context) == ["session", "telemetry", "flags"]
        assert context["session"] == EXAMPLE["session_context"]
        assert context["telemetry"].items() >= EXAMPLE["telemetry"].items()
        assert context["flags"]["operator_flags"] == ["INSTA_MELT"]

    def test_schema_version_is_1_in_params(self) -> None:
        """Records of every map carry the version that queries branch on."""
        assert all(record["params"]["schema_version"] == 1 for record in records(5))
        assert model_call(CALL, SETTINGS)["params"]["schema_version"] == 1

    def test_all_string_refs_are_stable_constants(self) -> None:
        """The names that filters go by are the same for every window; the transform is a setting."""
        names = {(r["task_id"], r["engine_id"], r["transform_id"]) for r in records(50)}
        assert names == {("truevision_window", "truevision_v2", "eomm_compositor_v2.0.0")}
        other = MapSettings(transform_id="eomm_compositor_v3")
        assert truevision_window(window(), other)["transform_id"] == "eomm_compositor_v3"

    def test_timestamp_uses_ts_start(self) -> None:
        """A record's time is the window's beginning."""
        assert truevision_window(window(), SETTINGS)["timestamp"] == EXAMPLE["ts_start"]

    def test_grid_shape_in_is_grid_shape_out(self) -> None:
        """Nothing is reshaped."""
        record = truevision_window(window(grid_shape=[7, 300]), SETTINGS)
        assert record["grid_shape_in"] == record["grid_shape_out"] == (7, 300)

    @pytest.mark.parametrize("bad", [{1, 2}, object(), b"x", 1j, "\ud800"])
    def test_all_blobs_are_messagepack_safe(self, bad: object) -> None:
        """What MessagePack cannot carry is refused wherever it stands; what is taken can be encoded."""
        assert faults(window(telemetry={"x": bad})) == {"telemetry.x": "invalid_field"}
        assert faults(window(session_context={"x": {"y": bad}})) == {"session_context.x.y": "invalid_field"}
        assert faults(window(own=bad)) == {"window.own": "invalid_field"}
        record = truevision_window(window(), SETTINGS)
        for blob in ("error_metrics", "params", "context"):
            assert msgspec.msgpack.decode(msgspec.msgpack.encode(record[blob])) == record[blob]

    @pytest.mark.parametrize("source", ["live", "vod", "benchmark", "other", None])
    @pytest.mark.parametrize("bot", ["casual", None])
    def test_flags_are_computed_from_the_session(self, source: str | None, bot: str | None) -> None:
        """Baseline bot: live or vod with a difficulty; human: without one; benchmark: by source."""
        given = window(session_context={"source": source, "bot_difficulty": bot})
        flags = truevision_window(given, SETTINGS)["context"]["flags"]
        assert flags["is_baseline_bot"] is (source in ("live", "vod") and bot is not None)
        assert flags["is_human"] is (bot is None)
        assert flags["is_benchmark"] is (source == "benchmark")


def test_the_specifications_example_gives_the_golden_record() -> None:
    """Section 4's window gives the record that lies beside it, to the last bit of float64."""
    golden = json.loads((GOLDEN / "record.json").read_text(encoding="utf-8"))
    record = truevision_window(window(), SETTINGS)
    assert json.loads(json.dumps(record)) == golden
    assert math.isclose(golden["params"]["window_duration_ms"], 400.0, rel_tol=1e-6)
    assert golden["params"]["window_duration_ms"] == 400.00009536743164  # what float64 makes of it


def test_every_fault_of_a_window_is_told() -> None:
    """One refusal names all that is wrong, each with its field."""
    given = window(ts_start="now", grid_shape=[1], operator_scores={3: 1.0}, session_context={"session_id": 7})
    del given["eomm_score"]
    assert faults(given) == {
        "ts_start": "invalid_field",
        "grid_shape": "invalid_field",
        "operator_scores": "invalid_field",
        "session_context.session_id": "invalid_field",
        "eomm_score": "missing_field",
    }


@pytest.mark.parametrize("given", [None, 3, "x", [], [EXAMPLE]])
def test_what_is_no_object_is_no_window(given: object) -> None:
    """Anything but a dict is refused as such."""
    assert faults(given) == {"window": "invalid_field"}


@pytest.mark.parametrize("colours", [-1, 2**32, 1.0, True, "12", None])
def test_a_number_that_does_not_fit_is_refused_and_never_wrapped(colours: object) -> None:
    """A count is a whole number below 2^32; 300 stays 300."""
    assert faults(window(grid_color_count=colours)) == {"grid_color_count": "invalid_field"}
    assert truevision_window(window(grid_color_count=300), SETTINGS)["color_count"] == 300
    assert truevision_window(window(grid_color_count=2**32 - 1), SETTINGS)["color_count"] == 2**32 - 1


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    """A negative duration is a fault of ts_end."""
    assert faults(window(ts_end=EXAMPLE["ts_start"] - 1)) == {"ts_end": "invalid_field"}


def test_unknown_fields_are_folded_in() -> None:
    """Numbers and truth values go to telemetry, the rest to the session, nested ones flattened with dots."""
    given = window(fps=60, cheat=True, patch="1.2", client={"os": "x", "cores": 8, "tags": ["a", 2]})
    context = truevision_window(given, SETTINGS)["context"]
    assert {name: context["telemetry"][name] for name in ("fps", "cheat", "client.cores", "client.tags.1")} == {
        "fps": 60,
        "cheat": True,
        "client.cores": 8,
        "client.tags.1": 2,
    }
    assert {name: context["session"][name] for name in ("patch", "client.os", "client.tags.0")} == {
        "patch": "1.2",
        "client.os": "x",
        "client.tags.0": "a",
    }


def test_a_clash_is_refused() -> None:
    """A name that flattening or folding would give twice is a fault, not a loss."""
    assert faults(window(cpu_usage_pct=1.0)) == {"telemetry.cpu_usage_pct": "invalid_field"}
    assert faults(window(telemetry={"a": {"b": 1}, "a.b": 2})) == {"telemetry.a.b": "invalid_field"}
    assert faults(window(telemetry={"baseline.ttk_mean": 1})) == {"telemetry.baseline.ttk_mean": "invalid_field"}


def test_baseline_stats_go_to_telemetry() -> None:
    """Each baseline stands under ``baseline.``; a window without them is one, too."""
    telemetry = truevision_window(window(), SETTINGS)["context"]["telemetry"]
    assert (telemetry["baseline.ttk_mean"], telemetry["baseline.ttk_var"]) == (248.0, 12.3)
    bare = window()
    del bare["baseline_stats"], bare["operator_flags"]
    record = truevision_window(bare, SETTINGS)
    assert record["context"]["telemetry"] == EXAMPLE["telemetry"]
    assert record["error_metrics"]["flags"] == record["context"]["flags"]["operator_flags"] == []


def test_a_map_changes_nothing_it_was_given() -> None:
    """The window is the same after it was mapped, and later changes to it do not reach the record."""
    given, untouched = window(extra={"a": 1}), window(extra={"a": 1})
    record = truevision_window(given, SETTINGS)
    assert given == untouched
    given["telemetry"]["cpu_usage_pct"] = given["operator_scores"]["INSTA_MELT"] = -1
    given["session_context"]["map_name"] = "Other"
    given["operator_flags"].append("X")
    again = truevision_window(untouched, SETTINGS)
    assert record == again


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*REQUIRED, "operator_flags", "baseline_stats", "own"]), JSON))
def test_any_window_is_taken_or_refused_with_faults(changes: dict[str, Any]) -> None:
    """Whatever the fields hold: a record that MessagePack carries, or faults; never another error."""
    try:
        record = truevision_window(window(**changes), SETTINGS)
    except HansardError as refused:
        if refused.code != "window_refused" or not refused.errors:
            raise
    else:
        for blob in ("error_metrics", "params", "context"):
            assert msgspec.msgpack.decode(msgspec.msgpack.encode(record[blob])) == record[blob]


def test_the_composite_is_the_weighted_mean_of_the_operators_there() -> None:
    """Σ score·weight / Σ weight, 1 for an operator without a weight of its own, within 0 and 1."""
    scores = {"INSTA_MELT": 0.9, "SPAWN_BIAS": 0.3}
    assert composite(scores, SETTINGS) == pytest.approx(0.6)
    weighted = MapSettings(operator_weights={"INSTA_MELT": 3.0, "ABSENT": 100.0})
    assert composite(scores, weighted) == pytest.approx((0.9 * 3 + 0.3) / 4)
    assert composite({"A": 7.0}, SETTINGS) == 1.0
    assert composite({"A": -7.0}, SETTINGS) == 0.0
    assert composite({}, SETTINGS) is None
    assert composite({"A": 0.5}, MapSettings(operator_weights={"A": 0.0})) is None


CALL = {"ts_start": 1733160000.0, "outcome": "ok", "provider": "openai", "model": "m-1", "latency_ms": 812.5}


def test_a_model_call_is_a_record() -> None:
    """A call that went well succeeds, another fails by its outcome; what is not known is null, never 0."""
    record = model_call({**CALL, "tokens_input": 120, "actor": "judge"}, SETTINGS)
    assert (record["success"], record["failure_reason"], record["transform_id"]) == (True, None, "m-1")
    assert record["grid_shape_in"] == record["grid_shape_out"] == (0, 0)
    assert record["error_metrics"]["tokens_input"] == 120
    assert record["error_metrics"]["cost_usd"] is None
    failed = model_call({**CALL, "outcome": "rate_limited"}, SETTINGS)
    assert (failed["success"], failed["failure_reason"]) == (False, "rate_limited")


def test_a_faulty_model_call_is_refused_with_every_fault() -> None:
    """Missing, negative and wrongly typed fields are all told."""
    with pytest.raises(HansardError) as refused:
        model_call({"ts_start": 1.0, "outcome": 3, "provider": "p", "latency_ms": -1, "degraded": "no"}, SETTINGS)
    assert {fault.field for fault in refused.value.errors} == {"model", "outcome", "latency_ms", "degraded"}


def test_every_map_is_named_like_its_schema() -> None:
    """A source's name, its schema's and its records' task are one."""
    assert {name: each.schema.name for name, each in MAPS.items()} == {name: name for name in MAPS}


@pytest.mark.parametrize(
    ("time", "remedy"),
    [
        (1733160000000, "milliseconds: divide by 1,000"),
        (1733160000000000.0, "microseconds: divide by 1,000,000"),
        (1733160000000000000, "nanoseconds: divide by 1,000,000,000"),
        (1e300, "Unix time"),
        (-1.0, "Unix time"),
        (float(TIME_END), "milliseconds"),
    ],
)
def test_a_time_is_in_seconds_since_1970(time: float, remedy: str) -> None:
    """Another is refused, by both maps, and what it looks like is told; the last moment of the year 9999 is taken."""
    for made, sent in (
        (truevision_window, window(ts_start=time, ts_end=time)),
        (model_call, {**CALL, "ts_start": time}),
    ):
        with pytest.raises(HansardError) as refused:
            made(sent, SETTINGS)
        assert {fault.field for fault in refused.value.errors} <= {"ts_start", "ts_end"}
        assert all(remedy in str(fault.suggestion) for fault in refused.value.errors)
    last = TIME_END - 0.001
    assert truevision_window(window(ts_start=0, ts_end=last), SETTINGS)["timestamp"] == 0.0
    assert model_call({**CALL, "ts_start": last}, SETTINGS)["timestamp"] == last


def test_a_model_calls_outcome_has_a_name() -> None:
    """Each that the routing tells apart is kept as the reason of failure; another is refused with the nearest one."""
    for name in FAILURES:
        made = model_call({**CALL, "outcome": name}, SETTINGS)
        assert (made["success"], made["failure_reason"]) == (False, name)
    with pytest.raises(HansardError) as refused:
        model_call({**CALL, "outcome": "OK "}, SETTINGS)
    [fault] = refused.value.errors
    assert (fault.field, fault.valid_options, fault.suggestion) == ("outcome", list(OUTCOMES), "Did you mean 'ok'?")


def test_tokens_and_attempts_are_whole() -> None:
    """A part of one is refused; a whole number with a point is one."""
    with pytest.raises(HansardError) as refused:
        model_call({**CALL, "tokens_input": 0.5, "attempt": 1.25, "tokens_output": 140.0}, SETTINGS)
    assert [fault.field for fault in refused.value.errors] == ["tokens_input", "attempt"]
    assert model_call({**CALL, "tokens_output": 140.0}, SETTINGS)["error_metrics"]["tokens_output"] == 140
