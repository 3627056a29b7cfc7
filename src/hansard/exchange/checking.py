"""Whether an exported document is what was recorded, told from the document alone: no store, no network, no key.

Four questions, in this order: does the digest fit its words; is the journal inside an unbroken chain up to its head;
does every row have the digest that the journal sealed; is everything derived what the rows give. An unbroken answer
shows that the document is whole in itself. Who made it, and whether it is the newest, only another copy can tell: the
head that an earlier export or earlier minutes carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hansard.database import verify
from hansard.database.columns import encoded_row
from hansard.database.journal import RULES_VERSION, VERSION
from hansard.database.tables import stream_of
from hansard.database.verify import StoredEntry
from hansard.dialogue import model
from hansard.dialogue.tables import ROWS
from hansard.exchange.document import (
    MISSING,
    REORDERED,
    Place,
    differences,
    document_digest,
    form_faults,
    places,
    record_from_document,
    rendered,
    rows_of,
)
from hansard.exchange.document_items import Document, JournalItem
from hansard.kernel.canonical import parsed
from hansard.kernel.errors import shown

TABLES = {table.name: table for table in ROWS.values()}
"""The tables whose rows a document holds, by name."""


class DocumentFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a document that is not as it was recorded."""

    code: str
    message: str
    path: str | None = None
    """Where it stands in the document; ``None`` for what is not there, and for the document as a whole."""
    position: int | None = None
    """The journal entry concerned."""
    table: str | None = None
    key: tuple[Any, ...] | None = None
    """The row concerned."""


class DocumentReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was compared, what did not fit, and what the document alone cannot prove."""

    dialogue_id: str
    entries: int
    rows: int
    texts: int
    """Texts over 1 KiB, each of which a row's seal covers by its hash."""
    findings: list[DocumentFinding]
    notes: list[str]
    head: tuple[int, str] | None
    """Sequence and hash of the last entry, as the document states them; ``None`` without a journal."""
    record: model.Record | None
    """The record, where the document has the form to give one."""
    expected: verify.Rows


def check_document(document: Mapping[str, Any], text: str | None = None) -> DocumentReport:
    """Check a document that ``parsed_document`` gave.

    Args:
        document: the parsed document.
        text: the file's own text, to tell whether its layout is the one that was exported.
    """
    where = list(places(document))
    findings: list[DocumentFinding] = []
    faults = list(form_faults(document))
    twice = _twice(where)
    for path, why in faults:
        place = nearest(where, path)
        findings.append(
            DocumentFinding(code="document_malformed", message=why, path=path, table=place.table, key=place.key)
        )
    findings += [
        DocumentFinding(code="row_twice", message="stands more than once", path=path, table=table, key=key)
        for path, table, key in twice
    ]
    record = None if faults or twice else record_from_document(document)
    notes: list[str] = []
    entries: list[StoredEntry] = []
    expected: verify.Rows = {}
    head: tuple[int, str] | None = None
    journal = _journal(document)
    if document.get("journal") is None:
        notes.append(
            "The document carries no journal: its digest shows that its words fit together, not that they are the "
            "words that were recorded. Compare the digest with one that was noted earlier, or verify the store."
        )
    if journal is not None:
        entries = list(_entries(journal))
        head = (journal.head.sequence, journal.head.hash)
        findings += _journal_findings(journal, entries, str(document.get("id")))
        expected = verify.expected_rows(entries)
    if record is not None:
        if journal is not None:
            findings += _row_findings(record, journal.stream, expected, where)
        findings += _derived_findings(document, record, where)
        if document.get("rulesVersion") != RULES_VERSION:
            findings.append(
                DocumentFinding(
                    code="figures_unproved",
                    message=f"the figures are said to come from version {document.get('rulesVersion')!r} of the rules; "
                    f"this Hansard has {RULES_VERSION!r} and cannot compute them again",
                    path="rulesVersion",
                )
            )
    findings += _digest_findings(document)
    if record is not None:
        if text is not None and not findings and rendered(document) != text.encode():
            notes.append("The file is laid out differently from an export (white space); nothing it says has changed.")
        elif not findings and list(msgspec.to_builtins(msgspec.convert(document, Document))) != list(document):
            notes.append("The keys stand in another order than in an export; nothing it says has changed.")
    return DocumentReport(
        dialogue_id=str(document.get("id")),
        entries=len(entries),
        rows=0 if record is None else sum(1 for _ in rows_of(record)),
        texts=0 if record is None else len(_texts(record)),
        findings=findings,
        notes=notes,
        head=head,
        record=record,
        expected=expected,
    )


def nearest(where: Sequence[Place], path: str) -> Place:
    """The row that a path leads into: the one with the longest path that begins it."""
    fitting = [p for p in where if p.path in ("", path) or path.startswith(f"{p.path}.")]
    return max(fitting, key=lambda place: len(place.path))


def _twice(where: Iterable[Place]) -> list[Place]:
    """Every place of a row that stands in more than one: which of them is the true one cannot be told."""
    by_key: dict[tuple[str, str], list[Place]] = {}
    for place in where:
        by_key.setdefault((place.table, repr(place.key)), []).append(place)
    return [place for found in by_key.values() if len(found) > 1 for place in found]


