"""Which views a question is about, and how much each counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from queries.errors import BadQuestion, EmptyQuestion
from queries.vectors import Vectors

#: One view, several that count alike, or views with weights.
ViewNames = str | Sequence[str] | Mapping[str, float]


def weights_of(vectors: Vectors, view: object) -> dict[str, float]:
    """Weights that add up to 1, by view, without those of weight 0.

    Raises :class:`UnknownView`, :class:`EmptyQuestion`, :class:`BadQuestion`.
    """
    if isinstance(view, Mapping):
        weights = {vectors.check(name): weight for name, weight in view.items()}
    elif isinstance(view, list | tuple):
        weights = dict.fromkeys((vectors.check(name) for name in view), 1.0)
    else:
        return {vectors.check(view): 1.0}  # type: ignore[arg-type]
    if not weights:
        raise EmptyQuestion("No view is given: the list is empty.")
    for name, weight in weights.items():
        number = isinstance(weight, int | float | np.number) and not isinstance(weight, bool)
        if not number or not 0 <= weight < np.inf:
            raise BadQuestion(f"The weight of the view {name!r} is {weight!r}, but must be a number of at least 0.")
    total = float(sum(weights.values()))
    if total <= 0:
        raise BadQuestion("All views have weight 0: give one of them more.")
    return {name: float(weight) / total for name, weight in weights.items() if weight}
