"""Paths that a user names."""

import os
from collections.abc import Iterable
from pathlib import Path

from hansard.surfaces.cli.errors import path_not_found, usage
from hansard.surfaces.cli.frame import Frame


def check_there(name: str) -> None:
    """Refuse a path that is not there, with the nearest name beside it.

    Raises:
        HansardError: ``path_not_found``.
    """
    if not os.path.exists(name):  # noqa: PTH110  # Path.exists fails at a name that is too long
        raise path_not_found(name, neighbours(Path(name)))


def neighbours(path: Path) -> Iterable[str]:
    """What stands in the folder where this path was looked for, named as the path was."""
    try:
        return sorted(str(path.parent / found.name) for found in path.parent.iterdir())
    except OSError:
        return []


def is_standard_output(frame: Frame, output: Path | None) -> bool:
    """Whether ``-`` was given as the file to write.

    Raises:
        HansardError: ``usage`` when the answer as JSON should go there too.
    """
    if output is None or str(output) != "-":
        return False
    if frame.json:
        raise usage("'--output -' and '--json' both want standard output", "Leave one of them out")
    return True
