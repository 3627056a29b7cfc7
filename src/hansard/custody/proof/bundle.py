"""A bundle: one record in one file, with the proof that a signed checkpoint covers it (docs/proof.md). Pure.

``bundle_check`` judges one that comes back.

*Full*: the export with its stream of the journal, responses as files, what is kept beside the entries, exhibits.
*Public*: rows with a key of their own each, the chain, and nothing else; what is left out stays sealed, and nothing is
shown that is not proved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from hansard.custody.proof import checkpoints
from hansard.custody.proof.checkpoints import Checkpoint
from hansard.custody.proof.keys import public_pem
from hansard.database import verify
from hansard.database.columns import key_names
from hansard.database.journal import (
    VERSION,
    payload_references,
    row_label,
    row_seal_key,
)
from hansard.database.verify import StoredEntry
from hansard.dialogue import model
from hansard.dialogue.tables import ROWS
from hansard.exchange.checking import TABLES
from hansard.exchange.container import FIRST, is_part_name
from hansard.exchange.document import key_of, rows_of
from hansard.kernel.canonical import sha256_hex

FORMAT: Final = "hansard-bundle-1"
PROOF_FORMAT: Final = "hansard-proof-1"
FULL: Final = "full"
PUBLIC: Final = "public"

DIALOGUE: Final = "dialogue.json"
CHECKPOINT: Final = "checkpoint.json"
PROOF: Final = "proof.json"
KEY: Final = "key.pem"
PAYLOADS: Final = "payloads.json"
JOURNAL: Final = "journal.json"
RECORD: Final = "record.json"

HIDDEN: Final = frozenset({"utterances", "documents"})
"""Tables whose rows a public edition never shows: words as they were said or filed."""


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the parts' forms."""


class PartItem(_Form, frozen=True, kw_only=True):
    """A part in the manifest."""

    name: str
    bytes: int
    sha256: str


class HeadItem(_Form, frozen=True, kw_only=True):
    """Where the stream ends in this bundle."""

    stream: str
    sequence: int
    hash: str


class SignedItem(_Form, frozen=True, kw_only=True):
    """The checkpoint inside, by its hash."""

    number: int
    hash: str
    key: str


class Manifest(_Form, frozen=True, kw_only=True):
    """What the bundle is, and every other part of it."""

    format: str
    edition: str
    dialogue_id: str
    head: HeadItem
    checkpoint: SignedItem
    parts: list[PartItem]


class Proof(_Form, frozen=True, kw_only=True):
    """That the checkpoint's root covers this stream, up to this entry."""

    format: str
    stream: str
    number: int
    head: str
    index: int
    size: int
    path: list[str]


class PayloadItem(_Form, frozen=True, kw_only=True):
    """What stands beside a journal entry."""

    position: int
    salt: str
    actor: str
    request_id: str | None
    request: str
    result: str


class EntryItem(_Form, frozen=True, kw_only=True):
    """A journal entry of a public edition."""

    hash: str
    body: str


class JournalItem(_Form, frozen=True, kw_only=True):
    """The stream of a public edition."""

    version: str
    stream: str
    entries: list[EntryItem]


class RowItem(_Form, frozen=True, kw_only=True):
    """A row of a public edition, and the key that proves it."""

    table: str
    key: str
    """Its seal's key (``journal.row_seal_key``), which opens no other row."""
    row: dict[str, Any]


class PublicRecord(_Form, frozen=True, kw_only=True):
    """The rows that a public edition shows."""

    dialogue_id: str
    rows: list[RowItem]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle is made of."""

    record: model.Record
    document: bytes
    """The export, as a file has it."""
    entries: Sequence[StoredEntry]
    checkpoint: Checkpoint
    heads: Mapping[str, tuple[int, str]]
    """Every stream's head at the checkpoint."""
    payloads: Sequence[PayloadItem]
    texts: Mapping[str, str]
    """The texts that payloads refer to."""
    exhibits: Mapping[str, bytes]
    """Bytes of exhibits by their part's name."""


def made(source: Source, edition: str) -> dict[str, bytes]:
    """The parts of a bundle, in the order in which they stand."""
    parts = _full(source) if edition == FULL else _public(source)
    record = source.record.dialogue
    stream = f"dialogue:{record.dialogue_id}"
    number, head = source.heads[stream]
    index, beside = checkpoints.proof_of(source.heads, stream)
    proof = Proof(
        format=PROOF_FORMAT, stream=stream, number=number, head=head, index=index, size=len(source.heads), path=beside
    )
    parts |= {
        CHECKPOINT: checkpoints.rendered(source.checkpoint),
        PROOF: laid_out(proof),
        KEY: public_pem(bytes.fromhex(source.checkpoint.public_key)).encode(),
    }
    last = verify.stream_heads(source.entries)[stream]
    return {FIRST: _manifest(edition, record.dialogue_id, last, source.checkpoint, parts), **parts}


