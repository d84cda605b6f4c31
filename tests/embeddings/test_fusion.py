"""One vector from several parts, some of them missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.errors import UnknownSetting
from embeddings.fusion import centred, fill, fuse, principal, ridge
from embeddings.views import FloatArray, View, unit, view


def random_view(name: str, n: int, d: int, seed: int) -> View:
    return view(name, np.random.default_rng(seed).standard_normal((n, d)), "chosen")


def cosines(vectors: FloatArray) -> FloatArray:
    return unit(vectors) @ unit(vectors).T


@given(st.floats(0.1, 10), st.floats(0.1, 10))
def test_with_every_part_the_cosine_is_the_weighted_mean(a: float, b: float) -> None:
    parts = [random_view("a", 30, 5, 1), random_view("b", 30, 7, 2)]
    fused = fuse(parts, {"a": a, "b": b}, dim=100)
    expected = (a * cosines(centred(parts[0])) + b * cosines(centred(parts[1]))) / (a + b)
    assert cosines(fused) == pytest.approx(expected, abs=1e-5)


def test_a_part_in_larger_numbers_does_not_speak_louder() -> None:
    a, b = random_view("a", 20, 4, 1), random_view("b", 20, 4, 2)
    louder = View(name="b", vectors=b.vectors * 1000, present=b.present)
    assert fuse([a, louder], {}, dim=9) == pytest.approx(fuse([a, b], {}, dim=9), abs=1e-5)


def test_what_all_vectors_of_a_part_have_in_common_does_not_count() -> None:
    a = random_view("a", 20, 4, 1)
    shifted = View(name="a", vectors=a.vectors + 5, present=a.present)
    assert fuse([shifted], {}, dim=9) == pytest.approx(fuse([a], {}, dim=9), abs=1e-4)


def clusters(missing: slice, seed: int = 0) -> tuple[list[View], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Two parts that agree on four clusters of 50; the rows `missing` lack the second."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(4), 50)
    first = rng.standard_normal((4, 6))[labels] + 0.5 * rng.standard_normal((200, 6))
    second = rng.standard_normal((4, 8))[labels] + 0.5 * rng.standard_normal((200, 8))
    second[missing] = 0
    return [view("a", first, ""), view("b", second, "")], labels


def test_a_title_without_a_part_lies_among_its_likes() -> None:
    missing = slice(0, 40)
    alike, complete, without_filling = [], [], []
    for seed in range(4):
        parts, labels = clusters(missing, seed)
        found = nearest_ten(fuse(parts, {}, dim=100))[missing]
        alike.append((labels[found] == labels[missing, None]).mean())
        complete.append((found >= 40).mean())
        zeros = np.concatenate([centred(part) for part in parts], axis=1)
        without_filling.append((nearest_ten(zeros)[missing] >= 40).mean())
    assert np.mean(alike) > 0.85
    # 160 of the 199 others have both parts. With zeros the 40 would find each other.
    assert np.mean(complete) > 0.5 > np.mean(without_filling) + 0.1


def nearest_ten(vectors: FloatArray) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    similar = cosines(vectors)
    np.fill_diagonal(similar, -1)
    return np.argsort(-similar, axis=1)[:, :10]


def test_what_is_foreseen_is_no_longer_than_what_is_known() -> None:
    parts, _ = clusters(slice(0, 40))
    present = np.stack([part.present for part in parts], axis=1)
    filled = fill([centred(part) for part in parts], present)
    lengths = np.linalg.norm(filled[1], axis=1)
    assert lengths[40:] == pytest.approx(1, abs=1e-5)
    assert (lengths[:40] < 1).all()
    assert (lengths[:40] > 0.1).all()


def test_titles_without_any_part_have_no_vector() -> None:
    parts, _ = clusters(slice(0, 0))
    for part in parts:
        part.vectors[:3], part.present[:3] = 0, False
    fused = fuse(parts, {}, dim=100)
    assert not fused[:3].any()
    assert fused[3:].any(axis=1).all()
    nothing = View(name="a", vectors=np.zeros((4, 2), np.float32), present=np.zeros(4, bool))
    assert not fuse([nothing], {}, dim=5).any()


def test_a_part_that_nobody_has_with_another_stays_empty() -> None:
    a, b = random_view("a", 10, 3, 1), random_view("b", 10, 3, 2)
    for part, rows in ((a, slice(0, 5)), (b, slice(5, 10))):
        part.vectors[rows], part.present[rows] = 0, False
    fused = fuse([a, b], {}, dim=9)
    assert np.linalg.norm(fused, axis=1) == pytest.approx(1, abs=1e-5)
    assert cosines(fused)[:5, 5:] == pytest.approx(0, abs=1e-6)


def test_weights_of_nought_leave_a_part_out_and_bad_ones_are_refused() -> None:
    a, b = random_view("a", 20, 4, 1), random_view("b", 20, 4, 2)
    assert fuse([a, b], {"b": 0}, dim=9) == pytest.approx(fuse([a], {}, dim=9))
    for weights in ({"a": -1.0}, {"a": float("nan")}, {"a": 0.0, "b": 0.0}):
        with pytest.raises(UnknownSetting):
            fuse([a, b], weights, dim=9)


def test_fewer_dimensions_keep_the_most_of_the_cosines() -> None:
    rng = np.random.default_rng(0)
    flat = unit(rng.standard_normal((300, 5)) @ rng.standard_normal((5, 40)))
    assert principal(flat, 5).shape == (300, 5)
    assert cosines(principal(flat, 5)) == pytest.approx(cosines(flat), abs=1e-4)
    assert principal(flat, 80) is flat


def test_ridge_is_the_textbook_solution() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((50, 4)).astype(np.float32), rng.standard_normal((50, 3)).astype(np.float32)
    penalty = np.trace(x.T @ x) / 4
    rows = np.concatenate([x, np.sqrt(penalty) * np.eye(4)])  # the penalty as data
    expected = np.linalg.lstsq(rows, np.concatenate([y, np.zeros((4, 3))]), rcond=None)[0]
    assert ridge(x, y) == pytest.approx(expected, abs=1e-5)
