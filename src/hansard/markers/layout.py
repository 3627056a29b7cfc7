"""The shape of a text before any marker is read: lines, fences, rules, headings, inline code, brackets.

Only as much of Markdown as decides whether a bracket is a marker. Everything here works on a *scan*: the text with
each line end as one line feed, of the same length, so that offsets hold in both.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

import msgspec

_INVISIBLE: Final = "\ufeff\u200b\u200c\u200d\u2060"
"""Byte order mark and zero-width characters: editors and models leave them before a marker."""

# Each pattern begins with the line feed before its line, because a search for one character is the fastest there is;
# the first line of a text has its own.
_HEADING_LINE: Final = r"[ \t]{0,3}+#{1,6}+(?=[ \t\n])[^\n]*+"
_EDGE_LINE: Final = (
    r"[ \t]*+(?=[-*_`~+0-9])(?:"
    r"(?P<rule>(?:-(?:[ \t]*+-){2,}+|\*(?:[ \t]*+\*){2,}+|_(?:[ \t]*+_){2,}+)[ \t]*+(?=\n|$))"
    r"|(?P<bullet>(?:[-*+]|[0-9]{1,3}+[.)])[ \t]++)?(?P<run>`{3,}+|~{3,}+)(?P<rest>[^\n]*+))"
)
_HEADING: Final = re.compile("\n" + _HEADING_LINE)
_FIRST_HEADING: Final = re.compile(_HEADING_LINE)
_EDGE: Final = re.compile("\n" + _EDGE_LINE)
_FIRST_EDGE: Final = re.compile(_EDGE_LINE)
_INDENT: Final = re.compile(rf"[ \t{_INVISIBLE}]*+")
_DECORATION: Final = re.compile(rf"(?:[ \t{_INVISIBLE}*_#+,;·&-]|[0-9]{{1,3}}+[.)]|\[[ xX]\]|and )*+")
_LEAD_IN: Final = re.compile(
    rf"(?P<lead>[ \t{_INVISIBLE}#*_+-]*+(?:\w+[ -]?){{1,4}}+[*_]{{0,3}}+:[*_]{{0,3}}+)[ \t]*+[*_]{{0,3}}+"
)
_BRACKETS: Final = re.compile(r"\[++|\]++")
_RUN: Final = re.compile("`++")
_NESTED_MARKER: Final = re.compile(r"\[[A-Z]{2}")

_WITH_LINE_FEED: Final = (1).__add__
MAX_LENGTH: Final = 4_000
"""Characters that a marker may have. What is longer is no marker, whatever closes it."""
_PREFIX_LENGTH: Final = 64
"""Characters before a marker that may be decoration or a lead-in."""


def scan_of(text: str) -> str:
    """The text as it is searched: every line end (CR LF, CR) a line feed, every hard space a space, at its offset."""
    if "\r" in text:
        text = text.replace("\r\n", " \n").replace("\r", "\n")
    if "\u00a0" in text or "\u202f" in text:
        text = text.replace("\u00a0", " ").replace("\u202f", " ")
    return text


def _lines_like(
    first: re.Pattern[str], other: re.Pattern[str], scan: str, start: int, end: int
) -> Iterator[re.Match[str]]:
    found = first.match(scan, 0, end) if start == 0 else None
    if found:
        yield found
    yield from other.finditer(scan, start, end)


def edges_in(scan: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Fenced code, from each opening line to its closing one or the end of the text; and the rules outside it.

    A rule is a line of three or more ``-``, ``*`` or ``_``, also right under a line of text.
    """
    fences: list[tuple[int, int]] = []
    rules: list[tuple[int, int]] = []
    opening = ""
    start = 0
    for found in _lines_like(_FIRST_EDGE, _EDGE, scan, 0, len(scan)):
        run = found["run"]
        if run is None:
            if not opening:
                rules.append(found.span("rule"))
        elif not opening:
            if run[0] == "~" or "`" not in found["rest"]:  # "```code``` and text" is inline code
                opening, start = run, found.start("run")
        elif not found["bullet"] and run.startswith(opening) and not found["rest"].strip():
            fences.append((start, found.end()))
            opening = ""
    if opening:
        fences.append((start, len(scan)))
    return fences, rules


def within(ranges: list[tuple[int, int]], position: int) -> bool:
    """Whether a position lies in one of the sorted ranges."""
    place = bisect_right(ranges, (position, len(ranges) and ranges[-1][1])) - 1
    return place >= 0 and position < ranges[place][1]


