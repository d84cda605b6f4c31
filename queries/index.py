"""The nearest rows of a large view by the release's index, scored anew with the vectors themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from embeddings.errors import ReleaseDamaged
from embeddings.index import index_name
from embeddings.release import Release
from queries.entities import Flags, Positions
from queries.vectors import Floats, top

_MANY = 32  # queries that are worth several threads
_MORE = 32  # candidates beyond k: half precision may put some before others
#: Between a product of unit vectors and the same with one of them in half precision lies less than this.
_ROUNDING = 2.0**-10


class Index:
    """An index of one view, mapped into memory; `exact` if it looks at every vector."""

    def __init__(self, index: Any, *, exact: bool) -> None:
        self._index, self.exact = index, exact

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
        return cls(index, exact=not hasattr(index, "nprobe"))

    def nearest(
        self, vectors: Floats, queries: Floats, k: int, present: Flags, own: Positions
    ) -> list[tuple[Positions, Floats]] | None:
        """As :func:`queries.vectors.nearest`; None where a scan can't be sure to have found the best.

        Args:
            vectors: [n, d], rows of length 1.
            queries: [q, d], rows of length 1.
            k: at most so many.
            present: which rows are vectors, bool [n].
            own: a row that each query must not find, [q].
        """
        least, candidates = self._search(np.ascontiguousarray(queries), k + _MORE)
        found = []
        for query, rows, mine, last in zip(queries, candidates, own, least[:, -1], strict=True):
            rows = np.sort(rows[(rows >= 0) & (rows != mine)])
            rows = rows[present[rows]]
            scores = vectors[rows] @ query
            at = top(scores, k)
            if self.exact and (len(at) < k or scores[at[-1]] < last + _ROUNDING):
                return None
            found.append((rows[at], scores[at]))
        return found

    def _search(self, queries: Floats, k: int) -> tuple[Floats, Positions]:
        """Scores and rows, [q, k] each, the best first; row −1 where there are not so many."""
        import faiss

        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(threads if len(queries) >= _MANY else 1)  # a short search waits for nobody
        try:
            return self._index.search(queries, k)
        finally:
            faiss.omp_set_num_threads(threads)
