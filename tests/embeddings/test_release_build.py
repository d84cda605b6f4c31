"""A release from a graph: trained, measured, and every view of it sensible."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.errors import NothingToLearn, UnknownSetting
from embeddings.graph import GraphSettings
from embeddings.release import Release, current, verify
from embeddings.release_build import VALIDATION, ReleaseSettings, build_release
from kg.holdout import split
from kg.knowledge_graph import KnowledgeGraph
from kg.tables import Batch

pytestmark = pytest.mark.slow

SETTINGS = ReleaseSettings(graph=GraphSettings(dim=32, epochs=60))


@pytest.fixture(scope="module")
def steps() -> list[str]:
    """What the build reported."""
    return []


@pytest.fixture(scope="module")
def release(graph: KnowledgeGraph, steps: list[str]) -> Release:
    shutil.rmtree(graph.workspace.cache / "texts", ignore_errors=True)  # what other tests have encoded
    folder = build_release(graph, settings=SETTINGS, progress=lambda step, done, total: steps.append(step))  # noqa: ARG005
    return Release.open(folder)


def sorts(release: Release) -> list[str]:
    ids = release.table("titles.parquet", "id")["id"].to_pylist()
    return [name.removeprefix("title:").partition("-")[0] for name in ids]


@pytest.mark.parametrize("view", ["graph", "theme", "audience", "fused"])
def test_titles_are_nearest_to_their_likes_in_every_view(release: Release, view: str) -> None:
    vectors, labels = release.array(f"vectors/{view}.npy")[:40], np.array(sorts(release))
    present = release.array(f"vectors/{view}.present.npy")[:40]
    assert np.linalg.norm(vectors[present], axis=1) == pytest.approx(1, abs=1e-5)
    assert not vectors[~present].any()
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    cosines[:, ~present] = -2
    nearest = np.argsort(-cosines, axis=1)[:, :3]
    assert (labels[nearest] == labels[:, None])[present].mean() > 0.9


def test_titles_without_an_audience_have_no_audience_vector_but_a_fused_one(release: Release) -> None:
    ids = release.table("titles.parquet", "id")["id"].to_pylist()
    unwatched = [i for i, name in enumerate(ids) if name.endswith(("-8", "-9"))]
    assert not release.array("vectors/audience.present.npy")[unwatched].any()
    assert release.array("vectors/fused.present.npy").all()


def test_the_metrics_come_with_their_protocol(release: Release, graph: KnowledgeGraph) -> None:
    measured = release.manifest["metrics"]["link_prediction"]
    held_out = split(graph).test.query("relation != 'adaptation_hint'")
    assert measured["count"] == 2 * measured["held_out_facts"] == 2 * len(held_out)
    assert 0.1 < measured["mrr"] <= 1
    assert measured["typed"]["mrr"] >= measured["mrr"]
    assert set(measured["by_relation"]) == set(held_out["relation"])
    assert "filtered" in measured["protocol"]
    assert "adaptation_hint" in measured["protocol"]
    assert "based_on by its tail" in measured["protocol"]


def test_no_vector_has_seen_a_held_out_fact_or_a_hint(release: Release, graph: KnowledgeGraph) -> None:
    names = release.table("relations.parquet", "name")["name"].to_pylist()
    ids = release.table("entities.parquet", "id")["id"].to_pylist()
    offsets = release.array("facts/out.offsets.npy")
    columns = [release.array(f"facts/out.{name}.npy") for name in ("relation", "entity", "learnt")]
    stored = {
        (ids[head], names[columns[0][i]], ids[columns[1][i]]): bool(columns[2][i])
        for head in range(len(ids))
        for i in range(offsets[head], offsets[head + 1])
    }
    halves = split(graph, valid=VALIDATION)
    assert len(stored) == len(graph.triples()) == release.manifest["num_facts"]
    learnt = {fact for fact, flag in stored.items() if flag}
    train = {
        fact
        for fact in halves.train[["head", "relation", "tail"]].itertuples(index=False, name=None)
        if fact[1] != "adaptation_hint"
    }
    assert learnt == train
    assert any(fact[1] == "adaptation_hint" for fact in stored)


def test_a_release_tells_how_it_was_made(release: Release, graph: KnowledgeGraph, steps: list[str]) -> None:
    manifest = release.manifest
    assert manifest["workspace"]["version"] == graph.version
    assert manifest["workspace"]["schema"] == graph.schema.digest
    assert manifest["seed"] == 3
    assert manifest["similarity"] == "cosine"
    assert {name: about["simulated"] for name, about in manifest["views"].items()} == {
        "graph": False,
        "theme": False,
        "audience": True,
        "fused": False,
    }
    fused_from = manifest["views"]["fused"]["made_from"].split(" + ")
    assert {"graph", "summary", "tags"} <= set(fused_from)
    assert not {"audience", "viewings"} & set(fused_from)  # what nobody watched has no say in it
    assert "MiniLM" in manifest["views"]["theme"]["made_from"]
    assert manifest["made_by"]["numpy"] == np.__version__
    assert {"training the graph", "encoding summaries", "writing the release"} <= set(steps)
    assert current(graph.workspace.path) is None  # building is not promoting
    verify(release.path)


def test_no_viewer_and_no_pickle_is_in_it(release: Release) -> None:
    for file in release.path.rglob("*"):
        assert file.suffix in {"", ".json", ".npy", ".parquet", ".safetensors"}
        if file.suffix == ".npy":
            np.load(file, allow_pickle=False)
        if file.suffix == ".parquet":
            text = pd.read_parquet(file).to_csv()
        elif file.is_file():
            text = file.read_bytes().decode("latin-1")
        else:
            continue
        assert "secret-club" not in text


def test_the_published_model_is_the_one_that_was_measured(release: Release, graph: KnowledgeGraph) -> None:
    from embeddings.graph import GraphModel, Triples, evaluate

    model = GraphModel.load(release.path / "model")
    rows = graph.entities().set_index("id")["row"]
    names = release.table("relations.parquet", "name")["name"].to_pylist()
    halves = split(graph, valid=VALIDATION)

    def triples(frame: pd.DataFrame) -> Triples:
        open_ = frame[frame["relation"] != "adaptation_hint"]
        return Triples(
            heads=rows[open_["head"]].to_numpy(),
            relations=np.array([names.index(r) for r in open_["relation"]]),
            tails=rows[open_["tail"]].to_numpy(),
            num_entities=model.num_entities,
            num_relations=model.num_relations,
        )

    candidates = np.isin(np.arange(model.num_entities), release.table("entities.parquet", "row")["row"]) & model.seen
    known = [triples(halves.train), triples(halves.valid)]
    measured = evaluate(model, triples(halves.test), known, candidates=candidates)
    assert measured.mrr == pytest.approx(release.manifest["metrics"]["link_prediction"]["mrr"], abs=1e-6)


def test_the_same_seed_gives_the_same_vectors(release: Release, graph: KnowledgeGraph) -> None:
    again = Release.open(build_release(graph, settings=SETTINGS)).manifest["files"]
    before = release.manifest["files"]
    assert {name: about["sha256"] for name, about in again.items() if "model/graph.json" not in name} == {
        name: about["sha256"] for name, about in before.items() if "model/graph.json" not in name
    }


def test_a_graph_without_summaries_viewers_or_sizes_has_fewer_views_and_still_a_release(empty: KnowledgeGraph) -> None:
    ids = [f"title:film-{n}" for n in range(6)]
    facts = [(i, "has_genre", f"genre:{n % 2}") for n, i in enumerate(ids)]
    facts += [(i, "starring", f"person:{n % 3}") for n, i in enumerate(ids)]
    empty.add(
        Batch(
            source="test",
            entities=pd.DataFrame({"id": ids, "type": "Film"}),
            facts=pd.DataFrame(facts, columns=["head", "relation", "tail"]),
        )
    )
    settings = ReleaseSettings(graph=GraphSettings(dim=8, epochs=4))
    manifest = Release.open(build_release(empty, settings=settings)).manifest
    assert manifest["views"]["audience"]["titles"] == 0
    assert manifest["views"]["fused"]["titles"] == 6
    assert json.dumps(manifest, allow_nan=False)


def test_nothing_to_learn_is_said_clearly(empty: KnowledgeGraph) -> None:
    with pytest.raises(NothingToLearn, match="no films or series"):
        build_release(empty)
    empty.add(Batch(source="test", titles=pd.DataFrame({"title": ["title:a"], "kind": ["film"]})))
    with pytest.raises(NothingToLearn, match="no facts"):
        build_release(empty)
    assert not list(Path(empty.workspace.releases).glob("*"))


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong in ({"dim": 0}, {"view_weights": {"grpah": 1.0}}, {"theme_weights": {"x": 1.0}}, {"min_viewers": -1}):
        with pytest.raises(UnknownSetting):
            ReleaseSettings(**wrong)  # type: ignore[arg-type]
