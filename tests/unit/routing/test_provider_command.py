"""A program that answers on its standard output."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from hansard.kernel.errors import HansardError
from hansard.routing.model import Attachment, Message, Model, Tokens
from hansard.routing.providers import make
from hansard.routing.providers.protocol import ProviderFault, Reply, Request

MESSAGES = (Message("system", "Be brief."), Message("user", "What was decided?"))


def asked(
    code: str,
    *,
    messages: tuple[Message, ...] = MESSAGES,
    key: str | None = None,
    timeout: float = 30.0,
    schema: Any = None,
    **options: Any,
) -> Reply | ProviderFault:
    """What a program of Python makes of a request."""
    command = [sys.executable, "-c", code]
    model = Model("c", "command", "m", key="MY_KEY" if key else None, options={"command": command, **options})

    async def work() -> Reply | ProviderFault:
        try:
            return await make(model, key).complete(Request(model, messages, schema, 9, None, None, timeout))
        except ProviderFault as fault:
            return fault

    return asyncio.run(work())


def text(found: Reply | ProviderFault) -> str:
    """The text of what must be a reply."""
    assert isinstance(found, Reply), found
    return found.text


ECHO = "import sys; sys.stdout.write(sys.stdin.read())"


def test_the_prompt_comes_on_standard_input() -> None:
    """Role of the system first, then the question; a schema is told in words."""
    told = text(asked(ECHO, schema={"type": "object"}))
    assert told.startswith("Be brief.\n\nWhat was decided?\n\n")
    assert '{"type":"object"}' in told


def test_a_talk_of_several_turns_says_who_spoke() -> None:
    """Turns are marked where there are more than one."""
    talk = (Message("user", "A?"), Message("assistant", "B."), Message("user", "C?"))
    assert text(asked(ECHO, messages=talk)) == "User: A?\n\nYou: B.\n\nUser: C?"


def test_a_large_prompt_and_a_large_answer_do_not_block_each_other() -> None:
    """More than any pipe holds goes in while as much comes out."""
    large = "word " * 400_000
    code = "import sys\nfor line in sys.stdin:\n  sys.stderr.write(line); sys.stdout.write(line)"
    assert text(asked(code, messages=(Message("user", large),))) == large


def test_a_program_need_not_read_its_prompt() -> None:
    """One that answers without listening is heard all the same."""
    assert text(asked("print('yes')", messages=(Message("user", "word " * 400_000),))) == "yes"


def test_an_answer_inside_json_is_found_with_its_counts() -> None:
    """Paths of names and numbers lead to it."""
    told = {"result": [{"text": "Ja."}], "usage": {"in": 7, "out": 3}}
    code = f"print({json.dumps(json.dumps(told))})"
    found = asked(code, answer="result.0.text", input_tokens="usage.in", output_tokens="usage.out")
    assert found == Reply("Ja.", Tokens(7, 3), "stop", None)


@pytest.mark.parametrize(
    ("code", "options", "failure"),
    [
        ("print('no json')", {"answer": "result"}, "malformed"),
        ("print('{}')", {"answer": "result"}, "malformed"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe')", {}, "malformed"),
        ("import sys; sys.exit('Please run /login first')", {}, "auth"),
        ("import sys; sys.exit('Usage limit reached')", {}, "rate_limited"),
        ("import sys; sys.exit('prompt is too long')", {}, "context_window"),
        ("import sys; sys.exit(3)", {}, "rejected"),
        ("import os; os.kill(os.getpid(), 9)", {}, "rejected"),
    ],
)
def test_a_program_that_fails_has_a_name_for_it(code: str, options: dict[str, Any], failure: str) -> None:
    """Its exit code says that it failed, its words say why."""
    found = asked(code, **options)
    assert isinstance(found, ProviderFault)
    assert found.failure == failure


def test_keys_of_others_are_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program gets the environment without keys, and the one key that its model names."""
    for name in ("OPENAI_API_KEY", "GH_TOKEN", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "not-yours")
    monkeypatch.setenv("HARMLESS", "here")
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    told = json.loads(text(asked(code, key="mine", environment={"EXTRA": "1"})))
    assert "not-yours" not in told.values()
    assert (told["MY_KEY"], told["HARMLESS"], told["EXTRA"]) == ("mine", "here", "1")


def test_it_runs_in_an_empty_folder_unless_told_otherwise(tmp_path: Path) -> None:
    """What looks around finds nothing of ours."""
    code = "import os; print(os.getcwd(), os.listdir('.'))"
    told = text(asked(code))
    assert told.endswith("[]")
    assert not told.startswith(str(Path.cwd()))
    (tmp_path / "a").touch()
    assert text(asked(code, folder=str(tmp_path))) == f"{tmp_path} ['a']"


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")
def test_what_a_program_started_ends_with_it(tmp_path: Path) -> None:
    """A timeout leaves nobody behind, children of children included."""
    mark = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1e6)'])\n"
        f"open({str(mark)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(1e6)"
    )
    found = asked(code, timeout=2.0)
    assert isinstance(found, ProviderFault)
    assert found.failure == "timeout"
    for pid in mark.read_text().split():
        status = Path(f"/proc/{pid}/stat")
        assert not status.exists() or status.read_text().split(")")[1].split()[0] == "Z"


def test_files_that_are_no_text_cannot_be_handed_over() -> None:
    """Rather a refusal than an answer about half of the question."""
    found = asked(ECHO, messages=(Message("user", "See.", (Attachment("a.png", "image/png", b"x"),)),))
    assert isinstance(found, ProviderFault)
    assert found.failure == "rejected"


@pytest.mark.parametrize("command", [None, [], [3], "", ["no-such-program-anywhere"]])
def test_a_command_that_cannot_run_is_refused_beforehand(command: object) -> None:
    """Before anything is asked, with the field's name."""
    with pytest.raises(HansardError) as caught:
        make(Model("c", "command", "m", options={"command": command}))
    assert "options.command" in str(caught.value)
