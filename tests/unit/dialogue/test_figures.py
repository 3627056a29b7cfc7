"""The figures of a round and the gate of a verdict, beside a plain reckoning that shares no line with the code."""

from __future__ import annotations

import itertools
import math
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansard.dialogue.model import ABSTAIN_CAUSES, Dialogue, Move, Stance, Verdict
from hansard.dialogue.rules.figures import claims_compared, figures, gate, gate_of, positions, unheard
from hansard.kernel.errors import HansardError
from tests.conftest import scale
from tests.unit.dialogue.kit import PEOPLE, Room, converging, entity, everybody, ref, step, steps, verdict

CONDITION = "Restore stays below 15 min."
TIME = "2026-02-02T00:00:00.000000Z"

STANCES: dict[str, dict[str, Any] | None] = {
    "none": None,
    "approve": {"stance": "APPROVE"},
    "reject": {"stance": "REJECT"},
    "hold": {"stance": "HOLD"},
    "conditional": {"stance": "CONDITIONAL", "condition": CONDITION},
    "abstain": {"stance": "ABSTAIN", "cause": "outage"},
}


def stands(stance: str, converges: bool, vote: str | None, met: bool) -> str:
    """Where one member stands: its own word against, then a vote, a stance, a move."""
    if stance in ("reject", "hold") or (stance == "conditional" and not met and not converges):
        return "against"
    if vote is not None:
        return vote
    if stance == "abstain":
        return "abstain"
    if converges or stance == "approve" or (stance == "conditional" and met):
        return "for"
    return "against"


def a_verdict(type_: str = "minority", author: str | None = "muffin", *supporters: str) -> Verdict:
    """A registered verdict."""
    return Verdict(
        dialogue_id="d",
        verdict_id=f"{type_}-{author}",
        seq=1,
        verdict_type=type_,  # type: ignore[arg-type]
        round=0,
        author_expert=author,
        recommendation="No.",
        description="It is wrong.",
        supporting_experts=list(supporters),
        created_at=TIME,
    )


def moves_of(*names: str) -> list[Move]:
    """Moves to converge."""
    return [
        Move(dialogue_id="d", round=0, expert_slug=name, seq=1, move_type="converge", targets=[], created_at=TIME)
        for name in names
    ]


def stance_of(name: str, stance: str) -> list[Stance]:
    """A member's stance by its short name above."""
    given = STANCES[stance]
    return [] if given is None else [Stance(dialogue_id="d", round=0, expert_slug=name, created_at=TIME, **given)]


@pytest.mark.parametrize(
    ("stance", "converges", "vote", "met"),
    list(itertools.product(STANCES, [False, True], [None, "for", "against", "abstain"], [False, True])),
)
def test_a_member_stands_where_vote_stance_and_move_say(
    stance: str, converges: bool, vote: str | None, met: bool
) -> None:
    """Every combination of stance, move to converge, vote and met condition gives the position of the design."""
    found = positions(
        ["muffin"],
        moves_of("muffin") if converges else [],
        stance_of("muffin", stance),
        [],
        conditions=[f"On the way: {CONDITION.lower()}"] if met else ["Something else."],
        votes=None if vote is None else {"muffin": vote},
    )
    wanted = stands(stance, converges, vote, met)
    assert found.agreed == (["muffin"] if wanted == "for" else [])
    assert found.abstained == (["muffin"] if wanted == "abstain" else [])
    assert found.counted == (0 if wanted == "abstain" else 1)


@pytest.mark.parametrize("type_", ["minority", "dissent"])
def test_registered_dissent_settles_its_author_and_supporters(type_: str) -> None:
    """Whoever stands behind a minority or dissent verdict is settled; an interim or final verdict settles nobody."""
    behind = [a_verdict(type_, "muffin", "scone", "palmier"), a_verdict("interim", "donut"), a_verdict("final", None)]
    found = positions(["muffin", "scone", "donut"], [], [], behind)
    assert found.settled == ["muffin", "scone"]


