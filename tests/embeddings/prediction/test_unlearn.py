"""A title that is taken out of a model is answered as if it had never been in it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from embeddings.prediction import AudienceModel
from embeddings.prediction.unlearn import unlearnt


def test_a_title_is_foreseen_as_when_it_was_left_out(model: AudienceModel, world) -> None:
    """By the model's own figures for titles it has learnt from, which are exact."""
    title = np.array([100])
    left_out = model.predict(world.inputs[title], world.launches[title], own=title)
    without = unlearnt(model, 100).predict(world.inputs[title], world.launches[title])
    numbers = ["probability", "expected", "low", "high", "overall"]
    pd.testing.assert_frame_equal(without[numbers], left_out[numbers], rtol=1e-3)
    assert without["comparables"].tolist() == left_out["comparables"].tolist()
    still = model.predict(world.inputs[title], world.launches[title])
    assert not np.allclose(still["overall"], left_out["overall"], rtol=1e-2)


def test_nobody_is_compared_with_it_any_more(model: AudienceModel, world) -> None:
    later = np.array([110])
    now = np.array([np.datetime64("2030-01-01")])
    named = {one for some in model.predict(world.inputs[later], now, own=later)["comparables"] for one in some}
    gone = named.pop()
    after = unlearnt(model, gone).predict(world.inputs[later], now)
    assert all(gone not in some for some in after["comparables"])


def test_a_title_that_was_not_learnt_from_changes_nothing(model: AudienceModel) -> None:
    assert unlearnt(model, 10_000).units["points"] is model.units["points"]
