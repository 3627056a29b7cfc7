"""Exports: the record written into a file, or given as minutes or report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from hansard.database import verify
from hansard.database.journal import VERSION, Journal
from hansard.dialogue import model
from hansard.dialogue.answers import Head, Warned
from hansard.dialogue.exhibits.operations import ExhibitOperations
from hansard.dialogue.operations import DialogueOperations
from hansard.dialogue.requests import DialogueQuery
from hansard.exchange import errors, parquet
from hansard.exchange.checking import needed_salts
from hansard.exchange.document import document_from_record
from hansard.exchange.document_items import EntryItem, HeadItem, JournalItem
from hansard.exchange.formats import FORMS, Material, is_export
from hansard.exchange.grounds import Standings, has_ground
from hansard.exchange.minutes import minutes
from hansard.exchange.report import report
from hansard.exchange.shapes import DialogueExport, DialogueExported, ExportStats, Minutes, Report
from hansard.kernel import files
from hansard.kernel.bulk import collector_paused
from hansard.kernel.errors import missing_field, path_not_allowed
from hansard.kernel.ids import PLURALS
from hansard.kernel.operations import Call, operation

PARQUET_NAME: Final = "parquet"


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

    @operation(writes=True, tools="dialogue", idempotent=True)
    def dialogue_export(self, request: DialogueExport, call: Call) -> DialogueExported:
        """Write a dialogue into a file: dialogue.json, verifiable anywhere, or another format (docs/formats.md).

        Parquet is a folder of files, one for each table, of one dialogue or of all.
        """
        if request.format == "parquet":
            return self._tables(request, call)
        if request.dialogue_id is None:
            raise missing_field("dialogue_id")
        with collector_paused():
            return self._file(request.dialogue_id, request, call)

    def _file(self, dialogue_id: str, request: DialogueExport, call: Call) -> DialogueExported:
        call.progress(0, 3, f"reading {dialogue_id}")
        record, journal, head = self._snapshot(dialogue_id, call)
        document = document_from_record(record, journal if request.journal else None)
        path = self._target(record.dialogue, request)
        self._judge_path(path, record.dialogue.dialogue_id, request)
        call.progress(1, 3, f"making {path.name}")
        standings = self._standings(record, call) if request.format in ("markdown", "adr") else {}
        data = FORMS[request.format].make(Material(record, document, head, standings))
        call.progress(2, 3, f"writing {path.name}")
        files.write_atomic(path, data, name=request.output_path or path.name)
        call.progress(3, 3, f"wrote {path.name}")
        return DialogueExported(
            path=str(path),
            stats=_stats(record, document),
            warnings=[Warned(**told) for told in document["warnings"]],
            digest=document["digest"],
            head=head,
        )

    @operation(
        path="/dialogues/{dialogue_id}/minutes",
        resource="/dialogues/{dialogue_id}/minutes",
        shorter="Have them written into a file ('dialogue_export' with the format 'markdown')",
    )
    def dialogue_minutes(self, request: DialogueQuery, call: Call) -> Minutes:
        """Give a dialogue's minutes: verdict, dissent, the Clerk's note, tensions, every statement cited."""
        record, _, head = self._snapshot(request.dialogue_id, call)
        markdown = minutes(record, head, document_from_record(record)["digest"], self._standings(record, call))
        return Minutes(dialogue_id=request.dialogue_id, markdown=markdown, head=head)

    @operation(
        path="/dialogues/{dialogue_id}/report",
        resource="/dialogues/{dialogue_id}/report",
        shorter="Read the minutes instead, or have the record written into a file ('dialogue_export')",
    )
    def dialogue_report(self, request: DialogueQuery, call: Call) -> Report:
        """Give a dialogue word for word: every response in order, with the Judge's summaries."""
        record, _, head = self._snapshot(request.dialogue_id, call)
        markdown = report(record, head, document_from_record(record)["digest"])
        return Report(dialogue_id=request.dialogue_id, markdown=markdown, head=head)

    def _standings(self, record: model.Record, call: Call) -> Standings:
        """Whether each verdict stands, by what it rests on; no day, so that the minutes of a record stay the same."""
        if not has_ground(record):
            return {}
        with self._journal.reading(call) as connection:
            looking = self._dialogues.beside(ExhibitOperations).looking(connection)
            return {verdict.verdict_id: looking.standing(record, verdict, None) for verdict in record.verdicts}

    def _snapshot(self, dialogue_id: str, call: Call) -> tuple[model.Record, JournalItem, Head]:
        """Record, stream and head of one moment."""
        with self._journal.reading(call) as connection:
            record = self._dialogues.record(dialogue_id, connection)
            head = self._dialogues.head(dialogue_id, connection)
            entries = verify.stream_entries(connection, head.stream)
        return record, stream_item(entries, head), head

    def _target(self, dialogue: model.Dialogue, request: DialogueExport) -> Path:
        if request.output_path is not None:
            return Path(request.output_path)
        return self._dialogues.folder(dialogue) / FORMS[request.format].file_name

    def _judge_path(self, path: Path, dialogue_id: str, request: DialogueExport) -> None:
        """Whether the export may stand at ``path``; what stands there and is no export of this dialogue stays."""
        called = request.output_path or path.name
        if not self._may_write(path):
            raise path_not_allowed("output_path", called, "written")
        if os.path.exists(path) and not is_export(path, dialogue_id, request.format):  # noqa: PTH110  # as in importing
            raise errors.would_overwrite(called, dialogue_id)

    def _tables(self, request: DialogueExport, call: Call) -> DialogueExported:
        """Every table of one dialogue, or of all, below one folder."""
        with self._journal.reading(call) as connection:
            ids = self._dialogues.every_id(connection) if request.dialogue_id is None else [request.dialogue_id]
            records = (self._dialogues.record(one, connection) for one in _told(ids, call))
            if request.dialogue_id is not None:
                dialogue = next(records).dialogue  # before a folder is made: the id may be nobody's
                records = (self._dialogues.record(one, connection) for one in _told(ids, call))
                folder = self._dialogues.folder(dialogue) / PARQUET_NAME
            elif request.output_path is None:
                raise missing_field("output_path")
            path = Path(request.output_path) if request.output_path is not None else folder
            called = request.output_path or path.name
            if not self._may_write(path):
                raise path_not_allowed("output_path", called, "written")
            counts = parquet.replace_tables(path, records, request.dialogue_id, called)
            head = self._dialogues.head(request.dialogue_id, connection) if request.dialogue_id is not None else None
        return DialogueExported(path=str(path), stats=None, warnings=[], digest=None, head=head, rows=counts)


def _told(ids: list[str], call: Call) -> Iterator[str]:
    """The ids, each told as it is taken."""
    for number, one in enumerate(ids):
        call.progress(number, len(ids), f"exporting {one}")
        yield one
    call.progress(len(ids), len(ids), "exported")


def stream_item(entries: Sequence[verify.StoredEntry], head: Head) -> JournalItem:
    """A stream of the journal as an export carries it: a salt only where a row of the export needs it."""
    needed = needed_salts(entries, head.stream)
    return JournalItem(
        version=VERSION,
        stream=head.stream,
        head=HeadItem(sequence=head.sequence, hash=head.hash),
        entries=[
            EntryItem(hash=entry.hash, body=entry.body, salt=entry.salt if entry.position in needed else None)
            for entry in entries
        ],
    )


def _stats(record: model.Record, document: dict[str, Any]) -> ExportStats:
    return ExportStats(
        rounds=document["totalRounds"],
        experts=len(record.experts),
        totalAlignment=document["totalAlignment"],
        **{plural: len(document[plural]) for plural in PLURALS.values()},
    )
