"""What went in and what came out: imports and exports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hansard.surfaces.render.blocks import Block, Tone, Words, line, table
from hansard.surfaces.render.errors import error
from hansard.surfaces.render.figures import difference_note, figures
from hansard.surfaces.render.text import count, one_line

if TYPE_CHECKING:
    from hansard.exchange.import_shapes import DialogueImported, ImportDiagnostic
    from hansard.exchange.shapes import DialogueExported
    from hansard.kernel.errors import HansardError

SEVERITIES: dict[str, Tone] = {"note": "quiet", "warning": "warn", "error": "bad"}
_WORST = list(SEVERITIES)
"""The mildest first: what an expert must mend is shown at the head."""


def imported(path: str, answer: DialogueImported, *, whole: bool) -> Iterator[Block]:
    """One import: what was read, what had to be assumed, the figures beside the Judge's claims.

    Args:
        path: as the user gave it.
        answer: the operation's answer.
        whole: every diagnostic instead of their number by code.
    """
    done = "imported" if answer.created else "already in the record, unchanged"
    wrong = sum(one.severity == "error" for one in answer.diagnostics)
    alarm = [f"; {count(wrong, 'error')} in the files, told below"] if wrong else []
    yield line(Words("✓ ", "good"), Words(one_line(path), "strong"), f": {done}", *(Words(one, "bad") for one in alarm))
    yield line(f"id: {answer.dialogue_id}", indent=1)
    kinds = [f"{number} {_kind(kind, number)}" for kind, number in answer.entities.items() if number]
    parts = [
        count(answer.rounds, "round"),
        count(answer.experts, "expert"),
        count(answer.responses, "response"),
        *kinds,
        count(len(answer.verdicts), "verdict"),
    ]
    yield line(", ".join(parts), indent=1)
    links = answer.links
    if links.get("linked") or links.get("unlinked"):
        told = f"{count(links.get('linked', 0), 'marker')} linked to what they name"
        if links.get("unlinked"):
            told += f", {links['unlinked']} kept without a link"
        yield line(told, indent=1)
    if answer.unread_files:
        yield line(f"not read: {', '.join(answer.unread_files)}", indent=1)
    if answer.diagnostics:
        yield line(f"{count(len(answer.diagnostics), 'diagnostic')}{'' if whole else ' (-v shows each)'}:", indent=1)
        yield _every(answer.diagnostics) if whole else _grouped(answer.diagnostics)
    if answer.figures:
        claims = [claim.model_dump() for claim in answer.claims_compared]
        yield figures(answer.figures, claims)
        yield from difference_note(claims)


def _kind(kind: str, number: int) -> str:
    return kind if number != 1 or kind == "evidence" else kind.removesuffix("s")


def _grouped(diagnostics: list[ImportDiagnostic]) -> Block:
    numbers = Counter((one.severity, one.code) for one in diagnostics)
    first = {one.code: one for one in reversed(diagnostics)}
    return table(
        ["Severity", ">Number", "Code", "The first of them"],
        [
            (
                _severity(severity),
                str(number),
                code,
                f"{_where(first[code])} {first[code].message}",
            )
            for (severity, code), number in sorted(
                numbers.items(), key=lambda item: (-_WORST.index(item[0][0]), -item[1], item[0])
            )
        ],
    )


def _every(diagnostics: list[ImportDiagnostic]) -> Block:
    return table(
        ["Severity", "Where", "Code", "What"],
        [
            (_severity(one.severity), _where(one), one.code, one.message)
            for one in sorted(diagnostics, key=lambda one: -_WORST.index(one.severity))
        ],
    )


def _severity(word: str) -> Words:
    return Words(word, SEVERITIES.get(word, ""))


def _where(one: ImportDiagnostic) -> str:
    places = [str(part) for part in (one.file, one.line, one.column) if part is not None]
    return ":".join(places) or "–"


def not_imported(path: str, fault: HansardError) -> Iterator[Block]:
    """An import that failed; the others go on."""
    yield line(Words("✗ ", "bad"), Words(one_line(path), "strong"), ": not imported")
    yield from error(fault, speaker="", indent=1)


def skipped(path: str) -> Iterator[Block]:
    """A path beside others that is no dialogue; the others go on."""
    yield line(
        Words("– ", "quiet"),
        Words(one_line(path), "strong"),
        ": skipped, nothing in it that an importer knows",
    )


def exported(answer: DialogueExported, *, whole: bool = False) -> Iterator[Block]:
    """Where an export lies, what it holds, and what it warns of.

    Args:
        whole: every warning instead of their number.
    """
    yield line(Words("✓ ", "good"), f"written to {answer.path}")
    if answer.rows is not None:
        held = [f"{number} {table.replace('_', ' ')}" for table, number in answer.rows.items() if number]
        yield line(f"rows: {', '.join(held) or 'none'}", indent=1)
    yield from warned(answer, whole=whole)


def warned(answer: DialogueExported, *, whole: bool = False) -> Iterator[Block]:
    """What an export warns of; nothing where all is well."""
    if not answer.warnings:
        return
    told = f"{count(len(answer.warnings), 'thing')} that a reader of the record should know"
    if not whole:
        yield line(f"{told}; -v shows each, dialogue.json has them under 'warnings'", indent=1)
        return
    yield line(f"{told}:", indent=1)
    yield from (line(f"- {one_line(warning.message)}", indent=1) for warning in answer.warnings)
