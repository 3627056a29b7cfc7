"""Calibration through its operations: rules, ethos, what a dialogue and its verdicts are held to; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hansard.dialogue.calibration.rules import digest_of
from tests.conftest import sampled
from tests.support.court import ETHOS, Court
from tests.support.stores import KINDS


@pytest.fixture(params=sampled(KINDS, ["sqlite"]))
def court(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Court]:
    """A fresh store on each kind of database."""
    made = Court(tmp_path, request.param)
    yield made
    made.close()


def test_a_rule_lives_and_an_ethos_stays(court: Court) -> None:
    """Ids in turn, default priorities, revisions, retirement; the ethos keeps what it was made of."""
    court.ethos()
    made = {one["rule_id"]: one for one in court.run("rules_list").rules}
    assert {name: one["priority"] for name, one in made.items()} == {"PR0001": 100, "FID-TN01": 800, "CN01": 500}
    before = court.run("ethos_get", ethos_id=ETHOS)
    revised = court.run("rule_revise", rule_id="PR0001", text="Every figure has a source.", reason="Plainer.")
    assert (revised.rule["revision"], revised.rule["text"]) == (2, "Every figure has a source.")
    court.run("rule_retire", rule_id="CN01")
    assert court.run("ethos_get", ethos_id=ETHOS) == before
    assert before.digest == digest_of(before.rules)
    assert court.run("ethos_list").ethos[0]["stale"] == ["PR0001", "CN01"]
    assert [one["rule_id"] for one in court.run("rules_list").rules] == ["PR0001", "FID-TN01"]
    assert len(court.run("rules_list", retired=True).rules) == 3
    again = court.run("ethos_synthesise", domain_id="FID", title="Rules")
    assert again.ethos_id == "ethos-rules-002"
    assert [one["revision"] for one in again.rules] == [2, 1]
    assert court.findings() == []


def test_what_cannot_be_written_down_is_told(court: Court) -> None:
    """Each refusal names its field and leaves no trace."""
    court.ethos()
    assert court.wrong("domain_create", domain_id="FID", name="Again") == [("domain_exists", "domain_id")]
    assert court.wrong("domain_create", domain_id="fid", name="Small") == [("invalid_field", "domain_id")]
    said = {"label": "L", "text": "T"}
    assert court.wrong("rule_create", type="habit", **said) == [("invalid_field", "type")]
    assert court.wrong("rule_create", type="tenet", **said) == [("missing_field", "domain_id")]
    assert court.wrong("rule_create", type="tenet", domain_id="XXX", **said) == [("domain_not_found", "domain_id")]
    assert court.wrong("rule_create", type="principle", domain_id="FID", **said) == [("invalid_field", "domain_id")]
    assert court.wrong("rule_create", type="principle", domains=["XXX"], **said) == [("domain_not_found", "domains[0]")]
    assert court.wrong("rule_revise", rule_id="PR0009", label="x") == [("rule_not_found", "rule_id")]
    assert court.wrong("rule_revise", rule_id="PR0001", label="Cite") == [("invalid_field", "rule_id")]
    court.run("rule_retire", rule_id="PR0001")
    assert court.wrong("rule_retire", rule_id="PR0001") == [("rule_retired", "rule_id")]
    assert court.wrong("rule_revise", rule_id="PR0001", label="x") == [("rule_retired", "rule_id")]
    assert court.wrong("ethos_get", ethos_id="ethos-none") == [("ethos_not_found", "ethos_id")]


def test_an_unresolved_conflict_refuses_and_names_every_one(court: Court) -> None:
    """Rules of one weight that say the same, and a named contradiction: both are in the refusal; a trial tells them."""
    court.ethos()
    court.run("rule_create", type="principle", label="Cite again", text="figures have SOURCES!")
    court.run("rule_create", type="principle", label="Never", text="No figure has a source.")
    request: dict[str, Any] = {"domain_id": "FID", "title": "Two", "conflicts": [{"a": "PR0003", "b": "PR0001"}]}
    refusal = court.refuses("ethos_synthesise", **request)
    assert refusal.code == "ethos_conflict_unresolved"
    assert [(one["rule_a"], one["rule_b"], one["kind"]) for one in (refusal.context or {})["conflicts"]] == [
        ("PR0001", "PR0002", "redundancy"),
        ("PR0001", "PR0003", "contradiction"),
    ]
    before = court.dump()
    trial = court.run("ethos_synthesise", **request, dry_run=True)
    assert trial.ethos_id is None
    assert len(trial.unresolved) == 2
    assert court.dump() == before
    request["conflicts"] = [
        {"a": "PR0003", "b": "PR0001", "resolution": "b_supersedes", "note": "Obviously."},
        {"a": "PR0001", "b": "PR0002", "kind": "redundancy", "resolution": "a_supersedes", "resolved_by": "model"},
    ]
    made = court.run("ethos_synthesise", **request)
    assert [one["rule_id"] for one in made.rules] == ["PR0001", "FID-TN01"]
    kept = court.run("ethos_get", ethos_id=made.ethos_id).conflicts
    assert [(one.resolution, one.resolved_by, one.note) for one in kept] == [
        ("a_supersedes", "model", None),
        ("a_supersedes", "manual", "Obviously."),
    ]


def test_a_recorded_contradiction_is_taken_up_again(court: Court) -> None:
    """An ethos of the same domain that takes both rules again must decide again; once one was revised it is told."""
    court.ethos()
    court.run("rule_create", type="principle", label="Never", text="No figure has a source.")
    decided = {"a": "PR0001", "b": "PR0002", "resolution": "b_supersedes"}
    first = court.run("ethos_synthesise", domain_id="FID", title="First", conflicts=[decided])
    refusal = court.refuses("ethos_synthesise", domain_id="FID", title="Second")
    assert refusal.code == "ethos_conflict_unresolved"
    (named,) = (refusal.context or {})["conflicts"]
    assert (named["rule_a"], named["rule_b"], named["kind"]) == ("PR0001", "PR0002", "contradiction")
    assert str(first.ethos_id) in named["note"]
    assert court.run("ethos_synthesise", domain_id="FID", title="Third", leave_out=["PR0002"]).conflicts == []
    assert court.run("ethos_synthesise", domain_id="FID", title="Fourth", conflicts=[decided]).warnings == []
    court.run("rule_revise", rule_id="PR0002", text="A rounded figure has no source.")
    told = court.run("ethos_synthesise", domain_id="FID", title="Fifth")
    assert len(told.rules) == 3
    assert "ethos-fourth-001" in told.warnings[0]
    assert court.findings() == []


def test_a_dialogue_carries_its_ethos_into_every_context(court: Court) -> None:
    """The context has ethos, domain, rules and what experts are told; without calibration there is no such key."""
    name = court.calibrated()
    plain = court.create("Plain", 3)
    given = court.run("dialogue_round_context", dialogue_id=name).model_dump()
    assert given["calibration"]["ethos_id"] == ETHOS
    assert given["calibration"]["domain"] == "Fiduciary"
    assert [(one["seq"], one["type"], one["priority"]) for one in given["calibration"]["rules"]] == [
        (1, "principle", 100),
        (2, "tenet", 800),
        (3, "constraint", 500),
    ]
    assert given["calibration"]["prompt_injection"].startswith("## Calibration: Fiduciary")
    assert "calibration" not in court.run("dialogue_round_context", dialogue_id=plain).model_dump()
    wrong = {"title": "T", "question": "Q", "expert_pool": {"experts": [{"role": "r"}] * 3}}
    assert court.wrong("dialogue_create", **wrong, calibration={"ethos_id": "ethos-none"}) == [
        ("ethos_not_found", "calibration.ethos_id")
    ]
    assert court.wrong("dialogue_create", **wrong, calibration={"ethos_id": ETHOS, "domain": "X"}) == [
        ("invalid_field", "calibration.domain")
    ]


def test_modifiers_stand_apart_from_scores(court: Court) -> None:
    """-2 and +1 are kept with rule, reason and evidence; scores, leaderboard order and totals know nothing of them."""
    name = court.calibrated()
    court.argued(
        name,
        score=9,
        expert_scores={"muffin": 5, "scone": 4},
        calibration_modifiers={
            "Muffin": [{"rule_id": "FID-TN01", "points": -2, "reason": "Nobody named it."}],
            "scone": [{"rule_id": "CN01", "points": 1, "reason": "Counted.", "evidence": "MUFFIN-E0001"}],
        },
    )
    board = {one["expert"]: one for one in court.run("dialogue_progress", dialogue_id=name).leaderboard}
    assert (board["muffin"]["total"], board["muffin"]["modifiers"]) == (5, -2)
    assert (board["scone"]["total"], board["scone"]["modifiers"]) == (4, 1)
    said = {one.slug: one for one in court.record(name).utterances}
    assert said["scone"].score == 4
    assert said["scone"].modifiers == [
        {"rule_id": "CN01", "points": 1, "reason": "Counted.", "evidence": "E0001"}
    ]  # fmt: skip
    context = court.run("dialogue_round_context", dialogue_id=name)
    assert context.experts["muffin"]["your_score"] == 5
    assert context.experts["muffin"]["calibration_modifiers"]["0"][0]["points"] == -2
    minutes = court.run("dialogue_minutes", dialogue_id=name).markdown
    assert "Modifiers, apart from the Judge’s scores:" in minutes
    assert "5 points · -2 by the calibration" in court.run("dialogue_report", dialogue_id=name).markdown


@pytest.mark.parametrize(
    ("modifier", "fault"),
    [
        ({"rule_id": "PR0009", "points": -2}, ("rule_not_found", "calibration_modifiers.muffin[0].rule_id")),
        ({"rule_id": "CN01", "points": 2}, ("invalid_field", "calibration_modifiers.muffin[0].points")),
        ({"rule_id": "CN01", "points": 1}, ("missing_field", "calibration_modifiers.muffin[0].evidence")),
        (
            {"rule_id": "PR0001", "points": 1, "evidence": "MUFFIN-E0001"},
            ("invalid_field", "calibration_modifiers.muffin[0].rule_id"),
        ),
        (
            {"rule_id": "CN01", "points": 1, "evidence": "SCONE-C0001"},
            ("type_id_mismatch", "calibration_modifiers.muffin[0].evidence"),
        ),
        (
            {"rule_id": "CN01", "points": 1, "evidence": "E0099"},
            ("target_not_found", "calibration_modifiers.muffin[0].evidence"),
        ),
    ],
)
def test_a_modifier_that_cannot_be_is_told(tmp_path: Path, modifier: dict[str, Any], fault: tuple[str, str]) -> None:
    """An unknown rule, other points, a reward without evidence or for a rule of little weight."""
    court = Court(tmp_path)
    name = court.calibrated()
    round_ = {
        "dialogue_id": name,
        "round": 0,
        "score": 0,
        "evidence": [{"local_id": "MUFFIN-E0001", "label": "L", "content": "C"}],
        "claims": [{"local_id": "SCONE-C0001", "label": "L", "content": "C"}],
        "calibration_modifiers": {"muffin": [{"reason": "r", **modifier}]},
    }
    assert court.wrong("dialogue_round_register", **round_) == [fault]
    plain = court.create("Plain", 3)
    plain_round = {**round_, "dialogue_id": plain}
    assert court.wrong("dialogue_round_register", **plain_round) == [
        ("invalid_field", "calibration_modifiers.muffin[0]")
    ]
    court.close()


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        (None, [("missing_field", "ethos_compliance")]),
        (
            {"fully_compliant": True, "violations": [{"rule_id": "CN01"}]},
            [("invalid_field", "ethos_compliance.fully_compliant")],
        ),
        ({"fully_compliant": False}, [("invalid_field", "ethos_compliance.fully_compliant")]),
        (
            {"fully_compliant": False, "violations": [{"rule_id": "CN09"}]},
            [("rule_not_found", "ethos_compliance.violations[0].rule_id")],
        ),
        (
            {"fully_compliant": False, "exceptions": [{"rule_id": "CN01", "justification": "Cash."}]},
            [("missing_field", "ethos_compliance.exceptions[0].approved_by")],
        ),
        (
            {
                "fully_compliant": False,
                "exceptions": [{"rule_id": "CN01", "justification": " ", "approved_by": "The trustees"}],
                "violations": [{"rule_id": "CN01"}],
            },
            [
                ("invalid_field", "ethos_compliance.violations[0].rule_id"),
                ("missing_field", "ethos_compliance.exceptions[0].justification"),
            ],
        ),
    ],
)
def test_a_final_verdict_says_whether_it_keeps_the_rules(
    tmp_path: Path, said: dict[str, Any] | None, faults: list[tuple[str, str]]
) -> None:
    """Missing, unknown, contradicting itself, without approval: each is a fault of the verdict."""
    court = Court(tmp_path)
    name = court.calibrated()
    court.argued(name)
    base = {"dialogue_id": name, "verdict_id": "final", "verdict_type": "final", "round": 0,
            "recommendation": "R", "description": "D", "votes": {"muffin": "for"}}  # fmt: skip
    found = court.wrong("dialogue_verdict_register", **base, **({} if said is None else {"ethos_compliance": said}))
    assert sorted(found) == sorted(faults)
    court.close()


def test_compliance_is_kept_and_shown(court: Court) -> None:
    """In the verdict, counted in the export, in words in the minutes; without calibration it may not be said."""
    name = court.calibrated()
    court.argued(name)
    said = {
        "fully_compliant": False,
        "exceptions": [{"rule_id": "CN01", "justification": "Paid from cash.", "approved_by": "The trustees"}],
    }
    court.concluded(name, ethos_compliance=said)
    kept = court.record(name).verdicts[0].ethos_compliance
    assert kept == {**said, "violations": []}
    path = court.run("dialogue_export", dialogue_id=name).path
    told = Path(path).read_text(encoding="utf-8")
    assert '"compliance": {\n      "fully_compliant": false,\n      "exceptions": 1,\n      "violations": 0' in told
    assert "`CN01` is departed from, approved by The trustees: Paid from cash." in (
        court.run("dialogue_minutes", dialogue_id=name).markdown
    )
    plain = court.create("Plain", 3)
    court.argued(plain)
    request = {"dialogue_id": plain, "verdict_id": "v", "verdict_type": "interim", "round": 0,
               "recommendation": "R", "description": "D", "ethos_compliance": {"fully_compliant": True}}  # fmt: skip
    assert court.wrong("dialogue_verdict_register", **request) == [("invalid_field", "ethos_compliance")]
    assert court.findings() == []


def test_a_calibrated_record_keeps_its_ethos_in_another_home(court: Court, tmp_path: Path) -> None:
    """Taken there by its export, where nobody knows the ethos: the same record and digest, nothing called stale."""
    name = court.calibrated()
    court.argued(
        name, calibration_modifiers={"muffin": [{"rule_id": "CN01", "points": -2, "reason": "Silent."}]}
    )  # fmt: skip
    court.concluded(name)
    export = court.run("dialogue_export", dialogue_id=name)
    (tmp_path / "other").mkdir()
    other = Court(tmp_path / "other")
    assert other.run("dialogue_import", path=export.path).dialogue_id == name
    there, here = other.record(name), court.record(name)
    assert there.dialogue.calibration == here.dialogue.calibration
    assert there.utterances == here.utterances
    assert other.run("dialogue_export", dialogue_id=name).digest == export.digest
    told = other.standing(name)
    assert told.standing == "stands"
    assert told.not_checked == [f"the dialogue's calibration: ethos '{ETHOS}' is not in this store"]
    other.close()


def test_the_judge_is_told_of_the_rules_and_so_is_every_prompt(court: Court) -> None:
    """The protocol names ethos, rules, modifiers and what a verdict must say; every prompt carries the rules."""
    court.ethos()
    experts = [{"role": f"Role {n}", "tier": "Core"} for n in range(3)]
    made = court.run("dialogue_create", title="T", question="Q", expert_pool={"experts": experts},
                     calibration={"ethos_id": ETHOS})  # fmt: skip
    told = made.judge_protocol["calibration"]
    assert (told["ethos_id"], told["rules"]) == (ETHOS, ["PR0001", "FID-TN01", "CN01"])
    prompts = court.run("dialogue_prompts", dialogue_id=made.dialogue_id).model_dump_json()
    assert prompts.count("## Calibration: Fiduciary") == 3
