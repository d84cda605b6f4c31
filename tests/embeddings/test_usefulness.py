"""Measures against cases worked out by hand, and the report of the sample catalogue."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from embeddings.usefulness.adaptations import Adaptations
from embeddings.usefulness.measures import gain_over, interval, rank, reciprocal_rank


def test_a_ranking_by_hand() -> None:
    scores = np.arange(20, 0, -1, dtype=np.float32)[None]  # candidates 0, 1, 2, … in this order
    gain = np.zeros((1, 20), np.float32)
    gain[0, [1, 3]] = 2, 1
    found = rank(scores, gain, np.ones((1, 20), bool), np.zeros(20, np.float32))
    ideal = 1 / np.log2(2) + 1 / np.log2(3)
    assert found.ndcg[0] == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / ideal)
    assert found.recall[0] == 1
    # Among the ten others of like popularity (0, 2, 4 … 11), one precedes candidate 1 and two precede candidate 3.
    assert found.auc[0] == pytest.approx((9 / 10 + 8 / 10) / 2)


def test_what_cannot_be_asked_is_no_figure() -> None:
    none = rank(np.ones((2, 12)), np.zeros((2, 12)), np.ones((2, 12), bool), np.zeros(12))
    assert np.isnan(none.ndcg).all()
    assert interval(none.ndcg)["queries"] == 0
    alone = interval(np.array([np.nan, 0.5, np.nan]))  # what is not asked is not drawn either
    assert (alone["low"], alone["high"]) == (0.5, 0.5)


def test_reciprocal_rank_takes_the_mean_rank_of_equals() -> None:
    right = np.array([False, True, False, False])
    assert reciprocal_rank(np.array([3.0, 2, 1, 0]), right) == 0.5
    assert reciprocal_rank(np.array([1.0, 1, 1, 0]), right) == 1 / 2


def test_intervals_hold_the_mean_and_pairs_are_compared_query_by_query() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(400)
    found = gain_over(base + 0.05, base)
    assert found["low"] == pytest.approx(0.05)
    assert found["high"] == pytest.approx(0.05)
    own = interval(base)
    assert own["low"] < own["mean"] < own["high"]
    assert own["high"] - own["low"] == pytest.approx(4 * base.std() / 20, rel=0.15)
    assert interval(np.repeat(base[:40], 10), groups=np.repeat(np.arange(40), 10))["high"] > own["high"]


def test_films_of_a_book_find_each_other() -> None:
    vectors = np.eye(4, dtype=np.float32)[[0, 0, 1, 2, 0, 1]]  # films 0 … 3, books 4 and 5
    pairs = Adaptations(films=np.array([0, 1, 2]), books=np.array([4, 4, 5]))
    found = pairs.measure({"x": vectors}, np.arange(6))["x"]
    assert found["books"].tolist() == [1 / 1.5, 1]  # films 0 and 1 are equal: ranks 1 and 2
    assert found["films"][0] == 1
    assert np.isnan(found["films"][1])


@pytest.mark.slow
def test_the_report_of_the_sample(sample_workspace: Path) -> None:
    from embeddings.usefulness.page import page
    from embeddings.usefulness.run import report
    from kg import KnowledgeGraph

    found = report(KnowledgeGraph.open(sample_workspace))
    short = found["usefulness"]
    assert short["simulated"]
    assert "simulated" in short["protocol"]
    near = short["watched_too"]["anywhere"]
    assert near["fused"]["ndcg"]["mean"] > near["popularity"]["ndcg"]["mean"]
    assert len(found["people"]["titles"]) == 20
    json.dumps(found)
    html = page(found)
    assert "nobody watched" in html
    assert "src=" not in html
    assert "href=" not in html
