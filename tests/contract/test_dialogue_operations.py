"""What callers of the dialogue's operations may rely on: shapes, mappings, lives, repeated requests, imports.

The names, ids and numbers of the running example are those of the specification (the NVIDIA decision); the sentences
are our own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from hansard.dialogue.answers import RoundRegistered
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call
from tests.conftest import sampled
from tests.support.stores import KINDS
from tests.unit.dialogue.kit import JUDGE, PEOPLE, Room, converging, entity, everybody, on_trial, ref, step, verdict
from tests.unit.dialogue.kit import one_perspective as p


@pytest.fixture(params=sampled(KINDS, ["sqlite"]))
def room(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Room]:
    """A fresh store with the dialogue's operations, on each kind of database."""
    made = Room(tmp_path, request.param)
    yield made
    made.close()


@pytest.fixture
def trial(room: Room) -> Room:
    """A store with ``trial``."""
    return on_trial(room)


# -- the specification's example ---------------------------------------------------------------------------------------

NVIDIA: Final = "nvidia-decision"
ROLES: Final = {
    "muffin": ("Value Analyst", "Core", 0.95),
    "cupcake": ("Risk Manager", "Core", 0.90),
    "donut": ("Options Strategist", "Adjacent", 0.70),
    "eclair": ("Tax Strategist", "Adjacent", 0.60),
    "brioche": ("Portfolio Strategist", "Core", 0.85),
    "croissant": ("Treasury Analyst", "Adjacent", 0.55),
    "macaron": ("Growth Investor", "Core", 0.82),
    "cannoli": ("Credit Analyst", "Adjacent", 0.50),
    "strudel": ("Macro Economist", "Adjacent", 0.45),
    "beignet": ("Sector Historian", "Wildcard", 0.35),
    "churro": ("Sustainability Analyst", "Wildcard", 0.30),
    "tartlet": ("Behavioural Scientist", "Wildcard", 0.25),
}
OPENING: Final = [name for name in ROLES if name != "eclair"]
"""The eleven who sit in round 0; Eclair waits in the pool."""


def nvidia_request() -> dict[str, Any]:
    """The request that opens the example."""
    return {
        "title": "NVIDIA Decision",
        "question": "Should the Acme Trust give its NVAI for NVDA shares?",
        "background": {
            "subject": "Acme Family Trust",
            "description": "A family trust of $50M, meant to last for generations",
            "constraints": {
                "income_mandate": "4% a year must reach the beneficiaries",
                "risk_tolerance": "moderate",
                "time_horizon": "20+ years",
                "current_allocation": "60/30/10",
            },
            "situation": "The trust owns $2.1M of NVAI, which yields 3.2%; NVDA pays nothing and has risen by 180%.",
        },
        "expert_pool": {
            "domain": "Investment Analysis",
            "experts": [
                {"name": name.capitalize(), "role": role, "tier": tier, "relevance": relevance}
                for name, (role, tier, relevance) in ROLES.items()
            ],
        },
        "panel_size": 11,
    }


def nvidia_opening() -> dict[str, Any]:
    """Round 0: eleven experts, 117 points, P0001 to P0003, R0001, T0001 to T0006."""
    scores = dict.fromkeys(OPENING, 10) | {"muffin": 12, "cupcake": 10, "donut": 15}
    return {
        "score": 117,
        "title": "First positions",
        "summary": "Eleven see a gap in income, one sees a way across it.",
        "expert_scores": scores,
        "responses": {name: f"What {name} wrote, word for word." for name in OPENING},
        "perspectives": [
            entity("MUFFIN-P0001", label="The income rule is broken"),
            entity("CUPCAKE-P0001", label="Too many chips in one basket"),
            entity("DONUT-P0001", label="Options can pay an income"),
        ],
        "recommendations": [
            entity("DONUT-R0001", label="A collar for income", parameters={"covered_call_delta": "0.20-0.25"})
        ],
        "tensions": [
            entity("MUFFIN-T0001", label="Growth against income"),
            entity("CUPCAKE-T0001", label="Concentration"),
            entity("CUPCAKE-T0002", label="One island makes the chips"),
            entity("STRUDEL-T0001", label="Rates may rise"),
            entity("CANNOLI-T0001", label="Covenants of the loan"),
            entity("CHURRO-T0001", label="Energy for data centres"),
        ],
    }


def nvidia_second() -> dict[str, Any]:
    """Round 1, in the exact structure of the specification's example of a bulk registration, and Scone's surprise."""
    return {
        "dialogue_id": NVIDIA,
        "round": 1,
        "score": 45,
        "summary": "With a collar the panel leans towards a conditional yes.",
        "expert_scores": {"muffin": 8, "donut": 10, "cupcake": 7},
        "perspectives": [
            {
                "local_id": "MUFFIN-P0101",
                "label": "The collar pays",
                "content": "Calls of 30 delta, written every month, cover what the dividend leaves open.",
                "contributors": ["muffin"],
                "references": [
                    {"type": "refine", "target": "P0001"},
                    {"type": "support", "target": "R0001"},
                    {"type": "address", "target": "T0001"},
                ],
            },
            {
                "local_id": "CUPCAKE-P0101",
                "label": "Buying slowly spreads the risk",
                "content": "Six months of small purchases keep the position within its limit.",
                "contributors": ["cupcake", "scone"],
                "references": [{"type": "address", "target": "T0002"}],
            },
            {
                "local_id": "SCONE-P0101",
                "label": "The calendar is tight",
                "content": "The loan is renewed first, and nothing may be bought before.",
                "contributors": ["scone"],
            },
        ],
        "recommendations": [
            {
                "local_id": "DONUT-R0101",
                "label": "A wider collar",
                "content": "Strikes further out, 45 days to run.",
                "contributors": ["donut", "muffin"],
                "parameters": {"delta": "0.25", "dte": "45"},
                "references": [
                    {"type": "refine", "target": "R0001"},
                    {"type": "address", "target": "T0001"},
                    {"type": "depend", "target": "MUFFIN-P0101"},
                ],
            }
        ],
        "tensions": [
            {
                "local_id": "CROISSANT-T0101",
                "label": "When to buy",
                "description": "The window after the refinancing is short.",
                "contributors": ["croissant"],
                "references": [{"type": "depend", "target": "R0001"}],
            }
        ],
        "evidence": [
            {
                "local_id": "MUFFIN-E0101",
                "label": "Two years of premiums",
                "content": "Implied volatility stood near 45% and calls paid 2.1-2.8% a month.",
                "contributors": ["muffin"],
                "references": [{"type": "support", "target": "MUFFIN-P0101"}],
            }
        ],
        "claims": [
            {
                "local_id": "MUFFIN-C0101",
                "label": "The income rule can be kept",
                "content": "With the collar in place the rule of 4% is met.",
                "contributors": ["muffin"],
                "references": [
                    {"type": "depend", "target": "MUFFIN-P0101"},
                    {"type": "depend", "target": "MUFFIN-E0101"},
                ],
            }
        ],
        "moves": [
            {"expert": "muffin", "type": "bridge", "targets": ["P0003", "R0001"], "context": "Both can be had"},
            {"expert": "donut", "type": "defend", "target": "R0001", "context": "The market is deep enough"},
        ],
        "tension_updates": [
            {"id": "T0001", "status": "addressed", "by": ["donut"], "via": "DONUT-R0101"},
            {"id": "T0002", "status": "resolved", "by": ["cupcake"], "via": "CUPCAKE-P0101"},
        ],
    }


