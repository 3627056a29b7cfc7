"""Asking models, as people and programs do it: real processes, the official libraries, a server that can fail."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from subprocess import Popen
from typing import Any

import anyio
import pytest

from hansard.memory.memory import Memory
from hansard.routing.audit import FIRST_WORKER
from hansard.routing.model import Rates, Tokens
from hansard.routing.prices import exactly
from hansard.surfaces.cli import exits
from tests.acceptance.program import PROGRAM, Run, environment, hansard
from tests.support.assistants import answer, error, over_stdio
from tests.support.model_stub import SENTENCE, Stub, stub_in_thread
from tests.support.processes import python
from tests.support.server import done, post, serving

pytest.importorskip("openai", reason="the extra 'openai' is not installed")

SETTINGS = """
[routing]
ladder = [["a", "b"], ["stand-in"]]

[routing.models.a]
provider = "openai"
model = "model-a"
base_url = "{a}"
external = false
structured = "native"
rates = {{ input = 2.0, output = 8.0, cached = 0.5 }}

[routing.models.b]
provider = "openai"
model = "model-b"
base_url = "{b}"
external = false
rates = {{ input = 3.1, output = 15.7, cached = 0.31 }}

[routing.models.stand-in]
provider = "template"
options = {{ template = "Nobody is there." }}

[routing.retries]
same_model = 0

{more}
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Stub]:
    """A server of models."""
    with stub_in_thread() as stub:
        yield stub


@pytest.fixture
def stub(running: Stub) -> Stub:
    """The server, with nothing told to it."""
    running.reset()
    return running


def home(folder: Path, stub: Stub, more: str = "") -> Path:
    """A fresh home whose settings lead to the server."""
    made = folder / "home"
    made.mkdir()
    told = SETTINGS.format(a=stub.openai("a"), b=stub.openai("b"), more=more)
    (made / "settings.toml").write_text(told)
    return made


def ran(home: Path, *arguments: str, given: str | None = None) -> Run:
    """A command that must end well."""
    done = hansard(*arguments, "--home", home, given=given)
    assert done.code == 0, done.err
    return done


def test_a_question_is_answered_and_every_attempt_is_kept(tmp_path: Path, stub: Stub) -> None:
    """In a fresh home: the answer alone on standard output, one line of facts beside it, and a trail of both tries."""
    made = home(tmp_path, stub)
    stub.conduct("a", "overloaded")
    stub.conduct("b", text="Four.")
    done = ran(made, "ask", "2+2?")
    assert done.out == "Four.\n"
    assert "b · $" in done.err
    assert "2 attempts" in done.err
    assert "a did not: overloaded" in done.err
    told = ran(made, "route", "calls", "--json", "--texts").json
    assert [(one["model"], one["outcome"]) for one in told["calls"]] == [("b", "ok"), ("a", "overloaded")]
    assert told["calls"][0]["response"] == "Four."
    assert "2+2?" in told["calls"][0]["prompt"]
    found = ran(made, "memory", "query", 'model == "b"', "--json").json
    assert found["count"] == 1
    assert ran(made, "verify", "--all").code == 0


def test_who_would_be_asked_is_told_without_asking(tmp_path: Path, stub: Stub) -> None:
    """Explanation, list and health need no store, make none and send nothing."""
    made = home(tmp_path, stub)
    told = ran(made, "route", "explain", "2+2?", "--json").json
    assert [(one["model"], one["place"]) for one in told["choices"]][:2] == [("a", 1), ("b", 2)]
    assert ran(made, "ask", "2+2?", "--explain", "--json").json == told
    listed = ran(made, "route", "models", "--json").json["models"]
    assert [one["name"] for one in listed if one["tier"] is not None] == ["a", "b", "stand-in"]
    assert {one["breaker"] for one in ran(made, "route", "health", "--json").json["models"]} == {"closed"}
    assert ran(made, "route", "calls", "--json").json["total"]["calls"] == 0
    assert stub.counts() == {}
    assert not (made / "hansard.db").exists()


