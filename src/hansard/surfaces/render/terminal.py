"""Blocks on a terminal: colour where it is wanted (``NO_COLOR`` is heard), tables as wide as the window."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Final

from rich import box
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hansard.surfaces.render import blocks
from hansard.surfaces.render.text import one_line, safe

STYLES: Final[dict[blocks.Tone, str]] = {
    "": "",
    "strong": "bold",
    "quiet": "dim",
    "good": "green",
    "warn": "yellow",
    "bad": "bold red",
}
_WITHIN: Final = re.compile(r"\[([^][]*)\]\(#[^()\s]*\)")
"""A link to a place in the same document, which a terminal cannot follow."""
_PART: Final = re.compile(r"[^/_.-]*[/_.-]+|[^/_.-]+")
"""A part of a path or an id, with the sign that ends it."""
LEAST_WIDTH: Final = 20
"""Columns below which prose in a table is no pleasure."""
GUTTER: Final = 2
"""Columns between two columns of a table."""
READING_WIDTH: Final = 100
"""Columns beyond which a typeset page tires the eye."""


def console(file: IO[str]) -> Console:
    """A console that takes every text literally: what an expert wrote is never markup."""
    return Console(file=file, markup=False, highlight=False, emoji=False)


def write(to: Console, shown: Iterable[blocks.Block]) -> None:
    """Write blocks."""
    for block in shown:
        whole = isinstance(block, blocks.Line) and block.whole
        for renderable in renderables(block, to.width):
            to.print(renderable, soft_wrap=whole)


def renderables(block: blocks.Block, width: int) -> Iterator[RenderableType]:
    """A block as rich draws it; ``width`` in columns."""
    match block:
        case blocks.Heading(text):
            yield Text(one_line(text), style="bold")
        case blocks.Line(_, indent, whole=True):
            yield Text("  " * indent) + _pieces(block)
        case blocks.Line(_, indent):
            yield Padding(_line(block, width - 2 * indent), (0, 0, 0, 2 * indent), expand=False)
        case blocks.Prose(text, indent):
            yield Padding(Text(safe(text)), (0, 0, 0, 2 * indent), expand=False)
        case blocks.Fields(pairs):
            grid = Table.grid(padding=(0, 2))
            grid.add_column(style="dim", no_wrap=True)
            grid.add_column(overflow="fold")
            for name, value in pairs:
                grid.add_row(name, _cell(value))
            yield grid
        case blocks.Table(columns, rows):
            yield from _table(columns, rows, width)
        case blocks.Markdown(text):
            room = min(width, READING_WIDTH)
            yield Padding(Markdown(_WITHIN.sub(r"\1", safe(text)), hyperlinks=False), (0, width - room, 0, 0))
        case blocks.Callout(title, lines, tone):
            body = Text("\n").join(Text("  " * inner.indent) + _line(inner, width) for inner in lines)
            yield Panel(
                body,
                title=one_line(title),
                title_align="left",
                border_style=STYLES[tone],
                width=min(width, READING_WIDTH),
            )
        case blocks.Gap():
            yield Text("")


def _table(
    columns: tuple[blocks.Column, ...], rows: tuple[tuple[blocks.Cell, ...], ...], width: int
) -> Iterator[RenderableType]:
    """A table with the columns that have room, and a word on those that have none."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [
        max(cell_len(column.name), *(row[place].cell_len for row in cells)) if cells else cell_len(column.name)
        for place, column in enumerate(columns)
    ]
    kept = kept_columns(columns, widths, width)
    drawn = Table(box=box.SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False, collapse_padding=True)
    for place in kept:
        column = columns[place]
        drawn.add_column(
            column.name,
            justify="right" if column.right else "left",
            overflow="fold",
            no_wrap=column.whole and widths[place] <= width,
        )
    for row in cells:
        drawn.add_row(*(row[place] for place in kept))
    yield drawn
    if len(kept) < len(columns):
        hidden = [column.name for place, column in enumerate(columns) if place not in kept]
        yield Text(f"A wider window, or a pipe, has more: {', '.join(hidden)}", style=STYLES["quiet"])


def kept_columns(columns: Sequence[blocks.Column], widths: Sequence[int], width: int) -> list[int]:
    """The places of the columns that a window of this width shows.

    Args:
        columns: of the table.
        widths: what each would like to have.
        width: of the window.
    """
    needs = [wide if column.whole else min(wide, LEAST_WIDTH) for column, wide in zip(columns, widths, strict=True)]
    kept = [place for place, column in enumerate(columns) if not column.rank]
    room = width - sum(needs[place] + GUTTER for place in kept) + GUTTER
    for place in sorted(set(range(len(columns))) - set(kept), key=lambda place: columns[place].rank):
        if needs[place] + GUTTER <= room:
            room -= needs[place] + GUTTER
            kept.append(place)
    return sorted(kept)


def _line(block: blocks.Line, width: int) -> Text:
    return _broken_at_joints(_pieces(block), width)


def _pieces(block: blocks.Line) -> Text:
    made = Text()
    for piece in block.pieces:
        made.append(safe(blocks.text_of(piece)), style=STYLES[blocks.tone_of(piece)])
    return made


def _broken_at_joints(text: Text, width: int) -> Text:
    """The text with each word that no line can hold, a path or an id, broken after ``/``, ``-``, ``_`` or ``.``."""
    breaks: list[int] = []
    for word in re.finditer(r"\S+", text.plain):
        if cell_len(word.group()) <= width:
            continue
        begin = text.plain.rfind("\n", 0, word.start()) + 1
        used = cell_len(text.plain[begin : word.start()])
        if used >= width:  # it begins a line of its own
            used = 0
        for part in _PART.finditer(word.group()):
            wide = cell_len(part.group())
            if used and used + wide > width:
                breaks.append(word.start() + part.start())
                used = 0
            used += wide
    return Text("\n").join(text.divide(breaks)) if breaks else text


def _cell(cell: blocks.Cell) -> Text:
    return Text(one_line(blocks.text_of(cell)), style=STYLES[blocks.tone_of(cell)])
