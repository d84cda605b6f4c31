"""Identifiers made from cells: ``imdb:tt{imdb:07}``, ``person:studio/{:slug}``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from ingest.names import country_code, each, genre_id, language_code, slug

_FIELD = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_FILTERS: dict[str, Callable[[str], str | None]] = {
    "slug": slug,
    "genre": lambda text: genre_id(text).removeprefix("genre:"),
    "country": country_code,
    "language": language_code,
}


@dataclass(frozen=True, slots=True)
class Template:
    """Text with fields in braces: ``{column}``, or ``{}`` for the value at hand, and ``{column:filter}``.

    Filters are slug, genre (a slug, one for usual synonyms), country, language, and 07 or the like, which fills up
    with zeros.
    """

    text: str
    fields: tuple[tuple[str, Callable[[str], str | None] | None], ...]
    between: tuple[str, ...]  # what stands before, between and after the fields

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read a template. Raises :class:`ValueError`, which says what is wrong."""
        found = _FIELD.findall(text)
        if re.search("[{}]", _FIELD.sub("", text)):
            raise ValueError(f"the braces of {text!r} do not match")
        if not found:
            raise ValueError(f"{text!r} has no field in braces, so every row would get the same identifier")
        fields = tuple((column.strip(), _filter(name)) for column, name in found)
        return cls(text, fields, tuple(_FIELD.sub("\0", text).split("\0")))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it needs, without the value at hand."""
        return tuple(column for column, _ in self.fields if column)

    @property
    def names_things(self) -> bool:
        """Whether it makes identifiers of names, which can serve as labels, and not of numbers and codes."""
        return any(function in _FILTERS.values() for _, function in self.fields)

    def of(self, value: str) -> str | None:
        """The identifier of one value, where the value at hand is all that the template needs."""
        made = self.between[0]
        for (_, function), literal in zip(self.fields, self.between[1:], strict=True):
            part = function(value) if function else value
            if part is None:
                return None
            made += part + literal
        return made

    def fill(self, frame: pd.DataFrame) -> pd.Series:
        """text [n]: the identifier of each row; empty where a cell is, or where a filter knows nothing of it."""
        made = pd.Series(self.between[0], index=frame.index, dtype="str")
        for (column, function), literal in zip(self.fields, self.between[1:], strict=True):
            cells = frame[column].str.strip()
            made = made + (each(cells, function) if function else cells).astype("str") + literal
        return made


def _filter(name: str) -> Callable[[str], str | None] | None:
    if not name:
        return None
    if re.fullmatch(r"0\d+", name):
        width = int(name)
        return lambda text: text.zfill(width)
    if name not in _FILTERS:
        raise ValueError(f"no filter is called {name!r}; there are {', '.join(_FILTERS)} and widths such as 07")
    return _FILTERS[name]
