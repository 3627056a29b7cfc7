"""What a source sends becomes a record; the rules stand here and nowhere else.

Each map is pure: the same input and settings give the same record, or every fault of the input at once. Sources:
specification, sections 1 to 3 (``truevision_window``); the routing's audit (``model_call``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from hansard.kernel.errors import HansardError, did_you_mean, invalid_field, missing_field
from hansard.memory import errors
from hansard.memory.pulse import Column, Fan, Part, Record, Schema

SCHEMA_VERSION: Final = 1
"""Stands in ``params`` of every record; queries can branch on it (specification, 3.6)."""

U32: Final = 2**32 - 1
I64: Final = 2**63 - 1
DEPTH: Final = 16
"""Nesting that is flattened."""

TIME_END: Final = 253_402_300_800
"""Seconds from 1970 to the year 10000: every time is in between."""

_FINER: Final = (("milliseconds", 1000), ("microseconds", 10**6), ("nanoseconds", 10**9))


@dataclass(frozen=True)
class MapSettings:
    """What is constant for a run (specification, 2.1 and 2.3)."""

    eomm_threshold: float = 0.5
    """A score above it is anomalous."""
    transform_id: str = "eomm_compositor_v2.0.0"
    engine_version: str = "truevision_v2.0.0"
    compositor_version: str = "eomm_v2.0.0"
    render_scale: float | None = None
    capture_source: str | None = "screen"
    """screen, video_file or stream"""
    roi: Mapping[str, Any] | None = None
    operator_weights: Mapping[str, float] = field(default_factory=dict)
    """Weights of the composite score; 1 for an operator that is not named."""


# -- TrueVision windows ------------------------------------------------------------------------------------------------

TASK_ID: Final = "truevision_window"
ENGINE_ID: Final = "truevision_v2"
ABOVE_THRESHOLD: Final = "eomm_above_threshold"
SESSION_TEXTS: Final = (
    "session_id", "match_id", "source", "map_name", "mode_name", "bot_difficulty", "perspective", "run_id",
)  # fmt: skip
REQUIRED: Final = (
    "ts_start", "ts_end", "grid_shape", "grid_color_count", "operator_scores", "eomm_score", "telemetry",
    "session_context",
)  # fmt: skip
_KNOWN: Final = frozenset(REQUIRED) | {"operator_flags", "baseline_stats"}
DERIVED: Final = ("is_baseline_bot", "is_human", "is_benchmark")
"""Flags that follow from the session (specification, 2.4), whatever a window says of them."""

TRUEVISION: Final = Schema(
    TASK_ID,
    (
        Column("eomm_score", ("error_metrics", "eomm_score"), "n"),
        Column("flags", ("context", "flags", "operator_flags"), "v", many=True),
        *(Column(name, ("context", "session", name), "v") for name in SESSION_TEXTS),
        *(Column(n, ("context", "flags", n), "f") for n in DERIVED),
    ),
    (Fan("operators", ("error_metrics", "operators")),),
    (
        Part(("error_metrics",)),
        Part(("params",), shared=True),
        Part(("context", "session"), shared=True),
        Part(("context", "telemetry")),
        Part(("context", "flags"), shared=True),
    ),
)


def truevision_window(window: object, settings: MapSettings) -> Record:
    """A TrueVision window as a record (specification, section 2).

    Args:
        window: section 1's dict. Unknown numbers and truth values go to telemetry, other unknown fields to the session,
            nested ones flattened with dots; ``baseline_stats`` go to telemetry under ``baseline.``.
        settings: of the run.

    Raises:
        HansardError: ``window_refused`` with every fault.
    """
    faults: list[HansardError] = []
    if not isinstance(window, dict):
        raise errors.window_refused([invalid_field("window", window, "must be an object")])
    for name in REQUIRED:
        if name not in window:
            faults.append(missing_field(name))
    start = _time(window, "ts_start", faults)
    end = _time(window, "ts_end", faults)
    if start is not None and end is not None and end < start:
        faults.append(invalid_field("ts_end", end, f"must not be before ts_start ({start!r})"))
    shape = _grid_shape(window, faults)
    colours = _whole(window, "grid_color_count", faults)
    scores = _scores(window, faults)
    flags = _flag_names(window, faults)
    score = _number(window, "eomm_score", faults)
    telemetry = _flat(window, "telemetry", faults)
    session = _flat(window, "session_context", faults)
    for name in SESSION_TEXTS:
        if session.get(name) is not None and not isinstance(session[name], str):
            faults.append(invalid_field(f"session_context.{name}", session[name], "must be a text or null"))
    if window.get("baseline_stats") is not None:
        for name, value in _flat(window, "baseline_stats", faults).items():
            _put(telemetry, f"baseline.{name}", value, "telemetry", faults)
    if len(window) > len(REQUIRED):
        _fold_unknown(window, telemetry, session, faults)
    if faults:
        raise errors.window_refused(_misplaced(window, TASK_ID, REQUIRED, MODEL_CALL_REQUIRED) or faults)
    assert start is not None  # or there were faults
    assert end is not None
    assert score is not None
    success = score <= settings.eomm_threshold
    return {
        "timestamp": start,
        "success": success,
        "task_id": TASK_ID,
        "engine_id": ENGINE_ID,
        "transform_id": settings.transform_id,
        "failure_reason": None if success else ABOVE_THRESHOLD,
        "grid_shape_in": shape,
        "grid_shape_out": shape,
        "color_count": colours,
        "train_pair_indices": [0],
        "error_metrics": {"eomm_score": score, "operators": scores, "flags": flags},
        "params": {
            "schema_version": SCHEMA_VERSION,
            "window_duration_ms": (end - start) * 1000.0,
            "grid_shape": list(shape),
            "grid_color_count": colours,
            "eomm_threshold": settings.eomm_threshold,
            "engine_version": settings.engine_version,
            "compositor_version": settings.compositor_version,
            "operator_set": sorted(scores),
            "render_scale": settings.render_scale,
            "capture_source": settings.capture_source,
            "roi": settings.roi,
        },
        "context": {
            "session": session,
            "telemetry": telemetry,
            "flags": {"operator_flags": flags, **_derived(session)},
        },
    }


def _derived(session: Mapping[str, Any]) -> dict[str, bool]:
    source, bot = session.get("source"), session.get("bot_difficulty")
    return {
        "is_baseline_bot": source in ("live", "vod") and bot is not None,
        "is_human": bot is None,
        "is_benchmark": source == "benchmark",
    }


def contradicted(window: object) -> list[str]:
    """Flags that follow from the session and of which a window, its session or its telemetry says otherwise."""
    if not isinstance(window, dict) or not isinstance(session := window.get("session_context"), dict):
        return []
    places = [each for each in (window, session, window.get("telemetry")) if isinstance(each, dict)]
    said = [(name, place[name]) for place in places for name in DERIVED if name in place]
    return sorted({name for name, own in said if isinstance(own, bool) and own is not _derived(session)[name]})


def composite(scores: Mapping[str, float], settings: MapSettings) -> float | None:
    """The composite score that ``eomm_score`` can be checked against.

    Σ score·weight / Σ weight over the operators that are there, within 0 and 1; ``None`` where there is none of weight.
    """
    weights = {name: settings.operator_weights.get(name, 1.0) for name in scores}
    whole = sum(weights.values())
    if whole <= 0:
        return None
    return min(1.0, max(0.0, sum(scores[name] * weights[name] for name in scores) / whole))


# -- model calls -------------------------------------------------------------------------------------------------------

MODEL_CALL_REQUIRED: Final = ("ts_start", "outcome", "provider", "model", "latency_ms")
FAILURES: Final = (
    "rate_limited", "quota", "overloaded", "context_window", "content_policy", "auth", "not_found", "timeout",
    "malformed", "unverified", "unreachable", "rejected", "interrupted", "cancelled", "failed",
)  # fmt: skip
"""What a model call that did not go well came to. Beside what the routing tells apart: ``interrupted`` (an answer broke
off after it had begun), ``cancelled`` (by its caller), ``failed`` (anything else)."""
OUTCOMES: Final = ("ok", *FAILURES)
_CALL_WHOLE: Final = frozenset({"tokens_input", "tokens_output", "tokens_cached", "attempt"})
_CALL_NUMBERS: Final = (
    "latency_ms", "first_token_ms", "cost_usd", "tokens_input", "tokens_output", "tokens_cached", "attempt",
)  # fmt: skip
_CALL_PARAMS: Final = ("provider", "model", "serving_model", "tier", "price_table")
_CALL_SESSION: Final = (
    "actor", "purpose", "dialogue_id", "run_id", "expert", "finish_reason", "prompt_sha256", "response_sha256",
)  # fmt: skip

MODEL_CALL: Final = Schema(
    "model_call",
    (
        *(Column(name, ("error_metrics", name), "n") for name in _CALL_NUMBERS),
        *(Column(name, ("params", name), "v") for name in _CALL_PARAMS),
        # hashes are all different: as columns they would fill the dictionary and save nothing
        *(Column(name, ("context", "session", name), "v") for name in _CALL_SESSION if "sha256" not in name),
        Column("degraded", ("context", "flags", "degraded"), "f"),
    ),
    parts=(Part(("error_metrics",)), Part(("params",), shared=True), Part(("context",))),
)


def model_call(call: object, settings: MapSettings) -> Record:  # noqa: ARG001
    """One attempt at a language model as a record: a cost or a count that is not known is null, never 0.

    Args:
        call: ``ts_start``, ``outcome`` (one of ``OUTCOMES``), ``provider``, ``model``, ``latency_ms``, and as
            far as they are known the other names of this section; unknown fields as in ``truevision_window``.
        settings: not needed; every map takes them.

    Raises:
        HansardError: ``window_refused`` with every fault.
    """
    faults: list[HansardError] = []
    if not isinstance(call, dict):
        raise errors.window_refused([invalid_field("call", call, "must be an object")])
    for name in MODEL_CALL_REQUIRED:
        if call.get(name) is None:
            faults.append(missing_field(name))
    start = _time(call, "ts_start", faults)
    metrics = {name: _number(call, name, faults) for name in _CALL_NUMBERS}
    for name, value in metrics.items():
        if value is not None and value < 0:
            faults.append(invalid_field(name, value, "must not be negative"))
        elif value is not None and name in _CALL_WHOLE and not value.is_integer():
            faults.append(invalid_field(name, value, "must be a whole number"))
    texts = {name: _text(call, name, faults) for name in ("outcome", *_CALL_PARAMS, *_CALL_SESSION)}
    outcome = texts["outcome"]
    if outcome is not None and outcome not in OUTCOMES:
        told = did_you_mean(outcome, OUTCOMES) or "Call it 'failed' where no other name fits"
        faults.append(invalid_field("outcome", outcome, "is no outcome", valid_options=OUTCOMES, suggestion=told))
    degraded = False if call.get("degraded") is None else call["degraded"]
    if not isinstance(degraded, bool):
        faults.append(invalid_field("degraded", degraded, "must be true or false"))
    telemetry: dict[str, Any] = {}
    session: dict[str, Any] = {name: texts[name] for name in _CALL_SESSION}
    _fold_unknown(call, telemetry, session, faults, known={"ts_start", "degraded", *metrics, *texts})
    if faults:
        raise errors.window_refused(_misplaced(call, "model_call", MODEL_CALL_REQUIRED, REQUIRED) or faults)
    success = outcome == "ok"
    return {
        "timestamp": start,
        "success": success,
        "task_id": "model_call",
        "engine_id": "hansard_router_v1",
        "transform_id": texts["model"],
        "failure_reason": None if success else outcome,
        "grid_shape_in": (0, 0),
        "grid_shape_out": (0, 0),
        "color_count": 0,
        "train_pair_indices": [0],
        "error_metrics": metrics,
        "params": {"schema_version": SCHEMA_VERSION, **{name: texts[name] for name in _CALL_PARAMS}},
        "context": {"session": session, "telemetry": telemetry, "flags": {"degraded": degraded}},
    }


class SchemaMap(NamedTuple):
    """How a source's input becomes records."""

    schema: Schema
    record: Callable[[object, MapSettings], Record]


