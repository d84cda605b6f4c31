"""The best of many scores, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np

from embeddings.views import IntArray

_GROUPS = 64  # times k: so many groups of columns name a floor that few scores reach


def best(scores: np.ndarray[Any, np.dtype[Any]], k: int) -> IntArray:
    """The columns of the k largest scores of each row, the largest first, the earlier among equals.

    The k-th largest of the maxima of some groups of columns is a floor that at least k scores reach. Maxima are taken
    at the speed of reading, and only what reaches the floor is sorted.

    Args:
        scores: floating point without NaN, [n, c].
        k: how many; of fewer columns all are given.

    Returns:
        int64 [n, min(k, c)].
    """
    n, width = scores.shape
    groups = min(width, _GROUPS * k)
    if not n or width <= k:
        return np.argsort(-scores, axis=1, kind="stable")
    even = scores[:, : width // groups * groups].reshape(n, -1, groups)  # what is left over can only raise the floor
    floor = np.partition(even.max(axis=1), groups - k, axis=1)[:, groups - k, None]
    rows, columns = np.divmod(np.flatnonzero(scores >= floor), width)
    order = np.lexsort((-scores[rows, columns], rows))
    starts = np.searchsorted(rows, np.arange(n))
    return np.asarray(columns[order[starts[:, None] + np.arange(k)]], dtype=np.int64)


def top(scores: np.ndarray[Any, np.dtype[Any]], k: int) -> IntArray:
    """The same of one row [n]: positions of the k largest scores, the largest first, the earlier among equals."""
    return best(scores[None], k)[0]
