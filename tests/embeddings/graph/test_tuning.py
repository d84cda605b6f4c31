"""The search proposes from its space, keeps what it is not asked to change, and never does worse than its start."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.graph import GraphSettings
from embeddings.graph.errors import SettingsError
from embeddings.graph.tuning import Trial, subgraph, tune
from tests.embeddings.graph.graphs import grid_triples, random_triples

pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_best_on_the_whole_graph_is_found_and_is_no_worse_than_the_start() -> None:
    facts = grid_triples(8)
    held_out = np.arange(len(facts)) % 8 == 0
    start = GraphSettings(dim=8, epochs=15, batch_size=64, threads=1, learning_rate=1e-4)
    seen: list[Trial] = []
    result = tune(
        facts[~held_out],
        facts[held_out],
        settings=start,
        space={"learning_rate": (0.1, 1.0), "dim": (4, 8)},
        trials=4,
        finalists=2,
        share=0.9,
        progress=seen.append,
    )
    assert list(result.trials) == seen
    assert [trial.whole for trial in result.trials] == [False] * 4 + [True] * 3
    whole = [trial for trial in result.trials if trial.whole]
    assert result.best.mrr == max(trial.mrr for trial in whole)
    assert whole[0].settings == start
    assert result.best.mrr > whole[0].mrr  # a learning rate of 1e-4 learns nothing
    for trial in result.trials[:4]:
        assert 0.1 <= trial.settings.learning_rate <= 1
        assert trial.settings.dim in (4, 8)
        assert trial.settings.epochs == 15


def test_a_space_of_unknown_settings_is_refused() -> None:
    facts = random_triples(0)
    with pytest.raises(SettingsError, match="colour"):
        tune(facts, facts[:9], space={"colour": ("red",)})


def test_a_subgraph_keeps_facts_among_its_entities() -> None:
    facts, validation = random_triples(0), random_triples(1)
    part, held_out = subgraph(facts, validation, 0.5)
    assert part.num_entities == 20
    assert 0 < len(part) < len(facts)
    degrees = np.sort(facts.degrees())[::-1]
    assert part.degrees().sum() <= degrees[:20].sum()
    assert held_out.num_entities == 20
    whole, _ = subgraph(facts, validation, 1.0)
    assert sorted(map(tuple, whole.to_array().tolist())) == sorted(map(tuple, facts.to_array().tolist()))
