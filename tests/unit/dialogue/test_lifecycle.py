"""Lives of entities: which steps there are, who may take them, and that status is what the events say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.dialogue.model import STATUSES, TRANSITIONS, UNSETTLED, Entity
from hansard.dialogue.rules.lifecycle import (
    FIRST_EVENT,
    FIRST_STATUS,
    REFINED,
    Lives,
    status_after,
    valid_steps,
)
from hansard.kernel.errors import HansardError
from tests.unit.dialogue.kit import LISTS, UPDATES, Room, entity, first_status, folded, ref, step, steps

KINDS = "PRTEC"
EVERY_STATUS = sorted({status for kind in KINDS for status in steps(kind)})
EVERY_TRIAL = [
    (kind, before, after) for kind in KINDS for before in steps(kind) for after in [*EVERY_STATUS, "commented", "gone"]
]


def lives(kind: str, status: str, *contributors: str) -> Lives:
    """The life of one entity that stands at a status."""
    one = Entity(
        dialogue_id="d",
        kind=kind,
        round=0,
        seq=1,
        label="One",
        content="",
        contributors=list(contributors or ("muffin",)),
        status=status,
        created_at="2026-02-02T00:00:00.000000Z",
    )
    return Lives("d", [one], {one.id: 1}, "2026-02-03T00:00:00.000000Z", 3)


def told(fault: HansardError | None) -> HansardError:
    """A fault that must be there."""
    assert fault is not None
    return fault


@pytest.mark.parametrize("kind", KINDS)
def test_the_steps_are_those_of_the_design(kind: str) -> None:
    """Status for status, the code's steps are those the design lists, and it opens with the same status."""
    assert FIRST_STATUS[kind] == first_status(kind)
    assert {status: set(valid_steps(kind, status)) for status in steps(kind)} == {
        status: set(after) for status, after in steps(kind).items()
    }
    assert set(TRANSITIONS[kind]) <= set(steps(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_tables_know_the_same_statuses(kind: str) -> None:
    """The CHECK of the entities' table allows the statuses of the lifecycle and no other."""
    assert set(STATUSES[kind]) == set(steps(kind))


@pytest.mark.parametrize(("kind", "before", "after"), EVERY_TRIAL)
def test_only_the_steps_of_the_lifecycle_may_be_taken(kind: str, before: str, after: str) -> None:
    """Every pair of statuses of every kind: a step of the lifecycle passes, any other is refused by its own code."""
    fault = lives(kind, before).judged("updates[0]", f"{kind}0001", after, ["judge"], "P0002")
    if after == "commented":
        assert fault is None
    elif after not in steps(kind):
        assert (told(fault).code, told(fault).field) == ("invalid_field", "updates[0].status")
        assert set(told(fault).valid_options or ()) <= {*steps(kind), "commented"}
    elif after in steps(kind)[before] and after != "adopted":
        assert fault is None
    else:
        assert told(fault).code == "invalid_status_transition"
        assert told(fault).field == "updates[0].status"
        assert told(fault).value == after
        assert set(told(fault).valid_options or ()) == {*steps(kind)[before] - {"adopted"}, "commented"}
        assert told(fault).context == {"entity": f"{kind}0001", "from": before, "to": after}


@pytest.mark.parametrize("kind", "RC")
def test_an_update_never_adopts(kind: str) -> None:
    """A verdict adopts recommendations and claims; the Judge cannot do it by an update."""
    fault = lives(kind, first_status(kind)).judged("updates[0]", f"{kind}0001", "adopted", ["judge"])
    assert told(fault).code == "invalid_status_transition"
    assert "adopted" not in (told(fault).valid_options or ())


@pytest.mark.parametrize("before", ["open", "addressed", "reopened"])
@pytest.mark.parametrize(
    ("by", "may"),
    [
        (["judge"], True),
        (["muffin"], True),
        (["cupcake"], True),
        (["scone", "cupcake"], True),
        (["scone", "judge"], True),
        (["scone"], False),
        (["user"], False),
        (["scone", "user", "donut"], False),
    ],
)
def test_a_tension_is_resolved_by_an_author_or_the_judge(before: str, by: list[str], may: bool) -> None:
    """From every unsettled status: somebody among those who resolve raised the tension, or is the Judge."""
    fault = lives("T", before, "muffin", "cupcake").judged("tension_updates[2]", "T0001", "resolved", by)
    if may:
        assert fault is None
    else:
        assert told(fault).code == "not_authorised_to_resolve"
        assert told(fault).kind == "refused"
        assert told(fault).field == "tension_updates[2].by"
        assert told(fault).valid_options == ["muffin", "cupcake", "judge"]


@pytest.mark.parametrize(("before", "after"), [("open", "addressed"), ("resolved", "reopened"), ("addressed", "open")])
def test_anybody_of_the_panel_may_address_and_reopen(before: str, after: str) -> None:
    """Only resolving is tied to authors: other steps of a tension are open to every actor."""
    assert lives("T", before, "muffin").judged("updates[0]", "T0001", after, ["scone"]) is None


@pytest.mark.parametrize(("kind", "status"), [(kind, status) for kind in KINDS for status in steps(kind)])
def test_a_refinement_adds_an_event_and_a_status_where_it_fits(kind: str, status: str) -> None:
    """A refine reference moves open perspectives and proposed recommendations; all others keep their status."""
    life = lives(kind, status)
    life.refine(f"{kind}0001", ["cupcake"], f"{kind}0301")
    word = {"P": "refined", "R": "amended"}.get(kind, "refined")
    [event] = life.events
    assert (event.type, event.actors, event.result, event.event_seq) == (word, ["cupcake"], f"{kind}0301", 2)
    moves = (kind, status) in {("P", "open"), ("R", "proposed")}
    assert life[f"{kind}0001"].status == (word if moves else status)
    assert [one.id for one in life.changed] == ([f"{kind}0001"] if moves else [])


def test_a_second_refinement_adds_an_event_and_no_fault() -> None:
    """Two perspectives may refine the same one: two events with two results, one status."""
    life = lives("P", "open")
    life.refine("P0001", ["muffin"], "P0301")
    life.refine("P0001", ["scone"], "P0302")
    assert [(event.event_seq, event.result) for event in life.events] == [(2, "P0301"), (3, "P0302")]
    assert life["P0001"].status == "refined"


@given(kind=st.sampled_from(KINDS), data=st.data())
def test_status_is_the_fold_of_events(kind: str, data: st.DataObject) -> None:
    """After any sequence of steps, comments and refinements the status is what the events, read again, lead to."""
    entity_id = f"{kind}0001"
    life = lives(kind, first_status(kind))
    for _ in range(data.draw(st.integers(0, 12))):
        word = data.draw(st.sampled_from([*EVERY_STATUS, "commented", "refine", "adopt"]))
        status = life[entity_id].status
        if word == "refine":
            life.refine(entity_id, ["muffin"], f"{kind}0302")
        elif word == "adopt" and "adopted" in steps(kind)[status]:
            life.adopt(entity_id, "final", ["judge"])
        elif word != "adopt" and life.judged("f", entity_id, word, ["judge"]) is None:
            life.step(entity_id, word, ["judge"])
    words = [event.type for event in life.events]
    assert life[entity_id].status == folded(kind, words) == status_after(kind, words)
    assert [event.event_seq for event in life.events] == list(range(2, len(words) + 2))
    assert {event.event_round for event in life.events} <= {3}


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_entity_opens_with_its_first_event(kind: str, room: Room) -> None:
    """Perspectives, recommendations and tensions are created, evidence is cited, a claim asserted."""
    dialogue = room.create()
    room.register(dialogue, 0, **{LISTS[kind]: [entity(f"MUFFIN-{kind}0001")]})
    first = {"E": "cited", "C": "asserted"}.get(kind, "created")
    assert first == FIRST_EVENT[kind]
    assert room.events(dialogue, f"{kind}0001") == [(first, 0, ["muffin"], None, None)]
    assert room.status(dialogue, f"{kind}0001") == first_status(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_may_be_created_and_moved_in_one_batch(kind: str, room: Room) -> None:
    """Updates name local ids of the same batch, as what they move, by what, and into what."""
    dialogue = room.create()
    word = sorted(steps(kind)[first_status(kind)] - {"adopted"})[0]
    update = step(f"MUFFIN-{kind}0001", word, "judge", via="SCONE-C0009", result=f"CUPCAKE-{kind}0001")
    own = [entity(f"MUFFIN-{kind}0001"), entity(f"CUPCAKE-{kind}0001")]
    batch: dict[str, Any] = {LISTS[kind]: own, UPDATES[kind]: [update]}
    batch["claims"] = [*batch.get("claims", []), entity("SCONE-C0009")]
    answer = room.register(dialogue, 0, **batch)
    via = answer.id_mapping["SCONE-C0009"]
    [taken] = getattr(answer, UPDATES[kind])
    assert (taken.id, taken.status, taken.via, taken.result) == (f"{kind}0001", word, via, f"{kind}0002")
    assert room.status(dialogue, f"{kind}0001") == word
    assert room.events(dialogue, f"{kind}0001")[1:] == [(word, 0, ["judge"], via, f"{kind}0002")]


def test_steps_of_one_batch_follow_each_other(room: Room) -> None:
    """Each update is judged where the one before it led, not where the batch began."""
    dialogue = room.create()
    updates = [step("SCONE-T0001", word) for word in ("addressed", "resolved", "reopened", "addressed", "open")]
    room.register(dialogue, 0, tensions=[entity("SCONE-T0001")], tension_updates=updates)
    assert room.status(dialogue, "T0001") == "open"
    assert [event[0] for event in room.events(dialogue, "T0001")] == [
        "created", "addressed", "resolved", "reopened", "addressed", "open",
    ]  # fmt: skip


def test_references_of_opinion_change_no_status(room: Room) -> None:
    """Support, oppose, address, resolve, reopen, question and depend are opinions; the Judge moves the statuses."""
    dialogue = room.create()
    room.register(dialogue, 0, tensions=[entity("MUFFIN-T0001")], claims=[entity("MUFFIN-C0001")])
    opinions = [ref(word, "T0001") for word in ("address", "resolve", "reopen", "support", "oppose", "question")]
    room.register(dialogue, 1, perspectives=[entity("SCONE-P0101", references=[*opinions, ref("oppose", "C0001")])])
    assert room.status(dialogue, "T0001") == "open"
    assert room.status(dialogue, "C0001") == "asserted"
    assert len(room.events(dialogue, "T0001")) == 1


def test_finer_words_stand_on_the_event_and_make_no_status(room: Room) -> None:
    """A reason and a disposition are kept beside the step; the status stays one of the lifecycle's."""
    dialogue = room.create()
    room.register(dialogue, 0, tensions=[entity("MUFFIN-T0001")])
    update = step("T0001", "commented", "user", reason="The law has changed.", disposition="superseded")
    room.call("update_status", dialogue_id=dialogue, updates=[update])
    [_, event] = room.record(dialogue).events
    assert (event.type, event.actors) == ("commented", ["user"])
    assert (event.reason, event.disposition) == ("The law has changed.", "superseded")
    assert room.status(dialogue, "T0001") == "open"


def test_unsettled_is_everything_but_resolved() -> None:
    """Only a resolved tension does not count as open."""
    assert set(steps("T")) - UNSETTLED == {"resolved"}
    assert REFINED == {"P": "refined", "R": "amended"}
