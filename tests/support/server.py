"""A running ``hansard serve``: a real process on a port of its own, and clients that speak HTTP to it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from hansard import Hansard
from tests.acceptance.program import PROGRAM, environment

WAIT_SECONDS = 60.0
"""So long a test waits for anything before it is a failure; nothing takes a hundredth of it."""


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    process: subprocess.Popen[str]
    log: Path
    """What it writes on standard error; a pipe that nobody empties would stop it."""
    url: str
    home: Path
    given: str | None
    """The token for this run, where the server gave one."""

    def token(self, name: str, scope: str = "admin", **request: Any) -> str:
        """A new token, made beside the server by whoever owns the home."""
        with Hansard(self.home) as hansard:
            made = hansard.call("token_create", {"name": name, "scope": scope, **request})
        return str(made.token)

    def client(self, token: str | None, **headers: str) -> httpx2.Client:
        """A client that sends this token with each request."""
        known = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=self.url, headers={**known, **headers}, timeout=WAIT_SECONDS)

    def end(self) -> int:
        """Ask the server to end; its exit code."""
        self.process.terminate()
        return self.process.wait(WAIT_SECONDS)


@contextlib.contextmanager
def serving(
    home: Path, *arguments: str, variables: Mapping[str, str | None] | None = None, cwd: Path | None = None
) -> Iterator[Served]:
    """A server over a home, on a free port; it ends with the block."""
    handle, name = tempfile.mkstemp(prefix="hansard-serve-", suffix=".log")
    log = Path(name)
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--home", str(home), "--port", "0", "--json", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=handle,
        text=True,
        cwd=cwd or home,
        env=environment(**dict(variables or {})),
    )
    try:
        assert process.stdout is not None
        said = ""
        while line := process.stdout.readline():
            said += line
            if line == "}\n":
                break
        if not said.endswith("}\n"):
            raise AssertionError(f"it ended with {process.wait()}: {said}{log.read_text()}")
        told = json.loads(said)
        assert "url" in told, f"{said}{log.read_text()}"
        yield Served(process, log, told["url"], home, told["token"])
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()
        os.close(handle)
        log.unlink()


def post(client: httpx2.Client, operation: str, request: Mapping[str, Any], **headers: str) -> httpx2.Response:
    """Call an operation by its name."""
    return client.post(f"/api/v1/{operation}", json=dict(request), headers=headers)


def done(client: httpx2.Client, operation: str, request: Mapping[str, Any], **headers: str) -> Any:
    """The answer of an operation that must succeed."""
    response = post(client, operation, request, **headers)
    assert response.status_code == 200, response.text
    return response.json()
