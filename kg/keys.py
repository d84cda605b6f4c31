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
    codes = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    values = whole.dictionary
    if (codes < 0).any():
        codes = np.where(codes < 0, len(values), codes)
        values = pa.concat_arrays([values, pa.nulls(1, values.type)])
    return codes, values


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


def match(stored: pa.Table, rows: pa.Table, columns: tuple[str, ...]) -> Ints:
    """int64 [rows]: the index in `stored` (whose rows are distinct) of the row with the same key, or −1."""
    both = pa.concat_tables([_plain(stored, columns), _plain(rows, columns)])
    packed = pack(both, columns)
    return np.asarray(
        pd.Index(packed[: stored.num_rows]).get_indexer(pd.Index(packed[stored.num_rows :])), dtype=np.int64
    )


def _plain(table: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """`columns` without dictionaries, so that tables from different files can be joined."""
    arrays = []
    for name in columns:
        array = table[name]
        arrays.append(array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array)
    return pa.table(arrays, names=list(columns))


def whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one array."""
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
