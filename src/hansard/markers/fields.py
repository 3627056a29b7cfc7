"""The small grammar in a verdict's body: ``**Name:** value`` lines, lists under them, prose around them.

Bold is optional for the names of ``syntax.VERDICT_FIELDS``, and the colon may stand inside or outside it; a name that
is not among them is a field only when it is bold and opens its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hansard.kernel.ids import expert_slug
from hansard.markers.model import Field, Span, Target
from hansard.markers.syntax import VERDICT_FIELDS, VerdictField
from hansard.markers.targets import targets_in

MAX_FIELDS: Final = 1_000
"""Fields that one verdict may hold; further ones are part of its description."""

_LINE: Final = re.compile(
    r"(?P<bullet>[ \t]*+(?:[-*+•]|[0-9]{1,3}+[.)])[ \t]++)?[ \t]*+"
    r"(?P<bold>\*\*|__)?(?P<name>[^\W\d_][\w '’/-]{0,48}?)[ \t]*+(?P<before>\*\*|__)?:(?P<after>\*\*|__)?"
    r"(?=[ \t]|$)[ \t]*+(?P<value>.*+)"
)
_BULLET: Final = re.compile(r"[ \t]*+(?:[-*+•]|[0-9]{1,3}+[.)])[ \t]++")
_BRACKETED: Final = re.compile(r"\([^()]*+\)")
_BETWEEN_NAMES: Final = re.compile(r"[,;/&]|\band\b")
_NO_WORD: Final = re.compile(r"\W+")


def normalised(name: str) -> str:
    """A field's name as a key: ``Tensions resolved`` gives ``tensions_resolved``."""
    return _NO_WORD.sub("_", name.replace("'", "").replace("’", "").lower()).strip("_")


_KNOWN: Final = {normalised(written): field for field in VERDICT_FIELDS for written in field.written}


class _Open:
    """A field being read: stretches of text, one for each item or paragraph line."""

    def __init__(self, written: str, rule: VerdictField, start: int) -> None:
        self.written = written
        self.rule = rule
        self.start = start
        self.end = start
        self.parts: list[list[tuple[int, int]]] = []
        """Items, each a list of the lines it runs over."""
        self.listed = False
        self.closed = False
        self.gap = False
        """Whether a blank line was passed since the last part."""

    def begin(self, start: int, end: int) -> None:
        self.parts.append([(start, end)])
        self.end, self.gap = end, False

    def go_on(self, start: int, end: int) -> None:
        self.parts[-1].append((start, end))
        self.end = end

    def takes(self, scan: str, start: int, end: int) -> bool:
        """Offer the next line that is no field of its own; whether it belongs here."""
        line = scan[start:end]
        if self.closed:
            return False
        if not line.strip():
            # A paragraph ends with a blank line; a list, or a value not yet begun, may go on behind it.
            self.gap = True
            self.closed = bool(self.parts) and not self.listed
            return not self.closed
        if line.lstrip().startswith("#"):
            self.closed = True
            return False
        bullet = _BULLET.match(line)
        if bullet:
            self.listed = True
            self.begin(start + bullet.end(), end)
        elif not self.parts:
            self.begin(start, end)
        elif not self.gap or (self.listed and line[0] in " \t"):
            self.go_on(start, end)
        else:
            self.closed = True
        return not self.closed

    def field(self, text: str, author: str) -> Field:
        """The finished value."""
        lines = [" ".join(text[start:end].strip() for start, end in part) for part in self.parts]
        lines = [line.strip() for line in lines]
        value = "\n".join(line for line in lines if line)
        targets = tuple(
            target for part in self.parts for start, end in part for target in targets_in(text, start, end, author)
        )
        return Field(self.written, value, self._items(lines, value, targets), targets, Span(self.start, self.end))

    def _items(self, lines: list[str], value: str, targets: tuple[Target, ...]) -> tuple[str, ...]:
        if self.rule.items == "ids":
            return tuple(dict.fromkeys(target.id for target in targets))
        if self.rule.items == "experts":
            names = _BETWEEN_NAMES.split(_BRACKETED.sub(" ", value.replace("\n", ",")))
            return tuple(dict.fromkeys(expert_slug(name) for name in names if _NO_WORD.sub("", name)))
        if self.listed:
            return tuple(line for line in lines if line)
        if self.rule.items == "list":
            return tuple(item.strip() for item in value.split(";") if item.strip())
        return (value,) if value else ()


def _lines(scan: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = scan.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield start, stop
        start = stop + 1


def _opened(scan: str, start: int, end: int, current: _Open | None) -> _Open | None:
    """The field that a line opens, if it opens one."""
    found = _LINE.match(scan, start, end)
    if found is None:
        return None
    key = normalised(found["name"])
    rule = _KNOWN.get(key)
    in_list = current is not None and not current.closed and (current.listed or not current.parts)
    whole = found["bold"] is not None and not (found["before"] or found["after"])  # **Vote: 5-1**
    if rule is None:
        if not found["bold"] or found["bullet"] or whole or not key:
            return None
        rule = VerdictField(key, (), "text")
    elif found["bullet"] and in_list and not found["bold"]:
        return None
    opened = _Open(found["name"].strip(), rule, found.start("bold" if found["bold"] else "name"))
    value_start, value_end = found.span("value")
    value = scan[value_start:value_end].rstrip()
    if whole and value.endswith(found["bold"]):
        value = value[: -len(found["bold"])]
    opened.end = value_start + len(value)
    if value:
        opened.begin(value_start, opened.end)
        opened.closed = rule.items == "line" or (rule.items in ("ids", "experts") and not value.endswith(","))
    return opened


def read_fields(text: str, scan: str, start: int, end: int, author: str) -> tuple[dict[str, Field], str]:
    """The fields of a body by name, and the prose around them. A field told twice holds both values."""
    read: list[_Open] = []
    current: _Open | None = None
    prose: list[str] = []
    fence = ""
    removed = False  # whether a field stood between the last line of prose and this one
    for line_start, line_end in _lines(scan, start, end):
        stripped = scan[line_start:line_end].strip()
        in_fence = bool(fence) or stripped.startswith(("```", "~~~"))
        if in_fence:
            fence = ("" if stripped.startswith(fence) else fence) if fence else stripped[:3]
            current = None
        elif len(read) < MAX_FIELDS and (opened := _opened(scan, line_start, line_end, current)) is not None:
            read.append(opened)
            current, removed = opened, True
            continue
        elif current is not None and current.takes(scan, line_start, line_end):
            removed = True
            continue
        else:
            current = None
        if stripped or not removed or (prose and prose[-1].strip()):
            prose.append(text[line_start:line_end])
        removed = removed and not stripped
    by_name: dict[str, list[Field]] = {}
    for found in read:
        by_name.setdefault(found.rule.name, []).append(found.field(text, author))
    fields = {name: values[0] if len(values) == 1 else _joined(values) for name, values in by_name.items()}
    return fields, "\n".join(line.rstrip("\r") for line in prose).strip()


def _joined(values: list[Field]) -> Field:
    """A field told more than once."""
    text = "\n".join(value.text for value in values if value.text)
    items = tuple(item for value in values for item in value.items)
    targets = tuple(target for value in values for target in value.targets)
    return Field(values[0].written, text, items, targets, values[0].span)
