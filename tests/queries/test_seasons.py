"""What the month of launch does, in a world where December is worth twice as much in one country."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from queries.seasons import Seasons


def world(december: float) -> SimpleNamespace:
    rng = np.random.default_rng(0)
    launch = np.datetime64("2015-01-15") + rng.integers(0, 3650, 3000).astype("timedelta64[D]")
    months = launch.astype("datetime64[M]").astype(int) % 12
    foreseen = rng.uniform(2, 5, (3000, 4))
    values = foreseen + rng.normal(0, 0.5, foreseen.shape)
    values[months == 11, 0] += december
    return SimpleNamespace(
        observed=SimpleNamespace(values=values, launch=launch), size=SimpleNamespace(left_out=foreseen)
    )


def test_a_good_month_is_found_where_it_is_one() -> None:
    seasons = Seasons.of(world(np.log(2)))  # type: ignore[arg-type]
    assert seasons.effect[11, 0] == pytest.approx(np.log(2) * 11 / 12, abs=0.15)
    assert np.abs(seasons.effect[:11]).max() < 0.15
    assert "December" in seasons.words(12)


def test_without_seasons_nothing_is_made_of_chance() -> None:
    seasons = Seasons.of(world(0.0))  # type: ignore[arg-type]
    assert np.abs(seasons.effect).max() < 0.05


def test_titles_without_a_date_say_nothing() -> None:
    made = world(1.0)
    made.observed.launch = np.full(3000, np.datetime64("NaT"))
    seasons = Seasons.of(made)  # type: ignore[arg-type]
    assert not seasons.effect.any()
    assert "Too few titles launched in May" in seasons.words(5)