def test_a_template_is_never_passed_off_as_an_answer(tmp_path: Path, stub: Stub) -> None:
    """Where no model answers, the template's text says what it is: in words, in JSON, in the trail."""
    made = home(tmp_path, stub)
    for lane in ("a", "b"):
        stub.conduct(lane, "server_error")
    done = hansard("ask", "2+2?", "--home", made)
    assert done.out == "Nobody is there.\n"
    assert "no model answered" in done.err
    told = hansard("ask", "2+2?", "--json", "--home", made)
    assert told.json["degraded"] is True
    assert done.code == told.code == exits.BY_KIND["unavailable"]
    assert ran(made, "route", "calls", "--limit", "1", "--json").json["calls"][0]["degraded"] is True


def test_data_of_a_schema_and_a_file(tmp_path: Path, stub: Stub) -> None:
    """A schema gives data, a file goes into the prompt by its name, a file with a secret is refused unsent."""
    made = home(tmp_path, stub)
    schema = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    (tmp_path / "figures.csv").write_text("a,b\n2,2\n")
    asked = ("ask", "Add.", "--schema", str(tmp_path / "schema.json"), "--attach", str(tmp_path / "figures.csv"))
    told = ran(made, *asked, "--json").json
    assert isinstance(told["structured"]["sum"], int)
    assert b"figures.csv" in stub.bodies("a")[0]
    (tmp_path / "secret.env").write_text("AWS_SECRET=AKIAIOSFODNN7EXAMPLQ\npassword=hunter2hunter2hunter2\n")
    refused = hansard("ask", "Add.", "--attach", tmp_path / "secret.env", "--home", made)
    assert refused.code == exits.BY_KIND["refused"]
    assert "secret" in refused.err
    assert "hunter2" not in refused.err
    assert stub.count("a") == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--model", "c"), "'c'"),
        (("--budget", "0"), "budget"),
        (("--schema", "nowhere.json"), "nowhere.json"),
        (("--deadline", "0"), "deadline_seconds"),
    ],
)
def test_bad_requests_are_refused_before_money_is_spent(
    tmp_path: Path, stub: Stub, arguments: tuple[str, ...], word: str
) -> None:
    """An unknown model, no budget, a missing schema, no time: told by name, and nothing was sent."""
    done = hansard("ask", "2+2?", *arguments, "--home", home(tmp_path, stub))
    assert done.code != 0
    assert word in done.err
    assert stub.counts() == {}


def test_a_stream_that_breaks_is_told_with_what_arrived(tmp_path: Path, stub: Stub) -> None:
    """The words that came stand on standard output; the error says that they are no whole answer."""
    made = home(tmp_path, stub)
    stub.conduct("a", "cut")
    done = hansard("ask", "2+2?", "--home", made)
    assert done.code != 0
    assert done.out.strip()
    assert done.out.strip() in SENTENCE
    assert "broke off" in done.err
    assert stub.count("b") == 0


# -- what the trail shows ----------------------------------------------------------------------------------------------


