"""Titles for a viewing history: the model's closed form, what is recommended and why, and what it is worth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from embeddings.recommender import ease, ranking, truncated
from kg.knowledge_graph import KnowledgeGraph
from queries.errors import BadQuestion, EmptyQuestion, NotInRelease, UnknownTitle
from queries.recommend import foreseen
from queries.space import TitleSpace


def test_ease_is_ridge_regression_of_each_title_on_the_others() -> None:
    rng = np.random.default_rng(0)
    watched = (rng.random((60, 7)) < 0.4).astype(np.float32)
    found = ease(csr_array(watched), 5.0)
    for j in range(7):
        others = [i for i in range(7) if i != j]
        x = watched[:, others].astype(np.float64)
        expected = np.linalg.solve(x.T @ x + 5.0 * np.eye(6), x.T @ watched[:, j])
        assert found[others, j] == pytest.approx(expected, abs=1e-5)
        assert found[j, j] == 0


def test_the_largest_weights_of_each_title_are_kept() -> None:
    weights = np.array([[0, 3, -1], [2, 0, 4], [-5, 1, 0]], dtype=np.float32)
    assert truncated(weights, 1).tolist() == [[0, 3, 0], [0, 0, 4], [-5, 0, 0]]
    assert truncated(weights, 9) is weights


def test_ndcg_and_recall_by_hand() -> None:
    scores = np.array([[9.0, 8.0, 7.0, 6.0]])
    given, wanted = np.array([[True, False, False, False]]), np.array([[False, False, True, True]])
    found = ranking(scores, given, wanted, k=2)  # 1, then 2: one of two is found, in second place
    assert found["recall@10"] == pytest.approx(0.5)
    assert found["ndcg@10"] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))
    assert ranking(-scores, given, wanted, k=2)["ndcg@10"] == pytest.approx(1)


def test_what_viewers_of_the_same_titles_watched(space: TitleSpace) -> None:
    found = space.recommend("21 Grams", k=3)
    assert list(found.columns) == ["rank", "id", "label", "kind", "year", "score", "from", "because"]
    assert found["id"][0] == "imdb:tt03"
    assert found["from"][0] == "viewings"
    assert found["because"][0] == "21 Grams"
    assert space.recommend("Aguirre, the Wrath of God", k=1)["id"].tolist() == ["imdb:tt01"]
    both = space.recommend(["21 Grams", "Apocalypse Now"], k=2)
    assert set(both["id"]) == {"imdb:tt03", "imdb:tt08"}
    assert not {"imdb:tt01", "imdb:tt02"} & set(space.recommend(["21 Grams", "Apocalypse Now"], k=9)["id"])


def test_what_nobody_watched_is_placed_by_its_content(space: TitleSpace) -> None:
    found = space.recommend("21 Grams", k=9).set_index("label")
    assert found.loc["The Wire", "from"] == "content"  # at 80°, among Babel and Crash
    assert found.loc["The Wire", "score"] > found.loc["Amélie", "score"]
    assert "Unseen" not in found.index  # neither watched nor described
    stood_in = space.recommend("The Wire", k=2)
    assert stood_in["id"][0] in {"imdb:tt02", "imdb:tt03", "imdb:tt05"}
    assert "stand in" in stood_in.attrs["note"]


def test_weights_and_conditions(space: TitleSpace) -> None:
    disliked = space.recommend(["21 Grams", "Apocalypse Now"], k=9, weights=[-1, 1])
    assert disliked["id"][0] == "imdb:tt08"
    assert disliked.set_index("id").loc["imdb:tt03", "score"] < 0
    assert space.recommend("21 Grams", where={"kind": "series"})["label"].tolist() == ["The Wire"]


def test_without_viewings_content_decides(make: Callable[..., TitleSpace]) -> None:
    space = make([("a", 2020, None), ("b", 2020, None), ("c", 2020, None)])
    found = space.recommend("title:a")
    assert found["id"].tolist() == ["title:b", "title:c"]
    assert "without viewings" in found.attrs["note"]
    assert set(found["from"]) == {"content"}


def test_an_older_release_says_what_it_lacks(rewrite: Callable[[], Path]) -> None:
    import json

    folder = rewrite()
    manifest = json.loads((folder / "manifest.json").read_text())
    for part in ("recommend", "trends"):
        manifest["files"] = {name: about for name, about in manifest["files"].items() if not name.startswith(part)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    space = TitleSpace.open(folder)
    assert len(space.similar("Babel")) == 7
    with pytest.raises(NotInRelease, match="titlegraph refresh"):
        space.recommend("Babel")
    with pytest.raises(NotInRelease, match="audiences over time"):
        space.trends()


def test_bad_questions(space: TitleSpace) -> None:
    for weights in ([1], "ab", [1, float("nan")], [0, 0], 3, [True, False]):
        with pytest.raises(BadQuestion):
            space.recommend(["Babel", "21 Grams"], weights=weights)  # type: ignore[arg-type]
    with pytest.raises(EmptyQuestion):
        space.recommend([])
    with pytest.raises(UnknownTitle):
        space.recommend(["Bable XYZ"])


def test_scores_are_foreseen_along_content() -> None:
    rng = np.random.default_rng(0)
    known, others = rng.standard_normal((200, 5)), rng.standard_normal((50, 5))
    slope = rng.standard_normal(5)
    scores = foreseen((known @ slope + 1).astype(np.float32), known.astype(np.float32), others.astype(np.float32))
    assert np.corrcoef(scores, others @ slope)[0, 1] > 0.99


def test_no_viewer_is_in_a_release(release: Path, graph: KnowledgeGraph) -> None:
    viewers = set(graph.viewings()["viewer"])
    for path in release.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(viewer.encode() in content for viewer in viewers), path


@pytest.mark.slow
def test_it_finds_what_held_out_viewers_watched_better_than_popularity(sample_space: TitleSpace) -> None:
    figures = sample_space.metrics["recommendations"]
    assert figures["simulated"]
    assert "unknown to the model" in figures["protocol"]
    assert figures["ndcg@10"] > figures["popularity"]["ndcg@10"]