@pytest.mark.parametrize(
    ("agreed", "settled", "abstained", "target", "met"),
    [
        (4, 0, 0, 1.0, True),
        (3, 0, 0, 1.0, False),
        (3, 1, 0, 1.0, True),
        (3, 0, 1, 1.0, True),
        (2, 1, 1, 1.0, True),
        (2, 0, 1, 0.6, True),
        (2, 0, 1, 0.7, False),
        (2, 0, 1, 0.6667, True),
        (2, 0, 1, 0.6668, False),
        (0, 4, 0, 1.0, True),
        (0, 0, 4, 0.1, False),
        (3, 0, 0, 0.75, True),
    ],
)
def test_the_share_is_of_those_who_did_not_abstain(
    agreed: int, settled: int, abstained: int, target: float, met: bool
) -> None:
    """Agreed and settled members together, among those who did not abstain, reach the target or bar the verdict."""
    people = list(PEOPLE[:4])
    where = positions(
        people,
        moves_of(*people[:agreed]),
        [stance for name in people[4 - abstained :] for stance in stance_of(name, "abstain")] if abstained else [],
        [a_verdict("dissent", name) for name in people[agreed : agreed + settled]],
    )
    found = gate_of(a_dialogue(convergence_target=target), [], 0, where)
    assert found.met is met
    assert found.reasons == ([] if met else ["not_agreed"])
    assert sorted(found.agreed + found.not_agreed + found.settled + found.abstained) == sorted(people)


def a_dialogue(**more: Any) -> Dialogue:
    """A dialogue's own row."""
    return Dialogue(dialogue_id="d", title="D", question="?", created_at=TIME, panel_size=4, seed="00" * 8, **more)


@pytest.mark.parametrize("strict", [0, 1])
@pytest.mark.parametrize("fresh", [0, 2])
@pytest.mark.parametrize("open_", [[], ["T0001"]])
def test_open_tensions_bar_and_new_perspectives_bar_where_they_shall(strict: int, fresh: int, open_: list[str]) -> None:
    """An open tension always bars; new perspectives bar in a strict dialogue and warn in any other."""
    where = positions(["muffin"], moves_of("muffin"), [], [])
    found = gate_of(a_dialogue(strict_velocity=strict), open_, fresh, where)
    reasons = (["open_tensions"] if open_ else []) + (["new_perspectives"] if fresh and strict else [])
    assert found.reasons == reasons
    assert found.met is not bool(reasons)
    assert found.warnings == (["new_perspectives"] if fresh and not strict else [])


@dataclass
class Reckoning:
    """What the requests sent so far amount to, kept with pencil and paper."""

    people: list[str]
    strict: bool
    target: float
    tensions: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    last: dict[str, tuple[str, bool]] = field(default_factory=dict)
    fresh: int = 0
    scores: list[int] = field(default_factory=list)

    def unsettled(self) -> list[str]:
        return sorted(name for name, status in self.tensions.items() if status != "resolved")

    def sides(self, votes: dict[str, str], met: bool) -> dict[str, str]:
        return {name: stands(*self.last[name], votes.get(name), met) for name in self.people}

    def figures(self, votes: dict[str, str] | None = None, met: bool = False) -> dict[str, Any]:
        sides = list(self.sides(votes or {}, met).values())
        counted = len(sides) - sides.count("abstain")
        return {
            "open_tensions": len(self.unsettled()),
            "new_perspectives": self.fresh,
            "velocity": len(self.unsettled()) + self.fresh,
            "score": self.scores[-1],
            "score_velocity": self.scores[-1] - self.scores[-2] if len(self.scores) > 1 else None,
            "panel": len(self.people),
            "agreed": sides.count("for"),
            "abstained": sides.count("abstain"),
            "settled": len(self.settled),
            "converge_percent": math.floor(100 * sides.count("for") / counted) if counted else 0,
        }

    def reasons(self, votes: dict[str, str], met: bool, accepted: set[str], resolved: set[str]) -> list[str]:
        sides = self.sides(votes, met)
        counted = [name for name, side in sides.items() if side != "abstain"]
        together = [name for name in counted if sides[name] == "for" or name in self.settled]
        found = []
        if set(self.unsettled()) - accepted - resolved:
            found.append("open_tensions")
        if not counted or round(len(together) / len(counted), 4) < round(self.target, 4):
            found.append("not_agreed")
        if self.fresh and self.strict:
            found.append("new_perspectives")
        return found


