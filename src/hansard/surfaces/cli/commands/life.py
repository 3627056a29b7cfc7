"""``hansard abandon``, ``hansard reopen``, ``hansard tag``."""

from typing import Annotated, Any, Literal

import typer

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.frame import Frame

By = Annotated[
    Literal["user", "judge"], typer.Option("--by", help="Who decides it: somebody outside the panel, or its Judge.")
]
Reason = Annotated[
    str, typer.Option("--reason", "-m", metavar="TEXT", help="Why; it stands on record.", show_default=False)
]


def abandon(frame: Frame, dialogue_id: DialogueId, reason: Reason, by: By = "user") -> None:
    """Give a dialogue up that comes to no verdict; what was said stays on record."""
    _step(frame, "dialogue_abandon", dialogue_id, {"reason": reason, "by": [by]})


def reopen(frame: Frame, dialogue_id: DialogueId, reason: Reason, by: By = "user") -> None:
    """Take an abandoned or converged dialogue up again; its verdict stands until another supersedes it."""
    _step(frame, "dialogue_reopen", dialogue_id, {"reason": reason, "by": [by]})


def tag(
    frame: Frame,
    dialogue_id: DialogueId,
    add: Annotated[
        list[str] | None, typer.Argument(metavar="TAGS", show_default=False, help="Tags to be added.")
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="TAG", help="A tag to be removed; may be repeated.", show_default=False),
    ] = None,
    by: By = "user",
) -> None:
    """Add tags to a dialogue, and remove others."""
    _step(frame, "dialogue_tag", dialogue_id, {"add": add or [], "remove": remove or [], "by": [by]})


def _step(frame: Frame, operation: str, named: str, request: dict[str, Any]) -> None:
    from hansard.surfaces.render.deliberating import life_step

    with frame.parts() as parts:
        answer = frame.ask(parts, operation, {"dialogue_id": parts.dialogues.resolve_id(named), **request})
    frame.answer(answer, life_step)
