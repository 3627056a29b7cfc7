"""One random sequence of operations on SQLite and PostgreSQL at once: whatever is asked, both answer and keep the same.

Clock and chance are counted, so that times, ids, salts and with them every digest and every hash of the journal must be
equal to the byte. The sequences, and what must hold after each step, are those of the machine of one store
(tests/unit/dialogue/test_machine.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant

from hansard.dialogue.model import Record
from hansard.dialogue.rules import gate
from hansard.exchange.operations import ExchangeOperations
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import collect
from tests.conftest import scale
from tests.support.replay import replay, unlike
from tests.support.stores import KINDS, contents, dropped, fresh
from tests.unit.dialogue.kit import JUDGE, Room
from tests.unit.dialogue.test_machine import Deliberation


class Rooms:
    """The same store twice, on two databases; to the machine they are one room."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.one, self.other = (Room(folder, kind) for kind in KINDS)

    def call(self, name: str, /, **payload: Any) -> Any:
        """The answer or the refusal of both, which must be equal word for word."""
        told = [outcome(room, name, payload) for room in (self.one, self.other)]
        assert shown(told[0]) == shown(told[1]), name
        if isinstance(told[0], HansardError):
            raise told[0]
        return told[0]

    def record(self, dialogue_id: str) -> Record:
        """Everything of a dialogue."""
        one, other = self.one.record(dialogue_id), self.other.record(dialogue_id)
        assert one == other
        return one

    def dump(self) -> dict[str, list[Any]]:
        """Every row; both stores hold the same ones."""
        one, other = contents(self.one.database), contents(self.other.database)
        assert unlike(one, other) == []
        return dict(one)

    def findings(self) -> list[Any]:
        """What verification finds in either."""
        return [*self.one.findings(), *self.other.findings()]

    def search_faults(self) -> list[Any]:
        """Where an index is not what the records say."""
        return [*self.one.search_faults(), *self.other.search_faults()]

    def exports(self, dialogue_id: str) -> list[bytes]:
        """What each store exports, journal and all."""
        told = []
        file = self.home / "export.json"
        for room in (self.one, self.other):
            exchange = ExchangeOperations(room.operations, room.journal, lambda _path: True, lambda _path: True)
            collect([exchange])["dialogue_export"]({"dialogue_id": dialogue_id, "output_path": str(file)}, JUDGE)
            told.append(file.read_bytes())
            file.unlink()
        return told

    def close(self) -> None:
        """Run the requests again on a third store, then give all back."""
        for source, kind in ((self.one.place, "postgresql"), (self.other.place, "sqlite")):
            (self.home / "again").mkdir(exist_ok=True)
            target = fresh(kind, self.home / "again")
            assert replay(source, target, home=self.home) == []
            dropped(target)
        self.one.close()
        self.other.close()


def outcome(room: Room, name: str, payload: dict[str, Any]) -> Any:
    """An answer, or a refusal as a value."""
    try:
        return room.call(name, JUDGE, **payload)
    except HansardError as refusal:
        return refusal


def shown(told: Any) -> Any:
    """An outcome as it may be compared."""
    return told.as_dict() if isinstance(told, HansardError) else told.model_dump(mode="json", by_alias=True)


class TwinDeliberation(Deliberation):
    """Up to two dialogues, driven at random on two databases at once."""

    room: Any

    def make_room(self) -> Any:
        """Both stores as one."""
        return Rooms(self.folder)

    @invariant()
    def found_alike(self) -> None:
        """The same words are found at the same places in the same order."""
        if self.looked == self.answered:
            return
        self.looked = self.answered
        for query in ("what says", "nobody", "do-it.", "Machine ?", "%", 'it" OR "because'):
            hits = self.room.call("search", query=query).hits
            assert query != "nobody" or hits == []

    looked = 0

    @invariant()
    def gates_are_those_that_are_computed(self) -> None:
        """While a final verdict is the last word, its stored figures are those that the record gives once more."""
        for dialogue in self.dialogues:
            record = self.room.record(dialogue)
            if record.dialogue.status == "converged" and record.verdicts[-1].verdict_type == "final":
                now, stored = gate(record), record.verdicts[-1].gate
                assert now is not None
                told = msgspec.to_builtins(now)
                figures = ("agreed", "not_agreed", "settled", "abstained", "share", "target", "open_tensions")
                assert {name: told[name] for name in figures} == {name: stored[name] for name in figures}

    def teardown(self) -> None:
        """Both export the same bytes; the requests, run again on a third store, give the same once more."""
        for dialogue in self.dialogues:
            one, other = self.room.exports(dialogue)
            assert one == other
        super().teardown()


TestTwinDeliberation = TwinDeliberation.TestCase
TestTwinDeliberation.settings = settings(
    max_examples=scale(4),
    stateful_step_count=20,
    phases=[phase for phase in Phase if phase is not Phase.shrink],  # a step takes too long to try thousands
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
