"""A local server that answers with recorded HTTP exchanges: each has an address of its own."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hansard.routing.model import ProviderName
from hansard.routing.providers.wire import wire_of

DROPPED = frozenset({"transfer-encoding", "content-length", "connection", "content-encoding", "alt-svc"})
"""Headers that speak of the connection of then."""


@dataclass(frozen=True)
class Tapes:
    """A server that runs."""

    url: str
    providers: tuple[ProviderName, ...]

    def base_url(self, number: int) -> str:
        """Where an exchange is answered."""
        version = "/v1" if self.providers[number] == "openai" else ""
        return f"{self.url}/{number}{version}"


@contextlib.contextmanager
def answering(interactions: Sequence[Any]) -> Iterator[Tapes]:
    """Serve the responses of these exchanges; ends with the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            told = interactions[int(self.path.split("/")[1])]["response"]
            if "parsed_body" in told:
                body = json.dumps(told["parsed_body"]).encode()
            else:
                text = told["body"]["string"]
                body = text if isinstance(text, bytes) else text.encode()
            self.send_response(told["status"]["code"])
            for name, values in told["headers"].items():
                if name.lower() not in DROPPED:
                    self.send_header(name, values[0])
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        providers: tuple[ProviderName, ...] = tuple(wire_of(each["request"]["uri"]) for each in interactions)
        yield Tapes(f"http://127.0.0.1:{server.server_port}", providers)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
