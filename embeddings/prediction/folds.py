"""Several models, each learnt without a part of the titles: who has learnt from a title does not answer about it."""

from __future__ import annotations

import numpy as np

from embeddings.prediction.blocks import Doubles
from embeddings.views import IntArray

FOLDS = 3


def folds_of(count: int, *, seed: int) -> IntArray:
    """Which of the models does not learn from each of `count` titles, [count]."""
    return np.asarray(np.random.default_rng(seed).permutation(count) % FOLDS)


def answered(every: Doubles, fold: IntArray, own: IntArray | None) -> Doubles:
    """What is answered about m titles, [m, C], where the models say `every` [F, m, C]: their mean, or of a title that
    was learnt from what the one says that has not seen it.

    Args:
        fold: from :func:`folds_of`.
        own: the number of each among the learning titles, −1 where it is none, [m].
    """
    mean: Doubles = every.mean(axis=0)
    if own is not None:
        learnt = np.flatnonzero(own >= 0)
        mean[learnt] = every[fold[own[learnt]], learnt]
    return mean
