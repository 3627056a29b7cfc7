"""Every part made once, over one home; the only place that knows how they fit together."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from hansard.app.home import find_home, os_user, usable
from hansard.kernel.errors import file_unreadable
from hansard.kernel.files import lies_in, resolved
from hansard.memory import FOLDER

if TYPE_CHECKING:
    from hansard.custody.operations import CustodyOperations
    from hansard.custody.tokens.operations import TokenOperations
    from hansard.kernel.operations import Call
    from hansard.kernel.operations import Rooms as Table
    from hansard.memory.schema_map import MapSettings
    from hansard.routing.operations import RoutingOperations
    from hansard.routing.shapes import RouteAnswered, RouteAsk
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
    served_from: Sequence[Path] | None = None,
    log: LogLevel = "warning",
) -> Iterator[Parts]:
    """The parts (see ``surfaces.parts.Opener``), their connections given back at the end."""
    from hansard.app import errors
    from hansard.app.logs import write_log
    from hansard.app.secrets import given_passphrase, passphrase
    from hansard.app.settings import read_settings
    from hansard.database.dialect import place
    from hansard.database.engine import HEAD, Database
    from hansard.database.journal import Journal
    from hansard.dialogue.operations import DialogueOperations
    from hansard.kernel.operations import Actor, Room, Rooms
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
    closing = contextlib.ExitStack()

    def ready(*, make: bool) -> None:
        found = database.revision()
        if found is None and not make:
            raise errors.store_missing()
        if found != HEAD:
            database.migrate()

    try:
        if store:
            ready(make=make)
        journal = Journal(database)
        folders = [home / folder for folder in settings.write_folders]
        may_write = partial(writable, home=home, folders=folders, anywhere=anywhere)
        may_read, ask = user_may_read, passphrase
        if served_from is not None:
            readings = [*served_from, *(home / folder for folder in settings.read_folders)]
            may_read, ask = partial(readable, home=home, folders=readings), given_passphrase
        dialogues = DialogueOperations(journal, home, may_write=may_write, may_read=may_read)

        def exhibits() -> list[object]:
            from hansard.dialogue.exhibits.operations import ExhibitOperations

            return [dialogues.beside(ExhibitOperations)]

        def calibration() -> list[object]:
            from hansard.dialogue.calibration.operations import CalibrationOperations

            return [CalibrationOperations(journal)]

        def exchange() -> list[object]:
            from hansard.exchange.operations import ExchangeOperations

            return [ExchangeOperations(dialogues, journal, may_write=may_write, may_read=may_read)]

        def constants() -> MapSettings:
            from hansard.memory.schema_map import MapSettings

            return MapSettings(
                eomm_threshold=settings.eomm_threshold,
                transform_id=settings.transform_id,
                engine_version=settings.engine_version,
                compositor_version=settings.compositor_version,
                render_scale=settings.render_scale,
                capture_source=settings.capture_source,
                roi=settings.roi,
                operator_weights=settings.operator_weights,
            )

        def memory() -> list[object]:
            from hansard.memory.operations import MemoryOperations

            folder = home / FOLDER
            given = standard_input if served_from is None else None
            return [
                MemoryOperations(
                    folder, may_write=may_write, may_read=may_read, settings=constants, standard_input=given
                )
            ]

        @cache
        def custody() -> CustodyOperations:
            from hansard.custody.operations import CustodyOperations

            return CustodyOperations(
                database,
                dialogues,
                may_read,
                home=home,
                journal=journal,
                may_write=may_write,
                ask=ask,
            )

        @cache
        def routing() -> RoutingOperations:
            from hansard.routing.operations import RoutingOperations

            opened = RoutingOperations(
                database,
                home / FOLDER,
                settings=lambda: settings.routing,
                may_read=may_read,
                may_write=may_write,
                figures=served_from is not None,
            )
            closing.callback(opened.close)
            return opened

        def ask_model(request: RouteAsk, call: Call, told: Callable[[str], None]) -> RouteAnswered:
            return routing().ask(request, call, told)

        def journals() -> list[object]:
            from hansard.database.operations import JournalOperations

            return [JournalOperations(journal)]

        @cache
        def tokens() -> TokenOperations:
            from hansard.custody.tokens.operations import TokenOperations

            return TokenOperations(journal)

        yield Parts(
            table=Rooms(
                Room(("dialogue", "record"), lambda: [dialogues]),
                Room(("dialogue", "record"), exchange),
                Room(("record",), exhibits),
                Room(("calibration",), calibration),
                Room(("proof",), lambda: [custody(), tokens(), *journals()]),
                Room(("memory",), memory),
                Room(("routing", "record"), lambda: [routing()]),
            ),
            dialogues=dialogues,
            actor=Actor(os_user(), "os_user"),
            findings=lambda dialogue_id: custody().findings_of(dialogue_id),
            holder=lambda token: tokens().holder(token),
            temporary=lambda: tokens().temporary(),
            database=database,
            home_met=home if met else None,
            may_write=may_write,
            ready=ready,
            ask_model=ask_model,
            figures=lambda: routing().figures() if routing.cache_info().currsize else b"",
        )
    finally:
        try:
            closing.close()
        finally:
            database.close()


@contextlib.contextmanager
def all_operations() -> Iterator[Table]:
    """The table of all operations, to be read and not run: what is written about them is made from it."""
    import tempfile

    with tempfile.TemporaryDirectory() as home, open_parts(Path(home), store=False, own=True) as parts:
        yield parts.table


def standard_input() -> BinaryIO:
    """The bytes on this process's standard input.

    Raises:
        HansardError: ``file_unreadable`` where whoever started the program closed it.
    """
    if sys.stdin is None:
        raise file_unreadable("standard input", "it is closed")
    return sys.stdin.buffer


def user_may_read(path: Path) -> bool:  # noqa: ARG001
    """Whoever starts the program reads with all the rights they have; the operating system says where they end."""
    return True


def readable(path: Path, home: Path, folders: Sequence[Path]) -> bool:
    """Whether a caller who is served may have a file read, links followed: in the home and in these folders.

    Never what the home keeps for itself, nor the store and the settings of any home.
    """
    target = resolved(path)
    if target is None or _in_own_folder(target, home) or _kept(target):
        return False
    return lies_in(target, home, *folders)


def writable(path: Path, home: Path, folders: Sequence[Path], *, anywhere: bool) -> bool:
    """Whether operations may write to a path, links followed.

    What the home keeps for itself never is written to: its store, settings, keys, memory. With ``anywhere`` all else
    may be; otherwise what lies in the home or in one of these folders, but for the store and the settings of any home.
    """
    top, target, folder = home.resolve(), resolved(path), resolved(path.parent)
    if target is None or folder is None:
        return False
    for one in (target, folder / path.name):  # where the home's own is a link, a write would replace that
        if _in_own_folder(one, home) or (_kept(one) and (one.parent == top or not anywhere)):
            return False
    return anywhere or lies_in(target, home, *folders)


def _in_own_folder(target: Path, home: Path) -> bool:
    return lies_in(target, *(top / name for name in ("keys", FOLDER) for top in (home.resolve(), home)))


def _kept(target: Path) -> bool:
    """Whether a file is called as a home calls what it keeps: its settings, its store, the store's log and lock."""
    name = target.name.casefold()  # some file systems do not tell large letters from small ones
    return name == "settings.toml" or name.startswith("hansard.db")
