"""Hansard: the official record of AI deliberation.

Importing this package loads no third party; each room is imported when something needs it, ``Hansard`` and
``HansardError`` among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hansard.app.api import Hansard
    from hansard.kernel.errors import HansardError

__version__ = "0.1.0"
__all__ = ["Hansard", "HansardError", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Hansard":
        from hansard.app.api import Hansard

        return Hansard
    if name == "HansardError":
        from hansard.kernel.errors import HansardError

        return HansardError
    raise AttributeError(f"module 'hansard' has no attribute '{name}'")
