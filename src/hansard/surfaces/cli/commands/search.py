"""``hansard search``."""

from typing import Annotated

import typer

from hansard.surfaces.cli.commands.ids import complete_id
from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    words: Annotated[list[str], typer.Argument(metavar="WORDS", show_default=False, help="What to look for.")],
    inside: Annotated[
        str | None, typer.Option("--in", metavar="ID", help="Only in this dialogue.", autocompletion=complete_id)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many places.")] = 20,
) -> None:
    """Search the words of all dialogues."""
    from hansard.surfaces.render.dialogues import hits

    with frame.parts() as parts:
        request = {"query": " ".join(words), "limit": limit}
        if inside is not None:
            request["dialogue_id"] = parts.dialogues.resolve_id(inside)
        answer = frame.ask(parts, "dialogue_search", request)
    frame.answer(answer, hits)
