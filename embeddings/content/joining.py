"""Parts of a title's content as one vector, for catalogue and drafts alike: see :mod:`embeddings.fusion.model`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from embeddings.fusion.joint import joint
from embeddings.fusion.model import Fusion
from embeddings.views import FloatArray, unit


def join(parts: Mapping[str, FloatArray], weights: Mapping[str, float], *, dim: int) -> Fusion:
    """A fusion of `parts` (vectors [n, d_p], rows of zeros where a part is missing) with given weights.

    A part whose weight is 0 or that no title has is left out; the principal axes are those of these n titles.
    """
    used = {name: x for name, x in parts.items() if weights.get(name, 1.0) > 0 and x.any()}
    if not used:
        used = dict(list(parts.items())[:1])
    present = {name: np.asarray(x.any(axis=1)) for name, x in used.items()}
    means = {name: x[present[name]].sum(axis=0) / max(int(present[name].sum()), 1) for name, x in used.items()}
    own = {name: np.where(present[name][:, None], unit(x - means[name]), 0) for name, x in used.items()}
    size = sum(x.shape[1] for x in used.values())
    fusion = Fusion(
        weights={name: float(weights.get(name, 1.0)) for name in used},
        means=means,
        covariance=np.asarray(joint(own, present), dtype=np.float32),
        foresee=np.zeros((size, 0), dtype=np.float32),
        axes=np.eye(size, dtype=np.float32),
        learnt="given",
    )
    filled = fusion.filled(used, present)
    joined = np.concatenate([np.sqrt(np.float32(fusion.weights[name])) * filled[name] for name in used], axis=1)
    return Fusion(
        weights=fusion.weights,
        means=means,
        covariance=fusion.covariance,
        foresee=fusion.foresee,
        axes=principal_axes(joined, dim),
        learnt="given",
    )


def principal_axes(vectors: FloatArray, dim: int) -> FloatArray:
    """The first `dim` principal axes of `vectors` [n, d], not centred, signs fixed: float32 [d, min(d, dim)]."""
    if vectors.shape[1] <= dim:
        return np.eye(vectors.shape[1], dtype=np.float32)
    _, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))  # ascending
    axes = axes[:, ::-1][:, :dim]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    return np.asarray(axes * np.sign(largest), dtype=np.float32)
