"""``hansard show``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.frame import Frame

if TYPE_CHECKING:
    from hansard.dialogue import model


def run(
    frame: Frame,
    dialogue_id: DialogueId,
    entity: Annotated[
        str | None, typer.Argument(metavar="ENTITY", show_default=False, help="One entity whole, such as P0101.")
    ] = None,
) -> None:
    """Show a dialogue at a glance, or one of its entities whole."""
    from hansard.surfaces.cli.errors import entity_not_found
    from hansard.surfaces.render import dialogues as views

    with frame.parts() as parts:
        wanted = frame.to_read(parts, dialogue_id)
        if entity is None and frame.json:
            frame.document(frame.ask(parts, "dialogue_get", {"dialogue_id": wanted}).model_dump(mode="json"))
            return
        record = parts.dialogues.record(wanted)
        if entity is None:
            frame.show(views.glance(record, frame.ask(parts, "dialogue_progress", {"dialogue_id": wanted})))
            return
    one = next((e for e in record.entities if e.id == entity.upper() or entity.upper() in e.local_ids), None)
    if one is None:
        raise entity_not_found(entity, [e.id for e in record.entities])
    if frame.json:
        frame.document(whole(record, one))
    else:
        frame.show(views.entity(record, one))


def whole(record: "model.Record", one: "model.Entity") -> dict[str, Any]:
    """An entity with all that belongs to it, as plain data."""
    import msgspec

    from hansard.surfaces.render.dialogues import places

    belongs = {
        "entity": one,
        "id": one.id,
        "refers_to": [ref for ref in record.refs if ref.source_id == one.id],
        "referred_to_by": [ref for ref in record.refs if ref.target_id == one.id],
        "moves": [move for move in record.moves if one.id in move.targets],
        "events": [event for event in record.events if event.key == one.key],
        "stands_in": [place._asdict() for place in places(one, record.utterances)],
    }
    plain: dict[str, Any] = msgspec.to_builtins(belongs)
    return plain
