"""Operations run for several callers at once: seen to, watched, cancelled."""

from __future__ import annotations

import threading
from typing import Any, Literal

import anyio
import pytest

from hansard.kernel import errors
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import SCOPES, Actor, Call, Caller, Operation, Room, Rooms, Scope, find, operation
from hansard.kernel.shapes import Shape
from hansard.surfaces.running import Runner

CALLER = Caller(Actor("tester", "test"), "admin")


class Steps(Shape):
    """So many steps."""

    steps: int = 1


class Desk:
    """Operations that tell every step."""

    def __init__(self) -> None:
        self.actors: list[str] = []
        self.at_step = threading.Event()
        self.go_on = threading.Event()
        self.ended: list[str] = []

    @operation(path="/count")
    def count(self, request: Steps, call: Call) -> Steps:
        """Count, telling each step."""
        self.actors.append(call.actor.name)
        for step in range(request.steps):
            call.progress(step + 1, request.steps, "counting")
        return request

    @operation(writes=True, aliases=("halt",))
    def stop_between(self, request: Steps, call: Call) -> Steps:
        """Tell one step, wait, tell another."""
        self.at_step.set()
        self.go_on.wait(30)
        try:
            call.progress(1, 2, "going on")
        except HansardError as fault:
            self.ended.append(fault.code)
            raise
        finally:
            self.at_step.clear()
        return request

    @operation(writes=True, store=False, scope="admin")
    def storeless(self, request: Steps, call: Call) -> Steps:
        """Need no store."""
        return request

    @operation()
    def broken(self, request: Steps, call: Call) -> Steps:
        """Fail."""
        raise ZeroDivisionError


def table(desk: Desk) -> Rooms:
    """Its operations."""
    return Rooms(Room(("record",), lambda: [desk]))


def test_an_operation_runs_for_its_caller() -> None:
    """The actor is whoever calls; the payload is checked."""
    room = Desk()
    runner = Runner(table(room))

    async def main() -> Any:
        with pytest.raises(HansardError) as caught:
            await runner.run(runner.table["count"], {"steps": "x"}, CALLER)
        assert caught.value.code == "invalid_field"
        return await runner.run(runner.table["count"], {"steps": 3}, CALLER)

    assert anyio.run(main) == Steps(steps=3)
    assert room.actors == ["tester"]


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes_are_looked_at_before_the_request(scope: Scope) -> None:
    """By name and by alias; each scope holds the lesser ones; whoever may not call learns nothing of the request."""
    runner = Runner(table(Desk()))
    allowed = {"read": ["count"], "judge": ["count", "halt"], "admin": ["count", "halt", "storeless"]}[scope]

    async def code(operation: Operation) -> str:
        with pytest.raises(HansardError) as caught:
            await runner.run(operation, {"steps": "x"}, Caller(CALLER.actor, scope))
        return caught.value.code

    for name in ("count", "halt", "storeless"):
        told = anyio.run(code, find(runner.table, name))
        assert told == ("invalid_field" if name in allowed else "not_permitted")


@pytest.mark.parametrize(
    ("known_by", "remedy"), [("token", "hansard token create"), ("os_user", "hansard mcp --admin")]
)
def test_who_may_not_call_is_told_what_would_help(known_by: Literal["token", "os_user"], remedy: str) -> None:
    """A caller with a token needs another one; one without is as free as the server was started."""
    runner = Runner(table(Desk()))

    async def asked() -> None:
        await runner.run(runner.table["storeless"], {}, Caller(Actor("somebody", known_by), "judge"))

    with pytest.raises(HansardError) as caught:
        anyio.run(asked)
    assert remedy in str(caught.value.suggestion)


def test_the_store_is_seen_to_once_and_by_whoever_needs_it() -> None:
    """Not by what needs none; again after a refusal; a read makes one too where there is none."""
    seen: list[bool] = []

    def ready(*, make: bool) -> None:
        seen.append(make)
        if len(seen) < 3:
            raise errors.file_unreadable("store", "it is not there")

    runner = Runner(table(Desk()), ready)

    async def main() -> None:
        await runner.run(runner.table["storeless"], {}, CALLER)
        assert seen == []
        for _ in range(2):
            with pytest.raises(HansardError):
                await runner.run(runner.table["count"], {}, CALLER)
        room_open = runner.table["stop_between"]
        runner.table["stop_between"].run.__self__.go_on.set()  # type: ignore[attr-defined]
        await runner.run(room_open, {}, CALLER)
        await runner.run(runner.table["count"], {}, CALLER)

    anyio.run(main)
    assert seen == [True, True, True]


def test_progress_is_told_seldom_and_at_the_end() -> None:
    """Of a hundred thousand steps only some are told, the last among them."""
    runner = Runner(table(Desk()))
    told: list[int] = []

    async def watch(done: int, total: int | None, what: str) -> None:
        told.append(done)

    async def main() -> None:
        await runner.run(runner.table["count"], {"steps": 100_000}, CALLER, watch=watch)

    anyio.run(main)
    assert told[0] == 1
    assert told[-1] == 100_000
    assert len(told) < 10_000


def test_whoever_leaves_is_not_waited_for() -> None:
    """The caller goes on at once, and the operation ends at its next step."""
    room = Desk()
    runner = Runner(table(room))

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(runner.run, runner.table["stop_between"], {}, CALLER)
            await anyio.to_thread.run_sync(room.at_step.wait)
            group.cancel_scope.cancel()
        room.go_on.set()
        while room.at_step.is_set():
            await anyio.sleep(0.001)

    anyio.run(main)
    assert room.ended == ["cancelled"]


def test_a_failure_is_logged_and_told_as_ours(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of its trace reaches the caller."""
    runner = Runner(table(Desk()))

    async def main() -> None:
        with pytest.raises(HansardError) as caught:
            await runner.run(runner.table["broken"], {}, CALLER)
        assert caught.value.code == "internal_error"
        assert caught.value.__cause__ is None

    anyio.run(main)
    assert "ZeroDivisionError" in caplog.text
