"""The outline of a Markdown text: lines outside code fences, headings with their sections, tables. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple


class Line(NamedTuple):
    """One line outside code fences."""

    number: int
    text: str
    start: int
    """Offset of its first character."""
    end: int
    """Offset behind its line break."""


class Heading(NamedTuple):
    """A heading; its section runs to the next heading of the same or a higher level."""

    level: int
    text: str
    line: int
    start: int
    body: int
    """Where its section's text starts."""


class Table(NamedTuple):
    """A Markdown table: header cells and rows with their line numbers."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


HEADING: Final = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_RULE_CELL: Final = re.compile(r":?-+:?")


def lines(text: str) -> Iterator[Line]:
    """The lines of a text that stand in no code fence."""
    fence: str | None = None
    end, number = 0, 0
    while end < len(text):
        start, number = end, number + 1
        end = text.find("\n", start) + 1 or len(text)
        written = text[start:end]
        found = _FENCE.match(written)
        if fence is not None:
            if found and found[1].startswith(fence) and not written[found.end() :].strip():
                fence = None
        elif found:
            fence = found[1]
        else:
            yield Line(number, written.rstrip("\r\n"), start, end)


def headings(text: str) -> list[Heading]:
    """All headings outside code fences, in order."""
    found = []
    for line in lines(text):
        match = HEADING.match(line.text)
        if match:
            words = re.sub(r"[ \t]+#+[ \t]*$", "", match[2]).strip()
            found.append(Heading(len(match[1]), words, line.number, line.start, line.end))
    return found


def section_end(text: str, all_headings: list[Heading], index: int) -> int:
    """Where the section of a heading ends."""
    level = all_headings[index].level
    for later in range(index + 1, len(all_headings)):
        if all_headings[later].level <= level:
            return all_headings[later].start
    return len(text)


def tables(text: str) -> list[Table]:
    """All tables with a header and a rule under it, outside code fences."""
    found: list[Table] = []
    before: Line | None = None
    table: Table | None = None
    for line in lines(text):
        row = line.text.strip()
        adjacent = before is not None and before.number == line.number - 1
        if not row.startswith("|"):
            table = None
        elif table is not None and adjacent:
            table.rows.append((line.number, _cells(row)))
        elif before is not None and adjacent and before.text.strip().startswith("|"):
            rule = _cells(row)
            if rule and all(_RULE_CELL.fullmatch(cell) for cell in rule):
                table = Table(_cells(before.text.strip()), [])
                found.append(table)
        before = line
    return found


def _cells(row: str) -> list[str]:
    inner = row.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner)]


def plain(cell: str) -> str:
    """A cell or heading without emphasis and code marks around it."""
    return cell.strip().strip("*_`~ \t").strip()
