"""What a bundle that came back proves: its parts beside each other, the journal's seals, the signed checkpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from hansard.custody.proof import checkpoints
from hansard.custody.proof.bundle import (
    CHECKPOINT,
    DIALOGUE,
    FORMAT,
    FULL,
    HIDDEN,
    JOURNAL,
    KEY,
    PAYLOADS,
    PROOF,
    PROOF_FORMAT,
    PUBLIC,
    RECORD,
    HeadItem,
    JournalItem,
    Manifest,
    PayloadItem,
    Proof,
    PublicRecord,
    SignedItem,
    exhibit_part,
    is_hidden,
    laid_out,
    order,
    plain,
    responses_of,
    text_parts,
)
from hansard.custody.proof.checkpoints import Checkpoint, leaf
from hansard.custody.proof.keys import public_pem
from hansard.custody.proof.merkle import leads_to
from hansard.database import verify
from hansard.database.columns import encoded_row, row_bytes
from hansard.database.journal import (
    VERSION,
    is_row_of,
    request_key,
    rows_salt,
    sealed,
)
from hansard.database.tables import stream_of
from hansard.database.verify import StoredEntry
from hansard.dialogue import model
from hansard.dialogue.tables import ROWS
from hansard.exchange.checking import TABLES, DocumentReport, check_document
from hansard.exchange.container import FIRST
from hansard.exchange.document import key_of, parsed_document
from hansard.kernel.canonical import parsed, sha256_hex
from hansard.kernel.errors import HansardError
from hansard.kernel.json_text import NotJsonError, json_value

_HEX32: Final = re.compile("[0-9a-f]{64}")
_SALT: Final = re.compile("[0-9a-f]{32}")

T = TypeVar("T")


class PartFault(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a bundle that is not as it was made."""

    code: str
    message: str
    part: str
    position: int | None = None
    table: str | None = None
    key: tuple[Any, ...] | None = None


class Checked(msgspec.Struct, kw_only=True):
    """What a bundle holds, and what is wrong with it."""

    edition: str | None = None
    dialogue_id: str | None = None
    faults: list[PartFault] = []
    document: dict[str, Any] | None = None
    text: str = ""
    report: DocumentReport | None = None
    entries: list[StoredEntry] = []
    rows: int = 0
    texts: int = 0
    head: tuple[int, str] | None = None
    checkpoint: Checkpoint | None = None
    """Where its own signature holds."""
    proof: Proof | None = None
    """Where it leads to the checkpoint's root."""
    left_out: list[str] = []

    @property
    def stream(self) -> str:
        """The stream of the dialogue."""
        return f"dialogue:{self.dialogue_id}"


def check(parts: Mapping[str, bytes]) -> Checked:
    """Check the parts of a bundle against each other, the journal's seals, and the signed checkpoint inside."""
    found = Checked()
    manifest = _read(found, parts, FIRST, Manifest)
    if manifest is not None and (manifest.format != FORMAT or manifest.edition not in (FULL, PUBLIC)):
        _fault(found, "bundle_version_unknown", f"it is '{manifest.format}', edition '{manifest.edition}'", FIRST)
        manifest = None
    edition = manifest.edition if manifest else FULL if DIALOGUE in parts else PUBLIC
    found.edition = edition
    _check_checkpoint(found, parts)
    known = {FIRST, CHECKPOINT, PROOF, KEY}
    known |= _check_full(found, parts) if edition == FULL else _check_public(found, parts)
    _check_proof(found, parts)
    if manifest is not None:
        _check_manifest(found, parts, manifest)
    for name in parts.keys() - known:
        if not any(fault.part == name for fault in found.faults):
            _fault(found, "part_added", "no bundle has such a part", name)
    return found


def _fault(found: Checked, finding: str, message: str, part: str, **more: Any) -> None:
    found.faults.append(PartFault(code=finding, message=message, part=part, **more))


