"""Sparse tables as dense vectors: truncated SVD, the same at every run."""

from __future__ import annotations

from typing import Any

import numpy as np

from embeddings.errors import ExtraMissing
from embeddings.views import FloatArray, IntArray

#: A scipy.sparse.csr_array; scipy is imported by what makes one.
Sparse = Any


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
