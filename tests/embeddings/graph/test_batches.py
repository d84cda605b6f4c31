"""An epoch deals every directed fact exactly once, whatever the sizes; the answer index holds exactly the facts."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.graph import EntityTypes, GraphSettings, Triples
from embeddings.graph.answers import Answers, Questions
from embeddings.graph.batches import TrainingQuestions
from embeddings.graph.errors import SettingsError
from embeddings.graph.negatives import NegativeSampler
from tests.embeddings.graph.graphs import random_triples

FACTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(0, 6)), min_size=1, max_size=60)


def directed(facts: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return sorted([(h, r, t) for h, r, t in facts] + [(t, r + 3, h) for h, r, t in facts])


@given(FACTS, st.integers(1, 9), st.integers(1, 5), st.integers(0, 99))
def test_an_epoch_deals_each_directed_fact_once(
    facts: list[tuple[int, int, int]], batch_size: int, answers: int, seed: int
) -> None:
    questions = TrainingQuestions(Triples.from_array(facts, num_entities=7, num_relations=3))
    batches = list(questions.epoch(np.random.default_rng(seed), batch_size=batch_size, answers=answers))
    dealt = [
        (int(batch.entities[row]), int(batch.relations[row]), int(answer))
        for batch in batches
        for row, answer in zip(batch.rows, batch.answers, strict=True)
    ]
    assert sorted(dealt) == directed(facts)
    assert len(batches) == questions.steps(batch_size=batch_size, answers=answers)
    for batch in batches:
        assert len(batch.entities) <= batch_size
        assert np.bincount(batch.rows).max() <= answers


@given(FACTS, st.integers(0, 99))
def test_known_answers_of_a_batch_are_all_its_true_answers(facts: list[tuple[int, int, int]], seed: int) -> None:
    true = set(directed(facts))
    questions = TrainingQuestions(Triples.from_array(facts, num_entities=7, num_relations=3))
    for batch in questions.epoch(np.random.default_rng(seed), batch_size=4, answers=2):
        known = set(zip(batch.known_rows.tolist(), batch.known_entities.tolist(), strict=True))
        expected = {
            (row, entity)
            for row, (e, r) in enumerate(zip(batch.entities, batch.relations, strict=True))
            for entity in range(7)
            if (e, r, entity) in true
        }
        assert known == expected


@given(FACTS)
def test_the_answer_index_agrees_with_a_set(facts: list[tuple[int, int, int]]) -> None:
    triples = Triples.from_array(facts, num_entities=7, num_relations=3)
    index = Answers.of(Questions.of(triples), 6)
    asked = np.arange(7 * 6)
    rows, entities = index.of_rows(asked)
    found = [(code // 6, code % 6, e) for code, e in zip(asked[rows].tolist(), entities.tolist(), strict=True)]
    assert found == sorted(set(directed(facts)))


def test_weights_follow_their_facts() -> None:
    facts = random_triples(5)
    triples = Triples(
        heads=facts.heads,
        relations=facts.relations,
        tails=facts.tails,
        num_entities=40,
        num_relations=4,
        weights=facts.heads * 1e4 + facts.relations * 1e2 + facts.tails,
    )
    for batch in TrainingQuestions(triples).epoch(np.random.default_rng(0), batch_size=16, answers=2):
        subject, relation, answer = batch.entities[batch.rows], batch.relations[batch.rows], batch.answers
        forward = relation < 4
        heads, tails = np.where(forward, subject, answer), np.where(forward, answer, subject)
        assert np.array_equal(batch.weights, heads * 1e4 + relation % 4 * 1e2 + tails)


@given(st.integers(1, 40), st.sampled_from(["uniform", "degree", "typed"]), st.integers(0, 9))
def test_negatives_are_distinct_entities(count: int, sampling: str, seed: int) -> None:
    triples = random_triples(0)
    triples = dataclasses.replace(triples, types=EntityTypes.observed(np.arange(40) % 3, triples))
    sampler = NegativeSampler(triples, GraphSettings(negatives=count, sampling=sampling))
    drawn = sampler.draw(np.random.default_rng(seed))
    assert len(set(drawn.tolist())) == len(drawn)
    assert 0 < len(drawn) <= count
    assert sampling == "degree" or len(drawn) == count
    assert drawn.min() >= 0
    assert drawn.max() < 40


def test_degree_sampling_prefers_hubs() -> None:
    hub = Triples.from_array([[0, 0, e] for e in range(1, 100)], num_entities=200, num_relations=1)
    sampler = NegativeSampler(hub, GraphSettings(negatives=10, sampling="degree"))
    rng = np.random.default_rng(0)
    drawn = np.concatenate([sampler.draw(rng) for _ in range(300)])
    counts = np.bincount(drawn, minlength=200)
    assert counts[0] > 5 * counts[1:100].mean()
    assert not counts[100:].any()  # no fact mentions them


@pytest.mark.parametrize("sampling", ["uniform", "degree"])
def test_a_sum_over_the_drawn_estimates_the_sum_over_all(sampling: str) -> None:
    triples = random_triples(0, facts=60)
    values = np.random.default_rng(1).random(40)
    sampler = NegativeSampler(triples, GraphSettings(negatives=12, sampling=sampling))
    rng = np.random.default_rng(2)
    draws = (sampler.draw(rng) for _ in range(4000))
    estimates = [np.sum(values[drawn] * np.exp(sampler.log_weights(drawn))) for drawn in draws]
    expected = values[np.unique([triples.heads, triples.tails])].sum()
    assert np.mean(estimates) == pytest.approx(expected, abs=4 * np.std(estimates) / np.sqrt(4000))


def test_typed_negatives_need_types() -> None:
    with pytest.raises(SettingsError, match="types"):
        NegativeSampler(random_triples(0), GraphSettings(sampling="typed"))


def test_typed_negatives_of_a_question_are_those_its_relation_allows() -> None:
    triples = random_triples(0, facts=12)
    types = EntityTypes.observed(np.arange(40) % 5, triples)
    triples = dataclasses.replace(triples, types=types)
    sampler = NegativeSampler(triples, GraphSettings(sampling="typed", negatives=40))
    wrong = sampler.wrong_types(np.arange(40), np.arange(8))
    for relation in range(8):
        side, allowed = ("tails", types.tails) if relation < 4 else ("heads", types.heads)
        seen = {int(e) % 5 for e in getattr(triples, side)[triples.relations == relation % 4]}
        assert [not w for w in wrong[relation]] == [e % 5 in seen for e in range(40)]
        assert allowed[relation % 4].sum() == len(seen)
