"""Likeness by hand, kernel regression against scikit-learn, leaving one out against really leaving it out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from embeddings.prediction import TitleInputs, bag
from embeddings.prediction.blocks import BagBlock, Blocks, VectorBlock
from embeddings.prediction.gaussian import covariance, likeliest, mixed, solve
from embeddings.prediction.profiles import Profiles, axes_of


def test_vectors_are_compared_about_their_mean_and_missing_ones_are_average() -> None:
    vectors = np.array([[1, 0], [0, 1], [0, 0]], dtype=np.float32)  # mean of the present ones: (½, ½)
    block = VectorBlock.of(vectors)
    np.testing.assert_allclose(block.gram(vectors), [[1, -1, 0], [-1, 1, 0], [0, 0, 0]], atol=1e-6)


def test_a_rare_tag_makes_more_alike_than_a_common_one() -> None:
    bags = bag(np.array([0, 0, 1, 1, 2, 2, 3]), ["all", "rare", "all", "rare", "all", "other", "all"])
    gram = BagBlock.of(bags, 4).gram(bags, 4)
    assert gram[0, 1] > gram[0, 2]
    np.testing.assert_allclose(gram, gram.T, atol=1e-12)


def test_bags_are_compared_as_dense_matrices_would_be() -> None:
    rng = np.random.default_rng(1)
    dense = (rng.random((12, 9)) < 0.4) * 1.0
    dense[3] = 0
    rows, columns = np.nonzero(dense)
    bags = bag(rows, [f"item {c}" for c in columns])
    counts = dense.sum(axis=0)
    present = dense.any(axis=1)
    weighted = dense * (np.log((1 + present.sum()) / (1 + counts)) + 1)
    weighted[present] /= np.linalg.norm(weighted[present], axis=1, keepdims=True)
    centred = np.where(present[:, None], weighted - weighted[present].mean(axis=0), 0)
    np.testing.assert_allclose(BagBlock.of(bags, 12).gram(bags, 12), centred @ centred.T, atol=1e-12)


def test_that_an_input_is_missing_says_nothing() -> None:
    """A title with nothing known gets the mean, although titles without tags are the largest by far."""
    rng = np.random.default_rng(2)
    rows = np.repeat(np.arange(20, 60), 3)
    inputs = TitleInputs(count=60, bags={"tags": bag(rows, [f"tag:{i}" for i in rng.integers(0, 15, len(rows))])})
    values = np.where(np.arange(60)[:, None] < 20, 5.0, 1.0) + rng.normal(0, 0.1, (60, 3))
    grams = Blocks.of(inputs).grams(inputs)
    profiles = Profiles.fit(grams, values, axes_of(values), seed=0)
    nothing = profiles.predict(Blocks.of(inputs).grams(TitleInputs(count=1)))
    np.testing.assert_allclose(nothing[0], values.mean(axis=0), atol=1e-9)


def test_leaving_one_out_is_what_learning_without_it_gives() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(25, 4)), rng.normal(size=(25, 2))
    grams, weights = [x @ x.T], np.array([0.7, 0.4])
    _, left_out = solve(grams, weights, y)
    for i in (0, 7, 24):
        others = np.arange(25) != i
        part = [grams[0][np.ix_(others, others)]]
        coefficients, _ = solve(part, weights, y[others])
        expected = mixed([grams[0][[i]][:, others]], weights) @ coefficients
        np.testing.assert_allclose(left_out[i], expected[0], atol=1e-8)


def test_kernel_regression_agrees_with_scikit_learn() -> None:
    sklearn = pytest.importorskip("sklearn.kernel_ridge")
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(30, 5)), rng.normal(size=(30, 3))
    coefficients, _ = solve([x @ x.T], np.array([1.0, 0.5]), y)
    ours = mixed([x[:5] @ x.T], np.array([1.0, 0.5])) @ coefficients
    theirs = sklearn.KernelRidge(alpha=0.5, kernel="linear").fit(x, y).predict(x[:5])
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_likeliest_weights_find_the_respect_that_matters() -> None:
    rng = np.random.default_rng(5)
    matters, idle = rng.normal(size=(150, 3)), rng.normal(size=(150, 3))
    y = matters @ rng.normal(size=(3, 8)) + rng.normal(size=(150, 8))
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    grams = [matters @ matters.T, idle @ idle.T]
    weights = likeliest(grams, y)
    assert weights[0] > 10 * weights[1]
    best = _log_likelihood(grams, weights, y)
    for factor in (0.5, 2.0):
        for i in range(3):
            moved = weights.copy()
            moved[i] *= factor
            assert _log_likelihood(grams, moved, y) < best + 0.5


def _log_likelihood(grams, weights, y) -> float:
    from scipy.stats import multivariate_normal

    normal = multivariate_normal(np.zeros(len(y)), covariance(grams, weights))
    return float(normal.logpdf(y.T).sum())


def test_axes_of_profiles_rebuild_them() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(size=(40, 2)) @ rng.normal(size=(2, 7)) + 3
    axes = axes_of(values)
    assert axes.shape == (2, 7)
    centred = values - values.mean(axis=0)
    np.testing.assert_allclose(centred @ axes.T @ axes, centred, atol=1e-9)
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-12)


def test_titles_can_be_picked_from_inputs() -> None:
    inputs = TitleInputs(
        count=3,
        vectors={"theme": np.eye(3, dtype=np.float32)},
        bags={"tags": bag(np.array([0, 2, 2]), ["a", "b", "c"])},
    )
    some = inputs[np.array([2, 1])]
    assert some.bags["tags"].to_dict("list") == {"row": [0, 0], "item": ["b", "c"]}
    np.testing.assert_array_equal(some.vectors["theme"], [[0, 0, 1], [0, 1, 0]])
    assert list(inputs.without("theme").vectors) == []
    assert isinstance(some.bags["tags"], pd.DataFrame)


def test_many_titles_are_compared_as_one_at_a_time() -> None:
    rng = np.random.default_rng(7)
    rows, items = rng.integers(0, 100, 600), [f"item {i}" for i in rng.integers(0, 40, 600)]
    bags = bag(rows, items)
    block = BagBlock.of(bags[bags["row"] < 30], 30)
    some = TitleInputs(count=100, bags={"tags": bags})
    one_by_one = [block.gram(some[np.array([i])].bags["tags"], 1)[0] for i in range(100)]
    np.testing.assert_allclose(block.gram(bags, 100), one_by_one, atol=1e-12)
