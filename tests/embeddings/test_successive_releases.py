"""One release after the other: drift, differences, rollback, pruning. Releases are made by hand, without training."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes

from embeddings.drift import drift, kept_neighbours, nearest, rotation, rotation_onto, turned, turned_model
from embeddings.errors import NoEarlierRelease, NoRelease, UnknownRelease, UnknownSetting
from embeddings.graph.model import GraphModel
from embeddings.graph.settings import GraphSettings
from embeddings.matching import match
from embeddings.release import Release, current, names, promote, promotions
from embeddings.release_care import prune, rollback
from embeddings.release_diff import diff, named
from embeddings.release_writer import ReleaseWriter
from embeddings.views import unit, view

ROOT = Path(__file__).parents[2]
DIM = 16
Matrix = npt.NDArray[Any]


def offsets(rows: Sequence[int], count: int) -> Matrix:
    return np.concatenate([[0], np.cumsum(np.bincount(np.array(rows, dtype=np.int64), minlength=count))])


def release(
    workspace: Path,
    ids: Sequence[str],
    views: Mapping[str, Matrix],
    tags: Mapping[str, Sequence[str]] | None = None,
    summaries: Mapping[str, str] | None = None,
    sizes: Mapping[str, float] | None = None,
) -> Release:
    """A release of titles with storyline tags; vectors of zeros are absent ones."""
    tags, summaries, sizes = tags or {}, summaries or {}, sizes or {}
    others = sorted({tag for some in tags.values() for tag in some})
    entities = [*ids, *others]
    facts = sorted((ids.index(title), entities.index(tag)) for title, some in tags.items() for tag in some)
    sides = {"out": facts, "in": sorted((tail, head) for head, tail in facts)}
    n = len(ids)
    with ReleaseWriter(workspace / "releases") as out:
        nothing = pa.nulls(n, pa.string())
        lists = pa.nulls(n, pa.list_(pa.string()))
        out.table(
            "titles.parquet",
            pa.table(
                {
                    "id": list(ids),
                    "label": [i.upper() for i in ids],
                    "kind": nothing,
                    "year": pa.array([1990] * n, pa.int32()),
                    "launch": pa.nulls(n, pa.date32()),
                    "runtime": pa.nulls(n, pa.float32()),
                    "countries": lists,
                    "languages": lists,
                    "summary": pa.array([summaries.get(i) for i in ids], pa.string()),
                }
            ),
        )
        out.table("entities.parquet", pa.table({"id": entities, "label": [i.upper() for i in entities]}))
        out.table("relations.parquet", pa.table({"name": ["storyline"], "label": ["storyline"]}))
        audience = {
            "title": pa.array([ids.index(i) for i in sizes], pa.int32()),
            "country": ["US"] * len(sizes),
            "unit": ["tickets"] * len(sizes),
            "size": pa.array(list(sizes.values()), pa.float64()),
        }
        out.table("audience.parquet", pa.table(audience))
        for side, rows in sides.items():
            out.array(f"facts/{side}.offsets.npy", offsets([a for a, _ in rows], len(entities)))
            out.array(f"facts/{side}.relation.npy", np.zeros(len(rows), np.int16))
            out.array(f"facts/{side}.entity.npy", np.array([b for _, b in rows], np.int32))
            out.array(f"facts/{side}.learnt.npy", np.ones(len(rows), bool))
        for name, matrix in views.items():
            vectors = unit(matrix)
            out.array(f"vectors/{name}.npy", vectors)
            out.array(f"vectors/{name}.present.npy", vectors.any(axis=1))
        folder = out.publish(
            {
                "views": {name: {"titles": n} for name in views},
                "similarity": "cosine",
                "num_titles": n,
                "num_entities": len(entities),
                "workspace": {"version": 1},
                "metrics": {"link_prediction": {"mrr": 0.25}},
            }
        )
    return Release.open(folder)


def titles(n: int) -> list[str]:
    return [f"title:{i}" for i in range(n)]


def random(n: int, dim: int = DIM, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def orthogonal(dim: int, seed: int = 1) -> Matrix:
    return np.linalg.qr(random(dim, dim, seed))[0].astype(np.float32)


# -- the same space


@given(st.integers(1, 6), st.integers(0, 1000))
def test_the_rotation_is_that_of_procrustes(dim: int, seed: int) -> None:
    a, b = random(30, dim, seed), random(30, dim, seed + 1)
    found = rotation(a, b)
    expected, _ = orthogonal_procrustes(a.astype(float), b.astype(float))
    assert found == pytest.approx(expected, abs=1e-4)
    assert found @ found.T == pytest.approx(np.eye(dim), abs=1e-5)


def test_what_was_turned_is_turned_back_whatever_is_new_or_gone(tmp_path: Path) -> None:
    vectors = random(40)
    before = release(tmp_path, titles(40), {"theme": vectors})
    ids = ["title:new", *titles(40)[5:]]
    turned_away = view("theme", np.concatenate([random(1, seed=9), vectors[5:] @ orthogonal(DIM)]), "")
    by = rotation_onto(turned_away, pa.chunked_array([ids]), before)
    back = turned(turned_away, by)
    assert back.vectors[1:] == pytest.approx(unit(vectors)[5:], abs=1e-5)
    assert back.vectors @ back.vectors.T == pytest.approx(turned_away.vectors @ turned_away.vectors.T, abs=1e-5)


def test_a_view_of_fewer_dimensions_takes_its_place_among_more(tmp_path: Path) -> None:
    vectors = random(40)
    vectors[:, 12:] = 0
    before = release(tmp_path, titles(40), {"theme": vectors @ orthogonal(DIM)})
    fewer = view("theme", vectors[:, :12], "")
    by = rotation_onto(fewer, pa.chunked_array([titles(40)]), before)
    assert by is not None
    assert by.shape == (12, DIM)
    assert turned(fewer, by).vectors == pytest.approx(before.array("vectors/theme.npy"), abs=1e-4)


def test_where_nothing_can_be_compared_nothing_is_turned(tmp_path: Path) -> None:
    before = release(tmp_path, titles(4), {"theme": random(4, 3)})
    ids = pa.chunked_array([titles(4)])
    assert rotation_onto(view("graph", random(4, 3), ""), ids, before) is None
    assert rotation_onto(view("theme", random(4, 5), ""), ids, before) is None
    assert rotation_onto(view("theme", random(4, 3), ""), pa.chunked_array([["a", "b", "c", "d"]]), before) is None
    part = view("theme", random(4, 3), "")
    assert turned(part, None) is part


def test_a_turned_model_scores_every_fact_as_before() -> None:
    model = GraphModel(
        entities=random(20),
        relations=random(3, seed=1),
        inverse_relations=random(3, seed=2),
        seen=np.ones(20, bool),
        settings=GraphSettings(dim=DIM),
    )
    other = turned_model(model, orthogonal(DIM))
    heads, relations, tails = np.arange(20), np.arange(20) % 3, np.arange(20)[::-1]
    assert other.score(heads, relations, tails) == pytest.approx(model.score(heads, relations, tails), abs=1e-4)
    assert not np.allclose(other.entities, model.entities)


# -- which titles are what they were


def test_what_changed_of_a_title_is_noticed(tmp_path: Path) -> None:
    ids = titles(6)
    tags = {i: ["tag:a", "tag:b"] for i in ids}
    old = release(tmp_path, ids, {}, tags, dict.fromkeys(ids, "A heist."), dict.fromkeys(ids, 5.0))
    new = release(
        tmp_path,
        ["title:first", *ids[1:]],
        {},
        {"title:first": ["tag:c"], **{i: tags[i] for i in ids[3:]}, ids[1]: ["tag:a"], ids[2]: ["tag:a", "tag:aa"]},
        dict.fromkeys(ids, "A heist.") | {ids[3]: "A robbery."},
        dict.fromkeys(ids[1:], 5.0) | {ids[4]: 6.0},
    )
    matched = match(old, new)
    assert matched.before.tolist() == [1, 2, 3, 4, 5]
    assert matched.after.tolist() == [1, 2, 3, 4, 5]
    assert matched.same_facts.tolist() == [False, False, True, True, True]
    assert matched.same_description.tolist() == [True, True, False, True, True]
    assert matched.same_audience.tolist() == [True, True, True, False, True]
    assert matched.unchanged.tolist() == [False, False, False, False, True]


def test_nearest_is_what_sorting_all_cosines_gives() -> None:
    vectors = unit(random(200))
    present = np.arange(200) % 3 > 0
    rows = np.array([0, 1, 50, 199])
    scores = vectors[rows] @ vectors.T
    scores[:, ~present] = -9
    scores[np.arange(4), rows] = -9
    assert nearest(vectors, present, rows, 10).tolist() == np.argsort(-scores, axis=1)[:, :10].tolist()
    alone = np.arange(200) == 1
    assert nearest(vectors, alone, np.array([1]), 3).tolist() == [[-1, -1, -1]]


def test_drift_of_a_release_to_itself_is_none(tmp_path: Path) -> None:
    one = release(tmp_path, titles(50), {"fused": random(50)})
    report = drift(one, one)
    assert (report["titles"], report["unchanged"]) == (50, 50)
    assert report["views"]["fused"]["unchanged"]["kept_of_ten"] == {
        "mean": 10,
        "median": 10,
        "p05": 10,
        "compared": 50,
    }
    assert report["views"]["fused"]["unchanged"]["cosine"]["p05"] == pytest.approx(1)
    assert report["views"]["fused"]["changed"] == {"titles": 0}


def test_drift_counts_neighbours_that_stayed_and_tells_changed_titles_apart(tmp_path: Path) -> None:
    ids, vectors = titles(60), random(60)
    moved = vectors.copy()
    moved[:6] = random(6, seed=5)  # these are what something new is known of
    old = release(tmp_path, ids, {"fused": vectors}, {i: ["tag:a"] for i in ids})
    new = release(tmp_path, ids, {"fused": moved}, {i: ["tag:b" if n < 6 else "tag:a"] for n, i in enumerate(ids)})
    report = drift(old, new)["views"]["fused"]
    assert report["unchanged"]["titles"] == 54
    assert report["unchanged"]["cosine"]["mean"] == pytest.approx(1)
    assert report["changed"]["titles"] == 6
    assert report["changed"]["cosine"]["mean"] < 0.5
    assert 7 < report["unchanged"]["kept_of_ten"]["mean"] < 10
    matched = match(old, new)
    kept = kept_neighbours(old, new, "fused", matched, np.arange(60))
    before, after = (np.argsort(-(m @ m.T - 9 * np.eye(60)), axis=1)[:, :10] for m in (unit(vectors), unit(moved)))
    assert kept.tolist() == [len(set(a) & set(b)) for a, b in zip(before.tolist(), after.tolist(), strict=True)]


# -- which comparables changed


def test_a_difference_names_the_titles_that_changed_most_and_why(tmp_path: Path) -> None:
    ids = titles(30)
    tags = {i: ["tag:war", "tag:sea"] for i in ids}
    vectors = random(30)
    graph = vectors.copy()
    graph[3] = -vectors[3]
    old = release(tmp_path, ids, {"graph": vectors, "theme": vectors, "fused": vectors}, tags)
    ids_now, tags_now = [*ids, "title:z"], {**tags, ids[3]: ["tag:sea", "tag:space"], "title:z": ["tag:sea"]}
    added = np.concatenate([graph, random(1, seed=4)])
    theme = np.concatenate([vectors, random(1, seed=4)])
    new = release(tmp_path, ids_now, {"graph": added, "theme": theme, "fused": added}, tags_now)
    found = diff(old, new, k=5)
    assert (found.titles, found.new, found.gone, found.compared) == (30, 1, 0, 30)
    first = found.frame.iloc[0]
    assert (first["id"], first["label"], first["kept"]) == ("title:3", "TITLE:3", 0)
    assert len(first["came"]) == len(first["left"]) == 10
    assert first["facts_added"] == ["storyline TAG:SPACE"]
    assert first["facts_retracted"] == ["storyline TAG:WAR"]
    assert first["view"] == "graph"
    assert "new: storyline TAG:SPACE; taken back: storyline TAG:WAR" in first["why"]
    assert "most moved in the graph view (0 of ten stayed)" in first["why"]
    others = found.frame.iloc[1:]
    assert (others["kept"] >= 7).all()
    assert others["why"].str.contains("nothing new is known of it|new titles").all()
    assert diff(old, old).frame.empty
    with pytest.raises(UnknownSetting, match="no view 'maps' in both releases; they share graph, theme, fused"):
        diff(old, new, view="maps")


def test_titles_with_changes_are_looked_at_first(tmp_path: Path) -> None:
    ids, vectors = titles(50), random(50)
    moved = vectors.copy()
    moved[41] = random(1, seed=8)
    old = release(tmp_path, ids, {"fused": vectors}, {i: ["tag:a"] for i in ids})
    new = release(tmp_path, ids, {"fused": moved}, {i: ["tag:b" if i == ids[41] else "tag:a"] for i in ids})
    found = diff(old, new, most=1)
    assert found.compared == 1
    assert found.frame["id"].tolist() == ["title:41"]


def test_releases_are_found_by_name(tmp_path: Path) -> None:
    one = release(tmp_path, titles(2), {"fused": random(2)})
    assert named(tmp_path, one.id).id == one.id
    with pytest.raises(UnknownRelease, match=one.id):
        named(tmp_path, "nothing")


# -- back, and away


def small(workspace: Path) -> str:
    return release(workspace, titles(2), {"fused": random(2)}).id


def test_a_rollback_promotes_the_one_before_and_another_one_the_one_before_that(tmp_path: Path) -> None:
    a, b, c, d = (small(tmp_path) for _ in range(4))
    with pytest.raises(NoRelease):
        rollback(tmp_path)
    for name in (a, c, d):  # b was never promoted
        promote(tmp_path, name)
    assert rollback(tmp_path) == c == current(tmp_path)
    assert rollback(tmp_path) == a == current(tmp_path)
    with pytest.raises(NoEarlierRelease, match=a):
        rollback(tmp_path)
    assert current(tmp_path) == a
    promote(tmp_path, b)
    assert rollback(tmp_path) == a
    assert set(names(tmp_path)) == {a, b, c, d}


def test_a_rollback_passes_over_what_is_gone_or_damaged(tmp_path: Path) -> None:
    a, b, c, d = (small(tmp_path) for _ in range(4))
    for name in (a, b, c, d):
        promote(tmp_path, name)
    promote(tmp_path, d)  # again: nothing to remember
    (tmp_path / "releases" / c / "titles.parquet").write_bytes(b"x")
    shutil.rmtree(tmp_path / "releases" / b)
    assert rollback(tmp_path) == a


def test_the_file_of_an_older_version_names_one_release(tmp_path: Path) -> None:
    a, b = small(tmp_path), small(tmp_path)
    (tmp_path / "current").write_text(a)  # without an end of line
    assert current(tmp_path) == a
    promote(tmp_path, b)
    assert promotions(tmp_path) == [a, b]
    assert rollback(tmp_path) == a


def test_pruning_keeps_the_last_promoted_and_the_newest_refused(tmp_path: Path) -> None:
    ids = [small(tmp_path) for _ in range(7)]
    for n in (0, 2, 3):
        promote(tmp_path, ids[n])
    outcome = prune(tmp_path, keep=2)
    assert outcome.removed == (ids[0], ids[1], ids[4])
    assert outcome.held == ()
    assert outcome.freed > 1000
    assert names(tmp_path) == [ids[n] for n in (2, 3, 5, 6)]
    assert current(tmp_path) == ids[3]
    assert rollback(tmp_path) == ids[2]
    assert prune(tmp_path, keep=2).removed == (ids[3],)  # what was rolled back is as if never promoted
    assert prune(tmp_path, keep=1).removed == (ids[5],)
    assert current(tmp_path) == ids[2]
    assert prune(tmp_path / "nowhere").removed == ()
    with pytest.raises(UnknownSetting):
        prune(tmp_path, keep=0)


def test_what_somebody_reads_is_not_pruned(tmp_path: Path) -> None:
    old, new = small(tmp_path), small(tmp_path)
    promote(tmp_path, old)
    reader = Release.open(tmp_path)  # nothing of it is mapped yet
    promote(tmp_path, new)
    outcome = prune(tmp_path, keep=1)
    assert (outcome.removed, outcome.held) == ((), (old,))
    assert reader.table("titles.parquet")["id"].to_pylist() == titles(2)
    assert reader.array("vectors/fused.npy").shape == (2, DIM)
    assert Release.open(tmp_path).id == new
    del reader
    assert prune(tmp_path, keep=1).removed == (old,)


def test_a_reader_of_another_process_counts_and_a_dead_one_does_not(tmp_path: Path) -> None:
    old, new = small(tmp_path), small(tmp_path)
    promote(tmp_path, old)
    code = f"""
import sys
from embeddings.release import Release
release = Release.open({str(tmp_path)!r})
print("open", flush=True)
sys.stdin.readline()
print(release.table("titles.parquet").num_rows, flush=True)
sys.stdin.readline()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        promote(tmp_path, new)
        assert prune(tmp_path, keep=1).held == (old,)
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "2\n"
        reader.kill()
        reader.wait()
        reader.stdin.close()
    assert prune(tmp_path, keep=1).removed == (old,)
