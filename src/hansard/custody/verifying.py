"""Verify: a dialogue, an exported file or the whole store, and every finding in words that lead somewhere."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from hansard.custody import errors, store
from hansard.custody.exhibits import can_look, look_at_ethos, look_at_exhibits, not_in_the_file
from hansard.custody.naming import Named, difference, field_words, named, of_local_ids
from hansard.custody.proof.bundle import entries_of
from hansard.custody.proof.bundling import LIMIT_BYTES, OVERHEAD_BYTES, Bundling
from hansard.custody.proof.erased import erasures
from hansard.custody.recovering import (
    Altered,
    Budget,
    Pool,
    Restored,
    columns_of,
    recovered,
    restored,
    restored_text,
    seals,
    spliced,
    value_text,
)
from hansard.custody.shapes import Discovery, Verified, Verify, Witness
from hansard.custody.store import Connection
from hansard.custody.witness import contradiction, entries_in, heads_in, noted, streams_of
from hansard.custody.wording import discovery as _discovery
from hansard.custody.wording import quoted as _quoted
from hansard.database import verify as journal
from hansard.database.columns import LongText, encoded_row, stowed, text_reference
from hansard.database.engine import HEAD, Database, lenient
from hansard.database.schema import Difference, schema_differences
from hansard.database.tables import record_tables
from hansard.database.verify import Finding, StoredEntry, is_text_of, stream_hashes
from hansard.dialogue import model
from hansard.dialogue.answers import Head
from hansard.dialogue.operations import DialogueOperations
from hansard.dialogue.tables import ROWS
from hansard.exchange.checking import TABLES, DocumentFinding, DocumentReport, check_document
from hansard.exchange.document import item_at, key_in_document, key_of, parsed_document, read_text, rows_of
from hansard.exchange.errors import path_not_allowed
from hansard.exchange.markdown import visible
from hansard.exchange.wording import listed
from hansard.kernel import files
from hansard.kernel.errors import HansardError, invalid_field
from hansard.kernel.ids import shown_name
from hansard.kernel.operations import Call, operation
from hansard.markers import parse

TEXTS: Final = (".md", ".markdown", ".argdown", ".txt")
"""How files end that hold a dialogue for people to read, with a head and without a journal."""

FEW: Final = 5
"""Of more findings than this with one cause, one speaks for all."""

JOURNAL: Final = ("entry_", "chain_", "journal_", "head_")
"""Findings of these codes break the journal; what a broken journal says of a row proves nothing."""

CANNOT_BE_TOLD: Final = (
    "what stood here before cannot be told from this {where}; an earlier export, the minutes{store} has it"
)


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

    @operation(path="/verify")
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
        if path.is_dir():
            raise errors.folder_to_verify(name)
        return path

    def _verify_file(self, path: Path, heads: list[Head], call: Call) -> Verified:
        call.progress(0, 2, "comparing the file with its journal")
        text = read_text(path, path.name)
        document = self._own_export(text, path)
        report = check_document(document, text)
        call.progress(1, 2, "looking for the words as recorded")
        reader = _FileReader(document, report, self._kept_rows(report.dialogue_id) if report.findings else {})
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
            return {_place(row): row for row in rows_of(self._dialogues.record(dialogue_id))}
        except (HansardError, OSError):  # the file is judged alone, as where there is no store
            return {}

    def _verify_streams(self, streams: list[str], heads: list[Head], call: Call) -> Verified:
        findings: list[Discovery] = []
        notes: list[str] = []
        reports = []
        with self._database.reading() as connection, lenient(connection):
            for stream in streams:
                report = journal.verify_store(connection, record_tables(), stream)
                reader = _StoreReader(connection, report.chain)
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
            reader = _StoreReader(connection, report.chain)
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

    def _discoveries(self, reader: _StoreReader, findings: list[Finding], call: Call) -> list[Discovery]:
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
    reader = _FileReader(document, report, {})
    reader.search(call)
    return condensed([reader.discovery(finding) for finding in report.findings])


def _for_bundles_only(request: Verify) -> None:
    """Refuse what only a bundle can be judged by: ignored, it would seem to have been looked at."""
    for field, value in (("trust", request.trust), ("checkpoint", request.checkpoint)):
        if value:
            raise invalid_field(field, value, "belongs to a bundle (a .zip of 'hansard bundle')")


def is_zip(path: Path) -> bool:
    """Whether a file begins as a ZIP does."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\3\4"
    except OSError:
        return False


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
    chain = [f for f in findings if f.code.startswith(("entry_", "chain_", "journal_", "head_"))]
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


