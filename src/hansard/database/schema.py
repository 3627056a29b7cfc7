"""The store's schema as it stands, compared with the one that the migrations make.

What they make is kept beside this module (``schema.json``): Alembic takes longer to load than a short write takes.
``python -m hansard.database.schema`` writes that file anew after a change of the migrations; a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa

from hansard.database import errors
from hansard.database.engine import lenient

Schema = Mapping[tuple[str, str], str]
"""Kind (table, index, view, trigger) and name of each part; the statement that makes it, without its layout."""


class Difference(NamedTuple):
    """A part of the schema that is not as the migrations make it."""

    code: str
    """``schema_added``, ``schema_missing`` or ``schema_altered``."""
    kind: str
    name: str
    message: str


_TOKEN: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|\w+|[^\w\s]""")
_FILE: Final = "schema.json"


def _meaning(sql: str) -> str:
    """A statement without layout, so that another version of a library may write it in another one.

    Comments stay: nothing of ours has any.
    """
    return " ".join(token if token[0] in "'\"`[" else token.lower() for token in _TOKEN.findall(sql))


def found_schema(connection: sa.Connection) -> Schema:
    """The parts of a store's schema. Indexes that SQLite makes for a key are told by their table."""
    query = "SELECT type, name, sql FROM sqlite_master WHERE name NOT GLOB 'sqlite_autoindex_*' ORDER BY rowid"
    with lenient(connection):
        rows = connection.exec_driver_sql(query).all()
    return {(str(kind), _shown(name)): _meaning(str(sql)) for kind, name, sql in rows}


def _shown(name: object) -> str:
    return str(name).encode("utf-8", "backslashreplace").decode()


@cache
def expected_schema() -> Schema:
    """The parts that the migrations make, as they were noted."""
    noted = resources.files("hansard.database").joinpath(_FILE).read_bytes()
    return {(kind, name): sql for kind, name, sql in msgspec.json.decode(noted, type=list[tuple[str, str, str]])}


def migrated_schema() -> Schema:
    """The parts that the migrations make, by making them."""
    from hansard.database.migrations import upgrade

    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    try:
        upgrade(engine)
        with engine.connect() as connection:
            return found_schema(connection)
    finally:
        engine.dispose()


def schema_differences(connection: sa.Connection) -> list[Difference]:
    """Every part that is missing, altered or added."""
    found, expected = found_schema(connection), expected_schema()
    differences = []
    for (kind, name), sql in expected.items():
        there = found.get((kind, name))
        if there is None:
            differences.append(Difference("schema_missing", kind, name, f"the {kind} '{name}' is gone"))
        elif there != sql:
            message = f"the {kind} '{name}' is not made as Hansard makes it"
            differences.append(Difference("schema_altered", kind, name, message))
    for kind, name in found.keys() - expected.keys():
        differences.append(Difference("schema_added", kind, name, f"the {kind} '{name}' is none of Hansard's"))
    return sorted(differences)


def must_be_writable(connection: sa.Connection) -> None:
    """Refuse a write into a schema that could swallow it.

    A table that lost a key or became a view, another conflict clause, a trigger: each would take a write and keep
    something else. What was added beside ours (but triggers) cannot.

    Raises:
        HansardError: ``schema_altered``.
    """
    harmful = [d for d in schema_differences(connection) if d.code != "schema_added" or d.kind == "trigger"]
    if harmful:
        raise errors.schema_altered([difference.message for difference in harmful])


if __name__ == "__main__":
    parts = [[kind, name, sql] for (kind, name), sql in migrated_schema().items()]
    lines = ",\n".join(msgspec.json.encode(part).decode() for part in parts)
    (Path(__file__).parent / _FILE).write_text(f"[\n{lines}\n]\n", encoding="utf-8")
