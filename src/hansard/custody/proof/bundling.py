"""The operation that makes a bundle, and what verify says of one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from hansard.custody import errors
from hansard.custody.naming import Named, named
from hansard.custody.proof import bundle, bundle_check, checkpoints, store
from hansard.custody.proof.bundle_check import Checked
from hansard.custody.proof.checkpointing import Checkpointing, item, not_trusted, signature_of
from hansard.custody.proof.checkpoints import Checkpoint
from hansard.custody.proof.erased import erasures
from hansard.custody.proof.seen import Seen
from hansard.custody.proof.shapes import BundleCreate, BundleCreated, BundlePart
from hansard.custody.proof.store import Connection
from hansard.custody.shapes import Discovery, Signature, Verified, Verify, Witness
from hansard.custody.wording import discovery
from hansard.database import verify as journal
from hansard.database.engine import HEAD
from hansard.dialogue import model
from hansard.dialogue.answers import Head
from hansard.dialogue.operations import DialogueOperations
from hansard.exchange import container
from hansard.exchange.checking import DocumentReport
from hansard.exchange.document import document_from_record, rendered
from hansard.exchange.errors import would_overwrite
from hansard.exchange.exporting import stream_item
from hansard.exchange.markdown import visible
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.errors import HansardError, path_not_allowed
from hansard.kernel.operations import Call, operation

LIMIT_BYTES: Final = container.LIMIT_BYTES
OVERHEAD_BYTES: Final = 64 * 1024 * 1024

DocumentFindings = Callable[[dict[str, Any], DocumentReport, Call], list[Discovery]]
"""Names what is wrong in an exported document."""


Compare = Callable[[Callable[[str], Mapping[int, str]]], tuple[list[Witness], list[Discovery]]]
"""Holds heads that were noted earlier against a chain, given as hashes by number."""


class Noted(NamedTuple):
    """A checkpoint that somebody knows from elsewhere."""

    where: str
    number: int
    position: int
    time: str
    store: str
    hash: str
    heads: dict[str, tuple[int, str]]
    """The heads that it is known to cover; not all of them, often none."""


class Bundling(Checkpointing):
    """Gives records away with their proof, and judges those that come back."""

    _dialogues: DialogueOperations
    _seen: Seen

    @operation(writes=True, tools="proof", idempotent=True)
    def bundle_create(self, request: BundleCreate, call: Call) -> BundleCreated:
        """Write a dialogue into one file that verifies alone, up to a signed checkpoint."""
        with self._journal.reading(call) as connection:
            record = self._dialogues.record(request.dialogue_id, connection)
            head = self._dialogues.head(request.dialogue_id, connection)
            entries = journal.stream_entries(connection, head.stream)
            document = document_from_record(record, stream_item(entries, head))
            signed = self._covering(connection, head.stream, request.dialogue_id)
            heads = store.heads_at(connection, signed.statement.position)
            full = request.edition == bundle.FULL
            beside = store.payloads_of(connection, [entry.position for entry in entries] if full else [])
            payloads = [bundle.PayloadItem(**{str(name): cell for name, cell in row.items()}) for row in beside]
            texts = store.texts_of(connection, bundle.text_parts(payloads))
        folder = self._dialogues.folder(record.dialogue)
        notes: list[str] = []
        exhibits, left_out = _exhibits(record, folder) if full else ({}, [])
        made = bundle.made(
            bundle.Source(
                record=record,
                document=rendered(document),
                entries=entries,
                checkpoint=signed,
                heads=heads,
                payloads=payloads,
                texts=texts,
                exhibits=exhibits,
            ),
            request.edition,
        )
        checked = bundle_check.check(made)
        if checked.faults or (checked.report is not None and checked.report.findings):
            raise errors.record_not_provable(request.dialogue_id)
        data = container.packed(made)
        path = (
            Path(request.output_path)
            if request.output_path
            else folder / f"{request.dialogue_id}-{request.edition}.zip"
        )
        called = request.output_path or path.name
        if not self._may_write(path):
            raise path_not_allowed("output_path", called, "written")
        if files.is_there(path) and not is_bundle_of(path, request.dialogue_id):
            raise would_overwrite(called, request.dialogue_id)
        files.write_atomic(path, data, name=called)
        unsigned = head.sequence - heads[head.stream][0]
        if unsigned:
            later = "1 later entry is" if unsigned == 1 else f"{unsigned} later entries are"
            notes.append(f"{later} in the chain and not under the signature; 'hansard bundle --sign'")
        if full:
            notes.append("It holds every word, and the names of those who acted; '--edition public' leaves them out.")
        return BundleCreated(
            path=str(path),
            dialogue_id=request.dialogue_id,
            edition=request.edition,
            bytes=len(data),
            sha256=sha256_hex(data),
            parts=[BundlePart(name=name, bytes=len(part), sha256=sha256_hex(part)) for name, part in made.items()],
            head=head,
            checkpoint=item(signed, self._keys.names()),
            unsigned=unsigned,
            left_out=[*left_out, *(checked.left_out if not full else [])],
            notes=notes,
        )

    def _covering(self, connection: Connection, stream: str, dialogue_id: str) -> Checkpoint:
        """The newest checkpoint, where it covers the stream."""
        newest = self._newest(connection)
        if newest is None:
            raise errors.no_checkpoint()
        if stream not in store.heads_at(connection, newest.statement.position):
            raise errors.checkpoint_before_record(dialogue_id)
        return newest

    # -- verify --

    def _verify_bundle(
        self,
        data: bytes,
        name: str,
        request: Verify,
        document_findings: DocumentFindings,
        compare: Compare,
        call: Call,
    ) -> Verified:
        """What a bundle proves, by itself and beside what is known of its store."""
        trusted = self._trusted(request.trust)
        noted = [] if request.checkpoint is None else [self._noted_checkpoint(request.checkpoint)]
        call.progress(0, 3, "reading the bundle")
        contents = container.read(data, name)
        checked = bundle_check.check(contents.parts)
        call.progress(1, 3, "comparing the record with its journal")
        findings = [_of_part(fault.code, fault.message, fault.part) for fault in contents.faults]
        if checked.document is not None and checked.report is not None:
            findings += document_findings(checked.document, checked.report, call)
        findings += [
            _of_part(fault.code, fault.message, fault.part, fault.position, fault.table, fault.key)
            for fault in checked.faults
        ]
        call.progress(2, 3, "comparing the checkpoint with what is known")
        notes = erasures(checked.entries)
        signature = None
        unproved: list[str] = []
        if checked.checkpoint is not None:
            said = checked.checkpoint.statement
            how = trusted.get(said.key, (None, "unknown"))
            through = checked.proof.number if checked.proof else None
            last = checked.head[0] if checked.head else 0
            signature = signature_of(checked.checkpoint, how, through, last)
            if request.trust and how[1] != "named":
                findings.append(not_trusted(checked.checkpoint))
            known = [*noted, *self._own_noted(said.store), *self._seen_noted(checked)]
            for one in known:
                told, further = judged(checked, one)
                findings += told
                notes += further
            unproved = list(_unproved(checked, signature))
            if not findings and how[1] != "unknown" and checked.proof is not None:
                proof = checked.proof
                self._seen.note(checked.checkpoint, proof.stream, proof.number, proof.head)
        else:
            unproved.append("Whose it is, and that it is whole: no signature holds.")
        witnesses, contradicted = compare(lambda stream: journal.stream_hashes(checked.entries, stream))
        findings += contradicted
        head = checked.head
        of = "" if checked.dialogue_id is None else f"dialogue '{checked.dialogue_id}', "
        return Verified(
            ok=not findings and checked.checkpoint is not None and checked.proof is not None,
            what=visible(f"bundle {name} ({of}{checked.edition} edition)"),
            entries=len(checked.entries),
            rows=checked.rows,
            texts=checked.texts,
            findings=_once(findings),
            notes=notes,
            head=None if head is None else Head(stream=checked.stream, sequence=head[0], hash=head[1]),
            witnesses=witnesses,
            signature=signature,
            unproved=unproved,
        )

    def _noted_checkpoint(self, name: str) -> Noted:
        """A checkpoint that the caller noted earlier: a file of one, or a bundle.

        Raises:
            HansardError: ``checkpoint_unreadable`` where its own proof does not hold.
        """
        path = Path(name)
        if not self._may_read(path):
            raise path_not_allowed("checkpoint", name, "read")
        data = files.read_bytes(path, name=name, limit_bytes=LIMIT_BYTES + OVERHEAD_BYTES)
        heads: dict[str, tuple[int, str]] = {}
        if container.is_bundle(data):
            contents = container.read(data, name)
            checked = bundle_check.check(contents.parts)
            found = checked.checkpoint
            if checked.proof is not None:
                heads[checked.proof.stream] = (checked.proof.number, checked.proof.head)
        else:
            found = checkpoints.read(data)
            if found is not None and checkpoints.signature_faults(found):
                found = None
            heads = dict(found.heads or {}) if found is not None else {}
        if found is None:
            raise errors.checkpoint_unreadable(name)
        return _noted(f"'{path.name}'", found, heads)

    def _own_noted(self, of: str) -> Iterator[Noted]:
        """The newest checkpoint in the store of this home, where it is the store that a bundle came from."""
        found: list[Noted] = []
        with contextlib.suppress(HansardError):
            if self._database.is_there() and self._database.revision() == HEAD:
                with self._database.reading() as connection:
                    newest = self._newest(connection)
                    if newest is not None and newest.statement.store == of == store.first_entry(connection):
                        heads = store.heads_at(connection, newest.statement.position)
                        found.append(_noted("the store of this home", newest, heads))
        yield from found

    def _seen_noted(self, checked: Checked) -> Iterator[Noted]:
        """The newest checkpoint of a bundle's store that this home has verified."""
        assert checked.checkpoint is not None
        said = checked.checkpoint.statement
        newest = self._seen.newest(said.store, said.key)
        if newest is not None and newest.position > said.position and checked.dialogue_id is not None:
            stream = self._seen.stream(said.store, said.key, checked.stream)
            heads = {} if stream is None else {stream.stream: (stream.sequence, stream.hash)}
            where = "what this home has verified before"
            yield Noted(where, newest.number, newest.position, newest.time, newest.store, newest.hash, heads)


