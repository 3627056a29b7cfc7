"""Alembic migrations: the schema of the store, step by step."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from hansard.database.dialect import dialect_in

_END: Final = re.compile(r";$", re.MULTILINE)
_CREATED: Final = re.compile(r"^CREATE (?:VIRTUAL )?TABLE (\w+)", re.MULTILINE)
_ALTERED: Final = re.compile(r"^ALTER TABLE (\w+)", re.MULTILINE)


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring a store to a revision, all in one transaction."""
    config = _config()
    with engine.connect() as plain:
        connection = plain.execution_options(**dialect_in(plain).options(writing=True, alone=True))
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, revision)


def statements(dialect: str, revision: str | None) -> str:
    """What would bring a store of this revision to the newest, as SQL; none for a store that is not made yet.

    Args:
        dialect: ``sqlite`` or ``postgresql``.
        revision: the store's revision.
    """
    told = io.StringIO()
    config = _config(told)
    config.attributes["dialect"] = dialect
    command.upgrade(config, f"{revision or 'base'}:head", sql=True)
    return told.getvalue()


class Extent(NamedTuple):
    """How much some statements do."""

    statements: int
    creates: list[str]
    """Tables that they make."""
    alters: list[str]
    """Tables that stand already and get columns."""


def extent(sql: str) -> Extent:
    """How much statements do, as ``statements`` tells them: each begins its line and ends with one."""
    made = _CREATED.findall(sql)
    return Extent(len(_END.findall(sql)), made, [name for name in _ALTERED.findall(sql) if name not in made])


def _config(output: io.StringIO | None = None) -> Config:
    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
