"""Measures of one ranking, and how sure a mean of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from embeddings.fusion.weights import choices
from embeddings.views import BoolArray, FloatArray, IntArray, unit

Floats = np.ndarray[Any, np.dtype[np.float64]]

K = 10
_MATCHED = 10
_RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """One figure a query, NaN where it can't be asked; [q] each."""

    ndcg: Floats
    recall: Floats
    auc: Floats


def rank(scores: FloatArray, gain: FloatArray, allowed: BoolArray, likeness: FloatArray) -> Ranking:
    """NDCG@10, recall@10 and matched AUC of each query's ranking of candidates.

    The truth are the ten candidates of the largest gain above 0. A query counts if more than ten candidates are
    allowed and one of them is true. Ties are broken by position, which knows nothing.

    Args:
        scores: [q, c].
        gain: [q, c].
        allowed: bool [q, c].
        likeness: [c], such as the logarithm of popularity: in the AUC each true candidate is compared with the ten
            others nearest to it in that.
    """
    truth = choices(gain, allowed, K)
    askable = (allowed.sum(axis=1) > K) & truth.any(axis=1)
    figures = np.full((3, len(scores)), np.nan)
    discount = 1 / np.log2(np.arange(2, K + 2))
    for q in np.flatnonzero(askable):
        own = np.flatnonzero(allowed[q])
        order = own[np.argsort(-scores[q, own], kind="stable")[:K]]
        hits, possible = truth[q, order], int(truth[q].sum())
        figures[0, q] = (hits * discount).sum() / discount[:possible].sum()
        figures[1, q] = hits.sum() / possible
        others = own[~truth[q, own]]
        if len(others):
            wins = []
            for t in np.flatnonzero(truth[q]):
                peers = others[np.argsort(np.abs(likeness[others] - likeness[t]), kind="stable")[:_MATCHED]]
                wins.append((scores[q, t] > scores[q, peers]).mean() + (scores[q, t] == scores[q, peers]).mean() / 2)
            figures[2, q] = np.mean(wins)
    return Ranking(ndcg=figures[0], recall=figures[1], auc=figures[2])


def reciprocal_rank(scores: FloatArray, right: BoolArray) -> float:
    """1 / rank of the best right candidate [c]; among equals the mean rank."""
    best = scores[right].max()
    return float(1 / (1 + (scores > best).sum() + ((scores == best).sum() - 1) / 2))


def centred(vectors: FloatArray) -> FloatArray:
    """About their mean and of length 1; rows of zeros stay."""
    there = vectors.any(axis=1)
    full = np.zeros_like(vectors)
    if there.any():
        full[there] = unit(vectors[there] - vectors[there].mean(axis=0))
    return full


def cosines(vectors: Any, rows: IntArray) -> FloatArray:
    """Products [r, r] of some rows of `vectors`, a dense or sparse matrix of rows of length 1."""
    some = vectors[rows]
    products = some @ some.T
    return np.asarray(products if isinstance(products, np.ndarray) else products.toarray(), dtype=np.float32)


def interval(values: Floats, *, groups: Sequence[int] | None = None, seed: int = 0) -> dict[str, float]:
    """mean, low, high: the mean of `values` (NaN left out) and its 95 % bootstrap interval, resampled by group."""
    kept = ~np.isnan(values)
    if not kept.any():
        return {"mean": float("nan"), "low": float("nan"), "high": float("nan"), "queries": 0}
    _, codes = np.unique(np.arange(len(values)) if groups is None else np.asarray(groups), return_inverse=True)
    sums = np.bincount(codes[kept], weights=values[kept])
    counts = np.bincount(codes[kept])
    sums, counts = sums[counts > 0], counts[counts > 0]
    draws = np.random.default_rng(seed).integers(0, len(sums), (_RESAMPLES, len(sums)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    figures = {"mean": float(values[kept].mean()), "low": float(low), "high": float(high)}
    return figures | {"queries": int(kept.sum())}


def gain_over(values: Floats, other: Floats, *, groups: Sequence[int] | None = None) -> dict[str, float]:
    """How much higher `values` are than `other` on the same queries, with the interval of the paired difference."""
    found = interval(values - other, groups=groups)
    base = float(np.nanmean(other)) if (~np.isnan(other)).any() else float("nan")
    return found | {"relative": found["mean"] / base if base else float("nan")}
