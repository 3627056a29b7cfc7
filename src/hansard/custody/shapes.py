"""What custody takes and gives."""

from __future__ import annotations

from hansard.custody.proof.shapes import Trust
from hansard.dialogue.answers import Head
from hansard.kernel.shapes import Shape


class Verify(Shape):
    """Ask whether anything is not as it was recorded."""

    target: str | None = None
    """A dialogue's id, or an exported file."""
    all: bool = False
    """The whole store: every entry, every table, every text."""
    heads: list[str] = []
    """Heads that were noted earlier, each ``STREAM:NUMBER:HASH``; without target and ``all``, their streams are
    verified."""
    against: str | None = None
    """An earlier export, minutes, report or answer of verify, whose heads count like those in ``heads``."""
    trust: list[str] = []
    """For a bundle: keys that may have signed it, as ids or as files with public keys; a signature by any other is then
    a finding. Without any, those that this home trusts are told by name."""
    checkpoint: str | None = None
    """For a bundle: a checkpoint's file, or a bundle, that was noted earlier."""


class Witness(Shape):
    """A head that was noted earlier, and whether the stream still leads through it."""

    head: Head
    held: bool
    """``False``: the stream was cut off or rewritten since; a finding says which."""


class Discovery(Shape):
    """Something that is not as it was recorded."""

    code: str
    message: str
    """What is wrong, in one sentence, with the words as said beside the words as found where both are known."""
    where: str
    """In words: ``P0102 (Muffin, round 1, perspectives[1].content)``."""
    dialogue_id: str | None = None
    id: str | None = None
    """Display id of the entity, or the verdict's id."""
    experts: list[str] = []
    """Slugs of those whose words are concerned."""
    round: int | None = None
    position: int | None = None
    """The journal entry concerned, or the one that recorded the row."""
    path: str | None = None
    """Where it stands in a file."""
    said: str | None = None
    """What was recorded, where something else still holds it: the first part that differs."""
    found: str | None = None
    """What stands there now: the same part."""
    remedy: str
    """What to do next."""


class Signature(Shape):
    """Who signed the checkpoint of a bundle or of a store."""

    key_id: str
    key_name: str | None
    trust: Trust
    number: int
    time: str
    hash: str
    """SHA-256 of the statement that was signed."""
    through: int | None = None
    """So many entries of the record's stream are under the signature."""
    unsigned: int = 0
    """So many further entries of it came after the checkpoint: in the chain, and not under the signature."""


class Verified(Shape):
    """What was compared, and every place where it is not what was recorded."""

    ok: bool
    what: str
    """What was verified, in words."""
    entries: int
    rows: int
    texts: int
    findings: list[Discovery]
    notes: list[str] = []
    """What is good to know, and what could not be proved."""
    head: Head | None = None
    """Where the dialogue's chain stands; compare it with the head that an earlier export or minutes carry."""
    heads: list[Head] = []
    """Every chain of the store, when all of it was verified."""
    witnesses: list[Witness] = []
    """The heads that were given, in order."""
    signature: Signature | None = None
    """Of a bundle or checkpoint whose signature holds: whose it is."""
    unproved: list[str] = []
    """What is left unproved, in words: it may be true, and nothing here shows it."""
