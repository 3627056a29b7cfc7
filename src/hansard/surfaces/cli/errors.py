"""Refusals of the command line itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hansard.kernel.errors import HansardError, did_you_mean


def usage(message: str, suggestion: str | None = None) -> HansardError:
    """The command line is wrong; no operation ran."""
    return HansardError("invalid", "usage", message, constraint="usage", suggestion=suggestion)


def record_unreadable() -> HansardError:
    """A record that was altered cannot be read any more: rows are gone, or stand twice."""
    return HansardError(
        "corrupt",
        "record_unreadable",
        "the record cannot be read: it is not as it was recorded",
        suggestion="'hansard verify --all' names what was altered; restore the last good copy",
    )


def not_json(why: str, line: int | None, column: int | None) -> HansardError:
    """What should be JSON is not."""
    where = f" (line {line}, column {column})" if line is not None else ""
    return HansardError(
        "invalid",
        "not_json",
        f"the request is not JSON: {why}{where}",
        field="request",
        constraint="shape",
        suggestion="Quote it for the shell, or give it as @FILE or on standard input (-)",
    )


def item_not_found(name: str, known: Iterable[str]) -> HansardError:
    """A dialogue has no such round, response or verdict."""
    names = list(known)
    return HansardError(
        "not_found",
        "item_not_found",
        f"'{name}' is nothing in this dialogue",
        field="item",
        value=name,
        valid_options=names,
        suggestion=did_you_mean(name, names) or "'hansard search' prints items, 'hansard show ID' the entities",
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


def output_unusable(name: str, why: str, suggestion: str) -> HansardError:
    """The file that was named cannot be written there."""
    return HansardError(
        "invalid",
        "output_unusable",
        f"'{name}' cannot be written: {why}",
        field="output",
        value=name,
        suggestion=suggestion,
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


def skill_differs(files: Iterable[str]) -> HansardError:
    """Another text stands where a skill would be written: an earlier version, or somebody's own changes."""
    named = ", ".join(f"'{file}'" for file in files)
    return HansardError(
        "conflict",
        "skill_differs",
        f"another text stands in {named}; nothing was written",
        field="to",
        suggestion="Look at it, then use --replace, or name another folder",
    )


def name_as_typed(fault: HansardError, options: Mapping[str, str]) -> None:
    """Let a refusal of a request name its fields as they were typed: ``options`` by field."""
    for one in (fault, *fault.errors):
        option = options.get(one.field or "")
        if option is not None:
            one.message = one.message.replace(f"'{one.field}'", f"'{option}'")
            one.suggestion = one.suggestion and one.suggestion.replace(f"'{one.field}'", f"'{option}'")
            one.field = option
