"""A dialogue's own life: given up, taken up again, concluded anew, tagged; each step on record, and kept in a copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hansard.dialogue.rules import standing_final
from hansard.exchange.document import document_from_record
from hansard.exchange.operations import ExchangeOperations
from hansard.exchange.restoring import record_differences
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import collect
from tests.unit.dialogue.kit import JUDGE, Room, converging, entity, everybody, step, verdict

ENTITY = {"perspectives": [entity("MUFFIN-P0001")], "tensions": [entity("SCONE-T0001")]}


def steps(room: Room, dialogue: str) -> list[tuple[str, list[str], str | None]]:
    """Type, actors and reason of each step."""
    return [(one.type, one.actors, one.reason) for one in room.record(dialogue).dialogue_events]


def test_an_abandoned_dialogue_takes_nothing_but_its_reopening(room: Room) -> None:
    """Neither rounds nor panels, experts, verdicts or updates; what was said stays and can be read."""
    dialogue = room.create()
    room.register(dialogue, 0, **ENTITY)
    answer = room.call("abandon", dialogue_id=dialogue, reason="The money is gone.")
    assert (answer.dialogue_status, answer.event.type, answer.event.by) == ("abandoned", "abandoned", ["judge"])
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("round_register", {"round": 1, "score": 0}),
        ("evolve_panel", {"round": 1, "panel": [{"expert_slug": "muffin"}]}),
        ("expert_create", {"expert_slug": "palmier", "role": "r", "reason": "A gap."}),
        ("verdict_register", verdict(dialogue, 0, verdict_type="interim")),
        ("update_status", {"updates": [step("T0001", "commented")]}),
        ("abandon", {"reason": "Again."}),
    ]
    for name, payload in attempts:
        fault = room.fault(name, **{"dialogue_id": dialogue, **payload})
        assert (fault.code, fault.field) == ("dialogue_closed", "dialogue_id"), name
        assert "dialogue_reopen" in str(fault.suggestion)
    assert room.call("progress", dialogue_id=dialogue).status == "abandoned"
    assert room.call("get", dialogue_id=dialogue).dialogue["perspectives"]
    reopened = room.call("reopen", dialogue_id=dialogue, reason="A donor came.", by=["user"])
    assert reopened.dialogue_status == "open"
    room.register(dialogue, 1)
    assert steps(room, dialogue) == [
        ("abandoned", ["judge"], "The money is gone."),
        ("reopened", ["user"], "A donor came."),
    ]
    assert room.findings() == []


def test_a_reopened_verdict_stands_until_it_is_superseded(room: Room) -> None:
    """It stays on record; the next final verdict must name it; the dialogue is open until its next round."""
    dialogue = room.create()
    room.register(dialogue, 0, moves=converging())
    room.conclude(dialogue, 0)
    answer = room.call("reopen", dialogue_id=dialogue, reason="The law has changed.", by=["user"])
    assert answer.dialogue_status == "open"
    assert answer.event.detail["status_before"] == "converged"
    record = room.record(dialogue)
    assert record.dialogue.converged_at is None
    assert (standing_final(record.verdicts) or record).verdict_id == "final"  # type: ignore[union-attr]
    assert room.call("progress", dialogue_id=dialogue).gate.met is True
    for wrong in ({}, {"supersedes": "final-2"}):
        fault = room.fault("verdict_register", **verdict(dialogue, 0, verdict_id="second"), **wrong)
        assert fault.code == ("verdict_not_found" if wrong else "final_verdict_stands")
    assert room.register(dialogue, 1, moves=converging()).dialogue_status == "converging"
    interim = room.conclude(dialogue, 1, verdict_id="interim", verdict_type="interim")
    assert interim.dialogue_status == "converging"
    fault = room.fault("verdict_register", **verdict(dialogue, 1, verdict_id="second", supersedes="interim"))
    assert (fault.code, fault.field, fault.value) == ("final_verdict_stands", "supersedes", "interim")
    assert fault.valid_options == ["final"]
    assert "final" in str(fault.suggestion)
    room.conclude(dialogue, 1, verdict_id="second", supersedes="final")
    last = standing_final(room.record(dialogue).verdicts)
    assert last is not None
    assert last.verdict_id == "second"
    assert room.findings() == []


def test_what_a_superseded_verdict_accepted_is_open_again(room: Room) -> None:
    """The tensions of the verdict that stands count for the gate, not those of the one before."""
    dialogue = room.create()
    room.register(dialogue, 0, **ENTITY)
    room.conclude(dialogue, 0, votes=everybody(), tensions_accepted=["T0001"])
    assert room.call("progress", dialogue_id=dialogue).gate.open_tensions == []
    room.call("reopen", dialogue_id=dialogue, reason="It does matter.", by=["user"])
    assert room.call("progress", dialogue_id=dialogue).gate.open_tensions == ["T0001"]
    again = verdict(dialogue, 0, verdict_id="second", supersedes="final", votes=everybody())
    assert room.fault("verdict_register", **again).code == "velocity_not_zero"
    room.conclude(dialogue, 0, **{**again, "force": True, "force_reason": "Time is up."})
    assert room.call("progress", dialogue_id=dialogue).gate.open_tensions == ["T0001"]


def test_tags_are_matched_as_names_and_kept_as_written(room: Room) -> None:
    """Adding a tag twice changes nothing; removing needs one that is there; lists find dialogues by all their tags."""
    dialogue, other = room.create(tags=["Kiln"]), room.create("Other")
    answer = room.call("tag", dialogue_id=dialogue, add=["kiln", "Wärme", "heat", "HEAT"])
    assert answer.tags == ["Kiln", "Wärme", "heat"]
    assert answer.event.detail["added"] == ["Wärme", "heat"]
    again = room.call("tag", dialogue_id=dialogue, add=["KILN"])
    assert (again.event, again.tags) == (None, ["Kiln", "Wärme", "heat"])
    room.call("tag", dialogue_id=dialogue, remove=["wärme"], by=["user"])
    room.call("tag", dialogue_id=other, add=["kiln"])
    assert [one.detail["removed"] for one in room.record(dialogue).dialogue_events if one.detail] == [[], ["Wärme"]]

    def found(**query: Any) -> list[str]:
        answer = room.call("list", **query)
        assert answer.total == len(answer.dialogues)
        return sorted(one.dialogue_id for one in answer.dialogues)

    assert found(tags=["KILN"]) == sorted([dialogue, other])
    assert found(tags=["kiln", "heat"]) == [dialogue]
    assert found(tags=["%"]) == found(tags=["ki"]) == []
    room.call("abandon", dialogue_id=other, reason="Enough.")
    assert found(tags=["kiln"], status="abandoned") == [other]
    both = room.fault("tag", dialogue_id=dialogue, add=["heat"], remove=["Heat"])
    assert (both.code, both.field) == ("invalid_field", "remove[0]")


def test_a_repeated_step_changes_nothing(room: Room) -> None:
    """A request id gives the first answer again, though the step could not be taken twice."""
    dialogue = room.create()
    request = {"dialogue_id": dialogue, "reason": "Enough.", "request_id": "once"}
    first = room.call("abandon", **request)
    before = room.dump()
    assert room.call("abandon", **request) == first
    assert room.dump() == before


def lived(room: Room) -> str:
    """A dialogue with steps before its first round, between verdicts and updates, and at its end."""
    dialogue = room.create(tags=["first"])
    room.call("tag", dialogue_id=dialogue, add=["before"], remove=["first"])
    room.call("abandon", dialogue_id=dialogue, reason="Nobody came.")
    room.call("reopen", dialogue_id=dialogue, reason="They did.", by=["user"])
    room.register(dialogue, 0, **ENTITY, moves=converging())
    room.call("update_status", dialogue_id=dialogue, updates=[step("T0001", "resolved")])
    room.conclude(dialogue, 0)
    room.call("tag", dialogue_id=dialogue, add=["first"])
    room.call("update_status", dialogue_id=dialogue, updates=[step("T0001", "reopened", "user")])
    room.call("abandon", dialogue_id=dialogue, reason="Too much.")
    room.call("reopen", dialogue_id=dialogue, reason="Not so.", by=["judge", "user"])
    room.call("update_status", dialogue_id=dialogue, updates=[step("T0001", "resolved")])
    room.conclude(dialogue, 0, verdict_id="second", supersedes="final")
    room.call("reopen", dialogue_id=dialogue, reason="Once more.", by=["user"])
    room.register(dialogue, 1, moves=converging())
    room.call("evolve_panel", dialogue_id=dialogue, round=2, panel=[{"expert_slug": "scone"}, {"expert_slug": "donut"}])
    room.conclude(dialogue, 1, verdict_id="third", supersedes="second")
    room.call("tag", dialogue_id=dialogue, remove=["before"])
    return dialogue


@pytest.mark.parametrize("at_the_end", ["converged", "reopened", "abandoned"])
def test_a_life_comes_back_from_its_export(room: Room, second: Room, tmp_path: Path, at_the_end: str) -> None:
    """Every step is registered again in its place, and the record is equal."""
    dialogue = lived(room)
    if at_the_end != "converged":
        room.call("reopen", dialogue_id=dialogue, reason="More.", by=["user"])
    if at_the_end == "abandoned":
        room.call("abandon", dialogue_id=dialogue, reason="No more.")
    wanted = room.record(dialogue)
    first = _exchange(room)["dialogue_export"]({"dialogue_id": dialogue}, JUDGE)
    _exchange(second)["dialogue_import"]({"path": first.path}, JUDGE)
    found = second.record(dialogue)
    assert record_differences(wanted, found) == {}
    assert found.dialogue_events == wanted.dialogue_events
    assert len(found.dialogue_events) >= 8
    assert document_from_record(found)["digest"] == document_from_record(wanted)["digest"] == first.digest
    assert second.findings() == []


def test_an_imported_dialogue_may_be_closed_and_opened_and_comes_back(room: Room, second: Room) -> None:
    """Its rounds and verdicts have one time, its steps another: their order is told by what was registered by then."""
    first = lived(room)
    path = _exchange(room)["dialogue_export"]({"dialogue_id": first}, JUDGE).path
    _exchange(second)["dialogue_import"]({"path": path}, JUDGE)
    second.call("reopen", dialogue_id=first, reason="Here, too.", by=["user"])
    second.register(first, 2)
    second.conclude(first, 2, verdict_id="fourth")  # an import records what it finds
    second.call("tag", dialogue_id=first, add=["here"])
    wanted = second.record(first)
    path = _exchange(second)["dialogue_export"]({"dialogue_id": first}, JUDGE).path
    third = _exchange(room)["dialogue_import"]({"path": path, "as_new": True}, JUDGE)
    assert record_differences(wanted, room.record(third.dialogue_id)) == {}


def _exchange(room: Room) -> dict[str, Any]:
    return dict(collect([ExchangeOperations(room.operations, room.operations._journal, may_write=_any, may_read=_any)]))


def _any(_path: Path) -> bool:
    return True


def test_an_unknown_dialogue_has_no_life(room: Room) -> None:
    """Every step names a dialogue that is there."""
    for name, more in (
        ("abandon", {"reason": "r"}),
        ("reopen", {"reason": "r", "by": ["user"]}),
        ("tag", {"add": ["t"]}),
    ):
        with pytest.raises(HansardError) as told:
            room.call(name, dialogue_id="nowhere", **more)
        assert told.value.code == "dialogue_not_found"
