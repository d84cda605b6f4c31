"""Tags to be added or taken away: "like X, but darker"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from queries.entities import Flags
from queries.errors import BadFilter, BadQuestion
from queries.filters import Filters
from queries.search import Query
from queries.vectors import Floats, Vectors

#: So many titles that have a tag are thought to lie at the centre of all, so that few titles don't set a direction.
_SHRINK = 3
#: So far a title of length 1 is moved at strength 1. Further, what is found is like the tag and no longer like it.
_STEP = 0.4


@dataclass(frozen=True, eq=False)
class Wish:
    """Something a result should have more (or less) of: in words, and which titles have it, bool [T]."""

    words: str
    titles: Flags


def wishes(filters: Filters, asked: object) -> list[Wish]:
    """What `more` or `less` says: a name, {relation: name or names}, or a list of these.

    Raises :class:`BadFilter`, :class:`BadQuestion`.
    """
    return list(_wishes(filters, asked))


def _wishes(filters: Filters, asked: object) -> Iterator[Wish]:
    if asked is None:
        return
    if isinstance(asked, str):
        yield Wish(asked, filters.tagged(asked))
    elif isinstance(asked, Mapping):
        for relation, names in asked.items():
            for name in names if isinstance(names, list | tuple | set | frozenset) else [names]:
                if not isinstance(name, str):
                    raise BadFilter(f"{relation}: {name!r} is neither a name nor an identifier.")
                yield Wish(f"{str(relation).replace('_', ' ')} {name}", filters({relation: name}))
    elif isinstance(asked, list | tuple | set | frozenset):
        for each in asked:
            yield from _wishes(filters, each)
    else:
        raise BadQuestion(f"{asked!r} is no tag: give a name, {{relation: name}}, or a list of these.")


def shifted(query: Query, vectors: Vectors, more: list[Wish], less: list[Wish], strength: float) -> Query:
    """The query moved towards where titles with the tags lie, and away from those with the others.

    A tag's direction in a view is from the mean of all titles to the mean of those that have it. A title is moved
    by `strength` times .4 times the direction scaled to length 1; the result is scaled to length 1 again.

    Raises :class:`BadQuestion` where no title with a tag has a vector in any of the views.
    """
    moved = {}
    for name, own in query.vectors.items():
        matrix, present = vectors.titles(name), vectors.present(name)
        centre = matrix[present].mean(axis=0) if present.any() else np.zeros(matrix.shape[1], dtype=np.float32)
        step = np.zeros(matrix.shape[1], dtype=np.float32)
        for sign, listed in ((1, more), (-1, less)):
            for wish in listed:
                step += np.float32(sign * strength * _STEP) * _direction(matrix, wish.titles & present, centre)
        result = own + step
        result[~own.any(axis=1)] = 0
        moved[name] = result / np.maximum(np.linalg.norm(result, axis=1, keepdims=True), 1e-6)
    for wish in [*more, *less]:
        if not any((wish.titles & vectors.present(name)).any() for name in query.vectors):
            raise BadQuestion(f"No title with a vector has {wish.words!r}, so nobody can say where it leads.")
    return Query(moved, query.weights)


def _direction(matrix: Floats, having: Flags, centre: Floats) -> Floats:
    rows = np.flatnonzero(having)
    if not len(rows):
        return np.zeros_like(centre)
    direction = matrix[rows].mean(axis=0) - centre
    length = float(np.linalg.norm(direction))
    share = len(rows) / (len(rows) + _SHRINK)
    return direction * np.float32(share / length) if length > 1e-6 else np.zeros_like(centre)
