"""Dumps by mapping files: the wanted rows of a table, gathered from its blocks, mapped like any other table's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, reduce
from importlib.resources import as_file, files
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ingest.building import BatchBuilder
from ingest.dumps.rows import Wanted, is_one_of
from ingest.mapping import SUFFIX, TableMapping, read_mapping
from ingest.table import map_rows

#: Rows that are mapped at once.
_AT_ONCE = 1 << 18


@cache
def mappings(package: str, table: str) -> tuple[TableMapping, ...]:
    """The mapping files of `table` in `package`: ``table.mapping.toml``, or several ``table.….mapping.toml``."""
    found = []
    for file in sorted(files(package).iterdir(), key=lambda f: f.name):
        if file.name.startswith(f"{table}.") and file.name.endswith(SUFFIX):
            with as_file(file) as path:
                found.append(read_mapping(path))
    return tuple(found)


def wanted_by(mapping: TableMapping) -> Wanted:
    """The rows that the mapping's [where] asks for."""

    def wanted(table: pa.Table) -> pa.Array:
        every = pa.repeat(True, table.num_rows)
        parts = (is_one_of(table, column, sorted(values)) for column, values in mapping.where.items())
        return reduce(pc.and_, parts, every)

    return wanted


def gathered(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows of `tables` in fewer tables."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(t.num_rows for t in waiting) >= _AT_ONCE:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def take(mapping: TableMapping, builder: BatchBuilder, path: Path, rows: pa.Table) -> None:
    """Map the rows that the mapping wants into `builder`."""
    rows = rows.filter(wanted_by(mapping)(rows))
    if rows.num_rows:
        frame = rows.to_pandas()
        for column in rows.schema:
            if pa.types.is_list(column.type):  # which pandas would have as arrays
                frame[column.name] = pd.Series(rows[column.name].to_pylist(), dtype=object)
        map_rows(mapping, frame, path, builder)
