"""Deliberations held through the real operations, for tests of the store: small ones, and one that fills every column.

Clock and chance are counted, not drawn, so that two fillings are equal to the byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hansard.custody.tokens.operations import TokenOperations
from hansard.database.dialect import Place
from hansard.database.engine import Database
from hansard.database.journal import Journal
from hansard.dialogue.calibration.operations import CalibrationOperations
from hansard.dialogue.exhibits.operations import ExhibitOperations
from hansard.dialogue.operations import DialogueOperations
from hansard.kernel.operations import Actor, Call, collect
from tests.support.signing import Signing

HOME = Path("/home/tester/.hansard")
"""What the answers of these dialogues name as their home; nothing is written there."""

CALL = Call(Actor("tester", "test"))

LONG = "The kiln was measured at every hour of the night, and the figures were read out twice. " * 20
LONGER = "Löss — ‹clay› and “glaze”: 釉薬 🏺 was weighed again. " * 60
LOOKALIKE = "sha256:" + "0" * 64
"""A short text that looks like a reference to a long one."""


class CountedClock:
    """Goes on by a second each time it is asked."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The next moment."""
        self.now += timedelta(seconds=1)
        return self.now


class CountedChance:
    """Bytes that look drawn and are the same in every run."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, purpose: str, size: int) -> bytes:
        """The next bytes."""
        self.count += 1
        return hashlib.sha256(f"{self.count} {purpose}".encode()).digest()[:size]


class House:
    """A store with the operations on dialogues over it."""

    def __init__(
        self,
        place: Place,
        *,
        counted: bool = True,
        busy_timeout_seconds: float = 30.0,
    ) -> None:
        self.place = place
        self.database = Database.open(place, busy_timeout_seconds=busy_timeout_seconds)
        self.journal = (
            Journal(self.database, clock=CountedClock(), chance=CountedChance()) if counted else Journal(self.database)
        )
        self.dialogues = DialogueOperations(self.journal, HOME)
        self.exhibits = self.dialogues.beside(ExhibitOperations)
        self.table = collect(
            [
                self.dialogues,
                self.exhibits,
                CalibrationOperations(self.journal),
                Signing(self.database, self.journal),
                TokenOperations(self.journal, draw=CountedSecrets()),
            ]
        )

    @property
    def file(self) -> Path:
        """The store's file, where it is one."""
        assert isinstance(self.place, Path)
        return self.place

    def run(self, operation: str, request: dict[str, Any], call: Call = CALL) -> Any:
        """One operation, as a surface would run it."""
        return self.table[operation](request, call)

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()


class CountedSecrets:
    """Secrets of tokens, the same in every run: they stand nowhere in a store, so a replay cannot read them there."""

    def __init__(self) -> None:
        self.chance = CountedChance()

    def __call__(self, size: int) -> bytes:
        """The next secret."""
        return self.chance("token", size)


def small_dialogue(title: str, **more: Any) -> dict[str, Any]:
    """A request that starts a dialogue of three experts."""
    pool = [{"name": name, "role": f"Potter {name}", "tier": "Core"} for name in ("Muffin", "Scone", "Eclair")]
    return {
        "title": title,
        "question": "Which clay?",
        "expert_pool": {"experts": pool},
        "max_rounds": 100,
        "seed": "00000000000000aa",
    } | more


def small_round(dialogue_id: str, number: int, *, words: str = "short", **more: Any) -> dict[str, Any]:
    """A request that registers a round with one perspective, one tension and one long response."""
    return {
        "dialogue_id": dialogue_id,
        "round": number,
        "score": 12,
        "summary": f"Round {number}: {words}",
        "responses": {"muffin": f"Muffin, round {number}: {words}", "scone": f"{LONG}{number} {words}"},
        "perspectives": [
            {"local_id": f"MUFFIN-P{number:02d}01", "label": f"Clay {number}", "content": f"{words} {number}"}
        ],
        "tensions": [{"local_id": f"SCONE-T{number:02d}01", "label": "Heat", "description": f"{LONGER}{number}"}],
    } | more


def fill(run: Callable[[str, dict[str, Any]], Any]) -> list[str]:
    """Hold two dialogues that use every table and every column; answers their ids.

    Names in the requests' objects stand in no order on purpose: an answer may not depend on it.
    """
    _ethos(run)
    names = [_argued(run), _imported(run)]
    run("checkpoint_create", {})
    run("token_create", {"name": "dashboard", "expires_at": "2099-01-01T00:00:00Z", "request_id": "token-1"})
    run("token_create", {"name": "clerk", "scope": "judge"})
    run("token_revoke", {"name": "dashboard"})
    return names


