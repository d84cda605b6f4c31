"""Measures of one ranking, and how sure a mean of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from embeddings.best import best
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """q queries among c candidates, and the truth about them: worked out once, asked of many rankings.

    The truth are the ten candidates of the largest gain above 0. A query counts if more than ten candidates are
    allowed and one of them is true. In the matched AUC each true candidate is compared with its peers: the ten others
    nearest to it in what alone shall not win, such as popularity.

    Attributes:
        allowed: bool [q, c].
        truth: bool [q, c].
        askable: bool [q].
        rows, columns: each true candidate of a query that counts, int64 [n].
        peers: of each, −1 where there are fewer than ten, int64 [n, 10].
    """

    allowed: BoolArray
    truth: BoolArray
    askable: BoolArray
    rows: IntArray
    columns: IntArray
    peers: IntArray

    @classmethod
    def of(cls, gain: FloatArray, allowed: BoolArray, likeness: FloatArray) -> Task:
        """From gains [q, c], which candidates are allowed, bool [q, c], and in what peers are near [c]."""
        truth = choices(gain, allowed, K)
        askable = (allowed.sum(axis=1) > K) & truth.any(axis=1)
        rows, columns = np.nonzero(truth & askable[:, None])
        peers = np.full((len(rows), _MATCHED), -1, dtype=np.int64)
        ends = np.searchsorted(rows, np.arange(len(truth) + 1))
        for q in np.flatnonzero(askable):
            others = np.flatnonzero(allowed[q] & ~truth[q])
            own = slice(ends[q], ends[q + 1])
            near = best(-np.abs(likeness[others] - likeness[columns[own], None]), _MATCHED)
            peers[own, : near.shape[1]] = others[near]
        return cls(allowed=allowed, truth=truth, askable=askable, rows=rows, columns=columns, peers=peers)

    def rank(self, scores: FloatArray) -> Ranking:
        """NDCG@10, recall@10 and matched AUC of each query's ranking by scores [q, c].

        Ties are broken by position, which knows nothing.
        """
        figures = np.full((3, len(scores)), np.nan)
        asked = np.flatnonzero(self.askable)
        if len(asked):
            order = best(np.where(self.allowed[asked], scores[asked], -np.inf), K)
            hits = np.take_along_axis(self.truth[asked], order, axis=1)
            discount = 1 / np.log2(np.arange(2, K + 2))
            possible = self.truth[asked].sum(axis=1)
            ideal = np.array([discount[:n].sum() for n in range(K + 1)])
            figures[0, asked] = (hits * discount).sum(axis=1) / ideal[possible]
            figures[1, asked] = hits.sum(axis=1) / possible
            there = self.peers >= 0
            own, others = scores[self.rows, self.columns, None], scores[self.rows[:, None], self.peers]
            wins = ((own > others) + (own == others) / 2).sum(axis=1, where=there)
            counts = there.sum(axis=1)
            with np.errstate(invalid="ignore"):  # where all that is allowed is true there are no peers
                figures[2] = np.bincount(self.rows, wins / counts, len(scores)) / np.bincount(
                    self.rows, minlength=len(scores)
                )
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
    draws = _draws(len(sums), seed)
    among = counts[draws].sum(axis=1) if (counts > 1).any() else len(sums)
    means = sums[draws].sum(axis=1) / among
    low, high = np.quantile(means, [0.025, 0.975])
    figures = {"mean": float(values[kept].mean()), "low": float(low), "high": float(high)}
    return figures | {"queries": int(kept.sum())}


@lru_cache(maxsize=4)
def _draws(n: int, seed: int) -> IntArray:
    """Bootstrap resamples of n values, int64 [1000, n]: the same for every figure of as many."""
    return np.random.default_rng(seed).integers(0, n, (_RESAMPLES, n))


def gain_over(values: Floats, other: Floats, *, groups: Sequence[int] | None = None) -> dict[str, float]:
    """How much higher `values` are than `other` on the same queries, with the interval of the paired difference."""
    found = interval(values - other, groups=groups)
    base = float(np.nanmean(other)) if (~np.isnan(other)).any() else float("nan")
    return found | {"relative": found["mean"] / base if base else float("nan")}
