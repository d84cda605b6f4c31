"""Netflix's genres say more than the genre: the country, the language, that there is a book. Each for what it is."""

from __future__ import annotations

import re
from functools import cache, partial
from pathlib import Path

import pandas as pd

from ingest.building import BatchBuilder
from ingest.names import (
    clean_label,
    country_id,
    country_label,
    each,
    genre_id,
    gives_away,
    language_code,
    language_id,
    language_label,
    microgenre_id,
    tag_id,
)
from ingest.sources.common import genre_label

#: The country that a nationality among the genres stands for.
NATIONALITIES = {
    "Argentinian": "AR",
    "Australian": "AU",
    "Austrian": "AT",
    "Belgian": "BE",
    "Brazilian": "BR",
    "British": "GB",
    "Canadian": "CA",
    "Chilean": "CL",
    "Colombian": "CO",
    "Czech": "CZ",
    "Danish": "DK",
    "Dutch": "NL",
    "Egyptian": "EG",
    "Emirati": "AE",
    "Filipino": "PH",
    "Finnish": "FI",
    "French": "FR",
    "German": "DE",
    "Greek": "GR",
    "Hong Kong": "HK",
    "Hungarian": "HU",
    "Indian": "IN",
    "Indonesian": "ID",
    "Irish": "IE",
    "Israeli": "IL",
    "Italian": "IT",
    "Japanese": "JP",
    "Jordanian": "JO",
    "Korean": "KR",
    "Kuwaiti": "KW",
    "Lebanese": "LB",
    "Luxembourgian": "LU",
    "Malaysian": "MY",
    "Mexican": "MX",
    "New Zealand": "NZ",
    "Norwegian": "NO",
    "Peruvian": "PE",
    "Polish": "PL",
    "Portuguese": "PT",
    "Romanian": "RO",
    "Russian": "RU",
    "Saudi": "SA",
    "Singaporean": "SG",
    "South African": "ZA",
    "Spanish": "ES",
    "Swedish": "SE",
    "Swiss": "CH",
    "Taiwanese": "TW",
    "Thai": "TH",
    "Turkish": "TR",
    "Ukrainian": "UA",
    "Vietnamese": "VN",
}
#: Genres that other sources know, by what is left of Netflix's name without "Movies" and "TV".
_GENRES = {
    "Drama": "Drama",
    "Comedy": "Comedy",
    "Thriller": "Thriller",
    "Horror": "Horror",
    "Documentary": "Documentary",
    "Docuseries": "Documentary",
    "Fantasy": "Fantasy",
    "Sci-Fi": "Science Fiction",
    "Crime": "Crime",
    "Mystery": "Mystery",
    "Romantic": "Romance",
    "Romance": "Romance",
    "Western": "Western",
    "Musical": "Musical",
    "Sports": "Sports",
    "Reality": "Reality",
    "Music": "Music",
    "Kids": "Family",
    "Family": "Family",
    "Kids & Family": "Family",
    "Children & Family": "Family",
    "Cartoons": "Animation",
    "Action": "Action",
    "Film Noir": "Film Noir",
}
_NOT_GENRES = {"", "International", "Independent", "Special Interest"}
_SINGULAR = {
    "Dramas": "Drama",
    "Comedies": "Comedy",
    "Thrillers": "Thriller",
    "Mysteries": "Mystery",
    "Westerns": "Western",
    "Musicals": "Musical",
    "Documentaries": "Documentary",
    "Docs": "Documentary",
    "Kids'": "Kids",
}
_KIND = re.compile(r"\b(?:TV Shows|TV|Movies|Films|(?<=Anime )(?:Series|Features))\b")
_LANGUAGE = re.compile(r"^(.+)-Language\b|^(Kannada)\b")


@cache
def sort_genre(text: str) -> tuple[str, str] | None:
    """What a genre of Netflix says: the relation and the name of its tail. None where it says nothing.

    >>> sort_genre("Zombie Horror Movies"), sort_genre("TV Dramas"), sort_genre("Korean")
    (('micro_genre', 'Zombie Horror'), ('has_genre', 'Drama'), ('produced_in', 'KR'))
    >>> sort_genre("Hindi-Language Movies"), sort_genre("TV Shows Based on Books"), sort_genre("International Movies")
    (('in_language', 'hi'), ('adaptation_hint', 'TV Shows Based on Books'), None)
    """
    text = clean_label(text)
    if gives_away(text):
        return "adaptation_hint", text
    if (found := _LANGUAGE.match(text)) and (code := language_code(found[1] or found[2])):
        return "in_language", code
    name = " ".join(_SINGULAR.get(word, word) for word in _KIND.sub(" ", text).split())
    if name in NATIONALITIES:
        return "produced_in", NATIONALITIES[name]
    if name in _GENRES:
        return "has_genre", _GENRES[name]
    return None if name in _NOT_GENRES else ("micro_genre", name)


def relate_genres(out: BatchBuilder, rows: pd.DataFrame, column: str, path: Path) -> None:
    """State what the lists of genres in `column` say of the titles in the column ``id``."""
    genres = rows[["id", column, "line"]].explode(column).dropna(subset=column)
    sorted_ = each(genres[column], sort_genre)
    genres, sorted_ = genres[sorted_.notna()], sorted_.dropna()
    genres = genres.assign(relation=sorted_.str[0], name=sorted_.str[1])
    for relation, to_id, type, label in (
        ("has_genre", genre_id, "Genre", genre_label),
        ("micro_genre", microgenre_id, "MicroGenre", clean_label),
        ("produced_in", country_id, "Country", country_label),
        ("in_language", language_id, "Language", language_label),
        ("adaptation_hint", partial(tag_id, sort="hint"), "Hint", clean_label),
    ):
        out.relate(genres[genres["relation"] == relation], relation, "name", to_id, type=type, label=label, path=path)


def stated(genres: pd.Series, relation: str) -> pd.Series:
    """The names that lists of genres [n] give for produced_in (codes) or in_language; None for none."""

    def names(cell: list[str] | None) -> list[str] | None:
        found = [s[1] for s in map(sort_genre, cell or []) if s and s[0] == relation]
        return list(dict.fromkeys(found)) or None

    return genres.map(names)
