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
        self.entities, self.relations, self.known = entities, directed_relations, known
        self.allowed, self.candidates, self.block = allowed, candidates, block
        self._offset = np.zeros(len(entities), np.float32)  # candidate's own part of its key, [E]
        if similarity == "l2":
            self._offset = np.einsum("ed,ed->e", entities, entities)
        if unseen is not None:
            self._offset[unseen] = np.inf
        self._factor = np.float32(-2.0 if similarity == "l2" else -1.0)

    def rank(self, questions: Questions) -> Ranks:
        """Filtered ranks of every question, among all candidates or those of an allowed type."""
        if self.allowed is None:
            return self._rank(questions, self.candidates)
        optimistic, pessimistic = np.empty(len(questions)), np.empty(len(questions))
        candidates = np.empty(len(questions), dtype=np.int64)
        types, codes = self.allowed
        signatures, group = np.unique(types[questions.relations], axis=0, return_inverse=True)
        for number, signature in enumerate(signatures):  # questions that share their allowed types
            at = np.flatnonzero(group.ravel() == number)
            part = Questions(questions.entities[at], questions.relations[at], questions.answers[at])
            fits = signature[codes]
            ranks = self._rank(part, fits if self.candidates is None else fits & self.candidates)
            optimistic[at], pessimistic[at], candidates[at] = ranks.optimistic, ranks.pessimistic, ranks.candidates
        return Ranks(optimistic, pessimistic, candidates)

    def _rank(self, questions: Questions, among: BoolArray | None) -> Ranks:
        """Ranks among the entities marked in `among` [E]; the answer itself always takes part."""
        pool = np.arange(len(self.entities)) if among is None else np.flatnonzero(among)
        table = (self.entities if among is None else self.entities[pool]).T  # [d, C]
        offset = self._offset if among is None else self._offset[pool]
        column = np.full(len(self.entities), -1, dtype=np.int64)  # entity → column
        column[pool] = np.arange(len(pool))
        rows = min(512, self.block // max(1, len(pool)))  # B, so that B × C fits
        rows = rows if rows >= 64 else min(64, self.block)  # or, where that is few, candidates come in blocks
        width = max(1, min(len(pool), self.block // rows))
        parts = [
            self._batch(questions, slice(at, at + rows), table, offset, column, width)
            for at in range(0, len(questions), rows)
        ]
        if not parts:
            return Ranks(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
        better, equal, out = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Ranks(1.0 + better, 1.0 + better + equal, len(pool) - out)

    def _batch(
        self,
        questions: Questions,
        at: slice,
        table: FloatArray,
        offset: FloatArray,
        column: IntArray,
        width: int,
    ) -> tuple[IntArray, IntArray, IntArray]:
        """How many candidates are better, how many others are equal, how many of the pool don't count, [B] each."""
        answers = questions.answers[at]
        size = len(answers)
        queries = self.entities[questions.entities[at]] + self.relations[questions.relations[at]]  # [B, d]
        queries *= self._factor
        codes = questions.entities[at] * len(self.relations) + questions.relations[at]
        rows, known = self.known.of_rows(codes)
        rival = known != answers[rows]  # other known answers: not counted
        rows, columns = rows[rival], column[known[rival]]
        rows, columns = rows[columns >= 0], columns[columns >= 0]
        own = column[answers]  # −1: the answer is not of an allowed type

        blocks = [slice(low, low + width) for low in range(0, table.shape[1], width)]
        target = np.einsum("bd,bd->b", queries, self.entities[answers]) + self._offset[answers]
        keys = np.empty((size, 0), dtype=np.float32)
        for block in blocks:  # the answer's key as the product gives it, so that it equals itself
            keys = self._keys(queries, table, offset, block)
            inside = (own >= block.start) & (own < block.stop)
            target[inside] = keys[inside, own[inside] - block.start]
        target = target[:, None]  # [B, 1]
        better, at_most = np.zeros(size, np.int64), np.zeros(size, np.int64)
        for block in blocks:
            if len(blocks) > 1:
                keys = self._keys(queries, table, offset, block)
            better += (keys < target).view(np.int8).sum(1, dtype=np.int32)
            at_most += (keys <= target).view(np.int8).sum(1, dtype=np.int32)
            inside = (columns >= block.start) & (columns < block.stop)
            hits = rows[inside]
            filtered = keys[hits, columns[inside] - block.start]  # [K]
            better -= np.bincount(hits[filtered < target[hits, 0]], minlength=size)
            at_most -= np.bincount(hits[filtered <= target[hits, 0]], minlength=size)
        equal = at_most - better - (own >= 0)
        return better, equal, np.bincount(rows, minlength=size) - (own < 0)

    def _keys(self, queries: FloatArray, table: FloatArray, offset: FloatArray, block: slice) -> FloatArray:
        keys: FloatArray = queries @ table[:, block]  # [B, C]
        keys += offset[block]
        return keys


def misses(ranks: Ranks, missed: BoolArray) -> Ranks:
    """The same ranks with infinity where `missed`."""
    return Ranks(
        np.where(missed, np.inf, ranks.optimistic), np.where(missed, np.inf, ranks.pessimistic), ranks.candidates
    )
