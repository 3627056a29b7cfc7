"""Records as Parquet: a file for each table, columns typed as they are in the record, written in groups of rows.

A list of texts is a list of texts; what is free JSON in the record (``parameters``, ``background``) is JSON text, since
its form differs from row to row. The same record gives the same bytes.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import types
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from hansard.dialogue import model
from hansard.exchange import errors
from hansard.kernel import files
from hansard.kernel.errors import extra_missing

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT: Final = "hansard-parquet-1"
MARK: Final = b"hansard"
"""Key of each file's metadata: format, table, and the dialogue where it is of one."""

GROUP_ROWS: Final = 20_000
"""Rows that are held until they are written as one group."""

TABLES: Final[Mapping[str, str]] = {"dialogue": "dialogues", "refs": "references", "judge_claims": "claims_of_judge"}
"""Names of files that are not those of the record's lists."""


def row_types() -> dict[str, type[model.Row]]:
    """The row type of each table, by its file's name."""
    hints = get_type_hints(model.Record)
    found: dict[str, type[model.Row]] = {}
    for name in model.Record.__struct_fields__:
        inner = get_args(hints[name])[0] if get_origin(hints[name]) is list else hints[name]
        found[TABLES.get(name, name)] = inner
    return found


def schemas(dialogue_id: str | None) -> dict[str, pa.Schema]:
    """The Parquet schema of each table, by its file's name.

    Raises:
        HansardError: ``extra_missing``.
    """
    pa = _arrow()
    made = {}
    for table, row in row_types().items():
        mark = json.dumps({"format": FORMAT, "table": table, "dialogue_id": dialogue_id}).encode()
        made[table] = pa.schema(
            [
                pa.field(name, _column(kind), nullable=_nullable(kind))
                for name, kind in [*_hints(row).items(), *_further(row)]
            ],
            metadata={MARK: mark},
        )
    return made


def write_tables(folder: Path, records: Iterable[model.Record], dialogue_id: str | None) -> dict[str, int]:
    """Write every table of these records below a new folder; the number of rows of each.

    Args:
        folder: made here.
        records: read one after the other; none is kept.
        dialogue_id: the only dialogue, where it is one.

    Raises:
        HansardError: ``extra_missing``.
        OSError: the folder cannot be written.
    """
    made = schemas(dialogue_id)
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    counts = dict.fromkeys(made, 0)
    waiting: dict[str, list[dict[str, Any]]] = {table: [] for table in made}
    writers = {
        table: pq.ParquetWriter(folder / f"{table}.parquet", schema, compression="zstd")
        for table, schema in made.items()
    }

    def write(table: str) -> None:
        if waiting[table]:
            writers[table].write_table(pa.Table.from_pylist(waiting[table], made[table]))
            waiting[table].clear()

    try:
        for record in records:
            for table, rows in rows_of(record):
                for row in rows:
                    waiting[table].append(row)
                    counts[table] += 1
                    if len(waiting[table]) >= GROUP_ROWS:
                        write(table)
        for table in made:
            write(table)
    finally:
        for writer in writers.values():
            writer.close()
    return counts


def replace_tables(path: Path, records: Iterable[model.Record], dialogue_id: str | None, name: str) -> dict[str, int]:
    """Write the tables beside ``path`` and put them there at once; the number of rows of each.

    Args:
        path: the folder; an earlier export of the same is replaced, anything else stays.
        records: read one after the other.
        dialogue_id: the only dialogue, where it is one.
        name: what errors call the folder.

    Raises:
        HansardError: ``extra_missing``, ``would_overwrite``, ``file_unwritable``, ``path_unusable``.
    """
    _arrow()
    if os.path.lexists(path) and not is_tables_export(path, dialogue_id):
        raise errors.would_overwrite(name, dialogue_id or "all dialogues")
    mark = secrets.token_hex(8)
    made, old = (path.parent / f".hansard-{mark}.{word}" for word in ("part", "old"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        counts = write_tables(made, records, dialogue_id)
        if path.exists():
            path.rename(old)
        made.rename(path)
    except (OSError, ValueError) as fault:
        if files.is_there(old) and not files.is_there(path):
            old.rename(path)
        raise files.unwritable(name, fault) from None
    finally:
        for left in (made, old):
            shutil.rmtree(left, ignore_errors=True)
    return counts


def rows_of(record: model.Record) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of each table, as they are written."""
    for name in model.Record.__struct_fields__:
        found = getattr(record, name)
        table = TABLES.get(name, name)
        yield table, [_row(row) for row in (found if isinstance(found, list) else [found])]


def is_tables_export(folder: Path, dialogue_id: str | None) -> bool:
    """Whether a folder holds an earlier export of the same dialogue, or of all, and nothing else."""
    import pyarrow.parquet as pq

    try:
        names = {path.name for path in folder.iterdir()}
        if not names or not names <= {f"{table}.parquet" for table in row_types()}:
            return False
        with files.opened(folder / "dialogues.parquet") as file:
            found = pq.read_schema(file).metadata or {}
        mark = json.loads(found.get(MARK, b"{}"))
    except (OSError, ValueError):  # pyarrow's errors are ValueErrors
        return False
    return (mark.get("format"), mark.get("dialogue_id")) == (FORMAT, dialogue_id)


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise extra_missing("parquet", "Parquet") from None
    return pyarrow


def _hints(row: type[model.Row]) -> dict[str, Any]:
    hints = get_type_hints(row)
    return {name: hints[name] for name in row.__struct_fields__}


def _further(row: type[model.Row]) -> list[tuple[str, Any]]:
    """Columns that readers join by: an entity's display id, an event's."""
    return [("id", str)] if row in (model.Entity, model.Exhibit) else [("entity_id", str)] if row is model.Event else []


def _row(row: model.Row) -> dict[str, Any]:
    made = {}
    for name, kind in _hints(type(row)).items():
        value = getattr(row, name)
        plain = _bare(kind) in (str, int, float, list[str])
        made[name] = value if plain or value is None else _json(value)
    if isinstance(row, model.Entity | model.Exhibit):
        made["id"] = row.id
    elif isinstance(row, model.Event):
        made["entity_id"] = str(row.key)
    return made


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()


def _nullable(kind: Any) -> bool:
    return type(None) in get_args(kind)


def _bare(kind: Any) -> Any:
    """A column's type without ``None``; a word of a list is a text."""
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(inner for inner in get_args(kind) if inner is not type(None))
    return str if get_origin(kind) is Literal else kind


def _column(kind: Any) -> pa.DataType:
    import pyarrow as pa

    bare = _bare(kind)
    if bare == list[str]:
        return pa.list_(pa.string())
    return {str: pa.string(), int: pa.int64(), float: pa.float64()}.get(bare, pa.string())