MAPS: Final[dict[str, SchemaMap]] = {
    TASK_ID: SchemaMap(TRUEVISION, truevision_window),
    "model_call": SchemaMap(MODEL_CALL, model_call),
}
"""Every source by its name."""


def _misplaced(
    given: dict[str, Any], source: str, needed: tuple[str, ...], others: tuple[str, ...]
) -> list[HansardError]:
    """The one fault of a window that has what another source's must have, and nothing that its own must."""
    own = set(needed) - set(others)
    if own & given.keys() or not set(others) <= given.keys():
        return []
    other = next(name for name in MAPS if name != source)
    told = f"is '{source}', and this looks like a {other}"
    return [
        invalid_field(
            "source", source, told, valid_options=list(MAPS), suggestion=f"Give source {other} (--source {other})"
        )
    ]


# -- looking at fields -------------------------------------------------------------------------------------------------


def _number(given: dict[str, Any], name: str, faults: list[HansardError]) -> float | None:
    """A finite number as a float; what is missing was told elsewhere."""
    value = given.get(name)
    if type(value) is float and value - value == 0.0:
        return value
    if value is None:
        if name in given and name in REQUIRED:
            faults.append(invalid_field(name, None, "must be a number"))
        return None
    if (why := _number_fault(value)) is not None:
        faults.append(invalid_field(name, value, why))
        return None
    return float(value)


