"""What a draft's vectors are worth by what is known of it, measured on titles of the release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from embeddings.best import best
from embeddings.content.inputs import METADATA, TitleInputs
from embeddings.drafting import Drafter, DraftInputs
from embeddings.release import Release
from embeddings.views import BoolArray, FloatArray, IntArray

#: What a draft may be described by, metadata aside: facts about its content, and facts that link it to others.
INPUTS = ("summary", "tags", "links")
NEIGHBOURS = 10
_TITLES = 200
_METADATA_RELATIONS = ("produced_in", "in_language", "release_year")


class Known:
    """What a release has learnt about its titles, as drafts of them may be told it.

    Args:
        release: which.
    """

    def __init__(self, release: Release) -> None:
        self._release, self._count = release, int(release.manifest["num_titles"])
        offsets = np.asarray(release.array("facts/out.offsets.npy"))[: self._count + 1]
        learnt = np.asarray(release.array("facts/out.learnt.npy")[: offsets[-1]])
        relations, entities = (np.asarray(release.array(f"facts/out.{name}.npy")) for name in ("relation", "entity"))
        self._heads = np.repeat(np.arange(self._count), np.diff(offsets))[learnt]
        self._relations = relations[: offsets[-1]][learnt].astype(np.int64)
        self._entities = entities[: offsets[-1]][learnt].astype(np.int64)
        about, links = _sorts(release)
        self._sorts = {"tags": about[self._relations], "links": links[self._relations]}
        self._titles = release.table("titles.parquet", "label", "summary", *METADATA)

    @cached_property
    def able(self) -> IntArray:
        """The titles that have all `INPUTS`, int64 [n]: their positions, ascending."""
        has = np.asarray(self._titles["summary"].is_valid().to_numpy(zero_copy_only=False), dtype=bool)
        for which in self._sorts.values():
            has &= np.bincount(self._heads[which], minlength=self._count) >= 2
        return np.flatnonzero(has & np.asarray(self._release.array("vectors/fused.present.npy"))[: self._count])

    def told(self, rows: IntArray, given: Sequence[str]) -> DraftInputs:
        """Titles [n], by ascending position, described by those of `INPUTS` that are `given`, and by their metadata."""
        slot = np.full(self._count, -1, dtype=np.int64)
        slot[rows] = np.arange(len(rows))
        use = slot[self._heads] >= 0
        use &= np.logical_or.reduce([np.zeros_like(use), *(self._sorts[name] for name in given if name in self._sorts)])
        own, which, tails = slot[self._heads[use]], self._relations[use], self._entities[use]
        ids = self._release.table("entities.parquet", "id")["id"]
        names = self._release.table("relations.parquet", "name")["name"].to_numpy()
        tags = {"row": own, "relation": names[which], "tag": ids.take(pa.array(tails)).to_numpy()}
        table = self._titles.take(pa.array(rows)).to_pandas()
        summaries = table["summary"].tolist() if "summary" in given else [""] * len(rows)
        content = TitleInputs(summaries=summaries, tags=pd.DataFrame(tags), metadata=table[METADATA])
        return DraftInputs(labels=[""] * len(rows), content=content, drafts=own, relations=which, entities=tails)


def parts() -> list[tuple[str, ...]]:
    """Every part of `INPUTS` that a draft may be described by."""
    return [given for size in range(1, len(INPUTS) + 1) for given in combinations(INPUTS, size)]


def trust(release: Release, drafter: Drafter, *, seed: int) -> dict[str, Any]:
    """Of the ten titles nearest to a title, the share that are also nearest to a draft made from part of what is known.

    At most 200 titles that have all `INPUTS` (a random choice that the seed fixes) are described again by every part
    of them. They took part in the training, their drafts don't know it.

    Returns:
        protocol, titles (how many), by_inputs: {"summary + tags": {view: share}, …}; empty where no title has all.
    """
    known = Known(release)
    if len(known.able) < NEIGHBOURS:
        return {}
    rows = np.sort(np.random.default_rng(seed).permutation(known.able)[:_TITLES])
    expected: dict[str, IntArray] = {}
    figures = {
        " + ".join(given): _overlaps(release, drafter(known.told(rows, given)).views, rows, expected)
        for given in parts()
    }
    return {
        "protocol": f"{len(rows)} titles described again by part of what is known of them, metadata always among it: "
        f"of the {NEIGHBOURS} titles nearest to each, the share that are also nearest to its draft. The titles "
        "were part of the training; what a draft leaves out is withheld from it. By vectors alone: what "
        "`similar` adds for what a draft names is not in it.",
        "titles": len(rows),
        "by_inputs": figures,
    }


def _sorts(release: Release) -> tuple[BoolArray, BoolArray]:
    """Which relations say what a title is about, and which link it to something else, bool [R] each."""
    types: Mapping[str, list[str]] = release.manifest["types"]
    tags = {*types.get("Tag", ()), *types.get("Genre", ())}
    table = release.table("relations.parquet", "name", "range")
    about = np.array([name in tags for name in table["range"].to_pylist()], dtype=bool)
    metadata = np.array([name in _METADATA_RELATIONS for name in table["name"].to_pylist()], dtype=bool)
    return about, ~about & ~metadata


def _overlaps(
    release: Release, views: Mapping[str, FloatArray], rows: IntArray, expected: dict[str, IntArray]
) -> dict[str, float]:
    shares = {}
    num_titles = int(release.manifest["num_titles"])
    for name, vectors in views.items():
        matrix = np.asarray(release.array(f"vectors/{name}.npy"))[:num_titles]
        present = np.asarray(release.array(f"vectors/{name}.present.npy"))[rows]
        if not present.any():
            continue
        if name not in expected:
            expected[name] = nearest(matrix, matrix[rows], rows)
        shares[name] = round(float(overlap(expected[name], nearest(matrix, vectors, rows))[present].mean()), 3)
    return shares


def nearest(matrix: FloatArray, queries: FloatArray, own: IntArray) -> IntArray:
    """The ten rows nearest to each query, its own (−1: it has none) left out, int64 [q, 10]."""
    scores = queries @ matrix.T
    mine = np.flatnonzero(own >= 0)
    scores[mine, own[mine]] = -np.inf
    return best(scores, NEIGHBOURS)


def overlap(expected: IntArray, found: IntArray) -> FloatArray:
    """Which share of each row of `expected` is in that of `found`, [q]."""
    both = [len(np.intersect1d(a, b)) for a, b in zip(expected, found, strict=True)]
    return np.array(both, dtype=np.float32) / np.float32(NEIGHBOURS)
