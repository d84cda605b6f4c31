"""The rows of a tab-separated dump, block by block; those that are not wanted are gone before Python sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ingest.dumps.blocks import Block, Blocks
from ingest.dumps.numbered import Numbers, leading
from ingest.reading import concat, rejection
from kg.keys import Ints

#: Which rows [n] of a table of text are wanted.
Wanted = Callable[[pa.Table], pa.Array]
_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Key:
    """Rows are wanted whose `column` is in the set `kept`. It is the first column, or stands after the text `before`:
    so rows are told apart by their first bytes, and most of a dump is never cut into cells."""

    column: str
    kept: Numbers
    before: str = ""


class Rows:
    """Iterates over tables of text (Arrow, with the physical `line`) that hold the wanted rows of a file.

    `columns` are those that are needed, among them that of `key`; `header` the names of all columns where the file does
    not name them, `missing` the cell that says nothing. Cells are not quoted. `rejected` says afterwards what could not
    be read: rows with a wrong number of cells, wanted ones that are not in UTF-8, the end of a file that breaks off,
    a file without the columns.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        wanted: Wanted | None = None,
        *,
        key: Key | None = None,
        header: Sequence[str] | None = None,
        missing: str | None = None,
    ) -> None:
        self._blocks = Blocks(path)
        self._path, self._columns, self._wanted = path, tuple(columns), wanted
        self._key = key
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
        text, lines = self._likely(block, header)
        try:
            table = self._parsed(text, header)
            if table.num_rows != len(lines):  # empty lines
                raise pa.ArrowInvalid
        except pa.ArrowInvalid:
            text, lines = self._sifted(block, header)
            table = self._parsed(text, header)
        table = table.append_column("line", pa.array(lines))
        if self._key is not None:
            table = table.filter(self._key.kept.has(table[self._key.column]))
        return table if self._wanted is None else table.filter(self._wanted(table))

    def _likely(self, block: Block, header: list[str]) -> tuple[bytes, Ints]:
        """The lines of a block that the key may want, and their numbers [n]; all of one in which cells are missing."""
        key, ends = self._key, block.ends
        lines = np.arange(len(ends)) + block.line
        if key is None or len(header) < 2 or header.index(key.column) != key.before.count("\t"):
            return block.text, lines
        characters, starts = block.characters, np.concatenate([[0], ends[:-1]])
        tabs, each = np.flatnonzero(characters == ord("\t")), len(header) - 1
        if len(tabs) != each * len(ends) or (tabs[::each] < starts).any() or (tabs[each - 1 :: each] >= ends).any():
            return block.text, lines
        found = leading(characters, starts, key.before + key.kept.prefix, key.kept.suffix + "\t")
        likely = np.flatnonzero((found < 0) | key.kept.holds(found))
        first = np.flatnonzero(np.diff(likely, prepend=-2) != 1)  # of each run of lines
        last = np.flatnonzero(np.diff(likely, append=-2) != 1)
        runs = zip(starts[likely[first]].tolist(), ends[likely[last]].tolist(), strict=True)
        return b"".join([block.text[a:b] for a, b in runs]), lines[likely]

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

    def _sifted(self, block: Block, header: list[str]) -> tuple[bytes, Ints]:
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
