"""``hansard checkpoint``: the family of commands on checkpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands.paths import check_there
from hansard.surfaces.cli.frame import Frame

FAMILY = "State and sign where every stream of the store stands, and compare it later."

Trust = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="KEYFILE|KEYID",
        show_default=False,
        help="A key that may have signed: a PEM file, an id, a name known here. May be given more than once.",
    ),
]


def create(
    frame: Frame,
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", show_default=False, help="The key that signs, by name or id.")
    ] = None,
) -> None:
    """State where every stream of the store stands, and sign it."""
    from hansard.surfaces.render.proof import checkpoint

    with frame.parts() as parts:
        answer = frame.ask(parts, "checkpoint_create", {"key": key}, "Signing")
    frame.answer(answer, checkpoint)


def show_all(frame: Frame) -> None:
    """List the store's checkpoints."""
    from hansard.surfaces.render.proof import checkpoints

    with frame.parts() as parts:
        answer = frame.ask(parts, "checkpoint_list", {})
    frame.answer(answer, checkpoints)


def show(
    frame: Frame,
    number: Annotated[
        int | None, typer.Argument(metavar="NUMBER", show_default=False, help="The newest when left out.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file that can be mailed.")
    ] = None,
    heads: Annotated[
        bool, typer.Option("--heads", help="In the file, name every stream and its head, to be compared one by one.")
    ] = False,
) -> None:
    """Show a checkpoint, and write it to a file that can be mailed."""
    from hansard.surfaces.render.proof import checkpoint

    with frame.parts() as parts:
        request = {"number": number, "output_path": None if output is None else str(output), "heads": heads}
        answer = frame.ask(parts, "checkpoint_show", request)
    frame.answer(answer, checkpoint)


def verify(
    frame: Frame,
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="NUMBER|FILE", show_default=False, help="One of the store's, or a file; all when left out."
        ),
    ] = None,
    trust: Trust = None,
) -> int:
    """Verify that the store still leads through its checkpoints; exit code 1 when it does not."""
    from hansard.surfaces.render.custody import verified

    if target is not None and not target.isdecimal():
        check_there(target)
    with frame.parts() as parts:
        answer = frame.ask(parts, "checkpoint_verify", {"target": target, "trust": trust or []}, "Verifying")
    frame.answer(answer, verified)
    return exits.OK if answer.ok else exits.FOUND


COMMANDS: dict[str, Callable[..., int | None]] = {"create": create, "list": show_all, "show": show, "verify": verify}
