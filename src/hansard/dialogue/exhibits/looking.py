"""Looks at what is pinned: files of the dialogue's folder, verdicts and ethos of the store. Only reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from hansard.database.columns import encoded_row, row_bytes
from hansard.dialogue.calibration import store as calibration
from hansard.dialogue.calibration.rules import changed_since, digest_of
from hansard.dialogue.exhibits import store
from hansard.dialogue.exhibits.answers import Changed, VerdictStanding
from hansard.dialogue.exhibits.rules import Findings, Look, rests_on, standing
from hansard.dialogue.model import Dialogue, Exhibit, Record, Verdict
from hansard.dialogue.rules.life import standing_final
from hansard.dialogue.tables import ROWS
from hansard.kernel import files
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.errors import HansardError

UNKNOWN = "unknown"
"""The standing of a verdict whose record cannot be read as it was recorded."""

LIMIT_BYTES = 64 * 1024 * 1024
"""The largest file that is copied as an exhibit."""

FILTER = 4000
"""Characters of a filter that is asked again, as of one that a request may hold."""


def verdict_digest(verdict: Verdict) -> str:
    """SHA-256 of a verdict's row as the journal seals it (docs/journal.md, "Seal"), hexadecimal."""
    return sha256_hex(row_bytes(encoded_row(ROWS[Verdict], verdict.as_row(), {})))


