"""The journal from outside: entries in order, by stream, page by page, without a word of what was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hansard.database.operations import JournalOperations
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import collect
from tests.support.deliberations import CALL, House, small_dialogue, small_round
from tests.support.stores import KINDS, dropped, fresh


@pytest.fixture(params=KINDS)
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """A store with two dialogues, on each kind of database."""
    made = House(fresh(request.param, tmp_path))
    for title in ("Alpha", "Beta"):
        made.run("dialogue_create", small_dialogue(title))
    made.run("dialogue_round_register", small_round("alpha", 0, words="whispered"))
    yield made
    made.close()
    dropped(made.place)


def asked(house: House, name: str, **request: Any) -> Any:
    """An operation's answer."""
    return collect([JournalOperations(house.journal)])[name](request, CALL)


def test_entries_are_told_in_order(house: House) -> None:
    """Position, time, operation, streams with their sequence, how many rows; nothing that was said."""
    told = asked(house, "journal_events")
    assert [event.position for event in told.events] == [1, 2, 3]
    assert [event.operation for event in told.events] == ["dialogue_create"] * 2 + ["dialogue_round_register"]
    assert [(one.stream, one.sequence) for one in told.events[2].streams] == [("dialogue:alpha", 2)]
    assert told.events[2].known_by == "test"
    assert told.events[2].rows["rounds"] == 1
    assert (told.newest, told.next) == (3, None)
    assert "whispered" not in told.model_dump_json()
    assert asked(house, "journal_position").position == 3


def test_entries_are_told_by_stream_and_page(house: House) -> None:
    """Of one dialogue, or of any stream; ``next`` leads on as long as something follows."""
    alpha = asked(house, "journal_events", dialogue_id="alpha")
    assert [event.position for event in alpha.events] == [1, 3]
    assert asked(house, "journal_events", stream="dialogue:beta").events[0].position == 2
    assert asked(house, "journal_events", stream="dialogue:beta", dialogue_id="alpha").events == []
    for field, name in (("dialogue_id", "nobody"), ("stream", "dialogue:nobody")):
        with pytest.raises(HansardError) as caught:
            asked(house, "journal_events", **{field: name})
        assert (caught.value.code, caught.value.field) == ("stream_not_found", field)
    first = asked(house, "journal_events", dialogue_id="alpha", limit=1)
    assert (first.events[0].position, first.next) == (1, 1)
    second = asked(house, "journal_events", dialogue_id="alpha", limit=1, after=first.next)
    assert (second.events[0].position, second.next) == (3, None)
    assert asked(house, "journal_events", after=3).events == []


def test_an_empty_journal_is_at_zero(tmp_path: Path) -> None:
    """Nothing is told, and the position is 0."""
    house = House(fresh("sqlite", tmp_path))
    assert asked(house, "journal_position").position == 0
    assert asked(house, "journal_events").model_dump() == {"events": [], "newest": 0, "next": None}
    house.close()


def test_an_entry_that_was_altered_is_no_event(house: House) -> None:
    """It is told as what it is, by its position."""
    with house.database.writing() as connection:
        connection.exec_driver_sql("UPDATE journal SET body = 'x' WHERE position = 2")
    with pytest.raises(HansardError) as caught:
        asked(house, "journal_events")
    assert (caught.value.kind, caught.value.code) == ("corrupt", "row_altered")
    assert asked(house, "journal_events", dialogue_id="alpha").events[1].position == 3
