"""Random sequences of operations, valid and invalid, on a real store: what must hold holds after each of them."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hansard.dialogue.model import Record, Verdict
from hansard.dialogue.rules import figures, gate
from hansard.kernel.errors import HansardError
from tests.conftest import scale
from tests.unit.dialogue.kit import LISTS, UPDATES, Room, entity, folded, ref, step, steps

KINDS = "PRTEC"
NAMES = ("muffin", "cupcake", "scone", "eclair", "palmier", "zed")
"""Four of the pool, one who may be created, one who never exists."""
ACTORS = (*NAMES, "judge", "user")
WORDS = sorted({status for kind in KINDS for status in steps(kind)} | {"commented", "nonsense"})
TYPES = ("support", "oppose", "refine", "address", "resolve", "reopen", "question", "depend", "nonsense")
IDS = st.builds("{}{:02d}{:02d}".format, st.sampled_from("PRTECX"), st.integers(0, 3), st.integers(1, 2))


def local_ids(round_: int) -> st.SearchStrategy[str]:
    """Local ids that mostly belong to a round."""
    return st.builds(
        "{}-{}{:02d}{:02d}".format,
        st.sampled_from(["MUFFIN", "CUPCAKE", "SCONE", "ECLAIR", "PALMIER"]),
        st.sampled_from(KINDS),
        st.sampled_from([round_, round_, round_, round_, round_ + 1]),
        st.integers(1, 2),
    )


def into(word: str, result: str) -> dict[str, str]:
    """The result that a merger names."""
    return {"result": result} if word == "merged" else {}


def kind_of(name: str) -> str:
    """The kind letter of a display or local id."""
    return name.split("-")[-1][0]


def fitting(source: str, target: str) -> list[str]:
    """The types of reference that may lead from one kind to another."""
    found = ["support", "oppose", "question", "depend"]
    if target == "T":
        found += ["address", "resolve", "reopen"]
    return [*found, "refine", "refine"] if source == target else found


class Deliberation(RuleBasedStateMachine):
    """One store with up to two dialogues, driven at random."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="hansard-machine-"))
        self.room = self.make_room()
        self.dialogues: list[str] = []
        self.verdicts: dict[str, list[Verdict]] = defaultdict(list)
        self.answered = 0
        self.seen = 0
        self.callings = 0
        self.answers: dict[str, tuple[str, dict[str, Any], Any]] = {}

    def make_room(self) -> Room:
        """The store that is driven."""
        return Room(self.folder)

    def teardown(self) -> None:
        self.room.close()
        shutil.rmtree(self.folder)

    # -- driving

    def attempt(self, operation: str, **payload: Any) -> Any:
        """Run an operation; a refusal must leave every cell of the store as it was, and say what to do."""
        before = self.room.dump()
        refusal = None
        try:
            answer = self.room.call(operation, **payload)
        except HansardError as told:
            refusal = told
        after = self.room.dump()
        if refusal is not None:
            assert after == before, refusal.code
            assert refusal.kind in ("invalid", "not_found", "conflict", "refused")
            for fault in refusal.errors or [refusal]:
                assert fault.suggestion, fault.code
                assert fault.field, fault.code
            return None
        request_id = payload.get("request_id")
        if request_id in self.answers:  # sent before, by chance
            assert self.answers[request_id] == (operation, payload, answer)
            assert after == before
            return answer
        self.answered += 1
        assert after != before
        if request_id:
            self.answers[request_id] = (operation, payload, answer)
        return answer

    def next_round(self, dialogue: str) -> int:
        """The round to come."""
        return sum(1 for row in self.room.record(dialogue).rounds if row.status == "completed")

    def open_for_rounds(self) -> list[str]:
        """Dialogues that may have another round; five are enough."""
        records = [self.room.record(dialogue) for dialogue in self.dialogues]
        return [
            record.dialogue.dialogue_id for record in records if not record.dialogue.closed and len(record.rounds) < 5
        ]

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Every run has something to talk about."""
        self.create(4, False, 1.0)
        self.register(data, None)

    @precondition(lambda self: len(self.dialogues) == 1)
    @rule(size=st.integers(3, 4), strict=st.booleans(), share=st.sampled_from([1.0, 0.5]))
    def create(self, size: int, strict: bool, share: float) -> None:
        experts = [{"role": f"Role {n}", "relevance": n / 4} for n in range(size)]
        answer = self.attempt(
            "create",
            title="Machine",
            question="?",
            expert_pool={"experts": experts},
            strict_velocity=strict,
            convergence_target=share,
        )
        self.dialogues.append(answer.dialogue_id)

    @precondition(lambda self: self.callings < 4)
    @rule(data=st.data(), name=st.sampled_from(["palmier", "palmier", "muffin", "judge"]))
    def create_expert(self, data: st.DataObject, name: str) -> None:
        self.callings += 1
        self.attempt(
            "expert_create",
            dialogue_id=data.draw(st.sampled_from(self.dialogues)),
            expert_slug=name,
            role="Geographer",
            reason="A gap.",
        )

    @rule(data=st.data(), off=st.sampled_from([0, 0, 0, 0, 1]))
    def evolve(self, data: st.DataObject, off: int) -> None:
        dialogue = data.draw(st.sampled_from(self.dialogues))
        record = self.room.record(dialogue)
        known = sorted({one.slug for one in record.experts} | {one["slug"] for one in record.dialogue.expert_pool})
        if data.draw(st.integers(0, 3)) == 0:
            known += ["zed", "Muffin"]
        people = data.draw(st.lists(st.sampled_from(known), min_size=2, max_size=5, unique=True))
        panel = [{"expert_slug": name} for name in people]
        self.attempt("evolve_panel", dialogue_id=dialogue, round=self.next_round(dialogue) + off, panel=panel)

    @precondition(lambda self: self.open_for_rounds())
    @rule(data=st.data(), request_id=st.sampled_from([None, "r1", "r2", "r3"]))
    def register(self, data: st.DataObject, request_id: str | None) -> None:
        """A round as a careful Judge sends it: all that it names is there, all steps are allowed."""
        dialogue = data.draw(st.sampled_from(self.open_for_rounds()))
        record = self.room.record(dialogue)
        number = self.next_round(dialogue)
        panel = sorted(self.room.call("round_context", dialogue_id=dialogue).experts)
        own: dict[str, list[str]] = {}
        for kind in KINDS:
            speakers = data.draw(st.lists(st.sampled_from(panel), max_size=2), kind)
            own[kind] = [f"{name.upper()}-{kind}{number:02d}{n + 1:02d}" for n, name in enumerate(speakers)]
        there = [one.id for one in record.entities] + [name for names in own.values() for name in names]
        batch: dict[str, Any] = {}
        refining = False
        for kind, names in own.items():
            batch[LISTS[kind]] = []
            for name in names:
                links = {}
                for target in data.draw(st.lists(st.sampled_from([*there, "@" + panel[0]]), max_size=3), name):
                    type_ = data.draw(st.sampled_from(fitting(kind, kind_of(target))), target)
                    if target != name:
                        links[type_, target] = ref(type_, target)
                        refining |= type_ == "refine"
                contributors = data.draw(st.lists(st.sampled_from(panel), max_size=2, unique=True), name)
                more = {"contributors": [name.split("-")[0].lower(), *contributors]} if contributors else {}
                batch[LISTS[kind]].append(entity(name, references=list(links.values())) | more)
        status = {one.id: one.status for one in record.entities}
        status |= {name: next(iter(steps(kind))) for kind, names in own.items() for name in names}
        for name in data.draw(st.lists(st.sampled_from(sorted(status) or ["-"]), max_size=4), "moved"):
            if name == "-" or (refining and kind_of(name) in "PR"):
                continue
            kind = kind_of(name)
            word = data.draw(st.sampled_from(sorted((steps(kind)[status[name]] - {"adopted"}) | {"commented"})), name)
            via = data.draw(st.sampled_from([None, *there]), name)
            batch.setdefault(UPDATES[kind], []).append(step(name, word, "judge", panel[0], via=via, **into(word, name)))
            status[name] = word if word != "commented" else status[name]
        scores = {name: data.draw(st.integers(0, 20), name) for name in panel}
        converging = data.draw(st.lists(st.sampled_from(panel), unique=True), "converging")
        answer = self.attempt(
            "round_register",
            dialogue_id=dialogue,
            round=number,
            score=sum(scores.values()),
            expert_scores=scores,
            summary=data.draw(st.sampled_from([None, "A summary."])),
            moves=[{"expert": name, "type": "converge"} for name in converging],
            **({"request_id": request_id} if request_id and request_id not in self.answers else {}),
            **batch,
        )
        assert answer is not None
        assert answer.id_mapping == {
            name: f"{kind}{number:02d}{n + 1:02d}" for kind, names in own.items() for n, name in enumerate(names)
        }

    @rule(data=st.data(), off=st.sampled_from([0, 0, 0, -1, 1]), request_id=st.sampled_from([None, "r1", "r2"]))
    def register_carelessly(self, data: st.DataObject, off: int, request_id: str | None) -> None:
        """A round of anything by anybody."""
        dialogue = data.draw(st.sampled_from(self.dialogues))
        number = max(0, self.next_round(dialogue) + off)
        names = data.draw(st.lists(local_ids(number), unique=True, min_size=1, max_size=5))
        target = st.one_of(IDS, local_ids(number), st.sampled_from(["@muffin", "@zed"]))
        links = st.builds(ref, st.sampled_from(TYPES), target)
        batch: dict[str, Any] = {name: [] for name in LISTS.values()} | {name: [] for name in UPDATES.values()}
        for name in names:
            batch[LISTS[kind_of(name)]].append(entity(name, references=data.draw(st.lists(links, max_size=2))))
        for update in data.draw(st.lists(self.updates(number), max_size=2)):
            batch[UPDATES.get(kind_of(str(update["id"])), "tension_updates")].append(update)
        given = {"request_id": request_id} if request_id else {}
        self.attempt("round_register", dialogue_id=dialogue, round=number, score=0, **given, **batch)

    @staticmethod
    def updates(round_: int) -> st.SearchStrategy[dict[str, Any]]:
        """Steps of anything by anybody."""
        return st.builds(
            lambda id_, status, by, via: step(id_, status, *by, via=via),
            st.one_of(IDS, local_ids(round_)),
            st.sampled_from(WORDS),
            st.lists(st.sampled_from(ACTORS), min_size=1, max_size=2),
            st.one_of(st.none(), IDS),
        )

    @rule(data=st.data())
    def update(self, data: st.DataObject) -> None:
        """Steps between rounds that the present statuses allow, and a dialogue that follows them."""
        dialogue = data.draw(st.sampled_from(self.dialogues))
        record = self.room.record(dialogue)
        if not record.entities:
            return
        if record.dialogue.status == "abandoned":
            return
        one = data.draw(st.sampled_from(record.entities))
        words = sorted((steps(one.kind)[one.status] - {"adopted"}) | {"commented"})
        word = data.draw(st.sampled_from(words))
        by = "judge" if word == "resolved" else data.draw(st.sampled_from(["judge", "user"]))
        answer = self.attempt(
            "update_status", dialogue_id=dialogue, updates=[step(one.id, word, by, **into(word, one.id))]
        )
        assert answer is not None
        contested = one.kind == "T" and word in ("reopened", "open")
        assert (answer.dialogue_status == "converged") is (record.dialogue.closed and not contested)

    @rule(data=st.data())
    def update_carelessly(self, data: st.DataObject) -> None:
        """Steps of anything by anybody."""
        dialogue = data.draw(st.sampled_from(self.dialogues))
        updates = data.draw(st.lists(self.updates(0), min_size=1, max_size=2))
        self.attempt("update_status", dialogue_id=dialogue, updates=updates)

    @rule(
        data=st.data(),
        type_=st.sampled_from(["interim", "final", "final", "minority", "dissent"]),
        name=st.sampled_from(["final", "v2", "v3", "v4", "v5"]),
        force=st.sampled_from([None, "Because."]),
        careless=st.sampled_from([False, False, False, True]),
    )
    def conclude(self, data: st.DataObject, type_: str, name: str, force: str | None, careless: bool) -> None:
        """A verdict on what is there; a careless one also names what is not."""
        dialogue = data.draw(st.sampled_from(self.dialogues))
        record = self.room.record(dialogue)
        ids = [one.id for one in record.entities] + (["T0009", "R0009", "P0001"] if careless else [])

        def some(kind: str, *of: str) -> list[str]:
            found = {one.id: one.status for one in record.entities if not of or one.status in of or careless}
            names = [one for one in ids if one[0] == kind and (careless or one in found)]
            return data.draw(st.lists(st.sampled_from(names), max_size=3), kind) if names else []

        last = max(0, self.next_round(dialogue) - 1)
        panel = sorted(m.slug for m in record.panel_members if m.round == last)
        accepted = some("T")
        self.attempt(
            "verdict_register",
            dialogue_id=dialogue,
            verdict_id=name,
            verdict_type=type_,
            round=last,
            author_expert=data.draw(st.sampled_from(panel)) if type_ in ("minority", "dissent") else None,
            recommendation="Do it.",
            description="Because.",
            votes=dict.fromkeys(data.draw(st.lists(st.sampled_from(panel))), "for"),
            tensions_accepted=accepted,
            tensions_resolved=[one for one in some("T") if careless or one not in accepted],
            recommendations_adopted=some("R", "proposed", "amended", "adopted"),
            key_claims=some("C", "asserted", "supported", "opposed", "adopted"),
            key_evidence=some("E"),
            what_would_change="Facts.",
            force=force is not None,
            force_reason=force,
            supersedes=None if careless else standing(record),
        )

    @rule(data=st.data(), by=st.sampled_from(["judge", "judge", "user", "muffin"]))
    def abandon(self, data: st.DataObject, by: str) -> None:
        """Nobody goes on; experts do not decide that."""
        dialogue = data.draw(st.sampled_from(self.dialogues))
        closed = self.room.record(dialogue).dialogue.closed
        answer = self.attempt("abandon", dialogue_id=dialogue, reason="No money.", by=[by])
        assert (answer is not None) is (by != "muffin" and not closed)

    @precondition(lambda self: any(self.room.record(dialogue).dialogue.closed for dialogue in self.dialogues))
    @rule(data=st.data(), by=st.sampled_from(["judge", "user", "user", "muffin"]))
    def reopen(self, data: st.DataObject, by: str) -> None:
        """Somebody takes up again what was closed."""
        dialogue = data.draw(st.sampled_from(self.dialogues))
        closed = self.room.record(dialogue).dialogue.closed
        answer = self.attempt("reopen", dialogue_id=dialogue, reason="Money.", by=[by])
        assert (answer is not None) is (by != "muffin" and closed)
        assert answer is None or answer.dialogue_status == "open"

    @rule(data=st.data())
    def tag(self, data: st.DataObject) -> None:
        """Tags come and go, whatever the status."""
        dialogue = data.draw(st.sampled_from(self.dialogues))
        tags = st.lists(st.sampled_from(["kiln", "Kiln", "heat", "glaze"]), max_size=2)
        add, remove = data.draw(tags, "add"), data.draw(tags, "remove")
        self.attempt("tag", dialogue_id=dialogue, add=add, remove=remove)

    @precondition(lambda self: bool(self.answers))
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A request that had an id, again: the first answer and no change."""
        operation, payload, answer = self.answers[data.draw(st.sampled_from(sorted(self.answers)))]
        before = self.room.dump()
        assert self.room.call(operation, **payload) == answer
        assert self.room.dump() == before

    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        """Every read answers, whatever was written, and writes nothing."""
        dialogue = data.draw(st.sampled_from(self.dialogues))
        before = self.room.dump()
        for name in ("get", "progress", "round_context"):
            self.room.call(name, dialogue_id=dialogue)
        for round_ in range(self.next_round(dialogue)):
            self.room.call("round_context", dialogue_id=dialogue, round=round_)
        self.room.call("expand_citations", dialogue_id=dialogue, ids=["P0001", "T0101", "nonsense"])
        self.room.call("list")
        assert self.room.dump() == before

    # -- what must hold

    @invariant()
    def what_must_hold(self) -> None:
        """Looked at whenever something was written."""
        if self.seen == self.answered:
            return
        self.seen = self.answered
        assert self.room.findings() == []  # the journal vouches for every row
        assert self.room.search_faults() == []
        assert len(self.room.dump()["journal"]) == self.answered
        for dialogue in self.dialogues:
            record = self.room.record(dialogue)
            ids_run_without_a_gap(record)
            statuses_follow_from_events(record)
            references_lead_somewhere(record)
            everybody_is_known(record)
            scores_add_up(record)
            self.verdicts_stay(record)
            its_life_is_told(record)
            the_dialogue_stands_where_it_must(record)

    def verdicts_stay(self, record: Record) -> None:
        """Verdicts are never changed or lost; new ones come after."""
        known = self.verdicts[record.dialogue.dialogue_id]
        assert record.verdicts[: len(known)] == known
        assert [row.seq for row in record.verdicts] == list(range(1, len(record.verdicts) + 1))
        self.verdicts[record.dialogue.dialogue_id] = record.verdicts