def after_last_heading(scan: str, start: int, end: int, fences: list[tuple[int, int]]) -> int:
    """Where the text under the last heading of a stretch begins; ``start`` where it has none."""
    for heading in _lines_like(_FIRST_HEADING, _HEADING, scan, start, end):
        if not within(fences, heading.end() - 1):
            start = heading.end()
    return start


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without the white space at both ends; empty stretches stand at ``start``."""
    first = start
    while start < end and text[start].isspace():
        start += 1
    if start == end:
        return first, first
    while text[end - 1].isspace():
        end -= 1
    return start, end


class Line(msgspec.Struct):
    """One line that holds at least one bracket worth a look; what is costly is found when first asked for."""

    scan: str
    number: int
    """From 1."""
    start: int
    end: int
    quoted: bool
    """Whether it belongs to a block quote."""
    table: bool
    """Whether it is a row of a table."""
    edge: int
    """Up to where the line holds nothing but decoration and markers; -1 when it holds something else."""
    told: bool = False
    """Whether an unclosed marker of this line was told."""
    unclosed_from: int | None = None
    """From where on no bracket of this line is closed, once that is known."""
    brackets: _Brackets | None = None
    code: list[tuple[int, int]] | None = None

    def cut_at(self, start: int) -> int:
        """Where what came before ends if a marker at ``start`` is the first thing of its line; else -1.

        Bullets, numbers, heading signs, bold, check boxes and other markers may stand before it, and so may a
        lead-in such as ``**Move**:``, which stays with what came before.
        """
        edge = self.edge
        if edge == start:
            return start
        if edge < 0 or start - edge > _PREFIX_LENGTH:
            return -1
        if _DECORATION.fullmatch(self.scan, edge, start):
            return edge
        lead_in = _LEAD_IN.fullmatch(self.scan, edge, start) if edge == self.start else None
        return lead_in.end("lead") if lead_in else -1

    def passed(self, end: int, cuts: bool) -> None:
        """A marker of this line ended here; another one may follow at the line's beginning only if it did too."""
        self.edge = end if cuts else -1

    def closing(self, start: int) -> int:
        """Where the bracket opened at ``start`` is closed on this line; -1 if it is not.

        Brackets inside a label pair up, and those in inline code do not count. A single opening bracket too many
        is forgiven, unless another marker begins before the closing one. Behind ``MAX_LENGTH`` nobody looks.
        """
        scan = self.scan
        if self.brackets is None:
            if self.unclosed_from is not None and start >= self.unclosed_from:
                return -1
            end = scan.find("]", start, self.end)
            if end < 0:
                self.unclosed_from = start
                return -1
            if scan.find("[", start + 1, end) < 0 and scan.count("`", start, end) % 2 == 0:
                return end
            self.brackets = _Brackets(self, start)
        limit = min(start + MAX_LENGTH, self.end)
        closed = self.brackets.closing(start, limit)
        if closed < 0:
            nested = _NESTED_MARKER.search(scan, start + 1, limit)
            closed = scan.find("]", start, nested.start() if nested else limit)
        return closed if closed >= 0 or limit == self.end else limit + 1

    def in_code(self, position: int) -> bool:
        """Whether a position lies in inline code, which opens and closes on one line."""
        if self.code is None:
            self.code = self._code_spans()
        return within(self.code, position)

    def _code_spans(self) -> list[tuple[int, int]]:
        """Inline code: a run of backticks up to the next run of the same length (escaped ones open nothing)."""
        scan = self.scan
        if scan.find("`", self.start, self.end) < 0:
            return []
        runs = [run.span() for run in _RUN.finditer(scan, self.start, self.end)]
        following: list[int] = [-1] * len(runs)
        last: dict[int, int] = {}
        for place in range(len(runs) - 1, -1, -1):
            length = runs[place][1] - runs[place][0]
            following[place] = last.get(length, -1)
            last[length] = place
        spans: list[tuple[int, int]] = []
        place = 0
        while place < len(runs):
            start = runs[place][0]
            closer = following[place]
            if closer < 0 or (start > self.start and scan[start - 1] == "\\"):
                place += 1
            else:
                spans.append((start, runs[closer][1]))
                place = closer + 1
        return spans


class _Brackets:
    """Which brackets of a line pair up, from the first that was asked for; paired only as far as is needed."""

    __slots__ = ("_line", "_opened", "_paired_to", "_pairs", "_scan", "_tokens")

    def __init__(self, line: Line, start: int) -> None:
        self._line = line
        self._scan = line.scan
        self._tokens = _BRACKETS.finditer(line.scan, start, line.end)
        self._pairs: dict[int, int] = {}
        self._opened: list[list[int]] = []
        """Runs of brackets still open: where the last of it stands, how many are open."""
        self._paired_to = start

    def closing(self, start: int, limit: int) -> int:
        """Where the bracket at ``start`` is closed, if that is before ``limit``; else -1."""
        while self._paired_to <= limit and start not in self._pairs:
            token = next(self._tokens, None)
            if token is None:
                self._paired_to = self._line.end + 1
                break
            at, self._paired_to = token.span()
            if self._line.in_code(at):
                continue
            if self._scan[at] == "[":
                # Of a run of opening brackets only the last can open a marker.
                self._opened.append([self._paired_to - 1, self._paired_to - at])
            else:
                self._close(at, self._paired_to)
        return self._pairs.get(start, -1)

    def _close(self, at: int, end: int) -> None:
        """A run of closing brackets: each closes the last one still open."""
        while at < end and self._opened:
            run = self._opened[-1]
            self._pairs.setdefault(run[0], at)
            closed = min(run[1], end - at)
            run[1] -= closed
            at += closed
            if not run[1]:
                self._opened.pop()


class Lines:
    """Line numbers and columns by offset."""

    __slots__ = ("_scan", "_starts", "last")

    def __init__(self, scan: str) -> None:
        self._scan = scan
        self._starts = [0, *accumulate(map(_WITH_LINE_FEED, map(len, scan.split("\n"))))]
        self.last: Line | None = None

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        number = bisect_right(self._starts, offset, hi=len(self._starts) - 1)
        return number, offset - self._starts[number - 1] + 1

    def line_at(self, offset: int) -> Line:
        """The line an offset lies in; asked for in ascending order, each line is looked at once."""
        last = self.last
        if last is not None and last.start <= offset <= last.end:
            return last
        starts = self._starts
        number = bisect_right(starts, offset, hi=len(starts) - 1)
        start, scan = starts[number - 1], self._scan
        first = scan[start]
        if first <= " " or first in _INVISIBLE:
            indent = _INDENT.match(scan, start)
            first = scan[indent.end()] if indent else first
        quoted, table = first == ">", first == "|"
        self.last = Line(scan, number, start, starts[number] - 1, quoted, table, -1 if quoted or table else start)
        return self.last
