"""Titles comparable to a title, launched and measured before it, and what they had for an audience."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from embeddings.prediction.blocks import Doubles

Dates = npt.NDArray[np.datetime64]


def nearest(similar: Doubles, over: Dates, before: Dates, k: int) -> Doubles:
    """Weights [m, n] of the `k` likeliest comparables of m titles, each row adding up to 1 or, without any, to 0.

    Args:
        similar: [m, n], of n titles whose audiences are known; only what is above 0 is comparable.
        over: the last day that each of these audiences covers, [n].
        before: the launch of each title asked about, [m]; what was not over by then is not known yet.
        k: at most so many; 0 takes none.
    """
    if k < 1:
        return np.zeros(similar.shape)
    allowed = np.where(over[None, :] < before[:, None], np.maximum(similar, 0), 0)
    if allowed.shape[1] > k:
        least = np.partition(allowed, allowed.shape[1] - k, axis=1)[:, allowed.shape[1] - k, None]
        allowed = np.where(allowed >= least, allowed, 0)
    total = allowed.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(allowed, total, out=np.zeros_like(allowed), where=total > 0))
