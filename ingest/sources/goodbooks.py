"""goodbooks-10k: the ten thousand most rated books on Goodreads, and the shelves that readers put them on.

`language_code` is of the edition that Goodreads shows, not of the original, and stays out; so do the ISBNs, of which
leading zeros and last digits are lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from ingest.adapter import Adapter, has_columns
from ingest.building import BatchBuilder
from ingest.names import clean_label, each, fold, franchise_id, genre_id, gives_away, is_theme, person_id, slug, tag_id
from ingest.reading import numbers, read_table, reject
from ingest.sources.common import BOOK_GENRES, aliases, alternatives, by_name, genre_label, hint_id, reasons, unique
from kg.tables import Batch

_FILES = {
    "books.csv": (
        "goodreads_book_id",
        "best_book_id",
        "authors",
        "original_publication_year",
        "original_title",
        "title",
    ),
    "book_tags.csv": ("goodreads_book_id", "tag_id", "count"),
    "tags.csv": ("tag_id", "tag_name"),
}
_SHOWN = ("goodreads_book_id", "title", "authors")
#: How many of its themes a book keeps, the most used ones.
SHELVES = 20
# A genre that is shelved less than a tenth as often as the first theme is some readers' opinion.
_LEAST_OF_GENRE = 0.1
_NOBODY = {"anonymous", "unknown", "unknown author", "various", "various authors"}
_FILLERS = frozenset({"the", "a", "an", "series", "by", "author"})
# "Rising Sun (Oni, #1; The Dragon War, #2)", "His Dark Materials (His Dark Materials #1-3)"
_IN_SERIES = re.compile(r"^(.*\S)\s*\(([^()]*(?:\([^()]*\)[^()]*)*#.*)\)\s*$")
_SERIES = re.compile(r"(?:^|(?<=\d),)\s*([^#]*[^#,\s]),?\s*#\s*(\d+(?:\.\d+)?)([^,#]*)")


def _recognise(folder: Path) -> list[Path]:
    found = [folder / name for name, columns in _FILES.items() if has_columns(folder / name, columns[:2])]
    return found if folder / "books.csv" in found else []


def _read(files: Sequence[Path]) -> Batch:
    books, shelved, shelves = by_name(files, *_FILES)
    out = BatchBuilder("goodbooks")
    if books:
        named = _books(out, books)
        if shelved and shelves:
            _shelves(out, shelved, shelves, named)
    return out.batch()


def split_series(title: str) -> tuple[str, list[tuple[str, int | None]]]:
    """A title without its series, and the series with the book's place in each; None where it is no whole number.

    >>> split_series("Mort (Discworld, #4; Death, #1)")
    ('Mort', [('Discworld', 4), ('Death', 1)])
    >>> split_series("Catching Fire (The Hunger Games, #2)")
    ('Catching Fire', [('The Hunger Games', 2)])
    >>> split_series("His Dark Materials (His Dark Materials #1-3)")
    ('His Dark Materials', [('His Dark Materials', None)])
    """
    title = clean_label(title)
    found = _IN_SERIES.match(title)
    if not found:
        return title, []
    places = [m for part in found[2].split(";") for m in _SERIES.finditer(part)]
    return found[1], [(m[1].strip(), None if m[3].strip() or "." in m[2] else int(m[2])) for m in places]


def _books(out: BatchBuilder, path: Path) -> pd.DataFrame:
    """Take in the books, and give what they are named after: columns author, series; index: their identifiers."""
    table = read_table(path, required=_FILES[path.name])
    rows = table.frame
    number = rows["goodreads_book_id"].str.extract(r"^(\d+)$", expand=False)
    year, no_year = numbers(rows, "original_publication_year", integer=True)
    bad = reasons(rows, (number.isna(), "the id is not a number"), (rows["title"].isna(), "there is no title"))
    out.reject(
        table.rejected,
        reject(rows, bad != "", bad, path, _SHOWN),
        reject(rows, no_year, "the year is not a number", path, (*_SHOWN, "original_publication_year")),
    )
    best = "goodreads:" + rows["best_book_id"].str.extract(r"^(\d+)$", expand=False)
    rows, repeated = unique(rows.assign(id="goodreads:" + number, best=best, year=year)[bad == ""], "id", "title", path)
    out.reject(repeated)
    if rows.empty:
        return pd.DataFrame(columns=["author", "series"])
    parted = each(rows["title"], split_series)
    author = each(rows["authors"].str.split(",", regex=False).str[0], clean_label)
    rows = rows.assign(
        label=parted.str[0],
        series=parted.str[1],
        type="Book",
        kind="book",
        other_labels=alternatives(parted.str[0], each(rows["original_title"], split_series).str[0]),
        author=author.mask(author.str.lower().isin(_NOBODY)),
    )
    out.add("entities", rows[["id", "type", "label", "other_labels", "line"]], path)
    out.add("titles", rows[["id", "kind", "year", "line"]].rename(columns={"id": "title"}), path)
    # Translators, illustrators and editors follow the first name like further authors: only the first is sure.
    out.relate(rows, "written_by", "author", partial(person_id, "goodbooks"), type="Person", path=path)
    better = rows[rows["best"].notna() & (rows["best"] != rows["id"])]
    out.add("facts", aliases(better, "best"), path)
    out.add("entities", better[["best", "type", "label", "line"]].rename(columns={"best": "id"}), path)
    _series(out, rows, path)
    return rows.set_index("id")[["author", "series"]]


def _series(out: BatchBuilder, rows: pd.DataFrame, path: Path) -> None:
    """State the series of books, and which follows which where both places are taken by one book of the author."""
    places = rows[["id", "author", "series", "line"]].explode("series").dropna(subset="series")
    places = places.assign(name=places["series"].str[0], place=places["series"].str[1].astype("Int64"))
    out.relate(places, "part_of", "name", franchise_id, type="Franchise", path=path)
    places = places.assign(series=each(places["name"], franchise_id)).dropna(subset="place")
    keys = ["series", "author", "place"]
    places = places[~places.duplicated(keys, keep=False)]
    before = places[[*keys, "id"]].assign(place=places["place"] + 1)
    pairs = places.merge(before, on=keys, suffixes=("", "_before"))
    facts = (
        pairs[["id", "id_before", "line"]]
        .rename(columns={"id": "head", "id_before": "tail"})
        .assign(relation="follows")
    )
    out.add("facts", facts, path)


def _shelves(out: BatchBuilder, path: Path, names: Path, books: pd.DataFrame) -> None:
    table, shelves = read_table(path, required=_FILES[path.name]), read_table(names, required=_FILES[names.name])
    named, repeated = unique(shelves.frame, "tag_id", "tag_name", names)
    rows = table.frame
    count, no_count = numbers(rows, "count", integer=True)
    name = rows["tag_id"].map(named.set_index("tag_id")["tag_name"])
    rows = rows.assign(id="goodreads:" + rows["goodreads_book_id"], count=count, shelf=name)
    bad = reasons(
        rows,
        (no_count | ~(count > 0).fillna(False), "the count is not a number above zero"),
        (~rows["id"].isin(books.index), "no book has this goodreads_book_id"),
        (name.isna(), "no shelf has this tag_id"),
    )
    out.reject(
        table.rejected, shelves.rejected, repeated, reject(rows, bad != "", bad, path, (*_FILES[path.name], "shelf"))
    )
    rows = rows[bad == ""].drop_duplicates(["id", "tag_id"])
    if rows.empty:
        return

    themes = each(rows["shelf"], is_theme).astype(bool)
    # "graphic-novels" is a sort of books; of those that are no such theme, some say that there is a film.
    hints = rows[~themes]
    hints = hints[each(hints["shelf"], gives_away).astype(bool)]
    out.relate(hints, "adaptation_hint", "shelf", hint_id, type="Hint", path=path)
    rows = rows[themes]
    rows = rows[~_named_after(rows, books)]
    # "-fiction-" is a spelling of "fiction".
    rows = rows.assign(slug=each(rows["shelf"], slug)).sort_values(
        ["id", "count"], ascending=[True, False], kind="stable"
    )
    rows = rows.groupby(["id", "slug"], sort=False, as_index=False).agg(
        count=("count", "sum"), shelf=("shelf", "first"), line=("line", "first")
    )
    rows = rows.sort_values(["id", "count", "slug"], ascending=[True, False, True], kind="stable")
    strongest = rows[rows.groupby("id").cumcount() < SHELVES]
    strongest = strongest.assign(
        label=each(strongest["shelf"], lambda text: fold(text) or text), count=strongest["count"].astype("float32")
    )
    out.relate(strongest, "shelf", "label", partial(tag_id, sort="shelf"), type="Shelf", weight="count", path=path)
    share = strongest["count"] / strongest.groupby("id")["count"].transform("max")
    genres = strongest[share >= _LEAST_OF_GENRE].assign(genre=lambda f: each(f["label"], BOOK_GENRES.get))
    out.relate(
        genres.drop_duplicates(["id", "genre"]),
        "has_genre",
        "genre",
        genre_id,
        type="Genre",
        label=genre_label,
        path=path,
    )


def _named_after(rows: pd.DataFrame, books: pd.DataFrame) -> pd.Series:
    """Whether the shelf of each row [n] only repeats the name of the book's author or series."""
    words = each(rows["shelf"], lambda shelf: frozenset(fold(shelf).split()) - _FILLERS)
    own: dict[str, tuple[frozenset[str], set[frozenset[str]]]] = {}
    for book, author, series in zip(books.index, books["author"], books["series"], strict=True):
        author_words = frozenset(fold(author).split()) if isinstance(author, str) else frozenset()
        own[book] = author_words, {frozenset(fold(name).split()) - _FILLERS for name, _ in series}
    same = [shelf <= own[book][0] or shelf in own[book][1] for book, shelf in zip(rows["id"], words, strict=True)]
    return pd.Series(same, index=rows.index)


ADAPTER = Adapter(name="goodbooks", recognise=_recognise, read=_read)
