"""One report: the promoted release's figures, what people can look at, and on request the full ablation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from embeddings.catalogue import Catalogue
from embeddings.content.texts import Texts
from embeddings.errors import UnsupportedMeasure
from embeddings.fusion.coviewing import Likes
from embeddings.fusion.learning import learn
from embeddings.fusion.parts import raw_parts
from embeddings.graph import GraphSettings
from embeddings.links import link
from embeddings.release import Release
from embeddings.usefulness.adaptations import Adaptations, give_aways, without_source
from embeddings.usefulness.full import adapted, watched_too
from embeddings.usefulness.people import for_people
from kg.holdout import SHARE, split
from kg.knowledge_graph import KnowledgeGraph

_BASED_ON = 0.6


def report(kg: KnowledgeGraph, *, full: bool = False, tell: Callable[[str], None] | None = None) -> dict[str, Any]:
    """release, usefulness (the short form, as the refresh measured it), audience, people; with `full`, ablation.

    Raises :class:`embeddings.errors.NoRelease`, :class:`UnsupportedMeasure` for a release without figures.
    """
    release = Release.open(kg.workspace.path)
    metrics = release.manifest["metrics"]
    if "usefulness" not in metrics:
        raise UnsupportedMeasure(release.path)
    found: dict[str, Any] = {
        "release": release.id,
        "usefulness": metrics["usefulness"],
        "audience": metrics.get("audience"),
        "people": for_people(release),
    }
    if full:
        found["ablation"] = ablation(kg, seed=int(release.manifest["seed"]), tell=tell)
    return found


def ablation(
    kg: KnowledgeGraph,
    *,
    seed: int,
    graph: GraphSettings | None = None,
    folds: int = 5,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Everything learnt anew, without three fifths of the books' adaptations: watched_too and adaptations.

    Either is None where the workspace has nothing to ask with.
    """
    say = tell or (lambda _: None)
    catalogue = Catalogue.of(kg)
    share = {name: SHARE for name, relation in kg.schema.relations.items() if not relation.identity}
    halves = split(kg, seed=seed, share=share | {"based_on": _BASED_ON})
    training, held_out = catalogue.facts(halves.train), catalogue.facts(halves.test)
    training = training[~np.isin(training.relations, catalogue.numbers(catalogue.hidden))]
    training = training[~give_aways(catalogue, training, held_out)]
    say("training the graph without the adaptations that are asked for")
    settings = dataclasses.replace(graph or GraphSettings(), seed=seed)
    links = link(catalogue, training, held_out, settings, most_measured=1000)
    say("reading titles")
    summaries = without_source(catalogue, training, held_out)
    raw = raw_parts(catalogue, training, Texts(kg.workspace.cache / "texts"), seed=seed, summaries=summaries)
    vectors = raw.vectors | {"graph": links.vectors[raw.works]}
    parts = {name: v[: catalogue.num_titles] for name, v in vectors.items()}
    viewings = kg.viewings()
    likes = Likes.of(catalogue, viewings) if len(viewings) else None
    found: dict[str, Any] = {"watched_too": None, "adaptations": None}
    if likes is not None and (likes.viewers >= 20).sum() >= 50:
        found["watched_too"] = watched_too(catalogue, parts, viewings, folds=folds, seed=seed, tell=tell)
    described = np.zeros(len(catalogue), dtype=bool)
    described[raw.works] = vectors["tags"].any(axis=1)
    pairs = Adaptations.of(catalogue, held_out, described)
    if len(np.unique(pairs.books)) >= 10:
        say("adaptations")
        real = None if likes is None or likes.simulated else likes
        fusion, _, _ = learn(parts, real)
        found["adaptations"] = adapted(catalogue, vectors, raw.works, fusion, pairs, seed=seed)
    return found
