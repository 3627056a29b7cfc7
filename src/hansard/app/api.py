"""``from hansard import Hansard``: the record from Python, typed and synchronous.

    with Hansard() as hansard:
        for dialogue in hansard.dialogue_list().dialogues:
            print(dialogue.title, dialogue.status)

Every operation is a method of the same name (``methods``, made from the table of operations). An instance may be used
from several threads at once; many processes may use one store.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from hansard.app import errors
from hansard.app.assembly import open_parts
from hansard.app.methods import Methods
from hansard.kernel.errors import invalid_field
from hansard.kernel.operations import Actor, Call, Progress, find, no_progress

if TYPE_CHECKING:
    from typing import Self

    from hansard.dialogue.model import Record
    from hansard.surfaces.parts import Parts


class Hansard(Methods):
    """One store and all that can be done with it."""

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        *,
        make: bool = True,
        actor: str | None = None,
        progress: Progress = no_progress,
    ) -> None:
        """Open a home's store; close it again with ``close``, or use the object in a ``with`` block.

        Args:
            home: the folder that holds ``hansard.db`` and ``settings.toml``; found as the command line finds it when
                left out (``HANSARD_HOME``, a ``.hansard/`` folder here or above, the platform's place for data).
            make: make a store where there is none; otherwise ``store_missing`` is raised.
            actor: who acts, as the journal names them; the operating system's user when left out.
            progress: told how far a long operation is: steps done, steps in all (or ``None``), what is being done.

        Raises:
            HansardError: the settings or the store cannot be used.
        """
        if actor is not None and not (isinstance(actor, str) and actor.strip()):
            raise invalid_field("actor", actor, "must be a name", suggestion="Say who acts, or leave 'actor' out")
        self._closed = False
        with contextlib.ExitStack() as stack:
            self._parts = stack.enter_context(open_parts(None if home is None else Path(home), make=make))
            self._call = Call(Actor(actor) if actor is not None else self._parts.actor, progress=progress)
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the store's connections back: nothing can be asked after it. A second call does nothing."""
        self._closed = True
        self._stack.close()

    @property
    def _open(self) -> Parts:
        if self._closed:
            raise errors.already_closed()
        return self._parts

    @property
    def operations(self) -> list[str]:
        """The names of all operations."""
        return list(self._parts.table)

    def call(self, operation: str, request: Mapping[str, Any]) -> Any:
        """Run an operation by its name or alias with a request of plain values or shapes.

        Raises:
            HansardError: every refusal; ``unknown_operation`` for a name that there is not, ``already_closed``.
        """
        entry = find(self._open.table, operation)
        given = {
            name: _plain(value)
            for name, value in request.items()
            if value is not None or name not in entry.request.model_fields
        }
        return entry(given, self._call)

    def dialogue_id(self, text: str) -> str:
        """The dialogue that an id, the unique beginning of one, or ``latest`` stands for.

        Raises:
            HansardError: ``dialogue_not_found``, ``dialogue_ambiguous``.
        """
        return self._open.dialogues.resolve_id(_an_id(text))

    def record(self, dialogue_id: str) -> Record:
        """Everything of one dialogue as typed rows: experts, rounds, entities, events, references, verdicts …

        Raises:
            HansardError: ``dialogue_not_found``.
        """
        return self._open.dialogues.record(_an_id(dialogue_id))


def _an_id(given: object) -> str:
    if not isinstance(given, str):
        raise invalid_field("dialogue_id", given, "must be a text", suggestion="Give a dialogue's id")
    return given


def _plain(value: Any) -> Any:
    """Sequences and mappings of any type as the lists and dicts that shapes take; everything else as it is."""
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
