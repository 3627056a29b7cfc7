"""Records as an Arrow table: what pandas, polars, DuckDB and Parquet take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from hansard.memory.pulse import BLOBS, HEADER_COLUMNS
from hansard.memory.view import COMPUTED_ORDER, Numbers, View

LISTS = {"flags": pa.list_(pa.string()), "train_pair_indices": pa.list_(pa.int64())}
SHAPE = pa.list_(pa.int64(), 2)
NUMBERS = {"n": pa.float64(), "w": pa.uint32(), "f": pa.bool_()}


def table(found: Sequence[tuple[View, Numbers | None]], *, blobs: bool) -> pa.Table:
    """The columns of these records, a chunk a segment. Columns that no filter cut are the file's own bytes."""
    header = [*COMPUTED_ORDER, "train_pair_indices"]
    others = {name for view, _ in found for name in view.names()} - set(header)
    names = [*header, *sorted(others)]
    columns = {name: [_chunk(view, name, rows) for view, rows in found] for name in names}
    arrays, fields = [], []
    for name in names:
        kind = _kind(name, columns[name])
        fields.append(pa.field(name, kind))
        arrays.append(pa.chunked_array([chunk.cast(kind) for chunk in columns[name]], kind))
    if blobs:
        raws = [list(zip(*_blobs(view, rows), strict=True)) for view, rows in found]
        for place, name in enumerate(BLOBS):
            fields.append(pa.field(name, pa.binary()))
            arrays.append(pa.chunked_array([pa.array(raw[place], pa.binary()) for raw in raws], pa.binary()))
    return pa.table(arrays, schema=pa.schema(fields))


def _kind(name: str, chunks: Iterable[pa.Array]) -> pa.DataType:
    """One type for all segments: a column that one of them lacks has the null type there."""
    if name in ("pulse_id", "worker_id", "seq"):
        return pa.int64()
    header = {column.name: column.kind for column in HEADER_COLUMNS}
    if header.get(name) in NUMBERS:
        return NUMBERS[header[name]]
    kinds = [chunk.type for chunk in chunks if not pa.types.is_null(chunk.type)]
    return kinds[0] if kinds else pa.string()


def _chunk(view: View, name: str, rows: Numbers | None) -> pa.Array:
    if name in ("pulse_id", "worker_id", "seq"):
        there = np.arange(view.rows) if rows is None else rows
        if name == "seq":
            return pa.array(there + view.head.first_seq)
        return pa.array(view.pulses_of(there) if name == "pulse_id" else np.full(len(there), view.head.worker))
    length = view.rows if rows is None else len(rows)
    column = view.column(name)
    if column is None:
        return pa.nulls(length)
    if column.kind == "v":
        return _values(view, name, column.data, column.constant, column.absent, rows, length)
    if column.constant:
        data: Any = np.full(length, column.data)
    else:
        data = column.data if rows is None else column.data[rows]
    if column.kind == "f":
        return pa.array(data == 1, mask=data == 2)
    if column.kind == "n" and np.isnan(data).any():
        return pa.array(data, mask=np.isnan(data))
    return pa.array(data)


def _values(
    view: View, name: str, data: Any, constant: bool, absent: float, rows: Numbers | None, length: int
) -> pa.Array:
    """Texts as a dictionary of Arrow's, lists as lists."""
    places = np.full(length, data) if constant else (data if rows is None else data[rows])
    used, inverse = np.unique(places, return_inverse=True)
    values = [None if place == absent else view.values[place] for place in used.tolist()]
    kind = SHAPE if name.startswith("grid_shape") else LISTS.get(name, pa.string())
    small = pa.array([list(value) if isinstance(value, tuple) else value for value in values], kind)
    taken = small.take(pa.array(inverse.astype(np.int32)))
    return taken if kind != pa.string() else taken.dictionary_encode()


_encode = msgspec.msgpack.Encoder().encode


def _blobs(view: View, rows: Numbers | None) -> Iterable[tuple[bytes, ...]]:
    for part, form in view.chunks(rows):
        for maps in view.maps_of(form, part, fresh=False):
            yield tuple(map(_encode, maps))
