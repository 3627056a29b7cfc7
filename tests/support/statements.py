"""What is sent to a database, seen where the driver takes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from hansard.database.engine import Database


@contextmanager
def recorded(database: Database) -> Iterator[list[str]]:
    """Every statement that is sent meanwhile; on SQLite with its values written into it."""
    said: list[str] = []

    def listen(driver: Any, *_: Any) -> None:
        if isinstance(driver, sqlite3.Connection):
            driver.set_trace_callback(said.append)
            return

        class Told(driver.cursor_factory):  # type: ignore[misc]  # whatever psycopg uses
            def execute(self, query: Any, *given: Any, **more: Any) -> Any:
                said.append(str(query))
                return super().execute(query, *given, **more)

        driver.cursor_factory = Told

    database.engine.dispose()  # connections made before would not be listened to
    sa.event.listen(database.engine, "connect", listen)
    try:
        yield said
    finally:
        sa.event.remove(database.engine, "connect", listen)
        database.engine.dispose()
