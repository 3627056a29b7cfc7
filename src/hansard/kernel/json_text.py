"""JSON that people and other programs wrote, taken only where every reader finds the same in it."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from hansard.kernel.errors import shown

DIGITS: Final = 1000
"""An integer of more digits is not even read; what may be stored has 16."""


class NotJsonError(ValueError):
    """A text is no JSON, or none that all readers take alike; ``line`` and ``column`` (from 1) where they are known."""

    def __init__(self, why: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(why)
        self.why, self.line, self.column = why, line, column


def json_value(text: str) -> Any:
    """The value that a JSON text holds.

    Whether a record can keep it is another question (``shapes.Json``).

    Raises:
        NotJsonError: also for a key that stands twice in one object (readers differ in which one counts), for ``NaN``
            and its like, for an integer of more than a thousand digits, and for nesting too deep to be read.
    """
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_integer)
    except json.JSONDecodeError as fault:
        raise NotJsonError(fault.msg[:1].lower() + fault.msg[1:], fault.lineno, fault.colno) from None
    except RecursionError:
        raise NotJsonError("it is nested too deeply to be read") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise NotJsonError(f"the key '{shown(name)}' stands twice in one object")
            seen.add(name)
    return found


def _no_constant(word: str) -> NoReturn:
    raise NotJsonError(f"'{word}' is no JSON number")


def _integer(digits: str) -> int:
    if len(digits) > DIGITS:
        raise NotJsonError(f"an integer has {len(digits):,} digits")
    return int(digits)
