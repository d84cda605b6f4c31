"""Things that have facts and vectors: entities of the release by their position, and titles that it does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Drafted:
    """A title that the release does not hold.

    Attributes:
        id, label: what it is called.
        vectors: a vector of length 1, float32 [d], for each view in which it has one.
        relations, entities: its facts [f], of which it is the head, sorted by relation (number) and tail (position).
        learnt: which of these facts its vectors were made from, bool [f].
        kind: "film", "series" or None.
        launch: None where it is not known.
    """

    id: str
    label: str
    vectors: Mapping[str, npt.NDArray[np.float32]]
    relations: npt.NDArray[np.int16]
    entities: npt.NDArray[np.int32]
    learnt: npt.NDArray[np.bool_]
    kind: str | None = None
    launch: date | None = None


#: An entity by position, or a title that the release does not hold.
Node = int | Drafted
