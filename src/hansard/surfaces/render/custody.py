"""Whether the record is what was recorded, and whether the house is in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hansard.custody.witness import spelt
from hansard.surfaces.render.blocks import Block, Gap, Words, line, table
from hansard.surfaces.render.proof import TRUST_WORDS
from hansard.surfaces.render.text import count, one_line

if TYPE_CHECKING:
    from hansard.custody.doctor import Diagnosis
    from hansard.custody.shapes import Signature, Verified


TAIL: Final = (
    "only a head or a copy that was noted elsewhere earlier shows an end cut off: 'hansard verify --head HEAD'"
)


def verified(answer: Verified) -> Iterator[Block]:
    """What was verified, every place where it is not what was recorded, and where each chain stands."""
    compared = ", ".join(
        count(number, noun, plural)
        for number, noun, plural in (
            (answer.entries, "journal entry", "journal entries"),
            (answer.rows, "row", None),
            (answer.texts, "longer text", None),  # the others stand in rows
        )
        if number or noun != "longer text"
    )
    if answer.ok:
        yield line(
            Words("✓ ", "good"), Words(f"verified: {one_line(answer.what)}{_as_far(answer.signature)}", "strong")
        )
        yield line(f"{compared} compared; nothing was altered, removed or added", indent=1)
    elif not answer.findings:
        yield line(Words("? ", "bad"), Words(f"not proved: {one_line(answer.what)}", "bad"))
        yield line("its words fit together, and nothing shows that they are the words that were recorded", indent=1)
    else:
        number = count(len(answer.findings), "finding")
        yield line(Words("✗ ", "bad"), Words(f"not as recorded: {one_line(answer.what)}", "bad"))
        yield line(f"{compared} compared; {number}", indent=1)
    for finding in answer.findings:
        yield Gap()
        yield line(Words(finding.where, "strong"), f" ({finding.code})")
        if finding.said is not None and finding.found is not None:
            yield line(Words("recorded: ", "quiet"), Words(finding.said, "good"), indent=1)
            yield line(Words("found: ", "quiet"), Words(finding.found, "bad"), indent=1)
        else:
            yield line(finding.message, indent=1)
    yield from _remedies(answer)
    if answer.signature is not None:
        yield from _signed(answer.signature)
    for open_ in answer.unproved:
        yield line(Words("unproved: ", "warn"), open_, indent=1)
    for note in answer.notes:
        yield line(Words("note: ", "quiet"), note, indent=1)
    for witness in answer.witnesses:
        told = Words("held: ", "good") if witness.held else Words("contradicted: ", "bad")
        yield line(told, spelt(witness.head), indent=1, whole=True)
    heads = [answer.head] if answer.head is not None else answer.heads
    for head in heads:
        yield line(Words("head: ", "quiet"), spelt(head), indent=1, whole=True)
    if heads:
        yield line(TAIL, indent=1)


def _as_far(signature: Signature | None) -> str:
    """Where a signature ends before the record does: a verdict must not reach further than its proof."""
    if signature is None or not signature.unsigned:
        return ""
    later = count(signature.unsigned, "later entry", "later entries")
    return f"; signed up to entry {signature.through}, {later} unsigned"


def _signed(signature: Signature) -> Iterator[Block]:
    """Whose signature holds, and how far it reaches."""
    known = signature.trust != "unknown"
    who = (
        f"'{signature.key_name}', {TRUST_WORDS[signature.trust]}"
        if signature.key_name
        else TRUST_WORDS[signature.trust]
    )
    through = "" if signature.through is None else f", through entry {signature.through} of the record"
    yield line(Words("signed by: ", "good" if known else "warn"), f"{who} ({signature.key_id})", indent=1)
    yield line(Words("signed: ", "quiet"), f"checkpoint {signature.number}, made {signature.time}{through}", indent=1)


def _remedies(answer: Verified) -> Iterator[Block]:
    """What to do next, once for each kind of finding."""
    kinds: dict[str, list[str]] = {}
    for finding in answer.findings:
        codes = kinds.setdefault(finding.remedy, [])
        if finding.code not in codes:
            codes.append(finding.code)
    if kinds:
        yield Gap()
    for remedy, codes in kinds.items():
        of = f" ({', '.join(codes)})" if len(kinds) > 1 else ""
        yield line(Words(f"what to do{of}: ", "quiet"), remedy)


def diagnosis(answer: Diagnosis) -> Iterator[Block]:
    """Every check, and what to do about those that failed."""
    yield table(
        ["Check", "Result", "Found"],
        [
            (check.name, Words("ok", "good") if check.ok else Words("not ok", "bad"), check.found)
            for check in answer.checks
        ],
    )
    for check in answer.checks:
        if not check.ok and check.remedy:
            yield line(Words(f"{check.name}: ", "strong"), check.remedy)
    yield line(Words("All is well.", "good") if answer.ok else Words("Something needs you.", "bad"))
