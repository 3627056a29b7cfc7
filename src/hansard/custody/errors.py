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


def folder_to_verify(name: str) -> HansardError:
    """What verify was given is a folder."""
    return HansardError(
        "invalid",
        "folder_to_verify",
        f"'{name}' is a folder; verify takes a dialogue's id or an exported file",
        field="target",
        value=name,
        constraint="shape",
        suggestion="Give the file inside it, such as dialogue.json; '--all' verifies the whole store",
    )
