"""The refusals about tokens; a function's name is the code."""

from __future__ import annotations

from collections.abc import Iterable

from hansard.kernel.errors import HansardError, did_you_mean


def token_name_malformed(name: str) -> HansardError:
    """A token cannot be called so."""
    return HansardError(
        "invalid",
        "token_name_malformed",
        f"'{name}' cannot be the name of a token",
        field="name",
        value=name,
        constraint="shape",
        suggestion="Take up to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or digit; "
        "'temporary' and what begins with 'temporary-' are a server's own",
    )


def token_exists(name: str) -> HansardError:
    """The name was given to a token before, which may be revoked: the journal knows its caller by it."""
    return HansardError(
        "conflict",
        "token_exists",
        f"there is, or was, a token '{name}'",
        field="name",
        value=name,
        constraint="unique",
        suggestion=f"Choose another name, such as '{name}-2': a name stands for one token for ever",
    )


def token_expired_at_birth(expires_at: str) -> HansardError:
    """A token would have expired before it is made."""
    return HansardError(
        "invalid",
        "token_expired_at_birth",
        f"'{expires_at}' is past already",
        field="expires_at",
        value=expires_at,
        constraint="semantic",
        suggestion="Give a time that is still to come, or leave it out for a token that never expires",
    )


def token_not_found(name: str, known: Iterable[str]) -> HansardError:
    """No token has this name."""
    names = sorted(known)
    return HansardError(
        "not_found",
        "token_not_found",
        f"there is no token '{name}'",
        field="name",
        value=name,
        constraint="referential",
        valid_options=names[:50],
        suggestion=did_you_mean(name, names) or "'token_list' lists the tokens",
    )
