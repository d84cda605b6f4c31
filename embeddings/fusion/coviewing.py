"""Who watches it too, as numbers: likes, lift of co-likes beyond popularity, and co-viewing vectors.

A like is a viewing of weight 4 or more, where a source's weights are ratings (they go above 1), else any viewing. Two
titles that popularity alone would have E viewers like, and that C like, have the lift (C + 1) / (E + 1): the ones are
what a pair needs beyond chance before it stands out (a shrunk lift).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue
from embeddings.sparse import table
from embeddings.views import BoolArray, FloatArray, IntArray, unit

_LIKED = 4.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Likes:
    """Viewers × titles.

    Attributes:
        likes: sparse [viewers, T], 1 where a viewer liked a title.
        viewers: how many watched each title, int64 [T].
        names: the viewers, [viewers].
        simulated: whether any of it never happened.
    """

    likes: Any
    viewers: IntArray
    names: IntArray
    simulated: bool

    @classmethod
    def of(cls, catalogue: Catalogue, viewings: pd.DataFrame) -> Likes:
        """Likes in viewings, as :meth:`kg.KnowledgeGraph.viewings` gives them."""
        at = catalogue.positions(viewings["title"])
        own = viewings[(at >= 0) & (at < catalogue.num_titles)]
        at = at[(at >= 0) & (at < catalogue.num_titles)]
        codes, names = pd.factorize(own["viewer"], sort=True)
        weights = own["weight"].to_numpy(np.float32)
        rated = own.assign(w=weights).groupby("source")["w"].transform("max").to_numpy() > 1
        liked = (~rated) | (weights >= _LIKED)
        shape = (max(len(names), 1), catalogue.num_titles)
        matrix = table(codes[liked].astype(np.int64), at[liked], np.ones(int(liked.sum()), np.float32), shape)
        matrix.data[:] = 1  # a viewer who comes twice likes once
        pairs = np.unique(codes.astype(np.int64) * catalogue.num_titles + at)
        counts = np.bincount(pairs % catalogue.num_titles, minlength=catalogue.num_titles).astype(np.int64)
        return cls(likes=matrix, viewers=counts, names=np.asarray(names), simulated=bool(own["simulated"].any()))

    def __len__(self) -> int:
        return len(self.names)

    def of_titles(self) -> FloatArray:
        """How many like each title, [T]."""
        return np.asarray(self.likes.sum(axis=0), dtype=np.float32).ravel()

    def among(self, viewers: BoolArray) -> Likes:
        """The likes of some viewers; `viewers` of a title stays what it was among all."""
        some = np.flatnonzero(viewers)
        return Likes(likes=self.likes[some], viewers=self.viewers, names=self.names[some], simulated=self.simulated)

    def without(self, titles: BoolArray) -> Likes:
        """The likes of all titles but some, bool [T]."""
        left = self.likes.copy()
        left.data[titles[left.indices]] = 0
        left.eliminate_zeros()
        return Likes(likes=left, viewers=self.viewers, names=self.names, simulated=self.simulated)

    def lift(self, titles: IntArray) -> FloatArray:
        """Shrunk lift of co-likes [t, t] among `titles`; 0 where nobody likes both, and of a title with itself."""
        own = self.likes[:, titles]
        together = np.asarray((own.T @ own).todense() if hasattr(own, "todense") else own.T @ own, dtype=np.float32)
        each = np.diag(together).copy()
        expected = np.outer(each, each) / max(len(self), 1)
        lift = np.where(together > 0, (together + 1) / (expected + 1), 0)
        np.fill_diagonal(lift, 0)
        return np.asarray(lift, dtype=np.float32)


def co_viewing(likes: Likes, titles: IntArray, dim: int) -> FloatArray:
    """Unit vectors [t, at most dim] whose products come near the positive logarithm of the lift of `titles`.

    The factors of a shifted positive pointwise mutual information (Levy and Goldberg, 2014), by eigenvectors.
    """
    lift = likes.lift(titles)
    known = np.log(np.maximum(lift, 1))
    if not len(titles) or not known.any():
        return np.zeros((len(titles), 1), dtype=np.float32)
    values, vectors = _largest(known.astype(np.float64), dim)
    order = np.argsort(-values)[:dim]
    order = order[values[order] > 1e-6]
    axes = vectors[:, order]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(order))])
    return unit((axes * np.sqrt(values[order])).astype(np.float32))


def _largest(matrix: np.ndarray[tuple[int, int], np.dtype[np.float64]], k: int) -> tuple[Any, Any]:
    """The k largest eigenvalues [k] of a symmetric matrix [n, n] and their vectors [n, k]; of a small one all."""
    if len(matrix) <= 4 * k:
        return np.linalg.eigh(matrix)
    from scipy.sparse.linalg import eigsh

    find: Any = eigsh
    return find(matrix, k, which="LA", v0=np.ones(len(matrix)))
