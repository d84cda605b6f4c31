"""Places by t-SNE: van der Maaten and Hinton (2008), accelerated by interpolation (Linderman et al., 2019), as openTSNE
computes it (Poličar, Stražar and Zupan, 2024)."""

from __future__ import annotations

from typing import Any

import numpy as np

from embeddings.best import best
from embeddings.errors import ExtraMissing
from embeddings.maps.neighbours import neighbours
from embeddings.views import FloatArray, IntArray

PERPLEXITY = 30
#: Iterations from nothing: first with exaggerated attraction, so that groups find each other, then without.
EARLY, LATE = 250, 500
#: Iterations from a map that there was.
AGAIN = 100
_EXAGGERATION = 12
#: From so many points on interpolation on a grid is faster than quad trees.
_MANY = 10_000
_FEW = 8
_DISTANCES = 1 << 22  # held at a time: 16 MiB


def layout(vectors: FloatArray, *, start: FloatArray | None = None, seed: int = 0) -> tuple[FloatArray, IntArray]:
    """Places in the plane at which near rows by cosine are near each other.

    The same rows give the same places on the same machine.

    Args:
        vectors: rows of length 1, [n, d].
        start: places to begin at, [n, 2]; default: the two principal components, made small.
        seed: of the little noise that tells rows with the same vector apart.

    Returns:
        Places, float32 [n, 2], around the origin; and the nearest rows of each, int64 [n, k], that they came from.

    Raises:
        ExtraMissing: openTSNE is not installed.
    """
    try:
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PerplexityBasedNN
        from openTSNE.nearest_neighbors import PrecomputedNeighbors
    except ImportError as error:
        raise ExtraMissing("openTSNE", "Making a map", extra="maps") from error
    n = len(vectors)
    principal = _principal(vectors)
    if n < _FEW:  # too few to have neighbourhoods
        return principal, np.zeros((n, 0), dtype=np.int64)
    perplexity = min(PERPLEXITY, (n - 1) // 3)
    found, cosines = neighbours(vectors, min(3 * perplexity, n - 1))
    # For rows of length 1 the Euclidean distance is √(2 − 2 cos).
    index = PrecomputedNeighbors(found, np.sqrt(np.maximum(2 - 2 * cosines, 0)))
    affinities = PerplexityBasedNN(perplexity=perplexity, knn_index=index)
    noise = np.random.default_rng(seed).normal(size=(n, 2))
    begin = principal / max(float(principal[:, 0].std()), 1e-9) if start is None else start
    begin = 1e-4 * (begin + 0.01 * noise) if start is None else begin + 1e-3 * noise
    # One thread: openTSNE's others wait by spinning, which on a busy machine makes two ten times slower than one.
    method = "fft" if n >= _MANY else "bh"
    embedding: Any = TSNEEmbedding(
        begin.astype(np.float64), affinities, negative_gradient_method=method, n_jobs=1, random_state=seed
    )
    if start is None:
        embedding.optimize(EARLY, exaggeration=_EXAGGERATION, momentum=0.8, inplace=True)
    embedding.optimize(LATE if start is None else AGAIN, momentum=0.8, inplace=True)
    places = np.asarray(embedding, dtype=np.float32)
    if start is not None:  # iterations widen a map; from night to night it would move outwards for ever
        places = places * (np.linalg.norm(start) / max(float(np.linalg.norm(places)), 1e-9))
    return places.astype(np.float32), found


def _principal(vectors: FloatArray) -> FloatArray:
    """The first two principal components, [n, 2], each with its largest loading positive."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    chosen = axes[:, ::-1][:, :2]
    chosen = chosen * np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])])
    found = np.zeros((len(vectors), 2), dtype=np.float32)
    found[:, : chosen.shape[1]] = centred @ chosen
    return found


def kept_neighbours(
    places: FloatArray, found: IntArray, *, k: int = 10, most: int = 2000, seed: int = 0
) -> float | None:
    """Neighbour preservation: the share of a row's `k` nearest vectors that are among its `k` nearest places.

    Args:
        places: [n, 2].
        found: the nearest rows by vector, nearest first, [n, at least k]; or of the rows that are :func:`drawn` alone.
        k: how many neighbours; fewer where there are fewer.
        most: measured on so many rows drawn at random.
        seed: of the draw.

    Returns:
        None where nobody has a neighbour.
    """
    k = min(k, found.shape[1])
    if not k:
        return None
    rows = drawn(len(places), most=most, seed=seed)
    near = found[rows] if len(found) == len(places) else found
    kept, step = 0, max(1, _DISTANCES // len(places))
    x, y = places.T
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        squares = (x[some, None] - x) ** 2 + (y[some, None] - y) ** 2
        squares[np.arange(len(some)), some] = np.inf
        kept += int((best(-squares, k)[:, :, None] == near[start : start + step, None, :k]).sum())
    return kept / (k * len(rows))


def drawn(n: int, *, most: int = 2000, seed: int = 0) -> IntArray:
    """The rows of n that neighbour preservation is measured on, at most `most`, ascending."""
    return np.sort(np.random.default_rng(seed).choice(n, min(most, n), replace=False))