def a_round(data: st.DataObject, reckoning: Reckoning, number: int) -> dict[str, Any]:
    """A round's request, drawn at random and reckoned as it is drawn."""
    people = reckoning.people
    reckoning.fresh = data.draw(st.integers(0, 2), "perspectives")
    reckoning.scores.append(data.draw(st.integers(0, 50), "score"))
    raised = data.draw(st.integers(0, 2), "tensions")
    for index in range(raised):
        reckoning.tensions[f"T{number:02d}{index + 1:02d}"] = "open"
    updates = []
    for name in data.draw(st.lists(st.sampled_from(sorted(reckoning.tensions) or ["-"]), max_size=4), "moved"):
        if name != "-":
            word = data.draw(st.sampled_from(sorted(steps("T")[reckoning.tensions[name]])), name)
            reckoning.tensions[name] = word
            updates.append(step(name, word, "judge"))
    moves, stances = [], []
    for name in people:
        stance, converges = data.draw(st.sampled_from(sorted(STANCES)), name), data.draw(st.booleans(), name)
        reckoning.last[name] = (stance, converges)
        given = STANCES[stance]
        if given is not None:
            stances.append({"expert": name} | given)
        moves += converging([name]) if converges else []
    return {
        "score": reckoning.scores[-1],
        "perspectives": [entity(f"MUFFIN-P{number:02d}{n + 1:02d}") for n in range(reckoning.fresh)],
        "tensions": [entity(f"MUFFIN-T{number:02d}{n + 1:02d}") for n in range(raised)],
        "tension_updates": updates,
        "moves": moves,
        "stances": stances,
    }


@settings(max_examples=scale(25))
@given(data=st.data())
def test_figures_and_gate_equal_a_plain_reckoning(data: st.DataObject) -> None:
    """Over random dialogues every round's figures, the gate, the dialogue's status and the verdict's fate agree."""
    people = list(PEOPLE[: data.draw(st.integers(3, 5), "panel")])
    strict = data.draw(st.booleans(), "strict")
    target = data.draw(st.sampled_from([1.0, 0.8, 0.75, 2 / 3, 0.5, 0.01]), "target")
    reckoning = Reckoning(people, strict, target)
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        dialogue = room.create(size=len(people), strict_velocity=strict, convergence_target=target)
        told: list[dict[str, Any]] = []
        rounds = data.draw(st.integers(1, 3), "rounds")
        for number in range(rounds):
            answer = room.register(dialogue, number, **a_round(data, reckoning, number))
            told.append(answer.figures.model_dump())
            assert answer.figures.model_dump() == {"round": number} | reckoning.figures()
            reasons = reckoning.reasons({}, False, set(), set())
            assert sorted(answer.gate.reasons) == sorted(reasons)
            assert answer.gate.open_tensions == reckoning.unsettled()
            assert answer.dialogue_status == ("open" if reasons else "converging")
            record = room.record(dialogue)
            assert msgspec.to_builtins(figures(record)) == told
            found = gate(record)
            assert found is not None
            assert (found.reasons, found.open_tensions) == (answer.gate.reasons, answer.gate.open_tensions)
            for name in data.draw(st.lists(st.sampled_from(people), max_size=1), "dissent"):
                if name not in reckoning.settled and number + 1 < rounds:
                    room.conclude(dialogue, number, verdict_id=f"d{number}", verdict_type="dissent", author_expert=name)
                    reckoning.settled.add(name)
                    told[number]["settled"] = len(reckoning.settled)  # the dissent belongs to the round it is of
            for name in data.draw(
                st.lists(st.sampled_from(sorted(reckoning.tensions) or ["-"]), max_size=2), "between"
            ):
                if name != "-":
                    word = data.draw(st.sampled_from(sorted(steps("T")[reckoning.tensions[name]])), name)
                    reckoning.tensions[name] = word
                    room.call("update_status", dialogue_id=dialogue, updates=[step(name, word, "judge")])
        votes = {
            name: vote
            for name in people
            if (vote := data.draw(st.sampled_from(["for", "against", "abstain", None]), name)) is not None
        }
        met = data.draw(st.booleans(), "condition met")
        unsettled = reckoning.unsettled()
        accepted = set(data.draw(st.lists(st.sampled_from(unsettled or ["-"]), unique=True), "accepted")) - {"-"}
        resolved = set(data.draw(st.lists(st.sampled_from(unsettled or ["-"]), unique=True), "resolved")) - {"-"}
        resolved -= accepted
        force = data.draw(st.booleans(), "force")
        reason = data.draw(st.sampled_from([None, "", "  ", "The deadline is today."]), "reason")
        request = {
            "votes": votes,
            "conditions": [CONDITION] if met else [],
            "tensions_accepted": sorted(accepted),
            "tensions_resolved": sorted(resolved),
            "force": force,
            "force_reason": reason,
        }
        reasons = reckoning.reasons(votes, met, accepted, resolved)
        wanted = set()
        if reasons and not force:
            wanted = {
                {"open_tensions": "velocity_not_zero", "new_perspectives": "velocity_not_zero"}.get(
                    one, "convergence_not_unanimous"
                )
                for one in reasons
            }
        elif reasons and not (reason or "").strip():
            wanted = {"forced_convergence_no_warning"}
        if wanted:
            with pytest.raises(HansardError) as refusal:
                room.conclude(dialogue, rounds - 1, **request)
            assert {fault.code for fault in refusal.value.errors or [refusal.value]} == wanted
        else:
            answer = room.conclude(dialogue, rounds - 1, **request)
            assert answer.dialogue_status == "converged"
            assert sorted(answer.gate.reasons) == sorted(reasons)
            assert answer.gate.forced is bool(reasons)
            record = room.record(dialogue)
            after = reckoning.figures(votes, met)
            assert {
                name: getattr(figures(record)[-1], name) for name in ("agreed", "abstained", "converge_percent")
            } == {name: after[name] for name in ("agreed", "abstained", "converge_percent")}
            [stored] = [verdict for verdict in record.verdicts if verdict.verdict_type == "final"]
            assert stored.gate is not None
            assert stored.gate["met"] is not bool(reasons)
            for name in resolved:
                assert room.status(dialogue, name) == "resolved"
        room.close()


