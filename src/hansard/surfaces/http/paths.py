"""Where things stand on the server: below one prefix the operations and events, beside it what is about the server."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "/api/v1"
EVENTS: Final = f"{PREFIX}/events"
OPENAPI: Final = "/api/openapi.json"
METRICS: Final = "/metrics"
HEALTH: Final = "/healthz"
MCP: Final = "/mcp"