def _read(found: Checked, parts: Mapping[str, bytes], name: str, form: type[T]) -> T | None:
    """A JSON part of one of our forms, in exactly the layout that it was written in."""
    data = parts.get(name)
    if data is None:
        _fault(found, "part_missing", "the part is not there", name)
        return None
    try:
        value = msgspec.convert(json_value(data.decode()), form)
    except (UnicodeDecodeError, NotJsonError, msgspec.ValidationError, RecursionError) as fault:
        _fault(found, "part_altered", f"it cannot be read: {fault}", name)
        return None
    if laid_out(value) != data:
        _fault(found, "part_altered", "it is not laid out as it was written", name)
    return value


def _check_manifest(found: Checked, parts: Mapping[str, bytes], manifest: Manifest) -> None:
    """Whether the manifest lists these parts, and says of them what they are."""
    listed = {item.name: item for item in manifest.parts}
    for name, item in listed.items():
        data = parts.get(name)
        if data is None:
            if not any(fault.part == name for fault in found.faults):
                _fault(found, "part_missing", "the manifest lists it, and it is not there", name)
        elif (len(data), sha256_hex(data)) != (item.bytes, item.sha256):
            _fault(found, "part_altered", "its bytes are not those that the manifest lists", name)
    for name in parts.keys() - listed.keys() - {FIRST}:
        _fault(found, "part_added", "the manifest does not list it", name)
    if [FIRST, *listed] != list(parts) and not any(f.code in ("part_missing", "part_added") for f in found.faults):
        _fault(found, "manifest_differs", "it lists the parts otherwise than they stand", FIRST)
    if found.dialogue_id is not None and manifest.dialogue_id != found.dialogue_id:
        _fault(
            found,
            "manifest_differs",
            f"it speaks of '{manifest.dialogue_id}', the rest of '{found.dialogue_id}'",
            FIRST,
        )
    if found.head is not None and found.dialogue_id is not None:
        wanted = HeadItem(stream=found.stream, sequence=found.head[0], hash=found.head[1])
        if manifest.head != wanted:
            _fault(found, "manifest_differs", "the head that it states is not that of the journal inside", FIRST)
    if found.checkpoint is not None:
        said = found.checkpoint.statement
        signed = SignedItem(number=said.number, hash=found.checkpoint.hash, key=said.key)
        if manifest.checkpoint != signed:
            _fault(found, "manifest_differs", "the checkpoint that it states is not the one inside", FIRST)


def _check_checkpoint(found: Checked, parts: Mapping[str, bytes]) -> None:
    data = parts.get(CHECKPOINT)
    if data is None:
        _fault(found, "part_missing", "the part is not there: nothing is signed", CHECKPOINT)
        return
    checkpoint = checkpoints.read(data)
    if checkpoint is None or checkpoint.heads is not None:
        _fault(found, "checkpoint_altered", "it cannot be read as a checkpoint", CHECKPOINT)
        return
    faults = checkpoints.signature_faults(checkpoint)
    for fault in faults:
        _fault(found, fault.code, fault.message, CHECKPOINT)
    if faults:
        return
    found.checkpoint = checkpoint
    key = parts.get(KEY)
    if key is None:
        _fault(found, "part_missing", "the part is not there", KEY)
    elif key != public_pem(bytes.fromhex(checkpoint.public_key)).encode():
        _fault(found, "part_altered", "it is not the key that signed", KEY)


def _check_full(found: Checked, parts: Mapping[str, bytes]) -> set[str]:
    """The whole record; answers the names of the parts that it has."""
    known = {DIALOGUE, PAYLOADS}
    data = parts.get(DIALOGUE)
    if data is None:
        _fault(found, "part_missing", "the part is not there", DIALOGUE)
        return known
    try:
        text = data.decode()
        document = parsed_document(text, DIALOGUE)
    except UnicodeDecodeError as fault:
        _fault(found, "document_malformed", f"byte {fault.start} is not UTF-8", DIALOGUE)
        return known
    except HansardError as fault:
        _fault(found, "document_malformed", fault.message, DIALOGUE)
        return known
    report = check_document(document, text)
    found.document, found.text, found.report = document, text, report
    found.dialogue_id = report.dialogue_id
    found.head, found.rows, found.texts = report.head, report.rows, report.texts
    found.entries = entries_of(document)
    if report.head is None:
        _fault(found, "journal_missing", "it carries no journal: nothing leads to the checkpoint", DIALOGUE)
    if report.record is None:
        return known | parts.keys()  # what belongs to rows cannot be told
    known |= _check_responses(found, parts, report.record)
    known |= _check_exhibits(found, parts, report.record)
    return known | _check_payloads(found, parts)


