"""Paired comparison of two arms that answered the same questions, several times over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Words of a verdict.
HELPS, HURTS, UNSURE = "helps", "hurts", "can't tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One figure in both arms.

    Attributes:
        figure: what is measured.
        questions: over how many.
        without, with_: its mean without and with the relation.
        difference: with − without; low, high: its 95 % confidence interval.
        higher_is_better: whether more is better.
    """

    figure: str
    questions: int
    without: float
    with_: float
    difference: float
    low: float
    high: float
    higher_is_better: bool = True

    @property
    def verdict(self) -> str:
        """ "helps" or "hurts" where the interval lies to one side of zero, otherwise "can't tell"."""
        low, high = (self.low, self.high) if self.higher_is_better else (-self.high, -self.low)
        return HELPS if low > 0 else HURTS if high < 0 else UNSURE

    def to_dict(self) -> dict[str, Any]:
        """One row of a table."""
        return {
            "figure": self.figure,
            "questions": self.questions,
            "without": self.without,
            "with": self.with_,
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "verdict": self.verdict,
        }


def compare(
    figure: str, without: Floats, with_: Floats, groups: npt.NDArray[np.int64], *, higher_is_better: bool = True
) -> Comparison | None:
    """Compare what two arms scored on the same questions with the same seeds.

    The difference is known as well as its two sources of chance allow: which questions were asked (they count in
    groups, such as the two sides of a fact), and which seed a training had. Half the interval is
    √((1.96 · error over groups)² + (t · error over seeds)²), t being Student's for the number of seeds less one: the
    second part is wide where seeds are few.

    Args:
        figure: its name.
        without, with_: scores [seeds, n]; NaN where there is none.
        groups: int64 [n], questions that belong together.
        higher_is_better: whether a larger score is better.

    Returns:
        The comparison over questions that every training of both arms answered, None where there are none.
    """
    asked = np.isfinite(without).all(axis=0) & np.isfinite(with_).all(axis=0)
    if not asked.any():
        return None
    before, after = without[:, asked].astype(np.float64), with_[:, asked].astype(np.float64)
    gain = after - before  # [seeds, n]
    mean = float(gain.mean())
    _, group = np.unique(groups[asked], return_inverse=True)
    residual = np.bincount(group, weights=gain.mean(axis=0) - mean)
    clusters = len(residual)
    if clusters > 1:
        over_groups = math.sqrt(np.square(residual).sum() * clusters / (clusters - 1)) / gain.shape[1]
    else:
        over_groups = math.inf
    half = math.hypot(1.96 * over_groups, _over_seeds(gain.mean(axis=1)))
    return Comparison(
        figure=figure,
        questions=int(asked.sum()),
        without=float(before.mean()),
        with_=float(after.mean()),
        difference=mean,
        low=mean - half,
        high=mean + half,
        higher_is_better=higher_is_better,
    )


def _over_seeds(gains: Floats) -> float:
    """Half the 95 % interval of the mean of one gain a seed."""
    from scipy.stats import t

    if len(gains) < 2:
        return math.inf
    return float(t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / math.sqrt(len(gains)))


def verdict(comparisons: list[Comparison]) -> str:
    """All in one word, and why: it helps if something is surely better and nothing surely worse, and so on."""
    better = [c.figure for c in comparisons if c.verdict == HELPS]
    worse = [c.figure for c in comparisons if c.verdict == HURTS]
    if better and worse:
        return f"{UNSURE}: better in {', '.join(better)}, worse in {', '.join(worse)}"
    if better or worse:
        same = [c.figure for c in comparisons if c.verdict == UNSURE]
        rest = f"; no sure difference in {', '.join(same)}" if same else ""
        return f"{HELPS}: {', '.join(better)}{rest}" if better else f"{HURTS}: {', '.join(worse)}{rest}"
    return f"{UNSURE}: no sure difference in {', '.join(c.figure for c in comparisons) or 'anything'}"
