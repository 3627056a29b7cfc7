"""Blocks in a pipe: no colour, no boxes, nothing cut; a table is columns divided by tabs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hansard.surfaces.render import blocks
from hansard.surfaces.render.text import one_line, safe

STEP = "  "


def plain_lines(shown: Iterable[blocks.Block]) -> Iterator[str]:
    """The lines of blocks, without line ends. Two blocks of one kind follow each other directly."""
    for block in shown:
        yield from _lines(block)


def _lines(block: blocks.Block) -> Iterator[str]:
    match block:
        case blocks.Heading(text):
            yield one_line(text)
        case blocks.Line(pieces, indent):
            yield STEP * indent + one_line("".join(blocks.text_of(piece) for piece in pieces))
        case blocks.Prose(text, indent):
            yield from (f"{STEP * indent}{part}".rstrip() for part in safe(text).split("\n"))
        case blocks.Fields(pairs):
            yield from (f"{name}: {one_line(blocks.text_of(value))}" for name, value in pairs)
        case blocks.Table(columns, rows):
            yield "\t".join(column.name for column in columns)
            yield from ("\t".join(one_line(blocks.text_of(cell)) for cell in row) for row in rows)
        case blocks.Markdown(text):
            yield from text.removesuffix("\n").split("\n")
        case blocks.Callout(title, lines):
            yield one_line(title)
            for inner in lines:
                yield from _lines(blocks.Line(inner.pieces, inner.indent + 1))
        case blocks.Gap():
            yield ""
