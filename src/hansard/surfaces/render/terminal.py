"""Blocks on a terminal: colour where it is wanted (``NO_COLOR`` is heard), tables as wide as the window."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO, Final

from rich import box
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
READING_WIDTH: Final = 100
"""Columns beyond which a typeset page tires the eye."""


def console(file: IO[str]) -> Console:
    """A console that takes every text literally: what an expert wrote is never markup."""
    return Console(file=file, markup=False, highlight=False, emoji=False)


def write(to: Console, shown: Iterable[blocks.Block]) -> None:
    """Write blocks."""
    for block in shown:
        for renderable in renderables(block, to.width):
            to.print(renderable)


def renderables(block: blocks.Block, width: int) -> Iterator[RenderableType]:
    """A block as rich draws it; ``width`` in columns."""
    match block:
        case blocks.Heading(text):
            yield Text(one_line(text), style="bold")
        case blocks.Line(_, indent):
            yield Padding(_line(block), (0, 0, 0, 2 * indent), expand=False)
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
            drawn = Table(
                box=box.SIMPLE_HEAD, header_style="bold", show_edge=False, pad_edge=False, collapse_padding=True
            )
            for column in columns:
                drawn.add_column(column.name, justify="right" if column.right else "left", overflow="fold")
            for row in rows:
                drawn.add_row(*(_cell(cell) for cell in row))
            yield drawn
        case blocks.Markdown(text):
            room = min(width, READING_WIDTH)
            yield Padding(Markdown(_WITHIN.sub(r"\1", safe(text)), hyperlinks=False), (0, width - room, 0, 0))
        case blocks.Callout(title, lines, tone):
            body = Text("\n").join(Text("  " * inner.indent) + _line(inner) for inner in lines)
            yield Panel(
                body,
                title=one_line(title),
                title_align="left",
                border_style=STYLES[tone],
                width=min(width, READING_WIDTH),
            )
        case blocks.Gap():
            yield Text("")


def _line(block: blocks.Line) -> Text:
    made = Text()
    for piece in block.pieces:
        made.append(safe(blocks.text_of(piece)), style=STYLES[blocks.tone_of(piece)])
    return made


def _cell(cell: blocks.Cell) -> Text:
    return Text(one_line(blocks.text_of(cell)), style=STYLES[blocks.tone_of(cell)])
