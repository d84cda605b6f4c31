"""Tags that only one of two titles has and that come nearest to one of the other's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from queries.facts import Facts, Shared
from queries.vectors import Floats, Vectors

#: Below this cosine two tags have nothing to do with each other.
LEAST = 0.5
_EACH = 3
_MOST = 200


@dataclass(frozen=True, slots=True)
class Kin:
    """A tag of one title, the nearest one of the other, of the same facet, and their cosine in the graph view."""

    mine: Shared
    yours: Shared
    cosine: float


class Kinship:
    """Compares entities by their vectors in the graph view."""

    def __init__(self, facts: Facts, vectors: Vectors) -> None:
        self._facts, self._vectors = facts, vectors

    def __call__(self, mine: Sequence[Shared], yours: Sequence[Shared]) -> list[Kin]:
        """Pairs that are nearest to each other, at most three a facet, the nearest first."""
        if "graph" not in self._vectors.names:
            return []
        vectors, present = self._vectors.entities()
        sides = [[row for row in rows if row.learnt and present[row.entity]][:_MOST] for rows in (mine, yours)]
        found: list[Kin] = []
        facets = dict.fromkeys(self._facets(sides[0]))
        for facet in facets:
            left, right = ([r for r, f in zip(rows, self._facets(rows), strict=True) if f == facet] for rows in sides)
            if left and right:
                found += self._pairs(left, right, vectors)
        return found

    def _facets(self, rows: Sequence[Shared]) -> list[str]:
        return [self._facts.relations[row.relation].facet for row in rows]

    @staticmethod
    def _pairs(left: list[Shared], right: list[Shared], vectors: Floats) -> list[Kin]:
        cosines = vectors[[row.entity for row in left]] @ vectors[[row.entity for row in right]].T
        best, back = cosines.argmax(axis=1), cosines.argmax(axis=0)
        mutual = [(i, int(j)) for i, j in enumerate(best) if back[j] == i and cosines[i, j] >= LEAST]
        # The same entity by two relations is shared, if not in the same respect; it is not merely near.
        kin = [Kin(left[i], right[j], float(cosines[i, j])) for i, j in mutual if left[i].entity != right[j].entity]
        return sorted(kin, key=lambda each: -each.cosine)[:_EACH]
