"""``python -m tests.support.asker HOME``: a process that asks models as it is told, line by line of JSON.

``{"ask": {...}}`` answers with the model and the outcomes of all attempts; ``{"health": true}`` with the breakers.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from hansard import Hansard
from hansard.kernel.errors import HansardError


def answer(hansard: Hansard, order: dict[str, Any]) -> Any:
    """What an order comes to."""
    if "health" in order:
        return {one.model: one.breaker for one in hansard.route_health().models}
    try:
        told = hansard.call("route_ask", order["ask"])
    except HansardError as fault:
        return {"refused": fault.code}
    return {"model": told.model, "outcomes": [[one.model, one.outcome] for one in told.attempts]}


def main() -> None:
    """Until standard input ends."""
    with Hansard(sys.argv[1], actor="asker") as hansard:
        print(json.dumps("ready"), flush=True)
        for line in sys.stdin:
            print(json.dumps(answer(hansard, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
