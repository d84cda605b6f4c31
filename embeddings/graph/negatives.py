"""Negatives: distinct entities drawn once a step and shared by all its questions."""

from __future__ import annotations

import numpy as np

from embeddings.graph.answers import seen
from embeddings.graph.errors import SettingsError
from embeddings.graph.settings import GraphSettings
from embeddings.graph.triples import BoolArray, IntArray, Triples

Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]


class NegativeSampler:
    """Draws the entities that a step's positives must beat, among those that have facts.

    Row numbers are append-only: a table may have many rows that no fact mentions, and beating those teaches nothing.

    Args:
        triples: the training facts, for degrees and types.
        settings: resolved settings; `negatives` is the number drawn, `sampling` the distribution.

    Raises:
        SettingsError: negatives of the right type are asked for, but the triples have no types.
    """

    def __init__(self, triples: Triples, settings: GraphSettings) -> None:
        self._pool = np.flatnonzero(seen(triples))
        self.num_entities = len(self._pool)
        self.count = min(settings.negatives or 1024, self.num_entities)
        self._cumulative: Doubles | None = None
        self._log_weights: Doubles | None = None
        self._slots = np.full(triples.num_entities, -1, dtype=np.int64)  # entity → column, −1: not drawn
        if settings.sampling == "degree" and self.count < self.num_entities:
            weights = triples.degrees()[self._pool] ** 0.75
            chances = (weights / weights.sum() + 1 / self.num_entities) / 2
            self._cumulative = np.cumsum(chances)
            self._log_weights = np.zeros(triples.num_entities)
            self._log_weights[self._pool] = -np.log(-np.expm1(self.count * np.log1p(-chances)))
        if settings.sampling == "typed" and triples.types is None:
            raise SettingsError("sampling", "typed", "another one for triples without types")
        types = triples.types if settings.sampling == "typed" else None
        self._codes: IntArray | None = None if types is None else types.codes
        self._allowed: BoolArray | None = None if types is None else types.allowed()

    def draw(self, rng: np.random.Generator) -> IntArray:
        """Distinct entities, int64 [N]; fewer than asked for only where degree sampling repeats itself."""
        if self.count == self.num_entities:
            return self._pool
        if self._cumulative is None:
            return self._pool[rng.choice(self.num_entities, size=self.count, replace=False, shuffle=False)]
        drawn = np.searchsorted(self._cumulative, rng.random(self.count))
        return self._pool[np.unique(np.minimum(drawn, self.num_entities - 1))]

    def log_weights(self, negatives: IntArray) -> Doubles:
        """Log of how many entities each of the drawn stands for, float64 [N]: −log of its chance to be drawn."""
        if self._log_weights is None:
            return np.full(len(negatives), np.log(self.num_entities / self.count))
        return self._log_weights[negatives]

    def hits(self, negatives: IntArray, rows: IntArray, entities: IntArray) -> tuple[IntArray, IntArray]:
        """Where known answers stand among the negatives.

        Args:
            negatives: int64 [N].
            rows, entities: known answers as coordinates, int64 [K] each.

        Returns:
            rows and columns of the [B, N] score matrix that are no true negatives, int64 [k] each.
        """
        self._slots[negatives] = np.arange(len(negatives))
        columns = self._slots[entities]
        self._slots[negatives] = -1
        hit = columns >= 0
        return rows[hit], columns[hit]

    def wrong_types(self, negatives: IntArray, relations: IntArray) -> BoolArray | None:
        """Which negatives a question's relation does not allow as an answer, bool [B, N]; None: not asked for."""
        if self._codes is None or self._allowed is None:
            return None
        return ~self._allowed[relations[:, None], self._codes[negatives][None, :]]
