"""Memory: an append-only binary log for records that come in thousands a second."""

from typing import Final

FOLDER: Final = "memory"
"""Below the home: where the log is."""
