"""A small dialogue held through the real operations, with everything a record can hold, for tests of what is exported.

Not a test module: tests import ``Held`` and ``hold``; the fixture ``held`` gives a store with the dialogue in it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hansard.database.engine import Database
from hansard.database.journal import Journal
from hansard.dialogue.operations import DialogueOperations
from hansard.dialogue.requests import (
    DialogueCreate,
    DialogueQuery,
    EvolvePanel,
    ExpertCreate,
    RoundRegister,
    UpdateStatus,
    VerdictRegister,
)
from hansard.exchange.document import read_document
from hansard.exchange.operations import ExchangeOperations
from hansard.exchange.shapes import DialogueExport
from hansard.kernel.operations import Actor, Call

CALL = Call(Actor("tester", "test"))
ID = "harbour-bridge"

MUFFIN_0 = """# Muffin (round 0)

[MUFFIN-P0001: A tunnel outlives a bridge]
The tunnel costs more and lasts eighty years. Salt eats a bridge in forty.

[MUFFIN-T0001: Cost against age]
The town can pay for one of the two, and not for both.
"""
SCONE_0 = """# Scone (round 0)

[SCONE-P0001: Ships need the height]
A bridge of forty metres closes the harbour to the two largest ships.

[SCONE-E0001: Ships counted]
In 2025 eleven ships were taller than forty metres.
"""
DONUT_0 = """# Donut (round 0)

[DONUT-R0001: Toll for ten years]
A toll of two crowns pays for the difference.

[DONUT-T0001: Who waits while it is built]
The ferry cannot carry the traffic of three summers.
"""
LONG = "The ferry carried 4,100 cars on its best day. " * 40


class Ticking:
    """A clock that goes on by a second each time it is asked."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


class Held:
    """A store with the dialogue in it, and the operations on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file = home / "hansard.db"
        self.database = Database.open(self.file)
        self.journal = Journal(self.database, clock=Ticking())
        self.dialogues = DialogueOperations(self.journal, home)
        self.exchange = ExchangeOperations(self.dialogues, self.journal, lambda path: True, lambda path: True)

    def document(self, dialogue_id: str = ID, *, journal: bool = True) -> dict[str, Any]:
        """The dialogue's exported document."""
        path = self.home / "exported.json"
        self.exchange.dialogue_export(
            DialogueExport(dialogue_id=dialogue_id, output_path=str(path), journal=journal), CALL
        )
        return read_document(path)

    def minutes(self, dialogue_id: str = ID) -> str:
        """The dialogue's minutes."""
        return self.exchange.dialogue_minutes(DialogueQuery(dialogue_id=dialogue_id), CALL).markdown

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()


