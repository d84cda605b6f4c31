"""The rows of a tab-separated dump, block by block; those that are not wanted are gone before Python sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ingest.dumps.blocks import Block, Blocks
from ingest.reading import concat, rejection

#: Which rows [n] of a table of text are wanted.
Wanted = Callable[[pa.Table], pa.Array]
_SHOWN = 1000


class Rows:
    """Iterates over tables of text (Arrow, with the physical `line`) that hold the wanted rows of a file.

    `columns` are those that are needed, `header` the names of all columns where the file does not name them, `missing`
    the cell that says nothing. Cells are not quoted. `rejected` says afterwards what could not be read: rows with
    a wrong number of cells or not in UTF-8, the end of a file that breaks off, a file without the columns.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        wanted: Wanted | None = None,
        *,
        header: Sequence[str] | None = None,
        missing: str | None = None,
    ) -> None:
        self._blocks = Blocks(path)
        self._path, self._columns, self._wanted = path, tuple(columns), wanted
        self._header, self._missing = list(header) if header is not None else None, missing
        self._rejected: list[pd.DataFrame] = []

    @property
    def rejected(self) -> pd.DataFrame:
        return concat(*self._rejected, self._blocks.rejected)

    def __iter__(self) -> Iterator[pa.Table]:
        header = self._header
        for block in self._blocks:
            if header is None:
                first, _, rest = block.text.partition(b"\n")
                header = first.decode("utf-8-sig", errors="replace").rstrip("\r").split("\t")
                block = Block(block.line + 1, rest)
            if absent := [name for name in self._columns if name not in header]:
                why = f"the column {absent[0]!r} is missing; there are {', '.join(header)}"
                self._rejected.append(rejection(self._path, 1, why))
                return
            if block.text:
                yield self._table(block, header)

    def _table(self, block: Block, header: list[str]) -> pa.Table:
        try:
            table = self._parsed(block.text, header)
            lines = np.arange(table.num_rows, dtype=np.int64) + block.line
            if table.num_rows != block.text.count(b"\n"):  # empty lines
                raise pa.ArrowInvalid
        except pa.ArrowInvalid:
            text, lines = self._sifted(block, header)
            table = self._parsed(text, header)
        table = table.append_column("line", pa.array(lines))
        return table if self._wanted is None else table.filter(self._wanted(table))

    def _parsed(self, text: bytes, header: list[str]) -> pa.Table:
        if not text.strip(b"\n"):
            return pa.table({name: pa.array([], pa.string()) for name in self._columns})
        return arrow_csv.read_csv(
            pa.BufferReader(text),
            # In one piece: cutting it up for several threads costs more than they gain beside the one that unpacks.
            read_options=arrow_csv.ReadOptions(column_names=header, block_size=len(text) + 1, use_threads=False),
            parse_options=arrow_csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                include_columns=list(self._columns),
                strings_can_be_null=self._missing is not None,
                null_values=[] if self._missing is None else [self._missing],
            ),
        )

    def _sifted(self, block: Block, header: list[str]) -> tuple[bytes, np.ndarray]:
        """The good lines of a block that has bad ones, and their numbers [n]."""
        good, numbers = [], []
        for number, line in enumerate(block.text.split(b"\n")[:-1], start=block.line):
            cells = line.count(b"\t") + 1
            why = "" if cells == len(header) else f"{cells} cells where the header names {len(header)}"
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                why = f"not UTF-8 at byte {error.start + 1}"
            if not why:
                good.append(line)
                numbers.append(number)
            elif line.strip():  # an empty line is not a row
                shown = line[:_SHOWN].decode("utf-8", errors="replace")
                self._rejected.append(rejection(self._path, number, why, shown))
        return b"".join(line + b"\n" for line in good), np.array(numbers, dtype=np.int64)


def is_one_of(table: pa.Table, column: str, values: Sequence[str]) -> pa.Array:
    """bool [n]: the rows whose cell in `column` is one of `values`."""
    return pc.is_in(table[column], value_set=pa.array(list(values), pa.string()))
