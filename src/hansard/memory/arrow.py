"""Records as Arrow batches: what pandas, polars, DuckDB, Parquet and Arrow files take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from hansard.memory.filters import ALIASES
from hansard.memory.pulse import BLOBS
from hansard.memory.view import COMPUTED, SINGLE, Column, Numbers, Rows, View

TEXT: Final = pa.dictionary(pa.int32(), pa.string())
SHAPE: Final = pa.list_(pa.int64(), 2)
LISTS: Final = {
    "flags": pa.list_(pa.string()),
    "train_pair_indices": pa.list_(pa.int64()),
    "grid_shape_in": SHAPE,
    "grid_shape_out": SHAPE,
}
NUMBERS: Final = {"n": pa.float64(), "w": pa.uint32(), "f": pa.bool_()}

_encode: Final = msgspec.msgpack.Encoder().encode


class Batches:
    """The columns of records, a batch a segment, so that no more than one need be held at a time.

    Columns that no filter cut are the file's own bytes, where Arrow has the same form for them.
    """

    def __init__(self, found: Sequence[tuple[View, Rows]], names: Sequence[str] = (), *, blobs: bool = False) -> None:
        """Batches of these records.

        Args:
            found: the records.
            names: of these columns, by the names that they are given; all when there are none.
            blobs: with the three maps as MessagePack.
        """
        self._found = found
        self._texts: dict[str, _Texts] = {}
        header = [*SINGLE, "train_pair_indices"]
        others = {name for view, _ in found for name in view.names()} - set(header)
        self._names = list(dict.fromkeys(names)) or [*header, *sorted(others)]
        self._blobs = BLOBS if blobs else ()
        fields = [pa.field(name, self._type(name)) for name in self._names]
        self.schema = pa.schema([*fields, *(pa.field(name, pa.binary()) for name in self._blobs)])

    def _type(self, name: str) -> pa.DataType:
        name = ALIASES.get(name, name)
        if name in COMPUTED:
            return pa.int64()
        if name in LISTS:
            return LISTS[name]
        kinds = {column.kind for view, _ in self._found if (column := view.column(name)) is not None}
        return NUMBERS.get(min(kinds, default="v"), TEXT)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for view, rows in self._found:
            arrays = [self._array(view, name, rows) for name in self._names]
            if self._blobs:
                raws = [list(map(_encode, maps)) for maps in _maps(view, rows)]
                arrays += [pa.array((raw[place] for raw in raws), pa.binary()) for place in range(len(self._blobs))]
            yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def table(self) -> pa.Table:
        """All of them."""
        return pa.Table.from_batches(self, self.schema)

    def _array(self, view: View, name: str, rows: Rows) -> pa.Array:
        form, name = self.schema.field(name).type, ALIASES.get(name, name)
        length = view.count(rows)
        if name in COMPUTED:
            return pa.array(view.computed(name, view.each(rows)))
        column = view.column(name)
        if column is None:
            return pa.nulls(length, form)
        data = np.full(length, column.data) if column.constant else column.data if rows is None else column.data[rows]
        if column.kind == "v":
            return self._values(view, column, name, data)
        if column.kind == "f":
            return pa.array(data == 1, mask=data == 2)
        mask = np.isnan(data) if column.kind == "n" else None
        return pa.array(data, mask=mask if mask is not None and mask.any() else None).cast(form)

    def _values(self, view: View, column: Column, name: str, data: Numbers) -> pa.Array:
        """Texts as a dictionary of Arrow's, lists as lists."""
        used, inverse = np.unique(data, return_inverse=True)
        values = [None if place == column.absent else view.values[place] for place in used.tolist()]
        if name in LISTS:
            return pa.array(values, LISTS[name]).take(pa.array(inverse))
        return self._texts.setdefault(name, _Texts()).array(values, inverse)


class _Texts:
    """The dictionary of a column: it only grows, as files of Arrow's want it, which hold one for all batches."""

    def __init__(self) -> None:
        self._places: dict[Any, int] = {}

    def array(self, values: Sequence[Any], inverse: Numbers) -> pa.DictionaryArray:
        places = [-1 if value is None else self._places.setdefault(value, len(self._places)) for value in values]
        indices = np.array(places, np.int32)[inverse]
        found = pa.array(indices, mask=indices < 0)
        return pa.DictionaryArray.from_arrays(found, pa.array(self._places, pa.string()))


def _maps(view: View, rows: Rows) -> Iterator[tuple[Any, ...]]:
    for part, form in view.chunks(rows):
        yield from view.maps_of(form, part, fresh=False)
