"""The graph view: TransE trained on the training facts and measured on the held-out ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from embeddings.catalogue import Catalogue, Facts
from embeddings.errors import ExtraMissing, NothingToLearn
from embeddings.graph import EntityTypes, GraphModel, GraphSettings, Triples, evaluate
from embeddings.views import FloatArray, unit

# So many entities of the overall mean stand beside those of a type when the type's mean is taken.
_SHRINK = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Links:
    """A trained model and what it achieved.

    Attributes:
        model: over the workspace's rows, which never change, so that a later training can start from it.
        vectors: float32 [E, d] by position, of length 1, without what is common to a type; zeros for entities that
            no training fact mentions.
        means: what is common to a type and was taken off, float32 [d] by type.
        metrics: figures and protocol, ready for JSON.
    """

    model: GraphModel
    vectors: FloatArray
    means: dict[str, FloatArray]
    metrics: dict[str, Any]


def link(
    catalogue: Catalogue,
    training: Facts,
    held_out: Facts,
    settings: GraphSettings,
    *,
    others: Facts | None = None,
    most_measured: int,
    start: GraphModel | None = None,
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Links:
    """:func:`learn`, then :func:`examine`."""
    model = learn(catalogue, training, settings, start=start, checkpoint=checkpoint, progress=progress)
    metrics = examine(model, catalogue, training, held_out, others=others, most=most_measured, seed=settings.seed)
    rows = catalogue.entities["row"].to_numpy(np.int64)
    vectors, means = without_types(model.entities[rows], model.seen[rows], catalogue)
    return Links(model=model, vectors=vectors, means=means, metrics=metrics)


def learn(
    catalogue: Catalogue,
    training: Facts,
    settings: GraphSettings,
    *,
    start: GraphModel | None = None,
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> GraphModel:
    """Train on `training`, from `start` where there is an older model; see :func:`embeddings.graph.train`.

    Facts of relations that give another's answer away must not be among them. Raises :class:`NothingToLearn` without
    training facts, :class:`ExtraMissing` without torch.
    """
    if not len(training):
        raise NothingToLearn("There are no facts between entities to train on. Bring some in with `titlegraph ingest`.")
    rows = catalogue.entities["row"].to_numpy(np.int64)

    def report(record: dict[str, Any]) -> None:
        if progress is not None:
            progress(record["epoch"] / record["epochs"])

    try:
        from embeddings.graph import train
    except ImportError as error:
        raise ExtraMissing(str(error.name), "Training the graph") from error
    triples = triples_of(training, rows, entity_types(catalogue, rows))
    return train(triples, settings, start=start, checkpoint=checkpoint, progress=report)


def examine(
    model: GraphModel,
    catalogue: Catalogue,
    training: Facts,
    held_out: Facts,
    *,
    others: Facts | None = None,
    most: int,
    seed: int,
) -> dict[str, Any]:
    """Link prediction on at most `most` of `held_out`, ready for JSON.

    They are chosen by a hash of the fact and the seed, so that successive releases are asked about the same. `others`
    are known, so they are no wrong answers, but nothing is measured of them.
    """
    rows = catalogue.entities["row"].to_numpy(np.int64)
    types = entity_types(catalogue, rows)
    train_set = triples_of(training, rows, types)
    chosen = np.arange(len(held_out))
    if len(chosen) > most:
        chosen = np.sort(np.argsort(fact_marks(held_out, catalogue, seed=seed), kind="stable")[:most])
    test = triples_of(held_out, rows, types)
    names = [relation.name for relation in catalogue.relations]
    # neither names that were merged into another nor things that no training fact mentions are answers
    candidates = np.isin(np.arange(model.num_entities), rows) & model.seen
    known = [train_set, test, *([] if others is None else [triples_of(others, rows, types)])]
    metrics = evaluate(model, test[chosen], known, relation_names=names, candidates=candidates).to_dict()
    if len(chosen) < len(held_out):
        metrics["protocol"] += f" The facts are {len(chosen):,} of {len(held_out):,} held out, chosen by a hash."
    if len(catalogue.hidden):
        metrics["protocol"] += f" Relations that give answers away are left out: {', '.join(sorted(catalogue.hidden))}."
    metrics["training_facts"], metrics["held_out_facts"] = len(training), len(held_out)
    metrics["settings"] = model.settings.to_dict()
    return metrics


def fact_marks(facts: Facts, catalogue: Catalogue, *, seed: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """A number [n] for each fact that depends on the seed and the names of what it is about, on nothing else."""
    ids = catalogue.entities["id"].to_numpy()
    names = np.array([relation.name for relation in catalogue.relations], dtype=object)
    told = names[facts.relations] + "\t" + ids[facts.heads] + "\t" + ids[facts.tails]
    return np.asarray(pd.util.hash_array(told, hash_key=f"{seed % 10**16:016d}"), dtype=np.uint64)


def entity_types(catalogue: Catalogue, rows: np.ndarray[Any, np.dtype[np.int64]]) -> EntityTypes:
    """Types by workspace row, and what each relation allows: entities of its domain and range, and of types above them.

    An entity may be known only by the wider type: a tag whose sort nobody told may be a storyline.
    """
    schema = catalogue.schema
    names = list(schema.types)
    codes = np.zeros(int(rows.max(initial=-1)) + 1, dtype=np.int64)
    codes[rows] = catalogue.entities["type"].map({name: i for i, name in enumerate(names)}).to_numpy(np.int64)
    domains = [names.index(relation.domain) for relation in catalogue.relations]
    ranges = [names.index(relation.range) for relation in catalogue.relations]
    return EntityTypes(codes=codes, heads=schema.compatible[domains], tails=schema.compatible[ranges])


def without_types(
    entities: FloatArray, seen: np.ndarray[Any, np.dtype[np.bool_]], catalogue: Catalogue
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Vectors [E, d] less the mean of their type, of length 1; and these means by type.

    TransE puts the films of a book a relation's vector away from it; what is common to all films and to all books is
    that distance, so without it a book and its films lie side by side and cosine compares across types.
    """
    vectors = np.zeros_like(entities)
    means: dict[str, FloatArray] = {}
    if not seen.any():
        return vectors, means
    overall = entities[seen].mean(axis=0)
    types = catalogue.entities["type"].to_numpy()
    for name in np.unique(types):
        rows = np.flatnonzero((types == name) & seen)
        means[name] = (entities[rows].sum(axis=0) + _SHRINK * overall) / (len(rows) + _SHRINK)
        vectors[rows] = entities[rows] - means[name]
    return unit(vectors), means


def triples_of(facts: Facts, rows: np.ndarray[Any, np.dtype[np.int64]], types: EntityTypes) -> Triples:
    """Facts over the workspace's rows."""
    return Triples(
        heads=rows[facts.heads],
        relations=facts.relations,
        tails=rows[facts.tails],
        num_entities=len(types.codes),
        num_relations=len(types.heads),
        types=types,
    )
