"""PyKEEN's TransE by PyKEEN's own loop, given a budget of CPU time instead of a number of epochs: the one to beat."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from embeddings.graph import GraphModel, GraphSettings, Triples

#: A rate of 0.01 or less hardly gets anywhere in a few epochs of a real catalogue.
LEARNING_RATE, BATCH_SIZE, NEGATIVES, MARGIN = 0.02, 2048, 32, 9.0


@dataclass(frozen=True)
class Baseline:
    """A model by PyKEEN's loop, the CPU seconds its training took, and the epochs it came to."""

    model: GraphModel
    seconds: float
    epochs: float


class _TimeIsUp(Exception):
    """Leaves PyKEEN's loop."""


def pykeen_transe(
    train: Triples,
    *,
    dim: int,
    seconds: float,
    batch_size: int = BATCH_SIZE,
    negatives: int = NEGATIVES,
    learning_rate: float = LEARNING_RATE,
    margin: float = MARGIN,
    at: tuple[float, ...] = (),
    report: Callable[[Baseline], None] | None = None,
) -> Baseline:
    """Train TransE (L2) by PyKEEN's sLCWA loop with dense Adam and self-adversarial negative sampling.

    Args:
        train: the training facts.
        dim: dimension.
        seconds: CPU seconds of the process that training may take.
        batch_size, negatives, learning_rate, margin: of PyKEEN's loop; negatives are per positive.
        at: CPU seconds at which `report` is told how far it has come.
        report: called with the state at each of `at`.
    """
    from pykeen.losses import NSSALoss
    from pykeen.models import TransE
    from pykeen.training import SLCWATrainingLoop
    from pykeen.training.callbacks import TrainingCallback

    from embeddings.graph.pykeen_models import factory_of, from_pykeen

    logging.getLogger("pykeen").setLevel(logging.ERROR)
    factory = factory_of(train, inverse=False)
    theirs = TransE(
        triples_factory=factory,
        embedding_dim=dim,
        scoring_fct_norm=2,
        # a constrainer would rewrite the whole table at every step
        entity_constrainer=None,
        entity_initializer="xavier_uniform_norm",
        loss=NSSALoss(margin=margin, adversarial_temperature=1.0),
        random_seed=0,
    )
    loop = SLCWATrainingLoop(
        model=theirs,
        triples_factory=factory,
        optimizer="Adam",
        optimizer_kwargs={"lr": learning_rate},
        negative_sampler="basic",
        negative_sampler_kwargs={"num_negs_per_pos": negatives},
        automatic_memory_optimization=False,
    )
    began, steps = time.process_time(), 0
    marks = sorted(at)

    def state() -> Baseline:
        model = from_pykeen(theirs, factory, GraphSettings(dim=dim, reciprocal=False))
        return Baseline(model, time.process_time() - began, steps * batch_size / len(train))

    class Clock(TrainingCallback):
        def on_batch(self, *_: Any, **__: Any) -> None:
            nonlocal steps
            steps += 1
            used = time.process_time() - began
            if report is not None and marks and used >= marks[0]:
                marks.pop(0)
                report(state())
            if used >= seconds:
                raise _TimeIsUp

    with contextlib.suppress(_TimeIsUp):
        loop.train(factory, num_epochs=1_000_000, batch_size=batch_size, use_tqdm=False, callbacks=Clock())
    return state()
