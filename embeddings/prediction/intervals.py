"""Prediction intervals that hold as often as they say: conformal, by what is foreseen and by country.

The intervals are those of errors that were made on titles left out of learning (conformal prediction; Vovk et al.,
2005; of titles left out one at a time: Barber et al., 2021). Errors are compared among pairs of title and country for
which about the same was foreseen, because small audiences err upwards and large ones downwards; and moved in each
country by what errors are like there, as far as there are enough of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.prediction.blocks import Doubles

_BINS, _LEAST = 10, 40  # at most so many bins, of at least so many errors
_SHRINK = 200.0  # so many errors of all countries stand beside a country's own


@dataclass(frozen=True, kw_only=True, eq=False)
class Intervals:
    """How far below and above what is foreseen the outcome may lie.

    Attributes:
        coverage: share of outcomes that lie within.
        knots: foreseen values, ascending, [k]; below, above: errors there (below is negative), [k].
        moved_below, moved_above: what is added in each country, [C].
    """

    coverage: float
    knots: Doubles
    below: Doubles
    above: Doubles
    moved_below: Doubles
    moved_above: Doubles

    @classmethod
    def of(
        cls, foreseen: Doubles, errors: Doubles, countries: npt.NDArray[np.int64], count: int, *, coverage: float = 0.8
    ) -> Intervals:
        """From n errors (outcome less foreseen) and the country of each, of `count`."""
        tail = (1 - coverage) / 2
        bins = int(np.clip(len(errors) // _LEAST, 1, _BINS))
        order = np.argsort(foreseen, kind="stable")
        parts = [part for part in np.array_split(order, bins) if len(part)]
        if not parts:
            return cls(
                coverage=coverage,
                knots=np.zeros(1),
                below=np.zeros(1),
                above=np.zeros(1),
                moved_below=np.zeros(count),
                moved_above=np.zeros(count),
            )
        knots = np.array([foreseen[part].mean() for part in parts])
        below = np.array([-_quantile(-errors[part], 1 - tail) for part in parts])
        above = np.array([_quantile(errors[part], 1 - tail) for part in parts])
        over_below = errors - np.interp(foreseen, knots, below)
        over_above = errors - np.interp(foreseen, knots, above)
        moved_below, moved_above = np.zeros(count), np.zeros(count)
        for country in np.unique(countries).tolist():
            own = countries == country
            share = own.sum() / (own.sum() + _SHRINK)
            moved_below[country] = -share * _quantile(-over_below[own], 1 - tail)
            moved_above[country] = share * _quantile(over_above[own], 1 - tail)
        return cls(
            coverage=coverage,
            knots=knots,
            below=below,
            above=above,
            moved_below=moved_below,
            moved_above=moved_above,
        )

    def __call__(self, foreseen: Doubles) -> tuple[Doubles, Doubles]:
        """Lower and upper ends [m, C] for what is foreseen in every country [m, C]."""
        low = foreseen + np.interp(foreseen, self.knots, self.below) + self.moved_below
        high = foreseen + np.interp(foreseen, self.knots, self.above) + self.moved_above
        return np.minimum(low, high), np.maximum(low, high)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        names = ("knots", "below", "above", "moved_below", "moved_above")
        return {name: getattr(self, name) for name in names} | {"coverage": np.array([self.coverage])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Intervals:
        numbers = {name: values for name, values in arrays.items() if name != "coverage"}
        return cls(coverage=float(arrays["coverage"][0]), **numbers)


def _quantile(values: Doubles, level: float) -> float:
    """The conformal quantile: the ⌈(n + 1)·level⌉-th smallest of n values, or the largest."""
    at = min(int(np.ceil((len(values) + 1) * level)), len(values)) - 1
    return float(np.partition(values, at)[at])
