"""``hansard show``."""

from typing import Annotated

import typer

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    dialogue_id: DialogueId,
    entity: Annotated[
        str | None, typer.Argument(metavar="ENTITY", show_default=False, help="One entity whole, such as P0101.")
    ] = None,
) -> None:
    """Show a dialogue at a glance, or one of its entities whole."""
    from hansard.surfaces.render import dialogues as views

    with frame.parts() as parts:
        query = {"dialogue_id": frame.to_read(parts, dialogue_id)}
        if entity is not None:
            frame.answer(frame.ask(parts, "dialogue_entity", {**query, "id": entity.upper()}), views.entity)
        elif frame.json:
            frame.document(frame.ask(parts, "dialogue_get", query).model_dump(mode="json"))
        else:
            record = parts.dialogues.record(query["dialogue_id"])
            told = frame.ask(parts, "dialogue_standing", query) if record.verdicts else None
            frame.show(views.glance(record, frame.ask(parts, "dialogue_progress", query), told))