def standing(record: Record) -> str | None:
    """The last final verdict: each supersedes the one before."""
    return next((row.verdict_id for row in reversed(record.verdicts) if row.verdict_type == "final"), None)


def its_life_is_told(record: Record) -> None:
    """Steps run from 1 in time; tags are what they add and remove; only they abandon; a final supersedes the last."""
    events = record.dialogue_events
    assert [one.seq for one in events] == list(range(1, len(events) + 1))
    assert [one.created_at for one in events] == sorted(one.created_at for one in events)
    tags: list[str] = []
    closing = [one.type for one in events if one.type != "tagged"]
    for one in events:
        detail = one.detail or {}
        if one.type == "tagged":
            assert detail["before"] == tags
            tags = [name for name in tags if name not in detail["removed"]] + detail["added"]
        else:
            assert one.reason
    assert record.dialogue.tags == tags
    assert len({name.casefold() for name in tags}) == len(tags)
    assert (record.dialogue.status == "abandoned") is (closing[-1:] == ["abandoned"])
    finals = [row for row in record.verdicts if row.verdict_type == "final"]
    assert [row.supersedes for row in finals[1:]] == [row.verdict_id for row in finals[:-1]]


def ids_run_without_a_gap(record: Record) -> None:
    """Sequences of each round and kind run from 1; rounds from 0, all registered but the last, at most."""
    numbers: dict[tuple[str, int], list[int]] = defaultdict(list)
    for one in record.entities:
        numbers[one.kind, one.round].append(one.seq)
        assert one.id == f"{one.kind}{one.round:02d}{one.seq:02d}"
    for found in numbers.values():
        assert found == list(range(1, len(found) + 1))
    locals_ = [name for one in record.entities for name in one.local_ids]
    assert len(locals_) == len(set(locals_))
    assert [row.round for row in record.rounds] == list(range(len(record.rounds)))
    done = [row.status == "completed" for row in record.rounds]
    assert all(done[:-1])
    completed = {row.round for row in record.rounds if row.status == "completed"}
    assert {one.round for one in record.entities} <= completed


