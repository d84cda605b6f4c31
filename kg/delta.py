"""Delta Lake under a snapshot: what is written becomes visible only when a snapshot names its version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError

from kg.errors import WorkspaceDamaged, WorkspaceNotWritten
from kg.tables import TableSpec

# Old versions are removed by vacuum, which knows what releases need, and never by the log's own clean-up.
_CONFIGURATION = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
_WRITER = WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=1 << 18)


def create(path: Path, spec: TableSpec) -> int:
    """Make an empty table; returns its version."""
    table = DeltaTable.create(path, spec.schema, name=spec.name, configuration=_CONFIGURATION)
    return table.version()


def _at(path: Path, version: int) -> DeltaTable:
    try:
        return DeltaTable(path, version=version)
    except (DeltaError, OSError) as error:
        raise WorkspaceDamaged(path, f"version {version}: {error}") from error


def dataset(path: Path, version: int, *, dictionary: tuple[str, ...] = ()) -> ds.Dataset:
    """The table as it was at `version`; `dictionary` names text columns to read as dictionaries."""
    options = ds.ParquetReadOptions(dictionary_columns=list(dictionary)) if dictionary else None
    return _at(path, version).to_pyarrow_dataset(parquet_read_options=options)


def files(path: Path, version: int) -> list[str]:
    """The names of the files that make the table at `version`: its rows, and the log that says which they are."""
    log = (f"_delta_log/{number:020d}.json" for number in range(version + 1))
    rows = (Path(uri).name for uri in _at(path, version).file_uris())
    return [*(name for name in log if (path / name).exists()), *sorted(rows)]


def append(path: Path, version: int, rows: pa.Table) -> int:
    """Add `rows` after `version`; returns the new version."""
    if rows.num_rows == 0:
        return version
    with _writing(path):
        write_deltalake(_rewound(path, version), rows, mode="append", writer_properties=_WRITER)
        return DeltaTable(path).version()


def replace(path: Path, version: int, rows: pa.Table, *, source: str | None = None) -> int:
    """Put `rows` in the place of all rows, or of all rows of `source`; returns the new version."""
    predicate = None if source is None else "source = '" + source.replace("'", "''") + "'"
    with _writing(path):
        table = _rewound(path, version)
        if predicate is not None and rows.num_rows == 0:
            table.delete(predicate)
        else:
            write_deltalake(table, rows, mode="overwrite", predicate=predicate, writer_properties=_WRITER)
        return DeltaTable(path).version()


def put(path: Path, rows: pa.Table) -> int:
    """Put `rows` in the place of all rows, as one more version in any case; returns it."""
    write_deltalake(DeltaTable(path), rows, mode="overwrite", writer_properties=_WRITER)
    return DeltaTable(path).version()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (DeltaError, OSError) as error:
        raise WorkspaceNotWritten(path, str(error).splitlines()[0]) from error


def _rewound(path: Path, version: int) -> DeltaTable:
    """The table with `version` as its newest state: what a killed writer left after it is undone."""
    table = DeltaTable(path)
    if table.version() != version:
        table.restore(version)
        table = DeltaTable(path)
    return table