def test_claims_stand_beside_what_was_computed(room: Room) -> None:
    """Each figure a judge states is kept as stated, and told apart where the record says something else."""
    dialogue = room.create()
    claims = {"velocity": 0, "converge_percent": "83 %", "new_perspectives": 1, "open_tensions": "one", "mood": "good"}
    answer = room.register(
        dialogue,
        0,
        score=7,
        perspectives=[entity("MUFFIN-P0001")],
        tensions=[entity("MUFFIN-T0001")],
        moves=converging(PEOPLE[:3]),
        judge_claims=claims | {"score": 7.0},
    )
    found = {claim.item: claim for claim in claims_compared(room.record(dialogue))}
    assert {item: (claim.claimed, claim.computed, claim.differs) for item, claim in found.items()} == {
        "velocity": ("0", "2", True),
        "converge_percent": ("83 %", "50", True),
        "new_perspectives": ("1", "1", False),
        "open_tensions": ("one", "1", True),
        "mood": ("good", None, False),
        "score": ("7.0", "7", False),
    }
    assert {claim.round for claim in found.values()} == {0}
    at_once = [warning.message for warning in answer.warnings if warning.type == "claim_differs"]
    assert at_once == [
        "converge_percent is stated as 83 %; the record shows 50",
        "open_tensions is stated as one; the record shows 1",
        "velocity is stated as 0; the record shows 2",
    ]
    told = room.call("progress", dialogue_id=dialogue).judge_claims
    assert [claim["item"] for claim in told] == sorted(claims | {"score": 7})


@pytest.mark.parametrize(
    ("word", "differs"),
    [
        ("Resolved", False),
        ("**RESOLVED (R2)**", False),
        ("open", True),
        ("partially resolved", True),
        ("unresolved", True),
        ("not resolved", True),
        ("not yet resolved", True),
    ],
)
def test_a_judges_word_for_a_tension_is_compared_with_its_status(word: str, differs: bool, room: Room) -> None:
    """A tension that the record shows resolved: a judge who calls it anything short of that differs."""
    dialogue = imported(room, subject="T01", item="status", claimed=word, local_id="MUFFIN-T0001")
    updates = [step("MUFFIN-T0001", "resolved", "judge")]
    room.register(dialogue, 0, tensions=[entity("MUFFIN-T0001")], tension_updates=updates)
    [claim] = claims_compared(room.record(dialogue))
    assert (claim.claimed, claim.computed, claim.differs, claim.id) == (word, "resolved", differs, "T0001")


