"""A model of audiences finds what the world was made of, keeps units apart and answers the same after a reload."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from embeddings.prediction import AudienceModel, TitleInputs, bag, fit_audience

Learn = Callable[[Any], AudienceModel]
World = Any  # see conftest.py

EAST, WEST = {"JP", "KR", "TW", "TH"}, {"DE", "ES", "FR", "US"}
NOW = np.array([np.datetime64("2030-01-01")])


def draft(*tags: str) -> TitleInputs:
    return TitleInputs(count=1, bags={"tags": bag(np.zeros(len(tags), dtype=np.int64), list(tags))})


def test_a_draft_ranks_the_countries_where_its_likes_are_watched_first(model: AudienceModel) -> None:
    eastern = model.predict(draft("tag:east-0", "tag:east-1"), NOW).set_index("country")
    western = model.predict(draft("tag:west-0", "tag:west-1"), NOW).set_index("country")
    assert set(eastern.query("rank <= 4").index) == EAST
    assert set(western.query("rank <= 4").index) == WEST
    assert eastern.loc["JP", "probability"] > 0.7 > 0.5 > eastern.loc["DE", "probability"]
    assert eastern.loc["JP", "overall"] > western.loc["JP", "overall"]


def test_expected_sizes_lie_in_their_interval_and_probabilities_between_0_and_1(model: AudienceModel) -> None:
    answer = model.predict(draft("tag:east-3"), NOW)
    assert (answer["low"] <= answer["expected"]).all()
    assert (answer["expected"] <= answer["high"]).all()
    assert answer["low"].min() >= 0
    assert answer["probability"].between(0, 1).all()
    assert sorted(answer["rank"]) == list(range(1, 9))


def test_comparables_were_over_before_the_launch_and_are_named_with_their_own_sizes(
    model: AudienceModel, world
) -> None:
    titles = np.array([100, 101])
    answer = model.predict(world.inputs[titles], world.launches[titles], own=titles)
    observed = world.sizes.set_index(["title", "country"])["size"]
    named = 0
    for row in answer.itertuples():
        for other, size in zip(row.comparables, row.comparable_sizes, strict=True):
            assert other != titles[row.row]
            assert world.launches[other] + 55 < world.launches[titles[row.row]]
            assert size == pytest.approx(observed[other, row.country], abs=1e-5)
            named += 1
    assert named > 20


def test_nothing_is_comparable_to_the_first_title(model: AudienceModel, world: World) -> None:
    answer = model.predict(world.inputs[np.array([0])], world.launches[:1], own=np.array([0]))
    assert all(not names for names in answer["comparables"])


def test_a_title_that_was_learnt_from_is_answered_as_if_it_had_not_been(world: World) -> None:
    """The answer about a title of enormous sizes is nearly that of a model which has never seen it."""
    large, own = world.sizes.copy(), np.array([50])
    large.loc[large["title"] == 50, "size"] *= 40
    with_it = fit_audience(large, world.inputs, world.ids, world.launches, weeks=8, seed=0)
    rest = large[large["title"] != 50]
    without = fit_audience(rest, world.inputs, world.ids, world.launches, weeks=8, seed=0)
    answers = [m.predict(world.inputs[own], world.launches[own], own=own) for m in (with_it, without)]
    sizes = [np.log1p(answer["expected"]) for answer in answers]
    assert np.abs(sizes[0] - sizes[1]).max() < 0.3  # its own sizes are larger by log 40, which is 3.7
    assert not any(50 in names for answer in answers for names in answer["comparables"])


def test_a_reloaded_model_answers_the_same(model: AudienceModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    again = AudienceModel.load(tmp_path / "model")
    some = draft("tag:west-2", "tag:noise-3", "tag:never-seen")
    pd.testing.assert_frame_equal(again.predict(some, NOW), model.predict(some, NOW), rtol=1e-3, atol=1e-3)
    assert again.report == model.report
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".safetensors"}


def test_the_same_seed_gives_the_same_model(world: World, learn: Learn) -> None:
    some = draft("tag:east-2")
    pd.testing.assert_frame_equal(learn(world).predict(some, NOW), learn(world).predict(some, NOW))


def test_units_are_never_mixed(world: World, learn: Learn) -> None:
    """A second unit, a thousand times as large, leaves the answers in the first as they were."""
    tickets = world.sizes.assign(unit="tickets", size=world.sizes["size"] * 1000)
    both = fit_audience(pd.concat([world.sizes, tickets]), world.inputs, world.ids, world.launches, weeks=8, seed=0)
    answer = both.predict(draft("tag:east-1"), NOW)
    assert set(answer["unit"]) == {"points", "tickets"}
    alone = learn(world).predict(draft("tag:east-1"), NOW)
    pd.testing.assert_frame_equal(answer[answer["unit"] == "points"].reset_index(drop=True), alone)
    assert answer.query("unit == 'tickets'")["expected"].min() > answer.query("unit == 'points'")["expected"].max()


def test_only_the_countries_asked_for_are_answered_and_keep_their_rank(model: AudienceModel) -> None:
    everywhere = model.predict(draft("tag:east-0"), NOW).set_index("country")
    some = model.predict(draft("tag:east-0"), NOW, countries=["US", "JP"]).set_index("country")
    assert list(some.index) == ["US", "JP"]
    assert some.loc["US", "rank"] == everywhere.loc["US", "rank"]


def test_titles_whose_sizes_are_not_whole_teach_nothing(world: World) -> None:
    running = world.sizes.assign(complete=world.sizes["title"] < 100)
    model = fit_audience(running, world.inputs, world.ids, world.launches, weeks=8, seed=0)
    assert model.report["points"]["titles"] == 100 - 8  # two titles a week: 8 may have been out before


def test_too_few_titles_make_no_model(world: World) -> None:
    few = world.sizes[world.sizes["title"] < 20]
    model = fit_audience(few, world.inputs, world.ids, world.launches, weeks=8, seed=0)
    assert model.units == {}
    assert model.predict(draft("tag:east-0"), NOW).empty


def test_a_night_keeps_the_choices_of_the_last_model_and_learns_the_rest(model: AudienceModel, world: World) -> None:
    fewer = world.sizes[world.sizes["title"] != 50]
    night = fit_audience(fewer, world.inputs, world.ids, world.launches, weeks=8, start=model, seed=0)
    for name, unit in night.units.items():
        before = model.units[name].model
        assert (unit.model.way, unit.model.errors) == (before.way, before.errors)
        assert (unit.model.size.weights == before.size.weights).all()
        assert 50 not in unit.titles
        assert len(unit.model.size.coefficients) == len(before.size.coefficients) - 1
    answers = [m.predict(draft("tag:east-0", "tag:east-1"), NOW).set_index("country") for m in (model, night)]
    assert np.abs(np.log1p(answers[0]["expected"]) - np.log1p(answers[1]["expected"])).max() < 0.3
    # Titles compared in other respects: nothing of the last model's would fit.
    bare = TitleInputs(count=world.inputs.count, bags=world.inputs.bags)
    anew = fit_audience(fewer, bare, world.ids, world.launches, weeks=8, start=model, seed=0)
    for unit in anew.units.values():
        assert unit.model.blocks.names == ("tags",)
        assert unit.model.size.weights.shape[1] == 2  # of the tags and of the noise
