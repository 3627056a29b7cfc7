"""The database that holds the record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hansard.surfaces.render.blocks import Block, Gap, Words, fields, line
from hansard.surfaces.render.text import count, figure, one_line

if TYPE_CHECKING:
    from hansard.custody.backups import Copied
    from hansard.custody.databases import DatabaseState, Migrated


def state(answer: DatabaseState) -> Iterator[Block]:
    """Which database it is, and how much is in it."""
    yield line(Words(answer.kind, "strong"), f" {one_line(answer.location)}")
    if answer.revision is None:
        yield line("no store is made there yet; the first write makes it", indent=1)
        return
    if answer.pending:
        steps = ", ".join(answer.pending)
        yield line(f"schema {answer.revision}; to be brought to {answer.program_revision} (by {steps})", indent=1)
    else:
        yield line(f"schema {answer.revision}, as this program knows it", indent=1)
    if answer.size_bytes is not None:
        yield line(f"{answer.size_bytes / 1024**2:,.1f} MiB", indent=1)
    if answer.dialogues is not None and answer.entries is not None:
        held = f"{count(answer.dialogues, 'dialogue')}, {count(answer.entries, 'journal entry', 'journal entries')}"
        yield line(held, indent=1)


def migrated(answer: Migrated, *, sql: bool = False) -> Iterator[Block]:
    """What was done to the schema, or would be.

    Args:
        sql: with the statements themselves.
    """
    before = answer.before or "no store"
    if not answer.revisions:
        yield line(Words("✓ ", "good"), f"the store has schema {answer.after} already; nothing to do")
        return
    steps = ", ".join(answer.revisions)
    if not answer.dry_run:
        yield line(Words("✓ ", "good"), f"brought from {before} to {answer.after} (by {steps})")
        return
    yield line(f"would be brought from {before} to {answer.after} (by {steps}); nothing was done")
    yield fields(
        ("Statements", figure(answer.statement_count or 0)),
        ("New tables", ", ".join(answer.creates)),
        ("New columns in", ", ".join(answer.alters)),
    )
    if sql:
        for statement in (answer.statements or "").splitlines():
            yield line(one_line(statement) if statement.strip() else "", indent=1)
    else:
        yield line("'hansard database migrate --sql' shows the statements")
    if answer.before is not None:
        yield Gap()
        yield line("to copy the store before: ", Words(one_line(answer.copy_hint), "strong"))


def copied(answer: Copied) -> Iterator[Block]:
    """A home that was copied."""
    if answer.findings:
        told = f"copied, but not all of the memory is as it was written: {one_line(answer.path)}"
        yield line(Words("⚠ ", "warn"), Words(told, "strong"))
    else:
        yield line(Words("✓ ", "good"), Words(f"copied and verified: {one_line(answer.path)}", "strong"))
    held = f"{count(answer.entries, 'journal entry', 'journal entries')}, {count(answer.files, 'file')}"
    if answer.records is not None:
        held += f", {count(answer.records, 'record')} of the memory"
    yield line(f"{held}, {answer.bytes / 1024**2:,.1f} MiB{', keys' if answer.keys else ''}", indent=1)
    for finding in answer.findings:
        yield line(Words("finding: ", "warn"), one_line(finding), indent=1)
    for note in answer.notes:
        yield line(Words("note: ", "quiet"), note, indent=1)
