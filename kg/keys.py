"""Rows as integers: the vectorised core of deduplication and comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Ints = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

_LIMIT = 1 << 62


def chunked(array: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def encode(array: pa.Array | pa.ChunkedArray) -> tuple[Ints, pa.Array]:
    """Codes [n] and the distinct values they number. An empty cell is a value of its own."""
    column = chunked(array)
    if len(column) == 0:
        values = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        return np.empty(0, dtype=np.int64), pa.array([], values)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    indices, values = whole.indices, whole.dictionary
    if indices.null_count:
        indices = pc.fill_null(indices, len(values))
        values = pa.concat_arrays([values, pa.nulls(1, values.type)])
    return indices.to_numpy().astype(np.int64), values


def pack(table: pa.Table, columns: tuple[str, ...]) -> Ints:
    """int64 [n]: equal where rows agree in all `columns`."""
    packed = np.zeros(table.num_rows, dtype=np.int64)
    span = 1
    for name in columns:
        codes, values = encode(table[name])
        size = max(len(values), 1)
        if span * size >= _LIMIT:
            packed, distinct = pd.factorize(packed)
            span = max(len(distinct), 1)
        packed = packed * size + codes
        span *= size
    return packed


def first_of_each(packed: Ints) -> Flags:
    """bool [n]: the first row of each kind."""
    return ~np.asarray(pd.Series(packed).duplicated().to_numpy(), dtype=bool)


def ordered(table: pa.Table, column: str) -> pa.Table:
    """The rows in the order of a text column."""
    codes, values = encode(table[column])
    rank = np.empty(len(values), dtype=np.int64)
    rank[pc.sort_indices(values).to_numpy()] = np.arange(len(values))
    return table.take(pa.array(np.argsort(rank[codes], kind="stable")))


def pick(table: pa.Table, mask: Flags) -> pa.Table:
    """The rows where `mask`, without a copy where that is all of them."""
    return table if mask.all() else table.filter(pa.array(mask))


def match(stored: pa.Table, rows: pa.Table, columns: tuple[str, ...]) -> Ints:
    """int64 [rows]: the index in `stored` (whose rows are distinct) of the row with the same key, or −1."""
    if stored.num_rows == 0:
        return np.full(rows.num_rows, -1, dtype=np.int64)
    packed = pack(pa.concat_tables([_encoded(stored, columns), _encoded(rows, columns)]), columns)
    return np.asarray(
        pd.Index(packed[: stored.num_rows]).get_indexer(pd.Index(packed[stored.num_rows :])), dtype=np.int64
    )


def _encoded(table: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """`columns` with texts as dictionaries, so that tables from different places can be joined."""
    arrays = [table[name] for name in columns]
    arrays = [array.dictionary_encode() if pa.types.is_string(array.type) else array for array in arrays]
    return pa.table(arrays, names=list(columns))


def whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array."""
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
