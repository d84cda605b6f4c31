"""Rows that no training moved are nobody's wrong answer."""

from __future__ import annotations

import numpy as np

from embeddings.graph import GraphModel, GraphSettings, Triples, evaluate


def test_an_entity_without_facts_never_stands_before_the_answer() -> None:
    """h + r lies on row 2, which nothing was learnt of; the answer, row 1, is a little off."""
    entities = np.array([[0.0, 0.0], [1.0, 0.1], [1.0, 0.0], [5.0, 5.0]], dtype=np.float32)
    relations = np.array([[1.0, 0.0]], dtype=np.float32)
    fact = Triples(heads=np.array([0]), relations=np.array([0]), tails=np.array([1]), num_entities=4, num_relations=1)

    def mrr(seen: list[bool]) -> float:
        model = GraphModel(
            entities=entities,
            relations=relations,
            inverse_relations=-relations,
            seen=np.array(seen),
            settings=GraphSettings(dim=2),
        )
        return evaluate(model, fact, []).by_side["tail"].mrr

    assert mrr([True, True, True, True]) == 0.5
    assert mrr([True, True, False, True]) == 1.0