def unproved(
    findings: Iterable[Discovery], where: str, store_too: str, reader: _FileReader | _StoreReader
) -> list[str]:
    """What is to be said, once, of findings whose words as recorded nothing proves."""
    words = ("row_altered", "row_missing", "rows_unproved", "text_altered", "text_missing", "digest_differs")
    judged = [finding for finding in findings if finding.code in words]
    if any(finding.code != "digest_differs" for finding in judged):  # the digest only follows from the rows
        judged = [finding for finding in judged if finding.code != "digest_differs"]
    silent = [finding for finding in judged if finding.said is None]
    if not silent:
        return []
    told = CANNOT_BE_TOLD.format(where=where, store=store_too or ", or a copy of the store")
    if len(silent) < len(judged):
        told = f"where no recorded words are shown, {told}"
    notes = [f"{told[0].upper()}{told[1:]}."]
    if reader.budget.short:
        notes.append("There are more findings than could be searched for recorded words; those shown are proved.")
    return notes


class _FileReader:
    """What the rows of an exported document say, and what they may have said."""

    def __init__(
        self,
        document: dict[str, Any],
        report: DocumentReport,
        kept: Mapping[tuple[str, tuple[Any, ...]], model.Row] = MappingProxyType({}),
    ) -> None:
        """A document to be read.

        Args:
            kept: rows of the same dialogue that a store has; one is believed where the document's journal seals it.
        """
        self._document = document
        self._report = report
        self._kept = kept
        self._rows = {} if report.record is None else {_place(row): row for row in rows_of(report.record)}
        self._pool: Pool | None = None
        self._said: dict[tuple[Any, ...], Pool] = {}
        self._faulty = {(finding.table, finding.key) for finding in report.findings if finding.code.startswith("row_")}
        self._recovered: dict[tuple[str, tuple[Any, ...]], Restored] = {}
        self.budget = Budget()
        self.proves = report.head is not None and not any(f.code.startswith(JOURNAL) for f in report.findings)
        """Whether the journal inside can prove anything: it is there and unbroken."""

    def search(self, call: Call) -> None:
        """Look for what altered rows held; without a journal that proves it, nothing is claimed."""
        wanted = []
        for finding in self._report.findings if self.proves else ():
            place = (str(finding.table), finding.key or ())
            row, told = self._rows.get(place), self._report.expected.get(place)
            if finding.code == "row_altered" and row is not None and told is not None:
                wanted.append(self._altered(row, place[1], told))
        known = {(one.table.name, one.key): back for one in wanted if (back := self._from_store(one)) is not None}
        self._recovered = known | recovered(
            [one for one in wanted if (one.table.name, one.key) not in known],
            self.budget,
            lambda done, steps: call.progress(done, steps, "looking for the words as recorded"),
        )

    def _from_store(self, one: Altered) -> Restored | None:
        """What the first altered cell of a row held, where the store has the row as the document's journal seals it."""
        row = self._kept.get((one.table.name, one.key))
        cells = {} if row is None else encoded_row(one.table, row.as_row(), texts={})
        if row is None or not seals(one.table, cells, one.told):
            return None
        column = next(column for column in columns_of(one.table) if cells[column] != one.cells[column])
        return Restored(column, getattr(row, column))

    def _altered(self, row: model.Row, key: tuple[Any, ...], told: journal.Expected) -> Altered:
        table = ROWS[type(row)]

        def responses() -> Iterator[str]:
            if isinstance(row, model.Utterance) and row.raw is not None:
                yield from spliced(row.raw, self._bodies(row))

        cells = encoded_row(table, row.as_row(), texts={})
        return Altered(table, key, cells, told, lambda: self._near(row), self._pooled, responses)

    def _near(self, row: model.Row) -> Pool:
        """The likeliest values of a row: what the responses hold that it was read from."""
        pool = Pool()
        if isinstance(row, model.Utterance) and row.raw is not None:
            pool.texts.update(dict.fromkeys(itertools.islice(spliced(row.raw, self._bodies(row)), 1)))
        if isinstance(row, model.Entity):
            for said, words in self._places(row):
                pool.add(words)
                pool.take(self._read(said))
        return pool

    def _read(self, said: model.Utterance) -> Pool:
        """All that can be read from a response; each is read once."""
        key = key_of(said)
        if key not in self._said:
            self._said[key] = Pool()
            _add_said(self._said[key], said.raw, said.annotations, said.slug, said.round)
        return self._said[key]

    def discovery(self, finding: DocumentFinding) -> Discovery:
        """A finding in words."""
        table, key = finding.table, finding.key
        row = self._rows.get((table, key)) if table and key else None
        cells = {} if row is None else encoded_row(ROWS[type(row)], row.as_row(), texts={})
        if row is None and finding.path and table == "entities" and key:  # malformed: who said it may still be read
            plural = finding.path.partition(".")[0]
            item = item_at(self._document, plural)
            cells = item if isinstance(item, dict) else {}
        name = named(table, key, cells) if finding.path != "digest" else Named(what="the document")
        if finding.code.startswith(("entry_", "chain_", "journal_", "head_")):
            name = Named(what="the journal", dialogue_id=self._report.dialogue_id)
        if finding.code == "row_missing" and table == "entities" and key:
            name = of_local_ids(table, key, self._orphan(key))
        path, message, words = finding.path, finding.message, None
        if finding.code == "row_altered" and row is not None and key is not None:
            message = "not as it was recorded"
            back = self._recovered.get((str(table), key))
            if back is not None:
                message = f"altered in {field_words(back.column)}"
                words = difference(value_text(back.value), value_text(getattr(row, back.column)))
            elif isinstance(row, model.Entity):
                message, words = self._of_response(row, cells)
            if words is not None:
                column = "content" if back is None else back.column
                inner = key_in_document(str(table), column, str(key[1]) if table == "entities" else None)
                path = f"{path}.{inner}" if path else inner
        return _discovery(finding.code, message, name, position=finding.position, path=path or None, words=words)

    def _of_response(self, entity: model.Entity, cells: dict[str, Any]) -> tuple[str, tuple[str, str] | None]:
        """Message and words of an entity that was altered in several places, from a response that is as recorded.

        With the response's words put in, one more cell must give the seal: then both are proved. Otherwise it is only
        said what stands in the response.
        """
        message = "not as it was recorded"
        told = self._report.expected.get(_place(entity))
        if told is None or not self.proves:
            return message, None
        for said, words in self._places(entity):
            if words == entity.content or _place(said) in self._faulty:
                continue
            tried = {**cells, "content": stowed(words, {})}
            shown = difference(words, entity.content)
            back = restored(ROWS[model.Entity], tried, told, self._read(said), self.budget)
            if back is not None:
                return f"altered in {field_words('content')} and in {field_words(back.column)}", shown
            message = (
                f"not as it was recorded; the response of {shown_name(said.slug)}, which is as recorded, "
                f"says {_quoted(shown[0])} there, this says {_quoted(shown[1])}"
            )
        return message, None

    def _places(self, entity: model.Entity) -> Iterator[tuple[model.Utterance, str]]:
        """The responses that an entity says it was read from, each with the words in its place there."""
        record = self._report.record
        for said in record.utterances if record else ():
            for start, end, local in _spans(said.annotations):
                if local in entity.local_ids and said.raw is not None:
                    yield said, said.raw[start:end]

    def _bodies(self, said: model.Utterance) -> Iterator[tuple[int, int, str]]:
        """Where each entity's words stood in a response, and the words it holds now."""
        record = self._report.record
        contents = {local: entity.content for entity in record.entities for local in entity.local_ids} if record else {}
        for start, end, local in _spans(said.annotations):
            if local in contents:
                yield start, end, contents[local]

    def _pooled(self) -> Pool:
        if self._pool is None:
            self._pool = pool = Pool()
            for row in self._rows.values():
                pool.add(row.as_row())
            record = self._report.record
            for said in record.utterances if record else ():
                pool.take(self._read(said))
            for document in record.documents if record else ():
                pool.add_response(document.body, "judge", 0)
        return self._pool

    def _orphan(self, key: tuple[Any, ...]) -> list[str]:
        """The local id that an entity had which is gone: the one in the responses that no entity carries."""
        record = self._report.record
        if record is None:
            return []
        _, kind, round_, _ = key
        if any(said.round == round_ and _place(said) in self._faulty for said in record.utterances):
            return []
        carried = {local for entity in record.entities for local in entity.local_ids}
        written = [
            entity.local_id
            for said in record.utterances
            if said.round == round_ and said.raw is not None
            for entity in parse(said.raw, said.slug, round_).of_kind(kind)
        ]
        gone = sorted(
            place[1]
            for place in self._report.expected
            if place[0] == "entities" and place[1][1:3] == (kind, round_) and place not in self._rows
        )
        left = [local for local in written if local not in carried]
        return [left[gone.index(key)]] if len(left) == len(gone) else []


