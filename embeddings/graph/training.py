"""Training, from top to bottom: epochs of steps, a schedule, early stopping, checkpoints."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from embeddings.graph.answers import seen
from embeddings.graph.batches import TrainingQuestions
from embeddings.graph.checkpoint import Checkpoint, Progress, fingerprint, restore, snapshot
from embeddings.graph.distributed import added, same_facts, share, world
from embeddings.graph.drafts import precisions
from embeddings.graph.errors import DivergedError, ModelMismatchError, TriplesError
from embeddings.graph.evaluation import evaluate
from embeddings.graph.model import GraphModel
from embeddings.graph.negatives import NegativeSampler
from embeddings.graph.schedules import learning_rate
from embeddings.graph.settings import GraphSettings
from embeddings.graph.step import Step
from embeddings.graph.tables import Tables
from embeddings.graph.triples import Triples

Record = dict[str, Any]
ProgressHook = Callable[[Record], None]


def train(
    triples: Triples,
    settings: GraphSettings | None = None,
    *,
    validation: Triples | None = None,
    start: GraphModel | None = None,
    progress: ProgressHook | None = None,
    checkpoint: str | Path | None = None,
    memory: str | Path | None = None,
) -> GraphModel:
    """Learn vectors of entities and relations by link prediction (TransE; Bordes et al., 2013).

    Args:
        triples: the training facts; held-out facts must not be among them.
        settings: how to train; sizes left at None are chosen from the graph.
        validation: held-out facts; with them the filtered MRR is measured every `evaluate_every` epochs, and with
            `patience` training stops when it no longer grows and the best epoch's vectors are returned.
        start: an older model over the same row numbers; rows it lacks start from their facts, and few epochs do.
        progress: called after each epoch with its record: epoch, epochs, loss, learning_rate, seconds, and
            validation_mrr where measured.
        checkpoint: a folder; the state is kept there after each epoch, and a training that finds one goes on from it
            to the result it would have had. The files are removed when training is done.
        memory: a folder; the entity table is a file mapped from there (`entities.npy`) instead of private memory,
            which other processes can map too. The file stays, and belongs to the returned model.

    Within `embeddings.graph.distributed.joined()` every process that torchrun started calls this with the same
    arguments and gets the same model; the first one alone reports progress and writes checkpoints.

    Returns:
        The model, with history and optimizer state.

    Raises:
        TriplesError: there are no facts, or the validation set has other counts.
        ModelMismatchError: `start` or the checkpoint does not belong to this graph and these settings.
        DivergedError: the loss is no longer a number.
    """
    if not len(triples):
        raise TriplesError("there are no facts to train on")
    if validation is not None and validation.num_relations != triples.num_relations:
        raise TriplesError(f"{validation!r} and {triples!r} number different relations")
    settings = (settings or GraphSettings()).resolved(
        num_triples=len(triples), num_entities=int(seen(triples).sum()), warm=start is not None
    )
    with threads(settings.threads):
        return _train(triples, settings, validation, start, progress, checkpoint, memory)


def _train(
    triples: Triples,
    settings: GraphSettings,
    validation: Triples | None,
    start: GraphModel | None,
    hook: ProgressHook | None,
    folder: str | Path | None,
    memory: str | Path | None,
) -> GraphModel:
    device = device_of(settings.device)
    settings = on_device(settings, device)
    if world()[1] > 1 and not same_facts(fingerprint(triples)):
        raise ModelMismatchError("the processes of a distributed training have different facts")
    first = world()[0] == 0
    tables = Tables.make(triples, settings, device, start, memory)
    done = Progress(0, [])
    kept: dict[str, torch.Tensor] = {}  # the best epoch's tables, or the running average
    saved = None if folder is None else Checkpoint(folder, triples, settings)
    if saved is not None and (found := saved.load()) is not None:
        tensors, done = found
        kept = {name.removeprefix("kept."): value.to(device) for name, value in tensors.items() if "kept." in name}
        restore(tables, tensors)

    questions = TrainingQuestions(triples)
    step = Step(settings, NegativeSampler(triples, settings), num_relations=triples.num_relations)
    epochs = settings.epochs or 1
    while done.epoch < epochs and not _stalled(done, settings):
        began = time.perf_counter()
        loss = train_epoch(tables, step, questions, settings, epoch=done.epoch)
        if not math.isfinite(loss):
            raise DivergedError(done.epoch + 1, settings.learning_rate)
        done.epoch += 1
        record: Record = {"epoch": done.epoch, "epochs": epochs, "loss": loss}
        record["learning_rate"] = learning_rate(settings.schedule, settings.learning_rate, done.epoch / epochs)
        record["seconds"] = round(time.perf_counter() - began, 4)
        if settings.averaging:
            _average(kept, tables, done.epoch, settings)
        if validation is not None and (done.epoch % settings.evaluate_every == 0 or done.epoch == epochs):
            candidate = tables.model(triples, settings, [], start)
            record["validation_mrr"] = evaluate(candidate, validation, [triples]).overall.mrr
            _keep_best(kept, tables, done, record["validation_mrr"], settings)
        done.history.append(record)
        if hook is not None and first:
            hook(record)
        if saved is not None and first:
            saved.save(snapshot(tables) | {f"kept.{name}": value for name, value in kept.items()}, done)
    if kept:
        tables.entities.copy_(kept["entities"])
        tables.relations.copy_(kept["relations"])
    if saved is not None and first:
        saved.clear()
    model = tables.model(triples, settings, done.history, start)
    return dataclasses.replace(model, precisions=precisions(model, triples))


def train_epoch(
    tables: Tables, step: Step, questions: TrainingQuestions, settings: GraphSettings, *, epoch: int
) -> float:
    """One pass over all facts, both sides; returns the mean loss of a positive. Randomness: (seed, epoch)."""
    rng = np.random.default_rng([settings.seed, 2, epoch])
    generator = torch.Generator(device=tables.entities.device).manual_seed(int(rng.integers(2**62)))
    size, answers, epochs = settings.batch_size or 512, settings.answers, settings.epochs or 1
    steps = questions.steps(batch_size=size, answers=answers)
    rank, size_of_world = world()
    loss = torch.zeros((), device=tables.entities.device)
    weight = 0.0
    for number, batch in enumerate(questions.epoch(rng, batch_size=size, answers=answers)):
        progress = (epoch + number / steps) / epochs
        lr = learning_rate(settings.schedule, settings.learning_rate, progress)
        mask = step.dropout_mask(len(batch.entities), generator, tables.entities)
        own = mask if mask is None or size_of_world == 1 else mask[rank::size_of_world]
        part = share(batch, rank, size_of_world)
        result = added(step(tables.entities, tables.relations, part, rng=rng, mask=own))
        tables.optimizer.step_rows(tables.entities, *result.entities, lr=lr)
        tables.optimizer.step_rows(tables.relations, *result.relations, lr=lr)
        loss += result.loss
        weight += result.weight
    return float(loss) / max(weight, 1e-12)


def _average(kept: dict[str, torch.Tensor], tables: Tables, epoch: int, settings: GraphSettings) -> None:
    """Running mean of the tables over the last epochs (Izmailov et al., 2018)."""
    epochs = settings.epochs or 1
    first = epochs - max(1, round(settings.averaging * epochs)) + 1
    if epoch < first:
        return
    for name, table in (("entities", tables.entities), ("relations", tables.relations)):
        if name in kept:
            kept[name].lerp_(table, 1 / (epoch - first + 1))
        else:
            kept[name] = table.clone()


def _keep_best(
    kept: dict[str, torch.Tensor], tables: Tables, done: Progress, mrr: float, settings: GraphSettings
) -> None:
    if done.best is None or mrr > done.best:
        done.best, done.best_epoch = mrr, done.epoch
        if settings.patience is not None and not settings.averaging:
            kept["entities"], kept["relations"] = tables.entities.clone(), tables.relations.clone()


def _stalled(done: Progress, settings: GraphSettings) -> bool:
    if settings.patience is None or done.best is None:
        return False
    return done.epoch - done.best_epoch >= settings.patience * settings.evaluate_every


def device_of(name: str) -> torch.device:
    """The torch device a setting names; "auto" is CUDA where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def on_device(settings: GraphSettings, device: torch.device) -> GraphSettings:
    """The settings with the precision that "auto" stands for on this device."""
    if settings.precision != "auto":
        return settings
    return dataclasses.replace(settings, precision="bfloat16" if device.type == "cuda" else "float32")


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """torch's CPU thread count within the block."""
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
