"""One step: a batch of questions against shared negatives, and the gradient of every row it used.

q = entity + relation           [B, d]   (the reciprocal relation asks for heads)
s = −‖q − e‖                    [B, N]   one matrix product
loss(s⁺, s⁻) → slopes           [P], [B, N]
slopes → gradients of q, e      [B, d], [N, d], [P, d]   two matrix products
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from embeddings.graph import losses
from embeddings.graph.batches import Batch
from embeddings.graph.negatives import NegativeSampler
from embeddings.graph.scatter import add_rows
from embeddings.graph.settings import GraphSettings
from embeddings.graph.similarity import similarity_of
from embeddings.graph.triples import IntArray


class RowGradient(NamedTuple):
    """The gradient of the rows a step used: distinct row numbers [U] and their gradients [U, d]."""

    rows: Tensor
    values: Tensor


@dataclass(frozen=True, slots=True)
class StepResult:
    """Summed loss of a step, how much weight its positives had, and the gradients of the used rows."""

    loss: Tensor
    weight: float
    entities: RowGradient
    relations: RowGradient


class Step:
    """Computes steps under fixed settings.

    Args:
        settings: resolved settings.
        sampler: draws and filters the negatives.
        num_relations: R; relations R … 2R−1 of a batch are reciprocal.
        relation_rows: row of the relation table for each directed relation, int64 [2R]; default: its own number, or
            its forward relation's where the settings want no reciprocals. Where both directions have one row, heads
            are asked by t − r.
    """

    def __init__(
        self,
        settings: GraphSettings,
        sampler: NegativeSampler,
        *,
        num_relations: int,
        relation_rows: IntArray | None = None,
    ) -> None:
        self.settings = settings
        self.sampler = sampler
        self.similarity = similarity_of(settings.similarity, half=settings.precision == "bfloat16")
        directed = np.arange(2 * num_relations)
        shared = directed % num_relations if num_relations else directed
        self.relation_rows = directed if settings.reciprocal else shared
        if relation_rows is not None:
            self.relation_rows = relation_rows
        # both directions share a row: heads are asked by t − r
        self.signed = len(np.unique(self.relation_rows)) < len(directed)
        self.signs = np.where(directed >= num_relations, -1.0, 1.0).astype(np.float32)

    def __call__(
        self,
        entities: Tensor,
        relations: Tensor,
        batch: Batch,
        *,
        rng: np.random.Generator,
        mask: Tensor | None = None,
    ) -> StepResult:
        """Loss and gradients of one batch.

        Args:
            entities: entity table [E, d].
            relations: relation table [2R, d], or [R, d] without reciprocals.
            batch: questions and answers.
            rng: draws the negatives.
            mask: factors of the queries' coordinates [B, d], as `dropout_mask` draws them.
        """
        settings, device = self.settings, entities.device
        negatives = self.sampler.draw(rng)
        subjects = torch.as_tensor(batch.entities, device=device)  # [B]
        relation_rows = torch.as_tensor(self.relation_rows[batch.relations], device=device)  # [B]
        rows = torch.as_tensor(batch.rows, device=device)  # [P]
        answers = torch.as_tensor(batch.answers, device=device)  # [P]
        others = torch.as_tensor(negatives, device=device)  # [N]
        weights = None if batch.weights is None else torch.as_tensor(batch.weights, device=device)

        translation = relations.index_select(0, relation_rows)  # [B, d]
        sign = torch.as_tensor(self.signs[batch.relations], device=device).unsqueeze(1) if self.signed else None
        if sign is not None:
            translation = translation * sign
        queries = entities.index_select(0, subjects).add_(translation)  # [B, d]
        if mask is not None:
            queries.mul_(mask)
        candidates = entities.index_select(0, others)  # [N, d]
        targets = entities.index_select(0, answers)  # [P, d]
        paired_queries = queries.index_select(0, rows)  # [P, d]

        positive = self.similarity.paired(paired_queries, targets)  # [P]
        negative = self.similarity.shared(queries, candidates)  # [B, N]
        self._leave_out(negative, negatives, batch)
        loss, to_positive, to_negative = self._loss(
            positive * settings.scale, negative * settings.scale, rows, weights, negatives
        )
        to_paired, to_targets = self.similarity.paired_backward(
            paired_queries, targets, positive, to_positive * settings.scale
        )
        if settings.scale != 1:
            to_negative.mul_(settings.scale)
        to_queries, to_candidates = self.similarity.shared_backward(queries, candidates, negative, to_negative)
        if settings.regularization:
            strength = settings.regularization * (1 if weights is None else weights.unsqueeze(1))
            loss = loss + (strength * (paired_queries.square() + targets.square())).sum() / 2
            to_paired, to_targets = to_paired + strength * paired_queries, to_targets + strength * targets  # [P, d]
        add_rows(to_queries, rows, to_paired)
        if mask is not None:
            to_queries.mul_(mask)
        to_relations = to_queries if sign is None else to_queries * sign
        return StepResult(
            loss,
            float(len(batch.answers) if batch.weights is None else batch.weights.sum()),
            sum_rows([subjects, others, answers], [to_queries, to_candidates, to_targets]),
            sum_rows([relation_rows], [to_relations]),
        )

    def dropout_mask(self, count: int, generator: torch.Generator, like: Tensor) -> Tensor | None:
        """Zeros and 1 / (1 − dropout) for `count` queries, [B, d], on the device and of the dtype of `like`."""
        keep = 1 - self.settings.dropout
        if keep == 1:
            return None
        return like.new_empty(count, like.shape[1]).bernoulli_(keep, generator=generator).div_(keep)

    def _leave_out(self, scores: Tensor, negatives: IntArray, batch: Batch) -> None:
        """Mark negatives that are known answers, or of a type the relation does not allow."""
        if self.settings.filtered:
            rows, columns = self.sampler.hits(negatives, batch.known_rows, batch.known_entities)
            flat = torch.as_tensor(rows * len(negatives) + columns, device=scores.device)
            scores.view(-1).index_fill_(0, flat, losses.LEFT_OUT)
        wrong = self.sampler.wrong_types(negatives, batch.relations)
        if wrong is not None:
            scores.masked_fill_(torch.as_tensor(wrong, device=scores.device), losses.LEFT_OUT)

    def _loss(
        self, positive: Tensor, negative: Tensor, rows: Tensor, weights: Tensor | None, negatives: IntArray
    ) -> tuple[Tensor, Tensor, Tensor]:
        if self.settings.loss == "softmax":
            log_weights = torch.as_tensor(
                self.sampler.log_weights(negatives), device=negative.device, dtype=negative.dtype
            )
            return losses.softmax(positive, negative, rows, weights, log_weights=log_weights)
        return losses.self_adversarial(
            positive,
            negative,
            rows,
            weights,
            margin=self.settings.margin,
            temperature=self.settings.adversarial_temperature,
        )


def sum_rows(indices: list[Tensor], gradients: list[Tensor]) -> RowGradient:
    """Add up gradients that belong to the same row."""
    rows, inverse = torch.unique(torch.cat(indices), return_inverse=True)
    total = gradients[0].new_zeros(len(rows), gradients[0].shape[1])  # [U, d]
    for part, gradient in zip(inverse.split([len(index) for index in indices]), gradients, strict=True):
        add_rows(total, part, gradient)
    return RowGradient(rows, total)
