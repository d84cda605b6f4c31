"""The theme view: what a title is about, from its summary, its tags and a little metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from embeddings.catalogue import Catalogue, Facts
from embeddings.content.metadata import metadata_view
from embeddings.content.tags import tag_view
from embeddings.content.texts import encode
from embeddings.fusion import fuse
from embeddings.views import View, view

_METADATA_DIM = 16


def summary_view(catalogue: Catalogue, cache: Path, progress: Callable[[float], None] | None = None) -> View:
    """Vectors [T, 384] of the titles' summaries; texts that `cache` knows are not encoded again."""
    texts = [text if isinstance(text, str) else "" for text in catalogue.titles["summary"]]
    return view("summary", encode(texts, cache, progress), "summaries (all-MiniLM-L6-v2, mean of token states)")


def theme_view(
    catalogue: Catalogue,
    facts: Facts,
    cache: Path,
    *,
    weights: Mapping[str, float],
    dim: int,
    seed: int,
    progress: Callable[[float], None] | None = None,
) -> View:
    """Vectors [T, at most dim] of titles with a summary or tags. Metadata alone makes no theme.

    Args:
        catalogue: whose titles.
        facts: what may be learnt from.
        cache: a folder that keeps the vectors of summaries.
        weights: of the parts "summary", "tags" and "metadata", as in :func:`embeddings.fusion.fuse`.
        dim: dimensions of tags and of the view.
        seed: of the decompositions.
        progress: told the share of new summaries that are encoded.
    """
    parts = [
        summary_view(catalogue, cache, progress),
        tag_view(catalogue, facts, dim=dim, seed=seed),
        metadata_view(catalogue, dim=_METADATA_DIM, seed=seed),
    ]
    vectors = fuse(parts, weights, dim=dim)
    vectors[~(parts[0].present | parts[1].present)] = 0
    used = [part.made_from for part in parts if part.present.any() and weights.get(part.name, 1.0)]
    return view("theme", np.asarray(vectors), "; ".join(used))
