"""What the operations on keys, checkpoints, bundles and erasures take and give."""

from __future__ import annotations

from typing import Annotated, Literal

from hansard.dialogue.answers import Head
from hansard.dialogue.requests import DialogueId, Line
from hansard.kernel.shapes import Shape, WriteRequest, any_case

Trust = Literal["own", "trusted", "named", "unknown"]
"""How a key is known: a pair of this home, trusted by it, named by the caller, or not at all."""


class KeysCreate(Shape):
    """Draw a pair of keys."""

    name: str = "main"
    protected: bool = False
    """Whether the private half is kept under a passphrase, which is asked for and never part of a request."""


class KeyName(Shape):
    """Ask for one key."""

    key: str
    """Its name, or its id (eight characters or more of it)."""


class KeysExport(KeyName):
    """Give a key's public half away."""

    output_path: str | None = None
    """The file to write; nothing is written when it is left out."""


class KeysImport(Shape):
    """Take in a pair that was made elsewhere."""

    path: str
    """A file with a private Ed25519 key as PEM (PKCS 8)."""
    name: str = "main"


class KeysTrust(Shape):
    """Trust a key of somebody else."""

    key: str
    """A file with the public key (PEM), or the key's id in full."""
    name: str
    """Whose it is."""


class KeysList(Shape):
    """Ask for every key that this home knows."""


class KeyItem(Shape):
    """A key as this home knows it."""

    name: str
    id: str
    """SHA-256 of the public half."""
    trust: Trust
    public_key: str | None
    """Ed25519, hexadecimal; nothing where only the id is known."""
    protected: bool | None = None
    """Whether a passphrase keeps the private half; for own keys."""
    since: str | None = None
    """When it was trusted; for keys of others."""


class KeysListed(Shape):
    """Every key that this home knows."""

    keys: list[KeyItem]


class KeyExported(Shape):
    """A public key, to be given to those who verify."""

    name: str
    id: str
    pem: str
    path: str | None


class CheckpointCreate(WriteRequest):
    """State and sign where every stream of the store stands."""

    key: str | None = None
    """The key that signs, by name or id; the only one there is when left out."""


class CheckpointList(Shape):
    """Ask for the store's checkpoints."""


class CheckpointShow(Shape):
    """Ask for one checkpoint."""

    number: int | None = None
    """The newest when left out."""
    output_path: str | None = None
    """A file to write it to, which can be mailed."""
    heads: bool = False
    """Whether the file names every stream and its head, so that each can be compared by name."""


class CheckpointVerify(Shape):
    """Ask whether the store still is what a checkpoint said."""

    target: str | None = None
    """A checkpoint's number, or a file that one was written to; all of the store's when left out."""
    trust: list[str] = []
    """Keys that may have signed it: ids, or files with public keys. Without any, those that this home trusts."""


class CheckpointItem(Shape):
    """A checkpoint."""

    number: int
    position: int
    """The last journal entry that it covers."""
    time: str
    streams: int
    root: str
    key_id: str
    key_name: str | None
    """How this home calls the key."""
    hash: str
    """SHA-256 of the statement, by which the next one names it."""
    previous: str | None
    store: str
    body: str
    signature: str
    public_key: str
    path: str | None = None
    """Where it was written to."""


class CheckpointsListed(Shape):
    """Checkpoints, the oldest first."""

    checkpoints: list[CheckpointItem]


class BundleCreate(Shape):
    """Write a dialogue into one file that verifies alone."""

    dialogue_id: DialogueId
    edition: Annotated[Literal["full", "public"], any_case("full", "public")] = "full"
    """``full``: all there is. ``public``: without responses, payloads, names of who acted, and exhibits' bytes."""
    output_path: str | None = None
    """The file; in the dialogue's own folder when left out."""


class BundlePart(Shape):
    """A file inside a bundle."""

    name: str
    bytes: int
    sha256: str


class BundleCreated(Shape):
    """The bundle that was written."""

    path: str
    dialogue_id: str
    edition: str
    bytes: int
    sha256: str
    """Of the file itself."""
    parts: list[BundlePart]
    head: Head
    checkpoint: CheckpointItem
    unsigned: int
    """Entries of the record that are younger than the checkpoint, and so not signed."""
    left_out: list[str]
    notes: list[str]


class DialogueErase(WriteRequest):
    """Take words out of the record for good, leaving the proof that something stood there."""

    dialogue_id: DialogueId
    items: list[str] = []
    """What: ``round-1/muffin`` (a response, with what was read from it alone), ``round-1`` (title and summary),
    ``P0101``, ``verdict:final``, ``question`` (title, question, background), ``X0001`` (an exhibit),
    ``document:NAME`` (a file of the Judge's)."""
    whole: bool = False
    """Everything of the dialogue but its id and the chain of its journal."""
    reason: Line
    """Why. It stands in the journal for good and in every export: no word that is to be erased."""
    dry_run: bool = True
    """Tell what would be erased, and change nothing."""


class ErasedPlace(Shape):
    """A place whose words go."""

    item: str
    what: str
    characters: int


class RemainingPlace(Shape):
    """A place that goes on holding six or more words in a row of what is erased."""

    where: str
    what: str
    item: str | None = None
    """The item to name for it to go too."""


class DialogueErased(Shape):
    """What was erased, or would be; words themselves are not repeated."""

    status: str = "success"
    dialogue_id: str
    dry_run: bool
    position: int | None = None
    """The journal entry that erased."""
    places: list[ErasedPlace]
    entries: list[int]
    """Journal entries whose payload, actor and salt go."""
    files: list[str]
    """Files in the dialogue's folder that go, named from there."""
    remaining: list[RemainingPlace]
    stays: list[str]
    """What no erasure reaches, in words."""
    scrubbed: bool | None = None
    """Whether the database's files are free of old pages; ``false``: others read at that moment, run it again."""
