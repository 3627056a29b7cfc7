"""What the tests of dialogues share: a real store with the operations on it, and short ways to fill it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from hansard.database.engine import Database
from hansard.database.journal import Journal
from hansard.database.tables import record_tables
from hansard.database.verify import Finding, verify_store
from hansard.dialogue import store
from hansard.dialogue.model import Record
from hansard.dialogue.operations import DialogueOperations
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call, collect
from tests.support.stores import contents, dropped, fresh

JUDGE: Final = Call(Actor("judge-of-the-tests", "test"))

LISTS: Final = {"P": "perspectives", "R": "recommendations", "T": "tensions", "E": "evidence", "C": "claims"}
UPDATES: Final = {
    "P": "perspective_updates",
    "R": "recommendation_updates",
    "T": "tension_updates",
    "E": "evidence_updates",
    "C": "claim_updates",
}
PEOPLE: Final = ("muffin", "cupcake", "scone", "eclair", "donut", "brioche")
"""The first six default names, in their order."""

LIFECYCLES: Final = {
    "P": "open > refined conceded merged; refined > conceded merged; conceded >; merged >",
    "R": "proposed > amended adopted rejected; amended > adopted rejected; adopted >; rejected >",
    "T": "open > addressed resolved; addressed > resolved open; resolved > reopened; reopened > addressed resolved",
    "E": "cited > challenged confirmed refuted; challenged > confirmed refuted; confirmed > challenged; refuted >",
    "C": "asserted > supported opposed withdrawn adopted; supported > opposed adopted withdrawn; "
    "opposed > supported adopted withdrawn; adopted >; withdrawn >",
}
"""The lifecycles as the design states them, written down again apart from the code; the first status opens."""


@cache
def steps(kind: str) -> dict[str, frozenset[str]]:
    """Status to the statuses that may follow, in the order of ``LIFECYCLES``."""
    found = {}
    for line in LIFECYCLES[kind].split(";"):
        before, _, after = line.partition(">")
        found[before.strip()] = frozenset(after.split())
    return found


def first_status(kind: str) -> str:
    """The status of a new entity."""
    return next(iter(steps(kind)))


def folded(kind: str, words: Sequence[str]) -> str:
    """The status that a list of event types leads to: each that is a step from where the entity stands is taken."""
    status = first_status(kind)
    for word in words:
        if word in steps(kind)[status]:
            status = word
    return status


class Room:
    """One store, and the dialogue's operations on it; time advances by a second for each entry, chance is counted."""

    def __init__(self, folder: Path, kind: str = "sqlite") -> None:
        """A fresh store; on SQLite it is the file ``hansard.db`` of the folder, which is the home on both."""
        self.home = folder
        self.place = fresh(kind, folder)
        self.path = folder / "hansard.db"
        self.database = Database.open(self.place)
        self._ticks = 0
        self._drawn = 0
        self.journal = Journal(self.database, clock=self._clock, chance=self._chance)
        self.operations = DialogueOperations(self.journal, folder)
        self.table = collect([self.operations])

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()
        dropped(self.place)

    def _clock(self) -> datetime:
        self._ticks += 1
        return datetime(2026, 2, 2, 9, 0, tzinfo=UTC) + timedelta(seconds=self._ticks)

    def _chance(self, purpose: str, size: int) -> bytes:
        self._drawn += 1
        return hashlib.sha512(f"{purpose} {self._drawn}".encode()).digest()[:size]

    def call(self, name: str, call: Call = JUDGE, /, **payload: Any) -> Any:
        """Run an operation as a surface does: the payload's shape is checked first."""
        return self.table[f"dialogue_{name}"](payload, call)

    def refused(self, name: str, /, **payload: Any) -> HansardError:
        """The refusal of an operation, which must have left the store as it was."""
        before = self.dump()
        with pytest.raises(HansardError) as told:
            self.call(name, **payload)
        assert self.dump() == before, f"{told.value.code} left a trace"
        return told.value

    def fault(self, name: str, /, **payload: Any) -> HansardError:
        """The one fault for which an operation is refused, taken out of its batch where it stands in one."""
        refusal = self.refused(name, **payload)
        if refusal.code != "batch_validation_failed":
            return refusal
        assert len(refusal.errors) == 1, [(fault.code, fault.field) for fault in refusal.errors]
        return refusal.errors[0]

    def faults(self, name: str, /, **payload: Any) -> list[tuple[str, str | None]]:
        """Code and field of every fault of a refused batch."""
        refusal = self.refused(name, **payload)
        assert refusal.code == "batch_validation_failed"
        return [(fault.code, fault.field) for fault in refusal.errors]

    def create(self, title: str = "Trial", /, size: int = 6, **more: Any) -> str:
        """A dialogue whose whole pool, named by default, sits at the panel; gives its id."""
        experts = [{"role": f"Role {n}", "tier": "Core", "relevance": 0.9} for n in range(size)]
        payload = {"title": title, "question": "What now?", "expert_pool": {"experts": experts}, "panel_size": size}
        answer = self.call("create", **(payload | more))
        return str(answer.dialogue_id)

    def register(self, dialogue_id: str, round_: int, /, **more: Any) -> Any:
        """Register a round that holds what is given; where that is nothing, somebody has nothing to add."""
        if not any(value for name, value in more.items() if name not in ("score", "title", "summary", "judge_claims")):
            panel = self.record(dialogue_id).panel_members
            more |= {"responses": {panel[-1].slug: "Nothing to add."}}
        return self.call("round_register", dialogue_id=dialogue_id, round=round_, **({"score": 0} | more))

    def conclude(self, dialogue_id: str, round_: int, /, **more: Any) -> Any:
        """Register a final verdict."""
        return self.call("verdict_register", **(verdict(dialogue_id, round_) | more))

    def record(self, dialogue_id: str) -> Record:
        """Everything of a dialogue."""
        return self.operations.record(dialogue_id)

    def status(self, dialogue_id: str, entity_id: str) -> str:
        """The status of one entity."""
        return next(entity.status for entity in self.record(dialogue_id).entities if entity.id == entity_id)

    def events(self, dialogue_id: str, entity_id: str) -> list[tuple[str, int, list[str], str | None, str | None]]:
        """An entity's life: type, round, actors, reference, result."""
        return [
            (event.type, event.event_round, event.actors, event.reference, event.result)
            for event in self.record(dialogue_id).events
            if str(event.key) == entity_id
        ]

    def dump(self) -> dict[str, list[Any]]:
        """Every cell of every table: on SQLite of the file itself, the search index's own tables among them."""
        if not self.path.exists():
            return dict(contents(self.database))
        connection = sqlite3.connect(self.path)
        try:
            names = [
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
            ]
            return {name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr) for name in names}
        finally:
            connection.close()

    def findings(self) -> list[Finding]:
        """What verification finds in the store."""
        with self.database.reading() as connection:
            return verify_store(connection, record_tables()).findings

    def search_faults(self) -> list[tuple[str, str, str]]:
        """Where the search index is not what the records say."""
        with self.database.reading() as connection:
            return store.search_faults(connection)


