"""What is foreseen of a title and country, put together: features of the pair, and three simple readings of them.

A chart is censored: no size in a country means below the tenth place, or not to be had there. So three things are
read: whether it charts there, how large it is if it does, and the logarithm of its size with absence as zero, which is
what the other two amount to and is the most useful for ranking.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embeddings.prediction.blocks import Doubles

#: Names of the features of a pair, in order.
FEATURES = (
    "foreseen size",
    "foreseen presence",
    "size there",
    "presence there",
    "size there where present",
    "foreseen size everywhere",
    "foreseen presence everywhere",
    "comparables' size",
    "comparables' presence",
    "no comparables",
)
_SHRINK = 5.0  # so many titles of average size stand beside those observed in a country


@dataclass(frozen=True, kw_only=True, eq=False)
class Countries:
    """What titles have gathered in each country: mean log size, share present, mean log size of those; [C] each."""

    size: Doubles
    presence: Doubles
    present_size: Doubles

    @classmethod
    def of(cls, values: Doubles) -> Countries:
        """From log sizes [n, C], 0 where a title is absent."""
        present = values > 0
        counts, total = present.sum(axis=0), max(int(present.sum()), 1)
        overall = float(values.sum()) / total
        return cls(
            size=values.mean(axis=0),
            presence=present.mean(axis=0),
            present_size=(values.sum(axis=0) + _SHRINK * overall) / (counts + _SHRINK),
        )


def features(size: Doubles, presence: Doubles, countries: Countries, weights: Doubles, values: Doubles) -> Doubles:
    """Features [m, C, f] of m titles in C countries.

    Args:
        size: foreseen log sizes [m, C].
        presence: foreseen presence [m, C].
        countries: what titles gather there.
        weights: of comparables [m, n], from :func:`embeddings.prediction.comparables.nearest`.
        values: log sizes of the comparables [n, C].
    """
    some = weights.sum(axis=1, keepdims=True)  # 1 or, without comparables, 0
    parts = [
        size,
        presence,
        np.broadcast_to(countries.size, size.shape),
        np.broadcast_to(countries.presence, size.shape),
        np.broadcast_to(countries.present_size, size.shape),
        np.broadcast_to(size.mean(axis=1, keepdims=True), size.shape),
        np.broadcast_to(presence.mean(axis=1, keepdims=True), size.shape),
        weights @ values + (1 - some) * countries.size,
        weights @ (values > 0) + (1 - some) * countries.presence,
        np.broadcast_to(1 - some, size.shape),
    ]
    return np.stack(parts, axis=-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear:
    """A line through standardised features: intercept, slopes [f], centre [f], scale [f]."""

    intercept: float
    slopes: Doubles
    centre: Doubles
    scale: Doubles

    def __call__(self, x: Doubles) -> Doubles:
        """Values [...] of features [..., f]."""
        return np.asarray(self.intercept + ((x - self.centre) / self.scale) @ self.slopes)


def least_squares(x: Doubles, y: Doubles, *, penalty: float) -> Linear:
    """Ridge regression of y [n] on x [n, f]; `penalty` as a share of n."""
    centre, scale = _standard(x)
    z = (x - centre) / scale
    slopes = np.linalg.solve(z.T @ z + penalty * len(z) * np.eye(z.shape[1]), z.T @ (y - y.mean()))
    return Linear(intercept=float(y.mean()), slopes=slopes, centre=centre, scale=scale)


def logistic(x: Doubles, y: npt.NDArray[np.bool_], *, penalty: float, steps: int = 25) -> Linear:
    """Log odds of y [n] from x [n, f] by penalised logistic regression (iteratively reweighted least squares)."""
    centre, scale = _standard(x)
    z = np.column_stack([np.ones(len(x)), (x - centre) / scale])
    ridge = penalty * len(z) * np.diag(np.append(0.0, np.ones(x.shape[1])))
    slopes = np.zeros(z.shape[1])
    slopes[0] = np.log((y.sum() + 1) / (len(y) - y.sum() + 1))
    for _ in range(steps):
        chance = probability(z @ slopes)
        weight = np.maximum(chance * (1 - chance), 1e-6)
        step = np.linalg.solve(z.T @ (z * weight[:, None]) + ridge, z.T @ (y - chance) - ridge @ slopes)
        slopes = slopes + step
        if np.abs(step).max() < 1e-8:
            break
    return Linear(intercept=float(slopes[0]), slopes=slopes[1:], centre=centre, scale=scale)


def probability(log_odds: Doubles) -> Doubles:
    """1 / (1 + exp(−x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * log_odds)))


def _standard(x: Doubles) -> tuple[Doubles, Doubles]:
    scale = x.std(axis=0)
    return x.mean(axis=0), np.where(scale > 1e-9, scale, 1.0)
