"""What a token looks like, what is kept of it, and whether it still opens the door. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Final

from hansard.custody.tokens import errors
from hansard.custody.tokens.model import State, Token
from hansard.kernel.canonical import sha256_hex
from hansard.kernel.errors import HansardError

PREFIX: Final = "hst_"
"""How every token begins, so that scanners and people know one when they see it."""

SECRET_BYTES: Final = 32

TEMPORARY: Final = "temporary"
"""How the name of a server's own token for one run begins (``temporary-4f2a``); no kept token may be called so."""

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_temporary(name: str) -> bool:
    """Whether a name is kept for servers' own tokens, in large letters or small."""
    return name.casefold() == TEMPORARY or name.casefold().startswith(f"{TEMPORARY}-")


def spelled(secret: bytes) -> str:
    """A secret as its holder sends it: ``hst_`` and base64url without padding."""
    return PREFIX + base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def digest_of(token: str) -> str:
    """What is kept of a token. Its 256 random bits need no salt and no slow hash."""
    return sha256_hex(token.encode("utf-8", "surrogatepass"))


def state_of(token: Token, now: str) -> State:
    """Whether a token opens the door at this time."""
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "active"


def faults_of(name: str, expires_at: str | None, now: str, taken: Iterable[str]) -> list[HansardError]:
    """Why there cannot be such a token."""
    faults = []
    if NAME.fullmatch(name) is None or is_temporary(name):
        faults.append(errors.token_name_malformed(name))
    elif name.casefold() in {one.casefold() for one in taken}:  # whoever reads the journal must tell them apart
        faults.append(errors.token_exists(name))
    if expires_at is not None and expires_at <= now:
        faults.append(errors.token_expired_at_birth(expires_at))
    return faults
