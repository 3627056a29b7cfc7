"""A Judge by script: three rounds with a change of the panel and a created expert, to a final and a minority verdict.

The script says what is asked and gets the answers, so that it is played through any door: ``play`` for one that answers
at once, ``aplay`` for one that is awaited.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Generator
from typing import Any

Answer = dict[str, Any]
Script = Generator[tuple[str, Answer], Answer, str]

QUESTION = "Which clay should the pottery buy for the winter?"
LONG = "The drying shed was cold on every morning that anybody remembers, and the shelves stood half empty. " * 30


def deliberation(title: str, *, mark: str = "") -> Script:
    """The script; it ends with the dialogue's id. ``mark`` makes the ``request_id`` of every write its own."""

    numbers = itertools.count(1)

    def write(name: str, **request: Any) -> tuple[str, Answer]:
        return name, {**request, "request_id": f"{title} {mark}{next(numbers)}"}

    pool = [
        {"name": "Muffin", "role": "Potter", "tier": "Core", "relevance": 0.9},
        {"name": "Scone", "role": "Glazer", "tier": "Core", "relevance": 0.8},
        {"name": "Eclair", "role": "Treasurer", "tier": "Adjacent", "relevance": 0.5},
        {"name": "Donut", "role": "Neighbour", "tier": "Wildcard", "relevance": 0.2},
    ]
    created = yield write(
        "dialogue_create",
        title=title,
        question=QUESTION,
        background={"subject": "A pottery", "constraints": {"sacks": 40}},
        expert_pool={"domain": "Ceramics", "experts": pool},
        panel_size=3,
        convergence_target=0.6,
        seed="00000000000000aa",
    )
    name: str = created["dialogue_id"]
    assert created["judge_protocol"]["steps"]
    yield write("dialogue_evolve_panel", dialogue_id=name, round=0, panel=_seats("muffin", "scone", "eclair"))
    yield "dialogue_round_context", {"dialogue_id": name}
    parsed = yield (
        "dialogue_parse_response",
        {"dialogue_id": name, "round": 0, "expert": "muffin", "text": "[P01: White clay dries slowly]\nIt cracks."},
    )
    assert parsed["summary"]
    registered = yield write(
        "dialogue_round_register",
        dialogue_id=name,
        round=0,
        title="Opening",
        score=24,
        summary="Where everybody stands.",
        expert_scores={"muffin": 9, "scone": 8, "eclair": 7},
        score_components={"muffin": {"wisdom": 3, "consistency": 2, "truth": 2, "relationships": 2}},
        responses={
            "muffin": LONG,
            "scone": "Glaze — ‹釉薬› holds on red clay.",
            "eclair": "Red clay is half the price.",
        },
        perspectives=[
            {"local_id": "MUFFIN-P0001", "label": "White clay dries slowly", "content": LONG},
            {"local_id": "SCONE-P0001", "label": "Glaze holds on red clay", "content": "Seen on forty jars."},
        ],
        recommendations=[
            {
                "local_id": "ECLAIR-R0001",
                "label": "Buy red clay",
                "content": "Forty sacks.",
                "parameters": {"sacks": 40},
                "references": [{"type": "support", "target": "SCONE-P0001"}],
            }
        ],
        tensions=[{"local_id": "MUFFIN-T0001", "label": "Colour or price", "description": "White sells better."}],
        evidence=[{"local_id": "SCONE-E0001", "label": "Forty jars", "content": "None crawled."}],
        claims=[{"local_id": "ECLAIR-C0001", "label": "Red costs half", "content": "By the list of March."}],
        moves=[{"expert": "scone", "type": "challenge", "targets": ["MUFFIN-P0001"]}],
        stances=[{"expert": "eclair", "stance": "APPROVE", "confidence": 0.9}],
    )
    ids: dict[str, str] = registered["id_mapping"]
    yield write(
        "dialogue_expert_create",
        dialogue_id=name,
        expert_slug="palmier",
        role="Shopkeeper",
        focus="What sells",
        reason="Nobody knows what the buyers want.",
    )
    yield write(
        "dialogue_evolve_panel",
        dialogue_id=name,
        round=1,
        panel=[*_seats("muffin", "scone"), {"expert_slug": "palmier", "source": "created"}],
    )
    yield "dialogue_round_context", {"dialogue_id": name, "budget_tokens": 2000}
    registered = yield write(
        "dialogue_round_register",
        dialogue_id=name,
        round=1,
        score=20,
        expert_scores={"muffin": 6, "scone": 6, "palmier": 8},
        responses={"palmier": "Buyers ask for the shape, never for the clay."},
        perspectives=[
            {
                "local_id": "PALMIER-P0101",
                "label": "Buyers see the shape",
                "content": "Of ninety who bought, two asked for the clay.",
                "references": [{"type": "address", "target": ids["MUFFIN-T0001"]}],
            }
        ],
        tension_updates=[{"id": ids["MUFFIN-T0001"], "status": "addressed", "by": ["palmier"], "via": "PALMIER-P0101"}],
        moves=[{"expert": "muffin", "type": "concede", "targets": [ids["SCONE-P0001"]]}],
    )
    ids |= registered["id_mapping"]
    yield write(
        "dialogue_update_status",
        dialogue_id=name,
        updates=[
            {
                "id": ids["SCONE-E0001"],
                "status": "commented",
                "by": ["judge"],
                "reason": "The jars were looked at again.",
            }
        ],
    )
    registered = yield write(
        "dialogue_round_register",
        dialogue_id=name,
        round=2,
        score=18,
        expert_scores={"muffin": 5, "scone": 6, "palmier": 7},
        recommendation_updates=[
            {"id": ids["ECLAIR-R0001"], "status": "amended", "by": ["judge"], "reason": "Thirty sacks, and see."}
        ],
        tension_updates=[
            {"id": ids["MUFFIN-T0001"], "status": "resolved", "by": ["muffin"], "via": ids["PALMIER-P0101"]}
        ],
        moves=[{"expert": slug, "type": "converge"} for slug in ("scone", "palmier")],
        stances=[{"expert": "muffin", "stance": "REJECT"}, {"expert": "scone", "stance": "APPROVE"}],
    )
    progress = yield "dialogue_progress", {"dialogue_id": name}
    assert progress["gate"]["met"], progress["gate"]
    cited = yield "dialogue_expand_citations", {"dialogue_id": name, "ids": [ids["ECLAIR-R0001"], "P0999"]}
    assert cited["citations"][0]["label"] == "Buy red clay"
    concluded = yield write(
        "dialogue_verdict_register",
        dialogue_id=name,
        verdict_id="final",
        verdict_type="final",
        round=2,
        recommendation="Buy thirty sacks of red clay.",
        description="It costs half, the glaze holds, and buyers do not ask.",
        conditions=["The glaze is tried on ten more jars."],
        votes={"muffin": "against", "scone": "for", "palmier": "for"},
        confidence="strong",
        tensions_resolved=[ids["MUFFIN-T0001"]],
        recommendations_adopted=[ids["ECLAIR-R0001"]],
        key_evidence=[ids["SCONE-E0001"]],
        key_claims=[ids["ECLAIR-C0001"]],
        supporting_experts=["scone", "palmier"],
    )
    assert concluded["dialogue_status"] == "converged"
    yield write(
        "dialogue_verdict_register",
        dialogue_id=name,
        verdict_id="muffins-view",
        verdict_type="minority",
        round=2,
        author_expert="muffin",
        label="White after all",
        recommendation="Buy white clay.",
        description="It sells better in the town.",
        supporting_experts=["muffin"],
        what_would_change="Ten red jars sold in a week.",
    )
    return name


def _seats(*slugs: str) -> list[Answer]:
    return [{"expert_slug": slug} for slug in slugs]


def play(script: Script, run: Callable[[str, Answer], Answer]) -> str:
    """Play a script; gives the dialogue's id."""
    answer: Answer | None = None
    try:
        while True:
            answer = run(*(script.send(answer) if answer is not None else next(script)))
    except StopIteration as ended:
        return str(ended.value)


async def aplay(script: Script, run: Callable[[str, Answer], Awaitable[Answer]]) -> str:
    """Play a script through a door whose answers are awaited."""
    answer: Answer | None = None
    try:
        while True:
            answer = await run(*(script.send(answer) if answer is not None else next(script)))
    except StopIteration as ended:
        return str(ended.value)
