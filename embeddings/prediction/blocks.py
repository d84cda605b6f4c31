"""How alike two titles are in one respect: inner products of centred vectors or bags.

Each block is centred on the mean of the titles that have it, so a title without it is the average title: that a value
is missing must say nothing by itself, because who is described at all predicts success.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embeddings.prediction.inputs import TitleInputs
from embeddings.views import FloatArray, IntArray, unit

Doubles = npt.NDArray[np.float64]

_MANY = 64  # titles from which a sparse product is worth importing scipy for


@dataclass(frozen=True, eq=False)
class VectorBlock:
    """Cosines about the mean.

    Attributes:
        mean: [d], of the learning titles that have a vector.
        rows: [n, d], the learning titles' vectors about it, of length 1; zeros where there is none.
    """

    mean: FloatArray
    rows: FloatArray

    @classmethod
    def of(cls, vectors: FloatArray) -> VectorBlock:
        """Learn from vectors [n, d]; rows of zeros are missing."""
        present = vectors.any(axis=1)
        mean = vectors[present].mean(axis=0) if present.any() else np.zeros(vectors.shape[1])
        return cls(np.asarray(mean, dtype=np.float32), _centred(vectors, mean))

    def centred(self, vectors: FloatArray) -> FloatArray:
        """Vectors [m, d] about the mean, of length 1; zeros where there is none."""
        return _centred(vectors, self.mean)

    def gram(self, vectors: FloatArray) -> Doubles:
        """Similarity [m, n] of titles with these vectors [m, d] to the learning ones."""
        return np.asarray(self.centred(vectors) @ self.rows.T, dtype=np.float64)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"mean": self.mean, "rows": self.rows.astype(np.float16)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> VectorBlock:
        return cls(arrays["mean"], arrays["rows"].astype(np.float32))


@dataclass(frozen=True, eq=False)
class BagBlock:
    """Cosines of bags whose items count by inverse document frequency (Spärck Jones, 1972), about the mean bag.

    Attributes:
        items: what the learning titles' bags hold, in order, [v].
        rarity: inverse document frequency of each, [v]; that of an item never met is the largest.
        mean: the mean bag, [v].
        rows, columns, values: the learning titles' bags, each of length 1, [entries].
        present: which learning titles have a bag, bool [n].
    """

    items: npt.NDArray[np.str_]
    rarity: Doubles
    mean: Doubles
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    values: Doubles
    present: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, bag: pd.DataFrame, count: int) -> BagBlock:
        """Learn from the bags of `count` titles (row, item)."""
        names, columns = np.unique(bag["item"].to_numpy(dtype=str), return_inverse=True)
        rows = bag["row"].to_numpy(np.int64)
        present = np.bincount(rows, minlength=count) > 0
        total = int(present.sum())
        rarity = np.log((1 + total) / (1 + np.bincount(columns, minlength=len(names)))) + 1
        weights = rarity[columns]
        lengths = np.sqrt(np.bincount(rows, weights=weights**2, minlength=count))
        values = weights / lengths[rows]
        mean = np.bincount(columns, weights=values, minlength=len(names)) / max(total, 1)
        return cls(names, rarity, mean, rows, columns.astype(np.int64), values, present)

    def gram(self, bag: pd.DataFrame, count: int) -> Doubles:
        """Similarity [m, n] of `count` titles with these bags (row, item) to the learning ones."""
        if bag.empty or not len(self.items):
            return np.zeros((count, len(self.present)))
        items = bag["item"].to_numpy(dtype=str)
        at = np.minimum(np.searchsorted(self.items, items), len(self.items) - 1)
        known = self.items[at] == items
        rows = bag["row"].to_numpy(np.int64)
        weights = np.where(known, self.rarity[at], self.rarity.max())
        lengths = np.sqrt(np.bincount(rows, weights=weights**2, minlength=count))
        own_mean = self.mean @ self.mean
        to_mean = np.bincount(
            self.rows, weights=self.values * self.mean[self.columns], minlength=len(self.present)
        )  # [n]
        mine = known & (lengths[rows] > 0)
        own = rows[mine], at[mine], weights[mine] / lengths[rows[mine]]
        to_own_mean = np.bincount(own[0], weights=own[2] * self.mean[own[1]], minlength=count)  # [m]
        inner = self._inner(*own, count)
        shown = self.present[None, :] & (lengths > 0)[:, None]
        return np.where(shown, inner - to_own_mean[:, None] - to_mean + own_mean, 0)

    def _inner(self, rows: IntArray, columns: IntArray, values: Doubles, count: int) -> Doubles:
        """Inner products [count, n] of sparse rows with the learning titles' bags."""
        n, v = len(self.present), len(self.items)
        if count > _MANY:
            try:
                from scipy.sparse import csr_array
            except ImportError:  # a bare installation takes longer
                pass
            else:
                make: Any = csr_array
                asked = make((values, (rows, columns)), shape=(count, v))
                return np.asarray((asked @ make((self.values, (self.rows, self.columns)), shape=(n, v)).T).toarray())
        inner = np.zeros((count, n))
        for row in np.unique(rows).tolist():
            full = np.zeros(v)
            full[columns[rows == row]] = values[rows == row]
            inner[row] = np.bincount(self.rows, weights=self.values * full[self.columns], minlength=n)
        return inner

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Its arrays for a file; items as UTF-8, each ended by a zero byte."""
        text = "".join(f"{item}\0" for item in self.items.tolist()).encode()
        return {
            "items": np.frombuffer(text, dtype=np.uint8),
            "rarity": self.rarity,
            "mean": self.mean,
            "rows": self.rows.astype(np.int32),
            "columns": self.columns.astype(np.int32),
            "values": self.values.astype(np.float32),
            "present": self.present,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> BagBlock:
        items = np.array(arrays["items"].tobytes().decode().split("\0")[:-1], dtype=str)
        return cls(
            items,
            arrays["rarity"],
            arrays["mean"],
            arrays["rows"].astype(np.int64),
            arrays["columns"].astype(np.int64),
            arrays["values"].astype(np.float64),
            arrays["present"],
        )


@dataclass(frozen=True, eq=False)
class Blocks:
    """Every respect in which titles are compared, by name; vectors first, both in alphabetical order."""

    vectors: Mapping[str, VectorBlock]
    bags: Mapping[str, BagBlock]

    @classmethod
    def of(cls, inputs: TitleInputs) -> Blocks:
        """Learn from titles; a respect in which none of them has anything is left out."""
        vectors = {k: VectorBlock.of(v) for k, v in sorted(inputs.vectors.items()) if v.any()}
        bags = {k: BagBlock.of(v, inputs.count) for k, v in sorted(inputs.bags.items()) if len(v)}
        return cls(vectors, bags)

    @property
    def names(self) -> tuple[str, ...]:
        """The order of the Gram matrices."""
        return (*self.vectors, *self.bags)

    def side_by_side(self, inputs: TitleInputs) -> FloatArray:
        """All vectors of titles about their means, [m, Σ d]; where nobody has any, one column of zeros."""
        parts = [
            block.centred(inputs.vectors[name]) if name in inputs.vectors else np.zeros((inputs.count, len(block.mean)))
            for name, block in self.vectors.items()
        ]
        return np.asarray(np.concatenate(parts or [np.zeros((inputs.count, 1))], axis=1), dtype=np.float32)

    def grams(self, inputs: TitleInputs) -> list[Doubles]:
        """Similarity [m, n] of m titles to the n learning ones, one matrix a block."""
        nothing = pd.DataFrame({"row": [], "item": []})
        missing = np.zeros((inputs.count, 1), dtype=np.float32)
        vectors = [
            block.gram(inputs.vectors[name])
            if name in inputs.vectors
            else block.gram(np.broadcast_to(missing, (inputs.count, len(block.mean))))
            for name, block in self.vectors.items()
        ]
        return vectors + [block.gram(inputs.bags.get(name, nothing), inputs.count) for name, block in self.bags.items()]


def _centred(vectors: FloatArray, mean: npt.NDArray[Any]) -> FloatArray:
    present = vectors.any(axis=1, keepdims=True)
    return np.asarray(np.where(present, unit(vectors - mean), 0), dtype=np.float32)
