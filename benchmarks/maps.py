"""Maps: how long one takes, how much of the neighbourhoods it keeps, and how steady it is from release to release.

    python benchmarks/maps.py WORKSPACE [--view fused] [--count 20000]

Of the best-described titles of a release one in twenty is held back. The rest are laid out: yesterday's map. Then every
vector is turned a little at random (cosine with itself .98 in the mean), the titles held back are added, and the map is
made again, once from yesterday's and once from nothing.

Printed: seconds of wall clock and of CPU on one thread; share of a title's 10 nearest by cosine that are among its 10
nearest on the map (2,000 titles at random); how far titles moved, in units of the map's spread (root mean square
distance from its middle), after the best rotation and shift for the map from nothing, which may lie anyhow; share of a
title's 10 nearest on yesterday's map that are so today; share of titles in clusters whose cluster keeps its number;
and for the titles held back, placed on yesterday's map without moving anybody, the share of their 10 nearest by cosine
that are among the 10 nearest to that place.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import orthogonal_procrustes
from sklearn.neighbors import NearestNeighbors

from embeddings.maps.build import vectors_of
from embeddings.maps.clusters import carried_over, clusters
from embeddings.maps.layout import kept_neighbours, layout
from embeddings.maps.names import degrees
from embeddings.maps.place import place
from embeddings.release import Release
from embeddings.views import unit

Matrix = npt.NDArray[Any]


def timed(name: str, vectors: Matrix, start: Matrix | None = None) -> Matrix:
    wall, cpu = time.perf_counter(), time.process_time()
    places, found = layout(vectors, start=start)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{name}: {len(vectors):,} titles, {wall:.1f} s ({cpu:.1f} s CPU), keeps {kept_neighbours(places, found):.3f}"
    )
    return places


def near(places: Matrix, of: Matrix, k: int = 10) -> Matrix:
    return NearestNeighbors(n_neighbors=k + 1).fit(places).kneighbors(of, return_distance=False)


def shared(a: Matrix, b: Matrix, k: int = 10) -> float:
    return float(np.mean([len(np.intersect1d(x[:k], y[:k])) / k for x, y in zip(a, b, strict=True)]))


def moved(before: Matrix, after: Matrix, *, turn: bool) -> float:
    spread = np.sqrt((before - before.mean(axis=0)).var(axis=0).sum())
    if turn:
        before, after = before - before.mean(axis=0), after - after.mean(axis=0)
        after = after @ orthogonal_procrustes(after, before)[0]
    return float(np.median(np.linalg.norm(after - before, axis=1)) / spread)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("space")
    parser.add_argument("--view", default="fused")
    parser.add_argument("--count", type=int, default=20_000)
    given = parser.parse_args()

    release = Release.open(given.space)
    matrix, entities = vectors_of(release, given.view, "title")
    best = np.argsort(-degrees(release)[entities], kind="stable")[: given.count]
    vectors = np.ascontiguousarray(matrix[np.sort(entities[best])])
    rng = np.random.default_rng(0)
    held = rng.random(len(vectors)) < 0.05
    noise = rng.normal(size=vectors.shape).astype(np.float32) * (0.2 / vectors.shape[1] ** 0.5)
    today = unit(vectors + noise)
    same = (vectors * today).sum(axis=1).mean()
    print(f"{given.view} view, {vectors.shape[1]} dimensions; cosine of a title with itself {same:.3f}")

    yesterday = timed("yesterday's map, from nothing", vectors[~held])
    start = np.empty((len(vectors), 2), dtype=np.float32)
    start[~held], start[held] = yesterday, place(today[held], today[~held], yesterday)
    again = timed("today's, from yesterday's", today, start)
    fresh = timed("today's, from nothing", today)

    drawn = rng.choice(len(yesterday), min(2000, len(yesterday)), replace=False)
    reference = near(yesterday, yesterday[drawn])[:, 1:]
    old = clusters(yesterday)
    for name, places, turn in (("from yesterday's", again[~held], False), ("from nothing", fresh[~held], True)):
        kept = shared(reference, near(places, places[drawn])[:, 1:])
        new = carried_over(clusters(places), old)
        both = (new >= 0) & (old >= 0)
        print(
            f"today's map {name}: moved {moved(yesterday, places, turn=turn):.3f} of the spread; "
            f"shares {kept:.3f} of 10 neighbours; {(new == old)[both].mean():.3f} in the cluster of the same number"
        )
    cosines = vectors[held] @ vectors[~held].T
    expected = np.argsort(-cosines, axis=1)[:, :10]
    placed = place(vectors[held], vectors[~held], yesterday)
    mean = (yesterday[expected]).mean(axis=1)
    for name, places in (("weighted median", placed), ("mean of the 10 nearest", mean)):
        print(
            f"{held.sum():,} placed on yesterday's map by {name}: {shared(near(yesterday, places), expected):.3f} of 10"
        )


if __name__ == "__main__":
    main()
