"""Who watches it too: of a film that nothing has learnt the viewings of, find those that its viewers like too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from embeddings.fusion.coviewing import Likes
from embeddings.usefulness.measures import Floats, Ranking, gain_over, interval, rank
from embeddings.views import BoolArray, FloatArray, IntArray

#: A film needs so many viewers to be asked about, or found.
LEAST_VIEWERS = 20
#: Candidates of the primary figure lie within so many years; otherwise whoever encodes the year wins.
YEARS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Watching:
    """The task over c candidates, each of them a query too.

    Attributes:
        titles: positions of the candidates, ascending, int64 [c].
        lift: truth, from the viewers of `likes`, [c, c].
        near: which candidates lie within three years, bool [c, c].
        popularity: logarithm of likes, [c].
        simulated: whether the viewers never existed.
    """

    titles: IntArray
    lift: FloatArray
    near: BoolArray
    popularity: FloatArray
    simulated: bool

    @classmethod
    def of(cls, likes: Likes, years: Floats, *, least: int = LEAST_VIEWERS) -> Watching:
        """From the likes of those viewers who tell the truth, and the years of all titles [T]."""
        titles = np.flatnonzero(likes.viewers >= least)
        own = years[titles]
        with np.errstate(invalid="ignore"):
            near = np.abs(own[:, None] - own[None, :]) <= YEARS
        np.fill_diagonal(near, False)
        return cls(
            titles=titles,
            lift=likes.lift(titles),
            near=near,
            popularity=np.log1p(likes.of_titles()[titles]),
            simulated=likes.simulated,
        )

    def measure(self, scores: FloatArray, queries: IntArray) -> dict[str, Ranking]:
        """Rankings of `queries` (rows among the candidates) by scores [q, c]: "near" in years, and "anywhere"."""
        anywhere = np.ones((len(queries), len(self.titles)), dtype=bool)
        anywhere[np.arange(len(queries)), queries] = False
        return {
            "near": rank(scores, self.lift[queries], self.near[queries], self.popularity),
            "anywhere": rank(scores, self.lift[queries], anywhere, self.popularity),
        }


def summary(rankings: Mapping[str, Mapping[str, Ranking]], *, own: str = "fused") -> dict[str, Any]:
    """By candidates ("near", "anywhere") and method: ndcg, recall, auc with intervals, and by how much NDCG of `own` is
    ahead of it."""
    found: dict[str, Any] = {}
    for where in ("near", "anywhere"):
        found[where] = {}
        for name, ranking in rankings.items():
            row: dict[str, Any] = {m: interval(getattr(ranking[where], m)) for m in ("ndcg", "recall", "auc")}
            if own in rankings and name != own:
                row["ahead"] = gain_over(rankings[own][where].ndcg, ranking[where].ndcg)
            found[where][name] = row
    return found
