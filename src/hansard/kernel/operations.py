"""Operations: what the program can do, defined in one place for all its doors.

A method with the mark is an operation: its request and answer shapes say what goes in and out, the first line of its
docstring what it does. A surface is a loop over ``collect``'s table. Every operation has the same form::

    @operation(writes=True)
    def dialogue_create(self, request: DialogueCreate, call: Call) -> DialogueCreated:
        '''Start a dialogue.'''
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeVar, get_args, get_type_hints

from hansard.kernel import errors
from hansard.kernel.shapes import Shape, shaped

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "__hansard_operation__"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls, and how that is known."""

    name: str
    known_by: Literal["os_user", "token", "key", "import", "test"] = "os_user"


class Progress(Protocol):
    """Told how far a long operation is; may raise to stop it when the caller asked to."""

    def __call__(self, done: int, total: int | None, what: str) -> None:
        """``done`` of ``total`` (``None`` when not known) steps; ``what`` is being done now."""


def no_progress(done: int, total: int | None, what: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Call:
    """What comes with a request: the actor, an open transaction to join, somebody who watches progress."""

    actor: Actor
    transaction: Any = None
    progress: Progress = no_progress

    def within(self, transaction: object) -> Call:
        """The same call inside an open transaction."""
        return replace(self, transaction=transaction)


Scope = Literal["read", "judge", "admin"]
"""What a caller from outside may do: read the record; lead dialogues too; keep the store too. Each holds the former."""

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)


class Caller(NamedTuple):
    """Who calls from outside, and how far they may go."""

    actor: Actor
    scope: Scope


ToolSet = Literal["dialogue", "record", "calibration", "proof", "memory", "routing"]
"""Tools that an assistant is offered together: to lead a dialogue; what else there is to a record; the rules that
dialogues are held to; the proof of it all; the log of windows and model calls; language models to ask."""

TOOL_SETS: Final[tuple[ToolSet, ...]] = get_args(ToolSet)


@dataclass(frozen=True, slots=True)
class Mark:
    """What the decorator notes beside a method (see ``operation``)."""

    writes: bool
    store: bool
    path: str | None
    aliases: tuple[str, ...]
    tools: ToolSet
    scope: Scope
    idempotent: bool
    destructive: bool
    resource: str | None
    shorter: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry of the table: everything a surface needs to offer an operation."""

    name: str
    summary: str
    description: str
    request: type[Shape]
    answer: type[Shape]
    mark: Mark
    run: Callable[[Any, Call], Any] = field(repr=False)

    @property
    def title(self) -> str:
        """The name as people read it (``Dialogue: round register``)."""
        subject, _, verb = self.name.partition("_")
        return f"{subject.capitalize()}: {verb.replace('_', ' ')}" if verb else subject.capitalize()

    def open_to(self, scope: Scope) -> bool:
        """Whether somebody with this scope may call it."""
        return SCOPES.index(self.mark.scope) <= SCOPES.index(scope)

    def __call__(self, payload: object, call: Call) -> Any:
        """Check the payload's shape and run. Raises ``HansardError`` for every refusal."""
        return self.run(shaped(self.request, payload), call)


def operation(
    *,
    writes: bool = False,
    store: bool = True,
    path: str | None = None,
    aliases: tuple[str, ...] = (),
    tools: ToolSet = "record",
    scope: Scope | None = None,
    idempotent: bool = False,
    destructive: bool = False,
    resource: str | None = None,
    shorter: str | None = None,
) -> Callable[[F], F]:
    """Mark a method as an operation.

    Args:
        writes: it changes the store (HTTP ``POST``); otherwise it only reads (``GET``).
        store: it needs a store that is there and in order; otherwise it looks at whatever is in the home.
        path: the resource path of a read (``/dialogues/{dialogue_id}``).
        aliases: other names the specification gives it.
        tools: the set of tools it belongs to: an assistant is offered the sets that were asked for.
        scope: what a caller from outside needs; ``read`` for what reads and ``judge`` for what writes, where left out.
        idempotent: done twice it does no more than once (reads always).
        destructive: it takes something away that cannot be had back.
        resource: the path of a document that assistants read by its address (``/dialogues/{dialogue_id}/minutes``).
        shorter: how a caller gets a shorter answer, where one can be too long for some; a sentence without its stop.
    """
    needed: Scope = scope or ("judge" if writes else "read")

    def note(method: F) -> F:
        mark = Mark(
            writes, store, path, aliases, tools, needed, idempotent or not writes, destructive, resource, shorter
        )
        setattr(method, _MARK, mark)
        return method

    return note


