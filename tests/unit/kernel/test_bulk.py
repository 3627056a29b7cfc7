"""The collector is paused for bulk work, and never left off."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from hansard.kernel.bulk import collector_paused


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """On before and after each test."""
    gc.enable()
    yield
    gc.enable()


def test_the_collector_goes_on_when_the_last_is_done() -> None:
    """Nested pauses end with the outermost, an error ends one as well."""
    with collector_paused():
        with pytest.raises(ValueError, match="x"), collector_paused():
            raise ValueError("x")
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    """Whoever turned it off decides when it goes on."""
    gc.disable()
    with collector_paused():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_threads_pause_together() -> None:
    """One thread that is done does not turn it on under another that is not."""
    inside, leave, states = threading.Event(), threading.Event(), []

    def long() -> None:
        with collector_paused():
            inside.set()
            leave.wait(10)
            states.append(gc.isenabled())

    thread = threading.Thread(target=long)
    thread.start()
    inside.wait(10)
    with collector_paused():
        pass
    states.append(gc.isenabled())
    leave.set()
    thread.join()
    assert states == [False, False]
    assert gc.isenabled()
