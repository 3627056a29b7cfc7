"""A store with a small dialogue, a key and a checkpoint, and bundles of it. Not a test module."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from hansard.custody.operations import CustodyOperations
from hansard.custody.proof import bundle, checkpoints
from hansard.custody.proof.checkpoints import Checkpoint
from hansard.custody.proof.keys import public_pem
from hansard.custody.proof.shapes import BundleCreate, CheckpointCreate, DialogueErase, DialogueErased, KeysCreate
from hansard.custody.shapes import Verified, Verify
from hansard.dialogue.requests import RoundRegister
from hansard.exchange import container
from hansard.exchange.container import FIRST
from hansard.kernel.canonical import exchange_bytes, sha256_hex
from tests.support.signing import KnownKey
from tests.unit.exchange.recorded import CALL, ID, Held

Parts = dict[str, bytes]


class Proved(Held):
    """A store whose custody may write, and has a key."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.custody = CustodyOperations(
            self.database,
            self.dialogues,
            lambda _path: True,
            home=home,
            journal=self.journal,
            may_write=lambda _path: True,
        )

    def key(self, name: str = "main") -> str:
        """Make a key; its id."""
        return self.custody.keys_create(KeysCreate(name=name), CALL).id

    def sign(self, key: str | None = None) -> int:
        """Make a checkpoint; its number."""
        return self.custody.checkpoint_create(CheckpointCreate(key=key), CALL).number

    def bundle(self, path: Path, edition: Any = "full", dialogue_id: str = ID) -> Path:
        """Write a bundle."""
        request = BundleCreate(dialogue_id=dialogue_id, edition=edition, output_path=str(path))
        return Path(self.custody.bundle_create(request, CALL).path)

    def verified(self, path: Path, **more: Any) -> Verified:
        """What verify says of a file."""
        return self.custody.verify(Verify(target=str(path), **more), CALL)

    def erase(
        self, *items: str, whole: bool = False, dry_run: bool = False, reason: str = "on request"
    ) -> DialogueErased:
        """Erase from the small dialogue."""
        request = DialogueErase(dialogue_id=ID, items=list(items), whole=whole, dry_run=dry_run, reason=reason)
        return self.custody.dialogue_erase(request, CALL)


def codes(answer: Verified) -> set[str]:
    """The codes of what was found."""
    return {finding.code for finding in answer.findings}


def parts_of(path: Path) -> Parts:
    """The parts of a bundle."""
    return container.parts(path.read_bytes(), path.name)


def repacked(path: Path, change: Callable[[Parts], object]) -> Path:
    """A copy of a bundle with a change in it; container and manifest are made anew, as one who knows them would."""
    parts = parts_of(path)
    change(parts)
    manifest = json.loads(parts.pop(FIRST))
    manifest["parts"] = [{"name": name, "bytes": len(data), "sha256": sha256_hex(data)} for name, data in parts.items()]
    if (signed := checkpoints.read(parts.get("checkpoint.json", b""))) is not None:
        said = signed.statement
        manifest["checkpoint"] = {"number": said.number, "hash": signed.hash, "key": said.key}
    whole = {FIRST: written(manifest)} | parts
    copy = path.with_name("changed.zip")
    copy.write_bytes(container.packed(whole))
    return copy


def written(value: Any) -> bytes:
    """JSON as the parts have it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def in_json(parts: Parts, name: str, change: Callable[[Any], object]) -> None:
    """Change a JSON part."""
    value = json.loads(parts[name])
    change(value)
    parts[name] = written(value)


def forged(one: Checkpoint, word: str = "another", *, named: bool = True, **changes: Any) -> Checkpoint:
    """A checkpoint with other words, signed by another key; ``named``: by which the statement says it is signed."""
    key, sign = KnownKey(word).signer(None)
    said = msgspec.structs.replace(one.statement, **changes)
    if named:
        said = msgspec.structs.replace(said, key=key.id)
    body = exchange_bytes(msgspec.to_builtins(said)).decode()
    return checkpoints.signed(body, key.public, sign)


def signed_anew(parts: Parts, one: Checkpoint) -> None:
    """Put a checkpoint and its key into a bundle."""
    parts[bundle.CHECKPOINT] = checkpoints.rendered(one)
    parts[bundle.KEY] = public_pem(bytes.fromhex(one.public_key)).encode()


def next_round(store: Held, number: int, **more: Any) -> None:
    """Register one more round of the small dialogue."""
    request = {"dialogue_id": ID, "round": number, "score": 1, "responses": {"muffin": f"Round {number}."}, **more}
    store.dialogues.dialogue_round_register(RoundRegister.model_validate(request), CALL)


def zipped(parts: Mapping[str, bytes], **more: Any) -> bytes:
    """Parts as another program packs them."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", **more) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return held.getvalue()
