"""The full ablation: every film unseen once, by folds, learnt from half the viewers and judged by the other half."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue
from embeddings.fusion.coviewing import Likes
from embeddings.fusion.learning import learn, unseen
from embeddings.fusion.model import VIEWINGS, Fusion
from embeddings.fusion.weights import conditional_logit
from embeddings.usefulness import adaptations, watching
from embeddings.usefulness.adaptations import Adaptations, concatenated
from embeddings.usefulness.measures import Ranking
from embeddings.views import BoolArray, FloatArray, IntArray

#: Parts of the simple fusion, as far as there are any.
SIMPLE = ("tags", "genres", "summary", "words", "graph", "year")
_HALF = 0.5


def watched_too(
    catalogue: Catalogue,
    parts: Mapping[str, FloatArray],
    viewings: pd.DataFrame,
    *,
    extra: Mapping[str, FloatArray] | None = None,
    folds: int = 5,
    seed: int = 0,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Task B in folds over films: figures with intervals by method, for films without viewings and with them.

    Args:
        parts: vectors [T, d] by part, none of which has learnt from viewings.
        extra: further baselines, vectors [T, d].
        folds: each film is unseen in one of them.
    """
    likes = Likes.of(catalogue, viewings)
    told = unseen([str(name) for name in likes.names], seed=seed, share=_HALF)
    task = watching.Watching.of(likes.among(told), catalogue.titles["year"].to_numpy(np.float64))
    teaching = likes.among(~told)
    ids = catalogue.titles["id"].tolist()
    fold = sum(unseen(ids, seed=seed + 1, share=n / folds).astype(np.int64) for n in range(1, folds))
    unknown: dict[str, list[Ranking]] = {}
    known: dict[str, list[Ranking]] = {}
    weights: list[dict[str, float]] = []
    single = {name: concatenated(parts, {name: 1.0})[task.titles] for name in parts}
    single |= {name: vectors[task.titles] for name, vectors in (extra or {}).items()}
    for n in range(folds):
        if tell is not None:
            tell(f"fold {n + 1} of {folds}")
        held = np.asarray(fold == n)
        taught = teaching.without(held)
        fusion, observed, counts = learn(parts, taught)
        weights.append(dict(fusion.weights))
        seen = {VIEWINGS: observed} if VIEWINGS in fusion.weights else {}
        own = {name: vectors for name, vectors in parts.items() if name in fusion.weights}
        fused = fusion.fuse({k: v[task.titles] for k, v in (own | seen).items()}, likes=counts[task.titles])
        simple = simple_weights(single, taught, task, ~held)
        scores = {name: v @ v.T for name, v in single.items()}
        scores["simple fusion"] = np.asarray(sum(w * scores[name] for name, w in simple.items()), dtype=np.float32)
        scores["fused"] = fused @ fused.T
        scores["viewers"] = taught.lift(task.titles)
        popular = np.log1p(teaching.of_titles()[task.titles])
        scores["popularity"] = np.broadcast_to(popular, (len(popular), len(popular)))
        for name, matrix in scores.items():
            for kept, queries in ((unknown, held[task.titles]), (known, ~held[task.titles])):
                rows = np.flatnonzero(queries)
                ranked = task.measure(matrix[rows], rows)
                kept.setdefault(f"near {name}", []).append(ranked["near"])
                kept.setdefault(f"anywhere {name}", []).append(ranked["anywhere"])
    agreement = teaching.lift(task.titles)
    everyone = np.arange(len(task.titles))
    halves = watching.summary({"viewers": task.measure(agreement, everyone)})
    del unknown["near viewers"], unknown["anywhere viewers"]  # they have never been seen
    return {
        "unseen": watching.summary(_by_method(unknown), against="simple fusion"),
        "seen": watching.summary(_by_method(known), against="simple fusion"),
        "split_half": {where: halves[where]["viewers"] for where in halves},
        "weights": weights,
        "simulated": likes.simulated,
        "protocol": (
            f"{len(likes):,} viewers in halves: one teaches, the other tells the truth (ten most co-liked beyond "
            f"popularity, shrunk lift). {len(task.titles):,} films of at least {watching.LEAST_VIEWERS} viewers are "
            f"queries and candidates; near: candidates within {watching.YEARS} years. {folds} folds over films: a film "
            "is unseen where none of its viewings taught a weight, a map or a vector. AUC: against the ten others of "
            "nearest popularity. Weights of the simple fusion: conditional logit on the films that are seen. "
            "Intervals: 95 %, bootstrap over films; seen films count once a fold in which they are seen."
        ),
    }


