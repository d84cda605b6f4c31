"""The Netflix catalogue up to September 2021, as listed by Flixable."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from ingest.adapter import Adapter, has_columns
from ingest.building import BatchBuilder
from ingest.names import clean_label, country_code, country_id, country_label, each, person_id
from ingest.reading import numbers, read_table, reject
from ingest.sources.common import reasons, unique
from ingest.sources.netflix_genres import relate_genres, stated
from kg.tables import Batch

_FILE = "netflix_titles.csv"
# The column of countries goes by two names: the first published file says "country".
_COLUMNS = ("show_id", "type", "title", "director", "cast", "release_year", "duration", "listed_in", "description")
_SHOWN = ("show_id", "type", "title")
_KINDS = {"Movie": "film", "TV Show": "series"}
_RENAMED = {"country": "produced_by", "rating": "viewer_rating"}


def _recognise(folder: Path) -> list[Path]:
    return [folder / _FILE] if has_columns(folder / _FILE, _COLUMNS[:2]) else []


def _read(files: Sequence[Path]) -> Batch:
    out = BatchBuilder("netflix_titles")
    for path in files:
        _titles(out, path)
    return out.batch()


def _titles(out: BatchBuilder, path: Path) -> None:
    table = read_table(path, required=_COLUMNS)
    rows = table.frame.rename(columns=_RENAMED)
    for column in _RENAMED.values():
        if column not in rows:
            rows[column] = pd.Series(pd.NA, index=rows.index, dtype="str")
    # A few running times slipped into the column of ratings.
    slipped = rows["duration"].isna() & rows["viewer_rating"].str.fullmatch(r"\d+ min").fillna(False).astype(bool)
    rows["duration"] = rows["duration"].mask(slipped, rows["viewer_rating"])
    year, no_year = numbers(rows, "release_year", integer=True)
    minutes = pd.to_numeric(rows["duration"].str.extract(r"^(\d+) min$", expand=False)).astype("float64")
    seasons = pd.to_numeric(rows["duration"].str.extract(r"^(\d+) Seasons?$", expand=False)).astype("float64")
    bad = reasons(
        rows,
        (rows["show_id"].isna(), "there is no show_id"),
        (rows["title"].isna(), "there is no title"),
        (~rows["type"].isin(list(_KINDS)), "the type is neither Movie nor TV Show"),
    )
    odd = rows["duration"].notna() & minutes.isna() & seasons.isna()
    out.reject(
        table.rejected,
        reject(rows, bad != "", bad, path, _SHOWN),
        reject(rows, no_year, "the release year is not a number", path, (*_SHOWN, "release_year")),
        reject(rows, odd, "the duration is neither minutes nor seasons", path, (*_SHOWN, "duration")),
    )
    # A series carries the year of its latest season: of its first release only where there is but one.
    rows = rows.assign(
        id="netflixlist:" + rows["show_id"],
        kind=rows["type"].map(_KINDS),
        year=year.mask(seasons > 1),
        runtime=minutes,
        label=each(rows["title"].str.replace("_percent", "%", regex=False), clean_label),
        summary=each(rows["description"], clean_label),
        genres=rows["listed_in"].str.split(", ", regex=False),
    )[bad == ""]
    rows, repeated = unique(rows, "id", "title", path)
    if rows.empty:
        return
    countries = rows["produced_by"].str.split(",", regex=False)
    rows["countries"] = countries.map(
        lambda cell: [c for c in map(country_code, cell) if c] or None, na_action="ignore"
    )
    rows["languages"] = stated(rows["genres"], "in_language")
    rows["type"] = rows["kind"].str.title()
    out.add("entities", rows[["id", "type", "label", "line"]], path)
    described = rows.drop(columns="title").rename(columns={"id": "title"})
    out.add(
        "titles", described[["title", "kind", "year", "runtime", "countries", "languages", "summary", "line"]], path
    )
    relate_genres(out, rows, "genres", path)
    unknown = out.relate(
        rows,
        "produced_in",
        "produced_by",
        country_id,
        type="Country",
        label=lambda text: country_label(country_code(text) or text),
        separator=",",
        path=path,
    )
    named = rows.loc[unknown.index].assign(country=unknown.to_numpy())
    why = named["country"].map("no country is called {}".format)
    out.reject(repeated, reject(named, named["country"].notna(), why, path, (*_SHOWN, "produced_by")))
    for relation, column in (("directed_by", "director"), ("starring", "cast")):
        out.relate(
            rows,
            relation,
            column,
            partial(person_id, "netflix_titles"),
            type="Person",
            separator=", ",
            path=path,
        )


ADAPTER = Adapter(name="netflix_titles", recognise=_recognise, read=_read)
