"""A refusal as people read it."""

from __future__ import annotations

from collections.abc import Iterator

from hansard.kernel.errors import HansardError
from hansard.surfaces.render.blocks import Block, Line, Words, line
from hansard.surfaces.render.text import one_line, shortened

OPTIONS_SHOWN = 12


def error(fault: HansardError, speaker: str = "hansard: ", indent: int = 0) -> list[Block]:
    """An error: the message first, then where, what would do, and what to do next; of a batch every fault."""
    shown: list[Block] = [line(Words(speaker, "bad"), one_line(fault.message), indent=indent)]
    shown += _details(fault, indent + 1)
    for inner in fault.errors:
        named = f"{' '.join(inner.item.values())}: " if inner.item else ""
        shown.append(line("- ", Words(named, "strong"), one_line(inner.message), indent=indent + 1))
        shown += _details(inner, indent + 2)
    return shown


def _details(fault: HansardError, indent: int) -> Iterator[Line]:
    if fault.field and f"'{fault.field}'" not in fault.message:
        yield line(Words("field: ", "quiet"), fault.field, indent=indent)
    if fault.valid_options:
        options = fault.valid_options[:OPTIONS_SHOWN]
        more = len(fault.valid_options) - len(options)
        told = ", ".join(shortened(option, 80) for option in options) + (f" and {more} more" if more else "")
        yield line(Words("valid: ", "quiet"), told, indent=indent)
    if fault.suggestion:
        yield line(one_line(fault.suggestion), indent=indent)
