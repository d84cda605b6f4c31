"""Weights of parts by conditional logit (McFadden, 1974): what, among the candidates, is a title's choice?

A title's probability to be watched with candidate c is softmax over candidates of Σ wₚ cosₚ(title, c). The weights are
those under which its most co-liked titles are most likely, none below 0. A handful of numbers: little can be overfit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from embeddings.errors import ExtraMissing
from embeddings.views import BoolArray, FloatArray

_CHOICES = 10
_LOWEST, _HIGHEST = -6.0, 4.0  # logarithms of the weights
_PRIOR = 0.01  # of (log w − log mean w)², so that parts that say the same share the weight


def conditional_logit(cosines: Sequence[FloatArray], gain: FloatArray, allowed: BoolArray) -> FloatArray:
    """Weights [parts], summing to 1 times nothing in particular: their scale is the sharpness of the choice.

    Args:
        cosines: by part [q, c], of q titles and c candidates.
        gain: [q, c]; each row's ten largest above 0 among the allowed are its choices.
        allowed: which candidates each title may choose, bool [q, c].
    """
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise ExtraMissing("scipy", "Learning the weights of the parts") from error
    chosen = choices(gain, allowed)
    rows = chosen.any(axis=1)
    if not rows.any():
        return np.ones(len(cosines), dtype=np.float32)
    share = chosen[rows] / chosen[rows].sum(axis=1, keepdims=True)
    stack = np.stack([part[rows] for part in cosines]).astype(np.float64)  # [parts, q, c]
    shut = ~allowed[rows]
    drawn = np.einsum("pqc,qc->p", stack, share)

    def loss(logs: FloatArray) -> tuple[float, FloatArray]:
        w = np.exp(logs)
        scores = np.tensordot(w, stack, 1)
        scores[shut] = -np.inf
        top = scores.max(axis=1, keepdims=True)
        odds = np.exp(scores - top)
        total = odds.sum(axis=1, keepdims=True)
        expected = np.einsum("pqc,qc->p", stack, odds / total)
        n = len(share)
        value = ((top + np.log(total)).sum() - w @ drawn) / n
        spread = logs - logs.mean()
        return value + _PRIOR * spread @ spread, (expected - drawn) / n * w + 2 * _PRIOR * spread

    start = np.zeros(len(cosines))
    run: Any = minimize
    found = run(loss, start, jac=True, method="L-BFGS-B", bounds=[(_LOWEST, _HIGHEST)] * len(start))
    return np.asarray(np.exp(found.x), dtype=np.float32)


def choices(gain: FloatArray, allowed: BoolArray, k: int = _CHOICES) -> BoolArray:
    """bool [q, c]: the k largest gains above 0 of each row among the allowed, the earlier among equals."""
    open_ = np.where(allowed, gain, 0)
    chosen = np.zeros(open_.shape, dtype=bool)
    order = np.argsort(-open_, axis=1, kind="stable")[:, :k]
    np.put_along_axis(chosen, order, True, axis=1)
    return chosen & (open_ > 0)
