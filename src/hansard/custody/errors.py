"""Refusals of custody; each function's name is its code."""

from __future__ import annotations

from hansard.kernel.errors import HansardError


def nothing_to_verify() -> HansardError:
    """A call of verify names nothing, or two things at once."""
    return HansardError(
        "invalid",
        "nothing_to_verify",
        "verify takes one of two: a dialogue or file in 'target', or 'all'",
        field="target",
        constraint="shape",
        suggestion="Give the id of a dialogue, the path of an export, or all: true",
    )


def file_not_allowed(name: str) -> HansardError:
    """The settings do not let this file be read."""
    return HansardError(
        "refused",
        "file_not_allowed",
        f"'{name}' may not be read",
        field="target",
        value=name,
        constraint="confinement",
        suggestion="Give a path inside the home folder, or allow this one in the settings",
    )
