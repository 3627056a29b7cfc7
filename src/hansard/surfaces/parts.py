"""What a surface is given to work with; ``app`` makes it, so that no surface knows how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # a surface starts without loading a room
    from hansard.database.engine import Database
    from hansard.dialogue.operations import DialogueOperations
    from hansard.kernel.operations import Actor, Operation


LogLevel = Literal["warning", "info", "debug"]


@dataclass(frozen=True, slots=True)
class Parts:
    """Every part of the program, made once over one home."""

    table: Mapping[str, Operation]
    """All operations by name."""
    dialogues: DialogueOperations
    actor: Actor
    findings: Callable[[str], int]
    """At how many places a dialogue of the store is not as it was recorded."""
    database: Database
    home_met: Path | None
    """The home, where nobody named it: a ``.hansard`` folder met here or above."""


class Opener(Protocol):
    """Makes the parts, and gives back what they hold when the block ends."""

    def __call__(
        self,
        home: Path | None = None,
        *,
        store: bool = True,
        make: bool = False,
        anywhere: bool = False,
        own: bool = False,
        log: LogLevel = "warning",
    ) -> AbstractContextManager[Parts]:
        """Open the parts.

        Args:
            home: the folder to work in; the user's own when left out.
            store: the store must be there, and is brought up to date before anything else. Without it nothing is
                touched until an operation does, so that a missing or broken store can be looked at.
            make: where there is no store, make one; only what writes asks for it.
            anywhere: files may be written wherever the user may; otherwise only in the home and in the folders that
                the settings name.
            own: the store is the home's own file, whatever database the settings name: for a home made for a while.
            log: from which level up the log is written to stderr.

        Raises:
            HansardError: the settings or the store cannot be used; ``store_missing``.
        """
