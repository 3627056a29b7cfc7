"""The golden store: bytes of the first schema that every later version must open, read and verify.

The second half verifies it a second time with nothing of ours, by docs/journal.md alone: that page is enough to write
a verifier, and what it says is what is stored.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from hansard.database.engine import Database
from hansard.database.tables import record_tables
from hansard.database.verify import verify_store
from hansard.exchange.operations import ExchangeOperations
from hansard.exchange.shapes import DialogueExport
from tests.golden.build_store import ERASED, EXPECTED, STORE
from tests.support.deliberations import CALL, House
from tests.support.replay import rows, table_names

EXPORTS = sorted(STORE.with_name("exports-0001").iterdir())
"""What the program of the first schema exported of the golden store."""

WANTED: dict[str, Any] = json.loads(EXPECTED.read_text(encoding="utf-8"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the golden store that may be opened for writing."""
    return Path(shutil.copy(STORE, tmp_path / "hansard.db"))


@pytest.fixture
def plain() -> Iterator[sqlite3.Connection]:
    """The golden store, read by SQLite alone."""
    with contextlib.closing(sqlite3.connect(f"{STORE.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        yield connection


def test_the_golden_store_verifies(copy: Path) -> None:
    """Opened by this version, the golden store has no finding and the heads that were noted when it was made."""
    database = Database.open(copy)
    try:
        with database.reading() as connection:
            report = verify_store(connection, record_tables())
    finally:
        database.close()
    assert report.findings == []
    assert {stream: list(head) for stream, head in report.heads.items()} == WANTED["heads"]
    assert report.entries == WANTED["rows"]["journal"]


def test_the_golden_store_gets_the_schema_of_a_new_one(copy: Path, tmp_path: Path) -> None:
    """Opened by this version, the golden store has the tables, columns, constraints and indexes of a new store."""
    described = []
    for file in (copy, tmp_path / "new.db"):
        database = Database.open(file)
        with database.reading() as connection:
            looked = sa.inspect(connection)
            looks = (
                looked.get_columns, looked.get_pk_constraint, looked.get_foreign_keys, looked.get_unique_constraints,
                looked.get_check_constraints, looked.get_indexes,
            )  # fmt: skip
            described.append(
                {
                    (name, look.__name__): sorted(
                        map(repr, found if isinstance(found := look(name), list) else [found])
                    )
                    for name in looked.get_table_names()
                    for look in looks
                }
            )
        database.close()
    assert described[0] == described[1]


def test_the_golden_store_still_says_what_it_said(copy: Path) -> None:
    """Every record in it is read with the values that were noted; columns added later are null."""
    house = House(copy)
    try:
        for name, wanted in WANTED["records"].items():
            found = msgspec.to_builtins(house.dialogues.record(name))
            for part, told in wanted.items():
                pairs = zip(told, found[part], strict=True) if isinstance(told, list) else [(told, found[part])]
                for old, new in pairs:
                    assert {key: value for key, value in new.items() if value is not None or key in old} == old
    finally:
        house.close()


def test_the_golden_store_is_exported_as_before_it_was_brought_up(copy: Path, tmp_path: Path) -> None:
    """What the program of the first schema exported of it, this one exports to the byte, journal and all."""
    house = House(copy)
    exchange = ExchangeOperations(house.dialogues, house.journal, lambda _path: True, lambda _path: True)
    try:
        for wanted in EXPORTS:
            path = tmp_path / wanted.name
            exchange.dialogue_export(DialogueExport(dialogue_id=wanted.stem, output_path=str(path)), CALL)
            assert path.read_bytes() == wanted.read_bytes()
    finally:
        house.close()
    assert sorted(path.stem for path in EXPORTS) == sorted(WANTED["records"])


def test_the_golden_store_can_be_written_to(copy: Path) -> None:
    """A write into the golden store continues its chains: everything verifies, and what was there is still there."""
    house = House(copy)
    try:
        [imported] = [name for name in WANTED["records"] if name.startswith("2026")]
        update = {"id": "T0001", "status": "commented", "by": ["user"]}
        [kiln] = [name for name in WANTED["records"] if name != imported]
        house.run("dialogue_update_status", {"dialogue_id": kiln, "updates": [update]})
        with house.database.reading() as connection:
            report = verify_store(connection, record_tables())
        assert report.findings == []
        assert report.entries == WANTED["rows"]["journal"] + 1
    finally:
        house.close()


# -- the same by docs/journal.md alone --------------------------------------------------------------------------------


def seal(salt: str, label: str, data: bytes) -> str:
    """The seal as the page tells it."""
    own = hmac.new(bytes.fromhex(salt), label.encode(), hashlib.sha256).digest()
    return hmac.new(own, data, hashlib.sha256).hexdigest()


def plain_json(value: object) -> str:
    """JSON with sorted keys and no white space, by the standard library."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_the_chains_hold_by_the_page_alone(plain: sqlite3.Connection) -> None:
    """Each body has its hash and its place, and leads to the entry before it in each of its streams."""
    heads: dict[str, tuple[int, str]] = {}
    count = 0
    for position, digest, body in plain.execute("SELECT position, hash, body FROM journal ORDER BY position"):
        count += 1
        entry = json.loads(body)
        assert position == entry["position"] == count
        assert hashlib.sha256(body.encode()).hexdigest() == digest
        assert plain_json(entry) == body
        assert entry["version"] == "hansard-journal-1"
        assert entry["changes"] == sorted(entry["changes"])
        assert entry["streams"] == sorted(entry["streams"])
        for stream, number, previous in entry["streams"]:
            assert (number - 1, previous) == heads.get(stream, (0, "0" * 64))
            heads[stream] = (number, digest)
    assert {stream: list(head) for stream, head in heads.items()} == WANTED["heads"]
    assert count == WANTED["rows"]["journal"]


def test_the_rows_are_sealed_by_the_page_alone(plain: sqlite3.Connection) -> None:
    """The fold of all changes gives exactly the rows that stand there, each with its digest."""
    salts = dict(plain.execute("SELECT position, salt FROM journal_payloads"))
    last: dict[tuple[str, str], tuple[str | None, int]] = {}
    for (body,) in plain.execute("SELECT body FROM journal ORDER BY position"):
        entry = json.loads(body)
        for table, key, digest in entry["changes"]:
            last[table, plain_json(key)] = (digest, entry["position"])
    wanted = {place for place, (digest, _) in last.items() if digest is not None}
    plain.row_factory = sqlite3.Row
    found = set()
    own = {
        "journal",
        "journal_payloads",
        "journal_streams",
        "streams",
        "counters",
        "texts",
        "alembic_version",
        "search",
    }
    for table in set(table_names(plain)) - own:
        keys = [row["name"] for row in plain.execute(f"PRAGMA table_info({table})") if row["pk"]]
        for row in plain.execute(f"SELECT * FROM {table}"):
            key = plain_json([row[name] for name in keys])
            found.add((table, key))
            digest, position = last[table, key]
            rows_salt = hmac.new(bytes.fromhex(salts[position]), b"rows", hashlib.sha256).hexdigest()
            cells = {name: row[name] for name in row.keys() if row[name] is not None}  # noqa: SIM118  # its own keys()
            assert seal(rows_salt, f"row {table} {key}", plain_json(cells).encode()) == digest
    assert found == wanted
    assert len(found) > 40


def test_the_payloads_are_sealed_by_the_page_alone(plain: sqlite3.Connection) -> None:
    """Requests, results, actors and request keys are what the bodies sealed; the erased entry's are gone."""
    plain.row_factory = sqlite3.Row
    bodies = {row["position"]: row for row in plain.execute("SELECT position, body, request_key FROM journal")}
    payloads = {row["position"]: row for row in plain.execute("SELECT * FROM journal_payloads")}
    assert bodies.keys() - payloads.keys() == {ERASED}
    assert json.loads(bodies[ERASED + 7]["body"])["decided"]["erased"] == [ERASED]
    for position, payload in payloads.items():
        entry = json.loads(bodies[position]["body"])
        salt = payload["salt"]
        assert len(salt) == 32
        assert seal(salt, "actor", payload["actor"].encode()) == entry["actor"]["name"]
        assert seal(salt, "request", payload["request"].encode()) == entry["request"]
        assert seal(salt, "result", payload["result"].encode()) == entry["result"]
        key = bodies[position]["request_key"]
        if payload["request_id"] is None:
            assert key is entry["request_key"] is None
        else:
            words = f"request {len(payload['actor'])} {payload['actor']} {payload['request_id']}"
            assert key == hashlib.sha256(words.encode()).hexdigest()
            assert seal(salt, "request_key", key.encode()) == entry["request_key"]


def test_the_texts_stand_under_their_hash_by_the_page_alone(plain: sqlite3.Connection) -> None:
    """Each text has its SHA-256 for a key, and no body of the journal names one."""
    bodies = "".join(body for (body,) in plain.execute("SELECT body FROM journal"))
    texts = plain.execute("SELECT sha256, body FROM texts").fetchall()
    assert len(texts) > 2
    for digest, body in texts:
        assert hashlib.sha256(body.encode()).hexdigest() == digest
        assert len(body.encode()) > 1024 or body.startswith("sha256:")
        assert digest not in bodies


def test_the_golden_store_has_every_table_filled(plain: sqlite3.Connection) -> None:
    """Each table of the first schema holds rows, so that none of them is verified in name only."""
    assert {table: len(rows(plain, table)) for table in table_names(plain)} == WANTED["rows"]
    assert all(WANTED["rows"].values())
