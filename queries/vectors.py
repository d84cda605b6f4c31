"""Views as matrices, and the exact nearest rows of them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from embeddings.best import best
from embeddings.index import Index, scored
from embeddings.release import Release
from queries.entities import Flags, Positions
from queries.errors import UnknownView
from queries.nodes import Drafted, Node

Floats = npt.NDArray[np.float32]

_SCORES = 1 << 23  # scores held at a time: 32 MiB
#: Rows of a product at a time: its result is turned while it is in the processor's cache.
_ROWS = 1 << 14
#: Questions for more neighbours than this are answered by a product with all vectors.
_MOST_BY_INDEX = 200
#: Conditions that leave fewer titles are answered by a product with these.
_FEW = 4096


class Vectors:
    """The matrices of a release, mapped into memory; rows have length 1, or 0 where there is no vector."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._num_titles = int(release.manifest["num_titles"])
        self.names = list(release.manifest["views"])
        self._indexes: dict[str, Index | None] = {}

    def check(self, view: str) -> str:
        """`view`, if the release has it. Raises :class:`UnknownView`."""
        if not isinstance(view, str) or view not in self.names:
            near = get_close_matches(str(view), self.names, n=1)
            raise UnknownView(view, near, f"The views are {', '.join(self.names)}.")
        return view

    def titles(self, view: str) -> Floats:
        """Vectors of the titles, float32 [T, d]."""
        return np.asarray(self._release.array(f"vectors/{self.check(view)}.npy"))[: self._num_titles]

    def present(self, view: str) -> Flags:
        """Which titles have a vector, bool [T]."""
        return np.asarray(self._release.array(f"vectors/{self.check(view)}.present.npy"))[: self._num_titles]

    def entities(self) -> tuple[Floats, Flags]:
        """Vectors of all entities in the graph view, float32 [E, d], and which of them have one, bool [E]."""
        return (
            np.asarray(self._release.array("vectors/graph.npy")),
            np.asarray(self._release.array("vectors/graph.present.npy")),
        )

    def nearest(
        self, view: str, queries: Floats, k: int, allowed: Flags, own: Positions
    ) -> list[tuple[Positions, Floats]]:
        """The `k` titles nearest to each query, as :func:`nearest` finds them, by the view's index if it has one.

        What an index can't tell, since conditions leave too few of what it lists, is found by a product.
        """
        vectors, allowed = self.titles(view), allowed & self.present(view)
        hits = self._by_index(view, vectors, queries, k, allowed, own)
        left = np.array([at for at, hit in enumerate(hits) if hit is None], dtype=np.int64)
        if len(left):
            exactly = nearest(vectors, queries[left], k, allowed, own[left])
            for at, hit in zip(left.tolist(), exactly, strict=True):
                hits[at] = hit
        return [hit for hit in hits if hit is not None]

    def _by_index(
        self, view: str, vectors: Floats, queries: Floats, k: int, allowed: Flags, own: Positions
    ) -> list[tuple[Positions, Floats] | None]:
        """What the view's index finds; None for each query that it is not asked, or can't tell."""
        if view not in self._indexes:
            self._indexes[view] = Index.of(self._release, view)
        index, there = self._indexes[view], int(allowed.sum())
        every = there == int(self.present(view).sum())
        if index is None or k > _MOST_BY_INDEX or not (every or (index.everywhere and there > _FEW)):
            return [None] * len(queries)
        return index.nearest(vectors, queries, k, allowed, own)

    def simulated(self, view: str) -> bool:
        """Whether the view was made from viewers or audiences that never were."""
        return bool(self._release.manifest["views"][view]["simulated"])

    def of(self, view: str, title: Node) -> Floats | None:
        """The vector of a title, float32 [d]; None where it has none."""
        if isinstance(title, Drafted):
            return title.vectors.get(view)
        return self.titles(view)[title] if self.present(view)[title] else None

    def views_of(self, title: Node) -> list[str]:
        """The views in which a title has a vector."""
        return [name for name in self.names if self.of(name, title) is not None]

    def cosine(self, view: str, a: Node, b: Node) -> float | None:
        """Similarity of two titles; None where one of them has no vector."""
        mine, yours = self.of(view, a), self.of(view, b)
        return None if mine is None or yours is None else float(mine @ yours)


def nearest(vectors: Floats, queries: Floats, k: int, allowed: Flags, own: Positions) -> list[tuple[Positions, Floats]]:
    """The `k` rows of `vectors` nearest to each query by cosine, exactly.

    Args:
        vectors: [n, d], rows of length 1.
        queries: [q, d], rows of length 1.
        k: at most so many.
        allowed: which rows may be found, bool [n].
        own: a row that each query must not find, [q].

    Returns:
        For each query its rows, best first (the earlier row among equals), and their similarities.
    """
    rows = np.flatnonzero(allowed)
    some = len(rows) < len(vectors) / 4  # then copying the rows out is cheaper than scoring all
    matrix = vectors[rows] if some and len(queries) > 1 else vectors
    found = []
    step = max(1, _SCORES // max(len(matrix), 1))
    space = np.empty((min(step, len(queries)), len(matrix)), dtype=np.float32)  # new pages each time would cost more
    for start in range(0, len(queries), step):
        part = queries[start : start + step]
        if len(part) > 1:
            scores = _products(matrix, part, space[: len(part)])  # [part, rows]
        elif matrix is vectors and some:
            scores = scored(vectors, rows, part[0])[None]
        else:
            scores = (matrix @ part[0])[None]
        if not some and len(rows) < len(vectors):
            np.copyto(scores, -np.inf, where=~allowed)
        for row, at, query in zip(scores, best(scores, k + 1), range(start, start + len(part)), strict=True):
            positions = rows[at] if some else at
            kept = (positions != own[query]) & np.isfinite(row[at])
            found.append((positions[kept][:k], row[at][kept][:k]))
    return found


def _products(matrix: Floats, queries: Floats, scores: Floats) -> Floats:
    """`queries` [q, d] by `matrix` [n, d] into `scores` [q, n]; with the long one on the left OpenBLAS takes half the
    time."""
    for start in range(0, len(matrix), _ROWS):
        scores[:, start : start + _ROWS] = (matrix[start : start + _ROWS] @ queries.T).T
    return scores


def mean_similarity(views: Iterable[tuple[Floats, Flags, Floats]], others: Positions) -> Floats:
    """Mean cosine [n] of a title to `others` over the views in which both have a vector; NaN where there is none.

    Args:
        views: vectors [T, d], which of them there are [T], and that of the title [d], zeros where it has none.
        others: positions [n].
    """
    total, count = np.zeros(len(others), dtype=np.float32), np.zeros(len(others), dtype=np.float32)
    for vectors, present, own in views:
        if own.any():
            if len(others) < len(vectors) / 4:  # then copying the rows out is cheaper than scoring all
                total += vectors[others] @ own
            else:
                total += (vectors @ own)[others]
            count += present[others]
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