def statuses_follow_from_events(record: Record) -> None:
    """Each entity's status is the fold of its events, which are numbered from 1 and never go back in time or round."""
    events: dict[str, list[Any]] = defaultdict(list)
    for event in record.events:
        events[str(event.key)].append(event)
    assert set(events) == {one.id for one in record.entities}
    by_id = {one.id: one for one in record.entities}
    for name, own in events.items():
        one = by_id[name]
        assert one.status == folded(one.kind, [event.type for event in own])
        assert [event.event_seq for event in own] == list(range(1, len(own) + 1))
        assert own[0].type == {"E": "cited", "C": "asserted"}.get(one.kind, "created")
        assert [event.event_round for event in own] == sorted(event.event_round for event in own)
        assert [event.created_at for event in own] == sorted(event.created_at for event in own)
        adopted = [event.reference for event in own if event.type == "adopted"]
        assert (one.adopted_in_verdict is None) is (one.status != "adopted")
        if adopted:
            assert adopted == [one.adopted_in_verdict]
            assert one.adopted_in_verdict in {row.verdict_id for row in record.verdicts if row.verdict_type == "final"}
        for event in own[1:]:
            if event.type == "resolved":
                assert {"judge", *one.contributors} & set(event.actors)


def references_lead_somewhere(record: Record) -> None:
    """Sources and targets exist, tension-only types lead to tensions, refinements stay in a kind; none is doubled."""
    there = {one.id for one in record.entities} | {f"@{one.slug}" for one in record.experts}
    for one in record.refs:
        assert {one.source_id, one.target_id} <= there
        assert one.source_id != one.target_id
        if one.ref_type in ("address", "resolve", "reopen"):
            assert one.target_id[0] == "T"
        if one.ref_type == "refine":
            assert one.source_id[0] == one.target_id[0]
    named = [(one.round, one.source_id, one.ref_type, one.target_id) for one in record.refs]
    assert len(named) == len(set(named))
    for event in record.events:
        for name in (event.reference, event.result):
            assert name is None or name in there or name in {row.verdict_id for row in record.verdicts}


