"""The identifiers that this house gives to what publishers only name: tags, genres, people, books, titles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from ingest.places import country_code, country_label, language_code, language_label
from ingest.sorting import FILMED, GIVES_AWAY, NOT_THEMES, PRODUCTION_NOTES, gives_away, is_production_note, is_theme
from ingest.text import article_first, clean_label, fold, normalise_title, slug, split_titles, split_year

__all__ = [
    "FILMED",
    "GIVES_AWAY",
    "NOT_THEMES",
    "PRODUCTION_NOTES",
    "article_first",
    "book_id",
    "clean_label",
    "company_id",
    "country_code",
    "country_id",
    "country_label",
    "each",
    "fold",
    "franchise_id",
    "genre_id",
    "gives_away",
    "is_production_note",
    "is_theme",
    "language_code",
    "language_id",
    "language_label",
    "microgenre_id",
    "normalise_title",
    "person_id",
    "slug",
    "split_titles",
    "split_year",
    "tag_id",
    "title_id",
]

TAG_PREFIXES = {"storyline": "tag", "mood": "mood", "user_tag": "usertag", "shelf": "shelf", "hint": "hint"}
#: One genre under several names, by slug.
_GENRES = {
    "sci-fi": "science-fiction",
    "scifi": "science-fiction",
    "sf": "science-fiction",
    "documentation": "documentary",
    "documentaries": "documentary",
    "sport": "sports",
    "musicals": "musical",
    "historical": "history",
    "childrens": "children",
    "westerns": "western",
    "biographical": "biography",
    "romantic": "romance",
    "animated": "animation",
}


def tag_id(label: str, sort: str = "storyline") -> str:
    """The identifier of a tag; `sort` is storyline, mood, user_tag, shelf or hint."""
    return f"{TAG_PREFIXES[sort]}:{slug(label)}"


def genre_id(label: str) -> str:
    """The identifier of a genre; usual synonyms ("Sci-Fi", "Science Fiction") have one."""
    name = slug(label)
    return f"genre:{_GENRES.get(name, name)}"


def microgenre_id(label: str) -> str:
    return f"microgenre:{slug(label)}"


def person_id(source: str, name: str) -> str:
    """The identifier of a person known to `source` by name only."""
    return f"person:{source}/{slug(name)}"


def company_id(name: str) -> str:
    return f"company:{slug(name)}"


def franchise_id(name: str) -> str:
    return f"franchise:{slug(name)}"


def book_id(title: str, author: str | None = None) -> str:
    """The identifier of a book known by title and author only."""
    return f"book:{slug(title)}" + (f"/{slug(author)}" if author else "")


def title_id(prefix: str, kind: str | None, title: str, year: int | None = None) -> str:
    """The identifier of a title known by name only, such as ``netflixchart:series/dark-2017``."""
    return f"{prefix}:{kind or 'title'}/{slug(title)}" + (f"-{year}" if year is not None else "")


def country_id(text: str) -> str | None:
    """The identifier of a country named by code or name; None where there is no such country."""
    code = country_code(text)
    return f"country:{code}" if code else None


def language_id(text: str) -> str | None:
    """The identifier of a language named by code or name; None where there is no such language."""
    code = language_code(text)
    return f"language:{code}" if code else None


def each(cells: pd.Series, function: Callable[[Any], Any]) -> pd.Series:
    """`function` of every cell (dtype object), called once for each distinct value; missing cells stay missing."""
    known = {value: function(value) for value in cells.dropna().unique()}
    return cells.astype(object).map(known).astype(object)
