"""Refusals of the command line itself."""

from __future__ import annotations

from collections.abc import Iterable

from hansard.kernel.errors import HansardError, did_you_mean


def usage(message: str, suggestion: str | None = None) -> HansardError:
    """The command line is wrong; no operation ran."""
    return HansardError("invalid", "usage", message, constraint="usage", suggestion=suggestion)


def internal_error() -> HansardError:
    """A fault of Hansard itself, told to programs (``--json``); people get one line."""
    return HansardError(
        "unavailable",
        "internal_error",
        "Hansard failed",
        suggestion="Run it again with --debug for the trace",
    )


def not_json(why: str, line: int, column: int) -> HansardError:
    """What should be JSON is not."""
    return HansardError(
        "invalid",
        "not_json",
        f"the request is not JSON: {why} (line {line}, column {column})",
        field="request",
        constraint="shape",
        suggestion="Quote it for the shell, or give it as @FILE or on standard input (-)",
    )


def path_not_found(name: str, neighbours: Iterable[str]) -> HansardError:
    """A path that was named is not there."""
    return HansardError(
        "not_found",
        "path_not_found",
        f"there is no file or folder '{name}'",
        field="path",
        value=name,
        suggestion=did_you_mean(name, neighbours) or "Check the path",
    )


def entity_not_found(name: str, known: Iterable[str]) -> HansardError:
    """The dialogue has no entity of this id."""
    options = sorted(known)
    return HansardError(
        "not_found",
        "entity_not_found",
        f"the dialogue has no '{name}'",
        field="entity",
        value=name,
        suggestion=did_you_mean(name, options) or "'hansard show ID' tells what is there",
    )


def folder_not_empty(name: str) -> HansardError:
    """The demo would write into a folder that holds something."""
    return HansardError(
        "conflict",
        "folder_not_empty",
        f"'{name}' is there and is not empty",
        field="keep",
        value=name,
        suggestion="Name a folder that does not exist yet",
    )