def _ethos(run: Callable[[str, dict[str, Any]], Any]) -> None:
    """Rules of every type, two of them revised and retired, and an ethos with a conflict of every outcome."""
    run("domain_create", {"domain_id": "CER", "name": "Ceramics", "description": LONG, "request_id": "domain-1"})
    for label, text in (("Cited", LONG), ("Measured", "What can be measured is measured."), ("Old", "Fire by eye.")):
        run("rule_create", {"type": "principle", "label": label, "text": text})
    run("rule_create", {"type": "principle", "label": "Said twice", "text": "what can be measured -- is measured!",
                        "priority": 90, "domains": ["CER"]})  # fmt: skip
    run("rule_create", {"type": "tenet", "domain_id": "CER", "label": "Safety first", "text": LONGER, "priority": 900})
    run("rule_create", {"type": "tenet", "domain_id": "CER", "label": "Cheap first", "text": "The cheaper one wins."})
    run("rule_create", {"type": "constraint", "label": "Budget", "text": "At most 5000.", "domains": ["CER"]})
    run("rule_create", {"type": "constraint", "label": "Space", "text": "It fits the shed.", "priority": 510})
    run("rule_revise", {"rule_id": "PR0002", "text": "What can be measured is measured, twice.", "reason": LONG})
    run("rule_revise", {"rule_id": "PR0002", "text": "What can be measured is measured."})
    run("rule_retire", {"rule_id": "PR0003", "reason": "Nobody does."})
    run(
        "ethos_synthesise",
        {
            "domain_id": "CER",
            "title": "Kiln",
            "add": ["CN02"],
            "conflicts": [
                {"a": "CER-TN02", "b": "CER-TN01", "note": "Safety is not for sale."},
                {
                    "a": "CN01",
                    "b": "CN02",
                    "kind": "ambiguity",
                    "resolution": "merged",
                    "resolved_by": "model",
                    "merged_text": f"{LONG}And it fits the shed.",
                },
            ],
        },
    )
    run("rule_revise", {"rule_id": "PR0001", "label": "Cited by id"})