def entity(local_id: str, /, label: str = "A label", **more: Any) -> dict[str, Any]:
    """An entity of a batch; a tension has a description, the other kinds have content."""
    field = "description" if local_id.split("-")[1].startswith("T") else "content"
    return {"local_id": local_id, "label": label, field: f"What {local_id} says."} | more


def verdict(dialogue_id: str, round_: int, /, **more: Any) -> dict[str, Any]:
    """A final verdict that everybody who is named a default pastry votes for."""
    return {
        "dialogue_id": dialogue_id,
        "verdict_id": "final",
        "verdict_type": "final",
        "round": round_,
        "recommendation": "Do it.",
        "description": "Because it is right.",
    } | more


def everybody(people: Sequence[str] = PEOPLE, vote: str = "for") -> dict[str, str]:
    """The same vote of all."""
    return dict.fromkeys(people, vote)


def converging(people: Sequence[str] = PEOPLE) -> list[Mapping[str, Any]]:
    """A move to converge of each."""
    return [{"expert": name, "type": "converge"} for name in people]


def ref(type_: str, target: str, **more: Any) -> dict[str, Any]:
    """A reference of an entity."""
    return {"type": type_, "target": target} | more


def step(entity_id: str, status: str, *by: str, **more: Any) -> dict[str, Any]:
    """An update."""
    return {"id": entity_id, "status": status, "by": list(by or ("judge",))} | more


def on_trial(room: Room) -> Room:
    """Fill a store with ``trial``: a round with one entity of each kind, a withdrawn claim, a minority verdict."""
    dialogue = room.create("Trial")
    room.register(
        dialogue,
        0,
        perspectives=[entity("MUFFIN-P0001")],
        recommendations=[entity("MUFFIN-R0001")],
        tensions=[entity("MUFFIN-T0001")],
        evidence=[entity("MUFFIN-E0001")],
        claims=[entity("MUFFIN-C0001"), entity("SCONE-C0001")],
        claim_updates=[step("SCONE-C0001", "withdrawn", "scone")],
    )
    room.conclude(
        dialogue, 0, verdict_id="apart", verdict_type="minority", author_expert="scone", what_would_change="Facts."
    )
    return room


def one_perspective(local_id: str = "MUFFIN-P0101", **more: Any) -> list[dict[str, Any]]:
    """A batch's only perspective."""
    return [entity(local_id, **more)]
