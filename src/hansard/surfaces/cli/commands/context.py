"""``hansard context``."""

from typing import Annotated

import typer

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.frame import Frame

Round = Annotated[
    int | None, typer.Option("--round", min=0, help="The round; the one to come when left out.", show_default=False)
]
Experts = Annotated[
    list[str] | None,
    typer.Option(
        "--expert",
        metavar="NAME",
        help="Only for this member of the panel; may be repeated, or several with commas between.",
        show_default=False,
    ),
]
Budget = Annotated[
    int | None,
    typer.Option(
        "--budget",
        metavar="TOKENS",
        min=1,
        help="Shrink what is settled until it fits.",
        show_default=False,
    ),
]


def members(given: list[str] | None) -> list[str]:
    """Who was named, one by one; a name that has a comma of its own is given by its slug."""
    return [name for one in given or () for part in one.split(",") if (name := part.strip())]


def run(
    frame: Frame,
    dialogue_id: DialogueId,
    round_: Round = None,
    expert: Experts = None,
    budget: Budget = None,
    files: Annotated[
        bool, typer.Option("--files", help="Write it into a file below the dialogue's folder, and say where.")
    ] = False,
) -> None:
    """Show what the experts of a round are told: earlier rounds, open tensions, and where each of them stands.

    With --json the whole context, however long it is.
    """
    from hansard.surfaces.render.deliberating import context, context_written

    with frame.parts() as parts:
        request = {
            "dialogue_id": frame.to_read(parts, dialogue_id),
            "round": round_,
            "experts": members(expert),
            "budget_tokens": budget,
        }
        if files:
            frame.answer(frame.ask(parts, "dialogue_context_write", request), context_written)
        else:
            frame.answer(frame.ask(parts, "dialogue_round_context", request), context)
