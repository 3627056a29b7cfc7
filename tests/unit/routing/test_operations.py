"""The door of routing: asking with nobody but a script, the trail read back, the state as a document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hansard.database.engine import Database
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import Actor, Call, collect
from hansard.routing import shapes
from hansard.routing.calls import filter_of
from hansard.routing.operations import RoutingOperations, state_of

CALL = Call(Actor("alice", "test"))
ECHO = [sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read().upper())"]
SETTINGS: dict[str, Any] = {
    "ladder": [["echo"], ["stand-in"]],
    "models": {
        "echo": {
            "provider": "command",
            "external": False,
            "rates": {"input": 1.5, "output": 2.5},
            "options": {"command": ECHO},
        },
        "away": {"provider": "openai", "key": "NO_SUCH_KEY_HERE", "model": "gpt-4.1"},
        "stand-in": {"provider": "template", "options": {"template": "Nobody."}},
    },
}


@pytest.fixture
def routing(tmp_path: Path) -> Iterator[RoutingOperations]:
    """Operations over a home."""
    database = Database.open(tmp_path / "hansard.db")
    made = RoutingOperations(
        database,
        tmp_path / "memory",
        settings=lambda: SETTINGS,
        may_read=lambda path: path.name != "closed.txt",
        may_write=lambda path: path.name != "closed.txt",
        figures=True,
    )
    yield made
    made.close()
    database.close()


def run(routing: RoutingOperations, name: str, **request: Any) -> Any:
    """An operation's answer."""
    return collect([routing])[name](request, CALL)


def test_an_answer_comes_piece_by_piece_and_whole(routing: RoutingOperations) -> None:
    """Whoever listens is told the text of the answer, and the same stands in it."""
    heard: list[str] = []
    answer = routing.ask(shapes.RouteAsk(question="two and two"), CALL, heard.append)
    assert "TWO AND TWO" in answer.text
    assert "".join(heard).strip() == answer.text
    assert run(routing, "route_ask", question="two and two").text == answer.text


def test_the_trail_is_read_back_by_what_was_asked_for(routing: RoutingOperations) -> None:
    """Calls by purpose, dialogue, model and outcome, with texts on demand; the newest first."""
    for number, purpose in enumerate(("a", "b", "a")):
        run(routing, "route_ask", question=f"question {number}", purpose=purpose, dialogue_id=f"d{number}")
    told = run(routing, "route_calls", texts=True)
    assert [one.purpose for one in told.calls] == ["a", "b", "a"]
    assert [one.dialogue_id for one in told.calls] == ["d2", "d1", "d0"]
    assert all(one.actor == "alice" for one in told.calls)
    assert "question 2" in told.calls[0].prompt
    assert "QUESTION 2" in told.calls[0].response
    assert {name: one.calls for name, one in told.by_purpose.items()} == {"a": 2, "b": 1}
    for request, count in (
        ({"purpose": "a"}, 2),
        ({"dialogue_id": "d1"}, 1),
        ({"model": "echo", "outcome": "ok"}, 3),
        ({"outcome": "timeout"}, 0),
        ({"since": told.calls[0].time}, 1),
        ({"purpose": 'a" or success == true or purpose == "'}, 0),
    ):
        found = run(routing, "route_calls", **request)
        assert found.total.calls == len(found.calls) == count, request
        assert all(one.prompt is None for one in found.calls)


def test_a_filter_says_what_was_asked_for() -> None:
    """Every field of the request narrows it down, quoted as the memory's language has it."""
    request = shapes.RouteCalls(model='a "b"', purpose="p", outcome="timeout", since=1.5)
    assert filter_of(request) == (
        'task_id == "model_call" and model == "a \\"b\\"" and purpose == "p" and failure_reason == "timeout" '
        "and time >= 1.5"
    )


def test_models_are_listed_with_why_one_cannot_be_asked(routing: RoutingOperations) -> None:
    """Ladder first; a key is told by its name; the table for documents has a row for each."""
    told = run(routing, "route_models", markdown=True)
    assert [(one.name, one.tier) for one in told.models][:2] == [("echo", 1), ("stand-in", 2)]
    away = next(one for one in told.models if one.name == "away")
    assert not away.ready
    assert "NO_SUCH_KEY_HERE" in (away.why or "")
    assert told.markdown.count("\n") == 2 + len(told.models)


def test_health_and_state_tell_what_calls_came_to(routing: RoutingOperations, tmp_path: Path) -> None:
    """The exported document has the models' health and the sums of the trail, and figures are counted."""
    run(routing, "route_ask", question="two and two", purpose="a")
    health = run(routing, "route_health")
    echo = next(one for one in health.models if one.model == "echo")
    assert (echo.breaker, echo.calls, echo.failures) == ("closed", 1, 0)
    assert run(routing, "route_export", output_path=str(tmp_path / "state.json")).calls == 1
    state = json.loads((tmp_path / "state.json").read_text())
    assert state["orchestration"]["runs_ok"] == 1
    assert state["models"]["echo"]["p95_ms"] == echo.p95_ms
    assert state["cost_usd"]["by_purpose"].keys() == {"a"}
    assert b'hansard_model_attempts_total{model="echo",outcome="ok"} 1.0' in routing.figures()
    with pytest.raises(HansardError, match="may not be written"):
        run(routing, "route_export", output_path=str(tmp_path / "closed.txt"))


def test_files_are_read_only_where_callers_may_read(routing: RoutingOperations, tmp_path: Path) -> None:
    """An attachment goes into the prompt by its name; one that may not be read is refused before anybody is asked."""
    for name in ("open.txt", "closed.txt"):
        (tmp_path / name).write_text("figures of the harvest")
    answer = run(routing, "route_ask", question="Add.", attachments=[str(tmp_path / "open.txt")])
    assert "FIGURES OF THE HARVEST" in answer.text
    with pytest.raises(HansardError) as refused:
        run(routing, "route_ask", question="Add.", attachments=[str(tmp_path / "closed.txt")])
    assert refused.value.code == "path_not_allowed"
    assert run(routing, "route_calls").total.calls == 1


def test_no_calls_are_an_empty_list(routing: RoutingOperations) -> None:
    """Before anybody was asked there is no memory, and no fault."""
    told = run(routing, "route_calls")
    assert (told.total.calls, told.calls, told.by_purpose) == (0, [], {})
    health = run(routing, "route_health")
    assert state_of(health, told, datetime(2026, 1, 2, tzinfo=UTC))["timestamp_utc"] == "2026-01-02T00:00:00Z"


def test_asking_needs_the_scope_of_a_judge() -> None:
    """Asking spends money; explaining, listing and reading do not. Assistants are offered five tools at most."""
    made = RoutingOperations(
        None, Path(), settings=dict, may_read=bool, may_write=bool  # type: ignore[arg-type]  # nothing is run
    )  # fmt: skip
    table = collect([made])
    assert {name: one.mark.scope for name, one in table.items()} == {
        "route_ask": "judge",
        "route_calls": "read",
        "route_explain": "read",
        "route_export": "read",
        "route_health": "read",
        "route_models": "read",
    }
    assert sum(one.mark.tools == "routing" for one in table.values()) <= 5
