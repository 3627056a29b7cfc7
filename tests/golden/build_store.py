"""Builds the golden store of the first schema: ``python -m tests.golden.build_store``.

Run when the schema was released, and never again: from then on, every version must open and verify these bytes. What
the store holds, and who asked for it, is made up; clock and chance are counted.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from hansard.database.tables import record_tables
from hansard.database.verify import all_entries, stream_heads
from hansard.kernel.shapes import Shape, WriteRequest
from tests.support.deliberations import CALL, House, fill
from tests.support.replay import rows, table_names

FOLDER = Path(__file__).resolve().parent
STORE = FOLDER / "store-0001.sqlite"
EXPECTED = FOLDER / "store-0001.json"

ERASED = 7
"""The entry whose payload is erased in the golden store."""


class Erase(WriteRequest):
    """Ask for an entry's payload to be removed."""

    position: int


class Erased(Shape):
    """It is removed."""

    position: int


def build(file: Path) -> dict[str, Any]:
    """Make the store and answer what it must be found to hold."""
    house = House(file)
    try:
        ids = fill(house.run)
        with house.journal.entry("erase", Erase(position=ERASED, request_id="erase-1"), CALL, []) as entry:
            entry.erase([ERASED], record_tables())
            entry.finish(Erased(position=ERASED))
        with house.database.reading() as connection:
            heads = stream_heads(all_entries(connection))
        records = {name: msgspec.to_builtins(house.dialogues.record(name)) for name in ids}
    finally:
        house.close()
    with contextlib.closing(sqlite3.connect(file)) as connection:
        counts = {table: len(rows(connection, table)) for table in table_names(connection)}
    return {"heads": heads, "rows": counts, "records": records}


def main() -> None:
    """Write both files beside this one."""
    STORE.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        expected = build(Path(folder) / "hansard.db")
        with contextlib.closing(sqlite3.connect(Path(folder) / "hansard.db")) as connection:
            connection.execute("VACUUM INTO ?", (str(STORE),))
    EXPECTED.write_text(json.dumps(expected, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
