"""Redaction in the program as people start it: what is private reaches neither the server nor the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansard.surfaces.cli import exits
from tests.acceptance.program import hansard
from tests.support.model_stub import stub_in_thread
from tests.support.private_data import planted

pytest.importorskip("openai", reason="the extra 'openai' is not installed")

CORPUS = planted(seed=66, each=10)
PROMPT = "\n".join(one.sentence for one in CORPUS)

SETTINGS = """
[routing.models.outside]
provider = "openai"
model = "m-1"
base_url = "{url}"
external = true
key = "HANSARD_TEST_KEY"
rates = {{ input = 1.0, output = 2.0 }}
"""


@pytest.mark.parametrize("how", [(), ("--json",)])
def test_question_full_of_private_data_is_answered_and_kept_without_it(tmp_path: Path, how: tuple[str, ...]) -> None:
    """A question with over 200 planted items goes to an external model and into the store without one of them, and its
    answer, which repeats the question, has them all."""
    with stub_in_thread() as stub:
        stub.conduct("lane", "ok", text="echo")
        (tmp_path / "settings.toml").write_text(SETTINGS.format(url=stub.openai("lane")), encoding="utf-8")
        variables = {"HANSARD_HOME": str(tmp_path), "HANSARD_TEST_KEY": "a-key-for-tests"}
        run = hansard("ask", PROMPT, *how, variables=variables)
        assert run.code == exits.OK, run.err
        sent = b"".join(stub.bodies("lane")).decode()
    text = run.json["text"] if how else run.out
    assert len(CORPUS) >= 200
    assert [one for one in CORPUS if one.value not in text] == []
    assert "⟦email-1⟧" in sent
    assert [one for one in CORPUS if one.value in sent] == []
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert "⟦email-1⟧".encode() in kept, "nothing was kept that could be looked at"
    assert [one for one in CORPUS if one.value.encode() in kept] == []
    assert b"a-key-for-tests" not in kept
    assert [one for one in CORPUS if one.value in run.err] == []