def everybody_is_known(record: Record) -> None:
    """Whoever contributed, moved, spoke or was scored sat at that round's panel; actors are experts, Judge or user."""
    panels: dict[int, set[str]] = defaultdict(set)
    for member in record.panel_members:
        panels[member.round].add(member.slug)
    known = {one.slug for one in record.experts}
    for slug, round_ in (
        [(slug, one.round) for one in record.entities for slug in one.contributors]
        + [(one.expert_slug, one.round) for one in record.moves]
        + [(one.slug, one.round) for one in record.utterances]
    ):
        assert slug in panels[round_]
    assert {slug for slugs in panels.values() for slug in slugs} <= known
    assert {actor for event in record.events for actor in event.actors} <= known | {"judge", "user"}
    sat: set[str] = set()
    completed = [row.round for row in record.rounds if row.status == "completed"]
    for round_ in sorted(panels):
        for member in record.panel_members:
            if member.round == round_:
                assert (member.source == "retained") is (member.slug in sat)
        sat |= panels[round_]
    for one in record.experts:
        rounds = [round_ for round_ in completed if one.slug in panels[round_]]
        assert one.first_round == (rounds[0] if rounds else None)


def scores_add_up(record: Record) -> None:
    """Here every round's score was the sum of its experts'; nothing was counted twice or dropped."""
    for row in record.rounds:
        if row.status == "completed":
            own = [one.score for one in record.utterances if one.round == row.round and one.score is not None]
            assert row.score == sum(own)