@pytest.mark.parametrize(("word", "differs"), [("proposed", False), ("Proposed.", False), ("adopted", True)])
def test_a_judges_word_for_another_kind_is_compared_as_it_is(word: str, differs: bool, room: Room) -> None:
    """A recommendation's claimed status differs where it is another word than the record's."""
    dialogue = imported(room, subject="R01", item="status", claimed=word, local_id="MUFFIN-R0001")
    room.register(dialogue, 0, recommendations=[entity("MUFFIN-R0001")])
    [claim] = claims_compared(room.record(dialogue))
    assert (claim.computed, claim.differs) == ("proposed", differs)


def imported(room: Room, **claim: Any) -> str:
    """An imported dialogue with one claim and a panel of one."""
    dialogue = room.create(
        origin={
            "importer": "test",
            "source": "folder",
            "at": "2026-02-01T10:00:00Z",
            "digest": "0" * 64,
            "claims": [claim],
        }
    )
    room.call("evolve_panel", dialogue_id=dialogue, round=0, panel=[{"expert_slug": "muffin"}])
    return dialogue


def test_the_gate_is_unknown_before_the_first_round(room: Room) -> None:
    """Without a registered round there are no figures and no gate."""
    record = room.record(room.create())
    assert figures(record) == []
    assert gate(record) is None


def test_what_a_verdict_accepted_is_open_again_once_the_dialogue_is(room: Room) -> None:
    """An accepted tension bars nothing while its verdict stands; after a reopening the next verdict must accept it."""
    dialogue = room.create()
    room.register(
        dialogue,
        0,
        tensions=[entity("MUFFIN-T0001"), entity("MUFFIN-T0002")],
        tension_updates=[step("MUFFIN-T0002", "resolved")],
        moves=converging(),
    )
    room.conclude(dialogue, 0, tensions_accepted=["T0001"])
    concluded = gate(room.record(dialogue))
    assert concluded is not None
    assert (concluded.met, concluded.open_tensions) == (True, [])
    reopened = room.call("update_status", dialogue_id=dialogue, updates=[step("T0002", "reopened", "user")])
    assert reopened.dialogue_status == "open"
    after = gate(room.record(dialogue))
    assert after is not None
    assert after.open_tensions == ["T0001", "T0002"]
    answer = room.register(dialogue, 1, moves=converging())
    again = gate(room.record(dialogue))
    assert again is not None
    assert answer.gate.open_tensions == again.open_tensions == ["T0001", "T0002"]


def test_a_forced_verdict_shows_its_reason(room: Room) -> None:
    """Forced with a reason, a verdict is registered with the unmet gate, the reason and a warning beside it."""
    dialogue = room.create()
    room.register(dialogue, 0, tensions=[entity("MUFFIN-T0001")])
    answer = room.conclude(dialogue, 0, force=True, force_reason="The deadline is today.")
    assert answer.gate.forced is True
    assert answer.gate.met is False
    assert "gate_not_met" in {warning.type for warning in answer.warnings}
    [stored] = room.record(dialogue).verdicts
    assert stored.force_reason == "The deadline is today."
    assert stored.gate is not None
    assert stored.gate["forced"] is True


def test_force_where_the_gate_is_met_forces_nothing(room: Room) -> None:
    """A verdict that would pass anyway is not marked as forced."""
    dialogue = room.create()
    room.register(dialogue, 0)
    answer = room.conclude(dialogue, 0, votes=everybody(), force=True, force_reason="To be safe.")
    assert (answer.gate.met, answer.gate.forced) == (True, False)


def test_a_round_beyond_the_plan_is_registered_with_a_warning(room: Room) -> None:
    """More rounds than planned are allowed; each of them says so."""
    dialogue = room.create(max_rounds=2)
    for number in range(4):
        answer = room.register(dialogue, number)
        past = [warning.round for warning in answer.warnings if warning.type == "max_rounds_passed"]
        assert past == ([number] if number >= 2 else [])


