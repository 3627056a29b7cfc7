"""``hansard bundle``."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    dialogue_id: DialogueId,
    edition: Annotated[
        Literal["full", "public"],
        typer.Option(help="All there is; or without responses, payloads, names of those who acted, exhibits' bytes."),
    ] = "full",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write; in the home when left out.")
    ] = None,
    sign: Annotated[
        bool, typer.Option("--sign", help="Sign a new checkpoint first, so that every entry is under a signature.")
    ] = False,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", show_default=False, help="With --sign: the key, by name or id."),
    ] = None,
) -> None:
    """Write a dialogue into one file that verifies alone, under a signed checkpoint."""
    from hansard.surfaces.render.proof import bundled

    with frame.parts() as parts:
        request = {
            "dialogue_id": frame.to_read(parts, dialogue_id),
            "edition": edition,
            "output_path": None if output is None else str(output),
        }
        if sign:
            frame.ask(parts, "checkpoint_create", {"key": key}, "Signing")
        answer = frame.ask(parts, "bundle_create", request, "Bundling")
    frame.answer(answer, bundled)
