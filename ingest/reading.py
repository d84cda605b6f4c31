"""Delimited text into frames of text: encodings, packing and broken lines are dealt with here and nowhere else."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from ingest.rows import Rows
from ingest.streams import LONGEST_ROW, Unreadable, pieces

REJECTED_COLUMNS = ("file", "line", "reason", "row")


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table as it stands in a file.

    `frame`: every column as text (dtype ``str``, empty where missing), and ``line`` (int64): the physical line where
    the row starts. `rejected`: file, line, reason, row of what could not be read.
    """

    frame: pd.DataFrame
    rejected: pd.DataFrame


def read_table(
    path: Path,
    *,
    required: Sequence[str],
    separator: str = ",",
    header: Sequence[str] | None = None,
    quoted: bool = True,
    missing: Sequence[str] = ("",),
) -> RawTable:
    """Read delimited UTF-8 text, plain or packed by gzip, bzip2, xz or zip.

    `header` names the columns of a file that does not; `quoted`: cells may stand in double quotes; `missing` are the
    cells that say nothing. "N/A", "NaN" and "None" are text unless named there. In a file that repeats a column name,
    or calls a column ``line``, the later column is called ``name (2)``.

    Nothing is raised for what is wrong in the file. A row that is not UTF-8, has a wrong number of cells or is longer
    than 1 MiB goes to `rejected`, and so does, once, an archive that breaks off or a file without the `required`
    columns, whose frame is empty.
    """
    header_rows = 0 if header is not None else 1
    rows = Rows(path, separator, quoted)
    if header is None:
        first = next(rows, None)
        if first is None or first.problem:
            why = rows.error or (f"the header can't be read: {first.problem}" if first else "the file is empty")
            return RawTable(_frame([], required, missing), rejection(path, 1, why))
        header = [cell.strip() for cell in first.cells]
        if absent := [name for name in required if name not in header]:
            why = f"the column {absent[0]!r} is missing; there are {', '.join(header)}"
            return RawTable(
                _frame([], required, missing), rejection(path, first.line, why, separator.join(first.cells))
            )
    names = _distinct(header)
    frame = _fast(path, names, separator, quoted, missing, header_rows)
    if frame is not None:
        return RawTable(frame, no_rejections())
    good: list[list[str]] = []
    at: list[int] = []
    bad: list[tuple[int, str, str]] = []
    for row in rows:
        if row.problem:
            bad.append((row.line, row.problem, row.text))
        elif len(row.cells) != len(names):
            bad.append((row.line, f"{len(row.cells)} cells where the header names {len(names)}", row.text))
        else:
            good.append(row.cells)
            at.append(row.line)
    if rows.error:
        bad.append((rows.error_line, rows.error, ""))
    elif not good and not bad and header_rows == 0:
        bad.append((1, "the file is empty", ""))
    rejected = pd.DataFrame(bad, columns=["line", "reason", "row"]).assign(file=path.name)
    return RawTable(
        _frame(good, names, missing).assign(line=np.array(at, dtype=np.int64)), rejected[list(REJECTED_COLUMNS)]
    )


def _distinct(header: Sequence[str]) -> list[str]:
    """The column names with repeats numbered; ``line`` is taken."""
    counts = {"line": 1}
    names = []
    for name in header:
        counts[name] = counts.get(name, 0) + 1
        names.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return names


def _frame(rows: list[list[str]], names: Sequence[str], missing: Sequence[str]) -> pd.DataFrame:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    frame = pd.DataFrame({n: pd.Series(list(c), dtype="str") for n, c in zip(names, columns, strict=True)})
    frame = frame.mask(frame.isin(list(missing)))
    return frame.assign(line=np.arange(len(frame), dtype=np.int64))


# -- the quick way, for files without a fault


class _Tap(io.RawIOBase):
    """The unpacked bytes of a file as a stream, counting its physical lines."""

    def __init__(self, path: Path) -> None:
        self._pieces = pieces(path)
        self._rest = b""
        self._last = b"\n"
        self.line_feeds = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._pieces, b"")
            if self._rest:
                self.line_feeds += self._rest.count(b"\n")
                self._last = self._rest[-1:]
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    @property
    def lines(self) -> int:
        return self.line_feeds + (self._last != b"\n")