def to_round_1(room: Room) -> None:
    """The example up to the seated panel of round 1: some retained, Eclair from the pool, Scone created."""
    room.call("create", **nvidia_request())
    panel = [{"expert_slug": name} for name in OPENING]
    room.call("evolve_panel", dialogue_id=NVIDIA, round=0, panel=panel)
    room.call("round_register", dialogue_id=NVIDIA, round=0, **nvidia_opening())
    room.call(
        "expert_create",
        dialogue_id=NVIDIA,
        expert_slug="scone",
        role="Supply Chain Analyst",
        tier="Wildcard",
        focus="Chip supply",
        description="You follow a chip from sand to server.",
        reason="T0003 needs somebody who knows supply chains",
    )
    people = ["muffin", "cupcake", "donut", "croissant", "brioche"]
    room.call(
        "evolve_panel",
        dialogue_id=NVIDIA,
        round=1,
        panel=[{"expert_slug": name, "source": "retained"} for name in people]
        + [{"expert_slug": "Eclair", "source": "pool"}, {"expert_slug": "scone", "source": "created"}],
    )


def to_round_2(room: Room) -> None:
    """The example up to the end of round 2: Palmier has joined, twelve converge, all but T0006 is resolved."""
    to_round_1(room)
    room.call("round_register", **nvidia_second())
    room.call("expert_create", **palmier())
    people = [*(name for name in ROLES if name != "tartlet"), "palmier"]
    room.call("evolve_panel", dialogue_id=NVIDIA, round=2, panel=[{"expert_slug": name} for name in people])
    left = ("T0001", "T0003", "T0004", "T0005", "T0101")
    room.call(
        "round_register",
        dialogue_id=NVIDIA,
        round=2,
        score=261,
        expert_scores=dict.fromkeys(people, 22) | {"muffin": 15, "palmier": 14, "brioche": 34},
        claims=[entity("PALMIER-C0201", references=[ref("support", "C0101"), ref("resolve", "T0003")])],
        tension_updates=[step(name, "resolved", "judge", via="C0101") for name in left],
        claim_updates=[step("C0101", "supported", "donut", "cupcake")],
        evidence_updates=[step("E0101", "confirmed", "donut", via="R0001")],
        moves=converging(people),
    )


def palmier() -> dict[str, Any]:
    """The request that creates the example's expert of round 2."""
    return {
        "dialogue_id": NVIDIA,
        "expert_slug": "palmier",
        "role": "Geopolitical Risk Analyst",
        "description": "You judge an investment by the borders that its supplies must cross.",
        "focus": "Taiwan, export controls",
        "tier": "Adjacent",
        "reason": "T0003 asks for knowledge that nobody on the panel has",
    }


def test_nvidia_is_created_with_a_protocol_for_its_judge(room: Room) -> None:
    """The answer names the dialogue, its pool and a suggested panel, and tells the Judge all that running it takes."""
    answer = room.call("create", **nvidia_request())
    assert answer.status == "success"
    assert answer.dialogue_id == NVIDIA
    assert answer.output_dir.endswith(f"dialogues/{NVIDIA}")
    assert len(answer.suggested_panel) == 11
    assert [expert["slug"] for expert in answer.expert_pool] == list(ROLES)
    assert answer.expert_pool[0] == {
        "slug": "muffin", "name": "Muffin", "role": "Value Analyst", "tier": "Core", "relevance": 0.95,
    }  # fmt: skip
    protocol = answer.judge_protocol
    assert [one["step"] for one in protocol["steps"]] == [0, 1, 2, 3, 4, 5, 6]
    tools = {tool for one in protocol["steps"] for tool in (*one["tools"], *one.get("where_offered", ()))}
    assert tools <= set(room.table)
    assert {"dialogue_evolve_panel", "dialogue_round_context", "dialogue_round_register"} <= tools
    assert {"dialogue_expert_create", "dialogue_verdict_register"} <= tools
    assert protocol["files"]["folder"] == f"{answer.output_dir}/round-{{N}}"
    assert {protocol["files"][kind] for kind in ("prompt", "context", "response")} == {
        "prompt-{expert}.md", "context-{expert}.json", "response-{expert}.md",
    }  # fmt: skip
    assert len(protocol["markers"]) >= 5 + 8 + 6
    assert protocol["gate"]["convergence_target"] == 1.0
    record = room.record(NVIDIA)
    assert record.dialogue.background == nvidia_request()["background"]
    assert [row.status for row in record.rounds] == ["open"]


def test_nvidia_created_expert_has_its_reason_and_source(room: Room) -> None:
    """The created expert comes back with all that was said of it, and no round yet."""
    room.call("create", **nvidia_request())
    answer = room.call("expert_create", **palmier())
    assert answer.dialogue_id == NVIDIA
    expert = answer.expert
    assert (expert["slug"], expert["source"], expert["tier"]) == ("palmier", "created", "Adjacent")
    assert expert["creation_reason"] == palmier()["reason"]
    assert {name: expert[name] for name in ("role", "description", "focus")} == {
        name: palmier()[name] for name in ("role", "description", "focus")
    }
    assert expert["first_round"] is None
    assert expert["color"].startswith("#")