class Looking:
    """Looks from one moment of the store.

    ``folder_of`` gives a dialogue's folder; without it no file is looked at. ``memory`` is the folder of the home's
    memory; without it no query is asked again.
    """

    def __init__(self, connection: store.Connection, folder_of: Any, memory: Path | None = None) -> None:
        self._connection = connection
        self._folder_of = folder_of
        self._memory = memory
        self._records: dict[str, Record | None] = {}
        self._rules: Mapping[str, Any] | None = None

    def exhibit(self, dialogue: Dialogue, exhibit: Exhibit) -> Look:
        """Whether an exhibit still is what was pinned."""
        if exhibit.kind == "file":
            return self._file(dialogue, exhibit)
        if exhibit.kind == "verdict":
            return self._verdict(dialogue, exhibit)
        if exhibit.kind == "calibration":
            return self._ethos(dialogue, exhibit)
        if exhibit.kind == "memory_query" and isinstance(exhibit.reference.get("filter"), str):
            return self._answer(dialogue, exhibit, exhibit.reference["filter"])
        return Look("not_checked", why="nothing here can ask for it again yet")

    def _file(self, dialogue: Dialogue, exhibit: Exhibit) -> Look:
        path = exhibit.reference.get("path")
        if not isinstance(path, str):
            return Look("not_checked", why="it was pinned by its digest alone; no copy is kept")
        if self._folder_of is None:
            return Look("not_checked", why="files are not looked at here")
        try:
            file = files.inside(self._folder_of(dialogue), path)
            if not files.is_there(file):
                if dialogue.brought(exhibit.seq):
                    return Look("not_checked", why="the record was imported, and no copy came with it")
                return Look("missing", why=f"'{path}' is not in the dialogue's folder any more")
            found = sha256_hex(files.read_bytes(file, name=path, limit_bytes=8 * LIMIT_BYTES))
        except HansardError as fault:
            return Look("missing", why=fault.message)
        if found != exhibit.digest:
            return Look("altered", found, f"'{path}' holds something else")
        return Look("as_pinned", found)

    def _verdict(self, dialogue: Dialogue, exhibit: Exhibit) -> Look:
        named = str(exhibit.reference.get("dialogue_id")), str(exhibit.reference.get("verdict_id"))
        found = store.read_verdict(self._connection, *named)
        if found is None:
            why = f"verdict '{named[1]}' of dialogue '{named[0]}' is not in this store"
            return Look(_gone(dialogue, exhibit), why=why)
        now = verdict_digest(found)
        return (
            Look("as_pinned", now) if now == exhibit.digest else _other(dialogue, exhibit, now, f"verdict '{named[1]}'")
        )

    def _ethos(self, dialogue: Dialogue, exhibit: Exhibit) -> Look:
        ethos_id = str(exhibit.reference.get("ethos_id"))
        found = calibration.read_ethos(self._connection, ethos_id)
        if found is None:
            why = f"ethos '{ethos_id}' is not in this store"
            return Look(_gone(dialogue, exhibit), why=why)
        now = digest_of(found.rules)
        return (
            Look("as_pinned", now) if now == exhibit.digest else _other(dialogue, exhibit, now, f"ethos '{ethos_id}'")
        )

    def _answer(self, dialogue: Dialogue, exhibit: Exhibit, text: str) -> Look:
        """Whether the memory still gives the answer that was pinned. What is damaged is, wherever it came from."""
        if self._memory is None:
            return Look("not_checked", why="the memory is not asked here")
        from hansard.memory.cited import answer_of  # loads numpy, which nothing else here needs

        gone = _gone(dialogue, exhibit)
        if len(text) > FILTER:
            return Look(gone, why=f"its filter has more than {FILTER:,} characters")
        try:
            found = answer_of(self._memory, text)
        except HansardError as fault:
            return Look("altered" if fault.kind == "corrupt" else gone, why=f"the home's memory: {fault.message}")
        pinned = exhibit.reference.get("records")
        if found.digest == exhibit.digest and pinned in (None, found.records):
            return Look("as_pinned", found.digest)
        if not found.records:
            return Look(gone, why="the memory holds no record of this filter")
        return _other(dialogue, exhibit, found.digest, f"the memory's answer ({found.records} records; {pinned} then)")

    def standing(
        self, record: Record, verdict: Verdict, today: date | None, on_the_way: frozenset[tuple[str, str]] = frozenset()
    ) -> VerdictStanding:
        """Whether a verdict still stands; ``on_the_way`` are those that rest on it, so that a circle ends."""
        dialogue = record.dialogue
        here = on_the_way | {(dialogue.dialogue_id, verdict.verdict_id)}
        rests = set(rests_on(record, verdict).exhibits)
        looks = {exhibit.id: self.exhibit(dialogue, exhibit) for exhibit in record.exhibits if exhibit.id in rests}
        cited = {}
        for exhibit in record.exhibits:
            if exhibit.kind == "verdict" and looks.get(exhibit.id, Look("")).state == "as_pinned":
                named = str(exhibit.reference["dialogue_id"]), str(exhibit.reference["verdict_id"])
                other = self._record(named[0])
                own = next((one for one in other.verdicts if one.verdict_id == named[1]), None) if other else None
                if other is not None and own is not None and named not in here:
                    now = self.standing(other, own, today, here).standing
                    if now in ("superseded", "stale", "breached"):
                        cited[exhibit.id] = now
        changes, unseen = self._calibration(dialogue.calibration, "the dialogue's calibration")
        for exhibit in record.exhibits:
            if exhibit.kind == "calibration" and looks.get(exhibit.id, Look("")).state == "as_pinned":
                ethos = calibration.read_ethos(self._connection, str(exhibit.reference["ethos_id"]))
                if ethos is not None:
                    changes += self._rules_changed(ethos.rules, f"of {exhibit.id}")
        return standing(record, verdict, Findings(looks, cited, changes, unseen), today)

    def _calibration(self, held_to: Mapping[str, Any] | None, what: str) -> tuple[list[Changed], list[str]]:
        if held_to is None:
            return [], []
        ethos_id = str(held_to["ethos_id"])
        ethos = calibration.read_ethos(self._connection, ethos_id)
        if ethos is None or ethos.digest != held_to["digest"]:
            return [], [f"{what}: ethos '{ethos_id}' is not in this store"]
        if digest_of(ethos.rules) != ethos.digest:
            changed = Changed(
                what="ethos", id=ethos_id, was=ethos.digest, now=digest_of(ethos.rules), why="its rules were altered"
            )
            return [changed], []
        return self._rules_changed(ethos.rules, f"of {ethos_id}"), []

    def _rules_changed(self, rules: Iterable[Mapping[str, Any]], whose: str) -> list[Changed]:
        if self._rules is None:
            self._rules = calibration.read_rules(self._connection)
        return [
            Changed(what="rule", id=one.rule_id, was=one.was, now=one.now, why=f"a rule {whose}")
            for one in changed_since(rules, self._rules)
        ]

    def _record(self, dialogue_id: str) -> Record | None:
        """As much of a dialogue as the standing of its verdicts needs."""
        if dialogue_id not in self._records:
            self._records[dialogue_id] = store.read_grounds(self._connection, dialogue_id)
        return self._records[dialogue_id]

    def many(self, dialogue_ids: list[str], today: date) -> dict[str, str]:
        """The standing of the concluding verdict of each of these dialogues; those that simply stand are left out."""
        found = {}
        for dialogue_id in store.watchful(self._connection, dialogue_ids):
            try:
                word = self._concluding(dialogue_id, today)
            except (HansardError, LookupError, TypeError, ValueError):  # altered rows: verify tells, the list goes on
                word = UNKNOWN
            if word != "stands":
                found[dialogue_id] = word
        return found

    def _concluding(self, dialogue_id: str, today: date) -> str:
        """The standing of the verdict that concluded a dialogue."""
        record = self._record(dialogue_id)
        final = None if record is None else standing_final(record.verdicts)
        if record is None or final is None:
            return "stands"
        return self.standing(record, final, today).standing


def _gone(dialogue: Dialogue, exhibit: Exhibit) -> str:
    """How it is told that what was pinned is not here: of what came from elsewhere, nobody says that it should be."""
    return "not_checked" if dialogue.brought(exhibit.seq) else "missing"


def _other(dialogue: Dialogue, exhibit: Exhibit, now: str, what: str) -> Look:
    """What stands under a name here is not what was pinned: altered, or, of what came from elsewhere, another one."""
    if dialogue.brought(exhibit.seq):
        return Look("differs", now, f"{what} is another one in this home than where the record comes from")
    return Look("altered", now, f"{what} is not as it was pinned")
