"""What several sources need: their files by name, identifiers of shared spaces, rows that say the same thing twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, unquote

import pandas as pd

from ingest.names import fold, genre_id, gives_away, tag_id
from ingest.reading import reject
from kg.schema import ILLEGAL_IN_IRI

_MADE_FROM = {"book", "books", "comic", "comics", "novel", "novels", "play", "plays", "short story"}


def by_name(files: Sequence[Path], *names: str) -> tuple[Path | None, ...]:
    """The file of each of `names`, None where it isn't there."""
    found = {path.name: path for path in files}
    return tuple(found.get(name) for name in names)


def imdb_id(numbers: pd.Series) -> pd.Series:
    """IMDb identifiers of titles from numbers, which may have lost ``tt`` and leading zeros; missing where it is none.

    >>> imdb_id(pd.Series(["0114709", "tt114709", "10872600", "n/a"])).dropna().tolist()
    ['imdb:tt0114709', 'imdb:tt0114709', 'imdb:tt10872600']
    """
    digits = numbers.str.extract(r"^\s*(?:tt)?0*([1-9]\d{0,8})\s*$", expand=False)
    return "imdb:tt" + digits.str.zfill(7)


def tmdb_id(numbers: pd.Series) -> pd.Series:
    """TMDB identifiers of films; missing where it is none."""
    return "tmdb:" + numbers.str.extract(r"^\s*0*([1-9]\d*)(?:\.0)?\s*$", expand=False)


def genre_label(text: str) -> str:
    """The label that a genre has whichever source names it.

    >>> genre_label("scifi"), genre_label("Sci-Fi"), genre_label("Children's")
    ('Science Fiction', 'Science Fiction', 'Children')
    """
    return genre_id(text).partition(":")[2].replace("-", " ").title()


def hint_id(text: str) -> str | None:
    """The identifier of a tag that says that a work is an adaptation; None for all other tags."""
    return tag_id(text, "hint") if gives_away(text) else None


def viewers_hint_id(text: str) -> str | None:
    """Likewise for tags that viewers give to films: "book" to them is what a film is made from, not what is in it."""
    return tag_id(text, "hint") if gives_away(text) or fold(text) in _MADE_FROM else None


def reasons(rows: pd.DataFrame, *faults: tuple[pd.Series, str | pd.Series]) -> pd.Series:
    """The first of `faults` (where it holds, what it is called) that holds of each row [n]; "" where none does."""
    found = pd.Series("", index=rows.index, dtype="str")
    for holds, reason in reversed(faults):
        found = found.mask(holds.fillna(False).astype(bool), reason)
    return found


def unique(frame: pd.DataFrame, key: str, label: str, path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first row of each `key`, and the rejections of later rows whose `label` is another."""
    repeats = frame[key].duplicated()
    if not repeats.any():
        return frame, reject(frame, repeats, "", path)
    originals = frame.loc[~repeats].set_index(key)[label]
    known = frame[key].map(originals)
    differs = repeats & (frame[label].fillna("") != known.fillna(""))
    return frame[~repeats], reject(frame, differs, known.map("the identifier already stands for {}".format), path)


def alternatives(label: pd.Series, other: pd.Series) -> pd.Series:
    """Lists for ``other_labels`` with `other` alone; None where it is missing or is the `label`."""
    return other.where(other != label).map(lambda text: [text], na_action="ignore").astype(object)


def aliases(frame: pd.DataFrame, alias: str, id: str = "id") -> pd.DataFrame:
    """Facts that the identifiers in the columns `alias` and `id` are of one thing, where there are two."""
    both = frame[frame[alias].notna() & frame[id].notna() & (frame[alias] != frame[id])]
    return pd.DataFrame({"head": both[alias], "relation": "same_as", "tail": both[id], "line": both["line"]})


#: Shelves and subjects of books (folded) that are genres of films too, and what those are called.
BOOK_GENRES = {
    "action": "Action",
    "adventure": "Adventure",
    "biography": "Biography",
    "comedy": "Comedy",
    "crime": "Crime",
    "crime fiction": "Crime",
    "drama": "Drama",
    "fantasy": "Fantasy",
    "horror": "Horror",
    "humor": "Comedy",
    "humour": "Comedy",
    "mysteries": "Mystery",
    "mystery": "Mystery",
    "romance": "Romance",
    "sci fi": "Science Fiction",
    "science fiction": "Science Fiction",
    "scifi": "Science Fiction",
    "thriller": "Thriller",
    "thrillers": "Thriller",
    "war": "War",
    "western": "Western",
    "westerns": "Western",
}


def wikipedia_id(page: str) -> str | None:
    """The identifier of an English Wikipedia page, from its name as in an address; None for a part of a page.

    DBpedia names its resources after the pages, so the two can be told to be of one thing.

    >>> wikipedia_id("%C3%80_ton_image"), wikipedia_id("The_Black_Stallion#Movies_and_TV_adaptations")
    ('wikipedia:À_ton_image', None)
    """
    return None if "#" in page else f"wikipedia:{plain_iri(page)}"


def plain_iri(local: str) -> str:
    """The end of an IRI with only those characters encoded that none may have: some addresses are encoded, some twice.

    >>> plain_iri("Pink_Floyd_%25E2%2580%2593_The_Wall"), plain_iri('"Crocodile"_Dundee')
    ('Pink_Floyd_–_The_Wall', '%22Crocodile%22_Dundee')
    """
    while (plain := unquote(local)) != local:
        local = plain
    return re.sub(ILLEGAL_IN_IRI, lambda found: quote(found[0]), local.replace(" ", "_"))
