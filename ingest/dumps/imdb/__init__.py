"""IMDb's non-commercial datasets: tab-separated, gzipped, ``\\N`` for nothing.

What their columns mean is said by the mapping files beside this module. The tables are read in an order in which each
says which rows of the next are wanted: ratings → titles → their other names, crews and casts → people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ingest.adapter import Adapter
from ingest.building import BatchBuilder
from ingest.dumps.keep import LISTED, beside, listed, settings
from ingest.dumps.mapped import gathered, mappings, take, wanted_by
from ingest.dumps.numbered import Numbers, numbers
from ingest.dumps.rows import Rows, Wanted, is_one_of
from kg.tables import Batch

_TABLES = ("title.ratings", "title.basics", "title.akas", "title.crew", "title.principals", "name.basics")
_SETTINGS = "imdb.dump.toml"
_MISSING = "\\N"


def _recognise(folder: Path) -> list[Path]:
    tables = [path for name in _TABLES for path in beside(folder, f"{name}.tsv", f"{name}.tsv.gz")]
    if not any(path.name.startswith("title.basics") for path in tables):
        return []
    return tables + beside(folder, _SETTINGS, LISTED)


def _read(given: Sequence[Path]) -> Batch:
    dump = _Dump(given)
    dump.take_titles(dump.rated())
    dump.take("title.crew", "tconst", dump.titles, people=("directors", "writers"))
    dump.take("title.principals", "tconst", dump.titles, people=("nconst",))
    dump.take("name.basics", "nconst", dump.people)
    return dump.out.batch()


class _Dump:
    """The files of one folder on their way into a batch; `titles` and `people` are the numbers of what is kept."""

    def __init__(self, given: Sequence[Path]) -> None:
        self.paths = {name: path for name in _TABLES for path in given if path.name.startswith(name)}
        self.settings = settings(given, __name__, _SETTINGS)
        self.listed = [i.removeprefix("imdb:") for i in listed(given)]
        self.out = BatchBuilder("imdb")
        self.titles, self.people = Numbers("tt"), Numbers("nm")

    def rows(self, table: str, columns: Sequence[str], wanted: Wanted | None = None) -> Iterator[pa.Table]:
        """The wanted rows of a table, none if it is not there; what is wrong with it is set apart."""
        if table in self.paths:
            rows = Rows(self.paths[table], columns, wanted, missing=_MISSING)
            yield from gathered(rows)
            self.out.reject(rows.rejected)

    def rated(self) -> Numbers | None:
        """Titles with enough votes, and those listed; None where no ratings are there to tell."""
        if "title.ratings" not in self.paths:
            return None
        known = Numbers("tt")
        known.add(pa.array(self.listed, pa.string()))
        for table in self.rows("title.ratings", ("tconst", "numVotes")):
            enough = numbers(table["numVotes"]) >= self.settings["votes"]
            known.add(table["tconst"].filter(pa.array(enough)))
        return known

    def take_titles(self, known: Numbers | None) -> None:
        """Take in the titles that are `known`, with their names."""
        (mapping,) = mappings(__name__, "title.basics")
        right = wanted_by(mapping)
        columns = [*(c for c in mapping.columns if c != "names"), "originalTitle"]
        tables = []
        for table in self.rows(
            "title.basics", columns, lambda t: right(t) if known is None else pc.and_(right(t), known.has(t["tconst"]))
        ):
            self.titles.add(table["tconst"])
            tables.append(table)
        names = self._names()
        for table in tables:
            also = [
                [name for name in dict.fromkeys([original, *names.get(tconst, ())]) if name and name != title]
                for tconst, title, original in zip(
                    *(table[c].to_pylist() for c in ("tconst", "primaryTitle", "originalTitle")), strict=True
                )
            ]
            table = table.append_column("names", pa.array(also, pa.list_(pa.string())))
            take(mapping, self.out, self.paths["title.basics"], table)

    def _names(self) -> dict[str, list[str]]:
        """The names of kept titles in the wanted regions, by tconst."""
        regions = self.settings["regions"]
        tables = self.rows(
            "title.akas",
            ("titleId", "title", "region"),
            lambda t: pc.and_(is_one_of(t, "region", regions), self.titles.has(t["titleId"])),
        )
        frames = [table.select(["titleId", "title"]).to_pandas().dropna() for table in tables]
        return pd.concat(frames).groupby("titleId")["title"].agg(list).to_dict() if frames else {}

    def take(self, table: str, column: str, kept: Numbers, *, people: Sequence[str] = ()) -> None:
        """Take in the rows whose `column` is `kept`; whom the columns `people` name is kept in turn."""
        maps = mappings(__name__, table)
        columns = dict.fromkeys(c for mapping in maps for c in mapping.columns)
        for rows in self.rows(table, list(columns), lambda t: kept.has(t[column])):
            for mapping in maps:
                take(mapping, self.out, self.paths[table], rows)
            for name in people:
                self.people.add(pc.list_flatten(pc.split_pattern(rows[name], ",")))


ADAPTER = Adapter(name="imdb", recognise=_recognise, read=_read)
