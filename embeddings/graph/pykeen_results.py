"""Our ranks as PyKEEN's result type, so that everything that reads PyKEEN's results reads ours."""

from __future__ import annotations

import numpy as np
from pykeen.evaluation import RankBasedEvaluator, RankBasedMetricResults
from pykeen.evaluation.rank_based_evaluator import RankPack

from embeddings.graph.ranking import Ranks


def results_of(ranks: Ranks) -> RankBasedMetricResults:
    """All rank metrics that PyKEEN's evaluator computes by default.

    Args:
        ranks: tail questions first, then as many head questions; a miss (infinite) is given the rank of its number of
            candidates, because PyKEEN's mean ranks must be finite.
    """
    half = len(ranks.candidates) // 2
    sides = {"tail": slice(0, half), "head": slice(half, None), "both": slice(None)}
    kinds = {"optimistic": ranks.optimistic, "realistic": ranks.realistic, "pessimistic": ranks.pessimistic}
    packs = []
    for kind, values in kinds.items():
        finite = np.where(np.isfinite(values), values, ranks.candidates)
        for side, at in sides.items():
            # float32 ranks, as PyKEEN's own evaluator holds them, would round means: keep float64
            packs.append(RankPack(side, kind, finite[at], ranks.candidates[at], None))  # type: ignore[arg-type]
    return RankBasedMetricResults.from_ranks(metrics=RankBasedEvaluator().metrics, rank_and_candidates=packs)
