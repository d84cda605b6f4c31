"""Drift: how far a new release has moved from the one before, and how it is kept in the same space.

Two trainings on the same facts give vectors that agree up to a rotation. What was trained anew is turned onto the last
release (orthogonal Procrustes; Schönemann, 1966), so that vectors of successive releases can be compared and a model
that somebody trained on them goes on working. No angle and no neighbour within a release changes by that.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from embeddings.best import best
from embeddings.fusion.model import Fusion
from embeddings.graph.model import GraphModel
from embeddings.matching import Matched, match, positions
from embeddings.release import Release
from embeddings.views import BoolArray, FloatArray, IntArray, View

NEIGHBOURS = 10
#: So many titles' neighbours are compared at most.
MOST_COMPARED = 1_000
_SCORES = 1 << 23  # scores held at a time: 32 MiB


# -- the same space


def rotation(after: npt.NDArray[Any], before: npt.NDArray[Any]) -> FloatArray:
    """The orthogonal matrix R, float32 [d, d], for which `after` @ R is nearest to `before`, both [n, d]."""
    left, _, right = np.linalg.svd((after.T @ before).astype(np.float64))
    return np.asarray(left @ right, dtype=np.float32)


def rotation_onto(part: View, ids: pa.ChunkedArray, before: Release, *, dim: int | None = None) -> FloatArray | None:
    """How to turn a view's vectors onto those that `before` has for the same titles.

    Args:
        part: the view, [n, d].
        ids: the titles' identifiers [n].
        before: the release that stays where it is.
        dim: use so many of its dimensions, the first ones; default: all.

    Returns:
        float32 [d, d'], with orthonormal rows: d' is d, or the dimension that `before` has where that is more. None
        where `before` has no such view, one of fewer dimensions, or no title that both have a vector of.
    """
    if part.name not in before.manifest["views"]:
        return None
    old, known = _vectors(before, part.name)
    old = old[:, :dim]
    if old.shape[1] < part.dim:
        return None
    at = positions(before.table("titles.parquet", "id")["id"], ids)
    rows = np.flatnonzero((at >= 0) & known)
    rows = rows[part.present[at[rows]]]
    if not len(rows):
        return None
    return rotation(_widened(part.vectors[at[rows]], old.shape[1]), old[rows])[: part.dim]


def turned(part: View, by: FloatArray | None) -> View:
    """The view turned by `by` [d, d'], or as it is where that is None."""
    return part if by is None else dataclasses.replace(part, vectors=np.asarray(part.vectors @ by, dtype=np.float32))


def turned_model(model: GraphModel, by: FloatArray) -> GraphModel:
    """A graph model turned by a rotation [d, d]: every fact keeps its score, since no distance changes."""

    def turn(table: FloatArray) -> FloatArray:
        return np.asarray(table @ by, dtype=np.float32)

    return dataclasses.replace(
        model,
        entities=turn(model.entities),
        relations=turn(model.relations),
        inverse_relations=turn(model.inverse_relations),
        state={name: turn(value) if value.ndim == 2 else value for name, value in model.state.items()},
    )


def turned_fusion(fusion: Fusion, by: FloatArray | None) -> Fusion:
    """A fusion whose vectors are turned by `by` [k, k'], those of drafts too; what stands beside its axes stays."""
    return fusion if by is None else dataclasses.replace(fusion, axes=np.asarray(fusion.axes @ by, dtype=np.float32))


def along_axes(part: View, fusion: Fusion, ids: pa.ChunkedArray, before: Release | None) -> tuple[View, Fusion]:
    """A view that `fusion` makes, and the fusion, turned onto `before`; both as they are where that can't be."""
    if before is None or not part.present.any() or part.name not in before.manifest["views"]:
        return part, fusion
    k = fusion.axes.shape[1]
    beside = part.dim - k
    wide = int(before.manifest["views"][part.name]["dim"]) - beside
    if wide < k:
        return part, fusion
    by = rotation_onto(dataclasses.replace(part, vectors=part.vectors[:, :k]), ids, before, dim=wide)
    if by is None:
        return part, fusion
    vectors = np.concatenate([part.vectors[:, :k] @ by, part.vectors[:, k:]], axis=1)
    return dataclasses.replace(part, vectors=np.asarray(vectors, dtype=np.float32)), turned_fusion(fusion, by)


# -- how far


def drift(before: Release, after: Release, *, seed: int = 0) -> dict[str, Any]:
    """How far the titles that both releases have moved, view by view, ready for JSON.

    Returns:
        before (its id); titles (in both), unchanged (how many of them nothing new is known of), views: for each view
        that both have, and there for "unchanged" and "changed" titles: titles (with a vector in both), cosine (of the
        old and the new vector: mean, median, p05) and kept_of_ten (how many of the ten nearest titles were among the
        ten nearest before: mean, p05, compared: of how many titles); protocol.
    """
    matched = match(before, after)
    rng = np.random.default_rng([seed, 9])
    shared = [name for name in after.manifest["views"] if name in before.manifest["views"]]
    views = {name: _drift_of(name, before, after, matched, rng) for name in shared}
    return {
        "before": before.manifest.get("id"),
        "titles": len(matched.before),
        "unchanged": int(matched.unchanged.sum()),
        "views": views,
        "protocol": (
            "Titles of both releases with a vector in both; unchanged: the same facts, description and audience sizes. "
            f"Cosine of a title's old and new vector, and how many of its {NEIGHBOURS} nearest titles, of all that the "
            f"release has, were among its {NEIGHBOURS} nearest before; at most {MOST_COMPARED:,} titles of each sort, "
            f"chosen at random."
        ),
    }


def _drift_of(name: str, before: Release, after: Release, matched: Matched, rng: np.random.Generator) -> dict[str, Any]:
    old, old_known = _vectors(before, name)
    new, new_known = _vectors(after, name)
    both = old_known[matched.before] & new_known[matched.after]
    report: dict[str, Any] = {}
    for sort, wanted in (("unchanged", matched.unchanged), ("changed", ~matched.unchanged)):
        rows = np.flatnonzero(both & wanted)
        if not len(rows):
            report[sort] = {"titles": 0}
            continue
        cosine = cosines(old[matched.before[rows]], new[matched.after[rows]])
        some = np.sort(rng.choice(rows, MOST_COMPARED, replace=False)) if len(rows) > MOST_COMPARED else rows
        kept = kept_neighbours(before, after, name, matched, some)
        report[sort] = {
            "titles": len(rows),
            "cosine": _summary(cosine),
            "kept_of_ten": _summary(kept) | {"compared": len(some)},
        }
    return report


def kept_neighbours(before: Release, after: Release, view: str, matched: Matched, rows: IntArray) -> IntArray:
    """int64 [m]: how many of the ten nearest of the matched titles `rows` [m] were among their ten nearest before."""
    old, old_known = _vectors(before, view)
    new, new_known = _vectors(after, view)
    was = nearest(old, old_known, matched.before[rows], NEIGHBOURS)
    now = nearest(new, new_known, matched.after[rows], NEIGHBOURS)
    moved = np.full(len(old), -1, dtype=np.int64)
    moved[matched.before] = matched.after
    was = np.where(was >= 0, moved[was], -1)
    return np.asarray(((was[:, :, None] == now[:, None, :]) & (was >= 0)[:, :, None]).sum(axis=(1, 2)), dtype=np.int64)


def nearest(vectors: FloatArray, present: BoolArray, rows: IntArray, k: int) -> IntArray:
    """int64 [m, k]: the nearest of all `present` rows of `vectors` [n, d] to each of `rows` [m], the row itself left
    out, best first; −1 where there are fewer."""
    allowed = np.flatnonzero(present)
    matrix = vectors if len(allowed) == len(vectors) else vectors[allowed]
    k_found = min(k, max(len(allowed) - 1, 0))
    found = np.full((len(rows), k), -1, dtype=np.int64)
    if not k_found:
        return found
    at = np.searchsorted(allowed, rows)  # where a row itself stands, if it is allowed
    own = allowed[np.minimum(at, len(allowed) - 1)] == rows
    step = max(1, _SCORES // len(matrix))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        scores = vectors[rows[part]] @ matrix.T  # [step, allowed]
        scores[np.flatnonzero(own[part]), at[part][own[part]]] = -np.inf
        found[part, :k_found] = allowed[best(scores, k_found)]
    return found


def cosines(a: FloatArray, b: FloatArray) -> FloatArray:
    """float32 [n]: cosine of each pair of unit rows; the shorter ones are taken to be zero in further dimensions."""
    wide = min(a.shape[1], b.shape[1])
    return np.asarray(np.einsum("nd,nd->n", a[:, :wide], b[:, :wide]), dtype=np.float32)


def _vectors(release: Release, view: str) -> tuple[FloatArray, BoolArray]:
    titles = int(release.manifest["num_titles"])
    vectors = np.asarray(release.array(f"vectors/{view}.npy"))[:titles]
    return vectors, np.asarray(release.array(f"vectors/{view}.present.npy"))[:titles]


def _widened(vectors: FloatArray, dim: int) -> FloatArray:
    return np.pad(vectors, ((0, 0), (0, dim - vectors.shape[1])))


def _summary(values: npt.NDArray[Any]) -> dict[str, float]:
    return {
        "mean": round(float(values.mean()), 4),
        "median": round(float(np.median(values)), 4),
        "p05": round(float(np.quantile(values, 0.05)), 4),
    }