def collect(rooms: Iterable[object]) -> dict[str, Operation]:
    """The table of operations that these objects offer, by name, in order of name."""
    return _joined({}, rooms)


def _joined(table: Mapping[str, Operation], rooms: Iterable[object]) -> dict[str, Operation]:
    table = {**table}
    for room in rooms:
        for name, method in inspect.getmembers(room, inspect.ismethod):
            mark = getattr(method, _MARK, None)
            if mark is None:
                continue
            if name in table:
                raise ValueError(f"two rooms offer an operation '{name}'")
            hints = get_type_hints(method.__func__)
            description = inspect.cleandoc(method.__doc__ or "")
            table[name] = Operation(
                name=name,
                summary=description.partition("\n")[0],
                description=description,
                request=hints["request"],
                answer=hints["return"],
                mark=mark,
                run=method,
            )
    names = [*table, *(alias for entry in table.values() for alias in entry.mark.aliases)]
    if len(set(names)) != len(names):
        raise ValueError(f"an alias is the name of another operation: {sorted(names)}")
    return dict(sorted(table.items()))


class Room(NamedTuple):
    """A room that is not opened yet."""

    sets: tuple[ToolSet, ...]
    """The sets of tools that its operations belong to."""
    open: Callable[[], Iterable[object]]
    """Gives the objects whose methods are operations (``collect``)."""


class Rooms(Mapping[str, Operation]):
    """The table of operations of several rooms, each opened when an operation is looked for that no earlier one has.

    To open a room takes up to half a second, most of it for libraries and shapes; most commands need one operation.
    """

    def __init__(self, *rooms: Room) -> None:
        """Rooms, the most wanted first."""
        self._closed = list(rooms)
        self._table: dict[str, Operation] = {}
        self._lock = threading.RLock()

    def in_sets(self, sets: Collection[str]) -> list[Operation]:
        """The operations of these sets of tools, in order of name; no room is opened that has none."""
        with self._lock:
            for room in [room for room in self._closed if not set(room.sets).isdisjoint(sets)]:
                self._enter(room)
        return [one for one in self._table.values() if one.mark.tools in sets]

    def opened(self, name: str) -> Operation | None:
        """The operation of this name in the rooms that are open already; none is opened to look for it."""
        return self._table.get(name)

    def _open(self, wanted: str | None = None) -> None:
        with self._lock:
            while self._closed and (wanted is None or wanted not in self._table):
                self._enter(self._closed[0])

    def _enter(self, room: Room) -> None:
        table = _joined(self._table, room.open())
        for name in table.keys() - self._table.keys():
            if table[name].mark.tools not in room.sets:
                raise ValueError(f"'{name}' is in no set of its room {room.sets}")
        self._table = table
        self._closed.remove(room)

    def __getitem__(self, name: str) -> Operation:
        if name not in self._table:
            self._open(name)
        return self._table[name]

    def __iter__(self) -> Iterator[str]:
        self._open()
        return iter(self._table)

    def __len__(self) -> int:
        self._open()
        return len(self._table)


def with_whole_id(operation: Operation, request: Shape, whole: Callable[[str], str]) -> Shape:
    """A request with the id of the dialogue that it names, where a read names one that must be there: the beginning of
    an id or ``latest`` may stand for it. A write wants the whole id.

    Args:
        whole: the dialogue that a text stands for (``resolve_id``).
    """
    named = getattr(request, "dialogue_id", None)
    if operation.mark.writes or not operation.mark.store or named is None:
        return request
    found = whole(named)
    return request if found == named else request.model_copy(update={"dialogue_id": found})


def find(table: Mapping[str, Operation], name: str) -> Operation:
    """The operation of this name or alias.

    Raises:
        HansardError: ``unknown_operation``, with the nearest name.
    """
    if name in table:
        return table[name]
    for candidate in table.values():
        if name in candidate.mark.aliases:
            return candidate
    raise errors.unknown_operation(name, table)
