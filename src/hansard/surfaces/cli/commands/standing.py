"""``hansard standing`` and ``hansard watch``."""

from typing import Annotated

import typer

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands.ids import DialogueId, complete_id
from hansard.surfaces.cli.errors import usage
from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    dialogue_id: Annotated[
        str | None,
        typer.Argument(
            metavar="ID", show_default=False, help="A dialogue; all of them when left out.", autocompletion=complete_id
        ),
    ] = None,
    verdict: Annotated[
        str | None, typer.Option("--verdict", metavar="VERDICT", show_default=False, help="One of its verdicts.")
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DAY", show_default=False, help="For this day (2027-03-01).")
    ] = None,
) -> int:
    """Tell whether verdicts still stand; exit code 1 when one that concluded a dialogue does not.

    A verdict is stale when something it rests on has changed, due when a day that it names has come, superseded when a
    later one took its place.
    """
    from hansard.surfaces.render import standing as views

    with frame.parts() as parts:
        if dialogue_id is None:
            if verdict is not None or on is not None:
                raise usage("--verdict and --on need a dialogue", "'hansard standing ID --on 2027-03-01' tells one")
            listed = frame.ask(parts, "dialogue_list", {"limit": 1000})
            frame.answer(listed, lambda found: views.standings(found.dialogues))
            return exits.FOUND if any(one.standing is not None for one in listed.dialogues) else exits.OK
        query = {"dialogue_id": frame.to_read(parts, dialogue_id), "verdict_id": verdict, "on": on}
        answer = frame.ask(parts, "dialogue_standing", query)
    frame.answer(answer, views.standing)
    told = answer.verdicts[0].standing if verdict is not None else answer.standing
    return exits.OK if told in (None, "stands") else exits.FOUND


def watch(
    frame: Frame,
    dialogue_id: DialogueId,
    verdict: Annotated[str, typer.Argument(metavar="VERDICT", show_default=False, help="The verdict's id.")],
    condition: Annotated[
        str, typer.Argument(metavar="CONDITION", show_default=False, help="One of its conditions, as it stands there.")
    ],
    gate: Annotated[str | None, typer.Option("--gate", metavar="NAME", show_default=False, help="A gate.")] = None,
    date: Annotated[str | None, typer.Option("--date", metavar="DAY", show_default=False, help="2027-03-01")] = None,
) -> None:
    """Bind a verdict's condition to a gate or a date, so that its standing tells when it fails or falls due."""
    from hansard.surfaces.render import standing as views

    with frame.parts() as parts:
        request = {
            "dialogue_id": parts.dialogues.resolve_id(dialogue_id),
            "verdict_id": verdict,
            "watch": {"condition": condition, "gate": gate, "date": date},
        }
        answer = frame.ask(parts, "watch_add", request)
    frame.answer(answer, views.watch)
