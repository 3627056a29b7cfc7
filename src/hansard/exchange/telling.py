"""What an import had to assume, left out or could not tell, in the order in which it came up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from hansard.exchange.import_shapes import ImportDiagnostic, Severity
from hansard.markers.model import Item

LIMIT: Final = 1000
"""Diagnostics of one code that an import tells one by one; a file with more is faulty in one way, not in thousands."""


class Note(NamedTuple):
    """Something about a place of a file that the importer must tell."""

    code: str
    message: str
    line: int | None = None


class Telling:
    """Collects diagnostics."""

    def __init__(self, told: Iterable[ImportDiagnostic] = ()) -> None:
        self._told = list(told)
        self._counts = Counter(entry.code for entry in self._told)

    @property
    def told(self) -> list[ImportDiagnostic]:
        """Everything told so far; of a code told more than ``LIMIT`` times, how many more there were."""
        more = [
            ImportDiagnostic(code="more_diagnostics", message=f"'{code}' came up {count - LIMIT} times more")
            for code, count in self._counts.items()
            if count > LIMIT
        ]
        return self._told + more

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
        self._counts[code] += 1
        if self._counts[code] > LIMIT:
            return
        line, column = (at.line, at.column) if isinstance(at, Item) else (at, None)
        self._told.append(
            ImportDiagnostic(code=code, message=message, file=file, line=line, column=column, severity=severity)
        )

    def notes(self, file: str, notes: Iterable[Note]) -> None:
        """Tell what the reading of a judge's file noted."""
        for note in notes:
            self(note.code, note.message, file, note.line)
