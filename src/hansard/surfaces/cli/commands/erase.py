"""``hansard erase``."""

from typing import Annotated

import typer

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.errors import usage
from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    dialogue_id: DialogueId,
    responses: Annotated[
        list[str] | None,
        typer.Option(
            "--response",
            metavar="ROUND/NAME",
            show_default=False,
            help="A response (1/muffin), with what was read from it alone. May be given more than once.",
        ),
    ] = None,
    items: Annotated[
        list[str] | None,
        typer.Option(
            "--item",
            metavar="ITEM",
            show_default=False,
            help="P0101, round-1 (title and summary), verdict:ID, question, X0001, document:NAME. More than once.",
        ),
    ] = None,
    whole: Annotated[bool, typer.Option("--dialogue", help="Everything of the dialogue but its id and chain.")] = False,
    reason: Annotated[
        str | None,
        typer.Option(metavar="TEXT", show_default=False, help="Why; it stays in the journal and in every export."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase; otherwise it is only told what would go.")] = False,
) -> int:
    """Take words out of store, journal, search and files for good; the chain tells that something stood there.

    Without --yes nothing is changed. Copies that were handed out before are out of reach.
    """
    from hansard.surfaces.render.proof import erased

    if reason is None and yes:
        raise usage("erase needs --reason", "Say why, in words that may stay: --reason 'personal data'")
    with frame.parts() as parts:
        request = {
            "dialogue_id": parts.dialogues.resolve_id(dialogue_id),
            "items": [*(f"round-{one.removeprefix('round-')}" for one in responses or []), *(items or [])],
            "whole": whole,
            "reason": reason or "not given yet",
            "dry_run": not yes,
        }
        answer = frame.ask(parts, "dialogue_erase", request, "Erasing")
    frame.answer(answer, erased)
    return exits.FOUND if answer.scrubbed is False else exits.OK
