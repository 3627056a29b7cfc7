"""``hansard similar`` and ``hansard stats``."""

from typing import Annotated

import typer

from hansard.surfaces.cli.commands.ids import complete_id
from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", show_default=False, help="What it should be about.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="ID", help="About the same as this dialogue.", autocompletion=complete_id),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 10,
) -> None:
    """Find dialogues about the same matter: as some words, or as another dialogue; the nearest first."""
    from hansard.surfaces.render.deliberating import similar

    with frame.parts() as parts:
        request = {
            "words": " ".join(words) if words else None,
            "dialogue_id": None if to is None else parts.dialogues.resolve_id(to),
            "limit": limit,
        }
        answer = frame.ask(parts, "dialogue_similar", request)
    frame.answer(answer, similar)


def stats(
    frame: Frame,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Only dialogues with this tag; may be repeated.", show_default=False),
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=100, help="So many experts at most.")] = 10,
) -> None:
    """Count over all dialogues: statuses, kinds, averages, experts, rounds to a verdict."""
    from hansard.surfaces.render.deliberating import statistics

    with frame.parts() as parts:
        answer = frame.ask(parts, "dialogue_stats", {"tags": tag or [], "top": top})
    frame.answer(answer, statistics)
