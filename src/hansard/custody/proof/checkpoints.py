"""Checkpoints: a signed statement of where every stream of a store stood at one moment (docs/proof.md). Pure.

The statement holds one hash, the root of a Merkle tree whose leaves are the heads of all streams: a record is proved
by its own leaf and the way to the root, and nothing is shown of its neighbours. Each statement names the hash of the
one before: a chain of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from hansard.custody.proof import merkle
from hansard.custody.proof.keys import is_signed, key_id
from hansard.kernel.canonical import exchange_bytes, sha256_hex
from hansard.kernel.json_text import NotJsonError, json_value

FORMAT: Final = "hansard-checkpoint-1"
FILE_FORMAT: Final = "hansard-signed-checkpoint-1"
STREAM: Final = "checkpoint:"

_HEX32: Final = re.compile("[0-9a-f]{64}")

Heads = Mapping[str, tuple[int, str]]
"""Where streams stand: number of entries and hash of the last, by stream."""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is signed."""

    format: str
    store: str
    """Hash of the store's first journal entry, which no other store has."""
    number: int
    """1, 2, 3 … in this store."""
    position: int
    """The last journal entry that the statement covers."""
    time: str
    streams: int
    """How many streams there were: the leaves of the tree."""
    root: str
    key: str
    """Id of the key that signs."""
    previous: str | None
    """SHA-256 of the statement before; nothing in the first."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A statement with its signature; the bytes of ``body`` are what was signed."""

    body: str
    signature: str
    public_key: str
    statement: Statement
    heads: dict[str, tuple[int, str]] | None = None
    """Every head, where the file carries them."""

    @property
    def hash(self) -> str:
        """SHA-256 of the statement."""
        return sha256_hex(self.body.encode())


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    format: str
    body: str
    signature: str
    public_key: str
    heads: list[tuple[str, int, str]] | None = None


class Fault(msgspec.Struct, frozen=True):
    """Why a checkpoint cannot be relied on."""

    code: str
    message: str


def leaf(stream: str, number: int, head: str) -> bytes:
    """A stream's leaf: RFC 8785 JSON of its name, its number of entries, the hash of its last."""
    return exchange_bytes([stream, number, head])


def leaves(heads: Heads) -> list[bytes]:
    """The tree's leaves, sorted by the UTF-8 bytes of the streams' names."""
    return [leaf(name, *heads[name]) for name in sorted(heads, key=str.encode)]


def root_of(heads: Heads) -> str:
    """The root over these heads, in hexadecimal."""
    return merkle.root(leaves(heads)).hex()


def proof_of(heads: Heads, stream: str) -> tuple[int, list[str]]:
    """Where a stream's leaf stands, and the hashes that lead from it to the root."""
    index = sorted(heads, key=str.encode).index(stream)
    return index, [beside.hex() for beside in merkle.path(leaves(heads), index)]


def stated(
    heads: Heads, *, store: str, number: int, position: int, time: str, public: bytes, previous: str | None
) -> str:
    """The statement's bytes, as text."""
    statement = Statement(
        format=FORMAT,
        store=store,
        number=number,
        position=position,
        time=time,
        streams=len(heads),
        root=root_of(heads),
        key=key_id(public),
        previous=previous,
    )
    return exchange_bytes(msgspec.to_builtins(statement)).decode()


def signed(body: str, public: bytes, sign: Callable[[bytes], bytes]) -> Checkpoint:
    """A statement with its signature."""
    found = statement_of(body)
    assert found is not None
    return Checkpoint(body=body, signature=sign(body.encode()).hex(), public_key=public.hex(), statement=found)


def statement_of(body: str) -> Statement | None:
    """What a body states; ``None`` where it is not the canonical form of a statement."""
    try:
        found = msgspec.convert(json_value(body), Statement)
        if exchange_bytes(msgspec.to_builtins(found)) != body.encode():
            return None
    except (NotJsonError, msgspec.ValidationError, ValueError, RecursionError):
        return None
    texts = [found.store, found.root, found.key, *([found.previous] if found.previous is not None else [])]
    right = all(_HEX32.fullmatch(text) for text in texts) and min(found.number, found.position, found.streams) >= 1
    return found if found.format == FORMAT and right else None


