"""Making the search indexes of large views, and measuring by how much their codes are wrong. See embeddings.index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from embeddings.best import best
from embeddings.index import MOST_LISTED, Index, index_name, scored
from embeddings.release_writer import ReleaseWriter
from embeddings.views import FloatArray, IntArray, View

#: Numbers in a view above which it is searched by codes: 32 MB, which are read in some three milliseconds.
LARGE = 8_000_000
CELLS = 250_000  # titles above which it is searched cell by cell
RECALL = 0.995  # of the ten nearest, aimed at
#: Share of the codes that may be more wrong than the margin.
_WRONG = 0.001
_PLAIN = 256  # dimensions up to which each has a code of its own; above, two share one
_PER_CELL = 64  # vectors that a cell's centre is learnt from
_LEARNT = 4_096  # vectors that codes are learnt from: 256 for each of a code's sixteen values
_ROUNDS = 10
_ASKED, _TOGETHER = 200, 20


def write_indexes(out: ReleaseWriter, views: Sequence[View], *, seed: int) -> dict[str, Any]:
    """Write an index for each view that is large enough, and return what was measured of each, ready for JSON.

    Nothing is written where Faiss is not installed: the answers are the same, or better, and slower.
    """
    large = [view for view in views if view.present.sum() * view.dim > LARGE]
    if not large:
        return {}
    try:
        import faiss
    except ImportError:
        return {}
    found = {}
    for view in large:
        index, found[view.name] = _made(view, seed)
        faiss.write_index(index, str(out.file(index_name(view.name))))
    return found


def _made(view: View, seed: int) -> tuple[Any, dict[str, Any]]:
    """Faiss's index of a view, and what was measured of it."""
    import faiss

    rows = np.flatnonzero(view.present)
    codes = f"PQ{view.dim if view.dim <= _PLAIN or view.dim % 2 else view.dim // 2}x4fs"
    cells = round(2 * len(rows) ** 0.5) if len(rows) > CELLS else 0
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.choice(rows, min(len(rows), max(_LEARNT, cells * _PER_CELL)), replace=False))
    plan = f"RR{view.dim},IVF{cells},{codes}" if cells else f"IDMap,RR{view.dim},{codes}"
    index: Any = faiss.index_factory(view.dim, plan, faiss.METRIC_INNER_PRODUCT)
    inverted: Any = faiss.extract_index_ivf(index) if cells else None
    turned: Any = faiss.downcast_index(index if cells else index.index)
    coder: Any = faiss.downcast_index(turned.index)
    coder.pq.cp.niter = _ROUNDS
    if cells:
        inverted.cp.niter, inverted.cp.seed, inverted.cp.max_points_per_centroid = _ROUNDS, seed % 2**31, _PER_CELL
    index.train(view.vectors[sample])
    index.add_with_ids(np.ascontiguousarray(view.vectors[rows]), rows)
    asked = np.sort(rng.choice(rows, min(_ASKED, len(rows)), replace=False))
    true = _exactly(view.vectors, asked)
    if cells:
        inverted.nprobe = min(8, cells)
    while True:
        scale, margin = _precision(index, view.vectors, asked, true)
        recall = _recall(Index(index, scale=scale, margin=margin, everywhere=not cells), view, asked, true)
        if recall >= RECALL or not cells or inverted.nprobe >= cells:
            break
        inverted.nprobe = min(cells, round(inverted.nprobe * 1.5))
    about = {
        "kind": "product quantised codes, the best scored anew",
        "vectors": len(rows),
        "scale": scale,
        "margin": margin,
        "recall@10": recall,
        "protocol": f"Share of the ten nearest titles of {len(asked)} random ones that a search by index finds.",
    }
    return index, about | ({"cells": cells, "probed": int(inverted.nprobe)} if cells else {})


def _exactly(vectors: FloatArray, rows: IntArray) -> list[IntArray]:
    """The ten nearest others of each of `rows`."""
    found: list[IntArray] = []
    for some in np.array_split(rows, max(1, len(rows) // _TOGETHER)):
        scores = np.ascontiguousarray((vectors @ vectors[some].T).T)
        scores[np.arange(len(some)), some] = -np.inf
        found.extend(best(scores, 10))
    return found


def _precision(index: Any, vectors: FloatArray, asked: IntArray, true: Sequence[IntArray]) -> tuple[float, float]:
    """Of true neighbours: what similarities by codes are of the true ones, and what hardly any lies below that."""
    near, rows = index.search(vectors[asked], min(MOST_LISTED // 4, index.ntotal))
    coded, exact = [], []
    for row, scores, listed, nearest in zip(asked.tolist(), near, rows, true, strict=True):
        _, at, found = np.intersect1d(listed, nearest, return_indices=True)
        coded.append(scores[at])
        exact.append(scored(vectors, nearest[found], vectors[row]))
    told, known = np.concatenate(coded).astype(np.float64), np.concatenate(exact).astype(np.float64)
    scale = float(told @ known) / max(float(known @ known), 1e-9) or 1.0
    return scale, float(np.quantile(known - told / scale, 1 - _WRONG)) if len(known) else 1.0


def _recall(index: Index, view: View, asked: IntArray, true: Sequence[IntArray]) -> float:
    hits = index.nearest(view.vectors, view.vectors[asked], 10, view.present, asked)
    shares = [1.0 if hit is None else float(np.isin(best, hit[0]).mean()) for hit, best in zip(hits, true, strict=True)]
    return float(np.mean(shares))
