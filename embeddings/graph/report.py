"""What link prediction achieved, with the protocol beside the number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.graph.ranking import Ranks
from embeddings.graph.triples import IntArray

if TYPE_CHECKING:
    from pykeen.evaluation import RankBasedMetricResults

KS = (1, 3, 10)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Rank metrics of some questions.

    Attributes:
        count: how many questions.
        mrr: mean reciprocal rank, in 0 … 1.
        hits: share of ranks of at most k, by k.
        interval: 95 % confidence interval of the MRR (normal approximation over facts, both sides of one together).
    """

    count: int
    mrr: float
    hits: Mapping[int, float]
    interval: tuple[float, float]

    @classmethod
    def of(cls, ranks: np.ndarray[Any, np.dtype[np.float64]], facts: IntArray | None = None) -> Metrics:
        """Metrics of ranks [n], infinity for a miss; `facts` [n] numbers the fact each question is a side of."""
        if not len(ranks):
            return cls(0, 0.0, dict.fromkeys(KS, 0.0), (0.0, 1.0))
        reciprocal = 1 / ranks
        mrr = float(reciprocal.mean())
        _, group = np.unique(np.arange(len(ranks)) if facts is None else facts, return_inverse=True)
        residual = np.bincount(group, weights=reciprocal - mrr)  # summed over a fact's sides
        clusters = len(residual)
        error = float(np.sqrt(np.square(residual).sum() * clusters / max(clusters - 1, 1))) / len(ranks)
        half = 1.96 * error if clusters > 1 else 1.0
        hits = {k: float((ranks <= k).mean()) for k in KS}
        return cls(len(ranks), mrr, hits, (max(0.0, mrr - half), min(1.0, mrr + half)))

    def to_dict(self) -> dict[str, Any]:
        """Names and numbers, ready for JSON."""
        hits = {f"hits@{k}": value for k, value in self.hits.items()}
        return {"count": self.count, "mrr": self.mrr, **hits, "interval": list(self.interval)}


@dataclass(frozen=True, kw_only=True, eq=False)
class RankReport:
    """Filtered, realistic link prediction results on both sides of the test facts.

    Attributes:
        overall: metrics of all questions.
        optimistic_mrr, pessimistic_mrr: the MRR if ties were broken for or against the answer.
        by_side, by_relation, by_cardinality, by_degree: metrics of parts. Degree: of the answer, in training.
        typed: metrics among candidates of the right type, or None where no types are known.
        typed_by_relation: the same by relation.
        unseen: how many test facts have an entity without training facts; both their sides are misses.
        protocol: how it was measured, in words.
        ranks, typed_ranks: the ranks themselves, tail questions first, then head questions.
    """

    overall: Metrics
    optimistic_mrr: float
    pessimistic_mrr: float
    by_side: Mapping[str, Metrics]
    by_relation: Mapping[str, Metrics]
    by_cardinality: Mapping[str, Metrics]
    by_degree: Mapping[str, Metrics]
    typed: Metrics | None
    typed_by_relation: Mapping[str, Metrics]
    unseen: int
    protocol: str
    ranks: Ranks = field(repr=False)
    typed_ranks: Ranks | None = field(repr=False, default=None)

    @property
    def mrr(self) -> float:
        """Mean reciprocal rank over all questions."""
        return self.overall.mrr

    def hits_at(self, k: int) -> float:
        """Share of questions whose realistic rank is at most `k`."""
        return float((self.ranks.realistic <= k).mean()) if self.overall.count else 0.0

    def to_dict(self) -> dict[str, Any]:
        """All figures and the protocol, ready for JSON."""
        parts = ("by_side", "by_relation", "by_cardinality", "by_degree", "typed_by_relation")
        return {
            **self.overall.to_dict(),
            "optimistic_mrr": self.optimistic_mrr,
            "pessimistic_mrr": self.pessimistic_mrr,
            "unseen": self.unseen,
            "typed": None if self.typed is None else self.typed.to_dict(),
            **{part: {name: metrics.to_dict() for name, metrics in getattr(self, part).items()} for part in parts},
            "protocol": self.protocol,
        }

    def to_pykeen(self) -> RankBasedMetricResults:
        """All of PyKEEN's rank metrics of these ranks; a miss has the rank of its number of candidates."""
        from embeddings.graph.pykeen_results import results_of

        return results_of(self.ranks)
