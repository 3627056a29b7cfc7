"""Exhibits, watches, and what they point at, in and out of the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from hansard.dialogue import store
from hansard.dialogue.exhibits.rules import grounds
from hansard.dialogue.model import Dialogue, Exhibit, Record, Ref, Verdict, Watch
from hansard.dialogue.tables import ROWS

Connection = sa.Connection


def read_exhibits(connection: sa.Connection, dialogue_id: str) -> list[Exhibit]:
    """A dialogue's exhibits, in the order of their ids."""
    return store.of_dialogue(connection, Exhibit, dialogue_id)


def read_verdict(connection: sa.Connection, dialogue_id: str, verdict_id: str) -> Verdict | None:
    """One verdict."""
    found = store.of_dialogue(connection, Verdict, dialogue_id, verdict_id=verdict_id)
    return found[0] if found else None


def read_watches(connection: sa.Connection, dialogue_id: str, verdict_id: str) -> list[Watch]:
    """What is watched of one verdict, in order."""
    return store.of_dialogue(connection, Watch, dialogue_id, verdict_id=verdict_id)


def read_grounds(connection: sa.Connection, dialogue_id: str) -> Record | None:
    """A record with only what its verdicts' standing is told from, however long the dialogue is.

    All verdicts, exhibits and watches; of references and entities those that ``rules.rests_on`` reaches.
    """
    dialogue = store.read_dialogue(connection, dialogue_id)
    if dialogue is None:
        return None
    verdicts = store.read_verdicts(connection, dialogue_id)
    exhibits = read_exhibits(connection, dialogue_id)
    refs: dict[tuple[int, int], Ref] = {}
    reached: set[str] = set()
    # without an exhibit, nothing that a verdict reaches can have changed
    waiting = {name for one in verdicts for name in (*one.key_evidence, *one.key_claims)} if exhibits else set()
    while waiting:
        reached |= waiting
        for end in ("source_id", "target_id"):
            refs.update({(ref.round, ref.seq): ref for ref in _refs(connection, dialogue_id, end, waiting)})
        ground = grounds(refs.values())
        waiting = {below for name in waiting for below in ground.get(name, ())} - reached
    return Record(
        dialogue=dialogue,
        entities=store.read_entities(connection, dialogue_id, reached),
        refs=list(refs.values()),
        verdicts=verdicts,
        exhibits=exhibits,
        watches=store.of_dialogue(connection, Watch, dialogue_id),
        experts=[],
        panel_members=[],
        rounds=[],
        utterances=[],
        events=[],
        moves=[],
        stances=[],
        judge_claims=[],
        documents=[],
    )


def _refs(connection: sa.Connection, dialogue_id: str, end: str, names: Iterable[str]) -> Iterator[Ref]:
    """References of which one end is among these names."""
    wanted = sorted(names)
    for start in range(0, len(wanted), 500):  # a statement takes so many parameters at most
        some = {end: wanted[start : start + 500]}
        yield from store.of_dialogue(connection, Ref, dialogue_id, without=("context",), **some)


def watchful(connection: sa.Connection, dialogue_ids: Sequence[str]) -> list[str]:
    """Which of these dialogues have a verdict that may not simply stand: with a second verdict, an exhibit, a watched
    condition, or a calibration."""
    verdicts, dialogues = ROWS[Verdict], ROWS[Dialogue]
    found: set[str] = set()
    for table in (ROWS[Exhibit], ROWS[Watch]):
        found.update(
            connection.execute(
                sa.select(table.c.dialogue_id).distinct().where(table.c.dialogue_id.in_(dialogue_ids))
            ).scalars()
        )
    found.update(
        connection.execute(
            sa.select(dialogues.c.dialogue_id).where(
                dialogues.c.dialogue_id.in_(dialogue_ids), dialogues.c.calibration.is_not(None)
            )
        ).scalars()
    )
    concluded = set(
        connection.execute(
            sa.select(verdicts.c.dialogue_id)
            .distinct()
            .where(verdicts.c.dialogue_id.in_(dialogue_ids), verdicts.c.verdict_type == "final")
        ).scalars()
    )
    return sorted(found & concluded)
