"""Which operations an assistant is offered as tools, and under which names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from mcp_types import Tool, ToolAnnotations

from hansard.kernel import errors as refusals
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import TOOL_SETS, find
from hansard.kernel.shapes import naming
from hansard.surfaces.mcp import errors
from hansard.surfaces.mcp.results import reworded
from hansard.surfaces.mcp.schemas import Schema, described, input_schema, output_schema

if TYPE_CHECKING:
    from hansard.kernel.operations import Operation, Rooms, Scope
    from hansard.kernel.shapes import Shape

DEFAULT_SETS: Final[tuple[str, ...]] = ("dialogue",)
"""What a Judge needs; every further tool costs an assistant room in its context."""

PREFIXED: Final = "dialogue_"
"""The tools that ``--prefix`` renames: those that the specification has a prefixed name for."""

_PREFIX: Final = re.compile(r"[A-Za-z0-9_.-]{0,40}")

_QUOTED: Final = re.compile(r"(?<!Did you mean )(['`]+)([a-z]+(?:_[a-z]+)+)\1")
"""An operation in quotes. One word alone may well be an expert or a dialogue, and a near word is somebody else's."""

SIZE_HINT: Final = "anthropic/maxResultSizeChars"
"""Told with each tool: a client that knows it keeps answers of so many characters whole."""


def named_sets(text: str) -> tuple[str, ...]:
    """The sets that ``--tools`` names, in order.

    Raises:
        HansardError: ``unknown_tool_set``.
    """
    named = [name for part in text.split(",") if (name := part.strip())]
    if "all" in named:
        return TOOL_SETS
    for name in named:
        if name not in TOOL_SETS:
            raise errors.unknown_tool_set(name, TOOL_SETS)
    return tuple(dict.fromkeys(named)) or DEFAULT_SETS


@dataclass(frozen=True)
class Offer:
    """The tools of one server, or of one request where each says which it wants."""

    table: Rooms
    sets: Sequence[str] = DEFAULT_SETS
    prefix: str = ""
    answer_limit: int = 0
    """Characters that an answer may have; told as a hint. 0 for any number."""

    def __post_init__(self) -> None:
        """See that names with the prefix can be names of tools.

        Raises:
            HansardError: ``invalid_field``.
        """
        if not _PREFIX.fullmatch(self.prefix):
            why = "may have letters of ASCII, digits, '_', '-' and '.' only, and no more than 40"
            raise refusals.invalid_field("prefix", self.prefix, why, suggestion="Take one such as 'blue_'")

    def operations(self, scope: Scope) -> list[Operation]:
        """What a caller with this scope is offered, in the order of names."""
        return [one for one in self.table.in_sets(self.sets) if one.open_to(scope)]

    def name(self, operation: str) -> str:
        """The name of an operation's tool."""
        return f"{self.prefix}{operation}" if operation.startswith(PREFIXED) else operation

    def called(self, operation: str, scope: Scope, quotes: str = "") -> str:
        """An operation as a caller with this scope is told of it: by its tool, or with the reason why there is none.
        What is no operation is told as it is."""
        found = self.table.opened(operation)
        if found is None:
            return f"{quotes}{operation}{quotes}"
        if not found.open_to(scope):
            return f"{quotes}{operation}{quotes} (needs the scope '{found.mark.scope}')"
        if found.mark.tools not in self.sets:
            return f"{quotes}{operation}{quotes} (not offered here; it is in the set '{found.mark.tools}')"
        return f"{quotes}{self.name(operation)}{quotes}"

    def hint(self, text: str, scope: Scope) -> str:
        """A text of ours for a caller with this scope: the operations that it names in quotes, or that it is, told as
        this server calls them (``called``)."""
        if self.table.opened(text):
            return self.called(text, scope)
        return _QUOTED.sub(lambda found: self.called(found[2], scope, found[1]), text)

    def error(self, fault: HansardError, scope: Scope) -> HansardError:
        """A refusal for a caller with this scope, with what to do next told so."""
        return fault.reworded(lambda text: self.hint(text, scope))

    def told(self, operation: Operation, data: dict[str, Any], scope: Scope) -> dict[str, Any]:
        """An operation's answer for a caller with this scope, with its operations told so (``shapes.names_tools``)."""
        for path in _naming(operation.answer):
            data = reworded(data, path, lambda text: self.hint(text, scope))
        return data

    def tools(self, scope: Scope) -> list[Tool]:
        """The tools as they are listed."""
        return [self._tool(operation, scope) for operation in self.operations(scope)]

    def find(self, name: str, scope: Scope) -> Operation:
        """The operation that a tool's name or alias means, with the prefix or without.

        Raises:
            HansardError: ``unknown_tool``, with those that a caller with this scope is offered.
        """
        plain = name.removeprefix(self.prefix)
        try:
            found = find(self.table, plain)
        except HansardError:
            found = None
        if found is None or found.mark.tools not in self.sets:
            offered = [self.name(one.name) for one in self.operations(scope)]
            raise errors.unknown_tool(name, offered, None if found is None else found.mark.tools)
        return found

    def _tool(self, operation: Operation, scope: Scope) -> Tool:
        mark = operation.mark

        def hint(text: str) -> str:
            return self.hint(text, scope)

        return Tool(
            name=self.name(operation.name),
            title=operation.title,
            description=hint(operation.summary),
            input_schema=described(_taken(operation.request, tuple(self.sets)), hint),
            output_schema=described(_given(operation.answer), hint),
            annotations=ToolAnnotations(
                title=operation.title,
                read_only_hint=not mark.writes,
                destructive_hint=mark.destructive,
                idempotent_hint=mark.idempotent,
                open_world_hint=False,
            ),
            _meta={SIZE_HINT: self.answer_limit} if self.answer_limit else None,
        )


@cache
def _taken(request: type[Shape], sets: tuple[str, ...]) -> Schema:
    """What a tool takes; shapes do not change while a program runs, and to make a schema takes milliseconds."""
    return input_schema(request.model_json_schema(), sets)


@cache
def _naming(answer: type[Shape]) -> tuple[tuple[str, ...], ...]:
    return tuple(naming(answer))


@cache
def _given(answer: type[Shape]) -> Schema:
    return output_schema(answer.model_json_schema(mode="serialization"))
