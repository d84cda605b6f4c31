"""What is known of a title before anybody has watched it: vectors, and bags of tags, people and places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from embeddings.views import FloatArray, IntArray

#: The bag of people, and that of how their names are spelt.
PEOPLE, NAMES = "people", "names"


@dataclass(frozen=True, kw_only=True, eq=False)
class TitleInputs:
    """n titles as a model of audiences sees them. Whatever is missing is simply not there: it counts as average.

    Attributes:
        count: n.
        vectors: by name, float32 [n, d]; rows of zeros where a title has none.
        bags: by name, a frame of row (0 … n − 1) and item.
    """

    count: int
    vectors: Mapping[str, FloatArray] = field(default_factory=dict)
    bags: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __getitem__(self, rows: IntArray) -> TitleInputs:
        """The titles `rows`, int64 [m], in that order."""
        vectors = {name: np.asarray(values[rows]) for name, values in self.vectors.items()}
        new = pd.DataFrame({"row": rows, "_new": np.arange(len(rows))})
        bags = {
            name: new.merge(frame, on="row")[["_new", "item"]].rename(columns={"_new": "row"})
            for name, frame in self.bags.items()
        }
        return TitleInputs(count=len(rows), vectors=vectors, bags=bags)

    def without(self, *names: str) -> TitleInputs:
        """Everything but the vectors and bags of these names."""
        return TitleInputs(
            count=self.count,
            vectors={name: values for name, values in self.vectors.items() if name not in names},
            bags={name: frame for name, frame in self.bags.items() if name not in names},
        )


def bag(rows: IntArray, items: Sequence[str] | npt.NDArray[Any]) -> pd.DataFrame:
    """A bag: distinct pairs of row and item, in order."""
    codes, distinct = pd.factorize(np.asarray(items, dtype=object), sort=True)
    return _pairs(rows, codes, distinct)


def _pairs(rows: IntArray, codes: IntArray, items: npt.NDArray[Any]) -> pd.DataFrame:
    """Distinct pairs of a row and one of the distinct `items`, in order; `codes` say which of them, one a row."""
    pairs = np.sort(np.asarray(rows, dtype=np.int64) * max(len(items), 1) + codes)
    pairs = pairs[np.flatnonzero(np.diff(pairs, prepend=-1))]  # np.unique hashes, ten times as slow for millions
    own, which = np.divmod(pairs, max(len(items), 1))
    return pd.DataFrame({"row": own, "item": pd.array(items, dtype="str").take(which)})


def spelling(rows: IntArray, names: Sequence[str] | npt.NDArray[Any]) -> pd.DataFrame:
    """A bag of the letters that follow each other in names, two to four of them, beginnings and ends of words marked.

    How people's names are spelt tells where a title comes from, also where nobody in it has been seen before.
    """
    at, unique = pd.factorize(np.asarray(names, dtype=object))
    grams = [_grams(name) for name in unique.tolist()]
    many = np.array([len(some) for some in grams], dtype=np.int64)
    codes, distinct = pd.factorize(np.array([gram for some in grams for gram in some], dtype=object), sort=True)
    own = np.repeat(np.cumsum(many)[at] - many[at], many[at])  # where the grams of each name begin
    within = np.arange(len(own)) - np.repeat(np.cumsum(many[at]) - many[at], many[at])
    return _pairs(np.repeat(rows, many[at]), codes[own + within], distinct)


def _grams(name: str) -> list[str]:
    words = [f"^{word}$" for word in name.lower().split()]
    return [word[i : i + n] for word in words for n in (2, 3, 4) for i in range(len(word) - n + 1)]
