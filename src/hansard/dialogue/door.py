"""What every door of the room needs: the store, a dialogue by its id, its folder, its status."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn, TypeVar

import msgspec

from hansard.database.journal import Entry, Journal
from hansard.dialogue import answers, errors, store
from hansard.dialogue.model import Dialogue, Record
from hansard.dialogue.rules.verdict import gate_now
from hansard.kernel.clock import normal_timestamp
from hansard.kernel.errors import HansardError, batch_validation_failed, invalid_field, path_outside
from hansard.kernel.files import is_there, lies_in
from hansard.kernel.ids import LATEST
from hansard.kernel.shapes import unstorable
from hansard.memory import FOLDER

READ_FROM: Final = (
    "the dialogue's folder, the home (HANSARD_HOME) with its 'read_folders', and the folder that 'hansard mcp' was "
    "started in"
)

EVERY = 10**9
"""A limit that nothing reaches."""


D = TypeVar("D", bound="Door")


class Door:
    """Operations on the journal's store; the classes above it offer them."""

    def __init__(
        self,
        journal: Journal,
        home: Path,
        *,
        may_write: Callable[[Path], bool] | None = None,
        may_read: Callable[[Path], bool] | None = None,
    ) -> None:
        """Operations on the journal's store.

        Args:
            home: the folder below which dialogues keep their files.
            may_write: whether a caller may name this folder for a dialogue's files; below ``home`` by default.
            may_read: whether a caller may name this file as a response; below ``home`` by default. A dialogue's own
                folder may be read in any case.
        """
        self._journal = journal
        self._home = home
        self._may_write = may_write or (lambda path: lies_in(path, home))
        self._may_read = may_read or (lambda path: lies_in(path, home))

    def beside(self, kind: type[D]) -> D:
        """Another door to the same store and folders."""
        return kind(self._journal, self._home, may_write=self._may_write, may_read=self._may_read)

    # ------------------------------------------------------------------ for other rooms

    def every_id(self, connection: store.Connection) -> list[str]:
        """The ids of all dialogues, in order."""
        return store.matching_ids(connection, "", limit=EVERY)

    def record(self, dialogue_id: str, connection: store.Connection | None = None, *, verbatim: bool = True) -> Record:
        """Everything of one dialogue; what was said word for word and the judge's files only where ``verbatim``.

        Raises:
            HansardError: ``dialogue_not_found``.
        """
        with contextlib.ExitStack() as stack:
            if connection is None:
                connection = stack.enter_context(self._journal.database.reading())
            found = store.read_record(connection, dialogue_id, verbatim=verbatim)
            if found is None:
                raise errors.dialogue_not_found(dialogue_id, store.all_ids(connection))
            return found

    def find(self, dialogue_id: str, connection: store.Connection) -> Record | None:
        """Everything of one dialogue; ``None`` where there is none of this id."""
        return store.read_record(connection, dialogue_id)

    def head(self, dialogue_id: str, connection: store.Connection | None = None) -> answers.Head:
        """Where a dialogue's chain stands."""
        with contextlib.ExitStack() as stack:
            if connection is None:
                connection = stack.enter_context(self._journal.database.reading())
            return store.head(connection, dialogue_id)

    def resolve_id(self, text: str) -> str:
        """The dialogue that an id, the unique beginning of one, or ``latest`` stands for.

        Raises:
            HansardError: ``dialogue_not_found``, ``dialogue_ambiguous``.
        """
        with self._journal.database.reading() as connection:
            if text == LATEST:
                latest = store.latest_id(connection)
                if latest is None:
                    raise errors.dialogue_not_found(text, [])
                return latest
            found = store.matching_ids(connection, text) if not any(unstorable(text)) else []
            if text in found:
                return text
            if len(found) == 1:
                return found[0]
            if found:
                raise errors.dialogue_ambiguous(text, found)
            known = store.all_ids(connection)
            raise errors.dialogue_not_found(text, [*known, LATEST] if known else [])

    def folder(self, dialogue: Dialogue) -> Path:
        """Where a dialogue keeps its files (``folder_in``)."""
        return folder_in(self._home, dialogue.dialogue_id, dialogue.output_dir)

    @property
    def memory(self) -> Path:
        """Where the home keeps its memory."""
        return self._home / FOLDER

    def writable_folder(self, dialogue: Dialogue) -> Path:
        """A dialogue's folder, where settings still allow to write there.

        Raises:
            HansardError: ``path_outside``.
        """
        folder = self.folder(dialogue)
        if not self.may_keep(dialogue):
            raise path_outside(folder.name, "the folders that settings allow")
        return folder

    def may_keep(self, dialogue: Dialogue) -> bool:
        """Whether files may be written into a dialogue's folder, and so removed from it."""
        folder = self.folder(dialogue)
        return misplaced(self._home, folder, dialogue.dialogue_id) is None and self._may_write(folder)

    def folders_of_others(self, connection: store.Connection, dialogue_id: str) -> Iterator[tuple[str, Path]]:
        """The dialogues that were given a folder of their own, but for this one; each with that folder, links followed.

        Dialogues that were given none keep their files in ``dialogues`` in the home, each below its id.
        """
        bases: dict[str, Path] = {}  # few, however many dialogues there are
        for other, output_dir in store.own_folders(connection):
            if other != dialogue_id:
                if output_dir not in bases:
                    bases[output_dir] = (self._home / output_dir).resolve()
                base = bases[output_dir]
                yield other, base if Path(output_dir).name == other else base / other

    # ------------------------------------------------------------------ within

    def _dialogue(self, connection: store.Connection, dialogue_id: str) -> Dialogue:
        found = store.read_dialogue(connection, dialogue_id)
        if found is None:
            raise errors.dialogue_not_found(dialogue_id, store.all_ids(connection))
        return found

    def _given(self, dialogue: Dialogue, name: str) -> Path:
        """The file that a caller names: absolute, or from the dialogue's folder, or, where nothing is there, from the
        folder that the program was started in.

        Raises:
            HansardError: ``path_outside``.
        """
        folder = self.folder(dialogue)
        path = folder / name
        if not is_there(path) and self._may_read(Path(name).absolute()):
            path = Path(name)
        if not self._may_read(path) and not lies_in(path, folder):
            raise path_outside(name, READ_FROM)
        return path

    def _open(self, connection: store.Connection, dialogue_id: str) -> Dialogue:
        dialogue = self._dialogue(connection, dialogue_id)
        if dialogue.closed:
            raise errors.dialogue_closed(dialogue_id, dialogue.status)
        return dialogue

    def _settle_status(self, entry: Entry, dialogue: Dialogue, completed: int) -> str:
        """Write the status that a dialogue has now: ``converging`` exactly while the last round meets the gate.

        ``dialogue`` is as the rules left it; what is concluded stays so, and what was reopened since its last round
        is open.
        """
        if not dialogue.closed:
            met = False
            if completed and store.reopened_after(entry.connection, dialogue.dialogue_id) != completed:
                state = store.read_verdict_state(entry.connection, dialogue, completed - 1, completed, ())
                met = gate_now(state).met
            dialogue = msgspec.structs.replace(dialogue, status="converging" if met else "open")
        if dialogue != store.read_dialogue(entry.connection, dialogue.dialogue_id):
            store.update(entry, [dialogue])
        return dialogue.status


