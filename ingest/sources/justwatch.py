"""JustWatch: what Netflix had to offer in the United States in mid-2022."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.adapter import Adapter, has_columns
from ingest.building import BatchBuilder
from ingest.names import clean_label, country_code, country_id, country_label, each, genre_id
from ingest.reading import literals, numbers, read_table, reject
from ingest.sources.common import aliases, genre_label, imdb_id, reasons, unique
from kg.tables import Batch

_FILE = "original_titles.csv"
_COLUMNS = (
    "id",
    "title",
    "type",
    "description",
    "release_year",
    "runtime",
    "genres",
    "production_countries",
    "imdb_id",
)
_SHOWN = ("id", "title", "type", "release_year")
_KINDS = {"MOVIE": "film", "SHOW": "series"}
# JustWatch tells European films from all others; that is no genre.
_NOT_GENRES = {"european"}


def _recognise(folder: Path) -> list[Path]:
    return [folder / _FILE] if has_columns(folder / _FILE, _COLUMNS[:2]) else []


def _read(files: Sequence[Path]) -> Batch:
    out = BatchBuilder("justwatch")
    for path in files:
        _titles(out, path)
    return out.batch()


def _titles(out: BatchBuilder, path: Path) -> None:
    table = read_table(path, required=_COLUMNS)
    rows = table.frame
    year, no_year = numbers(rows, "release_year", integer=True)
    runtime, no_runtime = numbers(rows, "runtime")
    genres, countries = literals(rows["genres"]), literals(rows["production_countries"])
    bad = reasons(
        rows,
        (rows["id"].isna(), "there is no id"),
        (rows["title"].isna(), "there is no title"),
        (~rows["type"].isin(list(_KINDS)), "the type is neither MOVIE nor SHOW"),
    )
    rows, repeated = unique(
        rows.assign(
            own="justwatch:" + rows["id"],
            imdb=imdb_id(rows["imdb_id"]),
            kind=rows["type"].map(_KINDS),
            year=year,
            runtime=runtime.where(runtime > 0),
            genres=genres,
            countries=countries,
        )[bad == ""],
        "id",
        "title",
        path,
    )
    out.reject(
        table.rejected,
        repeated,
        reject(table.frame, bad != "", bad, path, _SHOWN),
        reject(
            table.frame, no_year | no_runtime, "the year or the runtime is not a number", path, (*_SHOWN, "runtime")
        ),
        reject(
            table.frame,
            genres.isna() | countries.isna(),
            "genres or production_countries is not a list",
            path,
            (*_SHOWN, "genres", "production_countries"),
        ),
        reject(
            rows, rows["imdb"].isna() & rows["imdb_id"].notna(), "the IMDb id is not one", path, (*_SHOWN, "imdb_id")
        ),
    )
    rows = rows.drop(columns="id").assign(
        id=rows["imdb"].fillna(rows["own"]),
        label=each(rows["title"], clean_label),
        summary=each(rows["description"], clean_label),
        genres=rows["genres"].map(lambda cell: [g for g in cell or [] if g not in _NOT_GENRES]),
    )
    rows["type"] = rows["kind"].str.title()
    codes = rows["countries"].map(lambda cell: [c for c in map(country_code, cell or []) if c] or None)
    for id in ("id", "own"):
        out.add("entities", rows[[id, "type", "label", "line"]].rename(columns={id: "id"}).drop_duplicates("id"), path)
    out.add("facts", aliases(rows, "own"), path)
    described = (
        rows.assign(countries=codes)
        .rename(columns={"id": "title_id"})
        .drop(columns="title")
        .rename(columns={"title_id": "title"})
    )
    out.add("titles", described[["title", "kind", "year", "runtime", "countries", "summary", "line"]], path)
    out.relate(rows, "has_genre", "genres", genre_id, type="Genre", label=genre_label, path=path)
    out.relate(
        rows.assign(countries=codes),
        "produced_in",
        "countries",
        country_id,
        type="Country",
        label=country_label,
        path=path,
    )


ADAPTER = Adapter(name="justwatch", recognise=_recognise, read=_read)