def _fast(
    path: Path, names: Sequence[str], separator: str, quoted: bool, missing: Sequence[str], header_rows: int
) -> pd.DataFrame | None:
    """The table by Arrow's reader, or None where the file needs a closer look."""
    tap = _Tap(path)
    try:
        table = arrow_csv.read_csv(
            tap,
            read_options=arrow_csv.ReadOptions(column_names=list(names), skip_rows=header_rows, block_size=LONGEST_ROW),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, quote_char='"' if quoted else False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=list(missing)
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError, Unreadable):
        return None
    if table.num_rows != tap.lines - header_rows:  # quoted line ends, empty lines, stray carriage returns
        return None
    return table.to_pandas().assign(line=np.arange(table.num_rows, dtype=np.int64) + 1 + header_rows)


# -- cells


def numbers(frame: pd.DataFrame, column: str, *, integer: bool = False) -> tuple[pd.Series, pd.Series]:
    """The numbers in a column of text, and a mask of the cells that are not one.

    Values are float64 (missing and bad: NaN), or with `integer` Int64, where "1995.0" is a whole number and "1995.5"
    is not one. "inf" and "nan" are no numbers.
    """
    text = frame[column]
    values = pd.to_numeric(text, errors="coerce").astype("float64")
    bad = text.notna() & ~np.isfinite(values)
    if integer:
        bad |= (values % 1 != 0) & values.notna()
        return values.mask(bad).astype("Int64"), bad
    return values.mask(bad), bad


def dates(frame: pd.DataFrame, column: str, format: str | None = None) -> tuple[pd.Series, pd.Series]:
    """The dates in a column of text (ISO 8601, or as `format` says) as datetime64, and a mask of the others."""
    values = pd.to_datetime(frame[column].str.strip(), errors="coerce", format=format or "ISO8601")
    return values, frame[column].notna() & values.isna()


def literals(cells: pd.Series) -> pd.Series:
    """The lists written in a column of text as Python or JSON literals: ``None`` for a bad cell, ``[]`` for a missing.

    Each distinct text is parsed once, and never evaluated.
    """
    parsed = {text: _literal(text) for text in cells.dropna().unique()}
    values = [[] if missing else parsed[text] for text, missing in zip(cells, cells.isna(), strict=True)]
    return pd.Series(values, index=cells.index, dtype=object)


def _literal(text: str) -> list[Any] | None:
    # A Python list without double quotes and escapes becomes JSON, which is read ten times as fast, by its quotes.
    swapped = text if '"' in text else text.replace("'", '"') if "\\" not in text else ""
    try:
        value = json.loads(swapped)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return None
    return value if isinstance(value, list) else None


# -- rejections


def no_rejections() -> pd.DataFrame:
    """An empty frame of rejections."""
    return pd.DataFrame({c: pd.Series(dtype="int64" if c == "line" else "str") for c in REJECTED_COLUMNS})


def rejection(path: Path, line: int, reason: str, row: str = "") -> pd.DataFrame:
    """One rejection: of a whole file, or of a row shown as text."""
    return pd.DataFrame({"file": [path.name], "line": [line], "reason": [reason], "row": [row or None]})


def reject(
    frame: pd.DataFrame, mask: pd.Series, reason: str | pd.Series, path: Path, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Rejections (file, line, reason, row as JSON of `columns`, or of all) of the rows of `frame` where `mask`.

    `reason` is one for all rows or a series [n].
    """
    bad = frame.loc[mask]
    if bad.empty:
        return no_rejections()
    shown = bad[list(columns)] if columns is not None else bad.drop(columns="line")
    rows = [
        json.dumps({k: v for k, v in row.items() if isinstance(v, list) or v == v}, ensure_ascii=False, default=str)
        for row in shown.astype(object).to_dict("records")
    ]
    reasons = reason if isinstance(reason, str) else reason[mask].to_numpy()
    return pd.DataFrame({"file": path.name, "line": bad["line"].to_numpy(), "reason": reasons, "row": rows})


def concat(*rejections: pd.DataFrame) -> pd.DataFrame:
    """All rejections in one frame."""
    some = [r for r in rejections if len(r)]
    return pd.concat(some, ignore_index=True) if some else no_rejections()
