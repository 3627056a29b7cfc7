"""``hansard verify``."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands.ids import complete_id
from hansard.surfaces.cli.commands.paths import check_there
from hansard.surfaces.cli.errors import usage
from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="ID|FILE",
            show_default=False,
            help="A dialogue of the store, or an exported file.",
            autocompletion=complete_id,
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole store, every table.")] = False,
) -> int:
    """Verify that nothing was altered since it was recorded; exit code 1 when something was."""
    from hansard.surfaces.render.custody import verified

    if everything == (target is not None):
        raise usage("verify needs an id, a file, or --all", "'hansard verify latest' verifies the newest dialogue")
    file = None if target is None else named_file(target)
    with frame.parts(store=file is None) as parts:
        request: dict[str, object] = {"all": everything}
        if file is not None:
            request["target"] = str(file)
        elif target is not None:
            request["target"] = parts.dialogues.resolve_id(target)
        answer = frame.ask(parts, "verify", request, "Verifying")
    frame.answer(answer, partial(verified, whole=frame.verbose))
    return exits.OK if answer.ok else exits.FOUND


def named_file(target: str) -> Path | None:
    """The file that a target names; nothing where it can only be a dialogue's id.

    Raises:
        HansardError: ``path_not_found`` for what looks like a file and is not there.
    """
    if Path(target).is_file():
        return Path(target)
    if Path(target).suffix == ".json" or len(Path(target).parts) > 1:
        check_there(target)
    return None
