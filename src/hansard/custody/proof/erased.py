"""What a chain tells of erasures. Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import msgspec

from hansard.database.verify import StoredEntry
from hansard.kernel.canonical import parsed


def erasures(entries: Iterable[StoredEntry]) -> list[str]:
    """What entries of a chain erased, when and why, each in a sentence."""
    told = []
    for entry in entries:
        if '"erased"' not in entry.body:
            continue
        with contextlib.suppress(msgspec.DecodeError, KeyError, TypeError, AttributeError):
            body = parsed(entry.body)
            decided = body["decided"]
            if isinstance(decided.get("erased"), list):
                items = decided.get("items")
                what = ", ".join(map(str, items)) if isinstance(items, list) else "payloads"
                at = ", ".join(map(str, decided["erased"]))
                told.append(
                    f"Erased by entry {entry.position} ({body['time']}): {what}; "
                    f"reason: {decided.get('reason', 'none')}. "
                    f"What stood beside {'entry' if len(decided['erased']) == 1 else 'entries'} {at} went with it."
                )
    return told
