"""``hansard import``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from hansard.surfaces.cli import exits
from hansard.surfaces.cli.commands.paths import check_there
from hansard.surfaces.cli.frame import Frame


def run(
    frame: Frame,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            show_default=False,
            help="Dialogue folders, folders of them, or exported dialogue.json files.",
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

    Tells for each what was read, what had to be assumed, and the figures beside those that its judge claimed.
    """
    from hansard.exchange.importing import expand
    from hansard.kernel.errors import HansardError
    from hansard.surfaces.render.exchange import imported, not_imported

    results: list[dict[str, Any]] = []
    failed = 0
    with frame.parts() as parts:
        for path in map(str, expand(map(Path, paths))):
            try:
                check_there(path)
                request = {"path": path, "as_new": as_new, "map": map_file}
                answer = frame.ask(parts, "dialogue_import", request, f"Importing {Path(path).name}")
            except HansardError as fault:
                failed += 1
                results.append({"path": path, **fault.as_dict()})
                shown = list(not_imported(path, fault))
            else:
                results.append({"path": path, **answer.model_dump(mode="json")})
                shown = list(imported(path, answer, whole=frame.verbose))
            if not frame.json:
                frame.show(shown)
    if frame.json:
        status = "error" if failed else "success"
        frame.document({"status": status, "imported": len(results) - failed, "failed": failed, "results": results})
    return exits.FOUND if failed else exits.OK
