"""The door of the room: verify what was recorded, examine what it is recorded on."""

from __future__ import annotations

from hansard.custody.doctor import Doctoring
from hansard.custody.verifying import Verifying


class CustodyOperations(Verifying, Doctoring):
    """Custody of the record."""
