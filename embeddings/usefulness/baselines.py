"""Simple ways to say which works are alike, that whatever is learnt has to beat: no weight in them is learnt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embeddings.catalogue import Catalogue, Facts
from embeddings.errors import ExtraMissing
from embeddings.rarity import rarity
from embeddings.sparse import Sparse, reduce, table
from embeddings.views import FloatArray, IntArray, unit

_WORDS = 256  # dimensions of the words of summaries


def baselines(
    catalogue: Catalogue, facts: Facts, works: IntArray, summaries: Sequence[str], *, dim: int, seed: int
) -> dict[str, FloatArray]:
    """Vectors [w, d] of `works` (positions, ascending, the titles first) by method; rows of zeros tell nothing.

    "TF-IDF of tags" and "TF-IDF of tags and genres"; "words", of the titles' `summaries` [T]; "SVD of the graph", the
    truncated singular value decomposition, in `dim` dimensions, of who is linked to whom by `facts`.
    """
    found = {
        "TF-IDF of tags": tf_idf(catalogue, facts, works, ("Tag",)),
        "TF-IDF of tags and genres": tf_idf(catalogue, facts, works, ("Tag", "Genre")),
        "words": np.zeros((len(works), 1), dtype=np.float32),
        "SVD of the graph": graph_svd(facts, len(catalogue), dim, seed=seed)[works],
    }
    told = words(summaries, seed=seed)
    found["words"] = np.zeros((len(works), told.shape[1]), dtype=np.float32)
    found["words"][: len(told)] = told
    return found


def tf_idf(catalogue: Catalogue, facts: Facts, works: IntArray, types: Sequence[str]) -> Sparse:
    """Rows of length 1 over what `facts` link works to among entities of `types`, sparse [w, things]."""
    own = facts[np.isin(facts.relations, catalogue.numbers(catalogue.describing(*types)))]
    own = own[np.isin(own.heads, works)]
    rows = np.searchsorted(works, own.heads)
    things, columns = np.unique(own.tails, return_inverse=True)
    counts = np.bincount(np.unique(columns * len(works) + rows) // len(works), minlength=len(things))
    idf = np.asarray(rarity(np.maximum(counts, 1), len(np.unique(rows))), dtype=np.float32)
    values = idf[columns] * (1 + np.log(np.maximum(own.weights, 1)))
    matrix = table(rows, columns.astype(np.int64), values, (len(works), max(len(things), 1)))
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return matrix.multiply(1 / np.maximum(lengths, 1e-9)[:, None]).tocsr()


def words(summaries: Sequence[str], *, seed: int) -> FloatArray:
    """Vectors [n, at most 256] of texts by their words (TF-IDF, then its main axes); zeros for empty ones."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise ExtraMissing("scikit-learn", "Measuring usefulness") from error
    there = np.array([bool(text.strip()) for text in summaries], dtype=bool)
    full = np.zeros((len(summaries), _WORDS), dtype=np.float32)
    if there.sum() > 1:
        made = TfidfVectorizer(min_df=2, sublinear_tf=True, stop_words="english", dtype=np.float32)
        try:
            told = reduce(made.fit_transform([text for text in summaries if text.strip()]), _WORDS, seed=seed)
        except ValueError:  # no word stands in two of them
            return full
        full[there, : told.shape[1]] = unit(told)
    return full


def graph_svd(facts: Facts, count: int, dim: int, *, seed: int) -> FloatArray:
    """Vectors [count, at most dim]: U·Σ of who is linked to whom, both ways, divided by the roots of the degrees."""
    heads, tails = np.concatenate([facts.heads, facts.tails]), np.concatenate([facts.tails, facts.heads])
    pairs = np.unique(heads * count + tails)
    heads, tails = pairs // count, pairs % count
    degree = np.maximum(np.bincount(heads, minlength=count), 1)
    values = (1 / np.sqrt(degree[heads] * degree[tails])).astype(np.float32)
    return unit(reduce(table(heads, tails, values, (count, count)), dim, seed=seed))
