"""Any CSV, TSV or Parquet table by its mapping file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.adapter import Adapter
from ingest.building import BatchBuilder
from ingest.errors import BadMapping
from ingest.mapping import SUFFIX, Cell, Link, TableMapping, is_parquet, read_mapping
from ingest.names import clean_label, country_code, country_label, each, language_code, language_label
from ingest.reading import RawTable, dates, no_rejections, numbers, read_table, reject, rejection
from ingest.template import Template
from kg.tables import Batch

_KINDS = {"Film": "film", "Series": "series", "Book": "book"}
_CODES = {"countries": ("country", country_code), "languages": ("language", language_code)}
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def adapters_in(folder: Path) -> list[Adapter]:
    """An adapter for each mapping file in `folder`. Raises :class:`BadMapping`."""
    return [adapter_for(path) for path in sorted(folder.glob(f"*{SUFFIX}"))]


def adapter_for(mapping_file: Path, tables: Sequence[Path] | None = None) -> Adapter:
    """The adapter of one mapping file, for the tables beside it that it describes, or for `tables`.

    Raises :class:`BadMapping`, also where there is no such table.
    """
    mapping = read_mapping(mapping_file)

    def recognise(folder: Path) -> list[Path]:
        if tables is None and folder != mapping_file.parent:
            return []
        found = list(tables) if tables is not None else mapping.tables()
        if not found:
            raise BadMapping(
                mapping_file, f"there is no table {mapping.table} beside it; name it with `table`, or move it there"
            )
        return [mapping_file, *found]

    return Adapter(
        name=mapping.source,
        recognise=recognise,
        read=lambda paths: read_tables(mapping, [p for p in paths if p != mapping_file]),
    )


def read_tables(mapping: TableMapping, tables: Sequence[Path]) -> Batch:
    """The batch that `tables` make by the mapping. Rows that can't be used are in its `rejected`."""
    builder = BatchBuilder(mapping.source)
    for path in tables:
        raw = (
            _parquet(path, mapping)
            if is_parquet(path)
            else read_table(
                path, required=mapping.columns, separator=mapping.cell_separator(path), missing=mapping.missing
            )
        )
        builder.reject(raw.rejected)
        map_rows(mapping, raw.frame, path, builder)
    return builder.batch()


def map_rows(mapping: TableMapping, frame: pd.DataFrame, path: Path, builder: BatchBuilder) -> None:
    """Add what `frame` says by the mapping to `builder`: columns of text, or of lists of text, and ``line``."""
    _Rows(mapping, builder, path, frame).take()


def _parquet(path: Path, mapping: TableMapping) -> RawTable:
    """A Parquet table as text; its "lines" are its rows, from 1."""
    nothing = pd.DataFrame({name: pd.Series(dtype="str") for name in [*mapping.columns]}).assign(
        line=np.array([], dtype=np.int64)
    )
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        return RawTable(nothing, rejection(path, 1, f"the Parquet file can't be read: {error}"))
    if absent := [name for name in mapping.columns if name not in table.column_names]:
        why = f"the column {absent[0]!r} is missing; there are {', '.join(table.column_names)}"
        return RawTable(nothing, rejection(path, 1, why))
    columns = {}
    for name in mapping.columns:
        column = table[name]
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            lists = column.cast(pa.list_(pa.string())).to_pylist()
            columns[name] = pd.Series(lists, dtype=object)
        else:
            text = column.cast(pa.string()).to_pandas().astype("str")
            columns[name] = text.mask(text.isin(list(mapping.missing)))
    frame = pd.DataFrame(columns).assign(line=np.arange(1, table.num_rows + 1))
    return RawTable(frame, no_rejections())


