"""What a command has to say, as blocks: written once, shown richly on a terminal and plainly in a pipe.

A view (the other modules of this room) turns an answer into blocks and knows no terminal; ``plain`` and ``terminal``
write blocks and know no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Tone = Literal["", "strong", "quiet", "good", "warn", "bad"]
"""What a word is, not how it looks: a terminal may colour it, a pipe never does."""


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of text with a tone."""

    text: str
    tone: Tone = ""


Cell = str | Words


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line, made of pieces; ``indent`` in steps. A ``whole`` one is never broken: it is there to be copied."""

    pieces: tuple[Cell, ...]
    indent: int = 0
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Prose:
    """A text in its own lines, as somebody wrote it."""

    text: str
    indent: int = 0


@dataclass(frozen=True, slots=True)
class Fields:
    """Names and values, one pair a line."""

    pairs: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; figures stand to the right.

    ``whole`` cells are never broken (dates, ids, a status). In a window too narrow for all, columns without a ``rank``
    stay and others come in by their rank, the lowest first, as far as there is room.
    """

    name: str
    right: bool = False
    whole: bool = False
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns. In a pipe: one line of column names, one line a row, cells divided by tabs."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Markdown:
    """A Markdown document: typeset on a terminal, as it stands in a pipe."""

    text: str


@dataclass(frozen=True, slots=True)
class Callout:
    """A few lines that nobody should miss."""

    title: str
    lines: tuple[Line, ...]
    tone: Tone = "strong"


@dataclass(frozen=True, slots=True)
class Gap:
    """An empty line."""


Block = Heading | Line | Prose | Fields | Table | Markdown | Callout | Gap


def line(*pieces: Cell, indent: int = 0, whole: bool = False) -> Line:
    """One line of text."""
    return Line(pieces, indent, whole)


def fields(*pairs: tuple[str, Cell | None]) -> Fields:
    """Names and values; pairs without a value are left out."""
    return Fields(tuple((name, value) for name, value in pairs if value not in (None, "")))


def table(columns: Sequence[str | Column], rows: Sequence[Sequence[Cell]]) -> Table:
    """A table; a column whose name begins with ``>`` holds figures, which stay whole."""
    made = tuple(
        Column(one.lstrip(">"), right=one.startswith(">"), whole=one.startswith(">")) if isinstance(one, str) else one
        for one in columns
    )
    return Table(made, tuple(tuple(row) for row in rows))


def text_of(cell: Cell) -> str:
    """The text of a cell."""
    return cell if isinstance(cell, str) else cell.text


def tone_of(cell: Cell) -> Tone:
    """The tone of a cell."""
    return "" if isinstance(cell, str) else cell.tone
