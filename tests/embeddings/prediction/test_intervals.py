"""Intervals hold as often as they say, also where small audiences err upwards; readings of pairs against others'."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.prediction.comparables import nearest
from embeddings.prediction.intervals import Intervals
from embeddings.prediction.pairs import Countries, least_squares, logistic, probability


def _pairs(seed: int, count: int = 4000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Foreseen sizes, errors whose spread and skew depend on them, countries of which the last errs more."""
    rng = np.random.default_rng(seed)
    foreseen = rng.uniform(0, 4, count)
    countries = rng.integers(0, 4, count)
    errors = (rng.gamma(2, 1, count) - 2) * (0.3 + 0.3 * foreseen) + np.where(countries == 3, 1.5, 0)
    return foreseen, errors, countries


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_new_outcomes_lie_within_as_often_as_promised(coverage: float) -> None:
    intervals = Intervals.of(*_pairs(0), 4, coverage=coverage)
    foreseen, errors, countries = _pairs(1)
    low, high = (ends[np.arange(len(foreseen)), countries] for ends in intervals(np.tile(foreseen[:, None], 4)))
    inside = (foreseen + errors >= low) & (foreseen + errors <= high)
    assert inside.mean() == pytest.approx(coverage, abs=0.05)
    for country in range(4):
        assert inside[countries == country].mean() == pytest.approx(coverage, abs=0.08)
    for quartile in np.array_split(np.argsort(foreseen), 4):
        assert inside[quartile].mean() == pytest.approx(coverage, abs=0.08)


def test_intervals_survive_their_arrays() -> None:
    intervals = Intervals.of(*_pairs(0), 4)
    again = Intervals.from_arrays(intervals.arrays())
    x = np.linspace(-1, 6, 28).reshape(7, 4)
    for ours, theirs in zip(intervals(x), again(x), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_without_errors_there_is_no_width() -> None:
    low, high = Intervals.of(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64), 2)(np.ones((1, 2)))
    np.testing.assert_array_equal(low, high)


def test_comparables_are_the_nearest_whose_audience_was_known() -> None:
    similar = np.array([[0.9, 0.5, 0.4, -0.2], [0.9, 0.5, 0.4, -0.2]])
    over = np.array(["2022-03-01", "2022-01-01", "2022-01-01", "2022-01-01"], dtype="datetime64[D]")
    before = np.array(["2022-02-01", "2022-03-01"], dtype="datetime64[D]")
    weights = nearest(similar, over, before, 2)
    np.testing.assert_allclose(weights[0], [0, 5 / 9, 4 / 9, 0])
    np.testing.assert_allclose(weights[1], [0, 5 / 9, 4 / 9, 0])  # over on the day itself is not over before
    np.testing.assert_allclose(nearest(similar, over, before + 1, 2)[1], [9 / 14, 5 / 14, 0, 0])
    assert not nearest(similar, over, before - 400, 2).any()


def test_countries_by_hand() -> None:
    stats = Countries.of(np.array([[2.0, 0.0], [4.0, 0.0]]))
    np.testing.assert_allclose(stats.size, [3, 0])
    np.testing.assert_allclose(stats.presence, [1, 0])
    np.testing.assert_allclose(stats.present_size, [(6 + 5 * 3) / 7, 3])  # five average titles stand beside


def test_readings_agree_with_scikit_learn() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3)) * [1, 10, 0.1] + [0, 5, 1]
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    chance = probability(z @ [1.0, -2.0, 0.5] + 0.3)
    y = rng.random(500) < chance
    ours = logistic(x, y, penalty=0.002)
    theirs = linear.LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(z, y)
    np.testing.assert_allclose(probability(ours(x)), theirs.predict_proba(z)[:, 1], atol=1e-4)
    size = x @ [1.0, 0.2, 3.0] + rng.normal(size=500)
    ridge = linear.Ridge(alpha=5.0).fit(z, size)
    np.testing.assert_allclose(least_squares(x, size, penalty=0.01)(x), ridge.predict(z), atol=1e-8)
