"""What learns from titles' vectors, and that what it answers of a title was not learnt from that title."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.prediction import AudienceModel
from embeddings.prediction.network import Networks
from embeddings.prediction.pairs import FEATURES
from embeddings.prediction.trees import Forests, trees_of
from embeddings.prediction.unit import Learner, Observed, UnitModel

World = Any  # see conftest.py
both = pytest.mark.parametrize("kind", [Networks, Forests])


def made(
    kind: type[Networks] | type[Forests], shift: float = 0.0
) -> tuple[Learner, np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Sizes that grow with a title's first number, more in the second country; the first title is `shift` larger."""
    rng = np.random.default_rng(0)
    titles = rng.normal(size=(150, 3)).astype(np.float32)
    values = 4 + titles[:, :1] * np.array([[0.5, 1.5, 0.5]])
    values[0] += shift
    x = np.zeros((150, 3, len(FEATURES)))
    axes = np.array([[0.2, 0.9, 0.2], [0.7, 0.0, -0.7]])
    return kind.fit(titles, x, values, axes, seed=1), titles, x, values


@pytest.mark.parametrize(("kind", "missed"), [(Networks, 0.2), (Forests, 0.4)])  # steps don't suit a line
def test_it_learns_what_titles_and_countries_have_in_common(kind: type[Networks], missed: float) -> None:
    learner, titles, x, values = made(kind)
    answers = learner(titles, x, np.arange(150))
    assert ((answers - values) ** 2).mean() < missed * values.var()
    assert answers == pytest.approx(made(kind)[0](titles, x, np.arange(150)))  # by seed


@both
def test_a_title_is_answered_by_what_has_not_learnt_from_it(kind: type[Networks]) -> None:
    plain, titles, x, _ = made(kind)
    shifted, *_ = made(kind, shift=30.0)
    number = np.zeros(1, dtype=np.int64)
    own = [each(titles[:1], x[:1], number)[0, 0] for each in (plain, shifted)]
    new = [each(titles[:1], x[:1])[0, 0] for each in (plain, shifted)]
    assert abs(new[1] - new[0]) > abs(own[1] - own[0])


@both
def test_without_a_title_it_is_answered_by_what_never_saw_it(kind: type[Networks]) -> None:
    learner, titles, x, _ = made(kind)
    for number in (0, 1, 2, 77):
        row, one = slice(number, number + 1), np.array([number])
        without = learner.without(number)(titles[row], x[row])
        assert without == pytest.approx(learner(titles[row], x[row], one))
        assert without != pytest.approx(learner(titles[row], x[row]))


def test_trees_are_read_as_lightgbm_reads_them() -> None:
    import lightgbm

    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4))
    models = []
    for leaves, rounds, y in ((7, 30, x[:, 0] * x[:, 1]), (4, 9, np.abs(x[:, 2])), (4, 2, np.ones(500))):
        settings = {"num_leaves": leaves, "verbose": -1, "num_threads": 1}
        models.append(lightgbm.train(settings, lightgbm.Dataset(x, y), rounds))
    none = np.zeros((0, 0), dtype=np.float32)
    forests = Forests(**trees_of(models), axes=none, countries=none, fold=np.zeros(0, dtype=np.int64))
    assert forests.answers(x) == pytest.approx(np.stack([model.predict(x) for model in models]))


@pytest.mark.parametrize("way", ["one hidden layer", "one line and two parts and boosted trees"])
def test_a_model_that_serves_it_is_read_back_as_it_was(
    world: World, model: AudienceModel, tmp_path: Path, way: str
) -> None:
    unit = model.units["points"]
    assert set(unit.model.errors) > {"one hidden layer", "boosted trees", "likeness"}  # they stood for election
    observed: Observed = unit.model.observed
    own = UnitModel.fit(world.inputs[unit.titles], observed, unit.model.countries, way=way, seed=0)
    served = AudienceModel({"points": replace(unit, model=own)}, model.views)
    served.save(tmp_path)
    again = AudienceModel.load(tmp_path)
    rows = np.arange(5)
    before, after = (each.predict(world.inputs[rows], world.launches[rows], own=rows) for each in (served, again))
    assert after["overall"].to_numpy() == pytest.approx(before["overall"].to_numpy(), rel=1e-3)
    assert before["overall"].to_numpy() != pytest.approx(
        model.predict(world.inputs[rows], world.launches[rows], own=rows)["overall"].to_numpy(), rel=1e-3
    )
