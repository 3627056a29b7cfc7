"""Permits: who lets an agent act. A room below asks for one before it spends money; whoever knows agents makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


def _holds() -> None:
    """A permit that nothing takes back."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to act for an agent."""

    agent: str | None
    """Whom it is for; ``None`` for a caller who acts for none and says so (``ANONYMOUS``)."""
    check: Callable[[], None] = _holds
    """Called before each step that costs something, and quick; raises ``HansardError`` (``refused``) where the permit
    does not hold (any more), because its agent was paused, say."""


ANONYMOUS: Final = Permit(None)
"""For a caller who acts for no agent."""
