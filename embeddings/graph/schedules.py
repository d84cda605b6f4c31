"""Learning rates over the course of a training."""

from __future__ import annotations

import math


def learning_rate(name: str, start: float, progress: float) -> float:
    """The learning rate at `progress`, 0 at the first step and 1 after the last.

    >>> learning_rate("cosine", 0.3, 0.5)
    0.15
    """
    if name == "constant":
        return start
    if name == "linear":
        return start * (1 - progress)
    return start * (1 + math.cos(math.pi * progress)) / 2
