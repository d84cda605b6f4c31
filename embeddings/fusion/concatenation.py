"""One vector a title from the parts it has, whichever those are.

Each part is centred on its mean and scaled to length 1, so that no part speaks louder because its numbers are larger
or because all its vectors point the same way. Parts are put side by side, part p scaled by √(weight of p): the cosine
of two titles that have every part is then the weighted mean of the parts' cosines.

A part that a title lacks is filled with what ridge regression expects from the parts it has, learnt on the titles that
have both. That expectation is shorter than a true vector, the more so the less can be foreseen: the title lies among
its likes but not further out than is known. Zeros instead would make titles that lack the same part near each other
for that reason alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from embeddings.errors import UnknownSetting
from embeddings.views import BoolArray, FloatArray, View, unit


def fuse(views: Sequence[View], weights: Mapping[str, float], *, dim: int) -> FloatArray:
    """Vectors [n, at most dim] of length 1; zeros for titles that have no part.

    Args:
        views: parts over the same n titles.
        weights: weight by name; a part that is not named counts 1, one of weight 0 is left out.
        dim: more dimensions than that are reduced to their principal ones.

    Raises:
        UnknownSetting: a weight is negative or not a number, or all are 0.
    """
    scale = {part.name: float(weights.get(part.name, 1.0)) for part in views}
    if not all(0 <= value < np.inf for value in scale.values()) or not any(scale.values()):
        raise UnknownSetting(f"Weights must be at least 0 and one of them above, but are {scale}.")
    used = [part for part in views if scale[part.name] and part.present.any()]
    if not used:
        return np.zeros((len(views[0].present), min(dim, 1)), dtype=np.float32)
    present = np.stack([part.present for part in used], axis=1)  # [n, parts]
    filled = fill([centred(part) for part in used], present)
    weighted = [np.sqrt(np.float32(scale[part.name])) * vectors for part, vectors in zip(used, filled, strict=True)]
    joined = np.concatenate(weighted, axis=1)
    return unit(principal(joined, dim))


def centred(part: View) -> FloatArray:
    """The part's vectors [n, d] about their mean, scaled to length 1; absent rows are zero."""
    vectors = np.zeros_like(part.vectors)
    rows = part.vectors[part.present]
    vectors[part.present] = unit(rows - rows.mean(axis=0)) if len(rows) > 1 else rows
    return vectors


def fill(parts: Sequence[FloatArray], present: BoolArray) -> list[FloatArray]:
    """Absent rows of each part foreseen from the parts that are there.

    Args:
        parts: float32 [n, d_p] each, absent rows zero.
        present: bool [n, parts].

    Returns:
        The parts, filled; rows stay zero where nothing is present or no title has both sides to learn from.
    """
    filled = [part.copy() for part in parts]
    for pattern in np.unique(present, axis=0):
        have, lack = np.flatnonzero(pattern).tolist(), np.flatnonzero(~pattern).tolist()
        if not have or not lack:
            continue
        rows = (present == pattern).all(axis=1)
        given = np.concatenate([parts[p] for p in have], axis=1)
        for p in lack:
            both = present[:, have].all(axis=1) & present[:, p]
            if both.sum() > 1:
                filled[p][rows] = given[rows] @ ridge(given[both], parts[p][both])
    return filled


def ridge(x: FloatArray, y: FloatArray) -> FloatArray:
    """Coefficients [dx, dy] of y [n, dy] on x [n, dx], shrunk by the mean eigenvalue of xᵀx."""
    gram = (x.T @ x).astype(np.float64)
    penalty = max(float(np.trace(gram)) / len(gram), 1e-9)
    gram[np.diag_indices_from(gram)] += penalty
    return np.asarray(np.linalg.solve(gram, (x.T @ y).astype(np.float64)), dtype=np.float32)


def principal(vectors: FloatArray, dim: int) -> FloatArray:
    """Vectors [n, d] in their first `dim` principal axes, [n, min(d, dim)]; not centred, signs fixed."""
    if vectors.shape[1] <= dim:
        return vectors
    _, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))  # ascending
    axes = axes[:, ::-1][:, :dim]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    return np.asarray(vectors @ (axes * np.sign(largest)).astype(np.float32), dtype=np.float32)
