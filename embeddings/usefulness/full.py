"""The full ablation: every film unseen once, by folds, learnt from half the viewers and judged by the other half."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue
from embeddings.fusion.coviewing import Likes
from embeddings.fusion.learning import learn, unseen
from embeddings.fusion.weights import conditional_logit
from embeddings.usefulness import adaptations, watching
from embeddings.usefulness.adaptations import Adaptations
from embeddings.usefulness.measures import Floats, Ranking, centred, cosines
from embeddings.views import BoolArray, FloatArray, IntArray

#: Parts of the simple fusion, as far as there are any.
SIMPLE = ("TF-IDF of tags", "genres", "summary", "words", "graph", "year")
#: Theme and audience view [T, d] by name, learnt from these viewings alone.
Views = Callable[[pd.DataFrame], Mapping[str, FloatArray]]
_HALF = 0.5


def watched_too(
    catalogue: Catalogue,
    parts: Mapping[str, FloatArray],
    viewings: pd.DataFrame,
    *,
    extra: Mapping[str, Any],
    views: Views,
    folds: int = 5,
    seed: int = 0,
    tell: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Task B in folds over films: figures with intervals by method, for films without viewings and with them.

    Args:
        parts: vectors [T, d] by part of the fused view, none of which has learnt from viewings.
        extra: further ways to say what is alike, [T, d], perhaps sparse.
        views: makes the views that do learn from viewings.
        folds: each film is unseen in one of them.
    """
    likes = Likes.of(catalogue, viewings)
    told = unseen([str(name) for name in likes.names], seed=seed, share=_HALF)
    task = watching.Watching.of(likes.among(told), catalogue.titles["year"].to_numpy(np.float64))
    teaching = likes.among(~told)
    at = catalogue.positions(viewings["title"])
    teaches = viewings["viewer"].isin(teaching.names).to_numpy() & (at >= 0) & (at < catalogue.num_titles)
    fold = folds_of(catalogue.titles["id"].tolist(), folds, seed=seed)
    weights: list[dict[str, float]] = []
    same = {name: cosines(centred(vectors), task.titles) for name, vectors in parts.items()}
    same |= {name: cosines(vectors, task.titles) for name, vectors in extra.items()}
    popular = np.log1p(teaching.of_titles()[task.titles])
    same["popularity"] = np.broadcast_to(popular, (len(popular), len(popular)))
    unknown = {name: task.measure(matrix) for name, matrix in same.items()}
    known = dict(unknown)
    by_fold: dict[str, list[dict[str, Ranking]]] = {}
    for n in range(folds):
        if tell is not None:
            tell(f"fold {n + 1} of {folds}")
        held = np.asarray(fold == n)
        taught = teaching.without(held)
        own = learn(parts, taught)
        weights.append(dict(own.fusion.weights))
        fused = own.fused(own.observed)[task.titles]
        learnt = views(viewings[teaches & ~held[np.where(teaches, at, 0)]])
        scores = {name: cosines(centred(vectors), task.titles) for name, vectors in learnt.items()}
        simple = simple_weights(same, taught, task, ~held)
        scores["simple fusion"] = np.asarray(sum(w * same[name] for name, w in simple.items()), dtype=np.float32)
        scores["fused"] = fused @ fused.T
        scores["viewers"] = taught.lift(task.titles)
        for name, matrix in scores.items():
            by_fold.setdefault(name, []).append(task.measure(matrix))
    for name, rankings in by_fold.items():
        unknown[name], known[name] = _apart(rankings, fold[task.titles])
    halves = watching.summary({"viewers": task.measure(teaching.lift(task.titles))})
    del unknown["viewers"]  # they have never been seen
    return {
        "unseen": watching.summary(unknown),
        "seen": watching.summary(known),
        "split_half": {where: halves[where]["viewers"] for where in halves},
        "weights": weights,
        "simulated": likes.simulated,
        "protocol": (
            f"{len(likes):,} viewers in halves: one teaches, the other tells the truth (ten most co-liked beyond "
            f"popularity, shrunk lift). {len(task.titles):,} films of at least {watching.LEAST_VIEWERS} viewers are "
            f"queries and candidates; near: candidates within {watching.YEARS} years. {folds} folds over films: a film "
            "is unseen where none of its viewings taught a weight, a map or a vector. AUC: against the ten others of "
            "nearest popularity. Weights of the simple fusion: conditional logit on the films that are seen. "
            "Figures of a film that is seen are their mean over the folds where it is. Intervals: 95 %, bootstrap over "
            "films."
        ),
    }


