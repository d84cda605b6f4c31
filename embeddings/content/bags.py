"""Bags of things said about titles: every thing has a vector, and a title has their weighted mean.

Storylines, moods, user tags, genres and micro-genres are things of their own even where they share a word: the
storyline "war" is not the genre "War". A thing that few titles have counts more (inverse document frequency; Spärck
Jones, 1972), and the vectors come from the truncated SVD of the table of titles × things (latent semantic analysis;
Deerwester et al., 1990). For a thing that no title had, a ridge regression foresees the vector from its words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from embeddings.content.inputs import TitleInputs
from embeddings.names import fold
from embeddings.rarity import rarity
from embeddings.sparse import table
from embeddings.views import FloatArray, IntArray, unit

_DECADES = np.arange(1900, 2040, 10)
_RUNTIMES = np.array([10, 25, 45, 70, 90, 105, 120, 150, 200])  # minutes
_RIDGE = 0.3  # of the mean eigenvalue

#: Vectors of length 1, float32 [n, d], of n texts.
TextVectors = Callable[[Sequence[str]], FloatArray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Bag:
    """V things of some sorts.

    Attributes:
        things: V rows of relation (empty: whichever), tag (an identifier) and label.
        weights: how telling each is, float32 [V].
        vectors: float32 [V, d].
        relations: the sorts, and how much a thing unheard of counts in each.
        projection: from the vector of a text to that of a thing, float32 [e, d]; None where words tell nothing.
    """

    things: pd.DataFrame
    weights: FloatArray
    vectors: FloatArray
    relations: dict[str, float]
    projection: FloatArray | None = None

    @property
    def dim(self) -> int:
        """d."""
        return int(self.vectors.shape[1])

    @classmethod
    def fit(
        cls,
        said: pd.DataFrame,
        num_titles: int,
        *,
        dim: int,
        seed: int,
        labels: pd.Series[str] | None = None,
        texts: TextVectors | None = None,
        start: Bag | None = None,
    ) -> Bag:
        """Learn from what is `said` (row, relation, tag, weight) of titles.

        Args:
            said: one row a statement. A thing that only one title has makes nothing alike, and is left out.
            num_titles: n.
            dim: at most so many dimensions.
            seed: of the decomposition.
            labels: what identifiers are called, by identifier; others are called what they are.
            texts: gives vectors of labels; then things unheard of get vectors too.
            start: the bag of a catalogue much like this one; things that it knows keep their vectors, where those have
                as many dimensions.
        """
        keys = pd.MultiIndex.from_frame(said[["relation", "tag"]])
        codes, names = pd.factorize(keys, sort=True)
        counts = np.bincount(codes, minlength=len(names))
        described = said.groupby("relation")["row"].nunique()
        relation = names.get_level_values(0)
        weights = np.asarray(rarity(np.maximum(counts, 1), described.reindex(relation).to_numpy()), dtype=np.float32)
        kept = counts >= 2
        slot = np.cumsum(kept) - 1
        on = kept[codes]
        rows, columns = said["row"].to_numpy(np.int64)[on], slot[codes[on]]
        values = weights[kept][columns] * said["weight"].to_numpy(np.float32)[on]
        matrix = table(rows, columns, values, (num_titles, max(int(kept.sum()), 1)))
        tags = names.get_level_values(1)[kept]
        things = pd.DataFrame({"relation": relation[kept], "tag": tags, "label": tags})
        if labels is not None:
            things["label"] = things["tag"].map(labels).fillna(things["tag"])
        before = None if start is None else start.over(things, start.vectors)
        vectors = _loadings(matrix, dim, seed, before)[: len(things)]
        unheard = {str(name): float(rarity(2, count)) for name, count in described.items()}
        projection = None
        if texts is not None and len(things):
            x, size = texts(things["label"].tolist()), np.sqrt(counts[kept]).astype(np.float32)[:, None]
            gram = (x * size).T @ (x * size)
            gram[np.diag_indices_from(gram)] += _RIDGE * max(float(np.trace(gram)) / len(gram), 1e-9)
            projection = np.linalg.solve(gram, (x * size).T @ (vectors * size)).astype(np.float32)
        return cls(things=things, weights=weights[kept], vectors=vectors, relations=unheard, projection=projection)

    def over(self, things: pd.DataFrame, values: FloatArray) -> FloatArray:
        """What its own things have, `values` [V, d], for other `things` (relation, tag), [m, d]; zeros for new ones."""
        at = pd.MultiIndex.from_frame(self.things[["relation", "tag"]]).get_indexer(
            pd.MultiIndex.from_frame(things[["relation", "tag"]])
        )
        return np.where((at >= 0)[:, None], values[at], 0).astype(np.float32)

    def match(self, said: pd.DataFrame) -> IntArray:
        """Which of the V things each row of `said` (relation, tag) means, by identifier or by label; −1 for none."""
        if not len(said) or not len(self.things):
            return np.full(len(said), -1, dtype=np.int64)
        relation, tag = said["relation"].astype(str), said["tag"].astype(str)
        found = self._index.get_indexer(pd.Index(relation + "\t" + tag))
        lost = np.flatnonzero(found < 0)
        if len(lost):
            folded = tag.iloc[lost].map({name: fold(name) for name in tag.iloc[lost].unique()})
            found[lost] = self._index.get_indexer(pd.Index(relation.iloc[lost] + "\t\t" + folded))
        return np.where(found < 0, -1, self._targets[found]).astype(np.int64)

    def __call__(self, said: pd.DataFrame, num_titles: int, texts: TextVectors | None = None) -> FloatArray:
        """Vectors [num_titles, d] of length 1; zeros where nothing is said.

        Args:
            said: statements (row, relation, tag, weight).
            num_titles: how many titles rows may name.
            texts: gives vectors of words that are no known thing; without it they say nothing.
        """
        sums = np.zeros((num_titles, self.dim), dtype=np.float32)
        at, weight = self.match(said), said["weight"].to_numpy(np.float32)
        rows = said["row"].to_numpy(np.int64)
        known = at >= 0
        if known.any():
            sums += _mix(rows[known], at[known], weight[known] * self.weights[at[known]], self.vectors, num_titles)
        if texts is not None and self.projection is not None and not known.all():
            words, names = pd.factorize(said["tag"].astype(str).to_numpy()[~known])
            foreseen = texts([_words(name) for name in names]) @ self.projection
            usual = max(self.relations.values(), default=1.0)
            counts = said["relation"].map(self.relations).fillna(usual).to_numpy(np.float32)[~known]
            sums += _mix(rows[~known], words.astype(np.int64), weight[~known] * counts, foreseen, num_titles)
        return unit(sums)

    @cached_property
    def _keys(self) -> pd.DataFrame:
        """What a thing can be called: relation and identifier, the identifier, then the same of its label."""
        things = self.things.assign(at=np.arange(len(self.things)))
        frequent = things.iloc[np.argsort(self.weights, kind="stable")]  # the commonest thing of a name is meant
        label = {name: fold(name) for name in things["label"].unique()}
        ways = [
            (things["relation"] + "\t" + things["tag"], things),
            ("\t" + frequent["tag"], frequent),
            (frequent["relation"] + "\t\t" + frequent["label"].map(label), frequent),
            ("\t\t" + frequent["label"].map(label), frequent),
        ]
        keys = pd.concat([pd.DataFrame({"key": key.to_numpy(), "at": own["at"].to_numpy()}) for key, own in ways])
        return keys.drop_duplicates("key")

    @cached_property
    def _index(self) -> pd.Index[Any]:
        return pd.Index(self._keys["key"])

    @cached_property
    def _targets(self) -> IntArray:
        return self._keys["at"].to_numpy(np.int64)


def metadata(inputs: TitleInputs) -> pd.DataFrame:
    """Kind, year, runtime, countries and languages as statements; a year counts to the two nearest decades, in
    proportion, and a runtime to the two nearest lengths."""
    frame = inputs.metadata
    parts = [_multi(frame[name], name) for name in ("countries", "languages")]
    parts.append(_multi(frame["kind"].map(lambda kind: [kind] if isinstance(kind, str) else None), "kind"))
    parts.append(_between(frame["year"], "year", _DECADES))
    parts.append(_between(frame["runtime"], "runtime", _RUNTIMES))
    return pd.concat(parts, ignore_index=True)


def _multi(values: pd.Series[Any], name: str) -> pd.DataFrame:
    listed = [(row, value) for row, several in enumerate(values) if _is_list(several) for value in several]
    frame = pd.DataFrame(listed, columns=["row", "tag"]).astype({"row": np.int64, "tag": str})
    return frame.assign(relation=name, weight=np.float32(1))


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple, np.ndarray))


def _between(values: pd.Series[Any], name: str, steps: IntArray) -> pd.DataFrame:
    """A number as shares of the two steps that it lies between."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    rows = np.flatnonzero(np.isfinite(numbers))
    at = np.interp(numbers[rows], steps, np.arange(len(steps)))
    low = np.minimum(np.floor(at).astype(int), len(steps) - 2)
    parts = [
        pd.DataFrame({"row": rows, "tag": steps[low + side].astype(str), "relation": name, "weight": share})
        for side, share in ((0, 1 - (at - low)), (1, at - low))
    ]
    both = pd.concat(parts, ignore_index=True)
    return both[both["weight"] > 0].astype({"tag": str, "weight": np.float32})