def test_costs_are_tokens_times_rates_sums_add_up_and_hashes_lead_to_bytes(tmp_path: Path, stub: Stub) -> None:
    """Of every call of two processes: cost by the table, sum by purpose equal to the total, prompt and answer again."""
    made = home(tmp_path, stub)
    stub.conduct("a", ["ok", "rate_limited", "cached", "malformed"], text="echo")
    stub.conduct("b", text="echo")
    with asker(made) as one, asker(made) as other:
        for number in range(40):
            order = {"question": f"{number} × π?", "purpose": f"purpose {number % 3}", "dialogue_id": f"d{number % 2}"}
            assert "model" in (one, other)[number % 2]({"ask": order})
    rates = {"a": Rates(2.0, 8.0, 0.5), "b": Rates(3.1, 15.7, 0.31)}
    with Memory.read(made / "memory") as memory:
        records = list(memory.query('task_id == "model_call"').records())
    assert len(records) == sum(stub.counts().values())
    assert {record.worker_id for record in records} == {FIRST_WORKER, FIRST_WORKER + 1}
    total, by_purpose = Decimal(0), defaultdict[str, Decimal](Decimal)
    with contextlib.closing(sqlite3.connect(made / "hansard.db")) as store:
        texts = dict(store.execute("SELECT sha256, body FROM call_texts"))
    answers = 0
    for record in records:
        metrics, session = record.error_metrics, record.context["session"]
        assert hashlib.sha256(texts[session["prompt_sha256"]]).hexdigest() == session["prompt_sha256"]
        question = json.loads(texts[session["prompt_sha256"]])["messages"][-1]["text"]
        if session["response_sha256"] is not None:
            response = texts[session["response_sha256"]]
            assert hashlib.sha256(response).hexdigest() == session["response_sha256"]
            answers += 1
            if record.success:
                assert response.decode() == question
        if metrics["tokens_input"] is None:
            assert metrics["cost_usd"] is None
            continue
        tokens = Tokens(*(int(metrics[f"tokens_{name}"]) for name in ("input", "output", "cached")))
        assert metrics["cost_usd"] == exactly(tokens, rates[record.params["model"]])
        assert record.params["price_table"] == "settings"
        total += Decimal(repr(metrics["cost_usd"]))
        by_purpose[session["purpose"]] += Decimal(repr(metrics["cost_usd"]))
    assert answers >= 40
    assert sum(by_purpose.values()) == total > 0
    told = ran(made, "route", "calls", "--json", "--limit", "0").json
    assert told["total"]["cost_usd"] == float(total)
    assert {name: each["cost_usd"] for name, each in told["by_purpose"].items()} == {
        name: float(cost) for name, cost in by_purpose.items()
    }
    assert sum(each["calls"] for each in told["by_model"].values()) == told["total"]["calls"] == len(records)
    state = tmp_path / "runtime_state.json"
    ran(made, "route", "export", str(state))
    assert json.loads(state.read_text())["cost_usd"]["total"] == float(total)


def test_two_processes_agree_on_breakers(tmp_path: Path, stub: Stub) -> None:
    """What one process learns of a model the other knows a moment later, without a call of its own."""
    made = home(tmp_path, stub)
    with asker(made) as one, asker(made) as other:
        assert other({"health": True})["a"] == "closed"
        stub.conduct("a", "auth")
        assert one({"ask": {"question": "2+2?"}})["outcomes"] == [["a", "auth"], ["b", "ok"]]
        assert one({"health": True})["a"] == "open"
        until = time.monotonic() + 30
        while other({"health": True})["a"] != "open":
            assert time.monotonic() < until, "the other process never heard of it"
            time.sleep(0.02)
        assert other({"ask": {"question": "3+3?"}})["outcomes"] == [["b", "ok"]]
        assert stub.count("a") == 1
    late = ran(made, "ask", "4+4?", "--json").json  # a process that starts later knows it at once
    assert [one["model"] for one in late["attempts"]] == ["b"]


def test_a_killed_process_loses_no_attempt_whose_answer_it_gave(tmp_path: Path, stub: Stub) -> None:
    """With a durable trail an answer comes after its record is on the disk: kill -9 takes nothing away."""
    made = home(tmp_path, stub, "[routing.record]\ndurable = true")
    given = 0
    with asker(made, killed=True) as one:
        for number in range(5):
            given += len(one({"ask": {"question": f"{number}?"}})["outcomes"])
    told = ran(made, "route", "calls", "--json", "--texts").json
    assert told["total"]["calls"] == given == 5
    assert all(one["prompt"] and one["response"] for one in told["calls"])
    assert ran(made, "memory", "verify").code == 0


