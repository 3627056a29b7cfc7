"""What an import had to assume, left out or could not tell, in the order in which it came up."""

from __future__ import annotations

from collections.abc import Iterable

from hansard.exchange.import_shapes import ImportDiagnostic, Severity
from hansard.exchange.judge_files import Note
from hansard.markers.model import Item


class Telling:
    """Collects diagnostics."""

    def __init__(self, told: Iterable[ImportDiagnostic] = ()) -> None:
        self.told = list(told)

    def __call__(
        self,
        code: str,
        message: str,
        file: str | None = None,
        at: Item | int | None = None,
        *,
        severity: Severity = "warning",
    ) -> None:
        """Tell one thing; ``at`` is a line, or an item of a response with its line and column."""
        line, column = (at.line, at.column) if isinstance(at, Item) else (at, None)
        self.told.append(
            ImportDiagnostic(code=code, message=message, file=file, line=line, column=column, severity=severity)
        )

    def notes(self, file: str, notes: Iterable[Note]) -> None:
        """Tell what the reading of a judge's file noted."""
        for note in notes:
            self(note.code, note.message, file, note.line)
