"""Search indexes of the views of large catalogues (Faiss; Douze et al., 2024), written at release time.

A view of up to 50,000 titles is searched by one matrix product. Above that a copy in half precision is scanned, which
is exact once the best are scored anew; above 250,000 only the cells nearest to the query are (an inverted file), and
how many is chosen so that hardly a neighbour is missed. Measured here: `python -m benchmarks.queries`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from embeddings.release_writer import ReleaseWriter
from embeddings.views import FloatArray, IntArray, View

SCAN, CELLS = 50_000, 250_000  # titles above which a view is scanned in half precision, or cell by cell
RECALL = 0.995  # of the ten nearest, aimed at
_PER_CELL = 64  # vectors that a cell's centre is learnt from
_ROUNDS = 10
_ASKED = 200


def index_name(view: str) -> str:
    """Where the index of a view stands in a release."""
    return f"index/{view}.faiss"


def write_indexes(out: ReleaseWriter, views: Sequence[View], *, seed: int) -> dict[str, Any]:
    """Write an index for each view that is large enough, and return what was measured of each, ready for JSON.

    Nothing is written where Faiss is not installed: the answers are the same, or better, and slower.
    """
    large = [view for view in views if len(view.vectors) > SCAN]
    if not large:
        return {}
    try:
        import faiss  # noqa: F401
    except ImportError:
        return {}
    return {view.name: _write(out, view, seed) for view in large}


def _write(out: ReleaseWriter, view: View, seed: int) -> dict[str, Any]:
    import faiss

    index, about = _scan(view) if len(view.vectors) <= CELLS else _cells(view, seed)
    faiss.write_index(index, str(out.file(index_name(view.name))))
    return about


def _scan(view: View) -> tuple[Any, dict[str, Any]]:
    import faiss

    index: Any = faiss.IndexScalarQuantizer(view.dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index.add(np.ascontiguousarray(view.vectors))  # absent ones too, so that numbers are positions
    return index, {"kind": "scan in half precision, the best scored anew: exact", "vectors": len(view.vectors)}


def _cells(view: View, seed: int) -> tuple[Any, dict[str, Any]]:
    import faiss

    rows = np.flatnonzero(view.present)
    cells = max(1, round(2 * len(rows) ** 0.5))
    centres, half = faiss.IndexFlatIP(view.dim), faiss.ScalarQuantizer.QT_fp16
    index: Any = faiss.IndexIVFScalarQuantizer(centres, view.dim, cells, half, faiss.METRIC_INNER_PRODUCT, False)
    index.cp.niter, index.cp.seed, index.cp.max_points_per_centroid = _ROUNDS, seed % 2**31, _PER_CELL
    rng = np.random.default_rng(seed)
    sample = rng.choice(rows, min(len(rows), cells * _PER_CELL), replace=False)
    index.train(view.vectors[np.sort(sample)])
    index.add_with_ids(view.vectors[rows], rows)
    asked = rng.choice(rows, min(_ASKED, len(rows)), replace=False)
    true = _exactly(view.vectors, asked, 10)
    index.nprobe = min(8, cells)
    while (recall := _recall(index, view.vectors, asked, true)) < RECALL and index.nprobe < cells:
        index.nprobe = min(cells, round(index.nprobe * 1.5))
    return index, {
        "kind": "inverted file in half precision, the best scored anew",
        "vectors": len(rows),
        "cells": cells,
        "probed": index.nprobe,
        "recall@10": recall,
        "protocol": f"Share of the ten nearest titles of {len(asked)} random ones that a search by index finds.",
    }


def _exactly(vectors: FloatArray, asked: IntArray, k: int) -> IntArray:
    """The `k` nearest others of each, [n, k]."""
    found = []
    for row in asked.tolist():
        scores = vectors @ vectors[row]
        scores[row] = -np.inf
        found.append(np.argpartition(-scores, k)[:k])
    return np.array(found)


def _recall(index: Any, vectors: FloatArray, asked: IntArray, true: IntArray) -> float:
    _, found = index.search(vectors[asked], true.shape[1] + 1)
    return float(np.mean([np.isin(mine, theirs).mean() for mine, theirs in zip(true, found, strict=True)]))
