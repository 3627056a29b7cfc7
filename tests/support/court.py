"""A store with the operations on dialogues, calibration and exhibits, and a short way to a calibrated dialogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hansard.custody.operations import CustodyOperations
from hansard.dialogue.calibration.operations import CalibrationOperations
from hansard.dialogue.exhibits.operations import ExhibitOperations
from hansard.exchange.operations import ExchangeOperations
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import collect
from tests.unit.dialogue.kit import JUDGE, Room, entity, everybody

PEOPLE = ("muffin", "cupcake", "scone")
ETHOS = "ethos-rules-001"


class Court(Room):
    """A room in which every operation can be called by its whole name."""

    def __init__(self, folder: Path, kind: str = "sqlite") -> None:
        """A fresh store, as of ``Room``."""
        super().__init__(folder, kind)
        self.exhibits = self.operations.beside(ExhibitOperations)
        self.table = collect(
            [
                self.operations,
                self.exhibits,
                CalibrationOperations(self.journal),
                ExchangeOperations(self.operations, self.journal, lambda _path: True, lambda _path: True),
                CustodyOperations(self.database, self.operations, lambda _path: True, home=folder),
            ]
        )

    def run(self, name: str, /, **payload: Any) -> Any:
        """An operation's answer."""
        return self.table[name](payload, JUDGE)

    def refuses(self, name: str, /, **payload: Any) -> HansardError:
        """The refusal of an operation, which must have left the store as it was."""
        before = self.dump()
        with pytest.raises(HansardError) as told:
            self.run(name, **payload)
        assert self.dump() == before, f"{told.value.code} left a trace"
        return told.value

    def wrong(self, name: str, /, **payload: Any) -> list[tuple[str, str | None]]:
        """Code and field of each fault of a refusal."""
        refusal = self.refuses(name, **payload)
        return [(fault.code, fault.field) for fault in refusal.errors or [refusal]]

    def ethos(self) -> str:
        """Three rules of each type and the ethos made of them: PR0001 (100), FID-TN01 (800), CN01 (500)."""
        self.run("domain_create", domain_id="FID", name="Fiduciary")
        self.run("rule_create", type="principle", label="Cite", text="Figures have sources.")
        self.run("rule_create", type="tenet", domain_id="FID", label="Duty", text="Duty decides.", priority=800)
        self.run("rule_create", type="constraint", label="Four", text="Four per cent a year.")
        return str(self.run("ethos_synthesise", domain_id="FID", title="Rules", add=["CN01"]).ethos_id)

    def calibrated(self, title: str = "Trial", /, **more: Any) -> str:
        """A dialogue of three that is held to the ethos; makes it first where it is not there."""
        if not self.run("ethos_list").ethos:
            self.ethos()
        return self.create(title, 3, **({"calibration": {"ethos_id": ETHOS}} | more))

    def argued(self, dialogue_id: str, /, **more: Any) -> Any:
        """Round 0: evidence, a claim that depends on it, everybody heard and ready to conclude."""
        given: dict[str, Any] = {
            "responses": {name: f"{name} speaks." for name in PEOPLE},
            "evidence": [entity("MUFFIN-E0001")],
            "claims": [entity("SCONE-C0001", references=[{"type": "depend", "target": "MUFFIN-E0001"}])],
            "moves": [{"expert": name, "type": "converge"} for name in PEOPLE],
        }
        return self.register(dialogue_id, 0, **(given | more))

    def concluded(self, dialogue_id: str, /, **more: Any) -> Any:
        """A final verdict on what was argued."""
        given: dict[str, Any] = {"votes": everybody(PEOPLE), "key_claims": ["C0001"]}
        if self.record(dialogue_id).dialogue.calibration is not None:
            given["ethos_compliance"] = {"fully_compliant": True}
        return self.conclude(dialogue_id, 0, **(given | more))

    def standing(self, dialogue_id: str, verdict_id: str = "final", on: str = "2026-12-01") -> Any:
        """One verdict's standing."""
        return self.run("dialogue_standing", dialogue_id=dialogue_id, verdict_id=verdict_id, on=on).verdicts[0]
