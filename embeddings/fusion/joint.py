"""How parts vary together: the mean outer products of their vectors, each over the titles that have both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from embeddings.views import BoolArray, FloatArray


def joint(
    own: Mapping[str, FloatArray], present: Mapping[str, BoolArray]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """[D, D], D the sum of the parts' dimensions.

    Args:
        own: vectors [n, d] by part, zeros where a title lacks it, so that it adds nothing.
        present: which titles have it, bool [n].
    """
    there = np.stack([present[name] for name in own], axis=1).astype(np.float64)
    sizes = [vectors.shape[1] for vectors in own.values()]
    both = np.repeat(np.repeat(np.maximum(there.T @ there, 1), sizes, axis=0), sizes, axis=1)
    joined = np.concatenate(list(own.values()), axis=1)
    return np.asarray((joined.T @ joined).astype(np.float64) / both)
