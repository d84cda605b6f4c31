"""A step's hand-written gradient against autograd, for every loss, similarity and kind of negative."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from embeddings.graph import EntityTypes, GraphSettings, Triples
from embeddings.graph.batches import Batch, TrainingQuestions
from embeddings.graph.negatives import NegativeSampler
from embeddings.graph.step import Step
from tests.embeddings.graph.graphs import random_triples

ENTITIES, RELATIONS, DIM = 40, 4, 6


class FixedSampler(NegativeSampler):
    """Draws the same negatives every time, so that the reference sees them too."""

    def draw(self, _: np.random.Generator) -> np.ndarray:
        return super().draw(np.random.default_rng(7))


def chance_to_be_drawn(entity: int, settings: GraphSettings, triples: Triples) -> float:
    """Without replacement N of all, or at least once in N draws of a half and half distribution."""
    if settings.sampling != "degree":
        return settings.negatives / ENTITIES
    weights = [(triples.heads == e).sum() + (triples.tails == e).sum() for e in range(ENTITIES)]
    weights = [float(weight) ** 0.75 for weight in weights]
    each = weights[entity] / sum(weights) / 2 + 1 / ENTITIES / 2
    return 1 - (1 - each) ** settings.negatives


def reference(
    entities: torch.Tensor,
    relations: torch.Tensor,
    batch: Batch,
    negatives: np.ndarray,
    settings: GraphSettings,
    triples: Triples,
) -> torch.Tensor:
    """The loss written the plain way: one fact at a time, one score at a time."""
    facts = set(map(tuple, triples.to_array().tolist()))
    allowed = None if triples.types is None else triples.types.allowed()
    total = torch.zeros((), dtype=entities.dtype)
    for position, row in enumerate(batch.rows):
        subject, relation, answer = batch.entities[row], batch.relations[row], batch.answers[position]
        if settings.reciprocal or relation < RELATIONS:
            query = entities[subject] + relations[relation]
        else:
            query = entities[subject] - relations[relation - RELATIONS]

        def score(entity: int, query: torch.Tensor = query) -> torch.Tensor:
            if settings.similarity == "dot":
                return settings.scale * (query * entities[entity]).sum()
            return -settings.scale * torch.linalg.vector_norm(query - entities[entity])

        scores, stands_for = [], []
        for entity in negatives.tolist():
            fact = (subject, relation, entity) if relation < RELATIONS else (entity, relation - RELATIONS, subject)
            if settings.filtered and tuple(map(int, fact)) in facts:
                continue
            if settings.sampling == "typed" and not allowed[relation, triples.types.codes[entity]]:
                continue
            scores.append(score(entity))
            stands_for.append(
                torch.tensor(-math.log(chance_to_be_drawn(entity, settings, triples)), dtype=torch.float64)
            )
        negative, positive = torch.stack(scores), score(int(answer))
        if settings.loss == "softmax":
            loss = torch.logsumexp(torch.cat([positive[None], negative + torch.stack(stands_for)]), 0) - positive
        else:
            share = torch.softmax(settings.adversarial_temperature * negative.detach(), 0)
            loss = -functional.logsigmoid(settings.margin + positive)
            loss = (loss - (share * functional.logsigmoid(-settings.margin - negative)).sum()) / 2
        loss = loss + (settings.regularization or 0) / 2 * (query.square().sum() + entities[answer].square().sum())
        total = total + loss * (1.0 if batch.weights is None else float(batch.weights[position]))
    return total


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"loss": "self_adversarial", "margin": 2.0, "adversarial_temperature": 0.7},
        {"similarity": "dot"},
        {"similarity": "dot", "loss": "self_adversarial", "margin": 1.0},
        {"reciprocal": False},
        {"filtered": False},
        {"sampling": "typed"},
        {"sampling": "degree"},
        {"scale": 2.5},
        {"regularization": 0.3},
        {"negatives": ENTITIES},
    ],
    ids=str,
)
def test_the_gradient_is_autograds(changes: dict[str, object], weighted: bool) -> None:
    triples = random_triples(1, entities=ENTITIES, relations=RELATIONS)
    rng = np.random.default_rng(2)
    weights = rng.random(len(triples)) if weighted else None
    types = EntityTypes.observed(np.arange(ENTITIES) % 3, triples[:12])
    triples = dataclasses.replace(triples, weights=weights, types=types)
    settings = dataclasses.replace(GraphSettings(dim=DIM, negatives=15, dropout=0.0), **changes)
    rows = RELATIONS * (2 if settings.reciprocal else 1)
    entities = torch.from_numpy(rng.standard_normal((ENTITIES, DIM)))
    relations = torch.from_numpy(rng.standard_normal((rows, DIM)))
    if weights is not None:
        object.__setattr__(triples, "weights", weights)  # double precision, for a tight tolerance

    batch = next(TrainingQuestions(triples).epoch(rng, batch_size=24, answers=3))
    sampler = FixedSampler(triples, settings)
    result = Step(settings, sampler, num_relations=RELATIONS)(entities, relations, batch, rng=rng)

    entities.requires_grad_(), relations.requires_grad_()
    expected = reference(entities, relations, batch, sampler.draw(rng), settings, triples)
    expected.backward()
    assert result.loss.item() == pytest.approx(expected.item(), rel=1e-9)
    for table, gradient in ((entities, result.entities), (relations, result.relations)):
        full = torch.zeros_like(table).index_add_(0, gradient.rows, gradient.values)
        torch.testing.assert_close(full, table.grad, rtol=1e-7, atol=1e-9)
        assert len(gradient.rows) == len(gradient.rows.unique())


def test_the_gradient_stays_finite_where_a_query_meets_its_answer() -> None:
    """The root's slope is infinite at distance zero; a query on top of its answer must not make a NaN."""
    triples = Triples.from_array([[0, 0, 1], [2, 0, 3]], num_entities=4, num_relations=1)
    entities, relations = torch.ones(4, 3), torch.zeros(2, 3)
    settings = GraphSettings(dim=3, negatives=4, dropout=0.0)
    batch = next(TrainingQuestions(triples).epoch(np.random.default_rng(0), batch_size=9, answers=9))
    result = Step(settings, NegativeSampler(triples, settings), num_relations=1)(
        entities, relations, batch, rng=np.random.default_rng(0)
    )
    assert torch.isfinite(result.loss)
    assert torch.isfinite(result.entities.values).all()


