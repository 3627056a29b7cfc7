"""Alembic migrations: the schema of the store, step by step."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring a store to a revision, all in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with engine.connect() as plain:
        connection = plain.execution_options(hansard_immediate=True)
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
