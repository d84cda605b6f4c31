"""Training learns, repeats itself, resumes, extends, and keeps what it should."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from embeddings.graph import GraphModel, GraphSettings, Triples, evaluate, train
from embeddings.graph.errors import CorruptModelError, DivergedError, ModelMismatchError, TriplesError
from tests.embeddings.graph.graphs import QUICK, grid_triples, random_model, random_triples, same


def test_held_out_edges_of_a_lattice_are_found(lattice: tuple[Triples, Triples], trained: GraphModel) -> None:
    facts, test = lattice
    report = evaluate(trained, test, [facts])
    chance = evaluate(random_model(0, entities=156, relations=3), test, [facts])
    assert report.mrr > 0.3
    assert chance.mrr < 0.1


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "self_adversarial", "margin": 4.0},
        {"optimizer": "adam", "learning_rate": 0.02},
        {"sampling": "degree"},
        {"reciprocal": False},
        {"averaging": 0.2},
        {"dropout": 0.1},
        {"regularization": 0.003},
        {"schedule": "linear"},
    ],
    ids=str,
)
def test_every_variant_learns(lattice: tuple[Triples, Triples], changes: dict[str, object]) -> None:
    facts, test = lattice
    model = train(facts, dataclasses.replace(QUICK, epochs=60, **changes))
    assert evaluate(model, test, [facts]).mrr > 0.2
    if not model.settings.reciprocal:
        assert np.array_equal(model.inverse_relations, -model.relations)


def test_the_same_seed_gives_the_same_model_and_another_seed_another(lattice: tuple[Triples, Triples]) -> None:
    first, second = (train(lattice[0], QUICK) for _ in range(2))
    assert same(first, second)
    assert not same(first, train(lattice[0], dataclasses.replace(QUICK, seed=1)))


def test_no_matrix_is_touched_outside_the_rows_that_have_facts_or_are_drawn() -> None:
    facts = Triples.from_array([[0, 0, 1], [1, 0, 2]], num_entities=500, num_relations=2)
    settings = dataclasses.replace(QUICK, epochs=1, negatives=3, dropout=0.0)
    a = train(facts, dataclasses.replace(settings, learning_rate=1e-3))
    b = train(facts, dataclasses.replace(settings, learning_rate=2e-3))
    changed = (a.entities != b.entities).any(1)
    assert changed[:3].all()
    assert 3 <= changed.sum() <= 3 + 3 * 2
    assert np.array_equal(a.relations[1], b.relations[1])
    assert a.seen.tolist() == [True] * 3 + [False] * 497


@pytest.mark.parametrize("stop_after", [1, 4])
@pytest.mark.parametrize("changes", [{}, {"optimizer": "adam"}, {"averaging": 0.5}], ids=str)
def test_a_killed_training_resumes_to_the_same_result(
    tmp_path: Path, lattice: tuple[Triples, Triples], stop_after: int, changes: dict[str, object]
) -> None:
    settings = dataclasses.replace(QUICK, **changes)

    def die(record: dict[str, object]) -> None:
        if record["epoch"] == stop_after + 1:
            raise KeyboardInterrupt

    whole = train(lattice[0], settings)
    with pytest.raises(KeyboardInterrupt):
        train(lattice[0], settings, checkpoint=tmp_path, progress=die)
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    epochs: list[int] = []
    resumed = train(lattice[0], settings, checkpoint=tmp_path, progress=lambda record: epochs.append(record["epoch"]))
    assert epochs[0] == stop_after + 1
    assert same(whole, resumed)
    assert [record["loss"] for record in resumed.history] == [record["loss"] for record in whole.history]
    assert not list(tmp_path.iterdir())


def test_early_stopping_returns_the_best_epoch_and_resumes(tmp_path: Path, lattice: tuple[Triples, Triples]) -> None:
    facts, test = lattice
    changes = {"epochs": 200, "evaluate_every": 2, "patience": 2, "learning_rate": 1.0, "schedule": "constant"}
    settings = dataclasses.replace(QUICK, **changes)

    def die(record: dict[str, object]) -> None:
        if record["epoch"] == 5:
            raise KeyboardInterrupt

    whole = train(facts, settings, validation=test)
    measured = {r["epoch"]: r["validation_mrr"] for r in whole.history if "validation_mrr" in r}
    assert len(whole.history) < 200
    assert len(whole.history) - max(measured, key=lambda epoch: measured[epoch]) == 4
    assert evaluate(whole, test, [facts]).mrr == pytest.approx(max(measured.values()))
    with pytest.raises(KeyboardInterrupt):
        train(facts, settings, validation=test, checkpoint=tmp_path, progress=die)
    assert same(whole, train(facts, settings, validation=test, checkpoint=tmp_path))


def test_a_checkpoint_of_other_facts_or_settings_is_refused(tmp_path: Path, lattice: tuple[Triples, Triples]) -> None:
    def die(record: dict[str, object]) -> None:
        if record["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(lattice[0], QUICK, checkpoint=tmp_path, progress=die)
    with pytest.raises(ModelMismatchError, match="facts"):
        train(lattice[0][1:], QUICK, checkpoint=tmp_path)
    with pytest.raises(ModelMismatchError, match="settings"):
        train(lattice[0], dataclasses.replace(QUICK, learning_rate=0.1), checkpoint=tmp_path)
    (tables,) = tmp_path.glob("*.safetensors")
    tables.write_bytes(tables.read_bytes()[:100])
    with pytest.raises(CorruptModelError):
        train(lattice[0], QUICK, checkpoint=tmp_path)


def test_a_warm_start_keeps_rows_and_places_new_entities_by_their_facts(
    lattice: tuple[Triples, Triples], trained: GraphModel
) -> None:
    facts = lattice[0].to_array().tolist()
    new, lonely = 156, 157  # right of cell 0, and without facts
    grown = Triples.from_array([*facts, [0, 0, new], [new, 2, 145]], num_entities=158, num_relations=4)
    settings = dataclasses.replace(QUICK, epochs=1, learning_rate=1e-9, dropout=0.0)
    model = train(grown, settings, start=trained)
    assert model.entities.shape == (158, 16)
    np.testing.assert_allclose(model.entities[:156], trained.entities, atol=1e-5)
    np.testing.assert_allclose(model.relations[:3], trained.relations, atol=1e-5)
    np.testing.assert_allclose(model.inverse_relations[:3], trained.inverse_relations, atol=1e-5)
    precise = trained.precisions[[0, 2]]
    wanted = [trained.entities[0] + trained.relations[0], trained.entities[145] - trained.relations[2]]
    expected = np.average(wanted, axis=0, weights=precise)
    np.testing.assert_allclose(model.entities[new], expected, atol=1e-5)
    assert model.seen[new]
    assert not model.seen[lonely]
    sums, before = model.state["entities.sum"], trained.state["entities.sum"]
    assert (sums[:156] >= before).all()
    assert len(sums) == 158
    assert len(model.state["relations.sum"]) == 8
    assert (model.state["relations.sum"][4:7] >= trained.state["relations.sum"][3:]).all()


def test_a_warm_start_is_better_than_a_cold_one_of_the_same_length(
    lattice: tuple[Triples, Triples], trained: GraphModel
) -> None:
    facts, test = lattice
    settings = dataclasses.replace(QUICK, epochs=2, learning_rate=0.05)
    warm, cold = train(facts, settings, start=trained), train(facts, settings)
    assert evaluate(warm, test, [facts]).mrr > evaluate(cold, test, [facts]).mrr + 0.1


def test_a_warm_start_after_few_new_facts_equals_training_anew_in_a_fraction_of_the_epochs(
    lattice: tuple[Triples, Triples],
) -> None:
    facts, test = lattice
    new = np.arange(len(facts)) % 100 == 7
    settings = GraphSettings(dim=16, threads=1)
    old, anew = train(facts[~new], settings), train(facts, settings)
    warm = train(facts, settings, start=old)
    assert len(warm.history) * 10 <= len(anew.history)
    assert evaluate(warm, test, [facts]).mrr > evaluate(anew, test, [facts]).mrr - 0.05


def test_a_warm_start_refuses_a_smaller_graph_or_another_dimension(trained: GraphModel) -> None:
    small = random_triples(0)
    with pytest.raises(ModelMismatchError):
        train(small, QUICK, start=trained)
    with pytest.raises(ModelMismatchError):
        train(grid_triples(), dataclasses.replace(QUICK, dim=8), start=trained)


def test_a_training_that_diverges_says_so(lattice: tuple[Triples, Triples], trained: GraphModel) -> None:
    broken = dataclasses.replace(trained, entities=np.full_like(trained.entities, np.nan))
    with pytest.raises(DivergedError, match="epoch 1"):
        train(lattice[0], QUICK, start=broken)


def test_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(TriplesError):
        train(random_triples(0)[:0], QUICK)


def test_a_mapped_table_gives_the_same_model_and_is_the_file(tmp_path: Path, lattice: tuple[Triples, Triples]) -> None:
    plain = train(lattice[0], QUICK)
    mapped = train(lattice[0], QUICK, memory=tmp_path)
    assert same(plain, mapped)
    assert np.array_equal(np.load(tmp_path / "entities.npy", mmap_mode="r"), plain.entities)
    grown = train(lattice[0], QUICK, start=plain, memory=tmp_path / "warm")
    assert same(grown, train(lattice[0], QUICK, start=plain))
    assert (tmp_path / "warm" / "entities.npy").exists()
