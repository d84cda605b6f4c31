"""The learnt fusion: what is missing is foreseen, what viewers say counts, and a folder is all that a draft needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.errors import UnknownSetting
from embeddings.fusion import Fusion
from embeddings.fusion.bags import naming
from embeddings.fusion.coviewing import Likes, co_viewing
from embeddings.fusion.learning import learn, unseen
from embeddings.fusion.weights import choices, conditional_logit
from embeddings.sparse import table
from embeddings.views import FloatArray, unit

TITLES, VIEWERS, TASTES = 400, 300, 8


def world() -> tuple[dict[str, FloatArray], Likes]:
    """Titles of eight tastes: "told" says which, "noise" says nothing, and viewers like those of their own taste."""
    rng = np.random.default_rng(0)
    taste = np.arange(TITLES) % TASTES
    told = unit(rng.standard_normal((TASTES, 12))[taste] + 0.3 * rng.standard_normal((TITLES, 12)))
    more = unit(rng.standard_normal((TASTES, 9))[taste] + 0.6 * rng.standard_normal((TITLES, 9)))
    noise = unit(rng.standard_normal((TITLES, 10)))
    liked = rng.random((VIEWERS, TITLES)) < np.where((np.arange(VIEWERS) % TASTES)[:, None] == taste, 0.5, 0.05)
    rows, columns = np.nonzero(liked)
    matrix = table(rows, columns, np.ones(len(rows), np.float32), liked.shape)
    likes = Likes(likes=matrix, viewers=liked.sum(axis=0), names=np.arange(VIEWERS), simulated=False)
    return {"told": told, "more": more, "noise": noise}, likes


@pytest.fixture(scope="module")
def fitted() -> tuple[dict[str, FloatArray], Likes, Fusion]:
    parts, likes = world()
    return parts, likes, learn(parts, likes, dim=24).fusion


def same_taste(vectors: FloatArray, rows: slice) -> float:
    scores = vectors[rows] @ vectors.T
    np.put_along_axis(scores, np.arange(TITLES)[rows][:, None], -9, axis=1)
    nearest = np.argsort(-scores, axis=1)[:, :10]
    return float((nearest % TASTES == np.arange(TITLES)[rows][:, None] % TASTES).mean())


def test_what_tells_tastes_gets_weight_and_noise_little(fitted: tuple[dict[str, FloatArray], Likes, Fusion]) -> None:
    weights = fitted[2].weights
    assert sum(weights.values()) == pytest.approx(1)
    assert min(weights["told"], weights["viewings"]) > 4 * weights["noise"]


def test_fused_is_better_than_every_part(fitted: tuple[dict[str, FloatArray], Likes, Fusion]) -> None:
    parts, _, fusion = fitted
    fused = same_taste(fusion.fuse(parts), slice(None))
    assert fused > max(same_taste(unit(v - v.mean(0)), slice(None)) for v in (parts["more"], parts["noise"]))
    assert fused > 0.9


def test_a_missing_part_is_foreseen(fitted: tuple[dict[str, FloatArray], Likes, Fusion]) -> None:
    parts, _, fusion = fitted
    whole = fusion.fuse(parts)
    cut = {name: vectors.copy() for name, vectors in parts.items()}
    cut["told"][:100] = 0
    near, bare = fusion.fuse(cut)[:100], fusion.fuse(cut, fill=False)[:100]
    assert (near * whole[:100]).sum(1).mean() > (bare * whole[:100]).sum(1).mean() + 0.05
    graph = fusion.to_graph({"more": parts["more"]}, name="told")
    own = (graph * parts["told"]).sum(1).mean()
    assert own > (graph * np.roll(parts["told"], 1, axis=0)).sum(1).mean() + 0.2


def test_a_folder_is_all_a_draft_needs(fitted: tuple[dict[str, FloatArray], Likes, Fusion], tmp_path: Path) -> None:
    parts, _, fusion = fitted
    fusion.save(tmp_path / "fusion")
    loaded = Fusion.load(tmp_path / "fusion")
    draft = {"more": parts["more"][:3]}
    assert loaded.fuse(draft) == pytest.approx(fusion.fuse(draft), abs=1e-6)
    assert np.linalg.norm(loaded.fuse(draft), axis=1) == pytest.approx(1, abs=1e-5)
    assert not loaded.fuse({"more": np.zeros((1, 9), np.float32)}).any()
    for wrong in ({"smell": parts["more"]}, {"more": parts["told"]}, {}):
        with pytest.raises(UnknownSetting):
            loaded.fuse(wrong)
    with pytest.raises(UnknownSetting):
        Fusion.load(tmp_path)


def test_without_viewings_the_weights_are_standard() -> None:
    parts, _ = world()
    learnt = learn(parts, None, dim=16, weights={"noise": 0.0})
    fusion, observed = learnt.fusion, learnt.observed
    assert set(fusion.weights) == {"told", "more"}
    assert observed.shape == (TITLES, 0)
    assert same_taste(fusion.fuse({k: parts[k] for k in fusion.weights}), slice(None)) > 0.8


def test_lift_by_hand() -> None:
    # Four viewers; titles 0 and 1 liked together by two, 2 by one of them.
    liked = np.array([[1, 1, 1], [1, 1, 0], [0, 0, 0], [0, 0, 0]], np.float32)
    rows, columns = np.nonzero(liked)
    likes = Likes(
        likes=table(rows, columns, np.ones(len(rows), np.float32), liked.shape),
        viewers=np.array([2, 2, 1]),
        names=np.arange(4),
        simulated=False,
    )
    lift = likes.lift(np.arange(3))
    assert lift[0, 1] == pytest.approx((2 + 1) / (2 * 2 / 4 + 1))
    assert lift[0, 2] == pytest.approx((1 + 1) / (2 * 1 / 4 + 1))
    assert not np.diag(lift).any()
    assert not likes.without(np.array([True, False, False])).lift(np.arange(3))[0].any()
    vectors = co_viewing(likes, np.arange(3), 2)
    assert vectors[0] @ vectors[1] > 0.5


def test_the_logit_finds_the_weights_that_choices_were_made_with() -> None:
    rng = np.random.default_rng(0)
    cosines = [rng.uniform(-1, 1, (300, 60)).astype(np.float32) for _ in range(3)]
    score = 4 * cosines[0] + 2 * cosines[1] + rng.gumbel(size=(300, 60))
    weights = conditional_logit(cosines, np.where(score == score.max(1, keepdims=True), 1, 0), np.ones((300, 60), bool))
    assert weights[0] / weights[1] == pytest.approx(2, rel=0.25)
    assert weights[2] < weights[1] / 4
    picked = choices(np.array([[3.0, 0, 5, 4]]), np.array([[True, True, False, True]]), k=2)
    assert picked.tolist() == [[True, False, False, True]]


def test_names_are_near_where_they_are_the_same() -> None:
    one, same, word, other = naming(
        ["The Great Gatsby", "Great Gatsby (Penguin, #1)", "The Great Escape", "Alien"], 128
    )
    assert one @ same == pytest.approx(1)
    assert abs(one @ word) < 0.4
    assert abs(one @ other) < 0.3


def test_names_that_share_nothing_hardly_look_alike() -> None:
    vectors = naming([f"word{i} word{i + 1000}" for i in range(300)], 256)
    alike = np.abs(vectors @ vectors.T)[~np.eye(300, dtype=bool)]
    assert np.quantile(alike, 0.99) < 0.25  # a word in common would be worth more


def test_the_same_titles_are_set_apart_whatever_else_there_is() -> None:
    names = [f"title:{i}" for i in range(1000)]
    few, more = unseen(names, seed=1, share=0.1), unseen(names, seed=1, share=0.3)
    assert (more | ~few).all()
    assert 60 < few.sum() < 140
    assert (unseen(names[::-1], seed=1, share=0.1)[::-1] == few).all()
    assert (unseen(names, seed=2, share=0.1) != few).any()