def _argued(run: Callable[[str, dict[str, Any]], Any]) -> str:
    created = run(
        "dialogue_create",
        {
            "title": "Which kiln for the pottery?",
            "question": LONG,
            "background": {
                "subject": "A pottery",
                "description": LONGER,
                "constraints": {"years": 12, "$text": "a key of the caller's", "share": 0.25, "open": [None, True]},
                "situation": "The old kiln cracked.",
            },
            "expert_pool": {
                "domain": "Ceramics",
                "experts": [
                    {"name": "Muffin", "role": "Potter", "tier": "core", "relevance": 0.95, "focus": "Heat"},
                    {"name": "Scone", "role": "Glazer", "tier": "Core", "relevance": 0.9, "description": LONG},
                    {"name": "Eclair", "role": "Treasurer", "tier": "Adjacent", "relevance": 0.5},
                    {"name": "Donut", "role": "Neighbour", "tier": "Wildcard", "relevance": 0.0},
                ],
            },
            "panel_size": 3,
            "convergence_target": 0.5,
            "max_rounds": 6,
            "rotation": "wildcards",
            "strict_velocity": True,
            "output_dir": str(HOME / "kiln"),
            "tags": ["pottery", "heat"],
            "calibration": {"ethos_id": "ethos-kiln-001"},
            "request_id": "kiln-1",
        },
    )
    name: str = created.dialogue_id
    pinned = {"dialogue_id": name, "kind": "memory_query", "label": "Firings", "digest": "ab" * 32, "size": 4096}
    run("exhibit_add", {**pinned, "reference": {"query": LONG, "from": 0, "to": 99.5}, "media_type": "text/csv"})
    run("exhibit_add", {"dialogue_id": name, "kind": "calibration", "reference": {"ethos_id": "ethos-kiln-001"}})
    run("exhibit_add", {"dialogue_id": name, "kind": "file", "label": "The offer", "digest": "cd" * 32,
                        "added_by": "user"})  # fmt: skip
    run(
        "dialogue_evolve_panel",
        {
            "dialogue_id": name,
            "round": 0,
            "panel": [
                {"expert_slug": slug, "focus": f"Focus of {slug}", "relevance": 0.75, "tier": "Core"}
                for slug in ("scone", "muffin", "eclair")
            ],
        },
    )
    run(
        "dialogue_round_register",
        {
            "dialogue_id": name,
            "round": 0,
            "title": "Opening",
            "score": 30,
            "summary": LONGER,
            "expert_scores": {"scone": 10, "muffin": 12, "eclair": 8},
            "score_components": {"muffin": {"wisdom": 4, "consistency": 3, "truth": 3, "relationships": 2}},
            "calibration_modifiers": {
                "eclair": [{"rule_id": "CER-TN01", "points": -2, "reason": LONG}],
                "scone": [
                    {"rule_id": "CER-TN01", "points": 1, "reason": "Counted.", "evidence": "SCONE-E0001"},
                    {"rule_id": "CN02", "points": 1, "reason": "Measured.", "evidence": "SCONE-E0001"},
                ],
            },
            "responses": {"scone": LONG, "muffin": LOOKALIKE, "eclair": "Gas is cheap."},
            "annotations": {"scone": [{"kind": "note", "word": "ASIDE", "line": 3, "$plain": {"$text": "x"}}]},
            "perspectives": [
                {"local_id": "MUFFIN-P0001", "label": "Electric heat is even", "content": LONG},
                {"local_id": "SCONE-P0001", "label": "Gas gives colour", "content": LOOKALIKE},
            ],
            "recommendations": [
                {
                    "local_id": "ECLAIR-R0001",
                    "label": "Buy one used",
                    "content": "Half the price.",
                    "parameters": {"price": 0.5, "euros": 4000, "by": None},
                    "references": [{"type": "address", "target": "MUFFIN-T0001", "context": LONG}],
                }
            ],
            "tensions": [
                {"local_id": "MUFFIN-T0001", "local_ids": ["SCONE-T0001"], "label": "Colour", "description": LONGER},
                {"local_id": "ECLAIR-T0001", "label": "Price", "description": "Who pays?"},
            ],
            "evidence": [
                {
                    "local_id": "SCONE-E0001",
                    "label": "Firings counted",
                    "content": "Forty firings a year.",
                    "exhibits": ["X0001", "X0003"],
                    "references": [{"type": "support", "target": "SCONE-P0001"}],
                }
            ],
            "claims": [
                {
                    "local_id": "MUFFIN-C0001",
                    "label": "Even heat breaks less",
                    "content": "Two in a hundred.",
                    "references": [{"type": "depend", "target": "SCONE-E0001"}],
                }
            ],
            "references": [{"expert": "eclair", "type": "question", "target": "@muffin", "context": "How much?"}],
            "moves": [
                {"expert": "scone", "type": "challenge", "targets": ["MUFFIN-P0001"], "context": "Not in winter."},
                {"expert": "eclair", "type": "request", "topic": LONG},
            ],
            "stances": [
                {"expert": "scone", "stance": "HOLD", "confidence": 0.25},
                {"expert": "muffin", "stance": "CONDITIONAL", "condition": "Tested first.", "confidence": 1},
                {"expert": "eclair", "stance": "ABSTAIN", "cause": "withheld"},
            ],
            "judge_claims": {"velocity": 0, "converge_percent": "83 %", "open_tensions": 1},
        },
    )
    run(
        "dialogue_expert_create",
        {
            "dialogue_id": name,
            "expert_slug": "palmier",
            "name": "Pälmier",
            "role": "Fire officer",
            "description": LONG,
            "focus": "Flues",
            "tier": "Wildcard",
            "relevance": 0.125,
            "reason": LONGER,
        },
    )
    run(
        "dialogue_evolve_panel",
        {"dialogue_id": name, "round": 1, "panel": [{"expert_slug": s} for s in ("palmier", "muffin", "scone")]},
    )
    run(
        "dialogue_round_register",
        {
            "dialogue_id": name,
            "round": 1,
            "title": "Answers",
            "score": 21,
            "summary": "Nearly one.",
            "responses": {"palmier": "A flue is missing.", "muffin": "Agreed.", "scone": LONG},
            "recommendations": [
                {
                    "local_id": "PALMIER-R0101",
                    "label": "Buy one used, with a flue",
                    "content": "It costs 300 more.",
                    "references": [{"type": "refine", "target": "R0001"}],
                }
            ],
            "moves": [{"expert": who, "type": "converge"} for who in ("scone", "muffin")],
            "tension_updates": [
                {"id": "T0001", "status": "addressed", "by": ["palmier"], "via": "PALMIER-R0101", "reason": LONG},
                {
                    "id": "T0001",
                    "status": "resolved",
                    "by": ["muffin", "judge"],
                    "result": "PALMIER-R0101",
                    "disposition": "narrowed",
                },
                {"id": "T0002", "status": "addressed", "by": ["scone"], "via": "PALMIER-R0101"},
            ],
            "claim_updates": [{"id": "C0001", "status": "supported", "by": ["scone"]}],
            "judge_claims": {"zeal": "much", "agreement": 1},
        },
    )
    run(
        "dialogue_update_status",
        {
            "dialogue_id": name,
            "updates": [{"id": "E0001", "status": "commented", "by": ["user"], "reason": "I was there."}],
            "request_id": "kiln-2",
        },
    )
    run(
        "dialogue_verdict_register",
        {
            "dialogue_id": name,
            "verdict_id": "minority-palmier",
            "verdict_type": "minority",
            "label": "Not without a flue",
            "round": 1,
            "author_expert": "palmier",
            "recommendation": LONG,
            "description": "Not without a flue.",
            "what_would_change": LONGER,
            "supporting_experts": ["muffin"],
        },
    )
    run(
        "dialogue_verdict_register",
        {
            "dialogue_id": name,
            "verdict_id": "interim-1",
            "verdict_type": "interim",
            "round": 1,
            "recommendation": "Look at two.",
            "description": "The third is sold.",
        },
    )
    run(
        "dialogue_verdict_register",
        {
            "dialogue_id": name,
            "verdict_id": "final",
            "verdict_type": "final",
            "round": 1,
            "recommendation": "Buy the used kiln with a flue.",
            "description": LONGER,
            "conditions": ["Tested first."],
            "vote": "2-1",
            "votes": {"scone": "for", "palmier": "against", "muffin": "for"},
            "confidence": "strong",
            "tensions_resolved": ["T0001"],
            "tensions_accepted": ["T0002"],
            "recommendations_adopted": ["R0101"],
            "key_evidence": ["E0001"],
            "key_claims": ["C0001"],
            "supporting_experts": ["scone", "muffin"],
            "supersedes": "interim-1",
            "dismissals": {"minority-palmier": "The price includes it."},
            "force": True,
            "force_reason": LONG,
            "ethos_compliance": {
                "fully_compliant": False,
                "exceptions": [{"rule_id": "CN01", "justification": LONG, "approved_by": "The committee"}],
                "violations": [{"rule_id": "PR0001"}, {"rule_id": "CER-TN01", "description": "No flue yet."}],
            },
            "watch": [
                {"condition": "Tested first.", "gate": "kiln-tested"},
                {"condition": "Tested  FIRST.", "date": "2026-03-02"},
            ],
        },
    )
    watch = {"condition": "Tested first.", "date": "2099-01-01"}
    run("watch_add", {"dialogue_id": name, "verdict_id": "final", "watch": watch, "request_id": "kiln-3"})
    run("exhibit_add", {"dialogue_id": name, "kind": "verdict", "replaces": "X0003", "added_by": "palmier",
                        "reference": {"dialogue_id": name, "verdict_id": "minority-palmier"}})  # fmt: skip
    return name


