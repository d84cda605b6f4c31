"""Ranks against a plain loop over every candidate, and against PyKEEN's evaluator."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.graph import EntityTypes, GraphModel, Triples, evaluate
from embeddings.graph.answers import Answers, Questions
from embeddings.graph.errors import ModelMismatchError
from embeddings.graph.ranking import Ranker
from embeddings.graph.triples import concatenate
from tests.embeddings.graph.graphs import random_model, random_triples

FACTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1), st.integers(0, 9)), min_size=1, max_size=30)


def integer_model(seed: int, *, entities: int = 10, relations: int = 2, similarity: str = "l2") -> GraphModel:
    """Small integer vectors: distances are exact, and many are equal."""
    rng = np.random.default_rng(seed)
    model = random_model(seed, entities=entities, relations=relations, dim=2)
    return dataclasses.replace(
        model,
        entities=rng.integers(-1, 2, (entities, 2)).astype(np.float32),
        relations=rng.integers(-1, 2, (relations, 2)).astype(np.float32),
        inverse_relations=rng.integers(-1, 2, (relations, 2)).astype(np.float32),
        settings=dataclasses.replace(model.settings, similarity=similarity),
    )


def plain_ranks(
    model: GraphModel, test: Triples, known: list[Triples], types: EntityTypes | None = None
) -> list[tuple[int, int, int]]:
    """Optimistic rank, pessimistic rank and number of candidates of each question, one score at a time."""
    facts = {tuple(map(int, fact)) for part in [test, *known] for fact in part.to_array()}
    found = []
    for side in ("tail", "head"):
        for h, r, t in test.to_array().tolist():
            answer = t if side == "tail" else h
            better = equal = candidates = 0
            for entity in range(model.num_entities):
                fact = (h, r, entity) if side == "tail" else (entity, r, t)
                allowed = types is None or (types.tails if side == "tail" else types.heads)[r, types.codes[entity]]
                if entity != answer and (fact in facts or not allowed):
                    continue
                score = (
                    model.score(h, r, np.array([entity, answer]))
                    if side == "tail"
                    else model.score_inverse(t, r, np.array([entity, answer]))
                )
                candidates += 1
                better += bool(score[0] > score[1])
                equal += bool(score[0] == score[1])
            found.append((better + 1, better + equal, candidates))
    return found


@settings(max_examples=60, deadline=None)
@given(FACTS, FACTS, st.integers(0, 99), st.sampled_from([1 << 22, 16, 7, 1]), st.sampled_from(["l2", "dot"]))
def test_ranks_are_those_of_a_plain_loop_however_they_are_streamed(
    test: list[tuple[int, int, int]], train: list[tuple[int, int, int]], seed: int, block: int, similarity: str
) -> None:
    model = integer_model(seed, similarity=similarity)
    wanted, known = (Triples.from_array(part, num_entities=10, num_relations=2) for part in (test, train))
    questions = Questions.of(wanted)
    answers = Answers.of(Questions.of(concatenate([wanted, known])), 4)
    ranker = Ranker(model.entities, model.directed_relations, answers, similarity=similarity, block=block)
    ranks, _ = ranker.rank(questions)
    found = list(zip(ranks.optimistic, ranks.pessimistic, ranks.candidates, strict=True))
    assert found == plain_ranks(model, wanted, [known])


@settings(max_examples=60, deadline=None)
@given(FACTS, FACTS, st.integers(0, 99), st.lists(st.integers(0, 2), min_size=10, max_size=10))
def test_typed_ranks_are_those_of_a_plain_loop(
    test: list[tuple[int, int, int]], train: list[tuple[int, int, int]], seed: int, codes: list[int]
) -> None:
    model = integer_model(seed)
    wanted, known = (Triples.from_array(part, num_entities=10, num_relations=2) for part in (test, train))
    types = EntityTypes.observed(codes, known)  # a test answer may be of a type that is not allowed
    ranks = evaluate(model, wanted, [known], types=types).typed_ranks
    assert ranks is not None
    found = list(zip(ranks.optimistic, ranks.pessimistic, ranks.candidates, strict=True))
    assert found == plain_ranks(model, wanted, [known], types)


def test_a_model_that_cannot_tell_entities_apart_gets_the_middle_rank() -> None:
    """Equal vectors must tie exactly, wherever they stand in the table."""
    model = random_model(0, entities=3001, relations=2, dim=100)
    model = dataclasses.replace(model, entities=np.tile(model.entities[:1], (3001, 1)))
    test = random_triples(1, entities=3001, relations=2)
    report = evaluate(model, test[:3], [])
    assert np.array_equal(report.ranks.optimistic, np.ones(6))
    assert report.optimistic_mrr == 1
    assert report.mrr < 0.001


def test_unseen_entities_and_entities_without_a_row_are_misses_and_never_candidates() -> None:
    model = random_model(0, entities=10, relations=1)
    model = dataclasses.replace(model, seen=np.arange(10) != 9)
    test = Triples.from_array([[0, 0, 1], [0, 0, 9], [12, 0, 3]], num_entities=13, num_relations=1)
    report = evaluate(model, test, [test[:0]])
    assert report.unseen == 2
    assert np.isinf(report.ranks.realistic).tolist() == [False, True, True] * 2
    assert np.isfinite(report.ranks.candidates).all()
    assert report.overall.count == 6
    alone = evaluate(model, test[:1], [test])
    assert report.mrr == pytest.approx(alone.mrr / 3)
    assert "2 facts with an entity unseen" in report.protocol


@settings(max_examples=40, deadline=None)
@given(FACTS, FACTS, st.integers(0, 99), st.lists(st.booleans(), min_size=10, max_size=10))
def test_rows_that_are_no_candidates_are_as_if_they_were_not_there(
    test: list[tuple[int, int, int]], train: list[tuple[int, int, int]], seed: int, kept: list[bool]
) -> None:
    """A table with padding ranks as the table without it; both typed and untyped."""
    model = integer_model(seed)
    candidates = np.array(kept)
    wanted, known = (Triples.from_array(part, num_entities=10, num_relations=2) for part in (test, train))
    wanted = wanted[candidates[wanted.heads] & candidates[wanted.tails]]
    codes = np.arange(10) % 3
    types = EntityTypes.observed(codes, known)
    row = np.cumsum(candidates) - 1
    small = dataclasses.replace(model, entities=model.entities[candidates], seen=model.seen[candidates])

    def renumbered(facts: Triples) -> Triples:
        facts = facts[candidates[facts.heads] & candidates[facts.tails]]
        ends = {"heads": row[facts.heads], "tails": row[facts.tails], "num_entities": int(candidates.sum())}
        return dataclasses.replace(facts, **ends)

    found = evaluate(model, wanted, [known], types=types, candidates=candidates)
    expected = evaluate(
        small, renumbered(wanted), [renumbered(known)], types=dataclasses.replace(types, codes=codes[candidates])
    )
    for ours, theirs in ((found.ranks, expected.ranks), (found.typed_ranks, expected.typed_ranks)):
        assert ours is not None
        assert theirs is not None
        assert np.array_equal(ours.realistic, theirs.realistic)
        assert np.array_equal(ours.candidates, theirs.candidates)
    assert f"among all {candidates.sum():,} entities that may be an answer" in found.protocol


def test_candidates_of_another_table_are_refused() -> None:
    with pytest.raises(ModelMismatchError):
        evaluate(random_model(0), random_triples(0), [], candidates=np.ones(3, dtype=bool))


def test_parts_add_up_to_the_whole() -> None:
    model, test, train = random_model(0), random_triples(1), random_triples(2)
    report = evaluate(model, test, [train], relation_names=["a", "b", "c", "d"])
    assert set(report.by_relation) == {"a", "b", "c", "d"}
    for parts in (report.by_side, report.by_relation, report.by_cardinality, report.by_degree):
        count = sum(part.count for part in parts.values())
        assert count == report.overall.count == 2 * len(test)
        assert sum(part.count * part.mrr for part in parts.values()) / count == pytest.approx(report.mrr)
    assert report.hits_at(10) == report.overall.hits[10]
    assert report.optimistic_mrr >= report.mrr >= report.pessimistic_mrr


def test_cardinalities_are_bordes() -> None:
    from embeddings.graph.evaluation import cardinalities

    one = [[i, 0, i + 10] for i in range(5)]
    many_tails = [[0, 1, i] for i in range(5)]
    many_heads = [[i, 2, 0] for i in range(5)]
    both = [[i, 3, j] for i in range(3) for j in range(3)]
    facts = Triples.from_array(one + many_tails + many_heads + both)
    assert cardinalities(facts) == {0: "1-1", 1: "1-N", 2: "N-1", 3: "N-N"}


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    from embeddings.graph.report import Metrics

    rng = np.random.default_rng(0)
    truth = sum(1 / rank for rank in range(1, 21)) / 20
    covered = 0
    for _ in range(400):
        ranks = np.repeat(rng.integers(1, 21, 150), 2).astype(float)  # both sides of a fact agree
        low, high = Metrics.of(ranks, np.repeat(np.arange(150), 2)).interval
        covered += low <= truth <= high
    assert 0.91 <= covered / 400 <= 0.98


def test_relations_the_model_does_not_know_are_refused() -> None:
    with pytest.raises(ModelMismatchError):
        evaluate(random_model(0, relations=2), random_triples(0, relations=4), [])


@pytest.mark.filterwarnings("ignore")
def test_results_are_pykeens() -> None:
    """The same vectors in a PyKEEN model, ranked by PyKEEN's evaluator: every metric on every side is equal."""
    import torch
    from pykeen.evaluation import RankBasedEvaluator
    from pykeen.models import ERModel
    from pykeen.nn.modules import TransEInteraction
    from pykeen.triples import CoreTriplesFactory

    train, test = random_triples(1), random_triples(2, facts=60)
    model = integer_model(3, entities=40, relations=4)  # with many ties
    factory = CoreTriplesFactory.create(
        torch.from_numpy(train.to_array()), num_entities=40, num_relations=4, create_inverse_triples=True
    )
    theirs = ERModel(
        triples_factory=factory,
        interaction=TransEInteraction(p=2),
        entity_representations_kwargs={"shape": 2},
        relation_representations_kwargs={"shape": 2},
    )
    with torch.no_grad():
        theirs.entity_representations[0]._embeddings.weight.copy_(torch.from_numpy(model.entities))
        interleaved = np.stack([model.relations, model.inverse_relations], axis=1).reshape(8, 2)
        theirs.relation_representations[0]._embeddings.weight.copy_(torch.from_numpy(interleaved))
    expected = (
        RankBasedEvaluator()
        .evaluate(
            theirs,
            torch.from_numpy(test.to_array()),
            batch_size=16,
            additional_filter_triples=[torch.from_numpy(train.to_array())],
            use_tqdm=False,
        )
        .to_flat_dict()
    )
    found = evaluate(model, test, [train]).to_pykeen().to_flat_dict()
    assert found.keys() == expected.keys()
    assert len(found) > 100
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-5, abs=1e-7, nan_ok=True), name
