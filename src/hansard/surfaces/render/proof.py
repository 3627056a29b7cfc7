"""Keys, checkpoints, bundles and erasures in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hansard.surfaces.render.blocks import Block, Column, Gap, Prose, Words, fields, line, table
from hansard.surfaces.render.text import count, one_line

if TYPE_CHECKING:
    from hansard.custody.proof.shapes import (
        BundleCreated,
        CheckpointItem,
        CheckpointsListed,
        DialogueErased,
        KeyExported,
        KeyItem,
        KeysListed,
    )

TRUST_WORDS: Final = {
    "own": "a key of this home",
    "trusted": "trusted here",
    "named": "named by you",
    "unknown": "unknown here",
}
"""How a key is known, in words."""


def key(answer: KeyItem) -> Iterator[Block]:
    """One key."""
    yield fields(
        ("key", Words(answer.name, "strong")),
        ("id", answer.id),
        ("is", TRUST_WORDS[answer.trust]),
        ("passphrase", None if answer.protected is None else "yes" if answer.protected else "no"),
        ("trusted since", answer.since),
        ("public half", answer.public_key),
    )


def key_gone(answer: KeyItem) -> Iterator[Block]:
    """A key that is trusted no more."""
    yield line(f"not trusted any more: {answer.name} ({answer.id})")


def keys(answer: KeysListed) -> Iterator[Block]:
    """Every key that is known."""
    if not answer.keys:
        yield line("no key yet; 'hansard keys create' makes one")
        return
    yield table(
        ["Name", Column("Id", whole=True), "Is"],
        [
            (one.name, one.id, f"{TRUST_WORDS[one.trust]}{', passphrase' if one.protected else ''}")
            for one in answer.keys
        ],
    )


def key_exported(answer: KeyExported) -> Iterator[Block]:
    """A public key to be given away."""
    if answer.path is None:
        yield Prose(answer.pem.rstrip())
    else:
        yield line(f"written: {one_line(answer.path)}")
        yield line(Words("id: ", "quiet"), answer.id, "; let those who verify have it by another way too", indent=1)


def checkpoint(answer: CheckpointItem) -> Iterator[Block]:
    """One checkpoint."""
    yield fields(
        ("checkpoint", Words(str(answer.number), "strong")),
        ("made", answer.time),
        ("covers", f"{count(answer.position, 'entry', 'entries')}, {count(answer.streams, 'stream')}"),
        ("root", answer.root),
        ("signed by", f"{answer.key_name or 'a key that is unknown here'} ({answer.key_id})"),
        ("hash", answer.hash),
        ("before it", answer.previous),
        ("written", None if answer.path is None else one_line(answer.path)),
    )


def checkpoints(answer: CheckpointsListed) -> Iterator[Block]:
    """Checkpoints, the oldest first."""
    if not answer.checkpoints:
        yield line("no checkpoint yet; 'hansard checkpoint create' makes one")
        return
    yield table(
        [">Number", Column("Made", whole=True), ">Entries", ">Streams", "Signed by", Column("Hash", rank=1)],
        [
            (
                str(one.number),
                one.time,
                f"{one.position:,}",
                f"{one.streams:,}",
                one.key_name or one.key_id[:16],
                one.hash,
            )
            for one in answer.checkpoints
        ],
    )


def bundled(answer: BundleCreated) -> Iterator[Block]:
    """The bundle that was written."""
    yield line(Words("✓ ", "good"), f"written: {one_line(answer.path)}")
    signed = answer.checkpoint
    yield fields(
        ("dialogue", answer.dialogue_id),
        ("edition", answer.edition),
        ("parts", f"{count(len(answer.parts), 'file')}, {answer.bytes:,} bytes"),
        ("SHA-256", answer.sha256),
        ("checkpoint", f"{signed.number}, made {signed.time}"),
        ("signed by", f"{signed.key_name or 'a key that is unknown here'} ({signed.key_id})"),
    )
    for left in answer.left_out:
        yield line(Words("left out: ", "quiet"), left, indent=1)
    for note in answer.notes:
        yield line(Words("note: ", "quiet"), note, indent=1)


def erased(answer: DialogueErased) -> Iterator[Block]:
    """What was erased, or would be."""
    if answer.dry_run:
        yield line(Words("nothing is erased yet: ", "strong"), f"this is what would go from '{answer.dialogue_id}'")
    else:
        yield line(Words("✓ ", "good"), f"erased from '{answer.dialogue_id}' by journal entry {answer.position}")
    if answer.places:
        yield table(
            ["Item", "What", ">Characters"],
            [(one.item, one.what, f"{one.characters:,}") for one in answer.places],
        )
    if answer.entries:
        told = ", ".join(map(str, answer.entries))
        yield line(f"payload, actor and salt of {count(len(answer.entries), 'entry', 'entries')}: {told}", indent=1)
    for file in answer.files:
        yield line(f"file: {one_line(file)}", indent=1)
    if answer.remaining:
        yield Gap()
        yield line(Words("the same words still stand in:", "warn"))
        for place in answer.remaining:
            named = f" (--item {place.item})" if place.item else ""
            yield line(f"{place.where}: {place.what}{named}", indent=1)
    if answer.stays:
        yield Gap()
    for stays in answer.stays:
        yield line(Words("stays: ", "quiet"), stays, indent=1)
    if answer.scrubbed is False:
        yield line(
            Words("old pages are still in the database's files: ", "bad"),
            "another program reads them; close it and run the command again",
        )
    if answer.dry_run:
        yield line("run it again with --yes to erase", indent=1)