def _words(name: str) -> str:
    """An identifier nobody knows, as words: `tag:lost-love` reads "lost love"."""
    prefix, colon, local = name.partition(":")
    return local.replace("-", " ").replace("_", " ") if colon and prefix.isalnum() and " " not in name else name


def _mix(rows: IntArray, at: IntArray, weights: FloatArray, vectors: FloatArray, num_titles: int) -> FloatArray:
    """Weighted sums of `vectors` [V, d] by row, float32 [num_titles, d], without scipy."""
    order = np.argsort(rows, kind="stable")
    sums = np.zeros((num_titles, vectors.shape[1]), dtype=np.float32)
    step = 1 << 16
    for start in range(0, len(order), step):
        part = order[start : start + step]
        own, first = np.unique(rows[part], return_index=True)
        sums[own] += np.add.reduceat(vectors[at[part]] * weights[part, None], first, axis=0)
    return sums


def _loadings(matrix: Any, dim: int, seed: int, start: FloatArray | None) -> FloatArray:
    """Vectors of the columns of a sparse matrix, whose rows are first scaled to length 1: V of its truncated SVD."""
    from embeddings.sparse import folded, right_vectors

    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    scaled = matrix.multiply(1 / np.maximum(lengths, 1e-9)[:, None]).tocsr()
    if start is not None and start.shape == (matrix.shape[1], min(dim, *matrix.shape)):
        return folded(scaled, start)
    return right_vectors(scaled, dim, seed=seed)
