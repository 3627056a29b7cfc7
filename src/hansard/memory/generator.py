"""Windows that look real and are not: for tests, demonstrations and benchmarks. The same seed gives the same windows.

A match lasts 1,000 windows of 0.4 s, a session four matches. In some matches of people the scores rise in bursts;
baseline bots play others, as a control group. ``session_context.generated`` is true in each window.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

from hansard.kernel.errors import invalid_field
from hansard.memory.baselines import SessionBaselines

MAPS: Final = ("Rust", "Shipment", "Terminal", "Hacienda", "Nuketown", "Vondel", "Rebirth", "Urzikstan")
MODES: Final = ("TDM", "DOM", "HP", "SND")
BOTS: Final = (None, "casual", "regular", "hard", "veteran")
OPERATORS: Final = ("INSTA_MELT", "SPAWN_BIAS", "AIM_DAMPING")
START: Final = 1733160000.0
SECONDS: Final = 0.4
MATCH: Final = 1000
SESSION: Final = 4
BURST: Final = 25
"""Windows of a burst."""


def windows(count: int, seed: int, *, start: float = START, manipulated: float = 0.2) -> Iterator[dict[str, Any]]:
    """So many windows, one after the other in time.

    Args:
        count: how many.
        seed: of everything that is drawn.
        start: timestamp of the first, seconds since 1970.
        manipulated: share of human matches with bursts of high scores.

    Raises:
        HansardError: ``invalid_field``.
    """
    if count < 0:
        raise invalid_field("count", count, "must be at least 0")
    if not 0 <= manipulated <= 1:
        raise invalid_field("manipulated", manipulated, "must be from 0 to 1")
    rng = random.Random(seed)  # noqa: S311 -- nothing secret
    baselines = SessionBaselines()
    session: dict[str, Any] = {}
    rigged = False
    for number in range(count):
        match, within = divmod(number, MATCH)
        if within == 0:
            if match % SESSION == 0:
                baselines = SessionBaselines()
            bot = rng.choice(BOTS)
            rigged = bot is None and rng.random() < manipulated
            ids = f"S{match // SESSION:05d}", f"M{match:06d}", f"RUN_{match // (SESSION * 10):03d}"
            session = _session(*ids, rng.choice(MAPS), rng.choice(MODES), bot)
        yield _window(rng, start + SECONDS * number, session, baselines, high=rigged and within // BURST % 4 == 3)


M456_SEED: Final = 456
M456_LOBBY: Final = (
    ("M451", None), ("M452", "casual"), ("M453", "regular"), ("M454", "hard"), ("M455", "veteran"), ("M456", None),
)  # fmt: skip
"""Matches of the shipped example and who played: people, or baseline bots of a difficulty."""


def m456() -> Iterator[dict[str, Any]]:
    """The windows that the shipped example is about: match M456, and before it one of people and four of baseline bots
    on the same map, as its controls. The scores of M456 rise in bursts."""
    rng = random.Random(M456_SEED)  # noqa: S311 -- nothing secret
    for place, (match, bot) in enumerate(M456_LOBBY):
        baselines = SessionBaselines()
        session = _session(f"S{match[1:]}", match, "RUN_456", "Rust", "TDM", bot)
        for within in range(MATCH):
            start = START + SECONDS * (place * MATCH + within)
            yield _window(rng, start, session, baselines, high=match == "M456" and within // BURST % 4 == 3)


SCENARIOS: Final[dict[str, Callable[[], Iterator[dict[str, Any]]]]] = {"m456": m456}
"""Windows that a shipped example is about, by its name."""


def _session(
    session_id: str, match_id: str, run_id: str, map_name: str, mode_name: str, bot: str | None
) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "match_id": match_id,
        "source": "live",
        "map_name": map_name,
        "mode_name": mode_name,
        "bot_difficulty": bot,
        "perspective": "pov",
        "run_id": run_id,
        "generated": True,
    }


def _window(
    rng: random.Random, start: float, session: dict[str, Any], baselines: SessionBaselines, *, high: bool
) -> dict[str, Any]:
    centre = 0.78 if high else 0.32
    scores = {name: round(min(1.0, max(0.0, rng.gauss(centre, 0.15))), 4) for name in OPERATORS}
    ttk = round(max(60.0, rng.gauss(190.0 if high else 248.0, 35.0)), 1)
    baselines.observe({"ttk": ttk})
    return {
        "ts_start": start,
        "ts_end": start + SECONDS,
        "grid_shape": [1080, 1920],
        "grid_color_count": 8 + rng.randrange(8),
        "operator_scores": scores,
        "operator_flags": [name for name, score in scores.items() if score > 0.7],
        "eomm_score": round(sum(scores.values()) / len(scores), 4),
        "baseline_stats": {name: round(value, 4) for name, value in baselines.stats().items()},
        "telemetry": {
            "reflex_latency_ms": round(rng.uniform(12.0, 60.0), 2),
            "gpu_frametime_ms": round(rng.uniform(4.0, 12.0), 2),
            "packet_loss_pct": 0.0 if rng.random() < 0.9 else round(rng.uniform(0.0, 3.0), 2),
            "input_magnitude": round(rng.random(), 3),
            "cpu_usage_pct": round(rng.uniform(5.0, 95.0), 1),
        },
        "session_context": dict(session),
    }
