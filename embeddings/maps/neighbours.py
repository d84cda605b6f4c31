"""The exact nearest neighbours of every row among all rows."""

from __future__ import annotations

import numpy as np

from embeddings.best import best
from embeddings.views import FloatArray, IntArray

_SCORES = 1 << 24  # similarities held at a time: 64 MiB


def neighbours(vectors: FloatArray, k: int) -> tuple[IntArray, FloatArray]:
    """The `k` rows nearest to each row by cosine, itself left out, nearest first; the earlier among equals.

    Args:
        vectors: rows of length 1, [n, d].
        k: fewer than n.

    Returns:
        Their numbers, int64 [n, k], and the cosines, float32 [n, k].
    """
    n = len(vectors)
    found, cosines = np.empty((n, k), dtype=np.int64), np.empty((n, k), dtype=np.float32)
    step = max(1, _SCORES // n)
    for start in range(0, n, step):
        scores = vectors[start : start + step] @ vectors.T
        own = np.arange(len(scores))
        scores[own, start + own] = -np.inf
        found[start : start + step] = best(scores, k)
        cosines[start : start + step] = np.take_along_axis(scores, found[start : start + step], axis=1)
    return found, cosines
