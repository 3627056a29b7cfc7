"""Exports: the record written into a file, or given as minutes or report."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from hansard.database import verify
from hansard.database.journal import VERSION, Journal
from hansard.dialogue import model
from hansard.dialogue.answers import Head, Warned
from hansard.dialogue.operations import DialogueOperations
from hansard.dialogue.requests import DialogueQuery
from hansard.exchange import errors
from hansard.exchange.checking import needed_salts
from hansard.exchange.document import FILE_NAME, document_from_record, read_document, rendered
from hansard.exchange.document_items import EntryItem, HeadItem, JournalItem
from hansard.exchange.minutes import minutes
from hansard.exchange.report import report
from hansard.exchange.shapes import DialogueExport, DialogueExported, ExportStats, Minutes, Report
from hansard.exchange.warnings import warnings_of
from hansard.kernel import files
from hansard.kernel.errors import HansardError
from hansard.kernel.ids import PLURALS
from hansard.kernel.operations import Call, operation

MINUTES_NAME: Final = "minutes.md"


class Exporting:
    """The half of the room that gives records away."""

    def __init__(self, dialogues: DialogueOperations, journal: Journal, *, may_write: Callable[[Path], bool]) -> None:
        """Exports from the store of ``journal``.

        Args:
            may_write: whether a caller may have a file written at this path.
        """
        self._dialogues = dialogues
        self._journal = journal
        self._may_write = may_write

    @operation(writes=True)
    def dialogue_export(self, request: DialogueExport, call: Call) -> DialogueExported:
        """Write a dialogue into a file: dialogue.json, verifiable anywhere, or the minutes in Markdown."""
        record, journal, head = self._snapshot(request.dialogue_id, call)
        document = document_from_record(record, journal if request.journal else None)
        path = self._target(record.dialogue, request)
        self._judge_path(path, record.dialogue.dialogue_id, request)
        as_json = request.format == "json"
        data = rendered(document) if as_json else minutes(record, head, document["digest"]).encode()
        files.write_atomic(path, data, name=request.output_path or path.name)
        return DialogueExported(
            path=str(path),
            stats=_stats(record, document),
            warnings=[Warned(**caution._asdict()) for caution in warnings_of(record)],
            digest=document["digest"],
            head=head,
        )

    @operation(path="/dialogues/{dialogue_id}/minutes")
    def dialogue_minutes(self, request: DialogueQuery, call: Call) -> Minutes:
        """Give a dialogue's minutes: verdict, dissent, the Clerk's note, tensions, every statement cited."""
        record, _, head = self._snapshot(request.dialogue_id, call)
        markdown = minutes(record, head, document_from_record(record)["digest"])
        return Minutes(dialogue_id=request.dialogue_id, markdown=markdown, head=head)

    @operation(path="/dialogues/{dialogue_id}/report")
    def dialogue_report(self, request: DialogueQuery, call: Call) -> Report:
        """Give a dialogue word for word: every response in order, with the Judge's summaries."""
        record, _, head = self._snapshot(request.dialogue_id, call)
        markdown = report(record, head, document_from_record(record)["digest"])
        return Report(dialogue_id=request.dialogue_id, markdown=markdown, head=head)

    def _snapshot(self, dialogue_id: str, call: Call) -> tuple[model.Record, JournalItem, Head]:
        """Record, stream and head of one moment."""
        with self._journal.reading(call) as connection:
            record = self._dialogues.record(dialogue_id, connection)
            head = self._dialogues.head(dialogue_id, connection)
            entries = verify.stream_entries(connection, head.stream)
        needed = needed_salts(entries, head.stream)
        journal = JournalItem(
            version=VERSION,
            stream=head.stream,
            head=HeadItem(sequence=head.sequence, hash=head.hash),
            entries=[
                EntryItem(hash=entry.hash, body=entry.body, salt=entry.salt if entry.position in needed else None)
                for entry in entries
            ],
        )
        return record, journal, head

    def _target(self, dialogue: model.Dialogue, request: DialogueExport) -> Path:
        if request.output_path is not None:
            return Path(request.output_path)
        return self._dialogues.folder(dialogue) / (FILE_NAME if request.format == "json" else MINUTES_NAME)

    def _judge_path(self, path: Path, dialogue_id: str, request: DialogueExport) -> None:
        """Whether the export may stand at ``path``; what stands there and is no export of this dialogue stays."""
        called = request.output_path or path.name
        if not self._may_write(path):
            raise errors.path_not_allowed("output_path", called, "written")
        if os.path.exists(path) and not _is_export(path, dialogue_id, request.format):  # noqa: PTH110  # as in importing
            raise errors.would_overwrite(called, dialogue_id)


def _is_export(path: Path, dialogue_id: str, form: str) -> bool:
    """Whether a file is an earlier export of this dialogue in this format."""
    if not path.is_file():
        return False
    try:
        if form == "json":
            return read_document(path).get("id") == dialogue_id
        text = files.read_text(path).text
    except HansardError:
        return False
    return text.startswith("# Minutes: ") and f"- Dialogue `{dialogue_id}`, " in text


def _stats(record: model.Record, document: dict[str, Any]) -> ExportStats:
    return ExportStats(
        rounds=document["totalRounds"],
        experts=len(record.experts),
        totalAlignment=document["totalAlignment"],
        **{plural: len(document[plural]) for plural in PLURALS.values()},
    )