class _StoreReader:
    """What the rows of a store say, and what they may have said."""

    def __init__(self, connection: Connection, entries: list[StoredEntry]) -> None:
        self._connection = connection
        self._entries = entries
        self._expected: journal.Rows = {}
        self._pools: dict[Any, Pool] = {}
        self._asked: dict[tuple[int, ...], Pool] = {}
        self._recovered: dict[tuple[str, tuple[Any, ...]], Restored] = {}
        self._proves = False
        self.budget = Budget()

    def search(self, findings: list[Finding], call: Call) -> None:
        """Look for what altered rows held; where the journal is broken nothing is claimed."""
        self._proves = not any(finding.code.startswith(JOURNAL) for finding in findings)
        if not findings or not self._proves:
            return
        self._expected = journal.expected_rows(self._entries)
        wanted = []
        for table, key in {(f.table, f.key): None for f in findings if f.code == "row_altered"}:
            cells = store.row(self._connection, table, key) if table in TABLES and key else None
            told = self._expected.get((str(table), key or ()))
            if table is not None and key is not None and cells is not None and told is not None:
                wanted.append(self._altered(table, key, cells, told))
        self._recovered = recovered(
            wanted, self.budget, lambda done, steps: call.progress(done, steps, "looking for the words as recorded")
        )

    def _altered(self, table: str, key: tuple[Any, ...], cells: dict[str, Any], told: journal.Expected) -> Altered:
        return Altered(
            TABLES[table],
            key,
            cells,
            told,
            near=lambda: self._exchanged(table, key),
            far=lambda: self._pooled(key[0]),
            responses=lambda: self._responses(table, cells),
        )

    def _responses(self, table: str, cells: dict[str, Any]) -> Iterator[str]:
        """What a response may have been, by the entities' words; nothing for a row of another kind."""
        if table != "utterances":
            return
        contents: dict[str, str] = {}
        for entity in store.siblings(self._connection, "entities", cells["dialogue_id"]):
            text = self._shown(TABLES["entities"], entity, "content")
            for local in store.structure(entity.get("local_ids")) or ():
                contents[str(local)] = text
        spans = _spans(store.structure(cells.get("annotations")))
        raw = self._shown(TABLES[table], cells, "raw")
        yield from spliced(raw, [(start, end, contents[local]) for start, end, local in spans if local in contents])

    def discovery(self, finding: Finding) -> Discovery:
        """A finding in words."""
        table, key = finding.table, finding.key
        if table == "texts" and key is not None:
            return self._of_text(finding, str(key[0]))
        cells = store.row(self._connection, table, key) if table and key else None
        name = named(table, key, cells)
        if table is None and finding.position is not None:
            name = named("journal", (finding.position,))
        if finding.code == "row_missing" and table == "entities" and key:
            name = of_local_ids(table, key, self._local_ids(key))
        if table in TABLES and key is not None and cells is not None:
            if finding.code in ("text_altered", "text_missing"):
                return self._of_texts(finding, name, cells, str(table), key)
            if finding.code == "row_altered":
                back = self._recovered.get((str(table), key))
                if back is not None:
                    return _discovery(
                        finding.code,
                        f"altered in {field_words(back.column)}",
                        name,
                        position=finding.position,
                        path=back.column,
                        words=difference(value_text(back.value), self._shown(TABLES[str(table)], cells, back.column)),
                    )
        return _discovery(finding.code, finding.message, name, position=finding.position)

    def _of_text(self, finding: Finding, digest: str) -> Discovery:
        """A text by whoever uses it."""
        for table, key, _ in store.users_of(self._connection, digest):
            cells = store.row(self._connection, table, key)
            if cells is not None:
                code = {"row_altered": "text_altered", "row_missing": "text_missing"}.get(finding.code, finding.code)
                renamed = msgspec.structs.replace(finding, code=code, message="a text is not as it was recorded")
                return self._of_texts(renamed, named(table, key, cells), cells, table, key)
        return _discovery(finding.code, finding.message, named("texts", (digest,)), position=finding.position)

    def _of_texts(
        self, finding: Finding, name: Named, cells: dict[str, Any], table: str, key: tuple[Any, ...]
    ) -> Discovery:
        """A row whose long text is not the one its cell refers to."""
        for column in TABLES[table].columns:
            value = cells.get(column.name)
            reference = text_reference(value) if isinstance(column.type, LongText) and isinstance(value, str) else None
            if reference is None:
                continue
            now = store.body_of(self._connection, reference)
            if now is not None and is_text_of(reference, now):
                continue
            told = self._expected.get((table, key))
            said = None
            if self._proves and told is not None and seals(TABLES[table], cells, told):  # else the reference is forged
                texts = itertools.chain(
                    self._exchanged(table, key).texts, self._pooled(key[0]).texts, self._responses(table, cells)
                )
                said = restored_text(reference, texts, self.budget)
            return _discovery(
                finding.code,
                f"altered in {field_words(column.name)}" if now is not None else f"without {field_words(column.name)}",
                name,
                position=finding.position,
                path=column.name,
                words=None if said is None else difference(said, now or ""),
            )
        return _discovery(finding.code, finding.message, name, position=finding.position)

    def _shown(self, table: store.Table, cells: dict[str, Any], column: str) -> str:
        """What a cell holds now, as a person reads it."""
        value = cells.get(column)
        reference = (
            text_reference(value) if isinstance(value, str) and isinstance(table.c[column].type, LongText) else None
        )
        if reference is not None:
            return store.body_of(self._connection, reference) or f"a text that is not there ({value})"
        return f"the bytes {value.hex()}" if isinstance(value, bytes) else value_text(value)

    def _exchanged(self, table: str, key: tuple[Any, ...]) -> Pool:
        """What was asked and answered when the row was written."""
        positions = tuple(store.positions_of(self._entries, table, key))
        if positions not in self._asked:
            self._asked[positions] = pool = Pool()
            for position in positions:
                for part in store.exchanged(self._connection, position):
                    pool.add(part)
                pool.add(store.decided(self._entries, position))
        return self._asked[positions]

    def _pooled(self, dialogue_id: Any) -> Pool:
        """All that stands in the rows of a dialogue now, and all that can be read from its responses."""
        if dialogue_id not in self._pools:
            self._pools[dialogue_id] = pool = Pool()
            for table in TABLES:
                for cells in store.siblings(self._connection, table, dialogue_id):
                    pool.add([value for value in cells.values() if not isinstance(value, bytes)])
                    pool.add([store.structure(value) for value in cells.values()])
            for cells in store.siblings(self._connection, "utterances", dialogue_id):
                raw = self._shown(TABLES["utterances"], cells, "raw")
                _add_said(pool, raw, store.structure(cells.get("annotations")), str(cells["slug"]), cells["round"])
        return self._pools[dialogue_id]

    def _local_ids(self, key: tuple[Any, ...]) -> list[str]:
        """The local ids that an entity had which is gone, from the answer that gave it its id."""
        name = named("entities", key).id
        for position in store.positions_of(self._entries, "entities", key)[::-1]:
            for part in store.exchanged(self._connection, position):
                mapping = part.get("id_mapping") if isinstance(part, dict) else None
                if isinstance(mapping, dict):
                    return [local for local, display in mapping.items() if display == name]
        return []


def _place(row: model.Row) -> tuple[str, tuple[Any, ...]]:
    return ROWS[type(row)].name, key_of(row)


def _spans(annotations: Any) -> Iterator[tuple[int, int, str]]:
    """Start, end and local id of each entity's words in a response, as its annotations tell."""
    for entry in annotations if isinstance(annotations, list) else ():
        if not isinstance(entry, dict) or entry.get("kind") != "span":
            continue
        start, end, local = entry.get("start"), entry.get("end"), entry.get("local_id")
        if isinstance(start, int) and isinstance(end, int) and isinstance(local, str):
            yield start, end, local


def _add_said(pool: Pool, raw: str | None, annotations: Any, slug: str, round_: Any) -> None:
    """Everything that a response holds, into the pool."""
    if raw is None:
        return
    pool.add_response(raw, slug, round_ if isinstance(round_, int) and 0 <= round_ <= 99 else 0)
    for start, end, _ in _spans(annotations):
        pool.add(raw[start:end])
