"""MovieLens (GroupLens): films with genres, the tags and the ratings of its viewers, and their IMDb and TMDB ids.

The format is that of ml-latest-small, which ml-latest, ml-25m and ml-32m share.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from ingest.adapter import Adapter, has_columns
from ingest.building import BatchBuilder
from ingest.names import clean_label, each, genre_id, is_production_note, slug, split_titles, split_year, tag_id
from ingest.reading import numbers, read_table, reject
from ingest.sources.common import aliases, by_name, genre_label, imdb_id, reasons, tmdb_id, unique, viewers_hint_id
from kg.tables import Batch

_FILES = {
    "movies.csv": ("movieId", "title", "genres"),
    "links.csv": ("movieId", "imdbId", "tmdbId"),
    "tags.csv": ("userId", "movieId", "tag", "timestamp"),
    "ratings.csv": ("userId", "movieId", "rating", "timestamp"),
}
# MovieLens has no genre for families; nine in ten of its films for children are "Family" at TMDB.
_NAMED_ELSEWHERE = {"Children": "Family", "Children's": "Family"}
_NOT_GENRES = {"(no genres listed)", "IMAX"}


def _recognise(folder: Path) -> list[Path]:
    found = [folder / name for name, columns in _FILES.items() if has_columns(folder / name, columns[:2])]
    return found if folder / "movies.csv" in found else []


def _read(files: Sequence[Path]) -> Batch:
    movies, links, tags, ratings = by_name(files, *_FILES)
    out = BatchBuilder("movielens")
    films = _films(out, movies, _linked(out, links)) if movies else pd.Series(dtype=str)
    if tags:
        _tags(out, tags, films)
    if ratings:
        _ratings(out, ratings, films)
    return out.batch()


def _linked(out: BatchBuilder, path: Path | None) -> pd.DataFrame:
    """The IMDb and TMDB identifiers of each movieId: columns imdb, tmdb, linked_at (the line)."""
    if path is None:
        return pd.DataFrame(columns=["imdb", "tmdb", "linked_at"], dtype=object)
    table = read_table(path, required=_FILES[path.name])
    rows, repeated = unique(table.frame, "movieId", "imdbId", path)
    rows = rows.assign(imdb=imdb_id(rows["imdbId"]), tmdb=tmdb_id(rows["tmdbId"]))
    twice = rows["tmdb"].notna() & rows["tmdb"].duplicated(keep=False)
    out.reject(
        table.rejected,
        repeated,
        reject(
            rows, rows["imdb"].isna() & rows["imdbId"].notna(), "the IMDb id is not a number", path, _FILES[path.name]
        ),
        reject(
            rows, twice, "the TMDB id is given for several films, so it names none of them", path, _FILES[path.name]
        ),
    )
    rows = rows.assign(tmdb=rows["tmdb"].mask(twice), linked_at=rows["line"])
    return rows.set_index("movieId")[["imdb", "tmdb", "linked_at"]]


def _films(out: BatchBuilder, path: Path, linked: pd.DataFrame) -> pd.Series:
    """Take in the films, and give the identifier of each movieId."""
    table = read_table(path, required=_FILES[path.name])
    rows = table.frame
    bad = ~rows["movieId"].str.fullmatch(r"\d+").fillna(False).astype(bool)
    nameless = rows["title"].isna() & ~bad
    out.reject(
        table.rejected,
        reject(rows, bad, "the movieId is not a number", path),
        reject(rows, nameless, "the film has no title", path),
    )
    rows, repeated = unique(rows[~bad & ~nameless], "movieId", "title", path)
    out.reject(repeated)
    if rows.empty:
        return pd.Series(dtype=object)
    rows = rows.join(linked, on="movieId")
    own = "movielens:" + rows["movieId"]
    # "Death Note: Desu nôto (2006–2007)" is a series; what has no year at all may be either.
    spans = rows["title"].str.contains(r"\(\d{4}\s*[-–]\s*(?:\d{4})?\s*\)\s*$")
    dated = [split_year(clean_label(title)) for title in rows["title"]]
    named = [split_titles(title) for title, _ in dated]
    rows = rows.assign(
        id=rows["imdb"].fillna(own),
        own=own,
        year=pd.array([year for _, year in dated], dtype="Int64"),
        label=[label for label, _ in named],
        other_labels=pd.Series(
            [[o for o in others if o != label] or None for label, others in named], index=rows.index, dtype=object
        ),
    )
    rows["kind"] = rows["year"].notna().map({True: "film", False: None}).mask(spans, "series")
    rows["type"] = rows["kind"].map({"film": "Film", "series": "Series"}).fillna("Title")

    out.add("entities", rows[["id", "type", "label", "other_labels", "line"]], path)
    out.add("titles", rows[["id", "kind", "year", "line"]].rename(columns={"id": "title"}), path)
    for alias in ("own", "tmdb"):
        other = rows[rows[alias].notna() & (rows[alias] != rows["id"])]
        out.add("entities", other[[alias, "type", "label", "line"]].rename(columns={alias: "id"}), path)
        out.add("facts", aliases(other.assign(line=other["linked_at"]), alias), path.with_name("links.csv"))
    genres = rows.assign(genre=rows["genres"].str.split("|", regex=False)).explode("genre")
    genres = genres[~genres["genre"].isin(_NOT_GENRES)]
    genres["genre"] = genres["genre"].replace(_NAMED_ELSEWHERE)
    out.relate(genres, "has_genre", "genre", genre_id, type="Genre", label=genre_label, path=path)
    return rows.set_index("movieId")["id"]


def _tags(out: BatchBuilder, path: Path, films: pd.Series) -> None:
    """A tag's weight is the number of viewers who gave it."""
    table = read_table(path, required=_FILES[path.name])
    rows = table.frame.assign(id=table.frame["movieId"].map(films))
    unknown = rows["id"].isna()
    empty = rows["tag"].isna() & ~unknown
    out.reject(
        table.rejected,
        reject(rows, unknown, "no film has this movieId", path, _FILES[path.name]),
        reject(rows, empty, "the tag is empty", path, _FILES[path.name]),
    )
    rows = rows[~unknown & ~empty]
    rows = rows[~each(rows["tag"], is_production_note).astype(bool)]
    keys = [rows["id"], each(rows["tag"], slug).rename("slug")]
    counts = rows.groupby(keys, sort=False, as_index=False).agg(
        tag=("tag", "first"), line=("line", "first"), weight=("userId", "nunique")
    )
    hints = each(counts["tag"], viewers_hint_id).notna()
    out.relate(
        counts[~hints],
        "user_tag",
        "tag",
        partial(tag_id, sort="user_tag"),
        type="UserTag",
        weight="weight",
        path=path,
    )
    out.relate(counts[hints], "adaptation_hint", "tag", viewers_hint_id, type="Hint", path=path)


def _ratings(out: BatchBuilder, path: Path, films: pd.Series) -> None:
    table = read_table(path, required=_FILES[path.name])
    rows = table.frame.assign(title=table.frame["movieId"].map(films))
    weight, not_a_number = numbers(rows, "rating")
    seconds, not_a_time = numbers(rows, "timestamp", integer=True)
    bad = reasons(
        rows,
        (rows["userId"].isna(), "there is no userId"),
        (rows["title"].isna(), "no film has this movieId"),
        (not_a_number | ~weight.between(0.5, 5), "the rating is not a number from 0.5 to 5"),
        (not_a_time | seconds.isna(), "the time is not a number of seconds"),
    )
    out.reject(table.rejected, reject(rows, bad != "", bad, path, _FILES[path.name]))
    rows = rows.assign(
        viewer="movielens/" + rows["userId"], weight=weight, time=pd.to_datetime(seconds, unit="s", utc=True)
    )[bad == ""]
    out.add("viewings", rows[["viewer", "title", "weight", "time", "line"]], path)


ADAPTER = Adapter(name="movielens", recognise=_recognise, read=_read)
