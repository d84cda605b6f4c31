"""The best of many scores are those that sorting all of them puts first."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.best import best


@pytest.mark.parametrize(("columns", "k"), [(3, 10), (10, 10), (50, 1), (700, 10), (5000, 7)])
@pytest.mark.parametrize("levels", [2, 1000])
def test_the_best_come_first_and_the_earlier_among_equals(columns: int, k: int, levels: int) -> None:
    rng = np.random.default_rng(columns)
    scores = rng.integers(0, levels, (20, columns)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.2] = -np.inf
    assert best(scores, k).tolist() == np.argsort(-scores, axis=1, kind="stable")[:, :k].tolist()
    assert best(scores[:0], k).shape[0] == 0
