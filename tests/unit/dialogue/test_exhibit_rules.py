"""What a verdict rests on, whether it stands, and what a panel lost: as functions of values."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.dialogue import model
from hansard.dialogue.exhibits import rules as x
from hansard.dialogue.exhibits.answers import Changed
from hansard.dialogue.requests import WatchIn
from hansard.kernel.errors import HansardError

TIME = "2026-03-01T09:00:00.000000Z"
NOTHING_SEEN = x.Findings({}, {}, [], [])


def an_entity(name: str, *exhibits: str) -> model.Entity:
    """An entity by its display id."""
    return model.Entity(
        dialogue_id="d",
        kind=name[0],
        round=int(name[1:3]),
        seq=int(name[3:]),
        label=name,
        content=name,
        contributors=["muffin"],
        status="cited" if name[0] == "E" else "asserted" if name[0] == "C" else "open",
        exhibits=list(exhibits) or None,
        created_at=TIME,
    )


def an_exhibit(number: int, **more: Any) -> model.Exhibit:
    """An exhibit."""
    given_: dict[str, Any] = {"kind": "file", "label": f"X{number}", "reference": {}, "digest": f"{number:064x}",
                              "round": 0, "added_by": "judge", "created_at": TIME}  # fmt: skip
    return model.Exhibit(dialogue_id="d", seq=number, **{**given_, **more})


def a_verdict(verdict_id: str = "final", **more: Any) -> model.Verdict:
    """A final verdict."""
    given_: dict[str, Any] = {"verdict_type": "final", "round": 0, "recommendation": "R", "description": "D",
                              "seq": 1, "created_at": TIME}  # fmt: skip
    return model.Verdict(dialogue_id="d", verdict_id=verdict_id, **{**given_, **more})


def a_record(*entities: model.Entity, refs: list[tuple[str, str, str]] | None = None, **more: Any) -> model.Record:
    """A record of these entities; references as source, type, target."""
    lists: dict[str, Any] = {name: [] for name in model.Record.__struct_fields__ if name != "dialogue"}
    dialogue = model.Dialogue(
        dialogue_id="d", title="T", question="Q", created_at=TIME, panel_size=3, seed="0" * 16, status="converged"
    )
    made = [
        model.Ref(dialogue_id="d", round=0, seq=n, source_id=a, ref_type=kind, target_id=b, created_at=TIME)
        for n, (a, kind, b) in enumerate(refs or [], 1)
    ]
    return model.Record(**{"dialogue": dialogue, **lists, "entities": list(entities), "refs": made, **more})


def reached(record: model.Record, *keys: str) -> list[str]:
    """The exhibits that a verdict with these key claims and pieces of evidence rests on."""
    named: dict[str, Any] = {
        "key_evidence": [k for k in keys if k[0] == "E"],
        "key_claims": [k for k in keys if k[0] == "C"],
    }
    return x.rests_on(record, a_verdict(**named)).exhibits


def test_what_gives_ground_is_followed_to_the_exhibits() -> None:
    """Depend and refine lead to their target, support to what supports; opposing and asking lead nowhere."""
    exhibits = [an_exhibit(n) for n in range(1, 7)]
    record = a_record(
        *(an_entity(f"E{n:04d}", f"X{n:04d}") for n in range(1, 7)),
        an_entity("C0001"),
        an_entity("C0002"),
        refs=[
            ("C0001", "depend", "E0001"),
            ("E0002", "support", "C0001"),
            ("C0001", "oppose", "E0003"),
            ("C0001", "question", "E0004"),
            ("E0001", "refine", "E0005"),
            ("C0002", "depend", "E0006"),
        ],
        exhibits=exhibits,
    )
    assert reached(record, "C0001") == ["X0001", "X0002", "X0005"]
    assert reached(record, "C0002") == ["X0006"]
    assert reached(record) == []
    assert x.rests_on(record, a_verdict(key_claims=["C0001"])).through == ["C0001", "E0001", "E0002", "E0005"]


names = [f"{kind}{n:04d}" for kind in "PRTEC" for n in (1, 2)]
graphs = st.lists(
    st.tuples(st.sampled_from(names), st.sampled_from(model.REF_TYPES), st.sampled_from(names)), max_size=25
)


@given(graphs, st.lists(st.sampled_from([n for n in names if n[0] in "EC"]), unique=True), st.randoms())
def test_any_graph_has_an_end_and_no_order(refs: list[tuple[str, str, str]], keys: list[str], chance: Any) -> None:
    """Circles end; the order of references says nothing; more keys never rest on less."""
    entities = [an_entity(name, *(["X" + name[1:]] if name[0] == "E" else [])) for name in names]
    exhibits = [an_exhibit(1), an_exhibit(2)]
    record = a_record(*entities, refs=refs, exhibits=exhibits)
    found = reached(record, *keys)
    shuffled = list(refs)
    chance.shuffle(shuffled)
    assert reached(a_record(*entities, refs=shuffled, exhibits=exhibits), *keys) == found
    assert set(found) <= set(reached(record, *keys, "E0001"))
    own = {f"X{name[1:]}" for name in keys if name[0] == "E"}
    assert own <= set(found) <= {"X0001", "X0002"}


def a_case(*, watches: list[model.Watch] | None = None, verdicts: list[model.Verdict] | None = None) -> model.Record:
    """A record whose verdict rests on X0001."""
    return a_record(
        an_entity("E0001", "X0001"),
        exhibits=[an_exhibit(1), an_exhibit(2)],
        verdicts=verdicts or [a_verdict(key_evidence=["E0001"])],
        watches=watches or [],
    )


def told(record: model.Record, found: x.Findings = NOTHING_SEEN, on: date | None = date(2026, 6, 1)) -> Any:
    """The standing of its first verdict."""
    return x.standing(record, record.verdicts[0], found, on)


def looked(state: str, **more: Any) -> x.Findings:
    """One look at X0001."""
    return x.Findings({"X0001": x.Look(state, **more)}, {}, [], [])


def test_a_verdict_stands_until_something_it_rests_on_changes() -> None:
    """As pinned: it stands. Altered, missing, replaced: stale, with what it was and is; not checked is said."""
    case = a_case()
    assert told(case, looked("as_pinned")).standing == "stands"
    altered = told(case, looked("altered", now="f" * 64, why="it holds something else"))
    assert (altered.standing, altered.changed[0].was, altered.changed[0].now) == ("stale", f"{1:064x}", "f" * 64)
    assert told(case, looked("missing")).changed[0].now == "not there"
    unseen = told(case, looked("not_checked", why="nobody can ask"))
    assert (unseen.standing, unseen.not_checked) == ("stands", ["X0001 (file): nobody can ask"])
    other = told(case, looked("differs", why="another is here"))
    assert (other.standing, other.notes[0], other.not_checked) == ("stands", "X0001 (file): another is here", [])
    newer = a_record(
        an_entity("E0001", "X0001"),
        exhibits=[an_exhibit(1), an_exhibit(2, reference={"replaces": "X0001"})],
        verdicts=case.verdicts,
    )
    assert told(newer, looked("as_pinned")).changed[0].now == f"{2:064x}"
    rule = Changed(what="rule", id="PR0001", was="revision 1", now="revision 2", why="w")
    assert told(case, x.Findings({"X0001": x.Look("as_pinned")}, {}, [rule], [])).standing == "stale"
    cited = told(case, x.Findings({"X0001": x.Look("as_pinned")}, {"X0001": "superseded"}, [], []))
    assert (cited.standing, cited.changed[0].what) == ("stale", "verdict")


def a_watch(day: str | None = None, seq: int = 1) -> model.Watch:
    """A condition bound to a day, or to a gate."""
    reference = {"gate": "age"} if day is None else {"date": day}
    kind = "gate" if day is None else "date"
    return model.Watch(dialogue_id="d", verdict_id="final", seq=seq, condition="C", kind=kind, reference=reference,
                       created_at=TIME)  # fmt: skip


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.dates(date(2020, 1, 1), date(2030, 12, 31)))
def test_a_day_falls_due_when_it_comes(day: date, today: date) -> None:
    """Due from that day on, since that day, and never before; without a day to tell for, it waits."""
    record = a_case(watches=[a_watch(day.isoformat())])
    found = told(record, looked("as_pinned"), today)
    assert found.standing == ("due" if today >= day else "stands")
    assert found.watched[0].since == (day.isoformat() if today >= day else None)
    assert told(record, looked("as_pinned"), None).standing == "stands"


def test_a_gate_is_not_looked_into_yet() -> None:
    """It is never called good: the standing says that nobody looked."""
    found = told(a_case(watches=[a_watch()]), looked("as_pinned"))
    assert (found.standing, found.watched[0].state) == ("stands", "not_checked")
    assert found.not_checked == ["gate 'age': no gate can be asked yet"]


def test_the_gravest_word_is_told() -> None:
    """Superseded before stale before due."""
    watches = [a_watch("2026-01-01")]
    assert told(a_case(watches=watches), looked("altered")).standing == "stale"
    later = [a_verdict(key_evidence=["E0001"]), a_verdict("second", seq=2, supersedes="final")]
    found = told(a_case(watches=watches, verdicts=later), looked("altered"))
    assert (found.standing, found.superseded_by) == ("superseded", "second")
    assert found.changed
    assert found.watched[0].state == "due"


@pytest.mark.parametrize(
    ("watch", "code", "field"),
    [
        ({"condition": "Other", "date": "2027-03-01"}, "watch_not_a_condition", "watch[0].condition"),
        ({"condition": "Age gate"}, "missing_field", "watch[0].gate"),
        ({"condition": "Age gate", "gate": "g", "date": "2027-03-01"}, "invalid_field", "watch[0].date"),
        ({"condition": "Age gate", "date": "1 March"}, "invalid_field", "watch[0].date"),
        ({"condition": "Age gate", "date": "2027-02-30"}, "invalid_field", "watch[0].date"),
        ({"condition": "Age gate", "date": "20270301"}, "invalid_field", "watch[0].date"),
        ({"condition": "Age gate", "date": "0999-03-01"}, "invalid_field", "watch[0].date"),
    ],
)
def test_a_watch_that_cannot_be_is_told(watch: dict[str, Any], code: str, field: str) -> None:
    """Another condition, no binding, two, no day."""
    bound, faults = x.judged_watches([("watch[0]", WatchIn(**watch))], ["Age gate"])
    assert bound == []
    assert [(fault.code, fault.field) for fault in faults] == [(code, field)]


def test_one_binding_stands_once() -> None:
    """The same condition may be bound to a gate and to days, each once; white space and case do not tell them apart."""
    given_ = [{"gate": "g"}, {"date": "2027-03-01"}, {"date": "2027-03-01"}]
    bound, faults = x.judged_watches([("w", WatchIn(condition="age  GATE", **one)) for one in given_], ["Age gate"])
    assert [(one.condition, one.to) for one in bound] == [("Age gate", "g"), ("Age gate", "2027-03-01")]
    assert [fault.code for fault in faults] == ["watch_exists"]


def a_panel(size: int, lost: dict[str, str | None]) -> model.Record:
    """A round of so many; those who are lost abstained for a cause, or said nothing."""
    slugs = [f"p-{n}" for n in range(size)]
    return a_record(
        panel_members=[model.PanelMember(dialogue_id="d", round=0, slug=slug, source="pool") for slug in slugs],
        utterances=[
            model.Utterance(dialogue_id="d", round=0, slug=slug, raw="words") for slug in slugs if slug not in lost
        ],
        stances=[
            model.Stance(dialogue_id="d", round=0, expert_slug=slug, stance="ABSTAIN", cause=cause, created_at=TIME)
            for slug, cause in lost.items()
            if cause is not None
        ],
    )


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), st.data())
def test_a_quorum_is_more_than_half_of_those_seated(case: tuple[int, int], data: st.DataObject) -> None:
    """Whoever abstained or said nothing is lost, with the reason; half of the panel is no quorum."""
    size, gone = case
    causes = st.sampled_from([None, *model.ABSTAIN_CAUSES])
    lost = {f"p-{n}": data.draw(causes) for n in range(gone)}
    found = x.degradation(a_panel(size, lost), 0)
    if not gone:
        assert found is None
        return
    assert found is not None
    assert {one.expert: one.why for one in found.lost} == {name: why or "no response" for name, why in lost.items()}
    assert (found.seated, found.remaining) == (size, size - gone)
    assert found.quorum == (size - gone > size / 2)


def test_who_left_another_trace_is_not_lost() -> None:
    """Without a response, a score, an entity or a move shows that a member took part."""
    silent = a_panel(3, {"p-0": None, "p-1": None, "p-2": None})
    move = model.Move(dialogue_id="d", round=0, expert_slug="p-0", seq=1, move_type="converge", targets=[],
                      created_at=TIME)  # fmt: skip
    entity = msgspec.structs.replace(an_entity("P0001"), contributors=["p-1"])
    scored = model.Utterance(dialogue_id="d", round=0, slug="p-2", score=3)
    record = msgspec.structs.replace(silent, moves=[move], entities=[entity], utterances=[scored])
    assert x.degradation(record, 0) is None
    assert x.degradation(record, 1) is None


@given(st.text(max_size=120))
def test_a_copys_name_is_safe_everywhere(name: str) -> None:
    """Whatever a file is called, its copy's name holds letters, digits, dots and dashes, and begins with the id."""
    made = x.file_name("X0001", name)
    assert made.startswith("X0001")
    assert all(sign.isascii() and (sign.isalnum() or sign in "._-") for sign in made)
    assert len(made) <= 90
    assert not made.endswith(".")


def test_only_evidence_cites() -> None:
    """A claim is sent to its evidence; unknown, malformed and repeated ids are told."""
    judged = x.judged_citations
    assert judged("f", ["X0001"], "E", "evidence", ["X0001"]) is None
    faults = [
        judged("f", ["X0001"], "C", "claim", ["X0001"]),
        judged("f", ["X1"], "E", "evidence", ["X0001"]),
        judged("f", ["X0002"], "E", "evidence", ["X0001"]),
        judged("f", ["X0001", "X0001"], "E", "evidence", ["X0001"]),
    ]
    assert [fault.code for fault in faults if isinstance(fault, HansardError)] == [
        "exhibit_not_evidence",
        "invalid_field",
        "exhibit_not_found",
        "invalid_field",
    ]
