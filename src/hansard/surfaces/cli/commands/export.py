"""``hansard export``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    dialogue_id: DialogueId,
    form: Annotated[
        Literal["json", "markdown"],
        typer.Option("--format", help="The record whole and verifiable, or its minutes."),
    ] = "json",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write; in the home when left out."),
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal/--no-journal", help="Whether the export proves itself by its chain.")
    ] = True,
) -> None:
    """Export a dialogue: a file that anybody can verify without this store."""
    from hansard.surfaces.render.exchange import exported

    with frame.parts() as parts:
        request = {
            "dialogue_id": parts.dialogues.resolve_id(dialogue_id),
            "format": form,
            "journal": journal,
            "output_path": None if output is None else str(output),
        }
        answer = frame.ask(parts, "dialogue_export", request, "Exporting")
    frame.answer(answer, exported)
