"""Paths that a user names."""

import os
from collections.abc import Iterable
from pathlib import Path

from hansard.surfaces.cli.errors import output_unusable, path_not_found, usage
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


def is_standard_output(frame: Frame, output: Path | None, *, folder: bool = False) -> bool:
    """Whether ``-`` was given as the file to write; a file needs a folder that is there.

    Args:
        folder: what is written is a folder of files, so that one may be there already.

    Raises:
        HansardError: ``usage`` when the answer as JSON should go there too; ``output_unusable`` for a folder, or a
            file in a folder that there is not: a mistyped path is no wish for new folders.
    """
    if output is None:
        return False
    if str(output) != "-":
        if not folder and os.path.isdir(output):  # noqa: PTH112  # Path.is_dir fails at a name that is too long
            raise output_unusable(str(output), "it is a folder", "Name a file in it")
        if not os.path.isdir(output.parent):  # noqa: PTH112
            raise output_unusable(str(output), f"there is no folder '{output.parent}'", "Make the folder first")
        return False
    if frame.json:
        raise usage("'--output -' and '--json' both want standard output", "Leave one of them out")
    return True
