"""Sparse tables as dense vectors: truncated SVD, the same at every run."""

from __future__ import annotations

from typing import Any

import numpy as np

from embeddings.errors import ExtraMissing
from embeddings.views import FloatArray, IntArray

#: A scipy.sparse.csr_array; scipy is imported by what makes one.
Sparse = Any
#: What is smaller, beside 1, is rounding.
_NOTHING = 1e-9


def table(rows: IntArray, columns: IntArray, values: FloatArray, shape: tuple[int, int]) -> Sparse:
    """A sparse matrix of `shape` with `values` [n] at `rows` and `columns`; entries given twice add up."""
    try:
        from scipy.sparse import csr_array
    except ImportError as error:
        raise ExtraMissing("scipy", "Making vectors of tags and viewings") from error
    make: Any = csr_array
    return make((values, (rows, columns)), shape=shape, dtype=np.float32)


def reduce(matrix: Sparse, dim: int, *, seed: int) -> FloatArray:
    """Rows of `matrix` [n, m] in at most `dim` dimensions, U·Σ of its truncated SVD (Halko et al., 2011)."""
    try:
        from sklearn.utils.extmath import randomized_svd
    except ImportError as error:
        raise ExtraMissing("scikit-learn", "Making vectors of tags and viewings") from error
    rank = min(dim, *matrix.shape)
    if rank == 0 or matrix.nnz == 0:
        return np.zeros((matrix.shape[0], max(rank, 1)), dtype=np.float32)
    left, sizes, _ = randomized_svd(matrix, rank, n_iter=4, random_state=seed)
    return np.asarray(left * sizes, dtype=np.float32)


def right_vectors(matrix: Sparse, dim: int, *, seed: int) -> FloatArray:
    """Vectors [m, at most dim] of the columns of `matrix` [n, m], V of its truncated SVD; rows @ V: `reduce`."""
    try:
        from sklearn.utils.extmath import randomized_svd
    except ImportError as error:
        raise ExtraMissing("scikit-learn", "Making vectors of tags and viewings") from error
    rank = min(dim, *matrix.shape)
    if rank == 0 or matrix.nnz == 0:
        return np.zeros((matrix.shape[1], max(rank, 1)), dtype=np.float32)
    return np.asarray(randomized_svd(matrix, rank, n_iter=4, random_state=seed)[2].T, dtype=np.float32)


def folded(matrix: Sparse, axes: FloatArray) -> FloatArray:
    """Vectors [m, d] of the columns of `matrix` [n, m] in the space of `axes` [m, d], those of a matrix much like it.

    Columns that have a row in `axes` keep it; a row of zeros is a column that is new, and is folded in (Berry et al.,
    1995): it lies where the rows that have it lie.
    """
    images = np.asarray(matrix @ axes)  # [n, d]
    sizes = np.square(images).sum(axis=0, dtype=np.float64)
    real = sizes > _NOTHING * float(sizes.max(initial=0.0))
    scaled = images * np.where(real, 1 / np.where(real, sizes, 1), 0).astype(np.float32)
    known = axes.any(axis=1, keepdims=True)
    return np.where(known, axes, np.asarray(matrix.T @ scaled)).astype(np.float32)
