"""A vector for an entity that was never trained, from its facts alone.

With TransE a fact (x, r, t) wants x = t − r and a fact (h, r, x) wants x = h + r. The vector that misses all of them
least, in squares, is their mean; weighted by how closely the relation's facts are met in general, because a director
places a title more precisely than a release year does (weighted least squares; Aitken, 1936).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from embeddings.graph.errors import ModelMismatchError
from embeddings.graph.model import GraphModel
from embeddings.graph.triples import BoolArray, FloatArray, Triples


def embed(model: GraphModel, facts: Triples) -> FloatArray:
    """Vectors of unseen entities from their facts, by least squares.

    An entity is unseen if the model has no row for it (its number is the model's E or more) or never trained on it.
    Facts count by their relation's precision, and by their own weight if they have one. Facts between two unseen
    entities say nothing and are left out.

    Args:
        model: a trained model.
        facts: facts that join unseen entities with known ones, all over one numbering that extends the model's.

    Returns:
        float32 [n, d], one row for each unseen entity that `facts` mention, in ascending order of its number (see
        `unseen`); zeros where no fact joins it to a known entity.

    Raises:
        ModelMismatchError: a relation the model does not know.
    """
    rows = unseen(model, facts)
    vectors, _ = least_squares(model, facts, rows)
    return vectors


def with_drafts(model: GraphModel, facts: Triples) -> GraphModel:
    """The model with a row for every entity of `facts`: drafts where it has not trained them.

    Args:
        model: a trained model; it is not changed.
        facts: as for `embed`; its number of entities becomes the model's, if it is larger.

    Returns:
        A model in which drafts with evidence count as seen, so that it can be asked and evaluated like any other.
    """
    rows = unseen(model, facts)
    vectors, found = least_squares(model, facts, rows)
    size = max(facts.num_entities, model.num_entities)
    entities = np.zeros((size, model.dim), dtype=np.float32)
    entities[: model.num_entities] = model.entities
    entities[rows] = vectors
    seen = _known(model, size)
    seen[rows] = found
    return dataclasses.replace(model, entities=entities, seen=seen, state={})


def unseen(model: GraphModel, facts: Triples) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Numbers of the entities in `facts` that the model has never trained, ascending, int64 [n]."""
    mentioned = np.unique(np.concatenate([facts.heads, facts.tails]))
    return mentioned[~_known(model, facts.num_entities)[mentioned]]


def least_squares(
    model: GraphModel, facts: Triples, rows: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[FloatArray, BoolArray]:
    """Vectors of the entities `rows` from their facts with entities the model has trained.

    Args:
        model: a trained model.
        facts: as for `embed`.
        rows: distinct ascending entity numbers, int64 [n]; they may be unknown or known.

    Returns:
        Vectors float32 [n, d] (zeros without evidence), and which of them had evidence, bool [n].
    """
    if len(facts) and facts.relations.max() >= model.num_relations:
        raise ModelMismatchError(f"relation {facts.relations.max()} is unknown to a model of {model.num_relations}")
    known = _known(model, facts.num_entities)
    slot = np.full(facts.num_entities, -1, dtype=np.int64)
    slot[rows] = np.arange(len(rows))
    known = known & (slot < 0)
    weights = np.ones(len(facts), dtype=np.float32) if facts.weights is None else facts.weights
    if model.precisions is not None:
        weights = weights * model.precisions[facts.relations]
    sums = np.zeros((len(rows), model.dim), dtype=np.float64)
    mass = np.zeros(len(rows), dtype=np.float64)
    for own, other, sign in ((facts.heads, facts.tails, -1.0), (facts.tails, facts.heads, 1.0)):
        use = (slot[own] >= 0) & known[other]
        at, weight = slot[own[use]], weights[use]
        implied = model.entities[other[use]] + sign * model.relations[facts.relations[use]]  # [k, d]
        np.add.at(sums, at, implied * weight[:, None])
        np.add.at(mass, at, weight)
    found = mass > 0
    sums[found] /= mass[found, None]
    return sums.astype(np.float32), found


def precisions(model: GraphModel, facts: Triples, *, block: int = 1 << 16) -> FloatArray:
    """1 / mean ‖h + r − t‖² of each relation's facts, float32 [R]; that of all facts for relations without any.

    Args:
        model: a trained model.
        facts: its training facts.
        block: how many facts are looked at at a time.
    """
    squares = np.zeros(model.num_relations)
    for at in range(0, len(facts), block):
        part = facts[at : at + block]
        missed = model.entities[part.heads] + model.relations[part.relations] - model.entities[part.tails]  # [n, d]
        squares += np.bincount(
            part.relations, weights=np.einsum("nd,nd->n", missed, missed), minlength=model.num_relations
        )
    counts = np.bincount(facts.relations, minlength=model.num_relations)
    overall = squares.sum() / max(len(facts), 1)
    means = np.where(counts > 0, squares / np.maximum(counts, 1), overall)
    return (1 / np.maximum(means, 1e-6)).astype(np.float32)


def _known(model: GraphModel, num_entities: int) -> BoolArray:
    known = np.zeros(max(num_entities, model.num_entities), dtype=bool)
    known[: model.num_entities] = model.seen
    return known
