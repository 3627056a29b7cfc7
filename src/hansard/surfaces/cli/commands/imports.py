"""``hansard import``."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands.paths import check_there
from hansard.surfaces.cli.frame import Frame

if TYPE_CHECKING:
    from hansard.surfaces.render.blocks import Block


def run(
    frame: Frame,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            show_default=False,
            help="Dialogue folders, folders of them, dialogue.json, bundles, AIF, Argdown, llm-council conversations.",
        ),
    ],
    as_new: Annotated[
        bool, typer.Option("--as-new", help="Where an id is taken by other content, take the next free one.")
    ] = False,
    map_file: Annotated[
        str | None,
        typer.Option("--map", metavar="FILE", help="JSON that says which tension a row of the judge's table means."),
    ] = None,
) -> int:
    """Import dialogues that were held elsewhere; one that fails does not stop the others (exit code 1).

    Of several paths those that are no dialogue at all are skipped; when all are, the exit code is 1 too. Tells for each
    dialogue what was read, what had to be assumed, and the figures beside those that its judge claimed.
    """
    from hansard.exchange.importers import expand, recognising
    from hansard.kernel.errors import HansardError
    from hansard.surfaces.render.exchange import imported, not_imported, skipped

    results: list[dict[str, Any]] = []
    counts = {"imported": 0, "skipped": 0, "failed": 0}
    found = expand(map(Path, paths))
    with frame.parts(make=True) as parts:
        for path in map(str, found):
            result: dict[str, Any]
            shown: Iterator[Block]
            try:
                check_there(path)
                if len(found) > 1 and recognising(Path(path)) is None:  # alone it is refused, with the reason
                    counts["skipped"] += 1
                    result, shown = {"status": "skipped"}, skipped(path)
                else:
                    request = {"path": path, "as_new": as_new, "map": map_file}
                    answer = frame.ask(parts, "dialogue_import", request, f"Importing {Path(path).name}")
                    counts["imported"] += 1
                    result, shown = answer.model_dump(mode="json"), imported(path, answer, whole=frame.verbose)
            except HansardError as fault:
                counts["failed"] += 1
                result, shown = fault.as_dict(), not_imported(path, fault)
            results.append({"path": path, **result})
            if not frame.json:
                frame.show(shown)
    well = counts["imported"] > 0 and not counts["failed"]
    if frame.json:
        frame.document({"status": "success" if well else "error", **counts, "results": results})
    return exits.OK if well else exits.FOUND
