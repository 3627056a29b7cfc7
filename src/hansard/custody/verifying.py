"""Verify: a dialogue, an exported file or the whole store, and every finding in words that lead somewhere."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from hansard.custody import errors, store
from hansard.custody.naming import Named, difference, field_words, named, of_local_ids, remedy
from hansard.custody.recovering import NOTHING, Pool, restored, restored_text, spliced, value_text
from hansard.custody.shapes import Discovery, Verified, Verify
from hansard.custody.store import Connection
from hansard.database import verify as journal
from hansard.database.columns import LongText, encoded_row, text_reference
from hansard.database.engine import HEAD, Database
from hansard.database.tables import record_tables
from hansard.database.verify import Finding, StoredEntry
from hansard.dialogue import model
from hansard.dialogue.answers import Head
from hansard.dialogue.operations import DialogueOperations
from hansard.dialogue.tables import ROWS
from hansard.exchange.checking import TABLES, DocumentFinding, DocumentReport, check_document
from hansard.exchange.document import item_at, key_in_document, key_of, parsed_document, read_text, rows_of
from hansard.exchange.markdown import visible
from hansard.exchange.operations import ExchangeOperations
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Call, operation
from hansard.markers import parse

FEW: Final = 5
"""Of more findings than this with one cause, one speaks for all."""

RESTORED_AT_MOST: Final = 40
"""For so many findings the words as recorded are searched; more tell nothing more, and each search takes time."""


class Verifying:
    """Compares what stands with what was recorded."""

    def __init__(self, database: Database, dialogues: DialogueOperations, exchange: ExchangeOperations) -> None:
        """Custody of a store and of the files that came from it."""
        self._database = database
        self._dialogues = dialogues
        self._exchange = exchange

    @operation(path="/verify")
    def verify(self, request: Verify, call: Call) -> Verified:
        """Tell whether anything is not as it was recorded: in a dialogue, an exported file, or the whole store."""
        if request.all == (request.target is not None):
            raise errors.nothing_to_verify()
        if request.target is None:
            return self._verify_store(call)
        if names_file(request.target):
            return self._verify_file(request.target)
        return self._verify_dialogue(request.target)

    def _verify_file(self, name: str) -> Verified:
        path = Path(name)
        if not self._exchange.may_read(path):
            raise errors.file_not_allowed(name)
        text = read_text(path, path.name)
        document = parsed_document(text, path.name)
        report = check_document(document, text)
        reader = _FileReader(document, report)
        findings = condensed([reader.discovery(finding) for finding in report.findings])
        if report.head is None and findings:
            findings = [*reader.suspects(), *findings]
        notes = list(report.notes)
        if report.head is not None and not findings:
            notes.append(
                "The file agrees with its own journal. Whether it is the newest, and whose it is, its head tells: "
                "compare it with the head that the store or earlier minutes show."
            )
        return Verified(
            ok=not findings,
            what=visible(f"file {path.name} (dialogue '{report.dialogue_id}')"),
            entries=report.entries,
            rows=report.rows,
            texts=report.texts,
            findings=findings,
            notes=notes,
            head=None if report.head is None else _head(f"dialogue:{report.dialogue_id}", report.head),
        )

    def _verify_dialogue(self, target: str) -> Verified:
        with self._database.reading() as connection:
            dialogue_id = self._known(connection, target)
            stream = f"dialogue:{dialogue_id}"
            report = journal.verify_store(connection, record_tables(), stream)
            entries = journal.stream_entries(connection, stream)
            findings = condensed(self._discoveries(connection, report.findings, entries))
        head = report.heads.get(stream)
        return Verified(
            ok=not findings,
            what=f"dialogue '{dialogue_id}'",
            entries=report.entries,
            rows=report.rows,
            texts=report.texts,
            findings=findings,
            head=None if head is None else _head(stream, head),
        )

    def _known(self, connection: Connection, target: str) -> str:
        """The dialogue that is meant; one whose own row is gone is still known to the journal."""
        try:
            return self._dialogues.resolve_id(target)
        except HansardError:
            if store.has_stream(connection, f"dialogue:{target}"):
                return target
            raise

    def _verify_store(self, call: Call) -> Verified:
        with self._database.reading() as connection:
            call.progress(0, 4, "checking the file")
            damage = store.damage(connection)
            broken = store.broken_foreign_keys(connection)
            revision = store.revision(connection)
            call.progress(1, 4, "following the journal")
            report = journal.verify_store(connection, record_tables())
            call.progress(2, 4, "naming what was found")
            findings = condensed(self._discoveries(connection, report.findings, journal.all_entries(connection)))
            notes = []
            if not damage and not any(finding.table in {*TABLES, "texts"} for finding in report.findings):
                call.progress(3, 4, "comparing the search index")
                said = store.search_differences(connection)
                if isinstance(said, str):
                    findings.append(_told("search_damaged", f"SQLite says of the search index: {said}"))
                else:
                    findings += [_told("search_differs", what, "search", (name, item)) for name, item, what in said]
            else:
                notes.append("The search index was not compared: rows that it is made from are not as recorded.")
        findings += [_told("store_damaged", f"SQLite says: {line}") for line in damage]
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
        )

    def _inside_search(self, notes: list[str]) -> list[Discovery]:
        """Whether the search index is whole inside; SQLite tells it only to those who may write."""
        try:
            with self._database.writing() as connection:
                said = store.search_damage(connection)
        except HansardError as fault:
            if fault.kind == "corrupt":
                return [_told("search_damaged", fault.message)]
            notes.append(f"The search index was not looked into: {fault.message}.")
            return []
        return [_told("search_damaged", f"SQLite says of the search index: {said}")] if said else []

    def _discoveries(
        self, connection: Connection, findings: Iterable[Finding], entries: list[StoredEntry]
    ) -> list[Discovery]:
        """Findings of the store in words, one for each place."""
        reader = _StoreReader(connection, entries)
        made: dict[tuple[str, str], Discovery] = {}
        for finding in findings:
            discovery = reader.discovery(finding)
            # an altered text is found twice: as a text, and as a row of the table of texts
            key = (discovery.where, discovery.code.partition("_")[2])
            if key not in made or (made[key].said is None and discovery.said is not None):
                made[key] = discovery
        return list(made.values())


def names_file(target: str) -> bool:
    """Whether a target of ``verify`` is a path: an id holds no dot and no separator."""
    return "/" in target or "\\" in target or "." in target or os.path.isfile(target)  # noqa: PTH113


def _head(stream: str, head: tuple[int, str]) -> Head:
    return Head(stream=stream, sequence=head[0], hash=head[1])


def _told(found: str, message: str, table: str | None = None, key: tuple[Any, ...] | None = None) -> Discovery:
    """A discovery that needs no search."""
    name = named(table, key) if table else Named(what="the store")
    return _discovery(found, message, name)


def _quoted(words: str) -> str:
    return words if words == NOTHING else f"“{words}”"


def _discovery(
    finding: str,
    message: str,
    name: Named,
    *,
    position: int | None = None,
    path: str | None = None,
    words: tuple[str, str] | None = None,
) -> Discovery:
    if words is not None:
        message = f"{message}: recorded {_quoted(words[0])}, found {_quoted(words[1])}"
    return Discovery(  # whatever stands in an altered cell, a finding can be shown and sent
        code=finding,
        message=visible(message),
        where=visible(name.where(path)),
        dialogue_id=_visible(name.dialogue_id),
        id=_visible(name.id),
        experts=[visible(slug) for slug in name.experts],
        round=name.round,
        position=position,
        path=_visible(path),
        said=None if words is None else visible(words[0]),
        found=None if words is None else visible(words[1]),
        remedy=remedy(finding),
    )


def _visible(text: str | None) -> str | None:
    return None if text is None else visible(text)


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


class _FileReader:
    """What the rows of an exported document say, and what they may have said."""

    def __init__(self, document: dict[str, Any], report: DocumentReport) -> None:
        self._document = document
        self._report = report
        self._rows = {} if report.record is None else {_place(row): row for row in rows_of(report.record)}
        self._pool: Pool | None = None
        self._left = RESTORED_AT_MOST

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
            found = self._recovered(row, cells, (str(table), key))
            if found is not None:
                column, message, words = found
                inner = key_in_document(str(table), column, str(key[1]) if table == "entities" else None)
                path = f"{path}.{inner}" if path else inner
        if finding.code == "row_altered" and words is None:
            message = "not as it was recorded; nothing in this file still holds what it was"
        return _discovery(finding.code, message, name, position=finding.position, path=path or None, words=words)

    def _recovered(
        self, row: model.Row, cells: dict[str, Any], place: tuple[str, tuple[Any, ...]]
    ) -> tuple[str, str, tuple[str, str]] | None:
        """Column, message and words of an altered row."""
        told = self._report.expected.get(place)
        if told is None or self._left <= 0:
            return None
        self._left -= 1
        pool = self._pooled()
        if isinstance(row, model.Utterance) and row.raw is not None:
            for raw in spliced(row.raw, self._bodies(row)):
                pool.texts.setdefault(raw)
        back = restored(ROWS[type(row)], cells, told, pool)
        if back is not None:
            now = value_text(getattr(row, back.column))
            return back.column, f"altered in {field_words(back.column)}", difference(value_text(back.value), now)
        if isinstance(row, model.Entity):
            return self._unproved(row)
        return None

    def suspects(self) -> list[Discovery]:
        """Without a journal: entities whose words are not those of the response they were read from."""
        found = []
        for place, row in self._rows.items():
            told = self._unproved(row) if isinstance(row, model.Entity) else None
            if told is not None:
                column, message, words = told
                name = named(*place, encoded_row(ROWS[type(row)], row.as_row(), texts={}))
                path = key_in_document("entities", column, str(place[1][1]))
                found.append(_discovery("words_differ", message, name, path=path, words=words))
        return found

    def _unproved(self, entity: model.Entity) -> tuple[str, str, tuple[str, str]] | None:
        """The words that the response holds in the entity's place, where they are not the entity's."""
        record = self._report.record
        for said in record.utterances if record else ():
            for start, end, local in _spans(said.annotations):
                if local in entity.local_ids and said.raw is not None and said.raw[start:end] != entity.content:
                    words = difference(said.raw[start:end], entity.content)
                    return "content", "the words are not those of the response they were read from", words
        return None

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
                _add_said(pool, said.raw, said.annotations, said.slug, said.round)
            for document in record.documents if record else ():
                pool.add_response(document.body, "judge", 0)
        return self._pool

    def _orphan(self, key: tuple[Any, ...]) -> list[str]:
        """The local id that an entity had which is gone: the one in the responses that no entity carries."""
        record = self._report.record
        if record is None:
            return []
        _, kind, round_, _ = key
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
        self._expected: journal.Rows | None = None
        self._pools: dict[Any, Pool] = {}
        self._left = RESTORED_AT_MOST

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
                found = self._recovered(cells, str(table), key)
                if found is not None:
                    column, words = found
                    return _discovery(
                        finding.code,
                        f"altered in {field_words(column)}",
                        name,
                        position=finding.position,
                        path=column,
                        words=words,
                    )
        return _discovery(finding.code, finding.message, name, position=finding.position)

    def _recovered(self, cells: dict[str, Any], table: str, key: tuple[Any, ...]) -> tuple[str, tuple[str, str]] | None:
        if self._expected is None:
            self._expected = journal.expected_rows(self._entries)
        told = self._expected.get((table, key))
        if told is None or self._left <= 0:
            return None
        self._left -= 1
        back = restored(TABLES[table], cells, told, self._pooled(table, key))
        if back is None:
            return None
        return back.column, difference(value_text(back.value), self._shown(TABLES[table], cells, back.column))

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
            if now is not None and store.is_text(now, reference):
                continue
            said = None
            if self._left > 0:
                self._left -= 1
                said = restored_text(reference, self._pooled(table, key))
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

    def _pooled(self, table: str, key: tuple[Any, ...]) -> Pool:
        """What was asked and answered when the row was written, and what stands beside it now."""
        if (table, key) in self._pools:
            return self._pools[table, key]
        pool = Pool()
        for position in store.positions_of(self._entries, table, key):
            for part in store.exchanged(self._connection, position):
                pool.add(part)
            pool.add(store.decided(self._entries, position))
        for cells in store.siblings(self._connection, table, key[0]):
            pool.add([value for value in cells.values() if not isinstance(value, bytes)])
            pool.add([store.structure(value) for value in cells.values()])
        contents: dict[str, str] = {}
        for cells in store.siblings(self._connection, "entities", key[0]):
            text = self._shown(TABLES["entities"], cells, "content")
            for local in store.structure(cells.get("local_ids")) or ():
                contents[str(local)] = text
        for cells in store.siblings(self._connection, "utterances", key[0]):
            raw = self._shown(TABLES["utterances"], cells, "raw")
            spans = list(_spans(store.structure(cells.get("annotations"))))
            _add_said(pool, raw, store.structure(cells.get("annotations")), str(cells["slug"]), cells["round"])
            for whole in spliced(
                raw, ((start, end, contents[local]) for start, end, local in spans if local in contents)
            ):
                pool.texts.setdefault(whole)
        self._pools[table, key] = pool
        return pool

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
