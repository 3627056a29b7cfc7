"""``hansard show``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.errors import item_not_found
from hansard.surfaces.cli.frame import Frame

if TYPE_CHECKING:
    from hansard.surfaces.parts import Parts

_ITEM: Final = re.compile(r"question$|round-\d|verdict:", re.IGNORECASE)
"""What a search prints for what is no entity."""


def run(
    frame: Frame,
    dialogue_id: DialogueId,
    item: Annotated[
        str | None,
        typer.Argument(
            metavar="ITEM",
            show_default=False,
            help="One entity whole, such as P0101, or what else a search names: question, round-1, round-1/muffin, "
            "verdict:final.",
        ),
    ] = None,
) -> None:
    """Show a dialogue at a glance, or one of its entities, rounds, responses or verdicts whole."""
    from hansard.surfaces.render import dialogues as views

    with frame.parts() as parts:
        query = {"dialogue_id": frame.to_read(parts, dialogue_id)}
        if item is not None and _ITEM.match(item):
            _show_item(frame, parts, query, item)
        elif item is not None:
            frame.answer(frame.ask(parts, "dialogue_entity", {**query, "id": item.upper()}), views.entity)
        elif frame.json:
            frame.document(frame.ask(parts, "dialogue_get", query).model_dump(mode="json"))
        else:
            record = parts.dialogues.record(query["dialogue_id"])
            told = frame.ask(parts, "dialogue_standing", query) if record.verdicts else None
            frame.show(views.glance(record, frame.ask(parts, "dialogue_progress", query), told))


def _show_item(frame: Frame, parts: Parts, query: dict[str, str], named: str) -> None:
    """A round, a response, a verdict or the question; letters may be of any case."""
    from hansard.surfaces.render.items import item, item_plain, items

    record = parts.dialogues.record(query["dialogue_id"])
    found = items(record)
    row = {name.casefold(): row for name, row in found.items()}.get(named.casefold())
    if row is None:
        raise item_not_found(named, found)
    if frame.json:
        frame.document(item_plain(record, row))
    else:
        told = frame.ask(parts, "dialogue_standing", query) if record.verdicts else None
        frame.show(item(record, row, told))