def entries_of(document: Mapping[str, Any]) -> list[StoredEntry]:
    """The journal's entries in an export, as far as they have the form of one."""
    journal = document.get("journal")
    items = journal.get("entries") if isinstance(journal, Mapping) else None
    found = []
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping) and isinstance(item.get("body"), str) and isinstance(item.get("hash"), str):
            salt = item.get("salt")
            found.append(
                StoredEntry(
                    position_of(item["body"]), item["hash"], item["body"], salt if isinstance(salt, str) else None
                )
            )
    return found


def position_of(body: str) -> int:
    """The position that an entry's body states; 0 where it cannot be read."""
    try:
        at = parsed(body)["position"]
    except (msgspec.DecodeError, TypeError, KeyError):
        return 0
    return at if type(at) is int else 0


def _check_responses(found: Checked, parts: Mapping[str, bytes], record: model.Record) -> set[str]:
    wanted = dict(responses_of(record))
    keys = {f"responses/round-{said.round}/{said.slug}.md": key_of(said) for said in record.utterances}
    for name in sorted(wanted.keys() | {name for name in parts if name.startswith("responses/")}):
        more: dict[str, Any] = {"table": "utterances", "key": keys[name]} if name in keys else {}
        if name not in wanted:
            _fault(found, "part_added", "nobody is recorded to have said this", name, **more)
        elif name not in parts:
            _fault(found, "part_missing", "the words are recorded, and their part is not there", name, **more)
        elif parts[name] != wanted[name]:
            _fault(found, "part_altered", f"its words are not those in {DIALOGUE}", name, **more)
    return set(wanted)


def _check_exhibits(found: Checked, parts: Mapping[str, bytes], record: model.Record) -> set[str]:
    known = set()
    for exhibit in record.exhibits:
        name = exhibit_part(exhibit)
        if name is None:
            found.left_out.append(f"{exhibit.id} ({exhibit.kind}): pinned by its digest, and not looked into")
        elif name not in parts:
            found.left_out.append(f"the bytes of {exhibit.id}: only their digest {exhibit.digest[:16]}… stands here")
        else:
            known.add(name)
            if sha256_hex(parts[name]) != exhibit.digest:
                message = f"its bytes are not those that were pinned as {exhibit.id}"
                _fault(found, "exhibit_altered", message, name, table="exhibits", key=key_of(exhibit))
    return known


def _check_payloads(found: Checked, parts: Mapping[str, bytes]) -> set[str]:
    """What stands beside the entries, against the seals in their bodies; answers the texts' parts."""
    payloads = _read(found, parts, PAYLOADS, list[PayloadItem])
    if payloads is None:
        return {name for name in parts if name.startswith("texts/")}
    beside = {payload.position: payload for payload in payloads}
    erased = verify.erased_positions(found.entries)
    if [payload.position for payload in payloads] != sorted(beside):
        _fault(found, "part_altered", "the entries do not stand in their order, each once", PAYLOADS)
    for at in sorted(beside.keys() - {entry.position for entry in found.entries}):
        _fault(found, "payload_added", f"something stands beside entry {at}, which there is not", PAYLOADS, position=at)
    for entry in found.entries:
        payload = beside.get(entry.position)
        if payload is None:
            if entry.position not in erased:
                message = f"what was asked in entry {entry.position} is gone, and no entry erased it"
                _fault(found, "payload_missing", message, PAYLOADS, position=entry.position)
        elif entry.position in erased:
            message = f"entry {entry.position} was erased and has a payload again"
            _fault(found, "payload_added", message, PAYLOADS, position=entry.position)
        elif wrong := payload_differences(entry, payload):
            verb = "differs" if len(wrong) == 1 else "differ"
            message = f"entry {entry.position}: {', '.join(wrong)} {verb} from what was sealed"
            _fault(found, "payload_altered", message, PAYLOADS, position=entry.position)
    try:
        wanted = text_parts(payloads)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError, TypeError):
        wanted = set()
    names = {f"texts/{digest}.txt": digest for digest in wanted}
    for name in sorted(names.keys() | {name for name in parts if name.startswith("texts/")}):
        if name not in names:
            _fault(found, "text_added", "nothing refers to this text", name)
        elif name not in parts:
            _fault(found, "text_missing", "something refers to this text, and it is not there", name)
        elif sha256_hex(parts[name]) != names[name]:
            _fault(found, "text_altered", "the text does not have the hash that it is called by", name)
    return set(names)


