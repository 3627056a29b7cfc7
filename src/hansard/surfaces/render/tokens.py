"""Tokens in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hansard.surfaces.render.blocks import Block, Column, Words, fields, line, table

if TYPE_CHECKING:
    from hansard.custody.tokens.shapes import TokenCreated, TokenItem, TokensListed


def token(answer: TokenItem) -> Iterator[Block]:
    """One token, without its secret."""
    yield fields(
        ("token", Words(answer.name, "strong")),
        ("scope", answer.scope),
        ("state", answer.state),
        ("made", answer.created_at),
        ("expires", answer.expires_at or "never"),
        ("revoked", answer.revoked_at),
    )


def created(answer: TokenCreated) -> Iterator[Block]:
    """A token that was made, with its secret."""
    yield from token(answer)
    if answer.token is not None:
        yield line(Words(answer.token, "strong"))
        yield line(Words("keep it now: it is shown this once, and only its SHA-256 is stored", "quiet"))


def tokens(answer: TokensListed) -> Iterator[Block]:
    """Every token."""
    if not answer.tokens:
        yield line("no token yet; 'hansard token create NAME' makes one")
        return
    yield table(
        ["Name", "Scope", "State", Column("Made", whole=True), "Expires", "Revoked"],
        [
            (one.name, one.scope, one.state, one.created_at, one.expires_at or "never", one.revoked_at or "")
            for one in answer.tokens
        ],
    )
