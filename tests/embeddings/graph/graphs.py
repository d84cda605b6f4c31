"""Small graphs and models that the tests of the graph embeddings share."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from embeddings.graph import GraphModel, GraphSettings, Triples

QUICK = GraphSettings(dim=16, epochs=6, batch_size=64, negatives=64, regularization=0.0, threads=1)


def random_triples(seed: int, *, facts: int = 200, entities: int = 40, relations: int = 4) -> Triples:
    """Distinct random facts, as a graph without structure."""
    rng = np.random.default_rng(seed)
    columns = (rng.integers(0, entities, facts), rng.integers(0, relations, facts), rng.integers(0, entities, facts))
    array = np.unique(np.stack(columns, axis=1), axis=0)
    return Triples.from_array(rng.permutation(array), num_entities=entities, num_relations=relations)


def grid_triples(side: int = 12) -> Triples:
    """A square lattice: cell → right neighbour (0), cell → lower neighbour (1), cell → column label (2)."""
    cells = np.arange(side * side).reshape(side, side)
    right = [(a, 0, b) for row in cells for a, b in pairwise(row)]
    down = [(a, 1, b) for column in cells.T for a, b in pairwise(column)]
    label = [(cells[i, j], 2, side * side + j) for i in range(side) for j in range(side)]
    return Triples.from_array(np.array(right + down + label), num_entities=side * side + side, num_relations=3)


def random_model(seed: int, *, entities: int = 40, relations: int = 4, dim: int = 8) -> GraphModel:
    """Gaussian vectors that have not been trained."""
    rng = np.random.default_rng(seed)
    shapes = ((entities, dim), (relations, dim), (relations, dim))
    tables = [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]
    return GraphModel(
        entities=tables[0],
        relations=tables[1],
        inverse_relations=tables[2],
        seen=np.ones(entities, dtype=bool),
        settings=GraphSettings(dim=dim),
    )


def same(a: GraphModel, b: GraphModel) -> bool:
    tables = ("entities", "relations", "inverse_relations", "seen", "precisions")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in tables) and all(
        np.array_equal(a.state[name], b.state[name]) for name in a.state
    )
