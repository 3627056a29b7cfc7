"""``hansard verify``."""

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
    heads: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="STREAM:NUMBER:HASH",
            show_default=False,
            help="A head noted earlier: must still be part of its stream. May be given more than once.",
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="An earlier export, minutes, or output of verify: its heads must still be part of their streams.",
        ),
    ] = None,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            "--trust",
            metavar="KEYFILE|KEYID",
            show_default=False,
            help="For a bundle: a key that may have signed it (PEM file, id, or name known here); no other may.",
        ),
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="For a bundle: a checkpoint's file, or a bundle, that was noted earlier.",
        ),
    ] = None,
) -> int:
    """Verify that nothing was altered since it was recorded; exit code 1 when something was."""
    from hansard.custody.verifying import names_file
    from hansard.surfaces.render.custody import verified

    if everything and target is not None:
        raise usage("verify takes an id or a file, or --all", "Leave one of them out")
    if not everything and target is None and not heads and against is None:
        suggestion = "'hansard verify latest' verifies the dialogue that was written to last"
        raise usage("verify needs an id, a file, --all, or a head noted earlier", suggestion)
    for path in (target if target is not None and names_file(target) else None, against, checkpoint):
        if path is not None:
            check_there(path)
    with frame.parts(store=target is None or not names_file(target)) as parts:
        request = {
            "target": target,
            "all": everything,
            "heads": heads or [],
            "against": against,
            "trust": trust or [],
            "checkpoint": checkpoint,
        }
        answer = frame.ask(parts, "verify", request, "Verifying")
    frame.answer(answer, verified)
    return exits.OK if answer.ok else exits.FOUND
