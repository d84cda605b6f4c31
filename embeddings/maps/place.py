"""Where something new belongs on a map that there is: among its nearest neighbours. NumPy alone."""

from __future__ import annotations

import numpy as np

from embeddings.best import best
from embeddings.views import FloatArray

#: So many neighbours have a say.
NEIGHBOURS = 10
#: A neighbour whose cosine is lower than the nearest one's by this much weighs e times less.
_FALL = 0.05
_SCORES = 1 << 24  # similarities held at a time: 64 MiB


def place(vectors: FloatArray, known: FloatArray, places: FloatArray, *, k: int = NEIGHBOURS) -> FloatArray:
    """Places of new vectors: the weighted median, by coordinate, of the places of their nearest neighbours.

    A mean would put what lies between two islands into the empty sea; a median stays on land. Points that are already
    there don't move, so the map stays as people know it.

    Args:
        vectors: rows of length 1, [m, d].
        known: rows of length 1 of what is on the map, [n, d].
        places: where that is, [n, 2].
        k: how many neighbours to ask.

    Returns:
        float32 [m, 2]; NaN for a vector of zeros, or where the map is empty.
    """
    vectors, known = np.atleast_2d(np.asarray(vectors, dtype=np.float32)), np.asarray(known, dtype=np.float32)
    found = np.full((len(vectors), 2), np.nan, dtype=np.float32)
    k, step = min(k, len(known)), max(1, _SCORES // max(len(known), 1))
    if not k:
        return found
    for start in range(0, len(vectors), step):
        scores = vectors[start : start + step] @ known.T
        near = best(scores, k)
        cosines = np.take_along_axis(scores, near, axis=1)
        weights = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / _FALL)
        found[start : start + step] = _weighted_median(places[near], weights)
    found[~vectors.any(axis=1)] = np.nan
    return found


def _weighted_median(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted medians [m, 2] of values [m, k, 2] with weights [m, k]."""
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    below = np.cumsum(np.take_along_axis(np.repeat(weights[:, :, None], 2, axis=2), order, axis=1), axis=1)
    at = (below >= below[:, -1:] / 2).argmax(axis=1)
    return np.asarray(np.take_along_axis(ordered, at[:, None], axis=1)[:, 0], dtype=np.float32)
