"""``hansard mcp``."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from hansard.surfaces.cli.frame import Frame

ANSWER_LIMIT = 100_000
"""Characters, about 25,000 tokens: more than that a known client cuts by default."""


def run(
    frame: Frame,
    tools: Annotated[
        str,
        typer.Option(
            metavar="SETS", help="Sets of tools: dialogue, record, calibration, proof, memory; with commas, or 'all'."
        ),
    ] = "dialogue",
    prefix: Annotated[str, typer.Option(metavar="TEXT", help="Put this before the names of the dialogue tools.")] = "",
    admin: Annotated[
        bool, typer.Option("--admin", help="Offer too what keeps the store: keys, checkpoints, erasing.")
    ] = False,
    answer_limit: Annotated[
        int,
        typer.Option(
            metavar="CHARS", min=0, help="Refuse answers of more characters, and say how to get a shorter one."
        ),
    ] = ANSWER_LIMIT,
) -> None:
    """Serve an assistant over standard input and output (Model Context Protocol).

    An assistant starts this itself; docs/assistants.md says what to write into its settings, docs/mcp.md what it
    offers. Files are read in the folder in which it is started, in the home, and in 'read_folders' of the settings.
    """
    from hansard.kernel.bulk import collector_paused

    with contextlib.ExitStack() as stack:
        with collector_paused():  # what is loaded stays
            from hansard.kernel.operations import Caller
            from hansard.surfaces.mcp.stdio import serve
            from hansard.surfaces.mcp.tools import Offer, named_sets
            from hansard.surfaces.running import Runner

            parts = stack.enter_context(frame.parts(store=False, anywhere=False, served_from=[Path.cwd()]))
            offer = Offer(parts.table, named_sets(tools), prefix, answer_limit)
        runner = Runner(parts.table, parts.ready, parts.dialogues.resolve_id)
        serve(runner, offer, Caller(parts.actor, "admin" if admin else "judge"))
