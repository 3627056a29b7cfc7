"""Refusals that the doors for programs share."""

from __future__ import annotations

from hansard.kernel.errors import HansardError


def internal_error() -> HansardError:
    """A fault of Hansard itself, told to programs; people get one line."""
    return HansardError(
        "unavailable",
        "internal_error",
        "Hansard failed",
        constraint="internal",
        suggestion="Run it again with --debug for the trace; a server writes it into its log",
    )
