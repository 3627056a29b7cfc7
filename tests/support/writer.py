"""A process that writes into a store until it is told to stop, killed, or done: ``python -m tests.support.writer``.

It reads one JSON object a line, forks a writer for it (so that a hundred writers start as fast as one) and prints the
writer's process id. A writer prints one line for each write that was answered, once it was answered. With ``alone``
the process reads on only when that writer has ended, and tells how. An empty line ends it when all writers have ended.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401  # whatever a writer needs is imported before it is forked

import hansard.database.migrations  # noqa: F401
from hansard.database.dialect import Place, place
from tests.support.deliberations import House, small_dialogue, small_round


def tell(*words: object) -> None:
    """Print a line in one piece: several writers share the pipe."""
    os.write(1, (json.dumps(words) + "\n").encode())


def rounds(at: Place, name: str, rounds: int, words: int) -> None:
    """Register dialogues of so many rounds, one after the other, for as long as nobody stops it."""
    house = House(at, counted=False)
    for number in range(10_000):
        request_id = f"{name}-{number}"
        title = f"Killed {name} {number}"
        created = house.run("dialogue_create", small_dialogue(title, request_id=request_id))
        tell("created", name, created.dialogue_id, request_id)
        for round_ in range(rounds):
            request_id = f"{name}-{number}-{round_}"
            request = small_round(created.dialogue_id, round_, words="word " * words, request_id=request_id)
            answer = house.run("dialogue_round_register", request)
            tell("registered", name, created.dialogue_id, request_id, answer.id_mapping)


def share(at: Place, name: str, dialogue_id: str, times: int) -> None:
    """Comment the same entity so many times, beside others who do the same."""
    house = House(at, counted=False)
    for number in range(times):
        update = {"id": "T0001", "status": "commented", "by": ["user"], "reason": f"{name} {number}"}
        request = {"dialogue_id": dialogue_id, "updates": [update], "request_id": f"{name}-{number}"}
        house.run("dialogue_update_status", request)
        tell("commented", name, number)
    house.close()


def repeat(at: Place, name: str, dialogue_id: str, times: int) -> None:
    """Send the same requests, with the same request ids, as others do at the same time."""
    house = House(at, counted=False)
    for number in range(times):
        update = {"id": "T0001", "status": "commented", "by": ["user"], "reason": f"same {number}"}
        request = {"dialogue_id": dialogue_id, "updates": [update], "request_id": f"same-{number}"}
        answer = house.run("dialogue_update_status", request)
        tell("answered", name, number, answer.model_dump(mode="json"))
    house.close()


WORK: dict[str, Callable[..., None]] = {"rounds": rounds, "share": share, "repeat": repeat}


def main() -> None:
    """Fork a writer for each line."""
    children = []
    for line in sys.stdin:
        if not line.strip():
            break
        told: dict[str, Any] = json.loads(line)
        named = told.pop("file")
        at = place(named if "://" in named else Path(named))
        work = WORK[told.pop("work")]
        alone = told.pop("alone", False)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                work(at, **told)
                status = 0
            finally:
                os._exit(status)
        tell("started", child)
        if alone:
            tell("ended", [ended(child)])
        else:
            children.append(child)
    if children:
        tell("ended", [ended(child) for child in children])


def ended(child: int) -> int:
    """How a writer ended: 0, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main()
