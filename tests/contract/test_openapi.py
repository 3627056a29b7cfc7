"""The description of the HTTP door is true: whatever is sent, what comes back is what it says, and never a fault."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Final

import hypothesis
import hypothesis.strategies as st
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from hansard import Hansard
from hansard.app.assembly import all_operations
from hansard.surfaces.http.openapi import document
from hansard.surfaces.http.paths import EVENTS
from tests.conftest import scale
from tests.support.server import Served, serving

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
    checks.ignored_auth,
]
"""All but those that no rule of ours could pass: a request that fits its shape may still break a rule (422)."""

REAL: Final = {
    "dialogue_id": "ledger-write-path",
    "id": "P0101",
    "verdict_id": "final",
    "round": 2,
    "expert": "muffin",
}
"""Names that the store knows, so that half of the good requests reach further than a look for a dialogue."""


with all_operations() as _table:
    WAYS: Final = [
        (path, method, mode)
        for path, methods in document(_table)["paths"].items()
        for method, told in methods.items()
        for mode in GenerationMode
        if path != EVENTS  # a stream that does not end
        if mode is GenerationMode.POSITIVE or "parameters" in told or "requestBody" in told
    ]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a home with the shipped example in it."""
    home = tmp_path_factory.mktemp("described")
    example = next(Path(str(resources.files("hansard.examples"))).glob("*-ledger-write-path"))
    with Hansard(home) as hansard:
        hansard.call("dialogue_import", {"path": str(example)})
    with serving(home, cwd=tmp_path_factory.mktemp("elsewhere")) as running:
        yield running


@pytest.fixture(scope="module")
def token(served: Served) -> str:
    """A token that may do everything."""
    return served.token("fuzzer")


@pytest.fixture(scope="module")
def api(served: Served, token: str) -> Any:
    """What the server says of itself."""
    return schemathesis.openapi.from_url(f"{served.url}/api/openapi.json", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize(("path", "method", "mode"), WAYS)
def test_everything_is_answered_as_described(
    path: str, method: str, mode: GenerationMode, api: Any, token: str
) -> None:
    """Requests that fit and requests that do not: each gets a status, a type and a body that the description names."""

    @hypothesis.settings(
        max_examples=scale(4), suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate]
    )
    @hypothesis.given(case=api[path][method].as_strategy(generation_mode=mode), real=st.booleans())
    def told(case: Any, real: bool) -> None:
        if real and mode is GenerationMode.POSITIVE:
            for part in (case.path_parameters, case.query, case.body):
                if isinstance(part, dict):
                    part.update({name: value for name, value in REAL.items() if name in part})
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    told()