def test_nvidia_context_of_round_1(room: Room) -> None:
    """One call, the whole panel: shared part, prior rounds in full, each expert with source, score and situation."""
    to_round_1(room)
    given = room.call("round_context", dialogue_id=NVIDIA, round=1)
    assert given.dialogue == {
        "id": NVIDIA,
        "title": "NVIDIA Decision",
        "question": nvidia_request()["question"],
        "status": "open",
        "current_round": 1,
        "total_alignment": 117,
        "background": nvidia_request()["background"],
    }
    [opening] = given.prior_rounds
    assert (opening["round"], opening["score"]) == (0, 117)
    assert opening["judge_synthesis"] == nvidia_opening()["summary"]
    said = {one["expert"]: one for one in opening["expert_contributions"]}
    assert set(said) == set(OPENING)
    assert said["muffin"]["role"] == "Value Analyst"
    assert [one["id"] for one in said["muffin"]["perspectives"]] == ["P0001"]
    assert said["muffin"]["tensions_raised"] == ["T0001"]
    assert said["muffin"]["recommendations"] == []
    assert said["cupcake"]["tensions_raised"] == ["T0002", "T0003"]
    [collar] = said["donut"]["recommendations"]
    assert collar["parameters"] == {"covered_call_delta": "0.20-0.25"}
    assert collar["content"] == "What DONUT-R0001 says."
    assert {"id": "T0001", "label": "Growth against income", "expert": "muffin", "status": "open"}.items() <= opening[
        "tensions"
    ][0].items()
    assert [one["id"] for one in given.active_tensions] == [f"T000{n}" for n in range(1, 7)]
    assert set(given.active_tensions[0]) >= {"id", "label", "status"}
    experts = given.experts
    assert {slug: one["source"] for slug, one in experts.items()} == {
        "muffin": "retained", "cupcake": "retained", "donut": "retained", "croissant": "retained",
        "brioche": "retained", "eclair": "pool", "scone": "created",
    }  # fmt: skip
    assert (experts["muffin"]["your_score"], experts["cupcake"]["your_score"]) == (12, 10)
    assert (experts["eclair"]["your_score"], experts["eclair"]["round_context"]) == (0, None)
    assert experts["scone"]["creation_reason"] == "T0003 needs somebody who knows supply chains"
    assert experts["scone"]["focus"] == "Chip supply"
    assert "T0001" in experts["muffin"]["round_context"]
    for slug, one in experts.items():
        assert {"slug", "role", "tier", "source", "focus", "description", "your_score", "round_context"} <= set(one)
        assert one["slug"] == slug


def test_nvidia_round_1_maps_local_ids_with_scones_surprise(room: Room) -> None:
    """Each list is numbered for the whole panel: Scone's first perspective of the round becomes the third, P0103."""
    to_round_1(room)
    answer: RoundRegistered = room.call("round_register", **nvidia_second())
    assert answer.status == "success"
    assert answer.round == 1
    assert answer.id_mapping == {
        "MUFFIN-P0101": "P0101",
        "CUPCAKE-P0101": "P0102",
        "SCONE-P0101": "P0103",
        "DONUT-R0101": "R0101",
        "CROISSANT-T0101": "T0101",
        "MUFFIN-E0101": "E0101",
        "MUFFIN-C0101": "C0101",
    }
    plain = answer.model_dump()
    assert plain["perspectives"] == [
        {"local_id": "MUFFIN-P0101", "id": "P0101", "label": "The collar pays"},
        {"local_id": "CUPCAKE-P0101", "id": "P0102", "label": "Buying slowly spreads the risk"},
        {"local_id": "SCONE-P0101", "id": "P0103", "label": "The calendar is tight"},
    ]
    assert plain["recommendations"] == [{"local_id": "DONUT-R0101", "id": "R0101", "label": "A wider collar"}]
    assert plain["tensions"] == [{"local_id": "CROISSANT-T0101", "id": "T0101", "label": "When to buy"}]
    assert plain["evidence"] == [{"local_id": "MUFFIN-E0101", "id": "E0101", "label": "Two years of premiums"}]
    assert plain["claims"] == [{"local_id": "MUFFIN-C0101", "id": "C0101", "label": "The income rule can be kept"}]
    assert plain["tension_updates"] == [
        {"id": "T0001", "status": "addressed", "via": "R0101", "result": None},
        {"id": "T0002", "status": "resolved", "via": "P0102", "result": None},
    ]
    figures = answer.figures
    assert (figures.score, figures.score_velocity) == (45, 45 - 117)
    assert (figures.open_tensions, figures.new_perspectives, figures.velocity) == (6, 3, 9)
    types = [warning.type for warning in answer.warnings]
    assert types.count("missing_score") == 4  # Scone, Croissant, Brioche, Eclair have none
    assert types.count("missing_response") == 7
    assert "scores_differ" in types  # 8 + 10 + 7 are not 45


def test_nvidia_round_1_is_stored_with_display_ids_only(room: Room) -> None:
    """References, moves and events hold display ids; contributors stand beside, not in, the id."""
    to_round_1(room)
    room.call("round_register", **nvidia_second())
    record = room.record(NVIDIA)
    links = {(one.source_id, one.ref_type, one.target_id) for one in record.refs if one.round == 1}
    assert links == {
        ("P0101", "refine", "P0001"),
        ("P0101", "support", "R0001"),
        ("P0101", "address", "T0001"),
        ("P0102", "address", "T0002"),
        ("R0101", "refine", "R0001"),
        ("R0101", "address", "T0001"),
        ("R0101", "depend", "P0101"),
        ("T0101", "depend", "R0001"),
        ("E0101", "support", "P0101"),
        ("C0101", "depend", "P0101"),
        ("C0101", "depend", "E0101"),
    }
    assert [(one.expert_slug, one.move_type, one.targets) for one in record.moves] == [
        ("donut", "defend", ["R0001"]),
        ("muffin", "bridge", ["P0003", "R0001"]),
    ]
    assert room.events(NVIDIA, "P0001") == [
        ("created", 0, ["muffin"], None, None),
        ("refined", 1, ["muffin"], None, "P0101"),
    ]
    assert room.events(NVIDIA, "R0001")[1] == ("amended", 1, ["donut", "muffin"], None, "R0101")
    assert room.events(NVIDIA, "T0001")[1] == ("addressed", 1, ["donut"], "R0101", None)
    assert room.events(NVIDIA, "T0002")[1] == ("resolved", 1, ["cupcake"], "P0102", None)
    statuses = {one.id: one.status for one in record.entities}
    assert (statuses["P0001"], statuses["R0001"], statuses["T0001"]) == ("refined", "amended", "addressed")
    assert {one.id: one.contributors for one in record.entities}["P0102"] == ["cupcake", "scone"]
    assert room.findings() == []


