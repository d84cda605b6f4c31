"""A view: one vector a title, for those titles that have what it is made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """Vectors of n titles.

    Attributes:
        name: what the view is called.
        vectors: float32 [n, d]; rows of absent titles are zero.
        present: which titles have a vector, bool [n].
        made_from: in words, what the vectors come from.
        simulated: whether any of that never happened (generated viewers or audiences).
    """

    name: str
    vectors: FloatArray
    present: BoolArray
    made_from: str = ""
    simulated: bool = False

    @property
    def dim(self) -> int:
        """d."""
        return int(self.vectors.shape[1])


def unit(vectors: npt.NDArray[Any]) -> FloatArray:
    """Rows scaled to length 1, float32; rows of (nearly) zero length become zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-6), dtype=np.float32)


def view(name: str, vectors: npt.NDArray[Any], made_from: str, *, simulated: bool = False) -> View:
    """A view of rows of length 1; rows of zeros are the titles without a vector."""
    scaled = unit(vectors)
    return View(
        name=name, vectors=scaled, present=np.asarray(scaled.any(axis=1)), made_from=made_from, simulated=simulated
    )
