"""Telling: diagnostics made from the table of ``syntax.DIAGNOSTICS``."""

from __future__ import annotations

from typing import Final, Protocol

from hansard.markers.layout import Lines
from hansard.markers.model import Diagnostic, Item, Span
from hansard.markers.syntax import DIAGNOSTICS

_SHOWN: Final = 80
"""Characters of the text that a message repeats."""


class _Ranged(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def shown(text: str, start: int, end: int) -> str:
    """A stretch of text as a message repeats it: one line, at most 80 characters."""
    piece = text[start : min(end, start + _SHOWN + 1)]
    return piece if len(piece) <= _SHOWN else piece[: _SHOWN - 1] + "…"


def diagnostic(code: str, where: Item, **values: object) -> Diagnostic:
    """One diagnostic at the place of an item, with its message and remedy filled in."""
    told = DIAGNOSTICS[code]
    message, remedy = told.message.format_map(values), told.remedy.format_map(values)
    return Diagnostic(where.span, where.line, where.column, code, told.severity, message, remedy)


class Notes:
    """The diagnostics of one reading."""

    __slots__ = ("_expert", "_lines", "_round", "_text", "items")

    def __init__(self, text: str, lines: Lines, expert: str, round_: int) -> None:
        self._text = text
        self._lines = lines
        self._expert = expert
        self._round = round_
        self.items: list[Diagnostic] = []

    def tell(self, code: str, at: _Ranged, **values: object) -> None:
        """Add a diagnostic about a stretch of the text (a mark, a span)."""
        line, column = self._lines.place(at.start)
        place = Item(Span(at.start, at.end), line, column)
        text = shown(self._text, at.start, at.end)
        values = {"text": text, "expert": self._expert, "round": self._round, "hint": ""} | values
        self.items.append(diagnostic(code, place, **values))
