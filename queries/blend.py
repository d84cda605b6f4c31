"""Between titles: what is near to several at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from embeddings.best import top
from queries.asked import Asked
from queries.entities import Entities
from queries.errors import EmptyQuestion
from queries.evidence import Evidence
from queries.filters import Filters
from queries.search import Search
from queries.similar import note, query_of, ranked
from queries.vectors import Vectors
from queries.weights import ViewNames, weights_of


class Blend:
    """Answers :meth:`queries.space.TitleSpace.blend`."""

    def __init__(self, entities: Entities, vectors: Vectors, filters: Filters, evidence: Evidence) -> None:
        self._entities, self._vectors, self._filters, self._evidence = entities, vectors, filters, evidence
        self._search = Search(vectors)

    def __call__(
        self, asked: Asked, k: int, view: ViewNames, where: Mapping[str, Any] | None, *, evidence: bool
    ) -> pd.DataFrame:
        """Titles ordered by their least standardised similarity to the titles asked about.

        The mean of two vectors would do for near titles; of far ones, what is very near to the first alone comes first.
        The least similarity lets no title in that is far from one of them. It is standardised over all titles, because
        a similarity of .5 is much to one title and little to another that has its likes all around.
        """
        if len(asked) < 2:
            raise EmptyQuestion("A blend needs at least two titles.")
        weights = weights_of(self._vectors, view)
        query, has = query_of(asked, weights)
        asked.require(has, " + ".join(weights))
        present = np.logical_or.reduce([self._vectors.present(name) for name in weights])
        allowed = present.copy()
        allowed[asked.positions[asked.positions >= 0]] = False
        scores = self._search.scores(query)  # [n, T]
        usual = scores[:, allowed] if allowed.any() else scores
        spread = np.maximum(usual.std(axis=1, keepdims=True), 1e-6)
        least = ((scores - usual.mean(axis=1, keepdims=True)) / spread).min(axis=0)  # [T]
        worth = np.where(allowed & self._filters(where), least, np.float32(-np.inf))
        found = top(worth, k)
        found = found[np.isfinite(worth[found])]
        frame = ranked(self._entities, [(found, scores[:, found].min(axis=0))])
        for i in range(len(asked)):
            frame[f"similarity_{i + 1}"] = scores[i, found]
        if evidence:
            name = next(iter(weights)) if len(weights) == 1 else "fused"
            frame["evidence"] = pd.array([self._both(asked, other, name) for other in found.tolist()], dtype="str")
        frame.attrs["titles"] = asked.labels
        note(frame, self._vectors, weights)
        return frame

    def _both(self, asked: Asked, other: int, view: str) -> str:
        parts = zip(asked.labels, asked.nodes, strict=True)
        return " | ".join(f"{label}: {self._evidence.sentence(node, other, view)}" for label, node in parts)
