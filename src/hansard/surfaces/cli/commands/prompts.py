"""``hansard prompts``."""

import sys
from typing import Annotated

import typer

from hansard.surfaces.cli.commands.context import Budget, Experts, Round, members
from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.frame import Frame, is_terminal, put


def run(
    frame: Frame,
    dialogue_id: DialogueId,
    round_: Round = None,
    expert: Experts = None,
    budget: Budget = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Write prompt-NAME.md and context-NAME.json into the dialogue's folder."),
    ] = False,
) -> None:
    """Make the prompts of a round's panel, with a brief for whoever is new; on a pipe, the prompts alone."""
    from hansard.surfaces.render.deliberating import prompts, prompts_alone, prompts_notes

    with frame.parts() as parts:
        request = {
            "dialogue_id": frame.to_read(parts, dialogue_id),
            "round": round_,
            "experts": members(expert),
            "budget_tokens": budget,
            "write": write,
        }
        answer = frame.ask(parts, "dialogue_prompts", request, "Writing prompts")
    if frame.json or is_terminal(sys.stdout):
        frame.answer(answer, prompts)
        return
    put(sys.stderr, prompts_notes(answer))
    frame.show(prompts_alone(answer))
