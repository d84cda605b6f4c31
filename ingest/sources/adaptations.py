"""Films and the books they are based on, from Wikipedia's lists, and the ids of most at TMDB, IMDb and Goodreads.

Wikipedia's page of a film or book is another id, where it is of that alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from ingest.adapter import Adapter, has_columns
from ingest.building import BatchBuilder
from ingest.names import clean_label, each, fold, franchise_id, genre_id, is_theme, normalise_title, person_id, tag_id
from ingest.reading import numbers, read_table, reject
from ingest.sources.adaptations_ids import MATCHING, book_ids, film_ids, matched_ids
from ingest.sources.common import (
    BOOK_GENRES,
    aliases,
    alternatives,
    by_name,
    genre_label,
    plain_iri,
    reasons,
    wikipedia_id,
)
from kg.tables import Batch

_FILES = {
    "booksmovies.csv": (
        "id",
        "BookTitle",
        "BookAltTitle",
        "BookYear",
        "BookLink",
        "Author",
        "FilmTitle",
        "FilmLink",
        "FilmYear",
    ),
    "wiki_book_movie_ids_matching.csv": MATCHING,
    "book_genres.csv": ("book_id", "genre"),
}
_SHOWN = ("id", "BookTitle", "Author", "FilmTitle", "FilmYear")
_NO_AUTHOR = r"^(?:0|\[\d+\])$"
_MARKUP = r"\[\[|\]\]|mw-parser"
# "The Dark Tower (1998–2012) (series), Stephen King", "Don Quixote (1933 film)", "One Shot (novel)"
_QUALIFIED = re.compile(r"'? \((?:(?:c\. )?\d{4}\b[^)]*|novel|series|film)\).*$")
_SERIES_PAGE = re.compile(
    r"TV_(?:mini-?)?series|TV_(?:serial|program)|miniseries|TV_Mini_Series|_serial\b|List_of_.*episodes", re.IGNORECASE
)
# Pages of something larger than the film or book.
_WIDER = re.compile(r"franchise|series|_in_film|^List_of|adaptations", re.IGNORECASE)


def _recognise(folder: Path) -> list[Path]:
    found = [folder / name for name, columns in _FILES.items() if has_columns(folder / name, columns[:2])]
    return found if folder / "booksmovies.csv" in found else []


def _read(files: Sequence[Path]) -> Batch:
    pairs, matches, genres = by_name(files, *_FILES)
    out = BatchBuilder("adaptations")
    rows = _pairs(out, pairs) if pairs else pd.DataFrame()
    if pairs is None or rows.empty:
        return out.batch()
    rows = rows.join(matched_ids(out, matches, rows), on="id")
    rows = rows.assign(film=film_ids(rows), **book_ids(out, rows, pairs))
    _state(out, rows, pairs)
    if genres:
        _genres(out, genres, set(rows["book"]))
    return out.batch()


def _pairs(out: BatchBuilder, path: Path) -> pd.DataFrame:
    """The pairs with titles, years and links put right."""
    table = read_table(path, required=_FILES[path.name])
    rows = table.frame
    bad = reasons(
        rows,
        (rows["BookTitle"].isna() | rows["FilmTitle"].isna(), "a title is missing"),
        (rows["BookTitle"].str.contains(_MARKUP), "the title is wiki markup"),
    )
    years = {}
    for column in ("BookYear", "FilmYear"):
        year, no_year = numbers(rows, column, integer=True)
        out.reject(reject(rows, no_year, f"{column} is not a number", path, (*_SHOWN, column)))
        years[column] = year.where(year > 0)
    out.reject(table.rejected, reject(rows, bad != "", bad, path, _SHOWN))
    nobody = rows["Author"].str.contains(_NO_AUTHOR).fillna(False).astype(bool)
    links = {column: rows[column].str.extract(r"^/wiki/(.+)$", expand=False) for column in ("BookLink", "FilmLink")}
    in_link = pd.to_numeric(links["FilmLink"].str.extract(r".*\((\d{4})(?!\d)[^()]*\)", expand=False)).astype("Int64")
    return rows.assign(
        BookYear=years["BookYear"],
        FilmYear=years["FilmYear"].fillna(in_link),
        **links,
        book_label=each(rows["BookTitle"], _unqualified),
        film_label=each(rows["FilmTitle"], _unqualified),
        author=each(rows["Author"].mask(nobody), clean_label),
    )[bad == ""]


def _unqualified(title: str) -> str:
    return _QUALIFIED.sub("", clean_label(title)) or clean_label(title)


def _state(out: BatchBuilder, rows: pd.DataFrame, path: Path) -> None:
    """State the pairs, and describe both sides; a film or book that several pairs name by the first of them."""
    based_on = rows[["film", "book", "line"]].rename(columns={"film": "head", "book": "tail"})
    out.add("facts", based_on.assign(relation="based_on"), path)
    kind = rows["FilmLink"].str.contains(_SERIES_PAGE).fillna(False).map({True: "series", False: "film"})
    film = {
        "id": rows["film"],
        "label": rows["film_label"],
        "year": rows["FilmYear"],
        "kind": kind,
        "type": kind.str.title(),
    }
    # Without an author, the row is of a cycle or a list, and the other title that of another book.
    other_title = each(rows["BookAltTitle"].where(rows["author"].notna()), clean_label)
    book = {"id": rows["book"], "label": rows["book_label"], "year": rows["BookYear"], "kind": "book", "type": "Book"}
    films = pd.DataFrame(film | {"page": rows["FilmLink"], "line": rows["line"], "other_labels": None})
    books = pd.DataFrame(book | {"page": rows["BookLink"], "line": rows["line"]})
    books["other_labels"] = alternatives(rows["book_label"], other_title)
    shared = pd.concat([films, books]).dropna(subset="page").groupby("page")["id"].nunique()
    for frame in (films, books):
        first = frame.drop_duplicates("id")
        out.add("entities", first[["id", "type", "label", "other_labels", "line"]], path)
        out.add("titles", first[["id", "kind", "year", "line"]].rename(columns={"id": "title"}), path)
        _pages(out, first[first["page"].map(shared) == 1], path)
    tmdb = rows.drop_duplicates("film").assign(type=kind.str.title(), label=rows["film_label"])
    tmdb = tmdb[tmdb["tmdb"].notna() & (tmdb["tmdb"] != tmdb["film"])]
    out.add("facts", aliases(tmdb, "tmdb", "film"), path)
    out.add("entities", tmdb[["tmdb", "type", "label", "line"]].rename(columns={"tmdb": "id"}), path)
    out.relate(rows, "part_of", "cycle", franchise_id, type="Franchise", head="book", path=path)
    authors = rows.drop_duplicates(["book", "author"])
    authors = authors.assign(author=each(authors["author"], _names))
    person = partial(person_id, "adaptations")
    out.relate(authors, "written_by", "author", person, type="Person", head="book", path=path)


def _names(text: str) -> list[str]:
    """The names in a cell of authors: two where each is a full name, which "Arkady and Boris Strugatsky" are not."""
    two = re.match(r"(\S+ .+) and (\S+ .+)$", text)
    return list(two.groups()) if two else [text]


def _pages(out: BatchBuilder, frame: pd.DataFrame, path: Path) -> None:
    """State the Wikipedia pages of films or books, where a page is called like what it is said to be of."""
    same = [
        isinstance(label, str)
        and not _WIDER.search(page)
        and normalise_title(_title_of(page)) == normalise_title(label)
        for page, label in zip(frame["page"], frame["label"], strict=True)
    ]
    named = frame[same]
    named = named.assign(page=each(named["page"], wikipedia_id)).dropna(subset="page")
    out.add("facts", aliases(named, "page"), path)
    out.add("entities", named[["page", "type", "label", "line"]].rename(columns={"page": "id"}), path)


def _title_of(page: str) -> str:
    """The title that a page is named after: "About_a_Boy_(film)" is of "About a Boy"."""
    return re.sub(r"_\([^()]*\)$", "", plain_iri(page)).replace("_", " ")


def _genres(out: BatchBuilder, path: Path, books: set[str]) -> None:
    table = read_table(path, required=_FILES[path.name])
    out.reject(table.rejected)
    rows = table.frame.assign(id="goodreads:" + table.frame["book_id"])
    rows = rows[rows["id"].isin(books) & rows["genre"].notna()]
    genres = each(rows["genre"], lambda text: BOOK_GENRES.get(fold(text)))
    themes = genres.isna() & each(rows["genre"], is_theme).astype(bool)
    out.relate(rows.assign(genre=genres), "has_genre", "genre", genre_id, type="Genre", label=genre_label, path=path)
    out.relate(rows[themes], "shelf", "genre", partial(tag_id, sort="shelf"), type="Shelf", path=path)


ADAPTER = Adapter(name="adaptations", recognise=_recognise, read=_read)
