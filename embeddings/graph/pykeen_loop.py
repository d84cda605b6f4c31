"""A PyKEEN training loop that scores questions against shared negatives in one matrix product.

It trains PyKEEN's TransE (L2, with or without inverse triples) inside PyKEEN's own interfaces: callbacks, trackers,
stoppers, learning-rate schedulers and optimizers work as they do with PyKEEN's loops. The arithmetic is that of
`embeddings.graph.train`; with the same start and seed both give the same vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import torch
from pykeen.models import ERModel, Model
from pykeen.nn.modules import TransEInteraction
from pykeen.nn.representation import Embedding
from pykeen.training import NonFiniteLossError, TrainingLoop
from pykeen.triples import CoreTriplesFactory

from embeddings.graph.answers import seen
from embeddings.graph.batches import Batch, TrainingQuestions
from embeddings.graph.errors import ModelMismatchError
from embeddings.graph.negatives import NegativeSampler
from embeddings.graph.optimizers import RowwiseAdagrad, RowwiseAdam
from embeddings.graph.schedules import learning_rate
from embeddings.graph.settings import GraphSettings
from embeddings.graph.step import RowGradient, Step
from embeddings.graph.training import on_device
from embeddings.graph.triples import IntArray, Triples


def triples_of(factory: CoreTriplesFactory) -> Triples:
    """The facts of a triples factory, without the inverse triples that PyKEEN makes on the fly."""
    return Triples.from_array(
        factory.mapped_triples.numpy(),
        num_entities=factory.num_entities,
        num_relations=factory.real_num_relations,
    )


def relation_rows(factory: CoreTriplesFactory) -> IntArray:
    """Rows of a PyKEEN relation table for our directed relations, int64 [2R].

    With inverse triples PyKEEN keeps relation r in row 2r and its inverse in row 2r + 1; without, both directions
    have row r.
    """
    numbers = np.arange(factory.real_num_relations)
    if not factory.create_inverse_triples:
        return np.tile(numbers, 2)
    return np.concatenate([2 * numbers, 2 * numbers + 1])


class SharedNegativesTrainingLoop(TrainingLoop[Batch]):
    """Trains a PyKEEN TransE by questions against shared negatives, touching only the rows a step used.

    Args:
        model: a TransE with p = 2 and plain embeddings; give it `entity_constrainer=None`, for a constrainer rewrites
            the whole table at every step.
        triples_factory: the training facts.
        settings: loss, negatives, schedule and the rest. `epochs` and `batch_size` are those given to `train`;
            without a `lr_scheduler` the settings' own schedule is followed step by step.
        optimizer: default: the settings' row-wise optimizer. Any torch optimizer that takes sparse gradients will do.
        kwargs: PyKEEN's own: lr_scheduler, result_tracker, …

    Raises:
        ModelMismatchError: the model is not such a TransE.
    """

    supports_slicing: ClassVar[bool] = False

    def __init__(
        self,
        model: Model,
        triples_factory: CoreTriplesFactory,
        *,
        settings: GraphSettings | None = None,
        optimizer: Any = None,
        **kwargs: Any,
    ) -> None:
        self.tables = _tables(model)
        settings = settings or GraphSettings()
        if optimizer is None:
            kind = RowwiseAdagrad if settings.optimizer == "adagrad" else RowwiseAdam
            optimizer = kind(model.get_grad_params(), lr=settings.learning_rate)
        super().__init__(model=model, triples_factory=triples_factory, optimizer=optimizer, **kwargs)
        facts = triples_of(triples_factory)
        settings = settings.resolved(num_triples=len(facts), num_entities=int(seen(facts).sum()))
        self.settings = on_device(settings, self.device)
        self.num_epochs = self.settings.epochs or 1
        self.rng = np.random.default_rng(self.settings.seed)  # both are renewed every epoch
        self.generator = torch.Generator(device=self.device)

    def train(  # type: ignore[override]
        self, triples_factory: CoreTriplesFactory, num_epochs: int | None = None, **kwargs: Any
    ) -> list[float] | None:
        """Train as every PyKEEN loop does; epochs and batch size default to the settings'. Returns epochs' losses."""
        self.num_epochs = num_epochs or self.settings.epochs or 1
        kwargs.setdefault("batch_size", self.settings.batch_size)
        return super().train(triples_factory, num_epochs=self.num_epochs, **kwargs)

    def _create_training_data_loader(
        self, triples_factory: CoreTriplesFactory, *, sampler: Any = None, batch_size: int, drop_last: bool, **_: Any
    ) -> Any:
        if sampler is not None or drop_last:
            raise ModelMismatchError("questions are dealt whole: no graph sampler, no dropped batches")
        facts = triples_of(triples_factory)
        self.tables = _tables(self.model)
        self.step = Step(
            self.settings,
            NegativeSampler(facts, self.settings),
            num_relations=facts.num_relations,
            relation_rows=relation_rows(triples_factory),
        )
        return _Epochs(self, TrainingQuestions(facts), batch_size)

    @staticmethod
    def _get_batch_size(batch: Batch) -> int:
        return len(batch.entities)

    def _forward_pass(
        self,
        batch: Batch,
        start: int,
        stop: int,
        current_batch_size: int,
        label_smoothing: float,
        slice_size: int | None,
        backward: bool = True,
    ) -> float:
        if (start, stop) != (0, current_batch_size) or slice_size is not None or label_smoothing:
            raise ModelMismatchError("shared negatives allow no sub-batches, slices or label smoothing")
        entities, relations = self.tables
        mask = self.step.dropout_mask(len(batch.entities), self.generator, entities.data)
        result = self.step(entities.data, relations.data, batch, rng=self.rng, mask=mask)
        loss = float(result.loss)
        if not np.isfinite(loss):
            raise NonFiniteLossError("Loss is non-finite.")
        if backward:
            entities.grad, relations.grad = _sparse(result.entities, entities), _sparse(result.relations, relations)
        return loss / max(result.weight, 1e-12)

    def _process_batch(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("the gradient is made by hand in _forward_pass")

    def _slice_size_search(self, **_: Any) -> int:
        raise ModelMismatchError("shared negatives allow no slicing")


class _Epochs:
    """What PyKEEN iterates over once an epoch: the steps, with the epoch's own randomness and learning rate."""

    def __init__(self, loop: SharedNegativesTrainingLoop, questions: TrainingQuestions, batch_size: int) -> None:
        self.loop, self.questions, self.batch_size = loop, questions, batch_size

    def __len__(self) -> int:
        return self.questions.steps(batch_size=self.batch_size, answers=self.loop.settings.answers)

    def __iter__(self) -> Iterator[Batch]:
        loop, epoch = self.loop, self.loop._epoch
        settings = loop.settings
        loop.rng = np.random.default_rng([settings.seed, 2, epoch])
        loop.generator = torch.Generator(device=loop.device).manual_seed(int(loop.rng.integers(2**62)))
        steps = self.questions.epoch(loop.rng, batch_size=self.batch_size, answers=settings.answers)
        for number, batch in enumerate(steps):
            if loop.lr_scheduler is None:
                progress = (epoch + number / len(self)) / loop.num_epochs
                for group in loop.optimizer.param_groups:
                    group["lr"] = learning_rate(settings.schedule, settings.learning_rate, progress)
            yield batch


def _tables(model: Model) -> tuple[torch.Tensor, torch.Tensor]:
    """Entity [E, d] and relation [R or 2R, d] parameters of a TransE; `ModelMismatchError` for anything else."""
    interaction = getattr(model, "interaction", None)
    if not isinstance(model, ERModel) or not isinstance(interaction, TransEInteraction):
        raise ModelMismatchError(f"{type(model).__name__} is no TransE; train it by one of PyKEEN's own loops")
    if interaction.p != 2 or interaction.power_norm:
        raise ModelMismatchError(f"the interaction is {interaction!r}, but must be the L2 norm (p=2, no power)")
    found = [*model.entity_representations, *model.relation_representations]
    weights = [part._embeddings.weight for part in found if isinstance(part, Embedding)]
    if len(found) != 2 or len(weights) != 2:
        raise ModelMismatchError("entities and relations must be one plain embedding each")
    return weights[0], weights[1]


def _sparse(gradient: RowGradient, table: torch.Tensor) -> torch.Tensor:
    return torch.sparse_coo_tensor(
        gradient.rows[None], gradient.values, table.shape, is_coalesced=True, check_invariants=False
    )
