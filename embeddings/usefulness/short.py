"""The short form, for every refresh: the release's own vectors on titles that nothing has learnt the viewings of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from embeddings.catalogue import Catalogue, Facts
from embeddings.fusion.building import Fused
from embeddings.fusion.model import VIEWINGS
from embeddings.usefulness import adaptations, watching
from embeddings.usefulness.measures import centred, cosines
from embeddings.views import View

#: The simple fusion that the release's has to beat: parts and the weights that MovieLens gave them.
SIMPLE = {"tags": 4.0, "genres": 1.0, "summary": 1.3, "graph": 1.8, "year": 1.7}
#: Small catalogues are asked about titles with fewer viewers.
_FEWEST, _ENOUGH = 5, 50


def measure(catalogue: Catalogue, fused: Fused, views: Sequence[View], held_out: Facts) -> dict[str, Any]:
    """Figures for a release's manifest: "watched_too", "adaptations" (None where there is nothing to ask) and protocol.

    Args:
        fused: the release's fusion.
        views: its views; those that learnt from the measured titles' viewings are left out.
        held_out: facts that no view has learnt from.
    """
    found: dict[str, Any] = {"watched_too": None, "adaptations": None, "simulated": False, "protocol": ""}
    methods = {"fused": fused.unwatched()}
    methods |= {v.name: v.vectors for v in views if v.name in ("graph", "theme")}
    methods |= {name: fused.parts[name] for name in ("tags", "genres", "summary", "year") if name in fused.parts}
    simple = {name: weight for name, weight in SIMPLE.items() if name in fused.parts}
    if simple:
        methods["simple fusion"] = adaptations.concatenated(fused.parts, simple)
    methods = {name: centred(vectors) for name, vectors in methods.items()}

    sentences = []
    task, least = _task(catalogue, fused)
    if task is not None:
        rankings = {}
        for name, vectors in methods.items():
            own = vectors[task.titles]
            rankings[name] = task.measure(own[task.queries] @ own.T)
        popular = np.broadcast_to(task.popularity, (len(task.queries), len(task.titles)))
        rankings["popularity"] = task.measure(np.asarray(popular, dtype=np.float32))
        found["watched_too"] = watching.summary(rankings)
        found["simulated"] = task.simulated
        learnt = VIEWINGS in fused.fusion.weights
        sentences.append(
            f"Who watches it too: {len(task.queries):,} titles of at least {least} viewers, set apart by a hash; "
            + ("no weight, map or vector was learnt from their viewings" if learnt else "nothing learns from viewings")
            + f". They are to find, among {len(task.titles):,} titles (near: within {watching.YEARS} years), the ten "
            "most co-liked beyond popularity (shrunk lift). AUC: against the ten others of nearest popularity. "
            "Intervals: 95 %, bootstrap over titles."
        )
        if task.simulated:
            sentences.append("The viewers are simulated: nobody watched, and the figures say nothing about people.")
    pairs = adaptations.Adaptations.of(catalogue, held_out)
    if len(pairs.films):
        cast = np.unique(pairs.films)
        asked = {name: pairs.measure(cosines(vectors, cast), cast) for name, vectors in methods.items()}
        asked["name"] = pairs.measure(adaptations.by_name(catalogue.entities["label"].tolist(), cast), cast)
        found["adaptations"] = {"films": adaptations.summary(asked)["films"]}
        sentences.append(
            f"Adaptations: {len(np.unique(pairs.books)):,} books whose based_on facts are held out; of each film the "
            "best other film of its book, among their films (MRR)."
        )
    found["protocol"] = " ".join(sentences) or "There are neither viewings nor held-out adaptations to measure with."
    return found


def _task(catalogue: Catalogue, fused: Fused) -> tuple[watching.Watching | None, int]:
    """Who watches it too, asked about titles of 20 viewers, or of fewer where those are under 50 titles."""
    if fused.likes is None:
        return None, 0
    years = catalogue.titles["year"].to_numpy(np.float64)
    least = watching.LEAST_VIEWERS
    while least > _FEWEST and (fused.likes.viewers >= least).sum() < _ENOUGH:
        least = max(_FEWEST, least // 2)
    task = watching.Watching.of(fused.likes, years, asked=fused.measured, least=least)
    return (task if len(task.queries) and len(task.titles) > 11 else None), least
