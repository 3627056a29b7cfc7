"""Somebody with SQL access who knows the journal's format and wants an alteration to pass.

A forger knows everything that stands in the store, salts among it, and nothing that stands outside: no export, no
minutes, no head that anybody noted.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hansard.database.columns import row_bytes
from hansard.database.journal import START, VERSION, row_label, rows_salt, sealed


def encoded(body: dict[str, Any]) -> str:
    """A body as it is stored."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Forger:
    """Alters a store; ``close`` commits."""

    def __init__(self, file: Path) -> None:
        self.sql = sqlite3.connect(file)
        self.sql.execute("PRAGMA foreign_keys=OFF")
        self.sql.execute("PRAGMA ignore_check_constraints=ON")

    def close(self) -> None:
        """Commit."""
        self.sql.commit()
        self.sql.close()

    def __enter__(self) -> Forger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def bodies(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Every entry's position and body."""
        for position, body in self.sql.execute("SELECT position, body FROM journal ORDER BY position").fetchall():
            yield position, json.loads(body)

    def cells(self, table: str, where: str) -> dict[str, Any]:
        """One row."""
        found = self.sql.execute(f"SELECT * FROM {table} WHERE {where}")
        names = [column[0] for column in found.description]
        [row] = found.fetchall()
        return dict(zip(names, row, strict=True))

    def digest(self, position: int, table: str, key: list[Any], where: str) -> str:
        """The digest that an entry would have given a row as it stands now."""
        [(salt,)] = self.sql.execute("SELECT salt FROM journal_payloads WHERE position = ?", (position,))
        return sealed(rows_salt(salt), row_label(table, key), row_bytes(self.cells(table, where)))

    def rewrite(self, position: int, body: dict[str, Any]) -> None:
        """Put another body in an entry's place, with its right hash; what follows is not mended."""
        text = encoded(body)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.sql.execute("UPDATE journal SET body = ?, hash = ? WHERE position = ?", (text, digest, position))

    def mend(self) -> None:
        """Follow all chains from the start and give every link, hash and head the value it must have."""
        heads: dict[str, tuple[int, str]] = {}
        for position, body in self.bodies():
            body["streams"] = [
                [stream, heads.get(stream, (0, START))[0] + 1, heads.get(stream, (0, START))[1]]
                for stream, _, _ in body["streams"]
            ]
            self.rewrite(position, body)
            [(digest,)] = self.sql.execute("SELECT hash FROM journal WHERE position = ?", (position,))
            for stream, number, _ in body["streams"]:
                heads[stream] = (number, digest)
        self.sql.execute("DELETE FROM streams")
        self.sql.executemany("INSERT INTO streams VALUES (?, ?, ?)", [(name, *head) for name, head in heads.items()])

    def append(self, streams: list[str], **parts: Any) -> int:
        """Add a valid entry of these streams, with payload, index, heads and counter; answers its position."""
        [(last,)] = self.sql.execute("SELECT value FROM counters")
        position = int(last) + 1
        salt, actor, request = "ab" * 16, "forger", "{}"
        links: list[list[Any]] = []
        for stream in sorted(streams):
            found = self.sql.execute("SELECT sequence, head FROM streams WHERE stream = ?", (stream,)).fetchone()
            sequence, head = found or (0, START)
            links.append([stream, sequence + 1, head])
        body: dict[str, Any] = {
            "version": VERSION, "position": position, "time": "2026-03-01T10:00:00.000000Z", "operation": "forge",
            "rules": "1", "actor": {"known_by": "test", "name": sealed(salt, "actor", actor.encode())},
            "request_key": None, "decided": {}, "request": sealed(salt, "request", request.encode()),
            "result": sealed(salt, "result", request.encode()), "changes": [], "streams": links,
        } | parts  # fmt: skip
        self.sql.execute("INSERT INTO journal (position, hash, body) VALUES (?, '', '')", (position,))
        self.rewrite(position, body)
        [(digest,)] = self.sql.execute("SELECT hash FROM journal WHERE position = ?", (position,))
        payload = (position, salt, actor, None, request, request)
        self.sql.execute("INSERT INTO journal_payloads VALUES (?, ?, ?, ?, ?, ?)", payload)
        for stream, number, _ in body["streams"]:
            self.sql.execute("INSERT INTO journal_streams VALUES (?, ?, ?)", (stream, number, position))
            self.sql.execute("INSERT OR REPLACE INTO streams VALUES (?, ?, ?)", (stream, number, digest))
        self.sql.execute("UPDATE counters SET value = ?", (position,))
        return position
