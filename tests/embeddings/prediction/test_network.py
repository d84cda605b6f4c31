"""The published predictor: what it learns, and that what it answers of a title was not learnt from that title."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.prediction import AudienceModel
from embeddings.prediction.network import Networks
from embeddings.prediction.pairs import FEATURES
from embeddings.prediction.unit import WAYS, Observed, UnitModel

World = Any  # see conftest.py


def made(shift: float = 0.0) -> tuple[Networks, np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Sizes that grow with a title's first number, more in the second country; the first title is `shift` larger."""
    rng = np.random.default_rng(0)
    titles = rng.normal(size=(150, 3)).astype(np.float32)
    values = 4 + titles[:, :1] * np.array([[0.5, 1.5, 0.5]])
    values[0] += shift
    x = np.zeros((150, 3, len(FEATURES)))
    axes = np.array([[0.2, 0.9, 0.2], [0.7, 0.0, -0.7]])
    return Networks.fit(titles, x, values, axes, seed=1), titles, x, values


def test_it_learns_what_titles_and_countries_have_in_common() -> None:
    networks, titles, x, values = made()
    answers = networks(titles, x, np.arange(150))
    assert ((answers - values) ** 2).mean() < 0.2 * values.var()
    assert networks(titles, x, np.arange(150)) == pytest.approx(made()[0](titles, x, np.arange(150)))  # by seed


def test_a_title_is_answered_by_a_network_that_has_not_learnt_from_it() -> None:
    plain, titles, x, _ = made()
    shifted, *_ = made(shift=30.0)
    number = np.zeros(1, dtype=np.int64)
    own = [each(titles[:1], x[:1], number)[0, 0] for each in (plain, shifted)]
    new = [each(titles[:1], x[:1])[0, 0] for each in (plain, shifted)]
    assert abs(new[1] - new[0]) > abs(own[1] - own[0])


def test_without_a_title_it_is_answered_by_what_never_saw_it() -> None:
    networks, titles, x, _ = made()
    for number in (0, 1, 2, 77):
        row, one = slice(number, number + 1), np.array([number])
        without = networks.without(number)(titles[row], x[row])
        assert without == pytest.approx(networks(titles[row], x[row], one))
        assert without != pytest.approx(networks(titles[row], x[row]))


def test_a_model_that_serves_it_is_read_back_without_torch(world: World, model: AudienceModel, tmp_path: Path) -> None:
    unit = model.units["points"]
    assert set(unit.model.errors) > {"one hidden layer", "likeness"}  # it stood for election
    observed: Observed = unit.model.observed
    own = UnitModel.fit(world.inputs[unit.titles], observed, unit.model.countries, way=WAYS[-1], seed=0)
    served = AudienceModel({"points": replace(unit, model=own)}, model.views)
    served.save(tmp_path)
    again = AudienceModel.load(tmp_path)
    rows = np.arange(5)
    before, after = (each.predict(world.inputs[rows], world.launches[rows], own=rows) for each in (served, again))
    assert after["overall"].to_numpy() == pytest.approx(before["overall"].to_numpy(), rel=1e-3)
    assert before["overall"].to_numpy() != pytest.approx(
        model.predict(world.inputs[rows], world.launches[rows], own=rows)["overall"].to_numpy(), rel=1e-3
    )
