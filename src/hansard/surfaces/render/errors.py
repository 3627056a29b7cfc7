"""A refusal as people read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hansard.kernel.errors import HansardError
from hansard.surfaces.render.blocks import Block, Line, Words, line
from hansard.surfaces.render.text import one_line, shortened

OPTIONS_SHOWN = 12


COMMANDS: Final = {
    "dialogue_abandon": "abandon",
    "dialogue_context_write": "context --files",
    "dialogue_entity": "show",
    "dialogue_export": "export",
    "dialogue_get": "show",
    "dialogue_import": "import",
    "dialogue_list": "list",
    "dialogue_reopen": "reopen",
    "dialogue_round_context": "context",
    "dialogue_tag": "tag",
    "domain_create": "ethos domain",
    "ethos_get": "ethos show",
    "ethos_synthesise": "ethos make",
    "exhibit_add": "exhibit add",
    "exhibit_list": "exhibit list",
    "memory_ingest": "memory ingest",
    "memory_query": "memory query",
    "memory_repair": "memory repair",
    "memory_stats": "memory stats",
    "memory_verify": "memory verify",
    "rule_create": "ethos rule",
    "rule_revise": "ethos revise",
    "rules_list": "ethos rules",
    "token_list": "token list",
    **{
        name: f"call {name}"
        for name in (
            "dialogue_create",
            "dialogue_evolve_panel",
            "dialogue_expert_create",
            "dialogue_round_register",
            "dialogue_update_status",
            "dialogue_verdict_register",
            "journal_events",
        )
    },
}
"""What somebody at the command line types for an operation that an error or a note names."""

_NAMED: Final = re.compile(rf"'({'|'.join(COMMANDS)})'")


def by_commands(text: str) -> str:
    """A text that names operations, as somebody at the command line does what it says."""
    return _NAMED.sub(lambda found: f"'hansard {COMMANDS[found[1]]}'", text)


def error(
    fault: HansardError, speaker: str = "hansard: ", indent: int = 0, *, by_operations: bool = False
) -> list[Block]:
    """An error: the message first, then where, what would do, and what to do next; of a batch every fault.

    Args:
        by_operations: what to do next is told by operations, as its caller calls them, and not by commands.
    """
    shown: list[Block] = [line(Words(speaker, "bad"), one_line(fault.message), indent=indent)]
    shown += _details(fault, indent + 1, by_operations)
    for inner in fault.errors:
        named = f"{' '.join(inner.item.values())}: " if inner.item else ""
        shown.append(line("- ", Words(named, "strong"), one_line(inner.message), indent=indent + 1))
        shown += _details(inner, indent + 2, by_operations)
    return shown


def _details(fault: HansardError, indent: int, by_operations: bool) -> Iterator[Line]:
    if fault.field and f"'{fault.field}'" not in fault.message:
        yield line(Words("field: ", "quiet"), fault.field, indent=indent)
    if fault.valid_options:
        options = fault.valid_options[:OPTIONS_SHOWN]
        more = len(fault.valid_options) - len(options)
        told = ", ".join(shortened(option, 80) for option in options) + (f" and {more} more" if more else "")
        yield line(Words("valid: ", "quiet"), told, indent=indent)
    if fault.suggestion:
        told = fault.suggestion
        if not by_operations:
            told = by_commands(told)
        yield line(one_line(told), indent=indent)
