"""Both sides of every fact as questions, and a sparse index from each question to its known answers.

A fact (h, r, t) answers two questions: (h, r) → t, and (t, r + R) → h, where r + R is the reciprocal of r. Directed
relations are thus numbered 0 … 2R−1 everywhere in this package.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from embeddings.graph.triples import BoolArray, IntArray, Triples


@dataclass(frozen=True, eq=False)
class Questions:
    """n facts as 2n questions: the tail sides first, then the head sides.

    Attributes:
        entities: the known entity of each question, int64 [2n].
        relations: its directed relation, int64 [2n], in 0 … 2R−1.
        answers: the entity asked for, int64 [2n].
    """

    entities: IntArray
    relations: IntArray
    answers: IntArray

    @classmethod
    def of(cls, triples: Triples) -> Questions:
        """Both sides of each fact."""
        return cls(
            np.concatenate([triples.heads, triples.tails]),
            np.concatenate([triples.relations, triples.relations + triples.num_relations]),
            np.concatenate([triples.tails, triples.heads]),
        )

    def __len__(self) -> int:
        return len(self.entities)

    def __getitem__(self, at: slice) -> Questions:
        return Questions(self.entities[at], self.relations[at], self.answers[at])

    def codes(self, num_directed: int) -> IntArray:
        """One number for each (entity, directed relation) pair, int64 [2n]."""
        return self.entities * num_directed + self.relations


@dataclass(frozen=True, eq=False)
class Answers:
    """Known answers of every question, in compressed sparse rows, built once.

    Attributes:
        codes: the Q distinct questions in ascending order, int64 [Q].
        offsets: answers of question i are entities[offsets[i]:offsets[i + 1]], int64 [Q + 1].
        entities: the answers, ascending and distinct within a question, int64 [m].
    """

    codes: IntArray
    offsets: IntArray
    entities: IntArray

    @classmethod
    def of(cls, questions: Questions, num_directed: int) -> Answers:
        """Index the answers of `questions`; a fact given twice counts once."""
        codes = questions.codes(num_directed)
        order = np.lexsort((questions.answers, codes))
        codes, entities = codes[order], questions.answers[order]
        fresh = np.ones(len(codes), dtype=bool)  # drop repeated facts
        fresh[1:] = (codes[1:] != codes[:-1]) | (entities[1:] != entities[:-1])
        codes, entities = codes[fresh], entities[fresh]
        starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])) if len(codes) else np.zeros(0, np.int64)
        return cls(codes[starts], np.append(starts, len(codes)).astype(np.int64), entities)

    def of_rows(self, codes: IntArray) -> tuple[IntArray, IntArray]:
        """Known answers of a batch of questions, as coordinates.

        Args:
            codes: questions, int64 [B]; unknown ones have no answers.

        Returns:
            rows int64 [k] in 0 … B−1, ascending, and entities int64 [k].
        """
        if not len(self.codes):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        at = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        starts = self.offsets[at]
        counts = np.where(self.codes[at] == codes, self.offsets[at + 1] - starts, 0)
        rows, positions = ragged(starts, counts)
        return rows, self.entities[positions]


def ragged(starts: IntArray, counts: IntArray) -> tuple[IntArray, IntArray]:
    """Rows and positions of the concatenated ranges starts[i] … starts[i] + counts[i] − 1.

    >>> ragged(np.array([5, 0]), np.array([2, 1]))
    (array([0, 0, 1]), array([5, 6, 0]))
    """
    rows = np.repeat(np.arange(len(starts)), counts)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rows, np.repeat(starts, counts) + within


def seen(triples: Triples) -> BoolArray:
    """Which entities take part in any of these facts, bool [E]."""
    return triples.degrees() > 0
