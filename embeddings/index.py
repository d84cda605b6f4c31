"""Searching the views of large catalogues by index (Faiss; Douze et al., 2024).

A view of up to eight million numbers is searched by one matrix product. Above that its vectors are turned at random,
so that no dimension says more than another, and kept as product quantised codes of four bits, which are scanned in
registers (Jégou et al., 2011; André et al., 2017), ten times as fast as the vectors themselves; above 250,000 titles
only those in the cells nearest to the query are (an inverted file).

A code tells a similarity only nearly. So the best by codes are scored anew, as many as may be among the nearest: all
whose code is not further below the k-th best similarity than codes are wrong (`margin`, measured when the index is
written). Where the list ends before that, it is made longer, and in the end all vectors are looked at. Measured:
`python -m benchmarks.queries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from embeddings.errors import ReleaseDamaged
from embeddings.release import Release
from embeddings.views import BoolArray, FloatArray, IntArray

#: Candidates by codes: at first, and at most.
LISTED, MOST_LISTED = 256, 16_384
_MANY = 32  # queries that are worth several threads
_PIECE = 256  # rows that are gathered at a time: memory that malloc has at hand
#: What an index of an older release, in half precision, may be wrong by.
_HALF = 2.0**-10

Hit = tuple[IntArray, FloatArray]


def index_name(view: str) -> str:
    """Where the index of a view stands in a release."""
    return f"index/{view}.faiss"


class Index:
    """The index of one view.

    Args:
        index: Faiss's.
        scale: what a similarity by codes is of the true one, on the average: codes are shorter than vectors.
        margin: what it may lie below that.
        everywhere: whether the index looks at all titles.
    """

    def __init__(self, index: Any, *, scale: float, margin: float, everywhere: bool) -> None:
        self._index, self._scale, self._margin, self.everywhere = index, scale, margin, everywhere

    @classmethod
    def of(cls, release: Release, view: str) -> Index | None:
        """The index of a view; None where the release has none, or Faiss is not installed."""
        name = index_name(view)
        if name not in release.manifest["files"]:
            return None
        try:
            import faiss
        except ImportError:
            return None
        try:
            index = faiss.read_index(str(release.path / name), faiss.IO_FLAG_MMAP_IFC)
        except RuntimeError as error:
            raise ReleaseDamaged(release.path, f"{name} can't be read: {str(error).splitlines()[0]}") from error
        about: Mapping[str, Any] = release.manifest["metrics"].get("index", {}).get(view, {})
        scale, margin = float(about.get("scale", 1)), float(about.get("margin", _HALF))
        return cls(index, scale=scale, margin=margin, everywhere="cells" not in about)

    def nearest(
        self, vectors: FloatArray, queries: FloatArray, k: int, allowed: BoolArray, own: IntArray
    ) -> list[Hit | None]:
        """For each query its `k` nearest rows, best first, and their similarities; None where it can't tell them all.

        Args:
            vectors: [n, d], rows of length 1.
            queries: [q, d], rows of length 1.
            k: at most so many.
            allowed: which rows may be found, bool [n].
            own: a row that each query must not find, [q].
        """
        found: list[Hit | None] = [None] * len(queries)
        left, listed = np.arange(len(queries)), min(max(LISTED, 8 * k), len(vectors))
        while len(left):
            scores, rows = self._search(np.ascontiguousarray(queries[left]), listed)
            for at, near, candidates in zip(left.tolist(), scores, rows, strict=True):
                found[at] = self._scored(vectors, queries[at], k, candidates, near, allowed, int(own[at]))
            left = np.array([at for at in left.tolist() if found[at] is None], dtype=np.int64)
            if listed >= min(MOST_LISTED, len(vectors)):
                break
            listed = min(4 * listed, MOST_LISTED, len(vectors))
        return found

    def _scored(
        self,
        vectors: FloatArray,
        query: FloatArray,
        k: int,
        rows: IntArray,
        near: FloatArray,
        allowed: BoolArray,
        mine: int,
    ) -> Hit | None:
        """The `k` best of `rows` [m], whose similarity by codes, falling, is `near` [m]; row −1 where there is none."""
        ended = bool(rows[-1] < 0)  # all that was looked at is listed
        last = -np.inf if ended else float(near[-1])  # what is not listed is below that
        usable = (rows >= 0) & (rows != mine)
        usable[usable] = allowed[rows[usable]]
        rows, near = rows[usable], near[usable]
        if len(rows) < k and not (ended and self.everywhere):
            return None
        scores = scored(vectors, rows[: 4 * k], query)
        least = float(np.partition(scores, -k)[-k]) - self._margin if len(rows) > k else -np.inf
        if last > least:
            return None
        some = int(np.searchsorted(-near, -least, side="right"))  # those that may be above the k-th
        if some > len(scores):
            scores = np.concatenate([scores, scored(vectors, rows[len(scores) : some], query)])
        rows = rows[: len(scores)]
        best = np.lexsort((rows, -scores))[:k]
        return rows[best], scores[best]

    def _search(self, queries: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        """Similarities as codes tell them and rows, [q, k] each, the best first; row −1 where there are not so many."""
        import faiss

        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(threads if len(queries) >= _MANY else 1)  # a short search waits for nobody
        try:
            scores, rows = self._index.search(queries, k)
            scores[rows < 0] = -np.inf
            return scores / np.float32(self._scale), rows
        finally:
            faiss.omp_set_num_threads(threads)


def scored(vectors: FloatArray, rows: IntArray, query: FloatArray) -> FloatArray:
    """Products [n] of some rows of `vectors` with `query` [d].

    Row by row from memory that is at hand: a copy of all of them is made of new pages, which cost ten times as much.
    """
    scores = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _PIECE):
        scores[start : start + _PIECE] = vectors[rows[start : start + _PIECE]] @ query
    return scores
