"""The operations on checkpoints: the store's streams stated, signed, kept, compared again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hansard.custody import errors
from hansard.custody.naming import named
from hansard.custody.proof import checkpoints, store
from hansard.custody.proof.checkpoints import Checkpoint
from hansard.custody.proof.key_operations import KeyOperations
from hansard.custody.proof.keys import Keyring
from hansard.custody.proof.shapes import (
    CheckpointCreate,
    CheckpointItem,
    CheckpointList,
    CheckpointShow,
    CheckpointsListed,
    CheckpointVerify,
    Trust,
)
from hansard.custody.proof.store import Connection
from hansard.custody.shapes import Discovery, Signature, Verified
from hansard.custody.wording import discovery
from hansard.database.engine import Database
from hansard.database.journal import Journal
from hansard.kernel import files
from hansard.kernel.errors import path_not_allowed
from hansard.kernel.operations import Call, operation

FILE_LIMIT_BYTES = 256 * 1024 * 1024


class Checkpointing(KeyOperations):
    """Keeps the chain of signed statements over a store."""

    _database: Database
    _journal: Journal
    _keys: Keyring
    _may_write: Callable[[Path], bool]

    @operation(writes=True, tools="proof", scope="admin")
    def checkpoint_create(self, request: CheckpointCreate, call: Call) -> CheckpointItem:
        """State where every stream of the store stands, and sign it."""
        key, sign = self._keys.signer(request.key)  # before the store is locked: a passphrase may be asked for
        with contextlib.ExitStack() as stack:
            connection = call.transaction
            if connection is None:  # alone: one moment of all streams is signed
                connection = stack.enter_context(self._database.writing())
            inside = call.within(connection)
            with self._journal.entry("checkpoint_create", request, inside, [checkpoints.STREAM]) as entry:
                if entry.answer is not None:
                    return CheckpointItem(**entry.answer)
                position = store.last_position(connection)
                heads = store.heads_at(connection, position)
                if not heads:
                    raise errors.nothing_to_sign()
                if heads != store.stated_heads(connection):
                    raise errors.store_not_signable()
                before = self._newest(connection)
                first = store.first_entry(connection)
                assert first is not None
                body = checkpoints.stated(
                    heads,
                    store=first,
                    number=1 if before is None else before.statement.number + 1,
                    position=position,
                    time=entry.time,
                    public=key.public,
                    previous=None if before is None else before.hash,
                )
                made = checkpoints.signed(body, key.public, sign)
                said = made.statement
                store.add_checkpoint(
                    entry,
                    {
                        "number": said.number,
                        "position": said.position,
                        "time": said.time,
                        "key_id": said.key,
                        "public_key": made.public_key,
                        "body": made.body,
                        "signature": made.signature,
                    },
                )
                return entry.finish(item(made, {key.id: key.name}))

    @operation(path="/checkpoints", tools="proof")
    def checkpoint_list(self, request: CheckpointList, call: Call) -> CheckpointsListed:  # noqa: ARG002
        """List the store's checkpoints, the oldest first."""
        with self._journal.reading(call) as connection:
            names = self._keys.names()
            return CheckpointsListed(checkpoints=[item(one, names) for one in self._kept(connection)])

    @operation(path="/checkpoints/{number}", tools="proof", scope="judge")  # it may write a file
    def checkpoint_show(self, request: CheckpointShow, call: Call) -> CheckpointItem:
        """Give a checkpoint, and write it to a file that can be mailed."""
        with self._journal.reading(call) as connection:
            found = self._numbered(connection, request.number)
            heads = store.heads_at(connection, found.statement.position) if request.heads else None
        if request.output_path is not None:
            path = Path(request.output_path)
            if not self._may_write(path):
                raise path_not_allowed("output_path", request.output_path, "written")
            files.write_atomic(path, checkpoints.rendered(found, heads), name=request.output_path)
        return item(found, self._keys.names(), request.output_path)

    @operation(path="/checkpoints/verify", tools="proof")
    def checkpoint_verify(self, request: CheckpointVerify, call: Call) -> Verified:
        """Tell whether the store still leads through what checkpoints said of it, and who signed them."""
        known = self._trusted(request.trust)
        with self._journal.reading(call) as connection:
            target = request.target
            if target is None:
                found = self._kept(connection)
                what = "the store's checkpoints"
                if not found:
                    raise errors.no_checkpoint()
            elif target.isdecimal():
                found = [self._numbered(connection, int(target))]
                what = f"checkpoint {int(target)}"
            else:
                found = [self._in_file(target)]
                what = f"file {Path(target).name}"
            findings = [
                _found(fault.code, fault.message, one.statement.number)
                for one in found
                for fault in checkpoints.signature_faults(one)
            ]
            if target is None:
                findings += [_found(fault.code, fault.message, n) for n, fault in checkpoints.chain_faults(found)]
            findings += self._against_store(connection, found)
        newest = found[-1]
        trust = known.get(newest.statement.key, (None, "unknown"))
        signature = None
        if not checkpoints.signature_faults(newest):
            signature = signature_of(newest, trust)
        if request.trust:
            findings += [
                not_trusted(one) for one in found if known.get(one.statement.key, (None, "unknown"))[1] != "named"
            ]
        notes = [f"The key {newest.statement.key} is not one that this home trusts."] if trust[1] == "unknown" else []
        return Verified(
            ok=not findings,
            what=what,
            entries=newest.statement.position,
            rows=len(found),
            texts=0,
            findings=findings,
            notes=notes,
            signature=signature,
            unproved=[f"What was written after entry {newest.statement.position} is not signed."],
        )

    # -- further --

    def _kept(self, connection: Connection) -> list[Checkpoint]:
        """The store's checkpoints, the oldest first; those whose row cannot be read are told by verify."""
        found = []
        for row in store.checkpoint_rows(connection):
            one = checkpoint_in(row)
            if one is not None:
                found.append(one)
        return found

    def _newest(self, connection: Connection) -> Checkpoint | None:
        kept = self._kept(connection)
        return kept[-1] if kept else None

    def _numbered(self, connection: Connection, number: int | None) -> Checkpoint:
        kept = self._kept(connection)
        if not kept:
            raise errors.no_checkpoint()
        found = kept[-1] if number is None else next((one for one in kept if one.statement.number == number), None)
        if found is None:
            raise errors.checkpoint_not_found(number or 0, kept[-1].statement.number)
        return found

    def _in_file(self, name: str) -> Checkpoint:
        path = Path(name)
        if not self._may_read(path):
            raise path_not_allowed("target", name, "read")
        found = checkpoints.read(files.read_bytes(path, name=name, limit_bytes=FILE_LIMIT_BYTES))
        if found is None:
            raise errors.checkpoint_unreadable(name)
        return found

    def _against_store(self, connection: Connection, found: list[Checkpoint]) -> Iterator[Discovery]:
        """Where the store is not, or no longer, what these checkpoints said."""
        own, last = store.first_entry(connection), store.last_position(connection)
        stood = store.heads_at_each(connection, [one.statement.position for one in found])
        for one in found:
            said = one.statement
            if said.store != own:
                yield _found(
                    "checkpoint_foreign", "it was made over another store, or this one was begun anew", said.number
                )
            else:
                yield from contradictions(one, stood[said.position], last)

    def _checkpoint_findings(self, connection: Connection) -> Iterator[Discovery]:
        """Everything about the checkpoints that a store keeps which is not as it should be."""
        rows = store.checkpoint_rows(connection)
        kept = []
        for row in rows:
            one = checkpoint_in(row)
            if one is None:
                yield _found("checkpoint_altered", "it cannot be read as a checkpoint", row.get("number"))
            else:
                kept.append(one)
                for fault in checkpoints.signature_faults(one):
                    yield _found(fault.code, fault.message, one.statement.number)
        for number, fault in checkpoints.chain_faults(kept):
            yield _found(fault.code, fault.message, number)
        if kept:
            yield from self._against_store(connection, kept)


