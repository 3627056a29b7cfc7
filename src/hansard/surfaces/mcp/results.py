"""Answers and errors as results of a tool."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final

from mcp_types import CallToolResult, TextContent

if TYPE_CHECKING:
    from hansard.kernel.errors import HansardError
    from hansard.kernel.shapes import Shape

SIZE: Final = "hansard/characters"
"""Under this key ``_meta`` tells how long an answer is as text, for whoever decides what to keep."""

ERROR: Final = "hansard/error"
"""Under this key an error's dict stands in ``_meta``, for programs."""

LONG: Final = 2000
"""An error of more characters is led by a summary, since its reader may be shown the beginning only."""

FAULTS_NAMED: Final = 20
"""So many faults of a batch the summary names."""


def text_of(data: Any) -> str:
    """Data as JSON text."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def plain(answer: Shape) -> dict[str, Any]:
    """An answer as plain data."""
    data: dict[str, Any] = answer.model_dump(mode="json", by_alias=True)
    return data


def given(data: dict[str, Any], text: str) -> CallToolResult:
    """An answer, as data and as text for clients that know no other."""
    return CallToolResult(content=[TextContent(text=text)], structured_content=data, _meta={SIZE: len(text)})


def refused(fault: HansardError) -> CallToolResult:
    """An error. It has no structured content, which a client would hold against the answer's schema."""
    told = fault.as_dict()
    text = text_of(told)
    content = [TextContent(text=text)]
    if len(text) > LONG:
        content.insert(0, TextContent(text=summary(fault)))
    return CallToolResult(content=content, is_error=True, _meta={ERROR: told})


def reworded(data: Any, path: tuple[str, ...], reword: Callable[[str], str]) -> Any:
    """Data with the texts at a path in other words; lists on the way are gone through. Of an error, its suggestions."""
    if isinstance(data, list):
        return [reworded(one, path, reword) for one in data]
    if isinstance(data, str):
        return data if path else reword(data)
    if not isinstance(data, dict):
        return data
    if path:
        keys: Collection[str] = (path[0],)
    else:
        keys = ("suggestion", "errors") if "error_code" in data else data.keys()
    return {key: reworded(inner, path[1:], reword) if key in keys else inner for key, inner in data.items()}


def summary(fault: HansardError) -> str:
    """An error in a few lines: what is so, then each fault of a batch with its field."""
    lines = [f"{fault.code}: {fault}"]
    lines += [f"- {one.field or 'request'}: {one.code}: {one}" for one in fault.errors[:FAULTS_NAMED]]
    more = len(fault.errors) - FAULTS_NAMED
    return "\n".join([*lines, f"- and {more} more"] if more > 0 else lines)