def _imported(run: Callable[[str, dict[str, Any]], Any]) -> str:
    created = run(
        "dialogue_create",
        {
            "dialogue_id": "2026-01-02t0300z-roof",
            "title": "Roof",
            "question": "Slate or tin?",
            "expert_pool": {"experts": [{"role": "Roofer"}]},
            "origin": {
                "importer": "tester",
                "source": "2026-01-02T0300Z-roof",
                "at": "2026-01-02T03:00:00Z",
                "digest": "ab" * 32,
                "files": {"tensions.md": "cd" * 32, "round-0/muffin.md": "ef" * 32},
                "documents": {"verdict.md": LONG, "tensions.md": "T01 is open."},
                "claims": [
                    {"round": 0, "subject": "round", "item": "velocity", "claimed": "0", "source": "scoreboard.md:3"},
                    {
                        "subject": "T01",
                        "item": "status",
                        "claimed": LONG,
                        "local_id": "MUFFIN-T0001",
                        "source": "tensions.md:1",
                    },
                ],
                "diagnostics": [{"code": "unnamed_expert", "message": "no name", "file": "expert-pool.json"}],
            },
        },
    )
    name: str = created.dialogue_id
    run(
        "dialogue_evolve_panel",
        {"dialogue_id": name, "round": 0, "panel": [{"expert_slug": "muffin"}, {"expert_slug": "donut"}]},
    )
    run(
        "dialogue_round_register", {"dialogue_id": name, "round": 0, "responses": {"muffin": "Slate.", "donut": "Tin."}}
    )
    run("exhibit_add", {"dialogue_id": name, "kind": "gate_result", "label": "Rain", "digest": "ef" * 32,
                        "reference": {"gate": "rain"}})  # fmt: skip
    run("dialogue_tag", {"dialogue_id": name, "add": ["roof", "tin"], "by": ["user"]})
    run("dialogue_abandon", {"dialogue_id": name, "reason": "It does not rain."})
    run("dialogue_tag", {"dialogue_id": name, "add": ["slate"], "remove": ["tin"]})
    run("dialogue_reopen", {"dialogue_id": name, "reason": LONG, "by": ["user", "judge"]})
    return name
