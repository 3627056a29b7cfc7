"""Verify: a dialogue, an exported file or the whole store, and every finding in words that lead somewhere."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from hansard.custody import errors, store
from hansard.custody.exhibits import can_look, look_at_ethos, look_at_exhibits, not_in_the_file
from hansard.custody.naming import Named, named
from hansard.custody.proof.bundle_check import entries_of
from hansard.custody.proof.bundling import LIMIT_BYTES, OVERHEAD_BYTES, Bundling
from hansard.custody.proof.erased import erasures
from hansard.custody.readers import JOURNAL, FileReader, StoreReader, place_of, unproved
from hansard.custody.shapes import Discovery, Verified, Verify, Witness
from hansard.custody.witness import contradiction, entries_in, heads_in, noted, streams_of
from hansard.custody.wording import discovery as _discovery
from hansard.database import verify as journal
from hansard.database.engine import HEAD, Database, lenient
from hansard.database.schema import Difference, schema_differences
from hansard.database.tables import record_tables
from hansard.database.verify import Finding, stream_hashes
from hansard.dialogue import model
from hansard.dialogue.answers import Head
from hansard.dialogue.operations import DialogueOperations
from hansard.exchange.checking import TABLES, DocumentReport, check_document
from hansard.exchange.document import parsed_document, read_text, rows_of
from hansard.exchange.markdown import visible
from hansard.exchange.wording import listed
from hansard.kernel import files
from hansard.kernel.errors import HansardError, invalid_field, path_not_allowed
from hansard.kernel.operations import Call, operation
from hansard.routing import tables as _routing  # noqa: F401  # adds its tables, which are looked at too

TEXTS: Final = (".md", ".markdown", ".argdown", ".txt")
"""How files end that hold a dialogue for people to read, with a head and without a journal."""

FEW: Final = 5
"""Of more findings than this with one cause, one speaks for all."""


class Verifying(Bundling):
    """Compares what stands with what was recorded."""

    def __init__(self, database: Database, dialogues: DialogueOperations, may_read: Callable[[Path], bool]) -> None:
        """Custody of a store and of the files that came from it.

        Args:
            may_read: whether a caller may have this path read.
        """
        self._database = database
        self._dialogues = dialogues
        self._may_read = may_read

    @operation(path="/verify", tools="proof")
    def verify(self, request: Verify, call: Call) -> Verified:
        """Tell whether anything is not as it was recorded: in a dialogue, an exported file, or the whole store."""
        heads = self._noted(request)
        answer = self._verify(request, heads, call)
        if request.against is None:
            return answer
        name = visible(Path(request.against).name)
        note = f"Of '{name}' only the head was read; its words were not compared."
        return answer.model_copy(update={"notes": [*answer.notes, note]})

    def _verify(self, request: Verify, heads: list[Head], call: Call) -> Verified:
        if request.all if request.target is not None else not (request.all or heads):
            raise errors.nothing_to_verify()
        if request.target is None or not names_file(request.target):
            _for_bundles_only(request)
        if request.all:
            return self._verify_store(heads, call)
        if request.target is None:
            return self._verify_streams(streams_of(heads), heads, call)
        if (dialogue_id := self._meant(request.target)) is not None:
            return self._verify_streams([f"dialogue:{dialogue_id}"], heads, call)
        path = self._readable(request.target, "target")
        if is_zip(path):
            data = files.read_bytes(path, limit_bytes=LIMIT_BYTES + OVERHEAD_BYTES)
            return self._verify_bundle(data, path.name, request, document_findings, partial(compared, heads), call)
        _for_bundles_only(request)
        return self._verify_file(path, heads, call)

    def _noted(self, request: Verify) -> list[Head]:
        """The heads that are to be compared with what stands."""
        heads = [noted(text) for text in request.heads]
        if request.against is not None:
            path = self._readable(request.against, "against")
            heads += heads_in(read_text(path, path.name), path.name)
        return heads

    def _readable(self, name: str, field: str) -> Path:
        path = Path(name)
        if not self._may_read(path):
            raise path_not_allowed(field, path.name, "read")
        if files.is_folder(path):
            raise errors.folder_to_verify(name)
        return path

    def _verify_file(self, path: Path, heads: list[Head], call: Call) -> Verified:
        call.progress(0, 2, "comparing the file with its journal")
        text = read_text(path, path.name)
        document = self._own_export(text, path)
        report = check_document(document, text)
        call.progress(1, 2, "looking for the words as recorded")
        reader = FileReader(document, report, self._kept_rows(report.dialogue_id) if report.findings else {})
        reader.search(call)
        findings = condensed([reader.discovery(finding) for finding in report.findings])
        notes = [*erasures(entries_of(document)), *report.notes, *unproved(findings, "file", ", or the store", reader)]
        notes += not_in_the_file(report.record)
        if report.head is not None and not findings:
            notes.append(
                "The file agrees with its own journal. Whether it is the newest, and whose it is, its head tells: "
                "compare it with the head that the store or earlier minutes show."
            )
        witnesses, contradicted = compared(heads, lambda stream: stream_hashes(entries_in(document), stream))
        findings += contradicted
        return Verified(
            ok=not findings and report.head is not None,  # without a journal nothing is proved
            what=visible(f"file {path.name} (dialogue '{report.dialogue_id}')"),
            entries=report.entries,
            rows=report.rows,
            texts=report.texts,
            findings=findings,
            notes=notes,
            head=None if report.head is None else _head(f"dialogue:{report.dialogue_id}", report.head),
            witnesses=witnesses,
        )

    @staticmethod
    def _own_export(text: str, path: Path) -> dict[str, Any]:
        """The document that a file holds; of minutes and of exports for other programs it is told what they prove."""
        try:
            return parsed_document(text, path.name)
        except HansardError as fault:
            if fault.code == "schema_version_unknown":
                raise
            streams: list[str] = []
            with contextlib.suppress(HansardError):
                streams = streams_of(heads_in(text, path.name))
            if not streams and (path.suffix.casefold() not in TEXTS or not text.strip()):
                raise
            about = [name for kind, _, name in (stream.partition(":") for stream in streams) if kind == "dialogue"]
            raise errors.proves_nothing_alone(path.name, about[0] if len(about) == 1 else None) from None

    def _kept_rows(self, dialogue_id: str) -> dict[tuple[str, tuple[Any, ...]], model.Row]:
        """What this home's store has of a dialogue, as far as it has it: the file's own seals prove each row of it."""
        try:
            if not self._database.is_there():
                return {}
            return {place_of(row): row for row in rows_of(self._dialogues.record(dialogue_id))}
        except (HansardError, OSError):  # the file is judged alone, as where there is no store
            return {}

    def _verify_streams(self, streams: list[str], heads: list[Head], call: Call) -> Verified:
        findings: list[Discovery] = []
        notes: list[str] = []
        reports = []
        with self._database.reading() as connection, lenient(connection):
            for stream in streams:
                report = journal.verify_store(connection, record_tables(), stream)
                reader = StoreReader(connection, report.chain)
                found = condensed(self._discoveries(reader, report.findings, call))
                notes += [*erasures(report.chain), *unproved(found, "store", "", reader)]
                findings += found
                reports.append(report)
                if can_look(report.findings):
                    kind, _, name = stream.partition(":")
                    if kind == "dialogue":
                        looked = look_at_exhibits(self._dialogues, connection, [name])
                        findings += looked.findings
                        notes += looked.notes
                    elif kind == "calibration":
                        findings += look_at_ethos(connection)
            witnesses, contradicted = compared(heads, lambda name: store.hashes(connection, name))
        reached = {
            stream: report.heads[stream] for stream, report in zip(streams, reports, strict=True) if report.heads
        }
        return Verified(
            ok=not findings and not contradicted,
            what=listed([_stream_words(stream) for stream in streams]),
            entries=sum(report.entries for report in reports),
            rows=sum(report.rows for report in reports),
            texts=sum(report.texts for report in reports),
            findings=findings + contradicted,
            notes=list(dict.fromkeys(notes)),
            head=_head(streams[0], reached[streams[0]]) if [*reached] == streams[:1] else None,
            heads=[_head(stream, head) for stream, head in reached.items()] if len(streams) > 1 else [],
            witnesses=witnesses,
        )

    def findings_of(self, dialogue_id: str) -> int:
        """At how many places a dialogue of the store is not as it was recorded; 0 when it verifies."""
        with self._database.reading() as connection:
            return len(journal.verify_store(connection, record_tables(), f"dialogue:{dialogue_id}").findings)

    def _meant(self, target: str) -> str | None:
        """The dialogue that is meant, ``None`` where a file is; a dialogue of the store comes before a file's name.

        One whose own row is gone is still known to the journal.
        """
        if names_file(target):
            return None
        try:
            return self._dialogues.resolve_id(target)
        except HansardError as fault:
            with self._database.reading() as connection, lenient(connection):
                if store.has_stream(connection, f"dialogue:{target}"):
                    return target
            if fault.code == "dialogue_not_found":
                path = Path(target)
                if self._may_read(path) and os.path.isdir(path):  # noqa: PTH112  # Path.is_dir fails at a long name
                    raise errors.folder_to_verify(target) from None
                if target.casefold() == "all":
                    fault.suggestion = "'--all' (all: true) verifies the whole store"
            raise

    def _verify_store(self, heads: list[Head], call: Call) -> Verified:
        with self._database.reading() as connection, lenient(connection):
            call.progress(0, 4, "checking the file")
            damage = store.damage(connection)
            differences = schema_differences(connection)
            broken, not_followed = store.broken_foreign_keys(connection)
            revision = store.revision(connection)
            call.progress(1, 4, "following the journal")
            report = journal.verify_store(connection, record_tables())
            call.progress(2, 4, "naming what was found")
            reader = StoreReader(connection, report.chain)
            findings = condensed(self._discoveries(reader, report.findings, call))
            witnesses, contradicted = compared(heads, lambda stream: store.hashes(connection, stream))
            gone = {finding.table for finding in report.findings if finding.code == "table_missing"}
            if not report.findings:  # else the root of a rewritten journal differs too
                findings += self._checkpoint_findings(connection)
            findings += [_of_schema(part) for part in differences if part.name not in gone]
            notes = [*erasures(report.chain), *unproved(findings, "store", "", reader)]
            if can_look(report.findings):
                looked = look_at_exhibits(self._dialogues, connection, store.with_exhibits(connection))
                findings += [*looked.findings, *look_at_ethos(connection)]
                notes += looked.notes
            if not_followed:
                notes.append(
                    f"References were not followed from tables that cannot be asked: {', '.join(not_followed)}."
                )
            if not damage and not any(finding.table in {*TABLES, "texts"} for finding in report.findings):
                call.progress(3, 4, "comparing the search index")
                said = store.search_differences(connection)
                if isinstance(said, str):
                    findings.append(
                        _told("search_damaged", f"{self._database.dialect.name} says of the search index: {said}")
                    )
                else:
                    findings += [_told("search_differs", what, "search", (name, item)) for name, item, what in said]
            else:
                notes.append("The search index was not compared: rows that it is made from are not as recorded.")
        findings += [_told("store_damaged", f"{self._database.dialect.name} says: {line}") for line in damage]
        findings += [
            _told("foreign_key_broken", f"refers to a row of '{parent}' that is not there", table, key)
            for table, key, parent in broken
        ]
        if revision != HEAD:
            findings.append(
                _told(
                    "schema_revision_differs", f"the store calls itself revision {revision}; this Hansard's is {HEAD}"
                )
            )
        findings += self._inside_search(notes)
        findings += contradicted
        call.progress(4, 4, "done")
        return Verified(
            ok=not findings,
            what="the whole store",
            entries=report.entries,
            rows=report.rows,
            texts=report.texts,
            findings=findings,
            notes=notes,
            heads=[_head(stream, head) for stream, head in sorted(report.heads.items())],
            witnesses=witnesses,
        )

    def _inside_search(self, notes: list[str]) -> list[Discovery]:
        """Whether the search index is whole inside; SQLite tells it only to those who may write."""
        try:
            with self._database.writing(alone=False) as connection:
                said = store.search_damage(connection)
        except HansardError as fault:
            if fault.kind == "corrupt":
                return [_told("search_damaged", fault.message)]
            notes.append(f"The search index was not looked into: {fault.message}.")
            return []
        return (
            [_told("search_damaged", f"{self._database.dialect.name} says of the search index: {said}")] if said else []
        )

    def _discoveries(self, reader: StoreReader, findings: list[Finding], call: Call) -> list[Discovery]:
        """Findings of the store in words, one for each place."""
        reader.search(findings, call)
        made: dict[tuple[str, str], Discovery] = {}
        for finding in findings:
            discovery = reader.discovery(finding)
            # an altered text is found twice: as a text, and as a row of the table of texts
            key = (discovery.where, discovery.code.partition("_")[2])
            if key not in made or (made[key].said is None and discovery.said is not None):
                made[key] = discovery
        return list(made.values())


def document_findings(document: dict[str, Any], report: DocumentReport, call: Call) -> list[Discovery]:
    """What is wrong in an exported document, in words."""
    reader = FileReader(document, report, {})
    reader.search(call)
    return condensed([reader.discovery(finding) for finding in report.findings])


def _for_bundles_only(request: Verify) -> None:
    """Refuse what only a bundle can be judged by: ignored, it would seem to have been looked at."""
    for field, value in (("trust", request.trust), ("checkpoint", request.checkpoint)):
        if value:
            raise invalid_field(field, value, "belongs to a bundle (a .zip of 'hansard bundle')")


def is_zip(path: Path) -> bool:
    """Whether a file begins as a ZIP does."""
    return files.head(path, 4) == b"PK\3\4"


def names_file(target: str) -> bool:
    """Whether a target of ``verify`` is a path: an id holds no dot and no separator."""
    return "/" in target or "\\" in target or "." in target


def compared(heads: list[Head], chain: Callable[[str], Mapping[int, str]]) -> tuple[list[Witness], list[Discovery]]:
    """Noted heads against what stands: each with whether it holds, and a finding for each that does not.

    Args:
        chain: the hashes of a stream by number.
    """
    witnesses, findings = [], []
    for head in heads:
        why = contradiction(head, chain(head.stream))
        witnesses.append(Witness(head=head, held=why is None))
        if why is not None:
            name = named("streams", (head.stream,))
            findings.append(_discovery("witness_contradicted", f"a head noted earlier does not hold: {why}", name))
    return witnesses, findings


def _stream_words(stream: str) -> str:
    kind, _, name = stream.partition(":")
    return visible(f"dialogue '{name}'" if kind == "dialogue" else f"stream '{stream}'")


def _head(stream: str, head: tuple[int, str]) -> Head:
    return Head(stream=stream, sequence=head[0], hash=head[1])


def _told(found: str, message: str, table: str | None = None, key: tuple[Any, ...] | None = None) -> Discovery:
    """A discovery that needs no search."""
    name = named(table, key) if table else Named(what="the store")
    return _discovery(found, message, name)


def _of_schema(part: Difference) -> Discovery:
    """A part of the schema that is not as Hansard makes it."""
    return _discovery(part.code, part.message, Named(what=f"the {part.kind} '{part.name}'"))


def condensed(findings: list[Discovery]) -> list[Discovery]:
    """Findings in the order of their weight, without those that only follow from others.

    Where the journal itself is broken, rows cannot be judged one by one; where rows differ, so does what is computed
    from them; where an entity is gone, so are its events.
    """
    gone = {f.id for f in findings if f.code == "row_missing" and f.where.startswith(f"{f.id} ")}
    findings = [f for f in findings if not (f.code == "row_missing" and f.id in gone and f.where.startswith("event "))]
    chain = [f for f in findings if f.code.startswith(JOURNAL)]
    rows = [f for f in findings if f.code in ("row_altered", "row_added", "row_missing")]
    derived = [f for f in findings if f.code == "derived_differs"]
    digest = [f for f in findings if f.code == "digest_differs"]
    rest = [f for f in findings if f not in chain + rows + derived + digest]
    if chain and len(rows) > FEW:
        rows = [_together("rows_unproved", rows, "cannot be judged, since the journal that vouches for them is broken")]
    if rows and len(derived) > FEW:
        derived = [_together("derived_differs", derived, "computed from rows, and differ as the rows do")]
    return [*rest, *chain, *rows, *derived, *digest]


def _together(finding: str, findings: list[Discovery], what: str) -> Discovery:
    """Many findings of one cause as one."""
    first = findings[0]
    return _discovery(
        finding,
        f"{what}; the first: {first.where}: {first.message}",
        Named(what=f"{len(findings)} places", dialogue_id=first.dialogue_id),
    )
