"""Words and figures as they are shown."""

from __future__ import annotations

import re
from typing import Final

from hansard.kernel.letters import ACTING

# What could move the cursor, ring, recolour, turn text round or hide in it: no transcript acts on a reader's terminal.
_CONTROL: Final = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{ACTING}]")


def safe(text: str) -> str:
    """A text that can be written to a terminal: controls are shown as their code (``<1B>``), none acts.

    Line ends and tabs stay; a carriage return before a line end is dropped.
    """
    return _CONTROL.sub(lambda found: f"<{ord(found.group()):02X}>", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """A text on one line, safe to be written: runs of white space become one space."""
    return " ".join(safe(text).split())


def shortened(text: str, length: int) -> str:
    """A text on one line of at most ``length`` characters, cut at a word where that loses little."""
    whole = one_line(text)
    if len(whole) <= length:
        return whole
    head = whole[: length - 1]
    cut = head.rsplit(" ", 1)[0]
    return (cut if len(cut) > length // 2 else head).rstrip(" ,;:.") + "…"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: ``1 round``, ``3 rounds``, ``1,204 entries``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def figure(value: int | float | None) -> str:
    """A figure, or a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")


def percent(value: int | float | None) -> str:
    """A figure of percent."""
    return "–" if value is None else f"{value:g} %"


def share(part: float) -> str:
    """A part of one in percent, rounded down as all figures of the record are: 2 of 3 are 66 %."""
    return percent(int(100 * part + 1e-6))  # 0.29 stands a little below itself


def day_and_minute(stamp: str) -> str:
    """A stored time as people read it: ``2026-09-14 09:00``, always UTC."""
    return f"{stamp[:10]} {stamp[11:16]}" if len(stamp) >= 16 and stamp[10:11] == "T" else stamp