def nvidia_verdict() -> dict[str, Any]:
    """The request of the example's final verdict, with every documented field."""
    return {
        "dialogue_id": NVIDIA,
        "verdict_id": "final",
        "verdict_type": "final",
        "round": 2,
        "author_expert": None,
        "recommendation": "No full swap; a small one under conditions.",
        "description": "Income speaks against the whole, the collar for a part.",
        "conditions": ["Buy 60-90 days after the refinancing", "Write calls of 30 delta"],
        "vote": "12-0",
        "confidence": "unanimous",
        "tensions_resolved": ["T0001", "T0002", "T0003"],
        "tensions_accepted": ["T0006"],
        "recommendations_adopted": ["R0001"],
        "key_evidence": ["E0101"],
        "key_claims": ["C0101"],
        "supporting_experts": None,
    }


def test_nvidia_is_concluded(room: Room) -> None:
    """The final verdict passes the gate, adopts, accepts, and closes the dialogue at 423 points in three rounds."""
    to_round_2(room)
    answer = room.call("verdict_register", **nvidia_verdict())
    assert (answer.status, answer.verdict_id, answer.verdict_type) == ("success", "final", "final")
    assert (answer.round, answer.dialogue_status) == (2, "converged")
    assert answer.adopted == ["R0001", "C0101"]
    assert answer.gate.met is True
    assert len(answer.gate.agreed) == 12
    assert answer.warnings == []
    progress = room.call("progress", dialogue_id=NVIDIA)
    assert (progress.scores, progress.total_rounds) == ([117, 45, 261], 3)
    record = room.record(NVIDIA)
    assert sum(row.score or 0 for row in record.rounds) == 423
    assert record.dialogue.converged_at == record.verdicts[0].created_at
    [stored] = record.verdicts
    for name, value in nvidia_verdict().items():
        assert getattr(stored, name) == (value if value is not None or name == "author_expert" else [])
    by_id = {one.id: one for one in record.entities}
    assert (by_id["R0001"].status, by_id["R0001"].adopted_in_verdict) == ("adopted", "final")
    assert (by_id["C0101"].status, by_id["C0101"].adopted_in_verdict) == ("adopted", "final")
    assert by_id["T0006"].status == "open"
    assert room.events(NVIDIA, "R0001")[-1] == ("adopted", 2, ["judge"], "final", None)
    assert room.events(NVIDIA, "T0006")[-1] == ("commented", 2, ["judge"], "final", None)
    assert (
        next(one for one in record.events if str(one.key) == "T0006" and one.event_seq == 2).disposition == "accepted"
    )
    scores = {row.slug: row.score for row in record.utterances if row.round == 2}
    assert (scores["muffin"], scores["palmier"]) == (15, 14)
    assert room.findings() == []
    assert room.search_faults() == []


# -- four tests by name ------------------------------------------------------------------------------------------------


def test_multi_round_dialogue(room: Room) -> None:
    """Four rounds: ids run per round and kind, scores add up, statuses and figures follow, the end is a verdict."""
    dialogue = room.create()
    for number in range(4):
        refs = [ref("refine", f"P{number - 1:02d}01")] if number else []
        answer = room.register(
            dialogue,
            number,
            score=10 - number,
            expert_scores=dict(zip(PEOPLE, [2, 2, 2, 2, 2 - min(number, 2), max(0, 2 - number)], strict=True))
            if number < 3
            else {},
            perspectives=[
                entity(f"MUFFIN-P{number:02d}01", references=refs),
                entity(f"SCONE-P{number:02d}01"),
            ],
            tensions=[entity(f"DONUT-T{number:02d}01")] if number < 2 else [],
            tension_updates=[step(f"T{number - 2:02d}01", "resolved", "donut")] if number >= 2 else [],
            moves=converging(PEOPLE if number == 3 else PEOPLE[:number]),
        )
        assert answer.id_mapping[f"SCONE-P{number:02d}01"] == f"P{number:02d}02"
    progress = room.call("progress", dialogue_id=dialogue)
    assert progress.scores == [10, 9, 8, 7]
    assert [row.score_velocity for row in progress.rounds] == [None, -1, -1, -1]
    assert [row.open_tensions for row in progress.rounds] == [1, 2, 1, 0]
    assert [row.velocity for row in progress.rounds] == [3, 4, 3, 2]
    assert [row.converge_percent for row in progress.rounds] == [0, 16, 33, 100]
    assert progress.status == "converging"
    assert [room.status(dialogue, f"P0{n}01") for n in range(4)] == ["refined", "refined", "refined", "open"]
    assert room.conclude(dialogue, 3).dialogue_status == "converged"
    record = room.record(dialogue)
    assert [(row.round, row.status) for row in record.rounds] == [(n, "completed") for n in range(4)]
    ids = [one.id for one in record.entities if one.kind == "P"]
    assert ids == [f"P0{n}0{m}" for n in range(4) for m in (1, 2)]
    assert room.fault("round_register", dialogue_id=dialogue, round=4, score=0).code == "dialogue_closed"
    assert room.findings() == []


