"""What is watched by whom watched what: one matrix of weights between titles, without viewers.

EASE (Steck, 2019) is the linear model x̂ = x·B that foresees each viewing from the viewer's others, with B's diagonal
held at 0. Its solution is closed: with P = (XᵀX + λI)⁻¹, B = −P / diag(P) column by column, 0 on the diagonal.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue
from embeddings.release_writer import Folder
from embeddings.sparse import Sparse, table
from embeddings.views import BoolArray, FloatArray, IntArray

#: λ. Steck chose 200 … 1,000 for 100,000 viewers and more; it matters little (see benchmarks/recommendations.py).
PENALTY = 100.0
#: More titles would take hours: the solution costs their third power.
MOST_ITEMS = 8_000
#: So many weights of each title are kept, the largest by size; more change nothing that can be measured.
KEPT = 500
_HELD_OUT, _HIDDEN = 0.1, 0.2


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemModel:
    """Weights from what was watched to what may be next.

    Attributes:
        items: positions of the n titles, ascending, int64 [n].
        weights: float32 [n, n]; row i is what having watched i adds to each.
        metrics: what was measured on viewers that the weights have not seen, with the protocol in words, and whether
            any viewer is simulated.
    """

    items: IntArray
    weights: FloatArray
    metrics: dict[str, Any] = field(default_factory=dict)


def item_model(
    catalogue: Catalogue, viewings: pd.DataFrame, *, min_viewers: int, seed: int, penalty: float = PENALTY
) -> ItemModel:
    """EASE of the titles that at least `min_viewers` viewers watched, the most watched if there are very many.

    A tenth of the viewers, chosen by a hash, is left out of it and measured on.
    """
    positions = catalogue.positions(viewings["title"])
    rows = viewings[(positions >= 0) & (positions < catalogue.num_titles) & (viewings["weight"].to_numpy() > 0)]
    viewers, names = pd.factorize(rows["viewer"], sort=True)
    watched = pd.DataFrame({"viewer": viewers, "title": catalogue.positions(rows["title"])}).drop_duplicates()
    test = np.array([_chance(str(name), seed) for name in names], dtype=float) < _HELD_OUT
    seen = watched[~test[watched["viewer"]]] if len(watched) else watched
    counts = seen["title"].value_counts()
    items = np.sort(counts[counts >= min_viewers].index.to_numpy(np.int64)[:MOST_ITEMS])
    if not len(items):
        metrics = {"titles": 0, "simulated": False, "protocol": f"No title has {min_viewers} viewers."}
        return ItemModel(items=items, weights=np.zeros((0, 0), dtype=np.float32), metrics=metrics)
    matrix = viewer_table(watched, items, len(names))
    weights = truncated(ease(matrix[np.flatnonzero(~test)], penalty), KEPT)
    metrics = measured(matrix[np.flatnonzero(~test)], matrix[np.flatnonzero(test)], weights, seed)
    metrics["simulated"] = bool(rows["simulated"].any())
    return ItemModel(items=items, weights=weights, metrics=metrics)


def viewer_table(watched: pd.DataFrame, items: IntArray, viewers: int) -> Sparse:
    """Who watched what, 0 or 1, [viewers, n], of frame (viewer, title) and the ascending positions of n titles."""
    titles = watched["title"].to_numpy(np.int64)
    at = np.minimum(np.searchsorted(items, titles), len(items) - 1)
    known = items[at] == titles
    rows = watched["viewer"].to_numpy(np.int64)[known]
    return table(rows, at[known], np.ones(len(rows), dtype=np.float32), (viewers, len(items)))


def ease(matrix: Sparse, penalty: float) -> FloatArray:
    """B [n, n] of a table of viewers × n titles. Costs n³."""
    gram = (matrix.T @ matrix).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += penalty
    inverse = np.linalg.inv(gram)
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return np.asarray(weights, dtype=np.float32)


def truncated(weights: FloatArray, kept: int) -> FloatArray:
    """The `kept` weights of largest size of each column, zeros elsewhere: what foresees a title best."""
    if kept >= len(weights):
        return weights
    size = np.abs(weights)
    least = np.partition(size, len(size) - kept, axis=0)[len(size) - kept]
    return np.where(size >= least, weights, np.float32(0))


def measured(train: Sparse, test: Sparse, weights: FloatArray, seed: int) -> dict[str, Any]:
    """NDCG@10 and recall@10 of the weights and of popularity on viewers whom neither has seen."""
    given, wanted = hide(test, seed)
    asked = np.flatnonzero(wanted.any(axis=1) & given.any(axis=1))
    protocol = (
        f"A tenth of the viewers ({len(asked)} with enough) is unknown to the model. Four fifths of what each watched "
        "are given, the rest is to be found among all titles of the model that were not given (no sampling). "
        "recall@10 is of at most 10."
    )
    figures: dict[str, Any] = {"titles": int(train.shape[1]), "viewers": int(train.shape[0]), "protocol": protocol}
    if len(asked):
        popular = np.broadcast_to(np.asarray(train.sum(axis=0)).ravel(), given.shape)
        figures |= ranking(given[asked].astype(np.float32) @ weights, given[asked], wanted[asked])
        figures["popularity"] = ranking(popular[asked], given[asked], wanted[asked])
    return figures


def hide(test: Sparse, seed: int) -> tuple[BoolArray, BoolArray]:
    """What of each viewer's titles is given and what is to be found, bool [viewers, n] both."""
    watched = np.asarray(test.toarray() > 0)
    rng = np.random.default_rng(seed)
    hidden = watched & (rng.random(watched.shape) < _HIDDEN)
    return watched & ~hidden, hidden


def ranking(scores: FloatArray, given: BoolArray, wanted: BoolArray, k: int = 10) -> dict[str, float]:
    """NDCG@k and recall@k, the mean over viewers; what is given is not ranked.

    Args:
        scores: [viewers, n].
        given, wanted: bool [viewers, n]; each viewer wants something.
        k: how many are looked at.
    """
    ranked = np.argsort(-np.where(given, -np.inf, scores), axis=1, kind="stable")[:, :k]
    hits = np.take_along_axis(wanted, ranked, axis=1)
    discount = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    most = np.minimum(wanted.sum(axis=1), hits.shape[1])
    ideal = np.cumsum(discount)[most - 1]
    return {
        "ndcg@10": float((hits @ discount / ideal).mean()),
        "recall@10": float((hits.sum(axis=1) / most).mean()),
    }


def _chance(name: str, seed: int) -> float:
    """A number 0 … 1 that a name always has, whoever else there is."""
    digest = hashlib.blake2b(f"viewer {name} {seed}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def write_item_model(out: Folder, model: ItemModel) -> None:
    """recommend/items.npy [n], and the weights by row: offsets [n + 1], item (number among the n), weight."""
    rows, columns = np.nonzero(model.weights)
    out.array("recommend/items.npy", model.items.astype(np.int32))
    out.array("recommend/offsets.npy", np.searchsorted(rows, np.arange(len(model.items) + 1)).astype(np.int64))
    out.array("recommend/item.npy", columns.astype(np.int32))
    out.array("recommend/weight.npy", model.weights[rows, columns])