def payload_differences(entry: StoredEntry, payload: PayloadItem) -> list[str]:
    """Which of the things beside an entry are not what its body sealed."""
    try:
        body = parsed(entry.body)
        if _SALT.fullmatch(payload.salt) is None or (entry.salt is not None and rows_salt(payload.salt) != entry.salt):
            return ["the salt"]
        sent = payload.request_id
        key = None if sent is None else request_key(body["actor"]["known_by"], payload.actor, sent)
        pairs = {
            "the actor": (sealed(payload.salt, "actor", payload.actor.encode()), body["actor"]["name"]),
            "the request": (sealed(payload.salt, "request", payload.request.encode()), body["request"]),
            "the result": (sealed(payload.salt, "result", payload.result.encode()), body["result"]),
            "the request's id": (
                None if key is None else sealed(payload.salt, "request_key", key.encode()),
                body["request_key"],
            ),
        }
    except (msgspec.DecodeError, KeyError, TypeError, UnicodeEncodeError):
        return ["the entry"]
    return [name for name, (own, told) in pairs.items() if own != told]


def _check_public(found: Checked, parts: Mapping[str, bytes]) -> set[str]:
    """Rows with their keys, against the seals in the chain; answers the names of the parts that it has."""
    known = {RECORD, JOURNAL}
    journal = _read(found, parts, JOURNAL, JournalItem)
    record = _read(found, parts, RECORD, PublicRecord)
    if journal is None:
        return known
    found.dialogue_id = journal.stream.partition(":")[2]
    found.entries = [StoredEntry(position_of(item.body), item.hash, item.body, None) for item in journal.entries]
    if journal.version != VERSION or journal.stream != found.stream:
        _fault(found, "journal_foreign", f"it is the stream '{journal.stream}' of '{journal.version}'", JOURNAL)
    for finding in verify.chain_findings(found.entries, journal.stream):
        _fault(found, finding.code, finding.message, JOURNAL, position=finding.position)
    found.head = verify.stream_heads(found.entries).get(journal.stream)
    if record is not None:
        if record.dialogue_id != found.dialogue_id:
            _fault(found, "journal_foreign", f"the rows are of '{record.dialogue_id}', the journal of another", RECORD)
        _check_rows(found, record, journal.stream)
    return known


