"""The watcher and its listeners: nothing lost, nothing twice, nobody who costs memory; streams that end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from hansard.database.operations import JournalOperations
from hansard.kernel.errors import HansardError
from hansard.kernel.operations import collect
from hansard.surfaces.http import events
from hansard.surfaces.http.events import EventStream, Watcher
from hansard.surfaces.http.metrics import Metrics
from tests.support.deliberations import CALL, House, small_dialogue
from tests.support.stores import fresh

SCOPE: MutableMapping[str, Any] = {"type": "http", "method": "GET"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A store with one dialogue."""
    made = House(fresh("sqlite", tmp_path))
    made.run("dialogue_create", small_dialogue("Alpha"))
    yield made
    made.close()


@pytest.fixture
def watcher(house: House, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    """A watcher that looks often and keeps little."""
    monkeypatch.setattr(events, "POLL_SECONDS", 0.005)
    monkeypatch.setattr(events, "KEPT", 5)
    monkeypatch.setattr(events, "PAGE", 3)
    return Watcher(collect([JournalOperations(house.journal)]), CALL.actor, Metrics())


class Ear:
    """A listener's side of a stream."""

    def __init__(self) -> None:
        self.said = b""
        self.taken = anyio.Event()
        self.hang_up = anyio.Event()
        self.deaf = False

    async def receive(self) -> MutableMapping[str, Any]:
        """Wait until the listener goes."""
        await self.hang_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Take what is sent, unless the listener takes nothing."""
        if self.deaf and message["type"] == "http.response.body":
            await anyio.sleep_forever()
        self.said += message.get("body", b"")
        self.taken.set()
        self.taken = anyio.Event()

    def heard(self) -> list[int]:
        """The sequence of every event."""
        lines = [line for line in self.said.decode().splitlines() if line.startswith("data: ")]
        return [json.loads(line.removeprefix("data: "))["sequence"] for line in lines]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until enough was heard."""
        with anyio.fail_after(60):
            while not condition():
                await self.taken.wait()


def tag(house: House, dialogue_id: str, count: int = 1) -> None:
    """So many entries."""
    for _ in range(count):
        house.tags = getattr(house, "tags", 0) + 1  # type: ignore[attr-defined]
        house.run("dialogue_tag", {"dialogue_id": dialogue_id, "add": [f"tag {house.tags}"]})  # type: ignore[attr-defined]


def stream(
    watcher: Watcher, after: int | None = None, dialogue_id: str | None = None, stands: bool = True
) -> EventStream:
    """A stream for a caller whose token stands, or not."""
    return EventStream(watcher, after, dialogue_id, lambda: stands, "ada")


def test_listeners_far_back_and_near_hear_the_same(house: House, watcher: Watcher) -> None:
    """From the store, from what the watcher keeps, or as it comes: each entry once, in order."""
    house.run("dialogue_create", small_dialogue("Beta"))
    tag(house, "alpha", 8)

    async def main() -> None:
        far, near, beta = Ear(), Ear(), Ear()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watcher.watch)
            tasks.start_soon(stream(watcher, after=0), SCOPE, far.receive, far.send)
            tasks.start_soon(stream(watcher), SCOPE, near.receive, near.send)
            tasks.start_soon(stream(watcher, after=0, dialogue_id="beta"), SCOPE, beta.receive, beta.send)
            await far.until(lambda: len(far.heard()) >= 10)
            await near.until(lambda: b"ping" in near.said)
            for _ in range(6):
                await anyio.to_thread.run_sync(tag, house, "alpha", 2)
                await anyio.to_thread.run_sync(tag, house, "beta", 1)
            await far.until(lambda: len(far.heard()) >= 28)
            await near.until(lambda: len(near.heard()) >= 18)
            await beta.until(lambda: len(beta.heard()) >= 7)
            tasks.cancel_scope.cancel()
        assert far.heard() == list(range(1, 29))
        assert near.heard() == list(range(11, 29))
        assert beta.heard() == [2, *range(13, 29, 3)]

    anyio.run(main)


@pytest.mark.parametrize("how", ["hangs up", "is deaf", "is revoked", "server ends"])
def test_streams_end(how: str, watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the listener goes, takes nothing, may listen no more, or the server ends; then nobody is counted."""
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(events, "PATIENCE_SECONDS", 0.05)

    async def main() -> None:
        ear = Ear()
        ear.deaf = how == "is deaf"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watcher.watch)
            with anyio.fail_after(60):
                async with anyio.create_task_group() as listening:
                    answer = stream(watcher, stands=how != "is revoked")
                    listening.start_soon(answer, SCOPE, ear.receive, ear.send)
                    if how == "hangs up":
                        await ear.until(lambda: ear.said.count(b"ping") >= 3)
                        ear.hang_up.set()
                    if how == "server ends":
                        await ear.until(lambda: b"ping" in ear.said)
                        watcher.end()
            tasks.cancel_scope.cancel()
        assert not watcher._listeners

    anyio.run(main)


def test_nothing_is_told_after_a_token_was_revoked(
    house: House, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes long before the next heartbeat is not told to whoever may listen no more: the stream ends instead."""
    monkeypatch.setattr(events, "STANDS_SECONDS", 0.0)

    async def main() -> None:
        ear = Ear()
        with anyio.fail_after(60):
            await stream(watcher, after=0, stands=False)(SCOPE, ear.receive, ear.send)
        assert ear.heard() == []

    tag(house, "alpha", 1)
    anyio.run(main)


def test_no_more_than_so_many_listen(watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is told to come later; once somebody left there is room."""
    monkeypatch.setattr(events, "STREAMS_AT_ONCE", 3)
    monkeypatch.setattr(events, "STREAMS_EACH", 2)

    async def main() -> None:
        with watcher.listening("ada"), watcher.listening("ada"):
            with pytest.raises(HansardError) as caught:
                watcher.must_have_room("ada")
            assert (caught.value.kind, caught.value.code) == ("unavailable", "too_many_streams")
            watcher.must_have_room("bob")
            with watcher.listening("bob"), pytest.raises(HansardError):
                watcher.must_have_room("cyd")
        watcher.must_have_room("ada")

    anyio.run(main)