def test_minority_verdict(room: Room) -> None:
    """Two who stay apart register their verdict: it says what would change it, settles them, and is not overruled."""
    dialogue = room.create()
    room.register(dialogue, 0, recommendations=[entity("MUFFIN-R0001")], moves=converging(PEOPLE[:4]))
    fault = room.fault("verdict_register", **verdict(dialogue, 0))
    assert (fault.code, fault.context["not_agreed"] if fault.context else None) == (
        "convergence_not_unanimous", ["brioche", "donut"],
    )  # fmt: skip
    minority = {
        "verdict_id": "minority-esg",
        "verdict_type": "minority",
        "author_expert": "donut",
        "supporting_experts": ["brioche"],
        "recommendation": "Wait a year.",
        "description": "The figures are too young.",
    }
    fault = room.fault("verdict_register", **verdict(dialogue, 0) | minority)
    assert (fault.code, fault.field) == ("missing_field", "what_would_change")
    answer = room.conclude(dialogue, 0, **minority, what_would_change="Two audited years.")
    assert (answer.dialogue_status, answer.gate, answer.adopted) == ("converging", None, [])
    final = room.conclude(
        dialogue,
        0,
        recommendations_adopted=["R0001"],
        vote="4-2",
        confidence="strong",
        dismissals={"minority-esg": "A year costs more than it teaches."},
    )
    assert final.dialogue_status == "converged"
    assert (final.gate.settled, final.gate.share) == (["brioche", "donut"], 1.0)
    assert {warning.type for warning in final.warnings} <= {"verdict_incomplete"}
    record = room.record(dialogue)
    assert [(row.verdict_id, row.seq, row.verdict_type) for row in record.verdicts] == [
        ("minority-esg", 1, "minority"), ("final", 2, "final"),
    ]  # fmt: skip
    first, last = record.verdicts
    assert (first.author_expert, first.supporting_experts) == ("donut", ["brioche"])
    assert first.what_would_change == "Two audited years."
    assert last.dismissals == {"minority-esg": "A year costs more than it teaches."}
    late = room.conclude(dialogue, 0, verdict_id="late", verdict_type="dissent", author_expert="scone")
    assert late.dialogue_status == "converged"  # dissent is heard after the end, too
    assert room.findings() == []


def test_tension_reopened(room: Room) -> None:
    """Resolved by its author, reopened by the user after the verdict, resolved again: each step is on record."""
    dialogue = room.create()
    room.register(dialogue, 0, tensions=[entity("MUFFIN-T0001")], perspectives=[entity("SCONE-P0001")])
    room.register(
        dialogue,
        1,
        tension_updates=[step("T0001", "addressed", "scone", via="P0001"), step("T0001", "resolved", "muffin")],
        moves=converging(),
    )
    room.conclude(dialogue, 1)
    reopened = room.call(
        "update_status",
        dialogue_id=dialogue,
        updates=[step("T0001", "reopened", "user", reason="The regulator has ruled.", disposition="invalidated")],
    )
    assert reopened.dialogue_status == "open"
    record = room.record(dialogue)
    assert (record.dialogue.status, record.dialogue.converged_at) == ("open", None)
    assert room.call("progress", dialogue_id=dialogue).open_tensions == ["T0001"]
    again = verdict(dialogue, 1, verdict_id="again", votes=everybody(), supersedes="final")
    fault = room.fault("verdict_register", **again)
    assert (fault.code, (fault.context or {})["open_tensions"]) == ("velocity_not_zero", ["T0001"])
    room.register(
        dialogue,
        2,
        perspectives=[entity("DONUT-P0201", references=[ref("reopen", "T0001"), ref("address", "T0001")])],
        tension_updates=[step("T0001", "addressed", "donut", via="DONUT-P0201"), step("T0001", "resolved", "judge")],
        moves=converging(),
    )
    room.conclude(dialogue, 2, verdict_id="second", supersedes="final")
    assert [(word, round_, by) for word, round_, by, *_ in room.events(dialogue, "T0001")] == [
        ("created", 0, ["muffin"]),
        ("addressed", 1, ["scone"]),
        ("resolved", 1, ["muffin"]),
        ("reopened", 1, ["user"]),
        ("addressed", 2, ["donut"]),
        ("resolved", 2, ["judge"]),
    ]
    record = room.record(dialogue)
    assert [(row.verdict_id, row.supersedes) for row in record.verdicts] == [("final", None), ("second", "final")]
    assert record.dialogue.status == "converged"
    assert room.findings() == []


def test_cross_reference_graph(room: Room) -> None:
    """All eight types between all kinds, within a batch and across rounds: every link stands, and can be followed."""
    dialogue = room.create()
    kinds = {"P": "perspectives", "R": "recommendations", "T": "tensions", "E": "evidence", "C": "claims"}
    room.register(dialogue, 0, **{name: [entity(f"MUFFIN-{kind}0001")] for kind, name in kinds.items()})
    free = ("support", "oppose", "question", "depend")
    wanted = set()
    batch: dict[str, Any] = {}
    for kind, name in kinds.items():
        links = [ref(type_, f"{other}0001") for other in kinds for type_ in free]
        links += [ref(type_, "T0001") for type_ in ("address", "resolve", "reopen")] + [ref("refine", f"{kind}0001")]
        links += [ref("depend", f"SCONE-{other}0101") for other in kinds if other != kind] + [ref("support", "@donut")]
        wanted |= {(f"{kind}0101", link["type"], link["target"].removeprefix("SCONE-")) for link in links}
        batch[name] = [entity(f"SCONE-{kind}0101", references=links)]
    room.register(dialogue, 1, **batch, references=[{"expert": "eclair", "type": "oppose", "target": "SCONE-C0101"}])
    record = room.record(dialogue)
    found = {(one.source_id, one.ref_type, one.target_id) for one in record.refs}
    assert found == wanted | {("@eclair", "oppose", "C0101")}
    known = {one.id for one in record.entities} | {f"@{one.slug}" for one in record.experts}
    assert {one.target_id for one in record.refs} | {one.source_id for one in record.refs} <= known
    whole = room.call("get", dialogue_id=dialogue).dialogue
    into_p0001 = {
        (view["id"], link["type"])
        for name in kinds.values()
        for view in whole[name]
        for link in view["references"]
        if link["target"] == "P0001"
    }
    assert into_p0001 == {(f"{kind}0101", type_) for kind in kinds for type_ in free} | {("P0101", "refine")}
    assert room.status(dialogue, "P0001") == "refined"
    assert room.status(dialogue, "R0001") == "amended"
    assert room.status(dialogue, "T0001") == "open"
    assert room.findings() == []


