"""Rows of tokens in and out of the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from hansard.custody.tokens.model import Token
from hansard.database.journal import Entry
from hansard.database.statements import fetch_rows
from hansard.database.tables import tokens

_all = sa.select(tokens).order_by(tokens.c.name)
_by_digest = sa.select(tokens).where(tokens.c.sha256 == sa.bindparam("digest"))


def read_all(connection: sa.Connection) -> dict[str, Token]:
    """Every token there ever was, by name."""
    found = fetch_rows(connection, _all, {})
    return {row["name"]: _token(row) for row in found}


def with_digest(connection: sa.Connection, digest: str) -> Token | None:
    """The token of this digest."""
    found = fetch_rows(connection, _by_digest, {"digest": digest})
    return _token(found[0]) if found else None


def insert(entry: Entry, token: Token) -> None:
    """Add a token."""
    entry.insert(tokens, [msgspec.structs.asdict(token)])


def update(entry: Entry, token: Token) -> None:
    """Replace a token."""
    entry.update(tokens, [msgspec.structs.asdict(token)])


def _token(row: Mapping[str, Any]) -> Token:
    return Token(**row)