def hold(store: Held, dialogue_id: str | None = ID) -> None:
    """Hold the dialogue: four experts, three rounds, a reopened and an accepted tension, a minority, a verdict."""
    write = store.dialogues
    pool: list[dict[str, Any]] = [
        {"name": "Muffin", "role": "Engineer", "tier": "Core", "relevance": 0.9, "focus": "Salt"},
        {"name": "Scone", "role": "Pilot", "tier": "Core", "relevance": 0.85},
        {"name": "Donut", "role": "Treasurer", "tier": "Adjacent", "relevance": 0.6},
    ]
    created = write.dialogue_create(
        DialogueCreate.model_validate(
            {
                "title": "Harbour bridge",
                "question": "Bridge or tunnel?",
                "background": {"subject": "A harbour", "constraints": {"budget_crowns": 90_000_000}},
                "expert_pool": {"domain": "Civil works", "experts": pool},
                "panel_size": 3,
                "tags": ["town"],
                "seed": "00000000000000aa",
                "dialogue_id": dialogue_id,
            }
        ),
        CALL,
    )
    name = created.dialogue_id
    write.dialogue_evolve_panel(
        EvolvePanel.model_validate(
            {"dialogue_id": name, "round": 0, "panel": [{"expert_slug": s} for s in ("muffin", "scone", "donut")]}
        ),
        CALL,
    )
    write.dialogue_round_register(
        RoundRegister.model_validate(
            {
                "dialogue_id": name,
                "round": 0,
                "title": "Opening",
                "score": 30,
                "summary": "Three views, no agreement.",
                "expert_scores": {"muffin": 12, "scone": 10, "donut": 8},
                "score_components": {"muffin": {"wisdom": 4, "consistency": 3, "truth": 3, "relationships": 2}},
                "responses": {"muffin": MUFFIN_0, "scone": SCONE_0, "donut": DONUT_0},
                "annotations": {"muffin": [{"kind": "note", "word": "ASIDE", "line": 3}]},
                "perspectives": [
                    {
                        "local_id": "MUFFIN-P0001",
                        "label": "A tunnel outlives a bridge",
                        "content": "The tunnel costs more and lasts eighty years. Salt eats a bridge in forty.",
                    },
                    {
                        "local_id": "SCONE-P0001",
                        "label": "Ships need the height",
                        "content": "A bridge of forty metres closes the harbour to the two largest ships.",
                        "references": [{"type": "support", "target": "MUFFIN-P0001", "context": "for another reason"}],
                    },
                ],
                "recommendations": [
                    {
                        "local_id": "DONUT-R0001",
                        "label": "Toll for ten years",
                        "content": "A toll of two crowns pays for the difference.",
                        "parameters": {"crowns": 2, "years": 10, "share": 0.5},
                        "references": [{"type": "address", "target": "MUFFIN-T0001"}],
                    }
                ],
                "tensions": [
                    {
                        "local_id": "MUFFIN-T0001",
                        "label": "Cost against age",
                        "description": "The town can pay for one of the two, and not for both.",
                    },
                    {
                        "local_id": "DONUT-T0001",
                        "label": "Who waits while it is built",
                        "description": "The ferry cannot carry the traffic of three summers.",
                    },
                ],
                "evidence": [
                    {
                        "local_id": "SCONE-E0001",
                        "label": "Ships counted",
                        "content": "In 2025 eleven ships were taller than forty metres.",
                    }
                ],
                "judge_claims": {"open_tensions": 2, "new_perspectives": 2, "converge_percent": 50},
            }
        ),
        CALL,
    )
    write.dialogue_expert_create(
        ExpertCreate(dialogue_id=name, expert_slug="Eclair", role="Ferry master", reason="Nobody speaks for the ferry"),
        CALL,
    )
    write.dialogue_evolve_panel(
        EvolvePanel.model_validate(
            {"dialogue_id": name, "round": 1, "panel": [{"expert_slug": s} for s in ("muffin", "donut", "eclair")]}
        ),
        CALL,
    )
    write.dialogue_round_register(
        RoundRegister.model_validate(
            {
                "dialogue_id": name,
                "round": 1,
                "title": "Answers",
                "score": 25,
                "summary": LONG,
                "expert_scores": {"muffin": 13, "donut": 12},
                "responses": {
                    "muffin": "[MUFFIN-P0101: Toll makes it fit]\nWith the toll the tunnel fits.\n",
                    "donut": "I agree.",
                },
                "perspectives": [
                    {
                        "local_id": "MUFFIN-P0101",
                        "label": "Toll makes it fit",
                        "content": "With the toll the tunnel fits.",
                        "references": [
                            {"type": "refine", "target": "P0001"},
                            {"type": "depend", "target": "R0001"},
                            {"type": "question", "target": "@scone"},
                        ],
                    },
                    {"local_id": "ECLAIR-P0101", "label": "The ferry's best day", "content": LONG},
                ],
                "claims": [{"local_id": "DONUT-C0101", "label": "The toll pays", "content": "Ten years are enough."}],
                "references": [{"expert": "donut", "type": "support", "target": "R0001", "context": "mine"}],
                "moves": [
                    {"expert": "muffin", "type": "bridge", "targets": ["P0001", "R0001"], "context": "one plan"},
                    {"expert": "eclair", "type": "request", "topic": "figures of the third summer"},
                    {"expert": "donut", "type": "concede", "targets": ["P0001"]},
                ],
                "tension_updates": [
                    {
                        "id": "T0001",
                        "status": "resolved",
                        "by": ["muffin"],
                        "via": "R0001",
                        "reason": "The toll pays it.",
                    },
                    {"id": "T0002", "status": "addressed", "by": ["eclair"], "disposition": "narrowed"},
                ],
            }
        ),
        CALL,
    )
    write.dialogue_round_register(
        RoundRegister.model_validate(
            {
                "dialogue_id": name,
                "round": 2,
                "score": 20,
                "expert_scores": {"muffin": 7, "donut": 7, "eclair": 6},
                "responses": {"muffin": "[MOVE:CONVERGE]", "donut": "[MOVE:CONVERGE]", "eclair": "No.\n"},
                "evidence": [{"local_id": "ECLAIR-E0201", "label": "Third summer", "content": "It was worse."}],
                "moves": [{"expert": "muffin", "type": "converge"}, {"expert": "donut", "type": "converge"}],
                "stances": [
                    {"expert": "muffin", "stance": "APPROVE", "confidence": 0.9},
                    {"expert": "eclair", "stance": "CONDITIONAL", "confidence": 0.4, "condition": "a second ferry"},
                ],
                "tension_updates": [{"id": "T0001", "status": "reopened", "by": ["eclair"], "via": "ECLAIR-E0201"}],
                "judge_claims": {"velocity": 0, "converge_percent": "100"},
            }
        ),
        CALL,
    )
    write.dialogue_verdict_register(
        VerdictRegister.model_validate(
            {
                "dialogue_id": name,
                "verdict_id": "minority-eclair",
                "verdict_type": "minority",
                "round": 2,
                "author_expert": "eclair",
                "recommendation": "Buy a ferry first.",
                "description": "Three summers are long.",
                "supporting_experts": ["eclair"],
                "what_would_change": "A second ferry by May.",
            }
        ),
        CALL,
    )
    write.dialogue_verdict_register(
        VerdictRegister.model_validate(
            {
                "dialogue_id": name,
                "verdict_id": "final",
                "verdict_type": "final",
                "round": 2,
                "recommendation": "Build the tunnel, with a toll.",
                "description": "It lasts, and the toll pays the difference.",
                "conditions": ["a toll for ten years", "review in 2036"],
                "vote": "3-0",
                "confidence": "unanimous",
                "tensions_accepted": ["T0001", "T0002"],
                "recommendations_adopted": ["R0001"],
                "key_evidence": ["E0001"],
                "key_claims": ["C0101"],
                "dismissals": {"minority-eclair": "A ferry does not end the waiting."},
            }
        ),
        CALL,
    )
    write.dialogue_update_status(
        UpdateStatus.model_validate(
            {
                "dialogue_id": name,
                "updates": [{"id": "E0001", "status": "challenged", "by": ["user"], "reason": "2026 had none."}],
            }
        ),
        CALL,
    )
