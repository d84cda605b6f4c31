"""Who watches it too: of a film that nothing has learnt the viewings of, find those that its viewers like too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from embeddings.fusion.coviewing import Likes
from embeddings.usefulness.measures import Floats, Ranking, Task, gain_over, interval
from embeddings.views import BoolArray, FloatArray, IntArray

#: A film needs so many viewers to be asked about, or found.
LEAST_VIEWERS = 20
#: Candidates of the primary figure lie within so many years; otherwise whoever encodes the year wins.
YEARS = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Watching:
    """The task over c candidates.

    Attributes:
        titles: positions of the candidates, ascending, int64 [c].
        queries: which of them are asked about, rows among the candidates, ascending, int64 [q].
        tasks: the truth, from the viewers of some likes, among candidates within three years ("near") and all
            ("anywhere").
        popularity: logarithm of likes, [c].
        simulated: whether the viewers never existed.
    """

    titles: IntArray
    queries: IntArray
    tasks: Mapping[str, Task]
    popularity: FloatArray
    simulated: bool

    @classmethod
    def of(cls, likes: Likes, years: Floats, *, asked: BoolArray | None = None, least: int = LEAST_VIEWERS) -> Watching:
        """From the likes of those viewers who tell the truth, and the years of all titles [T].

        Args:
            asked: which titles are asked about, where they are candidates, bool [T]; default: all.
            least: viewers of a candidate.
        """
        titles = np.flatnonzero(likes.viewers >= least)
        queries = np.arange(len(titles)) if asked is None else np.flatnonzero(asked[titles])
        own, lift = years[titles], likes.lift(titles)[queries]
        popularity = np.log1p(likes.of_titles()[titles])
        others = np.ones((len(queries), len(titles)), dtype=bool)
        others[np.arange(len(queries)), queries] = False
        with np.errstate(invalid="ignore"):
            near = (np.abs(own[queries, None] - own) <= YEARS) & others
        tasks = {name: Task.of(lift, allowed, popularity) for name, allowed in (("near", near), ("anywhere", others))}
        return cls(titles=titles, queries=queries, tasks=tasks, popularity=popularity, simulated=likes.simulated)

    def measure(self, scores: FloatArray) -> dict[str, Ranking]:
        """Rankings of the queries by scores [q, c]: "near" in years, and "anywhere"."""
        return {name: task.rank(scores) for name, task in self.tasks.items()}


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
