"""The door of the room: dialogues in from other forms, and out into them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hansard.database.journal import Journal
from hansard.dialogue.operations import DialogueOperations
from hansard.exchange.exporting import Exporting
from hansard.exchange.importing import Importing


class ExchangeOperations(Importing, Exporting):
    """Imports and exports."""

    def __init__(
        self,
        dialogues: DialogueOperations,
        journal: Journal,
        may_write: Callable[[Path], bool],
        may_read: Callable[[Path], bool],
    ) -> None:
        """Operations on the journal's store.

        Args:
            may_write: whether a caller may have a file written at this path.
            may_read: whether a caller may have this path read.
        """
        Importing.__init__(self, dialogues, journal, may_read=may_read)
        Exporting.__init__(self, dialogues, journal, may_write=may_write)
