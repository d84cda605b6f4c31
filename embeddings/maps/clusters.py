"""Groups of places by density: HDBSCAN (Campello, Moulavi and Sander, 2013)."""

from __future__ import annotations

import numpy as np

from embeddings.errors import ExtraMissing
from embeddings.views import FloatArray, IntArray

_SMALLEST, _SAMPLES = 5, 5


def clusters(places: FloatArray) -> IntArray:
    """The cluster of each place, int64 [n], the largest cluster first; −1 where it is in none.

    A cluster has at least 0.7 √n places (5 of 50, 100 of 20,000), which leaves some tens of clusters at any size. Where
    one would be more than half of the map, a continent beside an island, none may have more than a quarter of it.

    Raises :class:`~embeddings.errors.ExtraMissing` where scikit-learn is not installed.
    """
    smallest = max(_SMALLEST, round(0.7 * len(places) ** 0.5))
    if len(places) < 2 * smallest:
        return np.full(len(places), -1, dtype=np.int64)
    try:
        from sklearn.cluster import HDBSCAN
    except ImportError as error:
        raise ExtraMissing("scikit-learn", "Finding the clusters of a map", extra="maps") from error
    found = np.zeros(0, dtype=np.int64)
    for most in (None, len(places) // 4):
        finder = HDBSCAN(min_cluster_size=smallest, min_samples=_SAMPLES, max_cluster_size=most, copy=True)
        found = finder.fit_predict(places.astype(np.float64))
        sizes = np.bincount(found[found >= 0])
        if sizes.max(initial=0) <= len(places) / 2:
            break
    return renumbered(found, np.argsort(np.argsort(-sizes, kind="stable")))


def carried_over(found: IntArray, last: IntArray) -> IntArray:
    """`found` with the numbers that clusters had on the last map, so that a cluster keeps its number and its colour.

    A cluster and one of the last map are the same if they overlap most: pairs are made in the order of the overlap
    (Jaccard), and what has none gets a number that no cluster had.

    Args:
        found: the cluster of each place, −1 for none, [n].
        last: the cluster it was in on the last map, −1 for none or where it was not there, [n].
    """
    count = int(found.max(initial=-1)) + 1
    both = (found >= 0) & (last >= 0)
    pairs, shared = np.unique(np.stack([found[both], last[both]]), axis=1, return_counts=True)
    sizes, old = np.bincount(found[found >= 0], minlength=count), np.bincount(last[last >= 0])
    overlap = shared / (sizes[pairs[0]] + old[pairs[1]] - shared) if len(shared) else np.zeros(0)
    numbers = np.full(count, -1, dtype=np.int64)
    for at in np.argsort(-overlap, kind="stable").tolist():
        new, number = pairs[:, at]
        if numbers[new] < 0 and number not in numbers:
            numbers[new] = number
    fresh = numbers < 0
    numbers[fresh] = len(old) + np.arange(fresh.sum())
    return renumbered(found, numbers)


def renumbered(found: IntArray, numbers: IntArray) -> IntArray:
    """`found` with `numbers[c]` for cluster c; −1 stays."""
    return np.append(numbers, -1)[found].astype(np.int64)