def finer_unit(value: float) -> tuple[str, int] | None:
    """The unit in which a number would be a time, and how many of it make a second."""
    return next(((unit, each) for unit, each in _FINER if 0 < value < TIME_END * each), None)


def _time(given: dict[str, Any], name: str, faults: list[HansardError]) -> float | None:
    """Seconds since 1970, before the year 10000."""
    value = _number(given, name, faults)
    if value is None or 0 <= value < TIME_END:
        return value
    finer = finer_unit(value)
    looks = "" if finer is None else f", and looks like {finer[0]}"
    told = "Give it as Unix time" if finer is None else f"It looks like {finer[0]}: divide by {finer[1]:,}"
    faults.append(
        invalid_field(name, value, f"must be seconds since 1970, before the year 10000{looks}", suggestion=told)
    )
    return None


def _number_fault(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    if isinstance(value, float):
        return None if math.isfinite(value) else "must be finite"
    return None if -I64 <= value <= I64 else "must fit into 64 bits"


def _whole(given: dict[str, Any], name: str, faults: list[HansardError]) -> int:
    value = given.get(name, 0)
    if type(value) is not int or not 0 <= value <= U32:
        faults.append(invalid_field(name, value, f"must be a whole number from 0 to {U32}"))
        return 0
    return value


def _text(given: dict[str, Any], name: str, faults: list[HansardError]) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        faults.append(invalid_field(name, value, "must be a text or null"))
        return None
    if (why := _scalar_fault(value)) is not None:
        faults.append(invalid_field(name, value, why))
    return value


def _grid_shape(window: dict[str, Any], faults: list[HansardError]) -> tuple[int, int]:
    shape = window.get("grid_shape", (0, 0))
    if not isinstance(shape, list | tuple) or len(shape) != 2:
        faults.append(invalid_field("grid_shape", shape, "must have exactly 2 entries: height and width"))
        return 0, 0
    height, width = shape
    for place, side in enumerate(shape):
        if type(side) is not int or not 0 <= side <= U32:
            faults.append(invalid_field(f"grid_shape[{place}]", side, f"must be a whole number from 0 to {U32}"))
    return height, width


def _scores(window: dict[str, Any], faults: list[HansardError]) -> dict[str, float]:
    scores = window.get("operator_scores", {})
    if not isinstance(scores, dict):
        faults.append(invalid_field("operator_scores", scores, "must be an object"))
        return {}
    for name, value in scores.items():
        if type(value) is float and value - value == 0.0 and type(name) is str and name.isascii():
            continue
        if not isinstance(name, str):
            faults.append(invalid_field("operator_scores", name, "has a key that is no text"))
        elif (why := _scalar_fault(name)) is not None:
            faults.append(invalid_field("operator_scores", name, f"has a key that {why}"))
        elif (why := _number_fault(value)) is not None:
            faults.append(invalid_field(f"operator_scores.{name}", value, why))
    return dict(scores)


def _flag_names(window: dict[str, Any], faults: list[HansardError]) -> list[str]:
    flags = window.get("operator_flags", [])
    if flags is None:
        return []
    if not isinstance(flags, list | tuple):
        faults.append(invalid_field("operator_flags", flags, "must be a list of names"))
        return []
    for place, name in enumerate(flags):
        if not isinstance(name, str):
            faults.append(invalid_field(f"operator_flags[{place}]", name, "must be a text"))
        elif (why := _scalar_fault(name)) is not None:
            faults.append(invalid_field(f"operator_flags[{place}]", name, why))
    return list(flags)


def _flat(given: dict[str, Any], name: str, faults: list[HansardError]) -> dict[str, Any]:
    """A map of scalars; nested ones are flattened with dots."""
    found = given.get(name, {})
    if not isinstance(found, dict):
        faults.append(invalid_field(name, found, "must be an object"))
        return {}
    for key, value in found.items():
        kind = type(value)
        if not (
            type(key) is str
            and key.isascii()
            and (value is None or (kind is str and value.isascii()) or (kind is float and value - value == 0.0))
        ):
            break
    else:
        return dict(found)
    flat: dict[str, Any] = {}
    for key, value in found.items():
        _flatten(flat, key, value, name, faults)
    return flat


def _flatten(
    flat: dict[str, Any], key: object, value: Any, where: str, faults: list[HansardError], depth: int = 0
) -> None:
    if not isinstance(key, str):
        faults.append(invalid_field(where, key, "has a key that is no text"))
    elif (why := _scalar_fault(key)) is not None:
        faults.append(invalid_field(where, key, f"has a key that {why}"))
    elif depth > DEPTH:
        faults.append(invalid_field(f"{where}.{key}", value, f"is nested deeper than {DEPTH}"))
    elif isinstance(value, dict):
        for inner, each in value.items():
            if isinstance(inner, str):
                _flatten(flat, f"{key}.{inner}", each, where, faults, depth + 1)
            else:
                faults.append(invalid_field(f"{where}.{key}", inner, "has a key that is no text"))
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            _flatten(flat, f"{key}.{place}", each, where, faults, depth + 1)
    elif (why := _scalar_fault(value)) is not None:
        faults.append(invalid_field(f"{where}.{key}", value, why))
    else:
        _put(flat, key, value, where, faults)


def _put(into: dict[str, Any], key: str, value: Any, where: str, faults: list[HansardError]) -> None:
    if key in into:
        faults.append(invalid_field(f"{where}.{key}", value, "stands there twice, once by flattening or folding"))
    else:
        into[key] = value


def _scalar_fault(value: object) -> str | None:
    """Why a value cannot be kept and read back as it is."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return "holds a lone surrogate"
        return None
    if isinstance(value, int | float):
        return _number_fault(value)
    return f"must be a scalar (got {type(value).__name__})"


def _fold_unknown(
    window: dict[str, Any],
    telemetry: dict[str, Any],
    session: dict[str, Any],
    faults: list[HansardError],
    known: frozenset[str] | set[str] = _KNOWN,
) -> None:
    """Fields that the source invented: numbers and truth values to telemetry, the rest to the session."""
    for key, value in window.items():
        if key in known:
            continue
        flat: dict[str, Any] = {}
        _flatten(flat, key, value, "window", faults)
        for name, each in flat.items():
            if isinstance(each, bool | int | float):
                _put(telemetry, name, each, "telemetry", faults)
            else:
                _put(session, name, each, "session_context", faults)