# -- ids and ends ------------------------------------------------------------------------------------------------------


def test_a_mapping_reaches_every_contribution_of_a_merged_entity(room: Room) -> None:
    """Several local ids become one entity: all are mapped, all their experts contributed, the first one is told."""
    dialogue = room.create()
    answer = room.register(
        dialogue,
        0,
        perspectives=[
            entity("MUFFIN-P0001", local_ids=["SCONE-P0001", "DONUT-P0002"]),
            entity("P-x", local_id=None, local_ids=["DONUT-P0001"], contributors=["donut", "eclair"]),
        ],
        claims=[entity("SCONE-C0001", references=[ref("depend", "DONUT-P0002"), ref("depend", "DONUT-P0001")])],
    )
    assert answer.id_mapping == {
        "MUFFIN-P0001": "P0001", "SCONE-P0001": "P0001", "DONUT-P0002": "P0001",
        "DONUT-P0001": "P0002", "SCONE-C0001": "C0001",
    }  # fmt: skip
    assert [one.local_id for one in answer.perspectives] == ["MUFFIN-P0001", "DONUT-P0001"]
    record = room.record(dialogue)
    by_id = {one.id: one for one in record.entities}
    assert by_id["P0001"].contributors == ["muffin", "scone", "donut"]
    assert by_id["P0001"].local_ids == ["MUFFIN-P0001", "SCONE-P0001", "DONUT-P0002"]
    assert by_id["P0002"].contributors == ["donut", "eclair"]
    assert {one.target_id for one in record.refs} == {"P0001", "P0002"}


def test_moves_are_numbered_for_each_expert(room: Room) -> None:
    """Each expert's moves run from 1, in the order in which they were sent; a topic and targets are kept."""
    dialogue = room.create()
    room.register(
        dialogue,
        0,
        claims=[entity("SCONE-C0001")],
        moves=[
            {"expert": "muffin", "type": "request", "topic": "the price of water"},
            {"expert": "Scone", "type": "challenge", "targets": ["@muffin", "SCONE-C0001"]},
            {"expert": "muffin", "type": "concede", "targets": ["C0001"], "target": "@scone"},
        ],
    )
    assert [
        (one.expert_slug, one.seq, one.move_type, one.targets, one.topic) for one in room.record(dialogue).moves
    ] == [
        ("muffin", 1, "request", [], "the price of water"),
        ("muffin", 2, "concede", ["C0001", "@scone"], None),
        ("scone", 1, "challenge", ["@muffin", "C0001"], None),
    ]


def test_a_round_keeps_the_time_when_its_panel_was_seated(room: Room) -> None:
    """A round begins when its panel is seated and ends when it is registered; without seating both are one moment."""
    dialogue = room.create()
    room.register(dialogue, 0)
    room.call("evolve_panel", dialogue_id=dialogue, round=1, panel=[{"expert_slug": "muffin"}])
    [_, seated] = room.record(dialogue).rounds
    assert (seated.status, seated.completed_at) == ("in_progress", None)
    room.register(dialogue, 1)
    room.register(dialogue, 2)
    [_, first, second] = room.record(dialogue).rounds
    assert first.created_at == seated.created_at
    assert first.completed_at is not None
    assert first.completed_at > first.created_at
    assert second.completed_at == second.created_at


def test_two_local_ids_of_one_entity_make_one_reference(room: Room) -> None:
    """References by two names of the same entity are the same reference twice."""
    dialogue = room.create()
    fault = room.fault(
        "round_register",
        dialogue_id=dialogue,
        round=0,
        score=0,
        perspectives=[entity("MUFFIN-P0001", local_ids=["SCONE-P0001"])],
        claims=[entity("DONUT-C0001", references=[ref("support", "MUFFIN-P0001"), ref("support", "SCONE-P0001")])],
    )
    assert (fault.code, fault.field) == ("duplicate_reference", "claims[0].references[1].target")


@pytest.mark.slow
def test_the_99th_entity_of_a_round_has_an_id_and_round_99_exists(room: Room) -> None:
    """Ids reach P0099 and P9901 and are never longer than five characters."""
    dialogue = room.create(max_rounds=100)
    many = [entity("P-x", local_id=None, contributors=["muffin"], content=f"Number {n}") for n in range(99)]
    answer = room.register(dialogue, 0, perspectives=many)
    assert [answer.perspectives[0].id, answer.perspectives[-1].id] == ["P0001", "P0099"]
    for number in range(1, 99):
        room.register(dialogue, number)
    last = room.register(dialogue, 99, perspectives=[entity("MUFFIN-P9901", references=[ref("refine", "P0099")])])
    assert last.id_mapping == {"MUFFIN-P9901": "P9901"}
    fault = room.fault("round_register", dialogue_id=dialogue, round=100, score=0)
    assert fault.code == "id_space_exhausted"


@pytest.mark.slow
def test_100_equal_titles_are_refused(room: Room) -> None:
    """The slug, then -2 to -99; the hundredth dialogue of one title is refused and leaves no trace."""
    pool = {"experts": [{"role": "r"}] * 3}
    ids = [room.call("create", title="Same Title!", question="Q", expert_pool=pool).dialogue_id for _ in range(99)]
    assert ids[:2] + ids[-1:] == ["same-title", "same-title-2", "same-title-99"]
    assert len(set(ids)) == 99
    fault = room.fault("create", title="Same  title", question="Q", expert_pool=pool)
    assert (fault.code, fault.field) == ("too_many_similar_titles", "title")


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("round_register", {"round": 1, "score": 0}),
        ("evolve_panel", {"round": 1, "panel": [{"expert_slug": "muffin"}]}),
        ("expert_create", {"expert_slug": "palmier", "role": "r", "reason": "A gap."}),
        ("verdict_register", verdict("d", 0, verdict_id="second") | {"dialogue_id": "closed"}),
        ("verdict_register", verdict("d", 0, verdict_id="i", verdict_type="interim") | {"dialogue_id": "closed"}),
    ],
)
def test_a_concluded_dialogue_is_closed(name: str, payload: dict[str, Any], room: Room) -> None:
    """After the final verdict no round, panel, expert or majority verdict is added."""
    dialogue = room.create("Closed")
    room.register(dialogue, 0)
    room.conclude(dialogue, 0, votes=everybody())
    fault = room.fault(name, **({"dialogue_id": dialogue} | payload))
    assert (fault.code, fault.kind, fault.value) == ("dialogue_closed", "conflict", "closed")


