"""Who may do what over HTTP: every route and every tool, by every kind of token, made from the table of operations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import httpx2
import pytest

from hansard import Hansard
from hansard.app.assembly import all_operations
from hansard.kernel.operations import SCOPES, Operation
from tests.support.server import Served, serving

with all_operations() as _table:
    OPERATIONS: Final = dict(_table)

NOBODY: Final = ("no token", "a wrong token", "a revoked token", "an expired token", "another scheme")
OWN: Final = ("/api/v1/events?after=x", "/metrics", "/api/openapi.json")
"""Paths that are no operation: everybody who may read may ask for them."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all of it."""
    with serving(tmp_path_factory.mktemp("matrix")) as running:
        yield running


@pytest.fixture(scope="module")
def credentials(served: Served) -> dict[str, str | None]:
    """What each kind of caller sends as Authorization."""
    tokens: dict[str, str] = {scope: f"Bearer {served.token(scope, scope)}" for scope in SCOPES}
    revoked = served.token("revoked", "admin")
    with Hansard(served.home) as hansard:
        hansard.call("token_revoke", {"name": "revoked"})
    expired = served.token("expired", "admin", expires_at="2999-01-01")
    _expire(served, "expired")
    return {
        **tokens,
        "no token": None,
        "a wrong token": "Bearer hst_" + "A" * 43,
        "a revoked token": f"Bearer {revoked}",
        "an expired token": f"Bearer {expired}",
        "another scheme": tokens["admin"].replace("Bearer", "Basic"),
    }


def _expire(served: Served, name: str) -> None:
    """Let a token's day be past: it is altered in the store, which nobody can do from outside."""
    import sqlite3

    with sqlite3.connect(served.home / "hansard.db") as connection:
        connection.execute("UPDATE tokens SET expires_at = '2020-01-01T00:00:00.000000Z' WHERE name = ?", (name,))
    connection.close()


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx2.Client]:
    """A client without any token of its own."""
    with served.client(None) as opened:
        yield opened


def sent(client: httpx2.Client, method: str, path: str, credential: str | None, **given: Any) -> httpx2.Response:
    """The response to a request with these credentials."""
    headers = {**given.pop("headers", {}), **({} if credential is None else {"Authorization": credential})}
    return client.request(method, path, headers=headers, **given)


def routes(operation: Operation) -> list[tuple[str, str, dict[str, Any]]]:
    """Every way to ask for an operation; what is asked is refused by its shape, once the caller may ask at all."""
    ways: list[tuple[str, str, dict[str, Any]]] = [("POST", f"/api/v1/{operation.name}", {"json": {"no such": 1}})]
    if operation.mark.path is not None:
        path = re.sub(r"\{\w+\}", "x", operation.mark.path)
        ways.append(("GET", f"/api/v1{path}?no_such=1", {}))
    return ways


@pytest.mark.parametrize("caller", [*NOBODY, *SCOPES])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_route_asks_for_its_scope(
    name: str, caller: str, client: httpx2.Client, credentials: dict[str, str | None]
) -> None:
    """Nobody passes without a token that holds; who holds one passes where their scope reaches, and no further."""
    operation = OPERATIONS[name]
    for method, path, given in routes(operation):
        response = sent(client, method, path, credentials[caller], **given)
        told = response.json()
        if caller in NOBODY:
            assert (response.status_code, told["error_code"]) == (401, "not_authenticated"), path
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
        elif operation.open_to(SCOPES[SCOPES.index(caller)]):
            assert (response.status_code, told["error_code"]) in (
                (422, "unknown_field"),
                (422, "batch_validation_failed"),
            ), path
        else:
            assert (response.status_code, told["error_code"]) == (403, "not_permitted"), path


@pytest.mark.parametrize("caller", [*NOBODY, *SCOPES])
@pytest.mark.parametrize("path", [*OWN, "/no/such/path"])
def test_what_is_no_operation_asks_for_a_token(
    path: str, caller: str, client: httpx2.Client, credentials: dict[str, str | None]
) -> None:
    """Events, figures, the description, and what is not there at all: with a token only."""
    response = sent(client, "GET", path, credentials[caller])
    if caller in NOBODY:
        assert response.status_code == 401
    else:
        assert response.status_code == {"/no/such/path": 404, OWN[0]: 422}.get(path, 200)


@pytest.mark.parametrize("caller", [*NOBODY, *SCOPES])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_tool_asks_for_its_scope(
    name: str, caller: str, client: httpx2.Client, credentials: dict[str, str | None]
) -> None:
    """Over MCP the same callers may do the same."""
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": name, "arguments": {"no such": 1}},
    }
    headers = {"Accept": "application/json, text/event-stream"}
    response = sent(client, "POST", "/mcp?tools=all", credentials[caller], json=body, headers=headers)
    if caller in NOBODY:
        assert response.status_code == 401
        return
    assert response.status_code == 200
    data = next(line for line in response.text.splitlines() if line.startswith("data: ") and '"id"' in line)
    answer = json.loads(data.removeprefix("data: "))["result"]
    assert answer["isError"] is True
    told = answer["content"][-1]["text"]
    if OPERATIONS[name].open_to(SCOPES[SCOPES.index(caller)]):
        assert "not_permitted" not in told
        assert "unknown_field" in told or "batch_validation_failed" in told
    else:
        assert "not_permitted" in told


def test_health_needs_no_token(client: httpx2.Client) -> None:
    """Whoever watches the machine may ask whether the server lives, and learns nothing else."""
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
