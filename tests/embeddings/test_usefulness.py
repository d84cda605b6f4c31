"""Measures against cases worked out by hand, and the report of the sample catalogue."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from embeddings.catalogue import Catalogue
from embeddings.usefulness.adaptations import Adaptations
from embeddings.usefulness.baselines import baselines
from embeddings.usefulness.full import _apart, adapted
from embeddings.usefulness.measures import Ranking, Task, cosines, gain_over, interval, reciprocal_rank
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch


def test_a_ranking_by_hand() -> None:
    scores = np.arange(20, 0, -1, dtype=np.float32)[None]  # candidates 0, 1, 2, … in this order
    gain = np.zeros((1, 20), np.float32)
    gain[0, [1, 3]] = 2, 1
    found = Task.of(gain, np.ones((1, 20), bool), np.zeros(20, np.float32)).rank(scores)
    ideal = 1 / np.log2(2) + 1 / np.log2(3)
    assert found.ndcg[0] == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / ideal)
    assert found.recall[0] == 1
    # Among the ten others of like popularity (0, 2, 4 … 11), one precedes candidate 1 and two precede candidate 3.
    assert found.auc[0] == pytest.approx((9 / 10 + 8 / 10) / 2)


def test_rankings_are_what_sorting_each_by_itself_says() -> None:
    rng = np.random.default_rng(0)
    q, c = 40, 60
    scores = rng.integers(0, 20, (q, c)).astype(np.float32)  # many ties, broken by position
    gain = np.where(rng.random((q, c)) < 0.1, rng.random((q, c)), 0).astype(np.float32)
    allowed, popularity = rng.random((q, c)) < 0.4, rng.integers(0, 9, c).astype(np.float32)
    task = Task.of(gain, allowed, popularity)
    found = task.rank(scores)
    discount = 1 / np.log2(np.arange(2, 12))
    for i in range(q):
        own = np.flatnonzero(allowed[i])
        true = sorted(own[gain[i, own] > 0], key=lambda j: -gain[i, j])[:10]
        if len(own) <= 10 or not true:
            assert np.isnan([found.ndcg[i], found.recall[i], found.auc[i]]).all()
            continue
        hits = np.isin(sorted(own, key=lambda j: -scores[i, j])[:10], true)
        assert found.recall[i] == hits.sum() / len(true)
        assert found.ndcg[i] == pytest.approx((hits * discount).sum() / discount[: len(true)].sum())
        others, wins = [j for j in own if j not in true], []
        for t in true:
            peers = scores[i, sorted(others, key=lambda j: abs(popularity[j] - popularity[t]))[:10]]
            wins.append((scores[i, t] > peers).mean() + (scores[i, t] == peers).mean() / 2)
        assert found.auc[i] == pytest.approx(np.mean(wins))


def test_what_cannot_be_asked_is_no_figure() -> None:
    none = Task.of(np.zeros((2, 12)), np.ones((2, 12), bool), np.zeros(12)).rank(np.ones((2, 12)))
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
    found = pairs.measure(vectors @ vectors.T, np.arange(6))
    assert found["books"].tolist() == [1 / 1.5, 1]  # films 0 and 1 are equal: ranks 1 and 2
    assert found["films"][0] == 1
    assert np.isnan(found["films"][1])
    of_films = pairs.measure(vectors[:3] @ vectors[:3].T, np.arange(3), np.array([5]))  # books have no such vector
    assert np.isnan(of_films["books"]).tolist() == [True]


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
    titles = found["people"]["titles"]
    assert len(titles) == 20
    assert titles[0]["viewers"] >= titles[-1]["viewers"]
    assert all(near["year"] or not near["viewers"] for near in titles[0]["nearest"]["fused"])
    json.dumps(found)
    html = page(found)
    assert "nobody watched" in html
    assert "src=" not in html
    assert "href=" not in html


def test_rankings_are_taken_where_a_film_was_held_out_and_averaged_where_it_was_not() -> None:
    def found(*values: float) -> dict[str, Ranking]:
        figures = np.array(values)
        return {"near": Ranking(ndcg=figures, recall=figures, auc=figures)}

    unseen, seen = _apart([found(1, 2, 3), found(4, 5, np.nan), found(7, 8, 9)], np.array([0, 2, 1]))
    assert unseen["near"].ndcg[:2].tolist() == [1, 8]
    assert np.isnan(unseen["near"].ndcg[2])
    assert seen["near"].ndcg.tolist() == [5.5, 3.5, 6]


def test_a_simple_fusion_of_books_is_tuned_on_other_books() -> None:
    rng = np.random.default_rng(0)
    entities = pd.DataFrame({"id": [f"w:{i}" for i in range(90)], "label": "x"})
    films, books = np.arange(60), np.repeat(np.arange(60, 90), 2)
    story = rng.normal(size=(30, 16))
    right = np.concatenate([np.repeat(story, 2, axis=0), story]) + 0.2 * rng.normal(size=(90, 16))
    noise = rng.normal(size=(90, 16))
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (right, noise)]
    scores = {name: np.asarray(v @ v.T, np.float32) for name, v in zip(("TF-IDF of tags", "graph"), unit, strict=True)}
    scores["fused"] = scores["TF-IDF of tags"]
    catalogue = cast("Catalogue", SimpleNamespace(entities=entities))
    found = adapted(catalogue, scores, {}, np.arange(90), Adaptations(films=films, books=books), folds=3, seed=0)
    assert all(weights["TF-IDF of tags"] > weights["graph"] for weights in found["weights"])
    assert found["films"]["TF-IDF of tags"]["mrr"]["queries"] == 30
    assert found["films"]["graph"]["ahead"]["low"] > 0.5
    assert found["books"]["simple fusion"]["mrr"]["mean"] > 0.9


def test_baselines_know_rare_tags_and_neighbours(tmp_path: Path) -> None:
    kg = KnowledgeGraph.create(tmp_path / "workspace")
    tags = [("a", "heist"), ("b", "heist"), ("a", "common"), ("c", "common"), ("d", "common"), ("e", "common")]
    facts = pd.DataFrame(
        [(f"title:{t}", "storyline", f"tag:{tag}") for t, tag in tags], columns=["head", "relation", "tail"]
    )
    titles = pd.DataFrame({"title": [f"title:{t}" for t in "abcdef"], "kind": "film"})
    kg.add(Batch(source="test", titles=titles, facts=facts), strict=True)
    catalogue = Catalogue.of(kg)
    a, b, c, f = (catalogue.titles["id"].tolist().index(f"title:{t}") for t in "abcf")
    works = np.arange(6)
    made = baselines(catalogue, catalogue.facts(kg.triples()), works, ["a ship sinks"] * 5 + [""], dim=4, seed=0)
    tf_idf = cosines(made["TF-IDF of tags"], works)
    assert tf_idf[a, b] > tf_idf[a, c] > 0
    assert not tf_idf[f].any()  # nobody tagged it
    graph = cosines(made["SVD of the graph"], works)
    assert graph[a, b] > graph[b, c]
    assert not made["words"][5].any()
