"""Where a record comes from: it may have moved from home to home, as its own export, since it was recorded first."""

from __future__ import annotations

from typing import Any


def first_origin(origin: Any) -> Any:
    """The origin that a record had in its first home; ``None`` where it was held there.

    Each move keeps the origin that the record had before it (``Origin.exported``).
    """
    while isinstance(origin, dict) and isinstance(origin.get("exported"), dict):
        origin = origin["exported"].get("origin")
    return origin


def verdict_read_from(origin: Any) -> tuple[str, int] | None:
    """The judge's file from which a verdict without a marker was read, and the line from which on, where told."""
    first = first_origin(origin)
    told = first.get("diagnostics") if isinstance(first, dict) else None
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict) and one.get("code") == "verdict_without_marker":
            file, line = one.get("file"), one.get("line")
            if isinstance(file, str) and isinstance(line, int):
                return file, line
    return None


def time_is_guessed(origin: Any) -> bool:
    """Whether nothing told when an imported dialogue was held, so that the time of its newest file stands for it."""
    first = first_origin(origin)
    told = first.get("diagnostics") if isinstance(first, dict) else None
    return isinstance(told, list) and any(isinstance(d, dict) and d.get("code") == "time_from_files" for d in told)
