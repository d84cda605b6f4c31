"""Which film and which book each pair of the adaptations means.

Ids were matched to the pairs by the title and year of the film. Where several films fit, none is taken, and the film
keeps an identifier made from its name. A book of a cycle is known by its id alone: the list calls it by the name of the
cycle.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ingest.building import BatchBuilder
from ingest.names import book_id, slug
from ingest.reading import read_table, reject
from ingest.sources.common import imdb_id, tmdb_id

#: Columns of the file of matched ids.
MATCHING = ("id", "BookTitle", "FilmTitle", "FilmYear", "tmdb_id", "id_goodreads", "imdbid")
_IDS = ["imdb", "tmdb", "goodreads"]


def matched_ids(out: BatchBuilder, path: Path | None, pairs: pd.DataFrame) -> pd.DataFrame:
    """The identifiers imdb, tmdb and goodreads of pairs, those of films where one fits; index: the id of the pair."""
    if path is None:
        return pd.DataFrame(columns=_IDS, dtype=object)
    table = read_table(path, required=MATCHING)
    rows = table.frame[table.frame["id"].isin(pairs["id"])]
    rows = rows.assign(imdb=imdb_id(rows["imdbid"]), tmdb=tmdb_id(rows["tmdb_id"]))
    rows["goodreads"] = "goodreads:" + rows["id_goodreads"].str.extract(r"^(\d+)$", expand=False)
    several = rows.groupby("id")["tmdb"].transform("nunique") > 1
    # Two films of one name and year have a page each; the match, by name and year, can't have told them apart.
    several |= rows["id"].isin(pairs.loc[_pages_of_name(pairs) > 1, "id"])
    no_imdb = rows["imdb"].isna() & rows["imdbid"].notna()
    why = "several films have this title and year, and nothing tells which is meant"
    out.reject(
        table.rejected,
        reject(rows, several, why, path, MATCHING),
        reject(rows, no_imdb, "the IMDb id is not one", path, MATCHING),
    )
    rows = rows.assign(imdb=rows["imdb"].mask(several), tmdb=rows["tmdb"].mask(several))
    return rows.drop_duplicates("id").set_index("id")[_IDS]


def _pages_of_name(pairs: pd.DataFrame) -> pd.Series:
    """How many pages (no page is one) the films of the name and year of each pair have."""
    pages = pairs.assign(page=pairs["FilmLink"].fillna(""))
    return pages.groupby(["film_label", "FilmYear"], dropna=False)["page"].transform("nunique")


def film_ids(pairs: pd.DataFrame) -> pd.Series:
    """The identifier of each pair's film: IMDb's, TMDB's, or one from name and year, or from its page."""
    own = [
        slug(label) + ("" if pd.isna(year) else f"-{year}") if pages == 1 or pd.isna(page) else slug(page)
        for label, year, page, pages in zip(
            pairs["film_label"], pairs["FilmYear"], pairs["FilmLink"], _pages_of_name(pairs), strict=True
        )
    ]
    return pairs["imdb"].fillna(pairs["tmdb"]).fillna("adaptation:film/" + pd.Series(own, index=pairs.index))


def book_ids(out: BatchBuilder, pairs: pd.DataFrame, path: Path) -> dict[str, pd.Series]:
    """The column book, the identifier of each pair's book, and cycle, the name of a cycle that it is a volume of.

    The columns book_label, author and BookYear come without what is said of another volume.
    """
    given = _without_strangers(out, pairs, path)
    author = pairs["author"].fillna("")
    by_title = given.groupby([pairs["book_label"], author])
    ids = by_title.transform("nunique")
    named = [book_id(title, name or None) for title, name in zip(pairs["book_label"], author, strict=True)]
    # A title with several ids is that of a cycle: which volume a film is from, only the id says. Author and year are
    # those of the last volume; the title is that of a volume only where most of the films are from it.
    volume = (ids > 1) & given.notna()
    share = given.groupby([pairs["book_label"], author, given]).transform("size") / by_title.transform("count")
    only = by_title.transform("first").where(ids == 1)
    return {
        "book": given.fillna(only).fillna(pd.Series(named, index=pairs.index)),
        "cycle": pairs["book_label"].where(volume),
        "book_label": pairs["book_label"].mask(volume & (share <= 0.5)),
        "author": pairs["author"].mask(volume),
        "BookYear": pairs["BookYear"].mask(volume),
    }


def _without_strangers(out: BatchBuilder, pairs: pd.DataFrame, path: Path) -> pd.Series:
    """The Goodreads ids of pairs without those that stand for a book of another title.

    One id for several titles is right for the one that has no other id and is given it most often.
    """
    given = pairs.dropna(subset="goodreads").value_counts(["goodreads", "book_label"], sort=False).reset_index()
    given["ids"] = given.groupby("book_label")["goodreads"].transform("nunique")
    given = given.sort_values(["ids", "count", "book_label"], ascending=[True, False, True]).drop_duplicates(
        "goodreads"
    )
    right = pairs["goodreads"].map(given.set_index("goodreads")["book_label"])
    stranger = pairs["goodreads"].notna() & (right != pairs["book_label"])
    why = right.map("the Goodreads id already stands for {}".format)
    out.reject(reject(pairs, stranger, why, path, ("id", "BookTitle", "Author", "FilmTitle", "goodreads")))
    return pairs["goodreads"].mask(stranger)