def _check_rows(found: Checked, record: PublicRecord, stream: str) -> None:
    expected = {
        place: told
        for place, told in verify.expected_rows(found.entries).items()
        if told.digest is not None and place[0] in TABLES and stream_of(TABLES[place[0]], place[1]) == stream
    }
    kinds: dict[str, type[model.Row]] = {str(table.name): kind for kind, table in ROWS.items()}
    shown: list[tuple[str, tuple[Any, ...]]] = []
    for number, item in enumerate(record.rows):
        where = f"rows[{number}]"
        kind = kinds.get(item.table)
        try:
            if kind is None or _HEX32.fullmatch(item.key) is None:
                raise msgspec.ValidationError("it is no row with a key")
            row = msgspec.convert(item.row, kind)
            key, cells = key_of(row), encoded_row(ROWS[kind], row.as_row(), {})
            if plain(row) != item.row or is_hidden(row):
                raise msgspec.ValidationError("a public edition holds no such row")
        except (msgspec.ValidationError, TypeError, ValueError, OverflowError) as fault:
            _fault(found, "row_malformed", f"{where}: {fault}", RECORD, table=item.table if kind else None)
            continue
        place = (item.table, key)
        told = expected.get(place)
        if place in shown:
            _fault(
                found, "row_twice", f"{where}: the row stands here more than once", RECORD, table=item.table, key=key
            )
        elif told is None or told.digest is None:
            message = f"{where}: a row stands here that no entry recorded"
            _fault(found, "row_added", message, RECORD, table=item.table, key=key)
        elif not is_row_of(item.key, row_bytes(cells), told.digest):
            message = f"{where}: the row is not as it was recorded"
            _fault(found, "row_altered", message, RECORD, position=told.position, table=item.table, key=key)
        shown.append(place)
    found.rows = len(shown)
    if not any(fault.part == RECORD for fault in found.faults) and record.rows != sorted(record.rows, key=order):
        _fault(found, "part_altered", "the rows stand in another order than they were written in", RECORD)
    hidden = expected.keys() - set(shown)
    counts: dict[str, int] = {}
    for table, key in sorted(hidden, key=repr):
        if table in HIDDEN or table == "dialogues":
            counts[table] = counts.get(table, 0) + 1
        else:
            at = expected[table, key].position
            _fault(found, "row_missing", "a recorded row is not shown", RECORD, position=at, table=table, key=key)
    if counts.get("utterances"):
        found.left_out.append(
            f"{counts['utterances']} responses, word for word: their seals alone stand in the journal"
        )
    if counts.get("documents"):
        found.left_out.append(f"{counts['documents']} of the Judge's files: their seals alone stand in the journal")
    if counts.get("dialogues"):
        found.left_out.append(
            "the dialogue's own row, with title, question and status: its seal alone stands in the journal"
        )
    found.left_out.append("who acted, and what was asked and answered: their seals alone stand in the journal")
    exhibits = [item for item in record.rows if item.table == "exhibits"]
    if exhibits:
        found.left_out.append(f"the bytes of {len(exhibits)} exhibits: their digests stand in proved rows")


def _check_proof(found: Checked, parts: Mapping[str, bytes]) -> None:
    """Whether the chain inside is the one that the checkpoint's root covers."""
    proof = _read(found, parts, PROOF, Proof)
    if proof is None or found.checkpoint is None:
        return
    said = found.checkpoint.statement
    try:
        beside = [bytes.fromhex(text) for text in proof.path]
    except ValueError:
        beside = [b""]
    own = leaf(proof.stream, proof.number, proof.head)
    root = leads_to(own, proof.index, said.streams, beside)
    if proof.format != PROOF_FORMAT or proof.size != said.streams or root is None or root.hex() != said.root:
        _fault(found, "proof_broken", "it does not lead to the root that was signed", PROOF)
        return
    if found.dialogue_id is not None and proof.stream != found.stream:
        _fault(found, "proof_foreign", f"it proves the stream '{proof.stream}', which is not in this bundle", PROOF)
        return
    found.proof = proof
    if found.dialogue_id is None:
        return
    held = held_against(found, proof.number, proof.head)
    if held is not None:
        _fault(
            found, held[0], f"the signed checkpoint says: {held[1]}", JOURNAL if found.edition == PUBLIC else DIALOGUE
        )
        return
    later = [entry for entry in found.entries[proof.number :] if entry.position <= said.position]
    if later:
        message = f"entry {later[0].position} was not in this stream when the checkpoint was signed"
        _fault(
            found,
            "stream_rewritten",
            message,
            JOURNAL if found.edition == PUBLIC else DIALOGUE,
            position=later[0].position,
        )


def changed_since(entries: Sequence[verify.StoredEntry], number: int) -> int:
    """How many rows that stood at an entry of a stream were changed or removed by later ones."""
    before = verify.expected_rows(entries[:number])
    after = verify.expected_rows(entries[number:])
    return sum(before[place].digest is not None for place in after if place in before)


def held_against(found: Checked, number: int, head: str) -> tuple[str, str] | None:
    """Code and words where a head that was signed is not part of the chain inside."""
    chain = verify.stream_hashes(found.entries, found.stream)
    if chain.get(number) == head:
        return None
    if number not in chain:
        return (
            "chain_cut",
            f"the stream has {number} entries; here it ends at entry {max(chain, default=0)}: its end was cut off",
        )
    return "stream_rewritten", f"entry {number} of the stream is {head[:16]}…; here it is {chain[number][:16]}…"
