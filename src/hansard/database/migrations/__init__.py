"""Alembic migrations: the schema of the store, step by step."""

from __future__ import annotations

import io
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from hansard.database.dialect import dialect_in


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


def _config(output: io.StringIO | None = None) -> Config:
    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