def checkpoint_of(body: str, signature: str, public_key: str) -> Checkpoint | None:
    """A checkpoint from its parts; ``None`` where the body is no statement."""
    found = statement_of(body)
    return None if found is None else Checkpoint(body=body, signature=signature, public_key=public_key, statement=found)


def rendered(checkpoint: Checkpoint, heads: Heads | None = None) -> bytes:
    """The file that can be mailed; with ``heads`` it tells every stream, so that each can be compared by name."""
    listed = None if heads is None else [(name, *heads[name]) for name in sorted(heads, key=str.encode)]
    file = _File(FILE_FORMAT, checkpoint.body, checkpoint.signature, checkpoint.public_key, listed)
    return msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"


def read(data: bytes) -> Checkpoint | None:
    """The checkpoint in a file's bytes; ``None`` where there is none, or another layout than ``rendered`` gives."""
    try:
        file = msgspec.convert(json_value(data.decode()), _File)
    except (UnicodeDecodeError, NotJsonError, msgspec.ValidationError, RecursionError):
        return None
    found = checkpoint_of(file.body, file.signature, file.public_key)
    if file.format != FILE_FORMAT or found is None:
        return None
    heads = None if file.heads is None else {name: (number, digest) for name, number, digest in file.heads}
    if rendered(found, heads) != data:
        return None
    return msgspec.structs.replace(found, heads=heads)


def signature_faults(checkpoint: Checkpoint) -> list[Fault]:
    """Whether the signature is the one that the statement says, and the heads beside it those that it covers."""
    named = checkpoint.statement.key
    try:
        public, signature = bytes.fromhex(checkpoint.public_key), bytes.fromhex(checkpoint.signature)
    except ValueError:
        public, signature = b"", b""
    holds = is_signed(public, signature, checkpoint.body.encode())
    enclosed = key_id(public)
    faults = []
    if enclosed != named:
        how = "and has signed it" if holds else "and has not signed it either"
        message = f"the statement names the key {named[:16]}…; the key enclosed is {enclosed[:16]}…, {how}"
        faults.append(Fault("signature_by_other_key", message))
    elif not holds:
        faults.append(
            Fault("signature_forged", f"the signature was not made with the key {named[:16]}… over these words")
        )
    elif checkpoint.signature != signature.hex() or checkpoint.public_key != public.hex():
        faults.append(Fault("checkpoint_altered", "key and signature are not spelt as they were written"))
    told = None if checkpoint.heads is None else (len(checkpoint.heads), root_of(checkpoint.heads))
    if told not in (None, (checkpoint.statement.streams, checkpoint.statement.root)) and not faults:
        faults.append(Fault("checkpoint_altered", "the heads beside the statement are not those that it covers"))
    return faults


def chain_faults(checkpoints: Iterable[Checkpoint]) -> list[tuple[int, Fault]]:
    """Number and fault of each of a store's checkpoints, given in order, that does not follow the one before."""
    faults = []
    before: Checkpoint | None = None
    for one in checkpoints:
        said = one.statement
        if said.number != (1 if before is None else before.statement.number + 1):
            faults.append((said.number, Fault("checkpoint_missing", f"checkpoint {said.number} follows none")))
        elif said.previous != (None if before is None else before.hash):
            faults.append(
                (said.number, Fault("checkpoint_altered", f"checkpoint {said.number} does not name the one before"))
            )
        elif before is not None and said.position <= before.statement.position:
            faults.append(
                (said.number, Fault("checkpoint_altered", f"checkpoint {said.number} covers less than the one before"))
            )
        before = one
    return faults


def as_plain(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a checkpoint states, as plain data."""
    plain: dict[str, Any] = msgspec.to_builtins(checkpoint.statement)
    return plain
