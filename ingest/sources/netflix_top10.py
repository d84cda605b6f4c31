"""Netflix Top 10: the ten films and ten series most watched in each country and week.

Ranks, not hours: an audience is measured in chart points, 10 for the first rank and 1 for the last, so that a missing
title is simply not among the ten (or not licensed there), which is no audience of zero. The charts begin with the week
that ended on 4 July 2021: what had been running before had part of its audience unseen, and the first four weeks say
little of how large it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ingest.adapter import Adapter, has_columns
from ingest.building import BatchBuilder
from ingest.names import clean_label, country_code, each, title_id
from ingest.reading import dates, numbers, read_table, reject
from ingest.sources.common import reasons
from kg.tables import Batch

UNIT = "chart points (11 − rank)"
_FILE = "all-weeks-countries.tsv"
_COLUMNS = ("country_iso2", "week", "category", "weekly_rank", "show_title", "season_title")
_KINDS = {"Films": "film", "TV": "series"}
_NO_SEASON = "N/A"


def _recognise(folder: Path) -> list[Path]:
    return [folder / _FILE] if has_columns(folder / _FILE, _COLUMNS[:2], separator="\t") else []


def _read(files: Sequence[Path]) -> Batch:
    out = BatchBuilder("netflix_top10")
    for path in files:
        _charts(out, path)
    return out.batch()


def _charts(out: BatchBuilder, path: Path) -> None:
    table = read_table(path, required=_COLUMNS, separator="\t")
    rows = table.frame
    rank, not_a_rank = numbers(rows, "weekly_rank", integer=True)
    week, not_a_date = dates(rows, "week", "%Y-%m-%d")
    country = each(rows["country_iso2"], country_code)
    bad = reasons(
        rows,
        (rows["show_title"].isna(), "there is no title"),
        (country.isna(), "the country is not an ISO 3166-1 alpha-2 code"),
        (not_a_date | (week.dt.day_of_week != 6), "the week is not the date of a Sunday"),
        (not_a_rank | ~rank.between(1, 10).fillna(False), "the rank is not a whole number from 1 to 10"),
        (~rows["category"].isin(list(_KINDS)), "the category is neither Films nor TV"),
    )
    out.reject(table.rejected, reject(rows, bad != "", bad, path, _COLUMNS))

    rows = rows.assign(kind=rows["category"].map(_KINDS), country=country, rank=rank, week=week)[bad == ""]
    if rows.empty:
        return
    names = rows[["kind", "show_title"]].drop_duplicates()
    names["title"] = [
        title_id("netflixchart", kind, title) for kind, title in zip(names["kind"], names["show_title"], strict=True)
    ]
    rows = rows.merge(names, on=["kind", "show_title"], how="left", validate="many_to_one")
    part = rows["season_title"].mask(rows["season_title"] == _NO_SEASON)
    rows = rows.assign(part=each(part, clean_label))
    # The file has names, not ids: where a chart has a name twice, nothing says which title is which.
    twice = rows.duplicated(["country", "week", "title", "part"], keep=False)
    # Likewise where two spellings would share an identifier ("PASSENGERS", "Passengers"): the usual one keeps it.
    spellings = rows.value_counts(["title", "show_title"]).reset_index().drop_duplicates("title")
    usual = rows["title"].map(spellings.set_index("title")["show_title"])
    unusual = rows["show_title"] != usual
    out.reject(
        reject(rows, twice, "two titles of this name are in one chart, and nothing tells them apart", path, _COLUMNS),
        reject(rows, unusual & ~twice, usual.map("the identifier already stands for {}".format), path, _COLUMNS),
    )
    rows = rows[~twice & ~unusual]

    titles = rows.drop_duplicates("title").assign(
        label=lambda f: each(f["show_title"], clean_label), type=lambda f: f["kind"].str.title()
    )
    out.add("entities", titles[["title", "type", "label", "line"]].rename(columns={"title": "id"}), path)
    out.add("titles", titles[["title", "kind", "line"]], path)
    rows = rows.assign(
        size=(11 - rows["rank"]).astype("float64"),
        unit=UNIT,
        period_start=(rows["week"] - pd.Timedelta(days=6)).dt.date,
        period_end=rows["week"].dt.date,
    )
    out.add("audience", rows[["title", "country", "size", "unit", "period_start", "period_end", "part", "line"]], path)


ADAPTER = Adapter(name="netflix_top10", recognise=_recognise, read=_read)