def simple_weights(
    same: Mapping[str, FloatArray], taught: Likes, task: watching.Watching, films: BoolArray
) -> dict[str, float]:
    """Weights of the strongest simple fusion of cosines [c, c], tuned on `films` [T]."""
    rows = np.flatnonzero(films[task.titles])
    names = [name for name in SIMPLE if name in same]
    gain = taught.lift(task.titles[rows])
    allowed = ~np.eye(len(rows), dtype=bool)
    found = conditional_logit([same[n][np.ix_(rows, rows)] for n in names], gain, allowed)
    return dict(zip(names, found.tolist(), strict=True))


def adapted(
    catalogue: Catalogue,
    scores: Mapping[str, FloatArray],
    of_films: Mapping[str, FloatArray],
    works: IntArray,
    pairs: Adaptations,
    *,
    folds: int = 5,
    seed: int = 0,
) -> dict[str, Any]:
    """Task C: MRR by method, every book asked once.

    Args:
        scores: how alike `works` [w] (positions, ascending) are by method, [w, w], learnt without the facts of `pairs`.
            The simple fusion is made here: its weights for the books of a fold are tuned on the books of the others.
        of_films: the same by views that books have none in, over the f films of `pairs`, [f, f].
    """
    books = np.unique(pairs.books)
    fold = folds_of(catalogue.entities["id"].iloc[books].tolist(), folds, seed=seed)
    methods = dict(scores) | {"title string": adaptations.by_name(catalogue.entities["label"].tolist(), works)}
    found = {name: pairs.measure(matrix, works, books) for name, matrix in methods.items()}
    found |= {name: pairs.measure(matrix, np.unique(pairs.films), books) for name, matrix in of_films.items()}
    weights: list[dict[str, float]] = []
    simple = {question: np.full(len(books), np.nan) for question in ("films", "books")}
    for n in range(folds):
        weights.append(_tuned(scores, works, pairs, books[fold != n]))
        ranks = pairs.measure(_sum(scores, weights[-1]), works, books[fold == n])
        for question, own in ranks.items():
            simple[question][fold == n] = own
    found["simple fusion"] = simple
    return adaptations.summary(found) | {
        "weights": weights,
        "protocol": (
            f"{len(books):,} books with {len(np.unique(pairs.films)):,} films, both with tags "
            f"({int((~np.isnan(simple['films'])).sum()):,} books have several films); all based_on facts, tags that "
            "name the book or its author, and sentences of summaries that name a source were withheld from everything. "
            f"Weights of the simple fusion are tuned on the other books, in {folds} folds; the fused view learns "
            "nothing from adaptations. Candidates are all these films. MRR of the best other film of the book (films) "
            "and of a book's best film (books), a book counts once; 95 % bootstrap over books."
        ),
    }


def folds_of(ids: list[str], folds: int, *, seed: int) -> IntArray:
    """Which fold each identifier is in, by a hash, int64 [n]."""
    return np.asarray(sum(unseen(ids, seed=seed + 1, share=n / folds).astype(np.int64) for n in range(1, folds)))


def _tuned(scores: Mapping[str, FloatArray], works: IntArray, pairs: Adaptations, books: IntArray) -> dict[str, float]:
    """Weights by coordinate search for the sum of both MRRs of `books`."""
    weights = {name: 1.0 for name in SIMPLE if name in scores}

    def worth(tried: Mapping[str, float]) -> float:
        found: dict[str, Floats] = pairs.measure(_sum(scores, tried), works, books)
        return float(np.nanmean(found["films"]) + np.nanmean(found["books"]))

    best = worth(weights)
    for _ in range(2):
        for name in list(weights):
            for factor in (0.1, 0.4, 2.5):
                tried = weights | {name: weights[name] * factor}
                if (reached := worth(tried)) > best:
                    best, weights = reached, tried
    return weights


def _sum(scores: Mapping[str, FloatArray], weights: Mapping[str, float]) -> FloatArray:
    """Cosines of the concatenation of parts, each times √weight, those that a work lacks zero."""
    total = np.asarray(sum(np.float32(weight) * scores[name] for name, weight in weights.items()), dtype=np.float32)
    lengths = np.sqrt(np.maximum(np.diag(total), 1e-9))
    return np.asarray(total / np.outer(lengths, lengths), dtype=np.float32)


def _apart(rankings: list[dict[str, Ranking]], fold: IntArray) -> tuple[dict[str, Ranking], dict[str, Ranking]]:
    """Of rankings of all queries, one a fold: those of each query where it was held out, and its means elsewhere."""
    held = np.arange(len(rankings))[:, None] == fold  # [folds, q]
    unseen_, seen = {}, {}
    for where in rankings[0]:
        found = {m: np.stack([getattr(r[where], m) for r in rankings]) for m in ("ndcg", "recall", "auc")}
        unseen_[where] = Ranking(**{m: x[fold, np.arange(len(fold))] for m, x in found.items()})
        seen[where] = Ranking(**{m: np.where(held, 0, x).sum(axis=0) / (~held).sum(axis=0) for m, x in found.items()})
    return unseen_, seen
