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
) -> None:
    """Copy the store and its dialogues' files while others go on writing, and verify the copy."""
    from hansard.surfaces.render.database import copied

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "backup_create", {"path": str(folder), "keys": with_keys}, "Copying")
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
