"""A record as it comes out."""

from __future__ import annotations

from typing import Any

import msgspec


class ForgeRecord(msgspec.Struct, frozen=True, gc=False):
    """One memory cell (specification, section 2); fields in its order."""

    pulse_id: int
    worker_id: int
    seq: int
    timestamp: float
    """Seconds since 1970, UTC."""
    success: bool
    task_id: str
    engine_id: str
    transform_id: str
    failure_reason: str | None
    grid_shape_in: tuple[int, int]
    grid_shape_out: tuple[int, int]
    color_count: int
    train_pair_indices: list[int]
    error_metrics: dict[str, Any]
    params: dict[str, Any]
    context: dict[str, Any]
