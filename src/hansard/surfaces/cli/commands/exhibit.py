"""``hansard exhibit``: the family of commands on exhibits."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from hansard.surfaces.cli.commands.ids import DialogueId
from hansard.surfaces.cli.commands.paths import check_there
from hansard.surfaces.cli.errors import usage
from hansard.surfaces.cli.frame import Frame

FAMILY = "Pin outside material by its hash, so that evidence can cite it."

Label = Annotated[
    str | None, typer.Option("--label", metavar="TEXT", show_default=False, help="What it is, in a few words.")
]
By = Annotated[str, typer.Option("--by", metavar="WHO", help="Who brings it: an expert's slug, judge or user.")]
Replaces = Annotated[
    str | None,
    typer.Option(
        "--replaces", metavar="X0001", show_default=False, help="The exhibit of which this is the newer state."
    ),
]


def add(
    frame: Frame,
    dialogue_id: DialogueId,
    file: Annotated[str, typer.Argument(metavar="FILE", show_default=False, help="The file; it is copied.")],
    label: Label = None,
    by: By = "user",
    replaces: Replaces = None,
) -> None:
    """Pin a file: it is copied to the dialogue's folder, and its SHA-256 is recorded."""
    from hansard.surfaces.render import standing as views

    address = "://" in file and not Path(file).exists()  # refused by the operation, which says why
    if not address:
        check_there(file)
    with frame.parts() as parts:
        request = {
            "dialogue_id": parts.dialogues.resolve_id(dialogue_id),
            "kind": "file",
            "path": file if address else str(Path(file).absolute()),
            "label": label,
            "added_by": by,
            "replaces": replaces,
        }
        answer = frame.ask(parts, "exhibit_add", request)
    frame.answer(answer, views.exhibit)


def pin(
    frame: Frame,
    dialogue_id: DialogueId,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            show_default=False,
            help="verdict, calibration, memory_query, symmetry_tick, gate_result, agent_history or file.",
        ),
    ],
    reference: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE",
            show_default=False,
            help="What to look at: of a verdict dialogue_id= and verdict_id=, of a calibration ethos_id=, of a memory "
            "query filter= with the filter in quotes, of the others what their kind needs.",
        ),
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="SHA-256", show_default=False, help="Of what nobody can look at here."),
    ] = None,
    label: Label = None,
    by: By = "user",
    replaces: Replaces = None,
) -> None:
    """Pin something else: a verdict, an ethos, or the answer of another system by the digest that it states."""
    from hansard.surfaces.render import standing as views

    given = {}
    for text in reference or ():
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise usage(f"'{text}' is no NAME=VALUE", "Write it like dialogue_id=which-store verdict_id=final")
        given[name] = value
    with frame.parts() as parts:
        request = {
            "dialogue_id": parts.dialogues.resolve_id(dialogue_id),
            "kind": kind,
            "reference": given,
            "digest": digest,
            "label": label,
            "added_by": by,
            "replaces": replaces,
        }
        answer = frame.ask(parts, "exhibit_add", request)
    frame.answer(answer, views.exhibit)


def show_all(frame: Frame, dialogue_id: DialogueId) -> None:
    """List a dialogue's exhibits, and whether each still is what was pinned."""
    from hansard.surfaces.render import standing as views

    with frame.parts() as parts:
        answer = frame.ask(parts, "exhibit_list", {"dialogue_id": frame.to_read(parts, dialogue_id)})
    frame.answer(answer, views.exhibits)


COMMANDS: Mapping[str, Callable[..., int | None]] = {"add": add, "pin": pin, "list": show_all}