@pytest.mark.parametrize(
    ("vote", "confidence", "types"),
    [
        ("5-1", "strong", set()),
        ("6-0", "unanimous", {"vote_differs", "confidence_differs"}),
        ("5–1", None, set()),
        ("4 : 2", "split", {"vote_differs"}),
        ("by acclamation", "strong", set()),
    ],
)
def test_vote_and_confidence_are_checked_against_the_record(
    vote: str, confidence: str | None, types: set[str], room: Room
) -> None:
    """Words of the verdict that do not fit the stances are kept, and the difference is told."""
    dialogue = room.create(convergence_target=0.5)
    room.register(
        dialogue,
        0,
        stances=[{"expert": name, "stance": "REJECT" if name == "donut" else "APPROVE"} for name in PEOPLE],
    )
    answer = room.conclude(dialogue, 0, vote=vote, confidence=confidence)
    assert {warning.type for warning in answer.warnings} & {"vote_differs", "confidence_differs"} == types
    [stored] = room.record(dialogue).verdicts
    assert (stored.vote, stored.confidence) == (vote, confidence)


def test_every_cause_of_abstention_leaves_the_count(room: Room) -> None:
    """Withheld, outage and out of scope alike: who abstains is told and not counted."""
    dialogue = room.create()
    stances = [
        {"expert": name, "stance": "ABSTAIN", "cause": cause}
        for name, cause in zip(PEOPLE, ABSTAIN_CAUSES, strict=False)
    ]
    answer = room.register(dialogue, 0, stances=stances, moves=converging(PEOPLE[3:]))
    assert answer.gate.abstained == sorted(PEOPLE[:3])
    assert answer.gate.share == 1.0
    assert answer.gate.met is True
    assert answer.figures.converge_percent == 100


def test_a_refinement_of_a_tension_changes_no_count(room: Room) -> None:
    """A refine reference on a tension is an event without a status: the tension counts as before."""
    dialogue = room.create()
    room.register(dialogue, 0, tensions=[entity("MUFFIN-T0001")], tension_updates=[step("MUFFIN-T0001", "resolved")])
    answer = room.register(dialogue, 1, tensions=[entity("SCONE-T0101", references=[ref("refine", "T0001")])])
    assert answer.gate.open_tensions == ["T0101"]
    assert [row.open_tensions for row in figures(room.record(dialogue))] == [0, 1]


def test_who_dissents_and_abstains_is_out_of_the_count_once() -> None:
    """A settled member who abstains raises nobody's share: of the one who is left, none agrees."""
    where = positions(["muffin", "scone"], [], stance_of("muffin", "abstain"), [a_verdict("dissent", "muffin")])
    assert gate_of(a_dialogue(), [], 0, where).share == 0.0


def test_dissent_settles_from_its_round_on(room: Room) -> None:
    """A dissent of round 1 stands in the figures of round 1 and not in those of round 0."""
    dialogue = room.create()
    room.register(dialogue, 0)
    room.register(dialogue, 1)
    room.conclude(dialogue, 1, verdict_id="apart", verdict_type="dissent", author_expert="scone")
    assert [row.settled for row in figures(room.record(dialogue))] == [0, 1]


def test_figures_of_a_round_stay_what_they_were(room: Room) -> None:
    """What a verdict resolves or a user reopens after a round is no part of that round's figures."""
    dialogue = room.create()
    raised = [entity("MUFFIN-T0001"), entity("MUFFIN-T0002")]
    told = [room.register(dialogue, 0, tensions=raised, tension_updates=[step("MUFFIN-T0002", "resolved")]).figures]
    room.call("update_status", dialogue_id=dialogue, updates=[step("T0002", "reopened", "user")])
    room.call("update_status", dialogue_id=dialogue, updates=[step("T0001", "resolved")])
    told.append(room.register(dialogue, 1, tension_updates=[step("T0002", "resolved")], moves=converging()).figures)
    room.call("update_status", dialogue_id=dialogue, updates=[step("T0002", "reopened", "user")])
    room.conclude(dialogue, 1, tensions_resolved=["T0002"])
    assert [row.open_tensions for row in figures(room.record(dialogue))] == [1, 0]
    assert [row.open_tensions for row in told] == [1, 0]


