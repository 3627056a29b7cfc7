"""Importers: one contract for every format that becomes a record, and where they are found.

Each is an entry point of the group ``hansard.importers``, ours as well as those of other packages: an object with the
three members of ``Importer``. Ours also stand in ``OURS``, so that a program that runs from its source, without having
been installed, finds them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from hansard.exchange import errors
from hansard.exchange.planning import Plan
from hansard.exchange.transcripts import is_round, is_transcript, numbered_folders
from hansard.kernel.errors import file_not_found, invalid_field

IMPORTERS_GROUP: Final = "hansard.importers"

OURS: Final[dict[str, str]] = {
    "transcript": "hansard.exchange.folder_importer:IMPORTER",
    "document": "hansard.exchange.restoring:IMPORTER",
    "bundle": "hansard.exchange.bundle_importer:IMPORTER",
    "aif": "hansard.exchange.aif:IMPORTER",
    "argdown": "hansard.exchange.argdown:IMPORTER",
    "llm-council": "hansard.exchange.council:IMPORTER",
}
"""The importers of this program, as its entry points name them (a test compares)."""


@runtime_checkable
class Importer(Protocol):
    """Reads one format."""

    name: str
    """What ``origin.importer`` says; unique."""

    def recognises(self, path: Path) -> bool:
        """Whether what stands at this path is of the format: told by its bytes or by what is in the folder; cheap,
        never raises."""

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        """Everything an import of this path will do; what had to be assumed is told with file and line.

        Args:
            path: what ``recognises`` said yes to.
            map_file: the file of ``--map``; whoever has no use for one refuses it (``no_map``).

        Raises:
            HansardError: it cannot be read, or not without a loss.
        """


def importers() -> Iterator[Importer]:
    """The importers of this program, then those of other packages by name.

    Raises:
        HansardError: ``importer_unloadable``.
    """
    from importlib.metadata import entry_points  # asked only when something is imported

    ours = set(OURS.values())
    others = [point for point in entry_points(group=IMPORTERS_GROUP) if point.value not in ours]
    for point in [EntryPoint(*named, IMPORTERS_GROUP) for named in OURS.items()]:
        yield _loaded(point)
    for point in sorted(others, key=lambda point: point.name):
        yield _loaded(point)


def _loaded(point: EntryPoint) -> Importer:
    try:
        found = point.load()
    except Exception as fault:  # another package's code: whatever it raises, its name must be told
        raise errors.importer_unloadable(point.name, str(fault)) from fault
    if not isinstance(found, Importer):
        raise errors.importer_unloadable(point.name, "it is no importer")
    return found


def recognising(path: Path) -> Importer | None:
    """The importer that recognises a path, if any does; a ``.json`` file that nobody knows is looked at as an export,
    so that what is wrong with it is told.

    Raises:
        HansardError: ``importer_unloadable``.
    """
    document = None
    for importer in importers():
        if importer.recognises(path):
            return importer
        if importer.name == "document":
            document = importer
    is_json = path.suffix.casefold() == ".json" and os.path.isfile(path)  # noqa: PTH113  # as below
    return document if is_json else None


def importer_of(path: Path) -> Importer:
    """The importer that recognises a path.

    Raises:
        HansardError: ``file_not_found`` where nothing is there, ``not_a_dialogue`` where nobody recognises it.
    """
    if not os.path.exists(path):  # noqa: PTH110  # Path.exists fails at a name that is too long
        raise file_not_found(path.name or str(path), "there is no such file or folder")
    if path.is_dir() and is_round(path):
        raise errors.not_a_dialogue(path.name, "it is one round; give the folder that holds all its rounds")
    found = recognising(path)
    if found is not None:
        return found
    if not path.is_dir():
        raise errors.not_a_dialogue(path.name, "no importer knows this kind of file")
    why = "it has no folder round-0"
    if numbered := numbered_folders(path):
        why += f"; it has {', '.join(map(repr, numbered[:5]))}{' …' if len(numbered) > 5 else ''}. If these are its "
        why += "rounds, call them round-0, round-1 and so on in a copy"
    raise errors.not_a_dialogue(path.name or "the folder", why)


def expand(paths: Iterable[Path]) -> list[Path]:
    """Each path that is one dialogue, and for a folder of dialogues each of those; the rest as it is, to be refused."""
    found: list[Path] = []
    for path in paths:
        inside: list[Path] = []
        if not is_transcript(path):
            with contextlib.suppress(OSError):  # no folder
                inside = [child for child in sorted(path.iterdir()) if child.is_dir() and is_transcript(child)]
        found += inside or [path]
    return found


def no_map(map_file: Path | None) -> None:
    """Refuse a map where there is nothing to map.

    Raises:
        HansardError: ``invalid_field``.
    """
    if map_file is not None:
        raise invalid_field("map", map_file.name, "belongs to an import of transcripts, not of an export")
