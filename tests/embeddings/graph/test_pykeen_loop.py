"""Our loop inside PyKEEN's interfaces: same vectors as `train`, same scores as PyKEEN, callbacks and stoppers work."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest
import torch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pykeen.evaluation import RankBasedEvaluator
    from pykeen.models import DistMult, TransE
    from pykeen.stoppers import EarlyStopper
    from pykeen.trackers import PythonResultTracker
    from pykeen.triples import CoreTriplesFactory

from embeddings.graph import GraphSettings, evaluate, train
from embeddings.graph.errors import ModelMismatchError
from embeddings.graph.pykeen_loop import SharedNegativesTrainingLoop, _tables, relation_rows
from embeddings.graph.pykeen_models import factory_of, from_pykeen, to_pykeen, tracking, train_named
from embeddings.graph.tables import Tables
from tests.embeddings.graph.graphs import grid_triples, random_model, random_triples

pytestmark = pytest.mark.filterwarnings("ignore")
QUICK = GraphSettings(dim=16, epochs=4, batch_size=64, negatives=50, threads=1)


def transe(factory: CoreTriplesFactory, **options: object) -> TransE:
    defaults: dict[str, object] = {"embedding_dim": 16, "scoring_fct_norm": 2, "entity_constrainer": None}
    return TransE(triples_factory=factory, random_seed=0, **defaults | options)


@pytest.mark.parametrize("inverse", [True, False])
def test_it_gives_the_vectors_that_train_gives(inverse: bool) -> None:
    facts = grid_triples()
    settings = dataclasses.replace(QUICK, reciprocal=inverse)
    ours = train(facts, settings)
    factory = factory_of(facts, inverse=inverse)
    model = transe(factory)
    loop = SharedNegativesTrainingLoop(model, factory, settings=settings)
    model.reset_parameters_ = lambda: start(model, factory, settings)  # the loop resets; give it train's start
    losses = loop.train(factory, use_tqdm=False)
    theirs = from_pykeen(model, factory)
    np.testing.assert_allclose(theirs.entities, ours.entities, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(theirs.relations, ours.relations, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(theirs.inverse_relations, ours.inverse_relations, rtol=1e-4, atol=1e-5)
    assert len(losses) == 4
    assert losses[-1] < losses[0]


def start(model: TransE, factory: CoreTriplesFactory, settings: GraphSettings) -> TransE:
    tables = Tables.make(grid_triples(), settings, torch.device("cpu"))
    entities, relations = _tables(model)
    with torch.no_grad():
        entities.copy_(tables.entities)
        rows = torch.from_numpy(relation_rows(factory)[: len(tables.relations)])
        relations[rows] = tables.relations
    return model


def test_scores_and_gradients_are_pykeens() -> None:
    """The loss of one step, made by hand, against PyKEEN's scores of the same triples and autograd."""
    facts = random_triples(0)
    factory = factory_of(facts)
    model = transe(factory)
    settings = dataclasses.replace(QUICK, negatives=40, regularization=0.0, filtered=False)
    loop = SharedNegativesTrainingLoop(model, factory, settings=settings)
    batches = loop._create_training_data_loader(factory, batch_size=32, drop_last=False)
    batch = next(iter(batches))
    found = loop._forward_pass(batch, 0, len(batch.entities), len(batch.entities), 0.0, None)
    entities, relations = _tables(model)
    by_hand = [table.grad.to_dense() for table in (entities, relations)]

    entities.grad = relations.grad = None
    rows = torch.from_numpy(relation_rows(factory)[batch.relations])
    hr = torch.stack([torch.from_numpy(batch.entities), rows], dim=1)
    # score_t doubles relation ids itself where inverse triples are used, so go through the interaction
    h, r, t = model._get_representations(h=hr[:, :1], r=hr[:, 1:], t=None, mode=None)
    scores = model.interaction(h, r, t)  # [B, E]
    positive = scores[torch.from_numpy(batch.rows), torch.from_numpy(batch.answers)]
    total = torch.logsumexp(torch.cat([positive[:, None], scores[torch.from_numpy(batch.rows)]], 1), 1)
    loss = (total - positive).sum()
    loss.backward()
    assert found * len(batch.answers) == pytest.approx(loss.item(), rel=1e-4)
    torch.testing.assert_close(by_hand[0], entities.grad, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(by_hand[1], relations.grad, rtol=1e-3, atol=1e-4)


def test_converted_models_score_as_ours_do_and_back() -> None:
    facts = random_triples(0)
    ours = random_model(1)
    theirs = to_pykeen(ours, facts)
    scores = theirs.predict_hrt(torch.from_numpy(facts.to_array()))[:, 0].detach().numpy()
    np.testing.assert_allclose(scores, ours.score(facts.heads, facts.relations, facts.tails), rtol=1e-5)
    inverse = theirs.predict_h(torch.from_numpy(facts.to_array()[:, 1:])).detach().numpy()
    expected = ours.score_inverse(facts.tails[:, None], facts.relations[:, None], np.arange(40)[None])
    np.testing.assert_allclose(inverse, expected, rtol=1e-4)
    back = from_pykeen(theirs, factory_of(facts))
    for name in ("entities", "relations", "inverse_relations"):
        assert np.array_equal(getattr(back, name), getattr(ours, name))


def test_pykeens_evaluator_stopper_and_tracker_work_with_the_loop() -> None:
    facts = grid_triples()
    held_out = np.arange(len(facts)) % 10 == 0
    factory, validation = factory_of(facts[~held_out]), factory_of(facts[held_out], inverse=False)
    model, tracker = transe(factory), PythonResultTracker()
    loop = SharedNegativesTrainingLoop(model, factory, settings=QUICK, result_tracker=tracker)
    stopper = EarlyStopper(
        model=model,
        evaluator=RankBasedEvaluator(),
        training_triples_factory=factory,
        evaluation_triples_factory=validation,
        frequency=4,
        patience=3,
        metric="mrr",
        result_tracker=tracker,
        evaluation_batch_size=32,
    )
    losses = loop.train(factory, num_epochs=12, use_tqdm=False, stopper=stopper)
    assert tracker.metrics[1]["loss"] == losses[0]
    assert stopper.results
    expected = RankBasedEvaluator().evaluate(
        model,
        validation.mapped_triples,
        batch_size=32,
        additional_filter_triples=[factory.mapped_triples],
        use_tqdm=False,
    )
    report = evaluate(from_pykeen(model, factory), facts[held_out], [facts[~held_out]])
    assert report.mrr == pytest.approx(expected.get_metric("mrr"), abs=2e-3)  # rounding may break or make a tie


def test_pykeens_schedulers_and_sparse_optimizers_work_with_the_loop() -> None:
    factory = factory_of(grid_triples())
    model = transe(factory)
    loop = SharedNegativesTrainingLoop(
        model,
        factory,
        settings=QUICK,
        optimizer=torch.optim.SparseAdam(list(model.parameters()), lr=0.01),
        lr_scheduler="ExponentialLR",
        lr_scheduler_kwargs={"gamma": 0.5},
    )
    losses = loop.train(factory, num_epochs=3, use_tqdm=False)
    assert losses[-1] < losses[0]
    assert loop.optimizer.param_groups[0]["lr"] == pytest.approx(0.01 / 8)


def test_what_it_cannot_train_is_refused() -> None:
    factory = factory_of(random_triples(0))
    for model in (DistMult(triples_factory=factory, random_seed=0), transe(factory, scoring_fct_norm=1)):
        with pytest.raises(ModelMismatchError):
            SharedNegativesTrainingLoop(model, factory)
    loop = SharedNegativesTrainingLoop(transe(factory), factory, settings=QUICK)
    with pytest.raises(ModelMismatchError):
        loop.train(factory, num_epochs=1, label_smoothing=0.1, use_tqdm=False)


def test_progress_can_go_to_a_pykeen_tracker() -> None:
    tracker = PythonResultTracker()
    model = train(random_triples(0), QUICK, progress=tracking(tracker))
    assert [tracker.metrics[epoch]["loss"] for epoch in (1, 2, 3, 4)] == [r["loss"] for r in model.history]


@pytest.mark.parametrize(("name", "loop"), [("RotatE", "slcwa"), ("ComplEx", "lcwa")])
def test_other_models_train_by_pykeens_own_loops(name: str, loop: str) -> None:
    facts = random_triples(0)
    model = train_named(name, facts, loop=loop, epochs=2, embedding_dim=4, random_seed=0)
    assert type(model).__name__ == name
    assert torch.isfinite(model.predict_hrt(torch.from_numpy(facts.to_array()))).all()
