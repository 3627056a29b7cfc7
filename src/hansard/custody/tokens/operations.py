"""The operations on tokens: made, listed, revoked; and the one question that a server asks of each request."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec

from hansard.custody.tokens import errors, rules, store
from hansard.custody.tokens.model import STREAM, Token
from hansard.custody.tokens.shapes import (
    TokenCreate,
    TokenCreated,
    TokenItem,
    TokenList,
    TokenRevoke,
    TokensListed,
)
from hansard.database.journal import Journal
from hansard.kernel.clock import normal_timestamp
from hansard.kernel.errors import batch_validation_failed
from hansard.kernel.operations import Actor, Call, Caller, operation

Draw = Callable[[int], bytes]
"""Gives so many random bytes."""


class TokenOperations:
    """Tokens of one store. Only their SHA-256 is kept, so that nobody who reads the store can call with one."""

    def __init__(self, journal: Journal, *, draw: Draw = secrets.token_bytes) -> None:
        """Tokens in the journal's store; ``draw`` gives their secrets."""
        self._journal = journal
        self._draw = draw
        self._temporary: dict[str, Caller] = {}

    @operation(writes=True, tools="proof", scope="admin")
    def token_create(self, request: TokenCreate, call: Call) -> TokenCreated:
        """Make a token for somebody who calls over HTTP; it is shown in this one answer and never again."""
        with self._journal.entry("token_create", request, call, [STREAM]) as entry:
            if entry.answer is not None:
                return TokenCreated(**entry.answer)
            until = None if request.expires_at is None else normal_timestamp(request.expires_at, "expires_at")
            faults = rules.faults_of(request.name, until, entry.time, store.read_all(entry.connection))
            if faults:
                raise faults[0] if len(faults) == 1 else batch_validation_failed(faults)
            spelled = rules.spelled(self._draw(rules.SECRET_BYTES))
            made = Token(
                name=request.name,
                sha256=rules.digest_of(spelled),
                scope=request.scope,
                created_at=entry.time,
                expires_at=until,
            )
            entry.decide("token_sha256", made.sha256)
            store.insert(entry, made)
            kept = entry.finish(TokenCreated(**_told(made, entry.time).model_dump()))
        return kept.model_copy(update={"token": spelled})

    @operation(path="/tokens", tools="proof", scope="admin")
    def token_list(self, request: TokenList, call: Call) -> TokensListed:  # noqa: ARG002
        """List the tokens, also those that were revoked or have expired; their secrets are known to nobody here."""
        now = self._journal.now()
        with self._journal.reading(call) as connection:
            return TokensListed(tokens=[_told(token, now) for token in store.read_all(connection).values()])

    @operation(writes=True, tools="proof", scope="admin")
    def token_revoke(self, request: TokenRevoke, call: Call) -> TokenItem:
        """Take a token out of use, at once and for ever."""
        with self._journal.entry("token_revoke", request, call, [STREAM]) as entry:
            if entry.answer is not None:
                return TokenItem(**entry.answer)
            known = store.read_all(entry.connection)
            token = known.get(request.name)
            if token is None:
                raise errors.token_not_found(request.name, known)
            if token.revoked_at is None:  # otherwise it stays as it is, and the first day counts
                token = msgspec.structs.replace(token, revoked_at=entry.time)
                store.update(entry, token)
            return entry.finish(_told(token, entry.time))

    def temporary(self) -> str:
        """A token with the scope ``judge`` that is kept in memory alone, and so ends with the program.

        Each run's is an actor of its own, so that the journal tells runs apart and no request id is another run's.
        """
        spelled = rules.spelled(self._draw(rules.SECRET_BYTES))
        self._temporary[rules.digest_of(spelled)] = Caller(
            Actor(f"{rules.TEMPORARY}-{self._draw(4).hex()}", "token"), "judge"
        )
        return spelled

    def holder(self, token: str) -> Caller | None:
        """Who calls with a token, and how far they may go; ``None`` for every token that opens no door.

        The token is looked for by its SHA-256, so that how long it takes says nothing about any that there is.
        """
        digest = rules.digest_of(token)
        if digest in self._temporary:
            return self._temporary[digest]
        with self._journal.database.reading() as connection:
            found = store.with_digest(connection, digest)
        if found is None or rules.state_of(found, self._journal.now()) != "active":
            return None
        return Caller(Actor(found.name, "token"), found.scope)


def _told(token: Token, now: str) -> TokenItem:
    return TokenItem(
        name=token.name,
        scope=token.scope,
        state=rules.state_of(token, now),
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
    )