def folder_in(home: Path, dialogue_id: str, output_dir: str | None) -> Path:
    """Where a dialogue of a home keeps its files: prompts, contexts, responses, exhibits, exports.

    Its last part is always the dialogue's id, so that no two dialogues of a store share a folder, whatever
    ``output_dir`` they were given. A relative one lies below the home.
    """
    if output_dir is None:
        return home / "dialogues" / dialogue_id
    named = home / output_dir
    return named if named.name == dialogue_id else named / dialogue_id


def misplaced(home: Path, folder: Path, dialogue_id: str) -> str | None:
    """Why a dialogue may not keep its files in a folder: what is erased, copied or written there is not its own alone.

    Args:
        home: the home of its store.
        folder: the folder, as ``folder_in`` tells it; links are followed.
        dialogue_id: the dialogue.
    """
    try:
        target, top = folder.resolve(), home.resolve()
        shared = (home / "dialogues").resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links
        return "it is no path that a folder can have"
    for keys in (top / "keys", (home / "keys").resolve()):
        if target.is_relative_to(keys) or keys.is_relative_to(target):
            return "the home keeps its keys there"
    if top.is_relative_to(target) or shared.is_relative_to(target):
        return "the files of other dialogues lie in it"
    if target.is_relative_to(shared) and target != shared / dialogue_id:
        return "it lies among the files of other dialogues"
    return None


def time_of(dialogue: Dialogue, entry: Entry, at: str | None, *, unless_told: str | None = None) -> str:
    """When a request's rows came to be: now; in an imported dialogue when the request says, else when it was held.

    Args:
        unless_told: the time in an imported dialogue when the request does not say it; when it was held by default.
    """
    if not dialogue.imported:
        if at is not None:
            raise imported_only("at", at)
        return entry.time
    return normal_timestamp(at, "at") if at is not None else unless_told or dialogue.created_at


def imported_only(field: str, value: object) -> HansardError:
    """A field that an imported dialogue alone may have."""
    return invalid_field(field, value, "is taken for imported dialogues only", suggestion="Leave it out")


def raise_faults(faults: list[HansardError], item_type: str, source_id: str) -> None:
    """Refuse for these faults, if there are any."""
    if faults:
        refuse(faults, item_type, source_id)


def refuse(faults: list[HansardError], item_type: str, source_id: str) -> NoReturn:
    """Raise one fault as itself, several as a batch of which each says what it concerns."""
    if len(faults) == 1:
        raise faults[0]
    raise batch_validation_failed([fault.of(item_type, source_id=source_id) for fault in faults])
