"""Figures about the server, in the form that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

STREAMS: Final = "events"
"""What streams of events are counted as; how long they stay open is no duration of work."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The figures of one server."""

    def __init__(self, beside: Callable[[], bytes] = bytes) -> None:
        """Figures of a server.

        Args:
            beside: what else is told, in the same form.
        """
        self._beside = beside
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "hansard_http_requests",
            "Requests by operation (or part of the door) and status; 0: the caller did not wait.",
            ("operation", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "hansard_http_request_seconds",
            "Time from a request's first byte to the last of its answer.",
            ("operation",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.open = Gauge("hansard_http_requests_open", "Requests that are being answered.", registry=self._registry)
        self.streams = Gauge("hansard_http_event_streams", "Event streams that are open.", registry=self._registry)
        self._position = Gauge("hansard_journal_position", "The journal's last position.", registry=self._registry)

    def done(self, operation: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(operation, str(status)).inc()
        if operation != STREAMS:
            self._seconds.labels(operation).observe(seconds)

    def text(self, position: int) -> bytes:
        """Every figure, with the journal's position as it is now."""
        self._position.set(position)
        return generate_latest(self._registry) + self._beside()
