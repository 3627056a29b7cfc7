"""What stood where something is not as recorded: looked for in an exported file or in the store, and said in words."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from hansard.custody import store
from hansard.custody.naming import Named, called, difference, field_words, named, of_local_ids
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
from hansard.custody.shapes import Discovery
from hansard.custody.store import Connection
from hansard.custody.wording import discovery as _discovery
from hansard.custody.wording import quoted as _quoted
from hansard.database import verify as journal
from hansard.database.columns import LongText, encoded_row, stowed, text_reference
from hansard.database.verify import Finding, StoredEntry, is_text_of
from hansard.dialogue import model
from hansard.dialogue.names import names_of
from hansard.dialogue.tables import ROWS
from hansard.exchange.checking import TABLES, DocumentFinding, DocumentReport
from hansard.exchange.document import item_at, key_in_document, key_of, rows_of
from hansard.kernel.ids import shown_name
from hansard.kernel.operations import Call
from hansard.kernel.shapes import unstorable
from hansard.markers import parse
from hansard.markers.names import is_name_of

JOURNAL: Final = ("entry_", "chain_", "journal_", "head_")
"""Findings of these codes break the journal; what a broken journal says of a row proves nothing."""

CANNOT_BE_TOLD: Final = (
    "what stood here before cannot be told from this {where}; an earlier export, the minutes{store} has it"
)


def unproved(findings: Iterable[Discovery], where: str, store_too: str, reader: FileReader | StoreReader) -> list[str]:
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


class FileReader:
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
        self._rows = {} if report.record is None else {place_of(row): row for row in rows_of(report.record)}
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
        name = called(name, {} if self._report.record is None else names_of(self._report.record))
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
        told = self._report.expected.get(place_of(entity))
        if told is None or not self.proves:
            return message, None
        for said, words in self._places(entity):
            if words == entity.content or place_of(said) in self._faulty:
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
        if any(said.round == round_ and place_of(said) in self._faulty for said in record.utterances):
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


class StoreReader:
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
        name = called(name, self._names(name))
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

    def _names(self, name: Named) -> dict[str, str]:
        """What the experts of a name are called, by slug, as far as their rows tell."""
        rows = {slug: store.row(self._connection, "experts", (name.dialogue_id, slug)) for slug in name.experts}
        told = {slug: (row or {}).get("name") for slug, row in rows.items()}
        return {
            slug: own
            for slug, own in told.items()
            if isinstance(own, str) and not any(unstorable(own)) and is_name_of(own, slug)
        }

    def _of_text(self, finding: Finding, digest: str) -> Discovery:
        """A text by whoever uses it."""
        for table, key, _ in store.users_of(self._connection, digest):
            cells = store.row(self._connection, table, key)
            if cells is not None:
                code = {"row_altered": "text_altered", "row_missing": "text_missing"}.get(finding.code, finding.code)
                renamed = msgspec.structs.replace(finding, code=code, message="a text is not as it was recorded")
                name = named(table, key, cells)
                return self._of_texts(renamed, called(name, self._names(name)), cells, table, key)
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


def place_of(row: model.Row) -> tuple[str, tuple[Any, ...]]:
    """A row's table and key."""
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
