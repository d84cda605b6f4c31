"""What is new in a sparse table finds its place among axes that were learnt without it."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.sparse import folded, table

ROWS, COLUMNS, DIM = 600, 150, 12


def test_what_is_new_lies_where_the_decomposition_puts_it_and_the_rest_stays() -> None:
    rng = np.random.default_rng(0)
    sort = np.arange(COLUMNS) % 15
    chance = np.where(sort == (np.arange(ROWS) % 15)[:, None], 0.3, 0.02)
    matrix = np.asarray(rng.random((ROWS, COLUMNS)) < chance, dtype=np.float32)
    rows, columns = np.nonzero(matrix)
    made = table(rows, columns, matrix[rows, columns], matrix.shape)
    axes = np.linalg.svd(matrix, full_matrices=False)[2][:DIM].T.astype(np.float32)
    assert (folded(made, axes) == axes).all()
    new = [3, 77]
    before = axes.copy()
    before[new] = 0  # as if nobody had known these two
    found = folded(made, before)
    assert (np.delete(found, new, axis=0) == np.delete(axes, new, axis=0)).all()
    cosines = (found * axes).sum(axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(axes, axis=1)
    assert cosines[new] == pytest.approx(1, abs=0.1)
    assert not folded(table(rows[:0], columns[:0], matrix[0, :0], matrix.shape), np.zeros_like(axes)).any()
