"""Filtered ranks of many questions at once, by matrix products.

For a question's query q the candidates are ordered by ‖e‖² − 2 q·e, which orders them as −‖q − e‖ does: no root, no
B × E × d array. Known answers are not masked: the ones better than or equal to the answer are counted through a sparse
index and taken off. Candidates that don't fit are streamed in blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embeddings.graph.answers import Answers, Questions
from embeddings.graph.triples import BoolArray, FloatArray, IntArray

#: Scores held at a time: 128 MiB. Candidates that don't fit beside each other are multiplied twice, and few questions
#: at a time take longer for each.
_BLOCK = 1 << 25


@dataclass(frozen=True, eq=False)
class Ranks:
    """Ranks of n questions, float64 [n] each; infinite for a miss.

    Attributes:
        optimistic: 1 + the number of better candidates.
        pessimistic: 1 + the number of other candidates at least as good.
        candidates: how many candidates each was ranked among, itself included, int64 [n].
    """

    optimistic: np.ndarray[tuple[int], np.dtype[np.float64]]
    pessimistic: np.ndarray[tuple[int], np.dtype[np.float64]]
    candidates: IntArray

    @property
    def realistic(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The mean of both: the expected rank where ties are broken at random."""
        return (self.optimistic + self.pessimistic) / 2

    def __getitem__(self, at: BoolArray | IntArray | slice) -> Ranks:
        return Ranks(self.optimistic[at], self.pessimistic[at], self.candidates[at])


class Ranker:
    """Ranks answers among entities, given vectors and what is known to be true.

    Candidates stand type by type, so that one product counts the better ones of every type: those that a relation
    allows and all of them are sums of these counts.

    Args:
        entities: float32 [E, d].
        directed_relations: float32 [2R, d].
        known: every known answer, those of the ranked questions included; built once, used for many.
        similarity: "l2" or "dot".
        allowed: which entities may answer each directed relation, as (allowed types bool [2R, T], codes int64 [E]);
            None: all.
        candidates: rows that may be an answer at all, bool [E]; None: all.
        unseen: rows that come last whatever their vectors, because no training moved them, bool [E]; None: none.
        block: the most scores held in memory at a time.
    """

    def __init__(
        self,
        entities: FloatArray,
        directed_relations: FloatArray,
        known: Answers,
        *,
        similarity: str = "l2",
        allowed: tuple[BoolArray, IntArray] | None = None,
        candidates: BoolArray | None = None,
        unseen: BoolArray | None = None,
        block: int = _BLOCK,
    ) -> None:
        self.entities, self.relations, self.known, self.block = entities, directed_relations, known, block
        if allowed is None:  # as if all were of one type
            allowed = np.ones((len(directed_relations), 1), dtype=bool), np.zeros(len(entities), dtype=np.int64)
        self._allowed, self._codes = allowed
        pool = np.arange(len(entities)) if candidates is None else np.flatnonzero(candidates)
        pool = pool[np.argsort(self._codes[pool], kind="stable")]
        self._sizes = np.bincount(self._codes[pool], minlength=self._allowed.shape[1])  # candidates by type, [T]
        self._ends = np.cumsum(self._sizes)
        self._column = np.full(len(entities), -1, dtype=np.int64)  # entity → column
        self._column[pool] = np.arange(len(pool))
        self._table = entities[pool].T  # [d, C]
        self._offset = np.zeros(len(entities), np.float32)  # an entity's own part of its key, [E]
        if similarity == "l2":
            self._offset = np.einsum("ed,ed->e", entities, entities)
        if unseen is not None:
            self._offset[unseen] = np.inf
        self._offsets = self._offset[pool]
        self._factor = np.float32(-2.0 if similarity == "l2" else -1.0)

    def rank(self, questions: Questions) -> tuple[Ranks, Ranks]:
        """Filtered ranks of every question among all candidates, and among those of an allowed type.

        The answer itself always takes part.
        """
        rows = min(512, self.block // max(1, len(self._offsets)))  # B, so that B × C fits
        rows = rows if rows >= 64 else min(64, self.block)  # or, where that is few, candidates come in blocks
        width = max(1, min(len(self._offsets), self.block // rows))
        parts = [self._counts(questions[at : at + rows], width) for at in range(0, len(questions), rows)]
        none = np.zeros((3, 0, len(self._sizes)), dtype=np.int64)
        better, at_most, known = np.concatenate([none, *parts], axis=1)  # [n, T]

        def among(types: BoolArray) -> Ranks:
            own = (self._column[questions.answers] >= 0) & types[np.arange(len(types)), self._codes[questions.answers]]
            ahead, level, out = ((counts * types).sum(axis=1) for counts in (better, at_most, known))
            return Ranks(1.0 + ahead, 1.0 + level - own, types @ self._sizes - out + ~own)

        fits = self._allowed[questions.relations]
        return among(np.ones_like(fits)), among(fits)

    def _counts(self, questions: Questions, width: int) -> IntArray:
        """By type of candidate [3, B, T]: how many are better, how many at least as good, the answer itself included,
        without other known answers; and how many of these there are."""
        answers, size = questions.answers, len(questions)
        queries = self.entities[questions.entities] + self.relations[questions.relations]  # [B, d]
        queries *= self._factor
        rows, known = self.known.of_rows(questions.codes(len(self.relations)))
        rival = (known != answers[rows]) & (self._column[known] >= 0)  # other known answers: not counted
        rows, known = rows[rival], known[rival]
        columns, own = self._column[known], self._column[answers]

        blocks = [slice(low, low + width) for low in range(0, len(self._offsets), width)]
        target = np.einsum("bd,bd->b", queries, self.entities[answers]) + self._offset[answers]
        keys = np.empty((size, 0), dtype=np.float32)
        for block in blocks:  # the answer's key as the product gives it, so that it equals itself
            keys = self._keys(queries, block)
            inside = (own >= block.start) & (own < block.stop)
            target[inside] = keys[inside, own[inside] - block.start]
        target = target[:, None]  # [B, 1]
        counts = np.zeros((3, size, len(self._sizes)), dtype=np.int64)
        for block in blocks:
            if len(blocks) > 1:
                keys = self._keys(queries, block)
            inside = (columns >= block.start) & (columns < block.stop)
            hits, filtered = rows[inside], keys[rows[inside], columns[inside] - block.start]  # [K]
            types = self._codes[known[inside]]
            for count, precedes in zip(counts, (np.less, np.less_equal), strict=False):
                self._tally(count, precedes(keys, target), block.start)
                taken = precedes(filtered, target[hits, 0])
                np.subtract.at(count, (hits[taken], types[taken]), 1)
        np.add.at(counts[2], (rows, self._codes[known]), 1)
        return counts

    def _tally(self, counts: IntArray, marked: BoolArray, start: int) -> None:
        """Add to counts [B, T] how many columns of each type are marked, bool [B, C] from column `start` on."""
        ends = np.clip(self._ends - start, 0, marked.shape[1])
        for number in np.flatnonzero(np.diff(ends, prepend=0)):
            low = ends[number - 1] if number else 0
            counts[:, number] += marked[:, low : ends[number]].view(np.int8).sum(1, dtype=np.int32)

    def _keys(self, queries: FloatArray, block: slice) -> FloatArray:
        keys: FloatArray = queries @ self._table[:, block]  # [B, C]
        keys += self._offsets[block]
        return keys


def misses(ranks: Ranks, missed: BoolArray) -> Ranks:
    """The same ranks with infinity where `missed`."""
    return Ranks(
        np.where(missed, np.inf, ranks.optimistic), np.where(missed, np.inf, ranks.pessimistic), ranks.candidates
    )