def _digest_findings(document: Mapping[str, Any]) -> Iterator[DocumentFinding]:
    try:
        digest = document_digest(document)
    except (ValueError, RecursionError) as fault:  # a number or text that no canonical JSON can hold
        why = "it is nested too deeply" if isinstance(fault, RecursionError) else str(fault)
        yield DocumentFinding(code="digest_differs", message=f"the digest cannot be computed: {why}", path="digest")
        return
    if digest != document.get("digest"):
        yield DocumentFinding(
            code="digest_differs",
            message="the document's words do not have the digest that it states",
            path="digest",
        )


def _journal(document: Mapping[str, Any]) -> JournalItem | None:
    if document.get("journal") is None:
        return None
    try:
        return msgspec.convert(document.get("journal"), JournalItem)
    except msgspec.ValidationError:  # told by form_faults already
        return None


def _entries(journal: JournalItem) -> Iterator[StoredEntry]:
    """The entries, each with the position it states; ``chain_findings`` tells where a body cannot be read."""
    last = 0
    for entry in journal.entries:
        try:
            last = int(parsed(entry.body)["position"])
        except (ValueError, TypeError, KeyError, msgspec.DecodeError):
            last += 1
        yield StoredEntry(last, entry.hash, entry.body, entry.salt)


def _journal_findings(
    journal: JournalItem, entries: Sequence[StoredEntry], dialogue_id: str
) -> Iterator[DocumentFinding]:
    if journal.version != VERSION:
        yield DocumentFinding(
            code="journal_version_unknown",
            message=f"the journal is of version '{journal.version}'; this Hansard reads '{VERSION}'",
            path="journal.version",
        )
    if journal.stream != f"dialogue:{dialogue_id}":
        yield DocumentFinding(
            code="journal_foreign",
            message=f"the journal is that of '{journal.stream}', the document that of 'dialogue:{dialogue_id}'",
            path="journal.stream",
        )
    index = {entry.position: number for number, entry in enumerate(entries)}
    for finding in verify.chain_findings(entries, journal.stream):
        at = index.get(finding.position) if finding.position is not None else None
        yield DocumentFinding(
            code=finding.code,
            message=finding.message,
            path="journal.entries" if at is None else f"journal.entries[{at}]",
            position=finding.position,
        )
    needed = needed_salts(entries, journal.stream)
    for at, entry in enumerate(entries):
        if entry.salt is not None and entry.position not in needed:
            yield DocumentFinding(
                code="entry_altered",
                message=f"entry {entry.position} carries a salt, and no row that stands was sealed with it",
                path=f"journal.entries[{at}]",
                position=entry.position,
            )
    last = verify.stream_heads(entries).get(journal.stream)
    if last != (journal.head.sequence, journal.head.hash):
        yield DocumentFinding(
            code="head_differs",
            message=f"the head says entry {journal.head.sequence} ({journal.head.hash[:12]}…); "
            + (f"the last entry here is {last[0]} ({last[1][:12]}…)" if last else "there is no entry here"),
            path="journal.head",
        )


def needed_salts(entries: Iterable[StoredEntry], stream: str) -> set[int]:
    """Positions of the entries whose salts seal rows of a stream that still stand.

    An export carries these salts and no others: each is then bound by the rows that need it.
    """
    return {
        told.position
        for (table, key), told in verify.expected_rows(entries).items()
        if told.digest is not None and table in TABLES and stream_of(TABLES[table], key) == stream
    }


def _texts(record: model.Record) -> dict[str, str]:
    texts: dict[str, str] = {}
    for row in rows_of(record):
        encoded_row(ROWS[type(row)], row.as_row(), texts)
    return texts


def _row_findings(
    record: model.Record, stream: str, expected: verify.Rows, where: Sequence[Place]
) -> Iterator[DocumentFinding]:
    paths = {(place.table, place.key): place.path for place in where}
    cells = ((ROWS[type(row)].name, encoded_row(ROWS[type(row)], row.as_row(), texts={})) for row in rows_of(record))
    own = {key: told for key, told in expected.items() if key[0] in TABLES}
    for finding in verify.row_findings(own, TABLES, cells, stream):
        assert finding.table is not None
        assert finding.key is not None
        yield DocumentFinding(
            code=finding.code,
            message=finding.message,
            path=paths.get((finding.table, finding.key)),
            position=finding.position,
            table=finding.table,
            key=finding.key,
        )


def _derived_findings(
    document: Mapping[str, Any], record: model.Record, where: Sequence[Place]
) -> Iterator[DocumentFinding]:
    for path, found, derived in differences(document, record):
        place = nearest(where, path)
        if found is REORDERED:
            message = "the items stand in another order than they were recorded in"
        elif found is MISSING:
            message = f"is missing; the rest of the document gives {_said(derived)}"
        elif derived is MISSING:
            message = f"says {_said(found)}; the rest of the document gives nothing of the kind"
        else:
            message = f"says {_said(found)}; the rest of the document gives {_said(derived)}"
        yield DocumentFinding(code="derived_differs", message=message, path=path, table=place.table, key=place.key)


def _said(value: Any) -> str:
    if isinstance(value, list | dict):
        return f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
    return repr(shown(value))
