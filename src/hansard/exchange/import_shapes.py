"""What an import takes and gives back."""

from __future__ import annotations

from typing import Literal

from hansard.dialogue.answers import RoundFigures
from hansard.kernel.shapes import Shape, WriteRequest

Severity = Literal["note", "warning", "error"]


class DialogueImport(WriteRequest):
    """Take a dialogue that was held elsewhere into the record."""

    path: str
    """A dialogue's folder, or a file of a format that an importer reads (docs/formats.md)."""
    as_new: bool = False
    """Where the id is taken by other content, take the next free one (``-2``, ``-3`` …) instead of refusing."""
    map: str | None = None
    """A JSON file that says which tension a row of the judge's tensions.md stands for: ``{"T01": "SCONE-T0001"}``."""


class ImportDiagnostic(Shape):
    """Something that had to be assumed, was left out, or could not be told."""

    code: str
    message: str
    file: str | None = None
    """Name inside the folder."""
    line: int | None = None
    column: int | None = None
    severity: Severity = "warning"


class ClaimBeside(Shape):
    """A figure or status that the judge stated, beside what the record gives (``rules.ClaimCompared``)."""

    round: int | None
    subject: str
    item: str
    claimed: str
    computed: str | None
    """Nothing where the record has nothing to compare with."""
    differs: bool
    source: str | None
    id: str | None = None
    """Display id of the entity whose status is claimed, where that can be told."""


class DialogueImported(Shape):
    """What was read and recorded."""

    status: str = "success"
    dialogue_id: str
    created: bool
    """False where the same content was imported before; then nothing was written."""
    title: str
    rounds: int
    experts: int
    responses: int
    """Responses that say something: an empty one is kept and not counted."""
    entities: dict[str, int]
    """Number of entities by the name of their kind (``perspectives`` …)."""
    links: dict[str, int]
    """Ids in markers: how many were linked, how many could not be told (``linked``, ``unlinked``); for transcripts."""
    verdicts: list[str]
    diagnostics: list[ImportDiagnostic]
    figures: list[RoundFigures]
    claims_compared: list[ClaimBeside]
    files_read: int
    unread_files: list[str]
