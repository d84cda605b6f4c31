"""A title's profile over countries, foreseen from what it is like: kernel regression on the countries' main axes.

Countries are not learnt one by one. What titles gather in ninety countries goes along a few axes: how large a title is
everywhere, then region against region. They come from every title whose sizes are known, described or not, and a
country's place on them is its vector. Each group of axes has kernel weights of its own, because other things make a
title large than make it large in Asia.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from embeddings.prediction.blocks import Blocks, Doubles
from embeddings.prediction.gaussian import likeliest, mixed, solve
from embeddings.prediction.inputs import TitleInputs
from embeddings.views import IntArray

#: First axis of each group; the last group ends at `MOST_AXES`.
GROUPS = (0, 1, 6)
MOST_AXES = 30
#: Titles that the kernels' weights are found on; more say the same and cost the cube.
MOST_WEIGHED = 600


def axes_of(values: Doubles, most: int = MOST_AXES) -> Doubles:
    """Main axes [k, C] of profiles [n, C]: right singular vectors about the mean, signs fixed.

    An axis on which titles hardly differ is left out.
    """
    _, sizes, axes = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    axes = axes[: most if len(sizes) > most else None][sizes[:most] > 1e-6 * max(float(sizes.max(initial=0.0)), 1e-12)]
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return np.asarray(axes * np.sign(largest)[:, None], dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Profiles:
    """Foresees one number for every country.

    Attributes:
        axes: [k, C]; mean: [C]; spread: [k], standard deviation of the learning titles on each axis.
        weights: of the kernels and the noise, [groups, b + 1].
        starts: first axis of each group, [groups].
        coefficients: [n, k].
        left_out: what is foreseen of each learning title without it, [n, C].
    """

    axes: Doubles
    mean: Doubles
    spread: Doubles
    weights: Doubles
    starts: npt.NDArray[np.int64]
    coefficients: Doubles
    left_out: Doubles

    @classmethod
    def fit(
        cls,
        grams: Sequence[Doubles],
        values: Doubles,
        axes: Doubles,
        *,
        seed: int,
        groups: Sequence[int] = GROUPS,
        weights: Doubles | None = None,
    ) -> Profiles:
        """Learn from n titles.

        Args:
            grams: how alike they are, b matrices [n, n].
            values: their profiles [n, C].
            axes: [k, C], from :func:`axes_of`.
            seed: of the choice of titles that the weights are found on, if there are very many.
            groups: first axis of each group.
            weights: of another fit to the same titles, [groups, b + 1]; found if not given.
        """
        mean = values.mean(axis=0)
        scores = (values - mean) @ axes.T  # [n, k]
        spread = np.maximum(scores.std(axis=0), 1e-9)
        scores = scores / spread
        starts = np.array([start for start in groups if start < len(axes)], dtype=np.int64)
        chosen = np.arange(len(values))
        if len(chosen) > MOST_WEIGHED:
            chosen = np.sort(np.random.default_rng(seed).choice(chosen, MOST_WEIGHED, replace=False))
        parts = _groups(len(axes), starts)
        if weights is None:
            some = [gram[np.ix_(chosen, chosen)] for gram in grams]
            found = [likeliest(some, scores[np.ix_(chosen, part)]) for part in parts]
            weights = np.stack(found) if found else np.zeros((0, len(grams) + 1))
        weights = weights[: len(parts)]  # fewer axes may have fewer groups
        coefficients, left_out = np.zeros_like(scores), np.zeros_like(scores)
        for part, own in zip(parts, weights, strict=True):
            coefficients[:, part], left_out[:, part] = solve(grams, own, scores[:, part])
        return cls(
            axes=axes,
            mean=mean,
            spread=spread,
            weights=weights,
            starts=starts,
            coefficients=coefficients,
            left_out=mean + (left_out * spread) @ axes,
        )

    def predict(self, grams: Sequence[Doubles]) -> Doubles:
        """Profiles [m, C] of titles, from how alike they are to the learning ones, b matrices [m, n]."""
        parts = _groups(len(self.axes), self.starts)
        scores = np.zeros((len(grams[0]), len(self.axes)))
        for part, own in zip(parts, self.weights, strict=True):
            scores[:, part] = mixed(grams, own) @ self.coefficients[:, part]
        return np.asarray(self.mean + (scores * self.spread) @ self.axes, dtype=np.float64)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        wide = {"coefficients": self.coefficients, "left_out": self.left_out}
        return {name: np.asarray(values, dtype=np.float32) for name, values in wide.items()} | {
            "axes": self.axes,
            "mean": self.mean,
            "spread": self.spread,
            "weights": self.weights,
            "starts": self.starts,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Profiles:
        numbers = {name: values.astype(np.float64) for name, values in arrays.items() if name != "starts"}
        return cls(**numbers, starts=arrays["starts"].astype(np.int64))


def _groups(count: int, starts: IntArray) -> list[IntArray]:
    """The numbers of the axes in each group; none where profiles don't differ."""
    return np.split(np.arange(count), starts[1:]) if count else []


def grams_of(blocks: Blocks, inputs: TitleInputs) -> list[Doubles]:
    """Similarities [m, n] of titles to the learning ones, by block; all alike where nothing is known of any."""
    return blocks.grams(inputs) or [np.zeros((inputs.count, 0))]
