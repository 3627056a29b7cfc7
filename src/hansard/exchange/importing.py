"""Import: a dialogue that was held elsewhere becomes a record, whole or not at all.

An importer turns a path into a ``Plan``; the plan's requests go through the dialogue's own operations inside one
transaction, so that an imported record is journalled and verified like any other. Further formats come as entry points
of the group ``hansard.importers``, each an object with the three members of ``Importer``.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from hansard.database.journal import Journal
from hansard.dialogue import errors as dialogue_errors
from hansard.dialogue import requests, rules
from hansard.dialogue.answers import RoundRegistered
from hansard.dialogue.model import Record
from hansard.dialogue.operations import DialogueOperations
from hansard.dialogue.views import figures_view
from hansard.exchange import errors
from hansard.exchange.import_shapes import ClaimBeside, DialogueImport, DialogueImported, ImportDiagnostic
from hansard.exchange.planning import Mapped, Plan, plan_transcript, tensions_of
from hansard.exchange.restoring import DocumentImporter, record_differences
from hansard.exchange.rosters import load_json
from hansard.exchange.transcripts import is_round, is_transcript, numbered_folders, read_transcript
from hansard.exchange.warnings import responses
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.errors import file_unreadable, invalid_field
from hansard.kernel.ids import PLURALS, free_ids
from hansard.kernel.operations import Call, operation
from hansard.kernel.shapes import Shape

IMPORTERS_GROUP: Final = "hansard.importers"
_ROW: Final = re.compile(r"T(\d{1,3})")


@runtime_checkable
class Importer(Protocol):
    """Reads one format."""

    name: str
    """What ``origin.importer`` says; unique."""

    def recognises(self, path: Path) -> bool:
        """Whether this path looks like the format; cheap, never raises."""

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        """Everything an import of this path will do.

        Raises:
            HansardError: it cannot be read, or not without a loss.
        """


class TranscriptImporter:
    """Folders with responses in rounds, as panels leave them (docs/importing.md)."""

    name = "transcript"

    def recognises(self, path: Path) -> bool:
        """Whether it is a folder with rounds or responses in it."""
        return path.is_dir() and is_transcript(path)

    def read(self, path: Path, map_file: Path | None = None) -> Plan:
        """The plan of a folder."""
        transcript = read_transcript(path)
        mapped = read_map(map_file) if map_file is not None else None
        if mapped is not None:
            known = tensions_of(transcript)
            for row, local_id in mapped.rows.items():
                if local_id not in known:
                    raise errors.map_unknown(f"T{row:02d}", local_id, known)
        return plan_transcript(transcript, mapped)


def read_map(path: Path) -> Mapped:
    """The file of ``--map``: ``{"T01": "SCONE-T0001"}``.

    Raises:
        HansardError: ``json_malformed``, ``json_unfit``, or a refusal of the file.
    """
    data = files.read_bytes(path)
    value = load_json(files.decoded(data, path.name).text, path.name)
    if not isinstance(value, dict):
        raise errors.json_unfit(path.name, "the file", 'is no object such as {"T01": "SCONE-T0001"}')
    rows: dict[int, str] = {}
    for key, local_id in value.items():
        found = _ROW.fullmatch(key)
        if found is None:
            raise errors.json_unfit(path.name, f"'{key[:80]}'", "is no row such as T01")
        if not isinstance(local_id, str):
            raise errors.json_unfit(path.name, key, "is no local id such as SCONE-T0001")
        rows[int(found[1])] = local_id.upper()
    return Mapped(rows, sha256_hex(data))


BUILT_IN: Final[tuple[Importer, ...]] = (TranscriptImporter(), DocumentImporter())


def importers() -> Iterator[Importer]:
    """The importers of this program, then those of other packages.

    Raises:
        HansardError: ``importer_unloadable``.
    """
    from importlib.metadata import entry_points  # asked only when something is imported

    yield from BUILT_IN
    for point in sorted(entry_points(group=IMPORTERS_GROUP), key=lambda point: point.name):
        try:
            found = point.load()
        except Exception as fault:  # another package's code: whatever it raises, its name must be told
            raise errors.importer_unloadable(point.name, str(fault)) from fault
        if not isinstance(found, Importer):
            raise errors.importer_unloadable(point.name, "it is no importer")
        yield found


def recognising(path: Path) -> Importer | None:
    """The importer that recognises a path, if any does.

    Raises:
        HansardError: ``importer_unloadable``.
    """
    return next((importer for importer in importers() if importer.recognises(path)), None)


def importer_of(path: Path) -> Importer:
    """The importer that recognises a path.

    Raises:
        HansardError: ``file_unreadable`` where nothing is there, ``not_a_dialogue`` where nobody recognises it.
    """
    if not os.path.exists(path):  # noqa: PTH110  # Path.exists fails at a name that is too long
        raise file_unreadable(path.name or str(path), "there is no such file or folder")
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


class Importing:
    """Takes dialogues into the record."""

    def __init__(self, dialogues: DialogueOperations, journal: Journal, *, may_read: Callable[[Path], bool]) -> None:
        """Imports into the store of ``journal``, through ``dialogues``.

        Args:
            may_read: whether a caller may name this path.
        """
        self._dialogues = dialogues
        self._journal = journal
        self._may_read = may_read

    @operation(writes=True)
    def dialogue_import(self, request: DialogueImport, call: Call) -> DialogueImported:
        """Take a dialogue that was held elsewhere into the record: a folder of transcripts, or a dialogue.json.

        One import is one transaction: it is recorded whole, or nothing is. The same content again changes nothing
        (``created`` is false); other content under the same id is refused unless ``as_new``.
        """
        path = self._allowed(request.path, "path")
        map_file = self._allowed(request.map, "map") if request.map is not None else None
        call.progress(0, None, f"reading {path.name}")
        plan = importer_of(path).read(path, map_file)
        with contextlib.ExitStack() as stack:
            connection = call.transaction
            if connection is None:
                connection = stack.enter_context(self._journal.database.writing())
            dialogue_id, present = self._placed(plan, connection, as_new=request.as_new)
            if not present:
                self._record(plan, dialogue_id, request.request_id, call.within(connection))
            record = self._dialogues.record(dialogue_id, connection)
            if plan.expected is not None and not present:
                differences = record_differences(plan.expected, record)
                if differences:
                    raise errors.record_differs(path.name, differences)
            further = [] if present else self._strangers(record, path)
            return _answer(plan, record, further, created=not present)

    def _strangers(self, record: Record, path: Path) -> list[ImportDiagnostic]:
        """Files in a new dialogue's folder: somebody had a dialogue of this id here, and the store does not know it.

        Told in the answer alone: the record must not depend on the home it is in.
        """
        folder = self._dialogues.folder(record.dialogue)
        with contextlib.suppress(OSError):
            if found := sorted(one.name for one in folder.iterdir() if one.resolve() != path.resolve()):
                words = (
                    f"the folder of '{record.dialogue.dialogue_id}' holds {', '.join(found[:5])}"
                    f"{' …' if len(found) > 5 else ''} of a dialogue that this store did not know; an export replaces "
                    "such files: verify or move them first"
                )
                return [ImportDiagnostic(code="artefacts_found", message=words)]
        return []

    def _allowed(self, name: str, field: str) -> Path:
        if not name or "\0" in name:
            raise invalid_field(field, name, "names no path")
        path = Path(name)
        if not self._may_read(path):
            raise errors.path_not_allowed(field, path.name or name, "read")
        return path

    def _placed(self, plan: Plan, connection: Any, *, as_new: bool) -> tuple[str, bool]:
        """The id for a plan, and whether its content is recorded under that id already."""
        first: Record | None = None
        for candidate in free_ids(plan.wanted_id):
            record = self._dialogues.find(candidate, connection)
            if record is None:
                if first is None or as_new:
                    return candidate, False
                break
            origin = record.dialogue.origin
            if origin is not None and origin.get("digest") == plan.digest:
                return candidate, True
            if plan.expected is not None and not record_differences(plan.expected, record):
                return candidate, True  # the very record that was exported
            first = first or record
        if as_new:
            raise dialogue_errors.too_many_similar_titles(plan.wanted_id)
        assert first is not None
        if first.dialogue.origin is None:
            raise dialogue_errors.dialogue_exists(plan.wanted_id)
        before: dict[str, str] = first.dialogue.origin.get("files", {})
        raise errors.import_changed(
            plan.wanted_id,
            changed=sorted(name for name in plan.files.keys() & before.keys() if plan.files[name] != before[name]),
            added=sorted(plan.files.keys() - before.keys()),
            removed=sorted(before.keys() - plan.files.keys()),
        )

    def _record(self, plan: Plan, dialogue_id: str, request_id: str | None, call: Call) -> None:
        """Run the plan's requests, each under the dialogue's id."""
        operations: dict[type[Shape], Callable[[Any, Call], Any]] = {
            requests.DialogueCreate: self._dialogues.dialogue_create,
            requests.ExpertCreate: self._dialogues.dialogue_expert_create,
            requests.EvolvePanel: self._dialogues.dialogue_evolve_panel,
            requests.RoundRegister: self._dialogues.dialogue_round_register,
            requests.VerdictRegister: self._dialogues.dialogue_verdict_register,
            requests.UpdateStatus: self._dialogues.dialogue_update_status,
        }
        total = len(plan.requests)
        for number, step in enumerate(plan.requests):
            call.progress(number, total, f"recording {dialogue_id}")
            # the request_id rests with the first entry: used again for another import, it is refused there
            changes = {"dialogue_id": dialogue_id} | ({"request_id": request_id} if number == 0 else {})
            answer = operations[type(step)](step.model_copy(update=changes), call)
            if isinstance(answer, RoundRegistered):
                wrong = {key: got for key, got in answer.id_mapping.items() if plan.ids[key] != got}
                if wrong:
                    raise AssertionError(f"ids were given in another order than planned: {wrong}")
        call.progress(total, total, f"recorded {dialogue_id}")


def _answer(plan: Plan, record: Record, further: list[ImportDiagnostic], *, created: bool) -> DialogueImported:
    kinds = {PLURALS[kind]: sum(1 for entity in record.entities if entity.kind == kind) for kind in PLURALS}
    told = (record.dialogue.origin or {}).get("diagnostics", [])
    return DialogueImported(
        dialogue_id=record.dialogue.dialogue_id,
        created=created,
        title=record.dialogue.title,
        rounds=sum(1 for round_ in record.rounds if round_.status == "completed"),
        experts=len(record.experts),
        responses=len(responses(record)),
        entities=kinds,
        links=plan.links,
        verdicts=[verdict.verdict_id for verdict in record.verdicts],
        diagnostics=[*(ImportDiagnostic(**entry) for entry in told), *further],
        figures=figures_view(record),
        claims_compared=[ClaimBeside(**msgspec.to_builtins(claim)) for claim in rules.claims_compared(record)],
        files_read=plan.files_read,
        unread_files=list(plan.unread),
    )
