"""Which tools are offered to whom, and under which names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hansard.app.assembly import all_operations
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import SCOPES, TOOL_SETS, Rooms, Scope
from hansard.surfaces.mcp.tools import DEFAULT_SETS, SIZE_HINT, Offer, named_sets


@pytest.fixture(scope="module")
def table() -> Iterator[Rooms]:
    """All operations."""
    with all_operations() as found:
        yield found


def refusal(offer: Offer, name: str, scope: Scope = "judge") -> HansardError:
    """How a name is refused."""
    with pytest.raises(HansardError) as caught:
        offer.find(name, scope)
    return caught.value


def test_every_operation_is_a_tool(table: Rooms) -> None:
    """With all sets and every right each operation is listed once, in the order of names, with its hints."""
    tools = Offer(table, TOOL_SETS).tools("admin")
    assert [tool.name for tool in tools] == sorted(table)
    for tool in tools:
        mark, hints = table[tool.name].mark, tool.annotations
        assert hints is not None
        assert hints.read_only_hint is not mark.writes
        assert hints.destructive_hint is mark.destructive
        assert hints.idempotent_hint is mark.idempotent
        assert hints.open_world_hint is False
        assert tool.title
        assert tool.description
        assert tool.output_schema


def test_what_changes_the_store_is_no_reading(table: Rooms) -> None:
    """Bringing a store up to date, and whatever else takes a request id, carries no hint that it only reads."""
    assert table["database_migrate"].mark.writes
    for operation in table.values():
        if "request_id" in operation.request.model_fields:
            assert operation.mark.writes


@pytest.mark.parametrize("scope", SCOPES)
def test_a_caller_sees_what_they_may_use(table: Rooms, scope: Scope) -> None:
    """What is listed is what the scope is open to; all can be found, since a refusal says more than a missing tool."""
    offer = Offer(table, TOOL_SETS)
    listed = {tool.name for tool in offer.tools(scope)}
    for name, operation in table.items():
        assert (name in listed) == operation.open_to(scope)
        assert offer.find(name, scope) is operation


def test_sets_are_named() -> None:
    """By commas, all at once, and not at all; an unknown one is refused with the nearest."""
    assert named_sets("record, dialogue,record") == ("record", "dialogue")
    assert set(named_sets("dialogue,all")) == set(TOOL_SETS)
    assert named_sets(" ,") == DEFAULT_SETS
    with pytest.raises(HansardError) as caught:
        named_sets("dialoge")
    assert (caught.value.code, caught.value.suggestion) == ("unknown_tool_set", "Did you mean 'dialogue'?")


def test_the_prefix_renames_dialogue_tools(table: Rooms) -> None:
    """They are listed with it, and answer to it, to their own names and to the specification's."""
    offer = Offer(table, TOOL_SETS, prefix="blue_")
    names = [tool.name for tool in offer.tools("admin")]
    assert "blue_dialogue_create" in names
    assert "verify" in names
    for name in ("blue_dialogue_progress", "dialogue_progress", "blue_get_dialogue_progress", "get_dialogue_progress"):
        assert offer.find(name, "read").name == "dialogue_progress"


@pytest.mark.parametrize("prefix", ["blue ", "blü_", "a/b", "x" * 41, "\n"])
def test_a_prefix_that_no_name_can_have_is_refused(table: Rooms, prefix: str) -> None:
    """Before anything is offered under it."""
    with pytest.raises(HansardError) as caught:
        Offer(table, prefix=prefix)
    assert (caught.value.code, caught.value.field) == ("invalid_field", "prefix")


def test_aliases_answer_and_are_not_listed(table: Rooms) -> None:
    """The specification's other names cost no room."""
    offer = Offer(table)
    assert offer.find("expand_citations", "read").name == "dialogue_expand_citations"
    assert "expand_citations" not in {tool.name for tool in offer.tools("read")}


def test_an_unknown_tool_tells_the_nearest_or_its_set(table: Rooms) -> None:
    """A slip of the pen, and a tool of a set that is not offered."""
    offer = Offer(table)
    assert refusal(offer, "dialogue_crate").suggestion == "Did you mean 'dialogue_create'?"
    elsewhere = refusal(offer, "dialogue_prompts")
    assert elsewhere.code == "unknown_tool"
    assert "'record'" in str(elsewhere.suggestion)
    assert "verify" not in (elsewhere.valid_options or ())


def test_tools_carry_the_size_hint(table: Rooms) -> None:
    """So that a client keeps an answer whole that this server gives; none where there is no limit."""
    assert all(tool.meta == {SIZE_HINT: 5000} for tool in Offer(table, answer_limit=5000).tools("read"))
    assert all(tool.meta is None for tool in Offer(table).tools("read"))
