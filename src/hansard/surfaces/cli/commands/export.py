"""``hansard export``."""

import contextlib
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from hansard.surfaces.cli.commands.ids import complete_id
from hansard.surfaces.cli.commands.paths import is_standard_output
from hansard.surfaces.cli.errors import usage
from hansard.surfaces.cli.frame import Frame, put


def run(
    frame: Frame,
    dialogue_id: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="A dialogue: its id, the beginning of it, or 'latest' (the one written to last).",
            autocompletion=complete_id,
        ),
    ] = None,
    form: Annotated[
        Literal["json", "markdown", "adr", "aif", "argdown", "parquet"],
        typer.Option(
            "--format",
            help="The record whole and verifiable, its minutes, a decision record, an argument graph, or tables.",
        ),
    ] = "json",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write ('-': standard output; a folder for parquet); in the home when left out.",
        ),
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal/--no-journal", help="Whether the export proves itself by its chain.")
    ] = True,
    every: Annotated[bool, typer.Option("--all", help="Every dialogue; with --format parquet and --output.")] = False,
) -> None:
    """Export a dialogue: a file that anybody can verify without this store, or one that other programs read."""
    from hansard.surfaces.render.exchange import exported, warned

    if every == (dialogue_id is not None):
        raise usage("name one dialogue, or give --all", "Give an id ('hansard list' shows them)")
    shown = is_standard_output(frame, output, folder=form == "parquet")
    if form == "parquet" and shown:
        raise usage("Parquet is a folder of files", "Name a folder with --output")
    if every and (form != "parquet" or output is None):
        raise usage("--all writes tables into a folder", "Give --format parquet and --output FOLDER")
    with frame.parts() as parts, contextlib.ExitStack() as stack:
        if shown:
            output = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "export"
        request: dict[str, Any] = {
            "dialogue_id": None if dialogue_id is None else frame.to_read(parts, dialogue_id),
            "format": form,
            "journal": journal,
            "output_path": None if output is None else str(output),
        }
        answer = frame.ask(parts, "dialogue_export", request, "Exporting")
        if shown:
            sys.stdout.write(Path(answer.path).read_text(encoding="utf-8"))
            put(sys.stderr, warned(answer, whole=frame.verbose))
            return
    frame.answer(answer, partial(exported, whole=frame.verbose))