class _Rows:
    """The rows of one table on their way into a batch.

    A row without an identifier, or with a cell that is not the number, date or type that it should be, is set apart
    whole; of several values in a cell only the bad ones are.
    """

    def __init__(self, mapping: TableMapping, builder: BatchBuilder, path: Path, frame: pd.DataFrame) -> None:
        self.mapping, self.builder, self.path = mapping, builder, path
        wanted = [frame[column].isin(list(values)) for column, values in mapping.where.items()]
        self.frame = frame.loc[reduce(lambda a, b: a & b, wanted)] if wanted else frame
        self.bad = pd.Series(False, index=self.frame.index)

    def take(self) -> None:
        mapping = self.mapping
        ids = mapping.id.fill(self.frame)
        self._set_apart(ids.isna(), f"it has no identifier: {mapping.id.text} can't be filled")
        types = self._text(mapping.type) if mapping.type else None
        attributes = {name: self._attribute(name, cell) for name, cell in mapping.attributes.items()}
        weights = {link.weight: self._number(link.weight) for link in mapping.links if link.weight}
        audience = self._columns("audience") if mapping.audience is not None else None
        viewings = self._columns("viewings") if mapping.viewings is not None else None
        self.frame = self.frame.assign(**{"\0id": ids, **{f"\0{k}": v for k, v in weights.items()}})
        good = ~self.bad
        where = {"line": self.frame.loc[good, "line"]}
        ids = ids[good]
        if mapping.label is not None or types is not None:
            entities = pd.DataFrame({"id": ids, **where})
            if types is not None:
                entities["type"] = types[good]
            if mapping.label is not None:
                entities["label"] = each(self._text(mapping.label)[good], clean_label)
            if mapping.other_labels is not None:
                entities["other_labels"] = self._lists(mapping.other_labels)[good]
            self.builder.add("entities", entities, self.path)
        if attributes or (types is not None and types.isin(list(_KINDS)).any()):
            if "kind" not in attributes and types is not None:
                attributes["kind"] = types.map(_KINDS).astype("str")
            said = pd.DataFrame({name: values[good] for name, values in attributes.items()}).dropna(how="all")
            self.builder.add("titles", said.assign(title=ids[said.index], line=where["line"]), self.path)
        for name, columns in (("audience", audience), ("viewings", viewings)):
            if columns is not None:
                columns.setdefault("title", self.frame["\0id"])
                self.builder.add(name, pd.DataFrame({k: v[good] for k, v in columns.items()} | where), self.path)
        self.frame = self.frame[good]
        for link in mapping.links:
            self._relate(link)
        for template in mapping.same_as:
            facts = pd.DataFrame({"head": ids, "relation": "same_as", "tail": template.fill(self.frame), **where})
            self.builder.add("facts", facts[facts["tail"].notna()], self.path)

    # -- values of a row

    def _set_apart(self, mask: pd.Series, reason: str | pd.Series) -> None:
        fresh = mask & ~self.bad
        self.builder.reject(reject(self.frame, fresh, reason, self.path))
        self.bad |= mask

    def _text(self, cell: Cell) -> pd.Series:
        if cell.column is None:
            return pd.Series(cell.value, index=self.frame.index, dtype="str")
        text = self.frame[cell.column].str.strip()
        if cell.values is None:
            return text
        values = text.map(cell.values)
        self._set_apart(
            text.notna() & values.isna(),
            cell.column + " " + text.fillna("") + f" is not among the values of the mapping ({', '.join(cell.values)})",
        )
        return values.astype("str")

    def _number(self, column: str, *, integer: bool = False) -> pd.Series:
        values, bad = numbers(self.frame, column, integer=integer)
        what = "a whole number" if integer else "a number"
        self._set_apart(bad, f"{column} " + self.frame[column].fillna("") + f" is not {what}")
        return values

    def _date(self, column: str, format: str | None) -> pd.Series:
        values, bad = dates(self.frame, column, format)
        self._set_apart(
            bad, f"{column} " + self.frame[column].fillna("") + f" is not a date ({format or 'as in 2024-12-31'})"
        )
        return values

    def _attribute(self, name: str, cell: Cell) -> pd.Series:
        if name in _CODES:
            return self._codes(name, cell)
        if cell.column is None or name in ("kind", "summary"):
            return self._text(cell)
        if name == "launch":
            return self._date(cell.column, cell.format)
        return self._number(cell.column, integer=name == "year")

    def _lists(self, column: str, separator: str | None = None) -> pd.Series:
        """Lists of stripped texts from a column of lists, or of text with several values in it."""
        cells = self.frame[column]
        if cells.dtype != object:
            cells = cells.str.split(separator or self.mapping.multiple, regex=False).astype(object)
        return cells.map(
            lambda cell: [t for v in cell if v and (t := v.strip())] or None if isinstance(cell, list) else None
        )

    def _codes(self, name: str, cell: Cell) -> pd.Series:
        """Lists of ISO codes; names that are none are set apart one by one."""
        what, code = _CODES[name]
        if cell.column is None:
            value = code(cell.value or "")
            return pd.Series([[value] if value else None] * len(self.frame), index=self.frame.index, dtype=object)
        lists = self._lists(cell.column)
        named = lists.explode().dropna()
        unknown = named[each(named, code).isna()]
        self._reject(self.frame.loc[unknown.index], f"no {what} is called " + unknown.astype("str"))
        return lists.map(lambda cell: [c for v in cell if (c := code(v))] or None if isinstance(cell, list) else None)

    def _reject(self, rows: pd.DataFrame, reason: str | pd.Series) -> None:
        """Set parts of `rows` apart, while the rest of them lands; `reason` is one, or one for each row."""
        rows = rows[[c for c in rows.columns if not c.startswith("\0")]].reset_index(drop=True)
        if not isinstance(reason, str):
            reason = reason.reset_index(drop=True)
        self.builder.reject(reject(rows, pd.Series(True, rows.index, dtype=bool), reason, self.path))

    # -- rows of other tables

    def _columns(self, table: str) -> dict[str, pd.Series]:
        columns: dict[str, pd.Series] = {}
        mapped = self.mapping.audience if table == "audience" else self.mapping.viewings
        for name, cell in (mapped or {}).items():
            if isinstance(cell, Template):
                columns[name] = cell.fill(self.frame)
                self._set_apart(columns[name].isna(), f"the {name} {cell.text} can't be filled")
            elif name == "country":
                text = self._text(cell)
                columns[name] = each(text, country_code).astype("str")
                self._set_apart(columns[name].isna(), "no country is called " + text.fillna("(nothing)"))
            elif name in ("size", "weight") and cell.column is not None:
                columns[name] = self._number(cell.column)
            elif name in ("period_start", "period_end", "time") and cell.column is not None:
                columns[name] = self._date(cell.column, cell.format)
            elif name == "simulated":
                text = self._text(cell)
                columns[name] = text.str.lower().map(_TRUTHS)
                self._set_apart(
                    columns[name].isna(), "simulated should be true or false, not " + text.fillna("(nothing)")
                )
            else:
                columns[name] = self._text(cell)
        if "size" in columns:
            self._set_apart(columns["size"].isna(), "it has no size")
        return columns

    def _relate(self, link: Link) -> None:
        frame = self.frame
        rows = pd.DataFrame({"head": frame["\0id"], "line": frame["line"]})
        if link.weight:
            rows["weight"] = frame[f"\0{link.weight}"]
        if link.label:
            rows["label"] = frame[link.label]
        if link.column is None:
            rows["tail"] = link.id.fill(frame)
        else:
            rows["value"] = self._lists(link.column, link.separator)
            if link.label:
                rows["label"] = self._lists(link.label, link.separator)
                uneven = rows["value"].str.len() != rows["label"].str.len()
                uneven &= rows["value"].notna()
                self._reject(frame[uneven], f"{link.column} and {link.label} do not hold the same number of values")
                rows = rows[~uneven].explode(["value", "label"])
            else:
                rows = rows.explode("value")
            rows = rows[rows["value"].notna()]
            rows["tail"] = each(rows["value"].astype("str"), link.id.of).astype("str")
            unknown = rows[rows["tail"].isna()]
            self._reject(
                frame.loc[unknown.index], f"{link.relation}: {link.id.text} can't be filled from " + unknown["value"]
            )
            if link.labelled and not link.label:
                rows["label"] = rows["value"]
        rows = rows[rows["tail"].notna()]
        columns = ["head", "tail", "line", *(["weight"] if link.weight else [])]
        self.builder.add("facts", rows[columns].assign(relation=link.relation), self.path)
        if link.type or "label" in rows:
            labels = each(rows["label"].astype("str"), clean_label) if "label" in rows else None
            self.builder.name(rows["tail"], _house_labels(rows["tail"], labels), link.type)


def _house_labels(ids: pd.Series, labels: pd.Series | None) -> pd.Series | None:
    """`labels` [n], with the English names of countries and languages in the place of what the table calls them."""
    for prefix, name in (("country:", country_label), ("language:", language_label)):
        here = ids.str.startswith(prefix)
        if here.any():
            named = each(ids.str.removeprefix(prefix), name)
            labels = named.where(here, labels)
    return labels
