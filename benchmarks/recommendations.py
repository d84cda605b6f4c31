"""Which model recommends best to viewers it has not seen, on a workspace's viewings (MovieLens in the real catalogue).

    python -m benchmarks.recommendations WORKSPACE [--release RELEASE]

Strong generalisation: the viewers are split five times so that each is tested once by models that have seen none of
his viewings. Four fifths of a tested viewer's titles, chosen at random, are given; the rest is to be found among all
titles of the model that were not given. Every viewing counts alike, whatever its weight. NDCG@10 and recall@10 (of at
most 10 that can be found), the mean over viewers with its standard error.

With a release, also titles that nobody watched: a fifth of the titles is taken out of what the models learn from, and
the taken-out part of each viewer's titles is to be found among all that were taken out, from where their content lies.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue
from embeddings.recommender import KEPT, PENALTY, ease, hide, ranking, truncated, viewer_table
from kg import KnowledgeGraph

FOLDS = 5


def popularity(matrix) -> Callable[[np.ndarray], np.ndarray]:
    counts = np.asarray(matrix.sum(axis=0)).ravel()
    return lambda given: np.broadcast_to(counts, given.shape).astype(np.float32)


def knn(matrix, neighbours: int, shrink: float) -> Callable[[np.ndarray], np.ndarray]:
    """Item-kNN: cosine of the columns, shrunk where few watched, the most similar of each title kept."""
    gram = (matrix.T @ matrix).toarray()
    lengths = np.sqrt(np.diag(gram))
    weights = gram / np.maximum(np.outer(lengths, lengths) + shrink, 1.0)
    np.fill_diagonal(weights, 0)
    weights = truncated(weights.astype(np.float32), neighbours)
    return lambda given: given.astype(np.float32) @ weights


def linear(weights: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda given: given.astype(np.float32) @ weights


def models(matrix) -> Iterator[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
    yield "popularity", popularity(matrix)
    for neighbours in (50, 200):
        for shrink in (0.0, 10.0):
            yield f"item-kNN, {neighbours} neighbours, shrink {shrink:g}", knn(matrix, neighbours, shrink)
    for penalty in (30.0, 100.0, 300.0, 1000.0):
        weights = ease(matrix, penalty)
        yield f"EASE, λ {penalty:g}", linear(weights)
        if penalty == PENALTY:
            for kept in (KEPT // 2, KEPT, 2 * KEPT):
                yield f"EASE, λ {penalty:g}, {kept} weights a title", linear(truncated(weights, kept))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--release", type=Path, help="whose content vectors place titles that nobody watched")
    parser.add_argument("--min-viewers", type=int, default=5)
    arguments = parser.parse_args()

    kg = KnowledgeGraph.open(arguments.workspace)
    catalogue = Catalogue.of(kg)
    viewings = kg.viewings()
    viewers, names = pd.factorize(viewings["viewer"], sort=True)
    watched = pd.DataFrame({"viewer": viewers, "title": catalogue.positions(viewings["title"])})
    watched = watched[watched["title"].between(0, catalogue.num_titles - 1)].drop_duplicates()
    counts = watched["title"].value_counts()
    items = np.sort(counts[counts >= arguments.min_viewers].index.to_numpy(np.int64))
    matrix = viewer_table(watched, items, len(names))
    print(
        f"{len(names):,} viewers, {len(items):,} titles with at least {arguments.min_viewers}, {matrix.nnz:,} viewings"
    )

    fold = np.random.default_rng(0).permutation(len(names)) % FOLDS
    found: dict[str, list[dict[str, float]]] = {}
    for number in range(FOLDS):
        train, test = matrix[np.flatnonzero(fold != number)], matrix[np.flatnonzero(fold == number)]
        given, wanted = hide(test, seed=number)
        asked = np.flatnonzero(wanted.any(axis=1) & given.any(axis=1))
        for name, scores in models(train):
            every = scores(given[asked])
            for i, viewer in enumerate(asked):
                one = slice(viewer, viewer + 1)
                found.setdefault(name, []).append(ranking(every[i : i + 1], given[one], wanted[one]))
    report(found)
    if arguments.release:
        report(cold(catalogue, items, matrix, fold, arguments.release))


def cold(catalogue, items, matrix, fold, release) -> dict[str, list[dict[str, float]]]:
    """Titles whose viewings the models don't know."""
    from queries.recommend import foreseen, place, weighed
    from queries.space import TitleSpace

    space = TitleSpace.open(release)
    ids = space.release.table("titles.parquet", "id")["id"].to_pylist()
    at = pd.Index(ids).get_indexer(catalogue.titles["id"].to_numpy()[items])
    vectors, has = place(space._answers.vectors, np.maximum(at, 0))
    usable = np.flatnonzero((at >= 0) & has)
    matrix, vectors = matrix[:, usable], vectors[usable]
    out = np.random.default_rng(1).random(len(usable)) < 0.2
    warm, left = np.flatnonzero(~out), np.flatnonzero(out)
    print(f"\n{len(left):,} of {len(usable):,} titles are taken out")
    found: dict[str, list[dict[str, float]]] = {}
    for number in range(FOLDS):
        train, test = matrix[np.flatnonzero(fold != number)], matrix[np.flatnonzero(fold == number)]
        weights = truncated(ease(train[:, warm], PENALTY), KEPT)
        given, wanted = test[:, warm].toarray() > 0, test[:, left].toarray() > 0
        popular = np.asarray(train[:, left].sum(axis=0)).ravel()  # which nobody could know
        nothing = np.zeros(len(left), dtype=bool)
        for viewer in np.flatnonzero(wanted.any(axis=1) & given.any(axis=1)):
            history = given[viewer]
            scores = history.astype(np.float32) @ weights
            taste = vectors[warm][history].mean(axis=0)
            regressed = foreseen(scores, vectors[warm], vectors[left])
            near = vectors[left] @ taste
            candidates = {
                "both": weighed(regressed, near),
                "at random": np.random.default_rng(viewer).random(len(left)),
                "near to the mean of what was watched": near,
                "scores foreseen from content": regressed,
                "popularity, if it were known": popular,
            }
            for name, values in candidates.items():
                result = ranking(np.asarray(values)[None], nothing[None], wanted[viewer][None])
                found.setdefault(name, []).append(result)
    return found


def report(found: dict[str, list[dict[str, float]]]) -> None:
    for name, rows in found.items():
        figures = pd.DataFrame(rows)
        mean, error = figures.mean(), figures.std() / np.sqrt(len(figures))
        text = ", ".join(f"{column} {mean[column]:.4f} ± {error[column]:.4f}" for column in figures)
        print(f"{name:45} {text}  ({len(figures)} viewers)", flush=True)


if __name__ == "__main__":
    main()
