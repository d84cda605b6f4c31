"""Everything that can go wrong with a question, in one tree.

QueryError
├── UnknownName
│   ├── UnknownTitle      no film or series is called that
│   ├── UnknownEntity     nothing is called that
│   ├── UnknownCountry    no country is called that
│   │   └── NoAudience     no audience is known there
│   ├── UnknownView       the release has no such view
│   ├── UnknownRelation   no relation is called that
│   └── UnknownKind       no entity type is called that
├── AmbiguousName
│   ├── AmbiguousTitle    several titles are called that
│   └── AmbiguousEntity   several entities are called that
├── NoVector              the title has no vector in this view
├── NotInRelease          the release was made without what the question needs
└── BadQuestion
    ├── BadCount          k is not a number of results
    ├── BadFilter         `where` can't be understood
    ├── BadRelation       an entity of this type can't have that relation, or nothing was learnt of it
    └── EmptyQuestion     nothing is asked about

A release that can't be opened raises an error of :mod:`embeddings.errors`: :class:`~embeddings.errors.NoRelease`,
:class:`~embeddings.errors.ReleaseDamaged` or :class:`~embeddings.errors.UnsupportedRelease`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class QueryError(Exception):
    """Base of all errors of this package."""


class UnknownName(QueryError):
    """Nothing has that name; `nearest` lists names that come near."""

    what = "thing"

    def __init__(self, name: object, nearest: Sequence[str] = (), hint: str = "") -> None:
        self.name, self.nearest = name, list(nearest)
        suggestion = f" Did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        super().__init__(f"No {self.what} is called {name!r}.{suggestion}{' ' + hint if hint else ''}")


class UnknownTitle(UnknownName):
    what = "film or series"


class UnknownEntity(UnknownName):
    what = "entity"


class UnknownCountry(UnknownName):
    what = "country"


class NoAudience(UnknownCountry):
    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name, self.nearest = name, list(known)
        shown = ", ".join(self.nearest[:12]) + (", …" if len(self.nearest) > 12 else "")
        QueryError.__init__(self, f"No audience is known in {name}; the release has some in {shown or 'no country'}.")


class UnknownView(UnknownName):
    what = "view"


class UnknownLanguage(UnknownName):
    what = "language"


class UnknownRelation(UnknownName):
    what = "relation"


class UnknownKind(UnknownName):
    what = "kind of entity"


class AmbiguousName(QueryError):
    """Several things have that name; `candidates` lists them (id, label, kind, year)."""

    what = "things"

    def __init__(self, name: str, candidates: pd.DataFrame) -> None:
        self.name, self.candidates = name, candidates
        rows = candidates.astype(object).where(candidates.notna(), None).to_dict("records")
        lines = [
            f"{row['label']} ({', '.join(str(v) for v in (row['kind'], row['year']) if v is not None)}) {row['id']}"
            for row in rows
        ]
        shown = "; ".join(lines[:8]) + (f"; and {len(lines) - 8} more" if len(lines) > 8 else "")
        super().__init__(f"{len(lines)} {self.what} are called {name!r}: {shown}. Ask by identifier.")


class AmbiguousTitle(AmbiguousName):
    what = "titles"


class AmbiguousEntity(AmbiguousName):
    what = "entities"


class NoVector(QueryError):
    def __init__(self, label: str, view: str, others: Sequence[str]) -> None:
        self.label, self.view, self.others = label, view, list(others)
        has = f"it has one in {', '.join(others)}" if others else "nor in any other view"
        super().__init__(f"{label} has no vector in the view {view!r}: nothing to make one from is known; {has}.")


class NotInRelease(QueryError):
    def __init__(self, release: str, what: str) -> None:
        self.release, self.what = release, what
        super().__init__(f"The release {release} has no {what}: make a new one with `titlegraph refresh`.")


class BadQuestion(QueryError):
    """The question itself makes no sense."""


class BadCount(BadQuestion):
    def __init__(self, k: object, most: int) -> None:
        self.k = k
        super().__init__(f"k is {k!r}, but must be a whole number from 1 to {most:,}.")


class BadFilter(BadQuestion):
    """A condition that does not exist, or a value it can't have."""


class BadRelation(BadQuestion):
    """A relation that an entity of this type can't have, or of which nothing was learnt."""


class EmptyQuestion(BadQuestion):
    """An empty list, or a name without a letter."""
