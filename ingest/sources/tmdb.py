"""The Movie Database: keywords of films, what the 5,000 best-known ones are, and their MovieLens and IMDb ids.

Three files that circulate separately: `keywords.csv` (a column of Python literals), `links_full.csv` (MovieLens' table
of ids for its whole catalogue, of which only films with something to say are taken) and `tmdb_5000_movies.csv` (columns
of JSON).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ingest.adapter import Adapter, has_columns
from ingest.building import BatchBuilder
from ingest.names import (
    clean_label,
    company_id,
    country_code,
    country_id,
    country_label,
    each,
    genre_id,
    is_production_note,
    language_code,
    language_id,
    language_label,
    tag_id,
)
from ingest.reading import dates, literals, numbers, read_table, reject
from ingest.sources.common import aliases, alternatives, by_name, genre_label, hint_id, imdb_id, tmdb_id, unique
from kg.tables import Batch

_FILES = {
    "keywords.csv": ("id", "keywords"),
    "links_full.csv": ("movieId", "imdbId", "tmdbId"),
    "tmdb_5000_movies.csv": (
        "id",
        "title",
        "original_title",
        "overview",
        "release_date",
        "runtime",
        "original_language",
        "genres",
        "keywords",
        "production_companies",
        "production_countries",
    ),
}
_LISTS = ("genres", "keywords", "production_companies", "production_countries")
# Among TMDB's genres, but they say where a film came from or went to.
_NOT_GENRES = {"Foreign", "TV Movie"}


def _recognise(folder: Path) -> list[Path]:
    found = [folder / name for name, columns in _FILES.items() if has_columns(folder / name, columns[:2])]
    return found if {path.name for path in found} - {"links_full.csv"} else []


def _read(files: Sequence[Path]) -> Batch:
    keywords, links, films = by_name(files, *_FILES)
    out = BatchBuilder("tmdb")
    described = _films(out, films) if films else pd.Series(dtype=str)
    tagged = _keywords(out, keywords, described) if keywords else pd.Series(dtype=str)
    if links:
        _links(out, links, pd.concat([described, tagged]))
    return out.batch()


def _listed(frame: pd.DataFrame, columns: Sequence[str], path: Path) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """`frame` with `columns` as lists of names (of codes for countries), [] where a cell is not a list of objects."""
    rejections = []
    for column in columns:
        key = "iso_3166_1" if column == "production_countries" else "name"
        values = literals(frame[column])
        names = _names(values, key)
        rejections.append(
            reject(frame, names.isna(), f"{column} is not a list of objects with a {key!r}", path, ("id", column))
        )
        frame = frame.assign(**{column: names.where(names.notna(), None).map(lambda cell: cell or [])})
    return frame, rejections


def _names(cells: pd.Series, key: str) -> pd.Series:
    """The value of `key` of each object in cells that are lists of objects; None for other cells."""

    def names(cell: object) -> list[str] | None:
        if not isinstance(cell, list) or not all(isinstance(o, dict) and isinstance(o.get(key), str) for o in cell):
            return None
        return [o[key] for o in cell]

    return pd.Series([names(cell) for cell in cells], index=cells.index, dtype=object)


def _identified(frame: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    ids = tmdb_id(frame["id"])
    return frame.assign(id=ids)[ids.notna()], reject(frame, ids.isna(), "the id is not a number", path)


def _tag(out: BatchBuilder, rows: pd.DataFrame, path: Path) -> None:
    """Facts of the keywords in the column `keywords`: storylines, and hints that a film is an adaptation."""
    one = rows[["id", "keywords", "line"]].explode("keywords").dropna(subset="keywords")
    one = one[~each(one["keywords"], is_production_note).astype(bool)]
    hints = each(one["keywords"], hint_id).notna()
    out.relate(one[~hints], "storyline", "keywords", tag_id, type="Storyline", path=path)
    out.relate(one[hints], "adaptation_hint", "keywords", hint_id, type="Hint", path=path)


def _films(out: BatchBuilder, path: Path) -> pd.Series:
    """Take in the described films, and give their identifiers."""
    table = read_table(path, required=_FILES[path.name])
    rows, without_id = _identified(table.frame, path)
    rows, repeated = unique(rows, "id", "title", path)
    out.reject(
        table.rejected, without_id, repeated, reject(rows, rows["title"].isna(), "the film has no title", path, ("id",))
    )
    rows = rows[rows["title"].notna()]
    rows, not_lists = _listed(rows, _LISTS, path)
    launch, no_date = dates(rows, "release_date", "%Y-%m-%d")
    runtime, no_runtime = numbers(rows, "runtime")
    out.reject(
        *not_lists,
        reject(rows, no_date, "the release date is not a date", path, ("id", "title", "release_date")),
        reject(rows, no_runtime, "the runtime is not a number", path, ("id", "title", "runtime")),
    )
    label, original = each(rows["title"], clean_label), each(rows["original_title"], clean_label)
    language = each(rows["original_language"], language_code)
    rows = rows.assign(
        label=label,
        type="Film",
        kind="film",
        launch=launch.dt.date,
        year=launch.dt.year.astype("Int64"),
        runtime=runtime.where(runtime > 0),
        summary=each(rows["overview"], clean_label).replace("", None),
        other_labels=alternatives(label, original),
        countries=rows["production_countries"].map(lambda cell: [c for c in map(country_code, cell) if c] or None),
        languages=language.map(lambda code: [code] if isinstance(code, str) else None),
    )
    rows["genres"] = rows["genres"].map(lambda cell: [g for g in cell if g not in _NOT_GENRES])
    out.add("entities", rows[["id", "type", "label", "other_labels", "line"]], path)
    described = ["kind", "year", "launch", "runtime", "countries", "languages", "summary", "line"]
    out.add("titles", rows[["id", *described]].rename(columns={"id": "title"}), path)
    out.relate(rows, "has_genre", "genres", genre_id, type="Genre", label=genre_label, path=path)
    out.relate(rows, "made_by", "production_companies", company_id, type="Company", path=path)
    out.relate(
        rows,
        "produced_in",
        "production_countries",
        country_id,
        type="Country",
        label=lambda text: country_label(country_code(text) or text),
        path=path,
    )
    out.relate(
        rows,
        "in_language",
        "original_language",
        language_id,
        type="Language",
        label=lambda text: language_label(language_code(text) or text),
        path=path,
    )
    _tag(out, rows, path)
    return rows["id"]


def _keywords(out: BatchBuilder, path: Path, described: pd.Series) -> pd.Series:
    """Take in the keywords, and give the identifiers of films that have some."""
    table = read_table(path, required=_FILES[path.name])
    rows, without_id = _identified(table.frame.drop_duplicates(["id", "keywords"]), path)
    rows, not_lists = _listed(rows, ("keywords",), path)
    out.reject(table.rejected, without_id, *not_lists)
    rows = rows[rows["keywords"].map(len) > 0]
    _tag(out, rows, path)
    new = rows[~rows["id"].isin(described)].drop_duplicates("id").assign(type="Film", kind="film")
    out.add("entities", new[["id", "type", "line"]], path)
    out.add("titles", new[["id", "kind", "line"]].rename(columns={"id": "title"}), path)
    return rows["id"]


def _links(out: BatchBuilder, path: Path, films: pd.Series) -> None:
    """State the other identifiers of `films`."""
    table = read_table(path, required=_FILES[path.name])
    rows = table.frame.assign(id=tmdb_id(table.frame["tmdbId"]), imdb=imdb_id(table.frame["imdbId"]))
    rows["movielens"] = "movielens:" + rows["movieId"].str.extract(r"^(\d+)$", expand=False)
    twice = rows["id"].notna() & rows["id"].duplicated(keep=False)
    no_imdb = rows["imdb"].isna() & rows["imdbId"].notna()
    out.reject(
        table.rejected,
        reject(
            rows, twice, "the TMDB id is given for several films, so it names none of them", path, _FILES[path.name]
        ),
        reject(rows, no_imdb, "the IMDb id is not a number", path, _FILES[path.name]),
    )
    rows = rows[rows["id"].isin(films) & ~twice & ~no_imdb]
    out.add("facts", aliases(rows, "imdb"), path)
    out.add("facts", aliases(rows, "movielens"), path)
    # MovieLens lists some series too, so that only TMDB's own name space says that it is a film.
    for alias in ("imdb", "movielens"):
        out.add(
            "entities",
            rows[[alias, "line"]].dropna().rename(columns={alias: "id"}).drop_duplicates("id").assign(type="Title"),
            path,
        )


ADAPTER = Adapter(name="tmdb", recognise=_recognise, read=_read)
