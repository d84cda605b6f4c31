"""Pairs that two sources join by an identifier, drawn for reading: is what they call so the same thing?

    python -m benchmarks.identifiers [CATALOGUE] [--seed 7]

Prints 100 pairs of each kind side by side, as their publishers name them: films by IMDb's number (MovieLens with the
adaptations and with JustWatch), films by TMDB's (MovieLens with TMDB), books by Goodreads' (the adaptations with
goodbooks). Nothing is resolved by name here. What a person found in them stands in docs/from-nothing.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

DATA = Path(__file__).parents[2] / "shared" / "data" / "catalogue"
MANY = 100


def _table(path: Path, id: str, *named: str) -> pd.DataFrame:
    """The identifiers of a table, and how it names them."""
    table = pd.read_csv(path, dtype="str").dropna(subset=id)
    ids = table[id].str.removesuffix(".0")  # a whole number that somebody's program wrote as a broken one
    return pd.DataFrame({"id": ids, "named": table[list(named)].fillna("?").agg(", ".join, axis=1)})


def pairs(data: Path) -> dict[str, pd.DataFrame]:
    """id, and how either side names it, by kind."""
    adaptations = data / "adaptations" / "wiki_book_movie_ids_matching.csv"
    links = pd.read_csv(data / "movielens" / "links.csv", dtype="str")
    movielens = links.merge(pd.read_csv(data / "movielens" / "movies.csv", dtype="str"), on="movieId")
    films = movielens.assign(id="tt" + movielens["imdbId"].str.zfill(7), named=movielens["title"])[["id", "named"]]
    by_imdb = [
        _table(adaptations, "imdbid", "FilmTitle", "FilmYear"),
        _table(data / "justwatch" / "original_titles.csv", "imdb_id", "title", "release_year"),
    ]
    tmdb = _table(data / "tmdb" / "tmdb_5000_movies.csv", "id", "title", "release_date")
    return {
        "films by IMDb's number": pd.concat(by_imdb).merge(films, on="id"),
        "films by TMDB's number": tmdb.merge(
            movielens.assign(id=movielens["tmdbId"], named=movielens["title"]), on="id"
        ),
        "books by Goodreads' number": _table(adaptations, "id_goodreads", "BookTitle", "Author").merge(
            _table(data / "goodbooks" / "books.csv", "goodreads_book_id", "title", "authors"), on="id"
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path, nargs="?", default=DATA)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for kind, found in pairs(options.catalogue).items():
        known = found[["id", "named_x", "named_y"]].drop_duplicates()
        print(f"\n{kind}: {MANY} of {len(known):,}")
        for row in known.sample(MANY, random_state=options.seed).itertuples():
            print(f"{row.id}\t{row.named_x}\t{row.named_y}")


if __name__ == "__main__":
    main()