@pytest.mark.parametrize("loss", ["softmax", "self_adversarial"])
def test_a_question_whose_negatives_are_all_true_learns_nothing_from_them(loss: str) -> None:
    """Everything is an answer of (0, 0): after filtering there is no negative left on that side."""
    triples = Triples.from_array([[0, 0, e] for e in range(5)], num_entities=5, num_relations=1)
    settings = GraphSettings(dim=3, negatives=5, dropout=0.0, loss=loss)
    generator = torch.Generator().manual_seed(0)
    entities, relations = torch.randn(5, 3, generator=generator), torch.randn(2, 3, generator=generator)
    batches = TrainingQuestions(triples).epoch(np.random.default_rng(0), batch_size=99, answers=99)
    batch = next(batches)
    tail_side = Batch(
        entities=batch.entities[:1],
        relations=batch.relations[:1],
        rows=np.zeros(5, np.int64),
        answers=np.arange(5),
        weights=None,
        known_rows=np.zeros(5, np.int64),
        known_entities=np.arange(5),
    )
    assert tail_side.relations.tolist() in ([0], [1])
    step = Step(settings, NegativeSampler(triples, settings), num_relations=1)
    result = step(entities, relations, tail_side, rng=np.random.default_rng(0))
    assert torch.isfinite(result.entities.values).all()
    if loss == "softmax":
        assert result.loss.item() == 0
        assert not result.entities.values.any()


def test_dropout_keeps_the_mean_of_a_query() -> None:
    triples = random_triples(3)
    settings = GraphSettings(dim=400, dropout=0.3, similarity="dot")
    step = Step(settings, NegativeSampler(triples, settings), num_relations=RELATIONS)
    mask = step.dropout_mask(300, torch.Generator().manual_seed(1), torch.ones(1, 400))
    assert mask is not None
    assert mask.mean().item() == pytest.approx(1, abs=0.01)
    assert (mask == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)


def test_bfloat16_products_change_the_gradient_by_little() -> None:
    """The vectors stay single precision: only the products round, and the positives don't even do that."""
    triples = random_triples(1, facts=400)
    rng = np.random.default_rng(2)
    entities = torch.from_numpy(rng.standard_normal((ENTITIES, 64), dtype=np.float32))
    relations = torch.from_numpy(rng.standard_normal((2 * RELATIONS, 64), dtype=np.float32))
    batch = next(TrainingQuestions(triples).epoch(rng, batch_size=64, answers=3))
    found = []
    for precision in ("float32", "bfloat16"):
        settings = GraphSettings(dim=64, negatives=30, regularization=0.0, precision=precision)
        sampler = FixedSampler(triples, settings)
        found.append(Step(settings, sampler, num_relations=RELATIONS)(entities, relations, batch, rng=rng))
    full, half = found
    assert half.entities.values.dtype == torch.float32
    assert half.loss.item() == pytest.approx(full.loss.item(), rel=2e-3)
    for name in ("entities", "relations"):
        ours, theirs = getattr(half, name).values, getattr(full, name).values
        assert not torch.equal(ours, theirs)
        assert torch.nn.functional.cosine_similarity(ours.ravel(), theirs.ravel(), dim=0) > 0.9995
