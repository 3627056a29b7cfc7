"""Memory: an append-only binary log for records that come in thousands a second."""