def _manifest(
    edition: str, dialogue_id: str, head: tuple[int, str], checkpoint: Checkpoint, parts: Mapping[str, bytes]
) -> bytes:
    said = checkpoint.statement
    return laid_out(
        Manifest(
            format=FORMAT,
            edition=edition,
            dialogue_id=dialogue_id,
            head=HeadItem(stream=f"dialogue:{dialogue_id}", sequence=head[0], hash=head[1]),
            checkpoint=SignedItem(number=said.number, hash=checkpoint.hash, key=said.key),
            parts=[PartItem(name=name, bytes=len(data), sha256=sha256_hex(data)) for name, data in parts.items()],
        )
    )


def _full(source: Source) -> dict[str, bytes]:
    parts = {DIALOGUE: source.document}
    parts |= dict(responses_of(source.record))
    parts[PAYLOADS] = laid_out(list(source.payloads))
    parts |= {f"texts/{digest}.txt": source.texts[digest].encode() for digest in sorted(source.texts)}
    parts |= {name: source.exhibits[name] for name in sorted(source.exhibits)}
    return parts


def _public(source: Source) -> dict[str, bytes]:
    stream = f"dialogue:{source.record.dialogue.dialogue_id}"
    journal = JournalItem(
        version=VERSION,
        stream=stream,
        entries=[EntryItem(hash=entry.hash, body=entry.body) for entry in source.entries],
    )
    expected = verify.expected_rows(source.entries)
    shown = []
    for row in rows_of(source.record):
        table = str(ROWS[type(row)].name)
        told = expected[table, key_of(row)]
        if is_hidden(row) or told.salt is None:
            continue
        key = row_seal_key(told.salt, row_label(table, key_of(row)))
        shown.append(RowItem(table=table, key=key, row=plain(row)))
    shown.sort(key=order)
    record = PublicRecord(dialogue_id=source.record.dialogue.dialogue_id, rows=shown)
    return {RECORD: laid_out(record), JOURNAL: laid_out(journal)}


def is_hidden(row: model.Row) -> bool:
    """Whether a public edition leaves a row out, since it holds words as they were said or would open such words.

    The row of an imported dialogue names plain hashes of the files that it came from, and a folder of one's own may
    bear the name of whoever made it: one row is sealed as one, so that it is shown or hidden whole.
    """
    if isinstance(row, model.Dialogue):
        return row.origin is not None or row.output_dir is not None
    return ROWS[type(row)].name in HIDDEN


def plain(row: model.Row) -> dict[str, Any]:
    """The cells of a row that are not null."""
    return {name: value for name, value in row.as_row().items() if value is not None}


def responses_of(record: model.Record) -> Iterator[tuple[str, bytes]]:
    """What each expert said, as a file, by the part's name."""
    for said in record.utterances:
        if said.raw is not None:
            yield f"responses/round-{said.round}/{said.slug}.md", said.raw.encode()


def exhibit_part(exhibit: model.Exhibit) -> str | None:
    """The name of the part that an exhibit's bytes stand in; nothing for what is no file."""
    if exhibit.kind != "file":
        return None
    name = exhibit.reference.get("path")
    fits = isinstance(name, str) and name.startswith("exhibits/") and is_part_name(name)
    return str(name) if fits else f"exhibits/{exhibit.id}"


def text_parts(payloads: Iterable[PayloadItem]) -> set[str]:
    """SHA-256 of every text that payloads refer to."""
    found: set[str] = set()
    for payload in payloads:
        found |= payload_references(payload.request) | payload_references(payload.result)
    return found


def laid_out(value: Any) -> bytes:
    """A JSON part, as its bytes are."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


_TABLE_ORDER: Final = {str(table.name): number for number, table in enumerate(ROWS.values())}


def order(item: RowItem) -> tuple[Any, ...]:
    """Rows stand by their tables, and in these by their keys."""
    key = [item.row.get(name) for name in key_names(TABLES[item.table])]
    return _TABLE_ORDER[item.table], [(str(type(part)), part) for part in key]
