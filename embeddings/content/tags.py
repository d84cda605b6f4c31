"""Bags of tags: what a title is tagged with, rare tags counting more, as dense vectors.

Storylines, moods, user tags, genres and micro-genres are features of their own even where they share a word: the
storyline "war" is not the genre "War". Inverse document frequency as in Spärck Jones (1972); the table of titles × tags
is reduced by truncated SVD (latent semantic analysis; Deerwester et al., 1990).
"""

from __future__ import annotations

import numpy as np

from embeddings.catalogue import Catalogue, Facts
from embeddings.rarity import rarity
from embeddings.sparse import reduce, table
from embeddings.views import IntArray, View, view


def tag_view(catalogue: Catalogue, facts: Facts, *, dim: int, seed: int) -> View:
    """Vectors [T, at most dim] of titles from their tags and genres among `facts`."""
    relations = catalogue.numbers(catalogue.describing("Tag", "Genre"))
    own = facts[np.isin(facts.relations, relations) & (facts.heads < catalogue.num_titles)]
    features, columns, counts = np.unique(
        own.relations * len(catalogue) + own.tails, return_inverse=True, return_counts=True
    )
    columns = columns.astype(np.int64)
    described = titles_with(own, catalogue)[features // len(catalogue)]
    weights = rarity(counts, described)[columns] * (1 + np.log(np.maximum(own.weights, 1)))
    weights[counts[columns] < 2] = 0  # a tag that no other title has makes nothing alike
    matrix = table(own.heads, columns, weights, (catalogue.num_titles, max(len(features), 1)))
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    matrix = matrix.multiply(1 / np.maximum(lengths, 1e-9)[:, None]).tocsr()
    sorts = ", ".join(catalogue.relations[r].label for r in relations if (own.relations == r).any())
    return view("tags", reduce(matrix, dim, seed=seed), f"tags ({sorts or 'none'})")


def titles_with(facts: Facts, catalogue: Catalogue) -> IntArray:
    """How many titles have any fact of each relation, int64 [R]."""
    own = facts.heads < catalogue.num_titles
    pairs = np.unique(facts.relations[own] * catalogue.num_titles + facts.heads[own])
    return np.bincount(pairs // max(catalogue.num_titles, 1), minlength=len(catalogue.relations)).astype(np.int64)
