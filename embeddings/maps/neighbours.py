"""The exact nearest neighbours of every row among all rows."""

from __future__ import annotations

import numpy as np

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
        part = np.sort(np.argpartition(scores, n - k, axis=1)[:, n - k :], axis=1)
        values = np.take_along_axis(scores, part, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        found[start : start + step] = np.take_along_axis(part, order, axis=1)
        cosines[start : start + step] = np.take_along_axis(values, order, axis=1)
    return found, cosines
