"""Errors as responses: the status of each kind, and the one form of body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from hansard.kernel.errors import HansardError, Kind
from hansard.surfaces.http import errors

STATUS: Final[dict[Kind, int]] = {
    "invalid": 422,
    "not_found": 404,
    "conflict": 409,
    "refused": 403,
    "unavailable": 503,
    "corrupt": 500,
}
"""The status of a refusal, by its kind. 400 is kept for what cannot even be read as a request."""

JSON: Final = "application/json"


def refusal(fault: HansardError, status: int | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """An error as a response; ``status`` where the door itself refuses with one of HTTP's own."""
    body, given = fault.as_dict(), {"Cache-Control": "no-store", **(headers or {})}
    if fault.constraint == "internal":  # a fault of ours: the same request will hardly succeed later
        body, status = {**body, "kind": "internal"}, 500
    told = json.dumps(body, ensure_ascii=False).encode()
    return Response(told, status or STATUS[fault.kind], given, JSON)


def unauthenticated(*, token_given: bool) -> Response:
    """The response to whoever brings no token that is valid."""
    challenge = 'Bearer realm="hansard"' + (', error="invalid_token"' if token_given else "")
    return refusal(errors.not_authenticated(), 401, {"WWW-Authenticate": challenge})
