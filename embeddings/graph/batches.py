"""Steps of an epoch: questions with some of their answers, dealt out at random.

Facts are grouped by question, because the negatives' share of the work is paid once a question, not once a fact. A
hub's answers are split into rows of at most `answers`, so that no step is all about one hub.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from embeddings.graph.answers import Answers, Questions, ragged
from embeddings.graph.triples import FloatArray, IntArray, Triples


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """One step's B questions and their P answers.

    Attributes:
        entities, relations: the questions, int64 [B] each; relations are directed, 0 … 2R−1.
        rows: which question each answer belongs to, int64 [P], ascending.
        answers: the positive entities, int64 [P].
        weights: what each answer counts, float32 [P], or None for 1.
        known_rows, known_entities: every known answer of the questions, as coordinates, int64 [K] each.
    """

    entities: IntArray
    relations: IntArray
    rows: IntArray
    answers: IntArray
    weights: FloatArray | None
    known_rows: IntArray
    known_entities: IntArray


class TrainingQuestions:
    """Both sides of all training facts, ready to be dealt into steps.

    Args:
        triples: the training facts.
        extra: more facts that are known to be true and therefore no negatives (their answers are not trained on).
    """

    def __init__(self, triples: Triples, *, extra: Triples | None = None) -> None:
        self.num_directed = 2 * triples.num_relations
        questions = Questions.of(triples)
        codes = questions.codes(self.num_directed)
        order = np.argsort(codes, kind="stable")
        self._codes = codes[order]
        self._answers = questions.answers[order]
        weights = None if triples.weights is None else np.concatenate([triples.weights, triples.weights])
        self._weights = None if weights is None else weights[order]
        fresh = np.append(True, self._codes[1:] != self._codes[:-1]) if len(codes) else np.zeros(0, dtype=bool)
        self._starts = np.flatnonzero(fresh)
        self._counts = np.diff(np.append(self._starts, len(codes)))
        self._group = np.repeat(np.arange(len(self._starts)), self._counts)  # question of each fact, [2n]
        self.known = Answers.of(questions, self.num_directed)
        if extra is not None:
            both = [questions, Questions.of(extra)]
            columns = ("entities", "relations", "answers")
            merged = Questions(*(np.concatenate([getattr(part, name) for part in both]) for name in columns))
            self.known = Answers.of(merged, self.num_directed)

    def __len__(self) -> int:
        """The number 2n of directed facts."""
        return len(self._codes)

    def epoch(self, rng: np.random.Generator, *, batch_size: int, answers: int) -> Iterator[Batch]:
        """Every directed fact once, in random order, as steps of about `batch_size` questions.

        Args:
            rng: the epoch's source of randomness.
            batch_size: the most questions B a step.
            answers: the most answers of one question that share a row.
        """
        # a random order within each question: sort by (question, random number)
        order = np.argsort(self._group + rng.random(len(self)))
        within = np.arange(len(self)) - np.repeat(self._starts, self._counts)
        starts = np.flatnonzero(within % answers == 0)  # first fact of each row
        counts = np.diff(np.append(starts, len(self)))
        row_codes = self._codes[starts]
        deal = rng.permutation(len(starts))
        steps = max(1, -(-len(starts) // batch_size))
        for step in range(steps if len(starts) else 0):
            chosen = deal[step::steps]
            rows, positions = ragged(starts[chosen], counts[chosen])
            facts = order[positions]
            codes = row_codes[chosen]
            known_rows, known_entities = self.known.of_rows(codes)
            yield Batch(
                entities=codes // self.num_directed,
                relations=codes % self.num_directed,
                rows=rows,
                answers=self._answers[facts],
                weights=None if self._weights is None else self._weights[facts],
                known_rows=known_rows,
                known_entities=known_entities,
            )

    def steps(self, *, batch_size: int, answers: int) -> int:
        """The number of steps an epoch has."""
        rows = int((-(-self._counts // answers)).sum())
        return -(-rows // batch_size)
