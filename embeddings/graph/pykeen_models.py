"""Between our matrices and PyKEEN's model objects, both ways; and PyKEEN's other models by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from pykeen.models import Model, TransE, model_resolver
from pykeen.trackers import ResultTracker
from pykeen.training import training_loop_resolver
from pykeen.triples import CoreTriplesFactory

from embeddings.graph.answers import seen
from embeddings.graph.model import GraphModel
from embeddings.graph.pykeen_loop import _tables, relation_rows, triples_of
from embeddings.graph.settings import GraphSettings
from embeddings.graph.training import ProgressHook, Record
from embeddings.graph.triples import Triples


def factory_of(triples: Triples, *, inverse: bool = True) -> CoreTriplesFactory:
    """A PyKEEN triples factory over our row numbers, with inverse triples by default."""
    return CoreTriplesFactory.create(
        torch.from_numpy(triples.to_array()),
        num_entities=triples.num_entities,
        num_relations=triples.num_relations,
        create_inverse_triples=inverse,
    )


def to_pykeen(model: GraphModel, triples: Triples) -> TransE:
    """A PyKEEN TransE (L2, inverse relations) with the model's vectors; `triples` are its training facts."""
    factory = factory_of(triples)
    theirs = TransE(
        triples_factory=factory,
        embedding_dim=model.dim,
        scoring_fct_norm=2,
        entity_constrainer=None,
        random_seed=model.settings.seed,
    )
    entities, relations = _tables(theirs)
    with torch.no_grad():
        entities.copy_(torch.from_numpy(model.entities))
        relations[torch.from_numpy(relation_rows(factory))] = torch.from_numpy(model.directed_relations)
    return theirs


def from_pykeen(model: Model, factory: CoreTriplesFactory, settings: GraphSettings | None = None) -> GraphModel:
    """The vectors of a PyKEEN TransE (L2) as a `GraphModel`; without inverse triples the inverse of r is −r."""
    entities, relations = (table.detach().cpu().numpy().copy() for table in _tables(model))
    reciprocal = factory.create_inverse_triples
    forward, inverse = np.split(relations[relation_rows(factory)], 2)
    inverse = inverse if reciprocal else -inverse
    facts = triples_of(factory)
    settings = settings or GraphSettings(dim=entities.shape[1], reciprocal=reciprocal)
    return GraphModel(
        entities=entities, relations=forward, inverse_relations=inverse, seen=seen(facts), settings=settings
    )


def train_named(
    name: str, triples: Triples, *, loop: str = "slcwa", epochs: int = 5, batch_size: int = 256, **options: Any
) -> Model:
    """Any of PyKEEN's models, trained by PyKEEN's own loop: a baseline to compare with.

    Args:
        name: as PyKEEN knows it: "RotatE", "ComplEx", "DistMult", …
        triples: the training facts.
        loop: "slcwa" (sampled negatives) or "lcwa" (all entities; with inverse triples).
        epochs, batch_size: passed to PyKEEN's loop.
        options: of the model: embedding_dim, loss, random_seed, …

    Returns:
        The PyKEEN model.
    """
    factory = factory_of(triples, inverse=loop == "lcwa")
    model = model_resolver.make(name, triples_factory=factory, **options)
    trainer = training_loop_resolver.make(loop, model=model, triples_factory=factory)
    trainer.train(factory, num_epochs=epochs, batch_size=batch_size, use_tqdm=False)
    return model


def tracking(tracker: ResultTracker) -> ProgressHook:
    """A `progress` hook for `train` that logs every epoch's numbers to a PyKEEN result tracker."""

    def log(record: Record) -> None:
        numbers = {name: value for name, value in record.items() if name not in ("epoch", "epochs")}
        tracker.log_metrics(numbers, step=record["epoch"])

    return log
