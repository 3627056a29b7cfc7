"""``hansard database``: the family of commands on the database itself."""

from functools import partial
from typing import Annotated

import typer

from hansard.surfaces.cli.frame import Frame

FAMILY = "Look after the database that holds the record."


def status(frame: Frame) -> None:
    """Tell which database holds the record, its schema's revision, and how much is in it."""
    from hansard.surfaces.render.database import state

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "database_status", {})
    frame.answer(answer, state)


def migrate(
    frame: Frame,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="A dry run that shows the statements themselves.")] = False,
) -> None:
    """Bring the store to this program's schema; every use of a store does it too."""
    from hansard.surfaces.render.database import migrated

    with frame.parts(store=False) as parts:
        answer = frame.ask(parts, "database_migrate", {"dry_run": dry_run or sql})
    frame.answer(answer, partial(migrated, sql=sql))


COMMANDS = {"status": status, "migrate": migrate}
