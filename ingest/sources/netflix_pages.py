"""Netflix title pages: plot, genres, mood tags, cast and creators, a row for every season.

Whether a title's page was found depends on how well known it is: that a title has no moods says nothing about it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from ingest.adapter import Adapter, has_columns
from ingest.building import BatchBuilder
from ingest.names import clean_label, each, fold, person_id, split_year, tag_id
from ingest.reading import literals, read_table, reject
from ingest.sources.common import reasons
from ingest.sources.netflix_claims import faults
from ingest.sources.netflix_genres import relate_genres, stated
from kg.tables import Batch

_FILE = "netflix_pages.csv"
_COLUMNS = ("Title", "Date", "URL", "Duration", "Genre", "Genres", "Tags", "Plot", "Creators", "Cast")
_SHOWN = ("Title", "URL")
_SEASON = re.compile(r":\s*(?:Season ?(\d+)|Limited Series|(?:シーズン|시즌) ?(\d+)).*$")
_PART = re.compile(r": Part (\d+|[Il]{1,3}|One|Two)\b.*$")
_IN_WORDS = {"I": "1", "II": "2", "III": "3", "l": "1", "ll": "2", "lll": "3", "One": "1", "Two": "2"}
_DOUBLED = re.compile(r"^(.+): ([^:]+): \2$")
_RUNTIME = re.compile(r"^(?:(\d+) Seasons?-)?(?:(\d+)h)? ?(?:(\d+)m)?(?: Episodes)?$")
_SERIES = re.compile(r"TV|Docuseries|Sitcom|Anime Series|K-Drama")
_FILM = re.compile(r"Movies|Films")


def _recognise(folder: Path) -> list[Path]:
    return [folder / _FILE] if has_columns(folder / _FILE, _COLUMNS[:2]) else []


def _read(files: Sequence[Path]) -> Batch:
    out = BatchBuilder("netflix_pages")
    for path in files:
        _pages(out, path)
    return out.batch()


def _pages(out: BatchBuilder, path: Path) -> None:
    table = read_table(path, required=_COLUMNS)
    rows = table.frame
    page = rows["URL"].str.extract(r"^https?://(?:www\.)?netflix\.com/(?:\w\w(?:-\w\w)?/)?title/(\d+)", expand=False)
    lists = {column: literals(rows[column]) for column in ("Genres", "Tags", "Cast")}
    bad = reasons(
        rows,
        (rows["Title"].isna(), "there is no title"),
        (page.isna(), "the address is not that of a title on Netflix"),
        *((cells.isna(), f"{column} is not a list") for column, cells in lists.items()),
    )
    out.reject(table.rejected, reject(rows, bad != "", bad, path, _SHOWN))
    rows = rows.assign(page=page, **lists)[bad == ""]
    if rows.empty:
        return
    rows = _described(rows)
    fault = faults(rows)
    out.reject(reject(rows, fault != "", fault, path, _SHOWN))
    rows = rows[fault == ""]

    # The rows of a page repeat what it says; only titles and dates differ from season to season.
    first = rows.drop_duplicates("page").set_index("page", drop=False)
    originals: dict[str, list[str]] = {}
    for page_id, original in rows[["page", "original"]].dropna().drop_duplicates().itertuples(index=False):
        originals.setdefault(page_id, []).append(original)
    first = first.assign(
        id="netflix:" + first["page"],
        kind=first["page_kind"],
        label=first["name"],
        other_labels=first["page"].map(originals),
        year=rows.groupby("page")["year"].first(),
        launch=rows[rows["is_start"]].groupby("page")["date"].min().dt.date,
        type=first["page_kind"].map({"film": "Film", "series": "Series"}).fillna("Title"),
        summary=each(first["Plot"], clean_label),
        languages=stated(first["genres"], "in_language"),
    ).reset_index(drop=True)
    out.add("entities", first[["id", "type", "label", "other_labels", "line"]], path)
    described = ["kind", "year", "launch", "runtime", "countries", "languages", "summary", "line"]
    out.add("titles", first[["id", *described]].rename(columns={"id": "title"}), path)
    relate_genres(out, first, "genres", path)
    out.relate(first, "mood", "Tags", partial(tag_id, sort="mood"), type="Mood", path=path)

    person = partial(person_id, "netflix_pages")
    out.relate(first, "starring", "Cast", person, type="Person", path=path)
    out.relate(first, "written_by", "Creators", person, type="Person", separator=", ", path=path)


def _described(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` with what can be told from the title and from the page; see :func:`faults` for the columns."""
    parts = rows["Title"].str.split(" // ", n=1)
    name, original = parts.str[0].str.strip(), parts.str[1]
    found = name.str.extract(_SEASON)
    named = name.map(lambda text: _SEASON.search(text) is not None)
    season = (
        pd.to_numeric(found[0].fillna(found[1])).astype("float64").mask(named & found[0].isna() & found[1].isna(), 0)
    )

    shape = rows["Duration"].str.extract(_RUNTIME).apply(pd.to_numeric).astype("float64")
    seasons, hours, minutes = shape[0], shape[1], shape[2]
    genres = rows["Genres"].map("|".join)
    kind = pd.Series(None, index=rows.index, dtype=object).mask(genres.str.contains(_FILM), "film")
    kind = kind.mask(genres.str.contains(_SERIES), "series")
    kind = kind.mask(rows["Duration"].notna(), "film").mask(seasons.notna(), "series")

    # "Part 2" is a season of a series, and a part of the title of a film.
    part = name.str.extract(_PART, expand=False).replace(_IN_WORDS).where(kind == "series")
    season = season.fillna(pd.to_numeric(part).astype("float64"))
    cut = name.str.replace(_SEASON, "", regex=True)
    cut = cut.where(part.isna(), cut.str.replace(_PART, "", regex=True)).str.replace(_DOUBLED, r"\1: \2", regex=True)
    dated = [split_year(clean_label(text)) for text in cut]
    own = pd.Series([text for text, _ in dated], index=rows.index)
    date = pd.to_datetime(rows["Date"], format="%m/%d/%Y", errors="coerce")
    date = date.fillna(pd.to_datetime(rows["Date"], format="%m/%d/%y", errors="coerce"))
    genre_lists = pd.Series(
        [
            [*genres, *([genre] if isinstance(genre, str) else [])]
            for genres, genre in zip(rows["Genres"], rows["Genre"], strict=True)
        ],
        index=rows.index,
        dtype=object,
    )
    return rows.assign(
        titles=rows["Title"],
        name=own,
        year=pd.array([year for _, year in dated], dtype="Int64"),
        folded=each(cut, fold),
        original=each(original, lambda text: clean_label(_SEASON.sub("", text))),
        season=season,
        page_kind=kind,
        page_seasons=seasons.fillna(0),
        genres=genre_lists,
        countries=stated(genre_lists, "produced_in"),
        date=date,
        runtime=(hours.fillna(0) * 60 + minutes.fillna(0)).replace(0, None).astype("float64"),
        is_start=season.fillna(1) <= 1,
    )


ADAPTER = Adapter(name="netflix_pages", recognise=_recognise, read=_read)
