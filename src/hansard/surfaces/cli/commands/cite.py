"""``hansard cite``."""

from typing import Annotated

import typer

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    dialogue_id: DialogueId,
    ids: Annotated[
        list[str],
        typer.Argument(metavar="P0001", show_default=False, help="What is cited; blanks or commas between."),
    ],
) -> int:
    """Tell what citations stand for; exit code 4 when one of them stands for nothing."""
    from hansard.surfaces.render.dialogues import citations

    cited = [one.upper() for word in ids for one in word.replace(",", " ").split()]
    with frame.parts() as parts:
        request = {"dialogue_id": parts.dialogues.resolve_id(dialogue_id), "ids": cited}
        answer = frame.ask(parts, "dialogue_expand_citations", request)
    frame.answer(answer, citations)
    return exits.BY_KIND["not_found"] if any(one.error for one in answer.citations) else exits.OK
