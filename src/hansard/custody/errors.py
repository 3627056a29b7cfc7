"""Refusals of custody; each function's name is its code."""

from __future__ import annotations

from hansard.kernel.errors import HansardError


def nothing_to_verify() -> HansardError:
    """A call of verify names nothing, or two things at once."""
    return HansardError(
        "invalid",
        "nothing_to_verify",
        "verify takes one of two: a dialogue or file in 'target', or 'all'; or heads alone",
        field="target",
        constraint="shape",
        suggestion="Give the id of a dialogue, the path of an export, all: true, or a head that was noted earlier",
    )


def head_malformed(text: str) -> HansardError:
    """What should be a head that somebody noted is none."""
    return HansardError(
        "invalid",
        "head_malformed",
        f"'{text}' is no head",
        field="heads",
        value=text,
        constraint="shape",
        suggestion="Give it as STREAM:NUMBER:HASH, as 'hansard verify' prints it",
    )


def no_head_found(name: str) -> HansardError:
    """A file that should tell where a stream stood tells of none."""
    return HansardError(
        "invalid",
        "no_head_found",
        f"'{name}' states no head of a stream",
        field="against",
        value=name,
        constraint="shape",
        suggestion="Give an export with its journal, minutes, a report, or what 'hansard verify' printed",
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
