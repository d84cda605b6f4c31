"""What a draft's vectors are worth by what is known of it, measured on titles of the release."""

from __future__ import annotations

from collections.abc import Mapping
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
_NEIGHBOURS = 10
_TITLES = 200
_METADATA_RELATIONS = ("produced_in", "in_language", "release_year")


def trust(release: Release, drafter: Drafter, *, seed: int) -> dict[str, Any]:
    """Of the ten titles nearest to a title, the share that are also nearest to a draft made from part of what is known.

    At most 200 titles that have all `INPUTS` (a random choice that the seed fixes) are described again by every part
    of them. They took part in the training, their drafts don't know it.

    Returns:
        protocol, titles (how many), by_inputs: {"summary + tags": {view: share}, …}; empty where no title has all.
    """
    num_titles = int(release.manifest["num_titles"])
    offsets = np.asarray(release.array("facts/out.offsets.npy"))[: num_titles + 1]
    heads = np.repeat(np.arange(num_titles), np.diff(offsets))
    relations, entities, learnt = (
        np.asarray(release.array(f"facts/out.{name}.npy")[: offsets[-1]]) for name in ("relation", "entity", "learnt")
    )
    about, links = _sorts(release)
    is_tag, is_link = about[relations] & learnt, links[relations] & learnt
    titles = release.table("titles.parquet", "label", "summary", *METADATA)
    has = np.asarray(titles["summary"].is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    for which in (is_tag, is_link):
        has &= np.bincount(heads[which], minlength=num_titles) >= 2
    rows = np.flatnonzero(has & np.asarray(release.array("vectors/fused.present.npy"))[:num_titles])
    if len(rows) < _NEIGHBOURS:
        return {}
    rows = np.sort(np.random.default_rng(seed).permutation(rows)[:_TITLES])
    table = titles.take(pa.array(rows)).to_pandas()
    ids = release.table("entities.parquet", "id")["id"]
    names = release.table("relations.parquet", "name")["name"].to_numpy()
    slot = np.full(num_titles, -1, dtype=np.int64)
    slot[rows] = np.arange(len(rows))
    mine = slot[heads] >= 0
    expected: dict[str, IntArray] = {}
    figures: dict[str, dict[str, float]] = {}
    for size in range(1, len(INPUTS) + 1):
        for given in combinations(INPUTS, size):
            use = mine & ((is_tag & ("tags" in given)) | (is_link & ("links" in given)))
            own, which, tails = slot[heads[use]], relations[use].astype(np.int64), entities[use].astype(np.int64)
            tags = {"row": own, "relation": names[which], "tag": ids.take(pa.array(tails)).to_numpy()}
            told = table["summary"].tolist() if "summary" in given else [""] * len(rows)
            content = TitleInputs(summaries=told, tags=pd.DataFrame(tags), metadata=table[METADATA])
            drafts = DraftInputs(labels=[""] * len(rows), content=content, drafts=own, relations=which, entities=tails)
            figures[" + ".join(given)] = _overlaps(release, drafter(drafts).views, rows, expected)
    return {
        "protocol": f"{len(rows)} titles described again by part of what is known of them, metadata always among it: "
        f"of the {_NEIGHBOURS} titles nearest to each, the share that are also nearest to its draft. The titles "
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
            expected[name] = _nearest(matrix, matrix[rows], rows)
        found = _nearest(matrix, vectors, rows)
        overlap = [len(np.intersect1d(a, b)) for a, b in zip(expected[name], found, strict=True)]
        shares[name] = round(float(np.mean(np.array(overlap)[present])) / _NEIGHBOURS, 3)
    return shares


def _nearest(matrix: FloatArray, queries: FloatArray, own: IntArray) -> IntArray:
    """The ten rows nearest to each query, its own left out, int64 [q, 10]."""
    scores = queries @ matrix.T
    scores[np.arange(len(own)), own] = -np.inf
    return best(scores, _NEIGHBOURS)
