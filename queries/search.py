"""The nearest titles by one view or several, plain or varied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.best import top
from queries.entities import Flags, Positions
from queries.vectors import Floats, Vectors

_SCORES = 1 << 23  # scores held at a time: 32 MiB
#: So many queries with a bonus are cheaper scored together by a product than picked out one by one.
_SEVERAL = 8
#: Varied results are chosen among so many times as many, and at least so many, of the nearest.
_POOL, _LEAST_POOL = 5, 25
#: Where a larger share of the titles has a bonus, scoring all is cheaper than picking these out.
_MANY = 1 / 8


@dataclass(frozen=True, eq=False)
class Query:
    """q queries as vectors in one view or several.

    Attributes:
        vectors: by view, float32 [q, d], rows of length 1; zeros where a query has none.
        weights: by view, adding up to 1.
    """

    vectors: Mapping[str, Floats]
    weights: Mapping[str, float]

    def __len__(self) -> int:
        return len(next(iter(self.vectors.values())))

    def __getitem__(self, at: slice) -> Query:
        return Query({name: vectors[at] for name, vectors in self.vectors.items()}, self.weights)


class Search:
    """Exact search among the titles of a release."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def __call__(
        self,
        query: Query,
        k: int,
        allowed: Flags,
        own: Positions,
        diversity: float = 0.0,
        bonus: Callable[[int], Floats] | None = None,
    ) -> list[tuple[Positions, Floats]]:
        """The `k` titles of the highest similarity, or with `diversity` the best first and then others unlike it.

        The similarity in several views is the weighted mean of the cosines; a view that a title lacks counts 0.

        Args:
            query: q of them.
            k: at most so many for each.
            allowed: which titles may be found, bool [T]; those without a vector in any of the views never are.
            own: a title that each query must not find, −1 for none, [q].
            diversity: 0 … 1, see :func:`varied`.
            bonus: by the number of a query, what is added to each title's similarity, [T].
        """
        pool = max(_POOL * k, _LEAST_POOL) if diversity else k
        if len(query.weights) == 1 and (bonus is None or len(query) < _SEVERAL):
            [name] = query.weights
            hits = self._vectors.nearest(name, query.vectors[name], pool, allowed, own)
            if bonus is not None:
                hits = [self._credited(query, i, pool, hit, allowed, own, bonus) for i, hit in enumerate(hits)]
        else:
            present = np.logical_or.reduce([self._vectors.present(name) for name in query.weights])
            hits = self._weighted(query, pool, allowed & present, own, bonus)
        return [self._varied(found, scores, k, query, diversity) for found, scores in hits] if diversity else hits

    def scores(self, query: Query) -> Floats:
        """Similarity of every title to each query, float32 [q, T]."""
        total = np.zeros((len(query), len(self._vectors.present(next(iter(query.weights))))), dtype=np.float32)
        for name, weight in query.weights.items():
            matrix, vectors = self._vectors.titles(name), query.vectors[name]
            total += np.float32(weight) * ((matrix @ vectors[0])[None] if len(vectors) == 1 else vectors @ matrix.T)
        return total

    def by_view(self, query: Query, row: int, found: Positions) -> dict[str, Floats]:
        """Cosines of one query to the titles found, [n] by view; NaN where one of the two has no vector."""
        cosines = {}
        for name, vectors in query.vectors.items():
            values = self._vectors.titles(name)[found] @ vectors[row]
            known = self._vectors.present(name)[found] & bool(vectors[row].any())
            cosines[name] = np.where(known, values, np.float32(np.nan))
        return cosines

    def _credited(
        self,
        query: Query,
        i: int,
        k: int,
        hits: tuple[Positions, Floats],
        allowed: Flags,
        own: Positions,
        bonus: Callable[[int], Floats],
    ) -> tuple[Positions, Floats]:
        """The `k` best of one query by cosine and bonus, from its `k` nearest: whatever else is among them has a bonus.

        That holds while no bonus is negative; then, and where many have one, all are looked at.
        """
        extra, (found, scores) = bonus(i), hits
        [(name, vectors)] = query.vectors.items()
        marked = np.flatnonzero(extra)
        if len(marked) > len(extra) * _MANY or (extra[marked] < 0).any():
            [hit] = self._weighted(
                query[i : i + 1], k, allowed & self._vectors.present(name), own[i : i + 1], lambda _: extra
            )
            return hit
        marked = marked[allowed[marked] & self._vectors.present(name)[marked] & (marked != own[i])]
        plain = extra[found] == 0
        at = np.concatenate([found[plain], marked])
        worth = np.concatenate([scores[plain], self._vectors.titles(name)[marked] @ vectors[i] + extra[marked]])
        order = np.lexsort((at, -worth))[:k]
        return at[order], worth[order]

    def _weighted(
        self, query: Query, k: int, allowed: Flags, own: Positions, bonus: Callable[[int], Floats] | None
    ) -> list[tuple[Positions, Floats]]:
        found = []
        step = max(1, _SCORES // max(len(allowed), 1))
        for start in range(0, len(query), step):
            scores = self.scores(query[start : start + step])
            scores[:, ~allowed] = -np.inf
            for number, (row, mine) in enumerate(zip(scores, own[start : start + step].tolist(), strict=True), start):
                if mine >= 0:
                    row[mine] = -np.inf
                if bonus is not None:
                    row += bonus(number)
                at = top(row, k)
                at = at[np.isfinite(row[at])]
                found.append((at, row[at]))
        return found

    def _varied(
        self, found: Positions, scores: Floats, k: int, query: Query, diversity: float
    ) -> tuple[Positions, Floats]:
        joined = [np.sqrt(np.float32(w)) * self._vectors.titles(name)[found] for name, w in query.weights.items()]
        chosen = varied(scores, np.concatenate(joined, axis=1), k, diversity)
        return found[chosen], scores[chosen]


def varied(scores: Floats, vectors: Floats, k: int, diversity: float) -> Sequence[int]:
    """Maximal marginal relevance (Carbonell and Goldstein, 1998): one after the other, the candidate of the highest
    (1 − diversity) · score − diversity · its highest similarity to those already chosen.

    Args:
        scores: of the candidates, best first, [n].
        vectors: of the candidates, [n, d]; their products are similarities.
        k: at most so many.
        diversity: 0 … 1.

    Returns:
        The numbers of those chosen, in the order in which they were.
    """
    chosen: list[int] = []
    nearest_chosen = np.full(len(scores), -np.inf, dtype=np.float32)
    worth = scores.copy()
    while len(chosen) < min(k, len(scores)):
        best = int(worth.argmax())
        chosen.append(best)
        np.maximum(nearest_chosen, vectors @ vectors[best], out=nearest_chosen)
        worth = (1 - diversity) * scores - diversity * nearest_chosen
        worth[chosen] = -np.inf
    return chosen
