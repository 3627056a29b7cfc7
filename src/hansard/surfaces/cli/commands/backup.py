"""``hansard backup`` and ``hansard restore``."""

from pathlib import Path
from typing import Annotated

import typer

from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty folder, or one that is not there yet.")],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Copy the keys too; whoever has the copy can sign with them.")
    ] = False,
    without_memory: Annotated[
        bool, typer.Option("--without-memory", help="Leave the memory out, where it is too large for the copy.")
    ] = False,
) -> None:
    """Copy the store, its dialogues' files and the memory while others go on writing, and verify the copy."""
    from hansard.surfaces.render.database import copied

    with frame.parts(store=False) as parts:
        request = {"path": str(folder), "keys": with_keys, "memory": not without_memory}
        answer = frame.ask(parts, "backup_create", request, "Copying")
    frame.answer(answer, copied)


def restore(
    frame: Frame,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that 'hansard backup' wrote.")],
) -> None:
    """Put a backup into a home that holds no record yet, and verify it."""
    from hansard.surfaces.render.database import copied

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "backup_restore", {"path": str(folder)}, "Restoring")
    frame.answer(answer, copied)