class Asker:
    """A process that asks as it is told."""

    def __init__(self, process: Popen[str]) -> None:
        self._process = process

    def __call__(self, order: dict[str, Any]) -> Any:
        """What it says to an order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextlib.contextmanager
def asker(home: Path, *, killed: bool = False) -> Iterator[Asker]:
    """Such a process; it ends with the block, by force where it is to be ``killed``."""
    with python("-m", "tests.support.asker", str(home)) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == "ready"
        yield Asker(process)
        if killed:
            process.kill()
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        assert process.wait(60) == (-9 if killed else 0)


def test_no_key_is_shown_or_kept(tmp_path: Path, stub: Stub) -> None:
    """A key from the environment reaches the server's header and nothing else: no output, no log, no file."""
    key = "sk-proj-" + "Zq8w" * 8
    made = home(tmp_path, stub, '[routing.models.k]\nprovider = "openai"\nmodel = "k"\nkey = "K_KEY"\n'
                f'base_url = "{stub.openai("auth")}"\nexternal = false')  # fmt: skip
    variables = {"K_KEY": key, "HANSARD_HOME": str(made)}
    done = hansard("ask", "2+2?", "--model", "k", "--debug", "--verbose", variables=variables)
    assert key in "".join(stub.heads("auth"))
    assert key not in done.out + done.err
    assert "auth" in done.err
    listed = hansard("route", "models", "--json", variables=variables)
    assert key not in listed.out
    assert "K_KEY" in listed.out
    held = [path.name for path in made.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    assert held == []
    missing = hansard("ask", "2+2?", "--model", "k", variables={**variables, "K_KEY": None})
    assert missing.code != 0
    assert "K_KEY" in missing.err
    assert os.environ.get("K_KEY") is None


# -- other doors -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_over_http_asking_needs_a_judge_and_figures_are_told(tmp_path: Path, stub: Stub) -> None:
    """A token that only reads may list and sum up, not ask; the trail has the token's name."""
    made = home(tmp_path, stub)
    with serving(made) as server:
        with server.client(server.token("reader", "read")) as reader:
            assert post(reader, "route_ask", {"question": "2+2?"}).status_code == 403
            assert reader.get("/api/v1/models").json()["models"][0]["name"] == "a"
            assert reader.get("/api/v1/models/calls").json()["total"]["calls"] == 0
        assert stub.counts() == {}
        with server.client(server.token("judge", "judge")) as judge:
            assert done(judge, "route_ask", {"question": "2+2?", "purpose": "court"})["text"] == SENTENCE
            told = judge.get("/api/v1/models/calls").json()
            assert [(one["actor"], one["purpose"]) for one in told["calls"]] == [("judge", "court")]
            assert judge.get("/api/v1/models/health").json()["models"][0]["calls"] == 1
            figures = judge.get("/metrics").text
        assert 'hansard_model_attempts_total{model="a",outcome="ok"} 1.0' in figures
        assert 'hansard_model_cost_usd_total{model="a",purpose="court"}' in figures
        assert server.end() == 0
    assert ran(made, "route", "calls", "--json").json["total"]["calls"] == 1


@pytest.mark.slow
def test_assistants_are_offered_five_tools(tmp_path: Path, stub: Stub) -> None:
    """The set 'routing' has them, an answer comes with its cost, and a file outside may not be attached."""
    made = home(tmp_path, stub)
    (tmp_path / "outside.txt").write_text("far away")

    async def main() -> None:
        async with over_stdio(made, "--tools", "routing") as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            assert names == ["route_ask", "route_calls", "route_explain", "route_health", "route_models"]
            told = await answer(client, "route_ask", {"question": "2+2?"})
            assert told["text"] == SENTENCE
            assert told["cost_usd"] > 0
            attached = {"question": "2+2?", "attachments": [str(tmp_path / "outside.txt")]}
            assert error(await client.call_tool("route_ask", attached))["error_code"] == "path_not_allowed"

    anyio.run(main)
    assert stub.count("a") == 1


def test_ctrl_c_ends_the_call_and_the_trail_tells_of_it(tmp_path: Path, stub: Stub) -> None:
    """Somebody who does not want to wait gets the prompt back; the attempt is kept as cancelled."""
    made = home(tmp_path, stub)
    stub.conduct("a", "stall")
    process = subprocess.Popen(
        [*PROGRAM, "ask", "2+2?", "--home", str(made)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    until = time.monotonic() + 60
    while stub.count("a") == 0:
        assert time.monotonic() < until, "nothing was asked"
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (exits.INTERRUPTED, "")
    assert "interrupted" in err
    (call,) = ran(made, "route", "calls", "--json").json["calls"]
    assert (call["model"], call["outcome"]) == ("a", "cancelled")
