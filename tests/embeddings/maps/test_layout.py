"""Places in the plane: near means similar, the same again, and steady from one release to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from embeddings.maps.layout import kept_neighbours, layout
from embeddings.maps.neighbours import neighbours
from embeddings.views import unit

pytestmark = pytest.mark.slow


Matrix = npt.NDArray[Any]


def groups(sizes: list[int], dim: int = 12, seed: int = 0) -> tuple[Matrix, Matrix]:
    """Unit vectors around one direction a group, and which group each is of."""
    rng = np.random.default_rng(seed)
    sorts = np.repeat(np.arange(len(sizes)), sizes)
    centres = np.eye(dim)[: len(sizes)]
    return unit((centres[sorts] + 0.15 * rng.normal(size=(len(sorts), dim))).astype(np.float32)), sorts


def nearest_places(places: Matrix) -> Matrix:
    return NearestNeighbors(n_neighbors=2).fit(places).kneighbors(places, return_distance=False)[:, 1]


def spread(places: Matrix) -> float:
    return float(np.sqrt(((places - places.mean(axis=0)) ** 2).sum(axis=1).mean()))


def test_neighbours_are_those_of_a_search_library() -> None:
    vectors, _ = groups([40, 30, 50])
    found, cosines = neighbours(vectors, 9)
    index = NearestNeighbors(n_neighbors=10, metric="cosine", algorithm="brute").fit(vectors)
    distances, expected = index.kneighbors(vectors)
    assert (found == expected[:, 1:]).mean() > 0.999  # rounding may swap two that are equally near
    np.testing.assert_allclose(1 - cosines, distances[:, 1:], atol=1e-5)
    assert not (found == np.arange(len(vectors))[:, None]).any()


def test_equal_rows_are_neighbours_in_the_order_of_their_numbers() -> None:
    found, _ = neighbours(np.array([[1, 0], [1, 0], [0, 1], [1, 0]], dtype=np.float32), 2)
    assert found[0].tolist() == [1, 3]
    assert found[3].tolist() == [0, 1]


def test_what_is_alike_is_together() -> None:
    vectors, sorts = groups([60, 40, 80])
    places, found = layout(vectors)
    assert places.shape == (180, 2)
    assert (sorts[nearest_places(places)] == sorts).mean() > 0.98
    assert kept_neighbours(places, found) > 3 * 10 / 180  # thrice what chance would keep


def test_the_same_again() -> None:
    vectors, _ = groups([50, 70])
    np.testing.assert_array_equal(layout(vectors)[0], layout(vectors)[0])


@pytest.mark.slow
def test_the_same_again_as_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embeddings.maps.layout._MANY", 100)
    vectors, sorts = groups([60, 80, 100])
    start = 10 * vectors[:, :2]
    places, _ = layout(vectors, start=start)
    np.testing.assert_array_equal(places, layout(vectors, start=start)[0])
    assert (sorts[nearest_places(places)] == sorts).mean() > 0.98


def test_a_map_that_starts_from_the_last_one_stays_where_it_was() -> None:
    vectors, _ = groups([60, 40, 80])
    moved = unit(vectors + 0.02 * np.random.default_rng(1).normal(size=vectors.shape).astype(np.float32))
    last, _ = layout(vectors)
    again, _ = layout(moved, start=last)
    distance = np.linalg.norm(again - last, axis=1)
    assert np.median(distance) < 0.15 * spread(last)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 31])
def test_few_are_laid_out_too(count: int) -> None:
    places, _ = layout(groups([count])[0])
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


def test_rows_of_one_vector_are_laid_out_too() -> None:
    places, _ = layout(np.tile(np.array([[0.6, 0.8]], dtype=np.float32), (40, 1)))
    assert np.isfinite(places).all()


def test_a_handful_lies_along_its_principal_components() -> None:
    vectors, _ = groups([3, 3])
    places, _ = layout(vectors)
    expected = PCA(2).fit_transform(vectors.astype(np.float64))
    np.testing.assert_allclose(np.abs(places), np.abs(expected), atol=1e-5)


def test_kept_neighbours_by_hand() -> None:
    line = np.array([[0.0, 0], [1, 0], [2.1, 0], [3.3, 0]])
    by_vector = np.array([[1, 2], [0, 2], [1, 3], [0, 1]])  # the last one's are the two farthest from it
    # Two each: both, both, both, and of 3 its places are nearest to 2 and 1, its vector to 0 and 1: one.
    assert kept_neighbours(line, by_vector, k=2) == pytest.approx(7 / 8)