def test_a_verdict_before_the_first_round_is_out_of_order(room: Room) -> None:
    """Nothing can be concluded where nothing was said."""
    fault = room.fault("verdict_register", **verdict(room.create(), 0, votes={}))
    assert (fault.code, fault.field) == ("round_out_of_order", "round")


def test_a_final_verdict_concludes_the_last_round(room: Room) -> None:
    """A final verdict of an earlier round is refused; an interim one of it is not."""
    dialogue = room.create()
    room.register(dialogue, 0)
    room.register(dialogue, 1)
    fault = room.fault("verdict_register", **verdict(dialogue, 0, votes=everybody()))
    assert (fault.code, fault.field, fault.valid_options) == ("invalid_field", "round", ["1"])
    assert room.conclude(dialogue, 0, verdict_id="v0", verdict_type="interim").dialogue_status == "open"


@pytest.mark.parametrize("type_", ["interim", "minority", "dissent"])
def test_only_a_final_verdict_changes_the_record(type_: str, trial: Room) -> None:
    """Other verdicts name entities and move none: no event, no status, the dialogue stays as it is."""
    before = trial.record("trial")
    trial.conclude(
        "trial",
        0,
        verdict_id="v",
        verdict_type=type_,
        author_expert=None if type_ == "interim" else "muffin",
        what_would_change="Facts.",
        tensions_resolved=["T0001"],
        recommendations_adopted=["R0001"],
        key_claims=["C0001"],
    )
    after = trial.record("trial")
    assert (after.entities, after.events, after.dialogue) == (before.entities, before.events, before.dialogue)
    assert len(after.verdicts) == len(before.verdicts) + 1


def test_an_id_named_twice_in_a_verdict_is_one_step(trial: Room) -> None:
    """A tension resolved, accepted or a claim adopted twice in one verdict has one event of it."""
    trial.conclude(
        "trial", 0, tensions_accepted=["T0001", "T0001"], key_claims=["C0001", "C0001"], votes=everybody(PEOPLE)
    )
    assert [word for word, *_ in trial.events("trial", "T0001")] == ["created", "commented"]
    assert [word for word, *_ in trial.events("trial", "C0001")] == ["asserted", "adopted"]


# -- repeating, joining ------------------------------------------------------------------------------------------------

REPEATABLE: Final[dict[str, dict[str, Any]]] = {
    "create": {"title": "Again", "question": "Q", "expert_pool": {"experts": [{"role": "r"}] * 3}},
    "expert_create": {"dialogue_id": "trial", "expert_slug": "palmier", "role": "r", "reason": "A gap."},
    "evolve_panel": {"dialogue_id": "trial", "round": 1, "panel": [{"expert_slug": "muffin"}]},
    "round_register": {"dialogue_id": "trial", "round": 1, "score": 3, "perspectives": p(content="Long " * 500)},
    "verdict_register": verdict("trial", 0, votes=everybody(), tensions_accepted=["T0001"]),
    "update_status": {"dialogue_id": "trial", "updates": [step("T0001", "commented", "user")]},
}


@pytest.mark.parametrize("name", REPEATABLE)
def test_a_repeated_request_gives_the_first_answer_and_changes_nothing(name: str, trial: Room) -> None:
    """The same request_id again: the same answer, not a byte more; no score is counted twice."""
    first = trial.call(name, request_id="r-1", **REPEATABLE[name])
    before = trial.dump()
    again = trial.call(name, request_id="r-1", **REPEATABLE[name])
    assert again == first
    assert type(again) is type(first)
    assert trial.dump() == before
    assert trial.findings() == []


@pytest.mark.parametrize("name", REPEATABLE)
def test_a_request_id_serves_one_request(name: str, trial: Room) -> None:
    """With another request it is refused; another actor may use the same id."""
    trial.call("update_status", request_id="r-1", dialogue_id="trial", updates=[step("P0001", "commented")])
    fault = trial.fault(name, request_id="r-1", **REPEATABLE[name])
    assert (fault.code, fault.field, fault.value) == ("request_id_reused", "request_id", "r-1")
    trial.call(name, Call(Actor("somebody else", "test")), request_id="r-1", **REPEATABLE[name])


def test_a_refused_request_may_be_mended_under_its_id(trial: Room) -> None:
    """A refusal uses nothing up: the mended request passes under the same request_id."""
    bad = {"dialogue_id": "trial", "round": 1, "score": 0, "perspectives": p(references=[ref("support", "P0909")])}
    assert trial.fault("round_register", request_id="r-2", **bad).code == "target_not_found"
    answer = trial.call("round_register", request_id="r-2", **bad | {"perspectives": p()})
    assert answer.id_mapping == {"MUFFIN-P0101": "P0101"}


# -- imported dialogues ------------------------------------------------------------------------------------------------


def an_import(room: Room, **more: Any) -> str:
    """An imported dialogue with two experts, one of them unnamed in its pool, seated in round 0."""
    payload = {
        "title": "Old talk",
        "question": "Q",
        "expert_pool": {"experts": [{"role": "Unnamed", "relevance": 0.9}]},
        "dialogue_id": "old-talk",
        "origin": {
            "importer": "test",
            "source": "2026-02-06T1839Z-old-talk",
            "at": "2026-02-06T18:39:00Z",
            "digest": "1" * 64,
            "documents": {"verdict.md": "A verdict " * 200},
        },
    }
    dialogue = str(room.call("create", **(payload | more)).dialogue_id)
    panel = [{"expert_slug": "muffin", "role": "Poet"}, {"expert_slug": "scone"}]
    room.call("evolve_panel", dialogue_id=dialogue, round=0, panel=panel)
    return dialogue