def contradictions(one: Checkpoint, stood: Mapping[str, tuple[int, str]], last: int) -> Iterator[Discovery]:
    """Where the streams of a store, as they stood at a checkpoint's position, are not what it said.

    Args:
        stood: the heads at the checkpoint's position.
        last: the last position that there is.
    """
    said = one.statement
    if last < said.position:
        message = f"it covers {said.position} entries, and the journal ends at entry {last}: its end was cut off"
        yield _found("chain_cut", message, said.number)
    if checkpoints.root_of(stood) == said.root:
        return
    if one.heads is None:
        if last >= said.position:
            message = "the streams up to there do not give the root that was signed: one of them was rewritten"
            yield _found("stream_rewritten", message, said.number)
        return
    for name, (number, digest) in sorted(one.heads.items()):
        there = stood.get(name)
        if there is None or there[0] < number:
            message = f"had {number} entries, and has {there[0] if there else 0}: its end was cut off"
            yield _found("chain_cut", message, said.number, name)
        elif there != (number, digest):
            yield _found("stream_rewritten", f"entry {number} is another than was signed", said.number, name)
    for name in sorted(stood.keys() - one.heads.keys()):
        yield _found("stream_rewritten", "was not there when the checkpoint was made", said.number, name)


def checkpoint_in(row: Mapping[str, Any]) -> Checkpoint | None:
    """The checkpoint in a row, where its cells agree with what was signed."""
    body, signature, public = (row.get(name) for name in ("body", "signature", "public_key"))
    if not (isinstance(body, str) and isinstance(signature, str) and isinstance(public, str)):
        return None
    with contextlib.suppress(UnicodeEncodeError):
        found = checkpoints.checkpoint_of(body, signature, public)
        if found is not None:
            said = found.statement
            beside = (row.get("number"), row.get("position"), row.get("time"), row.get("key_id"))
            if beside == (said.number, said.position, said.time, said.key):
                return found
    return None


