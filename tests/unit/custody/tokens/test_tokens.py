"""Tokens: what they look like, what is kept of them, when they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.custody.tokens import rules
from hansard.custody.tokens.model import Token
from hansard.custody.tokens.operations import TokenOperations
from hansard.database.engine import Database
from hansard.database.journal import Journal
from hansard.database.tables import record_tables
from hansard.database.verify import verify_store
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call, collect
from tests.support.stores import KINDS, dropped, fresh

CALL = Call(Actor("tester", "test"))


class Desk:
    """Token operations on a fresh store, under a clock that is set by hand."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.place = fresh(kind, folder)
        self.database = Database.open(self.place)
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.tokens = TokenOperations(Journal(self.database, clock=lambda: self.now))
        self.table = collect([self.tokens])

    def run(self, name: str, /, **request: Any) -> Any:
        """An operation's answer."""
        return self.table[name](request, CALL)

    def wrong(self, name: str, /, **request: Any) -> tuple[str, str | None]:
        """Code and field of a refusal."""
        with pytest.raises(HansardError) as caught:
            self.run(name, **request)
        return caught.value.code, caught.value.field

    def findings(self) -> list[Any]:
        """What verify finds."""
        with self.database.reading() as connection:
            return verify_store(connection, record_tables()).findings


@pytest.fixture(params=KINDS)
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A desk on each kind of database."""
    made = Desk(request.param, tmp_path)
    yield made
    made.database.close()
    dropped(made.place)


def test_a_token_opens_the_door_until_its_day(desk: Desk) -> None:
    """Its holder is known by its name and scope; from its day on it is nobody's."""
    made = desk.run("token_create", name="ci", scope="judge", expires_at="2026-03-02T00:00:00Z")
    assert (made.state, made.expires_at) == ("active", "2026-03-02T00:00:00.000000Z")
    assert desk.tokens.holder(made.token) == (Actor("ci", "token"), "judge")
    desk.now += timedelta(days=1, microseconds=-1)
    assert desk.tokens.holder(made.token) is not None
    desk.now += timedelta(microseconds=1)
    assert desk.tokens.holder(made.token) is None
    assert [one.state for one in desk.run("token_list").tokens] == ["expired"]


def test_a_revoked_token_opens_no_door(desk: Desk) -> None:
    """From then on; to revoke it once more changes nothing, and its name is never given again."""
    token = desk.run("token_create", name="ci").token
    revoked = desk.run("token_revoke", name="ci")
    assert (revoked.state, desk.tokens.holder(token)) == ("revoked", None)
    desk.now += timedelta(hours=1)
    assert desk.run("token_revoke", name="ci").revoked_at == revoked.revoked_at
    assert desk.wrong("token_create", name="ci") == ("token_exists", "name")
    assert desk.findings() == []


def test_a_temporary_token_is_of_this_run_alone(desk: Desk) -> None:
    """It leads dialogues, stands in no list, and whoever opens the same store next does not know it."""
    token = desk.tokens.temporary()
    holder = desk.tokens.holder(token)
    assert holder is not None
    assert (holder.scope, holder.actor.known_by) == ("judge", "token")
    assert re.fullmatch("temporary-[0-9a-f]{8}", holder.actor.name)
    assert desk.tokens.holder(desk.tokens.temporary()) != holder
    assert desk.tokens.holder(f"{token}x") is None
    assert desk.run("token_list").tokens == []
    assert TokenOperations(Journal(desk.database)).holder(token) is None


def test_the_journal_knows_every_token_and_no_secret(desk: Desk) -> None:
    """A repeated request gets the first answer without it; a row that somebody changed is found."""
    made = desk.run("token_create", name="ci", request_id="r1")
    again = desk.run("token_create", name="ci", request_id="r1")
    assert again == made.model_copy(update={"token": None})
    with desk.database.reading() as connection:
        kept = [tuple(row) for name in record_tables() for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]
        beside = [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM journal_payloads")]
        bodies = [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM journal")]
    assert made.token not in repr((kept, beside, bodies))
    assert rules.digest_of(made.token) in repr(kept)
    assert desk.findings() == []
    with desk.database.writing() as connection:
        connection.exec_driver_sql("UPDATE tokens SET scope = 'admin'")
    assert [finding.code for finding in desk.findings()] == ["row_altered"]


def test_what_cannot_be_a_token_is_told(desk: Desk) -> None:
    """Names, scopes and days that do not fit, each by its field; several at once."""
    for name in ("", "a b", "-x", "é", "x" * 65, "temporary", "Temporary", "temporary-4f2a9c01"):
        assert desk.wrong("token_create", name=name) == ("token_name_malformed", "name")
    assert desk.wrong("token_create", name="x", scope="root")[1] == "scope"
    assert desk.wrong("token_create", name="x", expires_at="soon") == ("invalid_field", "expires_at")
    assert desk.wrong("token_create", name="x", expires_at="2026-03-01") == ("token_expired_at_birth", "expires_at")
    assert desk.wrong("token_create", name="", expires_at="2020-01-01")[0] == "batch_validation_failed"
    assert desk.wrong("token_revoke", name="nobody") == ("token_not_found", "name")
    assert desk.run("token_list").tokens == []
    desk.run("token_create", name="Reader")
    assert desk.wrong("token_create", name="reader") == ("token_exists", "name")


def test_tokens_differ(desk: Desk) -> None:
    """Each has 256 random bits behind 'hst_'."""
    made = [desk.run("token_create", name=f"t{number}").token for number in range(5)]
    assert len(set(made)) == 5
    for token in made:
        assert token.startswith("hst_")
        assert len(token) == 4 + 43
    assert desk.tokens.holder(made[0][:-1]) is None
    assert desk.tokens.holder(made[0].removeprefix("hst_")) is None


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_spelling_and_digest_keep_secrets_apart(one: bytes, other: bytes) -> None:
    """Two secrets are spelled and kept alike only where they are the same."""
    assert (rules.digest_of(rules.spelled(one)) == rules.digest_of(rules.spelled(other))) is (one == other)


@given(st.text())
def test_any_text_may_be_asked_for(text: str) -> None:
    """Whatever a caller sends as a token has a digest."""
    assert len(rules.digest_of(text)) == 64
    assert len(rules.digest_of(text + "\ud800")) == 64


@given(st.none() | st.integers(0, 9).map(str), st.none() | st.integers(0, 9).map(str), st.integers(0, 9).map(str))
def test_a_token_is_in_one_state(expires: str | None, revoked: str | None, now: str) -> None:
    """Revoked is for ever; otherwise its day decides, and that day is past as soon as it comes."""
    token = Token(name="t", sha256="0", scope="read", created_at="0", expires_at=expires, revoked_at=revoked)
    expected = "revoked" if revoked is not None else "expired" if expires is not None and expires <= now else "active"
    assert rules.state_of(token, now) == expected
