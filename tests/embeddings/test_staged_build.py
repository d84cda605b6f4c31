"""A release in stages: nothing is done twice, and successive releases share their space, drafts too."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from embeddings.content.inputs import METADATA, TitleInputs
from embeddings.drafting import Drafter, DraftInputs
from embeddings.gate import GateSettings, judge
from embeddings.graph import GraphSettings
from embeddings.release import Release, spoil
from embeddings.release_build import Build, ReleaseSettings, build_release
from embeddings.stages import Stages
from embeddings.views import FloatArray
from kg.knowledge_graph import KnowledgeGraph

pytestmark = pytest.mark.slow

SETTINGS = ReleaseSettings(graph=GraphSettings(dim=16, epochs=24), maps=[])
VIEWS = ("graph", "theme", "audience", "fused")


def build(kg: KnowledgeGraph, cache: Path, settings: ReleaseSettings = SETTINGS, **more: object) -> Release:
    return Release.open(build_release(kg, settings=settings, stages=Stages(cache), **more))  # type: ignore[arg-type]


def drafted(release: Release) -> dict[str, FloatArray]:
    """Drafts of all titles, made from everything that the release has learnt of them."""
    count = int(release.manifest["num_titles"])
    offsets = np.asarray(release.array("facts/out.offsets.npy"))[: count + 1]
    heads = np.repeat(np.arange(count), np.diff(offsets))
    relations, tails, learnt = (
        np.asarray(release.array(f"facts/out.{name}.npy")[: offsets[-1]]) for name in ("relation", "entity", "learnt")
    )
    use = learnt.astype(bool)
    heads, relations, tails = heads[use], relations[use].astype(np.int64), tails[use].astype(np.int64)
    names = release.table("relations.parquet", "name")["name"].to_numpy()
    ids = release.table("entities.parquet", "id")["id"].take(pa.array(tails)).to_numpy()
    table = release.table("titles.parquet", "label", "summary", *METADATA).to_pandas()
    content = TitleInputs(
        summaries=[text if isinstance(text, str) else "" for text in table["summary"]],
        tags=pd.DataFrame({"row": heads, "relation": names[relations], "tag": ids}),
        metadata=table[METADATA],
    )
    inputs = DraftInputs(
        labels=table["label"].tolist(), content=content, drafts=heads, relations=relations, entities=tails
    )
    return dict(Drafter(release)(inputs).views)


def nearness(release: Release) -> dict[str, float]:
    """How near drafts lie to the titles they describe: mean cosine by view."""
    found = {}
    for name, vectors in drafted(release).items():
        own = np.asarray(release.array(f"vectors/{name}.npy"))[: len(vectors)]
        there = own.any(axis=1) & vectors.any(axis=1)
        found[name] = float((own[there] * vectors[there]).sum(axis=1).mean())
    return found


@pytest.fixture(scope="module")
def first(graph: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Path]:
    cache = tmp_path_factory.mktemp("stages")
    return build(graph, cache), cache


def test_a_second_build_finds_every_stage(graph: KnowledgeGraph, first: tuple[Release, Path]) -> None:
    release, cache = first
    again = build(graph, cache).manifest
    assert {name for name, took in again["stages"].items() if took["key"] and not took["reused"]} == set()
    hashes = {name: about["sha256"] for name, about in release.manifest["files"].items()}
    assert {name: about["sha256"] for name, about in again["files"].items()} == hashes


def test_the_same_facts_keep_the_graph(graph: KnowledgeGraph, first: tuple[Release, Path]) -> None:
    release, cache = first
    manifest = build(graph, cache, last=release).manifest
    assert manifest["stages"]["graph"]["reused"]
    assert manifest["stages"]["content"]["reused"]
    assert manifest["graph"]["trained"] == f"that of {release.id}: the facts are the same"
    assert manifest["metrics"]["drift"]["views"]["fused"]["unchanged"]["kept_of_ten"]["mean"] == 10


def test_trained_anew_it_is_turned_onto_the_last_release_and_drafts_with_it(
    graph: KnowledgeGraph, first: tuple[Release, Path], tmp_path: Path
) -> None:
    release, _ = first
    # Another kind of model and another seed: another space, if it were not turned.
    other = dataclasses.replace(SETTINGS, graph=GraphSettings(dim=16, epochs=24, reciprocal=False))
    alone = build(graph, tmp_path / "a", other, seed=8)
    turned = build(graph, tmp_path / "a", other, seed=8, last=release)
    assert turned.manifest["graph"]["trained"].startswith("from nothing: the last model was trained with another")
    titles = int(release.manifest["num_titles"])
    for name in VIEWS:
        old, loose, new = (np.asarray(each.array(f"vectors/{name}.npy"))[:titles] for each in (release, alone, turned))
        if loose.shape == old.shape == new.shape:
            there = old.any(axis=1)
            by_chance = (old[there] * loose[there]).sum(axis=1).mean()
            assert (old[there] * new[there]).sum(axis=1).mean() >= by_chance - 1e-4, name
    old, new = (np.asarray(each.array("vectors/graph.npy"))[:titles] for each in (release, turned))
    assert (old * new).sum(axis=1).mean() > 0.5
    before, after = nearness(alone), nearness(turned)
    assert set(after) == set(before) >= {"graph", "theme", "fused"}
    for name in after:
        assert after[name] == pytest.approx(before[name], abs=0.03), name
    assert after["theme"] > 0.95


def test_a_night_goes_on_from_the_last_release_while_little_changes(
    graph: KnowledgeGraph, first: tuple[Release, Path], tmp_path: Path
) -> None:
    release, cache = first
    assert release.manifest["carried"]["made"] == "from nothing: there is no release before it"
    kg = KnowledgeGraph.create(tmp_path / "w")
    shutil.copytree(graph.workspace.path, kg.workspace.path, dirs_exist_ok=True)
    kg = KnowledgeGraph.open(kg.workspace.path)
    some = kg.triples()[["head", "relation", "tail"]]
    kg.retract(some[some["relation"] == "mood"].head(len(some) // 100))
    night = build(kg, cache, last=release).manifest
    assert night["carried"]["made"].startswith(f"gone on from {release.id}; ")
    assert 0 < night["carried"]["changed"] < 0.05
    unchanged = {name: about["unchanged"] for name, about in night["metrics"]["drift"]["views"].items()}
    assert {name: about["kept_of_ten"]["mean"] >= 8.5 for name, about in unchanged.items() if name != "graph"} == {
        "theme": True,
        "audience": True,
        "fused": True,
    }
    assert judge(night, release.manifest, GateSettings(kept_of_ten=8.5, mrr_fall=0.1)).passed
    # What changes adds up, another setting is another model, and a tenth is too much.
    tired = Release(release.path, release.manifest | {"carried": {"made": "", "changed": 0.09999}})
    other = dataclasses.replace(SETTINGS, min_viewers=4)
    for last, settings, why in (
        (tired, SETTINGS, "of what they were made from has changed since, facts most"),
        (release, other, "another min_viewers"),
    ):
        begun = Build(kg, settings, seed=kg.workspace.seed, stages=Stages(tmp_path / "none"), last=last)
        assert begun.carried.release is None
        assert why in begun.carried.why
    (kg.workspace.path / "releases" / release.id).mkdir(parents=True, exist_ok=True)
    spoil(kg.workspace.path, [release.id])
    begun = Build(kg, SETTINGS, seed=kg.workspace.seed, stages=Stages(tmp_path / "none"), last=release)
    assert "a viewer who is forgotten since" in begun.carried.why