def test_a_dialogue_converges_exactly_while_the_gate_is_met(room: Room) -> None:
    """Steps and dissent between rounds open and close the gate, and the dialogue's status follows at once."""
    dialogue = room.create()

    def update(word: str) -> str:
        return str(room.call("update_status", dialogue_id=dialogue, updates=[step("T0001", word)]).dialogue_status)

    answer = room.register(dialogue, 0, tensions=[entity("MUFFIN-T0001")], moves=converging(PEOPLE[1:]))
    assert answer.dialogue_status == "open"
    assert update("resolved") == "open"
    dissent = room.conclude(dialogue, 0, verdict_id="apart", verdict_type="dissent", author_expert="muffin")
    assert dissent.dialogue_status == "converging"
    assert update("reopened") == "open"
    assert update("commented") == "open"
    assert update("resolved") == "converging"
    assert room.record(dialogue).dialogue.status == "converging"


def test_votes_of_a_verdict_count_while_it_concludes(room: Room) -> None:
    """After a reopening the votes of the verdict before do not meet the gate; the next verdict brings its own."""
    dialogue = room.create()
    resolved = [step("MUFFIN-T0001", "resolved")]
    room.register(dialogue, 0, tensions=[entity("MUFFIN-T0001")], tension_updates=resolved)
    room.conclude(dialogue, 0, votes=everybody())
    assert room.call("progress", dialogue_id=dialogue).gate.met is True
    for word in ("reopened", "resolved"):
        room.call("update_status", dialogue_id=dialogue, updates=[step("T0001", word)])
    progress = room.call("progress", dialogue_id=dialogue)
    assert (progress.status, progress.gate.met, progress.gate.agreed) == ("open", False, [])
    assert [row.agreed for row in progress.rounds] == [6]
    again = room.conclude(dialogue, 0, verdict_id="second", votes=everybody(), supersedes="final")
    assert again.dialogue_status == "converged"


def test_the_last_figures_count_what_the_verdict_counts(room: Room) -> None:
    """Votes and met conditions of the final verdict stand in the figures of its round."""
    dialogue = room.create(size=4, convergence_target=0.75)
    stances = [{"expert": name, "stance": "CONDITIONAL", "condition": CONDITION} for name in PEOPLE[:2]]
    assert room.register(dialogue, 0, stances=stances).figures.agreed == 0
    room.conclude(dialogue, 0, conditions=[CONDITION], votes={"eclair": "for", "scone": "against"})
    [row] = figures(room.record(dialogue))
    assert (row.agreed, row.converge_percent) == (3, 75)


def test_what_a_verdict_resolves_is_settled_for_its_own_gate(room: Room) -> None:
    """A final verdict may resolve the last open tension itself; one that is resolved already has no second event."""
    dialogue = room.create()
    room.register(
        dialogue,
        0,
        tensions=[entity("MUFFIN-T0001"), entity("MUFFIN-T0002")],
        tension_updates=[step("MUFFIN-T0002", "resolved")],
    )
    answer = room.conclude(dialogue, 0, votes=everybody(), tensions_resolved=["T0001", "T0002"])
    assert answer.gate.met is True
    assert [word for word, *_ in room.events(dialogue, "T0001")] == ["created", "resolved"]
    assert [word for word, *_ in room.events(dialogue, "T0002")] == ["created", "resolved"]


def test_a_vote_turns_no_stance_into_agreement(room: Room) -> None:
    """Stances against a verdict stand, whatever votes are stated: it is refused, and says whose and why."""
    dialogue = room.create()
    words = {"muffin": "REJECT", "cupcake": "HOLD", "donut": "CONDITIONAL"}
    stances = [
        {"expert": name, "stance": words.get(name, "APPROVE")} | ({"condition": CONDITION} if name == "donut" else {})
        for name in PEOPLE
    ]
    room.register(dialogue, 0, stances=stances)
    with pytest.raises(HansardError) as refused:
        room.conclude(dialogue, 0, votes=everybody(), recommendations_adopted=["R0099"])
    faults = {fault.code: fault for fault in refused.value.errors}
    assert set(faults) == {"target_not_found", "convergence_not_unanimous"}  # one does not hide the other
    told = faults["convergence_not_unanimous"]
    assert told.context is not None
    members = {one["expert"]: one for one in told.context["members"]}
    assert {name: one["why"].split(":")[0] for name, one in members.items()} == words
    assert CONDITION in members["donut"]["remedy"]
    assert CONDITION in str(told.suggestion)
    answer = room.conclude(dialogue, 0, votes=everybody(), force=True, force_reason="The deadline is today.")
    assert set(answer.gate.not_agreed) == set(words)
    [told_off] = [warning.message for warning in answer.warnings if warning.type == "vote_against_stance"]
    assert all(f"{name} ({word})" in told_off for name, word in words.items())


