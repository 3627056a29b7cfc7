"""``hansard verify``."""

from functools import partial
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
    from hansard.custody.verifying import names_file
    from hansard.surfaces.render.custody import verified

    if everything == (target is not None):
        fault = "verify takes an id or a file, or --all" if everything else "verify needs an id, a file, or --all"
        raise usage(fault, "'hansard verify latest' verifies the dialogue that was written to last")
    file = target is not None and names_file(target)
    if target is not None and file:
        check_there(target)
    with frame.parts(store=not file) as parts:
        answer = frame.ask(parts, "verify", {"target": target, "all": everything}, "Verifying")
    frame.answer(answer, partial(verified, whole=frame.verbose))
    return exits.OK if answer.ok else exits.FOUND
