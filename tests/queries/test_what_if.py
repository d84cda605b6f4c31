"""What if a title had other tags, or launched in another month."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from queries.errors import BadQuestion
from queries.seasons import Seasons
from queries.space import TitleSpace

pytestmark = pytest.mark.slow  # a release of the sample catalogue is made first


def test_only_what_is_changed_makes_a_difference(sample_space: TitleSpace) -> None:
    """A tag that it has already changes nothing; another does, and moves it to where such titles are watched."""
    draft = sample_space.draft(tags=["heist", "grief"], kind="series", countries=["ES"])
    same = sample_space.what_if(draft, ["ES", "US"], more="heist")
    for name in ("rank", "probability", "expected", "low", "high", "overall"):
        np.testing.assert_allclose(same[f"{name}_if"], same[name])
    assert same["change"].abs().max() == 0
    other = sample_space.what_if(draft, ["ES", "US"], more={"genre": "Comedy"}, less="heist")
    assert other["change"].abs().min() > 0
    expected = sample_space.audience(draft, ["ES", "US"]).set_index("country")["expected"]
    np.testing.assert_allclose(other.set_index("country")["expected"], expected[other["country"]])


def test_a_launched_title_is_answered_without_its_own_audience(sample_space: TitleSpace) -> None:
    frame = sample_space.what_if("Money Heist", ["ES", "US"], less="heist")
    assert frame["title"].unique().tolist() == ["Money Heist"]
    assert not any("Money Heist" in name for names in frame["comparables"] for name in names)
    assert (frame["season"] == 1).all()
    assert "simulated" in frame.attrs["note"]


def test_another_month_brings_its_season_and_later_comparables(sample_space: TitleSpace) -> None:
    draft = sample_space.draft(tags=["heist"], kind="film", launch="1999-01-10")
    frame = sample_space.what_if(draft, "US", launch="2015-12-01")
    [unit] = frame["unit"]
    seasons = Seasons.of(sample_space._answers.forecasts.model.units[unit].model)
    at = list(sample_space._answers.forecasts.model.units[unit].model.countries).index("US")
    assert frame["season"].item() == pytest.approx(np.exp(seasons.effect[11, at] - seasons.effect[0, at]))
    assert "December" in frame.attrs["note"]
    years = sample_space.titles().set_index("id")["year"]
    assert (years[frame["comparable_ids"].item()] >= 1999).any()


def test_what_a_tag_was_taken_for_is_said(sample_space: TitleSpace) -> None:
    draft = sample_space.draft(tags=["heist"])
    note = sample_space.what_if(draft, "US", more=["small towns", "quantum plumbing"]).attrs["note"]
    assert "'small towns' was taken for small town" in note
    assert "'quantum plumbing' is no tag that titles have." in note


def test_questions_that_change_nothing(sample_space: TitleSpace) -> None:
    with pytest.raises(BadQuestion, match="Nothing is to be different"):
        sample_space.what_if("Babel", "US")
    with pytest.raises(BadQuestion, match=r"no 'heists'.*Nearest of what it has: .*heist"):
        sample_space.what_if("Money Heist", "US", less="heists")
    with pytest.raises(BadQuestion, match="'someday'"):
        sample_space.what_if("Babel", "US", launch="someday")


def test_several_titles_at_once(sample_space: TitleSpace) -> None:
    draft = sample_space.draft(tags=["heist"], label="Mine")
    frame = sample_space.what_if([draft, "Babel"], ["US", "ES"], launch=date(2010, 6, 1))
    assert frame.groupby("title").size().to_dict() == {"Mine": 2, "Babel": 2}