def test_agreement_of_whom_nobody_heard_is_told(room: Room) -> None:
    """A verdict by votes alone is allowed; who said nothing in the last round is named."""
    dialogue = room.create()
    room.register(dialogue, 0, stances=[{"expert": "muffin", "stance": "APPROVE"}], responses={"donut": "Fine."})
    answer = room.conclude(dialogue, 0, votes=everybody())
    assert answer.dialogue_status == "converged"
    [silent] = [warning.message for warning in answer.warnings if warning.type == "agreed_unheard"]
    assert set(silent.rpartition(": ")[2].split(", ")) == set(PEOPLE) - {"muffin", "donut"}
    assert set(unheard(room.record(dialogue), 0)) == set(PEOPLE) - {"muffin", "donut"}


def test_a_later_final_verdict_passes_the_same_gate(room: Room) -> None:
    """A concluded dialogue takes a final verdict that names the standing one, where the gate is met."""
    dialogue = room.create()
    room.register(dialogue, 0)
    room.conclude(dialogue, 0, votes=everybody())
    [first] = room.record(dialogue).verdicts
    with pytest.raises(HansardError) as refused:
        room.conclude(dialogue, 0, verdict_id="later", supersedes=first.verdict_id)
    assert refused.value.code == "convergence_not_unanimous"
    with pytest.raises(HansardError) as closed:
        room.conclude(dialogue, 0, verdict_id="later", votes=everybody())
    assert (closed.value.code, "'supersedes'" in str(closed.value.suggestion)) == ("dialogue_closed", True)
    answer = room.conclude(dialogue, 0, verdict_id="later", supersedes=first.verdict_id, votes=everybody())
    assert answer.dialogue_status == "converged"


def test_velocity_has_one_figure(room: Room) -> None:
    """A refusal tells the new perspectives that the gate counts, also where they do not bar a verdict."""
    dialogue = room.create()
    room.register(dialogue, 0, tensions=[entity("MUFFIN-T0001")], perspectives=[entity("MUFFIN-P0001")])
    with pytest.raises(HansardError) as refused:
        room.conclude(dialogue, 0, votes=everybody())
    assert refused.value.context == {"open_tensions": ["T0001"], "new_perspectives": 1}
    assert "perspective" not in refused.value.message


def test_a_final_verdict_that_passes_over_a_minority_is_told_so(room: Room) -> None:
    """A dissent that stands and that 'dismissals' does not name is a warning; one that is named is none."""
    dialogue = room.create()
    room.register(dialogue, 0)
    room.conclude(dialogue, 0, verdict_id="no", verdict_type="dissent", author_expert="scone")
    told = room.conclude(dialogue, 0, votes=everybody())
    assert [(one.id, one.expert) for one in told.warnings if one.type == "minority_not_answered"] == [("no", "scone")]
    told = room.conclude(
        dialogue, 0, verdict_id="later", supersedes="final", votes=everybody(), dismissals={"no": "Too late."}
    )
    assert not [one for one in told.warnings if one.type == "minority_not_answered"]


def test_a_dissent_by_somebody_who_agreed_is_told_so(room: Room) -> None:
    """Who stands in agreement in the final verdict and dissents from it afterwards is named by a warning."""
    dialogue = room.create()
    room.register(dialogue, 0)
    room.conclude(dialogue, 0, votes=everybody())
    told = room.conclude(dialogue, 0, verdict_id="no", verdict_type="dissent", author_expert="scone")
    assert [(one.type, one.expert) for one in told.warnings] == [("dissent_after_agreement", "scone")]


def test_a_verdict_before_any_round_says_that_there_is_none(room: Room) -> None:
    """Nothing can be concluded before a round, and the refusal says what comes first."""
    fault = room.fault("verdict_register", **verdict(room.create(), 0))
    assert (fault.code, fault.message) == ("round_out_of_order", "no round is registered yet")
    assert "Register round 0 first" in str(fault.suggestion)
