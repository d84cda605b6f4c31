"""What the month of launch does to an audience, beyond what titles are like."""

from __future__ import annotations

from calendar import month_name
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from embeddings.prediction.unit import UnitModel
from queries.trends import shrunk

Doubles = npt.NDArray[np.float64]

_INTERVAL = 1.645  # standard errors, of 90 %


@dataclass(frozen=True, eq=False)
class Seasons:
    """By month of launch, the difference in log size to the mean of all titles.

    Attributes:
        effect: by country, [12, C]; 0 of a month in which nothing launched.
        everywhere, error: the part that all countries share and its standard error, [12] both.
    """

    effect: Doubles
    everywhere: Doubles
    error: Doubles

    @classmethod
    def of(cls, model: UnitModel) -> Seasons:
        """From what each title gathered (absence as zero) less what was foreseen of it without itself.

        The part that all countries share is drawn to none, what a country has beyond it to that part, both as far as
        their errors say (:func:`queries.trends.shrunk`). Errors are those of titles drawn at random.
        """
        rest = model.observed.values - np.maximum(model.size.left_out, 0)  # [n, C]
        known = ~np.isnat(model.observed.launch)
        months = model.observed.launch[known].astype("datetime64[M]").astype(np.int64) % 12
        rest = rest[known] - rest[known].mean(axis=0) if known.any() else rest[known]
        everywhere, error = _by_month(rest.mean(axis=1, keepdims=True), months)
        everywhere, error = shrunk(everywhere, error)
        there, doubt = _by_month(rest, months)
        beyond, _ = shrunk((there - everywhere).ravel(), doubt.ravel())
        return cls(everywhere + beyond.reshape(12, -1), everywhere[:, 0], error[:, 0])

    def words(self, month: int) -> str:
        """What a month (1 … 12) of launch does everywhere, with its 90 % interval."""
        name = month_name[month]
        if not self.error[month - 1]:
            return f"Too few titles launched in {name} to say what that does."
        middle, half = self.everywhere[month - 1], _INTERVAL * self.error[month - 1]
        low, mid, high = (f"{np.expm1(value):+.0%}" for value in (middle - half, middle, middle + half))
        return (
            f"A launch in {name} goes with {mid} ({low} to {high}) against the mean of all months, content being equal."
        )


def _by_month(values: Doubles, months: npt.NDArray[np.int64]) -> tuple[Doubles, Doubles]:
    """Means of rows [n, C] by month and their standard errors, [12, C] both; 0 of a month with fewer than two.

    The deviation is that of all months: a month in which by chance no title was absent would seem too sure.
    """
    means, errors = np.zeros((12, values.shape[1])), np.zeros((12, values.shape[1]))
    for month in range(12):
        rows = values[months == month]
        if len(rows) > 1:
            means[month] = rows.mean(axis=0)
            errors[month] = values.std(axis=0, ddof=1) / len(rows) ** 0.5
    return means, errors
