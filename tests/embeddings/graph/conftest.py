"""A lattice with some of its edges held out, and a model of the others, for the tests of the graph embeddings."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from embeddings.graph import GraphModel, Triples, train
from tests.embeddings.graph.graphs import QUICK, grid_triples


def split(triples: Triples, every: int = 10) -> tuple[Triples, Triples]:
    held_out = np.arange(len(triples)) % every == 0
    return triples[~held_out], triples[held_out]


@pytest.fixture(scope="module")
def lattice() -> tuple[Triples, Triples]:
    return split(grid_triples())


@pytest.fixture(scope="module")
def trained(lattice: tuple[Triples, Triples]) -> GraphModel:
    return train(lattice[0], dataclasses.replace(QUICK, epochs=60))
