"""Locks: one holder among processes, and none once it is dead."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansard.kernel.errors import HansardError
from hansard.kernel.locks import file_lock
from tests.conftest import scale
from tests.support.processes import lines, open_folder, plain_user, python

HOLD = """
import sys
from pathlib import Path
from hansard.kernel.locks import file_lock
with file_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""

COUNT = """
import sys
from pathlib import Path
from hansard.kernel.locks import file_lock
lock, counter = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(int(sys.argv[3])):
    with file_lock(lock):
        counter.write_text(str(int(counter.read_text()) + 1))
"""


def test_processes_take_turns(tmp_path: Path) -> None:
    """Four processes that read, add one and write lose none of their turns."""
    counter, times = tmp_path / "counter", scale(100)
    counter.write_text("0")
    workers = [python("-c", COUNT, str(tmp_path / "lock"), str(counter), str(times)) for _ in range(4)]
    assert [worker.wait(timeout=120) for worker in workers] == [0] * 4
    for worker in workers:
        worker.communicate()
    assert counter.read_text() == str(4 * times)


def test_a_lock_that_is_held_is_told_and_a_dead_holder_gives_it_back(tmp_path: Path) -> None:
    """While a process holds the lock another is refused after its wait; once that process is killed it gets in."""
    lock = tmp_path / "folder" / "lock"
    with python("-c", HOLD, str(lock)) as holder:
        assert next(lines(holder)) == "held"
        with pytest.raises(HansardError) as caught, file_lock(lock, wait_seconds=0.1):
            pytest.fail("two held the lock")
        assert (caught.value.code, caught.value.kind) == ("lock_busy", "unavailable")
        assert "'lock'" in caught.value.message
        holder.kill()
    with file_lock(lock, wait_seconds=30):
        assert lock.exists()


def test_a_lock_is_given_back_after_an_error_and_held_once_in_a_process(tmp_path: Path) -> None:
    """An error inside gives the lock back; inside one process, too, a second taker is refused."""
    with pytest.raises(ZeroDivisionError), file_lock(tmp_path / "lock"):
        raise ZeroDivisionError
    with file_lock(tmp_path / "lock"), pytest.raises(HansardError), file_lock(tmp_path / "lock", wait_seconds=0):
        pytest.fail("two held the lock")


def test_a_lock_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """Where the lock's file cannot be made the refusal says why, without a path."""
    (tmp_path / "file").touch()
    with pytest.raises(HansardError) as caught, file_lock(tmp_path / "file" / "lock"):
        pytest.fail("held")
    assert caught.value.code == "file_unwritable"
    with open_folder() as folder, plain_user(), pytest.raises(HansardError) as caught, file_lock(folder / "x" / "lock"):
        pytest.fail("held")
    assert (caught.value.code, str(folder) in caught.value.message) == ("file_unwritable", False)
