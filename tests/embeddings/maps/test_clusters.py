"""Groups of places, their numbers from map to map, and what new things are placed by."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from embeddings.maps.clusters import carried_over, clusters
from embeddings.maps.place import place
from embeddings.views import unit

Matrix = npt.NDArray[Any]


def islands(sizes: list[int]) -> Matrix:
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal((40 * i, 0), size=(n, 2)) for i, n in enumerate(sizes)])


def test_islands_are_clusters_the_largest_first() -> None:
    places = np.concatenate([islands([40, 90, 60]), [[20.0, 500.0]]])
    found = clusters(places)
    assert found[-1] == -1  # alone in the sea
    for part, number in ((slice(0, 40), 2), (slice(40, 130), 0), (slice(130, 190), 1)):
        assert (found[part] == number).mean() > 0.9
        assert set(found[part].tolist()) <= {number, -1}


def test_a_continent_is_no_cluster() -> None:
    """Eight regions that touch each other, and an island far away: by density alone there would be two clusters."""
    rng = np.random.default_rng(0)
    centres = 3.2 * np.stack([np.arange(8) % 4, np.arange(8) // 4], axis=1)
    land = np.concatenate([rng.normal(centre, 0.8, (200, 2)) for centre in centres])
    found = clusters(np.concatenate([land, rng.normal((60, 0), 1, (100, 2))]))
    sizes = np.bincount(found[found >= 0])
    assert len(sizes) >= 5
    assert sizes.max() <= len(found) / 4
    assert len(set(found[-100:].tolist()) - {-1}) == 1


def test_too_few_for_clusters_are_in_none() -> None:
    assert clusters(islands([3, 3])).tolist() == [-1] * 6
    assert clusters(np.zeros((0, 2))).tolist() == []


def test_a_cluster_keeps_its_number() -> None:
    last = np.array([4, 4, 4, 7, 7, 7, 0, -1, -1, -1])
    found = np.array([1, 1, 1, 0, 0, -1, 1, 2, 2, 2])
    # 1 overlaps 4 most, 0 overlaps 7, and 2 is new: the last map had numbers up to 7.
    assert carried_over(found, last).tolist() == [4, 4, 4, 7, 7, -1, 4, 8, 8, 8]


def test_of_two_parts_of_a_cluster_the_larger_keeps_its_number() -> None:
    assert carried_over(np.array([0, 0, 1, 1, 1]), np.zeros(5, dtype=int)).tolist() == [1, 1, 0, 0, 0]


numbers = arrays(np.int64, 30, elements=st.integers(-1, 5))


@given(numbers, numbers)
def test_carrying_numbers_over_changes_no_cluster(found: Matrix, last: Matrix) -> None:
    carried = carried_over(found, last)
    assert ((carried < 0) == (found < 0)).all()
    same = found[:, None] == found[None]
    assert ((carried[:, None] == carried[None]) == same).all()


def test_something_new_lies_where_its_neighbours_are() -> None:
    rng = np.random.default_rng(0)
    sorts = np.repeat([0, 1], 50)
    known = unit((np.eye(6)[sorts] + 0.1 * rng.normal(size=(100, 6))).astype(np.float32))
    places = (np.array([[0.0, 0], [100, 0]])[sorts] + rng.normal(size=(100, 2))).astype(np.float32)
    new = unit((np.eye(6)[[0, 1]]).astype(np.float32))
    found = place(new, known, places)
    np.testing.assert_allclose(found, [[0, 0], [100, 0]], atol=4)
    between = place(unit(np.array([[1, 1.02, 0, 0, 0, 0]], dtype=np.float32)), known, places)[0]
    assert min(abs(between[0]), abs(between[0] - 100)) < 6  # on one of the islands, not between them


def test_what_can_not_be_placed_is_nan() -> None:
    known, places = np.eye(3, dtype=np.float32), np.arange(6, dtype=np.float32).reshape(3, 2)
    found = place(np.array([[0, 0, 0], [0, 1, 0]], dtype=np.float32), known, places)
    assert np.isnan(found[0]).all()
    assert found[1].tolist() == [2, 3]  # the other two are a right angle away and weigh nothing
    assert np.isnan(place(known, known[:0], places[:0])).all()
    assert place(known[:0], known, places).shape == (0, 2)


@given(arrays(np.float32, (4, 3), elements=st.floats(-1, 1, width=32)), st.integers(1, 20))
def test_nothing_is_placed_off_the_map(vectors: Matrix, k: int) -> None:
    rng = np.random.default_rng(7)
    known = unit(rng.normal(size=(12, 3)).astype(np.float32))
    places = rng.normal(size=(12, 2)).astype(np.float32)
    given_ = unit(vectors)
    found = place(given_, known, places, k=k)[given_.any(axis=1)]
    assert (found >= places.min(axis=0)).all()
    assert (found <= places.max(axis=0)).all()
    if k == 1:
        np.testing.assert_array_equal(found, places[(given_ @ known.T).argmax(axis=1)][given_.any(axis=1)])
