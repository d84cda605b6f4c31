"""Probabilities of missing edges: the fit against scikit-learn, the shares against the formula, the error measured."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.graph import EntityTypes, GraphSettings, Triples, train
from embeddings.graph.answers import Answers, Questions
from embeddings.graph.calibration import EdgeCalibration, calibrate, fit_maps, isotonic
from embeddings.graph.candidates import candidate_blocks
from embeddings.graph.errors import CalibrationError, CorruptModelError
from tests.embeddings.graph.graphs import grid_triples, random_model, random_triples


@settings(deadline=None)  # the first example imports scikit-learn
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), min_size=1, max_size=40))
def test_isotonic_regression_is_scikit_learns(points: list[tuple[int, int]]) -> None:
    from sklearn.isotonic import IsotonicRegression

    values, weights = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    expected = IsotonicRegression().fit_transform(np.arange(len(values)), values, sample_weight=weights)
    np.testing.assert_allclose(isotonic(values, weights), expected, atol=1e-9)


@pytest.mark.parametrize("similarity", ["l2", "dot"])
def test_shares_are_the_softmax_over_unknown_candidates_of_the_right_type(similarity: str) -> None:
    triples, model = random_triples(0), random_model(1)
    model = dataclasses.replace(
        model,
        settings=dataclasses.replace(model.settings, similarity=similarity, scale=0.7),
        seen=np.arange(40) != 5,
    )
    types = EntityTypes.observed(np.arange(40) % 3, triples[:8])
    known = Answers.of(Questions.of(triples), 8)
    entities, relations = np.array([0, 1, 2, 3, 4]), np.array([0, 5, 3, 7, 0])
    facts = {tuple(fact) for fact in triples.to_array().tolist()}
    asked = []
    for block in candidate_blocks(model, entities, relations, known, types):
        for row, question in enumerate(block.questions):
            asked.append(int(question))
            entity, relation = int(entities[question]), int(relations[question])
            scores = {}
            for other in range(40):
                fact = (entity, relation, other) if relation < 4 else (other, relation - 4, entity)
                if fact in facts or other in (entity, 5) or not types.allowed()[relation, types.codes[other]]:
                    continue
                ask = model.score if relation < 4 else model.score_inverse
                scores[other] = 0.7 * float(ask(entity, relation % 4, other))
            top = max(scores.values(), default=0.0)
            total = sum(np.exp(score - top) for score in scores.values())
            found = dict(zip(block.pool.tolist(), np.exp(block.log_shares[row]).tolist(), strict=True))
            for other, share in found.items():
                expected = np.exp(scores[other] - top) / total if other in scores else 0.0
                assert share == pytest.approx(expected, rel=1e-3, abs=1e-6)
            assert set(scores) <= set(found)
    assert sorted(asked) == [0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def lattice_calibration() -> tuple[EdgeCalibration, Triples]:
    everything = grid_triples(16)
    held_out = np.random.default_rng(0).random(len(everything)) < 0.2
    settings = GraphSettings(dim=16, epochs=40, batch_size=64, threads=1)
    model = train(everything[~held_out], settings)
    codes = (np.arange(everything.num_entities) >= 256).astype(np.int64)
    types = EntityTypes.observed(codes, everything)
    fitting, measuring = everything[held_out][::2], everything[held_out][1::2]
    return calibrate(model, fitting, measuring, [everything[~held_out]], types=types), measuring


def test_probabilities_are_monotone_and_close_to_what_is_observed(
    lattice_calibration: tuple[EdgeCalibration, Triples],
) -> None:
    calibration, held_out = lattice_calibration
    for probabilities in (calibration.probabilities, calibration.top_probabilities):
        assert (np.diff(probabilities) >= 0).all()
        assert probabilities[0] >= 0
        assert probabilities[-1] <= 1
    assert (calibration.top_probabilities >= calibration.probabilities).all()
    assert calibration.reliability.error < 0.05
    assert calibration.top_reliability.error < 0.1
    assert calibration.top_probabilities[-1] > 0.3  # it does not hide behind the base rate
    questions = len(set(Questions.of(held_out).codes(6).tolist()))
    assert sum(calibration.top_reliability.count) <= questions * 12
    assert f"measured on {questions:,} other questions" in calibration.protocol
    assert "the right type" in calibration.protocol


def test_one_lucky_straggler_does_not_lift_the_ten_best() -> None:
    top, others = np.zeros((2, 1601)), np.zeros((2, 1601))
    top[:, 1000], top[:, 1400] = [1000, 20], [1000, 300]  # 2 % of the middling shares were held out, 30 % of the large
    others[:, 200], others[:, 1200] = [100_000, 100], [2, 1]
    best, rest = fit_maps(top, others)
    assert best[[1000, 1400]] == pytest.approx([0.02, 0.3])
    assert rest[200] == pytest.approx(0.001)
    assert (rest <= best).all()


def test_the_error_is_that_of_its_own_table(lattice_calibration: tuple[EdgeCalibration, Triples]) -> None:
    table = lattice_calibration[0].reliability
    count = np.array(table.count)
    expected = (count * np.abs(np.array(table.observed) - np.array(table.predicted))).sum() / count.sum()
    assert table.error == pytest.approx(expected)
    assert len(table.edges) == len(count) + 1


def test_calibrations_survive_saving(tmp_path: Path, lattice_calibration: tuple[EdgeCalibration, Triples]) -> None:
    calibration, _ = lattice_calibration
    calibration.save(tmp_path / "calibration.json")
    loaded = EdgeCalibration.load(tmp_path / "calibration.json")
    shares = np.linspace(-30, 0, 100)
    ranks = np.arange(100)
    assert np.array_equal(loaded.probability(shares, ranks), calibration.probability(shares, ranks))
    assert loaded.reliability == calibration.reliability
    (tmp_path / "calibration.json").write_text('{"format": 2, "log_shares": [')
    with pytest.raises(CorruptModelError):
        EdgeCalibration.load(tmp_path / "calibration.json")


def test_too_little_evidence_is_an_error() -> None:
    with pytest.raises(CalibrationError):
        calibrate(random_model(0), random_triples(0)[:5], random_triples(1), [])
