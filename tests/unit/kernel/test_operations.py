"""Operations: a mark, a table, a door."""

from __future__ import annotations

from typing import Any

import pytest

from hansard.kernel import operations
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call, Rooms, ToolSet, collect, find, no_progress, operation
from hansard.kernel.shapes import Shape

CALL = Call(Actor("tester", "test"))


class Ask(Shape):
    """A question."""

    words: str


class Told(Shape):
    """An answer."""

    words: str
    by: str


class Room:
    """Offers two operations and a method that is none."""

    @operation(path="/echo/{words}", aliases=("repeat",))
    def echo(self, request: Ask, call: Call) -> Told:
        """Say it again.

        Word for word.
        """
        return Told(words=request.words, by=call.actor.name)

    @operation(writes=True, store=False)
    def burn(self, request: Ask, call: Call) -> Told:
        """Forget it."""
        return Told(words="", by=call.actor.name)

    def hidden(self, request: Ask, call: Call) -> Told:
        """Not offered."""
        return Told(words="", by="")


def test_the_table_tells_all_of_an_operation() -> None:
    """Marked methods stand in the table by name, with shapes, summary, description and mark; others do not."""
    table = collect([Room()])
    assert list(table) == ["burn", "echo"]
    echo, burn = table["echo"], table["burn"]
    assert (echo.summary, echo.description) == ("Say it again.", "Say it again.\n\nWord for word.")
    assert (echo.request, echo.answer) == (Ask, Told)
    assert (echo.mark.writes, echo.mark.store, echo.mark.aliases) == (False, True, ("repeat",))
    assert echo.mark.path == "/echo/{words}"
    assert (burn.mark.writes, burn.mark.store, burn.mark.path) == (True, False, None)


def test_an_operation_takes_plain_data_or_its_shape() -> None:
    """A payload is checked on its way in; a request that has its shape already goes in as it is."""
    echo = collect([Room()])["echo"]
    assert echo({"words": "so"}, CALL) == echo(Ask(words="so"), CALL) == Told(words="so", by="tester")


@pytest.mark.parametrize(
    ("payload", "code"),
    [({}, "missing_field"), ({"words": 3}, "invalid_field"), ({"words": "", "x": 1}, "unknown_field"),
     ("words", "invalid_field"), (None, "invalid_field"), ([], "invalid_field")],
)  # fmt: skip
def test_a_payload_of_another_shape_is_refused(payload: Any, code: str) -> None:
    """What is not of the request's shape never reaches the operation."""
    with pytest.raises(HansardError) as caught:
        collect([Room()])["echo"](payload, CALL)
    assert caught.value.code == code


def test_an_operation_is_found_by_name_or_alias() -> None:
    """The specification's other names lead to the operation; an unknown one is refused with the nearest."""
    table = collect([Room()])
    assert find(table, "repeat") is find(table, "echo") is table["echo"]
    with pytest.raises(HansardError) as caught:
        find(table, "ecco")
    assert caught.value.code == "unknown_operation"
    assert caught.value.suggestion == "Did you mean 'echo'?"
    assert caught.value.valid_options == ["burn", "echo"]


def test_no_two_operations_share_a_name() -> None:
    """Two rooms that offer one name, or an alias that is another's name, are a mistake that is told at once."""

    class Other:
        @operation(aliases=("burn",))
        def ashes(self, request: Ask, call: Call) -> Told:
            """Another."""
            return Told(words="", by="")

    with pytest.raises(ValueError, match="two rooms offer an operation 'burn'"):
        collect([Room(), Room()])
    with pytest.raises(ValueError, match="an alias is the name"):
        collect([Room(), Other()])


def test_a_call_joins_a_transaction_and_stays_the_caller_s() -> None:
    """Joining gives another call of the same actor and watcher; the first is unchanged."""
    joined = CALL.within("transaction")
    assert (joined.actor, joined.transaction, joined.progress) == (CALL.actor, "transaction", no_progress)
    assert CALL.transaction is None


def test_rooms_are_opened_when_something_of_theirs_is_wanted() -> None:
    """A look at an early room's operation opens no later one; a look at all opens all; an unknown name finds none."""
    opened: list[str] = []
    rooms = Rooms(_room("first", opened, "record"), _room("second", opened, "proof"))
    assert opened == []
    assert rooms["first_ask"].name == "first_ask"
    assert opened == ["first"]
    assert "nothing" not in rooms
    assert list(rooms) == ["first_ask", "second_ask"]
    assert opened == ["first", "second"]
    assert len(rooms) == 2


def test_a_set_opens_the_rooms_that_have_it_alone() -> None:
    """A later room is opened without an earlier one, once; a room that holds other sets than it says is a mistake."""
    opened: list[str] = []
    rooms = Rooms(_room("first", opened, "record"), _room("second", opened, "proof"))
    assert [one.name for one in rooms.in_sets(["proof"])] == ["second_ask"]
    assert [one.name for one in rooms.in_sets(["proof", "dialogue"])] == ["second_ask"]
    assert opened == ["second"]
    assert [one.name for one in rooms.in_sets(["proof", "record"])] == ["first_ask", "second_ask"]
    assert opened == ["second", "first"]
    with pytest.raises(ValueError, match="'third_ask' is in no set of its room"):
        Rooms(_room("third", opened, "record")._replace(sets=("proof",))).in_sets(["proof"])


def _room(name: str, opened: list[str], tools: ToolSet) -> operations.Room:
    def made() -> list[object]:
        opened.append(name)
        return [type("Desk", (), {f"{name}_ask": operation(tools=tools)(_ask)})()]

    return operations.Room((tools,), made)


def _ask(self: object, request: Shape, call: Call) -> Shape:
    """Ask."""
    return Shape()
