"""Passphrases: from the environment or a terminal, and from nowhere else; none is ever shown, logged or stored."""

from __future__ import annotations

import os
import sys
from typing import Final

VARIABLE: Final = "HANSARD_KEY_PASSPHRASE"


def given_passphrase(name: str, new: bool) -> str | None:  # noqa: ARG001
    """The environment's passphrase alone: a server has nobody to ask."""
    return os.environ.get(VARIABLE) or None


def passphrase(name: str, new: bool) -> str | None:
    """The passphrase of a key: the environment's, else what somebody types at a terminal; ``None`` where nobody can.

    Args:
        name: what the key is called.
        new: a new one is chosen: it is asked for twice, until both are alike.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return given
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    from getpass import getpass

    if not new:
        return getpass(f"Passphrase of the key '{name}': ") or None
    while typed := getpass(f"New passphrase for the key '{name}': "):
        if getpass("Once more: ") == typed:
            return typed
        sys.stderr.write("These were not alike.\n")
    return None
