"""How rules become an ethos: no pair is left in conflict, and neither order nor chance says anything."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.dialogue.calibration import rules as r
from hansard.dialogue.calibration.model import RULE_TYPES, Domain, Rule
from hansard.dialogue.calibration.requests import ConflictIn, EthosSynthesise
from hansard.kernel.errors import HansardError

TIME = "2026-03-01T09:00:00.000000Z"
DOMAINS = {"FID": Domain(domain_id="FID", name="Fiduciary", created_at=TIME)}


def a_rule(number: int, text: str = "", priority: int = 100, **more: Any) -> Rule:
    """A principle, with words of its own unless told otherwise."""
    kind = more.pop("type", "principle")
    given_: dict[str, Any] = {
        "rule_id": f"PR{number:04d}",
        "type": kind,
        "label": f"Rule {number}",
        "text": text or f"Words of rule {number}",
        "priority": priority,
        "created_at": TIME,
    }
    return Rule(**{**given_, **more})


def an_ethos(rules: list[Rule], /, **more: Any) -> r.Synthesis:
    """The synthesis of a request that names no fault."""
    plan = r.plan_synthesis(EthosSynthesise(domain_id="FID", title="T", **more), rules, DOMAINS)
    assert isinstance(plan, r.Synthesis), plan
    return plan


@st.composite
def choices(draw: st.DrawFn, *, decided: bool = True) -> tuple[list[Rule], list[ConflictIn]]:
    """Up to seven rules, some with the same words, and conflicts between some of them."""
    rules = [
        a_rule(
            number,
            draw(st.sampled_from(["", "Cite it.", "cite it", "Measure it!"])),
            draw(st.sampled_from([50, 100, 500])),
            type=draw(st.sampled_from(["principle", "constraint"])),
            domains=["FID"],
        )
        for number in range(1, draw(st.integers(1, 7)) + 1)
    ]
    pairs = draw(st.lists(st.sampled_from(list(combinations([one.rule_id for one in rules], 2)) or [("", "")]),
                          max_size=5, unique=True))  # fmt: skip
    conflicts = []
    for a, b in pairs if len(rules) > 1 else []:
        resolution = draw(st.sampled_from([None, "a_supersedes", "b_supersedes", "merged", "removed"]))
        conflicts.append(
            ConflictIn(
                a=a,
                b=b,
                kind=draw(st.sampled_from(["contradiction", "ambiguity"])),
                resolution=resolution if decided else None,
                merged_text=f"{a} and {b} in one" if decided and resolution == "merged" else None,
            )
        )
    return rules, conflicts


def turned(one: ConflictIn) -> ConflictIn:
    """The same conflict, told the other way round."""
    other = {"a_supersedes": "b_supersedes", "b_supersedes": "a_supersedes"}.get(one.resolution or "", one.resolution)
    return one.model_copy(update={"a": one.b, "b": one.a, "resolution": other})


def standing_for(plan: r.Synthesis) -> list[set[str]]:
    """The rules behind each rule of an ethos: itself, or the two that were merged."""
    return [{entry["rule_id"], *(one["rule_id"] for one in entry.get("merged_from", ()))} for entry in plan.rules]


@given(choices())
def test_no_pair_of_an_ethos_is_in_conflict(choice: tuple[list[Rule], list[ConflictIn]]) -> None:
    """Where nothing is left unresolved, no two of its rules conflict, and no two say the same in the same words."""
    rules, conflicts = choice
    plan = an_ethos(rules, conflicts=conflicts)
    if plan.unresolved:
        return
    behind = standing_for(plan)
    for one in [*conflicts, *(ConflictIn(a=a, b=b) for a, b in r.redundancies(rules))]:
        assert sum(bool(group & {one.a, one.b}) for group in behind) <= 1
    words = [r.normal_words(entry["text"]) for entry in plan.rules]
    assert len(set(words)) == len(words)
    assert [entry["seq"] for entry in plan.rules] == list(range(1, len(plan.rules) + 1))
    assert {(one.a, one.b) for one in plan.conflicts} >= {tuple(sorted((one.a, one.b))) for one in conflicts}
    assert all(one.resolution and one.resolved_by for one in plan.conflicts)


@given(choices(), st.randoms(use_true_random=False))
def test_the_order_of_rules_and_conflicts_says_nothing(
    choice: tuple[list[Rule], list[ConflictIn]], chance: random.Random
) -> None:
    """Shuffled, and each conflict told from either side: the same rules, digest, conflicts and refusals."""
    rules, conflicts = choice
    first = an_ethos(rules, conflicts=conflicts)
    others = [turned(one) if chance.random() < 0.5 else one for one in conflicts]
    chance.shuffle(others)
    shuffled = list(rules)
    chance.shuffle(shuffled)
    again = an_ethos(shuffled, conflicts=others)
    assert again == first
    assert r.digest_of(again.rules) == r.digest_of(first.rules)


@given(choices(decided=False), st.data())
def test_more_priority_never_takes_a_rule_out(choice: tuple[list[Rule], list[ConflictIn]], data: st.DataObject) -> None:
    """A rule that stays where priority decides still stays when it alone is given more weight."""
    rules, conflicts = choice
    before = an_ethos(rules, conflicts=conflicts)
    if before.unresolved or not before.rules:
        return
    kept = data.draw(st.sampled_from([entry["rule_id"] for entry in before.rules]))
    raised = [
        a_rule(int(one.rule_id[2:]), one.text, one.priority + 1000 * (one.rule_id == kept), type=one.type,
               domains=one.domains)
        for one in rules
    ]  # fmt: skip
    after = an_ethos(raised, conflicts=conflicts)
    assert kept in [entry["rule_id"] for entry in after.rules]


@given(choices())
def test_equals_are_never_decided_silently(choice: tuple[list[Rule], list[ConflictIn]]) -> None:
    """Of two rules of one priority without a decision, the conflict is among the unresolved."""
    rules, conflicts = choice
    plan = an_ethos(rules, conflicts=conflicts)
    weights = {one.rule_id: one.priority for one in rules}
    open_ = {(one.a, one.b) for one in plan.unresolved}
    for one in conflicts:
        if one.resolution is None and weights[one.a] == weights[one.b]:
            assert tuple(sorted((one.a, one.b))) in open_


def test_who_is_superseded_supersedes_nobody() -> None:
    """Of three in a row the first and the last stay."""
    rules = [a_rule(1, priority=300), a_rule(2, priority=200), a_rule(3, priority=100)]
    plan = an_ethos(rules, conflicts=[ConflictIn(a="PR0001", b="PR0002"), ConflictIn(a="PR0002", b="PR0003")])
    assert [entry["rule_id"] for entry in plan.rules] == ["PR0001", "PR0003"]


def test_a_circle_decides_nothing() -> None:
    """Three decisions by hand that go round leave all three unresolved."""
    rules = [a_rule(number) for number in (1, 2, 3)]
    given_ = [
        ConflictIn(a="PR0001", b="PR0002", resolution="a_supersedes"),
        ConflictIn(a="PR0002", b="PR0003", resolution="a_supersedes"),
        ConflictIn(a="PR0001", b="PR0003", resolution="b_supersedes"),
    ]
    assert len(an_ethos(rules, conflicts=given_).unresolved) == 3


def test_two_become_one_with_the_words_given() -> None:
    """A merged rule has the id and label of the weightier, the words of the decision, and tells where it comes from."""
    rules = [a_rule(1, priority=100), a_rule(2, priority=400)]
    merged = ConflictIn(a="PR0001", b="PR0002", kind="ambiguity", resolution="merged", merged_text="Both.",
                        resolved_by="model")  # fmt: skip
    plan = an_ethos(rules, conflicts=[merged])
    assert [(one["rule_id"], one["text"], one["priority"]) for one in plan.rules] == [("PR0002", "Both.", 400)]
    assert plan.rules[0]["merged_from"] == [
        {"rule_id": "PR0001", "revision": 1},
        {"rule_id": "PR0002", "revision": 1},
    ]
    assert plan.conflicts[0].resolved_by == "model"
    snapshot = r.snapshot("ethos-t-001", "T", DOMAINS["FID"], plan.rules)
    assert r.rule_ids(snapshot) == ["PR0002", "PR0001"]
    assert r.priority_of(snapshot, "PR0001") == 400


def test_which_rules_are_taken() -> None:
    """Principles and tenets that are valid, constraints that name the domain; retired and foreign ones never."""
    rules = [
        a_rule(1),
        a_rule(2, domains=["LAW"]),
        a_rule(3, status="retired"),
        a_rule(4, rule_id="FID-TN01", type="tenet", domain_id="FID"),
        a_rule(5, rule_id="LAW-TN01", type="tenet", domain_id="LAW"),
        a_rule(6, rule_id="CN01", type="constraint"),
        a_rule(7, rule_id="CN02", type="constraint", domains=["FID"]),
    ]
    taken = [entry["rule_id"] for entry in an_ethos(rules).rules]
    assert taken == ["PR0001", "FID-TN01", "CN02"]
    more = [entry["rule_id"] for entry in an_ethos(rules, add=["CN01"], leave_out=["PR0001"]).rules]
    assert more == ["FID-TN01", "CN01", "CN02"]
    assert [entry["rule_id"] for entry in an_ethos(rules, rules=["CN01"]).rules] == ["CN01"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"domain_id": "XXX"}, "domain_id"),
        ({"rules": ["PR0009"]}, "rules[0]"),
        ({"add": ["PR0003"]}, "add[0]"),
        ({"add": ["LAW-TN01"]}, "add[0]"),
        ({"leave_out": ["PR0009"]}, "leave_out[0]"),
        ({"conflicts": [{"a": "PR0001", "b": "PR0009"}]}, "conflicts[0].b"),
        ({"conflicts": [{"a": "PR0001", "b": "PR0001"}]}, "conflicts[0].b"),
        ({"conflicts": [{"a": "PR0001", "b": "PR0002", "kind": "quarrel"}]}, "conflicts[0].kind"),
        ({"conflicts": [{"a": "PR0001", "b": "PR0002", "resolution": "won"}]}, "conflicts[0].resolution"),
        ({"conflicts": [{"a": "PR0001", "b": "PR0002", "resolution": "merged"}]}, "conflicts[0].merged_text"),
        ({"conflicts": [{"a": "PR0001", "b": "PR0002", "resolved_by": "manual"}]}, "conflicts[0].resolution"),
        (
            {"conflicts": [{"a": "PR0001", "b": "PR0002", "resolution": "b_supersedes", "resolved_by": "priority"}]},
            "conflicts[0].resolution",
        ),
        ({"conflicts": [{"a": "PR0001", "b": "PR0002"}, {"a": "PR0002", "b": "PR0001"}]}, "conflicts[1]"),
        ({"leave_out": ["PR0001", "PR0002"]}, "rules"),
    ],
)
def test_what_cannot_be_is_told(more: dict[str, Any], field: str) -> None:
    """Each wrong part of a request is named, and nothing is made."""
    rules = [
        a_rule(1, priority=200),
        a_rule(2),
        a_rule(3, status="retired"),
        a_rule(5, rule_id="LAW-TN01", type="tenet", domain_id="LAW"),
    ]
    request = EthosSynthesise.model_validate({"domain_id": "FID", "title": "T", **more})
    faults = r.plan_synthesis(request, rules, DOMAINS)
    assert isinstance(faults, list)
    assert field in [fault.field for fault in faults if isinstance(fault, HansardError)]
    assert all(fault.suggestion for fault in faults)


def test_ids_are_given_in_turn() -> None:
    """Each type counts for itself, tenets within their domain."""
    known = ["PR0001", "PR0003", "FID-TN01", "LAW-TN07", "CN99"]
    assert r.next_rule_id("principle", None, known) == "PR0004"
    assert r.next_rule_id("tenet", "FID", known) == "FID-TN02"
    assert r.next_rule_id("tenet", "ABC", known) == "ABC-TN01"
    assert r.next_rule_id("constraint", None, known) == "CN100"


def test_the_prompt_tells_every_rule_by_its_id_and_priority() -> None:
    """What experts are told holds each rule, under its type."""
    plan = an_ethos([a_rule(1), a_rule(4, rule_id="FID-TN01", type="tenet", domain_id="FID", priority=900)])
    told = r.prompt_injection("Fiduciary", plan.rules)
    assert told.startswith("## Calibration: Fiduciary\n\n")
    assert "- **PR0001: Rule 1** (priority 100). Words of rule 1" in told
    assert "(priority 900)" in told
    assert set(RULE_TYPES) >= {entry["type"] for entry in plan.rules}


def test_a_change_since_is_told_with_what_was_and_is() -> None:
    """Revised, retired and lost rules; the two behind a merged one too."""
    merged = [{"rule_id": "PR0003", "revision": 1}, {"rule_id": "PR0004", "revision": 1}]
    entries: list[dict[str, Any]] = [
        {"rule_id": "PR0001", "revision": 1},
        {"rule_id": "PR0002", "revision": 2},
        {"rule_id": "PR0003", "revision": 1, "merged_from": merged},
    ]
    known = {one.rule_id: one for one in (a_rule(1, revision=3), a_rule(2, revision=2), a_rule(4, status="retired"))}
    told = {one.rule_id: (one.was, one.now) for one in r.changed_since(entries, known)}
    assert told == {
        "PR0001": ("revision 1", "revision 3"),
        "PR0003": ("revision 1", "not there"),
        "PR0004": ("revision 1", "retired"),
    }
