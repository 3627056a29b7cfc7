"""What the operations on tokens take and give."""

from __future__ import annotations

from typing import Annotated

from hansard.custody.tokens.model import State
from hansard.kernel.operations import SCOPES, Scope
from hansard.kernel.shapes import Prose, Shape, WriteRequest, any_case


class TokenCreate(WriteRequest):
    """Make a token for somebody who calls from outside."""

    name: Prose
    """Who calls with it, as the journal will name them."""
    scope: Annotated[Scope, any_case(*SCOPES)] = "read"
    """``read`` the record; ``judge``: lead dialogues too; ``admin``: keep the store too."""
    expires_at: Prose | None = None
    """When it ceases to hold (ISO 8601); never when left out."""


class TokenList(Shape):
    """Ask for all tokens."""


class TokenRevoke(WriteRequest):
    """Take a token out of use."""

    name: Prose


class TokenItem(Shape):
    """A token, without its secret."""

    name: str
    scope: Scope
    state: State
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None


class TokenCreated(TokenItem):
    """A token that was made; only this first answer has the secret."""

    token: str | None = None
    """What its holder sends as ``Authorization: Bearer …``. It is kept nowhere: a repeated request is answered
    without it."""


class TokensListed(Shape):
    """All tokens, also those that hold no more."""

    tokens: list[TokenItem]