def the_dialogue_stands_where_it_must(record: Record) -> None:
    """Concluded only by a final verdict; figures of every registered round; the gate agrees with the tensions."""
    finals = [row for row in record.verdicts if row.verdict_type == "final"]
    dialogue = record.dialogue
    assert (dialogue.converged_at is not None) is (dialogue.status == "converged")
    if dialogue.status == "converged":
        assert dialogue.converged_at == finals[-1].created_at
    rows = figures(record)
    assert [row.round for row in rows] == [row.round for row in record.rounds if row.status == "completed"]
    found = gate(record)
    assert (found is None) is (not rows)
    if found is not None:
        unsettled = {one.id for one in record.entities if one.kind == "T" and one.status != "resolved"}
        accepted = set(finals[-1].tensions_accepted) if dialogue.status == "converged" else set()
        assert set(found.open_tensions) == unsettled - accepted
    if dialogue.status not in ("converged", "abandoned"):
        reopened = [(one.detail or {})["rounds"] for one in record.dialogue_events if one.type == "reopened"]
        waiting = reopened[-1:] == [len(rows)]  # whatever the last round says, the next one decides
        assert dialogue.status == ("converging" if found is not None and found.met and not waiting else "open")
    for row in finals:
        assert row.gate is not None
        assert row.gate["met"] or (row.gate["forced"] and row.force_reason)


TestDeliberation = Deliberation.TestCase
TestDeliberation.settings = settings(
    max_examples=scale(6),
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
