"""Titles like those asked about: by one view or several, varied, without their franchise, moved towards a tag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from queries.asked import Asked
from queries.entities import Entities, Flags, Positions
from queries.errors import BadQuestion
from queries.evidence import Evidence
from queries.facts import Facts
from queries.filters import Filters
from queries.franchise import Franchises
from queries.named import Named
from queries.search import Query, Search
from queries.vectors import Floats, Vectors
from queries.weights import ViewNames, weights_of
from queries.wishes import Wish, shifted, wishes

Hits = Sequence[tuple[Positions, Floats]]


class Similar:
    """Answers :meth:`queries.space.TitleSpace.similar`."""

    def __init__(
        self,
        entities: Entities,
        facts: Facts,
        vectors: Vectors,
        filters: Filters,
        evidence: Evidence,
        franchises: Franchises,
    ) -> None:
        self._entities, self._facts, self._vectors, self._filters = entities, facts, vectors, filters
        self._evidence, self._franchises = evidence, franchises
        self._search = Search(vectors)

    def __call__(
        self,
        asked: Asked,
        k: int,
        view: ViewNames,
        where: Mapping[str, Any] | None,
        *,
        evidence: bool,
        diversity: float,
        same_franchise: bool,
        more: object,
        less: object,
        strength: float,
        named: bool,
    ) -> pd.DataFrame:
        """One row a result, those of the first title asked about first; if `named`, `query` says whose they are."""
        weights = weights_of(self._vectors, view)
        number_between(diversity, "diversity", 0, 1)
        number_between(strength, "strength", 0, 10)
        query, has = query_of(asked, weights)
        asked.require(has, " + ".join(weights))
        wanted, unwanted = wishes(self._filters, more), wishes(self._filters, less)
        if wanted or unwanted:
            query = shifted(query, self._vectors, wanted, unwanted, strength)
        credit = Named(self._facts, self._entities.num_titles, asked, weights, wanted, unwanted, strength)
        allowed = self._filters(where)
        if same_franchise:
            hits: Hits = self._search(query, k, allowed, asked.positions, diversity, credit or None)
        else:
            hits = self._without_franchise(asked, query, k, allowed, diversity, credit)
        frame = ranked(self._entities, hits, asked.ids if named else None)
        if credit:
            frame["named"] = np.concatenate([credit(i)[found] for i, (found, _) in enumerate(hits)])
        if not isinstance(view, str):
            cosines = [self._search.by_view(query, i, found) for i, (found, _) in enumerate(hits)]
            for name in weights:
                frame[f"similarity_{name}"] = np.concatenate([each[name] for each in cosines])
        if evidence:
            name = next(iter(weights)) if len(weights) == 1 else "fused"
            frame["evidence"] = pd.array(self._sentences(asked, hits, name, wanted), dtype="str")
        note(frame, self._vectors, weights)
        return frame

    def _without_franchise(
        self, asked: Asked, query: Query, k: int, allowed: Flags, diversity: float, credit: Named
    ) -> Hits:
        hits = []
        for i, (node, label) in enumerate(zip(asked.nodes, asked.labels, strict=True)):
            others = allowed.copy()
            others[self._franchises.of(node, label)] = False
            one = slice(i, i + 1)
            hits += self._search(query[one], k, others, asked.positions[one], diversity, credit.only(i) or None)
        return hits

    def _sentences(self, asked: Asked, hits: Hits, view: str, wanted: list[Wish]) -> list[str]:
        sentences = []
        for node, (found, _) in zip(asked.nodes, hits, strict=True):
            for other in found.tolist():
                has = [wish.words for wish in wanted if wish.titles[other]]
                text = self._evidence.sentence(node, other, view)
                sentences.append(f"has {', '.join(has)}; {text}" if has else text)
        return sentences


def query_of(asked: Asked, weights: Mapping[str, float]) -> tuple[Query, Flags]:
    """Vectors of what is asked about in the views of `weights`, and which have one in any of them, bool [n]."""
    parts = {name: asked.vectors(name) for name in weights}
    vectors = {name: np.where(has[:, None], rows, np.float32(0)) for name, (rows, has) in parts.items()}
    return Query(vectors, weights), np.logical_or.reduce([has for _, has in parts.values()])


def ranked(entities: Entities, hits: Hits, queries: Sequence[str] | None = None) -> pd.DataFrame:
    """rank, id, label, kind, year, similarity of what several searches found, one after the other.

    With `queries`, what was searched for each, the column `query` is the first.
    """
    ranks = np.concatenate([np.arange(1, len(found) + 1) for found, _ in hits])
    cards = entities.columns(np.concatenate([found for found, _ in hits]))
    first: dict[str, Any] = {}
    if queries is not None:
        names = np.repeat(np.array(queries, dtype=object), [len(found) for found, _ in hits])
        first["query"] = pd.array(names, dtype="str")
    return pd.DataFrame({**first, "rank": ranks, **cards, "similarity": np.concatenate([scores for _, scores in hits])})


def note(frame: pd.DataFrame, vectors: Vectors, views: Mapping[str, float]) -> None:
    """Say in `attrs["note"]` which of the views are simulated."""
    simulated = [name for name in views if vectors.simulated(name)]
    if simulated:
        which = f"view {simulated[0]!r} was" if len(simulated) == 1 else f"views {', '.join(simulated)} were"
        frame.attrs["note"] = f"The {which} made with simulated viewers or audiences: nobody watched."


def number_between(value: object, name: str, least: float, most: float) -> float:
    """`value`, if it is a number in this range. Raises :class:`BadQuestion`."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not least <= value <= most:  # type: ignore[operator]
        raise BadQuestion(f"{name} is {value!r}, but must be a number from {least:g} to {most:g}.")
    return float(value)  # type: ignore[arg-type]
