"""Every part made once, over one home; the only place that knows how they fit together."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hansard.app.home import find_home, os_user, usable

if TYPE_CHECKING:
    from hansard.custody.operations import CustodyOperations
    from hansard.surfaces.parts import LogLevel, Parts

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def open_parts(
    home: Path | None = None,
    *,
    store: bool = True,
    make: bool = False,
    anywhere: bool = False,
    own: bool = False,
    log: LogLevel = "warning",
) -> Iterator[Parts]:
    """The parts (see ``surfaces.parts.Opener``), their connections given back at the end."""
    from hansard.app import errors
    from hansard.app.logs import write_log
    from hansard.app.secrets import passphrase
    from hansard.app.settings import read_settings
    from hansard.database.dialect import place
    from hansard.database.engine import HEAD, Database
    from hansard.database.journal import Journal
    from hansard.dialogue.calibration.operations import CalibrationOperations
    from hansard.dialogue.exhibits.operations import ExhibitOperations
    from hansard.dialogue.operations import DialogueOperations
    from hansard.kernel.operations import Actor, Rooms
    from hansard.surfaces.parts import Parts

    write_log(log)
    met = False
    if home is None:
        home, met = find_home(os.environ, Path())
    usable(home)
    settings = read_settings(home)
    logger.info("home %s, settings %s", home, settings)
    url = None if own else settings.database_url
    location = home / "hansard.db" if url is None else place(url.get_secret_value())
    database = Database(location, busy_timeout_seconds=settings.busy_timeout_seconds)
    try:
        if store:
            found = database.revision()
            if found is None and not make:
                raise errors.store_missing()
            if found != HEAD:
                database.migrate()
        journal = Journal(database)
        folders = [home, *(home / folder for folder in settings.write_folders)]

        def may_write(path: Path) -> bool:
            return not is_own(path, home) and (anywhere or lies_in(path, folders))

        dialogues = DialogueOperations(journal, home, may_write=may_write, may_read=user_may_read)

        def exchange() -> list[object]:
            from hansard.exchange.operations import ExchangeOperations

            return [ExchangeOperations(dialogues, journal, may_write=may_write, may_read=user_may_read)]

        def memory() -> list[object]:
            from hansard.memory.operations import MemoryOperations
            from hansard.memory.schema_map import MapSettings

            constants = MapSettings(
                eomm_threshold=settings.eomm_threshold,
                transform_id=settings.transform_id,
                engine_version=settings.engine_version,
                compositor_version=settings.compositor_version,
                render_scale=settings.render_scale,
                capture_source=settings.capture_source,
                operator_weights=settings.operator_weights,
            )
            folder = home / "memory"
            return [MemoryOperations(folder, may_write=may_write, may_read=user_may_read, settings=constants)]

        @cache
        def custody() -> CustodyOperations:
            from hansard.custody.operations import CustodyOperations

            return CustodyOperations(
                database,
                dialogues,
                user_may_read,
                home=home,
                journal=journal,
                may_write=may_write,
                ask=passphrase,
            )

        yield Parts(
            table=Rooms(
                lambda: [dialogues, CalibrationOperations(journal), dialogues.beside(ExhibitOperations)],
                exchange,
                lambda: [custody()],
                memory,
            ),
            dialogues=dialogues,
            actor=Actor(os_user(), "os_user"),
            findings=lambda dialogue_id: custody().findings_of(dialogue_id),
            database=database,
            home_met=home if met else None,
        )
    finally:
        database.close()


def user_may_read(path: Path) -> bool:  # noqa: ARG001
    """Whoever starts the program reads with all the rights they have; the operating system says where they end."""
    return True


def is_own(path: Path, home: Path) -> bool:
    """Whether a path, links followed, is what the home keeps for itself: its store, settings, keys, memory."""
    target, top = path.resolve(), home.resolve()
    if target.is_relative_to(top / "keys") or target.is_relative_to(top / "memory"):
        return True
    return target.parent == top and (target.name == "settings.toml" or target.name.startswith("hansard.db"))


def lies_in(path: Path, folders: list[Path]) -> bool:
    """Whether a path, links followed, is one of these folders or lies in one; never a store or settings.

    ``folders``: the home, then those that the settings name.
    """
    target = path.resolve()
    if is_own(path, folders[0]) or target.name == "settings.toml" or target.name.startswith("hansard.db"):
        return False
    return any(target.is_relative_to(folder.resolve()) for folder in folders)
