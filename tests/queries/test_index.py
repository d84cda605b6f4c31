"""Search by index: the same answers as by a product with all vectors, and conditions never cost a result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings import indexing as indexes
from embeddings.errors import ReleaseDamaged
from embeddings.release import Release
from embeddings.release_writer import ReleaseWriter
from embeddings.views import View, unit
from queries.vectors import Vectors, nearest

pytest.importorskip("faiss")
N, D = 3000, 16


def clustered(count: int = N) -> View:
    rng = np.random.default_rng(0)
    vectors = unit(rng.normal(size=(60, D))[rng.integers(0, 60, count)] + 0.5 * rng.normal(size=(count, D)))
    vectors[::10] = 0
    vectors[7] = vectors[8] = vectors[11]  # equals
    return View(name="fused", vectors=vectors, present=vectors.any(axis=1))


def opened(view: View, folder: Path) -> tuple[Release, dict[str, object]]:
    with ReleaseWriter(folder) as out:
        out.array("vectors/fused.npy", view.vectors)
        out.array("vectors/fused.present.npy", view.present)
        about = indexes.write_indexes(out, [view], seed=0)
        views = {"fused": {"simulated": False}}
        sizes = {"num_titles": len(view.vectors), "num_entities": len(view.vectors)}
        path = out.publish({"similarity": "cosine", "views": views, "metrics": {"index": about}, **sizes})
    return Release.open(path), about


@pytest.fixture(params=["codes", "cells"])
def release(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    monkeypatch.setattr(indexes, "LARGE", 1000)
    monkeypatch.setattr(indexes, "CELLS", 100_000 if request.param == "codes" else 2000)
    found, about = opened(clustered(), tmp_path)
    assert (found.path / "index" / "fused.faiss").exists()
    assert about["fused"]["recall@10"] >= 0.99  # type: ignore[index]
    return found


def test_an_index_finds_what_a_product_with_all_vectors_finds(release: Release) -> None:
    vectors = Vectors(release)
    matrix, present = vectors.titles("fused"), vectors.present("fused")
    asked = np.flatnonzero(present)[:50]
    true = nearest(matrix, matrix[asked], 10, present, asked)
    everything = np.ones(N, dtype=bool)
    one_by_one = [vectors.nearest("fused", matrix[[i]], 10, everything, np.array([i]))[0] for i in asked]
    same = 0
    for (rows, _), (found, values), mine in zip(true, one_by_one, asked, strict=True):
        assert mine not in found
        assert present[found].all()
        assert (np.diff(values) <= 1e-6).all()
        np.testing.assert_allclose(values, matrix[found] @ matrix[mine], atol=1e-6)
        same += len(np.intersect1d(rows, found))
    assert same >= 0.98 * 10 * len(asked)


def test_conditions_are_met_by_as_many_as_there_are(release: Release) -> None:
    vectors = Vectors(release)
    matrix, present = vectors.titles("fused"), vectors.present("fused")
    allowed = np.zeros(N, dtype=bool)
    allowed[np.flatnonzero(present)[5:2000:90]] = True  # all over the place, most far from the query
    [(found, _)] = vectors.nearest("fused", matrix[[1]], 100, allowed, np.array([-1]))
    assert sorted(found.tolist()) == np.flatnonzero(allowed).tolist()


@pytest.mark.parametrize("share", [0.5, 0.02])
def test_conditions_cost_no_neighbour(release: Release, monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    monkeypatch.setattr("queries.vectors._FEW", 10)  # so that an index is asked, with any condition
    vectors = Vectors(release)
    matrix, present = vectors.titles("fused"), vectors.present("fused")
    allowed = np.random.default_rng(3).random(N) < share
    asked = np.flatnonzero(present)[:40]
    true = nearest(matrix, matrix[asked], 10, allowed & present, asked)
    found = vectors.nearest("fused", matrix[asked], 10, allowed, asked)
    assert all(allowed[rows].all() and len(rows) == len(best) for (rows, _), (best, _) in zip(found, true, strict=True))
    same = [len(np.intersect1d(rows, best)) / len(best) for (rows, _), (best, _) in zip(found, true, strict=True)]
    assert np.mean(same) >= 0.98


def test_all_neighbours_can_be_asked_for(release: Release) -> None:
    vectors = Vectors(release)
    matrix, present = vectors.titles("fused"), vectors.present("fused")
    [(found, _)] = vectors.nearest("fused", matrix[[1]], N, np.ones(N, dtype=bool), np.array([1]))
    assert len(found) == present.sum() - 1


def test_small_catalogues_need_no_index(tmp_path: Path) -> None:
    release, about = opened(clustered(500), tmp_path)
    assert about == {}
    assert not (release.path / "index").exists()
    matrix = Vectors(release).titles("fused")
    assert len(Vectors(release).nearest("fused", matrix[[1]], 10, np.ones(500, dtype=bool), np.array([1]))[0][0]) == 10


def test_a_broken_index_is_an_error(release: Release) -> None:
    file = release.path / "index" / "fused.faiss"
    file.write_bytes(b"\x00" * file.stat().st_size)
    matrix = Vectors(release).titles("fused")
    with pytest.raises(ReleaseDamaged):
        Vectors(release).nearest("fused", matrix[[1]], 10, np.ones(N, dtype=bool), np.array([1]))
