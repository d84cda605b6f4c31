"""Axes of a sparse table that are gone on from, against the singular value decomposition of NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.sparse import followed, right_vectors, table
from embeddings.views import FloatArray

ROWS, COLUMNS, DIM = 600, 150, 12


def dense(seed: int) -> FloatArray:
    """A sparse table with some large directions and many small ones."""
    rng = np.random.default_rng(seed)
    sort = np.arange(COLUMNS) % 15
    chance = np.where(sort == (np.arange(ROWS) % 15)[:, None], 0.3, 0.02)
    return np.asarray(rng.random((ROWS, COLUMNS)) < chance, dtype=np.float32)


def held(matrix: FloatArray, axes: FloatArray) -> float:
    """What share of the most that so many axes can hold of a matrix these do."""
    most = np.square(np.linalg.svd(matrix, compute_uv=False)[: axes.shape[1]]).sum()
    return float(np.square(matrix @ axes).sum() / most)


def test_axes_stay_where_they_were_and_hold_what_has_changed() -> None:
    before = dense(0)
    after = np.where(np.random.default_rng(1).random(before.shape) < 0.02, dense(2), before)
    after[:, COLUMNS - 3 :] = 0  # three columns that are gone, and whose place new ones take
    after[:, 0] = 0
    after[:100, 0] = 1
    rows, columns = np.nonzero(after)
    made = table(rows, columns, after[rows, columns], after.shape)
    old = np.linalg.svd(before, full_matrices=False)[2][:DIM].T.astype(np.float32)
    old[0] = 0
    axes = followed(made, old)
    assert axes.T @ axes == pytest.approx(np.eye(DIM), abs=1e-4)
    assert held(after, axes) > held(after, old)
    assert 1 - held(after, axes) < 0.5 * (1 - held(after, old))
    assert np.abs(axes[0]).max() > 0.05  # what is new has found a place
    anew = right_vectors(made, DIM, seed=0)
    assert (old * axes).sum(axis=0).min() > 0.8 > np.abs((old * anew).sum(axis=0)).min()


def test_the_axes_of_the_same_table_are_the_same_and_those_of_nothing_zero() -> None:
    matrix = dense(0)
    rows, columns = np.nonzero(matrix)
    made = table(rows, columns, matrix[rows, columns], matrix.shape)
    axes = np.linalg.svd(matrix, full_matrices=False)[2][:DIM].T.astype(np.float32)
    assert followed(made, axes) == pytest.approx(axes, abs=1e-5)
    empty = table(rows[:0], columns[:0], matrix[0, :0], matrix.shape)
    assert not followed(empty, axes).any()
