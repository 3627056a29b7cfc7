"""``hansard list``."""

from typing import Annotated, Literal

import typer

from hansard.surfaces.cli.frame import Frame

Status = Literal["open", "converging", "converged", "abandoned"]


def run(
    frame: Frame,
    status: Annotated[Status | None, typer.Option(help="Only those with this status.")] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Only those with this tag; may be repeated.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
) -> None:
    """List the dialogues of the record, newest first by when they were held.

    'latest', in other commands, is the dialogue that was written to last: imported, or held in part, most recently.
    """
    from hansard.surfaces.render.dialogues import dialogue_list

    with frame.parts() as parts:
        answer = frame.ask(parts, "dialogue_list", {"status": status, "tags": tag or [], "limit": limit})
        every = answer.total
        if not every and (status or tag):
            every = frame.ask(parts, "dialogue_list", {"limit": 1}).total
    frame.answer(answer, lambda listed: dialogue_list(listed, every))
