"""The exit codes: one table for the program, its help and its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hansard.kernel.errors import HansardError

OK: Final = 0
FOUND: Final = 1
USAGE: Final = 2
INTERNAL: Final = 70
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

BY_KIND: Final[dict[str, int]] = {
    "invalid": 3,
    "not_found": 4,
    "conflict": 5,
    "refused": 6,
    "unavailable": 7,
    "corrupt": 8,
}
"""The code of a refusal, by its kind (``kernel.errors``)."""

MEANINGS: Final[dict[int, str]] = {
    OK: "done",
    FOUND: "done, and a fault was found (verify, doctor, import)",
    USAGE: "the command line itself is wrong",
    3: "invalid: mend the request and send it again",
    4: "not found: it names something that is not there",
    5: "conflict: it collides with what is recorded",
    6: "refused: well formed and not allowed",
    7: "unavailable: something is missing or busy; the same may succeed later",
    8: "corrupt: what is stored is not what was stored",
    INTERNAL: "a fault of Hansard itself",
    INTERRUPTED: "interrupted (Ctrl-C)",
    PIPE_CLOSED: "the reader of a pipe went away",
}
"""What each exit code means."""


def code_of(fault: HansardError) -> int:
    """The exit code of a refusal: by its kind, unless the command line itself is what is wrong."""
    return USAGE if fault.constraint == "usage" else BY_KIND[fault.kind]


def epilog() -> str:
    """The table as the end of the help."""
    codes = "\n".join(f"{code:>5}  {meaning}" for code, meaning in MEANINGS.items())
    return f"Exit codes:\n{codes}"
