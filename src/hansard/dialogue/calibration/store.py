"""Rows of calibration in and out of the store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import sqlalchemy as sa

from hansard.database import journal as chain
from hansard.database.columns import decoded_row, rows
from hansard.database.journal import Entry
from hansard.dialogue.calibration.model import Domain, Ethos, EthosConflict, Rule, Stored
from hansard.dialogue.calibration.tables import ROWS

R = TypeVar("R", bound=Stored)

Connection = sa.Connection


def read(connection: sa.Connection, kind: type[R], **where: Any) -> list[R]:
    """Rows of one type, in the order of their key."""
    table = ROWS[kind]
    found = rows(
        connection,
        sa.select(table)
        .where(*(table.c[name] == value for name, value in where.items()))
        .order_by(*table.primary_key.columns),
    )
    return [kind(**decoded_row(table, row, lambda digest: chain.text(connection, digest))) for row in found]


def read_domains(connection: sa.Connection) -> dict[str, Domain]:
    """Every domain, by id."""
    return {domain.domain_id: domain for domain in read(connection, Domain)}


def read_rules(connection: sa.Connection) -> dict[str, Rule]:
    """Every rule, retired ones too, by id."""
    return {rule.rule_id: rule for rule in read(connection, Rule)}


def read_ethos(connection: sa.Connection, ethos_id: str) -> Ethos | None:
    """One ethos."""
    found = read(connection, Ethos, ethos_id=ethos_id)
    return found[0] if found else None


def read_all_ethos(connection: sa.Connection) -> list[Ethos]:
    """Every ethos, in the order in which they were made."""
    return sorted(read(connection, Ethos), key=lambda ethos: (ethos.created_at, ethos.ethos_id))


def ethos_ids(connection: sa.Connection) -> list[str]:
    """The ids of all ethos."""
    return list(connection.execute(sa.select(ROWS[Ethos].c.ethos_id).order_by(ROWS[Ethos].c.ethos_id)).scalars())


def read_conflicts(connection: sa.Connection, ethos_id: str) -> list[EthosConflict]:
    """What was decided when an ethos was made."""
    return read(connection, EthosConflict, ethos_id=ethos_id)


def read_made(connection: sa.Connection) -> list[tuple[Ethos, list[EthosConflict]]]:
    """Every ethos with what was decided when it was made, in the order in which they were made."""
    return [(ethos, read_conflicts(connection, ethos.ethos_id)) for ethos in read_all_ethos(connection)]


def insert(entry: Entry, found: Iterable[Stored]) -> None:
    """Add rows, parents before children."""
    given = list(found)
    for kind, table in ROWS.items():
        entry.insert(table, [row.as_row() for row in given if type(row) is kind])


def update(entry: Entry, row: Stored) -> None:
    """Replace a row."""
    entry.update(ROWS[type(row)], [row.as_row()])
