"""The store's own tables: journal, chains, texts. Domain rooms add theirs to the same metadata."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from hansard.database.columns import Integer, Text, metadata

texts = sa.Table(
    "texts",
    metadata,
    sa.Column("sha256", Text, primary_key=True, comment="SHA-256 of the UTF-8 bytes, hexadecimal"),
    sa.Column("body", Text, nullable=False),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("value", Integer, nullable=False, comment="last number given"),
)

streams = sa.Table(
    "streams",
    metadata,
    sa.Column("stream", Text, primary_key=True),
    sa.Column("sequence", Integer, nullable=False, comment="entries so far"),
    sa.Column("head", Text, nullable=False, comment="hash of the last entry"),
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("position", Integer, primary_key=True, autoincrement=False),
    sa.Column("hash", Text, nullable=False, unique=True, comment="SHA-256 of body"),
    sa.Column("request_key", Text, unique=True, comment="digest of actor and request_id, where one was sent"),
    sa.Column("body", Text, nullable=False, comment="the hashed bytes themselves (docs/journal.md)"),
)

journal_streams = sa.Table(
    "journal_streams",
    metadata,
    sa.Column("stream", Text, primary_key=True),
    sa.Column("sequence", Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.ForeignKey("journal.position"), nullable=False, index=True),
)

journal_payloads = sa.Table(
    "journal_payloads",
    metadata,
    sa.Column("position", sa.ForeignKey("journal.position"), primary_key=True, autoincrement=False),
    sa.Column("salt", Text, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.Column("request_id", Text),
    sa.Column("request", Text, nullable=False),
    sa.Column("result", Text, nullable=False),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("number", Integer, primary_key=True, autoincrement=False),
    sa.Column("position", Integer, nullable=False, comment="last entry of the journal that it speaks of"),
    sa.Column("time", Text, nullable=False),
    sa.Column("key_id", Text, nullable=False, comment="SHA-256 of the public key, hexadecimal"),
    sa.Column("public_key", Text, nullable=False, comment="Ed25519, hexadecimal"),
    sa.Column("body", Text, nullable=False, comment="the signed bytes themselves (docs/proof.md)"),
    sa.Column("signature", Text, nullable=False, comment="Ed25519 over the body, hexadecimal"),
    info={"stream": "checkpoint:"},
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("name", Text, primary_key=True),
    sa.Column("sha256", Text, nullable=False, unique=True, comment="SHA-256 of the token, hexadecimal"),
    sa.Column("scope", Text, nullable=False),
    sa.Column("created_at", Text, nullable=False),
    sa.Column("expires_at", Text),
    sa.Column("revoked_at", Text),
    sa.CheckConstraint("scope IN ('read', 'judge', 'admin')", name="token_scope"),
    info={"stream": "tokens:"},
)

OWN_TABLES = frozenset({"texts", "counters", "streams", "journal", "journal_streams", "journal_payloads"})


BESIDE = "beside"
"""In a table's ``info``: its rows are kept beside the record, and no entry of the journal speaks of them."""

BY_HASH = "by_hash"
"""In the ``info`` of such a table: of each row the first column is the SHA-256 of the second, which are bytes."""


def record_tables(of: sa.MetaData = metadata) -> dict[str, sa.Table]:
    """Every table whose rows the journal vouches for: all but its own and those beside the record. Texts vouch for
    themselves, by their key."""
    return {
        name: table
        for name, table in sorted(of.tables.items())
        if name not in OWN_TABLES and not table.info.get(BESIDE)
    }


def tables_beside(of: sa.MetaData = metadata) -> dict[str, sa.Table]:
    """Every table whose rows are kept beside the record."""
    return {name: table for name, table in sorted(of.tables.items()) if table.info.get(BESIDE)}


def stream_of(table: sa.Table, key: tuple[Any, ...]) -> str | None:
    """The stream whose entries may change a row; ``None`` for rows that streams share.

    A table's ``info["stream"]`` names it: ``dialogue`` stands for one stream to each value of the key's first column,
    ``calibration:`` (with the colon) for one stream of the whole table.
    """
    name = table.info.get("stream")
    if not name or not key:
        return None
    return str(name) if name.endswith(":") else f"{name}:{key[0]}"


def of_stream(table: sa.Table, stream: str) -> sa.Select[Any] | None:
    """The rows of a table that belong to a stream; ``None`` when none can."""
    name = table.info.get("stream")
    if name == stream:
        return sa.select(table)
    kind, _, own = stream.partition(":")
    return sa.select(table).where(next(iter(table.primary_key.columns)) == own) if name == kind else None