def item(one: Checkpoint, names: Mapping[str, str], path: str | None = None) -> CheckpointItem:
    """A checkpoint as it is shown."""
    said = one.statement
    return CheckpointItem(
        number=said.number,
        position=said.position,
        time=said.time,
        streams=said.streams,
        root=said.root,
        key_id=said.key,
        key_name=names.get(said.key),
        hash=one.hash,
        previous=said.previous,
        store=said.store,
        body=one.body,
        signature=one.signature,
        public_key=one.public_key,
        path=path,
    )


def signature_of(
    one: Checkpoint, trust: tuple[str | None, Trust], through: int | None = None, last: int = 0
) -> Signature:
    """Whose signature a checkpoint bears.

    Args:
        one: the checkpoint.
        trust: name and trust of its key.
        through: how many entries of a record's stream it covers, of a bundle.
        last: how many there are.
    """
    said = one.statement
    return Signature(
        key_id=said.key,
        key_name=trust[0],
        trust=trust[1],
        number=said.number,
        time=said.time,
        hash=one.hash,
        through=through,
        unsigned=0 if through is None else max(last - through, 0),
    )


def not_trusted(one: Checkpoint) -> Discovery:
    """A signature that holds, by a key that the caller did not name."""
    message = f"it is signed by the key {one.statement.key}, which is none of those that were to be trusted"
    return _found("key_not_trusted", message, one.statement.number)


def _found(finding: str, message: str, number: Any, stream: str | None = None) -> Discovery:
    name = named("checkpoints", (number,)) if stream is None else named("streams", (stream,))
    return discovery(finding, message if stream is None else f"checkpoint {number}: the stream {message}", name)