def test_an_import_keeps_its_own_time_and_invents_nobody(room: Room) -> None:
    """All rows carry the origin's time; a nameless pool stays nameless; a role nobody told is unknown."""
    dialogue = an_import(room)
    room.call("round_register", dialogue_id=dialogue, round=0, tensions=[entity("MUFFIN-T0001")])
    room.conclude(dialogue, 0)
    record = room.record(dialogue)
    time = "2026-02-06T18:39:00.000000Z"
    rows: list[Any] = [
        record.dialogue,
        *record.experts,
        *record.rounds,
        *record.entities,
        *record.events,
        *record.verdicts,
    ]
    assert {row.created_at for row in rows} == {time}
    assert {record.rounds[0].completed_at, record.dialogue.converged_at} == {time}
    assert "slug" not in record.dialogue.expert_pool[0]
    assert {expert.slug: expert.role for expert in record.experts} == {"muffin": "Poet", "scone": "unknown"}
    assert record.rounds[0].score is None
    assert record.documents[0].body == "A verdict " * 200
    assert room.findings() == []


def test_an_imported_verdict_is_recorded_and_not_judged(room: Room) -> None:
    """A final verdict over open tensions is stored with the unmet gate and why; no tension is resolved by it."""
    dialogue = an_import(room)
    room.call(
        "round_register",
        dialogue_id=dialogue,
        round=0,
        tensions=[entity("MUFFIN-T0001"), entity("SCONE-T0001")],
        recommendations=[entity("SCONE-R0001")],
    )
    answer = room.conclude(
        dialogue, 0, tensions_resolved=["T0001"], tensions_accepted=["T0002"], recommendations_adopted=["R0001"]
    )
    assert answer.dialogue_status == "converged"
    assert answer.gate.met is False
    assert answer.gate.open_tensions == ["T0001"]
    assert set(answer.gate.reasons) == {"open_tensions", "not_agreed"}
    statuses = {one.id: one.status for one in room.record(dialogue).entities}
    assert statuses == {"T0001": "open", "T0002": "open", "R0001": "adopted"}
    assert room.events(dialogue, "T0001")[-1] == ("commented", 0, ["judge"], "final", None)
    assert room.record(dialogue).verdicts[0].tensions_resolved == ["T0001"]


def test_a_verdict_that_passed_the_rules_elsewhere_is_taken_at_its_word(room: Room) -> None:
    """In a record that Hansard itself judged elsewhere, what a verdict resolved is resolved here, too."""
    origin = {"importer": "t", "source": "s", "at": "2026-02-06T18:39:00Z", "digest": "2" * 64, "judged": True}
    dialogue = an_import(room, origin=origin)
    room.call("round_register", dialogue_id=dialogue, round=0, tensions=[entity("MUFFIN-T0001")])
    room.conclude(dialogue, 0, tensions_resolved=["T0001"])
    assert room.status(dialogue, "T0001") == "resolved"
    assert room.events(dialogue, "T0001")[-1] == ("resolved", 0, ["judge"], "final", None)


def test_a_request_tells_its_time_in_an_import_only(room: Room) -> None:
    """Rows of an import carry the time that the request says; elsewhere the store's clock alone tells the time."""
    dialogue = an_import(room)
    at = {"at": "2026-02-07T08:00:00+01:00"}
    room.call("round_register", dialogue_id=dialogue, round=0, tensions=[entity("MUFFIN-T0001")], **at)
    later = {"at": "2026-02-08T08:00:00Z"}
    room.call("update_status", dialogue_id=dialogue, updates=[step("T0001", "addressed", "scone")], **later)
    record = room.record(dialogue)
    assert [event.created_at for event in record.events] == [
        "2026-02-07T07:00:00.000000Z",
        "2026-02-08T08:00:00.000000Z",
    ]
    assert record.rounds[0].completed_at == "2026-02-07T07:00:00.000000Z"
    own = on_trial(room)
    for name, payload in REPEATABLE.items():
        if name != "create":
            fault = own.fault(name, **payload | at)
            assert (fault.code, fault.field, fault.value) == ("invalid_field", "at", at["at"]), name
    fault = room.fault("update_status", dialogue_id=dialogue, updates=[step("T0001", "commented")], at="soon")
    assert (fault.code, fault.field) == ("invalid_field", "at")


def test_an_import_is_still_refused_what_cannot_be(room: Room) -> None:
    """Strangers, unknown targets, impossible steps and resolving without authority are refused in imports, too."""
    dialogue = an_import(room)
    refusal = room.refused(
        "round_register",
        dialogue_id=dialogue,
        round=0,
        perspectives=[entity("DONUT-P0001"), entity("MUFFIN-P0001", references=[ref("support", "P0909")])],
        tensions=[entity("MUFFIN-T0001")],
        tension_updates=[step("MUFFIN-T0001", "reopened"), step("MUFFIN-T0001", "resolved", "scone")],
    )
    assert [fault.code for fault in refusal.errors] == [
        "expert_not_in_panel", "target_not_found", "invalid_status_transition", "not_authorised_to_resolve",
    ]  # fmt: skip


def test_a_time_that_is_none_is_refused(room: Room) -> None:
    """An origin without a readable time is refused before anything is written."""
    for bad in ("yesterday", "", "2026-13-01", "0001-01-01T00:00:00+23:00"):
        fault = room.fault(
            "create",
            title="T",
            question="Q",
            expert_pool={"experts": []},
            origin={"importer": "t", "source": "s", "at": bad, "digest": "d"},
        )
        assert (fault.code, fault.field, fault.value) == ("invalid_field", "origin.at", bad)


def test_operations_are_named_as_the_specification_names_them(room: Room) -> None:
    """The table holds the specification's operations without the brand, and its function names as aliases."""
    assert {
        "dialogue_create", "dialogue_round_context", "dialogue_expert_create", "dialogue_round_register",
        "dialogue_verdict_register", "dialogue_evolve_panel",
    } <= set(room.table)  # fmt: skip
    assert "expand_citations" in room.table["dialogue_expand_citations"].mark.aliases
    assert "get_dialogue_progress" in room.table["dialogue_progress"].mark.aliases
    for operation in room.table.values():
        assert operation.summary.endswith(".")
        assert operation.mark.writes is (operation.mark.path is None)


def test_an_error_is_raised_as_one_class(room: Room) -> None:
    """Whatever is wrong, callers catch one class."""
    with pytest.raises(HansardError):
        room.call("progress", JUDGE, dialogue_id="nothing")
