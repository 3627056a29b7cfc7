"""A round's context as it is handed out: complete, shrunk to a budget, narrowed, in a file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hansard.dialogue.contexts import BYTES_PER_TOKEN, SETTLED, tokens_of
from hansard.dialogue.model import STATUSES, TRANSITIONS, UNSETTLED
from hansard.kernel.ids import PLURALS
from tests.unit.dialogue.kit import Room, entity, step

WORDS = "Löss — ‹clay› was weighed again and again. " * 20
UPDATES = {"P": "perspective", "R": "recommendation", "T": "tension", "E": "evidence", "C": "claim"}
ENDS = {"P": "conceded", "R": "rejected", "T": "resolved", "E": "refuted", "C": "withdrawn"}


def a_long_one(room: Room, rounds: int = 4) -> str:
    """Rounds with an entity of each kind that is settled and one that is not."""
    dialogue = room.create()
    for number in range(rounds):
        batch: dict[str, Any] = {}
        for kind, plural in PLURALS.items():
            field = "description" if kind == "T" else "content"
            names = [f"MUFFIN-{kind}{number:02d}{index:02d}" for index in (1, 2)]
            batch[plural] = [entity(name, label=f"Label of {name}", **{field: WORDS + name}) for name in names]
            batch[f"{UPDATES[kind]}_updates"] = [step(names[0], ENDS[kind])]
        room.register(dialogue, number, **batch)
    return dialogue


def entities(answer: Any) -> dict[str, dict[str, Any]]:
    """Every entity of a context by its id."""
    found = {}
    for round_ in answer.prior_rounds:
        for said in round_["expert_contributions"]:
            for kind in ("perspectives", "recommendations", "evidence", "claims"):
                found.update({view["id"]: view for view in said[kind]})
        found.update({view["id"]: view for view in round_["tensions"]})
    return found


def test_settled_is_what_no_longer_moves() -> None:
    """Of a tension what the gate does not count; of the others no status in which somebody only stands against it."""
    assert SETTLED["T"] == set(STATUSES["T"]) - UNSETTLED
    for kind, settled in SETTLED.items():
        assert settled <= set(STATUSES[kind])
        assert set(STATUSES[kind]) - set(TRANSITIONS[kind]) <= settled  # from which nothing follows
        assert STATUSES[kind][0] not in settled


def test_within_its_budget_a_context_is_complete(room: Room) -> None:
    """A budget that is met changes nothing, and no note is made."""
    dialogue = a_long_one(room)
    whole = room.call("round_context", dialogue_id=dialogue)
    same = room.call("round_context", dialogue_id=dialogue, budget_tokens=whole.tokens)
    assert same == whole
    assert len(whole.notes) == 1  # that no panel is seated
    assert whole.tokens == -(-len(msgspec.json.encode(_body(whole))) // BYTES_PER_TOKEN) == tokens_of(_body(whole))


def _body(answer: Any) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in ("dialogue", "prior_rounds", "active_tensions", "experts")}


@pytest.mark.parametrize("share", [0.95, 0.8, 0.65])
def test_over_its_budget_the_oldest_settled_shrink(room: Room, share: float) -> None:
    """Id, label and status are left of them, oldest rounds first, no more than needed, and a note tells of all."""
    dialogue = a_long_one(room)
    whole = room.call("round_context", dialogue_id=dialogue)
    budget = int(whole.tokens * share)
    tight = room.call("round_context", dialogue_id=dialogue, budget_tokens=budget)
    assert tight.tokens <= budget
    before, after = entities(whole), entities(tight)
    assert before.keys() == after.keys()
    shrunk = [name for name, view in after.items() if view != before[name]]
    assert shrunk
    for name in shrunk:
        assert after[name] == {key: before[name][key] for key in ("id", "label", "status")}
        assert before[name]["status"] in SETTLED[name[0]]
    settled = [name for name, view in before.items() if view["status"] in SETTLED[name[0]]]
    kept = [name for name in settled if name not in shrunk]
    assert max(int(name[1:3]) for name in shrunk) <= min((int(name[1:3]) for name in kept), default=99)
    largest = max(len(msgspec.json.encode(before[name])) for name in shrunk)
    assert tight.tokens > budget - largest / BYTES_PER_TOKEN - 1  # one fewer would not have done
    assert f"{len(shrunk)} settled entities" in tight.notes[-1]
    assert all(name in tight.notes[-1] for name in shrunk)


def test_what_is_open_never_shrinks(room: Room) -> None:
    """However small the budget: what is left is told, and that it does not fit."""
    dialogue = a_long_one(room)
    tight = room.call("round_context", dialogue_id=dialogue, budget_tokens=1)
    for name, view in entities(tight).items():
        settled = view["status"] in SETTLED[name[0]]
        assert ("content" in view or "description" in view) is not settled
    assert f"about {tight.tokens} tokens" in tight.notes[-1]


def test_a_context_can_be_had_round_by_round(room: Room) -> None:
    """Each earlier round alone, all the rest as ever, with a note of what is missing; together they are the whole."""
    dialogue = a_long_one(room)
    whole = room.call("round_context", dialogue_id=dialogue)
    parts = [room.call("round_context", dialogue_id=dialogue, rounds=[number]) for number in range(4)]
    assert [part.prior_rounds for part in parts] == [[round_] for round_ in whole.prior_rounds]
    for part in parts:
        assert (part.experts, part.active_tensions) == (whole.experts, whole.active_tensions)
        assert part.tokens < whole.tokens
    assert parts[1].notes[-1].endswith("left out as asked: 0, 2, 3.")
    assert room.call("round_context", dialogue_id=dialogue, rounds=[0, 1, 2, 3]) == whole
    fault = room.refused("round_context", dialogue_id=dialogue, rounds=[0, 4])
    assert (fault.code, fault.field, fault.valid_options) == ("invalid_field", "rounds[1]", ["0", "1", "2", "3"])


def test_a_context_can_be_for_some_of_the_panel(room: Room) -> None:
    """Named in any spelling, once; the shared parts stay whole; somebody outside the panel is refused."""
    dialogue = a_long_one(room)
    some = room.call("round_context", dialogue_id=dialogue, experts=["Scone", "muffin"])
    assert sorted(some.experts) == ["muffin", "scone"]
    assert len(some.prior_rounds) == 4
    assert (room.fault("round_context", dialogue_id=dialogue, experts=["zed"]).code) == "expert_not_in_panel"
    twice = room.fault("round_context", dialogue_id=dialogue, experts=["muffin", "Muffin"])
    assert (twice.code, twice.field) == ("invalid_field", "experts[1]")


def test_a_context_can_be_had_in_a_file(room: Room) -> None:
    """The file, told by path, hash and size, holds what an answer would; the answer that tells of it is short."""
    dialogue = a_long_one(room)
    answer = room.call("round_context", dialogue_id=dialogue)
    assert len(answer.model_dump_json()) > 40_000
    written = room.call("context_write", dialogue_id=dialogue)
    assert written.file.path == "round-4/context.json"
    data = (room.operations.folder(room.record(dialogue).dialogue) / written.file.path).read_bytes()
    assert (written.file.size, written.file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert json.loads(data) == {**json.loads(json.dumps(_body(answer))), "notes": answer.notes}
    assert (written.notes, written.tokens) == (answer.notes, answer.tokens)
    assert written.suggested_panel == answer.suggested_panel
    assert len(written.model_dump_json()) < 4000
    assert Path(written.folder).name == dialogue


def test_who_reads_writes_no_file(room: Room) -> None:
    """However long a context is; only who asks for a file gets one, and what it replaces is told."""
    dialogue = a_long_one(room)
    room.call("round_context", dialogue_id=dialogue)
    assert not (room.home / "dialogues").exists()
    file = room.call("context_write", dialogue_id=dialogue).file
    assert file.replaced is None
    assert room.call("context_write", dialogue_id=dialogue).file == file
    room.call("update_status", dialogue_id=dialogue, updates=[step("P0002", "conceded")])
    other = room.call("context_write", dialogue_id=dialogue).file
    assert (other.replaced, other.sha256 != file.sha256) == (file.sha256, True)


@pytest.mark.parametrize("rotation", ["graduated", "none", "wildcards", "full"])
def test_a_rotation_suggests_the_next_panel_and_seats_nobody(room: Room, rotation: str) -> None:
    """The same for the same seed; wildcards change and the others stay; the Judge may do otherwise."""
    experts = [
        {"role": f"Role {n}", "relevance": 0.9 if n < 4 else 0.5 if n < 8 else 0.1, "name": f"Expert-{n:02d}"}
        for n in range(16)
    ]
    made: dict[str, Any] = {
        "expert_pool": {"experts": experts},
        "panel_size": 8,
        "rotation": rotation,
        "seed": "00000000000000aa",
    }
    dialogue = room.create("One", **made)
    again = room.create("Two", **made)
    suggested = []
    for name in (dialogue, again):
        assert room.call("round_context", dialogue_id=name).suggested_panel is None  # the first was told at creation
        room.register(name, 0)
        answer = room.call("round_context", dialogue_id=name)
        suggested.append(answer.suggested_panel)
        assert not [one for one in room.record(name).panel_members if one.round == 1]
    assert suggested[0] == suggested[1]
    if rotation == "graduated":
        assert suggested[0] is None
        return
    present = {one.slug: one.tier for one in room.record(dialogue).panel_members}
    members = [one["slug"] for one in suggested[0].members]
    assert (suggested[0].round, suggested[0].rotation, len(members)) == (1, rotation, 8)
    assert len(set(members)) == 8
    wild = {slug for slug, tier in present.items() if tier == "Wildcard"}
    if rotation == "none":
        assert set(members) == set(present)
    elif rotation == "wildcards":
        assert set(members) & set(present) == set(present) - wild
        assert {one["source"] for one in suggested[0].members if one["slug"] not in present} == {"pool"}
    else:
        assert set(members) != set(present)
    panel = [{"expert_slug": slug} for slug in members]
    evolved = room.call("evolve_panel", dialogue_id=dialogue, round=1, panel=panel)
    assert [one["source"] for one in evolved.panel] == [one["source"] for one in suggested[0].members]
    assert evolved.suggested_panel.round == 2
