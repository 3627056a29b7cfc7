"""What a surface is given to work with; ``app`` makes it, so that no surface knows how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # a surface starts without loading a room
    from hansard.database.engine import Database
    from hansard.dialogue.operations import DialogueOperations
    from hansard.kernel.operations import Actor, Call, Caller, Rooms
    from hansard.routing.shapes import RouteAnswered, RouteAsk


LogLevel = Literal["warning", "info", "debug"]

Holder = Callable[[str], "Caller | None"]
"""Tells who calls with a token; ``None`` for a token that opens no door."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Every part of the program, made once over one home."""

    table: Rooms
    """All operations by name."""
    dialogues: DialogueOperations
    actor: Actor
    findings: Callable[[str], int]
    """At how many places a dialogue of the store is not as it was recorded."""
    holder: Holder
    temporary: Callable[[], str]
    """Makes a token for this run alone, with the scope ``judge``."""
    database: Database
    home_met: Path | None
    """The home, where nobody named it: a ``.hansard`` folder met here or above."""
    may_write: Callable[[Path], bool]
    """Whether a caller may have a file written at this path: never over what the home keeps for itself."""
    ready: Ready
    """Sees that the store can be worked on, where the parts were opened without looking at it."""
    ask_model: AskModel
    """``route_ask``, with somebody who is told the answer as it comes."""
    figures: Callable[[], bytes]
    """What Prometheus is told of models, beside what a server counts itself; nothing before one was asked."""


class AskModel(Protocol):
    """Asks a language model."""

    def __call__(self, request: RouteAsk, call: Call, told: Callable[[str], None]) -> RouteAnswered:
        """The answer, its text told piece by piece before.

        Raises:
            HansardError: every refusal of ``route_ask``; ``stream_broken`` where it ended before its time.
        """


class Ready(Protocol):
    """Sees that a store is there and brings it up to date."""

    def __call__(self, *, make: bool) -> None:
        """With ``make``, a store that is missing is made.

        Raises:
            HansardError: ``store_missing``; the store cannot be used.
        """


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
        served_from: Sequence[Path] | None = None,
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
            served_from: the parts work for callers who are not at this terminal: files are read only in the home, in
                these folders and in those that the settings name, and no passphrase is asked for. A person reads
                whatever they may read; that is so when left out.
            log: from which level up the log is written to stderr.

        Raises:
            HansardError: the settings or the store cannot be used; ``store_missing``.
        """
