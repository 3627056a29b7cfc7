"""What is kept of a token: never the token itself."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from hansard.kernel.operations import Scope

STREAM: Final = "tokens:"
"""The stream of the journal that tells of every token."""

State = Literal["active", "expired", "revoked"]


class Token(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token as the store keeps it."""

    name: str
    """Who calls with it, as the journal names them; a name is given once and never again."""
    sha256: str
    """SHA-256 of the token's characters, hexadecimal."""
    scope: Scope
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None
