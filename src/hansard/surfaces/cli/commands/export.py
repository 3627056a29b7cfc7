"""``hansard export``."""

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.commands.paths import is_standard_output
from hansard.surfaces.cli.frame import Frame, put


def run(
    frame: Frame,
    dialogue_id: DialogueId,
    form: Annotated[
        Literal["json", "markdown"],
        typer.Option("--format", help="The record whole and verifiable, or its minutes."),
    ] = "json",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write ('-': standard output); in the home when left out."
        ),
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal/--no-journal", help="Whether the export proves itself by its chain.")
    ] = True,
) -> None:
    """Export a dialogue: a file that anybody can verify without this store."""
    from hansard.surfaces.render.exchange import exported, warned

    shown = is_standard_output(frame, output)
    with frame.parts() as parts, contextlib.ExitStack() as stack:
        if shown:
            output = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "export"
        request = {
            "dialogue_id": frame.to_read(parts, dialogue_id),
            "format": form,
            "journal": journal,
            "output_path": None if output is None else str(output),
        }
        answer = frame.ask(parts, "dialogue_export", request, "Exporting")
        if shown:
            sys.stdout.write(Path(answer.path).read_text(encoding="utf-8"))
            put(sys.stderr, warned(answer))
            return
    frame.answer(answer, exported)