def _exhibits(record: model.Record, folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """The bytes of exhibits by their part's name; of those that cannot be given, why."""
    found: dict[str, bytes] = {}
    left_out = []
    for exhibit in record.exhibits:
        name, kept_at = bundle.exhibit_part(exhibit), exhibit.reference.get("path")
        if name is None or not isinstance(kept_at, str):
            left_out.append(f"{exhibit.id} ({exhibit.kind}): pinned by its digest, its bytes are not here")
            continue
        try:
            data = files.read_bytes(files.inside(folder, kept_at), name=name, limit_bytes=LIMIT_BYTES)
        except HansardError as fault:
            left_out.append(f"{exhibit.id}: {fault.message}")
            continue
        if sha256_hex(data) == exhibit.digest:
            found[name] = data
        else:
            left_out.append(f"{exhibit.id}: its file is not what was pinned any more")
    return found, left_out


def _noted(where: str, one: Checkpoint, heads: dict[str, tuple[int, str]]) -> Noted:
    said = one.statement
    return Noted(where, said.number, said.position, said.time, said.store, one.hash, heads)


def judged(checked: Checked, known: Noted) -> tuple[list[Discovery], list[str]]:
    """A bundle beside a checkpoint that is known from elsewhere: findings and notes."""
    assert checked.checkpoint is not None
    said = checked.checkpoint.statement
    which = f"checkpoint {known.number} of {known.time} in {known.where}"
    head = known.heads.get(checked.stream)
    if known.store != said.store:
        return [_of_part("checkpoint_foreign", f"{which} is of another store", bundle.CHECKPOINT)], []
    if known.position == said.position:
        if known.hash == checked.checkpoint.hash:
            return [], []
        return [
            _of_part("checkpoint_forked", f"{which} says something else of the same entries", bundle.CHECKPOINT)
        ], []
    held = None if head is None else bundle_check.held_against(checked, *head)
    if held is not None and (held[0] == "stream_rewritten" or known.position < said.position):
        return [_of_part(held[0], f"{which} says: {held[1]}", _journal_part(checked))], []
    if known.position < said.position:
        if head is None:
            return [], [f"{which[0].upper()}{which[1:]} is older, and names no head of this stream to compare."]
        return [], [f"{which[0].upper()}{which[1:]} is older; the record leads through what it signed."]
    if head is not None and held is None and checked.head == head:
        return [], [f"{which[0].upper()}{which[1:]} is newer; this record has not changed since."]
    why = f"a newer one is known: {which}"
    if held is not None and head is not None:
        why += f", by which this stream has {head[0]} entries"
    return [
        _of_part(
            "checkpoint_replayed",
            f"the checkpoint {said.number} of {said.time} is not the last; {why}",
            bundle.CHECKPOINT,
        )
    ], []


def _journal_part(checked: Checked) -> str:
    return bundle.JOURNAL if checked.edition == bundle.PUBLIC else bundle.DIALOGUE


def _unproved(checked: Checked, signature: Signature) -> Iterator[str]:
    """What is left open by a bundle whose proof holds."""
    if signature.trust == "unknown":
        yield f"Whose key {signature.key_id} is: ask whoever is said to have signed for their key's id, by another way."
    if signature.unsigned and checked.proof is not None:
        which = (
            "The last entry: it is" if signature.unsigned == 1 else f"The last {signature.unsigned} entries: they are"
        )
        yield f"{which} in the chain, and came after the checkpoint was signed."
        if changed := bundle_check.changed_since(checked.entries, checked.proof.number):
            rows = "One row" if changed == 1 else f"{changed} rows"
            yield f"{rows} of what was signed: changed or removed by entries that the signature does not cover."
    yield f"What was recorded after {signature.time}: only a newer checkpoint can show it."
    for left in checked.left_out:
        yield f"{left[0].upper()}{left[1:]}."


def _of_part(
    finding: str,
    message: str,
    part: str | None,
    position: int | None = None,
    table: str | None = None,
    key: tuple[Any, ...] | None = None,
) -> Discovery:
    if table is not None and key is not None:
        name = named(table, key)
    elif position is not None:
        name = named("journal", (position,))
    else:
        return discovery(finding, message, Named(what=f"the part '{part}'" if part else "the container"), path=None)
    return discovery(finding, message, name, position=position, path=part)


def _once(findings: list[Discovery]) -> list[Discovery]:
    """Each place once for each code."""
    found: dict[tuple[str, str], Discovery] = {}
    for finding in findings:
        found.setdefault((finding.where, finding.code), finding)
    return list(found.values())


def is_bundle_of(path: Path, dialogue_id: str) -> bool:
    """Whether a file is an earlier bundle of this dialogue."""
    try:
        contents = container.read(files.read_bytes(path, limit_bytes=LIMIT_BYTES + OVERHEAD_BYTES), path.name)
    except HansardError:
        return False
    return bundle_check.check(contents.parts).dialogue_id == dialogue_id
