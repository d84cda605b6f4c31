"""One report: the promoted release's figures, what people can look at, and on request the full ablation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from embeddings.audiences import sizes
from embeddings.catalogue import Catalogue
from embeddings.content.given import given
from embeddings.content.settings import ContentSettings
from embeddings.content.texts import Texts
from embeddings.content.views import content_views
from embeddings.errors import UnsupportedMeasure
from embeddings.fusion.coviewing import Likes
from embeddings.fusion.learning import learn
from embeddings.fusion.parts import raw_parts
from embeddings.graph import GraphSettings
from embeddings.links import link
from embeddings.release import Release
from embeddings.usefulness.adaptations import Adaptations, give_aways, without_source
from embeddings.usefulness.audiences import foreseen
from embeddings.usefulness.baselines import baselines
from embeddings.usefulness.full import adapted, watched_too
from embeddings.usefulness.measures import centred, cosines
from embeddings.usefulness.people import for_people
from embeddings.usefulness.watching import LEAST_VIEWERS
from embeddings.views import FloatArray, view
from kg.holdout import SHARE, split
from kg.knowledge_graph import KnowledgeGraph


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
        "people": for_people(release, kg.viewings()),
    }
    if full:
        settings = release.manifest["settings"]
        found["ablation"] = ablation(
            kg,
            seed=int(release.manifest["seed"]),
            graph=GraphSettings.from_dict(settings["graph"]),
            content=dataclasses.replace(
                ContentSettings.from_dict(settings["content"]),
                theme_dim=settings["dim"],
                theme_weights=settings["theme_weights"],
                min_viewers=settings["min_viewers"],
            ),
            weeks=int(settings["audience_weeks"]),
            files=settings.get("vectors", {}),
            tell=tell,
        )
    return found


def ablation(
    kg: KnowledgeGraph,
    *,
    seed: int,
    graph: GraphSettings | None = None,
    content: ContentSettings | None = None,
    weeks: int = 8,
    files: Mapping[str, str] | None = None,
    folds: int = 5,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Everything learnt anew, without any book's adaptations: watched_too, adaptations, and audience by unit.

    The first two are None, and the last is empty, where the workspace has nothing to ask with. `files` are vectors made
    elsewhere, as in :class:`embeddings.release_settings.ReleaseSettings`.
    """
    say = tell or (lambda _: None)
    content = content or ContentSettings()
    catalogue = Catalogue.of(kg)
    share = {name: SHARE for name, relation in kg.schema.relations.items() if not relation.identity}
    parts_of = split(kg, seed=seed, share=share | {"based_on": 1.0})
    training, held_out = catalogue.facts(parts_of.train), catalogue.facts(parts_of.test)
    training = training[~np.isin(training.relations, catalogue.numbers(catalogue.hidden))]
    training = training[~give_aways(catalogue, training, held_out)]
    told = catalogue.titles.assign(summary=without_source(catalogue, training, held_out))
    catalogue = dataclasses.replace(catalogue, titles=told)
    say("training the graph without adaptations")
    settings = dataclasses.replace(graph or GraphSettings(), seed=seed)
    links = link(catalogue, training, held_out, settings, most_measured=1000)
    say("reading titles")
    texts = Texts(kg.workspace.cache / "texts", content.text_model, content.text_sha256)
    raw = raw_parts(catalogue, training, texts, seed=seed)
    vectors = raw.vectors | {"graph": links.vectors[raw.works]}
    t = catalogue.num_titles
    made = {name: given(kg, catalogue, name, file).vectors for name, file in (files or {}).items()}
    for name, own in made.items():
        vectors[name] = np.zeros((len(raw.works), own.shape[1]), dtype=np.float32)
        vectors[name][:t] = own
    parts = {name: v[:t] for name, v in vectors.items()}
    extra = baselines(catalogue, training, raw.works, told["summary"].tolist(), dim=links.vectors.shape[1], seed=seed)
    viewings, table = kg.viewings(), sizes(catalogue, kg.audience(), weeks=weeks)

    def views(seen: pd.DataFrame) -> dict[str, FloatArray]:
        trained = content_views(
            catalogue,
            training,
            seen,
            table,
            texts,
            content,
            audience_weights={},
            audience_dim=64,
            seed=seed,
            given=made,
        )
        return {own.name: own.vectors for own in (trained.theme, trained.audience)}

    likes = Likes.of(catalogue, viewings) if len(viewings) else None
    learnt = views(viewings)
    content_alone = [view("graph", parts["graph"], ""), view("theme", learnt["theme"], "")]
    found: dict[str, Any] = {"watched_too": None, "adaptations": None}
    found["audience"] = foreseen(catalogue, training, content_alone, table, weeks=weeks, seed=seed, tell=tell)
    if likes is not None and (likes.viewers >= LEAST_VIEWERS).sum() >= 50:
        found["watched_too"] = watched_too(
            catalogue,
            parts,
            viewings,
            extra={name: v[:t] for name, v in extra.items()},
            views=views,
            folds=folds,
            seed=seed,
            tell=tell,
        )
    described = np.zeros(len(catalogue), dtype=bool)
    described[raw.works] = vectors["tags"].any(axis=1)
    pairs = Adaptations.of(catalogue, held_out, described)
    if len(np.unique(pairs.books)) >= 10:
        say("adaptations")
        real = None if likes is None or likes.simulated else likes
        fusion = learn(parts, real).fusion
        works = pairs.works
        at = np.searchsorted(raw.works, works)
        scores = {name: cosines(centred(v), at) for name, v in vectors.items()}
        scores |= {name: cosines(v, at) for name, v in extra.items()}
        fused = fusion.fuse({name: v[at] for name, v in vectors.items() if name in fusion.weights})
        scores["fused"] = fused @ fused.T
        of_films = {name: cosines(centred(v), np.unique(pairs.films)) for name, v in learnt.items()}
        found["adaptations"] = adapted(catalogue, scores, of_films, works, pairs, folds=folds, seed=seed)
    return found