def simple_weights(
    single: Mapping[str, FloatArray], taught: Likes, task: watching.Watching, films: BoolArray
) -> dict[str, float]:
    """Weights of the strongest simple fusion, tuned on `films` [T]."""
    rows = np.flatnonzero(films[task.titles])
    names = [name for name in SIMPLE if name in single]
    gain = taught.lift(task.titles[rows])
    allowed = ~np.eye(len(rows), dtype=bool)
    found = conditional_logit([single[n][rows] @ single[n][rows].T for n in names], gain, allowed)
    return dict(zip(names, found.tolist(), strict=True))


def adapted(
    catalogue: Catalogue,
    vectors: Mapping[str, FloatArray],
    works: IntArray,
    fusion: Fusion,
    pairs: Adaptations,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Task C: MRR by method on half of the books, the simple fusion's weights tuned on the other half.

    Args:
        vectors: of works [w, d] by part, learnt without the facts of `pairs`; `works` are their positions.
        fusion: learnt without those facts.
    """
    ids = catalogue.entities["id"]
    tuning = unseen(ids.iloc[pairs.books].tolist(), seed=seed, share=_HALF)
    need = np.unique(np.concatenate([pairs.films, pairs.books]))
    rows = np.full(len(catalogue), -1)
    rows[need] = np.arange(len(need))
    at = np.searchsorted(works, need)
    own = {name: v[at] for name, v in vectors.items()}
    single = {name: concatenated(vectors, {name: 1.0})[at] for name in vectors}
    weights = _tuned(single, rows, pairs.some(tuning))
    methods = dict(single)
    methods["simple fusion"] = concatenated(single, weights)
    methods["fused"] = fusion.fuse({name: v for name, v in own.items() if name in fusion.weights})
    test = pairs.some(~tuning)
    found = test.measure(methods, rows)
    found["title string"] = test.by_name(catalogue.entities["label"].tolist())
    return adaptations.summary(found, against="simple fusion") | {
        "weights": weights,
        "protocol": (
            f"{len(np.unique(test.books)):,} books with {len(np.unique(test.films)):,} films, both with tags; their "
            "based_on facts, tags that name the book or its author, and sentences of summaries that name a source were "
            f"withheld. Weights of the simple fusion tuned on {len(np.unique(pairs.books[tuning])):,} other books. "
            "MRR of the best other film of the book (films) and of a book's best film (books), a book counts once; "
            "95 % bootstrap over books."
        ),
    }


def _tuned(single: Mapping[str, FloatArray], rows: IntArray, pairs: Adaptations) -> dict[str, float]:
    """Weights by coordinate search for the sum of both MRRs."""
    weights = {name: 1.0 for name in SIMPLE if name in single}

    def worth(tried: Mapping[str, float]) -> float:
        found = pairs.measure({"": concatenated(single, tried)}, rows)[""]
        return float(np.nanmean(found["films"]) + np.nanmean(found["books"]))

    best = worth(weights)
    for _ in range(2):
        for name in list(weights):
            for factor in (0.1, 0.4, 2.5):
                tried = weights | {name: weights[name] * factor}
                if (reached := worth(tried)) > best:
                    best, weights = reached, tried
    return weights


def _by_method(kept: Mapping[str, list[Ranking]]) -> dict[str, dict[str, Ranking]]:
    names = dict.fromkeys(key.split(" ", 1)[1] for key in kept)
    return {name: {w: watching.joined(kept[f"{w} {name}"]) for w in ("near", "anywhere")} for name in names}
