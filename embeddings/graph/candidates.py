"""Scores of all unknown candidates of the right type for many questions, as shares of one.

The share of a candidate is the softmax of its logit over the question's candidates: what the training's cross-entropy
makes of it. Shares are comparable between questions where bare distances are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from embeddings.graph.answers import Answers
from embeddings.graph.model import GraphModel
from embeddings.graph.triples import BoolArray, EntityTypes, FloatArray, IntArray

_BLOCK = 1 << 22  # scores held at a time


@dataclass(frozen=True, eq=False)
class CandidateBlock:
    """Questions that share a pool of candidates.

    Attributes:
        questions: positions of the questions [B] among those asked.
        pool: the candidates of the right type, entity numbers [C].
        log_shares: log of each candidate's share, float32 [B, C]; −inf for known answers and the question's own entity.
    """

    questions: IntArray
    pool: IntArray
    log_shares: FloatArray


def candidate_blocks(
    model: GraphModel,
    entities: IntArray,
    relations: IntArray,
    known: Answers,
    types: EntityTypes | None = None,
) -> Iterator[CandidateBlock]:
    """All unknown candidates of the right type, block by block.

    Args:
        model: a trained model.
        entities: the questions' entities [n].
        relations: their directed relations [n], 0 … 2R−1: r asks for tails, r + R for heads.
        known: what is known already.
        types: types of entities; None: every entity the model has trained is a candidate.
    """
    directed = model.directed_relations
    signatures, group = np.zeros((1, 0), dtype=bool), np.zeros(len(entities), dtype=np.int64)
    if types is not None:
        signatures, group = np.unique(types.allowed()[relations], axis=0, return_inverse=True)
    for number, signature in enumerate(signatures):
        fits: BoolArray = model.seen if types is None else model.seen & signature[types.codes[: model.num_entities]]
        pool = np.flatnonzero(fits)
        column = np.full(model.num_entities, -1, dtype=np.int64)
        column[pool] = np.arange(len(pool))
        table = model.entities[pool]  # [C, d]
        norms = np.einsum("cd,cd->c", table, table)  # [C]
        asked = np.flatnonzero(group.ravel() == number)
        size = max(1, _BLOCK // max(1, len(pool)))
        for start in range(0, len(asked), size):
            at = asked[start : start + size]
            queries = model.entities[entities[at]] + directed[relations[at]]  # [B, d]
            logits = logits_of(queries, table, norms, model)
            rows, others = known.of_rows(entities[at] * len(directed) + relations[at])
            rows = np.concatenate([rows, np.arange(len(at))])  # nothing is its own answer
            columns = column[np.concatenate([others, entities[at]])]
            logits[rows[columns >= 0], columns[columns >= 0]] = -np.inf
            yield CandidateBlock(at, pool, log_softmax(logits))


def logits_of(queries: FloatArray, table: FloatArray, norms: FloatArray, model: GraphModel) -> FloatArray:
    """Scores of candidates on the scale of the training's softmax.

    Args:
        queries: [B, d].
        table: the candidates [C, d].
        norms: their squared lengths [C].
        model: says what similarity and what scale.

    Returns:
        [B, C].
    """
    logits: FloatArray = queries @ table.T  # [B, C]
    if model.settings.similarity == "l2":
        logits *= -2
        logits += norms
        logits += np.einsum("bd,bd->b", queries, queries)[:, None]
        np.sqrt(np.maximum(logits, 0, out=logits), out=logits)
        np.negative(logits, out=logits)
    logits *= np.float32(model.settings.scale)
    return logits


def log_softmax(logits: FloatArray) -> FloatArray:
    """Log of each logit's share of its row, in place, [B, C]; −inf stays −inf."""
    if not logits.shape[1]:
        return logits
    top = logits.max(1, keepdims=True)
    top[~np.isfinite(top)] = 0
    logits -= top
    total = np.exp(logits).sum(1, keepdims=True)
    logits -= np.log(np.maximum(total, np.finfo(np.float32).tiny))
    return logits
