"""Exhibits, watches, and what they point at, in and out of the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from hansard.database.journal import Entry
from hansard.dialogue import store
from hansard.dialogue.model import Dialogue, Exhibit, Row, Verdict, Watch
from hansard.dialogue.tables import ROWS

Connection = sa.Connection


def read_exhibits(connection: sa.Connection, dialogue_id: str) -> list[Exhibit]:
    """A dialogue's exhibits, in the order of their ids."""
    return store.of_dialogue(connection, Exhibit, dialogue_id)


def exhibit_ids(connection: sa.Connection, dialogue_id: str) -> list[str]:
    """The ids of a dialogue's exhibits."""
    table = ROWS[Exhibit]
    found = connection.execute(
        sa.select(table.c.seq).where(table.c.dialogue_id == dialogue_id).order_by(table.c.seq)
    ).scalars()
    return [f"X{number:04d}" for number in found]


def read_verdict(connection: sa.Connection, dialogue_id: str, verdict_id: str) -> Verdict | None:
    """One verdict."""
    found = store.of_dialogue(connection, Verdict, dialogue_id, verdict_id=verdict_id)
    return found[0] if found else None


def read_watches(connection: sa.Connection, dialogue_id: str, verdict_id: str) -> list[Watch]:
    """What is watched of one verdict, in order."""
    return store.of_dialogue(connection, Watch, dialogue_id, verdict_id=verdict_id)


def insert(entry: Entry, rows: Iterable[Row]) -> None:
    """Add rows."""
    store.insert(entry, rows)


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
