"""Import: a dialogue that was held elsewhere becomes a record, whole or not at all.

An importer turns a path into a ``Plan``; the plan's requests go through the dialogue's own operations inside one
transaction, so that an imported record is journalled and verified like any other. ``importers`` tells who makes plans.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from hansard.database.journal import Journal
from hansard.dialogue import errors as dialogue_errors
from hansard.dialogue import requests, rules
from hansard.dialogue.answers import RoundRegistered
from hansard.dialogue.exhibits.operations import ExhibitOperations
from hansard.dialogue.exhibits.requests import ExhibitAdd, WatchAdd
from hansard.dialogue.model import Record
from hansard.dialogue.operations import DialogueOperations
from hansard.dialogue.views import figures_view
from hansard.exchange import errors
from hansard.exchange.import_shapes import ClaimBeside, DialogueImport, DialogueImported, ImportDiagnostic
from hansard.exchange.importers import importer_of
from hansard.exchange.planning import Plan
from hansard.exchange.restoring import record_differences
from hansard.exchange.warnings import responses
from hansard.kernel.errors import invalid_field, path_not_allowed
from hansard.kernel.ids import PLURALS, free_ids
from hansard.kernel.operations import Call, operation
from hansard.kernel.shapes import Shape


class Importing:
    """Takes dialogues into the record."""

    def __init__(self, dialogues: DialogueOperations, journal: Journal, *, may_read: Callable[[Path], bool]) -> None:
        """Imports into the store of ``journal``, through ``dialogues``.

        Args:
            may_read: whether a caller may name this path.
        """
        self._dialogues = dialogues
        self._exhibits = dialogues.beside(ExhibitOperations)
        self._journal = journal
        self._may_read = may_read

    @operation(writes=True, idempotent=True)
    def dialogue_import(self, request: DialogueImport, call: Call) -> DialogueImported:
        """Take a dialogue that was held elsewhere into the record, from any format that an importer reads.

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
            raise path_not_allowed(field, path.name or name, "read")
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
            requests.DialogueAbandon: self._dialogues.dialogue_abandon,
            requests.DialogueReopen: self._dialogues.dialogue_reopen,
            requests.DialogueTag: self._dialogues.dialogue_tag,
            ExhibitAdd: self._exhibits.exhibit_add,
            WatchAdd: self._exhibits.watch_add,
        }
        total = len(plan.requests)
        brought = sum(isinstance(step, ExhibitAdd) for step in plan.requests)
        for number, step in enumerate(plan.requests):
            call.progress(number, total, f"recording {dialogue_id}")
            # the request_id rests with the first entry: used again for another import, it is refused there
            changes: dict[str, Any] = {"dialogue_id": dialogue_id} | ({"request_id": request_id} if number == 0 else {})
            if isinstance(step, requests.DialogueCreate) and step.origin is not None:
                changes["origin"] = step.origin.model_copy(update={"exhibits": brought})
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
