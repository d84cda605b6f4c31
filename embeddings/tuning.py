"""Search for better settings of the graph model, on the facts of a workspace."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from embeddings.catalogue import Catalogue
from embeddings.errors import ExtraMissing, NothingToLearn
from embeddings.graph import GraphSettings
from embeddings.graph.tuning import Trial, TuneResult
from embeddings.graph.tuning import tune as search
from embeddings.links import entity_types, triples_of
from embeddings.release_build import known_facts
from kg.knowledge_graph import KnowledgeGraph

_MOST = 3_000  # validation facts: both sides of each are ranked among all entities in every trial


def tune(
    kg: KnowledgeGraph,
    settings: GraphSettings,
    *,
    trials: int = 20,
    seconds: float | None = None,
    progress: Callable[[Trial], None] | None = None,
) -> TuneResult:
    """Search by the MRR of the workspace's validation facts; the test facts are not looked at.

    Args:
        kg: the snapshot.
        settings: where the search starts; its seed is replaced by the workspace's.
        trials, seconds, progress: as :func:`embeddings.graph.tuning.tune` takes them.

    Raises:
        NothingToLearn: too few facts to train on or to validate with.
        ExtraMissing: a library of the extra `train` is not installed.
        SettingsError: a count is below 1.
    """
    catalogue = Catalogue.of(kg)
    known = known_facts(kg, catalogue)
    rows = catalogue.entities["row"].to_numpy(np.int64)
    types = entity_types(catalogue, rows)
    training, validation = (triples_of(known.facts[part], rows, types) for part in (known.training, known.validation))
    if not len(training) or not len(validation):
        raise NothingToLearn(
            f"There are {len(training):,} facts to train on and {len(validation):,} to validate with; both are needed. "
            "Take in more, or raise `valid` of [holdout] in workspace.toml."
        )
    if len(validation) > _MOST:
        chosen = np.random.default_rng(kg.workspace.seed).choice(len(validation), _MOST, replace=False)
        validation = validation[np.sort(chosen)]
    start = dataclasses.replace(settings, seed=kg.workspace.seed)
    try:
        return search(training, validation, settings=start, trials=trials, timeout=seconds, progress=progress)
    except ImportError as error:
        raise ExtraMissing(str(error.name), "Tuning the graph model") from error
